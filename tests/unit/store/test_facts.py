"""Rules versions, code tables, accepted plan: the small tables."""

import pytest

from streamsync.model import Direction, Entity, Kind, Outcome
from streamsync.store import journal, meta, observations, outbox, pairs, rules, status, tables
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decision import Decision, FieldConflict
from streamsync.sync.rules import DeliveryRules, Rules
from tests.unit.store.builders import CRM, ERP, NAME, database, decide, dirty, organisation, see


def test_rules_versions_only_grow() -> None:
    conn = database()
    assert rules.current(conn, NAME) is None
    assert rules.add(conn, NAME, "a", who="lene", why="first", now_ms=1).version == 1
    assert rules.add(conn, NAME, "b", who="lene", why="more", now_ms=2).version == 2
    assert rules.add(conn, NAME, "b", who="lene", why="again", now_ms=3).version == 2
    assert rules.add(conn, NAME, "a", who="per", why="rollback", now_ms=4).version == 3
    assert rules.add(conn, "other", "z", who="per", why="", now_ms=4).version == 1
    assert rules.current(conn, NAME) == rules.Version(3, "per", 4, "rollback", "a")
    assert [version["version"] for version in rules.versions(conn, NAME)] == [3, 2, 1]
    assert rules.version(conn, NAME, 2).text == "b"
    with pytest.raises(KeyError):
        rules.version(conn, NAME, 4)


def test_tables_are_replaced_by_side_and_wake_the_waiting() -> None:
    conn = database()
    [number] = see(conn, organisation(CRM, "1", name="a")).dirty
    decide(conn, number, Decision(outcome=Outcome.WAITING, reason="lookups"))
    assert StoreLookup(conn, NAME).table("country") is None
    tables.replace(conn, NAME, ERP, {"country": {"DK": "Denmark"}, "vat_zone": {}}, 1)
    assert dirty(conn) == [number]
    tables.replace(conn, NAME, CRM, {"option:DeliveryCustom1": {"x": "x"}}, 1)
    tables.replace(conn, NAME, ERP, {"country": {"DK": "Danmark"}}, 2)
    look = StoreLookup(conn, NAME)
    assert look.table("country") == {"DK": "Danmark"}
    assert look.table("vat_zone") is None
    assert set(tables.all_tables(conn, NAME)) == {"country", "option:DeliveryCustom1"}


def test_the_plan_is_accepted_once_and_per_connection() -> None:
    conn = database()
    assert not meta.accepted(conn, NAME)
    meta.accept(conn, NAME, "lene", 5)
    meta.accept(conn, NAME, "per", 6)
    assert meta.accepted(conn, NAME)
    assert not meta.accepted(conn, "other")
    assert [entry.actor for entry in journal.entries(conn, NAME)] == ["lene"]
    meta.set_skew_ms(conn, NAME, -600_000)
    assert StoreLookup(conn, NAME).skew_ms() == -600_000
    meta.remember_probe(conn, NAME, {"patch", "put"})
    assert meta.probed(conn, NAME) == {"patch", "put"}
    assert meta.probed(conn, "other") == frozenset()


def test_a_direction_is_switched_on_once_until_it_is_switched_off() -> None:
    conn = database()
    on = Rules(delivery=DeliveryRules(direction=Direction.TWO_WAY))
    meta.note_directions(conn, NAME, on, 77)
    meta.note_directions(conn, NAME, on, 88)
    look = StoreLookup(conn, NAME)
    assert (look.switched_on_ms(Entity.DELIVERY), look.switched_on_ms(Entity.ITEM)) == (77, 0)
    meta.note_directions(conn, NAME, Rules(delivery=DeliveryRules(direction=Direction.TO_CRM)), 90)
    assert look.switched_on_ms(Entity.DELIVERY) == 0
    meta.note_directions(conn, NAME, on, 99)
    assert look.switched_on_ms(Entity.DELIVERY) == 99


def test_new_fields_read_every_list_again_but_keep_the_gate() -> None:
    conn = database()
    observations.set_cursor(conn, NAME, CRM, "Person", "x")
    observations.expect_feeds(conn, NAME, CRM, [("Person", Kind.PERSON)])
    observations.complete_scan(conn, NAME, CRM, "Person", Kind.PERSON, 5, 6)
    meta.forget_cursors(conn, NAME)
    assert observations.cursor(conn, NAME, CRM, "Person") == ""
    [scan] = meta.scans(conn, NAME)
    assert scan == {
        "side": "crm",
        "feed": "Person",
        "kind": "person",
        "complete": True,
        "started_ms": 5,
        "finished_ms": 6,
    }


def test_what_waits_for_a_person_is_listed_and_tried_again() -> None:
    conn = database()
    [left] = see(conn, organisation(CRM, "1", name="a")).dirty
    [right] = see(conn, organisation(CRM, "2", name="b")).dirty
    decide(conn, left, Decision(outcome=Outcome.PARKED, reason="required_field", detail={"field": "city"}))
    ask = FieldConflict(row="O2")
    decide(conn, right, Decision(outcome=Outcome.CONFLICT, reason="both_changed", conflicts=(ask,)))
    listed = status.waiting_for_a_person(conn, NAME)
    assert [(row["pair"], row["webcrm"], row["reason"], row["fields"]) for row in listed] == [
        (left, "1", "required_field", []),
        (right, "2", "both_changed", ["O2"]),
    ]
    assert listed[0]["detail"] == {"field": "city"}
    assert outbox.retry(conn, NAME, cause="required_field", who="lene", now_ms=9) == 1
    assert dirty(conn) == [left]
    decide(conn, left, Decision(outcome=Outcome.WAITING, reason="gate"))
    assert pairs.redirty_reason(conn, NAME, "gate", 9) == 1
    assert pairs.redirty_all(conn, NAME, 9, entity=Entity.ITEM) == 0
    assert pairs.redirty_all(conn, NAME, 9) == 2
