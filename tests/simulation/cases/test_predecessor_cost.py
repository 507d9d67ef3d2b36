"""What the predecessor pays for per record, per line or per message, and ours does not
(`tests/predecessor.py`): reads, look-ups, logins.
"""

from collections import Counter
from typing import Any

from tests.simulation.cases.parties import edit_organisation, polled_every
from tests.simulation.cases.stories import LAMP, goods, ordered
from tests.simulation.cases.stories import organisation as example
from tests.simulation.scene import Scene, play

WATCHED_SECONDS = 300


def reads(scene: Scene) -> Counter[str]:
    """Requests for data since `forget_calls`, by kind."""
    found: Counter[str] = Counter()
    for face in (scene.crm_face, scene.erp_face):
        for (kind, _), count in face.counts.by_kind.items():
            if kind.startswith("GET"):
                found[kind] += count
    return found


def at_rest(companies: int) -> Counter[str]:
    """The reads of five minutes in which nothing happens, with so many customers, contacts and items."""
    seen: list[Counter[str]] = []

    async def story(scene: Scene) -> None:
        polled_every(scene, 30)
        for n in range(companies):
            scene.bookkeeper("create_customer", number=str(10_500 + n), fields={"name": f"Firma {n} ApS"})
            names: dict[str, Any] = {"firstName": "Ida", "lastName": f"Krogh {n}"}
            scene.bookkeeper(
                "create_contact", **names, email=f"ida@firma{n}.example", businessAccount=str(10_500 + n)
            )
            scene.bookkeeper("create_item", inventoryNumber=f"VARE-{n}", description="Vare")
        await scene.start()
        await scene.settle()
        assert len(scene.crm.rows("person")) >= companies
        scene.forget_calls()
        await scene.sleep(WATCHED_SECONDS)
        seen.append(reads(scene))

    play(story, started=False)
    return seen[0]


def test_a_look_costs_the_same_for_two_companies_and_for_many() -> None:
    """A5, A6: persons and items come with one list each, not with a call per organisation or item."""
    few, many = at_rest(2), at_rest(25)
    assert sum(few.values()) > 25
    assert few == many


def of_an_order(lines: int) -> Counter[str]:
    seen: list[Counter[str]] = []

    async def story(scene: Scene) -> None:
        scene.forget_calls()
        start = scene.clock.monotonic()
        await ordered(scene, *(goods(LAMP, n + 1) for n in range(lines)))
        await scene.sleep(200 - (scene.clock.monotonic() - start))
        seen.append(reads(scene))

    play(story)
    return seen[0]


def test_a_line_costs_no_look_up() -> None:
    """A38, W-22: items, groups and VAT rates are known before a line asks for them."""
    short, long = of_an_order(1), of_an_order(12)
    tables = [kind for kind in long if "vat" in kind.lower() or "inventory/" in kind.lower()]
    assert tables == []
    for kind, count in long.items():
        assert count <= short[kind] + 1, kind


def test_a_message_costs_no_login() -> None:
    """W-26: ten edits, one login to webCRM, one to each of Visma.net's two services."""

    async def story(scene: Scene) -> None:
        await scene.start()
        await scene.settle()
        number = example(scene)
        for n in range(10):
            edit_organisation(scene, number, OrganisationCity=f"By {n}")
            await scene.sleep(30)
        await scene.settle()
        logins = {
            kind: count
            for face in (scene.crm_face, scene.erp_face)
            for (kind, _), count in face.counts.by_kind.items()
            if "Auth/" in kind or "token" in kind
        }
        assert logins == {"POST /Auth/ApiLogin": 1, "POST /connect/token": 2}
        assert scene.erp_calls("PUT /v1/customer") == 10

    play(story, started=False)
