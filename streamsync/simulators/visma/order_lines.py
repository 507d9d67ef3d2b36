"""How the lines of an order take their values: items, prices, discounts, and what may not be (visma-api
§4.4).
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import Finding
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.invoices import price_in
from streamsync.simulators.visma.money import ZERO, cents, discount_of, gross_of, percent_of
from streamsync.simulators.visma.records import Order, OrderLine

Row = dict[str, Any]

_LINE_REFERENCES = (
    ("warehouseId", "1802-InvalidWarehouseId", example.WAREHOUSES),
    ("taxCategoryId", "1805-InvalidTaxCategoryId", example.VAT),
    ("salesAccountId", "1806-InvalidSalesAccountId", example.ACCOUNTS),
    ("unitOfMeasure", "1808-InvalidUnitOfMeasure", example.UNITS),
    ("branchId", "0003-InvalidValue", example.BRANCHES),
    ("operation", "1800-InvalidLineOperation", ("Issue", "Receipt")),
)
_LINE_TEXTS = (
    "description",
    "externalLink",
    "note",
    "warehouseId",
    "unitOfMeasure",
    "branchId",
    "operation",
    "unitCost",
    "hasManualPrice",
    "hasManualDiscount",
)


def add_line(company: Company, order: Order, values: Row, place: str, findings: list[Finding]) -> None:
    """One more line at the end; `values` are those of NewSalesOrderLineDto."""
    item = company.item(values.get("inventoryId") or "")
    if item is None or item.fields.get("status", "Active") in ("Inactive", "NoSales", "MarkedForDeletion"):
        findings.append(
            Finding(
                "1804-InventoryIdNotFound",
                f"{place}.inventoryId",
                "InventoryId cannot be found or is invalid",
            )
        )
        return
    line = OrderLine(
        line_id=order.next_line,
        item_id=item.inventory_id,
        quantity=ZERO,
        unit_price=price_in(company, item.fields.get("defaultPrice", ZERO), order.currency),
        vat_category=item.fields.get("vatCode.id", "3"),
        sort_order=order.next_line,
        fields={
            "description": item.fields.get("description", ""),
            "unitOfMeasure": item.fields.get("salesUnit", "STK"),
        },
    )
    order.next_line += 1
    set_line(company, order, line, values, place, findings)
    order.lines.append(line)


def set_line(
    company: Company, order: Order, line: OrderLine, values: Row, place: str, findings: list[Finding]
) -> None:
    given = {name: value for name, value in values.items() if value is not None}
    for name, code, known in _LINE_REFERENCES:
        if given.get(name) and given[name] not in known:
            findings.append(
                Finding(code, f"{place}.{name}", f"'{given[name]}' cannot be found or is invalid.")
            )
    line.fields.update({name: given[name] for name in _LINE_TEXTS if name in given})
    line.vat_category = given.get("taxCategoryId") or line.vat_category
    line.quantity = given.get("quantity", line.quantity)
    if line.quantity < 0 and order.type != "CM":
        findings.append(
            Finding(
                "1809-InvalidQuantityForType",
                f"{place}.quantity",
                "The quantity is not valid for the order type.",
            )
        )
    if not line.fields.get("hasManualPrice"):
        item = company.items.get(line.item_id)
        line.unit_price = price_in(
            company, item.fields.get("defaultPrice", ZERO) if item else ZERO, order.currency
        )
    elif "unitPrice" in given:
        line.unit_price = given["unitPrice"]
    _set_discount(line, given, place, findings)


def _set_discount(line: OrderLine, given: Row, place: str, findings: list[Finding]) -> None:
    gross = gross_of(line.quantity, line.unit_price)
    amount: Decimal | None = None
    if not line.fields.get("hasManualDiscount"):
        line.discount_percent = ZERO
    elif "discountPercent" in given:
        line.discount_percent = given["discountPercent"]
    elif "discountAmount" in given:
        amount = given["discountAmount"]
        if abs(amount) > abs(gross):
            code = "1101-DiscountAmountMoreThanExtPrice"
            findings.append(Finding(code, f"{place}.discountAmount", "The discount is more than the price."))
        line.discount_percent = percent_of(gross, amount)
    line.discount_amount = amount if amount is not None else discount_of(gross, line.discount_percent)
    line.amount = cents(gross - line.discount_amount)
