"""The second month: an order of ten pieces, delivered and billed in two parts, then what bookkeeping brings.

After each step the delivery's invoice numbers, its booked and paid flags and its status are read back from
webCRM, and the documents from Visma.net.
"""

from decimal import Decimal
from typing import Any

from streamsync.demo import chapter, desk, steps
from streamsync.demo.control import Crm, Row
from streamsync.demo.scene import Scene, Step
from streamsync.demo.stage import Stage

PIECES, FIRST, REST = 10, 4, 6
LAMP = "LAMPE-01"
ORDERED = "A delivery of 10 pieces becomes a sales order"
FIRST_PART = "4 of 10 are shipped and billed"
SECOND_PART = "The other 6 are shipped and billed, not released yet"
LEFT = Decimal("0.50")


async def run(stage: Stage) -> dict[str, Any]:
    """Plays the second month; {ok, seconds, steps: [Happened]}."""
    return await chapter.play(stage, "The second month", STEPS)


async def ordered(scene: Scene) -> None:
    organisation, _ = await steps.both_have_it(scene)
    await scene.seen(lambda crm, erp: crm.item(LAMP), "the lamp is in the catalogue")
    text = "Lamper til mødelokalerne"
    fields = {"DeliveryOrganisationId": organisation["OrganisationId"], "DeliveryDescription": text}
    delivery = await scene.user.act("create", kind="delivery", fields=fields)
    await scene.user.act("add_line", deal=delivery, item=LAMP, fields={"QuotationLineQuantity": PIECES})
    scene.webcrm(f"delivery {delivery} over {PIECES} pieces of {LAMP} is typed in")
    order = await scene.seen(
        lambda crm, erp: (row := erp.order_of(delivery)) and row["lines"][0]["quantity"] == PIECES and row,
        f"the sales order over {PIECES} pieces is in the ERP",
    )
    name = f"{order['type']}/{order['id']}"
    scene.visma(f"sales order {name} over {PIECES} pieces is there")
    await scene.seen(
        lambda crm, erp: crm.delivery(delivery)["DeliveryErpId"] == f"erp:order:{name}",
        "the order's key stands on the delivery",
    )
    scene.kept |= {"delivery": delivery, "order": name}
    await shows(scene, numbers="", booked="No", paid="No", word="Afventer")


async def first_part(scene: Scene) -> None:
    order = scene.needs("order", ORDERED)
    invoice = await _billed(scene, order, FIRST)
    await scene.bookkeeper.act("release", referenceNumber=invoice)
    scene.kept["first"] = invoice
    scene.visma(f"shipment of {FIRST}; invoice {invoice} is made and released")
    await shows(scene, numbers=invoice, booked="Yes", paid="No", word="Afventer")


async def second_part(scene: Scene) -> None:
    order, first = scene.needs("order", ORDERED), scene.needs("first", FIRST_PART)
    invoice = await _billed(scene, order, REST)
    scene.kept["second"] = invoice
    scene.visma(f"shipment of {REST}; invoice {invoice} is made, still Balanced")
    await shows(scene, numbers=f"{first}, {invoice}", booked="No", paid="No", word="Afventer")


async def released(scene: Scene) -> None:
    first, second = scene.needs("first", FIRST_PART), scene.needs("second", SECOND_PART)
    await scene.bookkeeper.act("release", referenceNumber=second)
    scene.visma(f"invoice {second} is released; both are open")
    await shows(scene, numbers=f"{first}, {second}", booked="Yes", paid="No", word="Godkendt")


async def credited(scene: Scene) -> None:
    first, second = scene.needs("first", FIRST_PART), scene.needs("second", SECOND_PART)
    made = await scene.bookkeeper.act("credit", referenceNumber=first)
    note = made["referenceNumber"]
    document = await _document(scene, first)
    scene.visma(f"credit note {note} takes back invoice {first}, which is {document['status']} by it")
    own = await scene.seen(lambda crm, erp: _credit_delivery(crm, note), "the credit note has its delivery")
    ident, value = own["DeliveryId"], own["DeliveryOrderValue"]
    scene.webcrm(f"delivery {ident} is the credit note's own: value {value:.2f}, status {own[steps.STATUS]}")
    await shows(scene, numbers=f"{first}, {second}", booked="Yes", paid="No", word="Godkendt")


def _credit_delivery(crm: Crm, note: str) -> Row:
    """The credit note's delivery once it has a negative value and the negative quantity of the first part."""
    own = crm.one("delivery", "DeliveryErpId", f"erp:invoice:CreditNote/{note}")
    lines = [row["QuotationLineQuantity"] for row in crm.rows("line")
             if own and row["QuotationLineOpportunityId"] == own["DeliveryId"]]  # fmt: skip
    whole = own and own["DeliveryOrderValue"] < 0 and lines == [-FIRST] and own[steps.STATUS] == "Betalt"
    return own if whole else {}


