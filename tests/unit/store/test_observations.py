"""OBSERVE: dirty marks, echo, fence, adoption by marker, copies, lines, scans."""

import sqlite3

from streamsync.model import Done, Entity, Kind, Lane, Line, Outcome, Pair, Side
from streamsync.store import linking, observations, outbox, pairs, shadows, status
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decision import Decision
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
    record,
    see,
)


def pair(conn: sqlite3.Connection, number: int) -> Pair:
    found = linking.by_id(conn, NAME, number)
    assert found is not None
    return found


def settle(conn: sqlite3.Connection, number: int) -> None:
    decide(conn, number, Decision(outcome=Outcome.IN_SYNC))


def test_a_new_record_makes_a_half_pair_and_the_same_again_makes_nothing() -> None:
    conn = database()
    found = see(conn, organisation(CRM, "1", name="Kunde"))
    [number] = found.dirty
    assert (pair(conn, number).crm_id, pair(conn, number).origin, found.changed) == ("1", CRM, 1)
    settle(conn, number)
    before = conn.total_changes
    again = see(conn, organisation(CRM, "1", name="Kunde"))
    assert (again.dirty, again.changed, conn.total_changes) == ([], 0, before)
    see(conn, organisation(CRM, "1", name="Kunde", updated_ms=9))
    assert pair(conn, number).dirty == 0
    assert see(conn, organisation(CRM, "1", name="Kunde A/S")).dirty == [number]


def test_dirty_is_a_counter_and_a_decision_clears_only_what_it_saw() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="a")).dirty
    view = pairs.view(conn, NAME, number)
    assert view is not None
    see(conn, organisation(CRM, "1", name="b"))
    pairs.apply_decision(conn, NAME, view, Decision(outcome=Outcome.IN_SYNC), now_ms=1, rules_version=1)
    assert pair(conn, number).dirty == 1
    assert dirty(conn) == [number]


def test_the_lane_of_a_mark_only_rises_until_it_is_cleared() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="a"), lane=Lane.BACKFILL).dirty
    see(conn, organisation(CRM, "1", name="b"), lane=Lane.LIVE)
    see(conn, organisation(CRM, "1", name="c"), lane=Lane.BACKFILL)
    assert pair(conn, number).lane is Lane.LIVE
    see(conn, organisation(CRM, "0", name="x"), lane=Lane.BACKFILL)
    assert pairs.dirty_pairs(conn, NAME, Entity.ORGANISATION, 9, 0)[0] == (number, Lane.LIVE)


def test_a_page_older_than_our_write_is_stale() -> None:
    conn = database()
    see(conn, organisation(ERP, "4211", name="old"))
    shadows.fence(conn, NAME, ERP, Kind.ORGANISATION, "4211", 5000)
    found = see(conn, organisation(ERP, "4211", name="older"), at=4999)
    assert found.stale == [(Kind.ORGANISATION, "4211")]
    kept = shadows.load(conn, NAME, ERP, Kind.ORGANISATION, "4211")
    assert kept is not None
    assert kept.fields == {"name": "old"}
    assert see(conn, organisation(ERP, "4211", name="newer"), at=5000).stale == []


def test_a_marker_adopts_and_completes_the_create() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="Kunde")).dirty
    made = op(conn, decide(conn, number, create("1", [("O2", "Kunde"), ("O3", "Vej 1")])))
    outbox.claim(conn, [made], 3000)
    outbox.hold_handle(conn, made, "10042", 3100)
    shown = {"f.O2": "Kunde", "f.O3": "Vej 1 (cut)", "attributes.WEBCRMID": "crm:organisation:1"}
    customer = record(ERP, Kind.ORGANISATION, "4211", shown, marker="crm:organisation:1")
    found = see(conn, customer, at=3200, now=3300)
    assert found.adopted == [made.id]
    assert found.dirty == [number]
    linked = pair(conn, number)
    assert (linked.crm_id, linked.erp_id) == ("1", "4211")
    assert set(linked.base) == {"O2"}  # only what is really equal
    assert op(conn, made.id).state == "done"
    assert dirty(conn) == [number]


def test_a_marker_that_appears_before_its_record_is_known_adopts_later() -> None:
    conn = database()
    [half] = see(conn, organisation(ERP, "4211", "crm:organisation:1", name="Kunde")).dirty
    found = see(conn, organisation(CRM, "1", name="Kunde"))
    assert found.dirty == [half]
    assert (pair(conn, half).crm_id, pair(conn, half).erp_id) == ("1", "4211")


def test_two_halves_become_the_older_and_everything_follows() -> None:
    conn = database()
    [older] = see(conn, organisation(CRM, "1", name="a")).dirty
    [younger] = see(conn, organisation(ERP, "4211", name="a")).dirty
    pairs.decide(conn, NAME, younger, "create_new", "1", "lene", 1)
    see(conn, organisation(ERP, "4211", "crm:organisation:1", name="a", extra="b"))
    assert pairs.view(conn, NAME, younger) is None
    assert pair(conn, older).erp_id == "4211"
    assert StoreLookup(conn, NAME).decided(older) == {"create_new": "1"}


