"""The workbench, read side: every pair that waits for a person, by cause, and everything about one pair.

Waiting are: parked pairs and parked ops, conflicts (also an open row of a pair whose other rows flow),
deletes that are asked for, writes held by the brake, pairs held because they swing. Reads only. Shows
values: only the admin address hands them out.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streamsync.model import Fields, Pair, Record, Side
from streamsync.store import journal, linking, outbox, pairs, shadows
from streamsync.store.forms import FIELDS, kind_on
from streamsync.sync.answers import Asked, Lost, OpenRow
from streamsync.sync.decision import AMBIGUOUS
from streamsync.sync.decision import PARKED as PARKED_REASONS
from streamsync.sync.display import name_of
from streamsync.sync.rules import Rules

WAITING = """SELECT pair.id, pair.entity, CASE WHEN pair.outcome IN('parked','conflict') THEN pair.reason
  WHEN EXISTS(SELECT 1 FROM mass_change WHERE mass_change.pair=pair.id AND state='held') THEN 'gate'
  ELSE coalesce((SELECT reason FROM conflict WHERE conflict.pair=pair.id ORDER BY id LIMIT 1),(SELECT CASE
  WHEN error_class IN(SELECT value FROM json_each(?2)) THEN error_class ELSE 'rejected' END FROM outbox
  WHERE outbox.pair=pair.id AND outbox.state='parked'),'both_changed') END AS cause FROM pair WHERE
  pair.connection=?1 AND pair.state NOT IN('excluded','deleted') AND pair.id IN(
  SELECT id FROM pair WHERE connection=?1 AND outcome IN('parked','conflict')
  UNION SELECT pair FROM mass_change WHERE connection=?1 AND state='held'
  UNION SELECT id FROM pair WHERE connection=?1 AND state='quarantined'
  UNION SELECT pair FROM conflict WHERE connection=?1
  UNION SELECT pair FROM outbox WHERE connection=?1 AND state='parked')
  AND (?3='' OR pair.entity=?3) AND (?4='' OR cause=?4) ORDER BY pair.id"""
FIND = """SELECT id FROM pair WHERE connection=?1 AND (?2='' OR entity=?2) AND ((?3<>'' AND crm_id=?3) OR
  (?4<>'' AND erp_id=?4)) ORDER BY id LIMIT 20"""
PAIR = """SELECT detail, changed_ms, again_ms, rules_version FROM pair WHERE connection=? AND id=?"""
CONFLICTS = "SELECT row, line, reason, base, crm, erp, at_ms FROM conflict WHERE pair=? ORDER BY id"
FINDINGS = "SELECT code, field, text, at_ms FROM finding WHERE pair=?"
DECIDED = "SELECT key, value, who, at_ms FROM decided WHERE connection=? AND pair=? ORDER BY key"
LOST = """SELECT field, side, before FROM history WHERE connection=? AND pair=? AND event GLOB 'lost:*'
  AND at_ms>=? ORDER BY seq DESC LIMIT 100"""
PARKED = "SELECT cause, message, excerpt, first_ms, last_ms FROM parked WHERE op=?"
BRAKED = "SELECT mass FROM mass_change WHERE pair=? AND state='held' LIMIT 1"
LOST_MS = 90 * 86_400_000
SHOWN = 50


def find(conn: sqlite3.Connection, connection: str, entity: str, crm_id: str, erp_id: str) -> list[int]:
    """The pairs that hold a record, by its id; several where ids of several entities meet."""
    return [number for (number,) in conn.execute(FIND, (connection, entity, crm_id, erp_id)).fetchall()]


def waiting(
    conn: sqlite3.Connection, connection: str, *, entity: str = "", cause: str = ""
) -> list[tuple[int, str, str]]:
    """(pair, entity, cause) of everything that waits for a person."""
    reasons = msgspec.json.encode(sorted(PARKED_REASONS | AMBIGUOUS)).decode()
    return conn.execute(WAITING, (connection, reasons, entity, cause)).fetchall()


def entry(
    conn: sqlite3.Connection, connection: str, pair_id: int, cause: str, rules: Rules
) -> dict[str, Any] | None:
    """One line of the inbox, without its words; None if the pair is gone.

    Keys: pair entity webcrm visma name reason detail fields candidates findings op since_ms."""
    view = pairs.view(conn, connection, pair_id)
    if view is None:
        return None
    detail, since = _detail(conn, connection, pair_id)
    shown = view.crm or view.erp
    op = outbox.open_op(conn, connection, pair_id)
    if op is not None and op.state == "parked" and "problem" not in detail:
        detail = {**detail, "problem": op.error}
    if cause == "gate" and (braked := conn.execute(BRAKED, (pair_id,)).fetchone()):
        detail = {**detail, "brake": braked[0]}
    return {
        "pair": pair_id,
        "entity": view.pair.entity,
        "webcrm": view.pair.crm_id,
        "visma": view.pair.erp_id,
        "name": name_of(shown, rules) if shown is not None else view.pair.crm_id or view.pair.erp_id,
        "reason": cause,
        "detail": detail,
        "fields": conflicts(conn, pair_id),
        "candidates": _candidates(conn, connection, view.pair, detail, rules),
        "findings": findings(conn, pair_id),
        "op": op.id if op is not None and op.state == "parked" else 0,
        "since_ms": since,
    }


def _detail(conn: sqlite3.Connection, connection: str, pair_id: int) -> tuple[Fields, int]:
    row = conn.execute(PAIR, (connection, pair_id)).fetchone()
    return (FIELDS.decode(row[0]), row[1]) if row else ({}, 0)


def _candidates(
    conn: sqlite3.Connection, connection: str, pair: Pair, detail: Fields, rules: Rules
) -> list[dict[str, str]]:
    """The records of the other side that may be the counterpart, with their names."""
    other = Side.ERP if pair.crm_id else Side.CRM
    out = []
    rids = dict.fromkeys(
        filter(None, (*detail.get("candidates", "").split(","), detail.get("candidate", "")))
    )
    for rid in rids:
        found = shadows.load(conn, connection, other, kind_on(pair.entity, other, rid), rid)
        out.append({"rid": rid, "name": name_of(found, rules) if found is not None else rid})
    return out


def conflicts(conn: sqlite3.Connection, pair_id: int) -> list[dict[str, Any]]:
    names = ("row", "line", "reason", "base", "webcrm", "visma", "since_ms")
    return [dict(zip(names, row, strict=True)) for row in conn.execute(CONFLICTS, (pair_id,)).fetchall()]


def findings(conn: sqlite3.Connection, pair_id: int) -> list[dict[str, Any]]:
    names = ("code", "field", "text", "since_ms")
    return [dict(zip(names, row, strict=True)) for row in conn.execute(FINDINGS, (pair_id,)).fetchall()]


def asked(conn: sqlite3.Connection, connection: str, pair_id: int, now_ms: int) -> Asked | None:
    """What this pair asks, for `sync.answers`; None if there is no such pair."""
    view = pairs.view(conn, connection, pair_id)
    if view is None:
        return None
    rows = [
        OpenRow(f"{row}@{line}" if line else row, reason)
        for row, line, reason, *_ in conn.execute(CONFLICTS, (pair_id,)).fetchall()
    ]
    op = outbox.open_op(conn, connection, pair_id)
    if not rows and op is not None and op.state == "parked" and view.pair.outcome == "conflict":
        rows = [OpenRow(key, view.pair.reason) for key in op.rows]  # refused by the system itself
    return Asked(
        reason=view.pair.reason,
        state=view.pair.state,
        linked=bool(view.pair.crm_id and view.pair.erp_id),
        missing=view.crm_missing or view.erp_missing,
        rows=tuple(rows),
        lost=tuple(
            Lost(*row) for row in conn.execute(LOST, (connection, pair_id, now_ms - LOST_MS)).fetchall()
        ),
    )


def show(
    conn: sqlite3.Connection, connection: str, pair_id: int, rules: Rules, *, limit: int = 200
) -> dict[str, Any] | None:
    """Both records, base, conflicts, findings, history, audit, decisions and open op; None without such a
    pair."""
    view = pairs.view(conn, connection, pair_id)
    if view is None:
        return None
    pair = view.pair
    detail, since = _detail(conn, connection, pair_id)
    return {
        "pair": {
            "id": pair.id,
            "entity": pair.entity,
            "webcrm": pair.crm_id,
            "visma": pair.erp_id,
            "origin": pair.origin,
            "state": pair.state,
            "outcome": pair.outcome,
            "reason": pair.reason,
            "detail": detail,
            "dirty": pair.dirty > 0,
            "since_ms": since,
        },
        "webcrm": _shown(view.crm, rules, view.crm_missing),
        "visma": _shown(view.erp, rules, view.erp_missing),
        "base": [
            {"row": row, "webcrm": "\n".join(agreed.crm), "visma": "\n".join(agreed.erp)}
            for row, agreed in sorted(pair.base.items())
        ],
        "conflicts": conflicts(conn, pair_id),
        "findings": findings(conn, pair_id),
        "candidates": _candidates(conn, connection, pair, detail, rules),
        "history": [msgspec.to_builtins(one) for one in journal.history(conn, connection, pair_id, limit)],
        "audit": [msgspec.to_builtins(one) for one in journal.entries(conn, connection, pair_id, limit)],
        "decided": {
            key: {"value": value, "who": who, "at_ms": at}
            for key, value, who, at in conn.execute(DECIDED, (connection, pair_id)).fetchall()
        },
        "op": _op(conn, connection, pair_id),
    }


def _shown(record: Record | None, rules: Rules, missing: bool) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "rid": record.rid,
        "kind": record.kind,
        "name": name_of(record, rules),
        "missing": missing,
        "updated_ms": record.updated_ms,
        "fields": record.fields,
        "lines": [{"key": line.key, "fields": line.fields} for line in record.lines],
    }


def _op(conn: sqlite3.Connection, connection: str, pair_id: int) -> Mapping[str, Any] | None:
    op = outbox.open_op(conn, connection, pair_id)
    if op is None:
        return None
    parked = conn.execute(PARKED, (op.id,)).fetchone()
    return {
        "id": op.id,
        "side": op.write.side,
        "kind": op.write.kind,
        "action": op.write.action,
        "state": op.state,
        "attempt": op.attempt,
        "due_ms": op.due_ms,
        "fields": op.write.fields,
        "lines": len(op.write.lines),
        "error_class": op.error_class,
        "error": op.error,
        "excerpt": parked[2] if parked else "",
    }


def known(conn: sqlite3.Connection, connection: str, ids: Sequence[int]) -> list[int]:
    """Those of the ids that are pairs of this connection, in the order given."""
    return [one for one in dict.fromkeys(ids) if linking.by_id(conn, connection, one) is not None]
