"""Login, catalogue, tables, `check` and the probe of the webCRM adapter."""

import asyncio
import re
from typing import cast

import msgspec
import pytest

from streamsync.clock import SystemClock
from streamsync.errors import Unauthorized
from streamsync.model import Action, Kind, Lane
from streamsync.simulators.webcrm.settings import Token
from streamsync.systems.port import Finding
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Reply, Transport
from streamsync.systems.webcrm.auth import Login
from streamsync.systems.webcrm.check import skew
from tests.unit.systems.webcrm_company import LIVE, Company, company

NEEDED = frozenset({Kind.ORGANISATION, Kind.PERSON, Kind.DELIVERY, Kind.ITEM})

# -- Login


class Hands(SystemClock):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Door:
    """In the place of the transport: answers every login with the next of `bodies`, and counts."""

    def __init__(self, *bodies: bytes, status: int = 200) -> None:
        self.bodies = bodies
        self.status = status
        self.count = 0

    async def request(self, method: str, url: str, **_more: object) -> Reply:
        assert (method, url) == ("POST", "https://api.webcrm.com/Auth/ApiLogin")
        body = self.bodies[min(self.count, len(self.bodies) - 1)]
        self.count += 1
        await asyncio.sleep(0)
        return Reply(status=self.status, headers={}, body=body, date_ms=0, started_ms=0)


def token(text: str, seconds: int = 3600) -> bytes:
    return msgspec.json.encode({"AccessToken": text, "ExpiresIn": seconds, "IsError": False})


def login(door: Door, clock: SystemClock) -> Login:
    return Login("https://api.webcrm.com", Secret("guid"), cast(Transport, door), clock)


async def test_one_login_serves_all_who_wait_and_is_renewed_five_minutes_early() -> None:
    clock = Hands()
    door = Door(token("a"), token("b"))
    held = login(door, clock)
    found = await asyncio.gather(*(held.bearer(lane) for lane in Lane))
    assert {one.reveal() for one in found} == {"a"}
    assert door.count == 1
    clock.seconds = 3299
    assert (await held.bearer(LIVE)).reveal() == "a"
    clock.seconds = 3300
    assert (await held.bearer(LIVE)).reveal() == "b"
    assert door.count == 2


async def test_a_spurned_token_is_replaced_once() -> None:
    clock = Hands()
    door = Door(token("a"), token("b"), token("c"))
    held = login(door, clock)
    old = await held.bearer(LIVE)
    held.spurned(old)
    held.spurned(old)
    new = await held.bearer(LIVE)
    held.spurned(old)  # a straggler speaks of a token that is long gone
    assert (await held.bearer(LIVE)).reveal() == new.reveal() == "b"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"IsError": true, "Error": "invalid_grant", "AccessToken": "x"}'),
        (200, b"{}"),
        (400, b"no"),
        (401, b""),
        (403, b""),
    ],
)
async def test_a_refused_application_token_says_what_to_do(status: int, body: bytes) -> None:
    clock = Hands()
    held = login(Door(body, status=status), clock)
    with pytest.raises(Unauthorized, match="Make a new one under Configuration") as caught:
        await held.bearer(LIVE)
    assert "guid" not in str(caught.value)


async def test_a_read_logs_in_once_more_when_its_token_is_refused() -> None:
    async with company() as crm:
        await crm.held.identity(LIVE)
        crm.act("expire_tokens")
        assert await crm.held.identity(LIVE) == "4711"
        crm.face.faults.add("unauthorized", path="/Auth", skip=0, count=1)
        assert await crm.held.identity(LIVE) == "4711"
        crm.face.faults.add("unauthorized", path="/Organisations", count=2)
        with pytest.raises(Unauthorized):
            await crm.one(Kind.ORGANISATION, 778800)


# -- Catalogue and tables


async def test_the_catalogue_tells_labels_lengths_options_and_types() -> None:
    async with company() as crm:
        catalogue = await crm.held.catalogue(LIVE)
        organisation = catalogue[Kind.ORGANISATION]
        assert organisation["OrganisationExtraCustom1"].label == "CVR"
        assert organisation["OrganisationExtraCustom1"].max_length == 50
        kind = organisation["OrganisationType"]
        assert (kind.kind, kind.options[:2]) == ("choice", ("-- vælg --", "Kunde"))
        assert "OrganisationExtraCustom5" not in organisation  # not configured
        assert not organisation["OrganisationId"].writable
        assert catalogue[Kind.DELIVERY]["DeliveryCustom3"].kind == "date"
        assert catalogue[Kind.PERSON]["PersonCustom1"].kind == "checkbox"
        assert catalogue[Kind.DELIVERY]["DeliveryOrderValue"].kind == "decimal"
        lines = catalogue[Kind.LINE]
        assert "QuotationLineData4" in lines
        assert "QuotationLineData5" not in lines  # switched off in LinkedSetup
        assert "QuotationLineLinkedDataItemData5" not in catalogue[Kind.ITEM]


