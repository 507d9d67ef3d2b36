"""Persons and contacts, case by case (semantics §6, §11), judged by both stand-ins and the calls made."""

from datetime import datetime

from tests.simulation.cases.parties import (
    contact_of,
    contacts,
    customer_of,
    customers,
    edit_contact,
    edit_organisation,
    edit_person,
    known,
    make_organisation,
    make_person,
    new_contacts,
    newcomers,
    person,
    person_rules,
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


def test_e21_a_removed_address_is_not_copied_and_the_other_way_stays_open() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene)
        wire = listen(scene)
        edit_contact(scene, made, email="")
        await scene.settle()
        assert person(scene, number)["PersonEmail"] == "maja@kunde.example"
        assert wire == []
        edit_person(scene, number, PersonTitle="CFO")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["position"] == "CFO"
        assert not contact_of(scene, number)["fields"]["email"]
        assert len(wire) == 1
        edit_contact(scene, made, email="maja.holm@kunde.example")
        await scene.settle()
        assert person(scene, number)["PersonEmail"] == "maja.holm@kunde.example"

    play(story)


def test_e22_an_unticked_person_only_receives() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene)
        wire = listen(scene)
        edit_person(scene, number, PersonCustom1="No", PersonTitle="CFO")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["active"] is True
        assert not contact_of(scene, number)["fields"].get("position")
        assert wire == []
        edit_contact(scene, made, lastName="Holm Hansen")
        await scene.settle()
        assert person(scene, number)["PersonLastName"] == "Holm Hansen"
        assert [(one.method, one.path) for one in wire] == [("PUT", f"/Persons/{number}")]
        edit_person(scene, number, PersonCustom1="Yes")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["position"] == "CFO"

    play(story)


def test_e23_two_persons_with_one_address_are_asked() -> None:
    async def story(scene: Scene) -> None:
        home = organisation(scene)
        await scene.start()
        await scene.settle()
        await scene.pause()
        mail = "salg@kunde.example"
        one = make_person(scene, home, "Holm", PersonEmail=mail)
        two = make_person(scene, home, "Krogh", PersonEmail=mail.upper())
        account = customer_of(scene, home)["number"]
        scene.bookkeeper("create_contact", lastName="Salg", email=mail, businessAccount=account)
        await scene.sleep(60)
        await scene.resume()
        wire = listen(scene)
        await scene.settle()
        assert wire == []
        assert len(newcomers(scene)) == 2
        assert len(new_contacts(scene)) == 1
        for number in (one, two):
            assert await scene.outcome("person", crm=str(number)) == ("parked", "many_candidates")
        asked = await scene.asked("many_candidates", "person")
        assert len(asked) == 3
        made = new_contacts(scene)[0]["contact_id"]
        await scene.link(made, crm=two, entity="person")
        await scene.settle()
        assert person(scene, two)["PersonCustom2"] == f"erp:person:{made}"
        assert person(scene, one)["PersonCustom2"] == ""
        assert len(new_contacts(scene)) == 1
        await scene.resolve("create_new", crm=one, entity="person")
        await scene.settle()
        assert contact_of(scene, one)["fields"]["email"] == mail

    play(story, started=False)


def test_e24_one_address_in_two_organisations_is_two_persons() -> None:
    async def story(scene: Scene) -> None:
        home, other = organisation(scene), make_organisation(scene, "Fjordlys ApS")
        await scene.settle()
        account = customer_of(scene, other)["number"]
        await scene.pause()
        number = make_person(scene, home, "Holm", PersonEmail="maja@a.example")
        scene.bookkeeper("create_contact", lastName="Holm", email="maja@a.example", businessAccount=account)
        await scene.sleep(60)
        await scene.resume()
        await scene.settle()
        found = {row["PersonOrganisationId"] for row in newcomers(scene)}
        assert found == {home, other}
        assert len(newcomers(scene)) == len(new_contacts(scene)) == 2
        assert contact_of(scene, number)["customer"] == customer_of(scene, home)["number"]

    play(story)


def test_e25_the_contact_of_a_supplier_is_no_person() -> None:
    async def story(scene: Scene) -> None:
        account = customers(scene)[0]["number"]
        wire = listen(scene)
        rows = [
            {"businessAccount": account, "businessAccountType": "Supplier"},
            {"businessAccount": "50001", "businessAccountType": "Employee"},
            {"businessAccount": account, "place": "main"},
        ]
        made = [
            scene.bookkeeper("create_contact", lastName="Krogh", email="i@x.example", **row)["contactId"]
            for row in rows
        ]
        await scene.settle()
        for number in made:
            assert await scene.outcome("person", erp=str(number)) == ("filtered", "not_customer")
        assert (wire, newcomers(scene)) == ([], [])
        person_of_that_address = make_person(scene, organisation(scene), "Krogh", PersonEmail="i@x.example")
        await scene.settle()
        assert contact_of(scene, person_of_that_address)["contact_id"] not in made

    play(story)


def test_e26_resigned_is_inactive_and_back_to_active() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene, PersonStatus="Other")
        edit_person(scene, number, PersonStatus="Resigned")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["active"] is False
        edit_contact(scene, made, active=True)
        await scene.settle()
        assert person(scene, number)["PersonStatus"] == "Active"
        wire = listen(scene)
        edit_person(scene, number, PersonStatus="Guest")
        await scene.settle()
        assert (wire, person(scene, number)["PersonStatus"]) == ([], "Guest")

    play(story, rules=person_rules(rows=("P8",)))


