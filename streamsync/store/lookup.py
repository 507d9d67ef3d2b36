"""`StoreLookup`: what a decision may ask of the store (`sync.lookup.Lookup`), inside the transaction that
acts on it."""

import sqlite3
from collections.abc import Mapping, Sequence

from streamsync.model import Entity, Kind, Pair, Record, Side
from streamsync.store import linking, meta, pairs, references, scans, shadows, tables
from streamsync.store.forms import FAMILY, pair_of, record_of
from streamsync.sync.lookup import Candidate, View

# CROSS JOIN keeps this order: the planner would walk all records of the kind, 200 times slower at 2,000.
CANDIDATES = """SELECT side, kind, rid, fields, lines, owner, updated_ms, version, by_us, partial
  FROM match_key CROSS JOIN record USING(connection, side, kind, rid)
  WHERE connection=? AND side=? AND kind=? AND key=? AND value=? AND gone_ms=0 ORDER BY rid LIMIT 50"""
ATTACHED_INVOICES = "SELECT invoice FROM attachment WHERE connection=? AND delivery=? ORDER BY invoice"
ATTACHED_DELIVERIES = """SELECT id, entity, crm_id, erp_id, origin, state, base, dirty, lane, outcome, reason
  FROM pair
  WHERE id IN(SELECT delivery FROM attachment WHERE connection=? AND invoice=?) ORDER BY id"""
LINE_LINKS = "SELECT crm_key, erp_key FROM line_link WHERE connection=? AND pair=?"
LINES_SHOW = """SELECT 1 FROM record WHERE connection=? AND side='crm' AND kind='line' AND gone_ms=0
  AND json_extract(fields,?)=? LIMIT 1"""
DECIDED = "SELECT key, value FROM decided WHERE connection=? AND pair=?"


class StoreLookup:
    """Cheap to make; make one per transaction. `known`: code tables the caller holds already, so they are not
    decoded."""

    def __init__(
        self, conn: sqlite3.Connection, connection: str, known: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self._conn = conn
        self._connection = connection
        self._tables: dict[str, Mapping[str, str] | None] = dict(known or {})

    def pair_of(self, side: Side, kind: Kind, rid: str) -> Pair | None:
        return linking.by_rid(self._conn, self._connection, FAMILY[kind], side, rid)

    def record(self, side: Side, kind: Kind, rid: str) -> Record | None:
        found = shadows.load(self._conn, self._connection, side, kind, rid)
        return shadows.joined(self._conn, self._connection, found) if found is not None else None

    def candidates(self, side: Side, kind: Kind, key: str, value: str) -> Sequence[Candidate]:
        rows = self._conn.execute(CANDIDATES, (self._connection, side, kind, key, value)).fetchall()
        found = [record_of(row) for row in rows]
        return [Candidate(record=record, pair=self.pair_of(side, kind, record.rid)) for record in found]

    def complete(self, side: Side, kind: Kind) -> bool:
        return scans.complete(self._conn, self._connection, side, kind)

    def first_scan_ms(self, side: Side, kind: Kind) -> int:
        return scans.first_scan_ms(self._conn, self._connection, side, kind)

    def first_seen_ms(self, side: Side, kind: Kind, rid: str) -> int:
        found = shadows.head(self._conn, self._connection, side, kind, rid)
        return found.first_seen_ms if found is not None else 0

    def table(self, name: str) -> Mapping[str, str] | None:
        if name not in self._tables:
            self._tables[name] = tables.read(self._conn, self._connection, name)
        return self._tables[name]

    def attached_invoices(self, delivery: int) -> Sequence[View]:
        rows = self._conn.execute(ATTACHED_INVOICES, (self._connection, delivery)).fetchall()
        views = [pairs.view(self._conn, self._connection, invoice) for (invoice,) in rows]
        return [view for view in views if view is not None]

    def attached_deliveries(self, invoice: int) -> Sequence[Pair]:
        return [
            pair_of(row)
            for row in self._conn.execute(ATTACHED_DELIVERIES, (self._connection, invoice)).fetchall()
        ]

    def line_links(self, pair: int) -> Mapping[str, str]:
        return dict(self._conn.execute(LINE_LINKS, (self._connection, pair)).fetchall())

    def decided(self, pair: int) -> Mapping[str, str]:
        return dict(self._conn.execute(DECIDED, (self._connection, pair)).fetchall())

    def persons_of(self, organisation: str) -> Sequence[Record]:
        found = self._conn.execute(
            CANDIDATES,
            (self._connection, Side.CRM, Kind.PERSON, references.ORGANISATION, f"rid:{organisation}"),
        )
        return [record_of(row) for row in found.fetchall()]

    def lines_show(self, field: str, value: str) -> bool:
        asked = (self._connection, f"$.{field}", value)
        return self._conn.execute(LINES_SHOW, asked).fetchone() is not None

    def switched_on_ms(self, entity: Entity) -> int:
        return meta.switched_on_ms(self._conn, self._connection, entity)

    def in_currency(self) -> str:
        return meta.get(self._conn, self._connection, meta.IN_CURRENCY)

    def skew_ms(self) -> int:
        return meta.skew_ms(self._conn, self._connection)
