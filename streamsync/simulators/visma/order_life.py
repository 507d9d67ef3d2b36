"""What people do with orders at the screen: ship, confirm, invoice, cancel, hold.

Statuses follow visma-api §5 and semantics §3.3: Open, Shipping (shipped or confirmed), BackOrder
(partly), Invoiced (all billed, not released), Completed (all released). Each function takes
`Arguments`, does the whole step, and answers with the names of what it made. Raises ValueError when the
step is not possible.
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.visma.arguments import Arguments
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.document_life import named, new_document
from streamsync.simulators.visma.document_rows import recount
from streamsync.simulators.visma.invoices import today
from streamsync.simulators.visma.money import ZERO, cents, discount_of, gross_of
from streamsync.simulators.visma.order_rows import shipments_of
from streamsync.simulators.visma.records import (
    Document,
    DocumentLine,
    Order,
    OrderLine,
    Shipment,
)

Result = dict[str, Any]


# -- orders


def ship(arguments: Arguments, now_ms: int) -> Result:
    """Ships what is open, or `lines` {line id: quantity}; the shipment is not confirmed."""
    company, order = arguments.company, arguments.order()
    if order.status not in ("Open", "BackOrder", "Shipping"):
        raise ValueError(f"Order {order.id} is {order.status} and cannot be shipped.")
    wanted = arguments.table("lines")
    quantities: dict[int, Decimal] = {}
    for line in order.lines:
        open_quantity = ZERO if line.completed else line.quantity - line.shipped
        quantity = Decimal(str(wanted.get(str(line.line_id), 0))) if wanted else open_quantity
        if quantity > open_quantity:
            raise ValueError(f"Line {line.line_id} has only {open_quantity} left to ship.")
        if quantity > 0:
            quantities[line.line_id] = quantity
            line.shipped += quantity
    if not quantities:
        raise ValueError(f"Order {order.id} has nothing left to ship.")
    shipment = Shipment(
        number=company.next_number("shipment"),
        order=order.key,
        day=today(company, now_ms),
        quantities=quantities,
    )
    company.add(shipment, now_ms)
    for line in order.lines:
        _move_stock(company, line, -quantities.get(line.line_id, ZERO), now_ms)
    order.status = "Shipping"
    company.touch(order, now_ms)
    return {"shipment": shipment.number}


def _move_stock(company: Company, line: OrderLine, quantity: Decimal, now_ms: int) -> None:
    item = company.items.get(line.item_id)
    if item is not None and item.is_stock_item and quantity:
        item.stock += quantity
        item.stock_changed_ms = now_ms


def confirm(arguments: Arguments, now_ms: int) -> Result:
    """Confirms the order's open shipments; fully shipped lines are then complete."""
    company, order = arguments.company, arguments.order()
    shipments = [s for s in shipments_of(company, order) if s.status == "Open"]
    if not shipments:
        raise ValueError(f"Order {order.id} has no shipment to confirm.")
    for shipment in shipments:
        shipment.status = "Confirmed"
        company.touch(shipment, now_ms)
    for line in order.lines:
        line.completed = line.completed or line.shipped >= line.quantity
    order.status = "Shipping" if all(line.completed for line in order.lines) else "BackOrder"
    company.touch(order, now_ms)
    return {"shipments": [shipment.number for shipment in shipments]}


