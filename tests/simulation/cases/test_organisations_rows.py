"""Organisations, row by row: what each row carries and how it is compared (semantics §2.1, §7, §11)."""

from typing import Any

from tests.simulation.cases.parties import (
    CVR,
    MARKER,
    NUMBER,
    customer_of,
    customers,
    edit_customer,
    edit_organisation,
    edit_person,
    empty_stage,
    lines_of_address,
    make_customer,
    make_organisation,
    make_person,
    opened,
    organisation,
    organisation_of,
    organisations,
)
from tests.simulation.cases.stories import billed, listen
from tests.simulation.scene import Scene, play, replaced, rules_with

TERMS = "OrganisationCustom1"
ADDRESS = "OrganisationAddress"


def row(id: str, field: str, *more: str) -> str:
    return "\n".join(("[[organisation.map]]", f'id = "{id}"', f'crm = "{field}"', *more, ""))


def fields(scene: Scene, number: int) -> dict[str, Any]:
    return dict(customer_of(scene, number)["fields"])


async def findings(scene: Scene, number: int) -> list[tuple[str, str]]:
    shown = await scene.show(crm=number, entity="organisation")
    return [(one["code"], one["field"]) for one in shown["findings"]]


def custom(scene: Scene, **labels: str) -> None:
    """More text fields in webCRM, for rows that the example has no place for."""
    for field, kind in labels.items():
        settings = {"kind": kind, "label": field, "maximum": 50}
        scene.user("configure_field", field=field, settings=settings)


def test_e11_a_renumbered_customer_stays_the_same() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(scene, number="10042", corporateId="12345678")
        await opened(scene)
        number = int(organisation_of(scene, "Nordlys ApS")["OrganisationId"])
        wire = listen(scene)
        scene.bookkeeper("renumber_customer", number="10042", to="20042")
        await scene.settle()
        shown = organisation(scene, number)
        assert (shown[NUMBER], shown[MARKER]) == ("20042", f"erp:organisation:{made['internalId']}")
        assert [(one.method, one.path) for one in wire] == [("PUT", f"/Organisations/{number}")]
        assert len(organisations(scene)) == len(customers(scene)) == 1

    play(story, started=False)


def test_e13_an_address_too_long_is_cut_in_the_erp_only() -> None:
    async def story(scene: Scene) -> None:
        long = "Bagindgangen gennem porten til venstre for den store eg nr. 7"
        assert len(long) > 50
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        wire = listen(scene)
        text = f"Nordlys\r\nGaden 1\r\n{long}\r\n2. sal\r\nth."
        edit_organisation(scene, number, **{ADDRESS: text})
        for _ in range(2):
            await scene.settle()
        assert lines_of_address(customer_of(scene, number)) == ["Nordlys", "Gaden 1", long[:50].rstrip()]
        assert organisation(scene, number)[ADDRESS] == text
        assert len(wire) == 1
        assert await findings(scene, number) == [("cut_text", "mainAddress.addressLine3")]
        edit_organisation(scene, number, OrganisationCity="Vejle")
        await scene.settle()
        assert len(wire) == 2
        assert organisation(scene, number)[ADDRESS] == text
        assert await findings(scene, number) == [("cut_text", "mainAddress.addressLine3")]

    play(story)


def test_e14_two_ways_to_write_a_phone_number_are_equal() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(
            scene,
            number="10042",
            corporateId="12345678",
            **{
                "mainContact.phone1": "+45 20 30 40 10",
            },
        )
        number = make_organisation(scene, OrganisationTelephone="20304010", **{CVR: "12345678"})
        wire = await opened(scene)
        assert [name for one in wire for name in one.body if "Telephone" in name] == []
        assert [one for one in wire if "phone1" in str(one.body)] == []
        wire.clear()
        edit_customer(scene, "10042", {"mainContact.phone1": "0045 2030 4010"})
        await scene.settle()
        assert wire == []
        assert organisation(scene, number)["OrganisationTelephone"] == "20304010"
        assert customer_of(scene, number)["internal_id"] == made["internalId"]

    play(story, started=False)


