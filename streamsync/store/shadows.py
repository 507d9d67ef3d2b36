"""Shadows: the `record` rows and their match keys. Used by observations (what a read saw) and acks (what a
write left).

A webCRM delivery's lines are records of their own (kind `line`); `joined` puts them into the delivery. The
fence is our clock when our last write to a record was confirmed: a read that began before it may be older and
is refused.
"""

import sqlite3
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from streamsync.model import Kind, Line, Record, Side
from streamsync.store.forms import digest, record_of, text
from streamsync.store.references import keys_of

Keys = tuple[tuple[str, str], ...]

HEAD = """SELECT hash, keys, updated_ms, version, by_us, fence_ms, scan_ms, feed, missing_ms, owner,
  first_seen_ms, marker, partial FROM record WHERE connection=? AND side=? AND kind=? AND rid=?"""
RECORD = """SELECT side, kind, rid, fields, lines, owner, updated_ms, version, by_us, partial
  FROM record WHERE connection=? AND side=? AND kind=? AND rid=?"""
LINES = """SELECT side, kind, rid, fields, lines, owner, updated_ms, version, by_us, partial
  FROM record
  WHERE connection=? AND owner=? AND owner<>'' AND +side='crm' AND +kind='line' AND gone_ms=0"""
UPSERT = """INSERT INTO record(connection, side, kind, rid, owner, fields, lines, hash, marker, keys,
  updated_ms, version, by_us, fence_ms, first_seen_ms, changed_ms, scan_ms, feed, partial)
  VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(connection, side, kind, rid) DO UPDATE SET
  owner=excluded.owner, fields=excluded.fields, lines=excluded.lines, hash=excluded.hash,
  marker=excluded.marker, keys=excluded.keys, updated_ms=excluded.updated_ms, version=excluded.version,
  by_us=excluded.by_us, fence_ms=max(fence_ms,excluded.fence_ms), changed_ms=excluded.changed_ms,
  scan_ms=max(scan_ms,excluded.scan_ms), feed=CASE WHEN excluded.feed='' THEN feed ELSE excluded.feed
  END, missing_ms=0, misses=0, gone_ms=0, partial=excluded.partial,
  first_seen_ms=min(first_seen_ms,excluded.first_seen_ms)"""
TOUCH = """UPDATE record SET updated_ms=?, version=?, by_us=?, scan_ms=max(scan_ms,?), feed=?,
  first_seen_ms=min(first_seen_ms,?), missing_ms=0, misses=0, gone_ms=0
  WHERE connection=? AND side=? AND kind=? AND rid=?"""
FENCE = "UPDATE record SET fence_ms=max(fence_ms,?) WHERE connection=? AND side=? AND kind=? AND rid=?"
DELETE = "DELETE FROM record WHERE connection=? AND side=? AND kind=? AND rid=?"
DELETE_KEYS = "DELETE FROM match_key WHERE connection=? AND side=? AND kind=? AND rid=?"
READABLE = "DELETE FROM malformed WHERE connection=? AND side=? AND kind=? AND rid=?"
NUMBERS = """SELECT DISTINCT value FROM match_key WHERE connection=? AND side=? AND kind=? AND rid=? AND key
  IN('number','alias')"""
INSERT_KEY = "INSERT OR IGNORE INTO match_key(connection, side, kind, key, value, rid) VALUES(?,?,?,?,?,?)"
SET_KEYS = "UPDATE record SET keys=?, marker=? WHERE connection=? AND side=? AND kind=? AND rid=?"


NEVER = 2**62


class Head(msgspec.Struct, frozen=True):
    """All of a record's row but its content, in the order of the statement `HEAD`."""

    hash: bytes
    keys: str
    updated_ms: int
    version: str
    by_us: bool | None
    fence_ms: int
    scan_ms: int
    feed: str
    missing_ms: int
    owner: str
    first_seen_ms: int
    marker: str
    partial: int


def head(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rid: str) -> Head | None:
    row = conn.execute(HEAD, (connection, side, kind, rid)).fetchone()
    if row is None:
        return None
    by_us = None if row[4] is None else bool(row[4])
    return Head(row[0], row[1], row[2], row[3], by_us, *row[5:])


def load(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rid: str) -> Record | None:
    """The record as stored; a delivery without its lines (see `joined`)."""
    row = conn.execute(RECORD, (connection, side, kind, rid)).fetchone()
    return record_of(row) if row else None


def lines_of(conn: sqlite3.Connection, connection: str, delivery: str) -> list[Record]:
    """The webCRM lines of a delivery, in the order of their SortOrder and id."""
    found = [record_of(row) for row in conn.execute(LINES, (connection, delivery)).fetchall()]
    return sorted(
        found, key=lambda line: (_number(line.fields.get("QuotationLineSortOrder", "")), _number(line.rid))
    )


