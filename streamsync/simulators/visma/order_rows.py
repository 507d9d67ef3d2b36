"""Read shapes of the order service v3 (visma-api §4.4): list rows, single orders by section, lines,
shipments.

Sections of a single order are null unless `expand` names them; the status is a text in lists and an
object in the item.
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import ORDERS_HOST
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.money import ZERO, cents, totals
from streamsync.simulators.visma.records import Order, OrderLine, Shipment
from streamsync.simulators.visma.times import day_zulu, zulu

Row = dict[str, Any]

EXPANSIONS = (
    "None",
    "Billing",
    "Payment",
    "FinancialInformation",
    "Shipping",
    "Customer",
    "Owner",
    "Origin",
    "Note",
    "Freight",
    "Attachments",
    "All",
)


def line_rate(company: Company, order: Order, line: OrderLine) -> Decimal:
    zone = order.fields.get("taxZoneId") or company.zone_of(order.customer_id)
    return example.vat_rate(line.vat_category, zone)


def recount(company: Company, order: Order) -> None:
    """Works the totals out again after lines changed."""
    order.totals = totals((line.amount, line_rate(company, order, line)) for line in order.lines)


def quantity_of(order: Order) -> Decimal:
    return sum((line.quantity for line in order.lines), ZERO)


def list_row(company: Company, order: Order) -> Row:
    customer = company.customers.get(order.customer_id)
    return {
        "type": order.type,
        "orderId": order.id,
        "status": order.status,
        "date": day_zulu(order.day),
        "shippingScheduledDate": day_zulu(order.fields.get("scheduled") or order.day),
        "requestOn": day_zulu(order.fields.get("requestOn") or order.day),
        "lastModified": zulu(order.modified_ms),
        "customerId": customer.number if customer else None,
        "customerName": customer.fields.get("name", "") if customer else None,
        "orderTotal": order.totals.gross,
        "orderQty": quantity_of(order),
        "currency": order.currency,
        "location": order.fields.get("locationId") or "MAIN",
        "customerOrder": order.fields.get("customerOrder"),
        "customerRefNo": order.fields.get("customerRefNo"),
        "description": order.fields.get("description"),
        "_links": {"self": {"href": f"{ORDERS_HOST}/api/v3/SalesOrders/{order.type}/{order.id}"}},
    }


def order_row(company: Company, order: Order, expand: set[str]) -> Row:
    """The single order with the sections that were asked for."""
    fields = order.fields

    def section(name: str, value: Any) -> Any:
        return value if name in expand or "All" in expand else None

    row: Row = {
        "type": order.type,
        "orderId": order.id,
        "version": f"{order.version:016X}",
        "status": {
            "description": order.status,
            "hold": order.status == "Hold",
            "cancelled": order.status == "Cancelled",
        },
        "date": day_zulu(order.day),
        "requestOn": day_zulu(fields.get("requestOn") or order.day),
        "lastModified": zulu(order.modified_ms),
        "description": fields.get("description"),
        "currencyId": order.currency,
        "orderQty": quantity_of(order),
        "createdBy": "API",
        "branch": _pair(fields.get("branchId") or "1", example.BRANCHES),
        "project": _pair(fields.get("projectId"), example.PROJECTS),
        "salesPerson": _pair(fields.get("salesPersonId"), example.SALESPERSONS),
        "originalOrderType": fields.get("originalOrderType"),
        "originalOrderId": fields.get("originalOrderId"),
        "print": {
            "descriptionOnInvoice": False,
            "noteOnExternalDocuments": False,
            "noteOnInternalDocuments": False,
        },
    }
    row["customer"] = section("Customer", _customer_row(company, order))
    row["totals"] = _totals_row(company, order) if expand - {"None"} else None
    row["financialInformation"] = section("FinancialInformation", _financial_row(company, order))
    row["note"] = section("Note", fields.get("note") or "")
    row["billing"] = section("Billing", {"address": {}, "contact": {}})
    row["shipping"] = section("Shipping", {"scheduledDate": day_zulu(fields.get("scheduled") or order.day)})
    row["paymentSettings"] = section("Payment", {"cashAccountId": None, "paymentReference": None})
    row["owner"] = section("Owner", {"id": None, "internalId": None})
    row["origin"] = section("Origin", {"orderId": None, "orderType": None})
    row["freight"] = section("Freight", {"amount": ZERO, "cost": ZERO})
    row["attachments"] = section("Attachments", [])
    return row


def _pair(id: str | None, names: dict[str, str]) -> Row | None:
    return {"id": id, "description": names.get(id, id)} if id else None


def _customer_row(company: Company, order: Order) -> Row | None:
    customer = company.customers.get(order.customer_id)
    if customer is None:
        return None
    zone = order.fields.get("taxZoneId") or customer.fields.get("vatZone.id", "")
    return {
        "id": customer.number,
        "internalId": customer.internal_id,
        "name": customer.fields.get("name", ""),
        "order": order.fields.get("customerOrder"),
        "refNo": order.fields.get("customerRefNo"),
        "contactId": order.fields.get("contactId"),
        "location": {
            "id": order.fields.get("locationId") or "MAIN",
            "name": "Primary Location",
            "countryId": customer.fields.get("mainAddress.country.id", "DK"),
        },
        "taxZone": _pair(zone, example.ZONES),
    }


def _financial_row(company: Company, order: Order) -> Row:
    customer = company.customers.get(order.customer_id)
    default = customer.fields.get("creditTerms.id", "14") if customer else "14"
    terms = str(order.fields.get("termsId") or default)
    return {
        "terms": {"id": terms, "description": example.term_text(terms)},
        "invoiceSeparately": False,
        "invoiceId": order.invoice_number or None if company.settings.orders_name_invoice else None,
    }


def _totals_row(company: Company, order: Order) -> Row:
    sums = order.totals
    rate = company.rate(order.currency)
    unbilled = sum((_open_amount(line, line.billed) for line in order.lines), ZERO)
    unshipped = sum((_open_amount(line, line.shipped) for line in order.lines), ZERO)
    amounts = {
        "orderTotal": sums.gross,
        "taxTotal": sums.vat,
        "taxableTotal": sums.taxable,
        "taxExemptTotal": sums.exempt,
        "discountTotal": ZERO,
        "freightTotal": ZERO,
        "freightCost": ZERO,
        "unbilledAmount": unbilled,
        "unshippedAmount": unshipped,
    }
    row: Row = {}
    for name, amount in amounts.items():
        row[name] = amount
        row[f"{name}InBaseCurrency"] = cents(amount * rate)
    return row


def _open_amount(line: OrderLine, done: Decimal) -> Decimal:
    return cents(line.amount * (line.quantity - done) / line.quantity) if line.quantity else ZERO


def line_row(company: Company, order: Order, line: OrderLine) -> Row:
    item = company.items.get(line.item_id)
    item_fields = item.fields if item else {}
    fields = line.fields
    is_open = not line.completed and order.status not in ("Cancelled", "Completed")
    return {
        "lineId": line.line_id,
        "sortOrder": line.sort_order,
        "operation": fields.get("operation") or "Issue",
        "inventory": {
            "id": item.number if item else None,
            "description": item_fields.get("description"),
            "baseUnit": item_fields.get("baseUnit", "STK"),
        },
        "description": fields.get("description"),
        "warehouseId": fields.get("warehouseId") or "1",
        "unitOfMeasure": fields.get("unitOfMeasure") or "STK",
        "quantity": line.quantity,
        "baseOrderQuantity": line.quantity,
        "openQuantity": line.quantity - line.shipped if is_open else ZERO,
        "quantityOnShipments": line.shipped,
        "billedQuantity": line.billed,
        "unitPrice": line.unit_price,
        "unitCost": fields.get("unitCost", item_fields.get("currentCost", ZERO)),
        "discountPercent": line.discount_percent,
        "discountAmount": line.discount_amount,
        "hasManualPrice": bool(fields.get("hasManualPrice")),
        "hasManualDiscount": bool(fields.get("hasManualDiscount")),
        "extendedPrice": line.amount,
        "lineTotalBeforeDiscount": line.amount + line.discount_amount,
        "taxCategoryId": line.vat_category,
        "completed": line.completed,
        "openLine": is_open,
        "freeItem": False,
        "externalLink": fields.get("externalLink"),
        "note": fields.get("note"),
        "commissionable": False,
        "lineType": "GI" if item and item.is_stock_item else "GN",
        "orderDate": day_zulu(order.day),
        "branch": _pair(fields.get("branchId") or "1", example.BRANCHES),
        "salesAccountId": "1010",
    }


def shipment_row(shipment: Shipment) -> Row:
    kind, number = shipment.invoice or (None, None)
    return {
        "type": "Issue",
        "id": shipment.number,
        "date": day_zulu(shipment.day),
        "weight": ZERO,
        "volume": ZERO,
        "quantity": sum(shipment.quantities.values(), ZERO),
        "invoiceType": kind,
        "invoiceId": number,
        "inventoryDocumentType": "Issue" if number else None,
        "inventoryReferenceId": None,
    }


def shipments_of(company: Company, order: Order) -> list[Shipment]:
    return [shipment for shipment in company.shipments.all() if shipment.order == order.key]
