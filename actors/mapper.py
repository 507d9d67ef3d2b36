"""DECIDE: one mapper per entity turns dirty pairs into decisions.

A batch of pairs is one transaction: each pair is loaded, `sync.decide.decide` (pure) is asked, and the
decision is applied: op into the outbox, base, conflicts, outcome. What one pair's decision raises parks that
pair alone. Before the first sync is accepted every decision is `waiting: gate` and nothing else happens.
"""

import sqlite3
from dataclasses import dataclass
from functools import partial

from actors.connection import Connection
from streamsync.kernel.actor import Pulse
from streamsync.model import Direction, Entity, Kind, Outcome, Side
from streamsync.store import demands, meta, pairs
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.identity import observe
from streamsync.sync.line_items import placeholder_record

BATCH = 64


@dataclass(frozen=True)
class Decided:
    pair: int
    decision: Decision
    op_side: Side | None
    bug: str = ""


class Mapper:
    def __init__(self, connection: Connection, entity: Entity) -> None:
        self.name = f"mapper:{connection.name}:{entity}"
        self.pulse = Pulse(deadline_seconds=120)
        self._connection = connection
        self._entity = entity

    def __repr__(self) -> str:
        return f"<Mapper {self._entity}: {self._connection.map[self._entity]!r}>"

    async def run(self) -> None:
        connection = self._connection
        inbox = connection.map[self._entity]
        while True:
            self.pulse.beat()
            ids = await inbox.get_many(BATCH, 30.0)
            if ids:
                started = connection.clock.monotonic()
                connection.in_hand += len(ids)
                try:
                    results = await connection.store.tx(partial(self._decide_all, ids=tuple(ids)))
                finally:
                    connection.in_hand -= len(ids)
                connection.metrics.staged("map", connection.clock.monotonic() - started)
                self._report(results)

    def _decide_all(self, conn: sqlite3.Connection, ids: tuple[int, ...]) -> list[Decided]:
        connection = self._connection
        look = StoreLookup(conn, connection.name)
        return [result for pair in ids if (result := self._decide(conn, look, pair)) is not None]

    def _decide(self, conn: sqlite3.Connection, look: StoreLookup, pair: int) -> Decided | None:
        connection, now = self._connection, self._connection.clock.now_ms()
        view = pairs.view(conn, connection.name, pair)
        if (
            view is None
            or (view.pair.dirty == 0 and not pairs.due(conn, pair, now))
            or view.pair.state in ("paused", "quarantined")  # the dirty mark stays for when it goes on
            or pairs.has_open_op(conn, pair)
        ):
            return None
        bug = ""
        if not self._accepted(conn):
            decision = Decision(outcome=Outcome.WAITING, reason="gate")
        else:
            try:
                decision = decide(view, connection.force.rules, look, now)
            except Exception as error:  # one bad record must not stop the others (design §6 rule 10)
                bug = f"{type(error).__name__} in decide"
                decision = Decision(outcome=Outcome.PARKED, reason="rejected", detail={"problem": bug})
                connection.log(
                    "decision_failed",
                    connection=connection.name,
                    entity=self._entity,
                    pair=pair,
                    error_class=type(error).__name__,
                    stack=error,
                )
        op = pairs.apply_decision(
            conn, connection.name, view, decision, now_ms=now, rules_version=connection.force.version
        )
        if decision.demand:
            rules = connection.force.rules
            placeholder = observe(placeholder_record(rules), rules)
            demands.demand(conn, connection.name, decision.demand, placeholder, now)
        return Decided(
            pair, decision, decision.write.side if op is not None and decision.write else None, bug
        )

    def _accepted(self, conn: sqlite3.Connection) -> bool:
        """As the store says it in this transaction: the flag in memory comes a moment after the commit, and a
        pair decided in between would wait for ever."""
        return self._connection.accepted or meta.accepted(conn, self._connection.name)

    def _report(self, results: list[Decided]) -> None:
        connection = self._connection
        for side in {result.op_side for result in results if result.op_side is not None}:
            connection.write_wakes[side].set()
        for result in results:
            direction = Direction.TO_CRM if result.op_side is Side.CRM else Direction.TO_ERP
            connection.metrics.processed(connection.name, self._entity, direction, result.decision.outcome)
            for kind, rid in result.decision.want_read:
                connection.want_read(Kind(kind), rid)