async def test_the_tables_hold_users_options_and_currencies_and_no_secret() -> None:
    async with company() as crm:
        tables = await crm.held.tables(LIVE)
        assert tables["currency_code"] == {"00": "DKK", "01": "NOK", "02": "SEK", "03": "EUR"}
        assert tables["option:OrganisationType"]["Kunde"] == "Kunde"
        jonas = msgspec.json.decode(tables["user"]["12"])
        assert jonas == {
            "email": "jonas@webcrm.example",
            "initials": "JL",
            "integrationId": "22",
            "name": "Jonas Lindhøj",
        }
        assert "not-to-be-logged" not in str(tables)


# -- Check and probe


async def checked(crm: Company, *, expect_empty: bool = False) -> dict[str, Finding]:
    findings = await crm.held.check(expect_empty=expect_empty, needed=NEEDED)
    return {one.check: one for one in findings}


async def test_a_healthy_system_passes_and_nothing_is_written() -> None:
    async with company() as crm:
        found = await checked(crm)
        assert [one.sentence for one in found.values() if not one.ok] == []
        assert set(found) >= {"webCRM token", "webCRM clock", "webCRM /Queries", "webCRM rights: persons"}
        assert crm.calls("P") == crm.calls("POST /Auth/ApiLogin") == 1


async def test_a_wrong_token_is_one_sentence_and_ends_the_check() -> None:
    async with company(code="wrong") as crm:
        [finding] = (await checked(crm)).values()
        assert not finding.ok
        assert "application token" in finding.sentence
        assert "wrong" not in finding.sentence


async def test_missing_rights_and_missing_queries_are_named() -> None:
    reader = Token(name="r", code="r", rights={"persons": "none"}, queries_allowed=False)
    async with company(code="r", tokens=[reader]) as crm:
        found = await checked(crm)
        assert [name for name, one in found.items() if not one.ok] == [
            *("webCRM rights: persons", "webCRM /Queries"),
        ]
        assert found["webCRM /Queries"].warning
        assert not found["webCRM rights: persons"].warning


async def test_a_clock_ten_minutes_off_and_an_empty_system_are_failures() -> None:
    async with company(example=False) as crm:
        crm.face.faults.clock_offset_ms = 600_000
        found = await checked(crm)
        assert not found["webCRM clock"].ok
        assert re.search(
            r"differ by \+(599|600) s", found["webCRM clock"].sentence
        )  # `Date` has whole seconds
        assert not found["webCRM organisations"].ok
        crm.face.faults.clear()
        found = await checked(crm, expect_empty=True)
        assert all(one.ok for one in found.values())


@pytest.mark.parametrize(("server", "good"), [(119, True), (121, False), (-119, True), (-121, False)])
def test_two_minutes_of_difference_are_allowed(server: int, good: bool) -> None:
    assert skew("webCRM", 1_000_000 + server * 1000, 1_000_000, 1_000_000).ok is good


async def test_the_probe_proves_put_and_patch_and_leaves_the_record_as_it_was() -> None:
    async with company() as crm:
        before = crm.world.get("organisation", 778800)
        findings = await crm.held.probe("778800")
        assert [(one.check, one.ok) for one in findings] == [("probe_put", True), ("probe_patch", True)]
        after = crm.world.get("organisation", 778800)
        moved = {name for name in after if after[name] != before[name]}
        assert moved <= {"OrganisationUpdatedAt", "OrganisationUpdatedBy", "OrganisationHistory"}
        assert crm.held.notices() == ()
        assert crm.held.bulk(Kind.ORGANISATION, Action.UPDATE) == 100
        assert crm.held.assumed(Kind.ORGANISATION, Action.UPDATE)


async def test_a_patch_that_does_not_name_its_record_is_not_proven() -> None:
    async with company(patch_update_answer="empty") as crm:
        put, patch = await crm.held.probe("778800")
        assert put.ok
        assert not patch.ok
        assert crm.held.assumed(Kind.ORGANISATION, Action.UPDATE)
        assert crm.held.bulk(Kind.ORGANISATION, Action.UPDATE) == 1


async def test_a_probe_of_a_record_that_is_not_there_proves_nothing() -> None:
    async with company() as crm:
        findings = await crm.held.probe("1")
        assert not any(one.ok for one in findings)
        [notice] = crm.held.notices()
        assert "check --probe-record" in notice
        assert not crm.held.assumed(Kind.ORGANISATION, Action.UPDATE)
        assert crm.calls("PUT") == crm.calls("PATCH") == 0
