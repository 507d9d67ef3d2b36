"""What a killed process left behind: its state file and write-ahead log, copied before the next life opens
them.

The copy is opened, never the original: the next life must find exactly what the dead one left. Opening it is
the first recovery, and `PRAGMA quick_check` must be content.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

OPS = "SELECT action, count(*) FROM outbox WHERE state<>'ready' OR attempt>0 GROUP BY action"
CUT = "SELECT id, attempt, side, entity FROM outbox WHERE state='sent' AND action='create'"


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """`cut`: creates that were sent and whose answer was never recorded, as (op, attempt, what)."""

    sound: str  # "ok", or what quick_check complains of
    cut: frozenset[tuple[int, int, str]]


@contextmanager
def copied(database: Path, folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of the file and its log, as they lie there."""
    target = folder / "remains.db"
    for suffix in ("", "-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, target.with_name(target.name + suffix))
    with closing(sqlite3.connect(target)) as conn:
        yield conn


def look(database: Path, folder: Path) -> Remains:
    """Of a life that may have died before it had made its tables."""
    if not database.exists():
        return Remains(sound="ok", cut=frozenset())
    with copied(database, folder) as conn:
        sound = conn.execute("PRAGMA quick_check").fetchall()
        made = conn.execute("SELECT 1 FROM sqlite_schema WHERE name='outbox'").fetchone()
        rows = conn.execute(CUT).fetchall() if made else []
    cut = frozenset((op, attempt, f"{entity} to {side}") for op, attempt, side, entity in rows)
    return Remains(sound="ok" if sound == [("ok",)] else f"{sound[:3]}", cut=cut)


def ops(conn: sqlite3.Connection) -> dict[str, int]:
    """Every op that was ever tried, by action."""
    return dict(conn.execute(OPS).fetchall())
