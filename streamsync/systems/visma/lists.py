"""Which lists are polled, and how each finance list is asked: path, key, size, expansions (visma-api §4)."""

from collections.abc import Callable

import msgspec

from streamsync.model import Entity, Kind
from streamsync.systems.port import Feed
from streamsync.systems.visma import wire

Want = frozenset[str]

FEEDS = (
    Feed(name="customer", kind=Kind.ORGANISATION, entity=Entity.ORGANISATION),
    Feed(name="balance", kind=Kind.BALANCE, entity=Entity.ORGANISATION, every=10, incremental=False),
    Feed(name="contact", kind=Kind.PERSON, entity=Entity.PERSON),
    Feed(name="inventory", kind=Kind.ITEM, entity=Entity.ITEM),
    Feed(name="order", kind=Kind.ORDER, entity=Entity.DELIVERY),
    Feed(name="invoice", kind=Kind.INVOICE, entity=Entity.INVOICE),
    Feed(name="creditnote", kind=Kind.INVOICE, entity=Entity.INVOICE, every=2),
    Feed(name="cashsale", kind=Kind.INVOICE, entity=Entity.INVOICE, every=30),
    Feed(name="document", kind=Kind.INVOICE, entity=Entity.INVOICE),
)

EXPANSIONS = (
    "expandApplications",
    "expandDunningInformation",
    "expandAttachments",
    "expandTaxDetails",
    "expandInvoiceAddress",
)
INVENTORY_EXPANSIONS = (
    "expandCrossReference",
    "expandAttachment",
    "expandAttribute",
    "expandWarehouseDetail",
    "expandAccountInformation",
    "expandInventoryUnits",
    "expandSupplierDetails",
    "expandSalesCategories",
    "expandNote",
)


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How one finance list is asked and read."""

    kind: Kind
    path: str
    row: type[wire.Wire]
    key: tuple[str, ...]
    size: int
    skipping: bool = False  # numberToRead/skipRecords in place of pageNumber/pageSize
    expand: Callable[[Want], list[tuple[str, str]]]
    dated: bool = False  # takes documentDate, for `history_from`


def _on(flag: bool) -> str:
    return "true" if flag else "false"


def _customer_flags(_: Want) -> list[tuple[str, str]]:
    return [
        (name, "false") for name in ("expandAccountInformation", "expandPaymentMethods", "expandDirectDebit")
    ]


def _inventory_flags(want: Want) -> list[tuple[str, str]]:
    """All nine, always: they default to true today and will not tomorrow (visma-api §4.3)."""
    on = {
        "expandInventoryUnits": True,
        "expandCrossReference": "crossReferences" in want,
        "expandAttribute": any(path.startswith("attributes.") for path in want),
        "expandWarehouseDetail": "warehouseDetails" in want,
    }
    return [(name, _on(on.get(name, False))) for name in INVENTORY_EXPANSIONS] + [
        ("addCostPriceStatistics", "false")
    ]


def document_flags(want: Want) -> list[tuple[str, str]]:
    """Applications tell paid, credited and written off apart (semantics §3.6)."""
    on = {"expandApplications": True, "expandTaxDetails": "taxDetails" in want}
    return [(name, _on(on.get(name, False))) for name in EXPANSIONS]


def _no_flags(_: Want) -> list[tuple[str, str]]:
    return []


_DOCUMENT_KEY = ("documentType", "referenceNumber")
SHAPES: dict[str, Shape] = {
    "customer": Shape(
        kind=Kind.ORGANISATION,
        path="/v1/customer",
        row=wire.Customer,
        key=("internalId",),
        size=1000,
        expand=_customer_flags,
    ),
    "balance": Shape(
        kind=Kind.BALANCE,
        path="/v1/customer/balance",
        row=wire.Balance,
        key=("customer.internalId",),
        size=500,
        skipping=True,
        expand=_no_flags,
    ),
    "contact": Shape(
        kind=Kind.PERSON,
        path="/v1/contact",
        row=wire.Contact,
        key=("contactId",),
        size=500,
        skipping=True,
        expand=_no_flags,
    ),
    "inventory": Shape(
        kind=Kind.ITEM,
        path="/v1/inventory",
        row=wire.Inventory,
        key=("inventoryId",),
        size=200,
        expand=_inventory_flags,
    ),
    "invoice": Shape(
        kind=Kind.INVOICE,
        path="/v1/customerinvoice",
        row=wire.Document,
        key=_DOCUMENT_KEY,
        size=200,
        expand=document_flags,
        dated=True,
    ),
    "creditnote": Shape(
        kind=Kind.INVOICE,
        path="/v1/customerCreditNote",
        row=wire.Document,
        key=_DOCUMENT_KEY,
        size=200,
        expand=document_flags,
        dated=True,
    ),
    "cashsale": Shape(
        kind=Kind.INVOICE,
        path="/v1/cashsale",
        row=wire.Document,
        key=_DOCUMENT_KEY,
        size=200,
        expand=document_flags,
        dated=True,
    ),
    "document": Shape(
        kind=Kind.INVOICE,
        path="/v1/customerdocument",
        row=wire.Document,
        key=_DOCUMENT_KEY,
        size=500,
        expand=lambda _: [(name, "false") for name in EXPANSIONS],
    ),
}
