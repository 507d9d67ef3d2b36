"""How deliveries go out under other settings, and what their message says until they do (semantics §2.4,
§3.1, §3.2, §4)."""

from typing import Any

import pytest

from tests.simulation.cases.stories import (
    LAMP,
    SERVICE,
    add,
    deal,
    delivery,
    line,
    lines_of,
    listen,
    order,
    order_of,
    orders,
    sent,
)
from tests.simulation.scene import POLL_SECONDS, RULES, Scene, play, replaced

MESSAGE = "DeliveryCustom6"
CUSTOMER = "10042"
DKK, EUR = "00", "03"  # as webCRM's list of currencies names them


def with_delivery(*settings: str) -> str:
    return replaced("quiet_seconds = 1", "\n".join(("quiet_seconds = 1", *settings)))


def with_table(*lines: str) -> str:
    return "\n".join((RULES, "", *lines))


def edit(scene: Scene, number: int, **fields: Any) -> None:
    scene.user("edit", kind="delivery", id=number, fields=fields)


def test_e85_a_currency_that_the_erp_refuses_parks_the_delivery_with_its_words() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        number = deal(scene, line(LAMP, 1), DeliveryCurrencyName=EUR)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("parked", "currency")
        assert orders(scene) == []
        [asked] = await scene.asked("currency")
        assert "The currency cannot be overridden." in str(asked)
        await scene.sleep(40)  # the message does not disturb who is still at it
        assert delivery(scene, number)[MESSAGE]
        await scene.sleep(300)
        await scene.settle()
        assert len(wire.of("POST", "/api/v3/SalesOrders")) == 1  # the same is not sent twice
        edit(scene, number, DeliveryCurrencyName=DKK)
        await scene.settle()
        assert order_of(scene, number)["currency"] == "DKK"
        assert delivery(scene, number)[MESSAGE] == ""

    play(story)


def test_a_refused_delivery_is_sent_again_when_a_person_says_so() -> None:
    """Not a numbered case: the cause was mended in the ERP, nothing changed in webCRM."""

    async def story(scene: Scene) -> None:
        customer = next(one for one in scene.erp.company.customers.all() if one.number == CUSTOMER)
        number = deal(scene, line(LAMP, 1), DeliveryCurrencyName=EUR)
        await scene.settle()
        assert orders(scene) == []
        customer.fields["currencyId"] = "EUR"
        await scene.retry("currency")
        await scene.settle()
        assert order_of(scene, number)["currency"] == "EUR"
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)


def test_the_message_says_why_a_delivery_waits_and_goes_when_it_is_sent() -> None:
    """Not a numbered case: row D21 before the hand-over. Our own write is no edit of the delivery."""

    async def story(scene: Scene) -> None:
        number = deal(scene)
        await scene.sleep(60)
        assert delivery(scene, number)[MESSAGE] == ""  # somebody may be typing
        await scene.sleep(90)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("waiting", "no_lines")
        assert delivery(scene, number)[MESSAGE] != ""
        odd = add(scene, number, **line(None, 1, price=250.0, memo="Diverse"))
        await scene.sleep(150)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("parked", "unknown_item")
        message = delivery(scene, number)[MESSAGE]
        assert "1" in message
        assert len(message) <= 255
        scene.forget_calls()
        await scene.sleep(300)
        await scene.settle()
        assert scene.writes() == 0  # said once
        scene.user("delete_line", id=odd)
        add(scene, number, **line(LAMP, 2))
        typed = scene.clock.now_ms()
        while not orders(scene) and scene.clock.now_ms() < typed + 300_000:
            await scene.sleep(1)
        assert 120_000 <= scene.clock.now_ms() - typed <= 120_000 + 3 * POLL_SECONDS * 1000
        await scene.settle()
        assert delivery(scene, number)[MESSAGE] == ""

    play(story, rules=replaced("quiet_seconds = 1", "quiet_seconds = 120"))


def test_a_message_does_not_delay_the_delivery_it_stands_on() -> None:
    """Not a numbered case: solved elsewhere, the delivery goes at once although we wrote on it last."""

    async def story(scene: Scene) -> None:
        scene.bookkeeper("edit_customer", number=CUSTOMER, fields={"status": "Inactive"})
        await scene.settle()
        number = deal(scene, line(LAMP, 1))
        await scene.sleep(150)
        assert delivery(scene, number)[MESSAGE]
        assert await scene.outcome("delivery", crm=str(number)) == ("parked", "customer_status")
        scene.bookkeeper("edit_customer", number=CUSTOMER, fields={"status": "Active"})
        await scene.sleep(90)
        await scene.settle()
        assert len(orders(scene)) == 1

    play(story, rules=replaced("quiet_seconds = 1", "quiet_seconds = 120"))


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        (('trigger = "erp_status"',), {"DeliveryErpStatus": "ReadyForSynchronization"}),
        (('trigger = "status"', 'trigger_values = ["OnGoing"]'), {"DeliveryStatus": "OnGoing"}),
        (('trigger = "field"', 'trigger_field = "DeliveryCustom7"'), {"DeliveryCustom7": "Yes"}),
        (
            ('trigger = "field"', 'trigger_field = "DeliveryCustom2"', 'trigger_values = ["IN"]'),
            {"DeliveryCustom2": "IN"},
        ),
    ],
    ids=["erp_status", "status", "checkbox", "option"],
)
def test_the_trigger_decides_when_a_delivery_goes(settings: tuple[str, ...], fields: dict[str, Any]) -> None:
    """Not a numbered case: `delivery.trigger` (§3.1 row 5)."""

    async def story(scene: Scene) -> None:
        number = deal(scene, line(SERVICE, 1))
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("filtered", "not_triggered")
        assert (orders(scene), delivery(scene, number)[MESSAGE]) == ([], "")
        edit(scene, number, **fields)
        await scene.settle()
        assert order_of(scene, number)["lines"]
        assert delivery(scene, number)["DeliveryErpStatus"] == "Synchronized"

    play(story, rules=with_delivery(*settings))


