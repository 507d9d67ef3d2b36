"""Fills a company with thousands of records at once, for the generator; and shows everything a company
holds.

Rows are given with flat or nested READ names. Optional in every row: `createdMs`, `modifiedMs` (UTC;
default the moment of the call). Kinds: `customers` (number?), `contacts` (businessAccount = customer
number), `items` (inventoryNumber), `orders` (customer, type?, orderId?, date, status?, lines as in act
create_order), `documents` (customer, documentType?, referenceNumber?, documentDate, status?, paid?,
currencyId?, lines as in act create_invoice; Closed and paid ones get a payment's application without a
payment document). Returns the keys in the order of the rows.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast

from streamsync.simulators.visma.answers import Finding
from streamsync.simulators.visma.arguments import plain
from streamsync.simulators.visma.company import Company, etag
from streamsync.simulators.visma.customers import with_class_defaults
from streamsync.simulators.visma.document_life import document_line
from streamsync.simulators.visma.document_rows import recount as recount_document
from streamsync.simulators.visma.edits import make_item
from streamsync.simulators.visma.invoices import due_day, today
from streamsync.simulators.visma.money import ZERO
from streamsync.simulators.visma.order_lines import add_line
from streamsync.simulators.visma.order_rows import recount
from streamsync.simulators.visma.records import (
    Application,
    Contact,
    Customer,
    Document,
    Item,
    Order,
    Stamped,
)
from streamsync.simulators.visma.times import read_day, zulu

Row = dict[str, Any]


def load(company: Company, kind: str, rows: Iterable[Row], now_ms: int) -> list[Any]:
    """Adds the rows; nothing is validated. Raises ValueError for an unknown kind or customer."""
    makers = {
        "customers": _customer,
        "contacts": _contact,
        "items": _item,
        "orders": _order,
        "documents": _document,
    }
    if kind not in makers:
        raise ValueError(f"There is no kind {kind}; there are {', '.join(makers)}.")
    made: list[Stamped] = []
    for given in rows:
        row = dict(given)
        created_ms = int(row.pop("createdMs", now_ms))
        modified_ms = int(row.pop("modifiedMs", created_ms))
        record = makers[kind](company, row, created_ms)
        company.stamped(record, created_ms)
        record.modified_ms = modified_ms
        made.append(record)
    company.load(made)
    return [record.key for record in made]


def _customer(company: Company, row: Row, at_ms: int) -> Customer:
    number = str(row.pop("number", "")) or company.next_number("customer", 5)
    fields = {"status": "Active", "customerClass.id": "1", **plain(row)}
    with_class_defaults(fields, ValueError)
    return Customer(internal_id=company.next_customer_id(), number=number, fields=fields)


def _owner(company: Company, number: object) -> Customer:
    owner = company.customer(str(number))
    if owner is None:
        raise ValueError(f"There is no customer {number}.")
    return owner


def _contact(company: Company, row: Row, at_ms: int) -> Contact:
    account = row.pop("businessAccount", None)
    owner_id = _owner(company, account).internal_id if account else 0
    fields = {"active": True, "sameAsAccount": True, **row}
    return Contact(contact_id=company.next_contact_id(), customer_id=owner_id, fields=fields)


def _item(company: Company, row: Row, at_ms: int) -> Item:
    return make_item(company, plain(row))


def _day(company: Company, value: object, at_ms: int) -> date:
    if isinstance(value, date):
        return value
    return (read_day(str(value)) if value else None) or today(company, at_ms)


def _order(company: Company, row: Row, at_ms: int) -> Order:
    owner = _owner(company, row.pop("customer"))
    order = Order(
        type=str(row.pop("type", "SO")),
        id=str(row.pop("orderId", "")) or company.next_number("order"),
        customer_id=owner.internal_id,
        status=str(row.pop("status", "Open")),
        day=_day(company, row.pop("date", None), at_ms),
        currency=str(row.pop("currencyId", owner.fields.get("currencyId", "DKK"))),
    )
    findings: list[Finding] = []
    for line in row.pop("lines", ()):
        values = {
            "hasManualPrice": "unitPrice" in line,
            "hasManualDiscount": "discountPercent" in line,
            **plain(line),
        }
        add_line(company, order, values, "lines", findings)
    if findings:
        raise ValueError(findings[0].message)
    order.fields.update(row)
    recount(company, order)
    return order


def _document(company: Company, row: Row, at_ms: int) -> Document:
    owner = _owner(company, row.pop("customer"))
    kind = str(row.pop("documentType", "Invoice"))
    day = _day(company, row.pop("documentDate", None), at_ms)
    terms = str(owner.fields.get("creditTerms.id", "14"))
    currency = str(row.pop("currencyId", owner.fields.get("currencyId", "DKK")))
    lines = [document_line(company, plain(line), at) for at, line in enumerate(row.pop("lines", ()), 1)]
    number = str(row.pop("referenceNumber", "")) or company.next_number(kind)
    document = Document(
        type=kind,
        number=number,
        customer_id=owner.internal_id,
        status=str(row.pop("status", "Open")),
        day=day,
        due=due_day(day, terms),
        currency=currency,
        rate=company.rate(currency),
        lines=lines,
    )
    paid = row.pop("paid", document.status == "Closed")
    document.fields = {"creditTerms.id": terms, "branchNumber": "1", **row}
    recount_document(company, document)
    if paid and kind not in ("CashSale", "CashReturn"):
        key = ("Payment", company.next_number("Payment"))
        document.applications = [Application(document=key, day=day, amount=document.balance)]
    if paid:
        document.status, document.balance = "Closed", ZERO
    return document


# -- everything, for tests and the demo


def state(company: Company) -> Row:
    """All records: flat fields, keys, stamps (UTC). Decimals as Decimal."""
    tables: dict[str, Any] = {
        "customers": company.customers,
        "contacts": company.contacts,
        "items": company.items,
        "orders": company.orders,
        "shipments": company.shipments,
        "documents": company.documents,
    }
    return {name: [_shown(company, row) for row in table.all()] for name, table in tables.items()}


def _shown(company: Company, row: Stamped) -> Row:
    shown = cast(Row, _simple(row))
    for name in ("seq", "created_ms", "modified_ms", "version"):
        del shown[name]
    customer_id = shown.get("customer_id")
    if customer_id:
        owner = company.customers.get(customer_id)
        shown["customer"] = owner.number if owner else None
    shown.update(created=zulu(row.created_ms), modified=zulu(row.modified_ms), timeStamp=etag(row))
    return shown


def _simple(value: object) -> object:
    """Records as tables of their members, dates as texts, keys as `SO/000223`."""
    match value:
        case None | bool() | int() | str() | Decimal():
            return value
        case date():
            return value.isoformat()
        case dict():
            return {str(name): _simple(inner) for name, inner in value.items()}
        case list():
            return [_simple(inner) for inner in value]
        case tuple():
            return "/".join(str(part) for part in value)
        case _:
            members = _members(type(value))
            return {name: _simple(getattr(value, name)) for name in members}


def _members(kind: type) -> list[str]:
    fields = getattr(kind, "__dataclass_fields__", {})
    return list(fields)
