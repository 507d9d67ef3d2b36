"""The same history under another light gives the same end: nothing may hang on timing, repetition or ids.

    python -m tests.simulation.swarm.metamorphic [SEED [COUNT]]

One seeded history of people's acts is played four times: as it is; with polls ten times as rare; with each
page of each list delivered twice; with both systems' ids and numbers counted from elsewhere. At the end both
worlds must hold the same (`portrait`), and the invariants. The acts come in rounds with rest between them,
and within one round a field is typed on one side only: so no race decides anything, and whatever differs is
the daemon's doing.
"""

import asyncio
import difflib
import logging
import random
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from streamsync.systems.port import Page, System
from tests.simulation.swarm import invariants
from tests.simulation.swarm.day import Act, Screens
from tests.simulation.swarm.portrait import portrait
from tests.simulation.swarm.seed import POLL, World, run_seed

ROUND_SECONDS = 30.0  # more than one poll as it is, far less than one of the rare ones
RARER = 10
FURTHER = 4_321  # how much further the ids of both systems begin


class Light(msgspec.Struct, frozen=True):
    """One way to see the same history."""

    rarer: int = 1
    pages: int = 1
    ids_from: int = 0


LIGHTS = {
    "as it is": Light(),
    f"polls {RARER} times as rare": Light(rarer=RARER),
    "each page twice": Light(pages=2),
    "other ids": Light(ids_from=FURTHER),
}


class Cast(msgspec.Struct, frozen=True):
    """Who and what occurs in one history. The names stand for a record on whichever side."""

    ours: list[str]
    theirs: list[str]
    persons: list[str]
    contacts: list[str]
    deals: list[str]
    orders: list[str]

    @property
    def parties(self) -> list[str]:
        return [*self.ours, *self.theirs]

    @property
    def documents(self) -> list[str]:
        return [*self.deals, *self.orders]


def history(screens: Screens, rng: random.Random) -> list[list[Act]]:
    """What people do, round by round, in an order that the seed draws."""
    names = ("Vores", "Deres", "Person", "Kontakt", "Handel", "Ordre")
    cast = Cast(*([f"{name}{number}" for number in range(rng.randint(1, 3))] for name in names))
    rounds = [_parties(screens, cast), _below(screens, cast, rng)]
    rounds += [_edits(screens, cast, rng), _edits(screens, cast, rng)]
    rounds += _ends(screens, cast, rng)
    for acts in rounds:
        rng.shuffle(acts)
    return rounds


def _parties(screens: Screens, cast: Cast) -> list[Act]:
    return [
        *(partial(screens.crm_organisation, name) for name in cast.ours),
        *(partial(screens.erp_customer, name) for name in cast.theirs),
        *(partial(screens.erp_item, number) for number in ("10", "LAMPE-01")),
    ]


def _below(screens: Screens, cast: Cast, rng: random.Random) -> list[Act]:
    """Everything that belongs to somebody, below a party of either side."""

    def party() -> str:
        return rng.choice(cast.parties)

    def amounts() -> list[int]:
        return [rng.randint(1, 9) for _ in range(rng.randint(1, 3))]

    return [
        *(partial(screens.crm_person, name, party()) for name in cast.persons),
        *(partial(screens.erp_contact, name, party()) for name in cast.contacts),
        *(partial(screens.crm_delivery, name, party(), *amounts()) for name in cast.deals),
        *(partial(screens.erp_order, name, party(), *amounts()) for name in cast.orders),
    ]


def _edits(screens: Screens, cast: Cast, rng: random.Random) -> list[Act]:
    """Each field is typed at most twice, all at one of its screens; a document's lines at most once."""
    fields: list[tuple[Act, ...]] = [
        (partial(screens.crm_edit, party, field), partial(screens.erp_edit, party, field))
        for party in cast.parties
        for field in ("name", "address", "city")
    ]
    fields += [(partial(screens.crm_title, person),) for person in cast.persons]
    fields += [(partial(screens.erp_title, contact),) for contact in cast.contacts]
    fields += [(partial(screens.crm_text, name), partial(screens.erp_text, name)) for name in cast.documents]
    acts = [act for sides in fields for act in [rng.choice(sides)] * rng.choice((0, 0, 1, 1, 2))]
    for name in cast.documents:
        quantity = rng.randint(10, 99)
        lines: tuple[Act, ...] = (
            partial(screens.crm_line_quantity, name, 0, quantity),
            partial(screens.erp_lines, name, quantity),
        )
        acts += [rng.choice(lines)] * rng.choice((0, 1))
    return acts


