"""The outbox: intent before action. States and moves as drawn in `streamsync.store` (reliability §5.1).

`sent` is durable before the first byte leaves; at restart it becomes `unknown`, because nobody knows. At most
one op per pair is open (ready, sent, unknown, parked), which an index guarantees. Ops are disposable: planned
again from shadows.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from streamsync.model import LANES, Action, Kind, Lane, Op, Side
from streamsync.store import journal, linking, meta
from streamsync.store.acks import ack, advance_base, confirmed, current
from streamsync.store.forms import RANK, op_of, text
from streamsync.sync.decision import AMBIGUOUS, CONFLICT, PARKED

DUE = """SELECT id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle, error_class,
  error, trace, rows FROM outbox WHERE connection=? AND side=? AND lane=? AND state='ready' AND
  due_ms<=? AND NOT EXISTS(SELECT 1 FROM pair WHERE pair.id=outbox.pair AND pair.state='paused')
  ORDER BY due_ms, id LIMIT ?"""
DUE_BUT = DUE.replace("ORDER BY", "AND entity NOT IN(SELECT value FROM json_each(?)) ORDER BY")
NEXT_DUE = """SELECT min(due_ms) FROM outbox WHERE connection=? AND side=? AND lane=? AND
  state='ready'"""
NEXT_UNKNOWN = "SELECT min(due_ms) FROM outbox WHERE connection=? AND state='unknown'"
UNKNOWN_DUE = """SELECT id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle,
  error_class, error, trace, rows, changed_ms FROM outbox WHERE connection=? AND state='unknown' AND
  due_ms<=? AND
  (handle='' OR sent_ms+?<=?) ORDER BY due_ms, id LIMIT ?"""
BY_ID = """SELECT id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle, error_class,
  error, trace, rows FROM outbox WHERE connection=? AND id=?"""
OF_PAIR = """SELECT id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle, error_class,
  error, trace, rows FROM outbox WHERE connection=? AND pair=? AND state
  IN('ready','sent','unknown','parked')"""
CLAIM = """UPDATE outbox SET state='sent', sent_ms=?, attempt=attempt+1, changed_ms=?
  WHERE id=? AND state IN('ready','unknown') AND NOT EXISTS(SELECT 1 FROM meta WHERE
  meta.connection=outbox.connection AND meta.key IN('pause::','pause::'||side,'pause:'||entity||':',
  'pause:'||entity||':'||side)) AND NOT EXISTS(SELECT 1 FROM pair WHERE pair.id=outbox.pair AND
  pair.state='paused')"""
HELD = """SELECT id FROM outbox WHERE connection=? AND state='ready' AND id<=? AND (?='' OR entity=?)
  AND (?='' OR side=?) ORDER BY id LIMIT ?"""
NEWEST = "SELECT coalesce(max(id),0) FROM outbox WHERE connection=?"
READY = """UPDATE outbox SET state='ready', due_ms=?, error_class=?, error=?
  WHERE id=? AND state IN('ready','sent','unknown')"""
POSTPONE = "UPDATE outbox SET due_ms=?, error_class=?, error=? WHERE id=? AND state IN('ready','unknown')"
UNKNOWN = """UPDATE outbox SET state='unknown', due_ms=?, error_class=?, error=?, changed_ms=?
  WHERE id=? AND state IN('ready','sent','unknown')"""
HOLD = """UPDATE outbox SET state='unknown', handle=?, due_ms=?, error_class='', error='', changed_ms=?
  WHERE id=? AND state IN('ready','sent','unknown')"""
PARK = """UPDATE outbox SET state='parked', error_class=?, error=?, changed_ms=?
  WHERE id=? AND state IN('ready','sent','unknown')"""
PARKED_ROW = """INSERT INTO parked(op, connection, cause, message, excerpt, first_ms, last_ms)
  VALUES(?,?,?,?,?,?,?) ON CONFLICT(op) DO UPDATE SET cause=excluded.cause, message=excluded.message,
  excerpt=excluded.excerpt, last_ms=excluded.last_ms"""
PAIR_OUTCOME = """UPDATE pair SET outcome=?, reason=?, state=CASE WHEN ? THEN 'ambiguous' ELSE state
  END, changed_ms=? WHERE id=?"""
SUPERSEDE = """UPDATE outbox SET state='superseded', changed_ms=?
  WHERE id=? AND state IN('ready','sent','unknown','parked')"""
LOOK_AGAIN = "UPDATE pair SET outcome='waiting', reason='settling', again_ms=?, changed_ms=? WHERE id=?"
SUPERSEDE_PARKED = "UPDATE outbox SET state='superseded', changed_ms=? WHERE pair=? AND state='parked'"
RETRY = """UPDATE outbox SET state='ready', due_ms=?, lane=?, attempt=0, changed_ms=?
  WHERE connection=? AND id=? AND state='parked'"""
RETRIED_PAIR = """UPDATE pair SET outcome='written', reason='', changed_ms=? WHERE id=(SELECT pair FROM
  outbox WHERE id=?)"""
ABANDON = """UPDATE outbox SET state='abandoned', changed_ms=? WHERE id=? AND state IN('ready','parked')"""
PARKED_OPS = """SELECT id FROM outbox WHERE connection=? AND state='parked' AND (?='' OR error_class=?)
  AND (?='' OR entity=?) ORDER BY id LIMIT ?"""
RESTART = "UPDATE outbox SET state='unknown', due_ms=?, changed_ms=? WHERE state='sent'"
UNANSWERED = RESTART + " AND connection=? AND side=?"
PARKED_PAIRS = """SELECT id FROM pair WHERE connection=? AND outcome='parked' AND (?='' OR reason=?)
  AND dirty=0 AND NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.pair=pair.id
  AND outbox.state IN('ready','sent','unknown','parked'))"""
CLEAR_PARKED = "DELETE FROM parked WHERE op=?"

__all__ = [
    "abandon",
    "ack",
    "advance_base",
    "back_to_ready",
    "by_id",
    "claim",
    "confirmed",
    "due",
    "grouped",
    "hold_handle",
    "newest",
    "next_due_ms",
    "next_unknown_ms",
    "open_op",
    "park",
    "parked_ops",
    "postpone",
    "release",
    "restart",
    "retry",
    "supersede",
    "supersede_parked",
    "to_unknown",
    "unanswered",
    "unknown_due",
]


def due(
    conn: sqlite3.Connection,
    connection: str,
    side: Side,
    now_ms: int,
    limit: int,
    lanes: Sequence[Lane] = LANES,
) -> list[Op]:
    """Ready ops whose time has come, lane by lane, oldest first; none that is paused."""
    found: list[Op] = []
    pauses = [one for one in meta.pauses(conn, connection) if one.side in ("", side)]
    if any(not one.entity for one in pauses):
        return found
    statement, but = (DUE_BUT, (text([one.entity for one in pauses]),)) if pauses else (DUE, ())
    for lane in lanes:
        if len(found) < limit:
            asked = (connection, side, RANK[lane], now_ms, *but, limit - len(found))
            rows = conn.execute(statement, asked).fetchall()
            found += map(op_of, rows)
    return found


def next_due_ms(conn: sqlite3.Connection, connection: str, side: Side) -> int | None:
    """When the earliest ready op comes due, a paused one counted; None if there is none."""
    found = [conn.execute(NEXT_DUE, (connection, side, rank)).fetchone()[0] for rank in RANK.values()]
    return min((due for due in found if due is not None), default=None)


def next_unknown_ms(conn: sqlite3.Connection, connection: str) -> int | None:
    """When the earliest op with an unknown outcome is to be looked up; None if there is none."""
    found: int | None = conn.execute(NEXT_UNKNOWN, (connection,)).fetchone()[0]
    return found


def grouped(ops: Iterable[Op], bulk: Callable[[Kind, Action], int]) -> list[list[Op]]:
    """Batches of one lane, kind and action, each as long as `System.bulk` takes; the order of lanes is
    kept."""
    out: list[list[Op]] = []
    ordered = sorted(ops, key=lambda op: (RANK[op.lane], op.write.kind, op.write.action, op.id))
    for (_, kind, action), same in groupby(ordered, key=lambda op: (op.lane, op.write.kind, op.write.action)):
        batch, size = list(same), max(1, bulk(kind, action))
        out += [batch[start : start + size] for start in range(0, len(batch), size)]
    return out


def unknown_due(
    conn: sqlite3.Connection, connection: str, now_ms: int, handle_patience_ms: int, limit: int
) -> list[Op]:
    """Ops whose outcome must be found out. One that holds a handle is left to the pollers for
    `handle_patience_ms`."""
    rows = conn.execute(UNKNOWN_DUE, (connection, now_ms, handle_patience_ms, now_ms, limit)).fetchall()
    return [op_of(row) for row in rows]


def by_id(conn: sqlite3.Connection, connection: str, op: int) -> Op | None:
    row = conn.execute(BY_ID, (connection, op)).fetchone()
    return op_of(row) if row else None


def open_op(conn: sqlite3.Connection, connection: str, pair: int) -> Op | None:
    row = conn.execute(OF_PAIR, (connection, pair)).fetchone()
    return op_of(row) if row else None


def claim(conn: sqlite3.Connection, ops: Iterable[Op], now_ms: int) -> list[int]:
    """Mark as sent; must be durable before the first byte leaves. Returns the ids really claimed: send only
    those. One that was paused meanwhile is not."""
    return [op.id for op in ops if conn.execute(CLAIM, (now_ms, now_ms, op.id)).rowcount]


def back_to_ready(conn: sqlite3.Connection, op: Op, due_ms: int, error_class: str, message: str) -> None:
    """Certainly not processed (refused, throttled, or looked up and not there): try again at `due_ms`."""
    conn.execute(READY, (due_ms, error_class, message, op.id))


def postpone(conn: sqlite3.Connection, op: Op, due_ms: int, error_class: str, message: str) -> None:
    """Look again at `due_ms`, in the same state."""
    conn.execute(POSTPONE, (due_ms, error_class, message, op.id))


def to_unknown(
    conn: sqlite3.Connection, op: Op, now_ms: int, error_class: str, message: str, due_ms: int | None = None
) -> None:
    """It may or may not have been processed. Look at once (`due_ms=None`); a negative answer counts after the
    settle time."""
    conn.execute(UNKNOWN, (now_ms if due_ms is None else due_ms, error_class, message, now_ms, op.id))


def unanswered(conn: sqlite3.Connection, connection: str, side: Side, now_ms: int) -> None:
    """All that a writer had sent when it crashed: nobody waits for the answers any more. For its next
    start."""
    conn.execute(UNANSWERED, (now_ms, now_ms, connection, side))


def hold_handle(conn: sqlite3.Connection, op: Op, handle: str, now_ms: int) -> None:
    """A create that was answered with a number only: open until a poll shows the record with our marker."""
    conn.execute(HOLD, (handle, now_ms, now_ms, op.id))


def park(
    conn: sqlite3.Connection,
    connection: str,
    op: Op,
    error_class: str,
    message: str,
    excerpt: str,
    now_ms: int,
    *,
    conflict: bool = False,
    again: bool = False,
) -> None:
    """A person must look. The op stays open, so that nothing is planned behind their back until the record
    changes.

    `error_class` becomes the pair's reason where it is one of the closed list, else `rejected`. `again`: the
    pair is decided again, with the refusal in view (documents: the delivery's message tells of it)."""
    if not conn.execute(PARK, (error_class, message, now_ms, op.id)).rowcount:
        return
    op = current(conn, op)
    conn.execute(PARKED_ROW, (op.id, connection, error_class, message, excerpt, now_ms, now_ms))
    reasons = CONFLICT if conflict else PARKED | AMBIGUOUS
    reason = error_class if error_class in reasons else "locked_edit" if conflict else "rejected"
    outcome = "conflict" if conflict else "parked"
    conn.execute(PAIR_OUTCOME, (outcome, reason, reason in AMBIGUOUS, now_ms, op.pair))
    journal.audit(conn, connection, "parked", now_ms=now_ms, pair=op.pair, op=op.id, trace=op.trace)
    if again:
        linking.mark_dirty(conn, op.pair, Lane.LIVE, now_ms)


def supersede(conn: sqlite3.Connection, op: Op, now_ms: int, again_ms: int = 0) -> None:
    """The world moved: drop the op and decide again, at once or (`again_ms`) not before then."""
    if not conn.execute(SUPERSEDE, (now_ms, op.id)).rowcount:
        return
    conn.execute(CLEAR_PARKED, (op.id,))
    pair = current(conn, op).pair
    if again_ms:
        conn.execute(LOOK_AGAIN, (again_ms, now_ms, pair))
    else:
        linking.mark_dirty(conn, pair, op.lane, now_ms)


def newest(conn: sqlite3.Connection, connection: str) -> int:
    """The number of the last op."""
    return int(conn.execute(NEWEST, (connection,)).fetchone()[0])


def release(
    conn: sqlite3.Connection,
    connection: str,
    entity: str,
    side: str,
    up_to: int,
    now_ms: int,
    limit: int = 500,
) -> list[int]:
    """After a pause: ops of the scope that waited (none newer than `up_to`) are dropped and their pairs
    decided again, on what both sides hold by now. Returns the pairs; fewer than `limit` were the last."""
    rows = conn.execute(HELD, (connection, up_to, entity, entity, side, side, limit)).fetchall()
    ops = [op for (number,) in rows if (op := by_id(conn, connection, number)) is not None]
    for op in ops:
        supersede(conn, op, now_ms)
    return [op.pair for op in ops]


def supersede_parked(conn: sqlite3.Connection, pair: int, now_ms: int) -> None:
    """A new decision takes the place of a parked op: the cause may be fixed at its source."""
    conn.execute(SUPERSEDE_PARKED, (now_ms, pair))


def retry(
    conn: sqlite3.Connection, connection: str, *, op: int = 0, cause: str = "", who: str = "", now_ms: int
) -> int:
    """An operator tries again, at once: one op, all of a cause, or all that is parked. Returns how many.

    A parked op is sent again; a pair that the decision itself parked is decided again."""
    count = 0
    for number in [op] if op else parked_ops(conn, connection, cause=cause):
        if conn.execute(RETRY, (now_ms, RANK[Lane.INTERACTIVE], now_ms, connection, number)).rowcount:
            conn.execute(RETRIED_PAIR, (now_ms, number))
            held = by_id(conn, connection, number)
            pair = held.pair if held is not None else 0
            journal.audit(conn, connection, "retry", now_ms=now_ms, pair=pair, op=number, actor=who)
            count += 1
    if op:
        return count
    for (pair,) in conn.execute(PARKED_PAIRS, (connection, cause, cause)).fetchall():
        linking.mark_dirty(conn, pair, Lane.INTERACTIVE, now_ms)
        journal.audit(conn, connection, "retry", now_ms=now_ms, pair=pair, actor=who)
        count += 1
    return count


def abandon(conn: sqlite3.Connection, connection: str, op: int, now_ms: int, actor: str = "") -> bool:
    """An operator drops an op. Its pair stays listed as parked until the record changes. False if it is under
    way."""
    if not conn.execute(ABANDON, (now_ms, op)).rowcount:
        return False
    conn.execute(CLEAR_PARKED, (op,))
    journal.audit(conn, connection, "abandon", now_ms=now_ms, op=op, actor=actor)
    return True


def parked_ops(
    conn: sqlite3.Connection, connection: str, *, cause: str = "", entity: str = "", limit: int = 1000
) -> list[int]:
    """Ids of parked ops, of one cause or entity if named: for `retry` of one, many, all."""
    return [
        op for (op,) in conn.execute(PARKED_OPS, (connection, cause, cause, entity, entity, limit)).fetchall()
    ]


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    clean: bool  # whether the last life ended cleanly, or the store is new
    unknown: int  # ops that were sent in the last life and whose outcome must be found out


def restart(conn: sqlite3.Connection, now_ms: int) -> Recovered:
    """What was sent in a former life is unknown in this one (reliability §5.3 step 4).

    `Store.open` has done it before anybody can claim; a call before the first claim tells what was found."""
    moved = conn.execute(RESTART, (now_ms, now_ms)).rowcount
    known = int(meta.get(conn, "", "recovered_ops") or "0")
    return Recovered(clean=meta.began_clean(conn), unknown=known + moved)
