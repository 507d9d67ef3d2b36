"""Versions of the rules of a connection: who, when, why, the TOML. They only grow: a rollback adds one."""

import sqlite3
from functools import cached_property
from typing import Any

import msgspec

from streamsync.sync.rules import Rules
from streamsync.sync.rules_file import parse

SAVE = "INSERT INTO rules(connection, version, who, at_ms, why, text) VALUES(?,?,?,?,?,?)"
LATEST = "SELECT version, who, at_ms, why, text FROM rules WHERE connection=? ORDER BY version DESC LIMIT 1"
ONE = "SELECT version, who, at_ms, why, text FROM rules WHERE connection=? AND version=?"
LIST = "SELECT version, who, at_ms, why FROM rules WHERE connection=? ORDER BY version DESC LIMIT ?"


class Version(msgspec.Struct, frozen=True, dict=True):
    version: int
    who: str
    at_ms: int
    why: str
    text: str

    @cached_property
    def rules(self) -> Rules:
        """The text, parsed. Raises as `rules_file.parse` does: an old text may not fit a new programme."""
        return parse(self.text, f"rules version {self.version}")


def add(conn: sqlite3.Connection, connection: str, text: str, *, who: str, why: str, now_ms: int) -> Version:
    """A new version; the present one if the text is the same."""
    present = current(conn, connection)
    if present is not None and present.text == text:
        return present
    made = Version(1 if present is None else present.version + 1, who, now_ms, why, text)
    conn.execute(SAVE, (connection, made.version, who, now_ms, why, text))
    return made


def current(conn: sqlite3.Connection, connection: str) -> Version | None:
    row = conn.execute(LATEST, (connection,)).fetchone()
    return Version(*row) if row else None


def version(conn: sqlite3.Connection, connection: str, number: int) -> Version:
    """Raises `KeyError` for a number that never was."""
    row = conn.execute(ONE, (connection, number)).fetchone()
    if row is None:
        raise KeyError(f"connection {connection} has no rules version {number}")
    return Version(*row)


def versions(conn: sqlite3.Connection, connection: str, limit: int = 100) -> list[dict[str, Any]]:
    """`{"version", "who", "at_ms", "why"}`, newest first."""
    names = ("version", "who", "at_ms", "why")
    return [dict(zip(names, row, strict=True)) for row in conn.execute(LIST, (connection, limit)).fetchall()]
