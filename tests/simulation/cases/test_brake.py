"""The mass-change brake, case by case (semantics §10): a burst waits for a person, ordinary edits go on."""

from typing import Any

import pytest

from streamsync.store import brake
from tests.simulation.cases.parties import CVR, NUMBER, data, item, make_customer
from tests.simulation.cases.stories import listen
from tests.simulation.scene import Scene, play

GROUP, PRICE = "QuotationLineLinkedDataItemItemGroup", "QuotationLineLinkedDataItemPrice"
PHONE = {"mainContact.phone1": "66112233"}
ITEMS = 60  # 5 % of them is less than 50, so 51 at once are too many


def stocked(scene: Scene, count: int = ITEMS) -> list[str]:
    numbers = [f"DEL-{n:03}" for n in range(count)]
    for number in numbers:
        values = {"description": f"Del {number}", "defaultPrice": 45, "baseUnit": "STK", "salesUnit": "STK"}
        scene.bookkeeper("create_item", inventoryNumber=number, **values)
    return numbers


def discontinue(scene: Scene, numbers: list[str], status: str = "Inactive", **more: Any) -> None:
    for number in numbers:
        scene.bookkeeper("edit_item", inventoryNumber=number, status=status, **more)


def marked(scene: Scene) -> list[str]:
    rows = [row for row in scene.crm.rows("item") if row[GROUP] == "Discontinued"]
    return sorted(data(row, 1) for row in rows)


async def held(scene: Scene) -> list[tuple[str, str, str, int]]:
    """What waits for an approval: (entity, side, sort of change, pairs)."""
    found = await scene.daemon.store.read(lambda c: brake.held(c, "kunde"))
    return [(one.entity, one.side, one.mass, one.count) for one in found]


async def calmed(scene: Scene) -> None:
    """Longer than a mass change waits for the rest of its burst."""
    await scene.sleep(brake.DELAY_MS / 1000 + 30)
    await scene.settle()


def test_e94_a_burst_of_marks_waits_and_price_edits_go_on() -> None:
    async def story(scene: Scene) -> None:
        numbers = stocked(scene)
        await scene.start()
        await scene.settle()
        wire = listen(scene)
        discontinue(scene, numbers[:55], defaultPrice=60)
        scene.bookkeeper("edit_item", inventoryNumber=numbers[58], defaultPrice=70)
        await calmed(scene)
        assert marked(scene) == []
        assert [item(scene, number)[PRICE] for number in numbers[54:59]] == [60, 45, 45, 45, 70]
        assert await held(scene) == [("item", "crm", "mark", 55)]
        row = next(row for row in scene.erp.state()["items"] if row["number"] == numbers[0])
        assert await scene.outcome("item", erp=str(row["inventory_id"])) == ("waiting", "gate")
        wire.clear()
        await scene.approve("brake", "item")
        await scene.settle()
        assert marked(scene) == numbers[:55]
        assert len(wire.of("PUT", "/QuotationLines/LinkedData")) == 55
        assert await held(scene) == []
        # a later one is alone again
        discontinue(scene, numbers[56:57])
        await calmed(scene)
        assert marked(scene) == sorted([*numbers[:55], numbers[56]])

    play(story, started=False)


def test_a_price_list_is_no_burst() -> None:
    async def story(scene: Scene) -> None:
        numbers = stocked(scene)
        await scene.start()
        await scene.settle()
        for number in numbers:
            scene.bookkeeper("edit_item", inventoryNumber=number, defaultPrice=99)
        await scene.settle()
        assert {item(scene, number)[PRICE] for number in numbers} == {99}
        assert await held(scene) == []

    play(story, started=False)


def customers_with_cvr(scene: Scene, count: int) -> None:
    for n in range(count):
        theirs = {"corporateId": str(20_000_000 + n), "mainAddress.city": "Vejle"}
        make_customer(scene, f"Firma {n} ApS", number=str(20_000 + n), **theirs, **PHONE)


def organisations_with_cvr(scene: Scene, count: int, kind: str = "Kunde") -> None:
    """The same companies by CVR, in another town and without a phone."""
    for n in range(count):
        ours = {"OrganisationName": f"Firma {n} ApS", CVR: str(20_000_000 + n), "OrganisationCity": "Odense"}
        scene.user("create", kind="organisation", fields={"OrganisationType": kind, **ours})


def towns(scene: Scene) -> list[str]:
    rows = scene.crm.rows("organisation")
    return sorted(row["OrganisationCity"] for row in rows if row["OrganisationName"].startswith("Firma"))


def test_a_plan_that_overwrites_much_wants_its_number_typed() -> None:
    async def story(scene: Scene) -> None:
        organisations_with_cvr(scene, 52)
        customers_with_cvr(scene, 52)
        make_customer(scene, "Sydhavn A/S", number="10500")
        await scene.start()
        await scene.settle()
        planned = await scene.daemon.commands.plan("kunde", 10)
        rows = {(row["row"], row["system"]): row for row in planned["rows"]["organisation"]}
        city, phone = rows["O5", "webcrm"], rows["O6", "webcrm"]
        assert (city["fills"], city["overwrites"], len(city["samples"])) == (0, 52, 5)
        assert city["samples"][0]["fields"] == {"OrganisationCity": ["Odense", "Vejle"]}
        assert (phone["fills"], phone["overwrites"]) == (52, 0)
        assert planned["creates"]["organisation"] == {"webcrm": 1, "visma": 1}
        for wrong in ("", "51", "kunde"):
            with pytest.raises(ValueError, match=r"52 of organisation row O5 in webcrm.*number: 52"):
                await scene.daemon.commands.accept("kunde", "tester", wrong)
        assert towns(scene) == ["Odense"] * 52
        await scene.daemon.commands.accept("kunde", "tester", "52")
        await scene.settle()
        assert towns(scene) == ["Vejle"] * 52  # what was accepted is no burst
        assert await held(scene) == []

    play(story, first_sync="ask", started=False)


def test_overwrites_at_linking_after_the_first_sync_wait_and_fills_go_on() -> None:
    async def story(scene: Scene) -> None:
        organisations_with_cvr(scene, 52, kind="-- vælg --")  # nobody's business, until the ERP has them
        await scene.settle()
        customers_with_cvr(scene, 52)
        await calmed(scene)
        assert towns(scene) == ["Odense"] * 52
        assert await held(scene) == [("organisation", "crm", "overwrite", 52)]
        rows = [row for row in scene.crm.rows("organisation") if row["OrganisationName"].startswith("Firma")]
        assert {row["OrganisationTelephone"] for row in rows} == {"66112233"}
        assert all(row[NUMBER] for row in rows)
        await scene.approve("brake")
        await scene.settle()
        assert towns(scene) == ["Vejle"] * 52

    play(story)
