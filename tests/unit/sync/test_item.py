"""Decisions about items: always from the ERP (semantics §2.3, §5)."""

import msgspec
import pytest

from streamsync.model import Action, Fields, Kind, Outcome, Pair, Record, Side
from streamsync.sync import item, rules_file
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.rules import Rules
from tests.unit.sync.fake_lookup import FakeLookup

RULES = rules_file.parse('[item]\ndirection = "to_crm"\n', "test")
PRE = "QuotationLineLinkedDataItem"
ERP: Fields = {
    "inventoryNumber": "10",
    "inventoryId": "501",
    "description": "Produkt 1",
    "status": "Active",
    "type": "NonStockItem",
    "baseUnit": "STK",
    "salesUnit": "STK",
    "defaultPrice": "500",
    "recommendedPrice": "0",
    "currentCost": "0",
    "lastCost": "300",
    "itemClass.id": "1",
    "inventoryUnits": "",
}
ROW: Fields = {
    **dict.fromkeys((*item.DATA, *item.EMPTY_TEXTS), ""),
    f"{PRE}Data1": "10",
    f"{PRE}Data2": "Produkt 1",
    f"{PRE}Data3": "501",
    f"{PRE}Data4": "STK",
    f"{PRE}Price": "500",
    f"{PRE}CostPrice": "300",
    f"{PRE}EntityType": "Product",
}


def inventory(rid: str = "501", **fields: str) -> Record:
    return Record(side=Side.ERP, kind=Kind.ITEM, rid=rid, fields=ERP | {"inventoryId": rid} | fields)


def row(rid: str = "33", fields: Fields | None = None) -> Record:
    return Record(side=Side.CRM, kind=Kind.ITEM, rid=rid, fields=ROW | (fields or {}))


def run(look: FakeLookup, pair: Pair, rules: Rules = RULES, *, crm_missing: bool = False) -> Decision:
    return decide(look.view(pair.id, crm_missing=crm_missing), rules, look, 1)


def at_rest(look: FakeLookup) -> Pair:
    pair = look.link(row(), inventory())
    decision = run(look, pair)
    assert (decision.outcome, decision.write) == (Outcome.IN_SYNC, None)
    assert decision.base is not None
    return look.rebase(pair.id, decision.base)


def written(decision: Decision, before: Fields = ROW) -> Fields:
    """What a write changes; it carries the full row."""
    assert decision.write is not None
    assert set(ROW) - set(decision.write.fields) == set()
    return {
        name: text
        for name, text in decision.write.fields.items()
        if text != (before.get(name) or ("-" if name in item.DATA else ""))
    }


def test_a_new_item_is_created_with_dashes_in_what_is_unused() -> None:
    look = FakeLookup(RULES)  # E29
    decision = run(look, look.add(inventory()))
    assert decision.outcome is Outcome.CREATED
    assert decision.write is not None
    fields = decision.write.fields
    assert (decision.write.action, fields[f"{PRE}EntityType"]) == (Action.CREATE, "Product")
    assert (fields[f"{PRE}Data1"], fields[f"{PRE}Data2"], fields[f"{PRE}Data3"]) == ("10", "Produkt 1", "501")
    assert [fields[f"{PRE}Data{n}"] for n in range(5, 10)] == ["-"] * 5
    assert (fields[f"{PRE}Price"], fields[f"{PRE}CostPrice"], fields[f"{PRE}DataMemo"]) == ("500", "300", "")


def test_a_price_change_follows_and_nothing_else_moves() -> None:
    look = FakeLookup(RULES)  # E33
    pair = at_rest(look)
    look.put(Side.ERP, Kind.ITEM, "501", inventory(defaultPrice="525.5").fields)
    assert written(run(look, pair)) == {f"{PRE}Price": "525.5"}


def test_a_hand_changed_price_is_put_back() -> None:
    look = FakeLookup(RULES)  # E32
    pair = at_rest(look)
    look.put(Side.CRM, Kind.ITEM, "33", row(fields={f"{PRE}Price": "1"}).fields)
    decision = run(look, pair)
    assert written(decision, ROW | {f"{PRE}Price": "1"}) == {f"{PRE}Price": "500"}
    [change] = decision.conflicts  # told to the history, asked of nobody
    assert (change.row, change.reason, change.winner, change.crm) == ("I5", "by_hand", "erp", "1")


@pytest.mark.parametrize("status", ["Inactive", "NoSales", "MarkedForDeletion"])
def test_a_discontinued_item_is_marked_and_restored_in_the_same_row(status: str) -> None:
    look = FakeLookup(RULES)  # E30
    pair = at_rest(look)
    look.put(Side.ERP, Kind.ITEM, "501", inventory(status=status).fields)
    first = run(look, pair)
    assert written(first) == {f"{PRE}Data2": "(discontinued) Produkt 1", item.GROUP: "Discontinued"}
    marked = {
        name: "" if text == "-" else text
        for name, text in (first.write.fields if first.write else {}).items()
    }
    look.put(Side.CRM, Kind.ITEM, "33", marked)
    pair = look.rebase(pair.id, pair.base | first.rows)
    assert run(look, pair).write is None
    look.put(Side.ERP, Kind.ITEM, "501", inventory().fields)
    assert written(run(look, pair), marked) == {f"{PRE}Data2": "Produkt 1", item.GROUP: ""}


