"""What must be true when people are gone, nothing fails any more and the daemon has come to rest: judged from
outside, by what both worlds hold, what people typed and deleted, and what was sent.

Each check returns sentences; none means that it held.
"""

import json
from collections import Counter
from typing import Any

from tests.simulation.swarm.desk import DELIVERY_MARKER, MARKER, PERSON_MARKER, Row
from tests.simulation.swarm.ground import Ground
from tests.simulation.swarm.ledger import TOKEN, Edit

NUMBER = "OrganisationExtraCustom2"
CANCELLED = "Annulleret"
PAIRED = ("Invoice", "CreditNote")
LATER_MS = 100_000  # so much later that no clock of this world makes it the older one


def no_duplicates(ground: Ground) -> list[str]:
    """One record on one side never yields two on the other."""
    parted = ground.is_parted
    keys = {
        "customers by marker": [
            row["fields"].get("attributes.WEBCRMID", "")
            for key, row in ground.customers.items()
            if not parted("erp", key)
        ],
        "organisations by marker": [
            row[MARKER] for key, row in ground.organisations.items() if not parted("crm", key)
        ],
        "persons by marker": [
            row[PERSON_MARKER] for key, row in ground.persons.items() if not parted("crm", key)
        ],
        "orders by marker": [
            row["fields"].get("customerOrder", "")
            for key, row in ground.orders.items()
            if not parted("erp", f"order:{key}")
        ],
        "deliveries by marker": [
            row[DELIVERY_MARKER] for key, row in ground.deliveries.items() if not parted("crm", key)
        ],
        "catalogue rows": [
            row["QuotationLineLinkedDataItemData1"]
            for row in ground.items
            if not parted("crm", str(row["QuotationLineLinkedDataItemId"]))
        ],
        "contacts by e-mail": [
            row["fields"].get("email", "") for key, row in ground.contacts.items() if not parted("erp", key)
        ],
        "persons by e-mail": [
            row["PersonEmail"] for key, row in ground.persons.items() if not parted("crm", key)
        ],
    }
    found = [
        f"{what}: {value} occurs {count} times"
        for what, values in keys.items()
        for value, count in Counter(values).items()
        if value and count > 1 and not _moved(ground, what, value)
    ]
    for number, order in ground.orders.items():
        marks = Counter(line["fields"].get("externalLink", "") for line in order["lines"])
        found += [
            f"order {number}: {mark} stands on {n} lines" for mark, n in marks.items() if mark and n > 1
        ]
    return found


def _moved(ground: Ground, what: str, value: str) -> bool:
    """A person is looked for within one company only (semantics §1): who moved may well be there twice."""
    if not what.endswith("by e-mail"):
        return False
    here = {("crm", key) for key, row in ground.persons.items() if row["PersonEmail"] == value}
    there = {("erp", key) for key, row in ground.contacts.items() if row["fields"].get("email") == value}
    return bool((here | there) & ground.ledger.moved)


def each_has_its_twin(ground: Ground) -> list[str]:
    """Nothing is silently skipped: every record has its counterpart or is listed with a reason."""
    marks = {row[MARKER] for row in ground.organisations.values()}
    named = {row[DELIVERY_MARKER] for row in ground.deliveries.values()}
    alone = [("erp", key, "customer") for key in ground.customers if f"erp:organisation:{key}" not in marks]
    alone += [
        ("crm", key, "organisation")
        for key, row in ground.organisations.items()
        if row["OrganisationType"] == "Kunde" and not row[MARKER]
    ]
    alone += [("crm", key, "delivery") for key, row in ground.deliveries.items() if not row[DELIVERY_MARKER]]
    alone += [
        ("crm", key, "person")
        for key, row in ground.persons.items()
        if row["PersonCustom1"] == "Yes" and not row[PERSON_MARKER]
    ]
    alone += [("erp", f"order:{key}", "order") for key in ground.orders if f"erp:order:{key}" not in named]
    billed = {row["order"] for document in ground.documents for row in document["lines"] if row["order"]}
    for row in ground.documents:
        key = f"invoice:{row['type']}/{row['number']}"
        own = row["type"] in PAIRED and not any(line["order"] for line in row["lines"])
        if own and row["status"] in ("Open", "Closed") and f"erp:{key}" not in named:
            alone.append(("erp", key, "invoice"))
    found = [
        f"{what} {key} has no counterpart and is not listed"
        for side, key, what in alone
        if not ground.is_listed(side, key)
    ]
    return found + _untold_bills(ground, billed)


def _untold_bills(ground: Ground, billed: set[str]) -> list[str]:
    """A billed order's delivery names the invoice."""
    numbers: dict[str, set[str]] = {}
    for document in ground.documents:
        for line in document["lines"]:
            if line["order"] in billed and document["status"] in ("Open", "Closed"):
                numbers.setdefault(line["order"], set()).add(document["number"])
    return [
        f"delivery {key}: invoice {number} is not named"
        for key, row in ground.deliveries.items()
        if not ground.is_listed("crm", key)
        for number in sorted(numbers.get(row[DELIVERY_MARKER].removeprefix("erp:order:"), ()))
        if number not in row["DeliveryCustom1"]
    ]


