"""OBSERVE: reads one feed of one system and stores what it says.

Per page one transaction: shadows, match keys, dirty marks. The cursor moves only after the last page of a
read is stored, so a crash at any point re-reads and loses nothing. A record that may be older than our own
last write to it (fence) is not stored but read again. The full mailbox of the router stops this actor: that
is the back-pressure.
"""

from collections.abc import Iterable

from actors import landing
from actors.connection import Connection
from streamsync.errors import SystemFault, Throttled, Unauthorized
from streamsync.kernel.actor import Pulse
from streamsync.model import Kind, Lane, Record, Side
from streamsync.store import meta, observations
from streamsync.sync.identity import observe
from streamsync.systems.port import Feed, Page, System

REREAD_AT_ONCE = 100
NEVER_EMPTY = frozenset((Kind.ORGANISATION, Kind.PERSON, Kind.ITEM))
"""Master data: once known, a whole list without a row means a wrong tenant or right, not deletions."""


class Poller:
    def __init__(self, connection: Connection, system: System, feed: Feed) -> None:
        self.name = f"poller:{connection.name}:{feed.name}"
        self.pulse = Pulse(deadline_seconds=900)
        self._connection = connection
        self._system = system
        self._feed = feed
        self._failures = 0

    def __repr__(self) -> str:
        return f"<Poller {self._feed.name}: {self._failures} failures in a row>"

    async def run(self) -> None:
        connection = self._connection
        await connection.opened.wait()
        wake = connection.poll_wakes[self._feed.name]
        while True:
            self.pulse.beat()
            period = connection.poll_seconds[self._system.side]
            pause = period * self._feed.every
            if connection.wants(self._system.side, self._feed):
                again = await self._attempt()
                # A feed that is read once an hour must not stay broken for an hour.
                pause = max(period, again) if again else pause * connection.stretch()
            await wake.wait(pause)

    async def _attempt(self) -> float:
        """One read of the feed; the seconds to wait at least before trying again, 0 if it succeeded."""
        connection, side = self._connection, self._system.side
        try:
            await self.cycle()
        except Throttled as fault:
            return fault.retry_after_seconds
        except SystemFault as fault:
            # An open circuit says nothing new: counted, it would keep us away for long after it has closed.
            self._failures = max(1, self._failures + (fault.code != "circuit_open"))
            connection.degraded[self.name] = f"Reading {self._feed.name} failed: {fault}"
            connection.log(
                "poll_failed",
                connection=connection.name,
                system=side,
                feed=self._feed.name,
                error_class=type(fault).__name__,
                code=fault.code,
            )
            return connection.retry_seconds(self._failures + (2 if isinstance(fault, Unauthorized) else 0))
        self._failures = 0
        connection.degraded.pop(self.name, None)
        connection.metrics.polled(connection.name, side, self._feed.entity, connection.clock.now_ms())
        return 0.0

    async def cycle(self) -> None:
        """Read everything since the cursor, store it, move the cursor."""
        connection, feed, side = self._connection, self._feed, self._system.side
        name, store = connection.name, connection.store
        position = await store.read(lambda c: observations.cursor(c, name, side, feed.name))
        full = not position or not feed.incremental
        first = full and not await store.read(lambda c: observations.scanned(c, name, side, feed.name))
        lane = Lane.BACKFILL if full else Lane.LIVE
        scan = connection.clock.now_ms() if full else 0
        after, rows, whole, began = position, 0, set[str](), connection.clock.now_ms()
        async for page in self._system.read(feed, position or None, connection.want(side, feed.kind), lane):
            after = page.position or after
            rows += len(page.records) + len(page.malformed)
            if connection.wanted:
                whole.update(record.rid for record in page.records if not record.partial)
            await self._store(page, Lane.BACKFILL if first else Lane.LIVE, scan)
            self._note_proven(page)
            self.pulse.beat()
        wanted = connection.take_wanted(feed.kind) if side is Side.ERP else []
        if wanted := [rid for rid in wanted if rid not in whole]:
            await self._reread(feed.kind, wanted, Lane.LIVE)
        await self._prove(began)
        if full:
            await self._believable(rows)
            now = connection.clock.now_ms()
            await store.tx(
                lambda c: observations.complete_scan(
                    c, name, side, feed.name, feed.kind, scan, now, rows=rows
                )
            )
        if after != position:
            await store.tx(lambda c: observations.set_cursor(c, name, side, feed.name, after))
        connection.looked[side, feed.kind] = began

    def _note_proven(self, page: Page) -> None:
        """A row that was read after a write was believed speaks for itself."""
        unproven, side = self._connection.unproven, self._system.side
        for record in page.records if unproven else ():
            since_ms, _ = unproven.get((side, record.kind, record.rid), (page.started_ms, 0))
            if not record.partial and since_ms < page.started_ms:
                del unproven[side, record.kind, record.rid]

    async def _prove(self, began_ms: int) -> None:
        """A write that was believed moves the record's stamp, so this read should have shown it; what it did
        not show is read singly."""
        connection, side, kind = self._connection, self._system.side, self._feed.kind
        doubtful = connection.take_unproven(side, kind, began_ms - self._system.settle_ms)
        if doubtful:
            found = await self._reread(kind, list(doubtful), Lane.LIVE)
            await landing.disprove(connection, side, doubtful, found)

    async def _believable(self, rows: int) -> None:
        """Raises Unauthorized for a whole list without a row where records are known (semantics §10): the
        cursor stays, so that the next read is the whole list again."""
        connection, feed, side = self._connection, self._feed, self._system.side
        if rows or feed.kind not in NEVER_EMPTY:
            return
        known = await connection.store.read(
            lambda c: observations.known(c, connection.name, side, feed.kind, feed.name)
        )
        if known:
            raise Unauthorized(
                f"{self._system.name} answers with an empty list although {known} records are known. Nothing"
                " was taken as deleted. Check the tenant and the rights of the token.",
                code="empty_list",
            )

    async def _store(self, page: Page, lane: Lane, scan: int) -> None:
        await self._note_clocks(page)
        stale = await self._observe(page.records, page.started_ms, lane, scan)
        again = {**dict.fromkeys(stale), **dict.fromkeys(page.touched)}
        if page.malformed:
            await self._note_malformed(page)
        for kind in {kind for kind, _ in again}:
            await self._reread(kind, [rid for k, rid in again if k is kind], lane)

    async def _note_clocks(self, page: Page) -> None:
        """The clocks of both servers, for `newest` and the metrics; a skew that moved is stored."""
        connection, side = self._connection, self._system.side
        clocks, metrics = connection.clocks, connection.metrics
        clocks.note(side, page.server_ms, page.started_ms, connection.clock.now_ms())
        if (offset := clocks.offset_ms(side)) is not None:
            metrics.skewed(side, offset / 1000)
        if clocks.stored_ms is None:
            clocks.stored_ms = await connection.store.read(lambda c: meta.skew_ms(c, connection.name))
        if (skew := clocks.moved()) is not None:
            await connection.store.tx(lambda c: meta.set_skew_ms(c, connection.name, skew))
            clocks.stored_ms = skew
        newest = max((record.updated_ms for record in page.records), default=0)
        if newest:
            metrics.watermark(side, self._feed.entity, newest)

    async def _observe(
        self, records: Iterable[Record], started_ms: int, lane: Lane, scan: int = 0, *, whole: bool = False
    ) -> list[tuple[Kind, str]]:
        connection = self._connection
        rules, now = connection.force.rules, connection.clock.now_ms()
        seen = [observe(record, rules) for record in records]
        if not seen:
            return []
        found = await connection.store.tx(
            lambda c: observations.observe_many(
                c,
                connection.name,
                seen,
                read_at_ms=started_ms,
                lane=lane,
                now_ms=now,
                scan_ms=scan,
                feed=self._feed.name,
                whole=whole,
            )
        )
        connection.metrics.observed(
            self._system.side,
            self._feed.entity,
            "backfill" if lane is Lane.BACKFILL else "poll",
            found.changed,
        )
        for pair in found.dirty:
            await connection.route.put(pair, lane)
        for op in found.adopted:
            connection.log("op_adopted", connection=connection.name, op=op)
        return found.stale

    async def _reread(self, kind: Kind, rids: list[str], lane: Lane) -> dict[str, Record]:
        """Read these singly and store them; what there is, by the rid asked for."""
        connection, side = self._connection, self._system.side
        all_found: dict[str, Record] = {}
        for start in range(0, len(rids), REREAD_AT_ONCE):
            started = connection.clock.now_ms()
            records = await self._system.get(
                kind, rids[start : start + REREAD_AT_ONCE], connection.want(side, kind), lane
            )
            await self._observe(records.values(), started, lane, whole=True)
            self._system.noted(tuple(records.values()))
            all_found.update(records)
        return all_found

    async def _note_malformed(self, page: Page) -> None:
        connection, side = self._connection, self._system.side
        now = connection.clock.now_ms()
        await connection.store.tx(
            lambda c: observations.note_malformed(c, connection.name, side, page.malformed, now)
        )
        for row in page.malformed:
            connection.log(
                "row_malformed",
                connection=connection.name,
                system=side,
                entity=row.kind,
                record=row.rid,
                problem=row.problem,
            )
