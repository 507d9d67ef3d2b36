"""Invoices without an order of ours: deliveries of their own, their status, and what is no sale (semantics
§3.6)."""

from decimal import Decimal

from tests.simulation.cases.stories import (
    NUMBER,
    SERVICE,
    an_hour,
    billed,
    deal,
    deliveries,
    delivery,
    delivery_of,
    documents,
    goods,
    invoiced,
    line,
    lines_of,
    listen,
    numbers,
    payments_swept,
    word,
)
from tests.simulation.scene import Scene, play, replaced

AS_INVOICE = replaced("quiet_seconds = 1", 'quiet_seconds = 1\ntarget = "invoice"')


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
        first = delivery(scene, delivery_of(scene, "erp:order:SO/200400"))
        assert first["DeliveryNumber"] == "200400"

    play(story)


def test_e69_a_credit_note_is_negative_and_its_invoice_cancelled() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        note = scene.bookkeeper("credit", referenceNumber=bill)["referenceNumber"]
        await payments_swept(scene)
        credited = delivery_of(scene, f"erp:invoice:CreditNote/{note}")
        assert delivery(scene, credited)["DeliveryOrderValue"] == -801.0
        assert [one["QuotationLineQuantity"] for one in lines_of(scene, credited)] == [-2.0]
        assert word(scene, number) == "Annulleret"
        assert delivery(scene, number)["DeliveryCustom7"] == "No"  # D10: nobody paid it
        assert word(scene, credited) == "Betalt"  # by its own status: it is used up
        assert delivery(scene, credited)["DeliveryNumber"] == note
        assert len(deliveries(scene)) == 2

    play(story)


def test_e70_a_corrected_invoice_is_cancelled_and_two_new_documents_come() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        made = scene.bookkeeper("correct", referenceNumber=bill, lines={"1": {"unitPrice": "350.25"}})
        await payments_swept(scene)
        note = delivery_of(scene, f"erp:invoice:CreditNote/{made['creditNote']}")
        assert (word(scene, number), delivery(scene, number)["DeliveryOrderValue"]) == ("Annulleret", 801.0)
        assert delivery(scene, note)["DeliveryOrderValue"] == -801.0
        assert len(deliveries(scene)) == 2  # the new invoice is a draft as yet
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        await scene.settle()
        again = delivery_of(scene, f"erp:invoice:Invoice/{made['referenceNumber']}")
        assert (word(scene, again), delivery(scene, again)["DeliveryOrderValue"]) == ("Godkendt", 700.5)
        assert len(deliveries(scene)) == 3

    play(story)


def test_e71_a_rest_that_is_written_off_closes_the_invoice() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        rest = next(one["balance"] for one in documents(scene) if one["number"] == bill) - Decimal("0.50")
        scene.bookkeeper("pay", referenceNumber=bill, amount=rest)
        off = scene.bookkeeper("write_off", referenceNumber=bill)
        await payments_swept(scene)
        assert word(scene, number) == "Betalt"
        assert delivery(scene, number)["DeliveryCustom6"] == "written off"
        assert len(deliveries(scene)) == 1
        found = await scene.outcome("invoice", erp=f"invoice:SmallBalanceWo/{off['payment']}")
        assert found == ("filtered", "not_a_sale")

    play(story)


def test_e72_a_payment_that_moves_no_stamp_is_found_within_the_hour() -> None:
    async def story(scene: Scene) -> None:
        bill, number = await own(scene)
        await scene.sleep(60)
        await own(scene)  # the feed has gone on: the first is in no window any more
        before = next(one["modified"] for one in documents(scene) if one["number"] == bill)
        wire = listen(scene, reads=True)
        scene.bookkeeper("pay", referenceNumber=bill)
        assert next(one["modified"] for one in documents(scene) if one["number"] == bill) == before
        await an_hour(scene)
        assert word(scene, number) == "Betalt"
        swept = [one for one in wire.of("GET", "/v1/customerdocument") if one.query.get("status") == ["Open"]]
        assert 1 <= len(swept) <= 2
        assert len(wire.of("GET", f"/v1/customerinvoice/{bill}")) == 1

    play(story)


