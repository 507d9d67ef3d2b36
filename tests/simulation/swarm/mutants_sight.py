"""Planted bugs in what the daemon sees and keeps: fences, cursors, adoption, deletions, histories, logs.

Each function gives one patch that takes one rule away. Nothing of it is in the product.
"""

from typing import Any
from unittest import mock

from actors import learning, mapper, poller
from streamsync.store import decisions, journal, linking, observations, scans
from streamsync.systems.visma import canonical
from streamsync.systems.webcrm import feeds


def no_fence() -> Any:
    """A read that began before our own write counts as news."""
    return mock.patch.object(observations, "_older_than_our_write", return_value=False)


def no_adoption() -> Any:
    return mock.patch.object(linking, "_claimed", return_value=None)


def no_overlap_in_webcrm() -> Any:
    return mock.patch.object(feeds, "_minus_overlap", lambda position: position)


def no_overlap_in_the_erp() -> Any:
    return mock.patch.object(canonical, "window_start", lambda position, *_: canonical.naive(position))


def cursor_first() -> Any:
    """The cursor moves before what it has passed is stored."""
    whole: Any = poller.Poller._store

    async def store(self: Any, page: Any, lane: Any, scan: int) -> None:
        connection, side, feed = self._connection, self._system.side, self._feed.name
        if page.position:
            await connection.store.tx(
                lambda c: scans.set_cursor(c, connection.name, side, feed, page.position)
            )
        await whole(self, page, lane, scan)

    return mock.patch.object(poller.Poller, "_store", store)


def dirty_is_a_flag() -> Any:
    return mock.patch.object(linking, "DIRTY", linking.DIRTY.replace("dirty=dirty+1", "dirty=1", 1))


def dirty_is_cleared_whole() -> Any:
    return mock.patch.object(
        decisions, "APPLY", decisions.APPLY.replace("dirty=max(dirty-?,0)", "dirty=min(0,?)", 1)
    )


def gone_on_one_miss() -> Any:
    """What one full read does not show is deleted."""
    whole: Any = scans.complete_scan

    def complete_scan(
        conn: Any, name: str, side: Any, feed: str, kind: Any, scan: int, now_ms: int, **rows: Any
    ) -> Any:
        unseen = whole(conn, name, side, feed, kind, scan, now_ms, **rows)
        for rid in unseen:
            scans.mark_gone(conn, name, side, kind, rid, now_ms)
        return unseen

    return mock.patch.object(observations, "complete_scan", complete_scan)


def loser_is_not_kept() -> Any:
    """Neither the loser of a conflict nor what a write replaced stays anywhere."""
    nothing = "DELETE FROM history WHERE 0" + " AND ?" * 10
    return mock.patch.object(journal, "HISTORY", nothing)


def value_in_the_log() -> Any:
    """What failed is logged with the text that was sent."""
    whole: Any = learning.fail

    async def fail(connection: Any, op: Any, fault: Any) -> None:
        connection.log("resolve_failed", connection=connection.name, what=" ".join(op.write.fields.values()))
        await whole(connection, op, fault)

    return mock.patch.object(learning, "fail", fail)


def some_pairs_are_forgotten() -> Any:
    """Every fifth pair is put aside without a word."""
    whole: Any = mapper.Mapper._decide

    def decide(self: Any, conn: Any, look: Any, pair: int) -> Any:
        if pair % 5 == 0:
            conn.execute("UPDATE pair SET dirty=0 WHERE id=?", (pair,))
            return None
        return whole(self, conn, look, pair)

    return mock.patch.object(mapper.Mapper, "_decide", decide)
