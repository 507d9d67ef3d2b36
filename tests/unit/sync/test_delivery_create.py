"""Deliveries on their way in and out (semantics §3, cases of §11)."""

from typing import Any

from streamsync.model import Action, Direction, Entity, Kind, Line, Outcome, Side
from tests.unit.sync.documents_records import NOW, START, crm_line, delivery_record, order_line, order_record
from tests.unit.sync.documents_world import World, edit_erp, rules, sent

DAY = 86_400_000
OLD: dict[str, Any] = {"DeliveryCreatedAt": "2024-01-01T00:00:00Z"}


def test_e35_converted_opportunity_goes_out_whatever_its_age() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001"), **OLD))
    world.seen["158"] = START + 1_000
    decision = world.decide(pair, by)
    assert decision.outcome is Outcome.CREATED


def test_e36_old_deliveries_of_the_first_scan_stay() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001"), **OLD))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason, decision.write) == (Outcome.FILTERED, "before_start", None)


def test_e37_ready_for_synchronization_sends_an_old_one_at_once() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(
        delivery_record(crm_line("9001"), updated_ms=NOW, DeliveryErpStatus="ReadyForSynchronization", **OLD)
    )
    assert world.decide(pair, by).outcome is Outcome.CREATED


def test_e38_without_lines_or_with_text_only_it_waits() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    for lines in ((), (crm_line("9001", item="", quantity="1", price="0", memo="Hilsen"),)):
        world.put(delivery_record(*lines))
        decision = world.decide(pair, by)
        assert (decision.outcome, decision.reason) == (Outcome.WAITING, "no_lines")


def test_e39_lines_still_being_typed_wait_and_ask_again() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    typed = crm_line("9001", QuotationLineUpdatedAt="2026-03-14T10:19:30Z")  # 30 s ago
    world.put(delivery_record(typed))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason) == (Outcome.WAITING, "settling")
    assert decision.again_ms == NOW + 90_000
    assert world.decide(pair, by, decision.again_ms).outcome is Outcome.CREATED


def test_e40_one_post_with_lines_then_the_state_then_the_number() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001"), crm_line("9002", "TIME", "3", "900", sort="20")))
    created = world.decide(pair, by)
    write = created.write
    assert write is not None
    assert (write.side, write.kind, write.action) == (Side.ERP, Kind.ORDER, Action.CREATE)
    assert write.marker == write.fields["customer.order"] == "crm:delivery:158"
    assert write.fields["customer.id"] == write.hints["customer.id"] == "10042"
    assert write.fields["type"] == "SO"
    assert "orderId" not in write.fields
    assert [edit.fields["externalLink"] for edit in write.lines] == ["crm:line:9001", "crm:line:9002"]
    assert [edit.twin for edit in write.lines] == ["9001", "9002"]
    world.confirm(pair, created, new_rid="order:SO/000223")
    waiting = world.decide(pair, by, erp=None)
    assert (waiting.outcome, waiting.reason) == (Outcome.WAITING, "order")
    world.put(
        order_record(
            *(
                Line(
                    key=str(n),
                    fields={**edit.fields, "sortOrder": str(n), "taxCategoryId": "3", "openQuantity": "1"},
                )
                for n, edit in enumerate(write.lines, 1)
            )
        )
    )
    state = world.decide(pair, by).write
    assert state is not None
    assert state.fields["DeliveryErpId"] == "erp:order:SO/000223"
    assert state.fields["DeliveryErpStatus"] == "Synchronized"
    assert state.fields["DeliveryCustom2"] == "SO"
    assert state.fields["DeliveryCustom9"] == "awaiting"
    assert "DeliveryNumber" not in state.fields
    world.confirm(pair, world.decide(pair, by))
    number = world.decide(pair, by).write
    assert number is not None
    assert number.fields["DeliveryNumber"] == "000223"
    assert number.expect["DeliveryNumber"] == ""
    world.confirm(pair, world.decide(pair, by))
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC


def test_e41_a_delivery_whose_answer_was_lost_is_adopted_not_sent_again() -> None:
    world, by = World(), rules()
    world.pair(Entity.DELIVERY, "158")
    half = world.pair(Entity.DELIVERY, "", "order:SO/000223")
    world.put(order_record(**{"customer.order": "crm:delivery:158"}))
    decision = world.decide(half, by)
    assert (decision.outcome, decision.reason, decision.write) == (Outcome.WAITING, "order", None)


def test_e43_copied_marker_of_a_linked_delivery_does_not_hold_the_copy_back() -> None:
    world, by = World(), rules()
    world.pair(Entity.DELIVERY, "158", "order:SO/000223")
    half = world.pair(Entity.DELIVERY, "", "order:SO/000224")
    world.put(order_record(rid="order:SO/000224", **{"customer.order": "crm:delivery:158"}))
    decision = world.decide(half, by)
    assert decision.write is not None
    assert decision.write.fields["DeliveryErpId"] == "erp:order:SO/000224"


