"""The workbench through the daemon: what is listed, and that both worlds then hold what a person decides."""

from typing import Any

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
    make_person,
    of_parties,
    opened,
    organisation,
    organisations,
)
from tests.simulation.cases.stories import listen
from tests.simulation.scene import RULES, WHO, Scene, play

ASK = RULES + '\n[[organisation.map]]\nid = "O5"\nowner = "ask"\n'
CITY, ROW = "OrganisationCity", "O5"


async def in_conflict(scene: Scene) -> int:
    """An organisation whose city both sides changed."""
    number = make_organisation(scene, **{CITY: "Aarhus"})
    await scene.settle()
    edit_organisation(scene, number, **{CITY: "Odense"})
    edit_customer(scene, customer_of(scene, number)["number"], {"mainAddress.city": "Vejle"})
    await scene.settle()
    return number


def cities(scene: Scene, number: int) -> tuple[str, str]:
    theirs = customer_of(scene, number)["fields"]["mainAddress.city"]
    return organisation(scene, number)[CITY], theirs


def test_a_conflict_is_listed_with_its_values_and_a_side_settles_it_once() -> None:
    async def story(scene: Scene) -> None:
        number = await in_conflict(scene)
        assert cities(scene, number) == ("Odense", "Vejle")
        [record] = await scene.asked("both_changed")
        assert (record["webcrm"], record["name"]) == (str(number), "Nordlys ApS")
        [field] = record["fields"]
        assert [field[key] for key in ("row", "base", "webcrm", "visma")] == [
            ROW,
            "Aarhus",
            "Odense",
            "Vejle",
        ]
        await scene.resolve("webcrm", crm=number, entity="organisation")
        await scene.settle()
        assert cities(scene, number) == ("Odense", "Odense")
        assert (await scene.inbox())["total"] == 0
        shown = await scene.show(crm=number, entity="organisation")
        assert shown["decided"] == {}
        assert ("resolve:webcrm", WHO) in [(one["event"], one["actor"]) for one in shown["audit"]]
        edit_organisation(scene, number, **{CITY: "Skive"})
        edit_customer(scene, customer_of(scene, number)["number"], {"mainAddress.city": "Ribe"})
        await scene.settle()
        assert cities(scene, number) == ("Skive", "Ribe")  # the old answer decides nothing new
        assert len(await scene.asked("both_changed")) == 1

    play(story, rules=ASK)


def test_a_typed_value_goes_to_both_sides() -> None:
    async def story(scene: Scene) -> None:
        number = await in_conflict(scene)
        await scene.resolve("value", crm=number, entity="organisation", row=ROW, value="Kolding")
        await scene.settle()
        assert cities(scene, number) == ("Kolding", "Kolding")
        assert (await scene.show(crm=number, entity="organisation"))["decided"] == {}

    play(story, rules=ASK)


def test_an_open_row_is_listed_while_the_other_rows_flow() -> None:
    async def story(scene: Scene) -> None:
        number = await in_conflict(scene)
        edit_organisation(scene, number, OrganisationAddress="Havnen 1")
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainAddress.addressLine1"] == "Havnen 1"
        assert [one["fields"][0]["row"] for one in await scene.asked("both_changed")] == [ROW]

    play(story, rules=ASK)


@pytest.mark.parametrize(("owner", "choice"), [("erp", "webcrm"), ("crm", "visma")])
def test_the_value_that_lost_can_still_be_put_in_force(owner: str, choice: str) -> None:
    async def story(scene: Scene) -> None:
        number = await in_conflict(scene)
        won, lost = ("Vejle", "Odense") if owner == "erp" else ("Odense", "Vejle")
        assert cities(scene, number) == (won, won)
        scene.skip(80 * 86_400)
        await scene.resolve(choice, crm=number, entity="organisation", row=ROW)
        await scene.settle()
        assert cities(scene, number) == (lost, lost)
        assert (await scene.show(crm=number, entity="organisation"))["decided"] == {}
        with pytest.raises(ValueError, match="no lost value"):
            await scene.resolve(choice, crm=number, entity="organisation", row="O2")

    play(story, rules=ASK.replace('"ask"', f'"{owner}"'))


def test_two_that_were_unlinked_stay_apart_until_a_person_says_otherwise() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        made = customer_of(scene, number)
        wire = listen(scene)
        await scene.unlink(crm=number, entity="organisation")
        await scene.settle()
        waiting = await scene.asked("weak_match")
        assert {(one["webcrm"], one["visma"]) for one in waiting} == {
            (str(number), ""),
            ("", str(made["internal_id"])),
        }
        assert sorted(one["candidates"][0]["rid"] for one in waiting) == sorted(
            [str(number), str(made["internal_id"])]
        )
        assert (
            organisation(scene, number)[MARKER] == ""
        )  # a unique field: the customer's own may need the text
        assert len(wire) == 1
        wire.clear()
        edit_organisation(scene, number, **{CITY: "Odense"})  # seen again, number and all
        edit_customer(scene, made["number"], {"mainAddress.city": "Vejle"})
        await scene.settle()
        assert of_parties(wire) == []
        assert len(await scene.asked("weak_match")) == 2
        await scene.resolve("create_new", crm=number, entity="organisation")
        await scene.settle()
        fresh = customer_of(scene, number)
        assert fresh["internal_id"] != made["internal_id"]
        assert len(wire.of("POST", "/v1/customer")) == 1
        assert len(await scene.asked("weak_match")) == 1
        await scene.exclude(erp=str(made["internal_id"]), entity="organisation")
        await scene.settle()
        assert (await scene.inbox())["total"] == 0
        assert len(customers(scene)) == 3
        assert len(organisations(scene)) == 2

    play(story)


