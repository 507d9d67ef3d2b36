"""OBSERVE: what a read saw becomes shadows, pairs and dirty marks, in the caller's transaction.

A record that may be older than our last write to it (fence) is not stored but named for another read. Same
content only touches stamps: no dirty mark, so an echo costs nothing. A record that carries our marker is
adopted here, and that is also the acknowledgement of a create whose answer never came or named only a number.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from streamsync.model import Kind, Lane, Observation, Record, Side
from streamsync.store import acks, doubts, linking, references, shadows
from streamsync.store.forms import FAMILY, digest, text
from streamsync.store.linking import Named
from streamsync.store.scans import (
    alive,
    complete,
    complete_scan,
    cursor,
    expect_feeds,
    first_full_read_ms,
    forget_cursor,
    get_cursor,
    known,
    mark_gone,
    missing,
    note_malformed,
    scanned,
    set_cursor,
)

MARKED = "SELECT 1 FROM record WHERE connection=? AND side=? AND marker=? AND kind=? AND gone_ms=0 LIMIT 1"
OPEN_DOCUMENTS = """SELECT rid FROM record WHERE connection=? AND side='erp' AND kind='invoice' AND gone_ms=0
  AND json_extract(fields,'$.status')='Open' ORDER BY rid"""

__all__ = [
    "Observed",
    "alive",
    "complete",
    "complete_scan",
    "cursor",
    "expect_feeds",
    "first_full_read_ms",
    "first_seen_ms",
    "forget_cursor",
    "get_cursor",
    "known",
    "mark_gone",
    "marked",
    "missing",
    "note_malformed",
    "observe_many",
    "open_documents",
    "scanned",
    "set_cursor",
    "versioned",
]


class Observed(msgspec.Struct, kw_only=True):
    stale: list[tuple[Kind, str]] = []  # may be older than our own write: read again
    dirty: list[int] = []  # pairs to decide
    adopted: list[int] = []  # ops that are done because their record showed up
    changed: int = 0  # records whose content was new


def observe_many(
    conn: sqlite3.Connection,
    connection: str,
    observations: Iterable[Observation],
    *,
    read_at_ms: int,
    lane: Lane,
    now_ms: int,
    scan_ms: int = 0,
    feed: str = "",
    whole: bool = False,
) -> Observed:
    """Store what one read saw that began at `read_at_ms` by our clock.

    `scan_ms`: the start of the full read this page is part of (0 = incremental). `whole`: webCRM deliveries
    come with all their lines, as `System.get` gives them, so that () means none; a non-empty `lines` always
    counts as all of them."""
    found = Observed()
    for seen in observations:
        _observe(conn, connection, seen, read_at_ms, lane, now_ms, scan_ms, feed, whole, found)
    found.stale = list(dict.fromkeys(found.stale))
    found.dirty = list(dict.fromkeys(found.dirty))
    return found


def _observe(
    conn: sqlite3.Connection,
    connection: str,
    seen: Observation,
    read_at_ms: int,
    lane: Lane,
    now_ms: int,
    scan_ms: int,
    feed: str,
    whole: bool,
    found: Observed,
) -> None:
    record = seen.record
    old = shadows.head(conn, connection, record.side, record.kind, record.rid)
    if _older_than_our_write(conn, connection, record, old, read_at_ms):
        found.stale.append(
            (Kind.DELIVERY, record.owner) if record.kind is Kind.LINE else (record.kind, record.rid)
        )
        return
    if old is not None and record.partial and not old.partial:
        _keep_fuller(conn, connection, seen, old, scan_ms, feed)
        return
    if whole and doubts.older(old, record):
        return
    lines_changed = undone = False
    if record.kind is Kind.DELIVERY and (whole or record.lines):
        lines_changed = shadows.replace_lines(conn, connection, record.rid, record.lines, now_ms=now_ms)
    same = (
        old is not None
        and not old.missing_ms
        and ((old.hash, old.owner, old.partial) == (_hash(record), record.owner, record.partial))
    )
    if old is not None and same:
        _keep(conn, connection, seen, old, scan_ms, feed)
    else:
        if old is not None and old.by_us and record.updated_ms == old.updated_ms:
            undone = doubts.undo(conn, connection, record, now_ms)
        shadows.put(
            conn,
            connection,
            record,
            now_ms=now_ms,
            marker=seen.marker,
            keys=seen.keys,
            scan_ms=scan_ms,
            feed=feed,
        )
        found.changed += 1
    if lines_changed:  # an older page of lines must not bring back one that this read showed to be gone
        shadows.fence(conn, connection, record.side, record.kind, record.rid, read_at_ms)
    if record.kind is Kind.LINE:
        if not same:
            for owner in {record.owner, old.owner if old else record.owner}:
                _dirty_holder(conn, connection, Named(Side.CRM, Kind.LINE, owner), lane, now_ms, found)
        return
    if record.kind is Kind.BALANCE:
        if not same:
            _dirty_holder(conn, connection, Named(Side.ERP, Kind.BALANCE, record.rid), lane, now_ms, found)
        return
    _settle(conn, connection, seen, lane, now_ms, found, changed=(not same and not undone) or lines_changed)


def _older_than_our_write(
    conn: sqlite3.Connection, connection: str, record: Record, old: shadows.Head | None, read_at_ms: int
) -> bool:
    """A line is also behind its delivery's fence: a line that we deleted has no row of its own any more."""
    if old is not None and read_at_ms < old.fence_ms:
        return True
    if record.kind is not Kind.LINE:
        return False
    owner = shadows.head(conn, connection, Side.CRM, Kind.DELIVERY, record.owner)
    return owner is not None and read_at_ms < owner.fence_ms


