"""Reads webCRM: feeds, single records, look-ups. Uses `/Queries` where the token may, lists and finders where
not."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from streamsync.errors import Rejected, Unauthorized, Unknown
from streamsync.model import Kind, Lane, Line, Record, Write
from streamsync.systems.port import Feed, Malformed, Page
from streamsync.systems.transport import Reply
from streamsync.systems.webcrm import queries, wire
from streamsync.systems.webcrm.calls import PAGE_SIZE, PAGES_MAX, Calls
from streamsync.systems.webcrm.fields import FIELDS, id_field

OVERLAP_SECONDS = 120
LISTS = {
    Kind.ORGANISATION: "/Organisations",
    Kind.PERSON: "/Persons",
    Kind.DELIVERY: "/Deliveries",
    Kind.LINE: "/QuotationLines",
}
ITEMS = "/QuotationLines/LinkedData"
STAMP = "%Y-%m-%dT%H:%M:%SZ"
FAR = "2100-01-01T00:00:00Z"


class Reading:
    """`queries`: None until the first use has shown whether this token may use `/Queries`."""

    def __init__(self, calls: Calls, queries_allowed: bool | None) -> None:
        self._calls = calls
        self.queries_allowed = queries_allowed
        self.own_author = ""  # `api2 <token name>`, once known
        self.defaults: Mapping[str, str] = {}  # dropdown field -> the option text that means empty (quirk Q8)
        self.line_fields: frozenset[str] = frozenset(FIELDS[Kind.LINE])
        self._two_keys = True

    async def read(
        self, feed: Feed, since: str | None, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Page]:
        if feed.kind is Kind.LINE:
            self.line_fields = want
        if feed.kind is Kind.ITEM:
            yield await self._items(want, lane)
            return
        position = since or ""
        async for reply in self._pages(feed.kind, since, want, lane):
            good, bad = self._records(feed.kind, reply, want)
            position = _later(position, good, reply.date_ms)
            yield Page(
                records=tuple(good),
                malformed=tuple(bad),
                started_ms=reply.started_ms,
                server_ms=reply.date_ms,
                position=position,
            )

    async def get(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane
    ) -> dict[str, Record]:
        if kind is Kind.ITEM and len(rids) > 3:
            page = await self._items(want, lane)
            return {record.rid: record for record in page.records if record.rid in set(rids)}
        if len(rids) > 1 and await self.may_query(lane) and kind is not Kind.ITEM:
            return await self._get_many(kind, rids, want, lane)
        found: dict[str, Record] = {}
        for rid in rids:
            endpoint = ITEMS + "/{id}" if kind is Kind.ITEM else LISTS[kind] + "/{id}"
            reply = await self._calls.get(endpoint, lane, rid, absent_ok=True)
            if reply is not None:
                record = self._record(kind, reply, want)
                lines = await self._lines_of(rid, lane) if kind is Kind.DELIVERY else ()
                found[record.rid] = msgspec.structs.replace(record, lines=lines)
        return found

    async def find(self, writes: Sequence[Write], want: frozenset[str], lane: Lane) -> list[list[Record]]:
        """Per create the records that carry its marker; items are found by what their hints name."""
        kind = writes[0].kind
        if kind is Kind.ITEM:
            page = await self._items(want | _named(writes), lane)
            return [[record for record in page.records if _same(record, write.hints)] for write in writes]
        places = [_place(write) for write in writes]
        found: list[Record] = []
        for field in dict.fromkeys(places):
            markers = [write.marker for write, place in zip(writes, places, strict=True) if place == field]
            found += await self.where(kind, field, markers, want | {field}, lane)
        return [
            [record for record in found if record.fields.get(place) == write.marker]
            for write, place in zip(writes, places, strict=True)
        ]

    async def where(
        self, kind: Kind, field: str, texts: Sequence[str], want: frozenset[str], lane: Lane
    ) -> list[Record]:
        """All records whose field has one of the texts; the server folds case, the caller compares."""
        if await self.may_query(lane):
            out: list[Record] = []
            for script in queries.any_of(kind, want, field, texts):
                async for reply in self._query(script, lane):
                    out += self._records(kind, reply, want)[0]
            return out
        wanted = set(texts)
        return [
            record
            async for reply in self._listed(LISTS[kind], lane)
            for record in self._records(kind, reply, want)[0]
            if record.fields.get(field) in wanted
        ]

    async def may_query(self, lane: Lane) -> bool:
        """Whether `/Queries` is served for this token; asked once (webcrm-api §5.3)."""
        if self.queries_allowed is None:
            script = "SELECT OrganisationId FROM Organisation WHERE OrganisationId = 0"
            try:
                await self._calls.read(
                    "/Queries", lane, params=[("script", script), ("Page", "1"), ("Size", "1")]
                )
                self.queries_allowed = True
            except (Rejected, Unauthorized):
                self.queries_allowed = False
        return self.queries_allowed

    async def item_row(self, rid: str, lane: Lane) -> dict[str, object] | None:
        """The whole catalogue row, for a write that replaces it."""
        reply = await self._calls.get(ITEMS + "/{id}", lane, rid, absent_ok=True)
        if reply is None:
            return None
        row = _json_object(reply)
        return {name: row.get(name) for name in FIELDS[Kind.ITEM]}

    async def _get_many(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane
    ) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for script in queries.any_of(kind, want, id_field(kind), rids, numbers=True):
            async for reply in self._query(script, lane):
                found |= {record.rid: record for record in self._records(kind, reply, want)[0]}
        if kind is not Kind.DELIVERY or not found:
            return found
        lines: dict[str, list[Record]] = {}
        for script in queries.any_of(
            Kind.LINE, self.line_fields, "QuotationLineOpportunityId", list(found), numbers=True
        ):
            async for reply in self._query(script, lane):
                for line in self._records(Kind.LINE, reply, self.line_fields)[0]:
                    lines.setdefault(line.owner, []).append(line)
        return {
            rid: msgspec.structs.replace(record, lines=_lines(lines.get(rid, [])))
            for rid, record in found.items()
        }

    async def _lines_of(self, delivery: str, lane: Lane) -> tuple[Line, ...]:
        found: list[Record] = []
        async for reply in self._listed("/Deliveries/{id}/QuotationLines", lane, delivery):
            found += self._records(Kind.LINE, reply, self.line_fields)[0]
        return _lines(found)

    async def _items(self, want: frozenset[str], lane: Lane) -> Page:
        reply = await self._calls.read(ITEMS, lane)
        good, bad = self._records(Kind.ITEM, reply, want)
        return Page(
            records=tuple(good),
            malformed=tuple(bad),
            started_ms=reply.started_ms,
            server_ms=reply.date_ms,
            position="read",
            total=len(good),
        )

    async def _pages(
        self, kind: Kind, since: str | None, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Reply]:
        if not await self.may_query(lane):
            async for reply in self._without_queries(kind, since, lane):
                yield reply
        elif since is None:
            async for reply in self._query(queries.everything(kind, want), lane):
                yield reply
        else:
            start = _minus_overlap(since)
            try:
                async for reply in self._query(
                    queries.changed_since(kind, want, start, two_keys=self._two_keys), lane
                ):
                    yield reply
            except Rejected:
                if not self._two_keys:
                    raise
                self._two_keys = False
                async for reply in self._query(
                    queries.changed_since(kind, want, start, two_keys=False), lane
                ):
                    yield reply

    async def _without_queries(self, kind: Kind, since: str | None, lane: Lane) -> AsyncIterator[Reply]:
        """Only organisations can be found by date; everything else is read whole (webcrm-api §5.2)."""
        if kind is Kind.ORGANISATION and since is not None:
            async for reply in self._listed(
                "/Organisations/FindByUpdateDates/{start}/{end}", lane, _minus_overlap(since), FAR
            ):
                yield reply
        else:
            async for reply in self._listed(LISTS[kind], lane):
                yield reply

    async def _query(self, script: str, lane: Lane) -> AsyncIterator[Reply]:
        async for reply in self._listed("/Queries", lane, extra=(("script", script),)):
            yield reply

    async def _listed(
        self, endpoint: str, lane: Lane, *segments: object, extra: Sequence[tuple[str, str]] = ()
    ) -> AsyncIterator[Reply]:
        """Pages until one is not full. A short page is the last: the size asked for is within the documented
        limit."""
        for page in range(1, PAGES_MAX + 1):
            reply = await self._calls.read(
                endpoint, lane, *segments, params=[*extra, ("Page", str(page)), ("Size", str(PAGE_SIZE))]
            )
            yield reply
            if len(wire.rows(reply.body)) < PAGE_SIZE:
                return
        raise Unknown("webCRM's list does not end.", code="endless")

    def _records(
        self, kind: Kind, reply: Reply, want: frozenset[str]
    ) -> tuple[list[Record], list[Malformed]]:
        good, bad = wire.records(kind, wire.rows(reply.body), want, self.own_author)
        return [self._emptied(record) for record in good], bad

    def _record(self, kind: Kind, reply: Reply, want: frozenset[str]) -> Record:
        try:
            return self._emptied(wire.record(kind, reply.body, want, self.own_author))
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
            raise Unknown(f"webCRM answered a {kind} that cannot be read.", code="malformed") from error

    def _emptied(self, record: Record) -> Record:
        """A dropdown's default option means that nothing is chosen."""
        unset = [name for name, text in record.fields.items() if text and self.defaults.get(name) == text]
        if not unset:
            return record
        return msgspec.structs.replace(record, fields={**record.fields, **dict.fromkeys(unset, "")})


