"""The order service of the Visma.net stand-in: pages, preconditions, lines, error codes (visma-api §4.4,
§7.2).
"""

from decimal import Decimal

import pytest

from tests.unit.simulators.visma_client import Caller, body_of, caller, lamp

ORDERS = "/api/v3/SalesOrders"


def codes(
    call: Caller, method: str, path: str, body: object, headers: dict[str, str] | None = None
) -> list[str]:
    """The error codes of a request that must be refused."""
    answer = call.call(method, path, body, headers)
    assert answer.status == 400, answer
    found = body_of(answer)
    assert set(found) == {"type", "title", "status", "detail", "instance", "errors", "details"}
    return [detail["code"] for detail in found["details"]]


def test_an_order_is_created_and_read_by_sections() -> None:
    call = caller()
    number = call.customer()
    body = {"type": "SO", "customer": {"id": number, "order": "crm:delivery:158"}, "orderLines": [lamp()]}
    answer = call.call("POST", ORDERS, body)
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["Location"] == "https://salesorder.visma.net/api/v3/SalesOrders/SO/000223"
    plain = call.get(f"{ORDERS}/SO/000223")
    assert plain["status"] == {"description": "Open", "hold": False, "cancelled": False}
    assert [plain[name] for name in ("customer", "totals", "financialInformation", "note")] == [None] * 4
    full = call.get(f"{ORDERS}/so/000223", expand=["Customer", "FinancialInformation"])
    assert (full["customer"]["order"], full["customer"]["internalId"]) == ("crm:delivery:158", 4211)
    assert full["totals"]["orderTotal"] == Decimal("621.88")
    assert full["totals"]["taxTotal"] == Decimal("124.38")
    assert full["note"] is None
    listed = call.get(ORDERS)["value"][0]
    assert (listed["status"], listed["customerOrder"]) == ("Open", "crm:delivery:158")
    assert listed["lastModified"] == "2026-03-14T09:00:00Z"
    assert call.call("GET", f"{ORDERS}/IN/000223").status == 404
    assert call.call("GET", f"{ORDERS}/SO/000223", expand="Everything").status == 400


def test_pages_are_counted_from_zero() -> None:
    call = caller()
    number = call.customer()
    for _ in range(5):
        call.post_order(number)
        call.now_ms += 1000
    page = call.get(ORDERS, pageSize=2, pageIndex=2)
    assert (len(page["value"]), page["totalCount"], page["nextPage"]) == (1, 5, None)
    assert "pageIndex=1" in call.get(ORDERS, pageSize=2)["nextPage"]
    assert call.call("GET", ORDERS, pageSize=100_000).status == 400
    assert call.call("GET", ORDERS, pageIndex=-1).status == 400
    newest = call.get(ORDERS, orderBy="lastModified desc")["value"]
    assert [row["orderId"] for row in newest] == ["000227", "000226", "000225", "000224", "000223"]
    assert call.call("GET", ORDERS, orderBy="price").status == 400


def test_modified_since_is_utc_and_inclusive() -> None:
    call = caller()
    number = call.customer()
    call.post_order(number)
    call.now_ms += 1500
    call.post_order(number)
    for since, found in (
        ("2026-03-14T09:00:01.5Z", 1),
        ("2026-03-14T09:00:01.5", 1),
        ("2026-03-14T10:00:01.5+01:00", 1),
        ("2026-03-14T09:00:00Z", 2),
        ("2026-03-14T09:00:01.501Z", 0),
    ):
        assert call.get(ORDERS, modifiedSince=since)["totalCount"] == found, since
    assert call.call("GET", ORDERS, modifiedSince="yesterday").status == 400


