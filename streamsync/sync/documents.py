"""An ERP order or invoice in one vocabulary: the order's read paths (semantics §2.4).

Pure. `read` turns either shadow into a `Document`; `header_paths` and `line_paths` turn planned fields back
into the paths of the kind that is written. Credit notes and cash returns show negative quantities and
amounts here and nowhere else.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from streamsync.model import Fields, Kind, Line, Record
from streamsync.sync import money
from streamsync.sync.rules import Rules

NEGATIVE = frozenset(("CreditNote", "CashReturn"))
SALES = frozenset(("Invoice", "DebitNote", "CreditNote", "CashSale", "CashReturn"))
RELEASED = frozenset(("open", "closed"))
WRITE_OFFS = frozenset(("smallbalancewo", "smallcreditwo"))
DEAD = frozenset(("voided", "cancelled", "canceled"))

HEADER = MappingProxyType(
    {
        "customer.id": "customer.number",
        "customer.order": "externalReference",
        "customer.refNo": "customerRefNumber",
        "customer.contactId": "contact.id",
        "description": "invoiceText",
        "date": "documentDate",
        "salesPerson.id": "salesPersonID",
        "branch.id": "branchNumber.number",
    }
)
LINE = MappingProxyType(
    {
        "inventory.id": "inventoryNumber",
        "unitPrice": "unitPriceInCurrency",
        "unitOfMeasure": "uom",
        "taxCategoryId": "vatCode.id",
        "discountAmount": "discountAmountInCurrency",
        "extendedPrice": "amountInCurrency",
    }
)
_ORDER_ONLY = frozenset(("type", "requestOn"))
_ORDER_ONLY_LINE = frozenset(("hasManualPrice", "externalLink", "warehouseId"))


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One ERP document. `fields` and `lines` use the order's paths; `raw` is the shadow it came from."""

    raw: Record
    kind: Kind
    type: str  # order type or documentType
    number: str
    status: str  # as the ERP wrote it
    fields: Fields
    lines: tuple[Line, ...]
    bare: bool = False  # the document's currency is in the amounts without `InCurrency`
    orders: tuple[str, ...] = ()  # rids of the orders that an invoice bills, in the order of its lines

    @property
    def rid(self) -> str:
        return self.raw.rid

    @property
    def state(self) -> str:
        """The status without spaces and case, for comparing."""
        return plain_status(self.status)

    @property
    def released(self) -> bool:
        return self.state in RELEASED

    @property
    def date(self) -> str:
        return self.fields.get("date", "")

    @property
    def net(self) -> Decimal | None:
        """Net total in document currency; None where the shadow does not show it."""
        sign = -1 if self.type in NEGATIVE and self.kind is Kind.INVOICE else 1
        raw = self.raw.fields
        if self.kind is Kind.ORDER:
            if not raw.get("totals.orderTotal"):
                return None
            return money.number(raw["totals.orderTotal"]) - money.number(raw.get("totals.taxTotal", ""))
        end = "" if self.bare else "InCurrency"
        taxable, exempt = raw.get(f"vatTaxableTotal{end}", ""), raw.get(f"vatExemptTotal{end}", "")
        if not (taxable or exempt):
            return None
        return sign * (money.number(taxable) + money.number(exempt))


def plain_status(text: str) -> str:
    return "".join(text.split()).casefold()


def order_rid(order_type: str, number: str) -> str:
    return f"order:{order_type.strip().upper()}/{number.strip()}"


def read(record: Record, rules: Rules) -> Document:
    """The document behind an ERP shadow of kind order or invoice."""
    if record.kind is Kind.ORDER:
        fields = dict(record.fields)
        for path in ("date", "requestOn"):
            if path in fields:
                fields[path] = fields[path][:10]
        return Document(
            raw=record,
            kind=Kind.ORDER,
            type=fields.get("type", "").upper() or record.rid[6:].partition("/")[0],
            number=fields.get("orderId", "") or record.rid.partition("/")[2],
            status=fields.get("status", ""),
            fields=fields,
            lines=tuple(_order_line(line) for line in record.lines),
        )
    return _read_invoice(record, rules)


def _read_invoice(record: Record, rules: Rules) -> Document:
    raw = record.fields
    kind_of = raw.get("documentType", "") or record.rid[8:].partition("/")[0]
    sign = -1 if kind_of in NEGATIVE else 1
    fields = dict(raw)
    for path, invoice_path in HEADER.items():
        if invoice_path in raw:  # a path that the shadow does not hold is unknown, not empty
            fields[path] = raw[invoice_path][:10] if path == "date" else raw[invoice_path]
    orders = dict.fromkeys(
        order_rid(line.fields["soOrderType"], line.fields["soOrderNbr"])
        for line in record.lines
        if line.fields.get("soOrderType") and line.fields.get("soOrderNbr")
    )
    first = next(iter(orders), "")
    fields["type"] = first[6:].partition("/")[0]
    fields["orderId"] = first.partition("/")[2]
    return Document(
        raw=record,
        kind=Kind.INVOICE,
        type=kind_of,
        number=raw.get("referenceNumber", "") or record.rid.partition("/")[2],
        status=raw.get("status", ""),
        fields=fields,
        lines=tuple(_invoice_line(line, sign, rules) for line in record.lines),
        bare=rules.visma.in_currency == "base",
        orders=tuple(orders),
    )


