"""Reads of the order service v3: orders, lines, shipments, taxes, customers, stock (visma-api §4.4)."""

from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma.answers import ORDERS_HOST, one_invalid, problem
from streamsync.simulators.visma.ask import Ask, found, listed, tag_header, v3_page
from streamsync.simulators.visma.money import ZERO, totals
from streamsync.simulators.visma.order_rows import (
    EXPANSIONS,
    line_rate,
    line_row,
    list_row,
    order_row,
    shipment_row,
    shipments_of,
)
from streamsync.simulators.visma.records import Customer, Item, Order
from streamsync.simulators.visma.times import read_instant, zulu

Row = dict[str, Any]

_PATH = f"{ORDERS_HOST}/api/v3/SalesOrders"
_SORTS = {"created": "created_ms", "lastmodified": "modified_ms", "orderid": "id"}


def _sent(rows: list[Row], total: int, link: str | None) -> Response:
    return json_response(200, {"totalCount": total, "nextPage": link, "value": rows})


def list_orders(ask: Ask) -> Response:
    since = ask.one("modifiedSince")
    if since is None:
        rows = ask.company.orders.all()
    else:
        instant = read_instant(since)
        if instant is None:
            raise one_invalid("0003-InvalidValue", "modifiedSince", f"The value '{since}' is not valid.")
        rows = listed(ask, ask.company.orders.changed(instant, ">="))
    kind = ask.params.get("type")
    if kind is not None:
        rows = [r for r in rows if r.type == kind.upper()]
    number = ask.one("customerId")
    if number is not None:
        owner = ask.company.customer(number)
        rows = found(ask, [r for r in rows if owner and r.customer_id == owner.internal_id])
    status = ask.one("status")
    if status is not None:
        rows = [r for r in rows if r.status.casefold() == status.casefold()]
    text = ask.one("filter")
    if text is not None:
        rows = [r for r in rows if text in r.id]
    rows = _sorted(ask, rows)
    settings = ask.company.settings
    path = f"{_PATH}/{kind}" if kind else _PATH
    page, link = v3_page(ask, rows, path, settings.default_v3_page_size, settings.cap("SalesOrders"))
    return _sent([list_row(ask.company, row) for row in page], len(rows), link)


def _sorted(ask: Ask, rows: list[Order]) -> list[Order]:
    order_by = ask.one("orderBy")
    if order_by is None:
        return rows
    name, _, direction = order_by.strip().partition(" ")
    attribute = _SORTS.get(name.lower())
    if attribute is None or direction.strip().lower() not in ("", "asc", "desc"):
        raise one_invalid("0003-InvalidValue", "orderBy", f"The value '{order_by}' is not valid.")
    return sorted(
        rows, key=lambda r: (getattr(r, attribute), r.seq), reverse=direction.strip().lower() == "desc"
    )


def the_order(ask: Ask) -> Order:
    """The order that the path names; the type is part of its name."""
    found = ask.company.orders.get((ask.params["type"].upper(), ask.params["orderId"].strip()))
    if found is None:
        raise problem(404, "Document could not be found")
    return found


def get_order(ask: Ask) -> Response:
    order = the_order(ask)
    expand = {
        part.strip() for value in ask.query.get("expand", []) for part in value.split(",") if part.strip()
    }
    known = {name.lower(): name for name in EXPANSIONS}
    for name in expand:
        if name.lower() not in known:
            raise one_invalid("0003-InvalidValue", "expand", f"The value '{name}' is not valid.")
    row = order_row(ask.company, order, {known[name.lower()] for name in expand})
    return json_response(200, row, tag_header(ask, order))


def list_lines(ask: Ask) -> Response:
    order = the_order(ask)
    path = f"{_PATH}/{order.type}/{order.id}/lines"
    rows = sorted(order.lines, key=lambda line: line.sort_order)
    page, link = v3_page(ask, rows, path, 1000, 1000)
    body = {
        "totalCount": len(rows),
        "nextPage": link,
        "value": [line_row(ask.company, order, r) for r in page],
    }
    return json_response(200, body, tag_header(ask, order))


def get_line(ask: Ask) -> Response:
    order = the_order(ask)
    for line in order.lines:
        if str(line.line_id) == ask.params["lineId"]:
            return json_response(200, line_row(ask.company, order, line), tag_header(ask, order))
    raise problem(404, "The line could not be found")


