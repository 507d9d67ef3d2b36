"""Bulk writes to webCRM: fewest calls when all goes well; when a batch is lost, halved or refused, each
record is resolved by its own marker and none is doubled (reliability §5, webcrm-api §3)."""

from collections import Counter

import pytest

from tests.simulation.scene import Scene, play

COUNT = 150


async def filled(scene: Scene, count: int = COUNT) -> None:
    """An ERP full of customers, a daemon that has proven what PATCH does, and the plan accepted."""
    rows = [
        {
            "name": f"Nordlys {number} ApS",
            "corporateId": f"{10_000_000 + number}",
            "mainAddress": {"addressLine1": f"Vej {number}", "postalCode": "8000", "city": "Aarhus C"},
        }
        for number in range(count)
    ]
    scene.erp.load("customers", rows)
    await scene.start()
    await scene.settle()
    example = next(iter(scene.crm.rows("organisation")))["OrganisationId"]
    findings = await scene.daemon.commands.probe("kunde", str(example))
    assert all(finding.ok for finding in findings["findings"])
    scene.forget_calls()
    await scene.daemon.commands.accept("kunde", "test")


def judged(scene: Scene, count: int = COUNT) -> None:
    """Every customer has exactly one organisation, which carries its number and its marker."""
    rows = [row for row in scene.crm.rows("organisation") if row["OrganisationName"].startswith("Nordlys ")]
    names = Counter(row["OrganisationName"] for row in rows)
    assert max(names.values()) == 1
    assert len(rows) == count
    markers = [row["OrganisationExtraCustom8"] for row in rows]
    assert len(set(markers)) == count
    assert all(marker.startswith("erp:organisation:") for marker in markers)
    assert all(row["OrganisationExtraCustom2"] for row in rows)


def test_creates_go_out_in_as_few_calls_as_the_limit_allows() -> None:
    async def story(scene: Scene) -> None:
        await filled(scene)
        await scene.settle()
        judged(scene)
        # 150 creates, at most 100 a call; and the example's own number, once the ERP has given it.
        assert scene.crm_calls("PATCH /Organisations") == 3
        assert scene.crm_calls("POST /Organisations") == 0

    play(story, first_sync="ask", started=False)


@pytest.mark.parametrize(
    ("sort", "settings"),
    [
        ("reset_after", {"count": 1}),
        ("reset_before", {"count": 1}),
        ("late_commit", {"count": 1, "seconds": 1.5}),
        ("half_body", {"count": 1}),
        ("error_after", {"count": 1}),
        ("error", {"count": 1}),
        ("throttle", {"count": 2, "seconds": 3.0}),
    ],
)
def test_a_batch_without_an_answer_doubles_nothing(sort: str, settings: dict[str, object]) -> None:
    async def story(scene: Scene) -> None:
        await filled(scene)
        scene.crm_face.faults.add(sort, method="PATCH", path="/Organisations", **settings)
        await scene.settle()
        assert not scene.crm_face.faults.rules, "the fault was never met"
        judged(scene)

    play(story, first_sync="ask", started=False)


def test_a_refused_row_stops_only_itself() -> None:
    async def story(scene: Scene) -> None:
        # webCRM is told meanwhile to take four characters where the catalogue that we read says fifty.
        scene.erp.load("customers", [{"name": "Nordlys X ApS", "gln": "1234567890123"}])
        await filled(scene, 20)
        settings = {"label": "EAN", "kind": "text", "maximum": 4}
        scene.user("configure_field", field="OrganisationExtraCustom3", settings=settings)
        await scene.settle()
        judged(scene, 20)
        [refused] = await scene.parked()
        assert (refused["entity"], refused["reason"]) == ("organisation", "rejected")
        assert "1234567890123" not in refused["sentence"]

    play(story, first_sync="ask", started=False)