def invoice_order(arguments: Arguments, now_ms: int) -> Result:
    """Bills the confirmed shipments of one order, or of `orders` (texts `SO/000223`) together: one
    invoice, Balanced.

    Orders of a type whose behaviour is Invoice or CreditMemo need no shipment: what is open is billed.
    `freight`: an amount on the freight account that is billed too; its line names no order. `prices`
    {line id: unit price}: put right on the invoice alone.
    """
    company = arguments.company
    names, freight = arguments.names("orders"), arguments.amount("freight")
    prices = {str(line): Decimal(str(price)) for line, price in arguments.table("prices").items()}
    found = (
        [company.orders.get(tuple(name.split("/", 1))) for name in names] if names else [arguments.order()]
    )
    orders = [order for order in found if order is not None]
    if len(orders) != len(found) or len({order.customer_id for order in orders}) != 1:
        raise ValueError("These orders do not exist or are of several customers.")
    first = orders[0]
    document = new_document(
        company, "CreditNote" if first.type == "CM" else "Invoice", first.customer_id, now_ms
    )
    document.currency, document.rate = first.currency, company.rate(first.currency)
    document.fields["customerRefNumber"] = first.fields.get("customerRefNo") or ""
    document.fields["invoiceText"] = f"Ordre {first.id}"
    billed: list[Shipment] = []
    for order in orders:
        billed += _bill(company, order, document)
    if not document.lines:
        raise ValueError("Nothing is confirmed and unbilled.")
    _put_right(document, prices)
    if freight:
        document.lines.append(_freight_line(freight, len(document.lines) + 1))
    recount(company, document)
    document.number = company.next_number(document.type)
    company.add(document, now_ms)
    for shipment in billed:
        shipment.status, shipment.invoice = "Invoiced", document.key
        company.touch(shipment, now_ms)
    for order in orders:
        order.invoice_number = document.number
        if all(line.billed >= line.quantity for line in order.lines):
            order.status = "Invoiced"
        company.touch(order, now_ms)
    return named(document)


def _bill(company: Company, order: Order, document: Document) -> list[Shipment]:
    if order.type in ("IN", "CM"):
        for line in order.lines:
            _bill_line(company, order, document, line, line.quantity - line.billed, "")
            line.completed = True
        return []
    shipments = [s for s in shipments_of(company, order) if s.status == "Confirmed"]
    for shipment in shipments:
        for line in order.lines:
            _bill_line(
                company, order, document, line, shipment.quantities.get(line.line_id, ZERO), shipment.number
            )
    return shipments


def _bill_line(
    company: Company, order: Order, document: Document, line: OrderLine, quantity: Decimal, shipment: str
) -> None:
    item = company.items.get(line.item_id)
    if quantity == 0 or item is None:
        return
    gross = gross_of(quantity, line.unit_price)
    discount = discount_of(gross, line.discount_percent)
    copies = company.settings.copies_external_link
    document.lines.append(
        DocumentLine(
            number=len(document.lines) + 1,
            item_number=item.number,
            description=line.fields.get("description", ""),
            quantity=quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent,
            discount_amount=discount,
            amount=cents(gross - discount),
            uom=line.fields.get("unitOfMeasure", "STK"),
            vat_category=line.vat_category,
            cost=cents(quantity * item.fields.get("currentCost", ZERO)),
            line_type="GI" if item.is_stock_item else "GN",
            order=order.key,
            order_line=line.line_id,
            shipment=shipment,
            external_link=line.fields.get("externalLink") or "" if copies else "",
        )
    )
    line.billed += quantity


def _put_right(document: Document, prices: dict[str, Decimal]) -> None:
    for line in document.lines:
        line.unit_price = prices.get(str(line.order_line), line.unit_price)
        gross = gross_of(line.quantity, line.unit_price)
        line.discount_amount = discount_of(gross, line.discount_percent)
        line.amount = cents(gross - line.discount_amount)


def _freight_line(amount: Decimal, number: int) -> DocumentLine:
    return DocumentLine(
        number=number,
        description="Fragt",
        unit_price=amount,
        amount=amount,
        account="1030",
        line_type="FR",
    )


def set_order_status(arguments: Arguments, now_ms: int, status: str) -> Result:
    """Cancel, reopen, hold, or any status at all."""
    order = arguments.order()
    if status == "Cancelled" and any(line.shipped or line.billed for line in order.lines):
        raise ValueError(f"Order {order.id} is shipped and cannot be cancelled.")
    order.status = status
    arguments.company.touch(order, now_ms)
    return {"type": order.type, "orderId": order.id, "status": status}
