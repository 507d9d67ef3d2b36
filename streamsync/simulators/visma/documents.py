"""Lists and single reads of customer documents (visma-api §4.6, §4.7)."""

from collections.abc import Callable
from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma.answers import refused
from streamsync.simulators.visma.ask import Ask, found, holds, paged, picked, with_etag
from streamsync.simulators.visma.customers import the_customer
from streamsync.simulators.visma.document_rows import document_row, full_row
from streamsync.simulators.visma.records import Document
from streamsync.simulators.visma.times import read_day, read_filter

INVOICES = ("Invoice", "DebitNote")
CREDIT_NOTES = ("CreditNote",)
CASH_SALES = ("CashSale", "CashReturn")

_TEXTS = ("externalReference", "paymentReference", "customerRefNumber", "project")


def _filtered(ask: Ask, rows: list[Document]) -> list[Document]:
    """The filters that all these lists share; values that match nothing give an empty list."""
    status = ask.one("status")
    if status is not None:
        rows = [r for r in rows if r.status.casefold() == status.casefold()]
    for name in _TEXTS:
        wanted = ask.one(name)
        if wanted is not None:
            rows = [r for r in found(ask, rows) if r.fields.get(name, "") == wanted]
    number = ask.one("customer")
    if number is not None:
        owner = ask.company.customer(number)
        rows = [r for r in rows if owner and r.customer_id == owner.internal_id]
    branch = ask.one("branch")
    if branch is not None:
        rows = [r for r in rows if r.fields.get("branchNumber", "1") == branch]
    released = ask.whole("released")
    if released is not None:
        rows = [r for r in rows if r.is_released == (released == 1)]
    period = ask.one("financialPeriod")
    if period is not None:
        rows = [r for r in rows if f"{r.day:%Y%m}" == period]
    rows = _by_day(ask, rows, "documentDate", lambda r: r.day.toordinal())
    return _by_day(ask, rows, "documentDueDate", lambda r: r.due.toordinal() if r.due else 0)


def _by_day(ask: Ask, rows: list[Document], name: str, day_of: Callable[[Document], int]) -> list[Document]:
    """A date filter; unlike the stamps, a date without its condition means that very day."""
    text = ask.one(name)
    if text is None:
        return rows
    day = read_day(text) if read_filter(text) is not None else None
    if day is None:
        raise refused(f"The value '{text}' is not valid for {name}.")
    bound = day.toordinal()
    condition = ask.one(name + "Condition")
    if condition is None:
        return [r for r in rows if day_of(r) == bound]
    return [r for r in rows if holds(day_of(r), condition, bound)]


def _full_list(ask: Ask, types: tuple[str, ...], list_name: str, rows: list[Document]) -> Response:
    rows = _filtered(ask, [r for r in rows if r.type in types])
    page, metadata = paged(ask, rows, list_name)
    return json_response(200, [full_row(ask, row, metadata, single=False) for row in page])


def list_invoices(ask: Ask) -> Response:
    return _full_list(ask, INVOICES, "customerinvoice", picked(ask, ask.company.documents))


def list_invoices_of_customer(ask: Ask) -> Response:
    owner = the_customer(ask).internal_id
    rows = [r for r in picked(ask, ask.company.documents) if r.customer_id == owner]
    return _full_list(ask, INVOICES, "customerinvoice", rows)


def list_credit_notes(ask: Ask) -> Response:
    return _full_list(ask, CREDIT_NOTES, "customerCreditNote", picked(ask, ask.company.documents))


def list_cash_sales(ask: Ask) -> Response:
    return _full_list(ask, CASH_SALES, "cashsale", picked(ask, ask.company.documents))


def list_documents(ask: Ask) -> Response:
    return _document_list(ask, picked(ask, ask.company.documents))


def list_documents_of_customer(ask: Ask) -> Response:
    owner = the_customer(ask).internal_id
    return _document_list(ask, [r for r in picked(ask, ask.company.documents) if r.customer_id == owner])


def _document_list(ask: Ask, rows: list[Document]) -> Response:
    """Only here may one ask for a documentType."""
    kind = ask.one("documentType")
    if kind is not None:
        rows = [r for r in rows if r.type == kind]
    page, metadata = paged(ask, _filtered(ask, rows), "customerdocument")
    return json_response(200, [document_row(ask, row, metadata) for row in page])


def the_document(ask: Ask, types: tuple[str, ...], parameter: str, word: str) -> Document:
    """The document that the path names; numbers of different types may overlap."""
    number = ask.params[parameter].strip()
    for kind in types:
        found = ask.company.documents.get((kind, number))
        if found is not None:
            return found
    raise refused(f"{word} '{number}' cannot be found in the system.", 404)


def _single(ask: Ask, document: Document) -> Response:
    row: dict[str, Any] = full_row(ask, document, None, single=True)
    return with_etag(ask, document, row)


def the_invoice(ask: Ask) -> Document:
    return the_document(ask, INVOICES, "invoiceNumber", "Customer invoice")


def get_invoice(ask: Ask) -> Response:
    return _single(ask, the_invoice(ask))


def get_credit_note(ask: Ask) -> Response:
    return _single(ask, the_document(ask, CREDIT_NOTES, "creditNoteNumber", "Customer credit note"))


def get_cash_sale(ask: Ask) -> Response:
    return _single(ask, the_document(ask, CASH_SALES, "documentNumber", "Cash sale"))
