"""What the company keeps. Plain records, owned by `company.Company`; replies are built from them only when
asked for.

`fields` of customers, contacts and items are flat, by the dotted names of the READ shape
(`mainAddress.country.id`, `attributes.WEBCRMID`); a missing name reads as the default of its shape.
Amounts are in the document's currency.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from streamsync.simulators.visma.money import ZERO, Totals


@dataclass(slots=True, kw_only=True)
class Stamped:
    """Anything with stamps. `seq` is the order of creation, `version` the database's row version."""

    seq: int = 0
    created_ms: int = 0
    modified_ms: int = 0
    version: int = 0

    @property
    def key(self) -> Hashable:
        return self.seq


@dataclass(slots=True, kw_only=True)
class Customer(Stamped):
    internal_id: int
    number: str
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> int:
        return self.internal_id


@dataclass(slots=True, kw_only=True)
class Contact(Stamped):
    contact_id: int
    customer_id: int = 0  # 0: belongs to no customer
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> int:
        return self.contact_id


@dataclass(slots=True, kw_only=True)
class Item(Stamped):
    inventory_id: int
    number: str
    fields: dict[str, Any] = field(default_factory=dict)
    stock: Decimal = ZERO
    stock_changed_ms: int = 0

    @property
    def key(self) -> int:
        return self.inventory_id

    @property
    def is_stock_item(self) -> bool:
        return bool(self.fields.get("stockItem"))


@dataclass(slots=True, kw_only=True)
class OrderLine:
    line_id: int
    item_id: int
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal = ZERO
    discount_amount: Decimal = ZERO
    amount: Decimal = ZERO
    sort_order: int = 0
    shipped: Decimal = ZERO
    billed: Decimal = ZERO
    completed: bool = False
    vat_category: str = "3"
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Order(Stamped):
    type: str
    id: str
    customer_id: int
    status: str = "Open"
    currency: str = "DKK"
    day: date
    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[OrderLine] = field(default_factory=list)
    next_line: int = 1
    invoice_number: str = ""
    totals: Totals = field(default_factory=Totals)

    @property
    def key(self) -> tuple[str, str]:
        return self.type, self.id


@dataclass(slots=True, kw_only=True)
class Shipment(Stamped):
    number: str
    order: tuple[str, str]
    day: date
    quantities: dict[int, Decimal] = field(default_factory=dict)  # by line id
    status: str = "Open"
    invoice: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        return self.number


@dataclass(slots=True, kw_only=True)
class DocumentLine:
    number: int
    item_number: str = ""
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    discount_percent: Decimal = ZERO
    discount_amount: Decimal = ZERO
    amount: Decimal = ZERO
    uom: str = ""
    vat_category: str = "3"
    account: str = "1010"
    cost: Decimal = ZERO
    line_type: str = "GN"
    order: tuple[str, str] | None = None
    order_line: int = 0  # the line id it bills
    shipment: str = ""
    external_link: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Application:
    """What another document paid on this one."""

    document: tuple[str, str]
    day: date
    amount: Decimal
    voided: bool = False


@dataclass(slots=True, kw_only=True)
class Document(Stamped):
    """A customer document of any type; payments and write-offs have no lines."""

    type: str
    number: str
    customer_id: int
    status: str = "Balanced"
    day: date
    due: date | None = None
    currency: str = "DKK"
    rate: Decimal = Decimal(1)
    balance: Decimal = ZERO
    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[DocumentLine] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    next_line: int = 1  # line numbers are never used again
    revoked: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.type, self.number

    @property
    def is_released(self) -> bool:
        return self.status in ("Open", "Closed")
