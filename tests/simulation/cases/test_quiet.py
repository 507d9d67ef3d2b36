"""Rest, echoes, simultaneous edits and crashes: what no single case shows (design §6, reliability §5)."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from streamsync.model import Side
from streamsync.simulators.http import Request, Response
from streamsync.store import journal, pairs
from tests.simulation.cases.parties import (
    NUMBER,
    contact_of,
    contacts,
    crash,
    customer_of,
    customers,
    edit_customer,
    edit_organisation,
    make_customer,
    make_organisation,
    make_person,
    of_parties,
    on_file,
    organisation,
    organisations,
    person,
    polled_every,
)
from tests.simulation.cases.stories import LAMP, deal, line, listen, orders
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import Scene, play

HOUR_SECONDS = 3600


async def lost(scene: Scene, number: int) -> list[journal.Change]:
    """The values that an organisation's pair lost to the other side, as its page shows them."""

    def found(conn: Any) -> list[journal.Change]:
        pair = pairs.by_rid(conn, "kunde", "organisation", Side.CRM, str(number))
        assert pair is not None
        return [one for one in journal.history(conn, "kunde", pair.id) if one.event.startswith("lost:")]

    return await scene.daemon.store.read(found)


def test_at_rest_nothing_is_written_for_an_hour() -> None:
    async def story(scene: Scene) -> None:
        polled_every(scene, 30)
        make_customer(scene, "Sydhavn A/S", number="10500", corporateId="12121212")
        await scene.start()
        await scene.settle()
        number = example(scene)
        edit_organisation(
            scene, number, OrganisationCity="Odense", OrganisationAddress="Gaden 1\r\n\r\nBagh."
        )
        edit_customer(scene, "10500", {"mainContact.phone1": "+45 66 11 22 33", "name": "Sydhavn Handel A/S"})
        scene.bookkeeper("create_contact", businessAccount="10500", lastName="Holm", email="holm@syd.example")
        scene.bookkeeper("edit_item", inventoryNumber=LAMP, defaultPrice="249.50")
        deal(scene, line(LAMP, 2))
        await scene.settle()
        assert len(organisations(scene)) == len(customers(scene)) == 2
        assert len(contacts(scene)) == 2
        assert len(orders(scene)) == 1
        scene.forget_calls()
        await scene.clock.sleep(HOUR_SECONDS)
        assert scene.writes() == 0
        assert scene.crm_calls("GET") > 100
        assert scene.erp_calls("GET") > 100

    play(story, started=False)


def test_one_edit_is_one_write_and_no_echo_comes_back() -> None:
    async def story(scene: Scene) -> None:
        number = example(scene)
        someone = scene.crm.rows("person")[0]["PersonId"]
        contact, account = contact_of(scene, someone)["contact_id"], customer_of(scene, number)["number"]
        wire = listen(scene)
        edit_organisation(scene, number, OrganisationName="Kunde Nord A/S", OrganisationCity="Odense")
        await scene.settle()
        assert of_parties(wire) == ["PUT /v1/customer/internal/4211"]
        wire.clear()
        edit_customer(scene, account, {"mainAddress.city": "Vejle", "mainContact.phone1": "66112233"})
        await scene.settle()
        assert of_parties(wire) == [f"PUT /Organisations/{number}"]
        wire.clear()
        scene.user("edit", kind="person", id=someone, fields={"PersonTitle": "Direktør"})
        await scene.settle()
        assert of_parties(wire) == [f"PUT /v1/contact/{contact}"]
        wire.clear()
        scene.bookkeeper("edit_contact", contactId=contact, position="Bestyrelsesformand")
        await scene.settle()
        assert of_parties(wire) == [f"PUT /Persons/{someone}"]
        wire.clear()
        scene.user("view", id=number)
        scene.user("edit", kind="organisation", id=number, fields={"OrganisationComment": "Ringede"})
        edit_customer(scene, account, {"mainContact.web": "www.kunde.example"})
        await scene.settle()
        assert wire == []  # nothing of that is in a row
        row, customer = organisation(scene, number), customer_of(scene, number)["fields"]
        assert (row["OrganisationName"], row["OrganisationCity"]) == ("Kunde Nord A/S", "Vejle")
        assert (customer["name"], customer["mainAddress.city"]) == ("Kunde Nord A/S", "Vejle")
        assert contact_of(scene, someone)["fields"]["position"] == "Bestyrelsesformand"

    play(story)


