"""Lines after the hand-over: edited one by one, never deleted and made again (semantics §3.3, §4)."""

from decimal import Decimal

import pytest

from tests.simulation.cases.stories import (
    LAMP,
    SERVICE,
    add,
    delivery,
    goods,
    history,
    line,
    lines_of,
    listen,
    order,
    order_of,
    ordered,
    quantities,
    sent,
)
from tests.simulation.scene import Scene, play, replaced

DAY_SECONDS = 86_400
ORDER = "/api/v3/SalesOrders/SO/000223"


def test_e48_a_quantity_of_an_open_order_is_one_patch_of_one_line() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene)
        first = lines_of(scene, number)[0]["QuotationLineId"]
        wire = listen(scene)
        scene.forget_calls()
        scene.user("edit_line", id=first, fields={"QuotationLineQuantity": 3.0})
        await scene.settle()
        [patch] = wire.of("PATCH", ORDER)
        assert patch.path == f"{ORDER}/lines"
        assert patch.body == {"lines": [{"lineId": 1, "quantity": 3}]}
        assert patch.headers["if-match"]
        assert [one["quantity"] for one in order_of(scene, number)["lines"]] == [3, 1]
        assert quantities(scene, number) == [3.0, 1.0]
        assert delivery(scene, number)["DeliveryOrderValue"] == 1097.0
        assert scene.writes() == 1

    play(story)


def test_e49_a_shipped_line_is_not_changed_any_more() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 2})
        await scene.settle()
        first = lines_of(scene, number)[0]["QuotationLineId"]
        wire = listen(scene)
        scene.user("edit_line", id=first, fields={"QuotationLineQuantity": 5.0})
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "locked_edit")
        assert delivery(scene, number)["DeliveryCustom6"].startswith("Linje 1 er afsendt")
        [asked] = await scene.asked("locked_edit")
        assert "Line 1 is shipped" in str(asked)
        assert quantities(scene, number) == [5.0, 1.0]
        scene.skip(6.9 * DAY_SECONDS)
        await scene.settle()
        assert quantities(scene, number) == [5.0, 1.0]  # a person still has time
        scene.skip(0.2 * DAY_SECONDS)
        await scene.settle()
        assert quantities(scene, number) == [2.0, 1.0]
        assert delivery(scene, number)["DeliveryCustom6"] == ""
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")
        lost = [one for one in await history(scene, number) if one.event == "lost:locked_edit"]
        assert [(one.side, one.before, one.after) for one in lost] == [("crm", "5", "2")]
        assert not wire.of("PATCH", "/api/v3")  # the ERP was never asked

    play(story)


@pytest.mark.parametrize("setting", ["revert", "keep"])
def test_a_locked_edit_may_go_back_at_once_or_stay(setting: str) -> None:
    """Not a numbered case: `delivery.on_locked_edit` (§3.3)."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 2})
        await scene.settle()
        first = lines_of(scene, number)[0]["QuotationLineId"]
        scene.user("edit_line", id=first, fields={"QuotationLineQuantity": 5.0})
        await scene.settle()
        assert quantities(scene, number) == ([2.0, 1.0] if setting == "revert" else [5.0, 1.0])
        assert not await scene.asked("locked_edit")
        found = [one["code"] for one in (await scene.show(crm=number))["findings"]]
        assert ("locked_edit" in found) is (setting == "keep")

    play(story, rules=replaced("quiet_seconds = 1", f'quiet_seconds = 1\non_locked_edit = "{setting}"'))


@pytest.mark.parametrize(("choice", "left"), [("visma", 2.0), ("webcrm", 5.0)])
def test_an_edit_that_the_erp_refuses_is_a_locked_edit_and_is_not_sent_again(
    choice: str, left: float
) -> None:
    """Not a numbered case: 1810-1825 (§3.3). The line was shipped while our edit was under way."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        held = next(one for one in scene.erp.company.orders.all() if one.id == made["id"])
        held.lines[0].shipped += 1  # no read has shown it
        first = lines_of(scene, number)[0]["QuotationLineId"]
        wire = listen(scene)
        scene.user("edit_line", id=first, fields={"QuotationLineQuantity": 5.0})
        scene.user("edit", kind="delivery", id=number, fields={"DeliveryDescription": "Ny tekst"})
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "locked_edit")
        assert [one.status for one in wire.of("PATCH", f"{ORDER}/lines")] == [400]
        assert order(scene, made["id"])["fields"]["description"] == "Ny tekst"  # the rest flows
        assert delivery(scene, number)["DeliveryCustom6"].startswith("Linje 1 ")
        await scene.resolve(choice, crm=number)
        await scene.settle()
        assert quantities(scene, number) == [left, 1.0]
        assert len(wire.of("PATCH", f"{ORDER}/lines")) == 1
        assert not await scene.asked("locked_edit")

    play(story)


