"""Deliveries and orders that are deleted, converted back or cancelled (semantics §3.4, §10)."""

from streamsync.simulators.http import Request, Response
from tests.simulation.cases.stories import (
    LAMP,
    SERVICE,
    Row,
    billed,
    deal,
    deliveries,
    delivery,
    documents,
    history,
    line,
    lines_of,
    listen,
    order,
    order_of,
    ordered,
    orders,
    proven_gone,
    quantities,
    sent,
    word,
)
from tests.simulation.scene import Scene, play, replaced

BY = "bystander"
READY = {"DeliveryErpStatus": "ReadyForSynchronization"}


async def bystander(scene: Scene) -> None:
    """Another delivery with its order: a list without a row would be no evidence (semantics §10)."""
    await sent(scene, line(SERVICE, 1), DeliveryDescription=BY)


def left(scene: Scene) -> list[Row]:
    """The deliveries beside the bystander's."""
    return [one for one in deliveries(scene) if one["DeliveryDescription"] != BY]


def ordered_still(scene: Scene) -> list[Row]:
    return [one for one in orders(scene) if one["fields"].get("description") != BY]


def test_e58_an_order_deleted_in_the_erp_is_not_made_again() -> None:
    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, made = await sent(scene)
        scene.bookkeeper("delete_order", orderId=made["id"])
        await proven_gone(scene)
        row = delivery(scene, number)
        assert word(scene, number) == "Annulleret"
        assert row["DeliveryCustom6"] == "Slettet i Visma"
        assert row["DeliveryErpId"] == "erp:order:SO/000224"  # the tombstone
        scene.user("edit", kind="delivery", id=number, fields={"DeliveryDescription": "Stadig ønsket"})
        line_id = lines_of(scene, number)[0]["QuotationLineId"]
        scene.user("edit_line", id=line_id, fields={"QuotationLineQuantity": 9.0})
        await scene.settle()
        assert ordered_still(scene) == []
        assert await scene.outcome("delivery", crm=str(number)) == ("filtered", "not_triggered")
        assert delivery(scene, number)["DeliveryOrderValue"] != 0  # cancelled_value = keep

    play(story)


def test_an_order_deleted_in_the_erp_is_sent_again_when_the_user_asks() -> None:
    """Not a numbered case: §3.1 row 3, the tombstone gives way to the new order."""

    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, made = await sent(scene, line(LAMP, 2))
        scene.bookkeeper("delete_order", orderId=made["id"])
        await proven_gone(scene)
        assert delivery(scene, number)["DeliveryOrderValue"] == 0  # cancelled_value = zero
        scene.user("edit", kind="delivery", id=number, fields=READY)
        await scene.settle()
        again = order_of(scene, number)
        assert [one["quantity"] for one in again["lines"]] == [2]
        row = delivery(scene, number)
        assert row["DeliveryErpId"] == f"erp:order:SO/{again['id']}" != "erp:order:SO/000224"
        assert (row["DeliveryErpStatus"], row["DeliveryNumber"]) == ("Synchronized", again["id"])
        assert (row["DeliveryCustom6"], word(scene, number)) == ("", "Afventer")
        assert row["DeliveryOrderValue"] == 398.0
        assert quantities(scene, number) == [2.0]
        [past] = [one for one in await history(scene, number) if one.event == "replaced"]
        assert (past.side, past.before) == ("erp", "order:SO/000224")
        assert len(left(scene)) == 1
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, rules=replaced("quiet_seconds = 1", 'quiet_seconds = 1\ncancelled_value = "zero"'))


def test_e59_a_deleted_delivery_asks_and_hold_stops_the_order() -> None:
    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, made = await sent(scene)
        scene.user("delete", kind="delivery", id=number)
        await proven_gone(scene)
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "deleted_vs_edited")
        assert left(scene) == []
        assert order(scene, made["id"])["status"] == "Open"
        wire = listen(scene)
        await scene.resolve("hold", crm=number)
        await scene.settle()
        [patch] = wire.of("PATCH", "/api/v3/SalesOrders/SO/000224")
        assert patch.body == {"status": "Hold"}
        assert order(scene, made["id"])["status"] == "Hold"
        assert left(scene) == []  # it does not come back from the ERP
        assert not await scene.asked("deleted_vs_edited")

    play(story)


def test_e60_a_delivery_converted_back_is_not_taken_for_deleted() -> None:
    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, made = await sent(scene)
        scene.user("convert_delivery_back", id=number)
        wire = listen(scene, reads=True)
        await proven_gone(scene)
        assert [one.status for one in wire.of("GET", f"/Opportunities/{number}")] == [200]
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "deleted_vs_edited")
        [asked] = await scene.asked("deleted_vs_edited")
        assert [one["webcrm"] for one in asked["fields"]] == ["opportunity"]
        assert order(scene, made["id"])["status"] == "Open"
        assert left(scene) == []
        scene.user("convert_opportunity", id=number)  # won again: the same pair goes on
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")
        assert delivery(scene, number)["DeliveryErpId"] == "erp:order:SO/000224"
        assert len(ordered_still(scene)) == 1

    play(story)


