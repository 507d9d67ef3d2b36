"""Read shapes of customer documents: invoice, credit note, cash sale and the header-only document row
(visma-api §4.6, §4.7).

Amounts without a suffix are in the base currency, `…InCurrency` in the document's; credit notes and
returns carry positive amounts, their type says the direction. Built per row and per page, never kept.
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.visma import example
from streamsync.simulators.visma.ask import Ask
from streamsync.simulators.visma.company import Company, etag
from streamsync.simulators.visma.contacts import display_name
from streamsync.simulators.visma.money import ZERO, cents, totals
from streamsync.simulators.visma.records import Application, Document, DocumentLine
from streamsync.simulators.visma.times import day_text

Row = dict[str, Any]

_VAT = {ident: text for ident, (text, _) in example.VAT.items()}
_ACCOUNT = example.account("1500")
_SUBACCOUNT: Row = {
    "subaccountNumber": "0-00",
    "subaccountId": 1,
    "description": "Standard",
    "segments": [
        {
            "segmentId": 1,
            "segmentDescription": "Afdeling",
            "segmentValue": "0",
            "segmentValueDescription": "Standard",
        }
    ],
}


def _both(row: Row, name: str, amount: Decimal, rate: Decimal) -> None:
    row[f"{name}InCurrency"] = amount
    row[name] = amount if rate == 1 else cents(amount * rate)


def line_vat(company: Company, document: Document, line: DocumentLine) -> Decimal:
    """The VAT rate of a line: by its category and the customer's zone."""
    zone = document.fields.get("customerVatZone") or company.zone_of(document.customer_id)
    return example.vat_rate(line.vat_category, zone)


def recount(company: Company, document: Document) -> None:
    """Works the totals out again after its lines changed; an unreleased document's balance is its amount."""
    document.totals = totals((line.amount, line_vat(company, document, line)) for line in document.lines)
    document.balance = document.totals.gross


def _header(ask: Ask, document: Document) -> Row:
    """What all four shapes have."""
    company, fields, rate = ask.company, document.fields, document.rate
    customer = company.customers.get(document.customer_id)
    row: Row = {
        "documentType": document.type,
        "referenceNumber": document.number,
        "status": document.status,
        "documentDate": day_text(document.day),
        "financialPeriod": f"{document.day:%Y%m}",
        "postPeriod": f"{document.day:%Y%m}",
        "closedFinancialPeriod": None,
        "currencyId": document.currency,
        "customerRefNumber": fields.get("customerRefNumber", ""),
        "invoiceText": fields.get("invoiceText", ""),
        "note": fields.get("note", ""),
        "account": _ACCOUNT,
        "subaccount": _SUBACCOUNT,
        "customerProject": fields.get("customerProject"),
        "origInvoiceDate": None,
        "errorInfo": "",
        "branchNumber": example.branch(fields.get("branchNumber", "1")),
        "location": {"countryId": "DK", "id": "MAIN", "name": "Primary Location"},
        "createdDateTime": ask.stamp(document.created_ms),
        "lastModifiedDateTime": ask.stamp(document.modified_ms),
    }
    row["customer"] = (
        {"number": customer.number, "name": customer.fields.get("name", "")} if customer else None
    )
    project = fields.get("project")
    row["project"] = (
        {"id": project, "description": example.PROJECTS.get(project, project)} if project else None
    )
    _both(row, "amount", gross(document), rate)
    _both(row, "balance", document.balance, rate)
    _both(row, "vatTotal", document.totals.vat, rate)
    _both(row, "cashDiscount", ZERO, rate)
    return row


def gross(document: Document) -> Decimal:
    """The amount including VAT; a payment's is kept in its fields."""
    return Decimal(document.fields["amount"]) if "amount" in document.fields else document.totals.gross


def document_row(ask: Ask, document: Document, metadata: Row) -> Row:
    """CustomerDocumentDto: any type, no lines, no timeStamp."""
    row = _header(ask, document)
    row["documentDueDate"] = day_text(document.due)
    row["branch"] = row["branchNumber"]
    row["metadata"] = metadata
    return _as_set(ask.company, row)


def full_row(ask: Ask, document: Document, metadata: Row | None, *, single: bool) -> Row:
    """CustomerInvoiceDto, CustomerCreditNoteDto or CashSaleDto, by the type of the document."""
    fields, rate, sums = document.fields, document.rate, document.totals
    is_cash = document.type in ("CashSale", "CashReturn")
    row = _header(ask, document)
    row["hold"] = document.status == "Hold"
    row["revoked"] = document.revoked
    row["externalReference"] = fields.get("externalReference", "")
    row["paymentReference"] = fields.get("paymentReference", "0" * 6 + document.number)
    terms = fields.get("creditTerms.id", "14")
    row["creditTerms"] = {"id": terms, "description": example.term_text(terms)}
    salesperson = fields.get("salesperson", "")
    row["salesPerson"] = example.named(salesperson, example.SALESPERSONS)
    row["salesPersonID"] = int(salesperson) if salesperson.isdecimal() else None
    row["salesPersonDescr"] = example.SALESPERSONS.get(salesperson)
    row["dontPrint"], row["dontEmail"] = False, False
    for name, amount in (
        ("detailTotal", sums.net),
        ("vatTaxableTotal", sums.taxable),
        ("vatExemptTotal", sums.exempt),
        ("discountTotal", ZERO),
    ):
        _both(row, name, amount, rate)
    applications = document.applications if single or ask.flag("expandApplications", False) else []
    row["applications"] = [_application_row(ask, document, a) for a in applications]
    if is_cash:
        del row["externalReference"]
        row["cashSaleLines"] = [_line_row(document, line) for line in document.lines]
    else:
        _invoice_parts(ask, document, row, single)
    row["timeStamp"] = etag(document)
    row["metadata"] = metadata or example.NO_PAGES
    for name in ("cashSaleLines", "lines", "invoiceLines"):
        row |= {name: [_as_set(ask.company, line) for line in row[name]]} if name in row else {}
    return _as_set(ask.company, row)


