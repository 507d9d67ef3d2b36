"""Acting on a decision: base, op, conflicts, attachments, links and outcome, in the transaction that loaded
the view.

Clears only the dirty marks that the view showed. Whoever waits for this pair is woken when it becomes linked,
or when it leaves or enters the scope.
"""

import sqlite3

from streamsync.model import Kind, Lane, Outcome, Pair, Side
from streamsync.store import brake, journal, linking, meta, outbox, parting, references
from streamsync.store.forms import FAMILY, RANK, text
from streamsync.sync.decision import Decision, FieldConflict
from streamsync.sync.lookup import View

APPLY = """UPDATE pair SET dirty=max(dirty-?,0), outcome=?, reason=?, detail=?, again_ms=?, rules_version=?,
  base=coalesce(?,base), state=CASE ? WHEN '' THEN state ELSE ? END,
  changed_ms=CASE WHEN outcome=? AND reason=? THEN changed_ms ELSE ? END WHERE id=?"""
ENQUEUE = """INSERT INTO outbox(connection, pair, side, entity, kind, action, write, rows, drop_rows,
  state, due_ms, lane, trace, rules_version, changed_ms) VALUES(?,?,?,?,?,?,?,?,?,'ready',?,?,?,?,?)"""
CONFLICT = """INSERT INTO conflict(connection, pair, row, line, reason, base, crm, erp, at_ms)
  VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(pair, row, line) DO UPDATE SET reason=excluded.reason,
  base=excluded.base, crm=excluded.crm, erp=excluded.erp"""
CLEAR_CONFLICTS = """DELETE FROM conflict WHERE pair=?
  AND row||'@'||line NOT IN(SELECT value FROM json_each(?))"""
ANSWERED = "SELECT key FROM decided WHERE pair=? AND key GLOB 'row:*'"
USED = "DELETE FROM decided WHERE pair=? AND key=?"
UNDER_WAY = "SELECT 1 FROM outbox WHERE pair=? AND state IN('ready','sent','unknown')"
CLEAR_FINDINGS = "DELETE FROM finding WHERE pair=?"
FINDING = "INSERT INTO finding(connection, pair, code, field, text, at_ms) VALUES(?,?,?,?,?,?)"
ATTACHED = "SELECT delivery FROM attachment WHERE invoice=?"
DETACH = "DELETE FROM attachment WHERE invoice=?"
ATTACH = """INSERT OR IGNORE INTO attachment(connection, invoice, delivery) SELECT ?,?,id FROM pair
  WHERE id=? AND connection=?"""
CLEAR_LINKS = "DELETE FROM line_link WHERE pair=?"
LINK = "INSERT INTO line_link(connection, pair, crm_key, erp_key) VALUES(?,?,?,?)"
LINK_AGAIN_MS = 5_000


def apply_decision(
    conn: sqlite3.Connection,
    connection: str,
    view: View,
    decision: Decision,
    *,
    now_ms: int,
    rules_version: int,
    trace: str = "",
) -> int | None:
    """Returns the id of the op that was put into the outbox, or None.

    At most one op per pair is open: a parked one is superseded. A link brings the other pair's op along;
    while that is under way nothing is added and the pair stays dirty. A link of two writing pairs waits.
    The mass-change brake may hold back a part of the decision (`store.brake`)."""
    pair = view.pair
    linked = bool(decision.link) and linking.merge(conn, connection, pair.id, decision.link, now_ms)
    if decision.link and not linked:
        decision = Decision(outcome=Outcome.WAITING, reason="settling", again_ms=now_ms + LINK_AGAIN_MS)
    whole = linking.by_id(conn, connection, pair.id) if linked else pair
    decision, due_ms = brake.admit(conn, connection, whole or pair, decision, now_ms)
    conn.execute(
        APPLY,
        (
            pair.dirty,
            decision.outcome,
            decision.reason,
            text(decision.detail),
            decision.again_ms,
            rules_version,
            None if decision.base is None else text(decision.base),
            decision.state,
            decision.state,
            decision.outcome,
            decision.reason,
            now_ms,
            pair.id,
        ),
    )
    outbox.supersede_parked(conn, pair.id, now_ms)
    op = _enqueue(conn, connection, pair, decision, now_ms, due_ms, rules_version, trace)
    _keep_conflicts(conn, connection, pair, decision.conflicts, now_ms, rules_version)
    _forget_used(conn, pair, decision)
    _keep_findings(conn, connection, pair, decision, now_ms)
    if decision.attach is not None:
        _attach(conn, connection, pair, decision.attach, now_ms)
    _learn(conn, connection, decision, now_ms)
    parting.obey(conn, connection, pair.id, decision, now_ms)
    if decision.line_links is not None:
        conn.execute(CLEAR_LINKS, (pair.id,))
        conn.executemany(LINK, [(connection, pair.id, crm, erp) for crm, erp in decision.line_links.items()])
    if linked:
        journal.audit(conn, connection, "linked", now_ms=now_ms, pair=pair.id, trace=trace)
    _wake(conn, connection, pair, decision, linked, now_ms)
    return op


