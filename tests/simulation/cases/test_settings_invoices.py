"""The settings about orders' and invoices' ways to webCRM, each at a value that is not its default (semantics
§2.4, §3.6, §3.8), and the few calls that links between them cost.
"""

from decimal import Decimal

from tests.simulation.cases.stories import (
    LAMP,
    NUMBER,
    SERVICE,
    billed,
    deal,
    deliveries,
    delivery,
    delivery_of,
    goods,
    invoiced,
    line,
    lines_of,
    numbers,
    ordered,
    payments_swept,
    quantities,
    sent,
    word,
)
from tests.simulation.cases.test_invoices import known_customer
from tests.simulation.scene import RULES, Scene, play, replaced, rules_with

ORDER = "GET /api/v3/SalesOrders/{type}/{orderId}"
SHIPMENTS = f"{ORDER}/shipment"


def delivery_set(text: str) -> str:
    return replaced("quiet_seconds = 1", f"quiet_seconds = 1\n{text}")


TOTALS = "\n".join(
    (
        RULES.replace('message_field = "DeliveryCustom6"', "").replace('id = "D13"', 'id = "D20"'),
        '[[delivery.map]]\nid = "D11"\ncrm = "DeliveryCustom6"',
        '[[delivery.map]]\nid = "D12"\ncrm = "DeliveryCustom9"',
    )
)
"""D20 in Custom8, D11 in Custom6, D12 in Custom9, beside D10 in Custom7."""


def released(scene: Scene, **header: object) -> str:
    """A released invoice without an order: 2 services of 400.50."""
    lines = [billed(SERVICE, 2, unitPrice=Decimal("400.50"))]
    made = scene.bookkeeper("create_invoice", customer=NUMBER, lines=lines, **header)
    scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
    return str(made["referenceNumber"])


def test_lines_after_invoice_are_the_invoices() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 10), line(SERVICE, 1))
        kept = [one["QuotationLineId"] for one in lines_of(scene, number)]
        scene.bookkeeper("release", referenceNumber=await invoiced(scene, made["id"], line1=4))
        await scene.settle()
        assert quantities(scene, number) == [10.0, 1.0]  # something is open: the order's lines
        scene.bookkeeper("ship", orderId=made["id"])
        scene.bookkeeper("confirm", orderId=made["id"])
        bill = scene.bookkeeper("invoice_order", orderId=made["id"], freight="79.50", prices={"2": 450})
        scene.bookkeeper("release", referenceNumber=bill["referenceNumber"])
        await scene.settle()
        await scene.sleep(90)  # the row for what has no item
        await scene.settle()
        found = [
            (one["QuotationLineData1"], one["QuotationLineQuantity"], one["QuotationLinePrice"])
            for one in lines_of(scene, number)
        ]
        assert found == [(LAMP, 10.0, 199.0), (SERVICE, 1.0, 450.0), ("ERP-LINE", 1.0, 79.5)]
        assert [one["QuotationLineId"] for one in lines_of(scene, number)][:2] == kept
        assert delivery(scene, number)["DeliveryOrderValue"] == 2519.5
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story, rules=delivery_set('lines_after_invoice = "invoice"'))


def test_lines_after_invoice_stay_the_orders_and_the_totals_show_the_difference() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 10))
        assert delivery(scene, number)["DeliveryCustom8"] == "2487.5"
        scene.bookkeeper("ship", orderId=made["id"])
        scene.bookkeeper("confirm", orderId=made["id"])
        bill = scene.bookkeeper("invoice_order", orderId=made["id"], freight="100")["referenceNumber"]
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        row = delivery(scene, number)
        assert (quantities(scene, number), row["DeliveryOrderValue"]) == ([10.0], 1990.0)
        assert (row["DeliveryCustom8"], row["DeliveryCustom6"]) == ("2612.5", "2612.5")  # D20, D11
        assert (row["DeliveryCustom9"], row["DeliveryCustom7"]) == ("2026-03-28", "No")  # D12, D10
        scene.bookkeeper("pay", referenceNumber=bill, amount=Decimal("612.50"))
        await payments_swept(scene)
        assert delivery(scene, number)["DeliveryCustom6"] == "2000"
        scene.bookkeeper("pay", referenceNumber=bill)
        await payments_swept(scene)
        row = delivery(scene, number)
        assert (row["DeliveryCustom6"], row["DeliveryCustom7"]) == ("0", "Yes")

    play(story, rules=TOTALS)


