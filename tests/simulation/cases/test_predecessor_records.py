"""Records and rules that the predecessor cannot take, or answers for wrongly (`tests/predecessor.py`).

Hollow and oversized records, optional fields, filters, names, users, company numbers.
"""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulation.cases.parties import (
    MARKER,
    NUMBER,
    Row,
    contact_of,
    contacts,
    customer_of,
    customers,
    data,
    edit_contact,
    edit_customer,
    edit_person,
    item,
    make_customer,
    make_organisation,
    make_person,
    organisation,
    organisation_of,
    person,
)
from tests.simulation.cases.stories import (
    LAMP,
    SERVICE,
    add,
    deal,
    delivery,
    documents,
    goods,
    line,
    listen,
    order_of,
    ordered,
)
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import Scene, play, replaced, rules_with

WIDE = 260  # lines: with their texts far beyond what a message of 64 KiB holds


def row(section: str, number: str, *settings: str) -> str:
    return "\n".join((f"[[{section}.map]]", f'id = "{number}"', *settings, ""))


def edit(scene: Scene, kind: str, number: int, **fields: Any) -> None:
    scene.user("edit", kind=kind, id=number, fields=fields)


def held(scene: Scene, number: int) -> Row:
    return dict(customer_of(scene, number)["fields"])


def test_hollow_records_are_taken_and_grow_later() -> None:
    """W-16, W-39, W-40, W-23, A20: a private customer with a name and nothing else, an organisation without
    an address, a person without a last name, an item without a price."""

    async def story(scene: Scene) -> None:
        made = make_customer(scene, "Ida Krogh", number="10500")
        number = make_organisation(scene, "Tomhus", OrganisationAddress=None, OrganisationCity=None)
        who = make_person(scene, number, "-", PersonFirstName="Maja", PersonEmail=None)
        scene.bookkeeper("create_item", inventoryNumber="TOM-1", description="Tom")
        await scene.settle()
        shown = organisation_of(scene, "Ida Krogh")
        assert shown[MARKER] == f"erp:organisation:{made['internalId']}"
        assert not held(scene, number).get("mainAddress.addressLine1")
        assert contact_of(scene, who)["fields"]["lastName"] == "Maja"
        assert data(item(scene, "TOM-1"), 2) == "Tom"
        edit(scene, "organisation", number, OrganisationAddress="Vej 1\r\nPort 2")
        edit_customer(
            scene, "10500", {"mainAddress.addressLine1": "Gade 7", "mainContact.phone1": "66112233"}
        )
        await scene.settle()
        assert (held(scene, number)["mainAddress.addressLine1"], held(scene, number)["name"]) == (
            "Vej 1",
            "Tomhus",
        )
        row = organisation_of(scene, "Ida Krogh")
        assert (row["OrganisationAddress"], row["OrganisationTelephone"]) == ("Gade 7", "66112233")
        assert await scene.parked() == []

    play(story)


def test_a_delivery_of_any_size_goes_through() -> None:
    """W-8: there is no message that a record must fit into."""

    async def story(scene: Scene) -> None:
        lines = [line(LAMP, n + 1, memo=f"{n}: " + "montage " * 30) for n in range(WIDE)]
        number = deal(scene, *lines, DeliveryDescription="Stor")
        note = "Historik " * 20_000
        edit(scene, "organisation", example(scene), OrganisationComment=note, OrganisationCity="Odense")
        await scene.settle()
        assert [one["quantity"] for one in order_of(scene, number)["lines"]] == list(range(1, WIDE + 1))
        assert held(scene, example(scene))["mainAddress.city"] == "Odense"
        assert await scene.outcome("delivery", crm=str(number)) == ("in_sync", "")

    play(story)


def test_a_row_reads_and_writes_one_and_the_same_field() -> None:
    """W-12: the VAT number lives in the chosen field, both ways; the standard one stays untouched."""

    async def story(scene: Scene) -> None:
        scene.user(
            "configure_field",
            field="OrganisationCustom1",
            settings={"kind": "text", "label": "Momsnr.", "maximum": 50},
        )
        await scene.start()
        await scene.settle()
        number = make_organisation(scene, OrganisationVatNumber="99999999", OrganisationCustom1="12345678")
        await scene.settle()
        assert held(scene, number)["vatRegistrationId"] == "DK12345678"
        edit(scene, "organisation", number, OrganisationCustom1="DK87654321")
        await scene.settle()
        assert held(scene, number)["vatRegistrationId"] == "DK87654321"
        edit_customer(scene, customer_of(scene, number)["number"], {"vatRegistrationId": "DK11223344"})
        await scene.settle()
        shown = organisation(scene, number)
        assert shown["OrganisationCustom1"].removeprefix("DK") == "11223344"
        assert shown["OrganisationVatNumber"] == "99999999"
        scene.forget_calls()
        await scene.sleep(300)
        assert scene.writes() == 0

    play(story, rules=rules_with(row("organisation", "O9", 'crm = "OrganisationCustom1"')), started=False)


