"""What people do with documents at the screen: type one in, release, pay, write off, void.

Each function takes `Arguments`, does the whole step, and answers with the names of what it made. Raises
ValueError when the step is not possible. A payment may leave the paid document's stamp where it was
(setting `payment_moves_stamp`).
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.visma.arguments import Arguments
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.document_rows import recount
from streamsync.simulators.visma.invoices import due_day, release, today
from streamsync.simulators.visma.money import ZERO, cents, discount_of, gross_of
from streamsync.simulators.visma.records import (
    Application,
    Document,
    DocumentLine,
)

Result = dict[str, Any]


def named(document: Document) -> Result:
    return {"documentType": document.type, "referenceNumber": document.number, "status": document.status}


def new_document(company: Company, type: str, customer_id: int, now_ms: int) -> Document:
    """Without a number: it is drawn once nothing can fail any more."""
    customer = company.customers.get(customer_id)
    if customer is None:
        raise ValueError("The customer no longer exists.")
    terms = str(customer.fields.get("creditTerms.id", "14"))
    day = today(company, now_ms)
    currency = str(customer.fields.get("currencyId", "DKK"))
    return Document(
        type=type,
        number="",
        customer_id=customer_id,
        day=day,
        due=due_day(day, terms),
        currency=currency,
        rate=company.rate(currency),
        fields={"creditTerms.id": terms, "branchNumber": "1"},
    )


def create_document(arguments: Arguments, now_ms: int, kind: str) -> Result:
    """`lines` by inventoryNumber or description; `status` (Balanced), `documentDate`, any header field."""
    company, customer = arguments.company, arguments.customer()
    kind = arguments.text("documentType", default=kind)
    document = new_document(company, kind, customer.internal_id, now_ms)
    document.day = arguments.day("documentDate", document.day)
    document.due = arguments.day("documentDueDate", due_day(document.day, document.fields["creditTerms.id"]))
    document.currency = arguments.text("currencyId", default=document.currency)
    document.rate = company.rate(document.currency)
    wanted = arguments.text("status", default="Closed" if kind in ("CashSale", "CashReturn") else "Balanced")
    for row in arguments.rows("lines"):
        document.lines.append(document_line(company, row, len(document.lines) + 1))
    number = arguments.text("referenceNumber", default="")
    document.fields.update(arguments.rest())
    recount(company, document)
    document.status = wanted
    if wanted == "Closed":
        document.balance = ZERO
    document.number = number or company.next_number(kind)
    company.add(document, now_ms)
    return named(document)


def document_line(company: Company, row: dict[str, Any], number: int) -> DocumentLine:
    """A line as a person types it: inventoryNumber, description, quantity, unitPrice, discountPercent,
    vatCode, uom."""
    item = company.item(str(row.get("inventoryNumber", "")))
    if item is None and not row.get("description"):
        raise ValueError("A line needs an inventoryNumber that exists, or a description.")
    fields = item.fields if item else {}
    quantity = row.get("quantity", Decimal(1))
    price = row.get("unitPrice", fields.get("defaultPrice", ZERO))
    percent = row.get("discountPercent", ZERO)
    gross = gross_of(quantity, price)
    discount = discount_of(gross, percent)
    return DocumentLine(
        number=number,
        item_number=item.number if item else "",
        quantity=quantity,
        unit_price=price,
        description=str(row.get("description", fields.get("description", ""))),
        discount_percent=percent,
        discount_amount=discount,
        amount=cents(gross - discount),
        uom=str(row.get("uom", fields.get("salesUnit", "STK"))),
        vat_category=str(row.get("vatCode", fields.get("vatCode.id", "3"))),
        cost=cents(quantity * fields.get("currentCost", ZERO)),
        line_type="GI" if item and item.is_stock_item else "GN" if item else "MI",
    )


def release_document(arguments: Arguments, now_ms: int) -> Result:
    document = arguments.document()
    if document.status not in ("Balanced", "Hold"):
        raise ValueError(f"{document.type} {document.number} is {document.status} and cannot be released.")
    release(arguments.company, document, now_ms)
    return named(document)


def pay(arguments: Arguments, now_ms: int, by: str = "Payment") -> Result:
    """A payment (or write-off) of `amount`, default the whole balance; at zero the document is Closed.
    `prepayment`: the number of the prepayment that the money is taken from."""
    company, document = arguments.company, arguments.document()
    if document.status != "Open":
        raise ValueError(
            f"{document.type} {document.number} is {document.status}: only an open document can be paid."
        )
    before = arguments.text("prepayment", default="")
    amount = arguments.amount("amount") or document.balance
    if amount > document.balance:
        raise ValueError(f"Only {document.balance} is open.")
    if before:
        payment = _prepaid(company, before, amount, now_ms)
    else:
        payment = _paid(company, document, by, amount, now_ms)
    apply_to(company, document, payment, amount, now_ms)
    return {**named(document), "payment": payment.number, "balance": document.balance}


def _paid(company: Company, document: Document, by: str, amount: Decimal, now_ms: int) -> Document:
    payment = new_document(company, by, document.customer_id, now_ms)
    payment.currency, payment.rate, payment.status = document.currency, document.rate, "Closed"
    payment.fields["amount"] = amount
    payment.number = company.next_number(by)
    company.add(payment, now_ms)
    return payment


def _prepaid(company: Company, number: str, amount: Decimal, now_ms: int) -> Document:
    held = company.documents.get(("Prepayment", number))
    if held is None or held.balance < amount:
        raise ValueError(f"Prepayment {number} does not hold {amount}.")
    held.balance -= amount
    held.status = "Open" if held.balance else "Closed"
    company.touch(held, now_ms)
    return held


def prepay(arguments: Arguments, now_ms: int) -> Result:
    """Money that came before its invoice: an open Prepayment of `amount`, used up by `pay` with
    `prepayment`."""
    company, customer = arguments.company, arguments.customer()
    amount = arguments.amount("amount")
    if not amount or amount < 0:
        raise ValueError("A prepayment needs an amount.")
    document = new_document(company, "Prepayment", customer.internal_id, now_ms)
    document.fields["amount"], document.balance, document.status = amount, amount, "Open"
    document.number = company.next_number("Prepayment")
    company.add(document, now_ms)
    return named(document)


def apply_to(company: Company, document: Document, payment: Document, amount: Decimal, now_ms: int) -> None:
    """Payments may leave `lastModifiedDateTime` where it was: open question of visma-api §6.1."""
    document.applications.append(Application(document=payment.key, day=payment.day, amount=amount))
    document.balance -= amount
    document.status = "Closed" if document.balance == 0 else "Open"
    company.touch(document, now_ms, moves_stamp=company.settings.payment_moves_stamp)


def void(arguments: Arguments, now_ms: int) -> Result:
    """A document becomes Voided; voiding a payment opens again what it paid."""
    company = arguments.company
    document = arguments.document(("Invoice", "DebitNote", "CreditNote", "CashSale", "Payment"))
    if document.type == "Payment":
        for other in company.documents.all():
            for application in other.applications:
                if application.document == document.key and not application.voided:
                    application.voided = True
                    other.balance += application.amount
                    other.status = "Open"
                    company.touch(other, now_ms, moves_stamp=company.settings.payment_moves_stamp)
    document.status = "Voided"
    document.balance = ZERO
    company.touch(document, now_ms)
    return named(document)


def set_document_status(arguments: Arguments, now_ms: int) -> Result:
    """Any status at all, for the cases that no step reaches."""
    document = arguments.document()
    document.status = arguments.text("status")
    if document.status == "Closed":
        document.balance = ZERO
    arguments.company.touch(document, now_ms)
    return named(document)
