"""Which pair a record belongs to: found by id, adopted by marker, merged, or a new half (semantics §1).

A marker names the record on the other side. It adopts only into a pair that lacks this side: a marker that
names a record which is linked elsewhere is a copy and adopts nothing. An attached invoice is nobody's primary
document.
"""

import sqlite3
from typing import NamedTuple

from streamsync.model import Entity, Kind, Lane, Observation, Pair, Side
from streamsync.store.forms import ENTITY, FAMILY, RANK, pair_of, text

BY_CRM = """SELECT id, entity, crm_id, erp_id, origin, state, base, dirty, lane, outcome, reason
  FROM pair WHERE connection=? AND family=? AND crm_id=?"""
BY_ERP = """SELECT id, entity, crm_id, erp_id, origin, state, base, dirty, lane, outcome, reason
  FROM pair WHERE connection=? AND family=? AND erp_id=?"""
BY_ID = """SELECT id, entity, crm_id, erp_id, origin, state, base, dirty, lane, outcome, reason
  FROM pair WHERE connection=? AND id=?"""
NEW = """INSERT INTO pair(connection, entity, family, crm_id, erp_id, origin, dirty_ms, lane, changed_ms)
  VALUES(?,?,?,?,?,?,?,?,?)"""
SET_CRM = "UPDATE pair SET crm_id=?, changed_ms=? WHERE id=?"
SET_ERP = "UPDATE pair SET erp_id=?, changed_ms=? WHERE id=?"
DIRTY = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END,
  lane=CASE dirty WHEN 0 THEN ? ELSE min(lane,?) END WHERE id=?"""
MARKED = "SELECT kind, rid FROM record WHERE connection=? AND side=? AND marker=? LIMIT 20"
IS_ATTACHED = "SELECT 1 FROM attachment WHERE invoice=? LIMIT 1"
OPEN_OPS = """SELECT id, pair, state FROM outbox WHERE pair IN(?,?) AND state
  IN('ready','sent','unknown','parked')"""
PARTED = "SELECT value FROM decided WHERE pair=? AND key='unlinked'"
SUPERSEDE = "UPDATE outbox SET state='superseded', changed_ms=? WHERE id=?"
FOLLOW = (
    "UPDATE outbox SET pair=? WHERE pair=?",
    "UPDATE history SET pair=? WHERE pair=?",
    "UPDATE audit SET pair=? WHERE pair=?",
    "UPDATE finding SET pair=? WHERE pair=?",
    "UPDATE OR REPLACE conflict SET pair=? WHERE pair=?",
    "UPDATE OR REPLACE line_link SET pair=? WHERE pair=?",
    "UPDATE OR REPLACE decided SET pair=? WHERE pair=?",
    "UPDATE OR REPLACE attachment SET invoice=? WHERE invoice=?",
    "UPDATE OR REPLACE attachment SET delivery=? WHERE delivery=?",
)
REMOVE = "DELETE FROM pair WHERE id=?"
GAIN = "UPDATE pair SET base=?, dirty=dirty+?, lane=min(lane,?), changed_ms=? WHERE id=?"
LOSE_CRM = "UPDATE pair SET crm_id=NULL, base='{}', dirty=dirty+1, changed_ms=? WHERE id=?"
LOSE_ERP = "UPDATE pair SET erp_id=NULL, base='{}', dirty=dirty+1, changed_ms=? WHERE id=?"


class Named(NamedTuple):
    side: Side
    kind: Kind
    rid: str


class Home(NamedTuple):
    """Where a record lives: its pair, whether this observation made or completed it."""

    pair: int
    new: bool
    adopted: bool


def named_by(marker: str) -> Named | None:
    """`erp:order:SO/000223` names (erp, order, `order:SO/000223`); None if it is no marker of ours."""
    side, _, rest = marker.partition(":")
    kind, _, rid = rest.partition(":")
    if side not in ("crm", "erp") or kind not in tuple(Kind) or not rid:
        return None
    return Named(Side(side), Kind(kind), rest if kind in (Kind.ORDER, Kind.INVOICE) else rid)


def marker_of(side: Side, kind: Kind, rid: str) -> str:
    return f"{side}:{rid}" if kind in (Kind.ORDER, Kind.INVOICE) else f"{side}:{kind}:{rid}"


def by_rid(conn: sqlite3.Connection, connection: str, family: str, side: Side, rid: str) -> Pair | None:
    row = conn.execute(BY_CRM if side is Side.CRM else BY_ERP, (connection, family, rid)).fetchone()
    return pair_of(row) if row else None


def by_id(conn: sqlite3.Connection, connection: str, number: int) -> Pair | None:
    row = conn.execute(BY_ID, (connection, number)).fetchone()
    return pair_of(row) if row else None


def set_rid(conn: sqlite3.Connection, pair: int, side: Side, rid: str | None, now_ms: int) -> None:
    conn.execute(SET_CRM if side is Side.CRM else SET_ERP, (rid, now_ms, pair))


def mark_dirty(conn: sqlite3.Connection, pair: int, lane: Lane, now_ms: int) -> None:
    """A counter, not a flag: a decision clears only what it saw. The lane of a waiting mark only rises."""
    conn.execute(DIRTY, (now_ms, RANK[lane], RANK[lane], pair))


def home(conn: sqlite3.Connection, connection: str, seen: Observation, lane: Lane, now_ms: int) -> Home:
    """The record's pair, found, completed or made. Does not mark it dirty (a new one is born dirty)."""
    record, family = seen.record, FAMILY[seen.record.kind]
    own = by_rid(conn, connection, family, record.side, record.rid)
    if own is not None and own.crm_id and own.erp_id:
        return Home(own.id, False, False)
    target = _claimed(conn, connection, seen, family, first_sight=own is None)
    if target is not None and own is None:
        set_rid(conn, target.id, record.side, record.rid, now_ms)
        return Home(target.id, False, True)
    if target is not None and own is not None and not _is_attached(conn, own):
        keep, lose = (target, own) if target.entity is not own.entity or target.id < own.id else (own, target)
        if merge(conn, connection, keep.id, lose.id, now_ms):
            return Home(keep.id, False, True)
    if own is not None:
        return Home(own.id, False, False)
    crm, erp = (record.rid, None) if record.side is Side.CRM else (None, record.rid)
    made = conn.execute(
        NEW, (connection, ENTITY[record.kind], family, crm, erp, record.side, now_ms, RANK[lane], now_ms)
    )
    return Home(made.lastrowid or 0, True, False)


