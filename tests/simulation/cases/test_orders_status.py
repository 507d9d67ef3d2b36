"""What an order's delivery shows: numbers, status, messages, and what "one way" means (semantics §2.4, §3.3,
§3.5, §3.7)."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulation.cases.stories import (
    LAMP,
    deal,
    delivery,
    invoiced,
    line,
    lines_of,
    listen,
    order,
    ordered,
    orders,
    quantities,
    sent,
    word,
)
from tests.simulation.scene import RULES, Scene, play, replaced

ONE_WAY = RULES.replace('[delivery]\ndirection = "two_way"', '[delivery]\ndirection = "to_erp"')
WITHOUT_FIELD = replaced('status_field = "DeliveryCustom5"\n', "").replace(
    '[delivery.status_words]\nawaiting = "Afventer"\napproved = "Godkendt"\n'
    'paid = "Betalt"\ncancelled = "Annulleret"\n',
    "",
)


def with_delivery(*settings: str) -> str:
    return replaced("quiet_seconds = 1", "\n".join(("quiet_seconds = 1", *settings)))


async def findings(scene: Scene, number: int) -> list[dict[str, Any]]:
    return list((await scene.show(crm=number))["findings"])


def test_e45_our_number_on_another_delivery_stops_the_writes_to_both() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        other, _ = await sent(scene, line(LAMP, 5))
        scene.user("edit", kind="delivery", id=other, fields={"DeliveryNumber": "000223"})
        wire = listen(scene)
        scene.bookkeeper("cancel_order", orderId=made["id"])  # there is something to tell to either
        scene.bookkeeper("cancel_order", orderId="000224")
        await scene.sleep(300)
        await scene.settle()
        for one in (number, other):
            assert await scene.outcome("delivery", crm=str(one)) == ("parked", "number_locked")
            [found] = await findings(scene, one)
            assert (found["code"], str(number) in found["text"], str(other) in found["text"]) == (
                "number_held_twice",
                True,
                True,
            )
        assert not wire.of("PUT", "/Deliveries")
        scene.user("edit", kind="delivery", id=other, fields={"DeliveryNumber": "7"})
        await scene.sleep(120)
        await scene.settle()
        assert [delivery(scene, one)["DeliveryNumber"] for one in (number, other)] == ["000223", "000224"]
        assert word(scene, number) == word(scene, other) == "Annulleret"

    play(story)


@pytest.mark.parametrize(("setting", "expected"), [("leave", ""), ("park", "")])
def test_a_number_that_is_taken_may_be_left_or_parked(setting: str, expected: str) -> None:
    """Not a numbered case: `delivery.on_number_taken` (§3.7)."""

    async def story(scene: Scene) -> None:
        deal(scene, DeliveryNumber="000223")
        number, _ = await sent(scene)
        assert delivery(scene, number)["DeliveryNumber"] == expected
        outcome = await scene.outcome("delivery", crm=str(number))
        assert outcome == (("in_sync", "") if setting == "leave" else ("parked", "number_locked"))
        assert bool(delivery(scene, number)["DeliveryCustom6"]) is (setting == "park")

    play(story, rules=with_delivery(f'on_number_taken = "{setting}"'))


def test_e89_one_way_out_lists_what_the_erp_changed_and_still_brings_the_status() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        changed = [{"lineId": 1, "quantity": Decimal(7)}]
        scene.bookkeeper("edit_order", orderId=made["id"], lines=changed, description="Rettet i Visma")
        await scene.settle()
        assert quantities(scene, number) == [2.0, 1.0]
        assert delivery(scene, number)["DeliveryDescription"] == "Lamper"
        listed = {(one["code"], one["field"], one["text"]) for one in await findings(scene, number)}
        assert listed == {("erp_changed", "line 1", "L2"), ("erp_changed", "header", "D4")}
        scene.bookkeeper("cancel_order", orderId=made["id"])
        await scene.settle()
        assert word(scene, number) == "Annulleret"
        assert quantities(scene, number) == [2.0, 1.0]
        assert [one["quantity"] for one in order(scene, made["id"])["lines"]] == [7, 1]

    play(story, rules=ONE_WAY)


def test_e100_an_unknown_status_counts_as_awaiting_and_is_shown_as_it_is() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        scene.bookkeeper("set_status", kind="order", orderId=made["id"], status="OnRoute")
        await scene.settle()
        assert word(scene, number) == "Afventer"
        assert "OnRoute" in delivery(scene, number)["DeliveryCustom6"]
        [found] = await findings(scene, number)
        assert (found["code"], found["text"]) == ("unknown_status", "OnRoute")
        scene.bookkeeper("set_status", kind="order", orderId=made["id"], status="Open")
        await scene.settle()
        assert delivery(scene, number)["DeliveryCustom6"] == ""
        assert await findings(scene, number) == []

    play(story)


def test_e101_a_status_set_by_hand_is_only_moved_forward() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 4))
        assert delivery(scene, number)["DeliveryStatus"] == "Planned"
        scene.user("edit", kind="delivery", id=number, fields={"DeliveryStatus": "Completed"})
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 1})
        await scene.settle()
        assert delivery(scene, number)["DeliveryStatus"] == "Completed"
        scene.bookkeeper("ship", orderId=made["id"])
        await scene.settle()
        assert delivery(scene, number)["DeliveryStatus"] == "Completed"

    play(story, rules=WITHOUT_FIELD)


@pytest.mark.parametrize("setting", ["always", "never"])
def test_the_delivery_status_may_be_written_always_or_never(setting: str) -> None:
    """Not a numbered case: `delivery.write_delivery_status` beside a status field, or without one (§3.5)."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 1))
        scene.bookkeeper("release", referenceNumber=await invoiced(scene, made["id"]))
        await scene.settle()
        shown = delivery(scene, number)["DeliveryStatus"]
        assert shown == ("OnGoing" if setting == "always" else "New")

    place = f'write_delivery_status = "{setting}"'
    rules = (
        with_delivery(place)
        if setting == "always"
        else WITHOUT_FIELD.replace("quiet_seconds = 1", f"quiet_seconds = 1\n{place}")
    )
    play(story, rules=rules)


