"""Invoices: attached, of their own, or none of ours (semantics §3.6, cases of §11)."""

import json

import msgspec

from streamsync.model import Action, Direction, Entity, Kind, Outcome, Pair, Side
from streamsync.sync import billed_lines, documents
from streamsync.sync.feedback import joined
from tests.unit.sync.documents_records import (
    NOW,
    START,
    crm_line,
    delivery_record,
    invoice_line,
    invoice_record,
    order_line,
    order_record,
)
from tests.unit.sync.documents_world import World, edit_erp, rules, sent


def attach(world: World, delivery: Pair, number: str, status: str, **more: str) -> Pair:
    pair = world.pair(Entity.INVOICE, "", f"invoice:Invoice/{number}")
    world.put(invoice_record(invoice_line("1", order="000223"), number=number, status=status, **more))
    decision = world.decide(pair, rules())
    assert decision.attach == (delivery.id,)
    world.attachments[pair.id] = list(decision.attach)
    return pair


def shown(world: World, rid: str = "158") -> dict[str, str]:
    return world.records[Side.CRM, Kind.DELIVERY, rid].fields


def test_e61_e63_numbers_booked_and_word_of_an_orders_invoices() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001", quantity="10"))
    edit_erp(world, "1", billedQuantity="4", openQuantity="6")
    first = attach(world, pair, "200315", "Open")
    world.settle(pair, by)
    assert (shown(world)["DeliveryCustom1"], shown(world)["DeliveryCustom9"]) == ("200315", "awaiting")
    assert shown(world)["DeliveryCustom4"] in ("Yes", "true")
    edit_erp(world, "1", billedQuantity="10", openQuantity="0")
    second = attach(world, pair, "200322", "Balanced", documentDate="2026-03-20")
    world.settle(pair, by)
    assert shown(world)["DeliveryCustom1"] == "200315, 200322"
    assert shown(world)["DeliveryCustom3"] == "2026-03-20"
    assert shown(world)["DeliveryCustom9"] == "awaiting"
    assert shown(world)["DeliveryCustom4"] in ("No", "false")
    words = []
    for states in (("Open", "Open"), ("Closed", "Open"), ("Closed", "Closed")):
        for one, status in zip((first, second), states, strict=True):
            edit_erp(world, rid=one.erp_id, status=status)
        world.settle(pair, by)
        words.append(shown(world)["DeliveryCustom9"])
    assert words == ["approved", "approved", "paid"]


def test_e64_one_invoice_of_two_orders_hangs_on_both() -> None:
    world, by = World(), rules()
    one = world.pair(Entity.DELIVERY, "158", "order:SO/000223")
    two = world.pair(Entity.DELIVERY, "159", "order:SO/000224")
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200315")
    world.put(invoice_record(invoice_line("1", order="000223"), invoice_line("2", order="000224")))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.attach, decision.write) == (Outcome.LINKED, (one.id, two.id), None)
    world.attachments[pair.id] = [one.id, two.id]
    assert world.decide(pair, by).outcome is Outcome.IN_SYNC


def test_e65_an_order_in_the_window_comes_first_an_old_one_never() -> None:
    world, by = World(), rules()
    world.pair(Entity.DELIVERY, "", "order:SO/000223")
    world.put(order_record())
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200315")
    world.put(invoice_record(invoice_line("1", order="000223")))
    waiting = world.decide(pair, by)
    assert (waiting.outcome, waiting.reason) == (Outcome.WAITING, "order")
    world.put(msgspec.structs.replace(order_record(status="Completed"), updated_ms=START - 1))
    own = world.decide(pair, by)
    assert own.outcome is Outcome.CREATED
    assert own.attach is None


def test_e66_an_invoice_without_an_order_becomes_a_delivery() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1"), number="200400"))
    created = world.decide(pair, by)
    write = created.write
    assert write is not None
    assert (write.kind, write.action, write.marker) == (
        Kind.DELIVERY,
        Action.CREATE,
        "erp:invoice:Invoice/200400",
    )
    assert write.fields["DeliveryErpId"] == write.marker
    assert write.fields["DeliveryOrganisationId"] == "8001"
    assert write.fields["DeliveryCustom9"] == "approved"
    assert "DeliveryNumber" not in write.fields
    world.confirm(pair, created, new_rid="777")
    lines = world.decide(pair, by)
    assert lines.outcome is Outcome.WRITTEN
    assert lines.write is not None
    fields = lines.write.lines[0].fields
    assert fields["QuotationLineLinkedDataId"] == "501"
    assert (fields["QuotationLineQuantity"], fields["QuotationLinePrice"]) == ("2", "500")
    assert (fields["QuotationLineCostPrice"], fields["QuotationLineVatPercentage"]) == ("300", "25")
    world.confirm(pair, lines, keys=["9101"])
    number = world.decide(pair, by).write
    assert number is not None
    assert number.fields["DeliveryNumber"] == "200400"
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC


