"""One seed is one history: a world, people, malice and crashes, then peace, then the judgement.

    run_seed(17) -> Verdict

The same seed gives the same trace whatever `PYTHONHASHSEED` is. `python -m tests.simulation.swarm 17` tells
the story of one.
"""

import asyncio
import contextlib
import hashlib
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from aiohttp import web

from streamsync.clock import LoopClock
from streamsync.daemon import Daemon
from streamsync.simulators.face import Face
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from streamsync.store import status
from tests.simulation.scene import lay_out
from tests.simulation.swarm import installation, invariants, life, night, people
from tests.simulation.swarm.always import Watch
from tests.simulation.swarm.ground import kept_in
from tests.simulation.swarm.installation import Installation
from tests.simulation.swarm.ledger import Ledger
from tests.simulation.swarm.life import Life, MortalClock
from tests.simulation.swarm.malice import Swarm
from tests.simulation.swarm.malice_hooks import Hooks
from tests.simulation.swarm.malice_weather import Weather
from tests.simulation.swarm.operators import Operators
from tests.simulation.swarm.people import People
from tests.simulation.vloop import SimLoop

T = TypeVar("T")

BUSY_SECONDS = 180
OPERATOR_SHARE = 0.15  # of the acts: an operator does something too
LOOK_SHARE = 0.15
POLL = 20
QUIET_LOOKS = 16
REST_SECONDS = 3600
STILL_SECONDS = 120
SHARED = Path("/dev/shm")


class Verdict(msgspec.Struct, kw_only=True):
    seed: int
    failures: list[str]
    story: list[str]
    swarm: str
    digest: str
    virtual_seconds: float
    core_seconds: float
    crashes: int
    faults: dict[str, int]
    met: dict[str, int]  # what of the malice struck, by its name
    writes: int
    edits: int
    commits: int
    drawn: list[str]  # what this seed has of faults, switches and acts: each can be left out (`shrink`)


