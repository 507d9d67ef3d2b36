"""Line by line, both ways (semantics §4, cases of §11)."""

import msgspec

from streamsync.model import Action, Direction, Entity, Kind, Line, Outcome, Side
from streamsync.sync import money
from tests.unit.sync.documents_records import NOW, crm_line, delivery_record, order_line, order_record
from tests.unit.sync.documents_world import World, edit_crm, edit_erp, rules, sent

TWO = (crm_line("9001"), crm_line("9002", "TIME", "3", "900", sort="20"))


def crm_lines(world: World, rid: str = "158") -> dict[str, Line]:
    return {line.key: line for line in world.records[Side.CRM, Kind.DELIVERY, rid].lines}


def set_lines(world: World, side: Side, kind: Kind, rid: str, *lines: Line) -> None:
    world.put(msgspec.structs.replace(world.records[side, kind, rid], lines=lines))


def test_e46_a_price_of_nought_is_sent_and_sticks() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158")
    world.put(delivery_record(crm_line("9001", price="0")))
    write = world.decide(pair, by).write
    assert write is not None
    assert write.lines[0].fields["unitPrice"] == "0"
    assert write.lines[0].fields["hasManualPrice"] == "true"
    assert write.lines[0].fields["discountPercent"] == "0"
    assert write.lines[0].fields["hasManualDiscount"] == "true"


def test_e47_header_discount_is_folded_and_never_comes_back() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001", discount="10"), DeliveryDiscount="5")
    assert world.records[Side.ERP, Kind.ORDER, "order:SO/000223"].lines[0].fields["discountPercent"] == "14.5"
    assert crm_lines(world)["9001"].fields["QuotationLineDiscount"] == "10"
    edit_erp(world, "1", discountPercent="24")
    write = world.decide(pair, by).write
    assert write is not None
    assert write.lines[0].fields == {"QuotationLineDiscount": "20"}


def test_e48_a_changed_quantity_is_one_patch_of_one_line() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    edit_crm(world, "9001", QuotationLineQuantity="3")
    decision = world.decide(pair, by)
    write = decision.write
    assert write is not None
    assert (write.side, write.action, write.rid) == (Side.ERP, Action.LINES, "order:SO/000223")
    assert [(edit.action, edit.key, edit.fields) for edit in write.lines] == [
        ("update", "1", {"quantity": "3"})
    ]
    assert write.expect == {"lastModified": "2026-03-14T10:00:00.000Z"}
    world.confirm(pair, decision)
    value = world.decide(pair, by).write
    assert value is not None
    assert value.fields == {"DeliveryOrderValue": "4200"}


def test_e49_e50_a_shipped_line_is_locked_its_neighbour_is_not() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    edit_erp(world, "1", quantityOnShipments="2", openQuantity="0")
    edit_erp(world, status="Shipping")
    edit_crm(
        world,
        "9001",
        QuotationLineQuantity="5",
    )
    edit_crm(world, "9002", QuotationLineQuantity="4")
    first = world.decide(pair, by)
    assert first.write is not None
    assert [(edit.key, edit.fields) for edit in first.write.lines] == [("2", {"quantity": "4"})]
    assert [(one.reason, one.line, one.crm, one.erp) for one in first.conflicts] == [
        ("locked_edit", "9001", "5", "2")
    ]
    world.confirm(pair, first)
    asked = world.settle(pair, by)
    assert (asked.outcome, asked.reason) == (Outcome.CONFLICT, "locked_edit")
    assert asked.detail["problem"] == "Line 1 is shipped or billed; 2 stays"
    back = world.decide(pair, by, asked.again_ms).write
    assert back is not None
    assert [(edit.key, edit.fields) for edit in back.lines] == [("9001", {"QuotationLineQuantity": "2"})]


def test_e51_in_p2_a_new_line_goes_and_a_deleted_shipped_one_asks() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    edit_erp(world, "1", quantityOnShipments="2", openQuantity="0")
    set_lines(world, Side.CRM, Kind.DELIVERY, "158", TWO[1], crm_line("9003", "TIME", "1", "700", sort="30"))
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert [(edit.action, edit.twin) for edit in decision.write.lines] == [("insert", "9003")]
    assert [(one.reason, one.line) for one in decision.conflicts] == [("locked_edit", "9001")]


