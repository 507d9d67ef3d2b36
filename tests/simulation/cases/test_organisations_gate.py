"""Organisations at the type gate: leaving, coming back, counterparts outside it, inactive customers
(semantics §2.5, §11)."""

import pytest

from tests.simulation.cases.parties import (
    CVR,
    MARKER,
    NUMBER,
    customer_of,
    customers,
    edit_customer,
    edit_organisation,
    empty_stage,
    make_customer,
    make_organisation,
    of_parties,
    opened,
    organisation,
    organisations,
)
from tests.simulation.cases.stories import deal, delivery, line, lines_of, listen, order_of, sent, word
from tests.simulation.scene import RULES, Scene, play, replaced

TYPE = "OrganisationType"
WEEK = 7 * 86_400


def organisation_rules(*settings: str) -> str:
    """The demonstration's rules with more settings of `[organisation]`."""
    return replaced('erp_type = "Kunde"', "\n".join(('erp_type = "Kunde"', *settings)))


async def linked(scene: Scene) -> int:
    """An organisation and its customer, at rest."""
    number = make_organisation(scene, **{CVR: "12345678"})
    await scene.settle()
    return number


def test_e03_what_was_edited_outside_the_gate_is_merged_on_return() -> None:
    async def story(scene: Scene) -> None:
        number = await linked(scene)
        made = customer_of(scene, number)
        wire = listen(scene)
        edit_organisation(scene, number, **{TYPE: "Emne", "OrganisationName": "Vores navn"})
        edit_customer(scene, made["number"], {"name": "Deres navn"})
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("filtered", "type")
        assert wire == []
        assert customer_of(scene, number)["fields"]["name"] == "Deres navn"
        edit_organisation(scene, number, **{TYPE: "Kunde"})
        await scene.settle()
        assert organisation(scene, number)["OrganisationName"] == "Deres navn"
        customer = customer_of(scene, number)
        assert (customer["fields"]["name"], customer["fields"]["mainAddress.city"]) == (
            "Deres navn",
            "Odense",
        )
        shown = await scene.show(crm=number, entity="organisation")
        lost = [one for one in shown["history"] if one["before"] == "Vores navn"]
        assert lost
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")

    play(story)


def test_e04_an_order_of_an_organisation_outside_the_gate_keeps_its_status() -> None:
    async def story(scene: Scene) -> None:
        number, order = await sent(scene)
        home = int(delivery(scene, number)["DeliveryOrganisationId"])
        before = customer_of(scene, home)["fields"]
        edit_organisation(scene, home, **{TYPE: "Emne", "OrganisationName": "Et andet navn"})
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(home)) == ("filtered", "type")
        wire = listen(scene)
        lines = [dict(one) for one in lines_of(scene, number)]
        scene.bookkeeper("ship", orderId=order["id"])
        scene.bookkeeper("confirm", orderId=order["id"])
        await scene.settle()
        wire.clear()
        scene.bookkeeper("set_status", kind="order", orderId=order["id"], status="Completed")
        await scene.settle()
        assert word(scene, number) == "Godkendt"
        assert {(one.method, one.path) for one in wire} == {("PUT", f"/Deliveries/{number}")}
        assert [dict(one) for one in lines_of(scene, number)] == lines
        assert customer_of(scene, home)["fields"] == before

    play(story)


def test_e09_a_customer_meets_an_organisation_of_another_type() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(scene, number="10042", corporateId="12345678")
        number = make_organisation(scene, **{TYPE: "Leverandør", CVR: "12345678"})
        wire = await opened(scene)
        assert of_parties(wire) == []
        assert len(organisations(scene)) == 1
        assert await scene.outcome("organisation", erp=str(made["internalId"])) == ("parked", "outside_type")
        [asked] = await scene.asked("outside_type")
        assert [one["rid"] for one in asked["candidates"]] == [str(number)]
        await scene.resolve("set_type", erp=str(made["internalId"]), entity="organisation")
        await scene.settle()
        row = organisation(scene, number)
        assert (row[TYPE], row[NUMBER]) == ("Kunde", "10042")
        assert row[MARKER] == f"erp:organisation:{made['internalId']}"
        assert len(organisations(scene)) == len(customers(scene)) == 1

    play(story, started=False)