class World:
    """Both stand-ins, the people, the weather, and the daemon's lives, one after another."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        loop: SimLoop,
        without: frozenset[str] = frozenset(),
        focus: str = "",
    ) -> None:
        self.seed, self.loop, self.without, self.focus = seed, loop, without, focus
        self.rng = random.Random(f"world {seed}")
        self.swarm = Swarm(random.Random(f"swarm {seed}"), focus)
        self.swarm.leave_out(without)
        self.ledger = Ledger()
        self.epoch_ms = self.swarm.epoch_ms
        outside = self.outside = LoopClock(self.epoch_ms, seed)
        self.crm = WebcrmWorld(seed, requests_per_minute=60_000)
        self.erp = VismaWorld(seed)
        self.crm_face = Face(self.crm, outside, FaultPlan(random.Random(f"crm {seed}")))
        self.erp_face = Face(self.erp, outside, FaultPlan(random.Random(f"erp {seed}")))
        self.crm_face.record, self.erp_face.record = (
            self.ledger.listener("crm", self.now_ms),
            self.ledger.listener("erp", self.now_ms),
        )
        self.servers = {
            "127.0.0.1:7001": web.Server(self.crm_face, loop=loop),
            "127.0.0.1:7002": web.Server(self.erp_face, loop=loop),
        }
        self.weather = Weather(
            self.swarm,
            self.crm_face,
            self.erp_face,
            random.Random(f"weather {seed}"),
            lambda text: self.ledger.note(self.now_ms(), text),
        )
        self.hooks = Hooks(
            self.crm_face, self.erp_face, outside, random.Random(f"hooks {seed}"), self.weather.met
        )
        drawn = people.drawn(random.Random(f"acts {seed}"))
        self.acts = (self.swarm.acts or drawn) - without
        self.people = People(
            self.crm,
            self.erp,
            self.ledger,
            random.Random(f"people {seed}"),
            self.now_ms,
            clocks=(self.crm_face.now_ms, self.erp_face.now_ms),
            acts=self.acts,
        )
        self.life: Life
        self.crashes = 0
        self.commits = 0
        self.logs: list[str] = []
        self.state = folder / "state.db"
        self._older = folder / "older.db"
        self.install(installation.USUALLY)

    def install(self, chosen: Installation) -> None:
        """Rules and configuration of this seed, and who works at the workbench; before the first birth."""
        self.installation = chosen
        self.operators = Operators(chosen, self.ledger, random.Random(f"operators {self.seed}"), self.now_ms)
        self.swarm.staff(self.operators)
        self.watch = Watch(self.crm, self.erp, self.ledger, chosen, self.operators.held, self.now_ms)
        self._config = lay_out(
            self.state.parent,
            rules=chosen.rules(),
            first_sync=chosen.first_sync,
            poll=POLL,
            state=str(self.state),
            crm_per_minute=6000,
        )

    def delay(self) -> float:
        return self.rng.uniform(0.001, 0.05)

    async def birth(self, crash_at_commit: int = 0) -> None:
        self.clock = MortalClock(self.epoch_ms, self.seed + self.crashes)
        self.life = Life(self._config, self.servers, self.clock)
        self.ledger.note(self.now_ms(), "the daemon starts")
        started = asyncio.ensure_future(self.life.start(self.delay, crash_at_commit))
        died = asyncio.ensure_future(self.life.died.wait())
        await asyncio.wait([started, died], return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if started.done():
            await started

    def living(self) -> Daemon | None:
        """The daemon, if it runs just now."""
        return self.life.daemon if self.life.running and not self.clock.dead else None

    def now_ms(self) -> int:
        return self.epoch_ms + round(self.loop.time() * 1000)

    def skip(self, seconds: float) -> None:
        """The calendars of all three move on while their timers stand still, so an hour costs nothing."""
        skipped_ms = round(seconds * 1000)
        self.epoch_ms += skipped_ms
        self.outside.epoch_ms += skipped_ms
        self.clock.epoch_ms += skipped_ms
        night.keep_tokens(self.crm, self.erp, skipped_ms)

    def kill(self, why: str) -> None:
        self.ledger.note(self.now_ms(), f"the daemon is killed {why}")
        self.life.kill(lambda: self.rng.random() < 0.5)
        self.logs.append(self.life.out.getvalue())
        self.commits += self.life.commits
        self.crashes += 1

    def keep_copy(self) -> None:
        if self.life.running:
            self.life.copy(self._older)

    def roll_back(self) -> bool:
        if not self._older.exists():
            return False
        self.ledger.note(self.now_ms(), "the store is an older copy now")
        self.ledger.rolled_back = True
        self.operators.held.paused.clear()
        with contextlib.closing(sqlite3.connect(self.state)) as lost:
            self.ledger.forgotten |= kept_in(lost)
        life.roll_back(self.state, self._older)
        return True

    async def settle(self) -> list[str]:
        """Wait for rest; a sentence if it never comes."""
        deadline, calm, writes = self.loop.time() + REST_SECONDS, 0, self.still()
        while calm < QUIET_LOOKS:
            if self.loop.time() > deadline:
                return [f"not at rest after {REST_SECONDS} s: {self.life.daemon.commands.status()}"]
            await asyncio.sleep(5)
            found = await self.ask(lambda c: status.summary(c, "kunde"))
            opened = all(one.opened.is_set() for one in self.life.daemon.plant.connections.values())
            busy = found.unprocessed or found.open_ops or not opened or self.still() != writes
            calm, writes = 0 if busy else calm + 1, self.still()
        return []

    async def ground(self) -> invariants.Ground:
        return await self.ask(lambda c: invariants.Ground(self.crm, self.erp, self.ledger, c))

    async def ask(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Look into the store; a life that dies meanwhile is followed by the next one."""
        while True:
            answer = asyncio.ensure_future(self.life.read(fn))
            died = asyncio.ensure_future(self.life.died.wait())
            await asyncio.wait([answer, died], return_when=asyncio.FIRST_COMPLETED)
            died.cancel()
            if answer.done():
                return await answer
            self.kill("after a commit")
            await self.birth()

    async def command(self, work: Callable[[Daemon], Awaitable[object]]) -> bool:
        """Something that somebody asks of the daemon; False if it died over it."""
        if self.life.died.is_set():  # at its very start
            return False
        asked = asyncio.ensure_future(work(self.life.daemon))
        died = asyncio.ensure_future(self.life.died.wait())
        await asyncio.wait([asked, died], return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if asked.done():
            await asked
        return asked.done()

    async def surely(self, work: Callable[[Daemon], Awaitable[object]]) -> None:
        """The same, asked again of the next life."""
        while not await self.command(work):
            self.kill("after a commit")
            await self.birth()

    async def look(self) -> None:
        await self.ask(lambda c: self.watch.look(c, self.life.daemon.plant, self.state))

    def calls(self) -> int:
        return self.crm_face.counts.total() + self.erp_face.counts.total()

    def still(self) -> int:
        return sum(self.ledger.writes.values())


async def storm(world: World) -> None:
    """People act while things break; now and then the daemon is killed."""
    swarm, rng = world.swarm, world.rng
    world.weather.begin(world.loop, BUSY_SECONDS)
    if swarm.hooks:
        await world.hooks.begin(world.living)
    for name in swarm.first:
        world.people.do(name)
    ends = world.loop.time() + BUSY_SECONDS
    kills = sorted(rng.uniform(5, BUSY_SECONDS) for _ in range(swarm.crashes))
    copy_at = rng.uniform(5, BUSY_SECONDS * 0.7)
    started = world.loop.time()
    while world.loop.time() < ends:
        pause = swarm.pause(rng)
        try:
            await asyncio.wait_for(world.life.died.wait(), min(pause, ends - world.loop.time() + 0.01))
        except TimeoutError:
            world.people.act()
            if world.operators.busy and rng.random() < OPERATOR_SHARE:
                await world.command(world.operators.act)
            if rng.random() < LOOK_SHARE and not world.life.died.is_set():
                await world.look()
        passed = world.loop.time() - started
        if swarm.roll_back and passed > copy_at:
            world.keep_copy()
            copy_at = BUSY_SECONDS * 10
        if world.life.died.is_set() or (kills and passed > kills[0]):
            if not world.life.died.is_set():
                kills.pop(0)
            world.kill("after a commit" if world.life.died.is_set() else "at some await")
            if swarm.roll_back and rng.random() < 0.5:
                world.roll_back()
            await asyncio.sleep(rng.uniform(0, 10))
            await world.birth(rng.choice([0, rng.randint(1, 60)]))


async def at_rest(world: World, ground: invariants.Ground) -> list[str]:
    """Rule 4: nothing is written, little more than the polls is read, no trouble shown that is over."""
    writes, calls = world.still(), world.calls()
    await asyncio.sleep(STILL_SECONDS)
    degraded = world.life.daemon.commands.status()["degraded"]
    failures = [
        f"degraded at rest: {one}" for one in degraded if not ("empty list" in one and ground.is_emptied())
    ]
    # One that always fails is tried again, ever more rarely.
    if world.still() != writes and not world.swarm.poison:
        failures.append(f"{world.still() - writes} writes at rest")
    [connection] = world.life.daemon.plant.connections.values()
    polls = sum(len(system.feeds) for system in connection.systems.values()) * STILL_SECONDS // POLL
    if world.calls() - calls > 2 * polls:
        failures.append(f"{world.calls() - calls} calls at rest, where the polls need {polls}")
    return failures


async def whole(world: World) -> list[str]:
    chosen = installation.drawn(random.Random(f"installation {world.seed}"))
    if world.focus:
        chosen = msgspec.structs.replace(installation.USUALLY, **world.swarm.installation)
    world.install(chosen)
    installation.fill(world.installation, world.people.desk)
    world.watch.remember_old()
    await world.birth()
    await storm(world)
    world.weather.end()
    await world.hooks.end()
    await world.surely(world.operators.peace)
    failures = await world.settle()
    if not failures and night.is_needed(world.ledger):
        await world.surely(lambda daemon: night.pass_by(daemon, world.skip))
        failures = await world.settle()
    return await judged(world, failures)


async def judged(world: World, failures: list[str]) -> list[str]:
    """The invariants and the rest itself, where it came to rest; and what was seen on the way."""
    if not failures:
        await world.look()
        ground = await world.ground()
        failures = [problem for check in invariants.AT_REST for problem in check(ground)]
        failures += await at_rest(world, ground)
    failures += world.watch.failures
    world.logs.append(world.life.out.getvalue())
    failures += invariants.nothing_personal("".join(world.logs))
    world.commits += world.life.commits
    return failures


def run_seed(
    seed: int,
    plan: Callable[[World], Awaitable[list[str]]] = whole,
    without: frozenset[str] = frozenset(),
    focus: str = "",
) -> Verdict:
    """Raises nothing that the history can cause: a deadlock or a crash of the daemon's own is a failure."""
    started = time.process_time()
    loop = SimLoop(seed)
    asyncio.set_event_loop(loop)
    try:
        with tempfile.TemporaryDirectory(dir=SHARED if SHARED.is_dir() else None) as folder:
            world = World(Path(folder), seed, loop, without, focus)
            try:
                failures = loop.run_until_complete(plan(world))
            except Exception as error:
                failures = [f"{type(error).__name__}: {error}"]
            return _verdict(world, failures, time.process_time() - started)
    finally:
        _let_go(loop)
        asyncio.set_event_loop(None)


def _verdict(world: World, failures: list[str], core_seconds: float) -> Verdict:
    faults: dict[str, int] = {}
    for face in (world.crm_face, world.erp_face):
        for (_, answered), count in face.counts.by_kind.items():
            if answered == 0 or answered >= 400:
                faults[str(answered)] = faults.get(str(answered), 0) + count
    trace = "\n".join(world.ledger.story) + f"{world.loop.turns} {sorted(faults.items())}"
    return Verdict(
        seed=world.seed,
        failures=failures,
        story=world.ledger.story,
        swarm=f"{world.swarm.words()}; {world.installation.words()}",
        digest=hashlib.blake2b(trace.encode(), digest_size=8).hexdigest(),
        virtual_seconds=world.loop.time(),
        core_seconds=core_seconds,
        crashes=world.crashes,
        faults=faults,
        met=dict(world.weather.met),
        writes=world.still(),
        edits=len(world.ledger.edits),
        commits=world.commits,
        drawn=sorted([*world.swarm.names(), *world.acts]),
    )


def _let_go(loop: SimLoop) -> None:
    """Dead lives' tasks still wait for ever: end them; nothing of them matters any more."""
    loop.set_exception_handler(lambda _loop, _context: None)
    for _ in range(5):
        left = [task for task in asyncio.all_tasks(loop) if not task.done()]
        if not left:
            break
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
    loop.close()