def both_sides_agree(ground: Ground) -> list[str]:
    """At rest both sides agree on every mapped field, or the difference is listed."""
    found = []
    for crm, erp in ground.twins():
        key, number = str(crm["OrganisationId"]), str(erp["internal_id"])
        if ground.is_listed("crm", key) or (key, number) not in ground.linked:
            continue
        fields = erp["fields"]
        pairs = {
            "name": (crm["OrganisationName"], fields.get("name", "")),
            "address": (crm["OrganisationAddress"], fields.get("mainAddress.addressLine1", "")),
            "city": (crm["OrganisationCity"], fields.get("mainAddress.city", "")),
            "number": (crm[NUMBER], erp["number"]),
        }
        found += [
            f"organisation {key}/{number}: {what} is {a!r} and {b!r}"
            for what, (a, b) in pairs.items()
            if (a or "").strip() != (b or "").strip()
        ]
    for key, person in ground.persons.items():
        number = person[PERSON_MARKER].removeprefix("erp:person:")
        contact = ground.contacts.get(number)
        if contact is None or ground.is_listed("crm", key) or (key, number) not in ground.linked:
            continue
        here, there = person["PersonTitle"], contact["fields"].get("position", "")
        if here != there and person["PersonCustom1"] == "Yes":
            found.append(f"person {key}: title is {here!r} and {there!r}")
    for key, delivery in ground.deliveries.items():
        number = delivery[DELIVERY_MARKER].removeprefix("erp:order:")
        order = ground.orders.get(number)
        if (
            order is not None
            and not ground.is_listed("crm", key)
            and ((key, f"order:{number}") in ground.linked)
        ):
            found += _documents_differ(ground, key, delivery, order)
    return found + _items_differ(ground)


def _documents_differ(ground: Ground, key: str, delivery: Row, order: Row) -> list[str]:
    found = []
    here, there = delivery["DeliveryDescription"], order["fields"].get("description", "")
    if here != there:
        found.append(f"delivery {key}: description is {here!r} and {there!r}")
    ours = sorted(
        (float(line["QuotationLineQuantity"]), float(line["QuotationLinePrice"]))
        for line in ground.lines.values()
        if str(line["QuotationLineOpportunityId"]) == key
    )
    theirs = sorted((float(line["quantity"]), float(line["unit_price"])) for line in order["lines"])
    if ours != theirs:
        found.append(f"delivery {key}: quantities and prices of the lines are {ours} and {theirs}")
    return found


def _items_differ(ground: Ground) -> list[str]:
    rows = {row["QuotationLineLinkedDataItemData1"]: row for row in ground.items}
    found = []
    for number, item in ground.erp_items.items():
        row = rows.get(number)
        if row is None or item["fields"].get("status", "Active") != "Active":
            continue
        key = str(row["QuotationLineLinkedDataItemId"])
        here, there = row["QuotationLineLinkedDataItemData2"], item["fields"].get("description", "")
        if here != there and not ground.is_listed("crm", key):
            found.append(f"item {number}: name is {here!r} and {there!r}")
    return found


def no_edit_is_lost(ground: Ground) -> list[str]:
    """The last edit of every field on each side is final, or reached the other side, or is kept where a
    person can see it (conflict or history), or its record is gone or listed; or it fell
    into webCRM's `Window`."""
    held = _held(ground)
    found = []
    for edit in ground.ledger.last_typed().values():
        number = edit.number
        other = "erp" if edit.side == "crm" else "crm"
        if number in held or number in ground.ledger.arrived[other] or number in ground.kept:
            continue
        if number in ground.ledger.forgotten:  # what a restored copy has not is past promising (I10)
            continue
        if number in ground.ledger.window.raced or not _exists(ground, edit) or _excused(ground, edit):
            continue
        found.append(f"lost: {edit.side} {edit.kind} {edit.key} {edit.field} {edit.value!r} at {edit.at_ms}")
    return found


def _held(ground: Ground) -> set[int]:
    rows: list[Any] = [ground.organisations, ground.persons, ground.deliveries, ground.items, ground.lines]
    rows += [ground.customers, ground.contacts, ground.orders, ground.erp_items]
    return {int(number) for number in TOKEN.findall(json.dumps(rows, default=str))}


def _exists(ground: Ground, edit: Edit) -> bool:
    return edit.key in ground.kinds[edit.side, edit.kind]


