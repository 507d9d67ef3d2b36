"""The lines of an order's delivery once it is invoiced: the order's, or those of its invoices
(`delivery.lines_after_invoice`, semantics §3.8).

Pure. The invoices' lines take over when nothing of the order is left to bill: until then they would hide what
is still to come. What several invoices billed of one line is added up, so the delivery keeps one line for it.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from streamsync.model import Fields, Kind, Line
from streamsync.sync import documents, money, phases
from streamsync.sync.documents import Document
from streamsync.sync.rules import Rules

_SAME = ("inventory.id", "unitPrice", "discountPercent", "unitOfMeasure", "description", "externalLink")
_ADDED = ("quantity", "extendedPrice")


def document_of_lines(document: Document, attached: Sequence[Document], rules: Rules) -> Document:
    """The document whose lines the delivery shows: the order, or the order with its invoices' lines."""
    if rules.delivery.lines_after_invoice != "invoice" or document.kind is not Kind.ORDER:
        return document
    bills = [bill for bill in documents.bills(attached) if phases.alive(bill)]
    if not bills or phases.open_quantity(document):
        return document
    return msgspec.structs.replace(document, lines=tuple(_lines(document.rid, bills)))


def net(document: Document, attached: Sequence[Document], rules: Rules) -> Decimal | None:
    """The net total that the delivery's lines should add up to; None where no document states it."""
    shown = document_of_lines(document, attached, rules)
    if shown is document:
        return document.net
    bills = [bill for bill in documents.bills(attached) if phases.alive(bill)]
    if any(len(bill.orders) > 1 for bill in bills) or any(bill.net is None for bill in bills):
        return None
    return sum((bill.net for bill in bills if bill.net is not None), Decimal(0))


def _lines(order: str, bills: Sequence[Document]) -> list[Line]:
    found: dict[tuple[str, ...], Line] = {}
    for bill in sorted(bills, key=lambda one: (one.date, one.number)):
        times: dict[tuple[str, ...], int] = {}
        for line in bill.lines:
            if not _of(order, bill, line.fields):
                continue
            alike = tuple(line.fields.get(path, "") for path in _SAME)
            times[alike] = times.get(alike, 0) + 1
            key = (*alike, str(times[alike]))
            found[key] = _added(found[key], line) if key in found else _keyed(bill, line, len(found) + 1)
    return list(found.values())


def _of(order: str, bill: Document, fields: Fields) -> bool:
    """Whether the line bills this order; one that names none (freight) goes with the invoice's first."""
    kind, number = fields.get("soOrderType", ""), fields.get("soOrderNbr", "")
    if kind and number:
        return documents.order_rid(kind, number) == order
    return not bill.orders or bill.orders[0] == order


def _keyed(bill: Document, line: Line, rank: int) -> Line:
    """Line numbers of different invoices overlap."""
    done = {"completed": "true", "billedQuantity": line.fields.get("quantity", "")}
    return Line(key=f"{bill.number}/{line.key}", fields=line.fields | done | {"sortOrder": str(rank)})


def _added(held: Line, line: Line) -> Line:
    sums = {
        path: money.plain(money.number(held.fields.get(path, "")) + money.number(line.fields.get(path, "")))
        for path in _ADDED
    }
    return Line(key=held.key, fields=held.fields | sums | {"billedQuantity": sums["quantity"]})