def test_credit_notes_attach_to_the_originals_delivery() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 10))
        bill = await invoiced(scene, made["id"])
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        note = scene.bookkeeper("credit", referenceNumber=bill, lines={"1": 2})["referenceNumber"]
        own = released(scene)
        await payments_swept(scene)
        scene.bookkeeper("credit", referenceNumber=own)
        await payments_swept(scene)
        assert numbers(scene, number) == (f"{bill}, {note}", "Yes")
        assert word(scene, number) == "Godkendt"  # the rest is still owed
        alone = delivery_of(scene, f"erp:invoice:Invoice/{own}")
        assert (numbers(scene, alone)[0], word(scene, alone)) == (f"{own}, 300102", "Annulleret")
        assert len(deliveries(scene)) == 2

    play(story, rules=rules_with('[invoice]\ncredit_notes = "attach"'))


def test_credit_notes_off() -> None:
    async def story(scene: Scene) -> None:
        bill = released(scene)
        await scene.settle()
        note = scene.bookkeeper("credit", referenceNumber=bill)["referenceNumber"]
        await payments_swept(scene)
        found = await scene.outcome("invoice", erp=f"invoice:CreditNote/{note}")
        assert found == ("filtered", "document_type")
        assert [word(scene, row["DeliveryId"]) for row in deliveries(scene)] == ["Annulleret"]

    play(story, rules=rules_with('[invoice]\ncredit_notes = "off"'))


def test_cash_sales_off() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("cash_sale", customer=NUMBER, lines=[billed(SERVICE, 1)])
        await scene.sleep(310)
        await scene.settle()
        assert deliveries(scene) == []
        found = await scene.outcome("invoice", erp=f"invoice:CashSale/{made['referenceNumber']}")
        assert found == ("filtered", "document_type")

    play(story, rules=rules_with('[invoice]\ncash_sales = "off"'))


def test_unreleased_invoices_come_too() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("create_invoice", customer=NUMBER, lines=[billed(SERVICE, 1)])
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:Invoice/{made['referenceNumber']}")
        assert (word(scene, number), numbers(scene, number)) == (
            "Afventer",
            (made["referenceNumber"], "No"),
        )
        scene.bookkeeper("delete_invoice", referenceNumber=made["referenceNumber"])
        scene.bookkeeper("create_invoice", customer=NUMBER, lines=[billed(SERVICE, 1)], status="Hold")
        await scene.settle()
        assert len(deliveries(scene)) == 2  # the first stays: missing is not deleted

    play(story, rules=rules_with('[invoice]\ninclude_unreleased = "all"'))


def test_invoices_before_the_history_begins_do_not_come() -> None:
    async def story(scene: Scene) -> None:
        known_customer(scene)
        old = released(scene, documentDate="2026-01-31")
        new = released(scene, documentDate="2026-02-01")
        await scene.start()
        await scene.settle()
        assert [row["DeliveryErpId"] for row in deliveries(scene)] == [f"erp:invoice:Invoice/{new}"]
        scene.bookkeeper("edit_invoice", referenceNumber=old, note="set på")
        await scene.settle()
        assert await scene.outcome("invoice", erp=f"invoice:Invoice/{old}") == ("filtered", "before_start")
        assert len(deliveries(scene)) == 1

    play(story, rules=rules_with('[invoice]\nhistory_from = "2026-02-01"'), started=False)


def test_source_order_leaves_invoices_of_their_own_out() -> None:
    async def story(scene: Scene) -> None:
        alone = released(scene)
        made, number = await ordered(scene)
        bill = await invoiced(scene, made["id"])
        await scene.settle()
        assert numbers(scene, number)[0] == bill
        assert await scene.outcome("invoice", erp=f"invoice:Invoice/{alone}") == ("filtered", "source_off")
        assert len(deliveries(scene)) == 1

    play(story, rules=delivery_set('source = "order"'))


