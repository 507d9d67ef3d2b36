"""The lists that are polled: everything, or everything changed since a position.

Pages of a query go by key, not by number: each begins where the one before ended, so that rows that move
while the list is read are not skipped (reliability §7). The position never passes the server's clock at the
beginning of the read: what changed behind our back meanwhile is younger than it.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from streamsync.clock import Clock
from streamsync.errors import Rejected, Unknown
from streamsync.model import Kind, Lane, Record
from streamsync.systems.port import Feed, Malformed, Page
from streamsync.systems.transport import Reply
from streamsync.systems.webcrm import queries
from streamsync.systems.webcrm.calls import PAGE_SIZE, PAGES_MAX, Calls, more_may_follow
from streamsync.systems.webcrm.reading import LISTS, Reading

OVERLAP_SECONDS = 120
STAMP = "%Y-%m-%dT%H:%M:%SZ"
FAR = "2100-01-01T00:00:00Z"
SCAN_SECONDS_PER_PAGE = 2.0  # without /Queries whole lists are read again and again

Rows = tuple[Reply, list[Record], list[Malformed]]


class Feeds:
    def __init__(self, calls: Calls, reading: Reading, clock: Clock) -> None:
        self._calls = calls
        self._reading = reading
        self._clock = clock
        self._scan_due: dict[Kind, float] = {}
        self._two_keys = True

    async def read(
        self, feed: Feed, since: str | None, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Page]:
        if feed.kind is Kind.LINE:
            self._reading.line_fields = want
        if feed.kind is Kind.ITEM:
            yield await self._reading.items(want, lane)
            return
        position, began_ms = since or "", 0
        async for reply, good, bad in self._pages(feed.kind, since, want, lane):
            began_ms = began_ms or reply.date_ms
            position = _later(position, good, began_ms)
            yield Page(
                records=tuple(good),
                malformed=tuple(bad),
                started_ms=reply.started_ms,
                server_ms=reply.date_ms,
                position=position,
            )

    async def _pages(
        self, kind: Kind, since: str | None, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Rows]:
        if not await self._reading.may_query(kind, lane):
            pages = self._without_queries(kind, since, want, lane)
        elif since is None:
            pages = self._by_id(kind, want, lane)
        else:
            pages = self._by_stamp(kind, _minus_overlap(since), want, lane)
        async for page in pages:
            yield page

    async def _by_id(self, kind: Kind, want: frozenset[str], lane: Lane) -> AsyncIterator[Rows]:
        """The whole table, each page from the last id on."""
        last = 0
        for _ in range(PAGES_MAX):
            reply = await self._page(queries.everything(kind, want, last), 1, lane)
            good, bad = self._reading.records(kind, reply, want)
            yield reply, good, bad
            if not more_may_follow(len(good) + len(bad)):
                return
            rids = [row.rid for row in good] + [row.rid for row in bad]
            highest = max((int(rid) for rid in rids if rid.isdecimal()), default=0)
            if highest <= last:
                raise Unknown("webCRM's list does not move on.", code="endless")
            last = highest
        raise Unknown("webCRM's list does not end.", code="endless")

    async def _by_stamp(
        self, kind: Kind, since: str, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Rows]:
        """What changed, each page from the last stamp on; page by number only inside one second."""
        number = 1
        for _ in range(PAGES_MAX):
            reply = await self._changed(kind, since, want, number, lane)
            good, bad = self._reading.records(kind, reply, want)
            yield reply, good, bad
            if not more_may_follow(len(good) + len(bad)):
                return
            latest = max((row.updated_ms for row in good), default=0)
            newest = datetime.fromtimestamp(latest / 1000, UTC).strftime(STAMP)
            if newest > since:
                since, number = newest, 1
            else:
                number += 1
        raise Unknown("webCRM's list does not end.", code="endless")

    async def _changed(self, kind: Kind, since: str, want: frozenset[str], number: int, lane: Lane) -> Reply:
        """One page; a server that refuses a second key to sort by is remembered (webcrm-api §5.4)."""
        try:
            script = queries.changed_since(kind, want, since, two_keys=self._two_keys)
            return await self._page(script, number, lane)
        except Rejected:
            if not self._two_keys:
                raise
        reply = await self._page(queries.changed_since(kind, want, since, two_keys=False), number, lane)
        self._two_keys = False
        return reply

    async def _without_queries(
        self, kind: Kind, since: str | None, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Rows]:
        """Only organisations can be found by date; everything else is read whole, and the longer the list the
        less often (webcrm-api §5.2)."""
        if kind is Kind.ORGANISATION and since is not None:
            replies = self._reading.listed(
                "/Organisations/FindByUpdateDates/{startDate}/{endDate}", lane, _minus_overlap(since), FAR
            )
        elif since is not None and self._clock.monotonic() < self._scan_due.get(kind, 0.0):
            return
        else:
            replies = self._reading.listed(LISTS[kind], lane)
        pages = 0
        async for reply in replies:
            pages += 1
            yield reply, *self._reading.records(kind, reply, want)
        self._scan_due[kind] = self._clock.monotonic() + pages * SCAN_SECONDS_PER_PAGE

    async def _page(self, script: str, number: int, lane: Lane) -> Reply:
        params = [("script", script), ("Page", str(number)), ("Size", str(PAGE_SIZE))]
        return await self._calls.read("/Queries", lane, params=params)


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