def test_an_edit_costs_three_calls_in_webcrm_and_one_in_the_erp() -> None:
    async def story(scene: Scene) -> None:
        number = example(scene)
        scene.forget_calls()
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        assert scene.crm_calls("GET /Organisations/") == 0
        assert scene.erp_calls("PUT /v1/customer") == 1
        assert scene.erp_calls("GET /v1/customer/{") == scene.erp_calls("GET /v1/customer/internal") == 0
        scene.forget_calls()
        edit_customer(scene, customer_of(scene, number)["number"], {"mainAddress.city": "Vejle"})
        await scene.settle()
        assert scene.crm_calls("GET /Organisations/{id}") == 2  # is it as planned; is it as written
        assert scene.crm_calls("PUT /Organisations/{id}") == 1

    play(story)


@pytest.mark.parametrize("gap_seconds", [0.0, 0.4, 3.0, 9.7, 10.0, 10.05, 10.3])
def test_two_people_edit_two_fields_and_both_edits_survive(gap_seconds: float) -> None:
    async def story(scene: Scene) -> None:
        number = example(scene)
        account = customer_of(scene, number)["number"]
        wire = listen(scene)
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.sleep(gap_seconds)
        edit_customer(scene, account, {"mainContact.phone1": "66112233"})
        await scene.settle()
        row, customer = organisation(scene, number), customer_of(scene, number)["fields"]
        assert (row["OrganisationCity"], row["OrganisationTelephone"]) == ("Odense", "66112233")
        assert (customer["mainAddress.city"], customer["mainContact.phone1"]) == ("Odense", "66112233")
        done = [one for one in wire if one.status < 300]
        assert len(done) == 2
        assert await lost(scene, number) == []

    play(story)


@pytest.mark.parametrize("erp_first", [True, False])
def test_two_people_edit_one_field_and_the_erp_wins(erp_first: bool) -> None:
    async def story(scene: Scene) -> None:
        number = example(scene)
        account = customer_of(scene, number)["number"]
        steps: list[Callable[[], None]] = [
            lambda: edit_customer(scene, account, {"mainAddress.city": "Vejle"}),
            lambda: edit_organisation(scene, number, OrganisationCity="Odense"),
        ]
        for step in steps if erp_first else steps[::-1]:
            step()
        await scene.settle()
        assert organisation(scene, number)["OrganisationCity"] == "Vejle"
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Vejle"
        [change] = await lost(scene, number)
        assert (change.side, change.field, change.before, change.after) == ("crm", "O5", "Odense", "Vejle")
        assert not await scene.parked()

    play(story)


@pytest.mark.parametrize("slower", list(Side))
def test_an_edit_that_overtakes_a_write_is_not_lost(slower: Side) -> None:
    """The second person saves when the first edit has been read but not yet written."""

    async def story(scene: Scene) -> None:
        polled_every(scene, 600, "webcrm" if slower is Side.CRM else "visma")
        await scene.start()
        await scene.settle()
        number = example(scene)
        account = customer_of(scene, number)["number"]
        face = scene.erp_face if slower is Side.CRM else scene.crm_face
        seen: list[str] = []

        def second(request: Request, answer: Response) -> None:
            text = b"Vejle" if slower is Side.CRM else b"Odense"
            if not seen and request.method == "GET" and text in answer.body:
                seen.append(request.path)
                if slower is Side.CRM:
                    edit_organisation(scene, number, OrganisationCity="Odense")
                else:
                    edit_customer(scene, account, {"mainAddress.city": "Vejle"})

        face.record = second
        if slower is Side.CRM:
            edit_customer(scene, account, {"mainAddress.city": "Vejle"})
        else:
            edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.settle()
        assert len(seen) == 1
        assert organisation(scene, number)["OrganisationCity"] == "Vejle"
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Vejle"
        assert [(one.side, one.before) for one in await lost(scene, number)] == [("crm", "Odense")]

    play(story, started=False)


CREATES = {
    "customer": (Side.ERP, "/v1/customer"),
    "contact": (Side.ERP, "/v1/contact"),
    "order": (Side.ERP, "/api/v3/SalesOrders"),
    "organisation": (Side.CRM, "/Organisations"),
    "person": (Side.CRM, "/Persons"),
    "item": (Side.CRM, "/QuotationLines/LinkedData"),
}


class Latest(random.Random):
    """Draws the end of every range: the latest moment at which a late commit may land."""

    def uniform(self, a: float, b: float) -> float:
        return b


