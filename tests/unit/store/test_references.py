"""Who waits for whom: a parent that is linked or changes scope wakes those who point at it."""

import sqlite3

from streamsync.model import Entity, Kind, Line, Outcome, Pair
from streamsync.store import demands, linking
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


def pair(conn: sqlite3.Connection, number: int) -> Pair:
    found = linking.by_id(conn, NAME, number)
    assert found is not None
    return found


def settle(conn: sqlite3.Connection, number: int) -> None:
    decide(conn, number, Decision(outcome=Outcome.IN_SYNC))


def test_a_link_wakes_those_who_wait_for_the_parent() -> None:
    conn = database()
    see(conn, organisation(CRM, "1", name="a"), organisation(ERP, "4211", number="10042"))
    see(
        conn,
        record(CRM, Kind.PERSON, "7", {"PersonOrganisationId": "1"}),
        record(ERP, Kind.PERSON, "5120", {"businessAccount": "10042"}),
        record(CRM, Kind.PERSON, "8", {"PersonOrganisationId": "2"}),
    )
    people = dirty(conn, Entity.PERSON)
    for number in people:
        decide(conn, number, Decision(outcome=Outcome.WAITING, reason="parent"))
    assert dirty(conn, Entity.PERSON) == []
    crm, erp = pair_id(conn, CRM, "1"), pair_id(conn, ERP, "4211")
    decide(conn, crm, Decision(outcome=Outcome.LINKED, link=erp))
    assert pair(conn, crm).erp_id == "4211"
    assert linking.by_id(conn, NAME, erp) is None
    assert dirty(conn, Entity.PERSON) == people[:2]


def test_leaving_scope_wakes_linked_children_too() -> None:
    conn = database()
    [parent] = see(conn, organisation(CRM, "1", name="a")).dirty
    [child] = see(conn, record(CRM, Kind.DELIVERY, "158", {"DeliveryOrganisationId": "1"})).dirty
    settle(conn, parent)
    settle(conn, child)
    settle(conn, parent)
    assert dirty(conn, Entity.DELIVERY) == []
    decide(conn, parent, Decision(outcome=Outcome.FILTERED, reason="type"))
    assert dirty(conn, Entity.DELIVERY) == [child]


def test_items_and_orders_wake_their_documents() -> None:
    conn = database()
    [waits] = see(
        conn,
        record(
            ERP,
            Kind.INVOICE,
            "invoice:Invoice/1",
            {},
            lines=(
                Line(
                    key="1",
                    fields={"inventoryNumber": "LAMPE-01", "soOrderType": "SO", "soOrderNbr": "000223"},
                ),
            ),
        ),
    ).dirty
    decide(conn, waits, Decision(outcome=Outcome.WAITING, reason="order"))
    see(conn, record(ERP, Kind.ORDER, "order:SO/000223", {}))
    assert dirty(conn, Entity.INVOICE) == [waits]
    decide(conn, waits, Decision(outcome=Outcome.WAITING, reason="item"))
    see(conn, record(ERP, Kind.ITEM, "771", {"inventoryNumber": "LAMPE-01"}))
    see(conn, record(CRM, Kind.ITEM, "31", {}, marker="erp:item:771"))
    assert dirty(conn, Entity.INVOICE) == [waits]


def test_a_demanded_item_is_noted_once_and_decided() -> None:
    conn = database()
    lamp = record(ERP, Kind.ITEM, "771", {"inventoryNumber": "LAMPE-01"}, keys=(("number", "lampe-01"),))
    nothing = record(ERP, Kind.ITEM, "0", {"inventoryNumber": "ERP-LINE"}, keys=(("number", "erp-line"),))
    [item] = see(conn, lamp).dirty
    decide(conn, item, Decision(outcome=Outcome.FILTERED, reason="not_sellable"))
    demands.demand(conn, NAME, ("LAMPE-01", "ERP-LINE"), nothing, 3000)
    placeholder = pair_id(conn, ERP, "0", "item")
    assert dirty(conn, Entity.ITEM) == [item, placeholder]
    for number in (item, placeholder):
        assert "on_demand" in StoreLookup(conn, NAME).decided(number)
        decide(conn, number, Decision(outcome=Outcome.IN_SYNC))
    demands.demand(conn, NAME, ("LAMPE-01", "ERP-LINE"), nothing, 4000)
    assert dirty(conn, Entity.ITEM) == []


def test_a_renumbered_item_answers_to_its_old_numbers() -> None:
    conn = database()

    def numbered(number: str) -> None:
        see(conn, record(ERP, Kind.ITEM, "501", {"inventoryNumber": number}, keys=(("number", number),)))

    look = StoreLookup(conn, NAME)
    for number in ("a", "b", "c"):
        numbered(number)
    found = {value: look.candidates(ERP, Kind.ITEM, "alias", value) for value in "abc"}
    assert {value: len(rows) for value, rows in found.items()} == {"a": 1, "b": 1, "c": 0}
    numbered("a")  # and back
    assert not look.candidates(ERP, Kind.ITEM, "alias", "a")
    assert look.candidates(ERP, Kind.ITEM, "alias", "c")


def test_a_line_shows_what_it_is_of() -> None:
    conn = database()
    see(conn, record(CRM, Kind.LINE, "9001", {"QuotationLineData3": "501"}, owner="158"))
    look = StoreLookup(conn, NAME)
    assert look.lines_show("QuotationLineData3", "501")
    assert not look.lines_show("QuotationLineData3", "502")
