"""When what a system answers about a record does not fit what it shows: the same request is made ever more
rarely, and from the fourth time on the pair is listed for a person. Nothing is concluded from it.

Each doubt is one audit row that names the side and the sort: `unkept` (answered yes, and the record is as
before), `absent` (said not to be there), `other` (another record was shown), `moved` (refused as changed
although it shows nothing new), `failing` (no answer and nothing done), `stale` (an older state than the one
seen). A write that is done ends the count. A create that was answered yes and is nowhere (`unseen`) is never
sent again by itself: its pair is held until the record shows up or a person says so.
"""

import sqlite3

import msgspec

from streamsync.model import Action, Agreed, Op, Outcome, Record, Side, Write
from streamsync.store import journal, linking, shadows
from streamsync.store.forms import FAMILY, op_of, text

REASON, EVENT = "unreliable", "doubt"
UNSEEN = "unseen"
LISTED = 4
FIRST_MS, LONGEST_MS = 5_000, 3_600_000
WINDOW_MS = 86_400_000
STAMP_MS = 1_000  # webCRM's stamps are whole seconds

COUNT = """SELECT count(*) FROM audit WHERE pair=?1 AND event='doubt' AND fields GLOB ?2 AND at_ms>=?3 AND
  seq>coalesce((SELECT max(done.seq) FROM audit AS done JOIN outbox ON outbox.id=done.op WHERE done.pair=?1
  AND done.event='done' AND outbox.side=?4 AND NOT EXISTS(SELECT 1 FROM audit AS again WHERE
  again.pair=done.pair AND again.op=done.op AND again.event='doubt')),0)"""
DROP = """UPDATE outbox SET state='superseded', changed_ms=? WHERE id=? AND state
  IN('ready','sent','unknown','parked','done')"""
CLEAR = "DELETE FROM parked WHERE op=?"
REST = """UPDATE pair SET outcome=?, reason=?, detail=?, again_ms=?, changed_ms=CASE WHEN outcome=?1 AND
  reason=?2 THEN changed_ms ELSE ?5 END WHERE id=?6"""
HOLD = "UPDATE pair SET state='quarantined', outcome='parked', reason=?, detail=?, changed_ms=? WHERE id=?"
LET_GO = "UPDATE pair SET state='active' WHERE id=? AND state='quarantined' AND reason='unreliable'"
PARK = "UPDATE outbox SET state='parked', error_class=?, error=?, changed_ms=? WHERE id=? AND state='unknown'"
PARKED = """INSERT INTO parked(op, connection, cause, message, excerpt, first_ms, last_ms)
  VALUES(?,?,?,?,'',?,?) ON CONFLICT(op) DO UPDATE SET message=excluded.message, last_ms=excluded.last_ms"""
LAST_DONE = """SELECT id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle, error_class,
  error, trace, rows FROM outbox WHERE pair=? AND side=? AND state='done' AND action IN('update','lines')
  ORDER BY changed_ms DESC, id DESC LIMIT 1"""
OPEN = "SELECT id FROM outbox WHERE pair=? AND state IN('ready','parked')"
UNDER_WAY = "SELECT 1 FROM outbox WHERE pair=? AND state IN('sent','unknown')"
REOPEN = "UPDATE outbox SET state='unknown', handle=?, due_ms=?, changed_ms=? WHERE id=? AND state='done'"
BEFORE = "SELECT before FROM outbox WHERE id=?"
NEVER_WAS = "UPDATE history SET op=0, event='unkept' WHERE pair=? AND op=?"
SET_BASE = "UPDATE pair SET base=? WHERE id=?"
LINK_LINE = "INSERT OR IGNORE INTO line_link(connection, pair, crm_key, erp_key) VALUES(?,?,?,?)"
_PRIOR = msgspec.json.Decoder(dict[str, Agreed | None])


def rest(conn: sqlite3.Connection, connection: str, op: Op, why: str, now_ms: int, least_ms: int = 0) -> None:
    """Drop the op; its pair is decided again after a pause that doubles, at the latest in an hour."""
    conn.execute(DROP, (now_ms, op.id))
    conn.execute(CLEAR, (op.id,))
    fields = (str(op.write.side), why)
    journal.audit(conn, connection, EVENT, now_ms=now_ms, pair=op.pair, op=op.id, fields=fields)
    asked = (op.pair, f"{op.write.side} *", now_ms - WINDOW_MS, op.write.side)
    times = int(conn.execute(COUNT, asked).fetchone()[0])
    again_ms = now_ms + max(least_ms, min(FIRST_MS * 2 ** min(times - 1, 20), LONGEST_MS))
    outcome, reason, detail = Outcome.WAITING, "settling", {}
    if times >= LISTED:
        outcome, reason, detail = Outcome.PARKED, REASON, _detail(op, why)
    conn.execute(REST, (outcome, reason, text(detail), again_ms, now_ms, op.pair))


