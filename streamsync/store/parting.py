"""A pair lets go of one of its records by a decision of the rules (`Decision.part`), in the same transaction.

The record that goes becomes a half pair of its own that takes no part; the pair goes on as the other half
with no agreement and no answers. What a person unlinks is `store.people`'s business; both split by `split`.
"""

import sqlite3

from streamsync.model import Lane, Pair, Side
from streamsync.store import journal, linking
from streamsync.store.forms import ENTITY, FAMILY, RANK, kind_on
from streamsync.sync.decision import Decision

LET_CRM_GO = "UPDATE pair SET crm_id=NULL, origin='erp', base='{}', changed_ms=? WHERE id=?"
LET_ERP_GO = "UPDATE pair SET erp_id=NULL, origin='crm', base='{}', changed_ms=? WHERE id=?"
HALF = """INSERT INTO pair(connection, entity, family, crm_id, erp_id, origin, state, dirty_ms, lane,
  changed_ms) VALUES(?,?,?,?,?,?,?,?,?,?)"""
CLEAR = (
    "DELETE FROM conflict WHERE pair=?",
    "DELETE FROM decided WHERE pair=?",
    "DELETE FROM line_link WHERE pair=?",
)
NO_KEYS = "DELETE FROM match_key WHERE connection=? AND side=? AND kind=? AND rid=? AND key NOT GLOB '@*'"
NO_MARKER = "UPDATE record SET marker='', keys='[]' WHERE connection=? AND side=? AND kind=? AND rid=?"
"""Until the next read: they may stem from before the record was signed off."""


def obey(conn: sqlite3.Connection, connection: str, pair_id: int, decision: Decision, now_ms: int) -> None:
    """What a decision says of parting, mostly nothing."""
    if decision.part:
        part(conn, connection, pair_id, Side(decision.part), now_ms)


def part(conn: sqlite3.Connection, connection: str, pair_id: int, side: Side, now_ms: int) -> int:
    """Returns the number of the half pair that now holds the record; 0 if the pair was not whole."""
    pair = linking.by_id(conn, connection, pair_id)
    if pair is None or not (pair.crm_id and pair.erp_id):
        return 0
    for statement in CLEAR:
        conn.execute(statement, (pair_id,))
    rid = pair.rid(side)
    kind = kind_on(pair.entity, side, rid)
    for statement in (NO_KEYS, NO_MARKER):
        conn.execute(statement, (connection, side, kind, rid))
    half = split(conn, connection, pair, side, "excluded", Lane.LIVE, now_ms)
    linking.mark_dirty(conn, pair_id, Lane.LIVE, now_ms)
    journal.audit(conn, connection, "parted", now_ms=now_ms, pair=pair_id)
    return half


def split(
    conn: sqlite3.Connection,
    connection: str,
    pair: Pair,
    side: Side,
    state: str,
    lane: Lane,
    now_ms: int,
) -> int:
    """Take this side's record out of a whole pair, into a half pair of its own in this state, born dirty;
    the pair keeps the other record and no agreement. Returns the half's number."""
    rid = pair.rid(side)
    kind = kind_on(pair.entity, side, rid)
    conn.execute(LET_CRM_GO if side is Side.CRM else LET_ERP_GO, (now_ms, pair.id))
    crm, erp = (rid, None) if side is Side.CRM else (None, rid)
    ends = (crm, erp, side, state, now_ms, RANK[lane], now_ms)
    half = conn.execute(HALF, (connection, ENTITY[kind], FAMILY[kind], *ends)).lastrowid
    assert half is not None
    return half