def test_a_deleted_delivery_is_brought_back_from_the_erp() -> None:
    """Not a numbered case: the choice `bring_back` of §3.4."""

    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, _ = await sent(scene)
        scene.user("delete", kind="delivery", id=number)
        await proven_gone(scene)
        await scene.resolve("bring_back", crm=number)
        await scene.settle()
        [row] = left(scene)
        back = row["DeliveryId"]
        assert back != number
        assert (row["DeliveryErpId"], row["DeliveryNumber"]) == ("erp:order:SO/000224", "000224")
        assert quantities(scene, back) == [2.0, 1.0]
        assert await scene.outcome("delivery", crm=str(back)) == ("in_sync", "")
        scene.user("delete", kind="delivery", id=back)  # the answer was used: it is asked anew
        await proven_gone(scene)
        assert await scene.outcome("delivery", crm=str(back)) == ("conflict", "deleted_vs_edited")

    play(story)


def test_a_delivery_that_is_shipped_is_not_touched_when_it_is_deleted() -> None:
    """Not a numbered case: §3.4, P2 and later are a notice only."""

    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, made = await sent(scene, line(LAMP, 5))
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 2})
        await scene.settle()
        scene.user("delete", kind="delivery", id=number)
        wire = listen(scene)
        await proven_gone(scene)
        assert not [one for one in wire if one.path.startswith("/api/v3")]
        assert order(scene, made["id"])["status"] == "Shipping"
        shown = await scene.show(crm=number)
        assert [one["code"] for one in shown["findings"]] == ["gone_in_webcrm"]
        assert left(scene) == []

    play(story, rules=replaced("quiet_seconds = 1", 'quiet_seconds = 1\non_crm_delete = "delete"'))


def test_e97_a_deleted_delivery_of_an_invoice_is_listed_and_not_made_again() -> None:
    async def story(scene: Scene) -> None:
        await bystander(scene)
        made = scene.bookkeeper("create_invoice", customer="10042", lines=[billed(SERVICE, 2)])
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        await scene.settle()
        [row] = left(scene)
        number = row["DeliveryId"]
        scene.user("delete", kind="delivery", id=number)
        await proven_gone(scene)
        scene.bookkeeper("pay", referenceNumber=made["referenceNumber"])
        await scene.settle()
        assert left(scene) == []
        shown = await scene.show(crm=number)
        assert [one["code"] for one in shown["findings"]] == ["gone_in_webcrm"]
        assert len(documents(scene)) == 1

    play(story)


def test_e99_an_order_that_the_erp_will_not_delete_is_left_to_a_person() -> None:
    async def story(scene: Scene) -> None:
        await bystander(scene)
        number, made = await sent(scene)
        scene.user("delete", kind="delivery", id=number)
        held = next(one for one in scene.erp.company.orders.all() if one.id == made["id"])
        wire = listen(scene)
        keep = scene.crm_face.record
        assert keep is not None

        def ship_now(request: Request, answer: Response) -> None:
            """Shipped at the very moment when the delivery proves to be gone: no read has shown it yet."""
            keep(request, answer)
            if request.path == f"/Deliveries/{number}" and answer.status == 404:
                held.lines[0].shipped += 1

        scene.crm_face.record = ship_now
        await proven_gone(scene)
        refused = wire.of("DELETE", "/api/v3/SalesOrders/SO/000224")
        assert [one.status for one in refused] == [400]
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "deleted_vs_edited")
        [asked] = await scene.asked("deleted_vs_edited")
        assert asked["pair"]
        assert order(scene, made["id"])["status"] == "Open"
        await scene.sleep(600)
        await scene.settle()
        assert len(wire.of("DELETE", "/api/v3/SalesOrders")) == 1  # never by force
        assert left(scene) == []

    play(story, rules=replaced("quiet_seconds = 1", 'quiet_seconds = 1\non_crm_delete = "delete"'))


def test_an_option_that_means_cancel_is_treated_as_a_delete() -> None:
    """Not a numbered case: `delivery.cancel_option` (§3.4)."""
    course = "DeliveryCustom10"

    async def story(scene: Scene) -> None:
        options = ["- - Vælg - -", "Aktiv", "Annullér"]
        settings = {"kind": "list", "label": "Forløb", "options": options}
        scene.user("configure_field", field=course, settings=settings)
        await scene.start()
        await scene.settle()
        number, made = await sent(scene)
        scene.user("edit", kind="delivery", id=number, fields={course: "Annullér"})
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "deleted_vs_edited")
        await scene.resolve("hold", crm=number)
        await scene.settle()
        assert order(scene, made["id"])["status"] == "Hold"
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")
        draft = deal(scene, line(LAMP, 1), **{course: "Annullér"})
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(draft)) == ("filtered", "not_triggered")
        assert len(orders(scene)) == 1
        scene.user("edit", kind="delivery", id=draft, fields={course: "Aktiv"})
        await scene.settle()
        assert len(orders(scene)) == 2

    cancel = f'quiet_seconds = 1\ncancel_field = "{course}"\ncancel_option = "Annullér"'
    play(story, rules=replaced("quiet_seconds = 1", cancel), started=False)


def test_an_order_from_the_erp_whose_delivery_was_deleted_may_be_deleted_too() -> None:
    """Not a numbered case: the choice `delete` of §3.4."""

    async def story(scene: Scene) -> None:
        await bystander(scene)
        _, number = await ordered(scene)
        scene.user("delete", kind="delivery", id=number)
        await proven_gone(scene)
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "deleted_vs_edited")
        await scene.resolve("delete", crm=number)
        await scene.settle()
        assert ordered_still(scene) == []
        assert left(scene) == []

    play(story)