def test_e50_beside_a_shipped_line_another_may_still_change() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 2})
        await scene.settle()
        second = lines_of(scene, number)[1]["QuotationLineId"]
        scene.user("edit_line", id=second, fields={"QuotationLineQuantity": 4.0})
        await scene.settle()
        assert [one["quantity"] for one in order_of(scene, number)["lines"]] == [2, 4]

    play(story)


def test_e52_a_line_deleted_in_webcrm_is_deleted_in_the_open_order() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene)
        wire = listen(scene)
        scene.forget_calls()
        scene.user("delete_line", id=lines_of(scene, number)[1]["QuotationLineId"])
        await scene.settle()
        [gone] = wire.of("DELETE", ORDER)
        assert (gone.path, gone.query) == (f"{ORDER}/lines", {"ids": ["2"]})
        assert [one["line_id"] for one in order_of(scene, number)["lines"]] == [1]
        assert quantities(scene, number) == [2.0]
        assert scene.writes() == 1

    play(story)


def test_e53_both_change_one_price_and_the_erp_wins_after_the_hand_over() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        first = lines_of(scene, number)[0]["QuotationLineId"]
        scene.bookkeeper("edit_order", orderId=made["id"], lines=[{"lineId": 1, "unitPrice": Decimal(180)}])
        scene.user("edit_line", id=first, fields={"QuotationLinePrice": 150.0})
        await scene.settle()
        assert [one["unit_price"] for one in order_of(scene, number)["lines"]] == [180, 500]
        assert [one["QuotationLinePrice"] for one in lines_of(scene, number)] == [180.0, 500.0]
        lost = [one for one in await history(scene, number) if one.event == "lost:both_changed"]
        assert [(one.side, one.before, one.after) for one in lost] == [("crm", "150", "180")]

    play(story)


def test_lines_of_an_order_from_the_erp_follow_it_one_by_one() -> None:
    """Not a numbered case: insert, change and delete the other way (issue 2 §5)."""

    async def story(scene: Scene) -> None:
        made, number = await ordered(scene)
        ids = [one["QuotationLineId"] for one in lines_of(scene, number)]
        wire = listen(scene)
        scene.bookkeeper(
            "edit_order",
            orderId=made["id"],
            lines=[{"lineId": 1, "quantity": Decimal(7)}],
            add=[goods(LAMP, 2, unitPrice=Decimal(180))],
            remove=["2"],
        )
        await scene.settle()
        assert quantities(scene, number) == [7.0, 2.0]
        assert lines_of(scene, number)[0]["QuotationLineId"] == ids[0]
        assert [one.path for one in wire.of("DELETE", "/QuotationLines")] == [f"/QuotationLines/{ids[1]}"]
        assert len(wire.of("POST", "/QuotationLines")) == 1
        assert delivery(scene, number)["DeliveryOrderValue"] == 7 * 199 + 360
        assert not [one for one in wire if one.path.startswith("/api/v3")]

    play(story)


def test_a_line_added_in_webcrm_is_added_to_the_open_order_once() -> None:
    """Not a numbered case: the insert of §3.3 P1."""

    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        wire = listen(scene)
        new = add(scene, number, **line(LAMP, 4, discount=20.0))
        await scene.settle()
        [post] = wire.of("POST", ORDER)
        assert post.body["lines"][0]["externalLink"] == f"crm:line:{new}"
        assert [one["quantity"] for one in order(scene, made["id"])["lines"]] == [2, 1, 4]
        assert quantities(scene, number) == [2.0, 1.0, 4.0]
        assert not wire.of("POST", "/QuotationLines")
        assert not wire.of("DELETE", "/QuotationLines")
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)


def test_e51_of_a_partly_shipped_order_only_untouched_lines_may_change() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        scene.bookkeeper("ship", orderId=made["id"], lines={"1": 2})
        await scene.settle()
        scene.user("delete_line", id=lines_of(scene, number)[0]["QuotationLineId"])
        add(scene, number, **line(LAMP, 8))
        await scene.settle()
        assert [one["quantity"] for one in order(scene, made["id"])["lines"]] == [2, 1, 8]
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "locked_edit")

    play(story)