def act(scene: Scene, what: str) -> None:
    """A person does what ends in this create."""
    match what:
        case "customer":
            make_organisation(scene)
        case "contact":
            make_person(scene, example(scene), "Holm", PersonEmail="holm@kunde.example")
        case "order":
            deal(scene, line(LAMP, 2))
        case "organisation":
            make_customer(scene, number="10500")
        case "person":
            names = {"lastName": "Krogh", "email": "ida@kunde.example"}
            scene.bookkeeper("create_contact", businessAccount=customers(scene)[0]["number"], **names)
        case "item":
            scene.bookkeeper("create_item", inventoryNumber="KABEL-3", description="Kabel", defaultPrice=45)


def counts(scene: Scene) -> dict[str, int]:
    state = scene.erp.state()
    erp = {"customer": state["customers"], "contact": state["contacts"], "order": state["orders"]}
    crm = {kind: scene.crm.rows(kind) for kind in ("organisation", "person", "item", "delivery")}
    return {name: len(rows) for name, rows in (erp | crm).items()}


def agree(scene: Scene) -> None:
    """Everything is there once and linked by both keys."""
    for row in organisations(scene):
        assert row[NUMBER] == customer_of(scene, row["OrganisationId"])["number"]
    for row in scene.crm.rows("person"):
        assert contact_of(scene, row["PersonId"])
        assert person(scene, row["PersonId"])["PersonCustom3"]


@pytest.mark.parametrize("what", list(CREATES))
def test_a_crash_between_a_create_and_its_answer_makes_no_twin(what: str) -> None:
    async def story(scene: Scene) -> None:
        on_file(scene)
        await scene.start()
        await scene.settle()
        before = counts(scene)
        side, path = CREATES[what]
        face = scene.crm_face if side is Side.CRM else scene.erp_face
        landed = asyncio.Event()

        def watch(request: Request, _: Response) -> None:
            if (request.method, request.path) == ("POST", path):
                landed.set()

        face.record = watch
        act(scene, what)
        await asyncio.wait_for(landed.wait(), 300)
        await crash(scene)
        scene.forget_calls()
        await scene.start()
        await scene.settle()
        assert face.counts.total(f"POST {path}") == 0
        after = counts(scene)
        assert {name: after[name] - before[name] for name in after} == expected_growth(what)
        agree(scene)

    play(story, started=False)


def expected_growth(what: str) -> dict[str, int]:
    twins = {"customer": "organisation", "contact": "person", "order": "delivery", "item": ""}
    grown = {what, twins.get(what) or {twin: name for name, twin in twins.items()}.get(what, "")}
    names = ("customer", "contact", "order", "organisation", "person", "item", "delivery")
    return {name: int(name in grown) for name in names}


@pytest.mark.parametrize("what", list(CREATES))
def test_a_create_that_lands_after_a_crash_makes_no_twin(what: str) -> None:
    async def story(scene: Scene) -> None:
        on_file(scene)
        await scene.start()
        await scene.settle()
        before = counts(scene)
        side, path = CREATES[what]
        faults = (scene.crm_face if side is Side.CRM else scene.erp_face).faults
        faults.rng = Latest()
        faults.add("late_commit", method="POST", path=path, seconds=1.9, count=1)
        act(scene, what)
        while faults.rules:
            await scene.sleep(0.002)
        assert counts(scene)[what] == before[what]  # it is still under way
        await crash(scene)
        await scene.start()
        await scene.settle()
        after = counts(scene)
        assert {name: after[name] - before[name] for name in after} == expected_growth(what)
        agree(scene)

    play(story, started=False)


def test_an_answer_that_comes_by_half_is_looked_up() -> None:
    async def story(scene: Scene) -> None:
        for sort in ("half_body", "error_after", "reset_after"):
            scene.crm_face.faults.add(sort, method="POST", path="/Organisations", count=1)
            scene.erp_face.faults.add(sort, method="POST", path="/v1/contact", count=1)
        for n in range(3):
            make_customer(scene, f"Firma {n} ApS", number=str(10_500 + n))
            make_person(scene, example(scene), f"Holm {n}", PersonEmail=f"holm{n}@kunde.example")
        await scene.settle()
        assert scene.crm_face.faults.rules == scene.erp_face.faults.rules == []
        assert len(organisations(scene)) == len(customers(scene)) == 4
        assert len(contacts(scene)) == len(scene.crm.rows("person")) == 4
        agree(scene)

    play(story)
