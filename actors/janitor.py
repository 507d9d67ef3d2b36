"""Keeps the house: publishes the gauges, checkpoints the write-ahead log, forgets what has aged out.

Publishing only reads; nothing is committed when nothing changed.
"""

from collections.abc import Callable, Sequence
from functools import partial

from actors.connection import Connection
from streamsync.clock import Clock
from streamsync.kernel.actor import Pulse
from streamsync.observe.metrics import Metrics
from streamsync.store import retention, status
from streamsync.store.db import Store

PUBLISH_SECONDS = 5.0
RETENTION_SECONDS = 86_400.0


class Janitor:
    name = "janitor"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        connections: Sequence[Connection],
        publish: Callable[[], None],
    ) -> None:
        self.pulse = Pulse(deadline_seconds=120)
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._connections = connections
        self._publish = publish
        self._counted_at = -1  # the number of commits at the last count: without another one it still stands

    def __repr__(self) -> str:
        return f"<Janitor {self._store!r}>"

    async def run(self) -> None:
        swept = self._clock.monotonic()
        while True:
            self.pulse.beat()
            commits = self._store.commits
            for connection in self._connections:
                if commits != self._counted_at:
                    await self._count(connection)
                for side, system in connection.systems.items():
                    allowance = system.allowance()
                    if allowance.limit:
                        self._metrics.quota(connection.name, side, allowance.limit, allowance.remaining)
            self._counted_at = commits
            self._metrics.stored(self._store.statistics())
            self._publish()
            if self._clock.monotonic() - swept > RETENTION_SECONDS:
                swept = self._clock.monotonic()
                await self._sweep()
            await self._clock.sleep(PUBLISH_SECONDS)

    async def _count(self, connection: Connection) -> None:
        found = await self._store.read(partial(status.summary, connection=connection.name))
        connection.busy = found.unprocessed + found.open_ops
        self._note_brake(connection, found)
        self._metrics.summarise(connection.name, found)

    def _note_brake(self, connection: Connection, found: status.Summary) -> None:
        """Once per burst: the operator hears that something waits for a person."""
        before = self._metrics.last_summary(connection.name)
        known = {(held.entity, held.side) for held in before.braked} if before else set()
        for held in found.braked:
            if (held.entity, held.side) not in known:
                connection.log(
                    "brake_on",
                    connection=connection.name,
                    entity=held.entity,
                    system=held.side,
                    what=held.mass,
                    count=held.count,
                )

    async def _sweep(self) -> None:
        """In slices, each a short transaction, until nothing has aged out."""
        now = self._clock.now_ms()
        while await self._store.tx(partial(retention.sweep, now_ms=now)):
            self.pulse.beat()
