"""Turns `unknown` into certainty: the only way on for a write whose answer never came (reliability §5.1).

A create is looked up by its marker at once; finding nothing counts only after the settle time. An update is
read: what now equals our body moves the base, then the pair is decided again. A create that was answered with
a number only, and that no poll has shown since, is looked up here too.
"""

import sqlite3

from actors import learning
from actors.connection import Connection
from streamsync.errors import SystemFault
from streamsync.kernel.actor import Pulse
from streamsync.model import Action, Done, Op, Record
from streamsync.store import outbox
from streamsync.store.idle import Idle

LOOK_SECONDS = 5.0
TAKE = 100
HANDLE_PATIENCE_MS = 60_000


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
                except SystemFault as fault:
                    self._failures += 1
                    pause = connection.retry_seconds(self._failures)
                    connection.log(
                        "resolve_failed",
                        connection=connection.name,
                        op=op.id,
                        entity=op.entity,
                        error_class=type(fault).__name__,
                        code=fault.code,
                    )
                    break
            await connection.resolve_wake.wait(pause)

    async def _due(self) -> list[Op]:
        connection, now, commits = (
            self._connection,
            self._connection.clock.now_ms(),
            self._connection.store.commits,
        )
        if self._idle.holds(now):
            return []

        def look(conn: sqlite3.Connection) -> tuple[list[Op], int | None]:
            ops = outbox.unknown_due(conn, connection.name, now, HANDLE_PATIENCE_MS, TAKE)
            return ops, None if ops else outbox.next_unknown_ms(conn, connection.name)

        ops, due_ms = await connection.store.read(look)
        if not ops:
            self._idle.begin(commits, due_ms)
        return ops

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
        elif started >= op.sent_ms + system.settle_ms and not op.handle:
            await connection.store.tx(lambda c: outbox.back_to_ready(c, op, now, "", ""))
            connection.write_wakes[op.write.side].set()
        else:
            again = max(now + 1_000, min(op.sent_ms + system.settle_ms, now + 10_000))
            await connection.store.tx(lambda c: outbox.postpone(c, op, again, op.error_class, op.error))

    async def _resolve_update(self, op: Op) -> None:
        connection, system = self._connection, self._connection.systems[op.write.side]
        started = connection.clock.now_ms()
        found = await system.get(
            op.write.kind, [op.write.rid], connection.want(op.write.side, op.write.kind), op.lane
        )
        record: Record | None = found.get(op.write.rid)
        now = connection.clock.now_ms()
        if record is not None:
            await connection.store.tx(lambda c: outbox.advance_base(c, connection.name, op, record, now))
        await learning.replan(connection, op, record, started, "unknown_resolved")
