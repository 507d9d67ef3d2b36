"""Items, case by case (semantics §5, §11): always from the ERP into webCRM's catalogue."""

from typing import Any

import pytest

from streamsync.model import Side
from streamsync.store import journal, pairs
from tests.simulation.cases.parties import Row, data, item, polled_every
from tests.simulation.cases.stories import add, deal, line, lines_of, listen, order_of, proven_gone
from tests.simulation.scene import RULES, Scene, play

GROUP, PRICE = "QuotationLineLinkedDataItemItemGroup", "QuotationLineLinkedDataItemPrice"
COST = "QuotationLineLinkedDataItemCostPrice"
ID, CATALOGUE = "QuotationLineLinkedDataItemId", "/QuotationLines/LinkedData"


def make_item(scene: Scene, number: str = "KABEL-3", **fields: Any) -> None:
    values = {"description": "Kabel 3 m", "defaultPrice": 45, "baseUnit": "STK", "salesUnit": "STK"}
    scene.bookkeeper("create_item", inventoryNumber=number, **{**values, **fields})


async def catalogue_read(scene: Scene, times: int = 1) -> None:
    """The unpaged list of catalogue rows, now: it is read rarely, because it tells of no changes."""
    for _ in range(times):
        for connection in scene.daemon.plant.connections.values():
            connection.poll_wakes["LinkedData"].set()
        await scene.sleep(15)
    await scene.settle()


async def started_slowly(scene: Scene) -> None:
    """Polled once a minute: virtual time costs little."""
    polled_every(scene, 60)
    await scene.start()
    await scene.settle()


async def changes(scene: Scene, number: int) -> list[journal.Change]:
    """What the page of a catalogue row shows as its past values, newest first."""

    def found(conn: Any) -> list[journal.Change]:
        pair = pairs.by_rid(conn, "kunde", "item", Side.CRM, str(number))
        assert pair is not None
        return journal.history(conn, "kunde", pair.id)

    return await scene.daemon.store.read(found)


def rules_of_items(*settings: str) -> str:
    """The demonstration's rules with settings of `[item]`."""
    return RULES.replace("[item]\n", "\n".join(("[item]", *settings, "")), 1)


def without_stamps(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.endswith("At")}


def test_e29_a_new_item_is_one_call() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        make_item(scene)
        await scene.settle()
        [create] = wire
        assert (create.method, create.path) == ("POST", CATALOGUE)
        row = item(scene, "KABEL-3")
        assert row["QuotationLineLinkedDataItemEntityType"] == "Product"
        assert (data(row, 2), data(row, 4), row[PRICE]) == ("Kabel 3 m", "STK", 45)
        assert [data(row, n) for n in range(5, 10)] == ["-"] * 5
        assert len(scene.crm.rows("item")) == 3

    play(story)


def test_e30_an_inactive_item_is_marked_and_comes_back() -> None:
    async def story(scene: Scene) -> None:
        make_item(scene)
        await scene.settle()
        before = item(scene, "KABEL-3")
        wire = listen(scene)
        scene.bookkeeper("edit_item", inventoryNumber="KABEL-3", status="Inactive")
        await scene.settle()
        marked = item(scene, "KABEL-3")
        assert (marked[GROUP], data(marked, 2)) == ("Discontinued", "(discontinued) Kabel 3 m")
        assert (marked[ID], marked[PRICE]) == (before[ID], before[PRICE])
        assert [(one.method, one.path) for one in wire] == [("PUT", f"{CATALOGUE}/{before[ID]}")]
        wire.clear()
        scene.bookkeeper("edit_item", inventoryNumber="KABEL-3", status="Active")
        await scene.settle()
        assert without_stamps(item(scene, "KABEL-3")) == without_stamps(before)
        assert [(one.method, one.path) for one in wire] == [("PUT", f"{CATALOGUE}/{before[ID]}")]

    play(story)


def test_an_item_that_was_never_sold_does_not_come() -> None:
    async def story(scene: Scene) -> None:
        make_item(scene, "GAMMEL-1", status="NoSales")
        await scene.settle()
        assert len(scene.crm.rows("item")) == 2

    play(story)


def test_e33_a_new_price_leaves_the_offers_made() -> None:
    async def story(scene: Scene) -> None:
        offer = deal(scene, kind="opportunity")
        add(scene, offer, **line("LAMPE-01", 2))
        before = lines_of(scene, offer)
        assert [one["QuotationLinePrice"] for one in before] == [199]
        wire = listen(scene)
        scene.bookkeeper("edit_item", inventoryNumber="LAMPE-01", defaultPrice=249)
        await scene.settle()
        row = item(scene, "LAMPE-01")
        assert row[PRICE] == 249
        assert lines_of(scene, offer) == before
        assert [(one.method, one.path) for one in wire] == [("PUT", f"{CATALOGUE}/{row[ID]}")]

    play(story)


