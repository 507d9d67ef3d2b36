"""What waits for a person is listed by its cause; what a person decides is stored, audited and used once."""

import sqlite3

import pytest

from streamsync.model import Done, Lane, Outcome
from streamsync.store import inbox, journal, linking, meta, outbox, pairs, people, status
from streamsync.sync.answers import Unfit
from streamsync.sync.decision import Decision, FieldConflict
from tests.unit.store.builders import (
    CRM,
    ERP,
    NAME,
    database,
    decide,
    dirty,
    op,
    organisation,
    pair_id,
    see,
    update,
)

NOW, WHO = 50_000, "anna"


def half(conn: sqlite3.Connection, rid: str) -> int:
    see(conn, organisation(CRM, rid, name="Kunde"))
    return pair_id(conn, CRM, rid)


def whole(conn: sqlite3.Connection, crm: str = "1", erp: str = "4211") -> int:
    see(conn, organisation(CRM, crm, name="Kunde"))
    see(conn, organisation(ERP, erp, f"crm:organisation:{crm}", name="Kunde"))
    return pair_id(conn, CRM, crm)


def causes(conn: sqlite3.Connection, **narrow: str) -> list[tuple[int, str]]:
    return [(pair, cause) for pair, _, cause in inbox.waiting(conn, NAME, **narrow)]


def conflict(row: str = "O2") -> FieldConflict:
    return FieldConflict(row=row, base="a", crm="b", erp="c")


def test_everything_that_waits_for_a_person_is_listed_once() -> None:
    conn = database()
    parked, asking, flowing, refused = half(conn, "1"), half(conn, "2"), half(conn, "3"), half(conn, "4")
    braked, fine, out = half(conn, "5"), half(conn, "6"), half(conn, "7")
    decide(conn, parked, Decision(outcome=Outcome.PARKED, reason="required_field"))
    decide(conn, asking, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(conflict(),)))
    decide(conn, flowing, Decision(outcome=Outcome.IN_SYNC, conflicts=(conflict("O5"),)))
    made = op(conn, decide(conn, refused, update(CRM, "4", {"OrganisationCity": "Ribe"}, {})))
    outbox.park(conn, NAME, made, "1804", "no", "", NOW)
    pairs.mark_dirty(conn, refused, Lane.LIVE, NOW)
    decide(conn, braked, Decision(outcome=Outcome.WAITING, reason="gate", detail={"brake": "overwrite"}))
    conn.execute(
        "INSERT INTO mass_change VALUES(?,'organisation','erp',?,'overwrite',?,'held')", (NAME, braked, NOW)
    )
    decide(conn, fine, Decision(outcome=Outcome.WAITING, reason="gate"))
    decide(conn, out, Decision(outcome=Outcome.PARKED, reason="gone"))
    people.exclude(conn, NAME, out, WHO, NOW)
    decide(conn, out, Decision(outcome=Outcome.FILTERED, reason="type", state="excluded"))
    assert dict(causes(conn)) == {
        braked: "gate",
        parked: "required_field",
        asking: "both_changed",
        flowing: "both_changed",
        refused: "rejected",
    }
    assert causes(conn, cause="both_changed") == [(asking, "both_changed"), (flowing, "both_changed")]
    assert causes(conn, entity="person") == []


def test_a_row_decision_is_used_once() -> None:
    conn = database()
    pair = whole(conn)
    decide(conn, pair, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(conflict(),)))
    assert people.resolve(conn, NAME, pair, "webcrm", who=WHO, now_ms=NOW) == [pair]
    assert pairs.decided(conn, NAME, pair) == {"row:O2": "crm"}
    planned = op(conn, decide(conn, pair, update(ERP, "4211", {"name": "b"}, {"O2": "b"})))
    assert pairs.decided(conn, NAME, pair) == {"row:O2": "crm"}  # not yet agreed
    outbox.claim(conn, [planned], NOW)
    outbox.ack(conn, NAME, planned, Done(rid="4211"), None, NOW)
    assert pairs.decided(conn, NAME, pair) == {}
    [entry] = [one for one in journal.entries(conn, NAME, pair) if one.event == "resolve:webcrm"]
    assert (entry.actor, entry.at_ms) == (WHO, NOW)


def test_an_answer_goes_when_the_users_made_the_row_equal_themselves() -> None:
    conn = database()
    pair = whole(conn)
    decide(conn, pair, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(conflict(),)))
    people.resolve(conn, NAME, pair, "visma", who=WHO, now_ms=NOW)
    decide(conn, pair, Decision(outcome=Outcome.IN_SYNC))
    assert pairs.decided(conn, NAME, pair) == {}


