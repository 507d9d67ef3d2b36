"""Looks again where change feeds are blind: payments, deleted lines, disappeared records.

- Payments may not move an invoice's timestamp: hourly one list of open documents; a known open one that is absent is read.
- webCRM tells nobody of a deleted line: the lines of deliveries whose order is open are read again and compared as a set.
- Every day each list is read in full in the reconcile lane, so that a missed change or a disappearance is found.
"""

from functools import partial

from actors.connection import Connection
from streamsync.errors import SystemFault
from streamsync.kernel.actor import Pulse
from streamsync.model import Entity, Kind, Lane, Side
from streamsync.store import observations, pairs
from streamsync.sync.identity import observe

TURN_SECONDS = 10.0
PAYMENTS_SECONDS = 3600.0
LINES_SECONDS = 30.0
FULL_SECONDS = 86_400.0
BATCH = 50


class Reconciler:
    def __init__(self, connection: Connection, *, payments_seconds: float = PAYMENTS_SECONDS) -> None:
        self.name = f"reconciler:{connection.name}"
        self.pulse = Pulse(deadline_seconds=1800)
        self._connection = connection
        self._every = {"payments": payments_seconds, "lines": LINES_SECONDS, "full": FULL_SECONDS}
        self._last: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Reconciler {self._last}>"

    async def run(self) -> None:
        connection = self._connection
        await connection.opened.wait()
        now = connection.clock.monotonic()
        self._last = {"payments": now - self._every["payments"], "lines": now, "full": now}
        while True:
            self.pulse.beat()
            await connection.clock.sleep(min(TURN_SECONDS, *self._every.values()))
            for job, work in (("payments", self.payments), ("lines", self.lines), ("full", self.full)):
                now = connection.clock.monotonic()
                if (
                    (not connection.active(Entity.DELIVERY)
                    and job != "full")
                    or now - self._last[job] < self._every[job]
                ):
                    continue
                if not connection.quiet():
                    continue
                self._last[job] = now
                try:
                    await work()
                except SystemFault as fault:
                    connection.log(
                        "reconcile_failed",
                        connection=connection.name,
                        job=job,
                        error_class=type(fault).__name__,
                        code=fault.code,
                    )

    async def payments(self) -> None:
        """Read singly every document we hold as open that the ERP no longer lists as open (semantics
        §3.6)."""
        connection = self._connection
        known = await connection.store.read(lambda c: observations.open_documents(c, connection.name))
        if not known:
            return
        still_open = await connection.systems[Side.ERP].open_documents(Lane.RECONCILE)
        gone = [rid for rid in known if rid not in still_open]
        await self._read(Side.ERP, Kind.INVOICE, gone)

    async def lines(self) -> None:
        """Read the lines of deliveries whose order can still change; lines that are gone are taken out of the
        shadow."""
        connection = self._connection
        rids = await connection.store.read(lambda c: pairs.open_deliveries(c, connection.name))
        await self._read(Side.CRM, Kind.DELIVERY, rids)

    async def full(self) -> None:
        """Have every feed read its whole list on its next turn."""
        connection = self._connection
        for side, system in connection.systems.items():
            for feed in system.feeds:
                if feed.incremental and connection.active(feed.entity):
                    await connection.store.tx(
                        partial(
                            observations.forget_cursor,
                            connection=connection.name,
                            side=side,
                            feed=feed.name,
                        )
                    )
                    connection.poll_wakes[feed.name].set()

    async def _read(self, side: Side, kind: Kind, rids: list[str]) -> None:
        connection = self._connection
        for start in range(0, len(rids), BATCH):
            started = connection.clock.now_ms()
            found = await connection.systems[side].get(
                kind, rids[start : start + BATCH], connection.want(side, kind), Lane.RECONCILE
            )
            seen = [observe(record, connection.force.rules) for record in found.values()]
            now = connection.clock.now_ms()
            observed = await connection.store.tx(
                lambda c: observations.observe_many(
                    c, connection.name, seen, read_at_ms=started, lane=Lane.LIVE, now_ms=now, whole=True
                )
            )
            for pair in observed.dirty:
                await connection.route.put(pair, Lane.LIVE)