def _excused(ground: Ground, edit: Edit) -> bool:
    key = edit.key
    if edit.kind == "line" and edit.side == "crm":
        key = str(ground.lines[key]["QuotationLineOpportunityId"])
    elif edit.side == "erp" and edit.kind in ("line", "delivery"):
        key = f"order:{key.partition('#')[0]}"
    return ground.is_listed(edit.side, key)


def policy_is_honoured(ground: Ground) -> list[str]:
    """Where both sides typed into one field and neither had seen the other, no write replaced the value that
    the rules prefer. By the outbox: what a write put there, and what it knew to be there."""
    if ground.ledger.rolled_back:
        return []  # the base is gone: the rules say less (reliability §7)
    found = []
    for pair, side, version, write in ground.updates:
        policy = ground.policies.get(version)
        if pair in ground.ledger.answered or policy is None or _ticked(ground, side, write):
            continue
        for path, text in sorted(write["fields"].items()):
            came, stood = _typed(ground, text), _typed(ground, write["expect"].get(path, ""))
            if came is None or stood is None or stood.side != side or came.side == side:
                continue
            if stood.number in ground.ledger.shared or came.field != stood.field:
                continue
            if ground.ledger.arrived[came.side].get(stood.number, came.at_ms) < came.at_ms:
                continue  # whoever typed it had the other value before them
            owner = policy.owner(came.kind, came.field)
            if owner in (side, "ask") or (owner == "newest" and stood.at_ms - came.at_ms > LATER_MS):
                found.append(
                    f"{came.kind} {came.key} {came.field}: {came.value!r} of {came.side} replaced"
                    f" {stood.value!r} although the rules say {owner}"
                )
    return found


def _ticked(ground: Ground, side: str, write: dict[str, Any]) -> bool:
    """Whether somebody changed the box that says whether the person is synced: unticked, it goes one way."""
    key = write["rid"]
    pair = next((one for one in ground.linked if one[side == "erp"] == key), ("", ""))
    return write["kind"] == "person" and pair[0] in ground.ledger.ticked


def _typed(ground: Ground, text: str) -> Edit | None:
    number = TOKEN.search(text)
    return ground.ledger.typed_by.get(int(number.group(1))) if number else None


def deletes_are_answered(ground: Ground) -> list[str]:
    """What a person deleted is not made again, and the one that is left is put out of use, unlinked, or
    listed for a person."""
    found = []
    for (side, kind, key), gone in sorted(ground.ledger.gone.items()):
        if kind == "line":
            continue
        if not ground.kinds[side, kind]:
            continue  # an empty list is taken for a wrong tenant or right, not for deletions (semantics §10)
        left = _left_over(ground, side, kind, key, gone.tie)
        if left is None or (side, key) in ground.ledger.parted:
            continue
        other = "erp" if side == "crm" else "crm"
        if ground.is_listed(other, left) or (other, left) in ground.told:
            continue
        if (key if side == "crm" else left, left if side == "crm" else key) not in ground.linked:
            continue  # it has become somebody else's, or its own
        if not _out_of_use(ground, kind, other, left):
            found.append(f"{side} {kind} {key} was deleted and {other} {left} does not show it")
    return found


def _left_over(ground: Ground, side: str, kind: str, key: str, tie: str) -> str | None:
    """The key of the counterpart that still is there."""
    if side == "crm":
        number = tie.removeprefix("erp:").partition(":")[2]
        tables: dict[str, Any] = {
            "organisation": ground.customers,
            "person": ground.contacts,
            "delivery": ground.orders,
        }
        if not number or number not in tables[kind]:
            return None
        return f"order:{number}" if kind == "delivery" else number
    if kind == "delivery":
        mark, rows, field = f"erp:order:{key}", ground.deliveries, DELIVERY_MARKER
    elif kind == "person":
        mark, rows, field = f"erp:person:{key}", ground.persons, PERSON_MARKER
    else:
        mark, rows, field = f"erp:organisation:{key}", ground.organisations, MARKER
    return next((rid for rid, row in rows.items() if row[field] == mark), None)


def _out_of_use(ground: Ground, kind: str, side: str, key: str) -> bool:
    if side == "crm":
        if kind == "delivery":
            return str(ground.deliveries[key]["DeliveryCustom5"]) == CANCELLED
        return kind == "person" and ground.persons[key]["PersonStatus"] == "Resigned"
    if kind == "organisation":
        return bool(ground.customers[key]["fields"].get("status") == "Inactive")
    if kind == "person":
        return ground.contacts[key]["fields"].get("active") is False
    return str(ground.orders[key.removeprefix("order:")]["status"]) in ("Hold", "Cancelled", "Completed")


def one_op_a_pair(ground: Ground) -> list[str]:
    """At most one open op per pair."""
    return [f"pair {pair} has {count} open ops" for pair, count in ground.crowded]


def every_pair_is_decided(ground: Ground) -> list[str]:
    """At rest every pair has an outcome."""
    return [f"{ground.undecided} pairs are not decided"] if ground.undecided else []
