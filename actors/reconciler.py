"""Looks again where change feeds are blind: payments, deleted lines, disappeared records.

- A payment may not move an invoice's stamp: hourly one list of open documents; one absent there is read.
- Stock moves without the item's stamp: its own list, every `item.stock_interval`.
- webCRM tells nobody of a deleted line: lines of deliveries with an open order are read again as a set, a
  batch at a time; those of ended orders too, a batch an hour.
- Daily each list is read in full, so that a missed change or a disappearance is found. Missing is not
  deleted: only what two full reads an hour apart do not show, and a single read by its key does not find, is
  gone; in webCRM also what a delete hook named and a single read does not find (semantics §10).
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from actors.connection import Connection
from streamsync.errors import SystemFault
from streamsync.kernel.actor import Pulse
from streamsync.model import Entity, Kind, Lane, Record, Side
from streamsync.store import observations, pairs
from streamsync.sync.identity import observe

TURN_SECONDS = 10.0
PAYMENTS_SECONDS = 3600.0
LINES_SECONDS = 30.0
ENDED_SECONDS = 3600.0
GONE_SECONDS = 600.0
FULL_SECONDS = 86_400.0
EVIDENCE_SECONDS = 3600.0
MISSES = 2
POLLS_BETWEEN = 3  # nothing is looked at again more often than so many polls
BATCH = 50
STOCK_FIELD = "warehouseDetails"  # read only where stock is mapped (row I10)


class Reconciler:
    def __init__(self, connection: Connection) -> None:
        self.name = f"reconciler:{connection.name}"
        self.pulse = Pulse(deadline_seconds=1800)
        self._connection = connection
        self._jobs: dict[str, tuple[float, Callable[[], Awaitable[None]]]] = {
            "payments": (PAYMENTS_SECONDS, self.payments),
            "stock": (0.0, self.stock),
            "lines": (LINES_SECONDS, self.lines),
            "ended": (ENDED_SECONDS, self.ended),
            "gone": (GONE_SECONDS, self.gone),
            "full": (FULL_SECONDS, self.full),
        }
        self._due: dict[str, float] = {}
        self._at = {"lines": 0, "ended": 0}  # where the next batch of each begins

    def __repr__(self) -> str:
        return f"<Reconciler {self._due}>"

    async def run(self) -> None:
        connection = self._connection
        await connection.opened.wait()
        now = connection.clock.monotonic()
        self._due = {job: now + every for job, (every, _) in self._jobs.items()}
        self._due |= {"payments": now, "stock": now}
        while True:
            self.pulse.beat()
            await connection.clock.sleep(min(TURN_SECONDS, POLLS_BETWEEN * connection.poll_seconds[Side.CRM]))
            if connection.suspects:
                await self._attempt("told", self.told)
            for job, (every, work) in self._jobs.items():
                now = connection.clock.monotonic()
                if now < self._due[job] or not connection.quiet():
                    continue
                every = every or connection.force.rules.item.stock_interval
                self._due[job] = now + max(every, POLLS_BETWEEN * connection.poll_seconds[Side.CRM])
                await self._attempt(job, work)

    async def _attempt(self, job: str, work: Callable[[], Awaitable[None]]) -> None:
        connection = self._connection
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
        """Read singly what we hold as open and the ERP no longer lists as open (semantics §3.6)."""
        connection = self._connection
        if not connection.active(Entity.INVOICE):
            return
        known = await connection.store.read(partial(observations.open_documents, connection=connection.name))
        if known:
            still_open = await connection.systems[Side.ERP].open_documents(Lane.RECONCILE)
            await self._read(Side.ERP, Kind.INVOICE, [rid for rid in known if rid not in still_open])

    async def stock(self) -> None:
        """A movement of stock moves no item's stamp: a list of its own, every `item.stock_interval`."""
        connection, side = self._connection, Side.ERP
        want = connection.want(side, Kind.ITEM)
        if not connection.active(Entity.ITEM) or STOCK_FIELD not in want:
            return
        name, store = connection.name, connection.store
        since = await store.read(lambda c: observations.cursor(c, name, side, "stock"))
        page = await connection.systems[side].stock(since, want, Lane.LIVE)
        await self._observe(list(page.records), page.started_ms)
        await store.tx(lambda c: observations.set_cursor(c, name, side, "stock", page.position))

    async def lines(self) -> None:
        """Read the lines of deliveries whose order can still change; those that are gone leave the shadow.

        One batch a turn, so that many open orders cost no more calls than few. A deletion that moved the
        delivery's value was found before, by the value that no longer fits (sync/handed_over.py)."""
        await self._read_lines("lines", pairs.open_deliveries)

    async def ended(self) -> None:
        """The same for deliveries whose order is completed or cancelled: such a deletion is a locked edit."""
        await self._read_lines("ended", pairs.ended_deliveries)

    async def _read_lines(self, job: str, which: Callable[..., list[str]]) -> None:
        connection = self._connection
        if connection.active(Entity.DELIVERY):
            rids = await connection.store.read(partial(which, connection=connection.name))
            at = self._at[job] if self._at[job] < len(rids) else 0
            await self._read(Side.CRM, Kind.DELIVERY, rids[at : at + BATCH])
            self._at[job] = at + BATCH

    async def full(self) -> None:
        """Have every feed read its whole list on its next turn."""
        connection = self._connection
        for side, system in connection.systems.items():
            for feed in system.feeds:
                if not connection.active(feed.entity):
                    continue
                if feed.incremental:
                    await connection.store.tx(
                        partial(
                            observations.forget_cursor,
                            connection=connection.name,
                            side=side,
                            feed=feed.name,
                        )
                    )
                connection.poll_wakes[feed.name].set()

    async def gone(self) -> None:
        """Turn suspicion into evidence, or drop it: read singly what two full reads did not show."""
        connection = self._connection
        suspects = False
        for side, system in connection.systems.items():
            for kind in {feed.kind for feed in system.feeds if connection.active(feed.entity)}:
                missing = await connection.store.read(
                    partial(observations.missing, connection=connection.name, side=side, kind=kind)
                )
                now = connection.clock.now_ms()
                ripe = [
                    rid
                    for rid, since_ms, misses in missing
                    if misses >= MISSES and now - since_ms >= EVIDENCE_SECONDS * 1000
                ]
                suspects = suspects or bool(missing)
                await self._prove(side, kind, ripe)
        if suspects:
            soon = connection.clock.monotonic() + EVIDENCE_SECONDS
            self._due["full"] = min(self._due["full"], soon)

    async def told(self) -> None:
        """A hook said that these records are deleted: with a 404 of our own that is evidence. Only what we
        hold is read, so that nobody can make us ask for others."""
        connection = self._connection
        for (side, kind), rids in connection.take_suspects().items():
            held = await connection.store.read(
                partial(observations.alive, connection=connection.name, side=side, kind=kind, rids=rids)
            )
            if held:
                await self._prove(side, kind, held)

    async def _prove(self, side: Side, kind: Kind, rids: Sequence[str]) -> None:
        found = await self._read(side, kind, rids)
        for rid in [rid for rid in rids if rid not in found and len(rids) > 1]:
            found |= await self._read(side, kind, [rid])  # a batch is a list too, and a list may have gaps
        absent = [rid for rid in rids if rid not in found]
        system = self._connection.systems[side]
        converted = await system.converted(kind, absent, Lane.RECONCILE) if absent else frozenset()
        now = self._connection.clock.now_ms()
        for rid in rids:
            if rid not in found:
                await self._connection.store.tx(
                    partial(
                        observations.mark_gone,
                        connection=self._connection.name,
                        side=side,
                        kind=kind,
                        rid=rid,
                        now_ms=now,
                        converted=rid in converted,
                    )
                )

    async def _read(self, side: Side, kind: Kind, rids: Sequence[str]) -> set[str]:
        """Read these records singly and store what they say; the rids that exist."""
        connection, existing = self._connection, set[str]()
        for start in range(0, len(rids), BATCH):
            started = connection.clock.now_ms()
            found = await connection.systems[side].get(
                kind, rids[start : start + BATCH], connection.want(side, kind), Lane.RECONCILE
            )
            existing |= found.keys()
            await self._observe(list(found.values()), started)
        return existing

    async def _observe(self, records: list[Record], started_ms: int) -> None:
        connection = self._connection
        now, rules = connection.clock.now_ms(), connection.force.rules
        seen = [observe(record, rules) for record in records]
        observed = await connection.store.tx(
            lambda c: observations.observe_many(
                c, connection.name, seen, read_at_ms=started_ms, lane=Lane.LIVE, now_ms=now, whole=True
            )
        )
        for pair in observed.dirty:
            await connection.route.put(pair, Lane.LIVE)
