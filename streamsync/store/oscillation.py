"""The guard against swinging: a field that our own writes set to and fro is left to a person (semantics §9).

Called where a write is acknowledged, in that transaction, after its history row is written. A write is a
*turn* if it repeats our last write of that field (something put the value back), or takes it back while we
wrote the other side in between (our own conversions disagree). `SWINGS` writes in a row that are turns of
each other within an hour quarantine the pair. A turn that rests on an edit which webCRM says was not ours
is a user's: it does not count, up to `PATIENCE`, by which no user but another programme must be at work.
"""

import sqlite3

from streamsync.model import Action, Op, Outcome, Record, Side
from streamsync.store import journal, linking, shadows
from streamsync.store.forms import kind_on, text

WINDOW_MS = 3_600_000
SWINGS = 3
PATIENCE = 8
TURN, OF_A_USER, HELD = "swing", "swing_edited", "quarantined"

OURS = """SELECT seq, op, before, after FROM history WHERE connection=? AND pair=? AND side=? AND field=? AND
  op<>0 AND at_ms>=? ORDER BY seq DESC LIMIT 2"""
WRITES = """SELECT count(*) FROM history WHERE connection=? AND pair=? AND side=? AND field=? AND op<>0 AND
  at_ms>=?"""
OTHER_SIDE = """SELECT 1 FROM history WHERE connection=? AND pair=? AND side=? AND op<>0 AND seq>? AND seq<?
  LIMIT 1"""
COUNT = "SELECT count(*) FROM audit WHERE pair=? AND connection=? AND event=? AND fields=? AND at_ms>=?"
LAST_HELD = "SELECT coalesce(max(at_ms),0) FROM audit WHERE pair=? AND connection=? AND event=?"
QUARANTINE = """UPDATE pair SET state='quarantined', outcome=?, reason='rejected', detail=?, changed_ms=?
  WHERE id=? AND state='active'"""
FREE = "UPDATE pair SET state='active', changed_ms=? WHERE id=? AND state='quarantined'"


def watch(conn: sqlite3.Connection, connection: str, op: Op, before: Record | None, now_ms: int) -> None:
    """Look at the fields of a confirmed update; the first that swings quarantines its pair. `before`: the
    record as it was before the write."""
    write = op.write
    if write.action is not Action.UPDATE:
        return
    held = int(conn.execute(LAST_HELD, (op.pair, connection, HELD)).fetchone()[0])
    since = max(now_ms - WINDOW_MS, held + 1)
    edited = _edited_by_a_user(conn, connection, op, before)
    for field in write.fields:
        if (
            field in write.notices
            or _idle(before, field, write.fields[field])
            or not _is_turn(conn, connection, op, field, since)
        ):
            continue
        name = f"{write.side}:{field}"
        event = OF_A_USER if edited else TURN
        journal.audit(conn, connection, event, now_ms=now_ms, pair=op.pair, op=op.id, fields=(name,))
        turns = _count(conn, connection, op.pair, TURN, name, since)
        all_turns = turns + _count(conn, connection, op.pair, OF_A_USER, name, since)
        asked = (connection, op.pair, write.side, field, since)
        writes = int(conn.execute(WRITES, asked).fetchone()[0])  # a turn of before the hour joins two of them
        if min(turns + 1, writes) >= SWINGS or min(all_turns + 1, writes) >= PATIENCE:
            _quarantine(conn, connection, op, field, writes, now_ms)
            return


def free(conn: sqlite3.Connection, pair: int, now_ms: int) -> bool:
    """A person lets a quarantined pair go on; what it swung before does not count any more. False if it was
    not held."""
    return bool(conn.execute(FREE, (now_ms, pair)).rowcount)


def _idle(before: Record | None, field: str, after: str) -> bool:
    """A field that a write carries along unchanged, as catalogue rows do; they write `-` for empty."""
    was = before.fields.get(field, "") if before is not None else ""
    return (was, after) in (("", "-"), ("-", "")) or was == after


def _is_turn(conn: sqlite3.Connection, connection: str, op: Op, field: str, since: int) -> bool:
    side = op.write.side
    found = conn.execute(OURS, (connection, op.pair, side, field, since)).fetchall()
    if len(found) < 2 or found[0][1] != op.id:
        return False
    (now, _, was, value), (then, _, was_then, value_then) = found
    if (was, value) == (was_then, value_then):
        return True
    back = (was, value) == (value_then, was_then)
    between = (connection, op.pair, side.other, then, now)
    return back and conn.execute(OTHER_SIDE, between).fetchone() is not None


def _edited_by_a_user(conn: sqlite3.Connection, connection: str, op: Op, before: Record | None) -> bool:
    """Whether webCRM names somebody else as the last who changed the record; the ERP names nobody."""
    if op.write.side is Side.CRM:
        return before is not None and before.by_us is False
    pair = linking.by_id(conn, connection, op.pair)
    if pair is None or not pair.crm_id:
        return False
    kind = kind_on(pair.entity, Side.CRM, pair.crm_id)
    seen = shadows.head(conn, connection, Side.CRM, kind, pair.crm_id)
    return seen is not None and seen.by_us is False


def _count(conn: sqlite3.Connection, connection: str, pair: int, event: str, name: str, since: int) -> int:
    return int(conn.execute(COUNT, (pair, connection, event, name, since)).fetchone()[0])


def _quarantine(
    conn: sqlite3.Connection, connection: str, op: Op, field: str, times: int, now_ms: int
) -> None:
    system = "webCRM" if op.write.side is Side.CRM else "Visma.net"
    problem = (
        f"{field} in {system} swings: within an hour it was written {times} times to and fro between the same"
        " two values. Something puts it back. Find out what rewrites it, then resume."
    )
    detail = {"field": field, "side": str(op.write.side), "problem": problem}
    if conn.execute(QUARANTINE, (Outcome.PARKED, text(detail), now_ms, op.pair)).rowcount:
        journal.audit(conn, connection, HELD, now_ms=now_ms, pair=op.pair, op=op.id, fields=(field,))