def test_source_invoice_brings_the_invoice_of_an_order_alone() -> None:
    async def story(scene: Scene) -> None:
        made = scene.bookkeeper("create_order", customer=NUMBER, lines=[goods(LAMP, 2)])
        await scene.settle()
        assert deliveries(scene) == []
        rid = f"order:SO/{made['orderId']}"
        assert await scene.outcome("delivery", erp=rid) == ("filtered", "source_off")
        bill = await invoiced(scene, made["orderId"])
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        number = delivery_of(scene, f"erp:invoice:Invoice/{bill}")
        assert delivery(scene, number)["DeliveryNumber"] == made["orderId"]  # D3: the first order's number
        assert len(deliveries(scene)) == 1

    play(story, rules=delivery_set('source = "invoice"'))


async def completed(scene: Scene, **header: object) -> str:
    """An order that was shipped, billed and released before the daemon came."""
    made = scene.bookkeeper("create_order", customer=NUMBER, lines=[goods(LAMP, 1)], **header)
    scene.bookkeeper("release", referenceNumber=await invoiced(scene, made["orderId"]))
    return str(made["orderId"])


def test_order_history_since_a_day() -> None:
    async def story(scene: Scene) -> None:
        known_customer(scene)
        old = await completed(scene, date="2026-01-31")
        new = await completed(scene, date="2026-02-01")
        await scene.sleep(60)
        await scene.start()
        await scene.settle()
        assert await scene.outcome("delivery", erp=f"order:SO/{old}") == ("filtered", "before_start")
        number = delivery_of(scene, f"erp:order:SO/{new}")
        assert (quantities(scene, number), numbers(scene, number)[1]) == ([1.0], "Yes")

    history = '[order]\nhistory = "since"\nhistory_from = "2026-02-01"'
    play(story, rules=rules_with(history), started=False)


def test_order_history_all() -> None:
    async def story(scene: Scene) -> None:
        known_customer(scene)
        old = await completed(scene, date="2019-01-31")
        await scene.sleep(60)
        await scene.start()
        await scene.settle()
        [row] = deliveries(scene)
        assert row["DeliveryErpId"] == f"erp:order:SO/{old}"
        assert numbers(scene, row["DeliveryId"])[1] == "Yes"

    play(story, rules=rules_with('[order]\nhistory = "all"'), started=False)


def test_the_value_is_left_alone() -> None:
    async def story(scene: Scene) -> None:
        number = deal(scene, line(LAMP, 2), DeliveryOrderValue=1.0)
        await scene.settle()
        held = delivery(scene, number)["DeliveryOrderValue"]
        scene.user("edit", kind="delivery", id=number, fields={"DeliveryOrderValue": 77.0})
        await scene.settle()
        assert (held != 77.0, delivery(scene, number)["DeliveryOrderValue"]) == (True, 77.0)

    play(story, rules=delivery_set('write_value = "never"'))


def test_invoices_that_name_their_order_cost_no_call_for_it() -> None:
    async def story(scene: Scene) -> None:
        number, made = await sent(scene, line(LAMP, 2))
        bill = await invoiced(scene, made["id"])
        await scene.settle()
        assert numbers(scene, number)[0] == bill
        scene.forget_calls()
        await scene.sleep(1500)
        assert (scene.erp_calls(ORDER), scene.erp_calls(SHIPMENTS)) == (0, 0)

    play(story)


def test_an_invoice_that_only_the_order_names_is_attached_without_a_call() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("settings", lines_name_order=False)
        number, made = await sent(scene, line(LAMP, 2))
        scene.forget_calls()
        bill = await invoiced(scene, made["id"])
        await scene.sleep(300)
        await scene.settle()
        assert numbers(scene, number) == (bill, "No")
        assert scene.erp_calls(SHIPMENTS) == 0
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert numbers(scene, number) == (bill, "Yes")
        assert len(deliveries(scene)) == 1

    play(story)


