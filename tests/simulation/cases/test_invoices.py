"""Invoices without an order of ours: deliveries of their own, their status, and what is no sale (semantics
§3.6)."""

from decimal import Decimal

from tests.simulation.cases.stories import (
    NUMBER,
    SERVICE,
    an_hour,
    billed,
    deliveries,
    delivery,
    delivery_of,
    documents,
    lines_of,
    numbers,
    word,
)
from tests.simulation.scene import Scene, play


async def own(scene: Scene, **header: object) -> tuple[str, int]:
    """A released invoice without an order, and its delivery."""
    made = scene.bookkeeper(
        "create_invoice", customer=NUMBER, lines=[billed(SERVICE, 2, unitPrice=Decimal("400.50"))], **header
    )
    number = made["referenceNumber"]
    scene.bookkeeper("release", referenceNumber=number)
    await scene.settle()
    return number, delivery_of(scene, f"erp:invoice:Invoice/{number}")


def test_e66_an_invoice_without_an_order_is_a_delivery_of_its_own() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene, referenceNumber="200400")
        row = delivery(scene, number)
        assert row["DeliveryErpId"] == "erp:invoice:Invoice/200400"
        assert row["DeliveryNumber"] == bill == "200400"
        assert (row["DeliveryOrderValue"], row["DeliveryCustom3"]) == (801.0, "2026-03-14")
        assert numbers(scene, number) == ("200400", "Yes")
        assert word(scene, number) == "Godkendt"
        [line] = lines_of(scene, number)
        assert (line["QuotationLineData1"], line["QuotationLineQuantity"], line["QuotationLinePrice"]) == (
            SERVICE,
            2.0,
            400.5,
        )
        assert await scene.outcome("invoice", crm=str(number)) == ("in_sync", "")

    play(story)


def test_e67_the_number_of_an_order_leaves_the_invoice_a_prefix() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("create_order", customer=NUMBER, orderId="200400", lines=[{"inventoryId": SERVICE}])
        await scene.settle()
        _, number = await own(scene, referenceNumber="200400")
        assert delivery(scene, number)["DeliveryNumber"] == "INV-200400"

    play(story)


def test_e69_a_credit_note_is_negative_and_its_invoice_cancelled() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        note = scene.bookkeeper("credit", referenceNumber=bill)["referenceNumber"]
        await an_hour(scene)
        credited = delivery_of(scene, f"erp:invoice:CreditNote/{note}")
        assert delivery(scene, credited)["DeliveryOrderValue"] == -801.0
        assert [one["QuotationLineQuantity"] for one in lines_of(scene, credited)] == [-2.0]
        assert word(scene, number) == "Annulleret"

    play(story)


def test_e71_a_rest_that_is_written_off_closes_the_invoice() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        rest = next(one["balance"] for one in documents(scene) if one["number"] == bill) - Decimal("0.50")
        scene.bookkeeper("pay", referenceNumber=bill, amount=rest)
        off = scene.bookkeeper("write_off", referenceNumber=bill)
        await an_hour(scene)
        assert word(scene, number) == "Betalt"
        assert len(deliveries(scene)) == 1
        found = await scene.outcome("invoice", erp=f"invoice:SmallBalanceWo/{off['payment']}")
        assert found == ("filtered", "not_a_sale")

    play(story)


def test_e72_a_payment_that_moves_no_stamp_is_found_within_the_hour() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        before = next(one["modified"] for one in documents(scene) if one["number"] == bill)
        scene.bookkeeper("pay", referenceNumber=bill)
        assert next(one["modified"] for one in documents(scene) if one["number"] == bill) == before
        scene.forget_calls()
        await an_hour(scene)
        assert word(scene, number) == "Betalt"
        assert scene.erp_calls("GET /v1/customerinvoice/{") <= 1

    play(story)


def test_e73_a_cash_sale_is_a_delivery_of_its_own() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("cash_sale", customer=NUMBER, lines=[billed(SERVICE, 1)])
        await scene.sleep(310)  # cash sales are looked at every thirtieth time
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:CashSale/{made['referenceNumber']}")
        assert delivery(scene, number)["DeliveryNumber"] == made["referenceNumber"]
        assert word(scene, number) == "Betalt"

    play(story)


def test_e103_an_invoice_comes_with_its_release() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("create_invoice", customer=NUMBER, lines=[billed(SERVICE, 1)])
        bill = made["referenceNumber"]
        await scene.settle()
        assert deliveries(scene) == []
        found = await scene.outcome("invoice", erp=f"invoice:Invoice/{bill}")
        assert found == ("filtered", "unreleased")
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert delivery(scene, delivery_of(scene, f"erp:invoice:Invoice/{bill}"))["DeliveryNumber"] == bill

    play(story)