def test_e16_a_code_without_an_entry_holds_up_its_own_row_only() -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        await scene.settle()
        both = [
            make_organisation(scene, name, **{TERMS: "07: 7 dage", CVR: cvr})
            for name, cvr in (("Nordlys ApS", "12345678"), ("Sydhavn A/S", "87654321"))
        ]
        await scene.settle()
        assert [fields(scene, number)["creditTerms.id"] for number in both] == ["07", "07"]
        scene.bookkeeper("rename_term", old="07", new="08")
        scene.daemon.plant.openers["kunde"].set()  # what happens once a day
        await scene.settle()
        wire = listen(scene)
        for number in both:
            account = customer_of(scene, number)["number"]
            edit_customer(scene, account, {"mainContact.phone1": f"6611{number}"})
            edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        for number in both:
            assert organisation(scene, number)["OrganisationTelephone"] == f"6611{number}"
            assert organisation(scene, number)[TERMS] == "07: 7 dage"
            held = fields(scene, number)
            assert (held["mainAddress.city"], held["creditTerms.id"]) == ("Odense", "08")
            found = await scene.outcome("organisation", crm=str(number))
            assert found == ("parked", "unmapped_value")
        assert len([one for one in wire if one.status < 300]) == 4
        [group] = (await scene.inbox(cause="unmapped_value"))["groups"]
        assert group["count"] == 2
        assert all("“08”" in record["sentence"] for record in group["records"])
        scene.user("add_option", field=TERMS, option="08: 8 dage")
        scene.daemon.plant.openers["kunde"].set()
        await scene.settle()
        for number in both:
            assert organisation(scene, number)[TERMS] == "08: 8 dage"
        assert await scene.parked() == []

    play(story, rules=rules_with(row("O12", TERMS)), started=False)


def test_e17_a_class_that_demands_a_vat_zone() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        wire = listen(scene)
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "required_field")
        found = await scene.asked("required_field", "organisation")
        [asked] = [one for one in found if one["webcrm"] == str(number)]
        assert "VAT zone" in asked["sentence"]
        assert wire.of("POST", "/v1/customer") == []
        edit_organisation(scene, number, OrganisationVatGroup="02")
        await scene.settle()
        assert fields(scene, number)["vatZone.id"] == "02"
        assert fields(scene, number)["customerClass.id"] == "3"

    play(story, rules=replaced('class = "1"', 'class = "3"'))


def test_e19_a_name_longer_than_webcrm_holds() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        long = ("Foreningen til fremme af lange navne " * 6)[:220]
        made = make_customer(scene, long, number="10042", corporateId="12345678")
        wire = await opened(scene)
        await scene.settle()
        [shown] = organisations(scene)
        assert shown["OrganisationName"] == long[:200].rstrip()
        number = int(shown["OrganisationId"])
        assert [(one.method, one.path) for one in wire if "Line" not in one.path] == [
            ("POST", "/Organisations")
        ]
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        assert (fields(scene, number)["name"], fields(scene, number)["mainAddress.city"]) == (long, "Odense")
        assert organisation(scene, number)["OrganisationName"] == long[:200].rstrip()
        assert await findings(scene, number) == [("cut_text", "OrganisationName")]
        assert customer_of(scene, number)["internal_id"] == made["internalId"]

    play(story, started=False)


EXTRA = {
    "OrganisationExtraCustom4": "text",
    "OrganisationExtraCustom5": "text",
    "OrganisationExtraCustom6": "text",
    "OrganisationExtraCustom7": "text",
    "OrganisationCustom8": "email",
    "OrganisationCustom9": "memo",
    "OrganisationCustom10": "text",
    "OrganisationCustom11": "text",
    "OrganisationCustom12": "text",
    "OrganisationCustom13": "text",
}
OPTIONAL = (
    row("O9", "OrganisationVatNumber"),
    row("O12", "OrganisationCustom1"),
    row("O13", "OrganisationCustom2"),
    row("O14", "OrganisationCustom3"),
    row("O15", "OrganisationCustom4"),
    row("O16", "OrganisationCustom8"),
    row("O17", "OrganisationCustom5"),
    row("O18", "OrganisationCustom9"),
    row("O19", "OrganisationWww"),
    row("O20", "OrganisationExtraCustom4"),
    row(
        "O21",
        "OrganisationCustom7",
        'values = { "Aktiv" = "Active", "Lukket" = "Inactive", "Stop" = "OnHold" }',
    ),
    row("O22", "OrganisationExtraCustom5"),
    row("O25", "OrganisationExtraCustom6"),
    row("X1", "OrganisationExtraCustom7", 'erp = "accountReference"', 'owner = "crm"'),
    row("X2", "OrganisationCustom10", 'erp = "attributes.SEGMENT"', 'owner = "crm"'),
)


