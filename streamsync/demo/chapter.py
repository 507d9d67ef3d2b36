"""How a story is told: the first sync, then steps one after the other, each judged by both stand-ins.

A step says what people do, then waits for what must follow; one that fails does not stop the next. Nothing
here asks the daemon whether something is done: its status only feeds the progress bars.
"""

import asyncio
from typing import Any

import aiohttp
import msgspec

from streamsync.admin_client import Unreachable
from streamsync.clock import SystemClock
from streamsync.demo import steps
from streamsync.demo.config_file import CONNECTION
from streamsync.demo.control import Crm, Erp, Refused
from streamsync.demo.scene import Missed, Scene, Step, Told
from streamsync.demo.screen import connection_of
from streamsync.demo.stage import Stage, accept

FIRST_SYNC_SECONDS = 60.0
LOOK_SECONDS = 0.25


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """The report of one step. `problem` is empty when it really happened."""

    title: str
    ok: bool
    seconds: float
    told: list[Told]
    problem: str = ""


async def play(stage: Stage, heading: str, plot: tuple[Step, ...]) -> dict[str, Any]:
    """The first sync and the steps of `plot`; {ok, seconds, steps: [Happened]}."""
    clock = SystemClock()
    began = clock.monotonic()
    found = [await _first_sync(stage, clock)]
    stage.screen.heading(heading)
    return await tell(stage, plot, found, began)


async def tell(
    stage: Stage,
    plot: tuple[Step, ...],
    found: list[Happened],
    began: float,
    kept: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The steps of `plot`, after those `found` already; {ok, seconds, steps: [Happened]}."""
    clock, notebook = SystemClock(), kept if kept is not None else dict[str, Any]()
    for number, (title, step) in enumerate(plot, 1):
        found.append(await _perform(stage, clock, notebook, number, title, step))
    seconds = clock.monotonic() - began
    good = sum(one.ok for one in found)
    stage.screen.heading(f"{good} of {len(found)} happened, in {seconds:.0f} s")
    return {"ok": good == len(found), "seconds": round(seconds, 1), "steps": msgspec.to_builtins(found)}


async def _first_sync(stage: Stage, clock: SystemClock) -> Happened:
    """The example company comes into step: Kunde A/S and its contact to the ERP, the items to webCRM."""
    title = "The first sync"
    stage.screen.heading(title)
    began = clock.monotonic()
    await accept(stage)
    deadline = began + FIRST_SYNC_SECONDS
    with stage.screen.progress() as bars:
        while missing := first_sync_lacks(*await stage.look()):
            bars.show(connection_of(await stage.status(), CONNECTION).get("entities", {}))
            stage.check_alive()
            if clock.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_SECONDS)
        bars.show(connection_of(await stage.status(), CONNECTION).get("entities", {}))
    seconds = clock.monotonic() - began
    problem = f"Still missing after {seconds:.0f} s: {missing}." if missing else ""
    stage.screen.tick(not missing, f"{title}{'':<49}{seconds:5.1f} s")
    if problem:
        stage.screen.say(f"    {problem}")
    return Happened(title=title, ok=not missing, seconds=round(seconds, 1), told=[], problem=problem)


def first_sync_lacks(crm: Crm, erp: Erp) -> str:
    """What of the example company has not arrived yet, in words; empty when all has."""
    lacks = []
    home = steps.example(crm, erp)
    if not home[0]:
        lacks.append(f"{steps.EXAMPLE} with its number")
    people = [row for row in crm.rows("person") if row[steps.TICK] == "Yes"]
    known = {str(row["contact_id"]) for row in erp.contacts}
    if any(row[steps.CONTACT_ID] not in known for row in people):
        lacks.append("its contact in the ERP")
    if any(not crm.item(row["number"]) for row in erp.items):
        lacks.append("the items in webCRM")
    return ", ".join(lacks)


async def _perform(
    stage: Stage, clock: SystemClock, kept: dict[str, Any], number: int, title: str, step: Any
) -> Happened:
    scene, began = Scene(stage, clock, kept), clock.monotonic()
    problem = ""
    try:
        await step(scene)
    except (Missed, Refused) as refusal:
        problem = str(refusal)
    except Unreachable as refusal:
        problem = f"The daemon refused: {refusal}"
    except aiohttp.ClientError as fault:
        problem = f"A stand-in did not answer: {fault}"
    seconds = clock.monotonic() - began
    stage.screen.tick(not problem, f"{number}. {title:<60}{seconds:5.1f} s")
    for one in scene.told:
        stage.screen.say(f"     {one.system:<10} {one.text}")
    if problem:
        stage.screen.say(f"     {problem}")
    return Happened(title=title, ok=not problem, seconds=round(seconds, 1), told=scene.told, problem=problem)