def test_e73_a_cash_sale_is_a_delivery_of_its_own() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("cash_sale", customer=NUMBER, lines=[billed(SERVICE, 1)])
        await scene.sleep(310)  # cash sales are looked at every thirtieth time
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:CashSale/{made['referenceNumber']}")
        assert delivery(scene, number)["DeliveryNumber"] == made["referenceNumber"]
        assert word(scene, number) == "Betalt"
        deal(scene, DeliveryNumber="400002")
        taken = scene.bookkeeper("cash_sale", customer=NUMBER, lines=[billed(SERVICE, 1)], status="Open")
        assert taken["referenceNumber"] == "400002"
        await scene.sleep(310)
        await scene.settle()
        other = delivery_of(scene, "erp:invoice:CashSale/400002")
        assert delivery(scene, other)["DeliveryNumber"] == "CS-400002"
        assert word(scene, other) == "Godkendt"

    play(story)


def test_e74_a_prepayment_is_no_sale() -> None:
    async def story(scene: Scene) -> None:
        _, number = await own(scene)
        made = scene.bookkeeper("prepay", customer=NUMBER, amount=Decimal(400))
        await scene.settle()
        rid = f"invoice:Prepayment/{made['referenceNumber']}"
        assert await scene.outcome("invoice", erp=rid) == ("filtered", "not_a_sale")
        assert [row["DeliveryId"] for row in deliveries(scene)] == [number]

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


def known_customer(scene: Scene) -> None:
    """Before the daemon comes, the example organisation is a customer already."""
    [org] = scene.crm.rows("organisation")
    fields = {"name": org["OrganisationName"], "corporateId": org["OrganisationExtraCustom1"]}
    assert scene.bookkeeper("create_customer", fields=fields)["number"] == NUMBER


def test_e65_an_invoice_of_an_unlinked_open_order_waits_for_the_order() -> None:
    async def story(scene: Scene) -> None:
        known_customer(scene)
        old = await invoiced(
            scene, scene.bookkeeper("create_order", customer=NUMBER, lines=[goods()])["orderId"]
        )
        scene.bookkeeper("release", referenceNumber=old)
        await scene.sleep(60)
        await scene.start()
        await scene.settle()
        # Completed before we came: outside the window of orders, so its invoice stands alone.
        [row] = deliveries(scene)
        assert row["DeliveryErpId"] == f"erp:invoice:Invoice/{old}"
        customer = scene.bookkeeper("create_customer", fields={"name": "Nyhavn ApS"})["number"]
        made = scene.bookkeeper("create_order", customer=customer, lines=[goods(SERVICE, 4)])
        bill = await invoiced(scene, made["orderId"], line1=1)
        scene.bookkeeper("release", referenceNumber=bill)
        outcomes = set()
        for _ in range(60):
            await scene.sleep(1)
            outcomes.add(await scene.outcome("invoice", erp=f"invoice:Invoice/{bill}"))
        assert ("waiting", "order") in outcomes
        await scene.settle()
        number = delivery_of(scene, f"erp:order:SO/{made['orderId']}")
        assert numbers(scene, number) == (bill, "Yes")
        assert len(deliveries(scene)) == 2

    play(story, started=False)


