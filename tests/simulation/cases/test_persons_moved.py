"""Persons that changed their organisation, and persons that are gone (semantics §6, §10)."""

from tests.simulation.cases.parties import (
    contact,
    contact_of,
    customer_of,
    edit_contact,
    edit_person,
    known,
    make_organisation,
    make_person,
    new_contacts,
    newcomers,
    person,
    person_rules,
)
from tests.simulation.cases.stories import listen, organisation, proven_gone
from tests.simulation.scene import Scene, play


def test_a_person_that_moved_takes_the_contact_along() -> None:
    async def story(scene: Scene) -> None:
        other = make_organisation(scene, "Fjordlys ApS")
        number, _ = await known(scene)
        wire = listen(scene)
        edit_person(scene, number, PersonOrganisationId=other)
        await scene.settle()
        assert contact_of(scene, number)["customer"] == customer_of(scene, other)["number"]
        assert [(one.method, one.path.rpartition("/")[0]) for one in wire] == [("PUT", "/v1/contact")]

    play(story)


def test_a_person_that_moved_waits_for_its_new_organisation() -> None:
    async def story(scene: Scene) -> None:
        home = organisation(scene)
        number, made = await known(scene)
        other = make_organisation(scene, "Fjordlys ApS", OrganisationType="Leverandør")
        edit_person(scene, number, PersonOrganisationId=other)
        await scene.settle()
        assert await scene.outcome("person", crm=str(number)) == ("filtered", "parent_filtered")
        assert contact(scene, made["contact_id"])["customer"] == customer_of(scene, home)["number"]
        scene.user("edit", kind="organisation", id=other, fields={"OrganisationType": "Kunde"})
        await scene.settle()
        assert contact_of(scene, number)["customer"] == customer_of(scene, other)["number"]

    play(story)


def test_with_recreate_a_moved_contact_is_a_new_person_and_the_old_one_resigned() -> None:
    async def story(scene: Scene) -> None:
        home, other = organisation(scene), make_organisation(scene, "Fjordlys ApS")
        number, made = await known(scene)
        wire = listen(scene)
        edit_contact(scene, made, businessAccount=customer_of(scene, other)["number"])
        await scene.settle()
        old = person(scene, number)
        assert (old["PersonOrganisationId"], old["PersonStatus"]) == (home, "Resigned")
        assert (old["PersonCustom1"], old["PersonCustom2"], old["PersonCustom3"]) == ("No", "", "")
        marker = f"erp:person:{made['contact_id']}"
        [new] = [row for row in newcomers(scene) if row["PersonCustom2"] == marker]
        assert (new["PersonOrganisationId"], new["PersonStatus"]) == (other, "Active")
        assert [(one.method, one.path) for one in wire] == [
            ("PUT", f"/Persons/{number}"),
            ("POST", "/Persons"),
        ]
        wire.clear()
        edit_person(scene, number, PersonTitle="left", PersonCustom1="Yes")
        edit_person(scene, new["PersonId"], PersonTitle="CFO")
        await scene.settle()
        assert len(new_contacts(scene)) == 1
        assert new_contacts(scene)[0]["fields"]["position"] == "CFO"

    play(story, rules=person_rules('on_erp_move = "recreate"'))


def test_a_person_may_choose_recreate_for_one_moved_contact() -> None:
    async def story(scene: Scene) -> None:
        other = make_organisation(scene, "Fjordlys ApS")
        number, made = await known(scene)
        edit_contact(scene, made, businessAccount=customer_of(scene, other)["number"])
        await scene.settle()
        await scene.resolve("recreate", crm=number, entity="person")
        await scene.settle()
        found = {row["PersonOrganisationId"]: row["PersonStatus"] for row in newcomers(scene)}
        assert found == {organisation(scene): "Resigned", other: "Active"}

    play(story)