def test_a_copy_is_not_adopted() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="a")).dirty
    see(conn, organisation(ERP, "4211", "crm:organisation:1", name="a"))
    [copy] = see(conn, organisation(ERP, "4212", "crm:organisation:1", name="a")).dirty
    assert copy != number
    assert pair(conn, number).erp_id == "4211"
    assert pair(conn, copy).crm_id == ""


def test_two_strangers_with_one_marker_are_left_to_a_person() -> None:
    conn = database()
    see(conn, organisation(ERP, "1", "crm:organisation:7"), organisation(ERP, "2", "crm:organisation:7"))
    [number] = see(conn, organisation(CRM, "7", name="a")).dirty
    assert pair(conn, number).erp_id == ""


def test_a_marker_of_another_family_or_side_adopts_nothing() -> None:
    conn = database()
    see(conn, record(CRM, Kind.PERSON, "1", {"PersonEmail": "a@b.example"}))
    [number] = see(conn, organisation(ERP, "4211", "crm:person:1", name="a")).dirty
    assert pair(conn, number).crm_id == ""
    [other] = see(conn, organisation(ERP, "4212", "erp:organisation:4211", name="a")).dirty
    assert other != number


def test_one_connection_never_sees_another() -> None:
    conn = database()
    see(conn, organisation(CRM, "1", name="a"))
    found = observations.observe_many(
        conn,
        "other",
        [organisation(ERP, "4211", "crm:organisation:1")],
        read_at_ms=1,
        lane=Lane.LIVE,
        now_ms=1,
    )
    assert linking.by_id(conn, NAME, found.dirty[0]) is None
    stranger = linking.by_id(conn, "other", found.dirty[0])
    assert stranger is not None
    assert stranger.crm_id == ""


def test_documents_find_their_pairs() -> None:
    conn = database()
    [own] = see(conn, record(ERP, Kind.INVOICE, "invoice:Invoice/200315", {"status": "Open"})).dirty
    found = see(conn, record(CRM, Kind.DELIVERY, "158", {}, marker="erp:invoice:Invoice/200315"))
    assert found.dirty == [own]
    assert (pair(conn, own).entity, pair(conn, own).crm_id) == (Entity.INVOICE, "158")
    assert observations.open_documents(conn, NAME) == ["invoice:Invoice/200315"]
    see(conn, record(CRM, Kind.DELIVERY, "159", {}))
    see(conn, record(ERP, Kind.ORDER, "order:SO/000223", {"status": "Open"}, marker="crm:delivery:159"))
    linked = pair_id(conn, ERP, "order:SO/000223", "document")
    assert (pair(conn, linked).crm_id, pair(conn, linked).entity) == ("159", Entity.DELIVERY)
    assert pairs.open_deliveries(conn, NAME) == ["159"]
    assert pairs.ended_deliveries(conn, NAME) == []
    see(conn, record(ERP, Kind.ORDER, "order:SO/000223", {"status": "Cancelled"}, marker="crm:delivery:159"))
    assert pairs.open_deliveries(conn, NAME) == []
    assert pairs.ended_deliveries(conn, NAME) == ["159"]
    look = StoreLookup(conn, NAME)
    assert look.pair_of(CRM, Kind.DELIVERY, "158") == pair(conn, own)


def test_lines_are_joined_in_order_and_make_their_delivery_dirty() -> None:
    conn = database()
    [number] = see(conn, record(CRM, Kind.DELIVERY, "158", {"DeliveryNumber": ""})).dirty
    settle(conn, number)
    lines = [
        record(CRM, Kind.LINE, rid, {"QuotationLineSortOrder": sort}, owner="158")
        for rid, sort in (("9", "10"), ("10", "2"), ("8", "10"))
    ]
    assert see(conn, *lines).dirty == [number]
    view = pairs.view(conn, NAME, number)
    assert view is not None
    assert view.crm is not None
    assert [line.key for line in view.crm.lines] == ["10", "8", "9"]
    whole = record(
        CRM, Kind.DELIVERY, "158", {"DeliveryNumber": ""}, lines=(Line(key="8", fields={"Q": "1"}),)
    )
    settle(conn, number)
    assert see(conn, whole, at=4000).dirty == [number]
    assert [line.rid for line in shadows.lines_of(conn, NAME, "158")] == ["8"]
    late = see(conn, lines[0], at=3999)  # an older page would bring a deleted line back
    assert late.stale == [(Kind.DELIVERY, "158")]
    see(conn, record(CRM, Kind.DELIVERY, "158", {"DeliveryNumber": ""}), at=5000, whole=True)
    assert shadows.lines_of(conn, NAME, "158") == []