def test_e52_a_deleted_line_is_deleted_in_the_erp_and_forgotten() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    set_lines(world, Side.CRM, Kind.DELIVERY, "158", crm_lines(world)["9001"])
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert [(edit.action, edit.key) for edit in decision.write.lines] == [("delete", "2")]
    world.confirm(pair, decision)
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC
    assert not [row for row in world.pairs[pair.id].base if row.endswith("@9002")]
    assert world.links[pair.id] == {"9001": "1"}


def test_e53_both_change_a_price_the_erp_wins_and_the_loser_is_kept() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    edit_crm(world, "9001", QuotationLinePrice="550")
    edit_erp(world, "1", unitPrice="525")
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert decision.write.side is Side.CRM
    assert [edit.fields for edit in decision.write.lines] == [{"QuotationLinePrice": "525"}]
    assert [(one.row, one.winner, one.crm) for one in decision.conflicts] == [("L3", "erp", "550")]


def test_e82_text_line_goes_into_the_note_above_and_stays() -> None:
    world, by = World(), rules()
    text = crm_line("9002", "", "1", "0", memo="Assembly included", sort="20")
    pair = sent(world, by, crm_line("9001"), text)
    assert "9002" in crm_lines(world)
    set_lines(
        world,
        Side.CRM,
        Kind.DELIVERY,
        "158",
        crm_lines(world)["9001"],
        msgspec.structs.replace(text, fields={**text.fields, "QuotationLineMemo": "No assembly"}),
    )
    write = world.decide(pair, by).write
    assert write is not None
    assert [(edit.key, edit.fields) for edit in write.lines] == [("1", {"note": "No assembly"})]


def test_e86_the_erps_new_order_is_followed_by_ids_that_stay() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    held = world.records[Side.ERP, Kind.ORDER, "order:SO/000223"].lines
    set_lines(world, Side.ERP, Kind.ORDER, "order:SO/000223", held[1], held[0])
    write = world.decide(pair, by).write
    assert write is not None
    assert {edit.key: edit.fields for edit in write.lines} == {
        "9001": {"QuotationLineSortOrder": "20"},
        "9002": {"QuotationLineSortOrder": "10"},
    }
    world.settle(pair, by)
    edit_crm(world, "9001", QuotationLineSortOrder="5")
    assert world.decide(pair, by).write is None


def test_e87_a_freight_line_comes_and_its_delete_is_locked() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    held = world.records[Side.ERP, Kind.ORDER, "order:SO/000223"].lines
    freight = order_line("2", "", "1", "79", description="Fragt", unitOfMeasure="")
    set_lines(world, Side.ERP, Kind.ORDER, "order:SO/000223", *held, freight)
    decision = world.decide(pair, by)
    assert decision.write is not None
    fields = decision.write.lines[0].fields
    assert fields["QuotationLineLinkedDataId"] == "599"
    assert (fields["QuotationLineMemo"], fields["QuotationLinePrice"]) == ("Fragt", "79")
    assert fields["QuotationLineSortOrder"] == "20"
    assert world.settle(pair, by).outcome is Outcome.IN_SYNC
    set_lines(world, Side.CRM, Kind.DELIVERY, "158", crm_lines(world)["9001"])
    asked = world.settle(pair, by)
    assert (asked.outcome, asked.reason) == (Outcome.CONFLICT, "locked_edit")


def test_e88_two_equal_lines_without_keys_are_not_guessed() -> None:
    world, by = World(), rules()
    pair = world.pair(Entity.DELIVERY, "158", "order:SO/000223")
    world.put(
        delivery_record(
            crm_line("9001"),
            crm_line("9002", price="550", sort="20"),
            DeliveryErpId="erp:order:SO/000223",
            DeliveryErpStatus="Synchronized",
            DeliveryNumber="000223",
        )
    )
    world.put(order_record(order_line("1"), order_line("2")))
    decision = world.settle(pair, by)
    assert (decision.outcome, decision.reason) == (Outcome.PARKED, "line_ambiguous")


