"""The face: real sockets for the control side, in memory under virtual time for what goes wrong on the
wire."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from streamsync.clock import LoopClock, SystemClock
from streamsync.simulators.face import FACE, Face, build_app, handler, start
from streamsync.simulators.faults import FaultPlan, Rule, Sort
from streamsync.simulators.http import Call, Request
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.memhttp import MemoryConnector
from tests.simulation.vloop import run

EPOCH_MS = 1_773_478_800_000  # 2026-03-14T09:00:00Z
JSON = {"Accept": "application/json"}


class Stage:
    """One stand-in in memory and an aiohttp client that is logged in."""

    def __init__(self, face: Face, session: aiohttp.ClientSession, world: WebcrmWorld) -> None:
        self.face = face
        self.session = session
        self.world = world
        self.headers: dict[str, str] = dict(JSON)

    async def login(self) -> None:
        async with self.session.post(
            "http://crm.sim/Auth/ApiLogin", data={"authCode": DEFAULT_TOKEN.code}
        ) as answer:
            content = await answer.json(content_type=None)
        self.headers["Authorization"] = f"Bearer {content['AccessToken']}"

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        url = f"http://crm.sim{path}"
        async with self.session.request(method, url, json=body, headers=self.headers) as answer:
            text = await answer.text()
            if answer.content_type != "application/json":
                return answer.status, text
            return answer.status, await answer.json()

    async def create(self) -> tuple[int, Any]:
        return await self.ask("POST", "/Organisations", {"OrganisationId": 0, "OrganisationName": "Ny Å/S"})

    def organisations(self) -> int:
        return len(self.world.rows("organisation"))


def play(story: Callable[[Stage], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        world = WebcrmWorld(1)
        face = handler(world, LoopClock(EPOCH_MS), FaultPlan(random.Random(1)), **options)
        server = web.Server(face)
        connector = MemoryConnector({"crm.sim:80": server}, lambda: 0.01)
        async with aiohttp.ClientSession(connector=connector) as session:
            stage = Stage(face, session, world)
            await stage.login()
            await story(stage)
        await server.shutdown()
        await asyncio.sleep(1)

    run(whole, 1)


def test_requests_pass_whole_and_are_counted_by_kind() -> None:
    async def story(stage: Stage) -> None:
        assert await stage.create() == (200, 778801)
        status, row = await stage.ask("GET", "/Organisations/778801")
        assert (status, row["OrganisationName"]) == (200, "Ny Å/S")
        path = "/Organisations/FindByUpdateDates/2026-03-14T08%3A00%3A00Z/2026-03-15"
        assert len((await stage.ask("GET", path))[1]) == 1
        counts = stage.face.counts.as_json()
        assert counts["by_kind"] == {
            "GET /Organisations/FindByUpdateDates/{startDate}/{endDate}": {"200": 1},
            "GET /Organisations/{id}": {"200": 1},
            "POST /Auth/ApiLogin": {"200": 1},
            "POST /Organisations": {"200": 1},
        }
        assert EPOCH_MS < stage.face.counts.last_write_ms < EPOCH_MS + 1000

    play(story)


def test_refusals_are_injected_before_the_work() -> None:
    async def story(stage: Stage) -> None:
        stage.face.faults.add("throttle", method="POST", count=1, seconds=7)
        stage.face.faults.add("error", method="POST", path="/Organisations", count=1, status=503)
        stage.face.faults.add("unauthorized", method="GET", count=1)
        assert await stage.create() == (429, {"RetryAfterSeconds": 7})
        assert await stage.create() == (503, "An error has occurred.")
        assert (await stage.ask("GET", "/Organisations/778800"))[0] == 401
        assert stage.organisations() == 1
        assert (await stage.create())[0] == 200
        assert stage.face.faults.rules == []

    play(story)


@pytest.mark.parametrize(("sort", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_resets_break_the_connection_before_or_after_the_work(sort: str, made: int) -> None:
    async def story(stage: Stage) -> None:
        stage.face.faults.add(sort, method="POST", count=1)
        with pytest.raises(aiohttp.ClientConnectionError):
            await stage.create()
        assert stage.organisations() == 1 + made
        assert stage.face.counts.by_kind["POST /Organisations", 0] == 1

    play(story)


def test_a_late_commit_lands_within_its_bound_after_the_answer_was_lost() -> None:
    async def story(stage: Stage) -> None:
        stage.face.faults.add("late_commit", method="POST", count=1, seconds=2)
        with pytest.raises(aiohttp.ClientConnectionError):
            await stage.create()
        before = stage.organisations()
        await asyncio.sleep(2)
        assert (before, stage.organisations()) == (1, 2)

    play(story)


def test_half_a_body_is_a_payload_error_although_the_work_is_done() -> None:
    async def story(stage: Stage) -> None:
        stage.face.faults.add("half_body", path="/Organisations", count=2)
        with pytest.raises(aiohttp.ClientPayloadError):
            await stage.ask("GET", "/Organisations")
        with pytest.raises(aiohttp.ClientPayloadError):
            await stage.create()
        assert stage.organisations() == 2

    play(story)


def test_error_after_duplicates_and_latency() -> None:
    async def story(stage: Stage) -> None:
        stage.face.faults.add("error_after", method="POST", count=1)
        assert (await stage.create())[0] == 500
        assert stage.organisations() == 2
        stage.face.faults.add("duplicate_rows", count=1)
        stage.face.faults.add("latency", probability=1.0, seconds=60)
        before = asyncio.get_running_loop().time()
        rows = (await stage.ask("GET", "/Organisations"))[1]
        assert len(rows) == 3
        assert len({row["OrganisationId"] for row in rows}) == 2
        assert 1 < asyncio.get_running_loop().time() - before < 61

    play(story)


def test_clock_offset_moves_stamps_and_date_header() -> None:
    async def story(stage: Stage) -> None:
        stage.face.faults.clock_offset_ms = 600_000
        await stage.create()
        row = (await stage.ask("GET", "/Organisations/778801"))[1]
        assert row["OrganisationCreatedAt"] == "2026-03-14T09:10:00+00:00"
        async with stage.session.get("http://crm.sim/Auth", headers=stage.headers) as answer:
            assert answer.headers["Date"] == "Sat, 14 Mar 2026 09:10:00 GMT"

    play(story)


def test_hook_calls_are_delivered_and_a_dead_target_is_only_counted() -> None:
    sent: list[str] = []

    async def send(call: Call) -> None:
        sent.append(call.url)
        if len(sent) > 1:
            raise aiohttp.ClientConnectionError

    async def story(stage: Stage) -> None:
        hook = {"Id": 0, "TargetUrl": "https://x.example/h", "IsEnabled": True, "Filter": ["All"]}
        await stage.ask("POST", "/Organisations/Hooks", {**hook, "EventType": "Create"})
        await stage.create()
        await asyncio.sleep(1)
        await stage.create()
        await asyncio.sleep(1)
        assert sent == ["https://x.example/h"] * 2
        assert (stage.face.counts.calls_sent, stage.face.counts.calls_failed) == (1, 1)

    play(story, send=send)


def test_a_plan_is_deterministic_and_refuses_nonsense() -> None:
    def fates(seed: int) -> list[Sort | None]:
        plan = FaultPlan(random.Random(seed), [Rule(sort=Sort.ERROR, probability=0.5)])
        return [plan.decide(Request(method="GET", path="/x")).sort for _ in range(30)]

    assert fates(1) == fates(1) != fates(2)
    plan = FaultPlan(random.Random(1))
    for settings in ({}, {"probability": 2.0}, {"count": 1, "colour": "red"}):
        with pytest.raises(ValueError, match=r"rule|field"):
            plan.add("error", **settings)
    with pytest.raises(ValueError, match="Invalid enum"):
        plan.add("earthquake", count=1)


async def test_control_side_over_a_real_server() -> None:
    runner, port = await start(WebcrmWorld(1), SystemClock(), FaultPlan(random.Random(1)), "127.0.0.1", 0)
    try:
        await control_story(port)
    finally:
        await runner.cleanup()


async def control_story(port: int) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}/_sim/") as session:

        async def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
            async with session.request(method, path, json=body) as answer:
                return answer.status, await answer.json()

        assert (await ask("GET", "health"))[1]["name"] == "webcrm"
        status, rules = await ask("POST", "faults", {"sort": "reset_before", "probability": 1.0})
        assert (status, len(rules["rules"])) == (200, 1)
        edit = {"act": "edit", "kind": "organisation", "id": 778800, "fields": {"OrganisationCity": "Ålborg"}}
        assert await ask("POST", "act", edit) == (200, {"result": 778800})
        state = (await ask("GET", "state?part=organisation"))[1]
        assert [row["OrganisationCity"] for row in state["organisation"]] == ["Ålborg"]
        assert "defaults" in (await ask("GET", "state"))[1]
        with pytest.raises(aiohttp.ClientConnectionError):
            async with session.post("/Organisations"):  # aiohttp itself would try a GET twice
                raise AssertionError
        assert (await ask("GET", "counts"))[1]["by_kind"] == {"POST /Organisations": {"0": 1}}
        assert (await ask("DELETE", "counts"))[1]["total"] == 0
        offsets = (await ask("POST", "faults", {"clock_offset_ms": 5, "zone_offset_minutes": 60}))[1]
        assert (offsets["clock_offset_ms"], offsets["zone_offset_minutes"], len(offsets["rules"])) == (
            5,
            60,
            1,
        )
        assert (await ask("DELETE", "faults"))[1] == {
            "rules": [],
            "clock_offset_ms": 0,
            "zone_offset_minutes": 0,
        }
        for path, body in (("act", {"act": "fly"}), ("act", [1]), ("act", {}), ("faults", {"sort": "x"})):
            status, content = await ask("POST", path, body)
            assert (status, bool(content["error"])) == (400, True)
        assert (await ask("GET", "nothing"))[0] == 404


async def test_an_app_knows_its_face() -> None:
    app = build_app(WebcrmWorld(1), SystemClock(), FaultPlan(random.Random(1)))
    assert app[FACE].stand_in.name == "webcrm"
