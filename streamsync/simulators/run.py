"""A stand-in as a process: builds the world, fills it, listens until SIGTERM or SIGINT.

Called by `streamsync simulate` only. Says the port it is bound to through `announce` and prints nothing. The
same seed and size give both stand-ins the two halves of one company (`company.py`).
"""

import asyncio
import random
import signal
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streamsync.clock import SystemClock
from streamsync.simulators import face
from streamsync.simulators.company import company
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.http import StandIn
from streamsync.simulators.messy import messy
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.settings import Token
from streamsync.simulators.webcrm.world import WebcrmWorld

SYSTEMS = ("webcrm", "visma")
FAULTS, COMPANY = "faults", "company"
COMPANIES = {"": company, "messy": messy}


async def serve_forever(
    system: str,
    *,
    host: str,
    port: int,
    seed: int,
    size: int,
    options: Mapping[str, Any],
    announce: Callable[[int], None],
) -> None:
    """Serves until a signal asks to stop. `port` 0: any free one; `announce` gets the bound port.

    `options`: settings of the world (`requests_per_minute`, `requests_per_hour`, `late_commit_ms`, …) and
    `faults`, a list of rules as in `faults.Rule`. Raises ValueError for a setting that does not exist.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    faults = fault_plan(options, seed)
    runner, bound = await face.start(build(system, seed, size, options), SystemClock(), faults, host, port)
    try:
        announce(bound)
        await stop.wait()
    finally:
        await runner.cleanup()


def build(system: str, seed: int, size: int, options: Mapping[str, Any]) -> StandIn:
    """The world of one system; with a size it holds that company's half beside the vendor's example. Which
    company is the option `company`: "" the tidy one of so many customers, "messy" one of so many old
    deliveries."""
    settings = {name: value for name, value in options.items() if name not in (FAULTS, COMPANY)}
    world: WebcrmWorld | VismaWorld
    if system == "webcrm":
        if "tokens" in settings:
            settings["tokens"] = msgspec.convert(settings["tokens"], list[Token])
        world = WebcrmWorld(seed, **settings)
    elif system == "visma":
        world = VismaWorld(seed, **settings)
    else:
        raise ValueError(f"There is no stand-in for {system!r}. Allowed: {', '.join(SYSTEMS)}")
    if size > 0:
        name = str(options.get(COMPANY, ""))
        if name not in COMPANIES:
            raise ValueError(f"There is no company {name!r}. Allowed: {', '.join(filter(None, COMPANIES))}")
        made = COMPANIES[name](seed, size)
        for kind, rows in (made.crm if system == "webcrm" else made.erp).items():
            world.load(kind, rows)
    return world


def fault_plan(options: Mapping[str, Any], seed: int) -> FaultPlan:
    """The seeded plan with the rules of `options["faults"]`. Raises ValueError for what is no rule."""
    plan = FaultPlan(random.Random(seed))
    for rule in options.get(FAULTS, ()):
        plan.add(**rule)
    return plan
