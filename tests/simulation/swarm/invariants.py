"""The rules that nothing may break, judged from outside: by what both worlds hold, what people typed, what
was sent, and (for what waits for a person, and for kept values) by what the workbench would show.

Nothing here imports the product's decisions. Each check returns sentences; none means it held.
"""

import json
import re
import sqlite3
from collections import Counter
from typing import Any

from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.ledger import TOKEN, Ledger

Row = dict[str, Any]
MARKER, NUMBER = "OrganisationExtraCustom8", "OrganisationExtraCustom2"
WAITS = ("parked", "conflict", "filtered", "waiting")


class Ground:
    """Both worlds as they are now, and whether a record is listed as not in sync (with its reason)."""

    def __init__(self, crm: WebcrmWorld, erp: VismaWorld, ledger: Ledger, conn: sqlite3.Connection) -> None:
        state = erp.state()
        self.organisations: dict[str, Row] = {str(r["OrganisationId"]): r for r in crm.rows("organisation")}
        self.persons: dict[str, Row] = {str(r["PersonId"]): r for r in crm.rows("person")}
        self.deliveries: dict[str, Row] = {str(r["DeliveryId"]): r for r in crm.rows("delivery")}
        self.lines: list[Row] = crm.rows("line")
        self.items: list[Row] = crm.rows("item")
        self.customers: dict[str, Row] = {str(r["internal_id"]): r for r in state["customers"]}
        self.contacts: dict[str, Row] = {str(r["contact_id"]): r for r in state["contacts"]}
        self.orders: dict[str, Row] = {f"{r['type']}/{r['id']}": r for r in state["orders"]}
        self.documents: list[Row] = list(state["documents"])
        self.erp_items: dict[str, Row] = {r["number"]: r for r in state["items"]}
        self.ledger = ledger
        self.outcomes = {
            (entity, crm_id or "", erp_id or ""): (outcome, reason)
            for entity, crm_id, erp_id, outcome, reason in conn.execute(
                "SELECT entity, crm_id, erp_id, outcome, reason FROM pair"
            )
        }
        self.listed = {key: why for key, why in self.outcomes.items() if why[0] in WAITS}
        self.open_rows = {
            (crm_id or "", erp_id or "")
            for crm_id, erp_id in conn.execute(
                "SELECT crm_id, erp_id FROM pair JOIN conflict ON conflict.pair=pair.id"
            )
        }
        texts = [
            text
            for row in conn.execute("SELECT before, after FROM history").fetchall()
            + conn.execute("SELECT crm, erp FROM conflict").fetchall()
            for text in row
        ]
        self.kept = {int(number) for text in texts for number in TOKEN.findall(text)}
        self.open_ops = conn.execute(
            "SELECT pair, count(*) FROM outbox WHERE state IN('ready','sent','unknown','parked')"
            " GROUP BY pair HAVING count(*)>1"
        ).fetchall()
        self.classes: tuple[int, int] = conn.execute("SELECT count(*), sum(outcome<>'') FROM pair").fetchone()

    def twins(self) -> list[tuple[Row, Row]]:
        """Organisations and customers that name each other, by the marker on either side."""
        found = []
        for number, customer in self.customers.items():
            ours = [o for o in self.organisations.values() if o[MARKER] == f"erp:organisation:{number}"]
            if len(ours) == 1:
                found.append((ours[0], customer))
        return found

    def is_listed(self, entity: str, crm_id: str = "", erp_id: str = "") -> bool:
        return any(
            kind == entity and ((crm_id and crm == crm_id) or (erp_id and erp == erp_id))
            for kind, crm, erp in self.listed
        ) or any((crm_id and crm == crm_id) or (erp_id and erp == erp_id) for crm, erp in self.open_rows)


def no_duplicates(ground: Ground) -> list[str]:
    """Rule 1: one record on one side never yields two on the other."""
    found = []
    keys = {
        "customers by marker": [
            c["fields"].get("attributes.WEBCRMID", "") for c in ground.customers.values()
        ],
        "organisations by marker": [o[MARKER] for o in ground.organisations.values()],
        "persons by marker": [p["PersonCustom2"] for p in ground.persons.values()],
        "orders by marker": [o["fields"].get("customerOrder", "") for o in ground.orders.values()],
        "deliveries by marker": [d["DeliveryErpId"] for d in ground.deliveries.values()],
        "catalogue rows": [i["QuotationLineLinkedDataItemData1"] for i in ground.items],
        "contacts by e-mail": [c["fields"].get("email", "") for c in ground.contacts.values()],
        "persons by e-mail": [p["PersonEmail"] for p in ground.persons.values()],
    }
    for what, values in keys.items():
        found += [
            f"{what}: {value} occurs {count} times"
            for value, count in Counter(values).items()
            if value and count > 1
        ]
    found += _doubled_lines(ground)
    return found


def _doubled_lines(ground: Ground) -> list[str]:
    """An order line that carries the marker of one quotation line twice, and orders with more lines than
    both sides' people ever typed."""
    found = []
    for number, order in ground.orders.items():
        marks = Counter(line["fields"].get("externalLink", "") for line in order["lines"])
        found += [
            f"order {number}: {mark} stands on {n} lines" for mark, n in marks.items() if mark and n > 1
        ]
    return found