def test_what_is_optional_may_be_left_out() -> None:
    """W-38, A28, A33: neither the unit of items nor any row of an organisation is needed for the rest."""

    async def story(scene: Scene) -> None:
        number = make_organisation(scene, OrganisationCity="Odense")
        scene.bookkeeper(
            "create_item", inventoryNumber="KABEL-3", description="Kabel", defaultPrice=45, baseUnit="STK"
        )
        await scene.settle()
        made = item(scene, "KABEL-3")
        assert (data(made, 2), data(made, 4), made["QuotationLineLinkedDataItemPrice"]) == ("Kabel", "-", 45)
        assert (held(scene, number)["name"], held(scene, number).get("mainAddress.city") or "") == (
            "Nordlys ApS",
            "",
        )
        wire = listen(scene)
        edit(scene, "organisation", number, OrganisationCity="Ribe", OrganisationName="Nordlys A/S")
        await scene.settle()
        assert held(scene, number)["name"] == "Nordlys A/S"
        assert [(one.method, one.path.rpartition("/")[0]) for one in wire] == [
            ("PUT", "/v1/customer/internal")
        ]

    gone = [
        row("organisation", name, "remove = true") for name in ("O3", "O4", "O5", "O6", "O7", "O10", "O11")
    ]
    text = rules_with(*gone, row("item", "I3", "remove = true"), "[item.layout]", 'unit = ""')
    for chosen in (("O10", "OrganisationExtraCustom1"), ("O11", "OrganisationExtraCustom3")):
        text = text.replace('[[organisation.map]]\nid = "{}"\ncrm = "{}"\n'.format(*chosen), "")
    play(story, rules=text)


def test_without_a_filter_every_organisation_takes_part() -> None:
    """A21: no type and no status need be named."""

    async def story(scene: Scene) -> None:
        kinds = ("Leverandør", "Emne", "-- vælg --")
        made = [make_organisation(scene, f"Firma {kind}", OrganisationType=kind) for kind in kinds]
        await scene.settle()
        assert len(customers(scene)) == 4
        for number in made:
            assert customer_of(scene, number)["number"] == organisation(scene, number)[NUMBER]

    play(story, rules=replaced('types = ["Kunde"]', 'types = ["*"]'))


@pytest.mark.parametrize(
    ("field", "on", "off"), [("PersonCheckMark3", True, False), ("PersonCustom1", "Yes", "No")]
)
def test_both_sorts_of_checkbox_mark_a_person(field: str, on: object, off: object) -> None:
    """A26, A27: every person who is marked goes out, not one per organisation; unmarked, it only receives."""

    async def story(scene: Scene) -> None:
        settings = {"kind": "checkbox", "label": "Relevant for ERP"}
        scene.user("configure_field", field=field, settings=settings)
        await scene.start()
        await scene.settle()
        before = len(contacts(scene))
        people = [
            make_person(
                scene,
                example(scene),
                last,
                **{"PersonCustom1": "No", field: on},
                PersonEmail=f"{last}@k.example",
            )
            for last in ("holm", "krogh", "juhl")
        ]
        silent = make_person(scene, example(scene), "ravn", **{"PersonCustom1": "No", field: off})
        await scene.settle()
        assert len(contacts(scene)) == before + 3
        assert person(scene, silent)["PersonCustom2"] == ""
        first = contact_of(scene, people[0])
        edit_person(scene, people[0], **{field: off}, PersonLastName="Holm-Lund")
        await scene.settle()
        assert contact_of(scene, people[0])["fields"]["lastName"] == "holm"
        edit_contact(scene, first, firstName="Ida")
        await scene.settle()
        assert person(scene, people[0])["PersonFirstName"] == "Ida"

    play(
        story,
        rules=replaced('relevant_field = "PersonCustom1"', f'relevant_field = "{field}"'),
        started=False,
    )


def test_a_person_whose_last_name_is_a_dash_stops_nothing() -> None:
    """A41: with no name at all it waits for one and says so; a contact may be called so too."""

    async def story(scene: Scene) -> None:
        nameless = make_person(scene, example(scene), "-", PersonEmail="info@kunde.example")
        named = make_person(scene, example(scene), "Krogh", PersonEmail="krogh@kunde.example")
        scene.bookkeeper(
            "create_contact",
            businessAccount="10042",
            firstName="Per",
            lastName="-",
            email="per@kunde.example",
        )
        await scene.settle()
        assert contact_of(scene, named)["fields"]["lastName"] == "Krogh"
        [per] = [row for row in scene.crm.rows("person") if row["PersonEmail"] == "per@kunde.example"]
        assert (per["PersonFirstName"], per["PersonLastName"]) == ("Per", "-")
        outcome, reason = await scene.outcome("person", crm=str(nameless))
        assert (outcome, reason) == ("parked", "required_field")
        edit_person(scene, nameless, PersonLastName="Juhl")
        await scene.settle()
        assert contact_of(scene, nameless)["fields"]["lastName"] == "Juhl"
        assert await scene.parked() == []

    play(story)


