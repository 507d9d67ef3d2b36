"""Two connections in one daemon: what the predecessor's tenants do to each other, and ours do not
(`tests/predecessor.py`).
"""

import random

import pytest
from aiohttp import web

from streamsync.demo.processes import WEBCRM_TOKEN
from streamsync.simulators.face import Face
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.http import Request, Response
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.cases.parties import customer_of, edit_customer, edit_organisation, organisation
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import POLL_SECONDS, Scene, connection_text, play


class Neighbour:
    """A second pair of systems in the same daemon, listed before the first; before the start."""

    def __init__(self, scene: Scene, token: str = WEBCRM_TOKEN) -> None:
        self.crm = WebcrmWorld(7, requests_per_minute=6000)
        self.erp = VismaWorld(8)
        self.crm_face = Face(self.crm, scene.clock, FaultPlan(random.Random(7)))
        self.erp_face = Face(self.erp, scene.clock, FaultPlan(random.Random(8)))
        scene._servers["127.0.0.1:7003"] = web.Server(self.crm_face)
        scene._servers["127.0.0.1:7004"] = web.Server(self.erp_face)
        (scene.folder / "nabo").write_text(token, "utf-8")
        (scene.folder / "nabo").chmod(0o600)
        own = connection_text(
            name="nabo", token="nabo", ports=(7003, 7004), first_sync="accept", poll=POLL_SECONDS
        )
        before, head, rest = scene.config_path.read_text("utf-8").partition("[[connections]]")
        scene.config_path.write_text(before + own.lstrip() + head + rest, "utf-8")

    def fail(self) -> None:
        for face in (self.crm_face, self.erp_face):
            face.faults.add("error", probability=1)


def bearers(face: Face) -> set[str]:
    """From now on, every bearer that this system is shown."""
    shown: set[str] = set()

    def see(request: Request, _: Response) -> None:
        if found := request.headers.get("authorization", ""):
            shown.add(found)

    face.record = see
    return shown


async def edited_both_ways(scene: Scene) -> None:
    number = example(scene)
    edit_organisation(scene, number, OrganisationCity="Odense")
    edit_customer(scene, customer_of(scene, number)["number"], {"mainContact.phone1": "66112233"})
    await scene.sleep(60)
    assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"
    assert organisation(scene, number)["OrganisationTelephone"] == "66112233"


@pytest.mark.parametrize("broken", ["wrong token", "both away", "first away then back"])
def test_a_broken_neighbour_stops_nobody(broken: str) -> None:
    """A1, W-6: the neighbour is listed first, and fails at every turn."""

    async def story(scene: Scene) -> None:
        nabo = Neighbour(scene, "of nobody" if broken == "wrong token" else WEBCRM_TOKEN)
        if broken == "both away":
            nabo.fail()
        await scene.start()
        await scene.sleep(120)
        if broken == "first away then back":
            nabo.fail()
        await edited_both_ways(scene)
        status = scene.waiting()
        assert status["connections"]["kunde"]["degraded"] == []
        assert status["connections"]["nabo"]["degraded"]
        if broken == "first away then back":
            for face in (nabo.crm_face, nabo.erp_face):
                face.faults.clear()
            await scene.settle()
            assert scene.waiting()["status"] == "ok"

    play(story, started=False)


def test_a_neighbour_that_catches_up_does_not_slow_an_edit() -> None:
    """A1, A15: four hundred customers next door; each connection has its own queues and its own pace."""

    async def story(scene: Scene) -> None:
        nabo = Neighbour(scene)
        rows = [{"name": f"Nordlys {n} ApS", "corporateId": str(10_000_000 + n)} for n in range(400)]
        nabo.erp.load("customers", rows)
        await scene.start()
        await scene.sleep(15)
        made = len(nabo.crm.rows("organisation"))
        number = example(scene)
        edit_organisation(scene, number, OrganisationCity="Odense")
        await scene.sleep(POLL_SECONDS + 5)
        assert customer_of(scene, number)["fields"]["mainAddress.city"] == "Odense"
        assert 10 < made < len(nabo.crm.rows("organisation")) < 401  # it is still at it

    play(story, started=False)


def test_nobody_is_shown_the_token_of_another() -> None:
    """W-4: the bearer belongs to the request, whoever else is under way at the same moment."""

    async def story(scene: Scene) -> None:
        nabo = Neighbour(scene)
        faces = (scene.crm_face, nabo.crm_face, scene.erp_face, nabo.erp_face)
        shown = [bearers(face) for face in faces]
        for face in faces:
            face.faults.add("latency", seconds=2, probability=1)
        await scene.start()
        await scene.sleep(60)
        for n in range(10):
            edit_organisation(scene, example(scene), OrganisationCity=f"By {n}")
            edit = {"kind": "organisation", "id": nabo.crm.rows("organisation")[0]["OrganisationId"]}
            nabo.crm.act("edit", {**edit, "fields": {"OrganisationCity": f"Egn {n}"}}, scene.clock.now_ms())
            await scene.sleep(12)
        await scene.settle()
        assert [len(each) for each in shown] == [1, 1, 2, 2]  # Visma.net: one for finance, one for orders
        assert len(set.union(*shown)) == 6
        assert customer_of(scene, example(scene))["fields"]["mainAddress.city"] == "By 9"
        [other] = [row for row in nabo.erp.state()["customers"] if row["number"] == "10042"]
        assert other["fields"]["mainAddress.city"] == "Egn 9"

    play(story, started=False)