def _hash(record: Record) -> bytes:
    return digest(record.fields, () if record.kind is Kind.DELIVERY else record.lines)


def _keep(
    conn: sqlite3.Connection, connection: str, seen: Observation, old: shadows.Head, scan_ms: int, feed: str
) -> None:
    """Same content: no write at all where stamps, version and keys are the same too."""
    record = seen.record
    if (record.updated_ms, record.version, record.by_us) != (old.updated_ms, old.version, old.by_us) or (
        scan_ms > old.scan_ms
    ):
        shadows.touch(conn, connection, record, scan_ms, feed or old.feed)
    if old.marker != seen.marker or old.keys != text([*seen.keys, *references.keys_of(record)]):
        shadows.rekey(conn, connection, record, seen.marker, seen.keys)


def _keep_fuller(
    conn: sqlite3.Connection, connection: str, seen: Observation, old: shadows.Head, scan_ms: int, feed: str
) -> None:
    """A list row's header replaces no fuller shadow; it only shows that the record still exists."""
    if scan_ms > old.scan_ms or old.missing_ms:
        known = msgspec.structs.replace(
            seen.record, updated_ms=old.updated_ms, version=old.version, by_us=old.by_us
        )
        shadows.touch(conn, connection, known, scan_ms, feed or old.feed)


def _dirty_holder(
    conn: sqlite3.Connection, connection: str, seen: Named, lane: Lane, now_ms: int, found: Observed
) -> None:
    """What has no pair of its own shows on another record: a line on its delivery, a balance on the
    organisation of its customer."""
    pair = linking.by_rid(conn, connection, FAMILY[seen.kind], seen.side, seen.rid)
    if pair is not None:
        linking.mark_dirty(conn, pair.id, lane, now_ms)
        found.dirty.append(pair.id)


def _settle(
    conn: sqlite3.Connection,
    connection: str,
    seen: Observation,
    lane: Lane,
    now_ms: int,
    found: Observed,
    *,
    changed: bool,
) -> None:
    """Find the record's pair, complete a create that it answers, mark the pair dirty if there is news."""
    record = seen.record
    at_home = linking.home(conn, connection, seen, lane, now_ms)
    if at_home.adopted:
        done = acks.adopt(conn, connection, at_home.pair, shadows.joined(conn, connection, record), now_ms)
        found.adopted += [done] if done else []
        pair = linking.by_id(conn, connection, at_home.pair)
        if pair is not None:
            references.wake_dependents(conn, connection, pair, now_ms, everyone=False)
    if at_home.new and record.kind is Kind.ORDER:
        pair = linking.by_id(conn, connection, at_home.pair)
        if pair is not None:
            references.wake_dependents(conn, connection, pair, now_ms, everyone=False)
    if not at_home.new and (changed or at_home.adopted):
        linking.mark_dirty(conn, at_home.pair, lane, now_ms)
    if at_home.new or changed or at_home.adopted:
        found.dirty.append(at_home.pair)


def marked(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, marker: str) -> bool:
    """Whether a record that we hold carries this marker."""
    return bool(marker) and conn.execute(MARKED, (connection, side, marker, kind)).fetchone() is not None


def open_documents(conn: sqlite3.Connection, connection: str) -> list[str]:
    """The rids of ERP documents we hold as open: those whose payment may not have moved a stamp (semantics
    §3.6)."""
    return [rid for (rid,) in conn.execute(OPEN_DOCUMENTS, (connection,)).fetchall()]


def first_seen_ms(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rid: str) -> int:
    """When the record was first known to be there, 0 if it is not known."""
    head = shadows.head(conn, connection, side, kind, rid)
    return head.first_seen_ms if head is not None else 0


def versioned(
    conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rids: Sequence[str]
) -> dict[str, Record]:
    """By rid the records as seen last, of those that have a version (ETag, timeStamp)."""
    found = [shadows.load(conn, connection, side, kind, rid) for rid in rids]
    return {record.rid: record for record in found if record is not None and record.version}