def test_a_house_item_is_never_touched() -> None:
    async def story(scene: Scene) -> None:
        [house] = scene.crm.load("item", [{"QuotationLineLinkedDataItemData1": "HUS-1", PRICE: 7.0}])
        before = scene.crm.get("item", house)
        wire = listen(scene)
        await scene.start()
        await scene.settle()
        assert scene.crm.get("item", house) == before
        assert not [one for one in wire if one.path == f"{CATALOGUE}/{house}"]

    play(story, started=False)


def test_a_price_changed_by_hand_gives_way_with_the_next_write() -> None:
    async def story(scene: Scene) -> None:
        scene.user("edit", kind="item", id=item(scene, "LAMPE-01")[ID], fields={PRICE: 1.0})
        scene.bookkeeper("edit_item", inventoryNumber="LAMPE-01", description="Testlampe 60W")
        await scene.settle()
        row = item(scene, "LAMPE-01")
        assert (data(row, 2), row[PRICE]) == ("Testlampe 60W", 199)

    play(story)


def test_e31_a_renumbered_item_keeps_its_row_and_a_draft_line_still_resolves() -> None:
    async def story(scene: Scene) -> None:
        before = item(scene, "LAMPE-01")
        offer = deal(scene, kind="opportunity")
        add(scene, offer, **line("LAMPE-01", 2))
        drafted = lines_of(scene, offer)
        wire = listen(scene)
        scene.bookkeeper("renumber_item", inventoryNumber="LAMPE-01", newNumber="LAMPE-1A")
        await scene.settle()
        row = item(scene, "LAMPE-1A")
        assert (row[ID], data(row, 2), row[PRICE]) == (before[ID], data(before, 2), before[PRICE])
        assert [(one.method, one.path) for one in wire] == [("PUT", f"{CATALOGUE}/{before[ID]}")]
        assert lines_of(scene, offer) == drafted  # the offer that was made
        # a line typed before, linked to nothing, knows the item by its old number only
        number = deal(scene)
        named = {"QuotationLineData1": "LAMPE-01", "QuotationLineQuantity": 3.0, "QuotationLinePrice": 199.0}
        scene.user("add_line", deal=number, fields=named)
        await scene.settle()
        [sold] = order_of(scene, number)["lines"]
        assert (str(sold["item_id"]), float(sold["quantity"])) == (data(row, 3), 3)

    play(story)


def test_e32_a_row_changed_by_hand_is_put_back_and_a_deleted_one_comes_again() -> None:
    async def story(scene: Scene) -> None:
        await started_slowly(scene)
        row = item(scene, "LAMPE-01")
        scene.user("edit", kind="item", id=row[ID], fields={PRICE: 1.0})
        await catalogue_read(scene)
        assert without_stamps(item(scene, "LAMPE-01")) == without_stamps(row)
        [by_hand] = [one for one in await changes(scene, row[ID]) if one.event == "by_hand"]
        assert (by_hand.side, by_hand.field, by_hand.before, by_hand.after) == ("crm", "I5", "1", "199")
        assert await scene.parked() == []
        scene.user("delete", kind="item", id=row[ID])
        await catalogue_read(scene)
        assert len(scene.crm.rows("item")) == 1  # missing is not deleted
        await proven_gone(scene)
        again = item(scene, "LAMPE-01")
        assert again[ID] != row[ID]
        assert (data(again, 2), data(again, 3), again[PRICE]) == (data(row, 2), data(row, 3), 199)
        wire = listen(scene)
        scene.bookkeeper("edit_item", inventoryNumber="LAMPE-01", defaultPrice=210)
        await scene.sleep(65)
        await scene.settle()
        assert [(one.method, one.path) for one in wire] == [("PUT", f"{CATALOGUE}/{again[ID]}")]

    play(story, started=False)


def test_e34_prices_and_cost_are_those_of_the_sales_unit() -> None:
    async def story(scene: Scene) -> None:
        box = {"salesUnit": "KRT", "units": {"KRT": 12}, "currentCost": 4}
        make_item(scene, "SKRUE-4", defaultPrice=10, **box)
        make_item(scene, "SKRUE-5", defaultPrice=10, salesUnit="PAL")  # nobody says how many
        await scene.settle()
        row = item(scene, "SKRUE-4")
        assert (data(row, 4), row[PRICE], row[COST]) == ("KRT", 120, 48)
        row = item(scene, "SKRUE-5")
        assert (data(row, 4), row[PRICE]) == ("STK", 10)

    play(story)


