"""The life of an op: one open per pair, claim, ack, unknown, park, and what an acknowledgement leaves."""

import sqlite3

import pytest
from msgspec.structs import replace

from streamsync.model import Action, Agreed, Done, Entity, Kind, Lane, Op, Outcome, Pair, Record, Write
from streamsync.store import acks, journal, linking, outbox, pairs, retention, shadows, status
from streamsync.sync.decision import Decision, FieldConflict
from tests.unit.store.builders import (
    CRM,
    ERP,
    NAME,
    create,
    database,
    decide,
    dirty,
    op,
    organisation,
    pair_id,
    see,
    update,
)


def linked(conn: sqlite3.Connection) -> Pair:
    see(conn, organisation(CRM, "1", name="Kunde"))
    see(conn, organisation(ERP, "4211", "crm:organisation:1", name="Kunde", city="Aarhus"))
    return found(conn, pair_id(conn, CRM, "1"))


def found(conn: sqlite3.Connection, number: int) -> Pair:
    pair = linking.by_id(conn, NAME, number)
    assert pair is not None
    return pair


def sent(conn: sqlite3.Connection, number: int | None, now: int = 3000) -> Op:
    claimed = op(conn, number)
    assert outbox.claim(conn, [claimed], now) == [claimed.id]
    return op(conn, number)


def test_one_open_op_per_pair() -> None:
    conn = database()
    pair = linked(conn)
    number = decide(conn, pair.id, update(ERP, "4211", {"name": "a"}, {"O2": "a"}))
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute(
            "INSERT INTO outbox(connection,pair,side,entity,kind,action,write,rows,state,due_ms,lane,"
            " changed_ms) SELECT connection,pair,side,entity,kind,action,write,rows,'parked',0,0,0"
            " FROM outbox WHERE id=?",
            (number,),
        )
    assert pairs.has_open_op(conn, pair.id)
    linking.mark_dirty(conn, pair.id, Lane.LIVE, 1)
    assert dirty(conn) == []
    assert decide(conn, pair.id, update(ERP, "4211", {"name": "b"}, {"O2": "b"})) is None
    assert found(conn, pair.id).dirty > 0


def test_due_is_lane_by_lane_and_in_time() -> None:
    conn = database()
    numbers = []
    for rid, lane in (("1", Lane.BACKFILL), ("2", Lane.LIVE), ("3", Lane.INTERACTIVE)):
        [pair] = see(conn, organisation(CRM, rid, name="a"), lane=lane).dirty
        numbers.append(decide(conn, pair, create(rid), now=100))
    assert [each.id for each in outbox.due(conn, NAME, ERP, 100, 9)] == numbers[::-1]
    assert outbox.due(conn, NAME, ERP, 99, 9) == []
    assert outbox.due(conn, NAME, CRM, 100, 9) == []
    assert len(outbox.due(conn, NAME, ERP, 100, 2)) == 2
    batches = outbox.grouped(outbox.due(conn, NAME, ERP, 100, 9), lambda kind, action: 100)
    assert [len(batch) for batch in batches] == [1, 1, 1]


def test_an_op_is_claimed_once() -> None:
    conn = database()
    number = decide(conn, linked(conn).id, update(ERP, "4211", {"name": "a"}, {"O2": "a"}))
    ready = op(conn, number)
    assert outbox.claim(conn, [ready], 3000) == [ready.id]
    assert outbox.claim(conn, [ready], 3001) == []
    claimed = op(conn, number)
    assert (claimed.state, claimed.sent_ms, claimed.attempt) == ("sent", 3000, 1)


