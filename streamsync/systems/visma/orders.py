"""Reading sales orders from the v3 service: the list in the order of change, then each order of interest in
full.

A list row has no lines, so an order of interest costs two calls more; which ones are of interest is
`order.history` (semantics §3.6). An in-memory cache of stamps spares the calls when the overlap shows an
order again. The walk moves `modifiedSince` instead of the page, so rows that move to the end while reading
are neither lost nor missed.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from streamsync.errors import Bug, Unknown
from streamsync.model import Kind, Lane, Record
from streamsync.systems.port import Malformed, Page
from streamsync.systems.transport import Reply
from streamsync.systems.visma import canonical, flatten, wire
from streamsync.systems.visma.auth import Audience
from streamsync.systems.visma.calls import Calls, segment, version_of
from streamsync.systems.visma.ledger import plain
from streamsync.systems.visma.paging import Count

LIST = "/api/v3/SalesOrders"
LIST_SIZE = 100
LINES_SIZE = 1000
DETAILS_AT_ONCE = 20
TIE_MS = 1_000
ENDED = frozenset({"completed", "cancelled", "canceled", "voided"})
BILLED = frozenset({"completed", "invoiced"})
MARKER = "crm:delivery:"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders a full read takes with their lines. `history`: open_only, since (with `history_from`),
    all.
    """

    history: str = "open_only"
    history_from: str = ""
    types: frozenset[str] = frozenset()  # upper case; empty = every type

    def interesting(self, row: wire.OrderRow, *, full: bool) -> bool:
        """Ours always; of the others the chosen types, and in a full read only the history asked for."""
        if (row.customer_order or "").startswith(MARKER):
            return True
        if self.types and row.type.upper() not in self.types:
            return False
        if not full or self.history == "all" or plain(row.status) not in ENDED:
            return True
        return self.history == "since" and canonical.date_text(row.date) >= self.history_from[:10]


