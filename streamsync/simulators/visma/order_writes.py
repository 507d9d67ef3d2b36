"""Writes of the order service v3: create, patch, delete, and the same for lines (visma-api §4.4).

A request is applied to a copy and taken over whole, so a refused one changes nothing. Prices and
discounts stick only with their `hasManual…` flag. Shipped, completed and closed parts are refused with
the published codes.
"""

from copy import deepcopy
from typing import Any

from streamsync.simulators.http import Response
from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import ORDERS_HOST, Finding, invalid, one_invalid, problem
from streamsync.simulators.visma.ask import Ask, demand_if_match, orders_body, tag_header
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.invoices import today
from streamsync.simulators.visma.order_lines import add_line, set_line
from streamsync.simulators.visma.order_rows import recount, shipments_of
from streamsync.simulators.visma.order_shapes import CHANGED_LINES, CHANGED_ORDER, NEW_LINES, NEW_ORDER
from streamsync.simulators.visma.orders import the_order
from streamsync.simulators.visma.records import Customer, Order

Row = dict[str, Any]

CLOSED = ("Completed", "Cancelled", "Voided")
_TEXTS = (
    "description",
    "note",
    "branchId",
    "salesPersonId",
    "projectId",
    "requestOn",
    "taxZoneId",
    "cancelBy",
    "originalOrderType",
    "originalOrderId",
)
_CUSTOMER_TEXTS = {
    "order": "customerOrder",
    "refNo": "customerRefNo",
    "contactId": "contactId",
    "locationId": "locationId",
    "termsId": "termsId",
}
_REFERENCES = (
    ("branchId", "0003-InvalidValue", example.BRANCHES),
    ("salesPersonId", "1901-SalesPersonNotFound", example.SALESPERSONS),
    ("projectId", "1904-ProjectNotFound", example.PROJECTS),
    ("taxZoneId", "0003-InvalidValue", example.ZONES),
    ("currencyId", "0003-InvalidValue", example.RATES),
)


def post_order(ask: Ask) -> Response:
    values = orders_body(ask, NEW_ORDER)
    kind = values["type"].upper()
    if kind not in example.ORDER_TYPES:
        raise one_invalid(
            "0003-InvalidValue", "type", f"Order type '{kind}' cannot be found or is not active."
        )
    if values.get("orderId"):
        raise one_invalid("0004-ValueNotAllowed", "orderId", "The number of this order type is automatic.")
    status = values.get("status") or ("Hold" if ask.company.settings.hold_orders_on_entry else "Open")
    if status not in ("Open", "Hold"):
        raise one_invalid("0003-InvalidValue", "status", "Status must be Open or Hold.")
    customer = _customer(ask.company, values["customer"].get("id") or "")
    order = Order(
        type=kind,
        id="",
        customer_id=customer.internal_id,
        status=status,
        day=today(ask.company, ask.now_ms),
        currency=str(customer.fields.get("currencyId", "DKK")),
    )
    _apply_header(ask.company, order, customer, values)
    _demand_open_period(ask.company, order)
    findings: list[Finding] = []
    for at, line in enumerate(values.get("orderLines") or ()):
        add_line(ask.company, order, line, f"orderLines[{at}]", findings)
    if findings:
        raise invalid(findings)
    order.id = ask.company.next_number("order")
    recount(ask.company, order)
    ask.company.add(order, ask.now_ms)
    location = f"{ORDERS_HOST}/api/v3/SalesOrders/{order.type}/{order.id}"
    return Response(201, {"Location": location, **tag_header(ask, order)})


def _customer(company: Company, number: str) -> Customer:
    customer = company.customer(number)
    if customer is None:
        raise one_invalid(
            "1400-CustomerLookupException", "customer.id", f"Customer '{number}' cannot be found."
        )
    if customer.fields.get("status") in company.settings.refused_statuses:
        raise one_invalid(
            "1407-InvalidCustomerStatus", "customer.id", "The status of the customer is not valid."
        )
    return customer


def _demand_open_period(company: Company, order: Order) -> None:
    if order.day.isoformat() <= company.settings.closed_until:
        raise one_invalid("1601-FinancialPeriodClosed", "date", "The financial period is closed.")


def _apply_header(company: Company, order: Order, customer: Customer, values: Row) -> None:
    """Null means unchanged."""
    given = {name: value for name, value in values.items() if value is not None}
    findings: list[Finding] = []
    for name, code, known in _REFERENCES:
        if given.get(name) and given[name] not in known:
            findings.append(Finding(code, name, f"'{given[name]}' cannot be found or is invalid."))
    currency = given.get("currencyId")
    if currency and currency != customer.fields.get("currencyId", "DKK"):
        findings.append(
            Finding("1408-OverrideCurrencyIdProhibited", "currencyId", "The currency cannot be overridden.")
        )
    of_customer = {n: v for n, v in (given.get("customer") or {}).items() if v is not None}
    contact = company.contacts.get(of_customer.get("contactId") or 0)
    if of_customer.get("contactId") and (contact is None or contact.customer_id != customer.internal_id):
        findings.append(
            Finding("0003-InvalidValue", "customer.contactId", "The contact is not one of the customer's.")
        )
    if of_customer.get("termsId") and of_customer["termsId"] not in example.TERMS:
        findings.append(Finding("1401-MissingTermsId", "customer.termsId", "The terms cannot be found."))
    if findings:
        raise invalid(findings)
    for name in _TEXTS:
        if name in given:
            order.fields[name] = given[name]
    for name, target in _CUSTOMER_TEXTS.items():
        if name in of_customer:
            order.fields[target] = of_customer[name]
    if given.get("date"):
        order.day = given["date"]
        _demand_open_period(company, order)
    order.currency = currency or order.currency
    if (given.get("shipping") or {}).get("scheduledDate"):
        order.fields["scheduled"] = given["shipping"]["scheduledDate"]


