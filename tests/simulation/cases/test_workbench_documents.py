"""The workbench and documents: a delivery and an order taken apart, and deletes that wait for a person."""

from tests.simulation.cases.stories import (
    deal,
    deliveries,
    delivery,
    delivery_of,
    line,
    listen,
    order,
    order_of,
    orders,
    proven_gone,
    sent,
)
from tests.simulation.scene import Scene, play


def rid(found: dict[str, object]) -> str:
    return f"order:SO/{found['id']}"


def test_an_order_that_was_unlinked_does_not_come_back_by_its_marker() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        wire = listen(scene)
        await scene.unlink(crm=number, entity="delivery")
        await scene.settle()
        assert {(one["webcrm"], one["visma"]) for one in await scene.asked("weak_match")} == {
            (str(number), ""),
            ("", rid(made)),
        }
        scene.user("edit", kind="delivery", id=number, fields={"DeliveryDescription": "Andre lamper"})
        scene.bookkeeper("edit_order", order=made["id"], fields={"description": "Lamper, tak"})
        await scene.settle()
        assert wire == []
        assert len(await scene.asked("weak_match")) == 2
        await scene.resolve("create_new", crm=number, entity="delivery")
        await scene.settle()
        assert len(orders(scene)) == 2
        fresh = delivery(scene, number)["DeliveryErpId"]
        assert fresh.startswith("erp:order:SO/")
        assert fresh != f"erp:{rid(made)}"
        await scene.resolve("create_new", erp=rid(made))
        await scene.settle()
        assert delivery_of(scene, f"erp:{rid(made)}") != number
        assert len(orders(scene)) == len(deliveries(scene)) == 2

    play(story)


def test_an_unlinked_order_is_linked_again_by_hand() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        await scene.unlink(crm=number, entity="delivery")
        await scene.settle()
        await scene.link(number, erp=rid(made))
        await scene.settle()
        assert delivery(scene, number)["DeliveryErpId"] == f"erp:{rid(made)}"
        assert (await scene.inbox())["total"] == 0
        assert (len(orders(scene)), len(deliveries(scene))) == (1, 1)
        scene.user("add_line", deal=number, **line(quantity=3))
        await scene.settle()
        assert len(order(scene, made["id"])["lines"]) == 3

    play(story)


def test_deletes_that_wait_are_approved_together() -> None:
    async def story(scene: Scene) -> None:
        first, _ = await sent(scene)
        second, kept = deal(scene, line(quantity=5)), deal(scene, line(quantity=7))
        await scene.settle()
        for number in (first, second):
            scene.user("delete", kind="delivery", id=number)
        await proven_gone(scene)
        asked = await scene.asked("deleted_vs_edited", "delivery")
        assert [record["webcrm"] for record in asked] == [str(first), str(second)]
        group = (await scene.inbox())["groups"][0]
        assert group["count"] == 2
        assert "delete" in [choice["choice"] for choice in group["choices"]]
        assert len(orders(scene)) == 3
        assert (await scene.approve("deletes", "person"))["changed"] == 0
        assert (await scene.approve("deletes", "delivery"))["changed"] == 2
        await scene.settle()
        assert [one["id"] for one in orders(scene)] == [order_of(scene, kept)["id"]]
        assert (await scene.inbox())["total"] == 0

    play(story)
