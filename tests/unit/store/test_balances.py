"""A customer's balance is a record of its own that belongs to the customer's pair; code tables change."""

from streamsync.model import Entity, Kind, Outcome
from streamsync.store import observations, pairs, tables
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decision import Decision
from tests.unit.store.builders import (
    CRM,
    ERP,
    NAME,
    database,
    decide,
    dirty,
    organisation,
    pair_id,
    record,
    see,
)


def test_a_new_balance_has_its_customer_decided_and_makes_no_pair() -> None:
    conn = database()
    see(conn, organisation(ERP, "4211", number="10042"))
    customer = pair_id(conn, ERP, "4211")
    decide(conn, customer, Decision(outcome=Outcome.IN_SYNC))
    assert see(conn, record(ERP, Kind.BALANCE, "4211", {"balance": "10"})).dirty == [customer]
    assert see(conn, record(ERP, Kind.BALANCE, "9999", {"balance": "10"})).dirty == []
    assert dirty(conn, Entity.ORGANISATION) == [customer]
    decide(conn, customer, Decision(outcome=Outcome.IN_SYNC))
    assert see(conn, record(ERP, Kind.BALANCE, "4211", {"balance": "10"})).dirty == []
    held = StoreLookup(conn, NAME).record(ERP, Kind.BALANCE, "4211")
    assert held is not None
    assert held.fields == {"balance": "10"}
    assert pairs.ids_after(conn, NAME, 0, 10) == [customer]


def test_a_balance_that_a_list_does_not_show_is_not_missing() -> None:
    conn = database()
    see(conn, record(ERP, Kind.BALANCE, "4211", {"balance": "10"}))
    for scan in (2_000_000, 3_000_000):
        assert observations.complete_scan(conn, NAME, ERP, "balance", Kind.BALANCE, scan, scan) == []
    assert observations.missing(conn, NAME, ERP, Kind.BALANCE) == []


def test_a_changed_code_table_brings_back_what_had_no_entry() -> None:
    conn = database()
    [pair] = see(conn, organisation(CRM, "1", name="a")).dirty
    tables.replace(conn, NAME, ERP, {"credit_term": {"07": "7 dage"}}, 1)
    decide(conn, pair, Decision(outcome=Outcome.PARKED, reason="unmapped_value"))
    tables.replace(conn, NAME, ERP, {"credit_term": {"07": "7 dage"}}, 2)
    assert dirty(conn, Entity.ORGANISATION) == []
    tables.replace(conn, NAME, ERP, {"credit_term": {"08": "8 dage"}}, 3)
    assert dirty(conn, Entity.ORGANISATION) == [pair]


def test_a_decision_forgets_what_a_person_said_once() -> None:
    conn = database()
    [pair] = see(conn, organisation(CRM, "1", name="a")).dirty
    for key in ("on_leave", "exclude"):
        pairs.decide(conn, NAME, pair, key, "keep", "tester", 1)
    decide(conn, pair, Decision(outcome=Outcome.IN_SYNC, forget=("on_leave", "outside_type")))
    assert StoreLookup(conn, NAME).decided(pair) == {"exclude": "keep"}


def test_the_persons_of_an_organisation() -> None:
    conn = database()
    for rid, home in (("7", "1"), ("8", "2"), ("9", "1")):
        see(conn, record(CRM, Kind.PERSON, rid, {"PersonOrganisationId": home}))
    assert [one.rid for one in StoreLookup(conn, NAME).persons_of("1")] == ["7", "9"]