def test_an_ack_is_five_rows_and_happens_once() -> None:
    conn = database()
    pair = linked(conn)
    op_ = sent(conn, decide(conn, pair.id, update(ERP, "4211", {"name": "Kunde A/S"}, {"O2": "Kunde A/S"})))
    outbox.ack(conn, NAME, op_, Done(rid="4211", version="v2"), None, 5000)
    outbox.ack(conn, NAME, op_, Done(rid="4211", version="v2"), None, 5001)
    after = shadows.load(conn, NAME, ERP, Kind.ORGANISATION, "4211")
    assert after is not None
    assert (after.fields, after.version, after.by_us) == ({"name": "Kunde A/S", "city": "Aarhus"}, "v2", True)
    assert found(conn, pair.id).base == {"O2": Agreed(("Kunde A/S",), ("Kunde A/S",))}
    assert op(conn, op_.id).state == "done"
    assert dirty(conn) == [pair.id]
    [change] = journal.history(conn, NAME, pair.id)
    assert (change.field, change.before, change.after, change.op) == ("name", "Kunde", "Kunde A/S", op_.id)
    [entry] = [entry for entry in journal.entries(conn, NAME, pair.id) if entry.event == "done"]
    assert entry.fields == ("name",)
    assert see(conn, organisation(ERP, "4211", name="Kunde"), at=4999).stale == [(Kind.ORGANISATION, "4211")]


def test_only_rows_that_are_really_equal_move_the_base() -> None:
    conn = database()
    pair = linked(conn)
    plan = update(ERP, "4211", {"name": "Kunde", "city": "Aarhus C"}, {"O2": "Kunde", "O5": "Aarhus C"})
    op_ = sent(conn, decide(conn, pair.id, plan))
    seen = Record(side=ERP, kind=Kind.ORGANISATION, rid="4211", fields={"name": "Kunde", "city": "Aarhus"})
    outbox.ack(conn, NAME, op_, Done(rid="4211"), seen, 5000)
    assert set(found(conn, pair.id).base) == {"O2"}
    after = shadows.load(conn, NAME, ERP, Kind.ORGANISATION, "4211")
    assert after is not None
    assert after.fields["city"] == "Aarhus"


def test_an_unknown_update_that_landed_moves_the_base_before_it_is_planned_again() -> None:
    conn = database()
    pair = linked(conn)
    op_ = sent(conn, decide(conn, pair.id, update(ERP, "4211", {"name": "b"}, {"O2": "b"})))
    outbox.to_unknown(conn, op_, 3100, "Unknown", "no answer")
    [due] = outbox.unknown_due(conn, NAME, 3100, 60_000, 9)
    seen = Record(side=ERP, kind=Kind.ORGANISATION, rid="4211", fields={"name": "b"})
    outbox.advance_base(conn, NAME, due, seen, 3200)
    outbox.supersede(conn, due, 3200)
    assert found(conn, pair.id).base == {"O2": Agreed(("b",), ("b",))}
    assert (op(conn, op_.id).state, dirty(conn)) == ("superseded", [pair.id])


def test_what_an_unknown_update_took_the_place_of_is_kept_once() -> None:
    conn = database()
    pair = linked(conn)
    plan = update(ERP, "4211", {"name": "b", "city": "c"}, {"O2": "b"})
    assert plan.write is not None
    rests_on = replace(plan.write, expect={"name": "typed by a person", "city": "old"})
    op_ = sent(conn, decide(conn, pair.id, replace(plan, write=rests_on)))
    seen = Record(side=ERP, kind=Kind.ORGANISATION, rid="4211", fields={"name": "b", "city": "old"})
    for _ in range(2):
        outbox.advance_base(conn, NAME, op_, seen, 3200)
    kept = [(one.field, one.before, one.after) for one in journal.history(conn, NAME, pair.id) if one.op]
    assert kept == [("name", "typed by a person", "b")]


def test_an_unknown_update_that_did_not_land_moves_nothing() -> None:
    conn = database()
    pair = linked(conn)
    op_ = sent(conn, decide(conn, pair.id, update(ERP, "4211", {"name": "b"}, {"O2": "b"})))
    seen = Record(side=ERP, kind=Kind.ORGANISATION, rid="4211", fields={"name": "Kunde"})
    outbox.advance_base(conn, NAME, op_, seen, 3200)
    assert found(conn, pair.id).base == {}


