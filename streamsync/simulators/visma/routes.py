"""Which path is served by what. Templates are spelled as the specification spells them; paths match
without case.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from streamsync.simulators.http import Request, Response
from streamsync.simulators.visma import (
    balances,
    contacts,
    customers,
    documents,
    invoices,
    items,
    lookups,
    order_writes,
    orders,
)
from streamsync.simulators.visma.ask import Ask

Handler = Callable[[Ask], Response]
_V3 = "/api/v3/SalesOrders"
_ORDER = _V3 + "/{type}/{orderId}"
_NAMES = {
    "internalID": "internalId",
    "customerNumber": "customerCd",
}  # one value under two names (quirks 4, 10)


@dataclass(frozen=True, slots=True)
class Route:
    """`empty` is what a stranger's token gets from a list: "[]", "records" or "value"; "" means not found."""

    method: str
    template: str
    handler: Handler
    empty: str = ""

    @property
    def is_action(self) -> bool:
        return "/action/" in self.template


_LISTS: tuple[tuple[str, Handler, str], ...] = (
    ("/v1/customer", customers.list_customers, "[]"),
    ("/v1/customer/balance", balances.list_balances, "[]"),
    ("/v1/customer/customerClass", lookups.CUSTOMER_CLASSES, "[]"),
    ("/v1/contact", contacts.list_contacts, "[]"),
    ("/v1/inventory", items.list_items, "[]"),
    ("/v1/inventory/itemClass", lookups.ITEM_CLASSES, "[]"),
    ("/v1/customerinvoice", documents.list_invoices, "[]"),
    ("/v1/customerdocument", documents.list_documents, "[]"),
    ("/v1/customerCreditNote", documents.list_credit_notes, "[]"),
    ("/v1/cashsale", documents.list_cash_sales, "[]"),
    ("/v1/vatCategory", lookups.VAT_CATEGORIES, "[]"),
    ("/v1/vatZone", lookups.VAT_ZONES, "[]"),
    ("/v1/creditTerm", lookups.credit_terms, "records"),
    ("/v1/salesperson", lookups.SALESPERSONS, "records"),
    ("/v1/currency", lookups.CURRENCIES, "[]"),
    ("/v1/branch", lookups.BRANCHES, "[]"),
    ("/v1/organization", lookups.ORGANIZATIONS, "[]"),
    ("/v1/warehouse", lookups.WAREHOUSES, "[]"),
    ("/v1/unitofmeasure", lookups.UNITS, "[]"),
    ("/v1/salesordertype", lookups.ORDER_TYPES, "[]"),
    (_V3, orders.list_orders, "value"),
    (_V3 + "/{type}", orders.list_orders, "value"),
    ("/api/v3/Customers", orders.list_v3_customers, "value"),
    ("/api/v3/Inventory", orders.list_stock, "value"),
)
_SINGLES: tuple[tuple[str, Handler], ...] = (
    ("/v1/customer/customerClass/{customerClassId}", lookups.CUSTOMER_CLASS),
    ("/v1/customer/internal/{internalID}", customers.get_customer),
    ("/v1/customer/{customerCd}", customers.get_customer),
    ("/v1/customer/{customerCd}/contact", contacts.list_contacts_of_customer),
    ("/v1/customer/{customerCd}/balance", balances.get_balance),
    ("/v1/customer/{customerCd}/note", customers.get_note),
    ("/v1/customer/{customerNumber}/document", documents.list_documents_of_customer),
    ("/v1/customer/{customerNumber}/invoice", documents.list_invoices_of_customer),
    ("/v1/contact/{contactId}", contacts.get_contact),
    ("/v1/inventory/internal/{inventoryId}", items.get_item),
    ("/v1/inventory/{inventoryNumber}", items.get_item),
    ("/v1/customerinvoice/{invoiceNumber}", documents.get_invoice),
    ("/v1/customerCreditNote/{creditNoteNumber}", documents.get_credit_note),
    ("/v1/cashsale/{documentNumber}", documents.get_cash_sale),
    ("/v1/vatCategory/{taxCategoryId}", lookups.VAT_CATEGORY),
    ("/v1/vatZone/{vatZoneId}", lookups.VAT_ZONE),
    ("/v1/salesordertype/{orderType}", lookups.ORDER_TYPE),
    (_ORDER, orders.get_order),
    (_ORDER + "/lines", orders.list_lines),
    (_ORDER + "/lines/{lineId}", orders.get_line),
    (_ORDER + "/shipment", orders.list_shipments),
    (_ORDER + "/tax", orders.list_taxes),
    (_ORDER + "/discounts", orders.list_discounts),
    ("/api/v3/Customers/{customerId}/locations", orders.list_locations),
)
_WRITES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/v1/customer", customers.post_customer),
    ("PUT", "/v1/customer/internal/{internalID}", customers.put_customer),
    ("PUT", "/v1/customer/{customerCd}", customers.put_customer),
    ("POST", "/v1/customer/action/changeCustomerCd/{internalId}", customers.change_number),
    ("POST", "/v1/contact", contacts.post_contact),
    ("PUT", "/v1/contact/{contactId}", contacts.put_contact),
    ("POST", "/v1/inventory", items.post_item),
    ("PUT", "/v1/inventory/{inventoryNumber}", items.put_item),
    ("POST", "/v2/customerinvoice", invoices.post_invoice),
    ("PUT", "/v1/customerinvoice/{invoiceNumber}", invoices.put_invoice),
    ("DELETE", "/v1/customerinvoice/{invoiceNumber}", invoices.delete_invoice),
    ("POST", "/v1/customerinvoice/{invoiceNumber}/action/release", invoices.release_action),
    ("POST", _V3, order_writes.post_order),
    ("PATCH", _ORDER, order_writes.patch_order),
    ("DELETE", _ORDER, order_writes.delete_order),
    ("POST", _ORDER + "/lines", order_writes.post_lines),
    ("PATCH", _ORDER + "/lines", order_writes.patch_lines),
    ("DELETE", _ORDER + "/lines", order_writes.delete_lines),
)

ROUTES: tuple[Route, ...] = (
    *(Route("GET", template, handler, empty) for template, handler, empty in _LISTS),
    *(Route("GET", template, handler) for template, handler in _SINGLES),
    *(Route(method, template, handler) for method, template, handler in _WRITES),
)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


_VARIABLE = re.compile(r"\{(\w+)\}")
_TABLE: dict[tuple[str, int], list[tuple[Route, list[str]]]] = {}
for _route in ROUTES:
    _pattern = _parts(_route.template)
    _TABLE.setdefault((_route.method, len(_pattern)), []).append((_route, _pattern))


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        variable = _VARIABLE.fullmatch(wanted)
        if variable:
            found[_NAMES.get(variable[1], variable[1])] = unquote(part)
        elif wanted.lower() != part.lower():
            return None
    return found


def find(request: Request) -> tuple[Route, dict[str, str]] | None:
    """The route and its variables. Escaped slashes stay inside their part: the raw path is what is split."""
    parts = _parts(request.raw_path or request.path)
    best: tuple[Route, dict[str, str]] | None = None
    for route, pattern in _TABLE.get((request.method, len(parts)), ()):
        found = _match(pattern, parts)
        if found is not None and (best is None or len(found) < len(best[1])):
            best = route, found
    return best


def knows_path(request: Request) -> bool:
    """Whether another method is served under this path."""
    return any(
        find(Request(method=method, path=request.path, raw_path=request.raw_path))
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    )
