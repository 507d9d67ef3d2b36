"""Orders, invoices, lines: line keys and links after a write, attachments, a delivery changing hands."""

import sqlite3

from streamsync.model import (
    Action,
    Agreed,
    Done,
    Entity,
    Kind,
    Line,
    LineEdit,
    Op,
    Outcome,
    Pair,
    Record,
    Write,
)
from streamsync.store import linking, outbox, shadows
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decision import Decision
from tests.unit.store.builders import CRM, ERP, NAME, database, decide, dirty, op, pair_id, record, see


def found(conn: sqlite3.Connection, number: int) -> Pair:
    pair = linking.by_id(conn, NAME, number)
    assert pair is not None
    return pair


def sent(conn: sqlite3.Connection, number: int | None, now: int = 3000) -> Op:
    claimed = op(conn, number)
    assert outbox.claim(conn, [claimed], now) == [claimed.id]
    return op(conn, number)


def test_webcrm_lines_are_created_changed_and_deleted_with_their_links() -> None:
    conn = database()
    see(
        conn,
        record(CRM, Kind.DELIVERY, "158", {}),
        record(CRM, Kind.LINE, "8", {"Q": "1"}, owner="158"),
        record(CRM, Kind.LINE, "9", {"Q": "1"}, owner="158"),
    )
    pair = pair_id(conn, CRM, "158", "document")
    edits = (
        LineEdit(action="update", key="8", fields={"Q": "2"}),
        LineEdit(action="insert", fields={"Q": "5"}, twin="3"),
        LineEdit(action="delete", key="9"),
    )
    write = Write(side=CRM, kind=Kind.DELIVERY, action=Action.LINES, rid="158", lines=edits)
    number = decide(
        conn,
        pair,
        Decision(
            outcome=Outcome.WRITTEN,
            write=write,
            base={"L3@9": Agreed(("1",), ("1",))},
            line_links={"8": "1", "9": "2"},
            drop_rows=("L3@9",),
            rows={"L3@8": Agreed(("2",), ("2",)), "L3@+3": Agreed(("5",), ("5",))},
        ),
    )
    outbox.ack(conn, NAME, sent(conn, number), Done(rid="158", line_keys=("10",)), None, 5000)
    assert {line.rid: line.fields["Q"] for line in shadows.lines_of(conn, NAME, "158")} == {
        "8": "2",
        "10": "5",
    }
    assert StoreLookup(conn, NAME).line_links(pair) == {"8": "1", "10": "3"}
    assert set(found(conn, pair).base) == {"L3@8", "L3@10"}
    stale = see(conn, record(CRM, Kind.LINE, "9", {"Q": "1"}, owner="158"), at=4999).stale
    assert stale == [(Kind.DELIVERY, "158")]


def test_erp_order_lines_are_known_by_their_external_link() -> None:
    conn = database()
    [pair] = see(conn, record(CRM, Kind.DELIVERY, "158", {})).dirty
    edits = tuple(
        LineEdit(action="insert", fields={"quantity": q}, twin=twin) for twin, q in (("8", "1"), ("9", "2"))
    )
    write = Write(side=ERP, kind=Kind.ORDER, action=Action.CREATE, lines=edits, marker="crm:delivery:158")
    rows = {"L3@8": Agreed(("1",), ("1",)), "L3@9": Agreed(("2",), ("2",))}
    number = decide(conn, pair, Decision(outcome=Outcome.CREATED, write=write, rows=rows))
    seen = Record(
        side=ERP,
        kind=Kind.ORDER,
        rid="order:SO/000223",
        fields={},
        lines=(
            Line(key="1", fields={"quantity": "9", "externalLink": "crm:line:9"}),
            Line(key="2", fields={"quantity": "1", "externalLink": "crm:line:8"}),
        ),
    )
    outbox.ack(conn, NAME, sent(conn, number), Done(rid="order:SO/000223"), seen, 5000)
    assert StoreLookup(conn, NAME).line_links(pair) == {"8": "2", "9": "1"}
    assert set(found(conn, pair).base) == {"L3@8"}  # the ERP holds 9 of the other, not the 2 that were sent


def test_attached_invoices_make_their_deliveries_dirty() -> None:
    conn = database()
    [delivery] = see(conn, record(CRM, Kind.DELIVERY, "158", {})).dirty
    [invoice] = see(conn, record(ERP, Kind.INVOICE, "invoice:Invoice/1", {"status": "Open"})).dirty
    decide(conn, delivery, Decision(outcome=Outcome.IN_SYNC))
    decide(conn, invoice, Decision(outcome=Outcome.IN_SYNC, attach=(delivery,)))
    look = StoreLookup(conn, NAME)
    assert [view.pair.id for view in look.attached_invoices(delivery)] == [invoice]
    assert [pair.id for pair in look.attached_deliveries(invoice)] == [delivery]
    assert dirty(conn, Entity.DELIVERY) == [delivery]
    found_ = see(conn, record(CRM, Kind.DELIVERY, "200", {}, marker="erp:invoice:Invoice/1"))
    assert found_.dirty != [invoice]  # attached: nobody's own document


def test_a_relinked_delivery_moves_from_the_invoice_to_its_order() -> None:
    conn = database()
    [invoice] = see(conn, record(ERP, Kind.INVOICE, "invoice:Invoice/1", {})).dirty
    see(conn, record(CRM, Kind.DELIVERY, "158", {}, marker="erp:invoice:Invoice/1"))
    [order] = see(conn, record(ERP, Kind.ORDER, "order:SO/1", {})).dirty
    decide(conn, order, Decision(outcome=Outcome.LINKED, link=invoice))
    assert (found(conn, order).crm_id, found(conn, order).erp_id) == ("158", "order:SO/1")
    assert (found(conn, invoice).crm_id, found(conn, invoice).erp_id) == ("", "invoice:Invoice/1")
    assert found(conn, invoice).dirty > 0
