"""The steps of the day, after the vendor document. Each raises `Missed` when its consequence does not show.

Field names are those of the demonstration's rules file and of the stand-ins' example company.
"""

import asyncio
from decimal import Decimal
from typing import Any

from streamsync.demo.control import Crm, Erp, Row
from streamsync.demo.scene import Scene, Step

EXAMPLE = "Kunde A/S"
LASTS_SECONDS = 3.0  # three polls of either side
NUMBER = "OrganisationExtraCustom2"
CONTACT_ID = "PersonCustom3"
TICK = "PersonCustom1"
INVOICE_NUMBER, INVOICE_DATE = "DeliveryCustom1", "DeliveryCustom3"
MESSAGE = "DeliveryCustom6"
BOOKED, STATUS, PAID = "DeliveryCustom4", "DeliveryCustom5", "DeliveryCustom7"
SALE = "An opportunity becomes a delivery and a sales order"
PLACE = ("OrganisationAddress", "OrganisationTelephone")


def example(crm: Crm, erp: Erp) -> tuple[Row, Row]:
    """Kunde A/S on both sides, once its number is in webCRM; two empty rows until then."""
    organisation = crm.one("organisation", "OrganisationName", EXAMPLE)
    customer = erp.customer_of(organisation.get("OrganisationId", 0))
    if not customer or organisation[NUMBER] != customer["number"]:
        return {}, {}
    return organisation, customer


async def both_have_it(scene: Scene) -> tuple[Row, Row]:
    """Kunde A/S on both sides. Raises Missed."""
    return await scene.seen(
        lambda crm, erp: found if (found := example(crm, erp))[0] else None, f"{EXAMPLE} is in both systems"
    )


async def new_customer(scene: Scene) -> None:
    fields = {
        "OrganisationName": "Nordlys Belysning ApS",
        "OrganisationType": "Kunde",
        "OrganisationAddress": "Østergade 12\n2. sal",
        "OrganisationPostCode": "8000",
        "OrganisationCity": "Aarhus C",
        "OrganisationTelephone": "86123456",
        "OrganisationExtraCustom1": "20304059",
    }
    ident = await scene.user.act("create", kind="organisation", fields=fields)
    scene.webcrm(f"{fields['OrganisationName']} is typed in as organisation {ident}, type Kunde")

    def found(crm: Crm, erp: Erp) -> Row:
        customer = erp.customer_of(ident)
        wanted = {"name": fields["OrganisationName"], "mainAddress.addressLine1": "Østergade 12",
                  "mainAddress.addressLine2": "2. sal", "corporateId": "20304059"}  # fmt: skip
        return (
            customer if customer and all(customer.get(path) == text for path, text in wanted.items()) else {}
        )

    customer = await scene.seen(found, "the customer is in the ERP with name, address and CVR number")
    scene.visma(f"customer {customer['number']} is there, marked crm:organisation:{ident}")
    await scene.seen(
        lambda crm, erp: crm.organisation(ident)[NUMBER] == customer["number"],
        "the ERP's number stands on the organisation",
    )
    scene.webcrm(f"Debitornr. {customer['number']} stands on it")


async def ticked_contact(scene: Scene) -> None:
    organisation, customer = await both_have_it(scene)
    mail = "freja@kunde.example"
    fields = {
        "PersonOrganisationId": organisation["OrganisationId"],
        "PersonFirstName": "Freja",
        "PersonLastName": "Sørensen",
        "PersonEmail": mail,
        "PersonTitle": "Indkøber",
        "PersonDirectPhone": "20304012",
    }
    ident = await scene.user.act("create", kind="person", fields=fields)
    await scene.user.act("edit", kind="person", id=ident, fields={TICK: "Yes"})
    scene.webcrm(f"person {ident} of {EXAMPLE} is ticked as relevant for the ERP")
    contact = await scene.seen(
        lambda crm, erp: (row := erp.contact(mail)) and row["customer"] == customer["number"] and row,
        "the contact is under the customer in the ERP",
    )
    scene.visma(f"contact {contact['contact_id']} is there, under customer {customer['number']}")
    await scene.seen(
        lambda crm, erp: crm.one("person", "PersonId", ident)[CONTACT_ID] == str(contact["contact_id"]),
        "the ERP's contact id stands on the person",
    )
    scene.webcrm(f"Kontakt-ID {contact['contact_id']} stands on it")


async def price_change(scene: Scene) -> None:
    await scene.seen(lambda crm, erp: crm.item("10"), "item 10 is in webCRM's catalogue")
    await scene.bookkeeper.act("edit_item", inventoryNumber="10", defaultPrice="525")
    scene.visma("the price of item 10, Produkt 1, becomes 525")
    await scene.seen(
        lambda crm, erp: crm.item("10").get("QuotationLineLinkedDataItemPrice") == Decimal(525),
        "the catalogue shows the new price",
    )
    scene.webcrm("the catalogue shows 525 for it")


