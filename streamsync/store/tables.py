"""Code tables of both systems (`country`, `vat_zone`, `option:<webCRM field>`, …): code to text. Names as in
`Lookup.table`."""

import sqlite3
from collections.abc import Mapping

from streamsync.model import Side
from streamsync.store.forms import FIELDS, text
from streamsync.store.references import wake_parked, wake_waiting

PUT = """INSERT INTO code_table(connection, side, name, body, at_ms) VALUES(?,?,?,?,?)
  ON CONFLICT(connection, side, name) DO UPDATE SET body=excluded.body, at_ms=excluded.at_ms"""
CLEAR = "DELETE FROM code_table WHERE connection=? AND side=? AND name NOT IN(SELECT value FROM json_each(?))"
COUNT = "SELECT count(*) FROM code_table WHERE connection=? AND side=?"
BODIES = "SELECT name, body FROM code_table WHERE connection=? AND side=?"
READ = "SELECT body FROM code_table WHERE connection=? AND name=? ORDER BY side DESC LIMIT 1"
READ_ALL = "SELECT name, body FROM code_table WHERE connection=? ORDER BY side"


def replace(
    conn: sqlite3.Connection, connection: str, side: Side, found: Mapping[str, Mapping[str, str]], now_ms: int
) -> None:
    """All tables of one side, as just read. Pairs that waited for them (`lookups`) are woken the first
    time; those with a value that had no entry (`unmapped_value`), when a table changed."""
    before = dict(conn.execute(BODIES, (connection, side)).fetchall())
    first = conn.execute(COUNT, (connection, side)).fetchone()[0] == 0
    conn.execute(CLEAR, (connection, side, text(list(found))))
    bodies = {name: text(dict(table)) for name, table in found.items()}
    conn.executemany(PUT, [(connection, side, name, body, now_ms) for name, body in bodies.items()])
    if first and found:
        wake_waiting(conn, connection, "lookups", now_ms)
    elif before != bodies:
        wake_parked(conn, connection, "unmapped_value", now_ms)


def read(conn: sqlite3.Connection, connection: str, name: str) -> dict[str, str] | None:
    """None if it was not read yet."""
    row = conn.execute(READ, (connection, name)).fetchone()
    return FIELDS.decode(row[0]) if row else None


def all_tables(conn: sqlite3.Connection, connection: str) -> dict[str, dict[str, str]]:
    return {name: FIELDS.decode(body) for name, body in conn.execute(READ_ALL, (connection,)).fetchall()}
