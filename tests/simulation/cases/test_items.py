"""Items, case by case (semantics §5, §11): always from the ERP into webCRM's catalogue."""

from typing import Any

from tests.simulation.cases.parties import Row, data, item
from tests.simulation.cases.stories import add, deal, line, lines_of, listen
from tests.simulation.scene import Scene, play

GROUP, PRICE = "QuotationLineLinkedDataItemItemGroup", "QuotationLineLinkedDataItemPrice"
ID, CATALOGUE = "QuotationLineLinkedDataItemId", "/QuotationLines/LinkedData"


def make_item(scene: Scene, number: str = "KABEL-3", **fields: Any) -> None:
    values = {"description": "Kabel 3 m", "defaultPrice": 45, "baseUnit": "STK", "salesUnit": "STK"}
    scene.bookkeeper("create_item", inventoryNumber=number, **{**values, **fields})


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
