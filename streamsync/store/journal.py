"""What was done and why: `history` holds values (90 days, removed by erasure), `audit` names of fields only
(400 days)."""

import sqlite3
from collections.abc import Mapping

import msgspec

from streamsync.model import Op, Record, Write

HISTORY = """INSERT INTO history(connection, pair, side, field, before, after, event, op, rules_version,
  at_ms)
  VALUES(?,?,?,?,?,?,?,?,?,?)"""
AUDIT = "INSERT INTO audit(connection, at_ms, pair, event, op, fields, trace, actor) VALUES(?,?,?,?,?,?,?,?)"
KEPT = "SELECT 1 FROM history WHERE pair=? AND op=? LIMIT 1"
RULES_OF = "SELECT rules_version FROM outbox WHERE id=?"
READ_HISTORY = """SELECT at_ms, side, field, before, after, event, op, rules_version FROM history
  WHERE connection=? AND pair=? ORDER BY seq DESC LIMIT ?"""
READ_AUDIT = """SELECT at_ms, pair, event, op, fields, trace, actor FROM audit
  WHERE connection=? AND (?=0 OR pair=?) ORDER BY seq DESC LIMIT ?"""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value that moved. `field` is a path of `side`, with `@key` for a line."""

    at_ms: int
    side: str
    field: str
    before: str
    after: str
    event: str
    op: int
    rules_version: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    at_ms: int
    pair: int
    event: str
    op: int
    fields: tuple[str, ...]
    trace: str
    actor: str


def audit(
    conn: sqlite3.Connection,
    connection: str,
    event: str,
    *,
    now_ms: int,
    pair: int = 0,
    op: int = 0,
    fields: tuple[str, ...] = (),
    trace: str = "",
    actor: str = "",
) -> None:
    """Names, never values (security D3). `actor`: the user, `""` for the daemon itself."""
    conn.execute(AUDIT, (connection, now_ms, pair, event, op, " ".join(fields), trace, actor))


def keep_value(
    conn: sqlite3.Connection,
    connection: str,
    pair: int,
    side: str,
    field: str,
    before: str,
    after: str,
    *,
    event: str,
    now_ms: int,
    op: int = 0,
    rules_version: int = 0,
) -> None:
    conn.execute(HISTORY, (connection, pair, side, field, before, after, event, op, rules_version, now_ms))


def write_done(
    conn: sqlite3.Connection, connection: str, op: Op, before: Record | None, now_ms: int, event: str = "done"
) -> int:
    """Before and after of every value a write changed, and one audit row. Returns the rules version it was
    planned with."""
    changes = _changes(op.write, before)
    version = _keep(conn, connection, op, changes, now_ms)
    audit(
        conn, connection, event, now_ms=now_ms, pair=op.pair, op=op.id, fields=tuple(changes), trace=op.trace
    )
    return version


def write_landed(conn: sqlite3.Connection, connection: str, op: Op, seen: Record, now_ms: int) -> None:
    """An update whose answer never came: what the record shows of it was carried out, and what that took the
    place of is kept. Once per op."""
    if conn.execute(KEPT, (op.pair, op.id)).fetchone() is not None:
        return
    shows = {f"{path}@{line.key}": text for line in seen.lines for path, text in line.fields.items()}
    shows.update(seen.fields)
    changes = {  # a line that is gone shows nothing any more
        path: (was, after)
        for path, (was, after) in _changes(op.write, None).items()
        if shows.get(path, "") == after
    }
    _keep(conn, connection, op, changes, now_ms)


def _changes(write: Write, before: Record | None) -> dict[str, tuple[str, str]]:
    """Path to value before and after. `before`: the record as known last; a poll may have shown our own value
    already, then the plan's is the one that went."""
    changes = dict[str, tuple[str, str]]()
    old = before.fields if before is not None else write.expect
    for path, after in write.fields.items():
        was = old.get(path, "")
        changes[path] = (write.expect.get(path, was) if was == after else was, after)
    old_lines = {line.key: line.fields for line in (*write.expect_lines, *(before.lines if before else ()))}
    for edit in write.lines:
        known, name = old_lines.get(edit.key, {}), edit.key or f"+{edit.twin}"
        values = dict.fromkeys(known, "") if edit.action == "delete" else edit.fields
        for path, after in values.items():
            changes[f"{path}@{name}"] = (known.get(path, ""), after)
    return changes


def _keep(
    conn: sqlite3.Connection, connection: str, op: Op, changes: Mapping[str, tuple[str, str]], now_ms: int
) -> int:
    row = conn.execute(RULES_OF, (op.id,)).fetchone()
    version = int(row[0]) if row else 0
    conn.executemany(
        HISTORY,
        [
            (connection, op.pair, op.write.side, field, was, after, op.write.action, op.id, version, now_ms)
            for field, (was, after) in changes.items()
            if was != after
        ],
    )
    return version


def history(conn: sqlite3.Connection, connection: str, pair: int, limit: int = 200) -> list[Change]:
    """Newest first."""
    names = Change.__struct_fields__
    rows = conn.execute(READ_HISTORY, (connection, pair, limit)).fetchall()
    return [Change(**dict(zip(names, row, strict=True))) for row in rows]


def entries(conn: sqlite3.Connection, connection: str, pair: int = 0, limit: int = 200) -> list[Entry]:
    """The audit of one pair, or of the connection (`pair=0`), newest first."""
    rows = conn.execute(READ_AUDIT, (connection, pair, pair, limit)).fetchall()
    return [
        Entry(at_ms=at, pair=of, event=event, op=op, fields=tuple(fields.split()), trace=trace, actor=actor)
        for at, of, event, op, fields, trace, actor in rows
    ]
