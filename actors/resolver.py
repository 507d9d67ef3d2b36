"""Turns `unknown` into certainty: the only way on for a write whose answer never came (reliability §5.1).

A create is looked up by its marker at once; finding nothing counts only after the settle time. An update is
read: what now equals our body moves the base, then the pair is decided again. Lines that it adds and that are
not there yet may still come: they count as records do. A create that was answered with
a number only, and that no poll has shown since, is looked up here too.
"""

import sqlite3

from actors import learning
from actors.connection import Connection
from streamsync.errors import Rejected, SystemFault
from streamsync.kernel.actor import Pulse
from streamsync.model import Action, Done, Op, Record
from streamsync.store import doubts, outbox
from streamsync.store.idle import Idle

LOOK_SECONDS = 5.0
TAKE = 100
HANDLE_PATIENCE_MS = 60_000
ATTEMPTS = 3  # a create that so often got no answer and was not made rests, ever longer
GIVE_UP_MS = 1_800_000  # a create that was answered yes shows up within this, or a person must look
LOOKS = (10_000, 300_000)  # at least and at most so long between two looks for it


class Resolver:
    def __init__(self, connection: Connection) -> None:
        self.name = f"resolver:{connection.name}"
        self.pulse = Pulse(deadline_seconds=900)
        self._connection = connection
        self._failures = 0
        self._idle = Idle(connection.store)

    def __repr__(self) -> str:
        return f"<Resolver: {self._failures} failures in a row>"

    async def run(self) -> None:
        connection = self._connection
        await connection.opened.wait()
        while True:
            self.pulse.beat()
            pause = LOOK_SECONDS
            for op in await self._due():
                try:
                    await self._resolve(op)
                    self._failures = 0
                except Rejected as fault:  # this look-up, not the system: the others go on
                    self._note(op, fault)
                    await self._refused(op)
                except SystemFault as fault:
                    self._failures += 1
                    pause = connection.retry_seconds(self._failures)
                    self._note(op, fault)
                    break
            await connection.resolve_wake.wait(pause)

    def _note(self, op: Op, fault: SystemFault) -> None:
        self._connection.log(
            "resolve_failed",
            connection=self._connection.name,
            op=op.id,
            entity=op.entity,
            error_class=type(fault).__name__,
            code=fault.code,
        )

    async def _due(self) -> list[Op]:
        connection, now = self._connection, self._connection.clock.now_ms()

        def look(conn: sqlite3.Connection) -> tuple[list[Op], int | None]:
            ops = outbox.unknown_due(conn, connection.name, now, HANDLE_PATIENCE_MS, TAKE)
            return ops, None if ops else outbox.next_unknown_ms(conn, connection.name)

        return await self._idle.look(now, look)

    async def _resolve(self, op: Op) -> None:
        if op.write.action is Action.CREATE:
            await self._resolve_create(op)
        else:
            await self._resolve_update(op)

    async def _resolve_create(self, op: Op) -> None:
        connection, system = self._connection, self._connection.systems[op.write.side]
        started = connection.clock.now_ms()
        since = (op.sent_ms or started) - system.settle_ms
        [found] = await system.find([op.write], since, connection.want(op.write.side, op.write.kind), op.lane)
        found = await learning.not_parted(connection, op, found)
        now = connection.clock.now_ms()
        if len(found) == 1:
            await learning.acknowledge(
                connection, op, Done(rid=found[0].rid, version=found[0].version), found[0]
            )
        elif found:
            await learning.park_twins(connection, op, len(found))
        elif op.handle and now >= op.sent_ms + system.settle_ms + GIVE_UP_MS:
            await connection.store.tx(lambda c: doubts.hold(c, connection.name, op, now))
        elif op.handle:
            again = now + min(max((now - op.sent_ms) // 4, LOOKS[0]), LOOKS[1])
            await connection.store.tx(lambda c: outbox.postpone(c, op, again, op.error_class, op.error))
        elif self._certainly_not_there(op, started) and op.attempt >= ATTEMPTS:
            await learning.doubt(connection, op, "failing")
        elif self._certainly_not_there(op, started):
            await connection.store.tx(lambda c: outbox.back_to_ready(c, op, now, "", ""))
            connection.write_wakes[op.write.side].set()
        else:
            again = max(now + 1_000, min(op.unanswered_ms + system.settle_ms, now + 10_000))
            await connection.store.tx(lambda c: outbox.postpone(c, op, again, op.error_class, op.error))

    async def _refused(self, op: Op) -> None:
        """What the look-up names is not there (a parent renumbered meanwhile) and would be refused for ever.
        The feed knows better: once it was read after anything could still land, the pair is decided on what
        it showed."""
        connection, write = self._connection, op.write
        now, settle_ms = connection.clock.now_ms(), connection.systems[write.side].settle_ms
        settled = op.unanswered_ms + settle_ms
        if now >= settled and connection.looked_since(write.side, write.kind, settled):
            pause_ms = learning.LOOKUP_PAUSE_MS
            await learning.replan(connection, op, None, now, "lookup_refused", pause_ms)
            return
        connection.wake_poller(write.kind, write.side)
        due = max(settled, now) + LOOKS[0]
        await connection.store.tx(lambda c: outbox.postpone(c, op, due, op.error_class, op.error))

    def _certainly_not_there(self, op: Op, looked_ms: int) -> bool:
        """Two proofs, both from after anything could still land: the look-up, and a read of the feed. After
        the claim it may have waited long for its turn: what counts is when nobody could send it any more."""
        connection, write = self._connection, op.write
        settled = op.unanswered_ms + connection.systems[write.side].settle_ms
        if looked_ms < settled:
            return False
        if connection.looked_since(write.side, write.kind, settled):
            return True
        connection.wake_poller(write.kind, write.side)
        return False

    async def _resolve_update(self, op: Op) -> None:
        connection, system = self._connection, self._connection.systems[op.write.side]
        started = connection.clock.now_ms()
        found = await system.get(
            op.write.kind, [op.write.rid], connection.want(op.write.side, op.write.kind), op.lane
        )
        record: Record | None = found.get(op.write.rid)
        now = connection.clock.now_ms()
        if record is not None and record.rid != op.write.rid:
            await learning.doubt(connection, op, "other")
            return
        if record is not None and not _added(op, record) and started < op.unanswered_ms + system.settle_ms:
            again = min(op.unanswered_ms + system.settle_ms, now + LOOKS[0])
            await connection.store.tx(lambda c: outbox.postpone(c, op, again, op.error_class, op.error))
            return
        if record is not None:
            await connection.store.tx(lambda c: outbox.advance_base(c, connection.name, op, record, now))
        await learning.replan(connection, op, record, started, "unknown_resolved")


def _added(op: Op, record: Record) -> bool:
    """Whether every line that the op adds stands there, beside those that were there before. One that the
    server shows otherwise than it was sent is not recognised: then the settle time decides."""
    known = {line.key for line in op.write.expect_lines}
    fresh = [line.fields for line in record.lines if line.key not in known]
    for edit in op.write.lines:
        if edit.action != "insert":
            continue
        shown = [fields for fields in fresh if all(fields.get(k, v) == v for k, v in edit.fields.items())]
        if not shown:
            return False
        fresh.remove(shown[0])
    return True
