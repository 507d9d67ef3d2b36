"""A Visma.net stand-in in its own server, its traffic kept in a book, with the adapter connected to it."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from streamsync.clock import SystemClock
from streamsync.kernel.limiter import Limiter
from streamsync.simulators.face import Face
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT, VismaWorld
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport
from streamsync.systems.visma.system import VismaSystem
from tests.contract.book import Book
from tests.unit.systems.visma_company import SECRET, Company


@asynccontextmanager
async def recorded(book: Book, **world: Any) -> AsyncIterator[Company]:
    clock = SystemClock()
    simulated = VismaWorld(7, **{"action_delay_ms": 0, **world})
    runner = web.ServerRunner(web.Server(Face(simulated, clock, FaultPlan(random.Random(7)), book)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    held = VismaSystem(
        finance_url=url,
        orders_url=url,
        token_url=f"{url}/connect/token",
        tenant_id=DEFAULT_TENANT,
        client_id=DEFAULT_CLIENT,
        client_secret=Secret(SECRET),
        transport=Transport(
            system="visma",
            origins=[url],
            allow_loopback=True,
            clock=clock,
            limiter=Limiter(clock, per_minute=600_000, burst=100, circuit_failures=100),
        ),
        clock=clock,
        settle_seconds=2,
        order_types=("SO", "IN"),
        may_delete=True,
    )
    await held.open()
    try:
        yield Company(simulated, held, clock)
    finally:
        await held.close()
        await runner.cleanup()
