"""Organisations and persons at odds: when they first meet, by two edits, by a deletion (semantics §8–§10)."""

import pytest

from tests.simulation.cases.parties import (
    CVR,
    MARKER,
    NUMBER,
    contact,
    customer_of,
    customers,
    edit_contact,
    edit_customer,
    edit_organisation,
    empty_stage,
    known,
    make_customer,
    make_organisation,
    of_parties,
    opened,
    organisation,
    organisations,
)
from tests.simulation.cases.stories import listen, proven_gone
from tests.simulation.scene import Scene, play, replaced, rules_with

PHONE, TYPE = "OrganisationTelephone", "OrganisationType"


def match_rules(setting: str) -> str:
    return rules_with(f"\n[match]\n{setting}\n")


def test_e91_two_edits_forty_seconds_apart_are_asked() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678", PHONE: "20304010"})
        await scene.settle()
        made = customer_of(scene, number)
        await scene.pause()
        edit_organisation(scene, number, **{PHONE: "40506070"})
        await scene.sleep(40)
        edit_customer(scene, made["number"], {"mainContact.phone1": "30405060"})
        await scene.sleep(30)
        wire = listen(scene)
        await scene.resume()
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("conflict", "both_changed")
        assert wire == []
        assert organisation(scene, number)[PHONE] == "40506070"
        assert customer_of(scene, number)["fields"]["mainContact.phone1"] == "30405060"
        [asked] = await scene.asked("both_changed")
        [field] = asked["fields"]
        assert (field["base"], field["webcrm"], field["visma"]) == ("20304010", "40506070", "30405060")

    play(story)


def test_e92_a_person_deleted_here_and_edited_there_is_asked() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene)
        wire = listen(scene)
        scene.user("delete", kind="person", id=number)
        edit_contact(scene, made, phone1="66112233")
        await proven_gone(scene)
        assert await scene.outcome("person", crm=str(number)) == ("conflict", "deleted_vs_edited")
        assert wire == []
        assert [row["PersonId"] for row in scene.crm.rows("person") if row["PersonLastName"] == "Holm"] == []
        assert contact(scene, made["contact_id"])["fields"]["active"] is not False
        assert len(await scene.asked("deleted_vs_edited")) == 1

    play(story)


def test_e96_names_that_differ_in_case_or_legal_form_are_left_alone() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        make_customer(scene, "NORDLYS APS", number="10042", corporateId="12345678")
        make_customer(scene, "Sydhavn A/S", number="10043", corporateId="87654321")
        one = make_organisation(scene, "Nordlys ApS", **{CVR: "12345678"})
        two = make_organisation(scene, "Sydhavn", **{CVR: "87654321"})
        wire = await opened(scene)
        names = [organisation(scene, number)["OrganisationName"] for number in (one, two)]
        assert names == ["Nordlys ApS", "Sydhavn"]
        theirs = [customer_of(scene, number)["fields"]["name"] for number in (one, two)]
        assert theirs == ["NORDLYS APS", "Sydhavn A/S"]
        assert [sent for sent in wire if "Name" in str(sent.body) or "'name'" in str(sent.body)] == []
        edit_organisation(scene, one, OrganisationName="Nordlys Holding ApS")
        await scene.settle()
        assert customer_of(scene, one)["fields"]["name"] == "Nordlys Holding ApS"

    play(story, started=False)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ('company_number = "ask"', "weak_match"),
        ('company_number = "sure"', ""),
    ],
)
def test_a_company_number_is_sure_unless_the_rules_ask(setting: str, reason: str) -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        make_customer(scene, number="10042", corporateId="12345678")
        number = make_organisation(scene, "Et andet navn", **{CVR: "12345678"})
        wire = await opened(scene)
        assert len(customers(scene)) == len(organisations(scene)) == 1
        if not reason:
            assert organisation(scene, number)[NUMBER] == "10042"
            return
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", reason)
        assert of_parties(wire) == []

    play(story, rules=match_rules(setting), started=False)


