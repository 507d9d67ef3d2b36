"""Two systems in two dicts and the real store between them, for the test that every plan comes to an end.

What the store shows is decided by `sync.decide`, what is decided is applied by the store, and what it
enqueues is carried out on the dicts as a write that succeeds. Nobody else acts; time passes only here.
"""

import random
from collections.abc import Callable, Mapping

import msgspec

from streamsync.model import (
    Action,
    Done,
    Entity,
    Fields,
    Kind,
    Lane,
    Line,
    LineEdit,
    Op,
    Outcome,
    Pair,
    Record,
    Side,
)
from streamsync.store import meta, observations, outbox, pairs, status, tables
from streamsync.store.lookup import StoreLookup
from streamsync.sync import rules_file
from streamsync.sync.decide import decide
from streamsync.sync.decision import REASONS
from streamsync.sync.identity import observe
from streamsync.sync.lookup import View
from streamsync.sync.rules import Rules
from tests.unit.store.builders import NAME, database, see
from tests.unit.sync import documents_records as documents
from tests.unit.sync import documents_world, organisation_world, test_item, test_person

START = documents.START
KINDS = {
    Side.CRM: (Kind.ORGANISATION, Kind.PERSON, Kind.ITEM, Kind.DELIVERY),
    Side.ERP: (Kind.ORGANISATION, Kind.PERSON, Kind.ITEM, Kind.ORDER, Kind.INVOICE),
}
TABLES = {
    "vat_zone": {"01": "Indland"},
    "credit_term": {},
    "vat_category": {"3": "25"},
    "order_type": {"SO": '{"behavior":"SalesOrder","active":true}'},
}
BATCH = 1000


def rules(text: str = "") -> Rules:
    """All entities on, with rows and settings of their own tests; `text` adds settings to organisations."""
    documented = documents_world.rules()
    party = organisation_world.TEXT.replace('id = "O8"', 'id = "O8"\ncrm = "OrganisationCountry"')
    head, mark, rest = party.partition("[organisation.create]")
    return msgspec.structs.replace(
        documented,
        organisation=rules_file.parse(head + text + "\n" + mark + rest, "test").organisation,
        person=test_person.RULES.person,
        item=test_item.RULES.item,
    )


