"""The store on a real file against a model in a dict, step by step and in any order: what each verb leaves,
what a crash leaves, what an older copy of the file leaves (reliability §6.4; I1, I5, I11, I13, the dirty
counter).

`test_machine.py` asks whether the outbox brings two systems together; here every row must be as the model
says.
"""

import asyncio
import copy
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streamsync.model import Agreed, Done, Entity, Kind, Observation, Op, Outcome
from streamsync.store import files, observations, outbox, pairs, status
from streamsync.store.db import Store
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import View
from tests.unit.store.builders import CRM, ERP, NAME, Time, create, organisation, record, see, update

T = TypeVar("T")
FILES = ("state.db", "state.db-wal")
FEED, PAGE = "Organisation", 2
OPEN = ("ready", "sent", "unknown")
ANSWER = st.sampled_from(["none yet", "yes", "yes", "handle", "lost", "late", "refused", "no", "moved"])
SELDOM = st.sampled_from([False, False, False, True])
MOSTLY = SELDOM.map(lambda drawn: not drawn)
RIDS = st.sampled_from(["1", "2", "3"])
ROWS = """SELECT coalesce(crm_id,''), coalesce(erp_id,''), dirty, base, outcome, reason,
  coalesce((SELECT state FROM outbox WHERE pair=pair.id AND state IN('ready','sent','unknown','parked')),''),
  coalesce((SELECT attempt FROM outbox WHERE pair=pair.id AND state IN('ready','sent','unknown','parked')),0)
  FROM pair ORDER BY 1, 2"""
OPEN_MOST = """SELECT coalesce(max(count),0) FROM (SELECT count(*) AS count FROM outbox
  WHERE state IN('ready','sent','unknown','parked') GROUP BY pair)"""
STORED = "SELECT rid, updated_ms FROM record WHERE side='crm' ORDER BY rid"


@dataclass
class Known:
    """What the store should know of one organisation."""

    crm: str = ""  # its text in webCRM as last stored; "" = not seen
    erp: str = ""  # rid
    erp_text: str = ""
    base: str = ""
    dirty: int = 1
    outcome: str = ""
    reason: str = ""
    op: str = ""  # state of the open one
    op_text: str = ""
    attempt: int = 0

    def told(self, outcome: str, reason: str = "") -> None:
        self.outcome, self.reason = outcome, reason


@dataclass
class Model:
    pairs: dict[str, Known] = field(default_factory=dict)
    cursor: int = 0


def customer(rid: str, text: str, marker: str) -> Observation:
    named = f"crm:organisation:{marker}"
    fields = {"f.O2": text, "attributes.WEBCRMID": named, "internalId": rid}
    return record(ERP, Kind.ORGANISATION, rid, fields, marker=named)