def _learn(conn: sqlite3.Connection, connection: str, decision: Decision, now_ms: int) -> None:
    """What the decision found out about others: pairs to look at again, what an amount proved."""
    for kind, rid in decision.stir:
        other = linking.by_rid(conn, connection, FAMILY[Kind(kind)], Side.ERP, rid)
        if other is not None:
            linking.mark_dirty(conn, other.id, Lane.LIVE, now_ms)
    if decision.in_currency:
        meta.put(conn, connection, meta.IN_CURRENCY, decision.in_currency)


def _enqueue(
    conn: sqlite3.Connection,
    connection: str,
    pair: Pair,
    decision: Decision,
    now_ms: int,
    due_ms: int,
    rules_version: int,
    trace: str,
) -> int | None:
    write = decision.write
    if write is None:
        return None
    if conn.execute(UNDER_WAY, (pair.id,)).fetchone():
        linking.mark_dirty(conn, pair.id, pair.lane, now_ms)
        return None
    made = conn.execute(
        ENQUEUE,
        (
            connection,
            pair.id,
            write.side,
            pair.entity,
            write.kind,
            write.action,
            text(write),
            text(decision.rows),
            text(decision.drop_rows),
            due_ms,
            RANK[pair.lane],
            trace,
            rules_version,
            now_ms,
        ),
    )
    return made.lastrowid


def _keep_conflicts(
    conn: sqlite3.Connection,
    connection: str,
    pair: Pair,
    conflicts: tuple[FieldConflict, ...],
    now_ms: int,
    rules_version: int,
) -> None:
    """Open ones are replaced (keeping since when); of a decided one the loser's value goes into history."""
    still_open = [conflict for conflict in conflicts if not conflict.winner]
    conn.execute(
        CLEAR_CONFLICTS, (pair.id, text([f"{conflict.row}@{conflict.line}" for conflict in still_open]))
    )
    conn.executemany(
        CONFLICT,
        [
            (connection, pair.id, one.row, one.line, one.reason, one.base, one.crm, one.erp, now_ms)
            for one in still_open
        ],
    )
    for one in conflicts:
        if one.winner:
            loser, lost, won = ("erp", one.erp, one.crm) if one.winner == "crm" else ("crm", one.crm, one.erp)
            field = f"{one.row}@{one.line}" if one.line else one.row
            journal.keep_value(
                conn,
                connection,
                pair.id,
                loser,
                field,
                lost,
                won,
                event=one.reason if one.reason == "by_hand" else f"lost:{one.reason}",
                now_ms=now_ms,
                rules_version=rules_version,
            )


def _keep_findings(
    conn: sqlite3.Connection, connection: str, pair: Pair, decision: Decision, now_ms: int
) -> None:
    rows = [(connection, pair.id, one.code, one.field, one.text, now_ms) for one in decision.findings]
    conn.execute(CLEAR_FINDINGS, (pair.id,))
    conn.executemany(FINDING, rows)


def _forget_used(conn: sqlite3.Connection, pair: Pair, decision: Decision) -> None:
    """A person's answer to a row goes when the row is agreed: it must not decide a later conflict. A write
    that settles a row forgets it with its acknowledgement."""
    conn.executemany(USED, [(pair.id, key) for key in decision.forget])
    if not (answered := conn.execute(ANSWERED, (pair.id,)).fetchall()):
        return
    at_rest = decision.write is None and decision.outcome in (Outcome.IN_SYNC, Outcome.LINKED)
    base = pair.base if decision.base is None else decision.base
    left = {finding.field for finding in decision.findings}  # rows that stay different, as was wished
    for (key,) in answered:
        row = key.removeprefix("row:")
        agreed = base.get(row) != pair.base.get(row) and row not in decision.rows
        if agreed or (at_rest and row not in left):
            conn.execute(USED, (pair.id, key))


def _attach(
    conn: sqlite3.Connection, connection: str, pair: Pair, deliveries: tuple[int, ...], now_ms: int
) -> None:
    """Numbers, dates and status of an attached invoice show on its deliveries: they are decided again."""
    before = {delivery for (delivery,) in conn.execute(ATTACHED, (pair.id,)).fetchall()}
    conn.execute(DETACH, (pair.id,))
    conn.executemany(ATTACH, [(connection, pair.id, delivery, connection) for delivery in deliveries])
    for delivery in sorted(before | set(deliveries)):
        linking.mark_dirty(conn, delivery, Lane.BACKFILL if pair.lane is Lane.BACKFILL else Lane.LIVE, now_ms)


def _wake(
    conn: sqlite3.Connection, connection: str, pair: Pair, decision: Decision, linked: bool, now_ms: int
) -> None:
    """The first decision counts as a change of scope for those that already wait, not for everyone."""
    was_out, is_out = pair.outcome == Outcome.FILTERED, decision.outcome is Outcome.FILTERED
    moved = was_out is not is_out or (is_out and pair.reason != decision.reason)
    if not linked and not moved and pair.outcome:
        return
    current = linking.by_id(conn, connection, pair.id)
    if current is not None:
        references.wake_dependents(conn, connection, current, now_ms, everyone=bool(pair.outcome) and moved)