def _ends(screens: Screens, cast: Cast, rng: random.Random) -> list[list[Act]]:
    """Some are billed, one order is cancelled, a customer has a new number; then money comes."""
    billed = [name for name in cast.documents if rng.random() < 0.5]
    dropped = [name for name in cast.orders if name not in billed][:1]
    return [
        [
            *(partial(screens.erp_bill, name) for name in billed),
            *(partial(screens.erp_cancel, name) for name in dropped),
            partial(screens.erp_renumber, rng.choice(cast.parties), "95001"),
        ],
        [
            *(partial(screens.erp_pay, name) for name in billed),
            partial(screens.crm_edit, cast.ours[0], "name"),
        ],
    ]


async def play(world: World, light: Light, ends: list[list[str]]) -> list[str]:
    """The whole history in this light; what both worlds hold at its end is added to `ends`."""
    rng = random.Random(f"metamorphic {world.seed}")
    _count_from(world, light.ids_from)
    screens = Screens(world)
    await world.birth()
    [connection] = world.life.daemon.plant.connections.values()
    connection.poll_seconds = dict.fromkeys(connection.poll_seconds, POLL * light.rarer)
    for system in connection.systems.values():
        _deliver(system, light.pages)
    await _rest(world, light)
    for acts in history(screens, rng):
        began = world.loop.time()
        for moment, act in zip(sorted(rng.uniform(0, ROUND_SECONDS) for _ in acts), acts, strict=True):
            await asyncio.sleep(max(0.0, began + moment - world.loop.time()))
            act()
        if trouble := await _rest(world, light):
            return trouble
    for wake in connection.poll_wakes.values():  # what is read once in many polls, too
        wake.set()
    failures = await world.settle()
    ends.append(portrait(world.crm, world.erp))
    ground = await world.ground()
    return failures or [problem for check in invariants.AT_REST for problem in check(ground)]


async def _rest(world: World, light: Light) -> list[str]:
    """Every list was read twice since, and nothing is under way."""
    await asyncio.sleep(POLL * (light.rarer - 1) * 2.5)  # as it is, `settle` waits for as long
    return await world.settle()


def _count_from(world: World, further: int) -> None:
    """Both systems' next ids and numbers. What they hold already keeps its own."""
    if not further:
        return
    crm, erp = world.crm.books, world.erp.company
    crm.next_ids = {series: number + further for series, number in crm.next_ids.items()}
    inner: dict[str, Any] = vars(erp)
    for name in ("_next_customer", "_next_contact", "_next_item"):
        inner[name] += further
    inner["_series"] = {series: number + further for series, number in inner["_series"].items()}


def _deliver(system: System, times: int) -> None:
    """Each page so often."""
    once: Callable[..., AsyncIterator[Page]] = system.read

    async def read(*arguments: Any) -> AsyncIterator[Page]:
        async for page in once(*arguments):
            for _ in range(times):
                yield page

    vars(system)["read"] = read


def compare(seed: int) -> tuple[list[str], list[str]]:
    """What is wrong with this seed, and a line of figures per light."""
    failures, figures, ends = [], [], list[list[str]]()
    for name, light in LIGHTS.items():
        known = len(ends)
        found = run_seed(seed, partial(play, light=light, ends=ends))
        failures += [f"{name}: {problem}" for problem in found.failures]
        figures.append(
            f"{name}: {found.core_seconds:.2f} s core, {found.virtual_seconds:.0f} s virtual, "
            f"{found.edits} edits, {found.writes} writes"
        )
        if known and len(ends) > known:
            failures += [f"{name}: {line}" for line in _difference(ends[0], ends[known])]
    return failures, figures


def _difference(one: Sequence[str], other: Sequence[str]) -> list[str]:
    return [line for line in difflib.ndiff(list(one), list(other)) if line[0] in "-+?"]


def main(arguments: list[str]) -> int:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    first = int(arguments[0]) if arguments else 1
    count = int(arguments[1]) if len(arguments) > 1 else 1
    bad = 0
    for seed in range(first, first + count):
        failures, figures = compare(seed)
        bad += bool(failures)
        print(f"seed {seed}: {'DIFFERS' if failures else 'the same end in every light'}")
        print("\n".join(f"  {line}" for line in figures))
        print("".join(f"  ! {problem[:600]}\n" for problem in failures[:12]), end="", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