@pytest.mark.parametrize(("setting", "kind"), [("set_type", "Kunde"), ("link_only", "Leverandør")])
def test_the_rules_may_say_what_happens_outside_the_gate(setting: str, kind: str) -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(scene, number="10042", corporateId="12345678")
        number = make_organisation(scene, **{TYPE: "Leverandør", CVR: "12345678"})
        wire = await opened(scene)
        assert organisation(scene, number)[TYPE] == kind
        assert len(organisations(scene)) == len(customers(scene)) == 1
        if setting == "link_only":
            assert of_parties(wire) == []
            found = await scene.outcome("organisation", erp=str(made["internalId"]))
            assert found == ("filtered", "type")
            edit_organisation(scene, number, **{TYPE: "Kunde"})
            await scene.settle()
        assert customer_of(scene, number)["number"] == organisation(scene, number)[NUMBER] == "10042"

    play(story, rules=organisation_rules(f'on_outside_type = "{setting}"'), started=False)


def test_linking_only_by_choice_leaves_the_organisation_as_it_is() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(scene, number="10042", corporateId="12345678")
        number = make_organisation(scene, **{TYPE: "Leverandør", CVR: "12345678"})
        wire = await opened(scene)
        await scene.resolve("link_only", erp=str(made["internalId"]), entity="organisation")
        await scene.settle()
        assert of_parties(wire) == []
        assert await scene.outcome("organisation", crm=str(number)) == ("filtered", "type")
        assert await scene.pair(crm=number, entity="organisation") == await scene.pair(
            erp=str(made["internalId"]), entity="organisation"
        )
        assert await scene.parked() == []

    play(story, started=False)


def test_a_customer_is_made_inactive_once_when_its_organisation_leaves() -> None:
    async def story(scene: Scene) -> None:
        number = await linked(scene)
        edit_organisation(scene, number, **{TYPE: "Emne"})
        await scene.settle()
        made = customer_of(scene, number)
        assert made["fields"]["status"] == "Inactive"
        assert await scene.outcome("organisation", crm=str(number)) == ("filtered", "type")
        edit_customer(scene, made["number"], {"status": "Active"})
        wire = listen(scene)
        await scene.settle()
        assert wire == []  # the bookkeeper wants it so
        edit_organisation(scene, number, **{TYPE: "Kunde"})
        await scene.settle()
        edit_organisation(scene, number, **{TYPE: "Emne"})
        await scene.settle()
        assert customer_of(scene, number)["fields"]["status"] == "Inactive"

    play(story, rules=organisation_rules('on_leave = "inactivate"'))


@pytest.mark.parametrize(
    ("choice", "status", "kind"),
    [
        ("keep", "Active", "Emne"),
        ("inactivate", "Inactive", "Emne"),
        ("set_type", "Active", "Kunde"),
    ],
)
def test_leaving_may_be_asked(choice: str, status: str, kind: str) -> None:
    async def story(scene: Scene) -> None:
        number = await linked(scene)
        wire = listen(scene)
        edit_organisation(scene, number, **{TYPE: "Emne"})
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "outside_type")
        assert wire == []
        [group] = (await scene.inbox(cause="outside_type"))["groups"]
        assert [one["choice"] for one in group["choices"]] == ["keep", "inactivate", "set_type"]
        assert "“Emne”" in group["records"][0]["sentence"]
        await scene.resolve(choice, crm=number, entity="organisation")
        await scene.settle()
        assert customer_of(scene, number)["fields"]["status"] == status
        assert organisation(scene, number)[TYPE] == kind
        wanted = ("in_sync", "") if kind == "Kunde" else ("filtered", "type")
        assert await scene.outcome("organisation", crm=str(number)) == wanted
        wire.clear()
        edit_customer(scene, customer_of(scene, number)["number"], {"status": "Active"})
        edit_organisation(scene, number, **{TYPE: "Kunde"})
        await scene.settle()
        edit_organisation(scene, number, **{TYPE: "Emne"})
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "outside_type")
        assert wire == []  # the next time is asked anew

    play(story, rules=organisation_rules('on_leave = "ask"'))


