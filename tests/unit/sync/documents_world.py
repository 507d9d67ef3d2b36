"""A small company for the tests of documents: one customer, three items, rules with the ready-made rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streamsync.model import Base, Direction, Entity, Kind, Line, Outcome, Pair, Record, Side
from streamsync.sync import defaults, delivery, invoice
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Candidate, View
from streamsync.sync.rows import Row
from streamsync.sync.rules import DeliveryRules, LineRules, OrganisationRules, Rules
from tests.unit.sync.documents_records import (
    CUSTOMER,
    NOW,
    ORG,
    START,
    delivery_record,
    order_line,
    order_record,
)


def row(section: str, number: str, crm: str = "") -> Row:
    found = defaults.ready_made(section, number)
    assert found is not None
    return msgspec.structs.replace(found, crm=(crm,)) if crm else found


def rules(direction: Direction = Direction.TWO_WAY, **more: Any) -> Rules:
    """The vendor's form with the fields chosen: D1 in Custom1, D7..D12 in Custom3..8, the word in Custom9."""
    header = tuple(
        row("delivery", number, crm)
        for number, crm in (
            ("D1", "DeliveryCustom1"),
            ("D2", "DeliveryCustom2"),
            ("D3", ""),
            ("D4", ""),
            ("D5", ""),
            ("D15", ""),
            ("D7", "DeliveryCustom3"),
            ("D8", "DeliveryCustom4"),
            ("D10", "DeliveryCustom5"),
            ("D13", "DeliveryCustom6"),
            ("D19", ""),
            ("D22", ""),
        )
    )
    lines = tuple(row("line", f"L{number}") for number in range(1, 10))
    made = DeliveryRules(direction=direction, map=header, status_field="DeliveryCustom9")
    out = Rules(
        organisation=OrganisationRules(direction=Direction.TWO_WAY, types=("Kunde",)),
        delivery=made,
        line=LineRules(map=lines),
    )
    for section, values in more.items():
        out = msgspec.structs.replace(
            out, **{section: msgspec.structs.replace(getattr(out, section), **values)}
        )
    return out