def test_modifications_need_the_newest_etag() -> None:
    call = caller()
    path = f"{ORDERS}/{call.post_order(call.customer())}"
    assert call.call("PATCH", path, {"description": "Webordre"}).status == 428
    tag = call.etag(path)
    first = call.call("PATCH", path, {"description": "Webordre"}, {"if-match": tag})
    assert (first.status, first.body) == (202, b"")
    stale = call.call("PATCH", path, {"description": "Andet"}, {"if-match": tag})
    assert (stale.status, stale.headers["Content-Type"]) == (412, "application/problem+json")
    second = call.call(
        "PATCH",
        f"{path}/lines",
        {"lines": [{"lineId": 1, "quantity": 3}]},
        {"if-match": first.headers["ETag"]},
    )
    assert second.status == 202
    assert call.etag(path) == second.headers["ETag"]
    assert call.get(path)["description"] == "Webordre"


def test_lines_keep_their_ids() -> None:
    call = caller()
    path = f"{ORDERS}/{call.post_order(call.customer(), lamp(), lamp(1, inventoryId='10'))}"
    added = call.call("POST", f"{path}/lines", {"lines": [lamp(4)]}, {"if-match": call.etag(path)})
    gone = call.call("DELETE", f"{path}/lines", None, {"if-match": added.headers["ETag"]}, ids="2")
    assert (added.status, gone.status) == (202, 202)
    lines = call.get(f"{path}/lines")["value"]
    assert [(line["lineId"], line["quantity"]) for line in lines] == [(1, Decimal("2.5")), (3, 4)]
    assert call.get(f"{path}/lines/3")["inventory"]["id"] == "LAMPE-01"
    assert call.call("GET", f"{path}/lines/2").status == 404


def test_prices_and_discounts_stick_only_with_their_flag() -> None:
    call = caller()
    loose = {"inventoryId": "10", "quantity": 2, "unitPrice": 450, "discountPercent": 10}
    firm = {**loose, "hasManualPrice": True, "hasManualDiscount": True}
    path = f"{ORDERS}/{call.post_order(call.customer(), loose, firm)}"
    lines = call.get(f"{path}/lines")["value"]
    assert [(line["unitPrice"], line["discountPercent"], line["extendedPrice"]) for line in lines] == [
        (500, 0, 1000),
        (450, 10, 810),
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "XX"}, "0003-InvalidValue"),
        ({"customer": None}, "0003-InvalidValue"),
        ({"customer": {"id": "99999"}}, "1400-CustomerLookupException"),
        ({"orderId": "000001"}, "0004-ValueNotAllowed"),
        ({"status": "Completed"}, "0003-InvalidValue"),
        ({"currencyId": "EUR"}, "1408-OverrideCurrencyIdProhibited"),
        ({"description": "x" * 256}, "0002-InvalidLength"),
        ({"nonsense": 1}, "0004-ValueNotAllowed"),
        ({"description": {"value": "x"}}, "0003-InvalidValue"),
        ({"orderLines": [{"inventoryId": "NIX", "quantity": 1}]}, "1804-InventoryIdNotFound"),
        ({"orderLines": [{"quantity": 1}]}, "0001-NullNotAllowed"),
        ({"orderLines": [lamp(-1)]}, "1809-InvalidQuantityForType"),
        ({"orderLines": [lamp("2")]}, "0003-InvalidValue"),
        ({"orderLines": [lamp(discountPercent=101)]}, "0100-OutsideValidRange"),
        ({"orderLines": [lamp(unitOfMeasure="DUSIN")]}, "1808-InvalidUnitOfMeasure"),
        ({"orderLines": [lamp(taxCategoryId="9")]}, "1805-InvalidTaxCategoryId"),
    ],
)
def test_a_wrong_order_is_refused_whole(change: dict[str, object], code: str) -> None:
    call = caller()
    body = {"type": "SO", "customer": {"id": call.customer()}, "orderLines": [lamp()], **change}
    assert code in codes(call, "POST", ORDERS, body)
    assert call.get(ORDERS)["totalCount"] == 0


def test_an_inactive_customer_gets_no_order() -> None:
    call = caller()
    number = call.customer()
    call.act("set_status", kind="customer", number=number, status="Inactive")
    body = {"type": "SO", "customer": {"id": number}, "orderLines": [lamp()]}
    assert codes(call, "POST", ORDERS, body) == ["1407-InvalidCustomerStatus"]


