"""Cursors, full reads and their gate, disappearances, unreadable rows.

A full read ("scan") is known by when it began, our clock. Once complete it opens the first-sync gate of its
kind, and names the records it did not show: candidates only. Missing is not deleted (semantics §10):
`mark_gone` records evidence.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

from streamsync.model import Kind, Lane, Side
from streamsync.store import linking
from streamsync.store.forms import FAMILY, text
from streamsync.store.references import wake_waiting

CURSOR = "SELECT position FROM cursor WHERE connection=? AND side=? AND feed=?"
SET_CURSOR = """INSERT INTO cursor(connection, side, feed, position) VALUES(?,?,?,?) ON
  CONFLICT(connection, side, feed) DO UPDATE SET position=excluded.position WHERE
  position<>excluded.position"""
FORGET_CURSOR = "DELETE FROM cursor WHERE connection=? AND side=? AND feed=?"
EXPECT = "INSERT OR IGNORE INTO scan(connection, side, feed, kind) VALUES(?,?,?,?)"
SCAN = "SELECT started_ms, finished_ms, first_started_ms FROM scan WHERE connection=? AND side=? AND feed=?"
FINISH = """INSERT INTO scan(connection, side, feed, kind, started_ms, finished_ms, first_started_ms)
  VALUES(?,?,?,?,?,?,?) ON CONFLICT(connection, side, feed) DO UPDATE SET started_ms=excluded.started_ms,
  finished_ms=excluded.finished_ms,
  first_started_ms=CASE first_started_ms WHEN 0 THEN excluded.first_started_ms ELSE first_started_ms END"""
GATE = """SELECT count(*), sum(finished_ms=0), min(first_started_ms),
  max(first_started_ms) FROM scan WHERE connection=? AND side=? AND kind=?"""
KNOWN = """SELECT count(*) FROM record WHERE connection=? AND side=? AND kind=? AND gone_ms=0
  AND (feed='' OR feed=?)"""
UNSEEN = """SELECT rid FROM record WHERE connection=? AND side=? AND kind=? AND scan_ms<>? AND gone_ms=0
  AND changed_ms<=? AND first_seen_ms<=? AND (feed='' OR feed=?)
  AND (scan_ms=? OR (missing_ms>0) OR (scan_ms=0 AND ?)) ORDER BY rid"""
MISS = """UPDATE record SET missing_ms=CASE missing_ms WHEN 0 THEN ? ELSE missing_ms END, misses=misses+1
  WHERE connection=? AND side=? AND kind=? AND rid=?"""
ALIVE = """SELECT rid FROM record WHERE connection=? AND side=? AND kind=? AND gone_ms=0 AND rid
  IN(SELECT value FROM json_each(?)) ORDER BY rid"""
MISSING = """SELECT rid, missing_ms, misses FROM record WHERE connection=? AND side=? AND kind=? AND
  missing_ms>0 AND gone_ms=0 ORDER BY rid"""
GONE = """UPDATE record SET gone_ms=?1, missing_ms=CASE missing_ms WHEN 0 THEN ?1 ELSE missing_ms END
  WHERE connection=?2 AND side=?3 AND kind=?4 AND rid=?5 AND gone_ms=0"""
CONVERTED = """UPDATE record SET fields=json_set(fields,'$.converted','true')
  WHERE connection=? AND side=? AND kind=? AND rid=?"""
GATED = {
    Kind.ORGANISATION: ("organisation", "person", "delivery", "invoice"),
    Kind.ITEM: ("item", "delivery", "invoice"),
    Kind.PERSON: ("person", "delivery", "invoice"),
}
"""Whose gate the full read of a kind belongs to; any other kind is a document's (semantics §8)."""
MALFORMED = """INSERT INTO malformed(connection, side, kind, rid, problem, at_ms) VALUES(?,?,?,?,?,?)
  ON CONFLICT(connection, side, kind, rid) DO UPDATE SET problem=excluded.problem, at_ms=excluded.at_ms"""


class BadRow(Protocol):
    """Shaped like `systems.port.Malformed`."""

    @property
    def kind(self) -> Kind: ...
    @property
    def rid(self) -> str: ...
    @property
    def problem(self) -> str: ...


def cursor(conn: sqlite3.Connection, connection: str, side: Side, feed: str) -> str:
    """The position after which to read on; `""` = from the beginning."""
    row = conn.execute(CURSOR, (connection, side, feed)).fetchone()
    return str(row[0]) if row else ""


get_cursor = cursor


def set_cursor(conn: sqlite3.Connection, connection: str, side: Side, feed: str, position: str) -> None:
    """Only after all pages up to it are stored. Writes nothing when unchanged."""
    conn.execute(SET_CURSOR, (connection, side, feed, position))


def forget_cursor(conn: sqlite3.Connection, connection: str, side: Side, feed: str) -> None:
    """The next read of the feed is a full one."""
    conn.execute(FORGET_CURSOR, (connection, side, feed))