def test_unlinked_halves_stay_apart_though_the_marker_still_stands() -> None:
    conn = database()
    pair = whole(conn)
    both = people.unlink(conn, NAME, pair, WHO, NOW)
    see(conn, organisation(ERP, "4211", "crm:organisation:1", name="Kunde A/S"), now=NOW + 1)
    see(conn, organisation(CRM, "1", "erp:organisation:4211", name="Kunde A/S"), now=NOW + 1)
    found = [linking.by_id(conn, NAME, one) for one in both]
    assert [(one.crm_id, one.erp_id) for one in found if one] == [("1", ""), ("", "4211")]
    assert [pairs.decided(conn, NAME, one) for one in both] == [{"unlinked": "4211"}, {"unlinked": "1"}]
    assert people.parted_from(conn, NAME, pair) == {"4211"}
    people.link(conn, NAME, pair, "4211", WHO, NOW)
    assert [pairs.decided(conn, NAME, one) for one in both] == [{"link": "4211"}, {}]


def test_nothing_is_unlinked_while_a_write_is_under_way() -> None:
    conn = database()
    pair = whole(conn)
    planned = op(conn, decide(conn, pair, update(ERP, "4211", {"name": "b"}, {})))
    outbox.claim(conn, [planned], NOW)
    with pytest.raises(Unfit, match="under way"):
        people.unlink(conn, NAME, pair, WHO, NOW)
    assert linking.by_id(conn, NAME, pair) is not None


def test_a_link_names_a_record_that_is_known_and_free() -> None:
    conn = database()
    alone = half(conn, "7")
    whole(conn)
    with pytest.raises(Unfit, match="No record 99"):
        people.link(conn, NAME, alone, "99", WHO, NOW)
    with pytest.raises(Unfit, match="linked already"):
        people.link(conn, NAME, alone, "4211", WHO, NOW)
    assert pairs.decided(conn, NAME, alone) == {}


@pytest.mark.parametrize(
    ("entity", "side"), [("", ""), ("organisation", ""), ("", "erp"), ("organisation", "erp")]
)
def test_a_pause_holds_exactly_its_scope(entity: str, side: str) -> None:
    conn = database()
    pair = whole(conn)
    planned = op(conn, decide(conn, pair, update(ERP, "4211", {"name": "b"}, {})))
    assert meta.pause(conn, NAME, entity, side, WHO, NOW)
    assert not meta.pause(conn, NAME, entity, side, WHO, NOW)
    assert outbox.due(conn, NAME, ERP, NOW, 10) == []
    assert outbox.claim(conn, [planned], NOW) == []
    found = status.summary(conn, NAME)
    assert (found.held, found.open_ops, found.ops) == (1, 0, {"ready": 1})
    assert outbox.release(conn, NAME, entity, side, outbox.newest(conn, NAME), NOW) == [pair]
    assert [one.who for one in meta.resume(conn, NAME, "", "", WHO, NOW)] == [WHO]
    assert pair in dirty(conn, now=NOW)
    assert status.summary(conn, NAME).held == 0


@pytest.mark.parametrize(("entity", "side"), [("person", ""), ("", "crm"), ("organisation", "crm")])
def test_a_pause_of_something_else_holds_nothing(entity: str, side: str) -> None:
    conn = database()
    planned = op(conn, decide(conn, whole(conn), update(ERP, "4211", {"name": "b"}, {})))
    meta.pause(conn, NAME, entity, side, WHO, NOW)
    assert [one.id for one in outbox.due(conn, NAME, ERP, NOW, 10)] == [planned.id]
    assert outbox.claim(conn, [planned], NOW) == [planned.id]


def test_a_paused_pair_keeps_its_dirty_mark_and_its_conflicts() -> None:
    conn = database()
    pair = whole(conn)
    decide(conn, pair, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(conflict(),)))
    people.pause(conn, NAME, pair, WHO, NOW)
    see(conn, organisation(CRM, "1", name="Kunde A/S"), now=NOW + 1)
    assert dirty(conn, now=NOW) == []
    assert status.summary(conn, NAME).unprocessed == 0
    assert causes(conn) == [(pair, "both_changed")]
    people.resume(conn, NAME, pair, WHO, NOW)
    assert dirty(conn, now=NOW) == [pair]
    with pytest.raises(Unfit, match="not paused"):
        people.resume(conn, NAME, pair, WHO, NOW)


def test_a_lost_value_is_offered_for_ninety_days() -> None:
    conn = database()
    pair = whole(conn)
    lost = FieldConflict(row="O2", base="a", crm="b", erp="c", winner="erp")
    decide(conn, pair, Decision(outcome=Outcome.WRITTEN, conflicts=(lost,)))
    recorded = journal.history(conn, NAME, pair)[0].at_ms
    offered = [inbox.asked(conn, NAME, pair, recorded + ms) for ms in (inbox.LOST_MS, inbox.LOST_MS + 1)]
    assert [[(one.key, one.side, one.text) for one in asked.lost] for asked in offered if asked] == [
        [("O2", "crm", "b")],
        [],
    ]
