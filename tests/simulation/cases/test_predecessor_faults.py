"""What the predecessor loses or doubles when something fails, and ours does not (`tests/predecessor.py`).

Refusals, outages, races of creates, half-written deliveries, edits made between two steps.
"""

import asyncio

import pytest

from streamsync.model import Lane, Side
from streamsync.simulators.http import Request, Response
from tests.simulation.cases.parties import (
    NUMBER,
    crash,
    customer_of,
    customers,
    edit_customer,
    edit_organisation,
    make_customer,
    make_organisation,
    on_file,
    organisation,
    organisations,
    polled_every,
)
from tests.simulation.cases.stories import LAMP, SERVICE, goods, lines_of, listen, ordered, quantities
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import RULES, Scene, play

SORTS = ("throttle", "error", "error_after", "unauthorized", "reset_before", "reset_after", "half_body")
HOUR_SECONDS = 3600


@pytest.mark.parametrize("sort", SORTS)
def test_no_error_of_either_system_swallows_an_edit(sort: str) -> None:
    """W-1, A10: whatever a write is answered, the edit arrives without another edit of the record."""

    async def story(scene: Scene) -> None:
        number = example(scene)
        account = customer_of(scene, number)["number"]
        scene.crm_face.faults.add(sort, method="PUT", path="/Organisations", count=3)
        scene.erp_face.faults.add(sort, method="PUT", path="/v1/customer", count=3)
        edit_organisation(scene, number, OrganisationCity="Odense")
        edit_customer(scene, account, {"mainContact.phone1": "66112233"})
        await scene.settle()
        held = customer_of(scene, number)["fields"]
        assert (held["mainAddress.city"], held["mainContact.phone1"]) == ("Odense", "66112233")
        row = organisation(scene, number)
        assert (row["OrganisationCity"], row["OrganisationTelephone"]) == ("Odense", "66112233")
        assert await scene.parked() == []

    play(story)


@pytest.mark.parametrize("away", list(Side))
def test_an_outage_of_five_hours_needs_nobody(away: Side) -> None:
    """A10, A16: one system is away while the other goes on; no attempt to write is the last one."""

    async def story(scene: Scene) -> None:
        polled_every(scene, 30)
        await scene.start()
        await scene.settle()
        number = example(scene)
        account = customer_of(scene, number)["number"]
        face = scene.crm_face if away is Side.CRM else scene.erp_face
        for method in ("PUT", "POST"):
            face.faults.add("error", method=method, status=503, probability=1)
        edit_organisation(scene, number, OrganisationCity="Odense")
        edit_customer(scene, account, {"mainContact.phone1": "66112233"})
        make_customer(scene, number="10500", corporateId="87654321")
        make_organisation(scene, "Sydhavn A/S")
        await scene.sleep(60)
        face.faults.add("error", status=503, probability=1)
        for _ in range(10):
            scene.skip(HOUR_SECONDS / 2)
            await scene.sleep(30)
        assert len(organisations(scene)) + len(customers(scene)) == 5  # the living side was given its own
        face.faults.clear()
        await scene.sleep(120)  # the reads find that it answers again
        scene.skip(2 * HOUR_SECONDS)  # no write is put off for longer
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"
        assert organisation(scene, number)["OrganisationTelephone"] == "66112233"
        assert len(organisations(scene)) == len(customers(scene)) == 3
        assert await scene.parked() == []

    play(story, started=False)


def test_a_crash_between_reading_a_change_and_keeping_it_skips_nothing() -> None:
    """A14, W-24: the position never runs ahead of what is stored."""

    async def story(scene: Scene) -> None:
        on_file(scene)
        await scene.start()
        await scene.settle()
        number = example(scene)
        account = customer_of(scene, number)["number"]
        read = {side: asyncio.Event() for side in Side}

        def watch(side: Side, text: bytes) -> None:
            def see(request: Request, answer: Response) -> None:
                if request.method == "GET" and text in answer.body and not read[side].is_set():
                    read[side].set()
                    scene.daemon.store.kill()  # the answer is on its way, and can no longer be kept

            face = scene.crm_face if side is Side.CRM else scene.erp_face
            face.record = see

        watch(Side.CRM, b"Odense")
        watch(Side.ERP, b"66112233")
        edit_organisation(scene, number, OrganisationCity="Odense")
        await asyncio.wait_for(read[Side.CRM].wait(), 300)
        await scene.sleep(1)
        await crash(scene)
        await scene.start()
        edit_customer(scene, account, {"mainContact.phone1": "66112233"})
        await asyncio.wait_for(read[Side.ERP].wait(), 300)
        await scene.sleep(1)
        await crash(scene)
        await scene.start()
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"
        assert organisation(scene, number)["OrganisationTelephone"] == "66112233"

    play(story, started=False)


