"""Reading a whole list that changes while it is read, without losing a row (visma-api §3.4, §6.1 rule 3).

The finance lists have no documented order, so an offset drifts when rows move. A pass counts as complete when
the total stood still and no row came twice, or when the total only grew and every row of it was seen; else
the window is read again, at most `PASSES` times. Duplicates are harmless (the store knows the row already),
so pages are handed on as they come.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from streamsync.errors import Unknown
from streamsync.systems.transport import Reply
from streamsync.systems.visma.wire import Rows

PASSES = 3
PAGES_MAX = 100_000  # of at least ten rows each; a list that is longer has no end (security O5)


class Count:
    """Counts the pages of one list."""

    def __init__(self) -> None:
        self._pages = 0

    def page(self) -> None:
        """Raises Unknown after too many."""
        self._pages += 1
        if self._pages > PAGES_MAX:
            raise Unknown("Visma.net's list does not end.", code="endless")


class Ask(msgspec.Struct, frozen=True):
    """Which page to fetch: by `page` (from 0) and `size`, or by `skip` rows."""

    page: int
    skip: int
    size: int


class Chunk(msgspec.Struct, frozen=True):
    rows: Rows
    reply: Reply
    last: bool  # nothing more comes
    complete: bool  # with `last`: whether the window was read without a gap
    single: bool  # the window fitted into one reply, which is a snapshot


Fetch = Callable[[Ask], Awaitable[tuple[Rows, Reply]]]
Key = Callable[[msgspec.Raw], str]


class _Pass:
    """What one pass over the window has shown so far."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.keys: set[str] = set()
        self.read = 0
        self.totals: list[int] = []
        self.previous = 0

    def take(self, rows: Rows, key: Key) -> bool:
        """Count a page; True when it was the last."""
        count = len(rows.raw)
        if rows.cap:
            self.size = min(self.size, rows.cap)
        if rows.total:
            self.totals.append(rows.total)
        self.keys |= {key(raw) for raw in rows.raw}
        self.read += count
        if count == 0:
            return True
        if rows.total:
            return len(self.keys) >= rows.total
        short = count < self.size if rows.cap else count < self.previous
        self.previous = count
        return short

    @property
    def complete(self) -> bool:
        moved, repeated = len(set(self.totals)) > 1, len(self.keys) < self.read
        if not moved:
            return not repeated
        return self.totals == sorted(self.totals) and len(self.keys) == self.totals[-1] and not repeated


async def chunks(fetch: Fetch, key: Key, size: int) -> AsyncIterator[Chunk]:
    """All pages, of as many passes as it takes. The last chunk of all says whether the window is complete."""
    for attempt in range(PASSES):
        state, page, count = _Pass(size), 0, Count()
        while True:
            count.page()
            rows, reply = await fetch(Ask(page, state.read, state.size))
            if not state.take(rows, key):
                yield Chunk(rows, reply, last=False, complete=False, single=False)
                page += 1
                continue
            complete = page == 0 or state.complete
            last = complete or attempt == PASSES - 1
            yield Chunk(rows, reply, last=last, complete=complete, single=page == 0)
            break
        if last:
            return
