"""The shapes of Visma.net's replies: typed structs for what is read, and nothing else of the reply.

Names are those of the specification (`lastModifiedDateTime`), attributes snake case. Unknown keys are
ignored, missing ones and null are None, numbers are `Decimal`. Sources: visma-api §4, §8.
"""

from streamsync.systems.visma.wire_base import (
    MISSHAPEN,
    Account,
    Address,
    Attribute,
    ContactInfo,
    IntRef,
    Metadata,
    Ref,
    Rows,
    W,
    Wire,
    decode,
    key_of,
    one,
    rows,
)
from streamsync.systems.visma.wire_documents import Application, Document, DocumentLine, TaxDetail
from streamsync.systems.visma.wire_orders import (
    Order,
    OrderCustomer,
    OrderFinancials,
    OrderItem,
    OrderLine,
    OrderRow,
    OrderStatus,
    OrderTotals,
    Shipment,
)
from streamsync.systems.visma.wire_parties import (
    Contact,
    CrossReference,
    Customer,
    Inventory,
    InventoryUnit,
    WarehouseStock,
)
from streamsync.systems.visma.wire_tables import (
    ClassAttribute,
    CustomerClass,
    OrderType,
    VatCategory,
    VatCategoryLine,
    VatRate,
)

__all__ = [
    "MISSHAPEN",
    "Account",
    "Address",
    "Application",
    "Attribute",
    "ClassAttribute",
    "Contact",
    "ContactInfo",
    "CrossReference",
    "Customer",
    "CustomerClass",
    "Document",
    "DocumentLine",
    "IntRef",
    "Inventory",
    "InventoryUnit",
    "Metadata",
    "Order",
    "OrderCustomer",
    "OrderFinancials",
    "OrderItem",
    "OrderLine",
    "OrderRow",
    "OrderStatus",
    "OrderTotals",
    "OrderType",
    "Ref",
    "Rows",
    "Shipment",
    "TaxDetail",
    "VatCategory",
    "VatCategoryLine",
    "VatRate",
    "W",
    "WarehouseStock",
    "Wire",
    "decode",
    "key_of",
    "one",
    "rows",
]