def joined(conn: sqlite3.Connection, connection: str, record: Record) -> Record:
    """A webCRM delivery with its lines; any other record as it is."""
    if record.side is not Side.CRM or record.kind is not Kind.DELIVERY:
        return record
    lines = tuple(Line(key=line.rid, fields=line.fields) for line in lines_of(conn, connection, record.rid))
    return msgspec.structs.replace(record, lines=lines)


def put(
    conn: sqlite3.Connection,
    connection: str,
    record: Record,
    *,
    now_ms: int,
    marker: str = "",
    keys: Keys = (),
    fence_ms: int = 0,
    scan_ms: int = 0,
    feed: str = "",
) -> None:
    """Insert or replace. A webCRM delivery's own `lines` are not stored here (see `replace_lines`)."""
    lines = () if record.kind is Kind.DELIVERY else record.lines
    all_keys = text([*keys, *keys_of(record)])
    where = (connection, record.side, record.kind, record.rid)
    content = (text(record.fields), text(lines), digest(record.fields, lines), marker, all_keys)
    seen = (
        record.updated_ms,
        record.version,
        record.by_us,
        fence_ms,
        scan_ms or now_ms,
        now_ms,
        scan_ms,
        feed,
    )
    conn.execute(UPSERT, (*where, record.owner, *content, *seen, record.partial))
    conn.execute(READABLE, (connection, record.side, record.kind, record.rid))
    _replace_keys(conn, connection, record, keys)


def rekey(conn: sqlite3.Connection, connection: str, record: Record, marker: str, keys: Keys) -> None:
    """New match keys for unchanged content: after new rules, or after a write whose keys were not known."""
    conn.execute(
        SET_KEYS, (text([*keys, *keys_of(record)]), marker, connection, record.side, record.kind, record.rid)
    )
    _replace_keys(conn, connection, record, keys)


def _replace_keys(conn: sqlite3.Connection, connection: str, record: Record, keys: Keys) -> None:
    where = (connection, record.side, record.kind)
    if (record.side, record.kind) == (Side.ERP, Kind.ITEM):
        keys = (*keys, *_aliases(conn, connection, record, keys))
    conn.execute(DELETE_KEYS, (*where, record.rid))
    conn.executemany(
        INSERT_KEY, [(*where, key, value, record.rid) for key, value in (*keys, *keys_of(record)) if value]
    )


def _aliases(conn: sqlite3.Connection, connection: str, record: Record, keys: Keys) -> Keys:
    """Numbers that the item had before: lines that still carry one resolve by it (semantics §5)."""
    held = conn.execute(NUMBERS, (connection, record.side, record.kind, record.rid)).fetchall()
    now = {value for key, value in keys if key == "number"}
    return tuple(("alias", value) for (value,) in held if value not in now)


def touch(conn: sqlite3.Connection, connection: str, record: Record, scan_ms: int, feed: str) -> None:
    """Same content: only stamps, version and the scan that saw it.

    What a full read shows was there when it began, however long it took: that is `first_seen_ms`."""
    seen = (record.updated_ms, record.version, record.by_us, scan_ms, feed, scan_ms or NEVER)
    conn.execute(TOUCH, (*seen, connection, record.side, record.kind, record.rid))


def fence(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rid: str, now_ms: int) -> None:
    """A read that began before now must not be believed."""
    conn.execute(FENCE, (now_ms, connection, side, kind, rid))


def remove(conn: sqlite3.Connection, connection: str, side: Side, kind: Kind, rid: str) -> None:
    conn.execute(DELETE, (connection, side, kind, rid))
    conn.execute(DELETE_KEYS, (connection, side, kind, rid))


def replace_lines(
    conn: sqlite3.Connection,
    connection: str,
    delivery: str,
    lines: Sequence[Line],
    *,
    now_ms: int,
    fence_ms: int = 0,
) -> bool:
    """These are all lines the delivery has: changed ones are stored, others are taken out. True if anything
    changed."""
    present = {line.rid: line for line in lines_of(conn, connection, delivery)}
    changed = False
    for line in lines:
        old = present.pop(line.key, None)
        if old is not None and digest(old.fields, ()) == digest(line.fields, ()):
            if fence_ms:
                fence(conn, connection, Side.CRM, Kind.LINE, line.key, fence_ms)
            continue
        record = Record(
            side=Side.CRM,
            kind=Kind.LINE,
            rid=line.key,
            fields=line.fields,
            owner=delivery,
            updated_ms=old.updated_ms if old else 0,
        )
        put(conn, connection, record, now_ms=now_ms, fence_ms=fence_ms)
        changed = True
    for rid in present:
        remove(conn, connection, Side.CRM, Kind.LINE, rid)
        changed = True
    return changed


def _number(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        return Decimal(0)