def test_an_invoice_that_only_the_shipment_names_costs_one_call() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("settings", lines_name_order=False, orders_name_invoice=False)
        number, made = await sent(scene, line(LAMP, 2))
        await scene.sleep(1900)
        scene.forget_calls()
        bill = await invoiced(scene, made["id"])
        await scene.sleep(60)
        assert scene.erp_calls(SHIPMENTS) == 0  # two polls first: its own lines usually say it
        await scene.sleep(900)
        await scene.settle()
        assert numbers(scene, number) == (bill, "No")
        assert scene.erp_calls(SHIPMENTS) == 1
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert numbers(scene, number) == (bill, "Yes")
        assert len(deliveries(scene)) == 1

    play(story)


def test_one_invoice_of_a_linked_and_an_unlinked_order() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene, line(LAMP, 1))
        scene.bookkeeper("create_order", type="QT", customer=NUMBER, orderId="9", lines=[goods(LAMP, 1)])
        for name in ("SO/000223", "QT/9"):
            scene.bookkeeper("ship", orderId=name)
            scene.bookkeeper("confirm", orderId=name)
        bill = scene.bookkeeper("invoice_order", orders=["SO/000223", "QT/9"])["referenceNumber"]
        scene.bookkeeper("release", referenceNumber=bill)
        await scene.settle()
        assert numbers(scene, number) == (bill, "Yes")
        assert delivery(scene, number)["DeliveryOrderValue"] == 199.0
        assert len(deliveries(scene)) == 1
        assert await findings(scene) == [("other_orders", "QT/9")]

    play(story)


async def findings(scene: Scene) -> list[tuple[str, str]]:
    """What the pages list of all pairs beside their outcome."""
    return await scene.daemon.store.read(
        lambda conn: [(row[0], row[1]) for row in conn.execute("SELECT code, text FROM finding").fetchall()]
    )


def euro(scene: Scene) -> str:
    fields = {"name": "Rheingold GmbH", "currencyId": "EUR"}
    return str(scene.bookkeeper("create_customer", fields=fields)["number"])


async def euro_bill(scene: Scene, customer: str) -> tuple[int, str]:
    made = scene.bookkeeper(
        "create_order", customer=customer, currencyId="EUR", lines=[goods(SERVICE, 2, unitPrice=100)]
    )
    await scene.settle()
    bill = await invoiced(scene, made["orderId"])
    scene.bookkeeper("release", referenceNumber=bill)
    await scene.settle()
    return delivery_of(scene, f"erp:order:SO/{made['orderId']}"), bill


def test_foreign_documents_wait_while_the_amounts_contradict_the_setting() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("settings", in_currency_is_base=True)
        customer = euro(scene)
        number, bill = await euro_bill(scene, customer)
        assert await scene.outcome("invoice", erp=f"invoice:Invoice/{bill}") == ("parked", "currency")
        assert numbers(scene, number)[0] == ""
        made = scene.bookkeeper("create_invoice", customer=customer, lines=[billed(SERVICE, 1)])
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        home = released(scene)
        await scene.settle()
        rid = f"invoice:Invoice/{made['referenceNumber']}"
        assert await scene.outcome("invoice", erp=rid) == ("parked", "currency")
        assert delivery_of(scene, f"erp:invoice:Invoice/{home}")  # the company's own currency is not in doubt

    play(story)


def test_in_currency_base_takes_the_other_amount() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("settings", in_currency_is_base=True)
        customer = euro(scene)
        number, bill = await euro_bill(scene, customer)
        assert numbers(scene, number) == (bill, "Yes")
        assert delivery(scene, number)["DeliveryCustom8"] == "250"
        lines = [billed(SERVICE, 1, unitPrice=Decimal(80))]
        made = scene.bookkeeper("create_invoice", customer=customer, lines=lines)
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        await scene.settle()
        own = delivery_of(scene, f"erp:invoice:Invoice/{made['referenceNumber']}")
        assert delivery(scene, own)["DeliveryOrderValue"] == 80.0
        assert await scene.outcome("invoice", crm=str(own)) == ("in_sync", "")

    play(story, rules=TOTALS + '\n[visma]\nin_currency = "base"\n')
