"""The life of a conflict: who wins, what is asked, what closes it (semantics §9), for organisations and
persons. Both sides edit while the sync is paused, as if at the same time."""

import json
from typing import Any

import pytest

from streamsync.simulators.http import Request, Response
from tests.simulation.cases.parties import (
    contact_of,
    customer_of,
    edit_contact,
    edit_customer,
    edit_organisation,
    edit_person,
    known,
    organisation,
    person,
)
from tests.simulation.cases.stories import listen
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import RULES, Scene, play, rules_with

OURS = "api2 streamsync"  # how webCRM signs what our token wrote
CITY, PHONE = "OrganisationCity", "OrganisationTelephone"


def owned(row: str, owner: str, entity: str = "organisation") -> str:
    return rules_with(f'\n[[{entity}.map]]\nid = "{row}"\nowner = "{owner}"')


def city(scene: Scene) -> tuple[str, str]:
    home = example(scene)
    return str(organisation(scene, home)[CITY]), str(customer_of(scene, home)["fields"]["mainAddress.city"])


def phone(scene: Scene) -> tuple[str, str]:
    home = example(scene)
    fields = customer_of(scene, home)["fields"]
    return str(organisation(scene, home)[PHONE]), str(fields["mainContact.phone1"])


async def agreed(scene: Scene) -> str:
    """City and phone stand on both sides. Gives the customer's number."""
    home = example(scene)
    edit_organisation(scene, home, **{CITY: "Aarhus", PHONE: "20304010"})
    await scene.settle()
    assert (city(scene), phone(scene)) == (("Aarhus", "Aarhus"), ("20304010", "20304010"))
    return str(customer_of(scene, home)["number"])


async def both(scene: Scene, number: str, crm: dict[str, Any], erp: dict[str, Any], gap: float = 0) -> None:
    """Both sides edit, the ERP `gap` seconds later (or earlier, if negative), before we look."""
    await scene.pause()
    home = example(scene)
    if gap < 0:
        edit_customer(scene, number, erp)
        await scene.sleep(-gap)
    edit_organisation(scene, home, **crm)
    if gap >= 0:
        await scene.sleep(gap)
        edit_customer(scene, number, erp)
    await scene.sleep(30)
    await scene.resume()
    await scene.settle()


async def lost(scene: Scene, crm: int, entity: str = "organisation") -> list[tuple[str, str]]:
    """(side, value) of what lost and is kept."""
    shown = await scene.show(crm=crm, entity=entity)
    return [(one["side"], one["before"]) for one in shown["history"] if one["event"].startswith("lost:")]


def test_the_erp_owns_a_row_and_the_losers_value_can_be_used_after_all() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        await both(scene, number, {CITY: "Odense"}, {"mainAddress.city": "Vejle"})
        assert city(scene) == ("Vejle", "Vejle")
        assert await lost(scene, home) == [("crm", "Odense")]
        assert await scene.outcome("organisation", crm=str(home)) == ("in_sync", "")
        await scene.resolve("webcrm", crm=home, entity="organisation", row="O5")
        await scene.settle()
        assert city(scene) == ("Odense", "Odense")

    play(story)


def test_webcrm_owns_a_row_of_a_person() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene, PersonTitle="Chef")
        await scene.pause()
        edit_person(scene, number, PersonTitle="CFO")
        edit_contact(scene, made, position="CEO", lastName="Holm Hansen")
        await scene.sleep(30)
        await scene.resume()
        await scene.settle()
        row, fields = person(scene, number), contact_of(scene, number)["fields"]
        assert (row["PersonTitle"], fields["position"]) == ("CFO", "CFO")
        assert (row["PersonLastName"], fields["lastName"]) == ("Holm Hansen", "Holm Hansen")
        assert await lost(scene, number, "person") == [("erp", "CEO")]

    play(story)


@pytest.mark.parametrize(("gap", "winner"), [(300, "30405060"), (-300, "40506070")])
def test_the_newest_of_two_edits_wins(gap: float, winner: str) -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        await both(scene, number, {PHONE: "40506070"}, {"mainContact.phone1": "30405060"}, gap)
        assert phone(scene) == (winner, winner)
        assert len(await lost(scene, home)) == 1

    play(story)


