"""A day of the whole daemon, in memory: every request it makes, and every answer, is one that the
specification allows."""

from tests.contract.book import Book
from tests.simulation.cases.parties import edit_organisation, make_organisation, make_person
from tests.simulation.cases.stories import (
    LAMP,
    SERVICE,
    add,
    billed,
    deal,
    delivery,
    goods,
    invoiced,
    line,
    lines_of,
    order_of,
    ordered,
    payments_swept,
)
from tests.simulation.scene import Scene, play


def test_a_day_of_the_daemon(webcrm_book: Book, visma_book: Book) -> None:
    async def story(scene: Scene) -> None:
        scene.crm_face.record, scene.erp_face.record = webcrm_book, visma_book
        await scene.start()
        await scene.settle()
        await people_and_items(scene)
        await documents(scene)

    play(story, started=False)
    assert webcrm_book.problems == []
    assert visma_book.problems == []
    assert {"PUT /Organisations/{id}", "POST /Deliveries"} <= webcrm_book.seen.keys()
    assert {
        "POST /v1/customer",
        "POST /api/v3/SalesOrders",
        "GET /v1/customerinvoice",
    } <= visma_book.seen.keys()


async def people_and_items(scene: Scene) -> None:
    number = make_organisation(scene, "Nordlys & Søn's ApS", OrganisationAddress="Østergade 1\r\n2. sal")
    make_person(scene, number, "O'Hara", PersonEmail="o@nordlys.example")
    customer = scene.bookkeeper("create_customer", name="Fra økonomien A/S")["number"]
    scene.bookkeeper("create_contact", businessAccount=customer, firstName="Maja", lastName="Eksempel")
    scene.bookkeeper("edit_item", inventoryNumber=SERVICE, defaultPrice="525.25")
    await scene.settle()
    edit_organisation(scene, number, OrganisationCity="Aarhus", OrganisationTelephone="")
    scene.bookkeeper("edit_customer", number=customer, fields={"name": "Nyt navn A/S"})
    await scene.settle()


async def documents(scene: Scene) -> None:
    number = deal(scene, line(LAMP, 2, discount=10.0), line(SERVICE, 1.5))
    await scene.settle()
    made = order_of(scene, number)
    add(scene, number, **line(SERVICE, 1))
    [first, second, *_] = lines_of(scene, number)
    scene.user("edit_line", id=first["QuotationLineId"], fields={"QuotationLineQuantity": 3.0})
    scene.user("delete_line", id=second["QuotationLineId"])
    scene.user("edit", kind="delivery", id=number, fields={"DeliveryDescription": "Flere lamper"})
    await scene.settle()
    await ordered(scene, goods(LAMP, 4))
    direct = scene.bookkeeper("create_invoice", customer="10042", lines=[billed(SERVICE, 2)])
    await scene.settle()
    invoice = await invoiced(scene, made["id"])
    for one in (invoice, direct["referenceNumber"]):
        scene.bookkeeper("release", referenceNumber=one)
    await scene.settle()
    scene.bookkeeper("pay", referenceNumber=invoice)
    await payments_swept(scene)
    assert delivery(scene, number)["DeliveryErpId"] == f"erp:order:SO/{made['id']}"