def test_e67_a_taken_number_gets_the_invoices_prefix() -> None:
    world, by = World(), rules()
    world.put(delivery_record(rid="99", DeliveryNumber="200400"), number="200400")
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1"), number="200400"))
    world.settle(pair, by)
    assert shown(world, "777")["DeliveryNumber"] == "INV-200400"


def test_e69_a_credit_note_is_negative_and_its_original_cancelled() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:CreditNote/300001")
    world.put(invoice_record(invoice_line("1"), number="300001", status="Closed", sort="CreditNote"))
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC
    own = world.records[Side.CRM, Kind.DELIVERY, "777"]
    assert own.lines[0].fields["QuotationLineQuantity"] == "-2"
    original = world.pair(Entity.DELIVERY, "158", "order:SO/000223")
    applied = json.dumps([{"docType": "CreditNote", "refNbr": "300001", "amountPaid": 1250}])
    world.put(delivery_record(crm_line("9001")))
    world.put(order_record(status="Completed"))
    attach(world, original, "200315", "Closed", applications=applied)
    state = world.decide(original, by).write
    assert state is not None
    assert state.fields["DeliveryCustom9"] == "cancelled"


def test_e71_e74_what_is_no_sale_is_filtered() -> None:
    world, by = World(), rules()
    for sort in ("SmallBalanceWo", "Prepayment", "Payment", "Refund"):
        pair = world.pair(Entity.INVOICE, "", f"invoice:{sort}/1")
        world.put(invoice_record(number="1", sort=sort))
        assert (world.decide(pair, by).outcome, world.decide(pair, by).reason) == (
            Outcome.FILTERED,
            "not_a_sale",
        )


def test_e73_a_cash_sale_is_a_delivery_unless_switched_off() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:CashSale/C1")
    world.put(invoice_record(invoice_line("1"), number="C1", status="Closed", sort="CashSale"))
    off = world.decide(pair, rules(invoice={"cash_sales": "off"}))
    assert (off.outcome, off.reason) == (Outcome.FILTERED, "document_type")
    world.settle(pair, by)
    assert (shown(world, "777")["DeliveryNumber"], shown(world, "777")["DeliveryCustom9"]) == ("C1", "paid")


def test_e75_an_order_type_that_does_not_come() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "", "order:QT/000001")
    world.put(order_record(rid="order:QT/000001", type="QT"))
    assert world.decide(pair, by).reason == "order_type"


def test_e81_an_account_line_uses_the_placeholder_and_keeps_its_price() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200401")
    account = invoice_line("1", "", "0", "0", description="Gebyr", amountInCurrency="75")
    world.put(invoice_record(account, number="200401", vatTaxableTotalInCurrency="75"))
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC
    line = world.records[Side.CRM, Kind.DELIVERY, "777"].lines[0].fields
    assert (line["QuotationLineMemo"], line["QuotationLinePrice"], line["QuotationLineQuantity"]) == (
        "Gebyr",
        "75",
        "1",
    )


def test_e103_an_unreleased_invoice_without_order_waits_for_its_release() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1"), number="200400", status="Balanced"))
    assert world.decide(pair, by).reason == "unreleased"
    edit_erp(world, rid="invoice:Invoice/200400", status="Open")
    assert world.decide(pair, by).outcome is Outcome.CREATED


def test_settings_that_keep_invoices_away() -> None:
    world = World()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1"), number="200400"))
    for by, reason in (
        (rules(Direction.TO_ERP), "direction_off"),
        (rules(delivery={"source": "order"}), "source_off"),
        (rules(invoice={"history_from": "2026-04-01"}), "before_start"),
    ):
        assert world.decide(pair, by).reason == reason


def test_a_fresh_invoice_gives_its_order_an_hour_to_show_up() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1", order="000299"), number="200400"))
    waiting = world.decide(pair, by, START + 60_000)
    assert (waiting.reason, waiting.want_read) == ("order", (("order", "order:SO/000299"),))
    assert world.decide(pair, by, NOW).outcome is Outcome.CREATED


