"""Opens a connection: tokens, identity, field catalogues, code tables, and whether the rules fit them.

Until that succeeds nothing else of the connection runs; while it fails the connection is *degraded*, never
the process. Afterwards it refreshes catalogues and tables once a day, and at once when asked (a validation
error, new rules).
"""

from collections.abc import Mapping
from functools import partial

from actors.connection import Connection
from streamsync.errors import StoreRefused, SystemFault
from streamsync.kernel.actor import Pulse
from streamsync.kernel.signal import Wake
from streamsync.model import Lane, Side
from streamsync.store import meta, observations, tables
from streamsync.sync.rules_check import check

REFRESH_SECONDS = 86_400.0


class Opener:
    def __init__(self, connection: Connection, wake: Wake) -> None:
        self.name = f"opener:{connection.name}"
        self.pulse = Pulse(deadline_seconds=2 * REFRESH_SECONDS)
        self._connection = connection
        self._wake = wake
        self._failures = 0

    def __repr__(self) -> str:
        state = "open" if self._connection.opened.is_set() else "not open yet"
        return f"<Opener {self._connection.name}: {state}>"

    async def run(self) -> None:
        connection = self._connection
        while True:
            self.pulse.beat()
            try:
                await self._open()
            except SystemFault as fault:
                self._failures += 1
                connection.degraded["open"] = f"The connection could not be opened: {fault}"
                connection.log(
                    "open_failed",
                    connection=connection.name,
                    error_class=type(fault).__name__,
                    code=fault.code,
                )
                await self._wake.wait(connection.retry_seconds(self._failures))
                continue
            except StoreRefused as refusal:
                connection.degraded["open"] = str(refusal)
                connection.log("tenant_refused", connection=connection.name)
                await self._wake.wait(REFRESH_SECONDS)
                continue
            self._failures = 0
            await self._wake.wait(REFRESH_SECONDS if connection.opened.is_set() else 60.0)

    async def _open(self) -> None:
        connection = self._connection
        lane = Lane.INTERACTIVE
        for side, system in connection.systems.items():
            await self._remember(side, await system.identity(lane))
            connection.catalogues[side] = await system.catalogue(lane)
        now = connection.clock.now_ms()
        found: dict[Side, Mapping[str, Mapping[str, str]]] = {}
        for side, system in connection.systems.items():
            found[side] = await system.tables(lane)
            await connection.store.tx(
                partial(tables.replace, connection=connection.name, side=side, found=found[side], now_ms=now)
            )
        merged = {**found[Side.CRM], **found[Side.ERP]}
        problems = check(
            connection.force.rules, connection.catalogues[Side.CRM], connection.catalogues[Side.ERP], merged
        )
        if problems:
            connection.degraded["rules"] = "; ".join(str(problem) for problem in problems)
            connection.log("rules_refused", connection=connection.name, problems=len(problems))
            return
        connection.degraded.pop("open", None)
        connection.degraded.pop("rules", None)
        for side, system in connection.systems.items():
            feeds = [(feed.name, feed.kind) for feed in system.feeds if connection.wants(side, feed)]
            await connection.store.tx(
                partial(observations.expect_feeds, connection=connection.name, side=side, feeds=feeds)
            )
        if not connection.opened.is_set():
            connection.log("connection_open", connection=connection.name)
            connection.opened.set()

    async def _remember(self, side: Side, identity: str) -> None:
        await self._connection.store.tx(
            lambda c: meta.remember_identity(c, self._connection.name, side, identity)
        )