def test_read_only_follows_what_the_erp_still_takes() -> None:
    """Not a numbered case: the option of row D22."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 1))
        assert delivery(scene, number)["DeliveryErpReadOnly"] in ("", "false")
        scene.bookkeeper("release", referenceNumber=await invoiced(scene, made["id"]))
        await scene.settle()
        assert delivery(scene, number)["DeliveryErpReadOnly"] == "true"
        scene.forget_calls()
        await scene.sleep(120)
        await scene.settle()
        assert scene.writes() == 0

    play(story, rules=with_delivery('erp_read_only = "locked"'))


def test_ready_after_the_hand_over_sends_what_is_allowed_and_goes_back() -> None:
    """Not a numbered case: row D22."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        ready = {"DeliveryErpStatus": "ReadyForSynchronization", "DeliveryDescription": "Ny tekst"}
        scene.user("edit", kind="delivery", id=number, fields=ready)
        await scene.settle()
        assert order(scene, made["id"])["fields"]["description"] == "Ny tekst"
        assert delivery(scene, number)["DeliveryErpStatus"] == "Synchronized"
        assert len(orders(scene)) == 1

    play(story)


def test_both_change_a_line_and_a_person_decides_where_the_rules_ask() -> None:
    """Not a numbered case: `delivery.owner_after = ask` (§3.3)."""

    async def story(scene: Scene) -> None:
        made, number = await ordered(scene)
        first = lines_of(scene, number)[0]["QuotationLineId"]
        changed = [{"lineId": 1, "unitPrice": Decimal(180)}]
        scene.bookkeeper("edit_order", orderId=made["id"], lines=changed)
        scene.user("edit_line", id=first, fields={"QuotationLinePrice": 150.0})
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "both_changed")
        assert [one["unit_price"] for one in order(scene, made["id"])["lines"]] == [180, 500]
        assert lines_of(scene, number)[0]["QuotationLinePrice"] == 150.0
        await scene.resolve("webcrm", crm=number)
        await scene.settle()
        assert [one["unit_price"] for one in order(scene, made["id"])["lines"]] == [150, 500]
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, rules=with_delivery('owner_after = "ask"'))
