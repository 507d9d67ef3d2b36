"""Customers, contacts and items as the finance host sends them (visma-api §4.1-§4.3)."""

from decimal import Decimal

import msgspec

from streamsync.systems.visma.wire_base import Address, Attribute, ContactInfo, Metadata, Ref, Wire


class Customer(Wire):
    internal_id: int
    number: str
    name: str | None = None
    status: str | None = None
    main_address: Address | None = None
    main_contact: ContactInfo | None = None
    invoice_address: Address | None = None
    invoice_contact: ContactInfo | None = None
    delivery_address: Address | None = None
    delivery_contact: ContactInfo | None = None
    account_reference: str | None = None
    customer_class: Ref | None = None
    credit_terms: Ref | None = None
    price_class: Ref | None = None
    vat_zone: Ref | None = None
    currency_id: str | None = None
    credit_limit: Decimal | None = None
    vat_registration_id: str | None = None
    corporate_id: str | None = None
    gln: str | None = None
    attributes: tuple[Attribute, ...] | None = None
    last_modified_date_time: str | None = None
    created_date_time: str | None = None
    time_stamp: str | None = None
    metadata: Metadata | None = None


class BalanceOf(Wire):
    internal_id: int
    number: str | None = None


class Balance(Wire):
    """A row of `/v1/customer/balance`, in the company's own currency; no time stamp to read it by."""

    customer: BalanceOf
    balance: Decimal | None = None
    total_sale_year: Decimal | None = None


class Contact(Wire):
    contact_id: int
    display_name: str | None = None
    active: bool | None = None
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    position: str | None = None
    business_account: str | None = None
    business_account_type: str | None = None
    same_as_account: bool | None = None
    address: Address | None = None
    email: str | None = None
    web: str | None = None
    phone1: str | None = None
    phone2: str | None = None
    phone3: str | None = None
    fax: str | None = None
    last_modified_date_time: str | None = None
    time_stamp: str | None = None
    metadata: Metadata | None = None


class InventoryUnit(Wire):
    from_unit: str | None = None
    to_unit: str | None = None
    unit_mult_div: str | None = None
    unit_rate: Decimal | None = None


class CrossReference(Wire):
    alternate_type: str | None = None
    alternate_id: str | None = msgspec.field(default=None, name="alternateID")
    description: str | None = None
    uom: str | None = None


class WarehouseStock(Wire):
    warehouse: str | None = None
    is_default: bool | None = None
    quantity_on_hand: Decimal | None = None
    available: Decimal | None = None
    available_for_shipment: Decimal | None = None


class Inventory(Wire):
    inventory_id: int
    inventory_number: str
    status: str | None = None
    type: str | None = None
    description: str | None = None
    body: str | None = None
    item_class: Ref | None = None
    posting_class: Ref | None = None
    vat_code: Ref | None = None
    default_price: Decimal | None = None
    recommended_price: Decimal | None = None
    current_cost: Decimal | None = None
    last_cost: Decimal | None = None
    base_unit: str | None = None
    sales_unit: str | None = None
    purchase_unit: str | None = None
    inventory_units: tuple[InventoryUnit, ...] | None = None
    warehouse_details: tuple[WarehouseStock, ...] | None = None
    cross_references: tuple[CrossReference, ...] | None = None
    attributes: tuple[Attribute, ...] | None = None
    stock_item: bool | None = None
    last_modified_date_time: str | None = None
    timestamp: str | None = None
    metadata: Metadata | None = None
