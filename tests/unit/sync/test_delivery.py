"""Deliveries after the hand-over (semantics §3, cases of §11)."""

from typing import Any

from streamsync.model import Action, Direction, Entity, Kind, Outcome, Side
from tests.unit.sync.documents_records import NOW, crm_line, delivery_record
from tests.unit.sync.documents_world import World, edit_crm, edit_erp, rules, sent

DAY = 86_400_000
OLD: dict[str, Any] = {"DeliveryCreatedAt": "2024-01-01T00:00:00Z"}


def test_e45_our_number_on_another_delivery_stops_writes_to_it() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    world.put(delivery_record(rid="99", DeliveryNumber="000223"), number="000223")
    edit_crm(world, DeliveryCustom2="XX")
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason) == (Outcome.PARKED, "number_locked")
    assert decision.write is None
    assert decision.findings[0].code == "number_held_twice"


def test_e54_edit_of_an_order_under_approval_is_held() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    edit_erp(world, status="PendingApproval")
    edit_crm(world, DeliveryDescription="Ny tekst")
    held = world.decide(pair, by)
    assert (held.outcome, held.reason, held.conflicts) == (Outcome.WAITING, "order", ())
    edit_erp(world, status="Open")
    written = world.decide(pair, by).write
    assert written is not None
    assert written.fields == {"description": "Ny tekst"}


def test_e56_moved_delivery_asks_in_p1_and_goes_back_in_p2() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    world.put(
        world.records[Side.CRM, Kind.ORGANISATION, "8001"].__class__(
            side=Side.CRM, kind=Kind.ORGANISATION, rid="8002", fields={"OrganisationType": "Kunde"}
        )
    )
    world.pair(Entity.ORGANISATION, "8002", "4212")
    edit_crm(world, DeliveryOrganisationId="8002")
    asked = world.decide(pair, by)
    assert (asked.outcome, asked.reason) == (Outcome.CONFLICT, "customer_changed")
    edit_erp(world, status="Shipping")
    back = world.decide(pair, by)
    assert back.write is not None
    assert (back.write.action, back.write.fields) == (Action.MOVE, {"DeliveryOrganisationId": "8001"})
    assert back.conflicts[0].winner == "erp"


def test_e57_cancelled_and_reopened() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    word = []
    for status in ("Cancelled", "Open"):
        edit_erp(world, status=status)
        write = world.decide(pair, by).write
        assert write is not None
        assert not write.lines
        word.append(write.fields["DeliveryCustom9"])
        world.settle(pair, by)
    assert word == ["cancelled", "awaiting"]
    assert len(world.records[Side.CRM, Kind.DELIVERY, "158"].lines) == 1


def test_e58_deleted_order_leaves_a_tombstone() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    first = world.decide(pair, by, erp_missing=True)
    assert first.write is not None
    assert first.write.fields == {"DeliveryCustom9": "cancelled"}
    world.confirm(pair, first)
    edit_crm(world, "9001", QuotationLineQuantity="7")
    rest = world.decide(pair, by, erp_missing=True)
    assert (rest.outcome, rest.reason, rest.write) == (Outcome.FILTERED, "not_triggered", None)


def test_e59_deleted_delivery_asks_and_hold_is_a_choice() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    asked = world.decide(pair, by, crm_missing=True)
    assert (asked.outcome, asked.reason, asked.state) == (Outcome.CONFLICT, "deleted_vs_edited", "deleting")
    held = world.decide(pair, rules(delivery={"on_crm_delete": "hold"}), crm_missing=True)
    assert held.write is not None
    assert held.write.fields == {"status": "Hold"}


def test_e89_one_way_out_lists_erp_edits_and_still_brings_the_status() -> None:
    world, by = World(), rules(Direction.TO_ERP)
    pair = sent(world, by, crm_line("9001"))
    edit_erp(world, "1", quantity="5", openQuantity="5")
    listed = world.decide(pair, by)
    assert (listed.outcome, listed.write) == (Outcome.IN_SYNC, None)
    assert "erp_changed" in {finding.code for finding in listed.findings}
    edit_erp(world, status="Cancelled")
    feedback = world.decide(pair, by).write
    assert feedback is not None
    assert feedback.fields == {"DeliveryCustom9": "cancelled"}


def test_e90_a_typed_over_fact_is_put_back_without_a_conflict() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    edit_crm(world, DeliveryCustom2="IN")
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert decision.write.fields == {"DeliveryCustom2": "SO"}
    assert decision.conflicts == ()


def test_e101_status_set_by_hand_is_never_moved_back() -> None:
    world, by = World(), rules(delivery={"status_field": ""})
    pair = sent(world, by, crm_line("9001"))
    edit_crm(world, DeliveryStatus="Completed")
    edit_erp(world, status="Shipping")
    assert world.decide(pair, by).write is None
    edit_erp(world, status="Completed")
    assert world.decide(pair, by).write is None


def test_e102_nothing_changed_means_no_call() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"), crm_line("9002", "TIME", "3", "900", sort="20"))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.write, decision.base) == (Outcome.IN_SYNC, None, None)


def test_e04_out_of_scope_only_the_status_comes_back() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    organisation = world.records[Side.CRM, Kind.ORGANISATION, "8001"]
    organisation.fields["OrganisationType"] = "Prospect"
    edit_erp(world, status="Completed", description="Andet")
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert decision.write.fields == {"DeliveryCustom9": "approved"}
    world.confirm(pair, decision)
    rest = world.decide(pair, by)
    assert (rest.outcome, rest.reason, rest.write) == (Outcome.FILTERED, "parent_filtered", None)


def test_locked_header_edit_asks_for_seven_days_and_then_goes_back() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    edit_erp(world, status="Completed")
    world.settle(pair, by)
    edit_crm(world, DeliveryDescription="For sent")
    asked = world.settle(pair, by)
    assert (asked.outcome, asked.reason, asked.again_ms) == (Outcome.CONFLICT, "locked_edit", NOW + 7 * DAY)
    later = world.decide(pair, by, NOW + 7 * DAY)
    assert later.write is not None
    assert later.write.fields == {"DeliveryDescription": "Webordre"}
    assert later.conflicts[0].winner == "erp"


def test_a_person_on_one_side_only_is_neither_sent_nor_cleared() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    edit_crm(world, DeliveryPersonId="62")  # not linked
    assert world.decide(pair, by).write is None
    world.pair(Entity.PERSON, "62", "5121")
    write = world.decide(pair, by).write
    assert write is not None
    assert write.fields == {"customer.contactId": "5121"}


def test_an_unlinked_person_does_not_clear_the_contact() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    world.pair(Entity.PERSON, "61", "5120")
    edit_erp(world, **{"customer.contactId": "5120"})
    world.settle(pair, by)
    assert world.records[Side.CRM, Kind.DELIVERY, "158"].fields["DeliveryPersonId"] == "61"
    edit_crm(world, DeliveryPersonId="62")
    assert world.decide(pair, by).write is None


def test_a_delivery_holding_its_own_number_is_not_its_own_rival() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    world.put(world.records[Side.CRM, Kind.DELIVERY, "158"], number="000223")
    assert world.decide(pair, by).outcome is Outcome.IN_SYNC
