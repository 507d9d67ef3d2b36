"""Orders and what becomes of them: numbers, invoices, status words, both ways (semantics §3.5-§3.7)."""

from tests.simulation.cases.stories import (
    LAMP,
    SERVICE,
    deal,
    deliveries,
    delivery,
    delivery_of,
    documents,
    goods,
    history,
    invoiced,
    line,
    lines_of,
    listen,
    numbers,
    order,
    ordered,
    payments_swept,
    quantities,
    sent,
    word,
)
from tests.simulation.scene import Scene, play


def test_e43_a_copied_order_does_not_take_the_link() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene)
        copied = scene.bookkeeper(
            "create_order", customer="10042", lines=[goods(LAMP, 2)], customerOrder=f"crm:delivery:{number}"
        )
        await scene.settle()
        assert delivery(scene, number)["DeliveryErpId"] == "erp:order:SO/000223"
        own = delivery_of(scene, f"erp:order:SO/{copied['orderId']}")
        assert own != number
        assert quantities(scene, own) == [2.0]

    play(story)


def test_e44_a_number_that_another_delivery_holds_gets_a_prefix() -> None:
    async def story(scene: Scene) -> None:
        other = deal(scene, DeliveryNumber="000223")
        number, _ = await sent(scene)
        assert delivery(scene, number)["DeliveryNumber"] == "SO-000223"
        assert delivery(scene, other)["DeliveryNumber"] == "000223"
        note = {"DeliveryDescription": "Stadig åben"}
        scene.user("edit", kind="delivery", id=number, fields=note)
        await scene.settle()
        assert order(scene, "000223")["fields"]["description"] == "Stadig åben"  # neither is locked

    play(story)


def test_e57_cancelled_and_opened_again() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        before = [one["QuotationLineId"] for one in lines_of(scene, number)]
        scene.bookkeeper("cancel_order", orderId=made["id"])
        await scene.settle()
        assert word(scene, number) == "Annulleret"
        row = delivery(scene, number)
        assert (row["DeliveryErpId"], row["DeliveryOrderValue"]) == ("erp:order:SO/000223", 898.0)
        scene.bookkeeper("reopen_order", orderId=made["id"])
        await scene.settle()
        assert word(scene, number) == "Afventer"
        assert [one["QuotationLineId"] for one in lines_of(scene, number)] == before

    play(story)


def test_e61_the_first_part_of_an_order_is_billed() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 10))
        bill = await invoiced(scene, made["id"], line1=4)
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert bill == "200315"
        assert numbers(scene, number) == ("200315", "Yes")
        assert word(scene, number) == "Afventer"
        assert len(deliveries(scene)) == 1
        assert quantities(scene, number) == [10.0]  # the order's lines stay

    play(story)


def test_e62_the_rest_is_billed_and_not_released_yet() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 10))
        scene.bookkeeper("release", referenceNumber=await invoiced(scene, made["id"], line1=4))
        await scene.settle()
        assert await invoiced(scene, made["id"]) == "200316"
        await scene.settle()
        assert numbers(scene, number) == ("200315, 200316", "No")
        assert word(scene, number) == "Afventer"

    play(story)


def test_e63_two_invoices_approved_and_then_paid() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 10))
        bills = [await invoiced(scene, made["id"], line1=4), await invoiced(scene, made["id"])]
        for bill in bills:
            scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert (word(scene, number), numbers(scene, number)[1]) == ("Godkendt", "Yes")
        scene.bookkeeper("pay", referenceNumber=bills[0])
        await payments_swept(scene)
        assert word(scene, number) == "Godkendt"
        assert delivery(scene, number)["DeliveryCustom7"] == "No"
        scene.bookkeeper("pay", referenceNumber=bills[1])
        await payments_swept(scene)
        assert word(scene, number) == "Betalt"
        assert delivery(scene, number)["DeliveryCustom7"] == "Yes"

    play(story)


def test_e64_one_invoice_for_two_orders_shows_on_both_deliveries() -> None:
    async def story(scene: Scene) -> None:
        first, _ = await sent(scene, line(LAMP, 1))
        second, _ = await sent(scene, line(SERVICE, 2))
        for number in ("000223", "000224"):
            scene.bookkeeper("ship", orderId=number)
            scene.bookkeeper("confirm", orderId=number)
        bill = scene.bookkeeper("invoice_order", orders=["SO/000223", "SO/000224"])["referenceNumber"]
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert numbers(scene, first) == numbers(scene, second) == (bill, "Yes")
        assert delivery(scene, first)["DeliveryOrderValue"] == 199.0
        assert delivery(scene, second)["DeliveryOrderValue"] == 1000.0
        assert len(deliveries(scene)) == 2

    play(story)