async def sale(scene: Scene) -> None:
    organisation, _ = await both_have_it(scene)
    await scene.seen(
        lambda crm, erp: crm.item("10") and crm.item("LAMPE-01"), "both items are in the catalogue"
    )
    deal = await scene.user.act(
        "create",
        kind="opportunity",
        fields={
            "OpportunityOrganisationId": organisation["OrganisationId"],
            "OpportunityDescription": "Lamper til kantinen",
            "OpportunityLevel": 2,
        },
    )
    first = {"QuotationLineQuantity": 2, "QuotationLineDiscount": 10}
    await scene.user.act("add_line", deal=deal, item="10", fields=first)
    await scene.user.act("add_line", deal=deal, item="LAMPE-01", fields={"QuotationLineQuantity": 4})
    delivery = await scene.user.act("convert_opportunity", id=deal)
    scene.webcrm(f"the opportunity with two lines is won: delivery {delivery}")
    lines = [("10", Decimal(2), Decimal(10)), ("LAMPE-01", Decimal(4), Decimal(0))]

    def ordered(crm: Crm, erp: Erp) -> Row:
        order = erp.order_of(delivery)
        numbers = {item["inventory_id"]: item["number"] for item in erp.items}
        held = [(numbers[line["item_id"]], line["quantity"], line["discount_percent"])
                for line in order.get("lines", [])]  # fmt: skip
        return order if held == lines else {}

    order = await scene.seen(ordered, "the sales order with both lines is in the ERP")
    name = f"{order['type']}/{order['id']}"
    scene.visma(f"sales order {name} is there with its lines, marked crm:delivery:{delivery}")
    await scene.seen(
        lambda crm, erp: (
            crm.delivery(delivery)["DeliveryNumber"] == order["id"]
            and crm.delivery(delivery)["DeliveryErpId"] == f"erp:order:{name}"
        ),
        "the order's number and key stand on the delivery",
    )
    scene.webcrm(f"number {order['id']} and ERP id {name} stand on the delivery")
    scene.kept |= {"delivery": delivery, "order": name}


async def invoiced(scene: Scene) -> None:
    delivery, order = scene.needs("delivery", SALE), scene.needs("order", SALE)
    await scene.bookkeeper.act("ship", orderId=order)
    await scene.bookkeeper.act("confirm", orderId=order)
    invoice = (await scene.bookkeeper.act("invoice_order", orderId=order))["referenceNumber"]
    await scene.bookkeeper.act("release", referenceNumber=invoice)
    scene.visma(f"order {order} is shipped; invoice {invoice} is made and released")

    def back(crm: Crm, erp: Erp) -> bool:
        row, document = crm.delivery(delivery), erp.document(invoice)
        return bool(
            row[INVOICE_NUMBER] == invoice
            and str(row[INVOICE_DATE])[:10] == document["day"]
            and row[BOOKED] == "Yes"
            and row[STATUS] == "Godkendt"
        )

    await scene.seen(back, "invoice number, date, booked and status stand on the delivery")
    scene.webcrm(
        f"Fakturanr. {invoice}, its date, Bogført and the status Godkendt stand on delivery {delivery}"
    )
    scene.kept["invoice"] = invoice


async def paid(scene: Scene) -> None:
    delivery, invoice = scene.needs("delivery", SALE), scene.needs("invoice", INVOICED)
    amount = (await scene.bookkeeper.act("pay", referenceNumber=invoice))["payment"]
    scene.visma(f"payment {amount} settles invoice {invoice}")
    await scene.seen(
        lambda crm, erp: crm.delivery(delivery)[STATUS] == "Betalt" and crm.delivery(delivery)[PAID] == "Yes",
        "the delivery is paid",
    )
    scene.webcrm(f"delivery {delivery} has the status Betalt")


async def both_at_once(scene: Scene) -> None:
    organisation, customer = await both_have_it(scene)
    ident, number = organisation["OrganisationId"], customer["number"]
    phone, address = "20304099", "Kundeadresse 201"
    await asyncio.gather(
        scene.user.act("edit", kind="organisation", id=ident, fields={"OrganisationTelephone": phone}),
        scene.bookkeeper.act("edit_customer", number=number, **{"mainAddress.addressLine1": address}),
    )
    scene.webcrm(f"Mette gives {EXAMPLE} the telephone {phone}")
    scene.visma(f"at the same moment the bookkeeper moves customer {number} to {address}")

    def survived(crm: Crm, erp: Erp) -> bool:
        ours, theirs = crm.organisation(ident), erp.customer_of(ident)
        addresses = {ours["OrganisationAddress"], theirs.get("mainAddress.addressLine1")}
        phones = (ours["OrganisationTelephone"], theirs.get("mainContact.phone1"))
        return addresses == {address} and all(_digits(text).endswith(phone) for text in phones)

    await scene.seen(survived, "both edits stand on both sides")
    await scene.stays(survived, "both edits stand on both sides", seconds=LASTS_SECONDS)
    scene.webcrm("has the telephone and the new address")
    scene.visma("has the new address and the telephone")


def _digits(text: Any) -> str:
    return "".join(sign for sign in str(text or "") if sign.isdigit())


INVOICED = "The ERP ships, invoices and releases"

STEPS: tuple[Step, ...] = (
    ("A new customer gets its number from the ERP", new_customer),
    ("A ticked contact reaches the ERP", ticked_contact),
    ("A price change in the ERP reaches the catalogue", price_change),
    (SALE, sale),
    (INVOICED, invoiced),
    ("A payment turns the delivery paid", paid),
    ("Two people edit one customer at once, and both edits survive", both_at_once),
)