def test_with_leave_a_moved_contact_goes_on_with_its_person() -> None:
    async def story(scene: Scene) -> None:
        home, other = organisation(scene), make_organisation(scene, "Fjordlys ApS")
        number, made = await known(scene)
        edit_contact(scene, made, businessAccount=customer_of(scene, other)["number"], position="CFO")
        await scene.settle()
        row = person(scene, number)
        assert (row["PersonOrganisationId"], row["PersonTitle"]) == (home, "CFO")
        assert contact_of(scene, number)["customer"] == customer_of(scene, other)["number"]

    play(story, rules=person_rules('on_erp_move = "leave"'))


def test_a_renumbered_customer_moves_nobody() -> None:
    async def story(scene: Scene) -> None:
        home = organisation(scene)
        number, made = await known(scene)
        old = customer_of(scene, home)["number"]
        scene.bookkeeper("renumber_customer", number=old, to="20042")
        await scene.settle()
        edit_contact(scene, made, position="CFO")
        await scene.settle()
        edit_person(scene, number, PersonDirectPhone="+4520304010")
        await scene.settle()
        assert person(scene, number)["PersonTitle"] == "CFO"
        assert contact_of(scene, number)["fields"]["phone1"] == "+4520304010"
        assert await scene.outcome("person", crm=str(number)) == ("in_sync", "")

    play(story)


def test_a_person_deleted_in_webcrm_leaves_the_contact_until_somebody_chooses() -> None:
    async def story(scene: Scene) -> None:
        kept, first = await known(scene)
        number, made = await known(scene, "Krogh", PersonEmail="ida@kunde.example")
        wire = listen(scene)
        scene.user("delete", kind="person", id=number)
        scene.user("delete", kind="person", id=kept)
        await proven_gone(scene)
        assert wire == []
        shown = await scene.show(erp=str(made["contact_id"]), entity="person")
        assert [one["code"] for one in shown["findings"]] == ["deleted"]
        await scene.resolve("inactivate", erp=str(made["contact_id"]), entity="person")
        await scene.resolve("keep", erp=str(first["contact_id"]), entity="person")
        await scene.settle()
        assert contact(scene, made["contact_id"])["fields"]["active"] is False
        assert contact(scene, first["contact_id"])["fields"]["active"] is True
        assert len(wire) == 1
        assert newcomers(scene) == []

    play(story)


def test_a_contact_deleted_in_the_erp_leaves_the_person_until_somebody_chooses() -> None:
    async def story(scene: Scene) -> None:
        await known(scene, "Krogh", PersonEmail="ida@kunde.example")
        number, made = await known(scene)
        wire = listen(scene)
        scene.bookkeeper("delete_contact", contactId=str(made["contact_id"]))
        await proven_gone(scene)
        assert wire == []
        assert person(scene, number)["PersonStatus"] == "Active"
        await scene.resolve("resign", crm=number, entity="person")
        await scene.settle()
        assert person(scene, number)["PersonStatus"] == "Resigned"
        assert len(new_contacts(scene)) == 1
        assert [(one.method, one.path) for one in wire] == [("PUT", f"/Persons/{number}")]

    play(story)


def test_a_person_whose_marker_names_a_contact_of_another_customer_is_asked() -> None:
    async def story(scene: Scene) -> None:
        home, other = organisation(scene), make_organisation(scene, "Fjordlys ApS")
        await scene.settle()
        await scene.pause()
        account = customer_of(scene, other)["number"]
        made = scene.bookkeeper(
            "create_contact", lastName="Krogh", email="i@x.example", businessAccount=account
        )
        marker = f"erp:person:{made['contactId']}"
        number = make_person(scene, home, "Krogh", PersonEmail="i@x.example", PersonCustom2=marker)
        await scene.sleep(60)
        wire = listen(scene)
        await scene.resume()
        await scene.settle()
        assert await scene.outcome("person", crm=str(number)) == ("parked", "key_contradiction")
        assert wire == []

    play(story)