def test_which_customers_are_refused_can_be_set() -> None:
    call = caller()
    number = call.customer()
    call.act("set_status", kind="customer", number=number, status="OnHold")
    body = {"type": "SO", "customer": {"id": number}, "orderLines": [lamp()]}
    assert call.call("POST", ORDERS, body, None).status == 201
    call.act("settings", refused_statuses=["OnHold"])
    assert codes(call, "POST", ORDERS, body) == ["1407-InvalidCustomerStatus"]


def test_a_closed_period_takes_no_order() -> None:
    call = caller()
    call.act("settings", closed_until="2026-01-31")
    body = {"type": "SO", "customer": {"id": call.customer()}, "orderLines": [lamp()]}
    closed = {**body, "date": "2026-01-31"}
    assert codes(call, "POST", ORDERS, closed) == ["1601-FinancialPeriodClosed"]
    assert call.get(ORDERS)["totalCount"] == 0
    assert call.call("POST", ORDERS, {**body, "date": "2026-02-01"}, None).status == 201
    assert call.get(ORDERS)["totalCount"] == 1


def test_shipped_lines_and_orders_are_locked_with_their_codes() -> None:
    call = caller()
    order = call.post_order(call.customer(), lamp(2), lamp(3))
    path = f"{ORDERS}/{order}"
    call.act("ship", orderId=order, lines={"1": 1})
    tag = {"if-match": call.etag(path)}
    lines = f"{path}/lines"
    assert codes(call, "PATCH", lines, {"lines": [{"lineId": 1, "quantity": 1}]}, tag) == [
        "1811-LineAlreadyShipped"
    ]
    assert codes(call, "PATCH", lines, {"lines": [{"lineId": 9}]}, tag) == ["0200-LineIdDoesNotExist"]
    assert codes(call, "PATCH", lines, {"update": []}, tag) == ["0004-ValueNotAllowed"]
    assert codes(call, "PATCH", lines, {"lines": []}, tag) == ["0001-EmptyNotAllowed"]
    gone = call.call("DELETE", lines, None, tag, ids="1")
    assert body_of(gone)["details"][0]["code"] == "1823-DeleteLineWhichIsAlreadyShipped"
    assert codes(call, "DELETE", path, None, tag) == ["1825-DeleteSalesOrderWithShippedLines"]
    assert call.call("PATCH", lines, {"lines": [{"lineId": 2, "quantity": 5}]}, tag).status == 202
    call.act("ship", orderId=order)
    call.act("confirm", orderId=order)
    tag = {"if-match": call.etag(path)}
    assert codes(call, "PATCH", lines, {"lines": [{"lineId": 1, "quantity": 1}]}, tag) == [
        "1810-LineAlreadyCompleted"
    ]
    call.act("invoice_order", orderId=order)
    call.act("release", referenceNumber="200315")
    assert call.call("PATCH", path, {"description": "x"}, {"if-match": call.etag(path)}).status == 405


def test_an_untouched_order_can_be_deleted() -> None:
    call = caller()
    path = f"{ORDERS}/{call.post_order(call.customer())}"
    assert call.call("DELETE", path, None, {"if-match": call.etag(path)}).status == 202
    assert call.call("GET", path).status == 404
    assert call.get(ORDERS)["value"] == []


def test_stock_and_customers_have_lists_of_their_own() -> None:
    call = caller()
    number = call.customer()
    assert [row["id"] for row in call.get("/api/v3/Customers", filter="nordlys")["value"]] == [number]
    assert call.get(f"/api/v3/Customers/{number}/locations")[0]["id"] == "MAIN"
    stock = call.get("/api/v3/Inventory", modifiedSince="2026-01-01T00:00:00Z")["value"]
    assert [row["inventoryId"] for row in stock] == ["LAMPE-01"]
