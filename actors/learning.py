"""LEARN: what the writer and the resolver do with an answer. Each function is one transaction.

The table of reliability §5.1: a definite yes is acknowledged, a definite refusal waits or is planned again, a
definite rejection parks, everything else is `unknown` and belongs to the resolver.
"""

import sqlite3
from collections.abc import Sequence

from actors.connection import Connection
from streamsync.errors import Conflict, Refused, Rejected, SystemFault, Throttled, Unauthorized
from streamsync.model import Direction, Done, Entity, Lane, Op, Outcome, Record, Side
from streamsync.store import doubts, observations, outbox, pairs, people
from streamsync.sync.identity import observe
from streamsync.sync.rejections import meaning, worth_replanning

UNAUTHORIZED_PAUSE_MS = 30_000
REPLAN_PAUSE_MS = 300_000
LOOKUP_PAUSE_MS = 30_000


async def acknowledge(connection: Connection, op: Op, done: Done, seen: Record | None) -> None:
    """The write is certain: op, shadow, base, link and history in one commit."""
    now = connection.clock.now_ms()
    await connection.store.tx(lambda c: outbox.ack(c, connection.name, op, done, seen, now))
    connection.metrics.written(op.write.side, op.entity, op.write.action, "done")
    await _note_arrival(connection, op, now)
    connection.log(
        "op_done",
        connection=connection.name,
        op=op.id,
        pair=op.pair,
        entity=op.entity,
        system=op.write.side,
        action=op.write.action,
        attempt=op.attempt,
    )
    connection.route.offer(op.pair, op.lane)
    if not done.rid and done.handle:
        connection.wake_poller(op.write.kind, op.write.side)


async def _note_arrival(connection: Connection, op: Op, now_ms: int) -> None:
    """How long the edit took from one screen to the other; a backfill is no edit."""
    if op.lane is Lane.BACKFILL:
        return
    source = op.write.side.other
    edited = await connection.store.read(lambda c: pairs.edited_ms(c, connection.name, op.pair, source))
    if edited:
        way = Direction.TO_CRM if op.write.side is Side.CRM else Direction.TO_ERP
        connection.metrics.arrived(op.entity, way, max(0.0, (now_ms - edited) / 1000))


async def hold_handle(connection: Connection, op: Op, done: Done) -> None:
    """The create is certain but was answered with a number only: it stays open until a poll shows the
    record."""
    now = connection.clock.now_ms()
    await connection.store.tx(lambda c: outbox.hold_handle(c, op, done.handle, now))
    if op.lane is not Lane.BACKFILL:  # a backfill's creates are confirmed together, by the next poll
        connection.wake_poller(op.write.kind, op.write.side)


async def replan(
    connection: Connection,
    op: Op,
    current: Record | None,
    started_ms: int,
    why: str,
    pause_ms: int = REPLAN_PAUSE_MS,
) -> None:
    """The target is not as the plan assumed: keep what was seen, drop the op, decide again.

    Where nothing new was seen the same plan would come out: the pair rests a while, longer each time. A
    record that is said not to be there (`current` is None) is not taken as deleted (semantics §10)."""
    now = connection.clock.now_ms()
    seen = [observe(current, connection.force.rules)] if current is not None else []

    def body(conn: sqlite3.Connection) -> None:
        if current is None and why == "lookup_refused":
            outbox.supersede(conn, op, now, now + pause_ms)
            return
        if current is None:
            doubts.rest(conn, connection.name, op, "absent", now, pause_ms)
            return
        news = observations.observe_many(
            conn, connection.name, seen, read_at_ms=started_ms, lane=Lane.LIVE, now_ms=now, whole=True
        )
        if news.changed:
            outbox.supersede(conn, op, now)
        else:
            doubts.rest(conn, connection.name, op, "failing" if why == "unknown_resolved" else "moved", now)

    await connection.store.tx(body)
    connection.metrics.written(op.write.side, op.entity, op.write.action, "superseded")
    connection.log(
        "op_superseded", connection=connection.name, op=op.id, pair=op.pair, entity=op.entity, cause=why
    )
    connection.route.offer(op.pair, op.lane)


async def doubt(connection: Connection, op: Op, why: str) -> None:
    """What was answered does not fit: nothing is concluded from it (`store.doubts`)."""
    now = connection.clock.now_ms()
    await connection.store.tx(lambda c: doubts.rest(c, connection.name, op, why, now))
    connection.metrics.written(op.write.side, op.entity, op.write.action, "superseded")
    connection.log(
        "op_superseded", connection=connection.name, op=op.id, pair=op.pair, entity=op.entity, cause=why
    )


