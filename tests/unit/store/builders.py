"""Small stores and records for these tests: one connection `kunde`, a database in memory."""

import random
import sqlite3
from collections.abc import Iterable

from streamsync.model import (
    Action,
    Agreed,
    Entity,
    Fields,
    Kind,
    Lane,
    Line,
    Observation,
    Op,
    Outcome,
    Record,
    Side,
    Write,
)
from streamsync.store import linking, observations, outbox, pairs, schema
from streamsync.store.observations import Observed
from streamsync.sync.decision import Decision

NAME = "kunde"
CRM, ERP = Side.CRM, Side.ERP


class Time:
    """A clock that moves only when told."""

    def __init__(self, now: int = 1_000_000) -> None:
        self.now = now
        self.rng = random.Random(1)

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing in the store sleeps")


class Closing(sqlite3.Connection):
    """Closes itself when the test has let go of it; Python 3.13 complains of one that is left open."""

    def __del__(self) -> None:
        self.close()


def database() -> sqlite3.Connection:
    # The garbage collector may run in any thread, so the closing must be allowed there.
    conn = sqlite3.connect(":memory:", isolation_level=None, factory=Closing, check_same_thread=False)
    conn.execute("PRAGMA foreign_keys=ON")
    schema.migrate(conn, lambda version: None)
    return conn


def organisation(side: Side, rid: str, marker: str = "", updated_ms: int = 1, **fields: str) -> Observation:
    record = Record(side=side, kind=Kind.ORGANISATION, rid=rid, fields=fields, updated_ms=updated_ms)
    return Observation(record=record, marker=marker)


def record(
    side: Side,
    kind: Kind,
    rid: str,
    fields: Fields,
    *,
    lines: tuple[Line, ...] = (),
    owner: str = "",
    marker: str = "",
    keys: tuple[tuple[str, str], ...] = (),
) -> Observation:
    return Observation(
        record=Record(side=side, kind=kind, rid=rid, fields=fields, lines=lines, owner=owner),
        marker=marker,
        keys=keys,
    )


def see(
    conn: sqlite3.Connection,
    *seen: Observation,
    at: int = 1000,
    now: int = 1001,
    lane: Lane = Lane.LIVE,
    scan_ms: int = 0,
    feed: str = "",
    whole: bool = False,
) -> Observed:
    return observations.observe_many(
        conn, NAME, seen, read_at_ms=at, lane=lane, now_ms=now, scan_ms=scan_ms, feed=feed, whole=whole
    )


def pair_id(conn: sqlite3.Connection, side: Side, rid: str, family: str = "organisation") -> int:
    found = linking.by_rid(conn, NAME, family, side, rid)
    assert found is not None
    return found.id


def decide(conn: sqlite3.Connection, pair: int, decision: Decision, now: int = 2000) -> int | None:
    view = pairs.view(conn, NAME, pair)
    assert view is not None
    return pairs.apply_decision(conn, NAME, view, decision, now_ms=now, rules_version=1)


def create(rid: str = "1", rows: Iterable[tuple[str, str]] = (("O2", "Kunde A/S"),)) -> Decision:
    """Create the ERP customer of webCRM organisation `rid`."""
    marker = f"crm:organisation:{rid}"
    values = dict(rows)
    write = Write(
        side=ERP,
        kind=Kind.ORGANISATION,
        action=Action.CREATE,
        marker=marker,
        fields={**{f"f.{row}": value for row, value in values.items()}, "attributes.WEBCRMID": marker},
    )
    return Decision(
        outcome=Outcome.CREATED,
        write=write,
        rows={row: Agreed((value,), (value,)) for row, value in values.items()},
    )


def update(side: Side, rid: str, fields: Fields, rows: dict[str, str]) -> Decision:
    return Decision(
        outcome=Outcome.WRITTEN,
        write=Write(side=side, kind=Kind.ORGANISATION, action=Action.UPDATE, rid=rid, fields=fields),
        rows={row: Agreed((value,), (value,)) for row, value in rows.items()},
    )


def op(conn: sqlite3.Connection, number: int | None) -> Op:
    assert number is not None
    found = outbox.by_id(conn, NAME, number)
    assert found is not None
    return found


def dirty(conn: sqlite3.Connection, entity: Entity = Entity.ORGANISATION, now: int = 10_000) -> list[int]:
    return [pair for pair, _ in pairs.dirty_pairs(conn, NAME, entity, 100, now)]