def list_shipments(ask: Ask) -> Response:
    """An array without an envelope."""
    return json_response(200, [shipment_row(row) for row in shipments_of(ask.company, the_order(ask))])


def list_taxes(ask: Ask) -> Response:
    order = the_order(ask)
    rows = []
    for category in dict.fromkeys(line.vat_category for line in order.lines):
        entries = [
            (line.amount, line_rate(ask.company, order, line))
            for line in order.lines
            if line.vat_category == category
        ]
        sums = totals(entries)
        rows.append(
            {
                "taxId": category,
                "taxRate": entries[0][1],
                "taxableAmount": sums.net,
                "taxAmount": sums.vat,
                "taxType": "VAT",
                "exemptTax": entries[0][1] == 0,
            }
        )
    return json_response(200, rows)


def list_discounts(ask: Ask) -> Response:
    """Document discounts; there are none."""
    the_order(ask)
    return json_response(200, [])


# -- look-ups of the order service


def list_v3_customers(ask: Ask) -> Response:
    rows = ask.company.customers.all()
    text = ask.one("filter")
    if text is not None:
        wanted = text.casefold()
        rows = [
            r
            for r in rows
            if wanted in r.number.casefold() or wanted in str(r.fields.get("name", "")).casefold()
        ]
    page, link = v3_page(ask, rows, f"{ORDERS_HOST}/api/v3/Customers", 100, 1000)
    return _sent([_v3_customer(row) for row in page], len(rows), link)


def _v3_customer(customer: Customer) -> Row:
    fields = customer.fields
    country = fields.get("mainAddress.country.id", "DK")
    return {
        "id": customer.number,
        "internalId": customer.internal_id,
        "name": fields.get("name", ""),
        "status": fields.get("status", "Active"),
        "currencyId": fields.get("currencyId", "DKK"),
        "customerClassId": fields.get("customerClass.id", "1"),
        "country": country,
        "addressLine1": fields.get("mainAddress.addressLine1") or None,
        "addressLine2": fields.get("mainAddress.addressLine2") or None,
        "postalCode": fields.get("mainAddress.postalCode") or None,
        "defaultLocation": {
            "id": "MAIN",
            "name": "Primary Location",
            "countryId": country,
            "corporateId": fields.get("corporateId") or None,
            "gln": fields.get("gln") or None,
            "taxRegistrationId": fields.get("vatRegistrationId") or None,
        },
    }


def list_locations(ask: Ask) -> Response:
    customer = ask.company.customer(ask.params["customerId"])
    if customer is None:
        raise problem(404, "The customer could not be found")
    fields = customer.fields
    row = {
        "id": "MAIN",
        "name": "Primary Location",
        "countryId": fields.get("mainAddress.country.id", "DK"),
        "taxZoneId": fields.get("vatZone.id") or None,
        "gln": fields.get("gln") or None,
    }
    return json_response(200, [row])


def list_stock(ask: Ask) -> Response:
    """Availability by item; `modifiedSince` is UTC and inclusive."""
    rows = [item for item in ask.company.items.all() if item.is_stock_item]
    since = ask.one("modifiedSince")
    if since is not None:
        instant = read_instant(since)
        if instant is None:
            raise one_invalid("0003-InvalidValue", "modifiedSince", f"The value '{since}' is not valid.")
        rows = [r for r in rows if (r.stock_changed_ms or r.created_ms) >= instant]
    number = ask.one("inventoryId")
    if number is not None:
        rows = [r for r in rows if r.number == number]
    page, link = v3_page(ask, rows, f"{ORDERS_HOST}/api/v3/Inventory", 100, 1000)
    return _sent([_stock_row(row) for row in page], len(rows), link)


def _stock_row(item: Item) -> Row:
    return {
        "inventoryId": item.number,
        "internalId": item.inventory_id,
        "description": item.fields.get("description"),
        "baseUnit": item.fields.get("baseUnit", "STK"),
        "availability": [
            {
                "warehouseId": "1",
                "internalWarehouseId": 1,
                "description": "Hovedlager",
                "quantityOnHand": item.stock,
                "quantityAvailable": item.stock,
                "quantityAvailableForShipment": item.stock,
                "quantityNotAvailable": ZERO,
                "quantityPurchaseOrders": ZERO,
                "lastModified": zulu(item.stock_changed_ms or item.created_ms),
            }
        ],
    }
