"""The look-up lists of the finance host (visma-api §4.8), each in its own form: plain, with metadata, in
an envelope.
"""

from collections.abc import Callable
from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import refused
from streamsync.simulators.visma.ask import Ask, paged, skipped

Row = dict[str, Any]
Rows = Callable[[], list[Row]]
Handler = Callable[[Ask], Response]


def plain(rows: Rows) -> Handler:
    """All rows, no pages."""
    return lambda ask: json_response(200, rows())


def with_pages(rows: Rows, list_name: str, *, metadata: bool) -> Handler:
    """pageNumber and pageSize; `metadata` on each row where the row has such a property."""

    def handler(ask: Ask) -> Response:
        page, pages = paged(ask, rows(), list_name)
        return json_response(200, [{**row, "metadata": pages} for row in page] if metadata else list(page))

    return handler


def in_envelope(rows: Rows, list_name: str) -> Handler:
    """`{pageNumber, pageSize, totalCount, records}` (visma-api §3.4)."""

    def handler(ask: Ask) -> Response:
        found = rows()
        page, _ = paged(ask, found, list_name)
        size = min(ask.whole("pageSize") or 100, ask.company.settings.cap(list_name))
        body = {"pageNumber": ask.whole("pageNumber") or 1, "pageSize": size, "totalCount": len(found)}
        return json_response(200, {**body, "records": list(page)})

    return handler


def by_skipping(rows: Rows, list_name: str) -> Handler:
    """numberToRead and skipRecords only."""
    return lambda ask: json_response(200, list(skipped(ask, rows(), list_name)))


def one(rows: Rows, parameter: str, id_name: str, word: str) -> Handler:
    """The row that the path names."""

    def handler(ask: Ask) -> Response:
        wanted = ask.params[parameter]
        for row in rows():
            if row[id_name] == wanted:
                return json_response(200, row)
        raise refused(f"{word} '{wanted}' cannot be found in the system.", 404)

    return handler


def credit_terms(ask: Ask) -> Response:
    """The company's own: a bookkeeper may rename a code."""
    return in_envelope(lambda: example.credit_terms(ask.company.terms), "creditTerm")(ask)


CUSTOMER_CLASSES = plain(example.customer_classes)
CUSTOMER_CLASS = one(example.customer_classes, "customerClassId", "id", "Customer class")
VAT_CATEGORIES = by_skipping(example.vat_categories, "balance")
VAT_CATEGORY = one(example.vat_categories, "taxCategoryId", "vatCategoryId", "VAT category")
VAT_ZONES = with_pages(example.vat_zones, "vatZone", metadata=True)
VAT_ZONE = one(example.vat_zones, "vatZoneId", "id", "VAT zone")
SALESPERSONS = in_envelope(example.salespersons, "salesperson")
CURRENCIES = plain(example.currencies)
BRANCHES = plain(example.branches)
ORGANIZATIONS = plain(example.organizations)
UNITS = plain(example.units)
WAREHOUSES = with_pages(example.warehouses, "warehouse", metadata=False)
ORDER_TYPES = with_pages(example.order_types, "salesordertype", metadata=True)
ORDER_TYPE = one(example.order_types, "orderType", "orderType", "Order type")
ITEM_CLASSES = with_pages(example.item_classes, "itemClass", metadata=False)