def test_creates_in_quick_succession_are_all_made_and_none_twice() -> None:
    """A7: webCRM's own new ids collide (quirk Q5)."""

    async def story(scene: Scene) -> None:
        scene.crm.settings.create_race_probability = 1.0
        scene.crm.settings.create_race_ms = 2000
        wire = listen(scene)
        for n in range(8):
            make_customer(scene, f"Firma {n} ApS", number=str(10_500 + n))
        await scene.settle()
        names = [row["OrganisationName"] for row in organisations(scene)]
        assert sorted(names)[:8] == [f"Firma {n} ApS" for n in range(8)]
        assert len(names) == 9
        assert any(one.status == 500 for one in wire)  # they did collide

    play(story)


def test_the_number_that_comes_back_overwrites_no_edit_made_meanwhile() -> None:
    """W-9: only the link and the number are written back, never the record as it was when it was read."""

    async def story(scene: Scene) -> None:
        number = 0

        def meanwhile(request: Request, answer: Response) -> None:
            if (request.method, request.path) == ("POST", "/v1/customer") and answer.status < 300:
                edit_organisation(scene, number, OrganisationCity="Ribe", OrganisationComment="Ringede")

        scene.erp_face.record = meanwhile
        number = make_organisation(scene, OrganisationCity="Odense")
        await scene.settle()
        row = organisation(scene, number)
        assert row[NUMBER] == customer_of(scene, number)["number"]
        assert (row["OrganisationCity"], row["OrganisationComment"]) == ("Ribe", "Ringede")
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Ribe"

    play(story)


@pytest.mark.parametrize("sort", ["error", "error_after", "reset_before", "reset_after"])
def test_a_delivery_half_written_is_completed_and_loses_no_line(sort: str) -> None:
    """A35, A36, W-21: what failed in the middle goes on there; the lines that stand keep their ids."""

    async def story(scene: Scene) -> None:
        scene.crm_face.faults.add(sort, method="POST", path="/QuotationLines", skip=2, count=2)
        made, number = await ordered(scene, *(goods(LAMP, n) for n in range(1, 7)))
        await scene.settle()
        assert quantities(scene, number) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        ids = [one["QuotationLineId"] for one in lines_of(scene, number)]
        wire = listen(scene)
        scene.crm_face.faults.add(sort, path="/QuotationLines/", count=1)
        scene.crm_face.faults.add(sort, method="PUT", path="/Deliveries", count=1)
        scene.bookkeeper(
            "edit_order",
            orderId=made["id"],
            description="Rettet",
            lines=[{"lineId": 2, "quantity": 9}],
            add=[goods(SERVICE, 8)],
        )
        await scene.settle()
        assert quantities(scene, number) == [1.0, 9.0, 3.0, 4.0, 5.0, 6.0, 8.0]
        assert [one["QuotationLineId"] for one in lines_of(scene, number)][:6] == ids
        assert not wire.of("DELETE", "/QuotationLines")

    play(story)


def test_new_rules_and_moving_positions_do_not_overwrite_each_other() -> None:
    """W-24: rules are versions, positions are rows, and nothing is written into the operator's own files."""

    async def story(scene: Scene) -> None:
        files = {path: path.read_bytes() for path in scene.folder.iterdir() if path.is_file()}
        number = example(scene)
        account = customer_of(scene, number)["number"]
        edit_organisation(scene, number, OrganisationCity="Odense")
        changed = RULES.replace('types = ["Kunde"]', 'types = ["Kunde", "Leverandør"]')
        await asyncio.gather(
            scene.sleep(11), scene.daemon.commands.set_rules("kunde", changed, "lene", "more types")
        )
        edit_customer(scene, account, {"mainContact.phone1": "66112233"})
        other = make_organisation(scene, OrganisationType="Leverandør")
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"
        assert organisation(scene, number)["OrganisationTelephone"] == "66112233"
        assert customer_of(scene, other)["number"] == organisation(scene, other)[NUMBER]
        assert {path: path.read_bytes() for path in files} == files

    play(story)


@pytest.mark.parametrize("told", [True, False])
def test_a_hook_hurries_and_without_it_the_poll_comes(told: bool) -> None:
    """A32: a hook is a hint to look; what is true is always read."""

    async def story(scene: Scene) -> None:
        polled_every(scene, 300)
        await scene.start()
        await scene.settle()
        before = len(customers(scene))
        await scene.sleep(20)
        make_organisation(scene)
        if told:
            scene.daemon.plant.hints.offer(("kunde", Side.CRM, None), Lane.LIVE)
        await scene.sleep(20)
        assert len(customers(scene)) == before + (1 if told else 0)
        await scene.sleep(320)
        await scene.settle()
        assert len(customers(scene)) == before + 1

    play(story, started=False)
