"""Clocks that are apart: `newest` compares stamps after the measured skew (semantics §9)."""

from typing import Any

import pytest

from streamsync.store import meta
from tests.simulation.cases.parties import customer_of, organisation
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import Scene, play, rules_with

WEB_NEWEST = """
[[organisation.map]]
id = "C1"
crm = "OrganisationCustom5"
erp = "mainContact.web"
owner = "newest"
"""
FIELD, WEB = "OrganisationCustom5", "mainContact.web"


def user(scene: Scene, number: int, text: str) -> None:
    """At webCRM's screen, by webCRM's clock."""
    fields: dict[str, Any] = {"kind": "organisation", "id": number, "fields": {FIELD: text}}
    scene.crm.act("edit", fields, scene.crm_face.now_ms())


def bookkeeper(scene: Scene, account: str, text: str) -> None:
    """At the ERP's screen, by the ERP's clock."""
    scene.erp.act("edit_customer", {"number": account, "fields": {WEB: text}}, scene.erp_face.now_ms())


async def skew_ms(scene: Scene) -> int:
    return await scene.daemon.store.read(lambda c: meta.skew_ms(c, "kunde"))


@pytest.mark.parametrize(("ahead_seconds", "later"), [(1_500, "webcrm"), (-900, "visma")])
def test_the_later_edit_wins_however_far_the_clocks_are_apart(ahead_seconds: int, later: str) -> None:
    async def story(scene: Scene) -> None:
        scene.erp_face.faults.clock_offset_ms = ahead_seconds * 1000
        scene.crm_face.faults.clock_offset_ms = 200_000
        await scene.start()
        await scene.settle()
        assert abs(await skew_ms(scene) - (ahead_seconds * 1000 - 200_000)) < 1_500
        number = example(scene)
        account = customer_of(scene, number)["number"]
        user(scene, number, "a.example")
        await scene.settle()
        assert customer_of(scene, number)["fields"][WEB] == "a.example"
        await scene.pause()
        if later == "webcrm":
            bookkeeper(scene, account, "visma.example")
            await scene.sleep(300)
            user(scene, number, "webcrm.example")
        else:
            user(scene, number, "webcrm.example")
            await scene.sleep(300)
            bookkeeper(scene, account, "visma.example")
        await scene.sleep(60)
        await scene.resume()
        await scene.settle()
        assert organisation(scene, number)[FIELD] == f"{later}.example"
        assert customer_of(scene, number)["fields"][WEB] == f"{later}.example"
        assert await scene.parked() == []

    play(story, rules=rules_with(WEB_NEWEST), started=False)


def test_a_clock_that_is_set_is_noticed_without_a_call_more() -> None:
    async def story(scene: Scene) -> None:
        assert abs(await skew_ms(scene)) <= 1_000
        scene.forget_calls()
        await scene.sleep(120)
        calls = scene.crm_calls() + scene.erp_calls()
        scene.erp_face.faults.clock_offset_ms = 90_000
        scene.forget_calls()
        await scene.sleep(120)
        assert abs(await skew_ms(scene) - 90_000) < 1_500
        assert abs(scene.crm_calls() + scene.erp_calls() - calls) <= 2  # one look more or less in the window

    play(story)