def test_every_optional_row_brings_the_customers_values() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        custom(scene, **EXTRA)
        held: dict[str, Any] = {
            "vatRegistrationId": "DK12345678",
            "creditTerms.id": "30",
            "currencyId": "EUR",
            "customerClass.id": "2",
            "invoiceContact.email": "faktura@nordlys.example",
            "mainContact.email": "post@nordlys.example",
            "mainContact.web": "https://www.nordlys.example/",
            "mainContact.attention": "Maja Holm",
            "invoiceAddress.addressLine1": "Boks 7",
            "invoiceAddress.postalCode": "8000",
            "invoiceAddress.city": "Aarhus C",
            "invoiceAddress.country.id": "DK",
            "deliveryAddress.addressLine1": "Port 3",
            "deliveryAddress.postalCode": "8200",
            "deliveryAddress.city": "Aarhus N",
            "creditLimit": 25000,
            "priceClass.id": "STD",
            "accountReference": "REF-9",
            "attributes.SEGMENT": "Detail",
            "status": "OnHold",
        }
        make_customer(scene, number="10042", corporateId="12345678", **held)
        await opened(scene)
        shown = organisation_of(scene, "Nordlys ApS")
        held = {
            "OrganisationVatNumber": "DK12345678",
            "OrganisationCustom1": "30: 30 dage",
            "OrganisationCustom2": "EUR",
            "OrganisationCustom3": "2: EU",
            "OrganisationCustom4": "faktura@nordlys.example",
            "OrganisationCustom8": "post@nordlys.example",
            "OrganisationCustom5": "Boks 7\r\n8000 Aarhus C\r\nDanmark",
            "OrganisationWww": "https://www.nordlys.example/",
            "OrganisationExtraCustom4": "Maja Holm",
            "OrganisationExtraCustom5": "25000",
            "OrganisationExtraCustom6": "STD",
            "OrganisationExtraCustom7": "REF-9",
            "OrganisationCustom7": "Stop",
            "OrganisationCustom10": "Detail",
        }
        assert {field: shown[field] for field in held} == held
        assert shown["OrganisationCustom9"].startswith("Port 3\r\n8200 Aarhus N")

    play(story, rules=rules_with(*OPTIONAL), started=False)


def test_every_optional_row_that_may_go_out_goes_out() -> None:
    async def story(scene: Scene) -> None:
        custom(scene, **EXTRA)
        await scene.start()
        await scene.settle()
        number = make_organisation(scene, **{CVR: "12345678", "OrganisationVatNumber": "12345678"})
        await scene.settle()
        assert organisation(scene, number)["OrganisationCustom7"] == "Aktiv"
        wire = listen(scene)
        edit_organisation(
            scene,
            number,
            OrganisationCustom1="14: 14 dage",
            OrganisationCustom2="SEK",
            OrganisationCustom3="3: Udland",
            OrganisationCustom4="faktura@nordlys.example",
            OrganisationCustom8="post@nordlys.example",
            OrganisationWww="nordlys.example",
            OrganisationExtraCustom4="Indkøb",
            OrganisationExtraCustom5="1",
            OrganisationExtraCustom6="STD",
            OrganisationExtraCustom7="REF-9",
            OrganisationCustom7="Stop",
            OrganisationCustom10="Detail",
        )
        await scene.settle()
        held = {
            "vatRegistrationId": "DK12345678",
            "creditTerms.id": "14",
            "currencyId": "SEK",
            "customerClass.id": "1",  # only at the create
            "invoiceContact.email": "faktura@nordlys.example",
            "mainContact.email": "post@nordlys.example",
            "mainContact.web": "nordlys.example",
            "mainContact.attention": "Indkøb",
            "priceClass.id": "STD",
            "accountReference": "REF-9",
            "attributes.SEGMENT": "Detail",
            "status": "Active",  # holds are the bookkeeper's
        }
        assert {path: fields(scene, number).get(path) for path in held} == held
        shown = organisation(scene, number)
        assert shown["OrganisationCustom7"] == "Aktiv"  # put back, as is the credit limit
        assert (shown["OrganisationExtraCustom5"], shown["OrganisationCustom3"]) == ("0", "1: Indland")
        assert [one.method for one in wire] == ["PUT", "PUT"]

    play(story, rules=rules_with(*OPTIONAL), started=False)


