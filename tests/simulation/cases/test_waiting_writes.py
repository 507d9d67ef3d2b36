"""A write that waits: refused for a while as its target moves on, or claimed long before it may leave."""

from typing import Any
from unittest import mock

from streamsync.model import Side
from streamsync.simulators.faults import Sort
from tests.simulation.cases.parties import customer_of, make_person
from tests.simulation.cases.stories import NUMBER
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import Scene, play, rules_with

WEB_NEWEST = """
[[organisation.map]]
id = "C1"
crm = "OrganisationCustom5"
erp = "mainContact.web"
owner = "newest"

[conflict]
tie_seconds = 1
"""


def test_an_edit_that_came_while_a_write_waited_is_weighed_not_overwritten() -> None:
    """The list shows the bookkeeper's edit, and its new version, before the write goes out."""

    async def story(scene: Scene) -> None:
        number = example(scene)
        scene.erp_face.faults.add(Sort.ERROR, method="PUT", status=503, count=3)
        scene.user("edit", kind="organisation", id=number, fields={"OrganisationCustom5": "planned.example"})
        await scene.sleep(12)
        scene.bookkeeper("edit_customer", number=NUMBER, fields={"mainContact.web": "later.example"})
        await scene.settle()
        assert customer_of(scene, number)["fields"]["mainContact.web"] == "later.example"
        assert scene.crm.get("organisation", number)["OrganisationCustom5"] == "later.example"

    play(story, rules=rules_with(WEB_NEWEST))


def test_the_settle_time_counts_from_when_the_answer_was_given_up() -> None:
    """A create waits half a minute for its turn, is cut off, lands a little later: it is not sent again."""

    async def story(scene: Scene) -> None:
        [connection] = scene.daemon.plant.connections.values()
        erp = connection.systems[Side.ERP]
        once: Any = erp.send

        async def late(*arguments: Any) -> Any:
            await scene.clock.sleep(30)
            return await once(*arguments)

        scene.erp_face.faults.add(Sort.LATE_COMMIT, method="POST", path="/v1/contact", count=1, seconds=1.9)
        with mock.patch.object(erp, "send", late):
            make_person(scene, example(scene), "Vestergaard", PersonEmail="v@kunde.example")
            await scene.settle()
        contacts = [row["fields"].get("email") for row in scene.erp.state()["contacts"]]
        assert contacts.count("v@kunde.example") == 1

    play(story)