def test_the_order_type_of_the_delivery_comes_before_the_rules() -> None:
    """Not a numbered case: row D2, and `order.type` where it is empty."""

    async def story(scene: Scene) -> None:
        chosen, order_in = await sent(scene, line(SERVICE, 1), DeliveryCustom2="IN")
        plain, order_so = await sent(scene, line(SERVICE, 1))
        assert (order_in["type"], order_so["type"]) == ("IN", "SO")
        assert [delivery(scene, one)["DeliveryCustom2"] for one in (chosen, plain)] == ["IN", "SO"]
        edit(scene, plain, DeliveryCustom2="IN")
        await scene.settle()
        assert delivery(scene, plain)["DeliveryCustom2"] == "SO"  # a fact once it is handed over
        assert order(scene, order_so["id"])["type"] == "SO"

    play(story)


def test_new_orders_may_be_held_and_carry_constants() -> None:
    """Not a numbered case: `order.create_status`, row D18 and a warehouse of the lines."""

    async def story(scene: Scene) -> None:
        wire = listen(scene)
        await sent(scene, line(LAMP, 1))
        [post] = wire.of("POST", "/api/v3/SalesOrders")
        assert (post.body["status"], post.body["branchId"]) == ("Hold", "1")
        assert post.body["orderLines"][0]["warehouseId"] == "1"
        assert [one["status"] for one in orders(scene)] == ["Hold"]

    rules = with_table(
        "[[delivery.map]]",
        'id = "D18"',
        'default = "1"',
        "[[line.map]]",
        'id = "WH"',
        'erp = "warehouseId"',
        'direction = "to_erp"',
        'default = "1"',
        "[order]",
        'create_status = "Hold"',
    )
    play(story, rules=rules)


def test_a_discount_of_the_header_may_park() -> None:
    """Not a numbered case: `order.header_discount = park`."""

    async def story(scene: Scene) -> None:
        number = deal(scene, line(LAMP, 1), DeliveryDiscount=5.0)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("parked", "rejected")
        assert orders(scene) == []
        await scene.sleep(40)
        assert delivery(scene, number)[MESSAGE]
        edit(scene, number, DeliveryDiscount=0.0)
        await scene.settle()
        assert len(orders(scene)) == 1

    play(story, rules=with_table("[order]", 'header_discount = "park"'))


def test_an_amount_without_an_item_may_go_by_a_stand_in() -> None:
    """Not a numbered case: `line.misc_item` (§4.3), the memo becomes the description."""

    async def story(scene: Scene) -> None:
        odd = line(None, 1, price=250.0, memo="Diverse")
        number, made = await sent(scene, line(LAMP, 1), odd)
        assert [(one["fields"]["description"], one["unit_price"]) for one in made["lines"]][1] == (
            "Diverse",
            250,
        )
        scene.forget_calls()
        await scene.sleep(120)
        await scene.settle()
        assert scene.writes() == 0
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, rules=with_table("[line]", f'misc_item = "{SERVICE}"'))


@pytest.mark.parametrize("setting", ["item", "off"])
def test_text_lines_may_be_items_or_stay_at_home(setting: str) -> None:
    """Not a numbered case: `line.text` (§4.7). A delivery of nothing but text waits either way."""

    async def story(scene: Scene) -> None:
        text = line(None, 1, price=0.0, memo="Inklusive montage")
        number, made = await sent(scene, line(LAMP, 1), text)
        told = [one["fields"].get("description") for one in made["lines"]]
        assert told[1:] == (["Inklusive montage"] if setting == "item" else [])
        assert made["lines"][0]["fields"].get("note") is None
        only = deal(scene, text)
        scene.forget_calls()
        await scene.sleep(120)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(only)) == ("waiting", "no_lines")
        assert len(lines_of(scene, number)) == 2
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, rules=with_table("[line]", f'text = "{setting}"', f'text_item = "{SERVICE}"'))


def test_the_key_of_the_erps_line_and_its_vat_are_kept_on_the_line() -> None:
    """Not a numbered case: `line.key_field` and `line.vat_map`."""

    async def story(scene: Scene) -> None:
        scene.crm.books.tenant.linked_setup["QuotationLineLinkedSetupUseLinkedField8"] = True
        await scene.start()
        await scene.settle()
        number, _ = await sent(scene, line(LAMP, 2, QuotationLineVatPercentage=0.0), line(SERVICE, 1))
        assert [one["QuotationLineData8"] for one in lines_of(scene, number)] == ["1", "2"]
        assert order_of(scene, number)["lines"][0]["vat_category"] == "0"
        scene.forget_calls()
        await scene.sleep(120)
        await scene.settle()
        assert scene.writes() == 0

    rules = with_table("[line]", 'key_field = "QuotationLineData8"', "[line.vat_map]", '0 = "0"')
    play(story, rules=rules, started=False)