# -- one order


def _draft(ask: Ask) -> tuple[Order, Order]:
    """The order after its precondition, and a copy to work on."""
    order = the_order(ask)
    demand_if_match(ask, order)
    if order.status in CLOSED:
        raise problem(405, f"The sales order cannot be changed: its status is {order.status}.")
    return order, deepcopy(order)


def _take(ask: Ask, order: Order, draft: Order) -> Response:
    recount(ask.company, draft)
    for name in ("customer_id", "status", "currency", "day", "fields", "lines", "next_line", "totals"):
        setattr(order, name, getattr(draft, name))
    ask.company.touch(order, ask.now_ms)
    return Response(202, tag_header(ask, order))


def patch_order(ask: Ask) -> Response:
    order, draft = _draft(ask)
    values = orders_body(ask, CHANGED_ORDER)
    status = values.get("status")
    if status is not None and status not in ("Open", "Hold", "BackOrder"):
        raise one_invalid("0003-InvalidValue", "status", "Status must be Open, Hold or BackOrder.")
    if order.status == "Invoiced" or (
        status and any(line.shipped for line in order.lines) and status == "Hold"
    ):
        raise one_invalid(
            "0005-InvalidState", "status", f"The order is {order.status} and cannot be changed so."
        )
    customer = ask.company.customers.get(draft.customer_id)
    number = (values.get("customer") or {}).get("id")
    if number:
        customer = _customer(ask.company, number)
        if customer.internal_id != draft.customer_id and any(
            line.shipped or line.billed for line in draft.lines
        ):
            raise one_invalid(
                "0005-InvalidState", "customer.id", "The customer of a shipped order cannot change."
            )
    if customer is None:
        raise one_invalid("1400-CustomerLookupException", "customer.id", "The customer cannot be found.")
    draft.customer_id = customer.internal_id
    draft.status = status or draft.status
    _apply_header(ask.company, draft, customer, values)
    return _take(ask, order, draft)


def delete_order(ask: Ask) -> Response:
    order, _ = _draft(ask)
    if any(line.shipped or line.billed for line in order.lines) or shipments_of(ask.company, order):
        raise one_invalid("1825-DeleteSalesOrderWithShippedLines", "orderId", "The order has shipped lines.")
    ask.company.remove(order)
    return Response(202)


# -- lines


def post_lines(ask: Ask) -> Response:
    order, draft = _draft(ask)
    lines = orders_body(ask, NEW_LINES).get("lines")
    if not lines:
        raise one_invalid("0001-EmptyNotAllowed", "lines", "There are no lines set to add")
    if draft.lines and all(line.completed or line.billed >= line.quantity > 0 for line in draft.lines):
        raise one_invalid("0005-InvalidState", "lines", "The order is complete; lines cannot be added.")
    findings: list[Finding] = []
    for at, line in enumerate(lines):
        add_line(ask.company, draft, line, f"lines[{at}]", findings)
    if findings:
        raise invalid(findings)
    return _take(ask, order, draft)


def patch_lines(ask: Ask) -> Response:
    order, draft = _draft(ask)
    lines = orders_body(ask, CHANGED_LINES).get("lines")
    if not lines:
        raise one_invalid("0001-EmptyNotAllowed", "lines", "There are no lines set to patch")
    if len(lines) > len(draft.lines):
        raise one_invalid(
            "1813-InputLinesExceedExistingLinesCount", "lines", "More lines than the order has."
        )
    by_id = {line.line_id: line for line in draft.lines}
    findings: list[Finding] = []
    seen: set[int] = set()
    for at, values in enumerate(lines):
        place = f"lines[{at}]"
        line = by_id.get(values["lineId"])
        if line is None:
            findings.append(
                Finding(
                    "0200-LineIdDoesNotExist", f"{place}.lineId", f"Line {values['lineId']} does not exist."
                )
            )
            continue
        if line.line_id in seen:
            findings.append(Finding("1817-LineIdNotUnique", f"{place}.lineId", "A line is given twice."))
        seen.add(line.line_id)
        if line.completed:
            findings.append(Finding("1810-LineAlreadyCompleted", f"{place}.lineId", "The line is completed."))
        elif line.shipped or line.billed:
            findings.append(
                Finding("1811-LineAlreadyShipped", f"{place}.lineId", "The line is already shipped.")
            )
        else:
            set_line(ask.company, draft, line, values, place, findings)
            line.sort_order = values.get("sortOrder") or line.sort_order
    if findings:
        raise invalid(findings)
    return _take(ask, order, draft)


def delete_lines(ask: Ask) -> Response:
    order, draft = _draft(ask)
    ids = [part.strip() for value in ask.query.get("ids", []) for part in value.split(",") if part.strip()]
    if not ids or len(ids) > 1000 or not all(ident.isdecimal() for ident in ids):
        raise one_invalid("0003-InvalidValue", "ids", "ids must be 1 to 1000 line ids.")
    by_id = {str(line.line_id): line for line in draft.lines}
    findings: list[Finding] = []
    for ident in ids:
        line = by_id.get(ident)
        if line is None:
            findings.append(Finding("0200-LineIdDoesNotExist", "ids", f"Line {ident} does not exist."))
        elif line.shipped or line.billed:
            findings.append(
                Finding("1823-DeleteLineWhichIsAlreadyShipped", "ids", f"Line {ident} is already shipped.")
            )
    if findings:
        raise invalid(findings)
    draft.lines = [line for line in draft.lines if str(line.line_id) not in ids]
    return _take(ask, order, draft)