def test_a_change_of_item_is_insert_and_delete_in_that_order() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    edit_crm(world, "9001", QuotationLineData1="TIME")
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert [(edit.action, edit.key, edit.twin) for edit in decision.write.lines] == [
        ("insert", "", "9001"),
        ("delete", "1", "9001"),
    ]
    world.confirm(pair, decision, keys=["3"])
    world.put(
        msgspec.structs.replace(
            world.records[Side.ERP, Kind.ORDER, "order:SO/000223"],
            lines=(order_line("2", "TIME", "3", "900"), order_line("3", "TIME", "2", "500")),
        )
    )
    world.settle(pair, by)
    assert world.links[pair.id]["9001"] == "3"


def test_a_line_inserted_by_us_and_not_seen_yet_is_neither_doubled_nor_deleted() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    held = world.records[Side.ERP, Kind.ORDER, "order:SO/000223"].lines
    set_lines(world, Side.ERP, Kind.ORDER, "order:SO/000223", *held, order_line("2", "TIME", "3", "900"))
    world.links[pair.id]["9009"] = "2"  # the store learned the link, the line itself is not read yet
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason, decision.write) == (Outcome.WAITING, "settling", None)


def test_a_line_deleted_in_the_erp_goes_in_webcrm_last() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    held = world.records[Side.ERP, Kind.ORDER, "order:SO/000223"].lines
    set_lines(world, Side.ERP, Kind.ORDER, "order:SO/000223", held[0], order_line("3", "LAMPE-01", "1", "10"))
    decision = world.decide(pair, by)
    assert decision.write is not None
    assert [(edit.action, edit.key) for edit in decision.write.lines] == [("insert", ""), ("delete", "9002")]
    assert "L2@9002" in decision.drop_rows


def test_an_item_without_a_catalogue_row_waits_and_a_one_way_delivery_does_not_take_it() -> None:
    world, by = World(), rules()
    world.item("", "33", "GAMMEL", "Udgaaet", stock=True)
    pair = sent(world, by, crm_line("9001"))
    held = world.records[Side.ERP, Kind.ORDER, "order:SO/000223"].lines
    set_lines(world, Side.ERP, Kind.ORDER, "order:SO/000223", *held, order_line("2", "GAMMEL", "1", "5"))
    decision = world.decide(pair, by)
    assert (decision.outcome, decision.reason, decision.detail["item"]) == (Outcome.WAITING, "item", "GAMMEL")
    assert decision.again_ms > NOW
    assert world.decide(pair, rules(Direction.TO_ERP)).outcome is Outcome.IN_SYNC


def test_vat_follows_the_erp_and_a_map_sends_it() -> None:
    world, by = World(), rules()
    pair = sent(world, by, crm_line("9001"))
    edit_crm(world, "9001", QuotationLineVatPercentage="0")
    back = world.decide(pair, by).write
    assert back is not None
    assert back.lines[0].fields == {"QuotationLineVatPercentage": "25"}
    out = world.decide(pair, rules(line={"vat_map": {"0": "0"}})).write
    assert out is not None
    assert (out.side, out.lines[0].fields) == (Side.ERP, {"taxCategoryId": "0"})


def test_discounts_fold_and_unfold_to_four_decimals() -> None:
    assert money.folded("10", "5") == "14.5"
    assert money.unfolded("14.5", "5") == "10"
    assert money.folded("33.3333", "0") == "33.3333"
    assert money.unfolded("100", "100") == "0"
    assert money.fixed("2.00005", 4) == "2"  # half to even
    assert money.fixed("2.00015", 4) == "2.0002"


def test_lines_of_an_order_under_approval_are_held() -> None:
    world, by = World(), rules()
    pair = sent(world, by, *TWO)
    edit_erp(world, status="PendingApproval")
    edit_crm(world, "9001", QuotationLineQuantity="3", QuotationLineMemo="Roed")
    held = world.settle(pair, by)
    assert (held.outcome, held.reason, held.conflicts) == (Outcome.WAITING, "order", ())