class Orders:
    def __init__(self, calls: Calls, scope: Scope, *, overlap_seconds: float) -> None:
        self._calls = calls
        self._scope = scope
        self._overlap_ms = round(overlap_seconds * 1000)
        self._shown: dict[str, str] = {}  # rid -> lastModified, of orders already handed on in full

    def __repr__(self) -> str:
        return f"<Orders {len(self._shown)} read>"

    async def read(self, since: str | None, want: frozenset[str], lane: Lane) -> AsyncIterator[Page]:
        """The feed. The position is the newest `lastModified` received."""
        full, newest, total = since is None, since or "", 0
        floor = canonical.stamp_ms(since) - self._overlap_ms if since else 0
        handed: dict[str, str] = {}  # in this read: the walk's pages overlap by the rows of one second
        async for rows, reply, last in self._walk(floor, lane):
            fresh, bad = _decoded(rows)
            total = total or rows.total
            for row in fresh:
                newest = _later(newest, row.last_modified, reply.date_ms)
            fresh = [row for row in fresh if _changed(row, floor, handed if full else self._shown | handed)]
            for start in range(0, max(len(fresh), 1), DETAILS_AT_ONCE):
                part = fresh[start : start + DETAILS_AT_ONCE]
                done = last and start + DETAILS_AT_ONCE >= len(fresh)
                records, unread = await self._records(part, want, lane, full=full)
                yield Page(
                    records=tuple(records),
                    started_ms=reply.started_ms,
                    malformed=tuple(unread if start else [*bad, *unread]),
                    position=newest if done else "",
                    server_ms=reply.date_ms,
                    total=total,
                )
                handed |= {_rid(row): row.last_modified or "" for row in part}
                # Only now: had the taker failed, the order would have to come again.
                self._shown |= {_rid(row): row.last_modified or "" for row in part}

    def noted(self, records: Sequence[Record]) -> None:
        """Orders that were read singly and are stored. One shown with an older stamp is read again."""
        for record in records:
            if record.kind is Kind.ORDER and (stamp := record.fields.get("lastModified", "")):
                self._shown[record.rid] = stamp

    async def _records(
        self, rows: Sequence[wire.OrderRow], want: frozenset[str], lane: Lane, *, full: bool
    ) -> tuple[list[Record], list[Malformed]]:
        records: list[Record] = []
        unread: list[Malformed] = []
        want = want - {"shipments"}  # a call more: for orders that are read singly
        for row in rows:
            if not self._scope.interesting(row, full=full):
                records.append(flatten.order_header(row, want))
                continue
            try:
                record = await self.one(row.type, row.order_id, want, lane)
            except (Unknown, Bug) as fault:
                if fault.code not in (wire.MISSHAPEN, "path"):  # a key that is no segment of an address
                    raise
                unread.append(Malformed(kind=Kind.ORDER, rid=_rid(row), problem=str(fault)))
                continue
            if record is not None:
                records.append(record)
        return records, unread

    async def _walk(self, start: int, lane: Lane) -> AsyncIterator[tuple[wire.Rows, Reply, bool]]:
        """The list's pages from `start` (Unix milliseconds) on, oldest change first."""
        page, tried, count = 0, set[tuple[int, int]](), Count()
        while True:
            count.page()
            tried.add((start, page))
            rows, reply = await self.listed(start, page, lane)
            stamps = _stamps(rows)
            done = not rows.raw or (
                not rows.more
                and (len(rows.raw) < LIST_SIZE or 0 < rows.total <= page * LIST_SIZE + len(rows.raw))
            )
            yield rows, reply, done
            if done:
                return
            onward = stamps[-1] - TIE_MS if stamps and stamps == sorted(stamps) and stamps[0] else 0
            if onward > start and (onward, 0) not in tried:
                start, page = onward, 0
            else:
                page += 1

    async def listed(
        self, modified_ms: int, page: int, lane: Lane, customer: str = ""
    ) -> tuple[wire.Rows, Reply]:
        """One page of the list; `modified_ms` 0 = from the beginning."""
        params = [("pageSize", str(LIST_SIZE)), ("pageIndex", str(page)), ("orderBy", "lastModified asc")]
        if modified_ms:
            params.append(("modifiedSince", canonical.naive_of_ms(modified_ms) + "Z"))
        if customer:
            params.append(("customerId", customer))
        reply = await self._calls.get(Audience.ORDERS, LIST, params, endpoint="salesorders", lane=lane)
        return wire.rows(reply.body, "of sales orders"), reply

    async def one(self, type_: str, number: str, want: frozenset[str], lane: Lane) -> Record | None:
        """An order with its lines and its version; None if there is none."""
        path = order_path(type_, number)
        expand = [("expand", name) for name in ("Customer", "Note", "FinancialInformation")]
        reply = await self._calls.find(Audience.ORDERS, path, expand, endpoint="salesorder", lane=lane)
        if reply is None:
            return None
        order = wire.one(reply.body, wire.Order, f"order {type_}/{number}")
        lines: list[wire.OrderLine] = []
        page, count = 0, Count()
        while True:
            count.page()
            params = [("pageSize", str(LINES_SIZE)), ("pageIndex", str(page))]
            answer = await self._calls.find(
                Audience.ORDERS, f"{path}/lines", params, endpoint="salesorder-lines", lane=lane
            )
            if answer is None:
                return None
            rows = wire.rows(answer.body, f"of lines of order {type_}/{number}")
            lines += [
                wire.one(bytes(raw), wire.OrderLine, f"a line of order {type_}/{number}") for raw in rows.raw
            ]
            page += 1
            if not rows.raw or (not rows.more and len(lines) >= rows.total):
                break
        shipments = await self._shipments(path, order, lane) if "shipments" in want else None
        return flatten.order(order, lines, want, version_of(reply), shipments)

    async def _shipments(self, path: str, order: wire.Order, lane: Lane) -> Sequence[wire.Shipment] | None:
        """Only where an order is billed and does not name its invoice itself; None where they were not asked
        for.
        """
        named = order.financial_information.invoice_id if order.financial_information else None
        if named or plain(order.status.description if order.status else None) not in BILLED:
            return None
        reply = await self._calls.find(
            Audience.ORDERS, f"{path}/shipment", (), endpoint="salesorder-shipments", lane=lane
        )
        if reply is None:
            return ()
        return [
            wire.one(bytes(raw), wire.Shipment, "a shipment")
            for raw in wire.rows(reply.body, "of shipments").raw
        ]


def order_path(type_: str, number: str) -> str:
    return f"{LIST}/{segment(type_)}/{segment(number)}"


def _decoded(rows: wire.Rows) -> tuple[list[wire.OrderRow], list[Malformed]]:
    good: list[wire.OrderRow] = []
    bad: list[Malformed] = []
    for raw in rows.raw:
        try:
            good.append(wire.decode(raw, wire.OrderRow))
        except msgspec.MsgspecError as error:
            bad.append(
                Malformed(
                    kind=Kind.ORDER, rid=f"order:{wire.key_of(raw, 'type', 'orderId')}", problem=str(error)
                )
            )
    return good, bad


def _rid(row: wire.OrderRow) -> str:
    return flatten.order_rid(row.type, row.order_id)


def _changed(row: wire.OrderRow, floor: int, known: Mapping[str, str]) -> bool:
    """Inside the window (an ignored filter sends everything) and not handed on with this very stamp."""
    if not row.last_modified:
        return True
    same = known.get(_rid(row), "") in (row.last_modified, canonical.utc_text(row.last_modified))
    return canonical.stamp_ms(row.last_modified) >= floor and not same


def _stamps(rows: wire.Rows) -> list[int]:
    return [canonical.stamp_ms(row.last_modified) for row in _decoded(rows)[0]]


def _later(newest: str, stamp: str | None, server_ms: int) -> str:
    """The later of two stamps; one from the future (a wrong clock) must not carry the position away."""
    if not stamp or (server_ms and canonical.stamp_ms(stamp) > server_ms + 86_400_000):
        return newest
    return canonical.utc_text(stamp) if canonical.stamp_ms(stamp) > canonical.stamp_ms(newest) else newest
