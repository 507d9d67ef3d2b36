"""A webCRM stand-in on a real socket with the adapter connected to it, for the adapter's tests."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from streamsync.clock import SystemClock
from streamsync.kernel.limiter import Limiter
from streamsync.model import Action, Fields, Kind, Lane, LineEdit, Record, Side, Write
from streamsync.simulators.face import Face
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN
from streamsync.simulators.webcrm.world import WebcrmWorld
from streamsync.systems.port import Page
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport
from streamsync.systems.webcrm.fields import FIELDS
from streamsync.systems.webcrm.system import WebcrmSystem

LIVE = Lane.LIVE
ITEM = "QuotationLineLinkedDataItem"
MARKER = "OrganisationExtraCustom8"
WANT = {
    Kind.ORGANISATION: frozenset({"OrganisationName", "OrganisationCity", "OrganisationType", MARKER}),
    Kind.PERSON: frozenset({"PersonFirstName", "PersonLastName", "PersonEmail", "PersonOrganisationId"}),
    Kind.DELIVERY: frozenset(
        {"DeliveryNumber", "DeliveryErpId", "DeliveryOrganisationId", "DeliveryResponsible", "DeliveryStatus"}
        | {"DeliveryWonDate", "DeliveryOrderValue", "DeliveryDescription"}
    ),
    Kind.LINE: frozenset(
        {"QuotationLineData1", "QuotationLineData2", "QuotationLineQuantity", "QuotationLinePrice"}
        | {"QuotationLineSortOrder", "QuotationLineMemo"}
    ),
    Kind.ITEM: frozenset(name for name in FIELDS[Kind.ITEM] if "EntityType" not in name),
}


class Company:
    def __init__(self, world: WebcrmWorld, face: Face, held: WebcrmSystem, clock: SystemClock) -> None:
        self.world = world
        self.face = face
        self.held = held
        self.clock = clock

    def calls(self, prefix: str) -> int:
        return self.face.counts.total(prefix)

    def act(self, what: str, /, **arguments: object) -> Any:
        return self.world.act(what, dict(arguments), self.clock.now_ms())

    def item(self, code: str = "10", **fields: object) -> int:
        return self.world.load("item", [{f"{ITEM}Data1": code, **fields}])[0]

    def delivery(self, **fields: object) -> int:
        return self.world.load("delivery", [{"DeliveryOrganisationId": 778800, **fields}])[0]

    async def read(self, name: str, since: str | None = None) -> list[Page]:
        feed = next(found for found in self.held.feeds if found.name == name)
        return [page async for page in self.held.read(feed, since, WANT[feed.kind], LIVE)]

    async def records(self, name: str, since: str | None = None) -> dict[str, Record]:
        found = await self.read(name, since)
        assert not [bad for page in found for bad in page.malformed]
        return {record.rid: record for page in found for record in page.records}

    async def one(self, kind: Kind, rid: str | int) -> Record:
        return (await self.held.get(kind, [str(rid)], WANT[kind], LIVE))[str(rid)]

    async def send(self, kind: Kind, action: Action, fields: Fields | None = None, **more: Any) -> Any:
        return await self.held.send(write(kind, action, fields, **more), "", LIVE)


def write(kind: Kind, action: Action, fields: Fields | None = None, **more: Any) -> Write:
    return Write(side=Side.CRM, kind=kind, action=action, fields=fields or {}, **more)


def insert(**fields: str) -> LineEdit:
    return LineEdit(action="insert", fields={f"QuotationLine{name}": text for name, text in fields.items()})


def change(key: str, **fields: str) -> LineEdit:
    named = {f"QuotationLine{name}": text for name, text in fields.items()}
    return LineEdit(action="update", key=key, fields=named)


@asynccontextmanager
async def company(
    *,
    code: str = DEFAULT_TOKEN.code,
    proven: frozenset[str] = frozenset(),
    queries: str = "auto",
    **world: Any,
) -> AsyncIterator[Company]:
    clock = SystemClock()
    simulated = WebcrmWorld(7, **{"requests_per_minute": 60_000, "create_race_probability": 0.0, **world})
    face = Face(simulated, clock, FaultPlan(random.Random(7)))
    runner = web.ServerRunner(web.Server(face))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    transport = Transport(
        system="webcrm",
        origins=[url],
        allow_loopback=True,
        clock=clock,
        limiter=Limiter(clock, per_minute=600_000, burst=100, circuit_failures=100),
    )
    held = WebcrmSystem(
        url=url,
        token=Secret(code),
        transport=transport,
        clock=clock,
        settle_seconds=2,
        proven=proven,
        queries=queries,
    )
    await held.open()
    try:
        yield Company(simulated, face, held, clock)
    finally:
        await held.close()
        await runner.cleanup()
