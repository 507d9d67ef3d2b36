"""Feeds, single reads and look-ups of the webCRM adapter, with `/Queries` and without, on the stand-in."""

from datetime import UTC, datetime

import pytest

from streamsync.errors import Rejected, SystemFault, Unauthorized, Unknown
from streamsync.model import Action, Kind, Side
from streamsync.simulators.webcrm.settings import Token
from streamsync.systems.webcrm import feeds
from tests.unit.systems.webcrm_company import ITEM, LIVE, MARKER, WANT, company, write

EARLIER = "2026-01-01T00:00:00Z"
LATER = "2099-01-01T00:00:00Z"
FEEDS = ("Organisation", "Person", "Delivery", "QuotationLine", "LinkedData")


def rows(count: int, **fields: object) -> list[dict[str, object]]:
    return [{"OrganisationName": f"Firma {n}", **fields} for n in range(count)]


async def test_the_feeds_are_those_of_the_contract() -> None:
    async with company() as crm:
        assert [feed.name for feed in crm.held.feeds] == [
            *("Organisation", "Person", "LinkedData", "Delivery", "QuotationLine"),
        ]
        [catalogue] = [feed for feed in crm.held.feeds if not feed.incremental]
        assert (catalogue.name, catalogue.every) == ("LinkedData", 360)
        assert (crm.held.side, crm.held.name, crm.held.settle_ms) == (Side.CRM, "webcrm", 2000)


@pytest.mark.parametrize("queries", ["on", "off"])
async def test_a_first_read_brings_everything_once(queries: str) -> None:
    async with company(queries=queries) as crm:
        crm.world.load("organisation", rows(2_300))
        item = crm.item()
        delivery = crm.delivery()
        crm.act("add_line", deal=delivery, item=item, fields={})
        found = {name: await crm.records(name) for name in FEEDS}
        assert len(found["Organisation"]) == 2_301
        assert {len(found[name]) for name in FEEDS[1:]} == {1}
        [line] = found["QuotationLine"].values()
        assert line.owner == str(delivery)
        assert all(record.side is Side.CRM for each in found.values() for record in each.values())


async def test_rows_that_move_while_the_list_is_read_are_not_lost() -> None:
    async with company() as crm:
        numbers = crm.world.load("organisation", rows(2_500))
        seen: set[str] = set()
        feed = crm.held.feeds[0]
        async for page in crm.held.read(feed, None, WANT[Kind.ORGANISATION], LIVE):
            seen |= {record.rid for record in page.records}
            for number in numbers[:300]:  # gone from the pages that were read: everything moves up
                if number in crm.world.books.tables["organisation"].rows:
                    crm.act("delete", kind="organisation", id=number)
        assert {str(number) for number in numbers} <= seen


@pytest.mark.parametrize("queries", ["on", "off"])
async def test_changes_are_found_from_the_position_on_with_overlap(queries: str) -> None:
    async with company(queries=queries) as crm:
        pages = await crm.read("Organisation")
        position = pages[-1].position
        assert position == "2026-01-05T08:00:00Z"
        crm.act("edit", kind="organisation", id=778800, fields={"OrganisationCity": "Ribe"})
        [page] = await crm.read("Organisation", position)
        [record] = page.records
        assert record.fields["OrganisationCity"] == "Ribe"
        assert record.by_us is False
        assert page.position > position
        assert page.started_ms
        assert page.server_ms
        again = await crm.records("Organisation", page.position)  # inclusive, and looked back
        assert list(again) == ["778800"]
        assert await crm.records("Organisation", LATER) == {}


async def test_a_thousand_changes_in_one_second_are_all_found() -> None:
    async with company() as crm:
        at = "2026-03-01T10:00:00+00:00"
        crm.world.load("organisation", rows(2_100, OrganisationUpdatedAt=at))
        crm.world.load("organisation", rows(5, OrganisationUpdatedAt="2026-03-01T10:00:01+00:00"))
        assert len(await crm.records("Organisation", "2026-03-01T09:00:00Z")) == 2_105


async def test_a_position_never_passes_the_servers_clock() -> None:
    async with company() as crm:
        crm.world.load("organisation", rows(1, OrganisationUpdatedAt="2090-01-01T00:00:00+00:00"))
        pages = await crm.read("Organisation")
        now = datetime.fromtimestamp(crm.clock.now_ms() / 1000, UTC)
        assert pages[-1].position <= now.strftime(feeds.STAMP)


async def test_a_second_key_to_sort_by_may_be_refused() -> None:
    async with company(query_order_keys=1) as crm:
        for _ in range(2):
            assert list(await crm.records("Organisation", EARLIER)) == ["778800"]
        refused = crm.face.counts.by_kind.get(("GET /Queries Organisation", 400), 0)
        assert refused == 1  # learnt at the first time


async def test_a_position_that_is_none_is_said() -> None:
    async with company() as crm:
        with pytest.raises(Unknown) as caught:
            await crm.read("Person", "yesterday")
        assert caught.value.code == "position"


async def test_a_token_without_queries_is_found_out_once_and_persons_are_scanned() -> None:
    token = Token(name="reader", code="r", queries_allowed=False)
    async with company(code="r", tokens=[token]) as crm:
        assert len(await crm.records("Person")) == 1
        assert len(await crm.records("Organisation", EARLIER)) == 1
        assert crm.calls("GET /Queries") == 1
        assert crm.calls("GET /Persons") == 1
        assert crm.calls("GET /Organisations/FindByUpdateDates") == 1
        assert await crm.read("Person", EARLIER) == []  # the scan is not due again yet
        assert any("/Queries" in notice for notice in crm.held.notices())


