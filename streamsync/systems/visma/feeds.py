"""Reading the finance host's lists (visma-api §6.1); which they are stands in `lists.py`.

Every list is read by `lastModifiedDateTime >=` the newest stamp received before, minus an overlap, in the
server's own naive form; the position moves only with a complete window. Filters are checked again on what
came, because unknown parameters are ignored silently. Orders are read by `orders.py`.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from streamsync.model import Kind, Lane, Record
from streamsync.systems.port import Malformed, Page
from streamsync.systems.transport import Reply
from streamsync.systems.visma import canonical, flatten, wire
from streamsync.systems.visma.auth import Audience
from streamsync.systems.visma.calls import Calls, Params
from streamsync.systems.visma.ledger import SALES, Ledger
from streamsync.systems.visma.lists import SHAPES, Shape, Want
from streamsync.systems.visma.paging import Ask, Chunk, chunks
from streamsync.systems.visma.zone import FURTHEST_MS, Zone

LOOK_BACK_MS = 26 * 3_600_000  # the first window of documents and of stock: a day, whatever the zone


class _Seen(msgspec.Struct):
    """What one read has learnt about its position."""

    newest: str = ""
    first_server_ms: int = 0


class Feeds:
    """The finance host's lists."""

    def __init__(
        self, calls: Calls, zone: Zone, ledger: Ledger, *, history_from: str, overlap_seconds: float
    ) -> None:
        self._calls = calls
        self._zone = zone
        self._ledger = ledger
        self._history_from = history_from[:10]
        self._overlap_seconds = overlap_seconds

    def __repr__(self) -> str:
        return f"<Feeds {self._zone!r} {self._ledger!r}>"

    async def read(self, name: str, since: str | None, want: Want, lane: Lane) -> AsyncIterator[Page]:
        """All pages of the list's window. See `System.read`."""
        shape = SHAPES[name]
        if name == "document" and since is None:
            # Changes only: the other lists hold every document, so history is not read twice.
            yield await self._begin(shape, LOOK_BACK_MS, lane)
            return
        filters, floor = self._window(shape, since)
        seen = _Seen()
        async for chunk in self.listed(shape, [*filters, *shape.expand(want)], lane):
            seen.first_server_ms = seen.first_server_ms or chunk.reply.date_ms
            rows, bad = self._rows(shape, chunk)
            for row in rows:
                self._note_stamp(seen, row, chunk.reply)
            wanted = [row for row in rows if _inside(row, floor) and self._in_history(shape, row, since)]
            records, touched = self._records(name, wanted, want)
            position = self._position(seen, since, chunk) if chunk.last else ""
            yield Page(
                records=tuple(records),
                started_ms=chunk.reply.started_ms,
                malformed=tuple(bad),
                touched=tuple((Kind.INVOICE, rid) for rid in touched),
                position=position,
                server_ms=chunk.reply.date_ms,
                total=chunk.rows.total,
            )

    def listed(self, shape: Shape, filters: Params, lane: Lane) -> AsyncIterator[Chunk]:
        """The raw pages of a finance list under some filters."""

        async def fetch(ask: Ask) -> tuple[wire.Rows, Reply]:
            if shape.skipping:
                page = [("numberToRead", str(ask.size)), ("skipRecords", str(ask.skip))]
            else:
                page = [("pageNumber", str(ask.page + 1)), ("pageSize", str(ask.size))]
            reply = await self._calls.get(
                Audience.FINANCE,
                shape.path,
                [*filters, *page],
                endpoint=shape.path.rpartition("/")[2].lower(),
                lane=lane,
            )
            return wire.rows(reply.body, f"at {shape.path}"), reply

        return chunks(fetch, lambda raw: wire.key_of(raw, *shape.key), shape.size)

    async def stock(self, since: str, want: Want, lane: Lane) -> Page:
        """See `System.stock`: the inventory list by the stamp of its availability (visma-api §4.3). The next
        position is the server's time when this read began."""
        shape, found, bad = SHAPES["inventory"], list[Record](), list[Malformed]()
        if not since:
            return await self._begin(shape, LOOK_BACK_MS, lane)
        start = canonical.window_start(since, self._overlap_seconds)
        filters = [
            ("availabilityLastModifiedDateTime", start),
            ("availabilityLastModifiedDateTimeCondition", ">="),
        ]
        started_ms = server_ms = 0
        async for chunk in self.listed(shape, [*filters, *shape.expand(want)], lane):
            started_ms, server_ms = started_ms or chunk.reply.started_ms, server_ms or chunk.reply.date_ms
            rows, malformed = self._rows(shape, chunk)
            found += [self.record(row, want) for row in rows]
            bad += malformed
        position = canonical.naive_of_ms(self._zone.clock_at(server_ms or started_ms))
        return Page(
            records=tuple(found),
            started_ms=started_ms,
            malformed=tuple(bad),
            position=max(position, since, key=canonical.clock_ms),
            server_ms=server_ms,
        )

    async def open_documents(self, lane: Lane) -> frozenset[str]:
        """Every released, unpaid document the ERP lists: the hourly payment sweep (visma-api §6.1, semantics
        §3.6).
        """
        shape, found = SHAPES["document"], set[str]()
        async for chunk in self.listed(shape, [("status", "Open"), *shape.expand(frozenset())], lane):
            for row in self._rows(shape, chunk)[0]:
                if isinstance(row, wire.Document) and row.status == "Open":
                    found.add(flatten.document_rid(row.document_type, row.reference_number))
        return frozenset(found)

    async def _begin(self, shape: Shape, look_back_ms: int, lane: Lane) -> Page:
        """Where a feed of changes begins that needs no history: one row is read, for the server's time."""
        reply = await self._calls.get(
            Audience.FINANCE,
            shape.path,
            [*shape.expand(frozenset()), ("pageNumber", "1"), ("pageSize", "1")],
            endpoint=shape.path.rpartition("/")[2].lower(),
            lane=lane,
        )
        wire.rows(reply.body, f"at {shape.path}")
        start = self._zone.clock_at(reply.date_ms or reply.started_ms) - look_back_ms
        return Page(
            records=(),
            started_ms=reply.started_ms,
            position=canonical.naive_of_ms(start),
            server_ms=reply.date_ms,
        )

    def _window(self, shape: Shape, since: str | None) -> tuple[list[tuple[str, str]], int]:
        """The filter of this read and the oldest stamp it allows (the server's naive clock, ms)."""
        if since:
            start = canonical.window_start(since, self._overlap_seconds)
            return [
                ("lastModifiedDateTime", start),
                ("lastModifiedDateTimeCondition", ">="),
            ], canonical.clock_ms(start)
        if shape.dated and self._history_from:
            return [("documentDate", self._history_from), ("documentDateCondition", ">=")], 0
        return [], 0

    def _in_history(self, shape: Shape, row: wire.Wire, since: str | None) -> bool:
        if since or not (shape.dated and self._history_from and isinstance(row, wire.Document)):
            return True
        return canonical.date_text(row.document_date) >= self._history_from

    def _rows(self, shape: Shape, chunk: Chunk) -> tuple[list[wire.Wire], list[Malformed]]:
        good: list[wire.Wire] = []
        bad: list[Malformed] = []
        prefix = "invoice:" if shape.kind is Kind.INVOICE else ""
        for raw in chunk.rows.raw:
            try:
                good.append(wire.decode(raw, shape.row))
            except msgspec.MsgspecError as error:
                bad.append(
                    Malformed(kind=shape.kind, rid=prefix + wire.key_of(raw, *shape.key), problem=str(error))
                )
        return good, bad

    def _note_stamp(self, seen: _Seen, row: wire.Wire, reply: Reply) -> None:
        stamp = stamp_of(row)
        self._zone.seen(stamp, version_in(row), reply.date_ms)
        future = reply.date_ms and canonical.clock_ms(stamp) > reply.date_ms + FURTHEST_MS
        if stamp and not future and canonical.clock_ms(stamp) > canonical.clock_ms(seen.newest):
            seen.newest = canonical.naive(stamp)

    def _position(self, seen: _Seen, since: str | None, chunk: Chunk) -> str:
        """The newest stamp received; in a window of several pages no later than when its reading began."""
        if since and not chunk.complete:
            return since
        newest = seen.newest
        if newest and not chunk.single and seen.first_server_ms:
            began = canonical.naive_of_ms(self._zone.clock_at(seen.first_server_ms))
            newest = min(newest, began, key=canonical.clock_ms)
        return max(newest, since or "", key=canonical.clock_ms)

    def _records(self, name: str, rows: Sequence[wire.Wire], want: Want) -> tuple[list[Record], list[str]]:
        records: list[Record] = []
        touched: list[str] = []
        for row in rows:
            if name == "document" and isinstance(row, wire.Document):
                touched += self._ledger.touched(row)
                if row.document_type in SALES:
                    continue
            records.append(self.record(row, want))
        return records, list(dict.fromkeys(touched))

    def record(self, row: wire.Wire, want: Want) -> Record:
        """A decoded row as a record; sales documents are entered in the ledger."""
        zone_ms = self._zone.offset_ms
        match row:
            case wire.Customer():
                return flatten.customer(row, want, zone_ms)
            case wire.Balance():
                return flatten.balance(row, want)
            case wire.Contact():
                return flatten.contact(row, want, zone_ms)
            case wire.Inventory():
                return flatten.item(row, want, zone_ms)
            case wire.Document():
                if row.document_type in SALES:
                    self._ledger.read(row)
                return flatten.document(row, want, zone_ms)
        raise AssertionError(f"no record is made of {type(row).__name__}")


def stamp_of(row: wire.Wire) -> str | None:
    match row:
        case wire.Customer() | wire.Contact() | wire.Inventory() | wire.Document():
            return row.last_modified_date_time
    return None


def version_in(row: wire.Wire) -> str:
    match row:
        case wire.Customer() | wire.Contact() | wire.Document():
            return canonical.bare_version(row.time_stamp)
        case wire.Inventory():
            return canonical.bare_version(row.timestamp)
    return ""


def _inside(row: wire.Wire, floor: int) -> bool:
    stamp = stamp_of(row)
    return not stamp or canonical.clock_ms(stamp) >= floor
