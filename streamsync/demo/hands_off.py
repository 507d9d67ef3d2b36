"""Hands off: five things that must not be written, guessed or forced, and what a person is asked instead.

Each step shows the question in the daemon's words, what both systems hold meanwhile, the answer, and what the
answer did. Afterwards the two systems agree again.
"""

from collections.abc import Callable
from typing import Any

from streamsync.demo import chapter, desk, steps
from streamsync.demo.config_file import CONNECTION
from streamsync.demo.control import Crm, Erp, Row
from streamsync.demo.desk import Question
from streamsync.demo.processes import VISMA_HOOK_SECRET
from streamsync.demo.scene import Scene, Step
from streamsync.demo.stage import RULES, Stage

LAMP, SERVICE = "LAMPE-01", "10"
RENAMED = ("Godkendt", "Bekræftet")
QUIET_SECONDS = 1.5  # two polls of either side
FOREVER = "2099-12-31"


async def run(stage: Stage) -> dict[str, Any]:
    """Plays all five; {ok, seconds, steps: [Happened]}."""
    url = f"http://{stage.places.admin}/hooks/visma/{CONNECTION}"
    await stage.erp.act("set_hook", url=url, secret=VISMA_HOOK_SECRET)
    await stage.erp.act("settings", refused_statuses=["Inactive", "OnHold"])
    return await chapter.play(stage, "Hands off", STEPS)


# -- a dropdown option


async def renamed_option(scene: Scene) -> None:
    delivery, order = await _handed_over(scene, "Lamper til gangen", (LAMP, 1))
    old, new = RENAMED
    await scene.user.act("rename_option", field=steps.STATUS, old=old, new=new)
    scene.webcrm(f"an administrator renames the option {old} of the sync status to {new}")
    await scene.bookkeeper.act("ship", orderId=order)
    await scene.bookkeeper.act("confirm", orderId=order)
    invoice = (await scene.bookkeeper.act("invoice_order", orderId=order))["referenceNumber"]
    await scene.bookkeeper.act("release", referenceNumber=invoice)
    scene.visma(f"invoice {invoice} of order {order} is released: the status would be {old}")
    about = _about("delivery", delivery)
    await desk.asked(scene, about, "about the option")
    before = (await scene.look())[0].delivery(delivery)[steps.STATUS]
    await scene.stays(
        lambda crm, erp: (
            crm.delivery(delivery)[steps.STATUS] == before and erp.document(invoice)["status"] == "Open"
        ),
        "the status is left as it was",
        seconds=QUIET_SECONDS,
    )
    scene.webcrm(f"delivery {delivery} keeps the status {before}; no option is guessed or made")
    text = RULES.read_text("utf-8").replace(f'"{old}"', f'"{new}"')
    reply = {"connection": CONNECTION, "text": text, "who": desk.WHO, "why": "option renamed"}
    version = (await scene.stage.admin.post("/api/v1/rules", reply))["version"]
    scene.tell(desk.ANSWERED, f"rules version {version}: the word for approved is {new}")
    await scene.seen(
        lambda crm, erp: (
            crm.delivery(delivery)[steps.STATUS] == new
            and crm.delivery(delivery)[steps.INVOICE_NUMBER] == invoice
        ),
        "the renamed option and the invoice number stand on the delivery",
    )
    scene.webcrm(f"delivery {delivery} has the status {new} and invoice {invoice}")
    await desk.gone(scene, about, "about the option")


# -- refusals of the ERP


async def closed_period(scene: Scene) -> None:
    await scene.bookkeeper.act("settings", closed_until=FOREVER)
    scene.visma("the bookkeeper has closed the period")

    async def opened() -> None:
        await scene.bookkeeper.act("settings", closed_until="")
        scene.visma("the bookkeeper opens the period")

    await _refused(scene, "Lamper til arkivet", "period_closed", opened)


async def on_hold(scene: Scene) -> None:
    _, customer = await steps.both_have_it(scene)
    number = customer["number"]
    await scene.bookkeeper.act("edit_customer", number=number, status="OnHold")
    scene.visma(f"customer {number} is put on hold, and takes no orders")

    async def freed() -> None:
        await scene.bookkeeper.act("edit_customer", number=number, status="Active")
        scene.visma(f"the bookkeeper makes customer {number} active again")

    await _refused(scene, "Lamper til kælderen", "customer_status", freed)
    held = (await scene.look())[1].customer_of(customer_organisation(customer))
    scene.visma(f"customer {number} is {held['status']}: nobody but the bookkeeper changed that")


