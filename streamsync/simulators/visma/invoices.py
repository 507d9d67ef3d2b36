"""Writes to customer invoices: create (v2), change, delete, release (visma-api §4.6).

Only what is not released can be changed. Only items without stock may stand on an invoice that no order
made. `release` says "Queued" and is done a little later (visma-api §3.2).
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import broken_rule, refused
from streamsync.simulators.visma.ask import Ask, changed, check_if_match, created, finance_body
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.document_rows import recount
from streamsync.simulators.visma.documents import the_invoice
from streamsync.simulators.visma.finance_shapes import INVOICE
from streamsync.simulators.visma.money import ZERO, cents, discount_of, gross_of, percent_of
from streamsync.simulators.visma.records import Customer, Document, DocumentLine
from streamsync.simulators.visma.times import day_of

Row = dict[str, Any]

EDITABLE = ("Hold", "Balanced")
_TEXTS = (
    "externalReference",
    "customerRefNumber",
    "paymentReference",
    "invoiceText",
    "note",
    "branchNumber",
    "project",
    "customerProject",
)


def today(company: Company, now_ms: int) -> date:
    return day_of(company.stamp_of(now_ms))


def due_day(day: date, terms: str) -> date:
    return day + timedelta(days=example.TERMS.get(terms, 14))


def post_invoice(ask: Ask) -> Response:
    values = finance_body(ask, INVOICE)
    if not values.get("customerNumber"):
        raise refused("'customerNumber' is required.")
    if not values.get("invoiceLines"):
        raise refused("'invoiceLines' must have at least one line.")
    customer = _customer(ask, values["customerNumber"])
    number = values.get("referenceNumber", "")
    if number and not values.get("overrideNumberSeries"):
        raise broken_rule("The reference number cannot be set: the number series of invoices is automatic.")
    if number and ask.company.documents.get(("Invoice", number)):
        raise broken_rule(f"Customer invoice '{number}' already exists.")
    terms = str(customer.fields.get("creditTerms.id", "14"))
    document = Document(
        type="Invoice",
        number=number,
        customer_id=customer.internal_id,
        day=today(ask.company, ask.now_ms),
        currency=str(customer.fields.get("currencyId", "DKK")),
        fields={"creditTerms.id": terms, "branchNumber": "1"},
    )
    _apply(ask, document, customer, values)
    document.number = number or ask.company.next_number("Invoice")
    ask.company.add(document, ask.now_ms)
    return created(ask, f"/v1/customerinvoice/{document.number}", document)


def put_invoice(ask: Ask) -> Response:
    document = the_invoice(ask)
    check_if_match(ask, document)
    values = finance_body(ask, INVOICE)
    if document.status not in EDITABLE:
        raise broken_rule(
            f"Customer invoice '{document.number}' cannot be changed: its status is {document.status}."
        )
    customer = ask.company.customers.get(document.customer_id)
    if "customerNumber" in values:
        customer = _customer(ask, values["customerNumber"])
    if customer is None:
        raise broken_rule("The customer of this document no longer exists.")
    draft = _copy(document)
    _apply(ask, draft, customer, values)
    for name in (
        "customer_id",
        "status",
        "day",
        "due",
        "currency",
        "rate",
        "fields",
        "lines",
        "totals",
        "balance",
        "revoked",
        "next_line",
    ):
        setattr(document, name, getattr(draft, name))
    ask.company.touch(document, ask.now_ms)
    return changed(ask, document)


def _copy(document: Document) -> Document:
    """A draft to apply changes to, so that a refused request changes nothing."""
    lines = [
        DocumentLine(**{name: getattr(line, name) for name in DocumentLine.__dataclass_fields__})
        for line in document.lines
    ]
    return Document(
        type=document.type,
        number=document.number,
        customer_id=document.customer_id,
        status=document.status,
        day=document.day,
        due=document.due,
        currency=document.currency,
        rate=document.rate,
        fields=dict(document.fields),
        lines=lines,
        next_line=document.next_line,
        revoked=document.revoked,
    )


def _customer(ask: Ask, number: str) -> Customer:
    customer = ask.company.customer(number)
    if customer is None:
        raise refused(f"Customer '{number}' cannot be found in the system.")
    if customer.fields.get("status") == "Inactive":
        raise broken_rule(f"Customer '{number}' cannot be invoiced: its status is Inactive.")
    return customer


def _apply(ask: Ask, document: Document, customer: Customer, values: Row) -> None:
    document.customer_id = customer.internal_id
    _check_references(ask, values, customer)
    for name in _TEXTS:
        if name in values:
            document.fields[name] = values[name]
    for name, path in (
        ("creditTermsId", "creditTerms.id"),
        ("customerVatZoneId", "customerVatZone"),
        ("contact", "contact"),
        ("salesperson", "salesperson"),
    ):
        if name in values:
            document.fields[path] = values[name]
    if "salesPersonID" in values:
        document.fields["salesperson"] = str(values["salesPersonID"])
    document.currency = values.get("currencyId", document.currency)
    document.rate = values.get("exchangeRate") or ask.company.rate(document.currency)
    document.day = values.get("documentDate", document.day)
    document.due = values.get("documentDueDate") or due_day(document.day, document.fields["creditTerms.id"])
    document.revoked = values.get("revoked", document.revoked)
    if "hold" in values:
        document.status = "Hold" if values["hold"] else "Balanced"
    for at, line in enumerate(values.get("invoiceLines", ())):
        _apply_line(ask, document, line, at)
    recount(ask.company, document)


def _check_references(ask: Ask, values: Row, customer: Customer) -> None:
    for name, word, known in (
        ("creditTermsId", "Terms", example.TERMS),
        ("customerVatZoneId", "Tax zone", example.ZONES),
        ("currencyId", "Currency", example.RATES),
        ("branchNumber", "Branch", example.BRANCHES),
        ("salesperson", "Sales person", example.SALESPERSONS),
        ("project", "Project", example.PROJECTS),
    ):
        if values.get(name) and values[name] not in known:
            raise broken_rule(f"{word} '{values[name]}' cannot be found in the system.")
    contact = values.get("contact")
    if contact:
        found = ask.company.contacts.get(contact)
        if found is None or found.customer_id != customer.internal_id:
            raise broken_rule(f"Contact '{contact}' does not belong to the customer.")
    if values.get("currencyId", customer.fields.get("currencyId", "DKK")) != customer.fields.get(
        "currencyId", "DKK"
    ):
        raise broken_rule("The currency of this customer cannot be overridden.")


def _apply_line(ask: Ask, document: Document, values: Row, at: int) -> None:
    operation = values.get("operation", "Insert")
    if operation == "Insert":
        _insert_line(ask, document, values, at)
        return
    number = values.get("lineNumber")
    line = next((line for line in document.lines if line.number == number), None)
    if line is None:
        raise refused(f"Line {number} of customer invoice '{document.number}' cannot be found.")
    if operation == "Delete":
        document.lines.remove(line)
        document.next_line = max(document.next_line, line.number + 1)
        return
    if values.get("inventoryNumber", line.item_number) != line.item_number:
        _set_item(ask, document, line, values["inventoryNumber"])
    _set_values(document, line, values, at)


def _insert_line(ask: Ask, document: Document, values: Row, at: int) -> None:
    highest = max((line.number for line in document.lines), default=0)
    line = DocumentLine(number=max(document.next_line, highest + 1))
    document.next_line = line.number + 1
    if values.get("inventoryNumber"):
        _set_item(ask, document, line, values["inventoryNumber"])
    else:
        missing = [n for n in ("accountNumber", "description", "vatCodeId") if not values.get(n)]
        if missing:
            raise refused(f"'invoiceLines[{at}]' needs inventoryNumber, or {', '.join(missing)}.")
        line.line_type = "MI"
    _set_values(document, line, values, at)
    document.lines.append(line)


def _set_item(ask: Ask, document: Document, line: DocumentLine, number: str) -> None:
    item = ask.company.item(number)
    if item is None or item.fields.get("status", "Active") in ("Inactive", "NoSales", "MarkedForDeletion"):
        raise broken_rule(f"Inventory item '{number}' cannot be found in the system.")
    if item.is_stock_item:
        raise broken_rule(f"Only a non-stock item can be selected; '{number}' is a stock item.")
    line.item_number = item.number
    line.description = item.fields.get("description", "")
    line.unit_price = price_in(ask.company, item.fields.get("defaultPrice", ZERO), document.currency)
    line.uom = item.fields.get("salesUnit", "STK")
    line.vat_category = item.fields.get("vatCode.id", "3")
    line.cost = item.fields.get("currentCost", ZERO)


def price_in(company: Company, price: Decimal, currency: str) -> Decimal:
    """A price of the base currency in another one."""
    rate = company.rate(currency)
    return price if rate == 1 else (price / rate).quantize(Decimal("0.0001"))


def _set_values(document: Document, line: DocumentLine, values: Row, at: int) -> None:
    for name, known, word in (
        ("accountNumber", example.ACCOUNTS, "Account"),
        ("vatCodeId", example.VAT, "VAT category"),
        ("uom", example.UNITS, "Unit"),
    ):
        if name in values and values[name] not in known:
            raise broken_rule(f"{word} '{values[name]}' of invoiceLines[{at}] cannot be found in the system.")
    for name, target in (
        ("description", "description"),
        ("quantity", "quantity"),
        ("unitPriceInCurrency", "unit_price"),
        ("uom", "uom"),
        ("vatCodeId", "vat_category"),
        ("accountNumber", "account"),
    ):
        if name in values:
            setattr(line, target, values[name])
    line.fields = {
        **line.fields,
        **{n: values[n] for n in ("note", "manualDiscount", "salesperson") if n in values},
    }
    total = values.get("manualAmountInCurrency") or gross_of(line.quantity, line.unit_price)
    if "discountAmountInCurrency" in values and "discountPercent" not in values:
        line.discount_percent = percent_of(total, values["discountAmountInCurrency"])
    else:
        line.discount_percent = values.get("discountPercent", line.discount_percent)
    line.discount_amount = discount_of(total, line.discount_percent)
    line.amount = cents(total - line.discount_amount)


def delete_invoice(ask: Ask) -> Response:
    document = the_invoice(ask)
    if document.status not in EDITABLE:
        raise broken_rule(
            f"Customer invoice '{document.number}' cannot be deleted: its status is {document.status}."
        )
    detach(ask.company, document, ask.now_ms)
    ask.company.remove(document)
    return Response(204)


def detach(company: Company, document: Document, now_ms: int) -> None:
    """Makes what the invoice billed billable again."""
    for shipment in company.shipments.all():
        if shipment.invoice == document.key:
            shipment.invoice, shipment.status = None, "Confirmed"
            company.touch(shipment, now_ms)
    for key in {line.order for line in document.lines if line.order}:
        order = company.orders.get(key)
        if order is None:
            continue
        billed = {line.order_line: line.quantity for line in document.lines if line.order == key}
        for line in order.lines:
            line.billed -= billed.get(line.line_id, ZERO)
        order.invoice_number = ""
        if order.status == "Invoiced":
            order.status = "Shipping"
        company.touch(order, now_ms)


def release_action(ask: Ask) -> Response:
    document = the_invoice(ask)
    check_if_match(ask, document)
    if document.status != "Balanced":
        raise broken_rule(
            f"Customer invoice '{document.number}' cannot be released: its status is {document.status}."
        )
    company = ask.company

    def work(at_ms: int) -> None:
        if document.status == "Balanced" and company.documents.get(document.key) is document:
            release(company, document, at_ms)

    company.later(ask.now_ms + company.settings.action_delay_ms, work)
    return json_response(200, {"actionId": company.guid(), "actionResult": "Queued", "errorInfo": ""})


def release(company: Company, document: Document, now_ms: int) -> None:
    """Open, or Closed when there is nothing to pay; its orders complete when everything they need is
    released."""
    document.balance = document.totals.gross
    document.status = "Open" if document.balance != 0 else "Closed"
    company.touch(document, now_ms)
    for key in {line.order for line in document.lines if line.order}:
        order = company.orders.get(key)
        if order is None or any(line.billed < line.quantity and not line.completed for line in order.lines):
            continue
        if order.status != "Completed":
            order.status = "Completed"
            company.touch(order, now_ms)
