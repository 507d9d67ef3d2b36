"""Planted bugs in the write protocol (reliability §5): looking up, settling, sending, resolving, restarting.

Each function gives one patch that takes one rule away. Nothing of it is in the product.
"""

from typing import Any
from unittest import mock

from actors import learning, resolver, writer
from actors.connection import Connection
from streamsync.errors import Unknown
from streamsync.model import Action, Op
from streamsync.store import acks, decisions, outbox, pairs, schema
from streamsync.systems import outcome
from streamsync.systems.transport import Transport

OPEN_STATES = "state IN('ready','sent','unknown','parked')"


def no_look_up() -> Any:
    async def everything(_self: object, batch: list[Any]) -> list[Any]:
        return batch

    return mock.patch.object(writer.Writer, "_look_up", everything)


def no_settle_time() -> Any:
    """What a look-up does not find at once was never done."""
    return mock.patch.object(resolver.Resolver, "_certainly_not_there", return_value=True)


def timeout_is_failure() -> Any:
    """What was not answered counts as not done: sent again at once."""

    def again(conn: Any, op: Any, now_ms: int, kind: str, words: str, *_: Any) -> None:
        outbox.back_to_ready(conn, op, now_ms, kind, words)

    return mock.patch.object(outbox, "to_unknown", again)


def sent_is_not_kept() -> Any:
    """`sent` is in memory only: after a crash nobody knows that anything left."""

    def claim(_conn: Any, ops: Any, _now_ms: int) -> list[int]:
        return [op.id for op in ops]

    return mock.patch.object(outbox, "claim", claim)


def sent_is_ready_again() -> Any:
    return mock.patch.object(outbox, "RESTART", outbox.RESTART.replace("state='unknown'", "state='ready'", 1))


def no_start_delay() -> Any:
    return mock.patch.object(Connection, "settled_ms", lambda self, _side: self.started_ms)


def first_look_is_enough() -> Any:
    """A first attempt trusts the list that was read first, whenever that was."""

    async def answered(_self: object, op: Op) -> bool:
        return not op.attempt

    return mock.patch.object(writer.Writer, "_shadows_answer", answered)


def no_check_before_update() -> Any:
    return mock.patch.object(learning, "holds", return_value=True)


def no_base_for_the_unknown() -> Any:
    """An unknown update that was carried out leaves the base where it was."""
    return mock.patch.object(outbox, "advance_base", return_value=None)


def no_base_for_the_known() -> Any:
    """An acknowledged write leaves the base where it was."""
    whole: Any = acks._move_base

    def move(conn: Any, op: Any, rows: Any, now_ms: int, *, drop: bool = True) -> None:
        if not drop:
            whole(conn, op, rows, now_ms, drop=drop)

    return mock.patch.object(acks, "_move_base", move)


def retry_in_the_client() -> Any:
    """A request whose answer never came is made again at once, by the client itself."""
    whole: Any = Transport.request

    async def request(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return await whole(self, *arguments, **options)
        except Unknown:
            return await whole(self, *arguments, **options)

    return mock.patch.object(Transport, "request", request)


def unauthorized_is_definite() -> Any:
    """A 401 to a POST counts as not done."""
    return mock.patch.object(outcome, "CREATING", ())


def two_ops_a_pair() -> Any:
    """Nothing holds a second write of a pair back: neither the index nor those who ask before."""
    steps = tuple(tuple(text for text in step if "outbox_open" not in text) for step in schema.STEPS)
    return mock.patch.object(schema, "STEPS", steps)


def nobody_asks_for_open_ops() -> Any:
    return mock.patch.object(pairs, "has_open_op", return_value=False)


def nobody_sees_open_ops() -> Any:
    return mock.patch.object(decisions, "UNDER_WAY", "SELECT 1 WHERE ?<0")


def dirty_pairs_in_hand_too() -> Any:
    marker = " AND NOT EXISTS(SELECT 1 FROM outbox"
    return mock.patch.object(pairs, "DIRTY", pairs.DIRTY.partition(marker)[0] + " ORDER BY lane, id LIMIT ?")


def parked_blocks_the_lane() -> Any:
    """Strictly one after the other: what is parked holds up all that comes after it."""
    whole: Any = outbox.due
    first = f"SELECT min(id) FROM outbox WHERE connection=? AND side=? AND {OPEN_STATES}"

    def due(conn: Any, connection: str, side: Any, *arguments: Any) -> list[Op]:
        head = conn.execute(first, (connection, side)).fetchone()[0]
        return [op for op in whole(conn, connection, side, *arguments) if op.id == head]

    return mock.patch.object(outbox, "due", due)


def old_trouble_is_shown() -> Any:
    """A write that succeeded does not end what an earlier one made the connection say."""
    whole: Any = writer.Writer._landed

    async def landed(self: Any, op: Any, done: Any) -> None:
        shown = self._connection.degraded.get(self.name)
        await whole(self, op, done)
        if shown is not None:
            self._connection.degraded[self.name] = shown

    return mock.patch.object(writer.Writer, "_landed", landed)


def refused_look_up_is_kept() -> Any:
    """A create whose look-up is refused stays as it was planned."""
    whole: Any = learning.replan

    async def kept(connection: Any, op: Any, current: Any, started_ms: int, why: str, *pause: int) -> None:
        if why == "lookup_refused" and op.write.action is Action.CREATE:
            due = connection.clock.now_ms() + 60_000
            await connection.store.tx(lambda c: outbox.postpone(c, op, due, "Rejected", why))
        else:
            await whole(connection, op, current, started_ms, why, *pause)

    return mock.patch.object(learning, "replan", kept)