def expect_feeds(
    conn: sqlite3.Connection, connection: str, side: Side, feeds: Iterable[tuple[str, Kind]]
) -> None:
    """At start: which feeds make up a kind. Where a kind has several, its gate opens when all were read in
    full."""
    conn.executemany(EXPECT, [(connection, side, feed, kind) for feed, kind in feeds])


def complete_scan(
    conn: sqlite3.Connection,
    connection: str,
    side: Side,
    feed: str,
    kind: Kind,
    scan_ms: int,
    now_ms: int,
    *,
    rows: int = 1,
) -> list[str]:
    """The full read that began at `scan_ms` is stored to its end. Returns the rids it did not show: missing
    candidates. A list of no `rows` at all makes no candidates (semantics §10).

    Opening the gate wakes the pairs that wait for it."""
    before = conn.execute(SCAN, (connection, side, feed)).fetchone() or (0, 0, 0)
    was_open = complete(conn, connection, side, kind)
    conn.execute(FINISH, (connection, side, feed, kind, scan_ms, now_ms, scan_ms))
    if not was_open and complete(conn, connection, side, kind):
        _open_gate(conn, connection, side, kind, now_ms)
    if not rows or kind is Kind.BALANCE:  # a customer's balance does not vanish by itself
        return []
    alone = conn.execute(GATE, (connection, side, kind)).fetchone()[0] == 1
    unseen = [
        rid
        for (rid,) in conn.execute(
            UNSEEN, (connection, side, kind, scan_ms, scan_ms, scan_ms, feed, before[0] or -1, alone)
        ).fetchall()
    ]
    conn.executemany(MISS, [(now_ms, connection, side, kind, rid) for rid in unseen])
    return unseen


def _open_gate(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, now_ms: int) -> None:
    """Wake those that wait for this gate, once for both sides: the side that completes last does it."""
    if kind in GATED and not complete(conn, connection, side.other, kind):
        return
    for entity in GATED.get(kind, ("delivery", "invoice")):
        wake_waiting(conn, connection, "gate", now_ms, entity=entity)


def scanned(conn: sqlite3.Connection, connection: str, side: Side, feed: str) -> bool:
    """Whether this feed was ever read in full."""
    row = conn.execute(SCAN, (connection, side, feed)).fetchone()
    return row is not None and row[1] > 0


def known(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, feed: str) -> int:
    """How many records of this feed we hold that are not gone."""
    return int(conn.execute(KNOWN, (connection, side, kind, feed)).fetchone()[0])


def complete(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind) -> bool:
    """The first-sync gate: every feed of that kind was read in full at least once (design §6 rule 8)."""
    feeds, unread, *_ = conn.execute(GATE, (connection, side, kind)).fetchone()
    return bool(feeds > 0 and unread == 0)


def first_full_read_ms(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind) -> int:
    """When the first full read of that kind began; 0 while it is not complete."""
    feeds, unread, first, _ = conn.execute(GATE, (connection, side, kind)).fetchone()
    return int(first) if feeds > 0 and unread == 0 else 0


def first_scan_ms(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind) -> int:
    """The same, but of several feeds the one that began last: what any of them showed was there by then."""
    feeds, unread, _, last = conn.execute(GATE, (connection, side, kind)).fetchone()
    return int(last) if feeds > 0 and unread == 0 else 0


def alive(
    conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rids: Sequence[str]
) -> list[str]:
    """Those of these records that we hold and do not know to be gone."""
    return [rid for (rid,) in conn.execute(ALIVE, (connection, side, kind, text(list(rids)))).fetchall()]


def missing(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind) -> list[tuple[str, int, int]]:
    """Candidates for a disappearance: (rid, when first missed, how often missed)."""
    return conn.execute(MISSING, (connection, side, kind)).fetchall()


def mark_gone(
    conn: sqlite3.Connection,
    connection: str,
    side: Side,
    kind: Kind,
    rid: str,
    now_ms: int,
    *,
    converted: bool = False,
) -> int:
    """There is evidence that the record is gone. Marks its pair dirty and returns it; 0 if it has none or it
    was known. `converted`: it lives on as something that we do not sync (an opportunity); its shadow says
    so until it is read again."""
    if converted:
        conn.execute(CONVERTED, (connection, side, kind, rid))
    if not conn.execute(GONE, (now_ms, connection, side, kind, rid)).rowcount:
        return 0
    pair = linking.by_rid(conn, connection, FAMILY[kind], side, rid)
    if pair is None:
        return 0
    linking.mark_dirty(conn, pair.id, Lane.RECONCILE, now_ms)
    return pair.id


def note_malformed(
    conn: sqlite3.Connection, connection: str, side: Side, rows: Sequence[BadRow], now_ms: int
) -> None:
    """Rows that could not be read: listed until they can."""
    conn.executemany(MALFORMED, [(connection, side, row.kind, row.rid, row.problem, now_ms) for row in rows])