def test_the_newest_edit_of_the_field_counts_not_of_the_record() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        await scene.pause()
        edit_organisation(scene, home, **{PHONE: "40506070"})
        await scene.sleep(300)
        edit_customer(scene, number, {"mainContact.phone1": "30405060"})
        await scene.sleep(300)
        edit_organisation(scene, home, **{CITY: "Odense"})  # a newer edit of another field
        await scene.sleep(30)
        await scene.resume()
        await scene.settle()
        assert phone(scene) == ("30405060", "30405060")
        assert city(scene) == ("Odense", "Odense")

    play(story)


def test_two_edits_close_together_are_asked_and_the_other_rows_flow() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        wire = listen(scene)
        changes = {"mainContact.phone1": "30405060", "mainAddress.city": "Vejle"}
        await both(scene, number, {PHONE: "40506070"}, changes, 100)
        assert phone(scene) == ("40506070", "30405060")
        assert city(scene) == ("Vejle", "Vejle")
        assert await scene.outcome("organisation", crm=str(home)) == ("conflict", "both_changed")
        assert len(wire) == 1
        await scene.sleep(600)
        assert len(wire) == 1

    play(story)


@pytest.mark.parametrize(
    ("choice", "value", "expected"),
    [("webcrm", "", "Odense"), ("visma", "", "Vejle"), ("value", "Kolding", "Kolding")],
)
def test_a_conflict_is_closed_by_a_choice(choice: str, value: str, expected: str) -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        await both(scene, number, {CITY: "Odense"}, {"mainAddress.city": "Vejle"})
        assert city(scene) == ("Odense", "Vejle")
        [asked] = await scene.asked("both_changed", "organisation")
        [field] = asked["fields"]
        assert (field["row"], field["base"], field["webcrm"], field["visma"]) == (
            "O5",
            "Aarhus",
            "Odense",
            "Vejle",
        )
        await scene.resolve(choice, crm=home, entity="organisation", row="O5", value=value)
        await scene.settle()
        assert city(scene) == (expected, expected)
        assert await scene.asked("both_changed") == []
        # the answer was for once: the next conflict asks again
        await both(scene, number, {CITY: "Randers"}, {"mainAddress.city": "Ribe"})
        assert city(scene) == ("Randers", "Ribe")

    play(story, rules=owned("O5", "ask"))


def test_a_conflict_is_closed_by_a_later_edit_that_makes_both_equal() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        await both(scene, number, {CITY: "Odense"}, {"mainAddress.city": "Vejle"})
        wire = listen(scene)
        edit_organisation(scene, home, **{CITY: "Vejle"})
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(home)) == ("in_sync", "")
        assert await scene.asked("both_changed") == []
        edit_organisation(scene, home, **{CITY: "Esbjerg"})
        await scene.settle()
        assert city(scene) == ("Esbjerg", "Esbjerg")
        assert len(wire) == 1
        assert number == customer_of(scene, home)["number"]

    play(story, rules=owned("O5", "ask"))


def test_a_conflict_of_a_person_asks_too() -> None:
    async def story(scene: Scene) -> None:
        number, made = await known(scene, PersonTitle="Chef")
        await scene.pause()
        edit_person(scene, number, PersonTitle="CFO", PersonEmail="m@kunde.example")
        edit_contact(scene, made, position="CEO")
        await scene.sleep(30)
        await scene.resume()
        await scene.settle()
        fields = contact_of(scene, number)["fields"]
        assert (fields["position"], fields["email"]) == ("CEO", "m@kunde.example")
        assert person(scene, number)["PersonTitle"] == "CFO"
        await scene.resolve("visma", crm=number, entity="person")
        await scene.settle()
        assert person(scene, number)["PersonTitle"] == "CEO"

    rules = RULES.replace('crm = "PersonTitle"', 'crm = "PersonTitle"\nowner = "ask"')
    play(story, rules=rules)