def test_what_cannot_be_sold_is_not_created_but_on_demand() -> None:
    look = FakeLookup(RULES)
    pair = look.add(inventory(status="Inactive"))
    assert run(look, pair).reason == "not_sellable"
    look.answers[pair.id] = {item.ON_DEMAND: "yes"}  # E80
    decision = run(look, pair)
    assert decision.write is not None
    assert decision.write.fields[item.GROUP] == "Discontinued"


def test_an_existing_row_is_matched_by_its_number_and_a_doubled_one_is_asked() -> None:
    look = FakeLookup(RULES)
    mine = look.add(row())
    assert run(look, look.add(inventory())).link == mine.id
    look.add(row("34"))
    assert run(look, look.pairs[2]).reason == "many_candidates"


def test_a_renumbered_item_keeps_its_row() -> None:
    look = FakeLookup(RULES)  # E31
    pair = at_rest(look)
    look.put(Side.ERP, Kind.ITEM, "501", inventory(inventoryNumber="20").fields)
    assert written(run(look, pair)) == {f"{PRE}Data1": "20"}


def test_prices_are_per_sales_unit() -> None:
    units = '[{"fromUnit":"KRT","toUnit":"STK","unitMultDiv":"Multiply","unitRate":12}]'
    fields = item.derived(
        ERP | {"salesUnit": "KRT", "defaultPrice": "10", "inventoryUnits": units}, RULES
    )  # E34
    assert (fields["salesUnit"], fields["derived.price"], fields["derived.cost"]) == ("KRT", "120", "3600")
    without = item.derived(ERP | {"salesUnit": "KRT", "defaultPrice": "10"}, RULES)
    assert (without["salesUnit"], without["derived.price"]) == ("STK", "10")


def test_a_row_deleted_by_hand_is_created_again() -> None:
    look = FakeLookup(RULES)
    pair = at_rest(look)
    decision = run(look, pair, crm_missing=True)
    assert decision.write is not None
    assert decision.write.action is Action.CREATE


def test_rows_of_the_house_are_left_alone() -> None:
    look = FakeLookup(RULES)
    assert run(look, look.add(row())).write is None


def test_a_mark_counts_for_the_brake_and_its_price_goes_on_without_it() -> None:
    look = FakeLookup(RULES)
    pair = at_rest(look)
    look.put(Side.ERP, Kind.ITEM, "501", ERP | {"status": "Inactive", "defaultPrice": "600"})
    decision = run(look, pair)
    assert decision.mass == "mark"
    assert decision.calm is not None
    assert decision.calm.mass == ""
    assert written(decision.calm) == {f"{PRE}Price": "600"}
    assert written(decision)[item.GROUP] == "Discontinued"


def test_what_is_marked_already_is_no_mass_change_again() -> None:
    look = FakeLookup(RULES)
    pair = at_rest(look)
    marked = {item.GROUP: "Discontinued", f"{PRE}Data2": "(discontinued) Produkt 1"}
    look.put(Side.CRM, Kind.ITEM, "33", ROW | marked)
    look.put(Side.ERP, Kind.ITEM, "501", ERP | {"status": "Inactive", "defaultPrice": "600"})
    decision = run(look, pair)
    assert (decision.mass, written(decision, ROW | marked)) == ("", {f"{PRE}Price": "600"})


def test_a_price_that_differs_at_linking_is_a_price_list() -> None:
    look = FakeLookup(RULES)
    pair = look.link(row(fields={f"{PRE}Price": "1"}), inventory())
    decision = run(look, pair)
    assert written(decision, ROW | {f"{PRE}Price": "1"}) == {f"{PRE}Price": "500"}
    assert decision.mass == ""


def test_two_rows_of_one_item_are_asked_about_until_one_is_gone() -> None:
    look = FakeLookup(RULES)
    pair = at_rest(look)
    look.add(row("34", {f"{PRE}Data3": "-"}))
    decision = run(look, pair)
    assert (decision.reason, decision.state, decision.write) == ("many_candidates", "ambiguous", None)
    assert decision.detail["candidates"] == "33,34"
    assert decision.again_ms > 0
    del look.records[Side.CRM, Kind.ITEM, "34"]
    again = look.keep(msgspec.structs.replace(look.pairs[pair.id], state="ambiguous"))
    assert run(look, again).state == "active"


def test_a_row_that_a_known_line_uses_is_marked_where_others_are_deleted() -> None:
    rules = rules_file.parse('[item]\ndirection = "to_crm"\non_discontinue = "delete"\n', "test")
    look = FakeLookup(rules)
    pair = at_rest(look)
    look.put(Side.ERP, Kind.ITEM, "501", ERP | {"status": "Inactive"})
    gone = run(look, pair, rules)
    assert gone.write is not None
    assert (gone.write.action, gone.mass) == (Action.DELETE, "delete")
    look.put(Side.CRM, Kind.LINE, "9001", {"QuotationLineData3": "501"})
    kept = run(look, pair, rules)
    assert kept.write is not None
    assert (kept.write.action, kept.mass) == (Action.UPDATE, "mark")


@pytest.mark.parametrize(("warehouse", "stock"), [("", "12"), ("2", "4.5"), ("9", "0")])
def test_stock_is_the_sum_or_one_warehouse(warehouse: str, stock: str) -> None:
    settings = f'[item]\ndirection = "to_crm"\nstock_warehouse = "{warehouse}"\n'
    held = '[{"warehouse":"1","available":7.5},{"warehouse":"2","available":4.5}]'
    fields = item.derived(ERP | {"warehouseDetails": held}, rules_file.parse(settings, "test"))
    assert fields["derived.stock"] == stock