def test_e27_a_contact_that_moved_to_another_customer_is_asked() -> None:
    async def story(scene: Scene) -> None:
        home = organisation(scene)
        other = make_organisation(scene, "Fjordlys ApS")
        number, made = await known(scene)
        wire = listen(scene)
        edit_contact(scene, made, businessAccount=customer_of(scene, other)["number"], position="CFO")
        await scene.settle()
        assert await scene.outcome("person", crm=str(number)) == ("conflict", "moved")
        assert wire == []
        row = person(scene, number)
        assert (row["PersonOrganisationId"], row["PersonStatus"], row["PersonTitle"]) == (home, "Active", "")
        await scene.resolve("leave", crm=number, entity="person")
        await scene.settle()
        row = person(scene, number)
        assert (row["PersonOrganisationId"], row["PersonTitle"]) == (home, "CFO")
        assert await scene.outcome("person", crm=str(number)) == ("in_sync", "")

    play(story)


def test_with_join_the_middle_name_goes_out_with_the_first() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene, PersonMiddleName="Louise")
        assert made["fields"]["firstName"] == "Maja Louise"
        wire = listen(scene)
        edit_contact(scene, made, firstName="M. L.")
        await scene.settle()
        assert wire == []
        edit_person(scene, number, PersonMiddleName="Lone")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["firstName"] == "Maja Lone"

    play(story, rules=person_rules('middle = "join"'))


def test_with_inactivate_an_untick_makes_the_contact_inactive_and_a_tick_active_again() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene)
        edit_person(scene, number, PersonCustom1="No")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["active"] is False
        assert person(scene, number)["PersonStatus"] == "Active"
        edit_person(scene, number, PersonCustom1="Yes")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["active"] is True
        edit_person(scene, number, PersonCustom1="No")
        await scene.settle()
        wire = listen(scene)
        edit_contact(scene, made, active=True)  # the bookkeeper knows better
        await scene.settle()
        assert contact_of(scene, number)["fields"]["active"] is True
        assert (wire, person(scene, number)["PersonStatus"]) == ([], "Active")

    play(story, rules=person_rules('on_untick = "inactivate"', rows=("P8",)))


def test_persons_that_were_never_ticked_keep_their_contacts_active() -> None:
    async def story(scene: Scene) -> None:
        home, mail = organisation(scene), "ida@kunde.example"
        await scene.pause(entity="person")
        number = make_person(scene, home, "Krogh", PersonEmail=mail, PersonCustom1="No")
        account = customer_of(scene, home)["number"]
        made = scene.bookkeeper("create_contact", lastName="Krogh", email=mail, businessAccount=account)
        await scene.sleep(60)
        await scene.resume(entity="person")
        await scene.settle()
        assert person(scene, number)["PersonCustom2"] == f"erp:person:{made['contactId']}"
        assert contact_of(scene, number)["fields"]["active"] is True

    play(story, rules=person_rules('on_untick = "inactivate"'))


def test_where_an_address_is_required_a_person_without_one_stays_at_home() -> None:
    async def story(scene: Scene) -> None:
        number = make_person(scene, organisation(scene), "Holm")
        await scene.settle()
        assert new_contacts(scene) == []
        assert await scene.outcome("person", crm=str(number)) == ("filtered", "no_email")
        edit_person(scene, number, PersonEmail="holm@kunde.example")
        await scene.settle()
        assert contact_of(scene, number)["fields"]["email"] == "holm@kunde.example"

    play(story, rules=person_rules("email_required_to_erp = true"))


def test_a_new_person_need_not_be_relevant() -> None:
    async def story(scene: Scene) -> None:
        account = customers(scene)[0]["number"]
        scene.bookkeeper("create_contact", lastName="Krogh", email="i@x.example", businessAccount=account)
        await scene.settle()
        assert [row["PersonCustom1"] for row in newcomers(scene)] == ["No"]

    play(story, rules=person_rules("set_relevant_on_create = false"))


def test_a_courtesy_title_goes_by_the_value_map() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene, PersonSalutation="Fru")
        assert made["fields"]["title"] == "Mrs"
        edit_contact(scene, made, title="Ms")
        await scene.settle()
        assert person(scene, number)["PersonSalutation"] == "Frk"
        wire = listen(scene)
        edit_person(scene, number, PersonSalutation="Baron", PersonTitle="CFO")
        await scene.settle()
        fields = contact_of(scene, number)["fields"]
        assert (fields["title"], fields["position"], len(wire)) == ("Ms", "CFO", 1)
        assert await scene.outcome("person", crm=str(number)) == ("parked", "unmapped_value")

    row = 'id = "P9"\nvalues = { "Fru" = "Mrs", "Frk" = "Ms" }'
    play(story, rules=person_rules(rows=(row,)))


def test_two_linked_persons_with_one_address_are_written_and_noted() -> None:
    async def story(scene: Scene) -> None:
        first, _ = await known(scene)
        second, _ = await known(scene, "Krogh", PersonEmail="ida@kunde.example")
        edit_person(scene, second, PersonEmail="Maja@kunde.example")
        await scene.settle()
        assert contact_of(scene, second)["fields"]["email"] == "Maja@kunde.example"
        assert len(new_contacts(scene)) == len(newcomers(scene)) == 2
        shown = await scene.show(crm=second, entity="person")
        assert [(one["code"], one["text"].split()[2]) for one in shown["findings"]] == [
            ("possible_duplicate", str(first))
        ]

    play(story)
