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

    def __repr__(self) -> str:
        return f"<Janitor {self._store!r}>"

    async def run(self) -> None:
        swept = self._clock.monotonic()
        while True:
            self.pulse.beat()
            for connection in self._connections:
                found = await self._store.read(partial(status.summary, connection=connection.name))
                connection.busy = found.unprocessed + found.open_ops
                self._metrics.summarise(connection.name, found)
                for side, system in connection.systems.items():
                    allowance = system.allowance()
                    if allowance.limit:
                        self._metrics.quota(connection.name, side, allowance.limit, allowance.remaining)
            self._metrics.stored(self._store.statistics())
            self._publish()
            if self._clock.monotonic() - swept > RETENTION_SECONDS:
                swept = self._clock.monotonic()
                await self._sweep()
            await self._clock.sleep(PUBLISH_SECONDS)

    async def _sweep(self) -> None:
        """In slices, each a short transaction, until nothing has aged out."""
        now = self._clock.now_ms()
        while await self._store.tx(partial(retention.sweep, now_ms=now)):
            self.pulse.beat()
