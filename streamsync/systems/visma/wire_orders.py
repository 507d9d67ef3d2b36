"""Sales orders as the v3 service sends them (visma-api §4.4)."""

from decimal import Decimal

from streamsync.systems.visma.wire_base import Ref, Wire


class OrderStatus(Wire):
    description: str | None = None
    hold: bool | None = None
    cancelled: bool | None = None


class OrderCustomer(Wire):
    id: str | None = None
    internal_id: int | None = None
    name: str | None = None
    order: str | None = None
    ref_no: str | None = None
    contact_id: int | None = None
    tax_zone: Ref | None = None


class OrderFinancials(Wire):
    invoice_id: str | None = None
    terms: Ref | None = None


class OrderTotals(Wire):
    order_total: Decimal | None = None
    order_total_in_base_currency: Decimal | None = None
    tax_total: Decimal | None = None
    taxable_total: Decimal | None = None
    tax_exempt_total: Decimal | None = None
    discount_total: Decimal | None = None
    freight_total: Decimal | None = None


class Order(Wire):
    """The single order of the v3 service. Sections are null unless expanded; `status` is an object here."""

    type: str
    order_id: str
    status: OrderStatus | None = None
    date: str | None = None
    request_on: str | None = None
    description: str | None = None
    note: str | None = None
    currency_id: str | None = None
    customer: OrderCustomer | None = None
    sales_person: Ref | None = None
    branch: Ref | None = None
    project: Ref | None = None
    financial_information: OrderFinancials | None = None
    totals: OrderTotals | None = None
    last_modified: str | None = None
    version: str | None = None


class OrderRow(Wire):
    """An order in the v3 list; `status` is a string here."""

    type: str
    order_id: str
    status: str | None = None
    date: str | None = None
    request_on: str | None = None
    description: str | None = None
    currency: str | None = None
    customer_id: str | None = None
    customer_order: str | None = None
    customer_ref_no: str | None = None
    order_total: Decimal | None = None
    last_modified: str | None = None


class OrderItem(Wire):
    id: str | None = None
    description: str | None = None
    base_unit: str | None = None


class OrderLine(Wire):
    line_id: int
    sort_order: int | None = None
    inventory: OrderItem | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    unit_of_measure: str | None = None
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    extended_price: Decimal | None = None
    has_manual_price: bool | None = None
    has_manual_discount: bool | None = None
    free_item: bool | None = None
    tax_category_id: str | None = None
    warehouse_id: str | None = None
    external_link: str | None = None
    note: str | None = None
    line_type: str | None = None
    operation: str | None = None
    quantity_on_shipments: Decimal | None = None
    billed_quantity: Decimal | None = None
    open_quantity: Decimal | None = None
    completed: bool | None = None


class Shipment(Wire):
    id: str | None = None
    invoice_type: str | None = None
    invoice_id: str | None = None
