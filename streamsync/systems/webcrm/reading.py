"""Reads webCRM: feeds, single records, look-ups. Uses `/Queries` where the token may, lists and finders where
not. The lists that are polled: `feeds.py`."""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from streamsync.errors import Rejected, Unauthorized, Unknown
from streamsync.model import Kind, Lane, Line, Record, Write
from streamsync.systems.port import Malformed, Page
from streamsync.systems.transport import Reply
from streamsync.systems.webcrm import queries, wire
from streamsync.systems.webcrm.calls import PAGE_SIZE, PAGES_MAX, Calls, more_may_follow
from streamsync.systems.webcrm.fields import FIELDS, id_field

LISTS = {
    Kind.ORGANISATION: "/Organisations",
    Kind.PERSON: "/Persons",
    Kind.DELIVERY: "/Deliveries",
    Kind.LINE: "/QuotationLines",
}
ITEMS = "/QuotationLines/LinkedData"


class Reading:
    """`queries_allowed`: None = the first use shows whether this token may use `/Queries`."""

    def __init__(self, calls: Calls, queries_allowed: bool | None) -> None:
        self._calls = calls
        self._always = queries_allowed
        self._served: dict[Kind, bool] = {}
        self.own_author = ""  # `api2 <token name>`, once known
        self.defaults: Mapping[str, str] = {}  # dropdown field -> the option text that means empty (quirk Q8)
        self.line_fields: frozenset[str] = frozenset(FIELDS[Kind.LINE])

    async def get(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane, *, lines: bool = True
    ) -> dict[str, Record]:
        if kind is Kind.ITEM and len(rids) > 3:
            page = await self.items(want, lane)
            return {record.rid: record for record in page.records if record.rid in set(rids)}
        if len(rids) > 1 and kind is not Kind.ITEM and await self.may_query(kind, lane):
            return await self._get_many(kind, rids, want, lane, lines=lines)
        found: dict[str, Record] = {}
        for rid in rids:
            endpoint = ITEMS + "/{id}" if kind is Kind.ITEM else LISTS[kind] + "/{id}"
            reply = await self._calls.get(endpoint, lane, rid, absent_ok=True)
            if reply is not None:
                record = self._record(kind, reply, want)
                if kind is Kind.DELIVERY and lines:
                    record = msgspec.structs.replace(record, lines=await self._lines_of(rid, lane))
                found[rid] = record
        return found

    async def find(self, writes: Sequence[Write], want: frozenset[str], lane: Lane) -> list[list[Record]]:
        """Per create the records that carry its marker; items are found by what their hints name."""
        kind = writes[0].kind
        if kind is Kind.ITEM:
            page = await self.items(want | _named(writes), lane)
            return [[record for record in page.records if _same(record, write.hints)] for write in writes]
        want = want | _named(writes)
        found: list[Record] = []
        signs = [{field: write.marker} if (field := _place(write)) else _described(write) for write in writes]
        marked = [_place(write) for write in writes]
        for field in dict.fromkeys(name for name in marked if name):
            texts = [write.marker for write, name in zip(writes, marked, strict=True) if name == field]
            found += await self.where(kind, field, texts, want | {field}, lane)
        described = [sign for sign, name in zip(signs, marked, strict=True) if not name]
        if described:
            found += await self._like(kind, described, want, lane)
        by_rid = {record.rid: record for record in found}.values()
        return [[record for record in by_rid if _same(record, sign)] for sign in signs]

    async def opportunities(self, rids: Sequence[str], lane: Lane) -> frozenset[str]:
        """Which of these ids are opportunities."""
        answers = {
            rid: await self._calls.get("/Opportunities/{id}", lane, rid, absent_ok=True) for rid in rids
        }
        return frozenset(rid for rid, row in answers.items() if row is not None)

    async def where(
        self, kind: Kind, field: str, texts: Sequence[str], want: frozenset[str], lane: Lane
    ) -> list[Record]:
        """All records whose field has one of the texts; the server folds case, the caller compares."""
        if await self.may_query(kind, lane):
            return await self._selected(kind, queries.any_of(kind, want, field, texts), want, lane)
        wanted = set(texts)
        return [
            record for record in await self._whole(kind, want, lane) if record.fields.get(field) in wanted
        ]

    async def _like(
        self, kind: Kind, signs: Sequence[Mapping[str, str]], want: frozenset[str], lane: Lane
    ) -> list[Record]:
        """All records that may be one of those described by several fields; the caller compares."""
        if await self.may_query(kind, lane):
            return await self._selected(kind, queries.all_of(kind, want, signs), want, lane)
        return await self._whole(kind, want, lane)

    async def _selected(
        self, kind: Kind, scripts: Sequence[str], want: frozenset[str], lane: Lane
    ) -> list[Record]:
        return [
            record
            for script in scripts
            async for reply in self._query(script, lane)
            for record in self.records(kind, reply, want)[0]
        ]

    async def _whole(self, kind: Kind, want: frozenset[str], lane: Lane) -> list[Record]:
        return [
            record
            async for reply in self.listed(LISTS[kind], lane)
            for record in self.records(kind, reply, want)[0]
        ]

    @property
    def without_queries(self) -> bool:
        """Whether `/Queries` is known not to be used."""
        return self._always is False or False in self._served.values()

    async def may_query(self, kind: Kind, lane: Lane) -> bool:
        """Whether `/Queries` is served for this token, and serves this table: each asked once.

        Only of the lines' table it is not sure that it is there (webcrm-api §5.3)."""
        if self._always is not None:
            return self._always
        table = Kind.LINE if kind is Kind.LINE else Kind.ORGANISATION
        if table not in self._served:
            params = [("script", queries.exists(table)), ("Page", "1"), ("Size", "1")]
            try:
                await self._calls.read("/Queries", lane, params=params)
                self._served[table] = True
            except Rejected:
                self._served[table] = False
            except Unauthorized as refusal:
                if refusal.code != "403":  # the token itself is refused, which says nothing of /Queries
                    raise
                self._served[table] = False
        return self._served[table]

    async def item_row(self, rid: str, lane: Lane) -> dict[str, object] | None:
        """The whole catalogue row, for a write that replaces it."""
        reply = await self._calls.get(ITEMS + "/{id}", lane, rid, absent_ok=True)
        if reply is None:
            return None
        row = _json_object(reply)
        return {name: row.get(name) for name in FIELDS[Kind.ITEM]}

    async def _get_many(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane, *, lines: bool
    ) -> dict[str, Record]:
        scripts = queries.any_of(kind, want, id_field(kind), rids, numbers=True)
        found = {record.rid: record for record in await self._selected(kind, scripts, want, lane)}
        if kind is not Kind.DELIVERY or not lines or not found:
            return found
        if not await self.may_query(Kind.LINE, lane):
            return {
                rid: msgspec.structs.replace(record, lines=await self._lines_of(rid, lane))
                for rid, record in found.items()
            }
        by_delivery: dict[str, list[Record]] = {}
        scripts = queries.any_of(
            Kind.LINE, self.line_fields, "QuotationLineOpportunityId", list(found), numbers=True
        )
        for line in await self._selected(Kind.LINE, scripts, self.line_fields, lane):
            by_delivery.setdefault(line.owner, []).append(line)
        return {
            rid: msgspec.structs.replace(record, lines=_lines(by_delivery.get(rid, [])))
            for rid, record in found.items()
        }

    async def _lines_of(self, delivery: str, lane: Lane) -> tuple[Line, ...]:
        found: list[Record] = []
        async for reply in self.listed("/Deliveries/{id}/QuotationLines", lane, delivery):
            found += self.records(Kind.LINE, reply, self.line_fields)[0]
        return _lines(found)

    async def items(self, want: frozenset[str], lane: Lane) -> Page:
        reply = await self._calls.read(ITEMS, lane)
        good, bad = self.records(Kind.ITEM, reply, want)
        return Page(
            records=tuple(good),
            malformed=tuple(bad),
            started_ms=reply.started_ms,
            server_ms=reply.date_ms,
            position="read",
            total=len(good),
        )

    async def _query(self, script: str, lane: Lane) -> AsyncIterator[Reply]:
        async for reply in self.listed("/Queries", lane, extra=(("script", script),)):
            yield reply

    async def listed(
        self, endpoint: str, lane: Lane, *segments: object, extra: Sequence[tuple[str, str]] = ()
    ) -> AsyncIterator[Reply]:
        """Pages by number, until one shows that it is the last."""
        for page in range(1, PAGES_MAX + 1):
            reply = await self._calls.read(
                endpoint, lane, *segments, params=[*extra, ("Page", str(page)), ("Size", str(PAGE_SIZE))]
            )
            yield reply
            if not more_may_follow(len(wire.rows(reply.body))):
                return
        raise Unknown("webCRM's list does not end.", code="endless")

    def records(self, kind: Kind, reply: Reply, want: frozenset[str]) -> tuple[list[Record], list[Malformed]]:
        good, bad = wire.records(kind, wire.rows(reply.body), want, self.own_author)
        return [self._emptied(record) for record in good], bad

    def _record(self, kind: Kind, reply: Reply, want: frozenset[str]) -> Record:
        try:
            return self._emptied(wire.record(kind, reply.body, want, self.own_author))
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise Unknown(f"webCRM answered a {kind} that cannot be read.", code="malformed") from error

    def _emptied(self, record: Record) -> Record:
        """A dropdown's default option means that nothing is chosen."""
        unset = [name for name, text in record.fields.items() if text and self.defaults.get(name) == text]
        if not unset:
            return record
        return msgspec.structs.replace(record, fields={**record.fields, **dict.fromkeys(unset, "")})


def _lines(records: Sequence[Record]) -> tuple[Line, ...]:
    ordered = sorted(
        records, key=lambda line: (int(line.fields.get("QuotationLineSortOrder") or "0"), int(line.rid))
    )
    return tuple(Line(line.rid, line.fields) for line in ordered)


def _place(write: Write) -> str:
    """The field of the create that holds its marker; "" if it has none."""
    return next((name for name, text in write.fields.items() if write.marker and text == write.marker), "")


def _described(write: Write) -> dict[str, str]:
    """What a create without a marker is known by (persons, where no field is spared for it)."""
    if not write.hints or write.kind is Kind.DELIVERY:
        raise Rejected(
            "This create has no field for its marker, so it could not be found again.", code="marker"
        )
    return dict(write.hints)


def _named(writes: Sequence[Write]) -> frozenset[str]:
    return frozenset(name for write in writes for name in write.hints)


def _same(record: Record, hints: Mapping[str, str]) -> bool:
    return bool(hints) and all(record.fields.get(name, "") == text for name, text in hints.items())


def _json_object(reply: Reply) -> dict[str, object]:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, object])
    except (ValueError, RecursionError) as error:
        raise Unknown("webCRM answered a record that cannot be read.", code="malformed") from error
