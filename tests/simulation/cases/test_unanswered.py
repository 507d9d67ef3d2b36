"""Writes that were sent and whose answer never came. All of these were found by `make killtest`.

Lines may still land, so they are not sent again before the settle time is over: what reliability §5.4 rule 2
says of records holds for them too. A record that a list shows twice is one record.
"""

from typing import Any

import pytest

from streamsync.simulators.faults import Sort
from tests.simulation.cases.stories import (
    LAMP,
    NUMBER,
    add,
    delivery_of,
    goods,
    line,
    order_of,
    quantities,
    sent,
)
from tests.simulation.scene import Scene, play

LATE: dict[str, Any] = {"sort": Sort.LATE_COMMIT, "method": "POST", "count": 1, "seconds": 1.5}
BROKEN: dict[str, Any] = {"sort": Sort.RESET_AFTER, "method": "POST", "count": 1}


@pytest.mark.parametrize("fault", [LATE, BROKEN], ids=["late", "broken"])
def test_a_line_that_lands_late_in_webcrm_is_there_once(fault: dict[str, Any]) -> None:
    async def story(scene: Scene) -> None:
        scene.crm_face.faults.add(**fault, path="/QuotationLines")
        made = scene.bookkeeper(
            "create_order", customer=NUMBER, lines=[goods(LAMP, 2), goods(LAMP, 5)], description="Lamper"
        )
        await scene.settle()
        number = delivery_of(scene, f"erp:order:{made['type']}/{made['orderId']}")
        assert quantities(scene, number) == [2, 5]

    play(story)


@pytest.mark.parametrize("fault", [LATE, BROKEN], ids=["late", "broken"])
def test_a_line_that_lands_late_in_the_erp_is_there_once(fault: dict[str, Any]) -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene, line(LAMP, 2))
        scene.erp_face.faults.add(**fault, path="/api/v3/SalesOrders")
        add(scene, number, **line(LAMP, 5))
        await scene.settle()
        assert [row["quantity"] for row in order_of(scene, number)["lines"]] == [2, 5]
        assert quantities(scene, number) == [2, 5]

    play(story)


def test_a_record_that_the_look_up_shows_twice_is_one_record() -> None:
    async def story(scene: Scene) -> None:
        faults, catalogue = scene.crm_face.faults, "/QuotationLines/LinkedData"
        faults.add(Sort.RESET_AFTER, method="POST", path=catalogue, count=8)
        faults.add(Sort.DUPLICATE_ROWS, method="GET", path=catalogue, probability=1.0)
        made = [scene.bookkeeper("create_item", number=f"LAMPE-1{n}", description="Lampe") for n in range(8)]
        await scene.settle()
        found = {await scene.outcome("item", erp=str(one["inventoryId"])) for one in made}
        assert found == {("in_sync", "")}

    play(story)
