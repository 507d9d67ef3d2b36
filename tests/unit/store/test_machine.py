"""The outbox against a model in a dict, in any order of steps, with restarts and lost answers between."""

import sqlite3

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streamsync.model import Agreed, Done, Entity, Kind, Observation, Outcome
from streamsync.store import linking, outbox, pairs, shadows, status
from streamsync.sync.decision import Decision
from tests.unit.store.builders import CRM, ERP, NAME, create, database, organisation, record, see, update

RIDS = st.sampled_from(["1", "2", "3"])
NAMES = st.sampled_from(["a", "b", "c"])


def customer(rid: str, marker: str, name: str) -> Observation:
    return record(ERP, Kind.ORGANISATION, rid, {"f.O2": name}, marker=marker)


class Machine(RuleBasedStateMachine):
    """One column, `name`. ERP records carry our marker at once; answers may be lost after the write."""

    def __init__(self) -> None:
        super().__init__()
        self.conn: sqlite3.Connection = database()
        self.now = 1000
        self.crm: dict[str, str] = {}  # webCRM as its users left it
        self.erp: dict[str, tuple[str, str]] = {}  # the ERP: rid to (marker, name)

    def tick(self) -> int:
        self.now += 10
        return self.now

    @rule(rid=RIDS, name=NAMES)
    def user_edits(self, rid: str, name: str) -> None:
        self.crm[rid] = name

    @precondition(lambda self: self.crm)
    @rule(data=st.data())
    def poll_crm(self, data: st.DataObject) -> None:
        rid = data.draw(st.sampled_from(sorted(self.crm)))
        now = self.tick()
        see(self.conn, organisation(CRM, rid, name=self.crm[rid]), at=now, now=now)

    @precondition(lambda self: self.erp)
    @rule(data=st.data())
    def poll_erp(self, data: st.DataObject) -> None:
        rid = data.draw(st.sampled_from(sorted(self.erp)))
        marker, name = self.erp[rid]
        now = self.tick()
        see(self.conn, customer(rid, marker, name), at=now, now=now)

    @rule()
    def decide(self) -> None:
        """webCRM wins: create, update, or in sync."""
        for pair, _ in pairs.dirty_pairs(self.conn, NAME, Entity.ORGANISATION, 10, self.now):
            view = pairs.view(self.conn, NAME, pair)
            assert view is not None
            if view.crm is None:
                decision = Decision(outcome=Outcome.FILTERED, reason="type")
            elif view.erp is None:
                decision = create(view.crm.rid, [("O2", view.crm.fields["name"])])
            elif view.erp.fields.get("f.O2") != view.crm.fields["name"]:
                name = view.crm.fields["name"]
                decision = update(ERP, view.erp.rid, {"f.O2": name}, {"O2": name})
            else:
                name = view.crm.fields["name"]
                decision = Decision(outcome=Outcome.IN_SYNC, base={"O2": Agreed((name,), (name,))})
            pairs.apply_decision(self.conn, NAME, view, decision, now_ms=self.tick(), rules_version=1)

    @rule(
        lands=st.booleans(), answer=st.sampled_from(["yes", "handle", "lost", "crash", "refused", "rejected"])
    )
    def write(self, lands: bool, answer: str) -> None:
        for op in outbox.due(self.conn, NAME, ERP, self.now, 1):
            if op.write.marker in {marker for marker, _ in self.erp.values()}:
                [rid] = [rid for rid, (marker, _) in self.erp.items() if marker == op.write.marker]
                outbox.ack(self.conn, NAME, op, Done(rid=rid), None, self.tick())
                return  # looked up before the create, and adopted
            assert outbox.claim(self.conn, [op], self.tick()) == [op.id]
            rid = op.write.rid or str(4000 + len(self.erp))
            certain = answer in ("yes", "handle")
            if certain or (lands and answer in ("lost", "crash")):
                marker = op.write.marker or self.erp[rid][0]
                self.erp[rid] = (marker, op.write.fields["f.O2"])
            match answer:
                case "handle" if not op.write.rid:
                    outbox.hold_handle(self.conn, op, "10042", self.tick())
                case "yes" | "handle":
                    outbox.ack(self.conn, NAME, op, Done(rid=rid), None, self.tick())
                case "lost":
                    outbox.to_unknown(self.conn, op, self.tick(), "Unknown", "no answer")
                case "crash":
                    outbox.restart(self.conn, self.tick())
                case "refused":
                    outbox.back_to_ready(self.conn, op, self.now + 50, "Refused", "")
                case _:
                    outbox.park(self.conn, NAME, op, "rejected", "no", "", self.tick())

    @rule()
    def resolve(self) -> None:
        for op in outbox.unknown_due(self.conn, NAME, self.now, 0, 10):
            mine = [
                rid for rid, (marker, _) in self.erp.items() if marker == op.write.marker and op.write.marker
            ]
            if op.write.rid:
                marker, name = self.erp[op.write.rid]
                seen = customer(op.write.rid, marker, name)
                outbox.advance_base(self.conn, NAME, op, seen.record, self.tick())
                outbox.supersede(self.conn, op, self.now)
                see(self.conn, seen, at=self.now, now=self.now)
            elif mine:
                outbox.ack(self.conn, NAME, op, Done(rid=mine[0]), None, self.tick())
            else:
                outbox.back_to_ready(self.conn, op, self.tick(), "", "")

    @rule()
    def operator_retries_all(self) -> None:
        count = len(outbox.parked_ops(self.conn, NAME))
        assert outbox.retry(self.conn, NAME, now_ms=self.tick()) == count

    @invariant()
    def no_duplicate(self) -> None:
        markers = [marker for marker, _ in self.erp.values()]
        assert len(markers) == len(set(markers))

    @invariant()
    def links_name_each_other(self) -> None:
        for rid, (marker, _) in self.erp.items():
            pair = linking.by_rid(self.conn, NAME, "organisation", ERP, rid)
            if pair is not None and pair.crm_id:
                assert marker == f"crm:organisation:{pair.crm_id}"

    @invariant()
    def one_open_op_per_pair_and_every_pair_in_one_class(self) -> None:
        counts = self.conn.execute(
            "SELECT count(*) FROM outbox WHERE state IN('ready','sent','unknown','parked') GROUP BY pair"
        ).fetchall()
        assert all(count == (1,) for count in counts)
        total = self.conn.execute("SELECT count(*) FROM pair").fetchone()[0]
        assert sum(status.classes(self.conn, NAME).values()) == total

    def teardown(self) -> None:
        """When users and faults stop, both sides agree within a few rounds."""
        for _ in range(6):
            for rid, name in self.crm.items():
                see(self.conn, organisation(CRM, rid, name=name), at=self.tick(), now=self.now)
            for rid, (marker, name) in self.erp.items():
                see(self.conn, customer(rid, marker, name), at=self.tick(), now=self.now)
            self.operator_retries_all()
            self.resolve()
            self.now += 1000
            self.decide()
            for _ in range(len(self.crm)):
                self.write(lands=True, answer="yes")
        wanted = {f"crm:organisation:{rid}": name for rid, name in self.crm.items()}
        assert dict(self.erp.values()) == wanted
        for rid, (_, name) in self.erp.items():
            shadow = shadows.load(self.conn, NAME, ERP, Kind.ORGANISATION, rid)
            assert shadow is not None
            assert shadow.fields["f.O2"] == name
        assert status.classes(self.conn, NAME)["in_sync"] == len(self.crm)
        self.conn.close()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