def test_fill_if_empty_writes_only_into_empty() -> None:
    async def story(scene: Scene) -> None:
        home = example(scene)
        number, held = customer_of(scene, home)["number"], city(scene)[1]
        assert held
        wire = listen(scene)
        edit_organisation(scene, home, **{CITY: "Odense"})
        await scene.settle()
        assert (wire, city(scene)) == ([], ("Odense", held))
        shown = await scene.show(crm=home, entity="organisation")
        assert ("differs", "O5") in [(one["code"], one["field"]) for one in shown["findings"]]
        edit_customer(scene, number, {"mainAddress.city": ""})
        await scene.settle()
        assert city(scene) == ("Odense", "Odense")

    play(story, rules=rules_with('\n[[organisation.map]]\nid = "O5"\nfill_if_empty = true'))


def rewriting(scene: Scene, number: str, *, until: list[bool]) -> None:
    """Both systems put their own spelling back after each of our writes, as an automation does; webCRM signs
    it as ours."""
    home = example(scene)

    def in_webcrm(request: Request, answer: Response) -> None:
        ours = request.method == "PUT" and request.path == f"/Organisations/{home}" and not until
        if ours and CITY in json.loads(request.body or b"{}"):
            scene.user("edit", kind="organisation", id=home, fields={CITY: "Aarhus"}, by=OURS)

    def in_the_erp(request: Request, answer: Response) -> None:
        if request.method == "PUT" and request.path.startswith("/v1/customer") and not until:
            edit_customer(scene, number, {"mainAddress.city": "Århus C"})

    scene.crm_face.record, scene.erp_face.record = in_webcrm, in_the_erp


def test_a_field_that_swings_by_us_is_held_and_shown_until_a_person_frees_it() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        stopped: list[bool] = []
        rewriting(scene, number, until=stopped)
        before = scene.crm_calls("PUT /Organisations")
        edit_customer(scene, number, {"mainAddress.city": "Århus C"})
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(home)) == ("parked", "rejected")
        [held] = await scene.asked("rejected", "organisation")
        assert "swings" in held["sentence"]
        writes = scene.crm_calls("PUT /Organisations") - before
        assert writes == 3
        edit_organisation(scene, home, OrganisationAddress="Prøvevej 1")
        await scene.settle()
        assert scene.crm_calls("PUT /Organisations") - before == 3
        stopped.append(True)
        await scene.resume(pairs=(await scene.pair(crm=home, entity="organisation"),))
        await scene.settle()
        fields = customer_of(scene, home)["fields"]
        assert fields["mainAddress.addressLine1"] == "Prøvevej 1"
        assert len(set(city(scene))) == 1
        assert await scene.asked("rejected") == []

    play(story)


def test_retry_frees_a_held_pair_and_it_is_held_again_if_it_still_swings() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        stopped: list[bool] = []
        rewriting(scene, number, until=stopped)
        edit_customer(scene, number, {"mainAddress.city": "Århus C"})
        await scene.settle()
        for _ in range(2):
            assert await scene.outcome("organisation", crm=str(home)) == ("parked", "rejected")
            await scene.retry("rejected")
            await scene.settle()
        stopped.append(True)
        await scene.retry("rejected")
        await scene.settle()
        assert await scene.outcome("organisation", crm=str(home)) == ("in_sync", "")

    play(story)


def test_edits_of_users_are_no_swing_however_often() -> None:
    async def story(scene: Scene) -> None:
        home, number = example(scene), await agreed(scene)
        shown = organisation(scene, home)["OrganisationExtraCustom2"]
        for _ in range(3):
            edit_organisation(scene, home, **{CITY: "Odense"})  # to and fro on one side
            await scene.settle()
            edit_organisation(scene, home, **{CITY: "Aarhus"})
            await scene.settle()
            edit_customer(scene, number, {"mainAddress.city": "Vejle"})  # and against each other
            await scene.settle()
            edit_organisation(scene, home, **{CITY: "Aarhus", "OrganisationExtraCustom2": "7"})
            await scene.settle()
            assert organisation(scene, home)["OrganisationExtraCustom2"] == shown
        assert city(scene) == ("Aarhus", "Aarhus")
        assert await scene.outcome("organisation", crm=str(home)) == ("in_sync", "")

    play(story)
