"""Persons and contacts, case by case (semantics §6, §11), judged by both stand-ins and the calls made."""

from datetime import datetime

from tests.simulation.cases.parties import (
    contact_of,
    contacts,
    customer_of,
    customers,
    edit_organisation,
    make_organisation,
    make_person,
    person,
    with_country,
)
from tests.simulation.cases.stories import listen, organisation
from tests.simulation.scene import POLL_SECONDS, Scene, play


def test_e20_a_person_with_a_first_name_only() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        number = make_person(scene, organisation(scene), "-", PersonFirstName="Maja")
        await scene.settle()
        made = contact_of(scene, number)
        assert (made["fields"]["lastName"], made["fields"].get("firstName") or "") == ("Maja", "")
        row = person(scene, number)
        assert (row["PersonFirstName"], row["PersonLastName"]) == ("Maja", "-")
        assert len(wire.of("POST", "/v1/contact")) == 1
        assert wire.of("PUT", "/v1/contact") == []
        wire.clear()
        await scene.sleep(600)
        assert wire == []

    play(story)


def test_e28_a_person_waits_for_its_organisation() -> None:
    async def story(scene: Scene) -> None:
        scene.user("add_option", field="OrganisationCountry", option="Atlantis")
        await scene.start()
        await scene.settle()
        home = make_organisation(scene, OrganisationCountry="Atlantis")
        number = make_person(scene, home, "Holm", PersonEmail="holm@nordlys.example")
        await scene.settle()
        assert await scene.outcome("person", crm=str(number)) == ("waiting", "parent")
        assert len(customers(scene)) == len(contacts(scene)) == 1
        edit_organisation(scene, home, OrganisationCountry="Danmark")
        await scene.settle()
        parent, made = customer_of(scene, home), contact_of(scene, number)
        assert made["customer"] == parent["number"]
        waited = datetime.fromisoformat(made["created"]) - datetime.fromisoformat(parent["created"])
        assert 0 < waited.total_seconds() < POLL_SECONDS

    play(story, rules=with_country(), started=False)


def test_a_persons_contact_id_and_marker_are_written_in_one_call() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        number = make_person(scene, organisation(scene), "Holm", PersonEmail="holm@kunde.example")
        await scene.settle()
        made = contact_of(scene, number)
        assert person(scene, number)["PersonCustom3"] == str(made["contact_id"])
        assert [(one.method, one.path) for one in wire] == [
            ("POST", "/v1/contact"),
            ("PUT", f"/Persons/{number}"),
        ]

    play(story)


def test_a_contact_with_an_address_becomes_a_person_and_none_without() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        account = customers(scene)[0]["number"]
        names = {"firstName": "Ida", "lastName": "Krogh", "businessAccount": account}
        scene.bookkeeper("create_contact", **names)
        made = scene.bookkeeper("create_contact", **names, email="ida@kunde.example")
        await scene.settle()
        found = [row for row in scene.crm.rows("person") if row["PersonLastName"] == "Krogh"]
        assert [row["PersonEmail"] for row in found] == ["ida@kunde.example"]
        assert found[0]["PersonCustom2"] == f"erp:person:{made['contactId']}"
        assert found[0]["PersonCustom3"] == str(made["contactId"])
        assert (found[0]["PersonCustom1"], found[0]["PersonStatus"]) == ("Yes", "Active")
        assert found[0]["PersonOrganisationId"] == organisation(scene)
        assert [(one.method, one.path) for one in wire] == [("POST", "/Persons")]

    play(story)