def test_a_create_that_a_poll_saw_first_is_merged_by_its_ack() -> None:
    conn = database()
    [pair] = see(conn, organisation(CRM, "1", name="a")).dirty
    op_ = sent(conn, decide(conn, pair, create()))
    see(conn, organisation(ERP, "4211", name="a"))  # its marker is not visible yet
    outbox.ack(conn, NAME, op_, Done(rid="4211"), None, 5000)
    assert found(conn, pair).erp_id == "4211"
    assert conn.execute("SELECT count(*) FROM pair").fetchone() == (1,)


def test_an_ack_finds_its_pair_after_a_merge() -> None:
    conn = database()
    [older] = see(conn, organisation(ERP, "9", name="a")).dirty
    [younger] = see(conn, organisation(CRM, "1", name="a")).dirty
    op_ = sent(conn, decide(conn, younger, create()))
    decide(conn, older, Decision(outcome=Outcome.LINKED, link=younger))
    assert pairs.view(conn, NAME, younger) is None
    assert outbox.open_op(conn, NAME, older) == op(conn, op_.id)
    outbox.ack(conn, NAME, op_, Done(rid="9"), None, 5000)
    assert op(conn, op_.id).state == "done"
    assert found(conn, older).erp_id == "9"


def test_a_create_whose_record_is_linked_elsewhere_is_parked() -> None:
    conn = database()
    [pair] = see(conn, organisation(CRM, "1", name="a")).dirty
    op_ = sent(conn, decide(conn, pair, create()))
    see(conn, organisation(CRM, "2", name="b"), organisation(ERP, "4211", "crm:organisation:2", name="b"))
    outbox.ack(conn, NAME, op_, Done(rid="4211"), None, 5000)
    assert op(conn, op_.id).state == "parked"
    assert (found(conn, pair).outcome, found(conn, pair).reason) == ("parked", "many_candidates")


def test_two_pairs_that_both_write_are_not_merged_yet() -> None:
    conn = database()
    [left] = see(conn, organisation(CRM, "1", name="a")).dirty
    [right] = see(conn, organisation(ERP, "9", name="a")).dirty
    sent(conn, decide(conn, left, create()))
    sent(conn, decide(conn, right, update(ERP, "9", {"name": "b"}, {"O2": "b"})))
    decide(conn, left, Decision(outcome=Outcome.LINKED, link=right), now=2000)
    assert (found(conn, left).outcome, found(conn, left).reason) == ("waiting", "settling")
    assert found(conn, right).crm_id == ""
    assert pairs.due(conn, left, 7000)


def test_a_held_handle_waits_for_the_poll_then_for_the_resolver() -> None:
    conn = database()
    [pair] = see(conn, organisation(CRM, "1", name="a")).dirty
    op_ = sent(conn, decide(conn, pair, create()), now=3000)
    outbox.hold_handle(conn, op_, "10042", 3100)
    assert (op(conn, op_.id).state, op(conn, op_.id).handle) == ("unknown", "10042")
    assert outbox.unknown_due(conn, NAME, 4000, 60_000, 9) == []
    assert [due.id for due in outbox.unknown_due(conn, NAME, 63_000, 60_000, 9)] == [op_.id]
    assert outbox.due(conn, NAME, ERP, 99_000, 9) == []


def test_a_parked_op_holds_until_a_new_observation_supersedes_it() -> None:
    conn = database()
    pair = linked(conn)
    op_ = sent(conn, decide(conn, pair.id, update(ERP, "4211", {"name": "b"}, {"O2": "b"})))
    outbox.park(conn, NAME, op_, "period_closed", "The period is closed", "…", 4000)
    assert dirty(conn) == []
    assert outbox.due(conn, NAME, ERP, 99_000, 9) == []
    [listed] = status.parked(conn, NAME)
    assert (listed.op, listed.reason, listed.message) == (op_.id, "period_closed", "The period is closed")
    see(conn, organisation(CRM, "1", name="c"))
    assert dirty(conn) == [pair.id]
    newer = decide(conn, pair.id, update(ERP, "4211", {"name": "c"}, {"O2": "c"}))
    assert newer is not None
    assert op(conn, op_.id).state == "superseded"
    assert status.parked(conn, NAME) == []


