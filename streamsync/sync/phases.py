"""Phases of an order or invoice, what may still be edited, and the status word (semantics §3.3, §3.5,
§4.10).

Pure, derived from the ERP at each read and never stored. `Document` is the pair's primary ERP document;
`attached` are the invoices that hang on its delivery.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from streamsync.model import Fields, Kind
from streamsync.sync import money
from streamsync.sync.documents import DEAD, Document, bills, reversed_in_full

AWAITING, APPROVED, PAID, CANCELLED = "awaiting", "approved", "paid", "cancelled"
DELIVERY_STATUS = MappingProxyType({AWAITING: "Planned", APPROVED: "OnGoing", PAID: "Completed"})
STATUS_RANK = MappingProxyType({"": 0, "New": 0, "Planned": 1, "OnGoing": 2, "Completed": 3})

_ORDER_LOCKED = frozenset(("pendingapproval",))
_INVOICE_EDITABLE = frozenset(("hold", "balanced"))
_KNOWN_ORDER = frozenset(
    (
        "hold",
        "open",
        "backorder",
        "credithold",
        "pendingapproval",
        "rejected",
        "shipping",
        "invoiced",
        "completed",
        "cancelled",
        "canceled",
        "voided",
    )
)
_KNOWN_INVOICE = frozenset(
    (
        "hold",
        "balanced",
        "scheduled",
        "pendingprint",
        "pendingemail",
        "credithold",
        "cchold",
        "reserved",
        "open",
        "closed",
        "voided",
    )
)
_DESCRIPTIVE = frozenset(("description", "customer.refNo", "requestOn", "note", "customer.contactId"))
_NEVER = frozenset(("currencyId", "type", "customer.id", "customer.order"))


class Phase(StrEnum):
    DRAFT = "P0"
    OPEN = "P1"
    LOCKED = "P1x"
    PARTLY = "P2"
    COMPLETE = "P3"
    RELEASED = "P4"
    ENDED = "P5"


def touched(line: Fields) -> bool:
    """Whether anything of the line was shipped or billed, or the line is complete: it is locked (semantics
    §4.10).
    """
    return line.get("completed") == "true" or moved_quantity(line) > 0


def moved_quantity(line: Fields) -> Decimal:
    return money.number(line.get("quantityOnShipments", "")) + money.number(line.get("billedQuantity", ""))


def open_quantity(document: Document) -> bool:
    """Whether some quantity of the order is still to be delivered."""
    for line in document.lines:
        if line.fields.get("completed") == "true":
            continue
        rest = line.fields.get("openQuantity", "")
        left = (
            money.number(rest)
            if rest
            else money.number(line.fields["quantity"])
            - max(
                money.number(line.fields.get("quantityOnShipments", "")),
                money.number(line.fields.get("billedQuantity", "")),
            )
        )
        if left > 0:
            return True
    return False


def phase(document: Document | None, attached: Sequence[Document] = (), *, missing: bool = False) -> Phase:
    """The phase of a pair; `missing`: there is evidence that the ERP document is gone."""
    if document is None:
        return Phase.ENDED if missing else Phase.DRAFT
    if missing or document.state in DEAD:
        return Phase.ENDED
    if document.kind is Kind.INVOICE:
        if document.released:
            return Phase.ENDED if reversed_in_full(document.raw) else Phase.RELEASED
        return Phase.OPEN if document.state in _INVOICE_EDITABLE else Phase.LOCKED
    live = [invoice for invoice in bills(attached) if alive(invoice)]
    still_open = open_quantity(document)
    if document.state == "completed" or (not still_open and any(invoice.released for invoice in live)):
        return Phase.RELEASED
    all_done = bool(document.lines) and all(line.fields.get("completed") == "true" for line in document.lines)
    if all_done or document.state == "invoiced" or (live and not still_open):
        return Phase.COMPLETE
    if document.state == "shipping" or any(touched(line.fields) for line in document.lines):
        return Phase.PARTLY
    return Phase.LOCKED if document.state in _ORDER_LOCKED else Phase.OPEN


def alive(invoice: Document) -> bool:
    """Neither voided nor reversed by credit notes."""
    return invoice.state not in DEAD and not reversed_in_full(invoice.raw)


def header_open(now: Phase, path: str) -> bool:
    """Whether a webCRM edit of this header path may go to the ERP in this phase (the table of semantics
    §3.3).
    """
    if path in _NEVER:
        return False
    return now is Phase.OPEN or (now is Phase.PARTLY and path in _DESCRIPTIVE)


def line_open(now: Phase, line: Fields) -> bool:
    """Whether an existing line may be changed or deleted."""
    return now is Phase.OPEN or (now is Phase.PARTLY and not touched(line))


def insert_open(now: Phase) -> bool:
    return now in (Phase.OPEN, Phase.PARTLY)


def known_status(document: Document) -> bool:
    return document.state in (_KNOWN_ORDER if document.kind is Kind.ORDER else _KNOWN_INVOICE)


def own_word(document: Document) -> str:
    """The word of one document by its own status; an unknown status counts as awaiting."""
    if document.state in DEAD:
        return CANCELLED
    if document.kind is Kind.ORDER:
        return APPROVED if document.state == "completed" else AWAITING
    if reversed_in_full(document.raw):
        return CANCELLED
    return {"open": APPROVED, "closed": PAID}.get(document.state, AWAITING)


def word(document: Document | None, attached: Sequence[Document] = (), *, missing: bool = False) -> str:
    """awaiting, approved, paid or cancelled: the delivery's sync status (semantics §3.5)."""
    if missing or document is None:
        return CANCELLED if missing else AWAITING
    billed = bills(attached)
    if document.kind is Kind.INVOICE or not billed:
        return own_word(document)
    live = [invoice for invoice in billed if alive(invoice)]
    if not live:
        return CANCELLED if document.state == "completed" else own_word(document)
    if document.state in DEAD:
        return CANCELLED
    if open_quantity(document) or any(own_word(invoice) == AWAITING for invoice in live):
        return AWAITING
    return PAID if all(own_word(invoice) == PAID for invoice in live) else APPROVED


def only_shipment(document: Document) -> str:
    """The number of the order's shipment, where the order was read with its shipments and has just one."""
    text = document.raw.fields.get("shipments", "")
    found = [row for row in json.loads(text) if isinstance(row, dict) and row.get("id")] if text else []
    return str(found[0]["id"]) if len(found) == 1 else ""


def lock_reason(now: Phase, line: Fields | None = None) -> str:
    """Why an edit is not allowed: a word of `delivery_words`."""
    if now is Phase.ENDED:
        return "cancelled"
    if line is not None and touched(line) and now is Phase.PARTLY:
        return "touched"
    return {Phase.RELEASED: "released", Phase.COMPLETE: "complete", Phase.PARTLY: "partly"}.get(now, "status")
