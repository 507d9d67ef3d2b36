"""Counts and lists for `/statusz`, the metrics, `streamsync status` and the pages. Reads only; ids and names
of fields.

Conservation (reliability I11): every pair is in exactly one of the six classes of `Summary.classes`.
"""

import sqlite3
from collections import Counter
from typing import Any

import msgspec

from streamsync.store import brake, meta
from streamsync.store.forms import FIELDS

OUTCOMES = """SELECT entity, outcome, reason, count(*) FROM pair WHERE connection=? GROUP BY entity,
  outcome, reason"""
OPS = """SELECT state, count(*), min(changed_ms) FROM outbox WHERE connection=? AND state
  IN('ready','sent','unknown','parked') GROUP BY state"""
HELD = """SELECT count(*) FROM outbox JOIN pair ON pair.id=outbox.pair WHERE outbox.connection=? AND
  outbox.state='ready' AND (pair.state='paused' OR EXISTS(SELECT 1 FROM meta WHERE
  meta.connection=outbox.connection AND meta.key IN('pause::','pause::'||side,'pause:'||outbox.entity||':',
  'pause:'||outbox.entity||':'||side)))"""
UNPROCESSED = """SELECT entity, count(*), min(dirty_ms) FROM pair WHERE connection=? AND dirty>0 AND
  state NOT IN('paused','quarantined') AND NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.pair=pair.id AND
  outbox.state='ready' AND EXISTS(SELECT 1 FROM meta WHERE meta.connection=outbox.connection AND meta.key
  IN('pause::','pause::'||side,'pause:'||outbox.entity||':','pause:'||outbox.entity||':'||side)))
  GROUP BY entity"""
CONFLICTS = """SELECT entity, count(DISTINCT pair) FROM conflict JOIN pair ON pair.id=conflict.pair
  WHERE conflict.connection=? GROUP BY entity"""
STATES = "SELECT state, count(*) FROM pair WHERE connection=? AND state<>'active' GROUP BY state"
PARKED_OLDEST = """SELECT min(changed_ms) FROM pair WHERE connection=? AND outcome='parked' AND entity
  IN(SELECT value FROM json_each(?))"""
CLASSES = """SELECT CASE WHEN state='quarantined' THEN 'failing' WHEN dirty>0 OR EXISTS(SELECT 1 FROM
  outbox WHERE outbox.pair=pair.id AND outbox.state IN('ready','sent','unknown')) THEN 'open' WHEN
  outcome='filtered' OR state IN('excluded','deleted') THEN 'excluded' WHEN outcome='waiting' THEN 'waiting'
  WHEN outcome='conflict' THEN 'conflict' WHEN outcome='parked' OR state='ambiguous' THEN 'failing' ELSE
  'in_sync' END AS class, count(*) FROM pair WHERE connection=? GROUP BY class"""
PARKED = """SELECT pair.id, pair.entity, coalesce(crm_id,''), coalesce(erp_id,''), reason, detail,
  coalesce(outbox.id,0), coalesce(parked.message,''), coalesce(parked.excerpt,''), pair.changed_ms FROM
  pair LEFT JOIN outbox ON outbox.pair=pair.id AND outbox.state='parked' LEFT JOIN parked ON
  parked.op=outbox.id WHERE pair.connection=? AND outcome IN(SELECT value FROM json_each(?))
  AND (?='' OR pair.entity=?) ORDER BY pair.id LIMIT ?"""
CONFLICT_LIST = """SELECT conflict.pair, pair.entity, coalesce(crm_id,''), coalesce(erp_id,''), row,
  line, conflict.reason, at_ms FROM conflict JOIN pair ON pair.id=conflict.pair WHERE
  conflict.connection=? ORDER BY conflict.id LIMIT ?"""
OUTCOME_OF = """SELECT outcome, reason FROM pair WHERE connection=?1 AND entity=?2 AND
  ((?3<>'' AND crm_id=?3) OR (?4<>'' AND erp_id=?4)) LIMIT 1"""
ENTITIES = '["organisation","person","item","delivery","invoice"]'


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    pairs: int
    outcomes: dict[tuple[str, str, str], int]  # (entity, outcome, reason) to pairs
    unprocessed_by_entity: dict[str, int]
    oldest_unprocessed_ms: dict[
        str, int
    ]  # entity to when its oldest undecided change was seen; absent = none
    ops: dict[str, int]  # open ops by state
    parked: dict[tuple[str, str], int]  # (entity, reason) to pairs
    parked_oldest_ms: int  # 0 = none
    conflicts: dict[str, int]  # entity to pairs with an open conflict row
    states: dict[str, int]  # pairs whose state is not active
    held: int = 0  # ready ops that a pause keeps back
    pauses: tuple[meta.Pause, ...] = ()
    braked: tuple[brake.Held, ...] = ()  # what the mass-change brake holds until a person approves

    @property
    def unprocessed(self) -> int:
        return sum(self.unprocessed_by_entity.values())

    @property
    def open_ops(self) -> int:
        """Ready, sent or unknown: what still has to be written. What a pause keeps back does not count."""
        return sum(count for state, count in self.ops.items() if state != "parked") - self.held


