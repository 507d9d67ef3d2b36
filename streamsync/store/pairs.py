"""Pairs: what is dirty, the view a decision is made from, and operators' commands on them.

`apply_decision` (in `decisions.py`, also named here) acts on a decision in the transaction that loaded the
view.
"""

import sqlite3
from collections.abc import Sequence

from streamsync.model import LANES, Entity, Lane, Op, Pair, Record, Side
from streamsync.store import linking, outbox, references, shadows
from streamsync.store.decisions import apply_decision
from streamsync.store.forms import RANK, kind_on, text
from streamsync.sync.lookup import View

DIRTY = """SELECT id, lane FROM pair WHERE connection=? AND entity=? AND dirty>0 AND state NOT
  IN('paused','quarantined') AND NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.pair=pair.id AND
  outbox.state IN('ready','sent','unknown')) ORDER BY lane, id LIMIT ?"""
AGAIN = """SELECT id, lane FROM pair WHERE connection=? AND entity=? AND again_ms>0 AND again_ms<=? AND
  dirty=0 AND state NOT IN('paused','quarantined') AND NOT EXISTS(SELECT 1 FROM outbox WHERE
  outbox.pair=pair.id AND outbox.state IN('ready','sent','unknown')) ORDER BY again_ms LIMIT ?"""
NEXT_DUE = "SELECT min(again_ms) FROM pair WHERE connection=? AND entity=? AND again_ms>0"
DUE = "SELECT 1 FROM pair WHERE id=? AND again_ms>0 AND again_ms<=?"
OPEN_OP = "SELECT 1 FROM outbox WHERE pair=? AND state IN('ready','sent','unknown')"
ENTITIES = "SELECT id, entity, lane FROM pair WHERE id IN(SELECT value FROM json_each(?))"
IDS_AFTER = "SELECT id FROM pair WHERE connection=? AND id>? ORDER BY id LIMIT ?"
IDS_OF = "SELECT id FROM pair WHERE connection=? AND entity=? AND id>? ORDER BY id LIMIT ?"
HANDED_OVER = """SELECT pair.crm_id FROM pair JOIN record ON record.connection=pair.connection AND
  side='erp' AND kind='order' AND rid=pair.erp_id WHERE pair.connection=? AND entity='delivery' AND
  crm_id IS NOT NULL AND (json_extract(fields,'$.status') IN('Completed','Cancelled','Canceled'))=?
  ORDER BY pair.id DESC LIMIT ?"""
DRAFTS = """SELECT crm_id FROM pair WHERE connection=? AND entity='delivery' AND erp_id IS NULL AND
  crm_id IS NOT NULL AND outcome IN('waiting','parked') ORDER BY id DESC LIMIT ?"""
