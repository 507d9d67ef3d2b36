"""Rows of the look-up lists that are more than a code and a text (visma-api §4.8)."""

from decimal import Decimal

from streamsync.systems.visma.wire_base import Wire


class ClassAttribute(Wire):
    attribute_id: str | None = None
    description: str | None = None
    attribute_type: str | None = None
    required: bool | None = None


class CustomerClass(Wire):
    id: str
    description: str | None = None
    required_taxzone_id: bool | None = None
    tax_zone_id: str | None = None
    attributes: tuple[ClassAttribute, ...] | None = None


class OrderType(Wire):
    order_type: str
    description: str | None = None
    behavior: str | None = None
    active: bool | None = None


class VatRate(Wire):
    start_date: str | None = None
    vat_rate: Decimal | None = None
    group_type: str | None = None


class VatCategoryLine(Wire):
    vat_id: str | None = None
    type: str | None = None
    vat_rates: tuple[VatRate, ...] | None = None


class VatCategory(Wire):
    vat_category_id: str
    description: str | None = None
    active: bool | None = None
    vat_category_lines: tuple[VatCategoryLine, ...] | None = None
