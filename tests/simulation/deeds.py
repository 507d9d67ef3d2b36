"""One thing a person does for each sort of write the daemon has: what the tests of lying systems play.

A deed names the face that its write goes to and the request that carries it. `before` lays the ground while
everybody still tells the truth, `act` is done under the lie; both act as people do, at a screen.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from streamsync.simulators.face import Face
from tests.simulation.cases import parties, stories
from tests.simulation.cases.parties import CVR
from tests.simulation.cases.stories import LAMP, SERVICE, goods, line
from tests.simulation.scene import RULES, Scene, replaced

AS_INVOICE = replaced("quiet_seconds = 1", 'quiet_seconds = 1\ntarget = "invoice"')
Ground = Any


async def nothing(scene: Scene) -> Ground:
    return None


@dataclass(frozen=True)
class Deed:
    """`paths`: prefixes of the addresses that the written record is read and written under; `listed`: of
    its lists and look-ups. `creates`: the lie meets a record that is not there yet."""

    name: str
    to: str  # crm | erp
    entity: str
    paths: tuple[str, ...]
    listed: tuple[str, ...]
    act: Callable[[Scene, Ground], Any]
    before: Callable[[Scene], Awaitable[Ground]] = nothing
    creates: bool = False
    rules: str = RULES

    def face(self, scene: Scene) -> Face:
        return scene.crm_face if self.to == "crm" else scene.erp_face

    def __repr__(self) -> str:
        return self.name


async def _person(scene: Scene) -> Ground:
    return await parties.known(scene)


async def _sent(scene: Scene) -> Ground:
    return await stories.sent(scene)


async def _ordered(scene: Scene) -> Ground:
    return await stories.ordered(scene)


async def _billed(scene: Scene) -> Ground:
    number = stories.deal(scene, line(SERVICE, 2))
    await scene.settle()
    return number


def _customer(scene: Scene, ground: Ground) -> Any:
    return parties.make_customer(scene, corporateId="87654321")


def _contact(scene: Scene, ground: Ground) -> Any:
    named = {"lastName": "Salg", "email": "salg@kunde.example", "businessAccount": stories.NUMBER}
    return scene.bookkeeper("create_contact", **named)


def _item(scene: Scene, ground: Ground) -> Any:
    values = {"description": "Ny del", "defaultPrice": 45, "baseUnit": "STK", "salesUnit": "STK"}
    return scene.bookkeeper("create_item", inventoryNumber="DEL-1", **values)


def _line_value(scene: Scene, ground: Ground) -> Any:
    first = stories.lines_of(scene, ground[0])[0]["QuotationLineId"]
    return scene.user("edit_line", id=first, fields={"QuotationLineQuantity": 5.0})


def _order_lines(scene: Scene, ground: Ground) -> Any:
    changed = [{"lineId": 1, "unitPrice": Decimal(180)}]
    return scene.bookkeeper("edit_order", orderId=ground[0]["id"], lines=changed)


def _order_added(scene: Scene, ground: Ground) -> Any:
    return scene.bookkeeper("edit_order", orderId=ground[0]["id"], add=[goods(SERVICE, 3)])


def _edit_deal(scene: Scene, number: int, **fields: Any) -> Any:
    return scene.user("edit", kind="delivery", id=number, fields=fields)


def _own_invoice(scene: Scene, ground: Ground) -> Any:
    made = scene.bookkeeper("create_invoice", customer=stories.NUMBER, lines=[stories.billed(SERVICE, 2)])
    return scene.bookkeeper("release", referenceNumber=made["referenceNumber"])


CUSTOMER, CONTACT, INVOICE = "/v1/customer", "/v1/contact", "/v1/customerinvoice"
V3 = "/api/v3/SalesOrders"
ITEMS = "/QuotationLines/LinkedData"
LINES = ("/QuotationLines/", "/QuotationLines")

TO_ERP = (
    Deed(
        "organisation to the ERP",
        "erp",
        "organisation",
        (CUSTOMER,),
        (CUSTOMER,),
        lambda scene, _: parties.make_organisation(scene, **{CVR: "12345678"}),
        creates=True,
    ),
    Deed(
        "organisation's edit to the ERP",
        "erp",
        "organisation",
        ("/v1/customer/internal",),
        (CUSTOMER,),
        lambda scene, _: parties.edit_organisation(
            scene, stories.organisation(scene), OrganisationTelephone="66778899"
        ),
    ),
    Deed(
        "person to the ERP",
        "erp",
        "person",
        (CONTACT,),
        (CONTACT,),
        lambda scene, _: parties.make_person(
            scene, stories.organisation(scene), "Holm", PersonEmail="holm@kunde.example"
        ),
        creates=True,
    ),
    Deed(
        "person's edit to the ERP",
        "erp",
        "person",
        ("/v1/contact/",),
        (CONTACT,),
        lambda scene, ground: parties.edit_person(scene, ground[0], PersonDirectPhone="66778899"),
        _person,
    ),
    Deed(
        "delivery to an order",
        "erp",
        "delivery",
        (V3,),
        (V3,),
        lambda scene, _: stories.deal(scene, line(LAMP, 2), line(SERVICE, 1)),
        creates=True,
    ),
    Deed(
        "delivery's header to its order",
        "erp",
        "delivery",
        (V3 + "/SO/",),
        (V3,),
        lambda scene, ground: _edit_deal(scene, ground[0], DeliveryDescription="Andre lamper"),
        _sent,
    ),
    Deed("line's edit to its order", "erp", "delivery", (V3 + "/SO/",), (V3,), _line_value, _sent),
    Deed(
        "new line to its order",
        "erp",
        "delivery",
        (V3 + "/SO/",),
        (V3,),
        lambda scene, ground: stories.add(scene, ground[0], **line(SERVICE, 3)),
        _sent,
    ),
    Deed(
        "delivery to an invoice",
        "erp",
        "delivery",
        ("/v2/customerinvoice", INVOICE),
        (INVOICE, "/v1/customerdocument"),
        lambda scene, _: stories.deal(scene, line(SERVICE, 2)),
        creates=True,
        rules=AS_INVOICE,
    ),
    Deed(
        "delivery's edit to its invoice",
        "erp",
        "delivery",
        ("/v1/customerinvoice/",),
        (INVOICE, "/v1/customerdocument"),
        lambda scene, ground: _edit_deal(scene, ground, DeliveryDescription="Andre timer"),
        _billed,
        rules=AS_INVOICE,
    ),
)
TO_CRM = (
    Deed(
        "customer to webCRM",
        "crm",
        "organisation",
        ("/Organisations",),
        ("/Organisations", "/Queries"),
        _customer,
        creates=True,
    ),
    Deed(
        "customer's edit to webCRM",
        "crm",
        "organisation",
        ("/Organisations/7",),
        ("/Organisations", "/Queries"),
        lambda scene, _: parties.edit_customer(
            scene, stories.NUMBER, {"mainContact": {"phone1": "66778899"}}
        ),
    ),
    Deed(
        "contact to webCRM",
        "crm",
        "person",
        ("/Persons",),
        ("/Persons", "/Queries"),
        _contact,
        creates=True,
    ),
    Deed(
        "contact's edit to webCRM",
        "crm",
        "person",
        ("/Persons/",),
        ("/Persons", "/Queries"),
        lambda scene, ground: parties.edit_contact(scene, ground[1], phone1="66778899"),
        _person,
    ),
    Deed("item to webCRM", "crm", "item", (ITEMS,), (ITEMS,), _item, creates=True),
    Deed(
        "item's price to webCRM",
        "crm",
        "item",
        (ITEMS + "/",),
        (ITEMS,),
        lambda scene, _: scene.bookkeeper("edit_item", inventoryNumber=LAMP, defaultPrice=249),
    ),
    Deed(
        "order to a delivery",
        "crm",
        "delivery",
        ("/Deliveries",),
        ("/Deliveries", "/Queries"),
        lambda scene, _: scene.bookkeeper(
            "create_order", customer=stories.NUMBER, lines=[goods(LAMP, 2), goods(SERVICE, 1)]
        ),
        creates=True,
    ),
    Deed("order's line to its delivery", "crm", "delivery", LINES, ("/Queries",), _order_lines, _ordered),
    Deed("order's new line to its delivery", "crm", "delivery", LINES, ("/Queries",), _order_added, _ordered),
    Deed(
        "invoice to a delivery",
        "crm",
        "invoice",
        ("/Deliveries",),
        ("/Deliveries", "/Queries"),
        _own_invoice,
        creates=True,
    ),
)
DEEDS = (*TO_ERP, *TO_CRM)