@pytest.mark.parametrize(
    ("settings", "unit", "price", "cost"),
    [
        (('unit = "base"',), "STK", 10, 4),
        (('price = "recommendedPrice"',), "KRT", 180, 48),
        (('price = "recommendedPrice_else_default"', 'cost = "lastCost"'), "KRT", 180, 60),
    ],
)
def test_unit_price_and_cost_are_taken_as_the_rules_say(
    settings: tuple[str, ...], unit: str, price: float, cost: float
) -> None:
    async def story(scene: Scene) -> None:
        fields = {"recommendedPrice": 15, "currentCost": 4, "lastCost": 5}
        make_item(scene, "SKRUE-4", defaultPrice=10, salesUnit="KRT", units={"KRT": 12}, **fields)
        await scene.settle()
        row = item(scene, "SKRUE-4")
        assert (data(row, 4), row[PRICE], row[COST]) == (unit, price, cost)

    play(story, rules=rules_of_items(*settings))


def test_a_discontinued_item_is_deleted_where_the_rules_say_so_and_no_line_needs_it() -> None:
    async def story(scene: Scene) -> None:
        make_item(scene)
        await scene.settle()
        deal(scene, line("LAMPE-01", 1))
        await scene.settle()
        row = item(scene, "KABEL-3")
        wire = listen(scene)
        for number in ("KABEL-3", "LAMPE-01"):
            scene.bookkeeper("edit_item", inventoryNumber=number, status="NoSales")
        await scene.sleep(90)
        await scene.settle()
        assert [one.path for one in wire.of("DELETE", "/")] == [f"{CATALOGUE}/{row[ID]}"]
        assert item(scene, "LAMPE-01")[GROUP] == "Discontinued"
        scene.bookkeeper("edit_item", inventoryNumber="KABEL-3", status="Active")
        await scene.settle()
        assert item(scene, "KABEL-3")[ID] != row[ID]

    play(story, rules=rules_of_items('on_discontinue = "delete"'))


def test_a_discontinued_item_is_left_alone_where_the_rules_say_so() -> None:
    async def story(scene: Scene) -> None:
        before = item(scene, "LAMPE-01")
        wire = listen(scene)
        scene.bookkeeper("edit_item", inventoryNumber="LAMPE-01", status="Inactive")
        await scene.sleep(90)
        await scene.settle()
        assert wire == []
        assert item(scene, "LAMPE-01") == before

    play(story, rules=rules_of_items('on_discontinue = "nothing"'))


def test_two_rows_of_one_item_are_asked_about_and_neither_is_written() -> None:
    async def story(scene: Scene) -> None:
        await started_slowly(scene)
        [twin] = scene.crm.load("item", [{"QuotationLineLinkedDataItemData1": "LAMPE-01", PRICE: 7.0}])
        await catalogue_read(scene)
        wire = listen(scene)
        scene.bookkeeper("edit_item", inventoryNumber="LAMPE-01", defaultPrice=249)
        await scene.sleep(65)
        await scene.settle()
        assert wire == []
        assert {row["reason"] for row in await scene.parked()} == {"many_candidates"}
        scene.user("delete", kind="item", id=twin)
        await proven_gone(scene)
        await scene.sleep(700)
        await scene.settle()
        assert item(scene, "LAMPE-01")[PRICE] == 249
        assert await scene.parked() == []

    play(story, started=False)


STOCK = """
[[item.map]]
id = "I10"
crm = "QuotationLineLinkedDataItemData5"
[[item.map]]
id = "I11"
crm = "QuotationLineLinkedDataItemData6"
"""


def test_stock_and_barcode_are_shown_and_stock_is_asked_for_apart() -> None:
    async def story(scene: Scene) -> None:
        for n in (5, 6):
            scene.crm.books.tenant.linked_setup[f"QuotationLineLinkedSetupUseLinkedField{n}"] = True
        await started_slowly(scene)
        codes = [{"alternateType": "Barcode", "alternateID": "5701234567899"}]
        make_item(scene, "LAGER-1", type="FinishedGoodItem", stock=12, crossReferences=codes)
        await scene.sleep(65)
        await scene.settle()
        row = item(scene, "LAGER-1")
        assert (data(row, 5), data(row, 6)) == ("12", "5701234567899")
        scene.forget_calls()
        scene.bookkeeper("edit_item", inventoryNumber="LAGER-1", stock=5)
        await scene.sleep(250)
        await scene.settle()
        row = item(scene, "LAGER-1")
        assert (data(row, 5), data(row, 6)) == ("5", "5701234567899")
        scene.forget_calls()
        await scene.sleep(500)
        assert scene.writes() == 0
        assert 1 <= scene.erp_calls("GET /v1/inventory") - 500 // 60 <= 4  # beside the list of changes

    play(story, rules=rules_of_items("stock_interval = 200") + STOCK, started=False)