def test_the_gate_opens_when_every_feed_was_read_and_wakes_the_waiting() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="a")).dirty
    decide(conn, number, Decision(outcome=Outcome.WAITING, reason="gate"))
    assert dirty(conn) == []
    observations.complete_scan(conn, NAME, CRM, "Organisation", Kind.ORGANISATION, 500, 600)
    assert dirty(conn) == []
    observations.complete_scan(conn, NAME, ERP, "customer", Kind.ORGANISATION, 510, 600)
    assert dirty(conn) == [number]
    look = StoreLookup(conn, NAME)
    assert look.first_scan_ms(ERP, Kind.ORGANISATION) == 510
    observations.expect_feeds(conn, NAME, ERP, [("a", Kind.INVOICE), ("b", Kind.INVOICE)])
    observations.complete_scan(conn, NAME, ERP, "a", Kind.INVOICE, 700, 800)
    assert not look.complete(ERP, Kind.INVOICE)
    observations.complete_scan(conn, NAME, ERP, "b", Kind.INVOICE, 700, 800)
    assert look.complete(ERP, Kind.INVOICE)


def test_a_full_read_names_what_it_did_not_show() -> None:
    conn = database()
    a, b = organisation(CRM, "1", name="a"), organisation(CRM, "2", name="b")
    see(conn, a, b, at=100, now=101, scan_ms=100)
    assert observations.complete_scan(conn, NAME, CRM, "Organisation", Kind.ORGANISATION, 100, 110) == []
    see(conn, a, at=200, now=201, scan_ms=200)
    assert observations.complete_scan(conn, NAME, CRM, "Organisation", Kind.ORGANISATION, 200, 210) == ["2"]
    again = observations.complete_scan(conn, NAME, CRM, "Organisation", Kind.ORGANISATION, 300, 310, rows=0)
    assert again == []  # a list without a row is no evidence of anything
    assert observations.missing(conn, NAME, CRM, Kind.ORGANISATION) == [("2", 210, 1)]
    view = pairs.view(conn, NAME, pair_id(conn, CRM, "2"))
    assert view is not None
    assert not view.crm_missing  # a candidate is no evidence
    assert observations.mark_gone(conn, NAME, CRM, Kind.ORGANISATION, "2", 300) == view.pair.id
    view = pairs.view(conn, NAME, view.pair.id)
    assert view is not None
    assert view.crm_missing
    see(conn, b, at=400)
    view = pairs.view(conn, NAME, view.pair.id)
    assert view is not None
    assert not view.crm_missing


def test_an_unchanged_cursor_is_not_written() -> None:
    conn = database()
    observations.set_cursor(conn, NAME, CRM, "Person", "2026-03-14T09:21:07")
    before = conn.total_changes
    observations.set_cursor(conn, NAME, CRM, "Person", "2026-03-14T09:21:07")
    assert conn.total_changes == before
    assert observations.cursor(conn, NAME, CRM, "Person") == "2026-03-14T09:21:07"
    observations.forget_cursor(conn, NAME, CRM, "Person")
    assert observations.cursor(conn, NAME, CRM, "Person") == ""


def test_match_keys_follow_the_record() -> None:
    conn = database()
    seen = record(ERP, Kind.PERSON, "5120", {"email": "a@b.example"}, keys=(("email", "a@b.example"),))
    see(conn, seen)
    look = StoreLookup(conn, NAME)
    [candidate] = look.candidates(ERP, Kind.PERSON, "email", "a@b.example")
    assert (candidate.record.rid, candidate.linked) == ("5120", False)
    see(conn, record(ERP, Kind.PERSON, "5120", {"email": "a@b.example"}, keys=(("email", "other"),)))
    assert look.candidates(ERP, Kind.PERSON, "email", "a@b.example") == []
    assert len(look.candidates(ERP, Kind.PERSON, "email", "other")) == 1


def test_every_pair_is_in_exactly_one_class() -> None:
    conn = database()
    outcomes = [
        Decision(outcome=Outcome.IN_SYNC),
        Decision(outcome=Outcome.FILTERED, reason="type"),
        Decision(outcome=Outcome.WAITING, reason="parent"),
        Decision(outcome=Outcome.CONFLICT, reason="moved"),
        Decision(outcome=Outcome.PARKED, reason="gone"),
        create("5"),
    ]
    for number, decision in enumerate(outcomes):
        [made] = see(conn, organisation(CRM, str(number), name="a")).dirty
        decide(conn, made, decision)
    see(conn, organisation(CRM, "99", name="a"))
    found = status.classes(conn, NAME)
    assert found == {"open": 2, "in_sync": 1, "excluded": 1, "waiting": 1, "conflict": 1, "failing": 1}
    total = status.summary(conn, NAME)
    assert total.pairs == sum(found.values()) == 7
    assert (total.unprocessed, total.open_ops) == (1, 1)
    assert total.parked == {("organisation", "gone"): 1}
    assert [row.reason for row in status.parked(conn, NAME)] == ["gone"]


def test_an_ack_by_poll_of_a_create_that_was_never_sent_drops_it() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="a")).dirty
    made = op(conn, decide(conn, number, create()))
    found = see(conn, organisation(ERP, "4211", "crm:organisation:1", name="a"))
    assert found.adopted == []
    assert op(conn, made.id).state == "superseded"
    outbox.ack(conn, NAME, made, Done(rid="9999"), None, 1)
    assert pair(conn, number).erp_id == "4211"
    assert Side.ERP.other is CRM