class World:
    """A dict behind the `Lookup` port."""

    def persons_of(self, organisation: str) -> Sequence[Record]:
        return [
            one
            for (_, kind, _), one in self.records.items()
            if kind is Kind.PERSON and one.fields.get("PersonOrganisationId") == organisation
        ]

    def lines_show(self, field: str, value: str) -> bool:
        return any(
            one.fields.get(field) == value for (_, kind, _), one in self.records.items() if kind is Kind.LINE
        )

    def __init__(self) -> None:
        self.pairs: dict[int, Pair] = {}
        self.records: dict[tuple[Side, Kind, str], Record] = {}
        self.keys: dict[tuple[Side, Kind, str, str], list[str]] = {}
        self.seen: dict[str, int] = {}
        self.attachments: dict[int, list[int]] = {}
        self.proven = ""
        self.links: dict[int, dict[str, str]] = {}
        self.answers: dict[int, dict[str, str]] = {}
        self.tables: dict[str, dict[str, str]] = {
            "order_type": {
                "SO": '{"behavior":"SalesOrder","active":true}',
                "IN": '{"behavior":"Invoice","active":true}',
            },
            "vat_category": {"3": "25"},
        }
        self.unread: set[tuple[Side, Kind]] = set()
        self.put(Record(side=Side.CRM, kind=Kind.ORGANISATION, rid=ORG, fields={"OrganisationType": "Kunde"}))
        self.put(
            Record(
                side=Side.ERP,
                kind=Kind.ORGANISATION,
                rid=CUSTOMER,
                fields={"number": "10042", "status": "Active", "currencyId": "DKK"},
            ),
            number="10042",
        )
        self.pair(Entity.ORGANISATION, ORG, CUSTOMER)
        self.item("501", "31", "LAMPE-01", "Testlampe 40W", stock=True)
        self.item("502", "32", "TIME", "Konsulenttime", stock=False)
        self.put(
            Record(
                side=Side.CRM,
                kind=Kind.ITEM,
                rid="599",
                fields={"QuotationLineLinkedDataItemData1": "ERP-LINE"},
            ),
            number="erp-line",
        )

    def put(self, record: Record, **keys: str) -> Record:
        self.records[record.side, record.kind, record.rid] = record
        for key, value in keys.items():
            held = self.keys.setdefault((record.side, record.kind, key, value), [])
            if record.rid not in held:
                held.append(record.rid)
        return record

    def pair(self, entity: Entity, crm: str = "", erp: str = "", **more: Any) -> Pair:
        made = Pair(
            id=len(self.pairs) + 1,
            entity=entity,
            crm_id=crm,
            erp_id=erp,
            origin=Side.CRM if crm else Side.ERP,
            **more,
        )
        self.pairs[made.id] = made
        return made

    def item(self, crm: str, erp: str, number: str, name: str, *, stock: bool) -> None:
        self.put(
            Record(
                side=Side.ERP,
                kind=Kind.ITEM,
                rid=erp,
                fields={
                    "inventoryNumber": number,
                    "inventoryId": erp,
                    "description": name,
                    "salesUnit": "STK",
                    "baseUnit": "STK",
                    "stockItem": str(stock).lower(),
                },
            ),
            number=number.casefold(),
            internal=erp,
        )
        if crm:
            self.put(
                Record(
                    side=Side.CRM,
                    kind=Kind.ITEM,
                    rid=crm,
                    fields={
                        "QuotationLineLinkedDataItemData1": number,
                        "QuotationLineLinkedDataItemData2": name,
                        "QuotationLineLinkedDataItemPrice": "500",
                    },
                ),
                number=number.casefold(),
                internal=erp,
            )
        self.pair(Entity.ITEM, crm, erp, outcome="in_sync" if crm else "filtered")

    # ---- the Lookup port ------------------------------------------------------------

    def pair_of(self, side: Side, kind: Kind, rid: str) -> Pair | None:
        family = {Kind.ORDER: "document", Kind.INVOICE: "document", Kind.DELIVERY: "document"}
        of = {Entity.DELIVERY: "document", Entity.INVOICE: "document"}
        return next(
            (
                pair
                for pair in self.pairs.values()
                if pair.rid(side) == rid
                and of.get(pair.entity, pair.entity.value) == family.get(kind, kind.value)
            ),
            None,
        )

    def record(self, side: Side, kind: Kind, rid: str) -> Record | None:
        return self.records.get((side, kind, rid))

    def candidates(self, side: Side, kind: Kind, key: str, value: str) -> Sequence[Candidate]:
        return [
            Candidate(record=self.records[side, kind, rid], pair=self.pair_of(side, kind, rid))
            for rid in self.keys.get((side, kind, key, value), [])
        ]

    def complete(self, side: Side, kind: Kind) -> bool:
        return (side, kind) not in self.unread

    def first_scan_ms(self, side: Side, kind: Kind) -> int:
        return START

    def first_seen_ms(self, side: Side, kind: Kind, rid: str) -> int:
        return self.seen.get(rid, START)

    def table(self, name: str) -> Mapping[str, str] | None:
        return self.tables.get(name)

    def attached_invoices(self, delivery: int) -> Sequence[View]:
        return [self.view(self.pairs[one]) for one, homes in self.attachments.items() if delivery in homes]

    def attached_deliveries(self, invoice: int) -> Sequence[Pair]:
        return [self.pairs[one] for one in self.attachments.get(invoice, [])]

    def line_links(self, pair: int) -> Mapping[str, str]:
        return self.links.get(pair, {})

    def decided(self, pair: int) -> Mapping[str, str]:
        return self.answers.get(pair, {})

    def switched_on_ms(self, entity: Entity) -> int:
        return START

    def in_currency(self) -> str:
        return self.proven

    def skew_ms(self) -> int:
        return 0

    # ---- decisions ------------------------------------------------------------

    def view(self, pair: Pair) -> View:
        pair = self.pairs[pair.id]
        erp_kind = Kind.INVOICE if pair.erp_id.startswith("invoice:") else Kind.ORDER
        return View(
            pair=pair,
            crm=self.records.get((Side.CRM, Kind.DELIVERY, pair.crm_id)),
            erp=self.records.get((Side.ERP, erp_kind, pair.erp_id)),
        )

    def decide(self, pair: Pair, by: Rules, now_ms: int = NOW, **more: Any) -> Decision:
        view = msgspec.structs.replace(self.view(pair), **more)
        if pair.entity is Entity.INVOICE:
            return invoice.decide(view, by, self, now_ms)
        return delivery.decide(view, by, self, now_ms)

    def confirm(self, pair: Pair, decision: Decision, new_rid: str = "", keys: Sequence[str] = ()) -> None:
        """What the store does once the write is certain, in short: shadow, base, links."""
        held, write = self.pairs[pair.id], decision.write
        assert write is not None
        base: Base = dict(decision.base if decision.base is not None else held.base)
        if decision.line_links is not None:
            self.links[pair.id] = dict(decision.line_links)
        rid = write.rid or new_rid
        old = self.records.get((write.side, write.kind, rid))
        lines = {line.key: line for line in (old.lines if old else ())}
        inserted = iter(keys)
        names: dict[str, str] = {}
        for edit in write.lines:
            key = next(inserted, "") if edit.action == "insert" else edit.key
            if edit.action == "delete":
                del lines[key]
                self.links.get(pair.id, {}).pop(key, None)
                continue
            lines[key] = Line(key=key, fields={**(lines[key].fields if key in lines else {}), **edit.fields})
            names["+" + edit.twin] = key
            if edit.twin:
                ours, theirs = (key, edit.twin) if write.side is Side.CRM else (edit.twin, key)
                self.links.setdefault(pair.id, {})[ours] = theirs
        for name, agreed in decision.rows.items():
            head, at, line = name.partition("@")
            base[head + at + names.get(line, line)] = agreed
        fields = {**(old.fields if old else {}), **write.fields}
        self.records[write.side, write.kind, rid] = Record(
            side=write.side, kind=write.kind, rid=rid, fields=fields, lines=tuple(lines.values())
        )
        changes: dict[str, Any] = {
            "base": {key: one for key, one in base.items() if key not in decision.drop_rows}
        }
        if write.action == "create":
            changes["crm_id" if write.side is Side.CRM else "erp_id"] = rid
        self.pairs[pair.id] = msgspec.structs.replace(held, **changes)

    def settle(self, pair: Pair, by: Rules, limit: int = 6) -> Decision:
        """Decide and confirm until nothing is written any more; fails if it does not come to rest."""
        for _ in range(limit):
            decision = self.decide(pair, by)
            if decision.write is None:
                if decision.base is not None:
                    self.pairs[pair.id] = msgspec.structs.replace(self.pairs[pair.id], base=decision.base)
                if decision.line_links is not None:
                    self.links[pair.id] = dict(decision.line_links)
                return decision
            keys = [
                f"9{n}0{pair.id}" for n, edit in enumerate(decision.write.lines) if edit.action == "insert"
            ]
            self.confirm(pair, decision, new_rid="777", keys=keys)
        raise AssertionError("does not come to rest")


