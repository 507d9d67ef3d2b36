"""Feeds: windows, paging under movement, filters checked again, bad rows."""

import pytest

from streamsync.errors import Unknown
from streamsync.systems.transport import Reply
from tests.unit.systems.visma_double import (
    DATE_MS,
    Asked,
    Double,
    customer,
    pages,
    reply,
    system,
)


async def test_a_full_read_takes_all_pages_and_its_position_from_the_server() -> None:
    double = Double()
    double.serve_list(
        "/v1/customer", [customer(n, stamp=f"2026-03-14T08:{n:02d}:00.123") for n in range(1, 6)]
    )
    held = system(double)
    [page] = await pages(held, "customer", None, "name")
    assert [record.rid for record in page.records] == ["1", "2", "3", "4", "5"]
    assert page.position == "2026-03-14T08:05:00.123"
    assert page.total == 5
    asked = double.requests("GET", "/v1/customer")[0]
    assert "lastModifiedDateTime" not in asked.query
    assert asked.headers["authorization"] == "Bearer token-for-vismanet_erp_service_api"


async def test_the_next_read_asks_from_the_overlap_on_and_checks_the_filter() -> None:
    double = Double()
    double.serve_list(
        "/v1/customer", [customer(1, stamp="2025-01-01T00:00:00"), customer(2, stamp="2026-03-14T09:10:00")]
    )
    held = system(double)
    [page] = await pages(held, "customer", "2026-03-14T09:00:00.000")
    assert [record.rid for record in page.records] == ["2"]
    assert page.position == "2026-03-14T09:10:00.000"
    query = double.requests("GET", "/v1/customer")[0].query
    assert query["lastModifiedDateTime"] == "2026-03-14T08:55:00.000"
    assert query["lastModifiedDateTimeCondition"] == ">="


async def test_nothing_new_leaves_the_position() -> None:
    double = Double()
    double.serve_list("/v1/customer", [])
    [page] = await pages(system(double), "customer", "2026-03-14T09:00:00.000")
    assert page.records == ()
    assert page.position == "2026-03-14T09:00:00.000"


async def test_a_silent_page_cap_loses_no_row() -> None:
    double = Double()
    rows = [customer(n) for n in range(1, 8)]

    def capped(asked: Asked) -> Reply:
        size = min(int(asked.query["pageSize"]), 3)
        start = (int(asked.query["pageNumber"]) - 1) * size
        return reply(
            200,
            [{**row, "metadata": {"totalCount": 7, "maxPageSize": 3}} for row in rows[start : start + size]],
        )

    double.on("GET", "/v1/customer", capped)
    found = await pages(system(double), "customer", None)
    assert sorted(record.rid for page in found for record in page.records) == list("1234567")
    assert [bool(page.position) for page in found] == [False, False, True]


async def test_a_row_that_slips_through_the_pages_is_found_by_reading_the_window_again() -> None:
    """Row 1 is edited while page 1 is read: it moves to the end, and row 4 into the page already read."""
    double = Double()
    order = [1, 2, 3, 4, 5, 6]
    calls: list[str] = []

    def moving(asked: Asked) -> Reply:
        start = (int(asked.query["pageNumber"]) - 1) * 3
        part = order[start : start + 3]
        calls.append(asked.query["pageNumber"])
        if len(calls) == 1:
            order.append(order.pop(0))
        return reply(200, [{**customer(n), "metadata": {"totalCount": 6, "maxPageSize": 3}} for n in part])

    double.on("GET", "/v1/customer", moving)
    found = await pages(system(double), "customer", None)
    assert {record.rid for page in found for record in page.records} == set("123456")
    assert calls[-2:] == ["1", "2"]
    assert len(calls) > 2


async def test_a_window_that_never_stands_still_does_not_move_the_cursor() -> None:
    double = Double()
    totals = iter(range(100, 0, -1))

    def restless(asked: Asked) -> Reply:
        number = int(asked.query["pageNumber"])
        rows = (
            [customer(number * 10 + n, stamp="2026-03-14T09:19:00") for n in range(3)] if number < 3 else []
        )
        return reply(
            200, [{**row, "metadata": {"totalCount": next(totals), "maxPageSize": 3}} for row in rows]
        )

    double.on("GET", "/v1/customer", restless)
    found = await pages(system(double), "customer", "2026-03-14T09:00:00.000")
    assert found[-1].position == "2026-03-14T09:00:00.000"
    assert len(double.requests("GET", "/v1/customer")) == 9


async def test_a_bad_row_is_one_malformed_row() -> None:
    double = Double()
    double.serve_list("/v1/customer", [customer(1), {**customer(2), "name": 5}, customer(3)])
    [page] = await pages(system(double), "customer", None, "name")
    assert [record.rid for record in page.records] == ["1", "3"]
    [bad] = page.malformed
    assert bad.rid == "2"
    assert "$.name" in bad.problem


async def test_half_a_reply_is_no_empty_list() -> None:
    double = Double()
    double.on("GET", "/v1/customer", lambda _: reply(200, b'[{"internalId": 1, "num'))
    with pytest.raises(Unknown, match="no list"):
        await pages(system(double), "customer", None)


async def test_contacts_are_paged_by_skipping() -> None:
    double = Double()
    rows = [
        {"contactId": n, "lastName": "Test", "lastModifiedDateTime": "2026-03-14T09:00:00"}
        for n in range(1, 4)
    ]
    double.on("GET", "/v1/contact", lambda asked: reply(200, rows[int(asked.query["skipRecords"]) :][:2]))
    found = await pages(system(double), "contact", None, "lastName")
    assert [record.rid for page in found for record in page.records] == ["1", "2", "3"]


async def test_items_are_asked_with_all_nine_expansions() -> None:
    double = Double()
    double.serve_list("/v1/inventory", [{"inventoryId": 1, "inventoryNumber": "A", "defaultPrice": 199.0}])
    [page] = await pages(system(double), "inventory", None, "defaultPrice", "attributes.COLOUR")
    assert page.records[0].fields["defaultPrice"] == "199"
    query = double.requests("GET", "/v1/inventory")[0].query
    assert sum(name.startswith("expand") for name in query) == 9
    assert (query["expandAttribute"], query["expandInventoryUnits"], query["expandWarehouseDetail"]) == (
        "true",
        "true",
        "false",
    )


async def test_the_zone_is_learnt_from_stamps_that_run_ahead() -> None:
    double = Double()
    double.serve_list("/v1/customer", [customer(1, stamp="2026-03-14T10:19:30")])  # Date says 09:20 UTC
    held = system(double)
    [page] = await pages(held, "customer", None)
    assert held.zone_offset_ms == 3_600_000
    assert page.records[0].updated_ms == DATE_MS - 30_000
