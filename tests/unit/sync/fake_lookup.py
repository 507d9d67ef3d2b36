"""A dict-backed `Lookup` for pure tests: put records and pairs in, ask `view`, change what you like.

`add(record)` makes a half pair (or joins `pair`), `link(crm, erp)` a whole one. Match keys come from the
real `identity.observe`.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamsync.model import Base, Entity, Fields, Kind, Line, Pair, Record, Side
from streamsync.sync.identity import observe
from streamsync.sync.lookup import Candidate, View
from streamsync.sync.rules import Rules

ENTITY = {
    Kind.ORGANISATION: Entity.ORGANISATION,
    Kind.PERSON: Entity.PERSON,
    Kind.ITEM: Entity.ITEM,
    Kind.DELIVERY: Entity.DELIVERY,
    Kind.ORDER: Entity.DELIVERY,
    Kind.INVOICE: Entity.INVOICE,
}
FAMILY = {Entity.DELIVERY: "document", Entity.INVOICE: "document"}
TABLES: dict[str, dict[str, str]] = {"vat_zone": {}, "credit_term": {}, "customer_class": {}}


class FakeLookup:
    """Implements `streamsync.sync.lookup.Lookup`."""

    def __init__(
        self, rules: Rules, *, complete: bool = True, tables: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.rules = rules
        self.all_complete = complete
        self.incomplete: set[tuple[Side, Kind]] = set()
        self.tables: dict[str, Mapping[str, str]] = {**TABLES, **(tables or {})}
        self.records: dict[tuple[Side, Kind, str], Record] = {}
        self.pairs: dict[int, Pair] = {}
        self.answers: dict[int, dict[str, str]] = {}
        self.links: dict[int, dict[str, str]] = {}
        self.attachments: list[tuple[int, int]] = []  # (invoice pair, delivery pair)
        self.first_scan = 1_000
        self.first_seen: dict[tuple[Side, Kind, str], int] = {}
        self.switched_on = 0
        self.skew = 0
        self.proven = ""

    # ---- filling --------------------------------------------------------------------------------------

    def put(
        self,
        side: Side,
        kind: Kind,
        rid: str,
        fields: Fields,
        *,
        lines: Sequence[Line] = (),
        updated_ms: int = 0,
        owner: str = "",
    ) -> Record:
        """Store a record without a pair."""
        record = Record(
            side=side,
            kind=kind,
            rid=rid,
            fields=fields,
            lines=tuple(lines),
            updated_ms=updated_ms,
            owner=owner,
        )
        self.records[side, kind, rid] = record
        return record

    def add(self, record: Record, *, entity: Entity | None = None, base: Base | None = None) -> Pair:
        """The record's half pair, made if there is none."""
        self.records[record.side, record.kind, record.rid] = record
        found = self.pair_of(record.side, record.kind, record.rid)
        if found is not None:
            return found
        crm, erp = (record.rid, "") if record.side is Side.CRM else ("", record.rid)
        return self.keep(
            Pair(
                id=len(self.pairs) + 1,
                entity=entity or ENTITY[record.kind],
                crm_id=crm,
                erp_id=erp,
                origin=record.side,
                base=base or {},
            )
        )

    def link(
        self, crm: Record, erp: Record, *, entity: Entity | None = None, base: Base | None = None
    ) -> Pair:
        """A whole pair of two records."""
        for record in (crm, erp):
            self.records[record.side, record.kind, record.rid] = record
        return self.keep(
            Pair(
                id=len(self.pairs) + 1,
                entity=entity or ENTITY[crm.kind],
                crm_id=crm.rid,
                erp_id=erp.rid,
                origin=Side.CRM,
                base=base or {},
            )
        )

    def keep(self, pair: Pair) -> Pair:
        self.pairs[pair.id] = pair
        return pair

    def rebase(self, pair: int, base: Base) -> Pair:
        return self.keep(msgspec.structs.replace(self.pairs[pair], base=base))

    def view(
        self, pair: int, *, erp_kind: Kind | None = None, crm_missing: bool = False, erp_missing: bool = False
    ) -> View:
        held = self.pairs[pair]
        crm_kind = Kind.DELIVERY if held.entity in FAMILY else Kind(held.entity.value)
        erp = erp_kind or (self._document(held.erp_id) if held.entity in FAMILY else Kind(held.entity.value))
        return View(
            pair=held,
            crm=self.records.get((Side.CRM, crm_kind, held.crm_id)),
            erp=self.records.get((Side.ERP, erp, held.erp_id)),
            crm_missing=crm_missing,
            erp_missing=erp_missing,
        )

    def _document(self, rid: str) -> Kind:
        return Kind.INVOICE if rid.startswith("invoice:") else Kind.ORDER

    # ---- the protocol ---------------------------------------------------------------------------------

    def pair_of(self, side: Side, kind: Kind, rid: str) -> Pair | None:
        entity = ENTITY[kind]
        family = FAMILY.get(entity, entity.value)
        return next(
            (
                pair
                for pair in self.pairs.values()
                if rid and pair.rid(side) == rid and FAMILY.get(pair.entity, pair.entity.value) == family
            ),
            None,
        )

    def record(self, side: Side, kind: Kind, rid: str) -> Record | None:
        return self.records.get((side, kind, rid))

    def candidates(self, side: Side, kind: Kind, key: str, value: str) -> Sequence[Candidate]:
        found = [
            record
            for (where, what, _), record in self.records.items()
            if where is side and what is kind and (key, value) in observe(record, self.rules).keys
        ]
        return [Candidate(record=record, pair=self.pair_of(side, kind, record.rid)) for record in found]

    def complete(self, side: Side, kind: Kind) -> bool:
        return self.all_complete and (side, kind) not in self.incomplete

    def first_scan_ms(self, side: Side, kind: Kind) -> int:
        return self.first_scan if self.complete(side, kind) else 0

    def first_seen_ms(self, side: Side, kind: Kind, rid: str) -> int:
        return self.first_seen.get((side, kind, rid), self.first_scan)

    def table(self, name: str) -> Mapping[str, str] | None:
        return self.tables.get(name)

    def attached_invoices(self, delivery: int) -> Sequence[View]:
        return [self.view(invoice) for invoice, where in self.attachments if where == delivery]

    def attached_deliveries(self, invoice: int) -> Sequence[Pair]:
        return [self.pairs[where] for found, where in self.attachments if found == invoice]

    def line_links(self, pair: int) -> Mapping[str, str]:
        return self.links.get(pair, {})

    def decided(self, pair: int) -> Mapping[str, str]:
        return self.answers.get(pair, {})

    def persons_of(self, organisation: str) -> Sequence[Record]:
        return [
            record
            for (side, kind, _), record in self.records.items()
            if side is Side.CRM
            and kind is Kind.PERSON
            and record.fields.get("PersonOrganisationId", "") == organisation
        ]

    def lines_show(self, field: str, value: str) -> bool:
        lines = (one for (_, kind, _), one in self.records.items() if kind is Kind.LINE)
        return any(line.fields.get(field) == value for line in lines)

    def switched_on_ms(self, entity: Entity) -> int:
        return self.switched_on

    def in_currency(self) -> str:
        return self.proven

    def skew_ms(self) -> int:
        return self.skew
