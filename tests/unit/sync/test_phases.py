"""Phases, locks and status words (semantics §3.3, §3.5, §4.10)."""

import json

import pytest

from streamsync.model import Record
from streamsync.sync import phases
from streamsync.sync.documents import Document, read
from streamsync.sync.phases import Phase
from tests.unit.sync.documents_records import invoice_line, invoice_record, order_line, order_record
from tests.unit.sync.documents_world import rules


def doc(record: Record) -> Document:
    return read(record, rules())


SHIPPED = order_line("1", quantityOnShipments="2", openQuantity="0")
DONE = order_line("1", completed="true", openQuantity="0")


@pytest.mark.parametrize(
    ("record", "phase"),
    [
        (order_record(order_line("1")), Phase.OPEN),
        (order_record(order_line("1"), status="Back Order"), Phase.OPEN),
        (order_record(order_line("1"), status="Rejected"), Phase.OPEN),
        (order_record(order_line("1"), status="Pending Approval"), Phase.LOCKED),
        (order_record(SHIPPED, order_line("2")), Phase.PARTLY),
        (order_record(order_line("1"), status="Shipping"), Phase.PARTLY),
        (order_record(DONE), Phase.COMPLETE),
        (order_record(DONE, status="Invoiced"), Phase.COMPLETE),
        (order_record(DONE, status="Completed"), Phase.RELEASED),
        (order_record(order_line("1"), status="Cancelled"), Phase.ENDED),
        (invoice_record(status="Hold"), Phase.OPEN),
        (invoice_record(status="CreditHold"), Phase.LOCKED),
        (invoice_record(status="Open"), Phase.RELEASED),
        (invoice_record(status="Voided"), Phase.ENDED),
    ],
)
def test_phase_by_status(record: Record, phase: Phase) -> None:
    assert phases.phase(doc(record)) is phase


def test_phase_with_invoices_and_without_a_document() -> None:
    order = doc(order_record(SHIPPED))
    unreleased, released = doc(invoice_record(status="Balanced")), doc(invoice_record(status="Open"))
    assert phases.phase(order, [unreleased]) is Phase.COMPLETE
    assert phases.phase(order, [released]) is Phase.RELEASED
    assert phases.phase(doc(order_record(SHIPPED, order_line("2"))), [released]) is Phase.PARTLY
    assert phases.phase(None) is Phase.DRAFT
    assert phases.phase(order, missing=True) is Phase.ENDED


def test_what_is_editable() -> None:
    assert phases.header_open(Phase.PARTLY, "description")
    assert not phases.header_open(Phase.PARTLY, "date")
    assert phases.header_open(Phase.OPEN, "date")
    assert not phases.header_open(Phase.OPEN, "currencyId")
    assert not phases.line_open(Phase.PARTLY, SHIPPED.fields)
    assert phases.line_open(Phase.PARTLY, order_line("2").fields)
    assert not phases.line_open(Phase.RELEASED, order_line("2").fields)


def test_words_of_single_documents() -> None:
    words = {
        status: phases.word(doc(order_record(status=status)))
        for status in ("Open", "Completed", "Cancelled", "OnRoute")
    }
    assert words == {
        "Open": "awaiting",
        "Completed": "approved",
        "Cancelled": "cancelled",
        "OnRoute": "awaiting",
    }
    assert not phases.known_status(doc(order_record(status="OnRoute")))
    words = {
        status: phases.word(doc(invoice_record(status=status)))
        for status in ("Balanced", "Open", "Closed", "Voided")
    }
    assert words == {"Balanced": "awaiting", "Open": "approved", "Closed": "paid", "Voided": "cancelled"}


def test_reversed_invoices_do_not_count() -> None:
    applied = json.dumps([{"docType": "CreditNote", "refNbr": "9", "amountPaid": 1250}])
    reversed_one = doc(
        invoice_record(invoice_line("1", order="000223"), status="Closed", applications=applied)
    )
    assert phases.word(reversed_one) == "cancelled"
    paid = doc(invoice_record(number="200316", status="Closed"))
    order = doc(order_record(DONE, status="Completed"))
    assert phases.word(order, [reversed_one]) == "cancelled"
    assert phases.word(order, [reversed_one, paid]) == "paid"
    partly = json.dumps(
        [{"docType": "CreditNote", "amountPaid": 250}, {"docType": "Payment", "amountPaid": 1000}]
    )
    assert phases.word(doc(invoice_record(status="Closed", applications=partly))) == "paid"