GONE = "SELECT gone_ms FROM record WHERE connection=? AND side=? AND kind=? AND rid=?"
ALL_DIRTY = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END,
  lane=CASE dirty WHEN 0 THEN ? ELSE min(lane,?) END WHERE connection=? AND (?='' OR entity=?)"""
SET_STATE = "UPDATE pair SET state=?, dirty=dirty+1, changed_ms=? WHERE connection=? AND id=?"
DECIDE = """INSERT INTO decided(connection, pair, key, value, who, at_ms) VALUES(?,?,?,?,?,?)
  ON CONFLICT(pair, key) DO UPDATE SET value=excluded.value, who=excluded.who, at_ms=excluded.at_ms"""
DECIDED = "SELECT key, value FROM decided WHERE connection=? AND pair=?"
FORGET_DECIDED = "DELETE FROM decided WHERE connection=? AND pair=? AND key=?"

__all__ = [
    "apply_decision",
    "by_id",
    "by_rid",
    "decide",
    "decided",
    "dirty_pairs",
    "due",
    "ended_deliveries",
    "entities",
    "forget_decided",
    "has_open_op",
    "ids_after",
    "ids_of",
    "mark_dirty",
    "open_deliveries",
    "redirty_all",
    "redirty_reason",
    "set_state",
    "view",
]

by_id = linking.by_id
by_rid = linking.by_rid
mark_dirty = linking.mark_dirty


def view(conn: sqlite3.Connection, connection: str, pair_id: int) -> View | None:
    """The pair with both shadows, a delivery with its lines. None if it was merged into another pair
    meanwhile."""
    pair = linking.by_id(conn, connection, pair_id)
    if pair is None:
        return None
    return View(
        pair=pair,
        crm=_shadow(conn, connection, pair, Side.CRM),
        erp=_shadow(conn, connection, pair, Side.ERP),
        crm_missing=_gone(conn, connection, pair, Side.CRM),
        erp_missing=_gone(conn, connection, pair, Side.ERP),
        refused=_refused(conn, connection, pair),
    )


def _refused(conn: sqlite3.Connection, connection: str, pair: Pair) -> Op | None:
    """The write of a document that the ERP refused: its answer belongs to the next decision."""
    if pair.entity not in (Entity.DELIVERY, Entity.INVOICE):
        return None
    op = outbox.open_op(conn, connection, pair.id)
    return op if op is not None and op.state == "parked" and op.write.side is Side.ERP else None


def edited_ms(conn: sqlite3.Connection, connection: str, pair_id: int, side: Side) -> int:
    """The server's stamp of that side's shadow; 0 if there is none."""
    pair = linking.by_id(conn, connection, pair_id)
    record = None if pair is None else _shadow(conn, connection, pair, side)
    return 0 if record is None else record.updated_ms


def _shadow(conn: sqlite3.Connection, connection: str, pair: Pair, side: Side) -> Record | None:
    rid = pair.rid(side)
    record = shadows.load(conn, connection, side, kind_on(pair.entity, side, rid), rid) if rid else None
    return shadows.joined(conn, connection, record) if record is not None else None


def _gone(conn: sqlite3.Connection, connection: str, pair: Pair, side: Side) -> bool:
    rid = pair.rid(side)
    if not rid:
        return False
    row = conn.execute(GONE, (connection, side, kind_on(pair.entity, side, rid), rid)).fetchone()
    return row is not None and row[0] > 0


def dirty_pairs(
    conn: sqlite3.Connection, connection: str, entity: Entity, limit: int, now_ms: int
) -> list[tuple[int, Lane]]:
    """Pairs to decide now, highest lane first, then those whose `again_ms` has come. None that has a write
    under way."""
    rows = conn.execute(DIRTY, (connection, entity, limit)).fetchall()
    if len(rows) < limit:
        rows += conn.execute(AGAIN, (connection, entity, now_ms, limit - len(rows))).fetchall()
    return [(pair, LANES[lane]) for pair, lane in rows]


def next_due_ms(conn: sqlite3.Connection, connection: str) -> int | None:
    """When the earliest pair asks to be decided again; None if none does."""
    found = [conn.execute(NEXT_DUE, (connection, entity)).fetchone()[0] for entity in Entity]
    return min((due for due in found if due is not None), default=None)


def due(conn: sqlite3.Connection, pair: int, now_ms: int) -> bool:
    """Whether the pair asked to be decided again by now."""
    return conn.execute(DUE, (pair, now_ms)).fetchone() is not None


def has_open_op(conn: sqlite3.Connection, pair: int) -> bool:
    """Whether a write is ready or under way. A parked one does not count: a new decision supersedes it."""
    return conn.execute(OPEN_OP, (pair,)).fetchone() is not None


def entities(conn: sqlite3.Connection, pairs: Sequence[int]) -> list[tuple[int, Entity, Lane]]:
    rows = conn.execute(ENTITIES, (text(list(pairs)),)).fetchall()
    return [(pair, Entity(entity), LANES[lane]) for pair, entity, lane in rows]


def ids_after(conn: sqlite3.Connection, connection: str, after: int, limit: int) -> list[int]:
    return [pair for (pair,) in conn.execute(IDS_AFTER, (connection, after, limit)).fetchall()]


def ids_of(conn: sqlite3.Connection, connection: str, entity: Entity, after: int, limit: int) -> list[int]:
    return [pair for (pair,) in conn.execute(IDS_OF, (connection, entity, after, limit)).fetchall()]


def open_deliveries(conn: sqlite3.Connection, connection: str, limit: int = 2000) -> list[str]:
    """DeliveryIds that wait to go out, and those whose order can still change, newest first: their deleted
    lines are found by reading them again (semantics §4.1)."""
    drafts = conn.execute(DRAFTS, (connection, limit)).fetchall()
    still_open = conn.execute(HANDED_OVER, (connection, False, limit)).fetchall()
    return [rid for (rid,) in (*drafts, *still_open)]


def ended_deliveries(conn: sqlite3.Connection, connection: str, limit: int = 2000) -> list[str]:
    """DeliveryIds of the newest orders that cannot change any more: a line that a user deletes there is a
    locked edit (semantics §3.3), and its delivery may show no sign of it."""
    return [rid for (rid,) in conn.execute(HANDED_OVER, (connection, True, limit)).fetchall()]


def redirty_all(
    conn: sqlite3.Connection,
    connection: str,
    now_ms: int,
    *,
    lane: Lane = Lane.RECONCILE,
    entity: Entity | None = None,
) -> int:
    """Decide everything (of one entity) again: new rules, a reconcile. Returns how many pairs."""
    only = "" if entity is None else entity.value
    return conn.execute(ALL_DIRTY, (now_ms, RANK[lane], RANK[lane], connection, only, only)).rowcount


def redirty_reason(conn: sqlite3.Connection, connection: str, reason: str, now_ms: int) -> int:
    """Decide again those that wait for this reason (`gate` after the plan was accepted). Returns how many."""
    return references.wake_waiting(conn, connection, reason, now_ms)


def set_state(conn: sqlite3.Connection, connection: str, pair: int, state: str, now_ms: int) -> None:
    """`paused`, `active`, …: observation goes on either way, so nothing is lost by a pause."""
    conn.execute(SET_STATE, (state, now_ms, connection, pair))


def decide(
    conn: sqlite3.Connection, connection: str, pair: int, key: str, value: str, who: str, now_ms: int
) -> None:
    """A person's decision: `link`, `create_new`, `exclude`, `row:<id>`. It survives resets; the pair is
    decided again."""
    conn.execute(DECIDE, (connection, pair, key, value, who, now_ms))
    linking.mark_dirty(conn, pair, Lane.INTERACTIVE, now_ms)


def decided(conn: sqlite3.Connection, connection: str, pair: int) -> dict[str, str]:
    """What people decided about the pair, by key."""
    return dict(conn.execute(DECIDED, (connection, pair)).fetchall())


def forget_decided(conn: sqlite3.Connection, connection: str, pair: int, key: str) -> None:
    """`row:<id>` decisions are used once."""
    conn.execute(FORGET_DECIDED, (connection, pair, key))