def test_e75_a_quote_does_not_come() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("create_order", type="QT", customer="10042", lines=[goods(LAMP, 1)])
        await scene.settle()
        assert deliveries(scene) == []
        found = await scene.outcome("delivery", erp=f"order:QT/{made['orderId']}")
        assert found == ("filtered", "order_type")

    play(story)


def test_e90_a_fact_of_the_erp_that_a_user_edits_is_put_back() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 1))
        scene.bookkeeper("release", referenceNumber=await invoiced(scene, made["id"]))
        await scene.settle()
        assert delivery(scene, number)["DeliveryCustom3"] == "2026-03-14"
        wrong = {"DeliveryCustom3": "2026-04-01", "DeliveryCustom1": "1"}
        scene.user("edit", kind="delivery", id=number, fields=wrong)
        await scene.settle()
        row = delivery(scene, number)
        assert (row["DeliveryCustom3"], row["DeliveryCustom1"]) == ("2026-03-14", "200315")
        past = [(one.field, one.before, one.after) for one in await history(scene, number)]
        assert ("DeliveryCustom3", "2026-04-01", "2026-03-14") in past
        assert not await scene.asked("both_changed")
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)


def test_e102_a_delivery_saved_without_a_change_costs_no_call() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene)
        kept = {"DeliveryDescription": delivery(scene, number)["DeliveryDescription"]}
        wire = listen(scene)
        scene.forget_calls()
        scene.user("edit", kind="delivery", id=number, fields=kept)
        await scene.sleep(15)
        assert scene.crm_calls("GET /Deliveries/{id}") == 0
        await scene.settle()
        assert wire == []
        assert scene.erp_calls("GET /api/v3/SalesOrders/{type}/{orderId}") == 0

    play(story)


def test_an_order_of_the_erp_comes_as_a_delivery_with_its_lines() -> None:
    """Not a numbered case: the plain way in (issue 2 §5)."""

    async def story(scene: Scene) -> None:
        made, number = await ordered(scene, description="Tilkaldt", customerRefNo="Indkøb 7")
        row = delivery(scene, number)
        assert (row["DeliveryNumber"], row["DeliveryDescription"], row["DeliveryCustom8"]) == (
            made["id"],
            "Tilkaldt",
            "Indkøb 7",
        )
        assert row["DeliveryOrderValue"] == 898.0
        assert quantities(scene, number) == [2.0, 1.0]
        assert [one["QuotationLineData1"] for one in lines_of(scene, number)] == [LAMP, SERVICE]
        assert documents(scene) == []
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)


def test_e56_a_moved_delivery_asks_while_the_order_is_open_and_goes_back_later() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 5))
        owner = delivery(scene, number)["DeliveryOrganisationId"]
        other = scene.user(
            "create",
            kind="organisation",
            fields={"OrganisationName": "Anden ApS", "OrganisationType": "Kunde"},
        )
        await scene.settle()
        scene.user("move", kind="delivery", id=number, organisation=other)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "customer_changed")
        assert order(scene, made["id"])["customer"] == "10042"
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 2})
        await scene.settle()
        assert delivery(scene, number)["DeliveryOrganisationId"] == owner
        assert order(scene, made["id"])["customer"] == "10042"
        notices = [one for one in await history(scene, number) if one.event == "lost:customer_changed"]
        assert [(one.side, one.before, one.after) for one in notices] == [("crm", str(other), str(owner))]

    play(story)


def test_a_moved_delivery_may_take_its_order_along() -> None:
    """Not a numbered case: the choice `change_order` of E56."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        fields = {"OrganisationName": "Anden ApS", "OrganisationType": "Kunde"}
        other = scene.user("create", kind="organisation", fields=fields)
        await scene.settle()
        scene.user("move", kind="delivery", id=number, organisation=other)
        await scene.settle()
        await scene.resolve("change_order", crm=number)
        await scene.settle()
        assert order(scene, made["id"])["customer"] == "10043"
        assert delivery(scene, number)["DeliveryOrganisationId"] == other
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)