def _order_line(line: Line) -> Line:
    return Line(key=line.key, fields=_normal(dict(line.fields)))


def _invoice_line(line: Line, sign: int, rules: Rules) -> Line:
    raw = line.fields
    fields = dict(raw)
    base = rules.visma.in_currency == "base"
    for path, invoice_path in LINE.items():
        source = invoice_path.removesuffix("InCurrency") if base else invoice_path
        if source in raw:
            fields[path] = raw[source]
    quantity, amount = money.number(raw.get("quantity", "")), money.number(fields.get("extendedPrice", ""))
    price = money.number(fields.get("unitPrice", ""))
    if amount and not quantity:  # account, freight and discount lines may carry an amount and nothing else
        quantity, price = Decimal(1), amount
    elif amount and not price:
        price = amount / quantity
    if cost := money.number(raw.get("cost", "")):
        fields["unitCost"] = money.plain(money.rounded(cost / (quantity or 1), money.PRICE_PLACES))
    fields["quantity"] = money.plain(sign * quantity)
    fields["unitPrice"] = money.plain(price)
    fields["extendedPrice"] = money.plain(sign * amount)
    fields["sortOrder"] = line.key
    return Line(key=line.key, fields=_normal(fields))


def _normal(fields: Fields) -> Fields:
    """Figures at their precision; a discount amount without a percent becomes one (semantics §4.5)."""
    quantity, price = money.number(fields.get("quantity", "")), money.number(fields.get("unitPrice", ""))
    percent, amount = (
        money.number(fields.get("discountPercent", "")),
        money.number(fields.get("discountAmount", "")),
    )
    if fields.get("freeItem") == "true":
        price, percent, amount = Decimal(0), Decimal(0), Decimal(0)
    if amount and not percent and quantity and price:
        percent = money.HUNDRED * abs(amount / (quantity * price))
    fields["quantity"] = money.plain(money.rounded(quantity, money.QUANTITY_PLACES))
    fields["unitPrice"] = money.plain(money.rounded(price, money.PRICE_PLACES))
    fields["discountPercent"] = money.plain(money.rounded(percent, money.PERCENT_PLACES))
    return fields


def header_paths(fields: Fields, kind: Kind) -> Fields:
    """Planned header fields in the paths of the kind written; an invoice lacks some of the order's."""
    if kind is Kind.ORDER:
        return dict(fields)
    return {HEADER.get(path, path): text for path, text in fields.items() if path not in _ORDER_ONLY}


def line_paths(fields: Fields, kind: Kind) -> Fields:
    """Planned line fields in the paths of the kind that is written; what an invoice line cannot take is
    left out.
    """
    if kind is Kind.ORDER:
        return dict(fields)
    out = {LINE.get(path, path): text for path, text in fields.items() if path not in _ORDER_ONLY_LINE}
    if "hasManualDiscount" in out:
        out["manualDiscount"] = out.pop("hasManualDiscount")
    return out


def applications(record: Record) -> list[Mapping[str, Any]]:
    """What was applied to the document (payments, credit notes, write-offs), as the ERP listed it."""
    text = record.fields.get("applications", "")
    found = json.loads(text) if text else []
    return [row for row in found if isinstance(row, dict)]


def bills(attached: Iterable[Document]) -> list[Document]:
    """The invoices among the attached documents: a credit note is listed, but bills nothing."""
    return [document for document in attached if document.type not in NEGATIVE]


def written_off(document: Document) -> bool:
    """Whether a write-off took a part of it."""
    rows = applications(document.raw)
    return any(
        plain_status(str(row.get("docType", ""))) in WRITE_OFFS and not row.get("voided") for row in rows
    )


def invoices_named(order: Record) -> tuple[str, ...]:
    """Rids of the invoices that an order names itself: in its financial information, on its shipments."""
    own = order.fields.get("financialInformation.invoiceId", "").strip()
    text = order.fields.get("shipments", "")
    rows = json.loads(text) if text else []
    found = [f"invoice:Invoice/{own}"] if own else []
    found += [
        f"invoice:{row.get('invoiceType') or 'Invoice'}/{row['invoiceId']}"
        for row in rows
        if isinstance(row, dict) and row.get("invoiceId")
    ]
    return tuple(dict.fromkeys(found))


def reversed_in_full(record: Record) -> bool:
    """Closed by credit notes alone that cover the amount: cancelled, not paid (semantics §3.6)."""
    live = [row for row in applications(record) if not row.get("voided")]
    if not live or any(
        plain_status(str(row.get("docType", ""))) not in ("creditnote", "creditmemo") for row in live
    ):
        return False
    covered = sum((Decimal(str(row.get("amountPaid") or 0)) for row in live), Decimal(0))
    amounts = [money.number(record.fields.get(name, "")) for name in ("amountInCurrency", "amount")]
    amount = min((amount for amount in amounts if amount), default=Decimal(0))  # whichever is the document's
    return bool(amount) and covered >= amount and plain_status(record.fields.get("status", "")) == "closed"
