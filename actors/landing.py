"""What a yes is worth: the answer to a write is proven before anything is concluded from it.

Where a 2xx is not proof enough (`System.assumed`), the record is read back at once. Where it is, the feed
must show the record: `Poller` reads singly what it did not show (`Connection.unproven`), so an honest system
costs no call more. A create whose answer names a record that we knew before, or one without our marker, or
none at all, is not adopted: it is looked for as one without an answer, and not sent again by itself.
"""

import sqlite3
from collections.abc import Mapping

from actors import learning
from actors.connection import Connection
from streamsync.errors import SystemFault
from streamsync.model import Action, Done, Op, Record, Side, Write
from streamsync.store import doubts, observations, outbox


async def landed(connection: Connection, op: Op, done: Done) -> SystemFault | None:
    """One answered write. Returns the fault that the read-back met, if it met one: the lane may have to
    pause."""
    write, system = op.write, connection.systems[op.write.side]
    creates = write.action is Action.CREATE
    if creates and not done.rid:
        await learning.hold_handle(connection, op, done)
        return None
    seen, met = done.seen, None
    rid = done.rid or write.rid
    believed = seen is None and system.assumed(write.kind, write.action)
    if seen is None and not believed:
        seen, met = await _read_back(connection, op, rid)
    if creates and not await _is_new(connection, op, rid, seen, believed=believed):
        await learning.hold_handle(connection, op, Done(handle=rid, version=done.version))
        return met
    if seen is not None and seen.rid != rid:
        await learning.doubt(connection, op, "other")
        return met
    await learning.acknowledge(connection, op, done, seen)
    if seen is not None:
        system.noted((seen,))
    elif write.action not in (Action.DELETE, Action.MOVE):
        connection.believe(op, rid)
    return met


async def _read_back(connection: Connection, op: Op, rid: str) -> tuple[Record | None, SystemFault | None]:
    write, lines = op.write, op.write.action is Action.LINES
    want = connection.want(write.side, write.kind)
    try:
        found = await connection.systems[write.side].get(write.kind, [rid], want, op.lane, lines=lines)
    except SystemFault as fault:
        return None, fault
    return found.get(rid), None


async def _is_new(connection: Connection, op: Op, rid: str, seen: Record | None, *, believed: bool) -> bool:
    """Whether the record that an answer names can be the one just created."""
    if not believed and not _shows(op.write, seen, rid):
        return False
    if seen is not None and op.write.marker in op.write.fields.values():
        return True
    write, name = op.write, connection.name
    first_ms = await connection.store.read(
        lambda c: observations.first_seen_ms(c, name, write.side, write.kind, rid)
    )
    return not 0 < first_ms < op.sent_ms


def carries(write: Write, record: Record) -> bool:
    """Whether a record holds the create's marker wherever the create put it."""
    places = [path for path, text in write.fields.items() if write.marker and text == write.marker]
    return all(record.fields.get(path, write.marker) == write.marker for path in places)


async def disprove(
    connection: Connection, side: Side, creates: Mapping[str, int], found: Mapping[str, Record]
) -> None:
    """After a single read of what the feed should have shown, by rid with its create: what was not created is
    taken back."""
    now = connection.clock.now_ms()

    def body(conn: sqlite3.Connection) -> None:
        for rid, number in creates.items():
            op = outbox.by_id(conn, connection.name, number) if number else None
            if op is None or _shows(op.write, found.get(rid), rid):
                continue
            doubts.unmake(conn, connection.name, op, rid, now)

    await connection.store.tx(body)
    connection.resolve_wake.set()


def _shows(write: Write, record: Record | None, rid: str) -> bool:
    return record is not None and record.rid == rid and carries(write, record)