def test_e68_the_delivery_of_an_invoice_becomes_its_orders_when_that_comes_later() -> None:
    async def story(scene: Scene) -> None:
        known_customer(scene)
        made = scene.bookkeeper("create_order", customer=NUMBER, lines=[goods(SERVICE, 4)])
        bill = await invoiced(scene, made["orderId"])
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.sleep(60)
        await scene.start()
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:Invoice/{bill}")
        kept = [one["QuotationLineId"] for one in lines_of(scene, number)]
        scene.bookkeeper("edit_order", orderId=made["orderId"], description="Efterregistreret")
        await scene.settle()
        [row] = deliveries(scene)
        assert (row["DeliveryId"], row["DeliveryErpId"]) == (number, f"erp:order:SO/{made['orderId']}")
        assert (row["DeliveryNumber"], row["DeliveryDescription"]) == (made["orderId"], "Efterregistreret")
        assert numbers(scene, number) == (bill, "Yes")
        assert [one["QuotationLineId"] for one in lines_of(scene, number)] == kept
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, started=False)


def test_e78_a_released_invoice_is_not_edited_any_more() -> None:
    async def story(scene: Scene) -> None:
        number = deal(scene, line(SERVICE, 3))
        await scene.settle()
        [invoice] = documents(scene)
        scene.bookkeeper("release", referenceNumber=invoice["number"])
        await scene.settle()
        wire = listen(scene)
        [only] = lines_of(scene, number)
        scene.user("edit_line", id=only["QuotationLineId"], fields={"QuotationLinePrice": 450.0})
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(number)) == ("conflict", "locked_edit")
        assert not [one for one in wire if one.side == "erp"]

    play(story, rules=AS_INVOICE)


def test_e79_a_line_deleted_in_webcrm_is_deleted_in_the_unreleased_invoice() -> None:
    async def story(scene: Scene) -> None:
        number = deal(scene, line(SERVICE, 3), line(SERVICE, 1, price=90.0))
        await scene.settle()
        wire = listen(scene)
        scene.user("delete_line", id=lines_of(scene, number)[1]["QuotationLineId"])
        await scene.settle()
        [put] = wire.of("PUT", "/v1/customerinvoice")
        assert put.body == {"invoiceLines": [{"operation": "Delete", "lineNumber": {"value": 2}}]}
        assert put.headers["if-match"]
        assert [[one["quantity"] for one in bill["lines"]] for bill in documents(scene)] == [[3]]
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, rules=AS_INVOICE)


def test_e80_a_line_of_an_item_that_was_never_in_the_catalogue_brings_its_row() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("create_item", inventoryNumber="GAMMEL", description="Udgået", status="Inactive")
        await scene.settle()
        assert all(row["QuotationLineLinkedDataItemData1"] != "GAMMEL" for row in scene.crm.rows("item"))
        made = scene.bookkeeper(
            "create_invoice", customer=NUMBER, lines=[billed("GAMMEL", 2, unitPrice=Decimal(5))]
        )
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        await scene.settle()
        await scene.sleep(90)
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:Invoice/{made['referenceNumber']}")
        [only] = lines_of(scene, number)
        [row] = [one for one in scene.crm.rows("item") if one["QuotationLineLinkedDataItemData1"] == "GAMMEL"]
        assert row["QuotationLineLinkedDataItemItemGroup"] == "Discontinued"
        assert only["QuotationLineData1"] == "GAMMEL"

    play(story)


def test_e81_a_line_on_an_account_stands_under_the_placeholder() -> None:
    async def story(scene: Scene) -> None:
        freight = {"description": "Fragt", "quantity": 1, "unitPrice": Decimal("79.50")}
        made = scene.bookkeeper("create_invoice", customer=NUMBER, lines=[billed(SERVICE, 1), freight])
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        await scene.settle()
        await scene.sleep(90)
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:Invoice/{made['referenceNumber']}")
        found = [
            (one["QuotationLineData1"], one["QuotationLineMemo"], one["QuotationLinePrice"])
            for one in lines_of(scene, number)
        ]
        assert found == [(SERVICE, "", 500.0), ("ERP-LINE", "Fragt", 79.5)]
        assert delivery(scene, number)["DeliveryOrderValue"] == 579.5
        assert await scene.outcome("invoice", crm=str(number)) == ("in_sync", "")

    play(story)