async def paid_but_a_bit(scene: Scene) -> None:
    first, second = scene.needs("first", FIRST_PART), scene.needs("second", SECOND_PART)
    due = (await _document(scene, second))["balance"]
    made = await scene.bookkeeper.act("pay", referenceNumber=second, amount=str(due - LEFT))
    scene.visma(f"payment {made['payment']} of {due - LEFT} leaves {LEFT} of invoice {second} open")
    numbers = f"{first}, {second}"
    await scene.stays(
        lambda crm, erp: _state(crm, scene.kept["delivery"]) == (numbers, "Yes", "No", "Godkendt"),
        "an invoice with a rest is not paid",
        seconds=steps.LASTS_SECONDS,
    )
    await shows(scene, numbers=numbers, booked="Yes", paid="No", word="Godkendt")


async def written_off(scene: Scene) -> None:
    first, second = scene.needs("first", FIRST_PART), scene.needs("second", SECOND_PART)
    made = await scene.bookkeeper.act("write_off", referenceNumber=second)
    document = await _document(scene, second)
    scene.visma(f"write-off {made['payment']} of {LEFT} closes invoice {second}: {document['status']}")
    await shows(scene, numbers=f"{first}, {second}", booked="Yes", paid="Yes", word="Betalt")
    message = (await scene.look())[0].delivery(scene.kept["delivery"])[steps.MESSAGE]
    if message:
        scene.webcrm(f"its message reads: {message}")


async def nothing_more(scene: Scene) -> None:
    """Two deliveries in all: the payment and the write-off made none."""
    wanted = {f"erp:order:{scene.needs('order', ORDERED)}"}
    await scene.stays(
        lambda crm, erp: (
            len(found := crm.rows("delivery")) == 2
            and wanted < {row["DeliveryErpId"] for row in found}
            and len(erp.orders) == 1
        ),
        "there are two deliveries and one order",
        seconds=steps.LASTS_SECONDS,
    )
    scene.webcrm("two deliveries in all: the order's and the credit note's")
    scene.visma("one order, two invoices, one credit note, one payment, one write-off")
    await desk.nobody_asked(scene)


async def shows(scene: Scene, *, numbers: str, booked: str, paid: str, word: str) -> None:
    """Waits until the delivery shows this and tells it. Raises Missed with what it shows instead."""
    delivery, wanted = scene.needs("delivery", ORDERED), (numbers, booked, paid, word)
    await scene.seen(
        lambda crm, erp: _state(crm, delivery) == wanted and bool(crm.delivery(delivery)["DeliveryNumber"]),
        f"delivery {delivery} shows {_words(wanted)}",
    )
    lines = [row["QuotationLineQuantity"] for row in (await scene.look())[0].rows("line")
             if row["QuotationLineOpportunityId"] == delivery]  # fmt: skip
    scene.webcrm(f"delivery {delivery} shows {_words(wanted)}; its line keeps {float(lines[0]):g} pieces")


def _state(crm: Crm, delivery: int) -> tuple[str, str, str, str]:
    row = crm.delivery(delivery)
    return (
        str(row[steps.INVOICE_NUMBER]),
        str(row[steps.BOOKED]),
        str(row[steps.PAID]),
        str(row[steps.STATUS]),
    )


def _words(state: tuple[str, str, str, str]) -> str:
    numbers, booked, paid, word = state
    return f"status {word}, invoices {numbers or 'none'}, booked {booked}, paid {paid}"


async def _billed(scene: Scene, order: str, quantity: int) -> str:
    """Ships, confirms and bills so many pieces of the order's line: the invoice's number."""
    await scene.bookkeeper.act("ship", orderId=order, lines={"1": quantity})
    await scene.bookkeeper.act("confirm", orderId=order)
    return str((await scene.bookkeeper.act("invoice_order", orderId=order))["referenceNumber"])


async def _document(scene: Scene, number: str) -> Row:
    return (await scene.look())[1].document(number)


STEPS: tuple[Step, ...] = (
    (ORDERED, ordered),
    (FIRST_PART, first_part),
    (SECOND_PART, second_part),
    ("The second invoice is released", released),
    ("A credit note for the first invoice", credited),
    ("A payment that leaves a bit of the second invoice", paid_but_a_bit),
    ("The rest is written off", written_off),
    ("And nothing else came of it", nothing_more),
)