def _claimed(
    conn: sqlite3.Connection, connection: str, seen: Observation, family: str, *, first_sight: bool
) -> Pair | None:
    """The half pair that this record completes, by its own marker or by one on the other side that names
    it; never one that a person parted it from, whatever the texts still say."""
    record, other = seen.record, seen.record.side.other
    named = named_by(seen.marker)
    if named is not None and named.side is other and FAMILY[named.kind] == family:
        pair = by_rid(conn, connection, family, other, named.rid)
        if pair is not None:
            return pair if _lacks(conn, pair, record.side) and not _parted(conn, pair, record.rid) else None
    if not first_sight:
        return None
    marker = marker_of(record.side, record.kind, record.rid)
    found: list[Pair] = []
    for kind, rid in conn.execute(MARKED, (connection, other, marker)).fetchall():
        pair = by_rid(conn, connection, family, other, rid) if FAMILY[Kind(kind)] == family else None
        if pair is not None and _lacks(conn, pair, record.side) and not _parted(conn, pair, record.rid):
            found.append(pair)
    return found[0] if len(found) == 1 else None


def _parted(conn: sqlite3.Connection, pair: Pair, rid: str) -> bool:
    """Whether a person unlinked this record from the pair. Both halves remember it, so asking one is
    enough."""
    row = conn.execute(PARTED, (pair.id,)).fetchone()
    return row is not None and rid in row[0].split(",")


def _lacks(conn: sqlite3.Connection, pair: Pair, side: Side) -> bool:
    return not pair.rid(side) and not _is_attached(conn, pair)


def _is_attached(conn: sqlite3.Connection, pair: Pair) -> bool:
    return pair.entity is Entity.INVOICE and conn.execute(IS_ATTACHED, (pair.id,)).fetchone() is not None


def merge(conn: sqlite3.Connection, connection: str, keep: int, lose: int, now_ms: int) -> bool:
    """Give `keep` the record that it lacks and `lose` has. `lose` goes, with its ops and rows moved over,
    unless it keeps a record of its own. False, and nothing done, if both have a write under way or there is
    nothing to give."""
    left, right = by_id(conn, connection, keep), by_id(conn, connection, lose)
    if left is None or right is None:
        return False
    missing = [side for side in Side if not left.rid(side) and right.rid(side)]
    if len(missing) != 1 or not _free_ops(conn, keep, lose, now_ms):
        return False
    side, rid = missing[0], right.rid(missing[0])
    if right.rid(side.other):
        conn.execute(LOSE_CRM if side is Side.CRM else LOSE_ERP, (now_ms, lose))
        base, dirty = left.base, 1
    else:
        for statement in FOLLOW:
            conn.execute(statement, (keep, lose))
        conn.execute(REMOVE, (lose,))
        base, dirty = right.base | left.base, right.dirty + 1
    set_rid(conn, keep, side, rid, now_ms)
    conn.execute(GAIN, (text(base), dirty, RANK[right.lane], now_ms, keep))
    return True


def _free_ops(conn: sqlite3.Connection, keep: int, lose: int, now_ms: int) -> bool:
    """At most one open op may remain; one that was not sent yet is planned again."""
    open_ops = conn.execute(OPEN_OPS, (keep, lose)).fetchall()
    if len(open_ops) < 2:
        return True
    idle = [(pair == keep, op) for op, pair, state in open_ops if state in ("ready", "parked")]
    if not idle:
        return False
    conn.execute(SUPERSEDE, (now_ms, min(idle)[1]))
    return True