class Machine(RuleBasedStateMachine):
    """webCRM writes a log that is polled from a cursor; the ERP holds what was sent, whatever we forget."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="streamsync-model-")
        self.path = Path(self.folder.name) / "state.db"
        self.runner = asyncio.Runner()
        self.time = Time()
        self.store = self.opened()
        self.model = Model()
        self.log: list[tuple[str, str]] = []  # webCRM's edits: (rid, text); the position is the place
        self.erp: dict[str, tuple[str, str]] = {}  # marker's rid to (ERP rid, text)
        self.saved: tuple[Path, Model] | None = None

    def opened(self) -> Store:
        return self.runner.run(Store.open(self.path, clock=self.time, inline=True, synchronous="OFF"))

    def tx(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        return self.runner.run(self.store.tx(fn))

    def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        return self.runner.run(self.store.read(fn))

    def tick(self) -> int:
        self.time.now += 10
        return self.time.now

    def pair(self, rid: str) -> int:
        known = self.model.pairs[rid]
        side, own = (CRM, rid) if known.crm else (ERP, known.erp)
        found = self.read(lambda c: pairs.by_rid(c, NAME, "organisation", side, own))
        assert found is not None
        return found.id

    def view(self, rid: str) -> View:
        number = self.pair(rid)
        found = self.read(lambda c: pairs.view(c, NAME, number))
        assert found is not None
        return found

    def op(self, rid: str) -> Op:
        number = self.pair(rid)
        found = self.read(lambda c: outbox.open_op(c, NAME, number))
        assert found is not None
        return found

    def having(self, data: st.DataObject, *states: str) -> str:
        return data.draw(st.sampled_from([rid for rid, one in self.model.pairs.items() if one.op in states]))

    @initialize()
    def begin(self) -> None:
        self.users_edit_and_we_poll(["1", "2", "3"], 0, to_the_end=True)

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One of the acts that are possible now, the ones that lead far more often than the others."""
        possible = [act for act, (weight, may) in ACTS.items() if may(self) for _ in range(weight)]
        act = data.draw(st.sampled_from(possible), label="act")
        getattr(self, act)(data)

    def poll_webcrm(self, data: st.DataObject) -> None:
        edits, pages = data.draw(st.lists(RIDS, max_size=4)), data.draw(st.integers(0, 3))
        self.users_edit_and_we_poll(edits, pages, to_the_end=data.draw(MOSTLY))

    def users_edit_and_we_poll(self, edits: list[str], pages: int, to_the_end: bool) -> None:
        """Page by page, the cursor last; it may end in between. A row is read as it was by then."""
        self.log += [(rid, f"text {len(self.log) + n}") for n, rid in enumerate(edits)]
        position = int(self.read(lambda c: observations.cursor(c, NAME, CRM, FEED)) or "0")
        rest = self.log[position:]
        chunks = [rest[start : start + PAGE] for start in range(0, len(rest), PAGE)]
        for chunk in chunks if to_the_end else chunks[:pages]:
            rows = [
                organisation(CRM, rid, updated_ms=position + n + 1, name=text)
                for n, (rid, text) in enumerate(chunk)
            ]
            position += len(chunk)
            self.saw(*rows)
            for rid, text in chunk:
                self.saw_crm(rid, text)
        if to_the_end:
            self.tx(lambda c: observations.set_cursor(c, NAME, CRM, FEED, str(len(self.log))))
            self.model.cursor = len(self.log)

    def saw(self, *rows: Observation) -> None:
        at, now = self.tick(), self.tick()
        self.tx(lambda c: see(c, *rows, at=at, now=now))

    def saw_crm(self, rid: str, text: str) -> None:
        known = self.model.pairs.get(rid)
        if known is None:
            self.model.pairs[rid] = Known(crm=text)
        elif known.crm != text:
            known.crm = text
            known.dirty += 1

    def poll_erp(self, data: st.DataObject) -> None:
        """Also twice the same; also what no answer told of: that answers an open create."""
        rid = data.draw(st.sampled_from(sorted(self.erp)))
        erp, text = self.erp[rid]
        for _ in range(data.draw(st.integers(1, 2))):
            self.saw(customer(erp, text, rid))
        known = self.model.pairs.get(rid)
        if known is None:
            self.model.pairs[rid] = Known(erp=erp, erp_text=text)
            return
        news = not known.erp or known.erp_text != text
        if not known.erp and known.op in ("sent", "unknown"):
            known.base = text if known.op_text == text else known.base
            known.op = ""
        elif not known.erp:
            known.op = ""
        known.erp, known.erp_text = erp, text
        known.dirty += news

    def decide(self, data: st.DataObject) -> None:
        """What is dirty is offered, unless a write is under way. A mark that is set between look and act
        stays; a transaction that fails leaves nothing."""
        offered = self.read(lambda c: pairs.dirty_pairs(c, NAME, Entity.ORGANISATION, 10, self.time.now))
        wanted = {rid for rid, one in self.model.pairs.items() if one.dirty and one.op not in OPEN}
        assert {pair for pair, _ in offered} == {self.pair(rid) for rid in wanted}
        if not wanted:
            return
        rid = data.draw(st.sampled_from(sorted(wanted)))
        view, known = self.view(rid), self.model.pairs[rid]
        assert view.pair.dirty == known.dirty
        decision = self.decision(rid, known)
        if data.draw(SELDOM) and known.crm:
            self.users_edit_and_we_poll([rid], 0, to_the_end=True)
            known = self.model.pairs[rid]
        if data.draw(SELDOM):
            self.decide_and_fail(view, decision)
            return
        now = self.tick()
        self.tx(lambda c: pairs.apply_decision(c, NAME, view, decision, now_ms=now, rules_version=1))
        known.dirty -= view.pair.dirty
        known.told(decision.outcome, decision.reason)
        known.base = view.crm.fields["name"] if decision.base and view.crm else known.base
        known.op, known.attempt = "", 0
        if decision.write is not None:
            known.op, known.op_text = "ready", decision.write.fields["f.O2"]

    def decide_and_fail(self, view: View, decision: Decision) -> None:
        def fn(conn: sqlite3.Connection) -> None:
            pairs.apply_decision(conn, NAME, view, decision, now_ms=self.time.now, rules_version=1)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.tx(fn)

    def decision(self, rid: str, known: Known) -> Decision:
        if not known.crm:
            return Decision(outcome=Outcome.FILTERED, reason="type")
        if not known.erp:
            return create(rid, [("O2", known.crm)])
        if known.erp_text != known.crm:
            return update(ERP, known.erp, {"f.O2": known.crm}, {"O2": known.crm})
        return Decision(outcome=Outcome.IN_SYNC, base={"O2": Agreed((known.crm,), (known.crm,))})

    def write(self, data: st.DataObject) -> None:
        """Claimed once only; a create is looked up before. The answer may be long in coming."""
        rid = self.having(data, "ready")
        op, known = self.op(rid), self.model.pairs[rid]
        now = self.tick()
        if not op.write.rid and rid in self.erp:
            self.acknowledge(rid, op, self.erp[rid][0])
            return
        assert self.tx(lambda c: outbox.claim(c, [op], now)) == [op.id]
        assert self.tx(lambda c: outbox.claim(c, [op], now)) == []
        known.op, known.attempt = "sent", known.attempt + 1
        self.answered_with(rid, data.draw(ANSWER))

    def answered(self, data: st.DataObject) -> None:
        self.answered_with(self.having(data, "sent"), data.draw(ANSWER))

    def answered_with(self, rid: str, answer: str) -> None:
        op, known, now = self.op(rid), self.model.pairs[rid], self.tick()
        if answer in ("yes", "handle", "late"):
            assert op.write.rid or rid not in self.erp, "made twice"
            self.erp[rid] = (op.write.rid or str(4000 + len(self.erp)), known.op_text)
        match answer:
            case "handle" if not op.write.rid:
                self.tx(lambda c: outbox.hold_handle(c, op, "10042", now))
                known.op = "unknown"
            case "yes" | "handle":
                self.acknowledge(rid, op, self.erp[rid][0])
            case "lost" | "late":
                self.tx(lambda c: outbox.to_unknown(c, op, now, "Unknown", "no answer"))
                known.op = "unknown"
            case "refused":
                self.tx(lambda c: outbox.back_to_ready(c, op, now, "Refused", "not now"))
                known.op = "ready"
            case "no":
                self.tx(lambda c: outbox.park(c, NAME, op, "rejected", "no", "", now))
                known.op = "parked"
                known.told("parked", "rejected")
            case "moved":
                self.supersede(rid, op)

    def acknowledge(self, rid: str, op: Op, erp: str) -> None:
        """Said twice, and other answers after it: only the first counts."""
        known, now = self.model.pairs[rid], self.tick()
        for _ in range(2):
            self.tx(lambda c: outbox.ack(c, NAME, op, Done(rid=erp), None, now))
        self.tx(lambda c: outbox.to_unknown(c, op, now, "Unknown", "late"))
        self.tx(lambda c: outbox.park(c, NAME, op, "rejected", "late", "", now))
        known.erp, known.erp_text, known.base = erp, known.op_text, known.op_text
        known.op = ""
        known.dirty += 1

    def supersede(self, rid: str, op: Op) -> None:
        for _ in range(2):
            self.tx(lambda c: outbox.supersede(c, op, self.time.now))
        self.model.pairs[rid].op = ""
        self.model.pairs[rid].dirty += 1

    def resolve(self, data: st.DataObject) -> None:
        """A create is looked up by its marker, an update is read: what now equals it moves the base."""
        rid = self.having(data, "unknown")
        op, known, now = self.op(rid), self.model.pairs[rid], self.tick()
        if op.write.rid:
            erp, text = self.erp[rid]
            seen = customer(erp, text, rid).record
            self.tx(lambda c: outbox.advance_base(c, NAME, op, seen, now))
            known.base = text if text == known.op_text else known.base
            self.supersede(rid, op)
        elif rid in self.erp:
            self.acknowledge(rid, op, self.erp[rid][0])
        else:
            self.tx(lambda c: outbox.back_to_ready(c, op, now, "", ""))
            known.op = "ready"

    def retry_all(self, data: st.DataObject) -> None:
        count, now = 0, self.tick()
        for known in self.model.pairs.values():
            if known.op == "parked":
                known.op, known.attempt, count = "ready", 0, count + 1
                known.told("written")
            elif known.outcome == "parked" and not known.dirty and not known.op:
                known.dirty, count = 1, count + 1
        assert self.tx(lambda c: outbox.retry(c, NAME, now_ms=now)) == count

    def abandon(self, data: st.DataObject) -> None:
        """What is under way cannot be taken back."""
        rid = self.having(data, "parked", "sent")
        op, known, now = self.op(rid), self.model.pairs[rid], self.tick()
        assert self.tx(lambda c: outbox.abandon(c, NAME, op.id, now)) is (known.op != "sent")
        known.op = known.op if known.op == "sent" else ""

    def restart(self, data: st.DataObject) -> None:
        """Whatever was sent is unknown in the next life; nothing else changes."""
        if cleanly := data.draw(SELDOM):
            self.runner.run(self.store.close())
        else:
            self.killed({name: (self.path.parent / name).read_bytes() for name in FILES})
        self.reopen(clean=cleanly)

    def killed(self, left: dict[str, bytes]) -> None:
        """The process ends without a word, and these files are what is found."""
        self.store.kill()
        for name in (*FILES, "state.db-shm"):
            (self.path.parent / name).unlink(missing_ok=True)
        for name, content in left.items():
            files.create_private(self.path.parent / name)
            (self.path.parent / name).write_bytes(content)

    def reopen(self, *, clean: bool) -> None:
        self.tick()
        self.store = self.opened()
        assert self.store.clean is clean
        for known in self.model.pairs.values():
            known.op = "unknown" if known.op == "sent" else known.op

    def copy_the_file(self, data: st.DataObject) -> None:
        target = Path(self.folder.name) / "copy.db"
        self.runner.run(self.store.backup(target))
        self.saved = (target, copy.deepcopy(self.model))

    def go_back_to_the_copy(self, data: st.DataObject) -> None:
        assert self.saved is not None
        target, self.model = self.saved
        self.saved = None
        self.killed({"state.db": target.read_bytes()})
        self.reopen(clean=False)

    @invariant()
    def every_row_is_as_the_model_says(self) -> None:
        found = self.read(lambda c: c.execute(ROWS).fetchall())
        wanted = []
        for rid, one in self.model.pairs.items():
            base = f'{{"O2":[["{one.base}"],["{one.base}"]]}}' if one.base else "{}"
            attempt = one.attempt if one.op else 0
            crm = rid if one.crm else ""
            wanted.append((crm, one.erp, one.dirty, base, one.outcome, one.reason, one.op, attempt))
        assert found == sorted(wanted)

    @invariant()
    def at_most_one_op_is_open_and_each_pair_is_in_one_class(self) -> None:
        assert self.read(lambda c: c.execute(OPEN_MOST).fetchone()[0]) <= 1
        counted = self.read(lambda c: status.classes(c, NAME))
        assert sum(counted.values()) == len(self.model.pairs)
        busy = sum(1 for one in self.model.pairs.values() if one.dirty or one.op in OPEN)
        assert counted["open"] == busy

    @invariant()
    def the_cursor_never_passes_what_is_not_stored(self) -> None:
        position = int(self.read(lambda c: observations.cursor(c, NAME, CRM, FEED)) or "0")
        assert position == self.model.cursor
        stored = dict(self.read(lambda c: c.execute(STORED).fetchall()))
        for at, (rid, _) in enumerate(self.log[:position], 1):
            assert stored[rid] >= at

    def teardown(self) -> None:
        [verdict] = self.read(lambda c: c.execute("PRAGMA integrity_check").fetchone())
        assert verdict == "ok"
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()


def any_op(model: Model, *states: str) -> bool:
    return any(one.op in states for one in model.pairs.values())


ACTS: Mapping[str, tuple[int, Callable[[Machine], bool]]] = {
    "poll_webcrm": (2, lambda self: True),
    "poll_erp": (2, lambda self: bool(self.erp)),
    "decide": (5, lambda self: any(one.dirty and one.op not in OPEN for one in self.model.pairs.values())),
    "write": (5, lambda self: any_op(self.model, "ready")),
    "answered": (3, lambda self: any_op(self.model, "sent")),
    "resolve": (3, lambda self: any_op(self.model, "unknown")),
    "retry_all": (2, lambda self: any(one.outcome == "parked" for one in self.model.pairs.values())),
    "abandon": (1, lambda self: any_op(self.model, "parked", "sent")),
    "restart": (1, lambda self: any_op(self.model, *OPEN)),
    "copy_the_file": (1, lambda self: self.saved is None and any_op(self.model, *OPEN)),
    "go_back_to_the_copy": (1, lambda self: self.saved is not None),
}

TestModel = Machine.TestCase
TestModel.settings = settings(max_examples=30, stateful_step_count=40)
