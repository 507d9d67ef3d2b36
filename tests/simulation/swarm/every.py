"""Dead at every commit, and at every await site: one rich day (`day.py`), played again for each crash point.

    python -m tests.simulation.swarm.every                        all of them (`make simulate CRASH=every`)
    python -m tests.simulation.swarm.every sample 12 20 [SEED]    so many commits and hits of sites, drawn
    python -m tests.simulation.swarm.every commit 37              one, with its story
    python -m tests.simulation.swarm.every site PLACE first|last|random|NUMBER

The day runs once without a crash, to count its commits and the hits of its await sites; then once per
commit, and per site at its first, its last and one random hit. The life that dies there is abandoned, not
unwound; the next one is born, the day goes on, and at rest every invariant is judged. Each run is a forked
child: what a dead life leaves behind ends with it.
"""

import logging
import multiprocessing
import os
import random
import shlex
import sys
import time
from collections import Counter
from typing import Any

import msgspec

from tests.simulation.swarm import day
from tests.simulation.swarm.seed import Verdict, World, run_seed
from tests.simulation.swarm.sites import Sites

SEED = 1
RUN_SECONDS = 600.0  # one run takes two; more than this is a loop without an end
SELF = "python -m tests.simulation.swarm.every"


class Survey(msgspec.Struct, frozen=True):
    """The day without a crash: how many commits until rest, and how often each site was hit until then."""

    verdict: Verdict
    commits: int
    hits: dict[str, int]


class Point(msgspec.Struct, frozen=True):
    """Where the daemon dies. With a site: at its `number`-th hit; without: right after that commit."""

    number: int
    site: str = ""
    which: str = ""  # first, last, random

    def words(self) -> str:
        if not self.site:
            return f"commit {self.number}"
        return f"site {shlex.quote(self.site)} {self.which or self.number}"


class Outcome(msgspec.Struct, frozen=True):
    point: Point
    verdict: Verdict
    reached: bool


def survey() -> Survey:
    commits, sites = 0, Sites(lambda: worlds[-1].life)
    worlds: list[World] = []

    async def plan(world: World) -> list[str]:
        nonlocal commits
        worlds.append(world)
        world.loop.after_turn = sites

        def settled() -> None:
            nonlocal commits
            sites.stop()
            commits = world.life.commits

        return await day.play(world, settled=settled)

    verdict = run_seed(SEED, plan)
    return Survey(verdict, commits, dict(sorted(sites.hits.items())))


def crash(point: Point) -> Outcome:
    """The day with one death in it."""

    async def plan(world: World) -> list[str]:
        if point.site:
            world.loop.after_turn = Sites(lambda: world.life, point.site, point.number)
        return await day.play(world, 0 if point.site else point.number)

    verdict = run_seed(SEED, plan)
    return Outcome(point, verdict, verdict.crashes > 0)


def points(found: Survey) -> list[Point]:
    """Every commit; every site at its first, its last and a random hit (fewer where those are the same)."""
    all_of_them = [Point(number) for number in range(1, found.commits + 1)]
    for site in found.hits:
        chosen = {hit(found, site, which): which for which in ("random", "last", "first")}
        all_of_them += [Point(number, site, which) for number, which in sorted(chosen.items())]
    return all_of_them


def hit(found: Survey, site: str, which: str) -> int:
    """`random` is the same one for as long as the site is hit as often."""
    hits = found.hits[site]
    if which == "random":
        return random.Random(f"{site} {hits}").randint(1, hits)
    return {"first": 1, "last": hits}.get(which) or int(which)


def sample(found: Survey, commits: int, sites: int, seed: int) -> list[Point]:
    rng = random.Random(seed)
    every = points(found)
    numbers = [point for point in every if not point.site]
    places = [point for point in every if point.site]
    return rng.sample(numbers, min(commits, len(numbers))) + rng.sample(places, min(sites, len(places)))


def run_all(chosen: list[Point]) -> list[Outcome]:
    """On all cores, a fresh child for each. Raises `multiprocessing.TimeoutError` if nothing comes back."""
    outcomes: list[Outcome] = []
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        coming = pool.imap_unordered(crash, chosen, chunksize=1)
        while len(outcomes) < len(chosen):
            outcomes.append(coming.next(RUN_SECONDS))
            report(outcomes[-1])
            if len(outcomes) % 100 == 0:
                print(f"{len(outcomes)} of {len(chosen)}", flush=True)
    return outcomes


def report(outcome: Outcome) -> bool:
    """Says what is wrong with one run, and how to see it again. True if it held."""
    failures = [*outcome.verdict.failures]
    if not outcome.reached:
        failures.append("the crash point was never reached: the day is not the same on every run")
    if failures:
        print(f"FAILED {SELF} {outcome.point.words()}")
        print("\n".join(f"  ! {problem[:400]}" for problem in failures[:8]), flush=True)
    return not failures


def one(found: Survey, arguments: list[str]) -> int:
    if arguments[0] == "commit":
        point = Point(int(arguments[1]))
    else:
        site, which = arguments[1], arguments[2] if len(arguments) > 2 else "first"
        if site not in found.hits:
            print("\n".join(f"{hits:6} {place}" for place, hits in found.hits.items()))
            return 2
        point = Point(hit(found, site, which), site, which)
    outcome = crash(point)
    print("\n".join(outcome.verdict.story))
    held = report(outcome)
    print(f"{point.words()}: {'held' if held else 'FAILED'}")
    return 0 if held else 1


def main(arguments: list[str]) -> int:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of dead lives' tasks it has much to say
    started = time.perf_counter()
    found = survey()
    if found.verdict.failures:
        print("the day fails without any crash:", *found.verdict.failures[:8], sep="\n  ! ")
        return 1
    if arguments and arguments[0] in ("commit", "site"):
        return one(found, arguments)
    chosen = points(found)
    if arguments:
        counts: list[Any] = [int(text) for text in arguments[1:4]]
        chosen = sample(found, *counts, *([1] if len(counts) < 3 else []))
    print(
        f"one day of {found.verdict.virtual_seconds:.0f} s: {found.verdict.edits} edits, "
        f"{found.verdict.writes} writes, {found.commits} commits, {len(found.hits)} await sites with "
        f"{sum(found.hits.values())} hits; {len(chosen)} crash points",
        flush=True,
    )
    outcomes = run_all(chosen)
    failed = sum(bool(outcome.verdict.failures) or not outcome.reached for outcome in outcomes)
    kinds = Counter("site" if outcome.point.site else "commit" for outcome in outcomes)
    print(
        f"{len(outcomes)} runs ({kinds['commit']} commits, {kinds['site']} hits of sites), {failed} failed, "
        f"{sum(outcome.verdict.core_seconds for outcome in outcomes):.0f} core-seconds, "
        f"{time.perf_counter() - started:.0f} s"
    )
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