def _as_set(company: Company, row: Row) -> Row:
    """Which of the two amounts is the company's own is an open question (visma-api §4.6): a setting."""
    if company.settings.in_currency_is_base:
        for name in [name for name in row if f"{name}InCurrency" in row]:
            row[name], row[f"{name}InCurrency"] = row[f"{name}InCurrency"], row[name]
    return row


def _invoice_parts(ask: Ask, document: Document, row: Row, single: bool) -> None:
    """What invoices and credit notes have beyond cash sales."""
    fields = document.fields
    row["documentDueDate"] = day_text(document.due)
    row["exchangeRate"] = document.rate
    row["roundingDiff"] = ZERO
    row["attachments"] = []
    contact = ask.company.contacts.get(fields.get("contact") or 0)
    row["contact"] = {"id": contact.contact_id, "name": display_name(contact.fields)} if contact else None
    zone = fields.get("customerVatZone") or ask.company.zone_of(document.customer_id)
    row["customerVatZone"] = example.named(zone, example.ZONES)
    shows_tax = single or ask.flag("expandTaxDetails", False)
    row["taxDetails"] = _tax_rows(ask.company, document) if shows_tax else []
    lines = []
    for line in document.lines:
        shown = _line_row(document, line)
        shown["attachments"] = []
        named = line.order if ask.company.settings.lines_name_order else None
        shown["soOrderType"], shown["soOrderNbr"] = named or (None, None)
        shown["soShipmentNbr"] = line.shipment or None
        if document.type != "CreditNote":
            shown["lineType"] = line.line_type
        lines.append(shown)
    row["lines" if document.type == "CreditNote" else "invoiceLines"] = lines


def _line_row(document: Document, line: DocumentLine) -> Row:
    rate = document.rate
    row: Row = {
        "lineNumber": line.number,
        "inventoryNumber": line.item_number or None,
        "description": line.description,
        "quantity": line.quantity,
        "uom": line.uom or None,
        "discountPercent": line.discount_percent,
        "discountCode": None,
        "manualDiscount": bool(line.fields.get("manualDiscount", False)),
        "account": example.account(line.account),
        "subaccount": _SUBACCOUNT,
        "cost": line.cost,
        "vatCode": example.named(line.vat_category, _VAT),
        "note": line.fields.get("note", ""),
        "externalLink": line.external_link,
        "salesperson": line.fields.get("salesperson"),
        "branchNumber": example.branch(document.fields.get("branchNumber", "1")),
    }
    row["unitPriceInCurrency"] = line.unit_price
    row["unitPrice"] = line.unit_price if rate == 1 else (line.unit_price * rate).quantize(Decimal("0.0001"))
    _both(row, "manualAmount", ZERO, rate)
    _both(row, "amount", line.amount, rate)
    _both(row, "discountAmount", line.discount_amount, rate)
    return row


def _tax_rows(company: Company, document: Document) -> list[Row]:
    by_category: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for line in document.lines:
        entry = (line.amount, line_vat(company, document, line))
        by_category.setdefault(line.vat_category, []).append(entry)
    rows = []
    for at, (category, entries) in enumerate(by_category.items()):
        sums = totals(entries)
        rows.append(
            {
                "taxId": category,
                "recordId": document.seq * 10 + at,
                "vatRate": entries[0][1],
                "vatId": {"number": category, "description": _VAT.get(category, category)},
                "taxableAmount": sums.net,
                "vatAmount": sums.vat,
            }
        )
    return rows


def _application_row(ask: Ask, document: Document, application: Application) -> Row:
    customer = ask.company.customers.get(document.customer_id)
    return {
        "docType": application.document[0],
        "refNbr": application.document[1],
        "amountPaid": application.amount,
        "balance": ZERO,
        "cashDiscountTaken": ZERO,
        "customerCD": customer.number if customer else None,
        "applicationDate": day_text(application.day),
        "applicationPeriod": f"{application.day:%Y%m}",
        "hold": False,
        "released": True,
        "voided": application.voided,
        "invoiceText": None,
        "paymentRef": None,
        "pendingPPD": False,
        "ppdCrMemoRefNbr": None,
        "status": "Closed",
    }