def sent(world: World, by: Rules, *lines: Line, **header: Any) -> Pair:
    """A delivery that was handed over and came to rest: the order's lines are numbered from 1."""
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(*lines, **header))
    created = world.decide(pair, by)
    assert created.outcome is Outcome.CREATED, created
    assert created.write is not None
    world.confirm(pair, created, new_rid="order:SO/000223")
    shown = world.records[Side.ERP, Kind.ORDER, "order:SO/000223"]
    order_lines = tuple(
        order_line(
            str(n),
            edit.fields["inventory.id"],
            edit.fields["quantity"],
            edit.fields["unitPrice"],
            discountPercent=edit.fields["discountPercent"],
            externalLink=edit.fields["externalLink"],
        )
        for n, edit in enumerate(created.write.lines, 1)
    )
    world.put(order_record(*order_lines, **{"customer.order": shown.fields["customer.order"]}))
    rest = world.settle(pair, by)
    assert rest.outcome is Outcome.IN_SYNC, rest
    return world.pairs[pair.id]


def edit_crm(world: World, key: str = "", rid: str = "158", **fields: str) -> None:
    """A user edits a line (`key`) or the header."""
    old = world.records[Side.CRM, Kind.DELIVERY, rid]
    if not key:
        world.put(msgspec.structs.replace(old, fields={**old.fields, **fields}))
        return
    lines = tuple(
        Line(key=line.key, fields={**line.fields, **fields}) if line.key == key else line
        for line in old.lines
    )
    world.put(msgspec.structs.replace(old, lines=lines))


def edit_erp(world: World, key: str = "", rid: str = "order:SO/000223", **fields: str) -> None:
    kind = Kind.INVOICE if rid.startswith("invoice:") else Kind.ORDER
    old = world.records[Side.ERP, kind, rid]
    if not key:
        world.put(msgspec.structs.replace(old, fields={**old.fields, **fields}))
        return
    lines = tuple(
        Line(key=line.key, fields={**line.fields, **fields}) if line.key == key else line
        for line in old.lines
    )
    world.put(msgspec.structs.replace(old, lines=lines))
