"""What counts as a deletion (semantics §10): two full reads, or a hook, and a 404 of our own."""

import pytest

from actors.reconciler import Reconciler
from streamsync.model import Kind, Side
from tests.simulation.cases.parties import (
    contact_of,
    contacts,
    customer_of,
    customers,
    data,
    item,
    make_customer,
    make_organisation,
    make_person,
    organisations,
)
from tests.simulation.cases.stories import LAMP, listen, proven_gone
from tests.simulation.scene import Scene, play

GROUP = "QuotationLineLinkedDataItemItemGroup"


def reconciler(scene: Scene) -> Reconciler:
    return next(one for one in scene.daemon.plant.sources if isinstance(one, Reconciler))


async def read_in_full(scene: Scene) -> None:
    await reconciler(scene).full()
    await scene.sleep(30)
    await reconciler(scene).gone()
    await scene.settle()


async def linked(scene: Scene) -> tuple[int, str]:
    """An organisation with its customer: (OrganisationId, internalId)."""
    number = make_organisation(scene)
    await scene.settle()
    return number, str(customer_of(scene, number)["internal_id"])


async def hooked(scene: Scene, kind: Kind, number: int) -> None:
    """webCRM's hook for deletions calls us about this record; 204 whatever becomes of it."""
    scene.daemon.plant.connections["kunde"].suspect(kind, str(number))
    await scene.sleep(15)
    await scene.settle()


def test_missing_once_or_twice_within_the_hour_is_not_deleted() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await linked(scene)
        scene.user("delete", kind="organisation", id=number)
        wire = listen(scene)
        for _ in range(3):
            await read_in_full(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        scene.skip(3700)
        await read_in_full(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "gone")
        assert wire == []
        assert len(customers(scene)) == 2

    play(story)


def test_what_a_list_hides_and_its_key_shows_is_not_deleted() -> None:
    """A full list that lacks a row, for whatever reason, is only a suspicion."""

    async def story(scene: Scene) -> None:
        make_customer(scene, "Sydhavn A/S", number="10500")
        await scene.settle()
        hidden = customers(scene)[-1]
        scene.bookkeeper("settings", unlisted=[hidden["number"]])
        wire = listen(scene, reads=True)
        await proven_gone(scene)
        assert wire.of("GET", f"/v1/customer/internal/{hidden['internal_id']}")
        assert await scene.outcome("organisation", erp=str(hidden["internal_id"])) == ("in_sync", "")
        assert await scene.parked() == []

    play(story)


def test_a_delete_hook_and_a_404_are_evidence_at_once() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await linked(scene)
        scene.user("delete", kind="organisation", id=number)
        wire = listen(scene)
        await hooked(scene, Kind.ORGANISATION, number)
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "gone")
        assert wire == []

    play(story)


def test_a_hook_about_a_record_that_is_there_or_unknown_changes_nothing() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await linked(scene)
        wire = listen(scene, reads=True)
        await hooked(scene, Kind.ORGANISATION, 999_999)
        assert not [one for one in wire if "999999" in str((one.path, one.query))]  # nobody makes us ask
        await hooked(scene, Kind.ORGANISATION, number)
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        assert await scene.parked() == []

    play(story)


def test_a_customer_that_is_gone_is_asked_about_and_not_made_again() -> None:
    async def story(scene: Scene) -> None:
        number, internal = await linked(scene)
        scene.bookkeeper("delete_customer", number=customer_of(scene, number)["number"])
        wire = listen(scene)
        await proven_gone(scene)
        assert await scene.outcome("organisation", erp=internal) == ("parked", "gone")
        assert wire == []
        assert len(customers(scene)) == 1

    play(story)


def test_a_deleted_person_leaves_the_contact_as_it_is() -> None:
    async def story(scene: Scene) -> None:
        home = organisations(scene)[0]["OrganisationId"]
        number = make_person(scene, home, "Holm", PersonEmail="holm@kunde.example")
        await scene.settle()
        contact = contact_of(scene, number)
        wire = listen(scene)
        scene.user("delete", kind="person", id=number)
        await proven_gone(scene)
        assert wire == []
        assert contact in contacts(scene)
        assert await scene.parked() == []

    play(story)


def test_an_item_that_is_gone_in_the_erp_is_marked() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("delete_item", inventoryNumber=LAMP)
        await proven_gone(scene)
        await scene.sleep(90)
        await scene.settle()
        row = item(scene, LAMP)
        assert (row[GROUP], data(row, 2)) == ("Discontinued", "(discontinued) Testlampe 40W")

    play(story)


@pytest.mark.parametrize("side", list(Side))
def test_an_empty_list_is_a_fault_of_the_configuration_and_seen_as_one(side: Side) -> None:
    """As E93, from either side."""

    async def story(scene: Scene) -> None:
        number, internal = await linked(scene)
        wire = listen(scene)
        if side is Side.ERP:
            scene.erp.company.tenant = "5f0c0000-0000-4000-8000-00000000dead"
        else:
            scene.crm.books.tables["organisation"].rows.clear()
        await proven_gone(scene)
        status = scene.waiting()
        assert status["status"] == "degraded"
        assert any("empty list" in sentence for sentence in status["degraded"])
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        assert await scene.outcome("organisation", erp=internal) == ("in_sync", "")
        assert wire == []

    play(story)