def hold(conn: sqlite3.Connection, connection: str, op: Op, now_ms: int) -> None:
    """The create was answered yes and the record is nowhere: nothing more is sent until it shows up or a
    person decides."""
    message = "The record that was said to be created cannot be found"
    if not conn.execute(PARK, (REASON, message, now_ms, op.id)).rowcount:
        return
    conn.execute(PARKED, (op.id, connection, REASON, message, now_ms, now_ms))
    conn.execute(HOLD, (REASON, text(_detail(op, UNSEEN)), now_ms, op.pair))
    fields = (str(op.write.side), UNSEEN)
    journal.audit(conn, connection, "parked", now_ms=now_ms, pair=op.pair, op=op.id, fields=fields)


def let_go(conn: sqlite3.Connection, pair: int) -> None:
    """The record of a held create showed up."""
    conn.execute(LET_GO, (pair,))


def against(conn: sqlite3.Connection, connection: str, op: Op, before: Record | None, seen: Record) -> str:
    """The doubt that a read-back raises about a write that was answered yes; "" if it raises none."""
    known = shadows.head(conn, connection, seen.side, seen.kind, seen.rid)
    if older(known, seen):
        return "stale"
    moved = known is not None and known.updated_ms != seen.updated_ms
    if moved or seen.updated_ms + STAMP_MS > op.sent_ms:
        return ""  # somebody may have put it back since
    return "unkept" if unkept(op.write, before, seen) else ""


def unkept(write: Write, before: Record | None, seen: Record) -> bool:
    """Whether a write that was answered yes left no trace: all that it should have moved is as before.
    `before`: the record as known last, for what the plan does not name."""
    if write.action is Action.LINES:
        planned = {line.key: line.fields for line in write.expect_lines}
        present = {line.key: line.fields for line in seen.lines}
        return planned.keys() == present.keys() and all(
            present[key].get(path, "") == value
            for key, fields in planned.items()
            for path, value in fields.items()
        )
    if write.action is not Action.UPDATE:
        return False
    known = {**(before.fields if before is not None else {}), **write.expect}
    moved = {path: known[path] for path, new in write.fields.items() if known.get(path, new) != new}
    return bool(moved) and all(seen.fields.get(path) == was for path, was in moved.items())


def undo(conn: sqlite3.Connection, connection: str, seen: Record, now_ms: int) -> bool:
    """A record shows what it held before our last write, under the stamp it had then: nobody changed it
    since, so the answer was no truth. What was agreed by it is taken back. False if it was not so."""
    pair = linking.by_rid(conn, connection, FAMILY[seen.kind], seen.side, seen.rid)
    row = conn.execute(LAST_DONE, (pair.id, seen.side)).fetchone() if pair is not None else None
    if pair is None or row is None:
        return False
    op = op_of(row)
    if not unkept(op.write, None, seen):
        return False
    prior = _PRIOR.decode(conn.execute(BEFORE, (op.id,)).fetchone()[0])
    base = dict(pair.base)
    for name, agreed in prior.items():
        if agreed is None:
            base.pop(name, None)
        else:
            base[name] = agreed
    conn.execute(SET_BASE, (text(base), pair.id))
    conn.execute(NEVER_WAS, (pair.id, op.id))
    for edit in op.write.lines:
        if edit.action == "delete" and edit.twin:
            ends = (edit.key, edit.twin) if seen.side is Side.CRM else (edit.twin, edit.key)
            conn.execute(LINK_LINE, (connection, pair.id, *ends))
    rest(conn, connection, op, "unkept", now_ms)
    return True


def unmake(conn: sqlite3.Connection, connection: str, op: Op, rid: str, now_ms: int) -> None:
    """Take back what was concluded from a create that made nothing: the pair is half again, and the create
    open, to be looked for under the number that was answered."""
    write, pair = op.write, linking.by_id(conn, connection, op.pair)
    if op.state != "done" or pair is None or pair.rid(write.side) != rid:
        return
    if conn.execute(UNDER_WAY, (op.pair,)).fetchone() is not None:
        return  # what is under way will be answered first; two full reads find it out all the same
    for (number,) in conn.execute(OPEN, (op.pair,)).fetchall():
        conn.execute(DROP, (now_ms, number))
    linking.set_rid(conn, op.pair, write.side, None, now_ms)
    conn.execute(SET_BASE, ("{}", op.pair))
    shadows.remove(conn, connection, write.side, write.kind, rid)
    conn.execute(REOPEN, (rid, now_ms, now_ms, op.id))
    fields = (str(op.write.side), UNSEEN)
    journal.audit(conn, connection, EVENT, now_ms=now_ms, pair=op.pair, op=op.id, fields=fields)


def older(old: shadows.Head | None, seen: Record) -> bool:
    """Whether a single read shows an older state than the one seen before. Only webCRM's stamps are sure to
    go forward (Visma.net's are local time). Lists are believed, or their restored backup never would be."""
    return old is not None and seen.side is Side.CRM and 0 < seen.updated_ms < old.updated_ms


def _detail(op: Op, why: str) -> dict[str, str]:
    return {"side": str(op.write.side), "value": why}