def sales_person(scene: Scene, order: Row) -> str:
    [found] = [one for one in scene.erp.state()["orders"] if one["id"] == order["id"]]
    return str(found["fields"].get("salesPersonId") or "")


@pytest.mark.parametrize("default", [11, 12])
def test_deliveries_get_their_sales_person_or_the_default_user(default: int) -> None:
    """A30, A31, W-41: also where webCRM demands a responsible user. The ERP's own is never cleared, and a
    user who stands there by default (12 has a counterpart, 11 has none) is not sent."""

    async def story(scene: Scene) -> None:
        scene.crm.settings.responsible_required = True
        scene.crm.books.tables["user"].rows[12]["UserName"] = "Maja Eksempel"
        await scene.start()
        await scene.settle()
        made = [await ordered(scene, **more) for more in ({"salesPersonId": n} for n in ("1", "2", ""))]
        users = [delivery(scene, number)["DeliveryResponsible"] for _, number in made]
        assert users == [12, default, default]
        assert [sales_person(scene, order) for order, _ in made] == ["1", "2", ""]
        scene.forget_calls()
        await scene.sleep(120)
        assert scene.writes() == 0
        scene.bookkeeper("edit_order", orderId=made[1][0]["id"], salesPersonId="1")
        edit(scene, "delivery", made[0][1], DeliveryResponsible=11)
        await scene.settle()
        assert delivery(scene, made[1][1])["DeliveryResponsible"] == 12
        assert sales_person(scene, made[0][0]) == "1"  # 11 is nobody in the ERP

    text = replaced("quiet_seconds = 1", f"quiet_seconds = 1\ndefault_user = {default}")
    play(story, rules="\n".join((text, row("delivery", "D17"))), started=False)


def test_an_order_brings_its_value_and_currency() -> None:
    """W-41: the invoice date comes with the invoice (E66)."""

    async def story(scene: Scene) -> None:
        edit_customer(scene, "10042", {"currencyId": "EUR"})
        _, number = await ordered(scene, goods(LAMP, 2, unitPrice=Decimal(50)))
        row = delivery(scene, number)
        assert (row["DeliveryCurrencyName"], row["DeliveryOrderValue"]) == ("03", 100.0)

    play(story)


def test_the_item_decides_the_account() -> None:
    """A45: no account is written by us, so none is built in."""

    async def story(scene: Scene) -> None:
        wire = listen(scene)
        deal(scene, line(SERVICE, 3))
        await scene.settle()
        [post] = wire.of("POST", "/v2/customerinvoice")
        [sent] = post.body["invoiceLines"]
        assert not [name for name in sent if "account" in name.lower()]
        assert len(documents(scene)) == 1

    play(story, rules=replaced("quiet_seconds = 1", 'quiet_seconds = 1\ntarget = "invoice"'))


def test_a_line_names_its_item_in_one_way_at_the_create_and_later() -> None:
    """W-17, W-18: number, unit, price and discount, of a line sent with the order and of one added later."""

    async def story(scene: Scene) -> None:
        first = line(LAMP, 2, discount=10.0)
        number = deal(scene, first)
        await scene.settle()
        add(scene, number, **first)
        await scene.settle()
        one, other = order_of(scene, number)["lines"]
        same = ("item_id", "quantity", "unit_price", "discount_percent", "vat_category")
        assert [one[name] for name in same] == [other[name] for name in same]
        assert one["fields"].get("unitOfMeasure") == other["fields"].get("unitOfMeasure")
        assert float(one["discount_percent"]) == 10

    play(story)


def test_a_chosen_address_may_go_both_ways() -> None:
    """A18: a delivery address is lines, post code, city and country, and a tenant may let it go out."""

    async def story(scene: Scene) -> None:
        scene.user(
            "configure_field",
            field="OrganisationCustom1",
            settings={"kind": "memo", "label": "Levering", "maximum": 250},
        )
        await scene.start()
        await scene.settle()
        number = make_organisation(scene)
        await scene.settle()
        account = customer_of(scene, number)["number"]
        own = {"addressLine1": "Port 3", "postalCode": "8200", "city": "Aarhus N", "country.id": "DK"}
        edit_customer(scene, account, {f"deliveryAddress.{name}": text for name, text in own.items()})
        await scene.settle()
        assert organisation(scene, number)["OrganisationCustom1"] == "Port 3\r\n8200 Aarhus N\r\nDanmark"
        edit(scene, "organisation", number, OrganisationCustom1="Kaj 9\r\nHal B\r\n5000 Odense C\r\nDanmark")
        await scene.settle()
        found = held(scene, number)
        assert [found.get(f"deliveryAddress.addressLine{n}") for n in (1, 2)] == ["Kaj 9", "Hal B"]
        assert (found["deliveryAddress.postalCode"], found["deliveryAddress.city"]) == ("5000", "Odense C")
        assert organisation(scene, number)["OrganisationCustom1"].startswith("Kaj 9")

    own = row("organisation", "O18", 'crm = "OrganisationCustom1"', 'direction = "two_way"')
    play(story, rules=rules_with(own), started=False)