class Sides:
    def __init__(self, by: Rules, rng: random.Random) -> None:
        self.rules = by
        self.rng = rng
        self.conn = database()
        self.now = START
        self.records: dict[tuple[Side, Kind, str], Record] = {}
        self.numbers = 9000
        self.writes: list[Op] = []
        meta.note_directions(self.conn, NAME, by, START - 1)
        tables.replace(self.conn, NAME, Side.ERP, TABLES, START)
        tables.replace(self.conn, NAME, Side.CRM, {"option:none": {}}, START)
        for side, kinds in KINDS.items():
            for kind in kinds:
                observations.complete_scan(self.conn, NAME, side, kind.value, kind, START - 1, START, rows=0)

    def tick(self) -> int:
        self.now += 600_000  # longer than any quiet time
        return self.now

    def number(self) -> str:
        self.numbers += 1
        return str(self.numbers)

    # ---- what users see -----------------------------------------------------------------

    def put(self, record: Record) -> None:
        self.records[record.side, record.kind, record.rid] = record

    def edit(
        self, key: tuple[Side, Kind, str], fields: Fields, lines: tuple[Line, ...] | None = None
    ) -> None:
        """A user's save: it moves the record's stamp."""
        old = self.records[key]
        self.put(
            msgspec.structs.replace(
                old,
                fields=old.fields | fields,
                lines=old.lines if lines is None else lines,
                updated_ms=self.tick(),
            )
        )

    def poll(self) -> int:
        """Both systems are read in full, in any order; how many records were news."""
        found = list(self.records.values())
        self.rng.shuffle(found)
        at = self.tick()
        seen = see(
            self.conn, *(observe(record, self.rules) for record in found), at=at, now=self.tick(), whole=True
        )
        return seen.changed

    # ---- one round ----------------------------------------------------------------------

    def round(self) -> int:
        """Every pair that is dirty is decided, every op that came of it is carried out, in any order each.
        Returns how many were written."""
        self.poll()
        dirty = [
            pair
            for entity in Entity
            for pair, _ in pairs.dirty_pairs(self.conn, NAME, entity, BATCH, self.tick())
        ]
        self.rng.shuffle(dirty)
        for pair in dirty:
            view = pairs.view(self.conn, NAME, pair)
            if view is not None and not pairs.has_open_op(self.conn, pair):
                self._decide(view)
        ops = [op for side in Side for op in outbox.due(self.conn, NAME, side, self.tick(), BATCH)]
        self.rng.shuffle(ops)
        for op in ops:
            self._carry_out(op)
        return len(ops)

    def _decide(self, view: View) -> None:
        decision = decide(view, self.rules, StoreLookup(self.conn, NAME), self.now)
        assert decision.reason in REASONS.get(decision.outcome, {""})
        pairs.apply_decision(self.conn, NAME, view, decision, now_ms=self.now, rules_version=1)

    def settle(self, limit: int = 12) -> int:
        """Rounds until nothing is written; fails if it does not come to rest."""
        for count in range(limit):
            if not self.round():
                return count
        raise AssertionError(f"after {limit} rounds still: {self.writes[-4:]}")

    def _carry_out(self, op: Op) -> None:
        write = op.write
        self.writes.append(op)
        [claimed] = outbox.claim(self.conn, [op], self.tick())
        assert claimed == op.id
        if write.action is Action.CREATE:
            made = self._made(op)
            self.put(made)
            if (write.side, write.kind) == (Side.ERP, Kind.ORGANISATION):
                outbox.hold_handle(self.conn, op, made.fields["number"], self.tick())
                return
            done = Done(rid=made.rid)
        else:
            old = self.records[write.side, write.kind, write.rid]
            stale = {path for path, text in write.expect.items() if old.fields.get(path, "") != text}
            assert not stale, f"planned from something else: {stale}"
            lines, keys = self._edited(old.lines, write.lines, op)
            self.put(msgspec.structs.replace(old, fields=old.fields | write.fields, lines=lines))
            done = Done(rid=write.rid, line_keys=keys)
        outbox.ack(self.conn, NAME, op, done, None, self.tick())

    def _made(self, op: Op) -> Record:
        """The new record with what its system adds to what we sent."""
        write, number = op.write, self.number()
        added: Mapping[tuple[Side, Kind], tuple[str, Callable[[], Record]]] = {
            (Side.ERP, Kind.ORGANISATION): (number, lambda: organisation_world.customer(number=number)),
            (Side.CRM, Kind.ORGANISATION): (number, organisation_world.org),
            (Side.ERP, Kind.PERSON): (number, lambda: test_person.contact(number)),
            (Side.CRM, Kind.PERSON): (number, test_person.person),
            (Side.CRM, Kind.ITEM): (number, test_item.row),
            (Side.CRM, Kind.DELIVERY): (number, documents.delivery_record),
            (Side.ERP, Kind.ORDER): (
                f"order:SO/{number}",
                lambda: documents.order_record(rid=f"order:SO/{number}"),
            ),
        }
        rid, blank = added[write.side, write.kind]
        fresh = blank()
        kept = ("number", "contactId", "orderId", "type", "status", "active", "customer.internalId")
        empty = {path: text if path in kept else "" for path, text in fresh.fields.items()}
        lines, _ = self._edited((), write.lines, op)
        return Record(
            side=write.side,
            kind=write.kind,
            rid=rid,
            fields=empty | write.fields,
            lines=lines,
            updated_ms=self.tick(),
        )

    def _edited(
        self, old: tuple[Line, ...], edits: tuple[LineEdit, ...], op: Op
    ) -> tuple[tuple[Line, ...], tuple[str, ...]]:
        lines, keys = {line.key: line for line in old}, []
        for edit in edits:
            if edit.action == "delete":
                del lines[edit.key]
                continue
            key = edit.key
            if edit.action == "insert":
                key = self.number()
                keys.append(key)
            blank = documents.crm_line(key) if op.write.side is Side.CRM else documents.order_line(key)
            held = lines[key].fields if key in lines else dict.fromkeys(blank.fields, "")
            lines[key] = Line(key=key, fields=held | edit.fields)
        return tuple(lines.values()), tuple(keys)

    # ---- at the end ---------------------------------------------------------------------

    def pairs(self) -> list[Pair]:
        return [
            found
            for number in pairs.ids_after(self.conn, NAME, 0, BATCH)
            if (found := pairs.by_id(self.conn, NAME, number)) is not None
        ]

    def view(self, pair: Pair) -> View:
        found = pairs.view(self.conn, NAME, pair.id)
        assert found is not None
        return found

    def listed(self, pair: Pair) -> set[str]:
        """The rows that stay different, as the pair's page says."""
        rows = self.conn.execute("SELECT field FROM finding WHERE pair=?", (pair.id,)).fetchall()
        return {field for (field,) in rows}

    def at_rest(self) -> None:
        """I5, I11, I4: nothing is open, each pair is in one class, a further look brings nothing new."""
        assert self.conn.execute(
            "SELECT count(*) FROM outbox WHERE state NOT IN('done','superseded')"
        ).fetchone() == (0,)
        counted = status.classes(self.conn, NAME)
        assert counted["open"] == 0
        assert sum(counted.values()) == len(self.pairs())
        assert self.poll() == 0
        for pair in self.pairs():
            reasons = REASONS.get(Outcome(pair.outcome), {""})
            assert pair.reason in reasons, pair
            if pair.state != "ambiguous":  # those wait for a person, also where a candidate has changed since
                pairs.mark_dirty(self.conn, pair.id, Lane.RECONCILE, self.tick())
        assert self.round() == 0