@pytest.mark.parametrize("setting", ["ask", "sure", "off"])
def test_a_name_and_a_post_code_match_as_the_rules_say(setting: str) -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        make_customer(scene, "NORDLYS A/S", number="10042", **{"mainAddress.postalCode": "8000"})
        number = make_organisation(scene, OrganisationPostCode="8000")
        await opened(scene)
        found = await scene.outcome("organisation", crm=str(number))
        if setting == "ask":
            assert found == ("parked", "weak_match")
            assert len(customers(scene)) == len(organisations(scene)) == 1
        elif setting == "sure":
            assert found == ("in_sync", "")
            assert customer_of(scene, number)["number"] == "10042"
            assert len(customers(scene)) == len(organisations(scene)) == 1
        else:
            assert len(customers(scene)) == len(organisations(scene)) == 2

    play(story, rules=match_rules(f'name = "{setting}"'), started=False)


@pytest.mark.parametrize("choice", ["keep", "inactivate"])
def test_an_organisation_deleted_in_webcrm_is_asked(choice: str) -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        made = customer_of(scene, number)
        wire = listen(scene)
        scene.user("delete", kind="organisation", id=number)
        await proven_gone(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "gone")
        assert wire == []
        await scene.resolve(choice, crm=number, entity="organisation")
        await scene.settle()
        [left] = [row for row in customers(scene) if row["number"] == made["number"]]
        assert left["fields"]["status"] == ("Inactive" if choice == "inactivate" else "Active")
        assert len(wire) == (1 if choice == "inactivate" else 0)
        edit_customer(scene, made["number"], {"mainAddress.city": "Odense"})
        await scene.settle()
        assert len(organisations(scene)) == 1  # never made anew
        assert len(wire) == (1 if choice == "inactivate" else 0)
        assert await scene.parked() == []

    play(story)


def test_a_customer_deleted_in_the_erp_may_give_its_organisation_a_type() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        made = customer_of(scene, number)
        scene.bookkeeper("delete_customer", number=made["number"])
        await proven_gone(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "gone")
        wire = listen(scene)
        await scene.resolve("set_type", crm=number, entity="organisation")
        await scene.settle()
        assert organisation(scene, number)[TYPE] == "Partner"
        assert [one.path for one in wire] == [f"/Organisations/{number}"]
        assert await scene.parked() == []

    rules = replaced('erp_type = "Kunde"', 'erp_type = "Kunde"\ninactive_type = "Partner"')
    play(story, rules=rules)


def test_a_customer_that_was_merged_into_another_names_its_heir() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        made = customer_of(scene, number)
        scene.bookkeeper("delete_customer", number=made["number"])
        heir = make_customer(scene, "Nordlys Koncern A/S", number="50042", corporateId="12345678")
        await proven_gone(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "gone")
        shown = await scene.show(crm=number, entity="organisation")
        assert shown["pair"]["detail"]["candidates"] == str(heir["internalId"])
        wire = listen(scene)
        await scene.unlink(crm=number, entity="organisation")
        await scene.link(heir["internalId"], crm=number, entity="organisation")
        await scene.settle()
        assert organisation(scene, number)[NUMBER] == "50042"
        assert organisation(scene, number)[MARKER] == f"erp:organisation:{heir['internalId']}"
        assert wire.of("POST", "/v1/customer") == wire.of("POST", "/Organisations") == []

    play(story)


def test_gone_and_edited_is_asked_before_all_else() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        made = customer_of(scene, number)
        wire = listen(scene)
        scene.user("delete", kind="organisation", id=number)
        edit_customer(scene, made["number"], {"mainAddress.city": "Odense"})
        await proven_gone(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("conflict", "deleted_vs_edited")
        assert wire == []
        await scene.resolve("keep", crm=number, entity="organisation")
        await scene.settle()
        assert await scene.parked() == []
        assert wire == []

    play(story)


def test_a_typed_value_settles_a_row_and_is_used_once() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678", "OrganisationCity": "Aarhus"})
        await scene.settle()
        account = customer_of(scene, number)["number"]
        await scene.pause()
        edit_organisation(scene, number, OrganisationCity="Odense")
        edit_customer(scene, account, {"mainAddress.city": "Vejle"})
        await scene.sleep(30)
        await scene.resume()
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("conflict", "both_changed")
        await scene.resolve("value", crm=number, entity="organisation", row="O5", value="Randers")
        await scene.settle()
        assert organisation(scene, number)["OrganisationCity"] == "Randers"
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Randers"
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"

    play(story, rules=rules_with('\n[[organisation.map]]\nid = "O5"\nowner = "ask"\n'))
