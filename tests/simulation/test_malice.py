"""The world's malice acts as drawn; and stories of what it once found, told small."""

from streamsync.simulators.faults import Sort
from tests.simulation.scene import Scene, play


def test_an_unanswered_contact_below_a_renumbered_customer_is_known_by_the_list() -> None:
    """Once: its look-up named the old number, was refused for ever, and held up every other look-up (focus
    `families`, seed 2)."""

    async def story(scene: Scene) -> None:
        fields = {"OrganisationName": "Birk ApS", "OrganisationType": "Kunde"}
        organisation = scene.user("create", kind="organisation", fields=fields)
        await scene.settle()
        [customer] = [c for c in scene.erp.state()["customers"] if c["fields"]["name"] == "Birk ApS"]
        scene.erp_face.faults.add(Sort.RESET_AFTER, method="POST", path="/v1/contact", count=1)
        scene.erp_face.faults.add(Sort.ERROR, method="GET", path="/v1/customer/", count=4, status=502)
        person = {
            "PersonOrganisationId": organisation,
            "PersonLastName": "Eg",
            "PersonEmail": "eg@kunde.example",
            "PersonCustom1": "Yes",
        }
        scene.user("create", kind="person", fields=person)
        while not scene.erp.state()["contacts"] or len(scene.erp.state()["contacts"]) < 2:
            await scene.sleep(0.1)
        scene.bookkeeper("renumber_customer", number=customer["number"], to="95001")
        await scene.settle()
        mails = [c["fields"].get("email") for c in scene.erp.state()["contacts"]]
        assert mails.count("eg@kunde.example") == 1
        assert not await scene.parked()

    play(story)


def test_a_record_that_carries_our_marker_is_not_created_again_though_it_is_linked_elsewhere() -> None:
    """Once: the marker's attribute was gone while the new customer was first seen, so it became a pair of its
    own; when the attribute was back, the next edit of the organisation made a second customer (seed 31)."""

    async def story(scene: Scene) -> None:
        fields = {"OrganisationName": "Ask ApS", "OrganisationType": "Kunde"}
        organisation = scene.user("create", kind="organisation", fields=fields)
        while not [c for c in scene.erp.state()["customers"] if c["fields"]["name"] == "Ask ApS"]:
            await scene.sleep(0.01)
        scene.bookkeeper("settings", missing_attributes=["WEBCRMID"])
        await scene.sleep(120)
        scene.bookkeeper("settings", missing_attributes=[])
        await scene.settle(7200)
        scene.user("edit", kind="organisation", id=organisation, fields={"OrganisationCity": "Ribe"})
        await scene.settle(7200)
        marks = [c["fields"].get("attributes.WEBCRMID") for c in scene.erp.state()["customers"]]
        assert marks.count(f"crm:organisation:{organisation}") == 1

    play(story)
