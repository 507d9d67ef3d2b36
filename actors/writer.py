"""ACT: one writer per system carries out the ops of the outbox (reliability §5.2).

A create is looked up first, unless the shadows already answer it; an update is guarded by its version, or by
a re-read just before. `sent` is durable before the first byte leaves. There is no retry in the client:
whatever is not a definite answer becomes `unknown` and goes to the resolver. Ops of one sort go out in one
bulk request where the system takes it.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import groupby, zip_longest

import msgspec

from actors import landing, learning
from actors.connection import Connection
from streamsync.errors import Bug, Rejected, SystemFault, Throttled, Unauthorized
from streamsync.kernel import crashpoint
from streamsync.kernel.actor import Pulse
from streamsync.model import LANES, Action, Done, Kind, Lane, Op, Side
from streamsync.store import observations, outbox
from streamsync.store.idle import Idle

LOOK_SECONDS = 1.0
TAKE = 1000
BATCHES_A_HAND = 6
LINGER_MS = 15_000
HANDS = 4  # requests under way at once; webCRM gets one (webcrm-api §8)


class Writer:
    def __init__(self, connection: Connection, side: Side) -> None:
        self.name = f"writer:{connection.name}:{side}"
        self.pulse = Pulse(deadline_seconds=900)
        self._connection = connection
        self._side = side
        self._system = connection.systems[side]
        self._hands = 1 if side is Side.CRM else HANDS
        self._pause_until_ms = 0
        self._idle = Idle(connection.store)
        self._busy: set[int] = set()
        self._draining = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Writer {self._side}: {len(self._busy)} ops in hand>"

    @property
    def begun(self) -> bool:
        """Whether it can have anything in hand: before the connection is open it only waits for that."""
        return self._connection.opened.is_set()

    def drain(self) -> None:
        """Take nothing new; `run` returns when the requests under way are answered."""
        self._draining.set()
        self._connection.write_wakes[self._side].set()

    async def run(self) -> None:
        connection = self._connection
        await connection.opened.wait()
        if self._busy:  # it crashed with these in hand: only the other system knows what became of them
            self._busy.clear()
            now = connection.clock.now_ms()
            await connection.store.tx(lambda c: outbox.unanswered(c, connection.name, self._side, now))
            connection.resolve_wake.set()
        while not self._draining.is_set():
            self.pulse.beat()
            if not await self._round():
                await connection.write_wakes[self._side].wait(LOOK_SECONDS)

    async def _round(self) -> bool:
        """Take what is due and carry it out, `HANDS` batches at a time. False if there was nothing."""
        now = self._connection.clock.now_ms()
        if now < self._pause_until_ms:
            return False
        due = await self._idle.look(now, lambda c: self._due(c, now))
        ops = [op for op in due if not self._held(op, now)]
        if not ops:
            return False
        batches = asyncio.Queue[list[Op]]()
        # A short round: what comes in meanwhile in a higher lane is seen before the rest of this one.
        for batch in self._batches(ops, now)[: self._hands * BATCHES_A_HAND]:
            batches.put_nowait(batch)
        found = batches.qsize()
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._hands, found)):
                group.create_task(self._hand(batches))
        return found > 0

    def _due(self, conn: sqlite3.Connection, now: int) -> tuple[list[Op], int | None]:
        """What is due; when nothing is, also when something will be."""
        name = self._connection.name
        ops = outbox.due(conn, name, self._side, now, TAKE)
        return ops, None if ops else outbox.next_due_ms(conn, name, self._side)

    def _held(self, op: Op, now: int) -> bool:
        """After an unclean start creates wait until nothing of the former life can still land."""
        return op.write.action is Action.CREATE and now < self._connection.settled_ms(self._side)

    def _filling(self, run: list[Op], now: int) -> bool:
        """Whether a backfill is about to add to this batch: one call instead of several. It can wait a
        little."""
        young = now - min(op.due_ms for op in run) < LINGER_MS
        more = self._connection.deciding() or not self._connection.quiet()
        return young and more and run[0].lane is Lane.BACKFILL

    def _batches(self, ops: Iterable[Op], now: int) -> list[list[Op]]:
        """Lane by lane, same sort together; within a lane each sort has its turn, so that five hundred single
        writes do not hold up one that carries a hundred. Creates below one parent stay in one batch."""
        lanes: dict[Lane, dict[tuple[Kind, Action], list[list[Op]]]] = {lane: {} for lane in LANES}
        ordered = sorted(ops, key=lambda op: (op.lane, op.write.kind, op.write.action, _serial(op), op.id))
        for (lane, kind, action, below), same in groupby(
            ordered, key=lambda op: (op.lane, op.write.kind, op.write.action, _serial(op))
        ):
            run = list(same)
            size = max(self._system.bulk(kind, action), len(run) if below else 1)
            rest = len(run) % size
            if rest and self._filling(run[-rest:], now):
                run = run[:-rest]
            batches = [run[start : start + size] for start in range(0, len(run), size)]
            lanes[lane].setdefault((kind, action), []).extend(batches)
        return [
            batch
            for sorts in lanes.values()
            for turn in zip_longest(*sorts.values())
            for batch in turn
            if batch is not None
        ]

    async def _hand(self, batches: "asyncio.Queue[list[Op]]") -> None:
        while not batches.empty() and not self._draining.is_set():
            batch = batches.get_nowait()
            if self._connection.clock.now_ms() < self._pause_until_ms:
                return
            self.pulse.beat()
            self._busy.update(op.id for op in batch)
            started = self._connection.clock.monotonic()
            await self._carry_out(batch)
            self._busy.difference_update(op.id for op in batch)
            self._connection.metrics.staged("write", self._connection.clock.monotonic() - started)

    async def _carry_out(self, batch: list[Op]) -> None:
        """One batch of one sort. A fault before anything was sent leaves the ops as they are, for later."""
        connection, action, kind = self._connection, batch[0].write.action, batch[0].write.kind
        try:
            if action is Action.CREATE:
                ready = await self._look_up(batch)
                versions: Mapping[int, str] = {}
            else:
                ready, versions = await self._confirm(batch)
        except SystemFault as fault:
            self._pause(fault)
            for op in batch:
                if isinstance(fault, Rejected):  # what it names is not there: a parent renumbered just now
                    now, pause = connection.clock.now_ms(), learning.LOOKUP_PAUSE_MS
                    await learning.replan(connection, op, None, now, "lookup_refused", pause)
                else:
                    await self._postpone(op, fault)
            return
        if ready and self._system.bulk(kind, action) > 1:
            await self._send_together(ready)
        else:
            for op in ready:
                if self._connection.clock.now_ms() >= self._pause_until_ms:
                    await self._send(op, versions.get(op.id, ""))

    async def _look_up(self, batch: list[Op]) -> list[Op]:
        """Those creates that nothing on the other side answers for. Adopts a single hit, parks several."""
        connection = self._connection
        asked = [op for op in batch if not await self._shadows_answer(op)]
        ready = [op for op in batch if op not in asked]
        if not asked:
            return ready
        started = connection.clock.now_ms()
        since = min((op.sent_ms or started) for op in asked) - self._system.settle_ms
        hits = await self._system.find(
            [op.write for op in asked], since, connection.want(self._side, asked[0].write.kind), asked[0].lane
        )
        for op, hit in zip(asked, hits, strict=True):
            found = await learning.not_parted(connection, op, hit)
            if not found:
                ready.append(op)
            elif len(found) == 1:
                await learning.acknowledge(
                    connection, op, Done(rid=found[0].rid, version=found[0].version), found[0]
                )
            else:
                await learning.park_twins(connection, op, len(found))
        return ready

    async def _shadows_answer(self, op: Op) -> bool:
        """A first attempt needs no call when the whole list was read after anything earlier could have
        landed, and none of its records carries our marker."""
        connection = self._connection
        if op.attempt or op.sent_ms or op.state != "ready":
            return False
        side, write = self._side, op.write
        first, marked = await connection.store.read(
            lambda c: (
                observations.first_full_read_ms(c, connection.name, side, write.kind),
                observations.marked(c, connection.name, side, write.kind, write.marker),
            )
        )
        return first != 0 and not marked and (connection.clean or first >= connection.settled_ms(self._side))

    async def _confirm(self, batch: list[Op]) -> tuple[list[Op], dict[int, str]]:
        """Those updates whose target still is as planned, with the version that guards them."""
        connection, kind = self._connection, batch[0].write.kind
        rids = [op.write.rid for op in batch]
        versions: dict[int, str] = {}
        if self._side is Side.ERP:
            known = await connection.store.read(
                lambda c: observations.versioned(c, connection.name, self._side, kind, rids)
            )
            # A version from after the plan guards nothing: it would let the plan overwrite what came between.
            seen = [(op, known[op.write.rid]) for op in batch if op.write.rid in known]
            versions = {op.id: record.version for op, record in seen if learning.holds(record, op)}
        ready = [op for op in batch if op.id in versions or _adds_only(op)]
        unguarded = [op for op in batch if op not in ready]
        if unguarded:
            ready += await self._unchanged(unguarded, kind, versions)
        return ready, versions

    async def _unchanged(self, ops: list[Op], kind: Kind, versions: dict[int, str]) -> list[Op]:
        """Those whose target a re-read just before the write shows as planned; the others are planned anew.

        Only what the plan rests on is read, so that the window stays short and the calls few."""
        connection, lane = self._connection, ops[0].lane
        lines = any(op.write.action is not Action.UPDATE or op.write.expect_lines for op in ops)
        want = connection.want(self._side, kind)
        if not lines:
            want = frozenset(path for op in ops for path in op.write.expect)
        started = connection.clock.now_ms()
        current = await self._system.get(kind, [op.write.rid for op in ops], want, lane, lines=lines)
        ready = []
        for op in ops:
            record = current.get(op.write.rid)
            if record is not None and record.rid != op.write.rid:
                await learning.doubt(connection, op, "other")
            elif record is not None and learning.holds(record, op):
                versions[op.id] = record.version
                ready.append(op)
            elif record is None:
                await learning.replan(connection, op, None, started, "gone")
            else:
                await learning.read_again(connection, op, "changed")
        return ready

    async def _send(self, op: Op, version: str) -> None:
        claimed = await self._claim([op])
        if not claimed:
            return
        op = claimed[0]
        crashpoint.passed("before_send")
        try:
            done = await self._system.send(op.write, version, op.lane)
        except SystemFault as fault:
            await self._failed(op, fault)
            return
        crashpoint.passed("after_send")
        await self._landed(op, done)

    async def _send_together(self, ops: list[Op]) -> None:
        ops = await self._claim(ops)
        if not ops:
            return
        crashpoint.passed("before_send")
        try:
            answers = await self._system.send_many([op.write for op in ops], ops[0].lane)
        except SystemFault as fault:
            for op in ops:
                await self._failed(op, fault)
            return
        crashpoint.passed("after_send")
        if len(answers) != len(ops):
            raise Bug(f"{self._system.name} answered {len(answers)} of {len(ops)} writes")
        for op, answer in zip(ops, answers, strict=True):
            if isinstance(answer, SystemFault):
                await self._failed(op, answer)
            else:
                await self._landed(op, answer)

    async def _claim(self, ops: list[Op]) -> list[Op]:
        """Those that really are ours to send now, with `sent` durable."""
        now = self._connection.clock.now_ms()
        claimed = set(await self._connection.store.tx(lambda c: outbox.claim(c, ops, now)))
        return [
            msgspec.structs.replace(op, state="sent", sent_ms=now, attempt=op.attempt + 1)
            for op in ops
            if op.id in claimed
        ]

    async def _landed(self, op: Op, done: Done) -> None:
        self._connection.degraded.pop(self.name, None)
        met = await landing.landed(self._connection, op, done)
        if met is not None:
            self._pause(met)

    async def _failed(self, op: Op, fault: SystemFault) -> None:
        self._pause(fault)
        await learning.fail(self._connection, op, fault)

    async def _postpone(self, op: Op, fault: SystemFault) -> None:
        connection = self._connection
        due = connection.clock.now_ms() + round(connection.retry_seconds(op.attempt) * 1000)
        if isinstance(fault, Throttled):
            due = connection.clock.now_ms() + round(fault.retry_after_seconds * 1000)
        await connection.store.tx(lambda c: outbox.postpone(c, op, due, type(fault).__name__, str(fault)))

    def _pause(self, fault: SystemFault) -> None:
        """Throttling and a refused token stop the whole lane, not one op."""
        now = self._connection.clock.now_ms()
        if isinstance(fault, Throttled):
            self._pause_until_ms = now + round(fault.retry_after_seconds * 1000)
        elif isinstance(fault, Unauthorized):
            self._pause_until_ms = now + learning.UNAUTHORIZED_PAUSE_MS
            self._connection.degraded[self.name] = f"Writing to {self._system.name} stopped: {fault}"


def _serial(op: Op) -> str:
    """Creates that must not overtake each other: contacts of one customer (visma-api §4.2 has no key to tell
    them apart)."""
    if op.write.side is Side.ERP and op.write.action is Action.CREATE and op.write.kind is Kind.PERSON:
        return op.write.fields.get("businessAccount", "")
    return ""


def _adds_only(op: Op) -> bool:
    """A first attempt that only adds lines to a document that had none overwrites nothing: nothing to
    re-read."""
    write = op.write
    return (
        write.side is Side.CRM
        and write.action is Action.LINES
        and not op.attempt
        and not write.expect_lines
        and all(edit.action == "insert" for edit in write.lines)
    )