def test_total_of_the_two_documents_is_compared() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1"), number="200400", vatTaxableTotalInCurrency="1200"))
    decision = world.settle(pair, by)
    assert (decision.outcome, decision.reason) == (Outcome.CONFLICT, "total_differs")
    assert shown(world, "777")["DeliveryNumber"] == "200400"


def test_a_difference_of_totals_that_a_person_has_seen_is_no_conflict_any_more() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1"), number="200400", vatTaxableTotalInCurrency="1200"))
    world.settle(pair, by)
    world.answers[pair.id] = {"total_differs": "seen"}
    assert world.decide(pair, by).outcome is Outcome.IN_SYNC


def test_many_numbers_are_cut_to_whole_ones_with_a_count_of_the_rest() -> None:
    numbers = [str(number) for number in range(200315, 200325)]
    assert joined(numbers[:6]) == "200315, 200316, 200317, 200318, 200319, 200320"
    assert joined(numbers[:7]) == "200315, 200316, 200317, 200318, 200319, 200320 +1"
    assert joined(["200315", "200322", "200323", "200324", "200325"], 20) == "200315, 200322 +3"


def test_what_two_invoices_bill_of_one_line_is_one_line() -> None:
    by = rules(delivery={"lines_after_invoice": "invoice"})
    order = documents.read(order_record(order_line("1", quantity="10", openQuantity="0")), by)
    bills = [
        documents.read(invoice_record(*lines, number=number), by)
        for number, lines in (
            ("200315", (invoice_line("1", quantity="4", order="000223"),)),
            (
                "200316",
                (
                    invoice_line("1", quantity="6", order="000223"),
                    invoice_line("2", quantity="1", order="000299"),
                    invoice_line("3", "", "1", "75", lineType="FR"),
                ),
            ),
        )
    ]
    shown = billed_lines.document_of_lines(order, bills, by)
    found = [(line.key, line.fields["quantity"], line.fields["sortOrder"]) for line in shown.lines]
    assert found == [("200315/1", "10", "1"), ("200316/3", "1", "2")]
    assert billed_lines.net(order, bills, by) is None  # the second bills another order too
    half = documents.read(order_record(order_line("1", quantity="10", openQuantity="6")), by)
    assert billed_lines.document_of_lines(half, bills, by) is half


def foreign_order() -> World:
    world = World()
    world.pair(Entity.DELIVERY, "158", "order:SO/000223")
    totals = {"totals.orderTotal": "250", "totals.orderTotalInBaseCurrency": "1865"}
    world.put(order_record(**totals))
    return world


def test_an_order_proves_which_amount_is_the_documents_currency() -> None:
    by = rules()
    for amounts, word in ((("250", "1865"), "document"), (("1865", "250"), "base"), (("100", "746"), "")):
        world = foreign_order()
        pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
        own, bare = amounts
        world.put(
            invoice_record(
                invoice_line("1", order="000223"), number="200400", amountInCurrency=own, amount=bare
            )
        )
        decision = world.decide(pair, by)
        assert decision.in_currency == word
        assert (decision.reason == "currency") is (word == "base")


def test_what_was_proved_holds_for_foreign_documents_only() -> None:
    world, by = World(), rules()
    world.proven = "base"
    for number, bare, reason in (("200400", "9325", "currency"), ("200401", "1250", "")):
        pair = world.pair(Entity.INVOICE, "", f"invoice:Invoice/{number}")
        world.put(invoice_record(invoice_line("1"), number=number, amount=bare))
        assert world.decide(pair, by).reason == reason


def test_e68_an_invoices_own_delivery_becomes_its_orders() -> None:
    world, by = World(), rules()
    own = world.pair(Entity.INVOICE, "777", "invoice:Invoice/200400")
    world.put(
        invoice_record(invoice_line("1", order="000223"), number="200400"),
        **{"@order": "rid:order:SO/000223"},
    )
    half = world.pair(Entity.DELIVERY, "", "order:SO/000223")
    world.put(order_record())
    decision = world.decide(half, by)
    assert (decision.outcome, decision.link, decision.write) == (Outcome.LINKED, own.id, None)


def test_e80_a_discontinued_item_is_asked_for() -> None:
    world, by = World(), rules()
    world.item("", "33", "GAMMEL", "Udgaaet", stock=True)
    pair = world.pair(Entity.INVOICE, "", "invoice:Invoice/200400")
    world.put(invoice_record(invoice_line("1", "GAMMEL"), number="200400"))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason, decision.demand) == (Outcome.WAITING, "item", ("GAMMEL",))
