"""Web hooks of both services on their way to the daemon: lost, doubled, late, out of order, and there before
what they speak of can be seen.

The stand-ins make the calls, the product's own receiver takes them; only the way between is ours. A life that
is dead or not yet born takes none.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import aiohttp
from aiohttp import web

from streamsync.clock import Clock
from streamsync.daemon import Daemon
from streamsync.model import Kind, Lane, Side
from streamsync.simulators.face import Face
from streamsync.simulators.http import Call
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.hooks import EVENTS
from streamsync.simulators.webcrm.world import WebcrmWorld
from streamsync.web.hooks import HookSecrets, routes
from tests.simulation.memhttp import MemoryConnector

ADDRESS = "127.0.0.1:8080"
SECRET = "a-path-that-nobody-guesses"
KINDS = ("organisation", "person", "delivery", "line")
LOST, DOUBLED, LATE = 0.2, 0.2, 0.5
LATEST_SECONDS = 30.0


class Hooks:
    def __init__(self, crm: Face, erp: Face, clock: Clock, rng: random.Random, met: Counter[str]) -> None:
        self._faces = (crm, erp)
        self._clock, self._rng, self._met = clock, rng, met
        self._session: aiohttp.ClientSession | None = None
        self._living: Callable[[], Daemon | None] = lambda: None

    async def begin(self, living: Callable[[], Daemon | None]) -> None:
        """`living`: the daemon that runs now."""
        self._living = living
        crm, erp = (face.stand_in for face in self._faces)
        assert isinstance(crm, WebcrmWorld)
        assert isinstance(erp, VismaWorld)
        now_ms = self._clock.now_ms()
        for kind in KINDS:
            for event in EVENTS:
                more = "?event=delete" if event == "Delete" else ""
                target = f"http://{ADDRESS}/hooks/webcrm/kunde/{SECRET}{more}"
                hook = {
                    "Filter": ["All"],
                    "EventType": event,
                    "Id": 0,
                    "IsEnabled": True,
                    "TargetUrl": target,
                }
                crm.books.hooks.create(kind, "streamsync", hook, "administrator", now_ms)
        erp.act("set_hook", {"url": f"http://{ADDRESS}/hooks/visma/kunde", "secret": SECRET}, now_ms)
        app = web.Application()
        secrets = {"kunde": HookSecrets(webcrm_token=SECRET, visma=(SECRET,))}
        app.add_routes(routes(secrets, self._hint, self._clock, lambda *_: None, self._suspect))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        assert runner.server is not None
        connector = MemoryConnector({ADDRESS: runner.server}, lambda: 0.005)
        self._session = aiohttp.ClientSession(connector=connector)
        for face in self._faces:
            face.send = self._send

    async def end(self) -> None:
        """No more calls."""
        for face in self._faces:
            face.send = None
        if self._session is not None:
            await self._session.close()

    def _hint(self, name: str, side: Side, kind: Kind | None) -> None:
        daemon = self._living()
        if daemon is not None:
            daemon.plant.hints.offer((name, side, kind), Lane.LIVE)

    def _suspect(self, name: str, kind: Kind, rid: str, side: Side) -> None:
        daemon = self._living()
        if daemon is not None:
            daemon.plant.connections[name].suspect(kind, rid, side)

    async def _send(self, call: Call) -> None:
        """One call on its way."""
        rng = self._rng
        if rng.random() < LOST:
            self._met["hook_lost"] += 1
            return
        times = 2 if rng.random() < DOUBLED else 1
        self._met["hook_doubled"] += times - 1
        for _ in range(times):
            late = rng.random() < LATE
            self._met["hook_late" if late else "hook_early"] += 1
            if late:
                await asyncio.sleep(rng.uniform(0, LATEST_SECONDS))
            if self._session is not None and not self._session.closed:
                async with self._session.post(call.url, data=call.body, headers=call.headers) as answer:
                    await answer.read()
