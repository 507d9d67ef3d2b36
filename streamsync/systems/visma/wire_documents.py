"""Invoices, credit notes, cash sales and the headers of all customer documents (visma-api §4.6, §4.7)."""

from decimal import Decimal

import msgspec

from streamsync.systems.visma.wire_base import Account, IntRef, Metadata, Ref, Wire


class Application(Wire):
    """What a payment or credit note took off the document."""

    doc_type: str | None = None
    ref_nbr: str | None = None
    amount_paid: Decimal | None = None
    balance: Decimal | None = None
    application_date: str | None = None
    status: str | None = None
    released: bool | None = None
    voided: bool | None = None


class TaxDetail(Wire):
    tax_id: str | None = None
    vat_id: Ref | None = None
    vat_rate: Decimal | None = None
    taxable_amount: Decimal | None = None
    vat_amount: Decimal | None = None


class DocumentLine(Wire):
    """A line of an invoice, credit note or cash sale."""

    line_number: int
    inventory_number: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    unit_price_in_currency: Decimal | None = None
    amount: Decimal | None = None
    amount_in_currency: Decimal | None = None
    cost: Decimal | None = None
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_amount_in_currency: Decimal | None = None
    manual_discount: bool | None = None
    uom: str | None = None
    vat_code: Ref | None = None
    account: Account | None = None
    line_type: str | None = None
    external_link: str | None = None
    note: str | None = None
    so_order_type: str | None = None
    so_order_nbr: str | None = None
    so_shipment_nbr: str | None = None


class Document(Wire):
    """`CustomerInvoiceDto`, `CustomerCreditNoteDto`, `CashSaleDto` and `CustomerDocumentDto` in one.

    Each has a part of it. The first three name their lines differently; at most one of the three is filled.
    """

    document_type: str
    reference_number: str
    status: str | None = None
    hold: bool | None = None
    document_date: str | None = None
    document_due_date: str | None = None
    customer: Ref | None = None
    external_reference: str | None = None
    customer_ref_number: str | None = None
    payment_reference: str | None = None
    invoice_text: str | None = None
    note: str | None = None
    currency_id: str | None = None
    amount: Decimal | None = None
    amount_in_currency: Decimal | None = None
    balance: Decimal | None = None
    balance_in_currency: Decimal | None = None
    detail_total: Decimal | None = None
    detail_total_in_currency: Decimal | None = None
    discount_total: Decimal | None = None
    discount_total_in_currency: Decimal | None = None
    vat_total: Decimal | None = None
    vat_total_in_currency: Decimal | None = None
    vat_taxable_total: Decimal | None = None
    vat_taxable_total_in_currency: Decimal | None = None
    vat_exempt_total: Decimal | None = None
    vat_exempt_total_in_currency: Decimal | None = None
    rounding_diff: Decimal | None = None
    exchange_rate: Decimal | None = None
    credit_terms: Ref | None = None
    customer_vat_zone: Ref | None = None
    contact: IntRef | None = None
    sales_person: Ref | None = None
    sales_person_id: int | None = msgspec.field(default=None, name="salesPersonID")
    branch_number: Ref | None = None
    project: Ref | None = None
    revoked: bool | None = None
    applications: tuple[Application, ...] | None = None
    tax_details: tuple[TaxDetail, ...] | None = None
    invoice_lines: tuple[DocumentLine, ...] | None = None
    cash_sale_lines: tuple[DocumentLine, ...] | None = None
    lines: tuple[DocumentLine, ...] | None = None
    last_modified_date_time: str | None = None
    created_date_time: str | None = None
    time_stamp: str | None = None
    metadata: Metadata | None = None

    @property
    def all_lines(self) -> tuple[DocumentLine, ...]:
        return self.invoice_lines or self.cash_sale_lines or self.lines or ()
