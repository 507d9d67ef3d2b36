"""The demonstration as a whole: a temporary folder, both stand-ins and the daemon as real processes, a play.

`play` is what `streamsync demo` runs. It cleans up behind itself: processes end whatever happens; the folder
with the logs and the database stays when something failed.
"""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from streamsync.admin_client import AdminClient, Unreachable
from streamsync.clock import SystemClock
from streamsync.demo import config_file, processes, programme
from streamsync.demo.config_file import CONNECTION, Pace, Places
from streamsync.demo.control import Control, Crm, Erp, Refused
from streamsync.demo.processes import Broken, Process
from streamsync.demo.programme import Programme
from streamsync.demo.screen import Screen

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130
RULES = Path(__file__).parent / config_file.RULES_FILE


@dataclass(kw_only=True)
class Stage:
    """What a play needs: both stand-ins' control sides, the daemon's API, the screen."""

    screen: Screen
    folder: Path
    crm: Control
    erp: Control
    admin: AdminClient
    places: Places
    pace: Pace
    filled: tuple[Crm, Erp]  # both systems just before the daemon started
    started_ms: int  # when that was
    processes: list[Process] = field(default_factory=list)

    async def look(self) -> tuple[Crm, Erp]:
        """Both systems as they are now."""
        crm, erp = await asyncio.gather(self.crm.state(), self.erp.state())
        return Crm(crm), Erp(erp)

    async def status(self) -> Any:
        return await self.admin.get("/api/v1/status")

    def check_alive(self) -> None:
        """Raises Broken if a process has ended by itself."""
        for process in self.processes:
            if process.returncode is not None:
                raise Broken(f"The {process.name} ended with {process.returncode}; see {process.log}")


async def play(*, once: bool, size: int, story: str, seed: int, as_json: bool) -> int:
    """Runs the demonstration; the exit code is 0 only if everything in it really happened.

    `size` > 0: the go-live of a generated company instead of the day; in the story of the messy go-live, the
    number of old deliveries. `once`: end afterwards, else stay up until Ctrl-C.
    """
    screen = Screen(as_json=as_json)
    try:
        chosen = programme.chosen(story, size)
    except ValueError as problem:
        screen.say(str(problem))
        return EXIT_USAGE
    work = asyncio.create_task(_play(screen, chosen, once=once, seed=seed, as_json=as_json))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        return EXIT_INTERRUPTED


async def _play(screen: Screen, chosen: Programme, *, once: bool, seed: int, as_json: bool) -> int:
    folder = Path(tempfile.mkdtemp(prefix="streamsync-demo-"))
    ok = False
    try:
        async with opened(folder, screen, chosen, seed=seed) as stage:
            report = await chosen.run(stage)
            ok = bool(report["ok"])
            if as_json:
                print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode(), flush=True)
            if not once:
                await _stay(stage)
    except (Broken, Refused, Unreachable, aiohttp.ClientError, TimeoutError) as problem:
        screen.tick(False, f"The demonstration broke off: {str(problem) or type(problem).__name__}")
    finally:
        if ok:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            screen.say(f"The logs and the database are kept in {folder}")
    return 0 if ok else EXIT_FAILED


async def _stay(stage: Stage) -> None:
    places = stage.places
    stage.screen.heading("Everything stays up until Ctrl-C")
    stage.screen.say(f"  daemon         http://{places.admin}/api/v1/status   http://{places.ops}/metrics")
    stage.screen.say(f"  webCRM         {places.webcrm}/_sim/state")
    stage.screen.say(f"  Visma.net      {places.visma}/_sim/state")
    stage.screen.say(f"  command line   streamsync status --config {stage.folder / 'streamsync.toml'}")
    try:
        while True:
            await asyncio.sleep(1)
            stage.check_alive()
    except asyncio.CancelledError:
        stage.screen.say("\nStopping …")


@asynccontextmanager
async def opened(folder: Path, screen: Screen, chosen: Programme, *, seed: int) -> AsyncIterator[Stage]:
    """Both stand-ins and the daemon, ready; stopped in the opposite order. Raises Broken."""
    running: list[Process] = []
    pace = chosen.pace
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        try:
            screen.heading("Starting")
            webcrm, visma = await _stand_ins(folder, chosen, running, seed=seed)
            admin, ops = processes.free_ports(2)
            places = Places(webcrm=webcrm, visma=visma, admin=f"127.0.0.1:{admin}", ops=f"127.0.0.1:{ops}")
            path = _write_config(folder, places, pace)
            crm, erp = Control(session, webcrm), Control(session, visma)
            filled = Crm(await crm.state()), Erp(await erp.state())
            started_ms = SystemClock().now_ms()
            running.append(await processes.daemon(folder, path))
            await processes.wait_for(session, f"http://{places.ops}/readyz", running[-1])
            screen.say(f"  webCRM {webcrm}   Visma.net {visma}   daemon http://{places.admin}")
            yield Stage(
                screen=screen,
                folder=folder,
                crm=crm,
                erp=erp,
                admin=AdminClient("127.0.0.1", admin),
                places=places,
                pace=pace,
                filled=filled,
                started_ms=started_ms,
                processes=running,
            )
        finally:
            for process in reversed(running):
                await process.stop()


async def _stand_ins(
    folder: Path, chosen: Programme, running: list[Process], *, seed: int
) -> tuple[str, str]:
    options: dict[str, dict[str, object]] = {
        "webcrm": {"requests_per_minute": chosen.pace.per_minute},
        "visma": {"requests_per_hour": chosen.pace.per_hour},
    }
    origins = []
    for system, settings in options.items():
        filling = {"company": chosen.company} if chosen.company else {}
        process, origin = await processes.stand_in(
            system, folder, seed=seed, size=chosen.size, options={**settings, **filling}
        )
        running.append(process)
        origins.append(origin)
    return origins[0], origins[1]


def _write_config(folder: Path, places: Places, pace: Pace) -> Path:
    shutil.copyfile(RULES, folder / config_file.RULES_FILE)
    path = folder / "streamsync.toml"
    path.write_text(config_file.text(places, pace), "utf-8")
    return path


async def accept(stage: Stage) -> None:
    """Waits for the connection to open, proves what writes do on the example organisation, accepts the plan.

    Without the proof every update would go out singly and be read back. Raises Broken.
    """
    await prove(stage)
    await stage.admin.post("/api/v1/plan/accept", {"connection": CONNECTION, "who": "demo"})


async def prove(stage: Stage) -> None:
    """All of that but the accepting. Raises Broken."""
    try:
        async with asyncio.timeout(processes.READY_SECONDS):
            while not (found := (await stage.status())["connections"].get(CONNECTION, {})).get("open"):
                stage.check_alive()
                await asyncio.sleep(processes.LOOK_SECONDS)
    except TimeoutError:
        why = "; ".join(found.get("degraded", [])) or "no reason given"
        raise Broken(f"The connection did not open: {why}; see {stage.folder}") from None
    record = min(row["OrganisationId"] for row in stage.filled[0].rows("organisation"))
    probe = await stage.admin.post("/api/v1/probe", {"connection": CONNECTION, "record": str(record)})
    for finding in probe["findings"]:
        if not finding["ok"]:
            stage.screen.tick(False, f"{finding['check']}: {finding['sentence']}")
