"""Small facts by name: the identity of each connection's systems, accepted plan, probes, dates, and the clean
mark.

A store belongs to one webCRM system and one Visma.net company per connection; another one is refused with a
sentence, because its ids would be taken for records that are known here.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from streamsync.errors import StoreRefused
from streamsync.model import Entity, Side
from streamsync.store import journal
from streamsync.sync.rules import Rules

SYSTEM = {Side.CRM: "webCRM system", Side.ERP: "Visma.net company"}

IN_CURRENCY = "in_currency"  # what an invoice beside its order proved last
FORGET_CURSORS = "DELETE FROM cursor WHERE connection=?"
SCANS = """SELECT side, feed, kind, started_ms, finished_ms FROM scan WHERE connection=?
  ORDER BY side, feed"""
PAUSES = "SELECT key, value FROM meta WHERE connection=? AND key GLOB 'pause:*' ORDER BY key"
RESUME = "DELETE FROM meta WHERE connection=? AND key=?"
GET = "SELECT value FROM meta WHERE connection=? AND key=?"
SET = """INSERT INTO meta(connection,key,value) VALUES(?,?,?)
  ON CONFLICT(connection,key) DO UPDATE SET value=excluded.value WHERE value<>excluded.value"""


def get(conn: sqlite3.Connection, connection: str, key: str) -> str:
    """`""` if never set."""
    row = conn.execute(GET, (connection, key)).fetchone()
    return str(row[0]) if row else ""


def put(conn: sqlite3.Connection, connection: str, key: str, value: str) -> None:
    conn.execute(SET, (connection, key, value))


def remember_identity(conn: sqlite3.Connection, connection: str, side: Side, identity: str) -> None:
    """The first time stores it; afterwards another one raises `StoreRefused`."""
    known = get(conn, connection, f"identity:{side}")
    if known and known != identity:
        raise StoreRefused(
            f"Connection {connection}: this store was filled from {SYSTEM[side]} {known},"
            f" but the configuration now leads to {SYSTEM[side]} {identity}."
            " Mend the address or tokens, or give this pair of systems a connection name of its own."
        )
    put(conn, connection, f"identity:{side}", identity)


def identity(conn: sqlite3.Connection, connection: str, side: Side) -> str:
    return get(conn, connection, f"identity:{side}")


def accept(conn: sqlite3.Connection, connection: str, who: str, now_ms: int) -> None:
    """A person agrees to the first sync. Kept for good; a second time changes nothing."""
    if not accepted(conn, connection):
        put(conn, connection, "accepted_ms", str(now_ms))
        journal.audit(conn, connection, "plan_accepted", now_ms=now_ms, actor=who)


def accepted(conn: sqlite3.Connection, connection: str) -> bool:
    """Whether a person (or `first_sync = "accept"`) agreed to the first sync; before, nothing is written
    anywhere."""
    return get(conn, connection, "accepted_ms") != ""


def note_directions(conn: sqlite3.Connection, connection: str, rules: Rules, now_ms: int) -> None:
    """Remember since when each entity may write to the ERP; an entity that is switched off starts anew."""
    for entity in Entity:
        known = switched_on_ms(conn, connection, entity)
        reaches = rules.direction(entity).reaches(Side.ERP)
        if reaches and not known:
            put(conn, connection, f"switched_on:{entity}", str(now_ms))
        elif known and not reaches:
            put(conn, connection, f"switched_on:{entity}", "0")


def switched_on_ms(conn: sqlite3.Connection, connection: str, entity: Entity) -> int:
    return int(get(conn, connection, f"switched_on:{entity}") or "0")


def set_skew_ms(conn: sqlite3.Connection, connection: str, skew_ms: int) -> None:
    """ERP stamps minus webCRM stamps, as measured."""
    put(conn, connection, "skew_ms", str(skew_ms))


def skew_ms(conn: sqlite3.Connection, connection: str) -> int:
    return int(get(conn, connection, "skew_ms") or "0")


def remember_probe(conn: sqlite3.Connection, connection: str, proven: Iterable[str]) -> None:
    """What `check --probe-record` proved, by word; replaces what an earlier one proved."""
    put(conn, connection, "proven", " ".join(sorted(proven)))


def probed(conn: sqlite3.Connection, connection: str) -> frozenset[str]:
    return frozenset(get(conn, connection, "proven").split())


def forget_cursors(conn: sqlite3.Connection, connection: str) -> None:
    """Every feed is read in full on its next turn: other fields are wanted now. The gate stays open."""
    conn.execute(FORGET_CURSORS, (connection,))


def scans(conn: sqlite3.Connection, connection: str) -> list[dict[str, object]]:
    """The full reads, feed by feed: `{"side", "feed", "kind", "complete", "started_ms", "finished_ms"}`."""
    names = ("side", "feed", "kind", "complete", "started_ms", "finished_ms")
    return [
        dict(zip(names, (*row[:3], row[4] > 0, *row[3:]), strict=True))
        for row in conn.execute(SCANS, (connection,)).fetchall()
    ]


class Pause(msgspec.Struct, frozen=True):
    """No writes of this entity into this side; `""` means every one."""

    entity: str
    side: str
    who: str
    since_ms: int


def pauses(conn: sqlite3.Connection, connection: str) -> list[Pause]:
    found = []
    for key, value in conn.execute(PAUSES, (connection,)).fetchall():
        _, entity, side = key.split(":")
        since, _, who = value.partition(" ")
        found.append(Pause(entity, side, who, int(since)))
    return found


def pause(conn: sqlite3.Connection, connection: str, entity: str, side: str, who: str, now_ms: int) -> bool:
    """Ops of this scope stay in the outbox (`outbox.due` leaves them). False if that was so already."""
    if get(conn, connection, f"pause:{entity}:{side}"):
        return False
    put(conn, connection, f"pause:{entity}:{side}", f"{now_ms} {who}")
    journal.audit(conn, connection, "pause", now_ms=now_ms, fields=_scope(entity, side), actor=who)
    return True


def resume(
    conn: sqlite3.Connection, connection: str, entity: str, side: str, who: str, now_ms: int
) -> list[Pause]:
    """Ends every pause within this scope; returns them. The held ops are `outbox.release`'s business."""
    ended = [one for one in pauses(conn, connection) if entity in ("", one.entity) and side in ("", one.side)]
    for one in ended:
        conn.execute(RESUME, (connection, f"pause:{one.entity}:{one.side}"))
    if ended:
        journal.audit(conn, connection, "resume", now_ms=now_ms, fields=_scope(entity, side), actor=who)
    return ended


def _scope(entity: str, side: str) -> tuple[str, ...]:
    return tuple(filter(None, (entity, side)))


def mark_clean(conn: sqlite3.Connection) -> None:
    put(conn, "", "clean_shutdown", "1")


def begin_life(conn: sqlite3.Connection, fresh: bool) -> bool:
    """Whether the last life ended cleanly, or there was none; this one has not ended, so the mark goes."""
    clean = fresh or get(conn, "", "clean_shutdown") == "1"
    put(conn, "", "clean_shutdown", "0")
    put(conn, "", "began_clean", str(int(clean)))
    return clean


def began_clean(conn: sqlite3.Connection) -> bool:
    return get(conn, "", "began_clean") == "1"
