"""A stand-in company on a real socket with the adapter connected to it, for the adapter's tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamsync.clock import SystemClock
from streamsync.kernel.limiter import Limiter
from streamsync.model import Action, Kind, Lane, Record, Side, Write
from streamsync.simulators.face import start
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT, VismaWorld
from streamsync.systems.port import Page
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport
from streamsync.systems.visma.system import VismaSystem

LIVE = Lane.LIVE
WANT = {
    Kind.ORGANISATION: frozenset({"name", "number", "mainAddress.city", "creditLimit", "vatZone.id"}),
    Kind.PERSON: frozenset({"firstName", "lastName", "email", "active"}),
    Kind.ITEM: frozenset({"inventoryNumber", "description", "defaultPrice", "inventoryUnits", "stockItem"}),
    Kind.ORDER: frozenset(
        {
            "status",
            "customer.id",
            "totals.orderTotal",
            "financialInformation.invoiceId",
            "shipments",
            "date",
            "note",
        }
    ),
    Kind.INVOICE: frozenset({"status", "balance", "customer.number", "applications", "documentDate"}),
}
NEEDED = frozenset({Kind.ORGANISATION, Kind.PERSON, Kind.ITEM, Kind.ORDER, Kind.INVOICE})
SECRET = "demo-visma-secret"


class Company:
    def __init__(self, world: VismaWorld, held: VismaSystem, clock: SystemClock) -> None:
        self.world = world
        self.held = held
        self.clock = clock

    def act(self, what: str, /, **arguments: object) -> Any:
        return self.world.act(what, dict(arguments), self.clock.now_ms())

    async def read(self, name: str, since: str | None = None) -> list[Page]:
        feed = next(found for found in self.held.feeds if found.name == name)
        return [page async for page in self.held.read(feed, since, WANT[feed.kind], LIVE)]

    async def records(self, name: str, since: str | None = None) -> dict[str, Record]:
        found = await self.read(name, since)
        assert not [bad for page in found for bad in page.malformed]
        return {record.rid: record for page in found for record in page.records}

    async def send(self, kind: Kind, action: Action, version: str = "", **more: Any) -> Any:
        return await self.held.send(Write(side=Side.ERP, kind=kind, action=action, **more), version, LIVE)

    async def one(self, kind: Kind, rid: str) -> Record:
        return (await self.held.get(kind, [rid], WANT[kind], LIVE))[rid]


@asynccontextmanager
async def company(
    *, secret: str = SECRET, tenant: str = DEFAULT_TENANT, **world: Any
) -> AsyncIterator[Company]:
    clock = SystemClock()
    simulated = VismaWorld(7, **world)
    runner, port = await start(simulated, clock, FaultPlan(clock.rng), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}"
    transport = Transport(
        system="visma",
        origins=[url],
        allow_loopback=True,
        clock=clock,
        limiter=Limiter(clock, per_minute=60_000, burst=100),
    )
    held = VismaSystem(
        finance_url=url,
        orders_url=url,
        token_url=f"{url}/connect/token",
        tenant_id=tenant,
        client_id=DEFAULT_CLIENT,
        client_secret=Secret(secret),
        transport=transport,
        clock=clock,
        settle_seconds=2,
        order_types=("SO", "IN"),
    )
    await held.open()
    try:
        yield Company(simulated, held, clock)
    finally:
        await held.close()
        await runner.cleanup()