def test_e54_an_edit_waits_until_the_order_is_open_again() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        scene.bookkeeper("set_status", kind="order", orderId=made["id"], status="PendingApproval")
        await scene.settle()
        wire = listen(scene)
        new = {"DeliveryDescription": "Ny tekst"}
        scene.user("edit", kind="delivery", id=number, fields=new)
        await scene.settle()
        assert not wire.of("PATCH", ORDER)
        assert await scene.outcome("delivery", crm=str(number)) == ("waiting", "order")
        scene.bookkeeper("reopen_order", orderId=made["id"])
        await scene.settle()
        assert order(scene, made["id"])["fields"]["description"] == "Ny tekst"
        assert delivery(scene, number)["DeliveryDescription"] == "Ny tekst"

    play(story)


def test_e55_after_a_412_the_order_is_read_and_planned_again() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        wire = listen(scene)
        first = lines_of(scene, number)[0]["QuotationLineId"]
        scene.user("edit_line", id=first, fields={"QuotationLineQuantity": 3.0})
        changed = [{"lineId": 2, "quantity": Decimal(9)}]
        scene.bookkeeper("edit_order", orderId=made["id"], lines=changed, description="Ændret i ERP")
        await scene.settle()
        assert [one["quantity"] for one in order(scene, made["id"])["lines"]] == [3, 9]
        assert quantities(scene, number) == [3.0, 9.0]
        tags = [one.headers["if-match"] for one in wire.of("PATCH", ORDER) if one.status == 202]
        refused = [one.headers["if-match"] for one in wire.of("PATCH", ORDER) if one.status == 412]
        assert len(tags) == 1
        assert tags[0] not in refused

    play(story)


def test_e87_a_line_that_the_erp_adds_is_inserted_once() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 2))
        scene.bookkeeper("edit_order", orderId=made["id"], add=[goods(SERVICE, 1, description="Fragt")])
        await scene.settle()
        assert quantities(scene, number) == [2.0, 1.0]
        assert [one["QuotationLineMemo"] for one in lines_of(scene, number)] == ["", "Fragt"]
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")
        wire = listen(scene)
        scene.user("delete_line", id=lines_of(scene, number)[1]["QuotationLineId"])
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "locked_edit")
        assert not wire.of("DELETE", ORDER)
        assert len(order(scene, made["id"])["lines"]) == 2
        await scene.resolve("visma", crm=number)
        await scene.settle()
        assert quantities(scene, number) == [2.0, 1.0]
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)


def test_e86_the_erps_new_order_of_lines_is_followed() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene)
        ids = [one["QuotationLineId"] for one in lines_of(scene, number)]
        wire = listen(scene)
        moved = [{"lineId": 1, "sortOrder": 2}, {"lineId": 2, "sortOrder": 1}]
        scene.bookkeeper("edit_order", orderId=made["id"], lines=moved)
        await scene.settle()
        assert [one["QuotationLineId"] for one in lines_of(scene, number)] == ids[::-1]
        assert quantities(scene, number) == [1.0, 2.0]
        assert not wire.of("POST", "/QuotationLines")
        assert not wire.of("DELETE", "/QuotationLines")
        wire.clear()
        first = {"QuotationLineSortOrder": 99}  # our user's own order is cosmetic: not sent, not undone
        scene.user("edit_line", id=lines_of(scene, number)[0]["QuotationLineId"], fields=first)
        await scene.settle()
        assert wire == []

    play(story)


def test_e88_equal_lines_whose_keys_are_lost_are_not_guessed() -> None:
    async def story(scene: Scene) -> None:
        made, number = await ordered(scene, goods(LAMP, 2), goods(LAMP, 2))
        await scene.stop()  # the store is lost: the next life begins with an empty one
        first = lines_of(scene, number)[0]["QuotationLineId"]
        scene.user("edit_line", id=first, fields={"QuotationLinePrice": 150.0})
        await scene.start()
        wire = listen(scene)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("parked", "line_ambiguous")
        assert [one["unit_price"] for one in order(scene, made["id"])["lines"]] == [199, 199]
        assert [one["QuotationLinePrice"] for one in lines_of(scene, number)] == [150.0, 199.0]
        assert not [one for one in wire if "/lines" in one.path or one.path.startswith("/QuotationLines/")]
        await scene.resolve("visma", crm=number)
        await scene.settle()
        assert [one["QuotationLinePrice"] for one in lines_of(scene, number)] == [199.0, 199.0]
        assert lines_of(scene, number)[0]["QuotationLineId"] == first  # never deleted and made anew
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)