def customer_organisation(customer: Row) -> int:
    """The webCRM id in a customer's marker."""
    return int(str(customer["attributes.WEBCRMID"]).rpartition(":")[2])


async def _refused(scene: Scene, text: str, reason: str, mend: Callable[[], Any]) -> None:
    """A delivery that the ERP refuses: asked once, untouched, and sent when the cause is mended."""
    delivery = await _typed_in(scene, text, (LAMP, 2))
    about = _about("delivery", delivery, reason)
    question = await desk.asked(scene, about, f"about delivery {delivery}")
    await scene.stays(
        lambda crm, erp: not erp.order_of(delivery) and not crm.delivery(delivery)["DeliveryErpId"],
        "the delivery has no order",
        seconds=QUIET_SECONDS,
    )
    scene.webcrm(f"delivery {delivery} waits, without number or key{_message(await scene.look(), delivery)}")
    scene.visma("there is no order for it")
    await mend()
    await desk.answer(scene, "retry", "retry", pairs=[question.pair], cause=reason, op=0)
    order = await scene.seen(lambda crm, erp: erp.order_of(delivery), "the order is in the ERP")
    await scene.seen(
        lambda crm, erp: bool(crm.delivery(delivery)["DeliveryNumber"]), "its number stands on the delivery"
    )
    scene.visma(f"sales order {order['type']}/{order['id']} is there, once")
    scene.webcrm(f"number {order['id']} stands on delivery {delivery}")
    await desk.gone(scene, about, f"about delivery {delivery}")


# -- documents that are gone or locked


async def deleted_order(scene: Scene) -> None:
    delivery, order = await _handed_over(scene, "Lamper til taget", (LAMP, 3))
    await scene.bookkeeper.act("delete_order", orderId=order)
    scene.visma(f"the bookkeeper deletes order {order}")
    await scene.seen(
        lambda crm, erp: crm.delivery(delivery)[steps.STATUS] == "Annulleret", "the delivery is cancelled"
    )
    scene.webcrm(f"delivery {delivery} has the status Annulleret{_message(await scene.look(), delivery)}")
    await scene.user.act(
        "edit", kind="delivery", id=delivery, fields={"DeliveryDescription": "Lamper til taget, igen"}
    )
    scene.webcrm("its description is edited afterwards")
    await scene.stays(
        lambda crm, erp: (
            not erp.order_of(delivery)
            and crm.delivery(delivery)[steps.STATUS] == "Annulleret"
            and len(_lines(crm, delivery)) == 1
        ),
        "the order is not made again, and the delivery is left as it is",
        seconds=QUIET_SECONDS,
    )
    scene.visma("the order is not made again by itself")
    await scene.user.act(
        "edit", kind="delivery", id=delivery, fields={"DeliveryErpStatus": "ReadyForSynchronization"}
    )
    scene.tell(desk.ANSWERED, "the salesperson sets the delivery to ReadyForSynchronization: send it again")
    made = await scene.seen(lambda crm, erp: erp.order_of(delivery), "a new order is there")
    await scene.seen(
        lambda crm, erp: (
            crm.delivery(delivery)["DeliveryNumber"] == made["id"]
            and crm.delivery(delivery)[steps.STATUS] == "Afventer"
        ),
        "the new order's number stands on the delivery",
    )
    scene.visma(f"a new order {made['type']}/{made['id']} is there")
    scene.webcrm(f"delivery {delivery} carries its number and the status Afventer")


