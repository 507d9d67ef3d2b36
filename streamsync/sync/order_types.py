"""Order types: which may be written, which come back, and how far back (semantics §2.4, §3.6).

Pure. The code table `order_type` maps a type to its text or to JSON with `behavior` and `active`.
"""

import json
from typing import Any

from streamsync.model import Kind, Outcome, Side
from streamsync.sync import normalise
from streamsync.sync.decision import Decision
from streamsync.sync.documents import Document
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

FIT = frozenset(("SalesOrder", "Invoice"))
ENDED = frozenset(("completed", "cancelled", "canceled", "voided"))


def unfit(order_type: str, look: Lookup) -> Decision | None:
    """Why orders of this type cannot be created; None if they can."""
    table = look.table("order_type")
    if table is None:
        return Decision(outcome=Outcome.WAITING, reason="lookups")
    known: Any = _entry(table.get(order_type, ""))
    if (
        order_type not in table
        or known.get("active") is False
        or known.get("behavior", "SalesOrder") not in FIT
    ):
        return Decision(outcome=Outcome.PARKED, reason="order_type_unfit", detail={"type": order_type})
    return None


def chosen(text: str, rules: Rules, look: Lookup) -> str:
    """The order type of a new order (row D2): what the delivery says, else `order.type`. A dropdown may show
    the type with words behind it (`SO - Salgsordre`), and its first option means nothing."""
    plain = text.strip()
    known = look.table("order_type") or {}
    if normalise.blank_option(plain):
        return rules.order.type.upper()
    head = plain.split()[0].upper()
    return head if plain.upper() not in known and head in known else plain.upper()


def _entry(text: str) -> dict[str, Any]:
    found: Any = json.loads(text) if text.startswith("{") else {}
    return found if isinstance(found, dict) else {}


def coming(order: Document, rules: Rules, look: Lookup) -> Decision | None:
    """Why an order of the ERP is not brought to webCRM; None if it is."""
    if not rules.delivery.direction.reaches(Side.CRM):
        return Decision(outcome=Outcome.FILTERED, reason="direction_off")
    if rules.delivery.source == "invoice":
        return Decision(outcome=Outcome.FILTERED, reason="source_off")
    if order.type not in {one.upper() for one in rules.order.types}:
        return Decision(outcome=Outcome.FILTERED, reason="order_type", detail={"type": order.type})
    if not in_window(order, rules, look):
        return Decision(outcome=Outcome.FILTERED, reason="before_start")
    return None


def in_window(order: Document, rules: Rules, look: Lookup) -> bool:
    """`order.history`: open ones and what changed after the first scan; since a date; all."""
    match rules.order.history:
        case "all":
            return True
        case "since":
            return order.date >= rules.order.history_from[:10]
    scan = look.first_scan_ms(Side.ERP, Kind.ORDER)
    return order.state not in ENDED or (bool(scan) and order.raw.updated_ms >= scan)
