"""`streamsync verify` on a played scene: both systems really are read again, by the product's own clients.

What nobody tells (an edit that moves no stamp, a copy with our marker, a hand in the database) is found; what
the daemon is about to see by itself is not called wrong.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from streamsync.model import Side
from streamsync.verify import run, words
from tests.simulation.cases import parties, stories
from tests.simulation.cases.parties import MARKER, customer_of, make_organisation, organisation
from tests.simulation.cases.stories import billed, goods, invoiced, ordered, sent
from tests.simulation.scene import Scene, play

NAMES = ("Nordlys", "Kanarifugl", "nattergal", "55667788", "Solsikkevej", "Hejre")
Row = dict[str, Any]


class Api:
    """An `Asked`: the daemon's two answers, as JSON would carry them."""

    def __init__(self, scene: Scene) -> None:
        self._commands = scene.daemon.commands

    async def checks(self, connection: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = _json(await self._commands.verify(connection))
        return found

    async def look(self, connection: str, numbers: Sequence[int], *, read: bool) -> Sequence[Row]:
        return list(_json(await self._commands.verify_pairs(connection, numbers, read)))


def _json(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


async def verified(scene: Scene, sample: int | None = None) -> Row:
    found = await run.verify(Api(scene), "kunde", scene.clock, sample=sample, seed=1)
    kept = msgspec.json.encode(found).decode() + "\n".join(words.report(found))
    for name in NAMES:
        assert name.casefold() not in kept.casefold(), kept
    return found


def told(found: Row) -> list[tuple[str, str, list[str]]]:
    return [(one["what"], one["entity"], one["fields"]) for one in found["exceptions"]]


def nobody_polls(scene: Scene) -> None:
    """From the next turn of each poller on."""
    for connection in scene.daemon.plant.connections.values():
        connection.poll_seconds = dict.fromkeys(Side, 3600.0)


async def at_rest(scene: Scene) -> int:
    """Records of every sort, settled; nobody polls any more. The organisation made here."""
    made = make_organisation(
        scene,
        OrganisationTelephone="55667788",
        OrganisationAddress="Solsikkevej 1",
        OrganisationCity="Hejreby",
    )
    parties.make_person(scene, made, "Kanarifugl", PersonEmail="nattergal@fugle.example")
    await sent(scene)
    order, _ = await ordered(scene, goods())
    await invoiced(scene, order["id"])
    await scene.settle()
    nobody_polls(scene)
    await scene.sleep(30)
    return made


def test_a_played_scene_is_equal_and_the_sentence_says_so() -> None:
    async def story(scene: Scene) -> None:
        await at_rest(scene)
        scene.forget_calls()
        found = await verified(scene)
        assert told(found) == []
        assert found["in_motion"] == []
        counts = found["entities"]
        assert counts.keys() == {"organisation", "person", "item", "delivery", "invoice"}
        assert counts["delivery"]["equal"] == counts["delivery"]["read_again_equal"] == 2
        equal = sum(one["equal"] for one in counts.values())
        assert equal == found["equal"] == found["read_again"] >= 8
        assert counts["invoice"]["held"] == 1  # shows on the delivery of its order
        assert [*words.report(found)][-1] == (
            f"{equal} pairs equal under rules v1 ({equal} re-read in both systems); 0 exceptions"
        )
        assert scene.writes() == 0
        assert scene.crm_calls() + scene.erp_calls() > 10
        scene.forget_calls()
        assert (await verified(scene, sample=0))["equal"] == equal
        assert scene.crm_calls() + scene.erp_calls() == 0
        assert (await verified(scene, sample=3))["read_again"] == 3

    play(story)


def test_an_edit_that_the_next_poll_will_show_is_in_motion() -> None:
    async def story(scene: Scene) -> None:
        made = await at_rest(scene)
        parties.edit_organisation(scene, made, OrganisationCity="Hejrevig")
        found = await verified(scene)
        assert told(found) == []
        assert [one["webcrm"] for one in found["in_motion"]] == [str(made)]

    play(story)


def test_an_edit_that_is_polled_while_we_wait_is_equal_or_in_motion() -> None:
    async def story(scene: Scene) -> None:
        made = make_organisation(scene, OrganisationCity="Hejreby")
        await scene.settle()
        parties.edit_organisation(scene, made, OrganisationCity="Hejrevig")
        assert told(await verified(scene)) == []
        await scene.settle()
        found = await verified(scene)
        assert (told(found), found["in_motion"]) == ([], [])
        assert customer_of(scene, made)["fields"]["mainAddress.city"] == "Hejrevig"

    play(story)


def test_a_change_that_no_stamp_shows_is_an_exception() -> None:
    """Somebody restores a table of webCRM, or writes into its database: no poll will ever tell."""

    async def story(scene: Scene) -> None:
        made = make_organisation(scene, OrganisationCity="Hejreby")
        await scene.settle()
        await scene.sleep(300)
        make_organisation(scene, "Hejre ApS")  # from now on polls look back to this one's stamp
        await scene.settle()
        nobody_polls(scene)
        await scene.sleep(30)
        scene.crm.books.tables["organisation"].set(made, {"OrganisationCity": "Hejrevig"})
        assert organisation(scene, made)["OrganisationCity"] == "Hejrevig"
        await scene.sleep(60)
        found = await verified(scene)
        assert told(found) == [("unseen", "organisation", ["mainAddress.city"])]
        [one] = found["exceptions"]
        assert (one["webcrm"], "It is webCRM's." in one["why"]) == (str(made), True)
        assert re.search(r"organisation pair \d+ \(webCRM", "\n".join(words.report(found)))

    play(story)


def test_a_copy_that_carries_our_marker_is_an_exception() -> None:
    async def story(scene: Scene) -> None:
        made = await at_rest(scene)
        number = customer_of(scene, made)["internal_id"]
        marker = f"crm:organisation:{made}"
        parties.make_customer(scene, "Nordlys kopi", **{"attributes.WEBCRMID": marker})
        found = await verified(scene)
        [one] = found["exceptions"]
        assert (one["what"], one["visma"]) == ("twice", str(number))
        assert "2 records of Visma.net carry it" in one["why"]

    play(story)


def test_a_copy_that_is_known_and_linked_on_its_own_is_named_once() -> None:
    async def story(scene: Scene) -> None:
        _, order = await sent(scene)
        marker = order["fields"]["customerOrder"]
        copy = scene.bookkeeper(
            "create_order", customer=stories.NUMBER, lines=[goods()], customerOrder=marker
        )
        await scene.settle()
        found = await verified(scene)
        [one] = found["exceptions"]
        assert (one["what"], one["visma"]) == ("one_record_per_marker", f"order:SO/{copy['orderId']}")

    play(story)


def test_the_row_for_lines_without_an_item_is_at_rest() -> None:
    """Found by verify: the placeholder had no prices, webCRM shows 0, and each reading of the catalogue wrote
    the row again."""

    async def story(scene: Scene) -> None:
        freight = {"description": "Fragt", "quantity": 1, "unitPrice": Decimal("79.50")}
        made = scene.bookkeeper("create_invoice", customer=stories.NUMBER, lines=[billed(), freight])
        scene.bookkeeper("release", referenceNumber=made["referenceNumber"])
        await scene.settle()
        await scene.sleep(90)  # the lines wait for their catalogue row
        await scene.settle()
        scene.forget_calls()
        scene.daemon.plant.connections["kunde"].poll_wakes["LinkedData"].set()
        await scene.sleep(30)
        await scene.settle()
        assert scene.writes() == 0
        found = await verified(scene)
        assert (told(found), found["in_motion"]) == ([], [])
        assert found["entities"]["item"]["equal"] == 3

    play(story)


def test_a_record_that_is_not_there_any_more_is_an_exception() -> None:
    async def story(scene: Scene) -> None:
        made = await at_rest(scene)
        [person] = parties.newcomers(scene)
        scene.user("delete", kind="person", id=person["PersonId"])
        found = await verified(scene)
        [one] = found["exceptions"]
        assert (one["what"], one["webcrm"]) == ("missing", str(person["PersonId"]))
        assert organisation(scene, made)[MARKER]

    play(story)


def test_a_system_that_does_not_answer_hides_nothing_and_proves_nothing() -> None:
    async def story(scene: Scene) -> None:
        await at_rest(scene)
        scene.erp_face.faults.add("error", method="GET", probability=1)
        found = await verified(scene)
        assert {what for what, _, _ in told(found)} == {"unread"}
        assert len(found["exceptions"]) == found["read_again"] >= 8
        assert found["equal"] == 0
        scene.erp_face.faults.rules.clear()
        await scene.sleep(120)
        assert (await verified(scene))["exceptions"] == []

    play(story)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE pair SET base=replace(base,'Hejreby','Hejrevig') WHERE entity='organisation'", "base"),
        ("UPDATE record SET fields=replace(fields,'Hejreby','Hejrevig') WHERE side='erp'", "acts"),
    ],
)
def test_a_hand_in_the_database_is_an_exception(damage: str, what: str) -> None:
    """A base that says something else than both records; a stored record that nobody compared."""

    async def story(scene: Scene) -> None:
        await at_rest(scene)
        await scene.daemon.store.tx(lambda c: c.execute(damage).rowcount)
        found = await verified(scene, sample=0)
        assert [(one["what"], one["entity"]) for one in found["exceptions"]] == [(what, "organisation")]

    play(story)


def test_a_line_that_was_edited_and_not_yet_polled_is_in_motion() -> None:
    async def story(scene: Scene) -> None:
        number, _ = await sent(scene)
        nobody_polls(scene)
        await scene.sleep(30)
        [first, *_] = stories.lines_of(scene, number)
        scene.user("edit_line", id=first["QuotationLineId"], fields={"QuotationLineQuantity": 7.0})
        found = await verified(scene)
        assert told(found) == []
        assert [one["webcrm"] for one in found["in_motion"]] == [str(number)]

    play(story)