async def shipped_line(scene: Scene) -> None:
    delivery, order = await _handed_over(scene, "Lamper til trappen", (LAMP, 2), (SERVICE, 1))
    await scene.bookkeeper.act("ship", orderId=order, lines={"1": 2})
    await scene.bookkeeper.act("confirm", orderId=order)
    scene.visma(f"line 1 of order {order} is shipped")
    line = _lines((await scene.look())[0], delivery)[0]["QuotationLineId"]
    await scene.user.act("edit_line", id=line, fields={"QuotationLineQuantity": 5})
    scene.webcrm(f"line 1 of delivery {delivery} gets the quantity 5 instead of 2")
    about = _about("delivery", delivery, "locked_edit")
    question = await desk.asked(scene, about, f"about delivery {delivery}")

    def left(crm: Crm, erp: Erp) -> bool:
        theirs = erp.order_of(delivery)["lines"]
        ours = _lines(crm, delivery)
        return bool(theirs[0]["quantity"] == 2 and ours[0]["QuotationLineQuantity"] == 5)

    await scene.stays(left, "both sides are left as they are", seconds=QUIET_SECONDS)
    scene.visma(f"line 1 of order {order} keeps its 2")
    scene.webcrm(f"line 1 keeps its 5 until somebody answers{_message(await scene.look(), delivery)}")
    select = {"pairs": [question.pair]}
    await desk.answer(scene, "resolve", "visma: the ERP's value holds", select=select, choice="visma")
    await scene.seen(
        lambda crm, erp: (
            [row["QuotationLineQuantity"] for row in _lines(crm, delivery)] == [2, 1]
            and [row["quantity"] for row in erp.order_of(delivery)["lines"]] == [2, 1]
        ),
        "both lines are equal again",
    )
    scene.webcrm("line 1 has its 2 again")
    await desk.gone(scene, about, f"about delivery {delivery}")


async def quiet_again(scene: Scene) -> None:
    """Every delivery has exactly one order, and the inbox is empty."""
    crm, erp = await scene.look()
    wanted = sorted(f"erp:order:{row['type']}/{row['id']}" for row in erp.orders)
    held = sorted(row["DeliveryErpId"] for row in crm.rows("delivery"))
    await scene.stays(
        lambda crm, erp: len(wanted) == len(erp.orders) == len(crm.rows("delivery")) and wanted == held,
        "every delivery has one order and every order one delivery",
        seconds=QUIET_SECONDS,
    )
    scene.webcrm(f"{len(held)} deliveries, each with one order")
    scene.visma(f"{len(wanted)} orders, each with one delivery")
    await desk.nobody_asked(scene)


# -- what the steps share


async def _typed_in(scene: Scene, text: str, *lines: tuple[str, int]) -> int:
    organisation, _ = await steps.both_have_it(scene)
    await scene.seen(
        lambda crm, erp: all(crm.item(item) for item, _ in lines), "the items are in the catalogue"
    )
    fields = {"DeliveryOrganisationId": organisation["OrganisationId"], "DeliveryDescription": text}
    delivery = int(await scene.user.act("create", kind="delivery", fields=fields))
    for item, quantity in lines:
        await scene.user.act("add_line", deal=delivery, item=item, fields={"QuotationLineQuantity": quantity})
    pieces = " and ".join(f"{quantity} of {item}" for item, quantity in lines)
    scene.webcrm(f"delivery {delivery}, {text}, with {pieces} is typed in")
    return delivery


async def _handed_over(scene: Scene, text: str, *lines: tuple[str, int]) -> tuple[int, str]:
    """A delivery with its order: (DeliveryId, `SO/000223`)."""
    delivery = await _typed_in(scene, text, *lines)
    order = await scene.seen(lambda crm, erp: erp.order_of(delivery), "the sales order is in the ERP")
    name = f"{order['type']}/{order['id']}"
    await scene.seen(
        lambda crm, erp: (
            crm.delivery(delivery)["DeliveryNumber"] == order["id"]
            and crm.delivery(delivery)["DeliveryErpId"] == f"erp:order:{name}"
        ),
        "the order's number and key stand on the delivery",
    )
    scene.visma(f"sales order {name} is there")
    return delivery, name


def _lines(crm: Crm, delivery: int) -> list[Row]:
    found = [row for row in crm.rows("line") if row["QuotationLineOpportunityId"] == delivery]
    return sorted(found, key=lambda row: (row["QuotationLineSortOrder"], row["QuotationLineId"]))


def _about(entity: str, webcrm: int, reason: str = "") -> Callable[[Question], bool]:
    return lambda question: question.about(entity, webcrm=webcrm) and reason in ("", question.reason)


def _message(found: tuple[Crm, Erp], delivery: int) -> str:
    text = found[0].delivery(delivery)[steps.MESSAGE]
    return f"; its message reads: {text}" if text else ""


STEPS: tuple[Step, ...] = (
    ("A dropdown option is renamed in webCRM", renamed_option),
    ("The period is closed in the ERP", closed_period),
    ("The customer is on hold in the ERP", on_hold),
    ("The order is deleted in the ERP", deleted_order),
    ("A shipped line is edited in webCRM", shipped_line),
    ("And everything is quiet again", quiet_again),
)