async def test_a_server_without_the_lines_table_is_asked_for_lists_instead() -> None:
    tables = frozenset({"organisation", "person", "delivery"})
    async with company(query_tables=tables) as crm:
        item, deliveries = crm.item(), [crm.delivery(), crm.delivery()]
        for delivery in deliveries:
            crm.act("add_line", deal=delivery, item=item, fields={})
        assert len(await crm.records("QuotationLine")) == 2
        assert len(await crm.records("Delivery")) == 2
        rids = [str(delivery) for delivery in deliveries]
        found = await crm.held.get(Kind.DELIVERY, rids, WANT[Kind.DELIVERY], LIVE)
        assert [len(found[rid].lines) for rid in rids] == [1, 1]


async def test_a_refused_token_does_not_pass_for_missing_queries() -> None:
    async with company(code="wrong") as crm:
        with pytest.raises(Unauthorized):
            await crm.read("Person")


async def test_an_ill_server_does_not_pass_for_missing_queries() -> None:
    async with company() as crm:
        crm.face.faults.add("error", path="/Queries", count=1)
        with pytest.raises(Unknown):
            await crm.read("Person")
        assert len(await crm.records("Person")) == 1
        assert crm.calls("GET /Persons") == 0


async def test_deliveries_come_with_their_lines_in_order() -> None:
    async with company() as crm:
        item = crm.item("10", **{f"{ITEM}Data2": "Produkt 1"})
        deliveries = [crm.delivery(), crm.delivery(), crm.delivery()]
        for order, text in ((30, "c"), (10, "a"), (20, "b")):
            fields = {"QuotationLineSortOrder": order, "QuotationLineMemo": text}
            crm.act("add_line", deal=deliveries[0], item=item, fields=fields)
        rids = [*map(str, deliveries), "999999"]
        many = await crm.held.get(Kind.DELIVERY, rids, WANT[Kind.DELIVERY], LIVE)
        assert set(many) == set(rids[:3])
        one = await crm.one(Kind.DELIVERY, deliveries[0])
        for record in (one, many[rids[0]]):
            assert [line.fields["QuotationLineMemo"] for line in record.lines] == ["a", "b", "c"]
            assert record.lines[0].fields["QuotationLineData2"] == "Produkt 1"
        assert await crm.held.get(Kind.DELIVERY, ["999999"], WANT[Kind.DELIVERY], LIVE) == {}


async def test_the_default_option_of_a_dropdown_is_empty() -> None:
    async with company() as crm:
        [number] = crm.world.load("organisation", [{"OrganisationName": "Ny"}])
        await crm.held.catalogue(LIVE)
        assert (await crm.one(Kind.ORGANISATION, number)).fields["OrganisationType"] == ""
        assert (await crm.one(Kind.ORGANISATION, 778800)).fields["OrganisationType"] == "Kunde"


@pytest.mark.parametrize("queries", ["on", "off"])
async def test_creates_are_looked_up_by_their_markers_and_case_counts(queries: str) -> None:
    async with company(queries=queries) as crm:
        crm.world.load("organisation", rows(1, **{MARKER: "erp:organisation:1"}))
        crm.world.load("organisation", rows(1, **{MARKER: "ERP:organisation:2"}))
        markers = [f"erp:organisation:{n}" for n in (1, 2, 3)]
        creates = [
            write(Kind.ORGANISATION, Action.CREATE, {MARKER: marker}, marker=marker) for marker in markers
        ]
        found = await crm.held.find(creates, 0, WANT[Kind.ORGANISATION], LIVE)
        assert [len(records) for records in found] == [1, 0, 0]


async def test_two_records_with_one_marker_are_both_shown() -> None:
    async with company() as crm:
        for _ in range(2):
            crm.delivery(DeliveryErpId="erp:order:SO/000223")
        marker = "erp:order:SO/000223"
        create = write(Kind.DELIVERY, Action.CREATE, {"DeliveryErpId": marker}, marker=marker)
        [found] = await crm.held.find([create], 0, WANT[Kind.DELIVERY], LIVE)
        assert len(found) == 2


@pytest.mark.parametrize("queries", ["on", "off"])
async def test_a_person_without_a_place_for_the_marker_is_known_by_the_hints(queries: str) -> None:
    async with company(queries=queries) as crm:
        hints = {"PersonOrganisationId": "778800", "PersonEmail": "karsten@kunde.example"}
        other = {**hints, "PersonEmail": "o'hara@kunde.example"}
        creates = [write(Kind.PERSON, Action.CREATE, {}, hints=given) for given in (hints, other)]
        found = await crm.held.find(creates, 0, WANT[Kind.PERSON], LIVE)
        assert [len(records) for records in found] == [1, 0]
        with pytest.raises(Rejected):  # nothing to know it by: refused before anything is created twice
            await crm.held.find([write(Kind.PERSON, Action.CREATE)], 0, frozenset(), LIVE)


async def test_catalogue_rows_are_known_by_their_number() -> None:
    async with company() as crm:
        number = crm.item("10")
        creates = [write(Kind.ITEM, Action.CREATE, {}, hints={f"{ITEM}Data1": code}) for code in ("10", "1")]
        found = await crm.held.find(creates, 0, frozenset(), LIVE)
        assert [[record.rid for record in records] for records in found] == [[str(number)], []]


@pytest.mark.parametrize("sort", ["error", "reset_before", "half_body", "throttle"])
async def test_a_failed_page_ends_the_read_with_a_fault_of_the_taxonomy(sort: str) -> None:
    async with company(queries="on") as crm:
        crm.face.faults.add(sort, path="/Queries", count=1)
        with pytest.raises(SystemFault):
            await crm.read("Organisation")
