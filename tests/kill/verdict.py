"""The judgement at rest, from outside: both systems' records, what people typed, and (for what waits for a
person, and for kept values) what the workbench would show. Nothing here imports the product's decisions.

Each check returns sentences; none means it held. Stricter than the simulation in one thing: nobody saw what
was sent, so a typed value must stand on a side or be kept, not merely have been sent.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable

from tests.kill.people import ORGANISATION, Crowd
from tests.kill.worlds import Crm, Erp, Row

TOKEN = re.compile(r"q\d+z", re.IGNORECASE)
MARKER, NUMBER, CODE = (
    "OrganisationExtraCustom8",
    "OrganisationExtraCustom2",
    "QuotationLineLinkedDataItemData1",
)
WAITS = ("parked", "conflict", "filtered", "waiting")
PAIRS = "SELECT entity, crm_id, erp_id, outcome, reason, again_ms FROM pair"
KEPT = "SELECT before, after FROM history UNION SELECT crm, erp FROM conflict"
SOON_MS = 120_000


class Ground:
    """Everything there is to judge; `last` and `typed_lines` as the crowd keeps them."""

    def __init__(self, crm: Crm, erp: Erp, crowd: Crowd, conn: sqlite3.Connection) -> None:
        self.organisations = {str(row["OrganisationId"]): row for row in crm.rows("organisation")}
        self.persons = {str(row["PersonId"]): row for row in crm.rows("person")}
        self.deliveries = {str(row["DeliveryId"]): row for row in crm.rows("delivery")}
        self.lines = crm.rows("line")
        self.catalogue = crm.rows("item")
        self.customers = {str(row["internal_id"]): row for row in erp.rows("customers")}
        self.contacts = {str(row["contact_id"]): row for row in erp.rows("contacts")}
        self.orders = {f"{row['type']}/{row['id']}": row for row in erp.rows("orders")}
        self.documents = erp.rows("documents")
        self.items = {str(row["number"]): row for row in erp.rows("items")}
        self.last, self.typed_lines = crowd.last, crowd.lines
        pairs = conn.execute(PAIRS).fetchall()
        self.outcomes = Counter(f"{outcome}/{reason}".strip("/") for *_, outcome, reason, _ in pairs)
        self.undecided = [(entity, crm, erp) for entity, crm, erp, outcome, *_ in pairs if not outcome]
        self.due_ms = [again_ms for *_, again_ms in pairs if again_ms]
        self._listed = {
            (entity, side, key)
            for entity, crm, erp, outcome, *_ in pairs
            if outcome in WAITS
            for side, key in (("crm", crm), ("erp", erp))
            if key
        }
        kept = json.dumps(conn.execute(KEPT).fetchall())
        standing = json.dumps([self.organisations, self.persons, self.deliveries, self.catalogue])
        standing += json.dumps([self.customers, self.contacts, self.orders, self.items])
        self.held = {token.lower() for token in TOKEN.findall(kept + standing)}

    def listed(self, entity: str, *, crm: str = "", erp: str = "") -> bool:
        """Whether a person or the next poll is told of it."""
        return (entity, "crm", crm) in self._listed or (entity, "erp", erp) in self._listed


def nothing_twice(ground: Ground) -> list[str]:
    """One record on one side never yields two on the other; a number or mark stands on one record."""
    contacts, customers = ground.contacts.values(), ground.customers.values()
    keys = {
        "customer's marker": [row["fields"].get("attributes.WEBCRMID", "") for row in customers],
        "customer's name": [row["fields"]["name"] for row in customers],
        "organisation's marker": [row[MARKER] for row in ground.organisations.values()],
        "organisation's number": [row[NUMBER] for row in ground.organisations.values()],
        "person's marker": [row["PersonCustom2"] for row in ground.persons.values()],
        "person's e-mail": [row["PersonEmail"] for row in ground.persons.values()],
        "contact's e-mail": [row["fields"].get("email", "") for row in contacts],
        "delivery's marker": [row["DeliveryErpId"] for row in ground.deliveries.values()],
        "delivery's number": [row["DeliveryNumber"] for row in ground.deliveries.values()],
        "order's marker": [row["fields"].get("customerOrder", "") for row in ground.orders.values()],
        "catalogue row's code": [row[CODE] for row in ground.catalogue],
        "order line's marker": [
            line["fields"].get("externalLink", "") for row in ground.orders.values() for line in row["lines"]
        ],
    }
    return [
        f"the {what} {value} occurs {count} times"
        for what, values in keys.items()
        for value, count in Counter(values).items()
        if value and count > 1
    ]


def each_has_its_twin(ground: Ground) -> list[str]:
    """Every record stands on the other side too, or is listed with a reason."""
    marks = {row[MARKER] for row in ground.organisations.values()}
    people = {row["PersonCustom2"] for row in ground.persons.values()}
    named = {row["DeliveryErpId"] for row in ground.deliveries.values()}
    codes = {row[CODE] for row in ground.catalogue}
    ours: dict[str, list[str]] = {
        "organisation": [key for key, row in ground.organisations.items() if not row[MARKER]],
        "person": [key for key, row in ground.persons.items() if not row["PersonCustom2"]],
        "delivery": [key for key, row in ground.deliveries.items() if not row["DeliveryErpId"]],
    }
    theirs: dict[str, list[str]] = {
        "organisation": [key for key in ground.customers if f"erp:organisation:{key}" not in marks],
        "person": [key for key in ground.contacts if f"erp:person:{key}" not in people],
        "delivery": [f"order:{key}" for key in ground.orders if f"erp:order:{key}" not in named],
        "item": [str(row["inventory_id"]) for key, row in ground.items.items() if key not in codes],
    }
    alone = [
        f"{kind} {key} of webCRM"
        for kind, keys in ours.items()
        for key in keys
        if not ground.listed(kind, crm=key)
    ]
    alone += [
        f"{kind} {key} of Visma.net"
        for kind, keys in theirs.items()
        for key in keys
        if not ground.listed(kind, erp=key)
    ]
    return [f"{one} has no counterpart and is not listed" for one in alone]


def both_sides_agree(ground: Ground) -> list[str]:
    """Twins are equal, or one that is not is listed."""
    found = []
    for key, row in ground.organisations.items():
        customer = ground.customers.get(row[MARKER].removeprefix("erp:organisation:"))
        if customer is not None and not ground.listed("organisation", crm=key):
            pairs = {
                word: (row[ours], customer["fields"].get(theirs, ""))
                for word, (ours, theirs) in ORGANISATION.items()
            }
            pairs["number"] = (row[NUMBER], customer["number"])
            found += _differ("organisation", key, pairs)
    for key, row in ground.persons.items():
        contact = ground.contacts.get(row["PersonCustom2"].removeprefix("erp:person:"))
        if contact is not None and not ground.listed("person", crm=key):
            pairs = {"title": (row["PersonTitle"], contact["fields"].get("position", ""))}
            pairs["e-mail"] = (row["PersonEmail"], contact["fields"].get("email", ""))
            found += _differ("person", key, pairs)
    for key, row in ground.deliveries.items():
        order = ground.orders.get(row["DeliveryErpId"].removeprefix("erp:order:"))
        if order is not None and not ground.listed("delivery", crm=key):
            pairs = {"description": (row["DeliveryDescription"], order["fields"].get("description", ""))}
            pairs["number"] = (row["DeliveryNumber"], order["id"])
            pairs["lines"] = (_ours(ground, key), _theirs(order))
            found += _differ("delivery", key, pairs)
    named = {row[CODE]: row["QuotationLineLinkedDataItemData2"] for row in ground.catalogue}
    for key, row in ground.items.items():
        if key in named and not ground.listed("item", erp=str(row["inventory_id"])):
            found += _differ("item", key, {"text": (named[key], row["fields"].get("description", ""))})
    return found


def _ours(ground: Ground, delivery: str) -> str:
    lines = [row for row in ground.lines if str(row["QuotationLineOpportunityId"]) == delivery]
    return str(sorted(float(row["QuotationLineQuantity"]) for row in lines))


def _theirs(order: Row) -> str:
    return str(sorted(float(line["quantity"]) for line in order["lines"]))


def _differ(kind: str, key: str, pairs: dict[str, tuple[str, str]]) -> list[str]:
    return [
        f"{kind} {key}: {what} is {ours!r} and {theirs!r}"
        for what, (ours, theirs) in pairs.items()
        if (ours or "").strip() != (theirs or "").strip()
    ]


def no_edit_is_lost(ground: Ground) -> list[str]:
    """The newest value of each field stands somewhere, or is kept where a person can see it."""
    return [
        f"lost: {typed.side} {typed.kind} {typed.key} {typed.field} {token}"
        for typed, token in ground.last.items()
        if token not in ground.held
    ]


def all_is_decided(ground: Ground) -> list[str]:
    return [f"{entity} {crm}/{erp} has no outcome" for entity, crm, erp in ground.undecided]


def no_line_too_many(ground: Ground) -> list[str]:
    """Neither document holds more lines than were typed into the one that was first, listed or not."""
    there = Counter(str(row["QuotationLineOpportunityId"]) for row in ground.lines)
    found = []
    for key, order in ground.orders.items():
        mark = order["fields"].get("customerOrder") or ""
        origin = ("crm", mark.removeprefix("crm:delivery:")) if mark else ("erp", key)
        ours = [
            number for number, row in ground.deliveries.items() if row["DeliveryErpId"] == f"erp:order:{key}"
        ]
        counts = {f"order {key}": len(order["lines"])} | {f"delivery {one}": there[one] for one in ours}
        typed = ground.typed_lines[origin]
        found += [f"{what} has {n} lines, typed were {typed}" for what, n in counts.items() if n > typed]
    return found


CHECKS: tuple[Callable[[Ground], list[str]], ...] = (
    nothing_twice,
    no_line_too_many,
    each_has_its_twin,
    both_sides_agree,
    no_edit_is_lost,
    all_is_decided,
)


def personal(log: str) -> list[str]:
    """No text that a person typed is in a log line (I15)."""
    return [f"a log line holds {token}" for token in sorted(set(TOKEN.findall(log)))[:3]]