def _minus_overlap(position: str) -> str:
    """Stamps have whole seconds and may become visible late: look back, and let the shadows drop the
    repeats."""
    try:
        moment = datetime.strptime(position, STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise Unknown("The stored position of a webCRM feed cannot be read.", code="position") from error
    return (moment - timedelta(seconds=OVERLAP_SECONDS)).strftime(STAMP)


def _later(position: str, records: Sequence[Record], server_ms: int) -> str:
    """The latest stamp seen, but never beyond the server's own clock (reliability §7)."""
    stamps = [record.updated_ms for record in records if record.updated_ms]
    newest = max(stamps, default=0)
    if server_ms:
        newest = min(newest, server_ms)
        if not position and not newest:
            newest = server_ms - OVERLAP_SECONDS * 1000
    if not newest:
        return position
    return max(position, datetime.fromtimestamp(newest / 1000, UTC).strftime(STAMP))


def _lines(records: Sequence[Record]) -> tuple[Line, ...]:
    ordered = sorted(
        records, key=lambda line: (int(line.fields.get("QuotationLineSortOrder") or "0"), int(line.rid))
    )
    return tuple(Line(line.rid, line.fields) for line in ordered)


def _place(write: Write) -> str:
    """The field of the create that holds its marker."""
    for name, text in write.fields.items():
        if text == write.marker:
            return name
    raise Rejected("This create has no field for its marker, so it could not be found again.", code="marker")


def _named(writes: Sequence[Write]) -> frozenset[str]:
    return frozenset(name for write in writes for name in write.hints)


def _same(record: Record, hints: Mapping[str, str]) -> bool:
    return bool(hints) and all(record.fields.get(name, "") == text for name, text in hints.items())


def _json_object(reply: Reply) -> dict[str, object]:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unknown("webCRM answered a record that cannot be read.", code="malformed") from error
