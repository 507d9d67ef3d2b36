"""Orders in full or as headers, invoices, and the document feed."""

from typing import Any

from streamsync.model import Kind
from streamsync.systems.transport import Reply
from tests.unit.systems.visma_double import (
    LIVE,
    Asked,
    Double,
    Handler,
    feed,
    invoice,
    pages,
    reply,
    system,
)


def order_row(number: str, stamp: str, status: str = "Open", **more: Any) -> dict[str, Any]:
    return {
        "type": "SO",
        "orderId": number,
        "status": status,
        "lastModified": stamp,
        "date": "2026-03-01T00:00:00Z",
        "currency": "DKK",
        **more,
    }


def answering(answer: Reply) -> Handler:
    return lambda _: answer


def serve_orders(double: Double, rows: list[dict[str, Any]]) -> None:
    def listed(asked: Asked) -> Reply:
        since = asked.query.get("modifiedSince", "")[:-1]
        size, index = int(asked.query["pageSize"]), int(asked.query["pageIndex"])
        hits = sorted(
            (row for row in rows if row["lastModified"] >= since), key=lambda row: str(row["lastModified"])
        )
        part = hits[index * size : (index + 1) * size]
        more = "next" if (index + 1) * size < len(hits) else None
        return reply(200, {"value": part, "totalCount": len(hits), "nextPage": more})

    double.on("GET", "/api/v3/SalesOrders", listed)
    for row in rows:
        path = f"/api/v3/SalesOrders/SO/{row['orderId']}"
        body = {
            "type": "SO",
            "orderId": row["orderId"],
            "status": {"description": row["status"]},
            "lastModified": row["lastModified"],
        }
        double.on("GET", path, answering(reply(200, body, etag='W/"e1"')))
        double.on(
            "GET",
            f"{path}/lines",
            lambda _: reply(
                200,
                {"value": [{"lineId": 2, "sortOrder": 2}, {"lineId": 1, "sortOrder": 1, "quantity": 2.50}]},
            ),
        )


async def test_open_orders_come_in_full_and_closed_ones_as_headers() -> None:
    double = Double()
    serve_orders(
        double,
        [
            order_row("1", "2026-03-14T08:00:00.11Z"),
            order_row("2", "2026-03-14T08:01:00Z", "Completed"),
            order_row("3", "2026-03-14T08:02:00Z", "Completed", customerOrder="crm:delivery:3"),
        ],
    )
    held = system(double, order_types=("SO",))
    found = await pages(held, "order", None, "status", "currencyId")
    records = {record.rid: record for page in found for record in page.records}
    assert [line.key for line in records["order:SO/1"].lines] == ["1", "2"]
    assert records["order:SO/1"].version == "e1"
    assert records["order:SO/2"].partial
    assert not records["order:SO/3"].partial, "ours is read in full whatever its state"
    assert found[-1].position == "2026-03-14T08:02:00.000Z"
    assert double.requests("GET", "/api/v3/SalesOrders/SO/1")[0].pairs == [
        ("expand", "Customer"),
        ("expand", "Note"),
        ("expand", "FinancialInformation"),
    ]


async def test_an_order_that_the_overlap_shows_again_costs_no_call() -> None:
    double = Double()
    serve_orders(double, [order_row("1", "2026-03-14T08:00:00Z")])
    held = system(double)
    await pages(held, "order", "2026-03-14T08:00:00.000Z")
    [again] = await pages(held, "order", "2026-03-14T08:00:00.000Z")
    assert again.records == ()
    assert len(double.requests("GET", "/api/v3/SalesOrders/SO/1")) == 1


async def test_a_long_order_list_is_walked_by_stamp() -> None:
    double = Double()
    rows = [
        order_row(f"{n:04d}", f"2026-03-14T08:{n // 60:02d}:{n % 60:02d}Z", "Completed") for n in range(250)
    ]
    serve_orders(double, rows)
    found = await pages(system(double), "order", None)
    seen = [record.rid for page in found for record in page.records]
    assert len(seen) == len(set(seen)) == 250
    assert all(asked.query["pageIndex"] == "0" for asked in double.requests("GET", "/api/v3/SalesOrders"))


async def test_a_failed_taker_gets_the_order_again() -> None:
    double = Double()
    serve_orders(double, [order_row("1", "2026-03-14T08:00:00Z")])
    held = system(double)
    async for page in held.read(feed(held, "order"), "2026-03-14T08:00:00.000Z", frozenset(), LIVE):
        assert len(page.records) == 1
        break
    [again] = await pages(held, "order", "2026-03-14T08:00:00.000Z")
    assert len(again.records) == 1


async def test_the_document_feed_starts_without_reading_history() -> None:
    double = Double()
    double.serve_list("/v1/customerdocument", [invoice("1")])
    [page] = await pages(system(double), "document", None)
    assert page.records == ()
    assert page.position.startswith("2026-03-13T07:20:00")
    assert len(double.requests("GET", "/v1/customerdocument")) == 1


async def test_the_document_feed_names_what_the_invoice_feed_did_not_show() -> None:
    double = Double()
    double.serve_list("/v1/customerinvoice", [invoice("1"), invoice("2")])
    held = system(double)
    await pages(held, "invoice", None)
    double.serve_list(
        "/v1/customerdocument",
        [
            invoice("1"),
            invoice("2", status="Closed", balance=0),
            invoice("9", status="Closed", balance=0),
            invoice("50", type_="Payment", status="Closed", customer={"number": "77"}),
        ],
    )
    [page] = await pages(held, "document", "2026-03-14T09:00:00.000")
    assert page.touched == ((Kind.INVOICE, "invoice:Invoice/2"),)
    assert [record.rid for record in page.records] == ["invoice:Payment/50"]


async def test_a_payment_has_its_customers_open_documents_read_again_once() -> None:
    double = Double()
    double.serve_list("/v1/customerinvoice", [invoice("1")])
    held = system(double)
    await pages(held, "invoice", None)
    double.serve_list("/v1/customerdocument", [invoice("50", type_="Payment", status="Open")])
    [page] = await pages(held, "document", "2026-03-14T09:00:00.000")
    assert page.touched == ((Kind.INVOICE, "invoice:Invoice/1"),)
    [page] = await pages(held, "document", "2026-03-14T09:00:00.000")
    assert page.touched == ()


async def test_open_documents_are_checked_again_on_our_side() -> None:
    double = Double()
    double.serve_list("/v1/customerdocument", [invoice("1"), invoice("2", status="Closed")])
    assert await system(double).open_documents(LIVE) == {"invoice:Invoice/1"}


async def test_history_from_is_asked_and_checked() -> None:
    double = Double()
    double.serve_list("/v1/customerinvoice", [invoice("1"), invoice("2", documentDate="2020-01-01T00:00:00")])
    held = system(double, history_from="2026-01-01")
    [page] = await pages(held, "invoice", None)
    assert [record.rid for record in page.records] == ["invoice:Invoice/1"]
    assert double.requests("GET", "/v1/customerinvoice")[0].query["documentDateCondition"] == ">="