def test_an_unlinked_customer_can_become_an_organisation_of_its_own() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene, **{CVR: "12345678"})
        await scene.settle()
        made = customer_of(scene, number)
        await scene.unlink(crm=number, entity="organisation")
        await scene.settle()
        await scene.exclude(crm=number, entity="organisation")
        await scene.resolve("create_new", erp=str(made["internal_id"]), entity="organisation")
        await scene.settle()
        named = [
            row for row in organisations(scene) if row[MARKER] == f"erp:organisation:{made['internal_id']}"
        ]
        assert len(named) == 1
        assert named[0]["OrganisationId"] != number
        assert len(organisations(scene)) == 3

    play(story)


def test_a_link_takes_an_unlink_back() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene)
        await scene.settle()
        made = customer_of(scene, number)
        await scene.unlink(crm=number, entity="organisation")
        await scene.settle()
        await scene.link(number, erp=str(made["internal_id"]), entity="organisation")
        await scene.settle()
        assert customer_of(scene, number)["internal_id"] == made["internal_id"]
        edit_organisation(scene, number, **{CITY: "Odense"})
        await scene.settle()
        assert cities(scene, number) == ("Odense", "Odense")
        assert len(customers(scene)) == 2

    play(story)


def test_what_is_excluded_comes_back_when_it_is_included() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene)
        await scene.settle()
        await scene.exclude(crm=number, entity="organisation")
        edit_organisation(scene, number, **{CITY: "Odense"})
        await scene.settle()
        assert customer_of(scene, number)["fields"].get("mainAddress.city", "") == ""
        await scene.resolve("include", crm=number, entity="organisation")
        await scene.settle()
        assert cities(scene, number) == ("Odense", "Odense")

    play(story)


@pytest.mark.parametrize("scope", ["connection", "entity", "system", "pair"])
def test_a_pause_holds_writes_and_loses_nothing(scope: str) -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene)
        await scene.settle()
        pair = await scene.pair(crm=number, entity="organisation")
        scopes: dict[str, dict[str, Any]] = {
            "connection": {},
            "entity": {"entity": "organisation"},
            "system": {"system": "visma"},
            "pair": {"pairs": (pair,)},
        }
        where = scopes[scope]
        await scene.pause(**where)
        wire = listen(scene)
        edit_organisation(scene, number, **{CITY: "Odense"})
        await scene.settle()
        await scene.sleep(120)
        edit_organisation(scene, number, **{CITY: "Ribe"})
        await scene.settle()
        assert of_parties(wire) == []
        await scene.resume(**where)
        await scene.settle()
        assert cities(scene, number) == ("Ribe", "Ribe")
        assert [one.method for one in wire] == ["PUT"]  # one write, with what holds now

    play(story)


def test_a_pause_of_one_entity_leaves_the_others_alone() -> None:
    async def story(scene: Scene) -> None:
        await scene.pause(entity="person")
        number = make_organisation(scene)
        await scene.settle()
        assert customer_of(scene, number)
        wire = listen(scene)
        make_person(scene, number, "Holm", PersonEmail="maja@nordlys.example")
        await scene.settle()
        assert wire == []
        assert scene.waiting()["connections"]["kunde"]["held_ops"] == 1
        await scene.resume()
        await scene.settle()
        assert [one.method for one in wire][:1] == ["POST"]

    play(story)


def test_a_retry_of_a_cause_tries_its_records_again() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        make_customer(scene, "NORDLYS A/S", number="99042", **{"mainAddress.postalCode": "8000"})
        number = make_organisation(scene, OrganisationPostCode="8000")
        await opened(scene)
        assert (await scene.retry("rejected"))["changed"] == 0
        assert (await scene.retry("weak_match"))["changed"] == 2
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "weak_match")
        shown = await scene.show(crm=number, entity="organisation")
        assert "retry" in [one["event"] for one in shown["audit"]]

    play(story, started=False)


def test_a_choice_that_does_not_fit_says_why() -> None:
    async def story(scene: Scene) -> None:
        number = make_organisation(scene)
        await scene.settle()
        with pytest.raises(ValueError, match="No row"):
            await scene.resolve("webcrm", crm=number, entity="organisation")
        with pytest.raises(ValueError, match="linked"):
            await scene.resolve("create_new", crm=number, entity="organisation")
        with pytest.raises(ValueError, match="no choice"):
            await scene.resolve("forget", crm=number, entity="organisation")
        assert organisation(scene, number)[MARKER]
        assert organisation(scene, number)[NUMBER]

    play(story)
