"""Items that a document's line needs in webCRM's catalogue although their own sync would not bring them
(semantics §4.3)."""

import sqlite3
from collections.abc import Iterable

from streamsync.model import Kind, Lane, Observation, Side
from streamsync.store import linking, observations, pairs
from streamsync.store.forms import FAMILY

BY_NUMBER = """SELECT rid FROM match_key WHERE connection=? AND side='erp' AND kind='item' AND key='number'
  AND value=?"""
KNOWN = "SELECT 1 FROM decided WHERE connection=? AND pair=? AND key='on_demand'"
ON_DEMAND = "on_demand"


def demand(
    conn: sqlite3.Connection, connection: str, numbers: Iterable[str], placeholder: Observation, now_ms: int
) -> None:
    """Ask for a catalogue row of each item number. The placeholder's number makes the item that stands for
    lines without one: it exists on no system, so it is observed here."""
    for number in numbers:
        if number == placeholder.record.fields.get("inventoryNumber"):
            observations.observe_many(
                conn,
                connection,
                [placeholder],
                read_at_ms=now_ms,
                lane=Lane.LIVE,
                now_ms=now_ms,
                feed=ON_DEMAND,  # of no list: no full read may miss it
            )
        for (rid,) in conn.execute(BY_NUMBER, (connection, number.strip().casefold())).fetchall():
            pair = linking.by_rid(conn, connection, FAMILY[Kind.ITEM], Side.ERP, rid)
            if pair is not None and not conn.execute(KNOWN, (connection, pair.id)).fetchone():
                pairs.decide(conn, connection, pair.id, ON_DEMAND, "yes", "streamsync", now_ms)