async def fail(connection: Connection, op: Op, fault: SystemFault) -> None:
    """Any answer but yes. Returns once the store knows; the lane's pause is the caller's business."""
    now, store = connection.clock.now_ms(), connection.store
    kind = type(fault).__name__
    match fault:
        case Throttled():
            due = now + round(fault.retry_after_seconds * 1000)
            await store.tx(lambda c: outbox.back_to_ready(c, op, due, kind, str(fault)))
        case Unauthorized():
            await store.tx(
                lambda c: outbox.back_to_ready(c, op, now + UNAUTHORIZED_PAUSE_MS, kind, str(fault))
            )
        case Refused():
            due = now + round(connection.retry_seconds(op.attempt) * 1000)
            await store.tx(lambda c: outbox.back_to_ready(c, op, due, kind, str(fault)))
        case Conflict():
            await read_again(connection, op, fault.code)
        case Rejected() if worth_replanning(fault.code):
            await read_again(connection, op, fault.code)
        case Rejected() if fault.code == "404" and op.write.rid:
            await replan(connection, op, None, now, "gone")
        case Rejected():
            outcome, reason = meaning(fault.code)
            await store.tx(
                lambda c: outbox.park(
                    c,
                    connection.name,
                    op,
                    reason,
                    str(fault),
                    fault.excerpt,
                    now,
                    conflict=outcome is Outcome.CONFLICT,
                    again=op.write.side is Side.ERP and op.entity in (Entity.DELIVERY, Entity.INVOICE),
                )
            )
            connection.route.offer(op.pair, op.lane)
        case _:
            await store.tx(lambda c: outbox.to_unknown(c, op, now, kind, str(fault)))
            connection.resolve_wake.set()
    connection.metrics.written(op.write.side, op.entity, op.write.action, kind.lower())
    connection.log(
        "op_failed",
        connection=connection.name,
        op=op.id,
        pair=op.pair,
        entity=op.entity,
        system=op.write.side,
        action=op.write.action,
        error_class=kind,
        code=fault.code,
        attempt=op.attempt,
    )


async def park_twins(connection: Connection, op: Op, count: int) -> None:
    """Several records carry the marker of one create: only a person can say which is ours."""
    now = connection.clock.now_ms()
    message = f"{count} records carry the marker {op.write.marker}"
    await connection.store.tx(
        lambda c: outbox.park(c, connection.name, op, "many_candidates", message, "", now)
    )


async def not_parted(connection: Connection, op: Op, found: Sequence[Record]) -> list[Record]:
    """Each record once (a page that moves while it is read shows one twice), without those that a person
    unlinked this pair from: their texts may still carry our marker."""
    if not found:
        return []
    parted = await connection.store.read(lambda c: people.parted_from(c, connection.name, op.pair))
    return [record for rid, record in {one.rid: one for one in found}.items() if rid not in parted]


async def read_again(connection: Connection, op: Op, why: str) -> None:
    """The target moved: read it whole, keep what it shows, and plan anew."""
    started = connection.clock.now_ms()
    current: Record | None = None
    if op.write.rid:
        try:
            found = await connection.systems[op.write.side].get(
                op.write.kind, [op.write.rid], connection.want(op.write.side, op.write.kind), op.lane
            )
        except SystemFault as fault:
            due = connection.clock.now_ms() + round(connection.retry_seconds(op.attempt) * 1000)
            kind, words = type(fault).__name__, str(fault)
            await connection.store.tx(lambda c: outbox.back_to_ready(c, op, due, kind, words))
            return
        current = found.get(op.write.rid)
    if current is not None and current.rid != op.write.rid:
        await doubt(connection, op, "other")
    else:
        await replan(connection, op, current, started, f"moved:{why}")


def holds(current: Record, op: Op) -> bool:
    """Whether the target still shows what the plan rests on."""
    for path, text in op.write.expect.items():
        if current.fields.get(path, "") != text:
            return False
    rests_on_lines = op.write.action == "lines" or bool(op.write.expect_lines)
    if rests_on_lines and op.write.side is Side.CRM:
        planned = {line.key: line.fields for line in op.write.expect_lines}
        present = {line.key: line.fields for line in current.lines}
        return planned.keys() == present.keys() and all(
            present[key].get(path, "") == text
            for key, fields in planned.items()
            for path, text in fields.items()
        )
    return True