def each_has_its_twin(ground: Ground) -> list[str]:
    """Rule 6: nothing silently skipped: every record has its counterpart or is listed with a reason."""
    marks = {row[MARKER] for row in ground.organisations.values()}
    named = {row["DeliveryErpId"] for row in ground.deliveries.values()}
    alone = [
        ("customer", "organisation", "", key)
        for key in ground.customers
        if f"erp:organisation:{key}" not in marks
    ]
    alone += [
        ("organisation", "organisation", key, "")
        for key, row in ground.organisations.items()
        if row["OrganisationType"] == "Kunde" and not row[MARKER]
    ]
    alone += [
        ("delivery", "delivery", key, "")
        for key, row in ground.deliveries.items()
        if not row["DeliveryErpId"]
    ]
    alone += [
        ("order", "delivery", "", f"order:{key}") for key in ground.orders if f"erp:order:{key}" not in named
    ]
    return [
        f"{what} {crm or erp} has no counterpart and is not listed"
        for what, entity, crm, erp in alone
        if not ground.is_listed(entity, crm_id=crm, erp_id=erp)
    ]


def both_sides_agree(ground: Ground) -> list[str]:
    """Rule 3: at rest both sides agree on every mapped field, or the difference is listed."""
    found = []
    for crm, erp in ground.twins():
        key, number = str(crm["OrganisationId"]), str(erp["internal_id"])
        if ground.is_listed("organisation", crm_id=key):
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
    for number, person in ground.persons.items():
        contact = ground.contacts.get(person["PersonCustom2"].removeprefix("erp:person:"))
        if contact is None or ground.is_listed("person", crm_id=number):
            continue
        here, there = person["PersonTitle"], contact["fields"].get("position", "")
        if here != there:
            found.append(f"person {number}: title is {here!r} and {there!r}")
    for number, delivery in ground.deliveries.items():
        order = ground.orders.get(delivery["DeliveryErpId"].removeprefix("erp:order:"))
        if order is None or ground.is_listed("delivery", crm_id=number):
            continue
        here, there = delivery["DeliveryDescription"], order["fields"].get("description", "")
        if here != there:
            found.append(f"delivery {number}: description is {here!r} and {there!r}")
        ours = sorted(
            float(line["QuotationLineQuantity"])
            for line in ground.lines
            if str(line["QuotationLineOpportunityId"]) == number
        )
        theirs = sorted(float(line["quantity"]) for line in order["lines"])
        if ours != theirs:
            found.append(f"delivery {number}: line quantities are {ours} and {theirs}")
    return found


def no_edit_is_lost(ground: Ground, exempt: frozenset[int] = frozenset()) -> list[str]:
    """Rule 2: the last edit of every field on each side is final, or reached the other side, or is kept where
    a person can see it (conflict or history), or its record is gone or listed."""
    held = _held(ground)
    found = []
    for edit in ground.ledger.last_typed().values():
        number = edit.number
        other = "erp" if edit.side == "crm" else "crm"
        if number in held or number in ground.ledger.arrived[other] or number in ground.kept:
            continue
        if number in exempt or not _exists(ground, edit.side, edit.kind, edit.key):
            continue
        if _excused(ground, edit.side, edit.kind, edit.key):
            continue
        found.append(f"lost: {edit.side} {edit.kind} {edit.key} {edit.field} {edit.value!r} at {edit.at_ms}")
    return found


def _held(ground: Ground) -> set[int]:
    rows: list[Any] = [ground.organisations, ground.persons, ground.deliveries, ground.items]
    rows += [ground.customers, ground.contacts, ground.orders, ground.erp_items]
    return {int(number) for number in TOKEN.findall(json.dumps(rows, default=str))}


def _exists(ground: Ground, side: str, kind: str, key: str) -> bool:
    tables: dict[tuple[str, str], Any] = {
        ("crm", "organisation"): ground.organisations,
        ("crm", "person"): ground.persons,
        ("crm", "delivery"): ground.deliveries,
        ("erp", "organisation"): ground.customers,
        ("erp", "person"): ground.contacts,
        ("erp", "delivery"): ground.orders,
        ("erp", "item"): ground.erp_items,
    }
    return key in tables[side, kind]


def _excused(ground: Ground, side: str, kind: str, key: str) -> bool:
    erp_key = f"order:{key}" if kind == "delivery" else key
    return ground.is_listed(kind, crm_id=key) if side == "crm" else ground.is_listed(kind, erp_id=erp_key)


def one_op_a_pair(ground: Ground) -> list[str]:
    """Rule 5: at most one open op per pair."""
    return [f"pair {pair} has {count} open ops" for pair, count in ground.open_ops]


def every_pair_is_decided(ground: Ground) -> list[str]:
    """Rule 6, and conservation: at rest every pair has an outcome."""
    pairs, decided = ground.classes
    return [] if pairs == (decided or 0) else [f"{pairs} pairs, {decided} decided"]


def nothing_personal(logs: str) -> list[str]:
    """I15: no text that a person typed is in a log line."""
    return [f"a log line holds {found.group()}" for found in re.finditer(TOKEN, logs)][:3]


AT_REST = (
    no_duplicates,
    each_has_its_twin,
    both_sides_agree,
    no_edit_is_lost,
    one_op_a_pair,
    every_pair_is_decided,
)