def test_operators_retry_and_abandon() -> None:
    conn = database()
    pair = linked(conn)
    op_ = sent(conn, decide(conn, pair.id, update(ERP, "4211", {"name": "b"}, {"O2": "b"})))
    assert outbox.retry(conn, NAME, op=op_.id, now_ms=4000) == 0
    assert not outbox.abandon(conn, NAME, op_.id, 4000)  # under way: nobody knows yet
    outbox.park(conn, NAME, op_, "E-42", "no", "", 4000)
    assert found(conn, pair.id).reason == "rejected"
    assert outbox.parked_ops(conn, NAME, cause="E-42", entity="organisation") == [op_.id]
    assert outbox.retry(conn, NAME, cause="E-42", who="lene", now_ms=4100) == 1
    [again] = outbox.due(conn, NAME, ERP, 4100, 9)
    assert (again.lane, again.attempt) == (Lane.INTERACTIVE, 0)
    sent(conn, op_.id)
    outbox.park(conn, NAME, op_, "E-42", "no", "", 4200)
    assert outbox.abandon(conn, NAME, op_.id, 4300, actor="lene")
    assert status.classes(conn, NAME)["failing"] == 1
    assert [entry.actor for entry in journal.entries(conn, NAME)][:1] == ["lene"]


def test_open_conflicts_are_replaced_and_decided_ones_become_history() -> None:
    conn = database()
    pair = linked(conn)
    ask = FieldConflict(row="O2", base="a", crm="b", erp="c")
    decide(
        conn, pair.id, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(ask,)), now=100
    )
    decide(
        conn, pair.id, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(ask,)), now=200
    )
    [listed] = status.conflicts(conn, NAME)
    assert (listed.row, listed.pair, listed.since_ms) == ("O2", pair.id, 100)
    won = FieldConflict(row="O2", base="a", crm="b", erp="c", winner="erp")
    decide(conn, pair.id, Decision(outcome=Outcome.IN_SYNC, conflicts=(won,)), now=300)
    assert status.conflicts(conn, NAME) == []
    [change] = journal.history(conn, NAME, pair.id)
    assert (change.side, change.before, change.after, change.event) == ("crm", "b", "c", "lost:both_changed")


def test_confirmation_is_by_the_values_sent() -> None:
    write = Write(
        side=ERP, kind=Kind.ORGANISATION, action=Action.UPDATE, rid="1", fields={"a": "1", "b": "2"}
    )
    rows = {
        "A": Agreed(("1",), ("1",)),
        "B": Agreed(("2",), ("2",)),
        "AB": Agreed(("1 2",), ("1", "2")),
        "E": Agreed(("",), ("",)),
        "X": Agreed(("9",), ("9",)),
    }
    op_ = Op(id=1, pair=1, entity=Entity.ORGANISATION, write=write, state="sent", rows=rows)
    seen = Record(side=ERP, kind=Kind.ORGANISATION, rid="1", fields={"a": "1", "b": "3"})
    assert set(acks.confirmed(op_, seen)) == {"A", "E"}
    landed = Record(side=ERP, kind=Kind.ORGANISATION, rid="1", fields={"a": "1", "b": "2"})
    assert set(acks.confirmed(op_, landed)) == {"A", "B", "AB", "E", "X"}


def test_what_is_old_goes() -> None:
    conn = database()
    pair = linked(conn)
    op_ = sent(conn, decide(conn, pair.id, update(ERP, "4211", {"name": "b"}, {"O2": "b"})))
    outbox.ack(conn, NAME, op_, Done(rid="4211"), None, 5000)
    day = retention.DAY_MS
    assert retention.sweep(conn, 5000 + 6 * day) == 0
    assert retention.sweep(conn, 6000 + 8 * day) == 1  # the op
    assert journal.history(conn, NAME, pair.id)
    retention.sweep(conn, 6000 + 91 * day)
    assert journal.history(conn, NAME, pair.id) == []
    assert journal.entries(conn, NAME, pair.id)
    retention.sweep(conn, 6000 + 401 * day)
    assert journal.entries(conn, NAME, pair.id) == []