def test_e44_a_taken_number_is_prefixed() -> None:
    world, by = World(), rules()
    world.put(delivery_record(rid="99", DeliveryNumber="000223"), number="000223")
    sent(world, by, crm_line("9001"))
    assert world.records[Side.CRM, Kind.DELIVERY, "158"].fields["DeliveryNumber"] == "SO-000223"


def test_e76_stock_item_cannot_go_on_an_invoice() -> None:
    world, by = World(), rules(delivery={"target": "invoice"})
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001", "TIME"), crm_line("9002", "LAMPE-01", sort="20")))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason) == (Outcome.PARKED, "stock_item_on_invoice")
    assert decision.detail["line"] == "2"
    assert "Sales Order" in decision.detail["remedy"]


def test_e77_invoice_goes_out_on_hold_with_its_marker() -> None:
    world, by = World(), rules(delivery={"target": "invoice"})
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001", "TIME", "3", "900")))
    write = world.decide(pair, by).write
    assert write is not None
    assert (write.kind, write.fields["hold"], write.fields["externalReference"]) == (
        Kind.INVOICE,
        "true",
        "crm:delivery:158",
    )
    assert write.fields["customer.number"] == "10042"
    assert write.lines[0].fields["unitPriceInCurrency"] == "900"
    assert write.lines[0].fields["manualDiscount"] == "true"
    assert "externalLink" not in write.lines[0].fields


def test_e83_amount_without_an_item_parks_the_whole_delivery() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(
        delivery_record(
            crm_line("9001"), crm_line("9002", "TIME", sort="20"), crm_line("9003", "", "1", "250", sort="30")
        )
    )
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason, decision.detail["line"]) == (
        Outcome.PARKED,
        "unknown_item",
        "3",
    )


def test_e84_negative_quantity_parks() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001", quantity="-1")))
    assert world.decide(pair, by).reason == "negative_quantity"


def test_e104_the_untouched_form_is_two_way_to_sales_orders_of_type_so() -> None:
    by = rules()
    assert (by.delivery.direction, by.delivery.target, by.order.type) == (Direction.TWO_WAY, "order", "SO")
    assert (by.delivery.source, by.order.types) == ("order_and_invoice", ("SO", "IN"))


def test_parents_and_customers_decide_before_lines() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001")))
    world.records[Side.ERP, Kind.ORGANISATION, "4211"].fields["status"] = "Inactive"
    assert world.decide(pair, by).reason == "customer_status"
    world.records[Side.CRM, Kind.ORGANISATION, "8001"].fields["OrganisationType"] = "Prospect"
    assert world.decide(pair, by).reason == "parent_filtered"
    world.put(delivery_record(crm_line("9001"), DeliveryOrganisationId="1"))
    assert world.decide(pair, by).reason == "parent"
    world.unread.add((Side.ERP, Kind.ORDER))
    assert world.decide(pair, by).reason == "gate"


def test_e42_a_copied_delivery_gets_its_own_order() -> None:
    world, by = World(), rules()
    sent(world, by, crm_line("9001"))
    copy = world.pair(Entity.DELIVERY, "160")
    world.put(delivery_record(crm_line("9011"), rid="160", DeliveryErpId="erp:order:SO/000223"))
    decision = world.decide(copy, by)
    assert decision.write is not None
    assert decision.write.marker == "crm:delivery:160"


def test_a_delivery_that_names_a_document_is_linked_or_left() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001"), DeliveryErpId="erp:order:SO/000223"))
    gone = world.decide(pair, by)
    assert (gone.outcome, gone.reason) == (Outcome.FILTERED, "not_triggered")
    half = world.pair(Entity.DELIVERY, "", "order:SO/000223")
    found = world.decide(pair, by)
    assert (found.outcome, found.link, found.write) == (Outcome.LINKED, half.id, None)


def test_an_order_of_the_erp_comes_as_header_then_lines_then_number() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "", "order:SO/000223")
    world.put(
        order_record(order_line("1"), order_line("2", "TIME", "3", "900"), **{"customer.contactId": "5120"})
    )
    world.pair(Entity.PERSON, "61", "5120")
    created = world.decide(pair, by)
    assert created.write is not None
    assert created.write.fields["DeliveryPersonId"] == "61"
    assert created.write.fields["DeliveryDescription"] == "Webordre"
    assert "DeliveryNumber" not in created.write.fields
    world.confirm(pair, created, new_rid="777")
    lines = world.decide(pair, by)
    assert lines.outcome is Outcome.WRITTEN
    assert lines.write is not None
    assert [edit.fields["QuotationLineSortOrder"] for edit in lines.write.lines] == ["10", "20"]
    world.confirm(pair, lines, keys=["9101", "9102"])
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC
    header = world.records[Side.CRM, Kind.DELIVERY, "777"].fields
    assert (header["DeliveryNumber"], header["DeliveryErpStatus"]) == ("000223", "Synchronized")
    edit_erp(world, "2", quantity="4", openQuantity="4")
    change = world.decide(pair, by).write
    assert change is not None
    assert [(edit.key, edit.fields) for edit in change.lines] == [("9102", {"QuotationLineQuantity": "4"})]