def test_balance_and_turnover_are_read_as_a_list() -> None:
    async def story(scene: Scene) -> None:
        custom(scene, OrganisationExtraCustom4="text", OrganisationExtraCustom5="text")
        await scene.start()
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        account = customer_of(scene, number)["number"]
        bill = scene.bookkeeper("create_invoice", customer=account, lines=[billed("10", 2)])
        scene.bookkeeper("release", referenceNumber=bill["referenceNumber"])
        scene.forget_calls()
        await scene.sleep(200)
        await scene.settle()
        shown = organisation(scene, number)
        assert (shown["OrganisationExtraCustom4"], shown["OrganisationExtraCustom5"]) == ("1250", "1000")
        assert scene.erp_calls("GET /v1/customer/balance") <= 5
        assert scene.erp_calls("GET /v1/customer/{}/balance") == 0
        edit_organisation(scene, number, OrganisationExtraCustom4="7")
        await scene.settle()
        assert organisation(scene, number)["OrganisationExtraCustom4"] == "1250"

    rules = rules_with(row("O23", "OrganisationExtraCustom4"), row("O24", "OrganisationExtraCustom5"))
    play(story, rules=rules, started=False)


def test_without_its_rows_the_balance_is_not_read() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(300)
        assert scene.erp_calls("GET /v1/customer/balance") == 0

    play(story)


def test_the_division_may_be_part_of_the_customers_name() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, "Nordlys", OrganisationDivisionName="Aarhus")
        await scene.settle()
        assert fields(scene, number)["name"] == "Nordlys – Aarhus"
        edit_organisation(scene, number, OrganisationDivisionName="Odense")
        await scene.settle()
        assert fields(scene, number)["name"] == "Nordlys – Odense"
        wire = listen(scene)
        edit_customer(scene, customer_of(scene, number)["number"], {"name": "Noget andet"})
        await scene.settle()
        shown = organisation(scene, number)
        assert (shown["OrganisationName"], shown["OrganisationDivisionName"]) == ("Nordlys", "Odense")
        assert wire == []
        assert ("differs", "O2") in await findings(scene, number)

    play(story, rules=replaced('erp_type = "Kunde"', 'erp_type = "Kunde"\nname_to_erp = "name_division"'))


def test_the_key_person_is_the_customers_attention() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        key = {"PersonCustom1": "No", "PersonCustom4": "Yes"}
        first = make_person(scene, number, "Holm", PersonFirstName="Maja", **key)
        await scene.settle()
        assert fields(scene, number)["mainContact.attention"] == "Maja Holm"
        second = make_person(scene, number, "Krogh", PersonFirstName="Bo", **key)
        await scene.settle()
        assert fields(scene, number)["mainContact.attention"] == "Maja Holm"
        edit_person(scene, first, PersonStatus="Resigned")
        await scene.settle()
        assert fields(scene, number)["mainContact.attention"] == "Bo Krogh"
        edit_person(scene, second, PersonCustom4="No")
        await scene.settle()
        assert fields(scene, number)["mainContact.attention"] == ""

    play(story, rules=replaced('erp_type = "Kunde"', 'erp_type = "Kunde"\nattention_from = "PersonCustom4"'))