def test_e18_an_inactive_customer_stays_linked_and_takes_no_delivery() -> None:
    async def story(scene: Scene) -> None:
        number = await linked(scene)
        made = customer_of(scene, number)
        wire = listen(scene)
        edit_customer(scene, made["number"], {"status": "Inactive"})
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        shown = await scene.show(crm=number, entity="organisation")
        assert [(one["code"], one["text"]) for one in shown["findings"]] == [("customer_status", "Inactive")]
        deal_id = deal(scene, line(), DeliveryOrganisationId=number)
        await scene.settle()
        assert await scene.outcome("delivery", crm=str(deal_id)) == ("parked", "customer_status")
        assert wire.of("POST", "/") == []
        edit_organisation(scene, number, OrganisationCity="Odense")
        edit_customer(scene, made["number"], {"status": "Active"})
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"
        await scene.sleep(70)
        await scene.settle()
        assert order_of(scene, deal_id)["type"] == "SO"
        assert (await scene.show(crm=number, entity="organisation"))["findings"] == []

    play(story)


def test_an_inactive_customer_may_give_its_organisation_a_type() -> None:
    async def story(scene: Scene) -> None:
        number = await linked(scene)
        made = customer_of(scene, number)
        edit_customer(scene, made["number"], {"status": "Inactive", "mainAddress.city": "Odense"})
        await scene.settle()
        row = organisation(scene, number)
        assert (row[TYPE], row["OrganisationCity"]) == ("Partner", "Odense")
        assert await scene.outcome("organisation", crm=str(number)) == ("filtered", "type")
        edit_customer(scene, made["number"], {"status": "Active", "mainAddress.city": "Vejle"})
        await scene.settle()
        row = organisation(scene, number)
        assert (row[TYPE], row["OrganisationCity"]) == ("Kunde", "Vejle")
        edit_customer(scene, made["number"], {"status": "Inactive"})
        await scene.settle()
        assert organisation(scene, number)[TYPE] == "Partner"
        edit_organisation(scene, number, **{TYPE: "Kunde"})  # a person overrules it
        await scene.settle()
        wire = listen(scene)
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        assert organisation(scene, number)[TYPE] == "Kunde"
        assert [one.method for one in wire] == ["PUT"]
        assert wire[0].path.startswith("/v1/customer")

    play(story, rules=organisation_rules('inactive_type = "Partner"'))


def test_e98_a_direction_that_rests_a_week_loses_nothing() -> None:
    async def story(scene: Scene) -> None:
        number = await linked(scene)
        made = customer_of(scene, number)
        commands = scene.daemon.commands
        closed = replaced('direction = "two_way"\ntypes', 'direction = "to_crm"\ntypes')
        await commands.set_rules("kunde", closed, "tester", "a week off")
        await scene.settle()
        wire = listen(scene)
        edit_organisation(scene, number, OrganisationCity="Odense", OrganisationName="Nordlys & Co")
        edit_customer(scene, made["number"], {"mainContact.phone1": "66112233"})
        await scene.settle()
        scene.skip(WEEK)
        edit_organisation(scene, number, OrganisationPostCode="5000")
        await scene.settle()
        assert [one for one in wire if one.path.startswith("/v1")] == []
        assert organisation(scene, number)["OrganisationTelephone"] == "66112233"
        wire.clear()
        await commands.set_rules("kunde", RULES, "tester", "on again")
        await scene.settle()
        held = customer_of(scene, number)["fields"]
        assert (held["name"], held["mainAddress.city"]) == ("Nordlys & Co", "Odense")
        assert held["mainAddress.postalCode"] == "5000"
        assert [one.path for one in wire] == [f"/v1/customer/internal/{made['internal_id']}"]

    play(story)