class ParkedPair(msgspec.Struct, frozen=True):
    pair: int
    entity: str
    crm_id: str
    erp_id: str
    reason: str
    detail: str  # JSON
    op: int  # 0 where the decision parked, not a write
    message: str
    excerpt: str
    since_ms: int


class OpenConflict(msgspec.Struct, frozen=True):
    pair: int
    entity: str
    crm_id: str
    erp_id: str
    row: str
    line: str
    reason: str
    since_ms: int


def summary(conn: sqlite3.Connection, connection: str) -> Summary:
    outcomes = {(e, o, r): n for e, o, r, n in conn.execute(OUTCOMES, (connection,)).fetchall()}
    parked: Counter[tuple[str, str]] = Counter()
    for (entity, outcome, reason), count in outcomes.items():
        if outcome == "parked":
            parked[entity, reason] += count
    unprocessed = conn.execute(UNPROCESSED, (connection,)).fetchall()
    oldest = conn.execute(PARKED_OLDEST, (connection, ENTITIES)).fetchone()[0] if parked else 0
    return Summary(
        pairs=sum(outcomes.values()),
        outcomes=outcomes,
        unprocessed_by_entity={entity: count for entity, count, _ in unprocessed},
        oldest_unprocessed_ms={entity: since for entity, _, since in unprocessed},
        ops={state: count for state, count, _ in conn.execute(OPS, (connection,)).fetchall()},
        parked=dict(parked),
        parked_oldest_ms=oldest or 0,
        conflicts=dict(conn.execute(CONFLICTS, (connection,)).fetchall()),
        states=dict(conn.execute(STATES, (connection,)).fetchall()),
        held=conn.execute(HELD, (connection,)).fetchone()[0],
        pauses=tuple(meta.pauses(conn, connection)),
        braked=tuple(brake.held(conn, connection)),
    )


def classes(conn: sqlite3.Connection, connection: str) -> dict[str, int]:
    """Every pair in exactly one of: open, in_sync, excluded, waiting, conflict, failing. Looks at all
    pairs."""
    names = ("open", "in_sync", "excluded", "waiting", "conflict", "failing")
    return dict.fromkeys(names, 0) | dict(conn.execute(CLASSES, (connection,)).fetchall())


def parked(
    conn: sqlite3.Connection, connection: str, *, entity: str = "", limit: int = 500
) -> list[ParkedPair]:
    rows = conn.execute(PARKED, (connection, '["parked"]', entity, entity, limit)).fetchall()
    return [ParkedPair(*row) for row in rows]


def waiting_for_a_person(conn: sqlite3.Connection, connection: str, limit: int = 500) -> list[dict[str, Any]]:
    """Parked pairs and conflicts, for the pages: ids, reason and detail. `detail` is the reason's own dict.

    Keys: pair entity webcrm visma reason detail op message excerpt since_ms fields (rows in conflict)."""
    rows = conn.execute(PARKED, (connection, '["parked","conflict"]', "", "", limit)).fetchall()
    fields: dict[int, list[str]] = {}
    for one in conflicts(conn, connection, 10 * limit):
        fields.setdefault(one.pair, []).append(f"{one.row}@{one.line}" if one.line else one.row)
    names = ("pair", "entity", "webcrm", "visma", "reason", "detail", "op", "message", "excerpt", "since_ms")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [
        {**row, "detail": FIELDS.decode(row["detail"]), "fields": fields.get(row["pair"], [])}
        for row in found
    ]


def conflicts(conn: sqlite3.Connection, connection: str, limit: int = 500) -> list[OpenConflict]:
    return [OpenConflict(*row) for row in conn.execute(CONFLICT_LIST, (connection, limit)).fetchall()]


def outcome_of(
    conn: sqlite3.Connection, connection: str, entity: str, crm_id: str, erp_id: str
) -> tuple[str, str]:
    """(outcome, reason) of the pair that holds this record; two empty texts if there is none."""
    row = conn.execute(OUTCOME_OF, (connection, entity, crm_id, erp_id)).fetchone()
    return (row[0], row[1]) if row else ("", "")
