"""A stage for example cases: the whole daemon and both stand-ins in one loop, in memory, under virtual time.

    def test_e01_…() -> None:
        async def story(scene: Scene) -> None: ...
        play(story)

The daemon is the product's: real actors, real clients, real HTTP messages, a real (in-memory) database. Judge
by what the two worlds hold and by the calls that were made, not by inner state.
"""

import random
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from streamsync import config as configuration
from streamsync.clock import LoopClock
from streamsync.daemon import Daemon
from streamsync.demo.processes import VISMA_SECRET, WEBCRM_TOKEN
from streamsync.observe.logs import Log
from streamsync.simulators.face import Face
from streamsync.simulators.faults import FaultPlan
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT, VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from streamsync.store import inbox, status
from tests.simulation.memhttp import MemoryConnector
from tests.simulation.vloop import run

EPOCH_MS = 1_773_478_800_000  # 2026-03-14T09:00:00Z: a day far from any change of clocks
RULES = (Path(__file__).parents[2] / "streamsync" / "demo" / "kunde.rules.toml").read_text("utf-8")
POLL_SECONDS = 10
QUIET_LOOKS = 25
LONG_SECONDS = 1800
WHO = "the person at the workbench"

DAEMON = """
[daemon]
state = "{state}"
admin = "127.0.0.1:8080"
ops = "127.0.0.1:9464"
allow_loopback = true
"""
CONNECTION = """
[[connections]]
name = "{name}"
rules = "kunde.rules.toml"
first_sync = "{first_sync}"
[connections.webcrm]
url = "http://127.0.0.1:{crm_port}"
token = {{ file = "{token}" }}
requests_per_minute = {crm_per_minute}
poll_seconds = {poll}
settle_seconds = 2
[connections.visma]
finance_url = "http://127.0.0.1:{erp_port}"
orders_url = "http://127.0.0.1:{erp_port}"
token_url = "http://127.0.0.1:{erp_port}/connect/token"
tenant_id = "{tenant}"
client_id = "{client}"
client_secret = {{ file = "visma" }}
requests_per_hour = 36000
poll_seconds = {poll}
settle_seconds = 2
"""

Story = Callable[["Scene"], Awaitable[None]]


def connection_text(
    *, name: str, token: str, ports: tuple[int, int], first_sync: str, poll: int, crm_per_minute: int = 600
) -> str:
    """One connection of the configuration. `token`: the file of webCRM's; `ports`: webCRM, Visma.net."""
    crm_port, erp_port = ports
    return CONNECTION.format(
        name=name,
        token=token,
        crm_port=crm_port,
        erp_port=erp_port,
        first_sync=first_sync,
        poll=poll,
        crm_per_minute=crm_per_minute,
        tenant=DEFAULT_TENANT,
        client=DEFAULT_CLIENT,
    )


def lay_out(
    folder: Path,
    *,
    rules: str,
    first_sync: str,
    poll: int,
    state: str = ":memory:",
    crm_per_minute: int = 600,
) -> Path:
    """The files of an installation: rules, secrets and the configuration, whose path is returned."""
    (folder / "kunde.rules.toml").write_text(rules, "utf-8")
    for name, secret in (("webcrm", WEBCRM_TOKEN), ("visma", VISMA_SECRET)):
        (folder / name).write_text(secret, "utf-8")
        (folder / name).chmod(0o600)
    text = DAEMON.format(state=state) + connection_text(
        name="kunde",
        token="webcrm",
        ports=(7001, 7002),
        first_sync=first_sync,
        poll=poll,
        crm_per_minute=crm_per_minute,
    )
    path = folder / "streamsync.toml"
    path.write_text(text, "utf-8")
    return path


class Scene:
    """Both worlds, their faces (counts, faults) and the daemon between them."""

    def __init__(self, folder: Path, rules: str, first_sync: str, seed: int) -> None:
        self.folder = folder
        self.clock = LoopClock(EPOCH_MS, seed)
        self.crm = WebcrmWorld(seed, requests_per_minute=6000)
        self.erp = VismaWorld(seed)
        self.crm_face = Face(self.crm, self.clock, FaultPlan(random.Random(seed)))
        self.erp_face = Face(self.erp, self.clock, FaultPlan(random.Random(seed + 1)))
        self.config_path = lay_out(folder, rules=rules, first_sync=first_sync, poll=POLL_SECONDS)
        self.daemon: Daemon
        self._servers = {
            "127.0.0.1:7001": web.Server(self.crm_face),
            "127.0.0.1:7002": web.Server(self.erp_face),
        }

    async def start(self) -> None:
        """Start the daemon; wait with `settle`."""
        self.daemon = Daemon(
            configuration.load(self.config_path), self.config_path, self.clock, Log(level="warning")
        )
        await self.daemon.open(
            lambda _system: MemoryConnector(self._servers, lambda: 0.01), inline_store=True
        )
        self.daemon.start()

    async def stop(self) -> None:
        await self.daemon.stop()

    async def close(self) -> None:
        for server in self._servers.values():
            await server.shutdown()

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass. In a long sleep the daemon polls less often, or a week would take
        minutes."""
        if seconds <= LONG_SECONDS or not hasattr(self, "daemon"):
            await self.clock.sleep(seconds)
            return
        connections = list(self.daemon.plant.connections.values())
        kept = [dict(connection.poll_seconds) for connection in connections]
        for connection in connections:
            connection.poll_seconds = dict.fromkeys(connection.poll_seconds, seconds / 40)
        await self.clock.sleep(seconds)
        for connection, poll_seconds in zip(connections, kept, strict=True):
            connection.poll_seconds = poll_seconds
            for wake in connection.poll_wakes.values():
                wake.set()

    def skip(self, seconds: float) -> None:
        """The calendar moves on while the daemon's own timers stand still, as on a machine that slept: a week
        costs nothing. What is due by the calendar is due at once; polls, looks and tokens keep their turn."""
        skipped_ms = round(seconds * 1000)
        self.clock.epoch_ms += skipped_ms
        for access in self.crm.door.access.values():
            access.expires_ms += skipped_ms
        issued = self.erp.tokens.issued
        for value, token in issued.items():
            issued[value] = replace(token, expires_ms=token.expires_ms + skipped_ms)

    async def settle(self, at_most: float = 1800) -> None:
        """Let virtual time pass until nothing has been undecided or unwritten for a few polls of every
        feed."""
        deadline = self.clock.monotonic() + at_most
        calm = 0
        while calm < QUIET_LOOKS:
            if self.clock.monotonic() > deadline:
                raise AssertionError(f"not settled after {at_most} s: {self.waiting()}")
            await self.clock.sleep(1)
            found = await self.daemon.store.read(lambda c: status.summary(c, "kunde"))
            settling = any(reason == "settling" for _, _, reason in found.outcomes)
            busy = found.unprocessed or found.open_ops or settling or not self._opened()
            calm = 0 if busy else calm + 1

    def _opened(self) -> bool:
        return all(connection.opened.is_set() for connection in self.daemon.plant.connections.values())

    def waiting(self) -> Mapping[str, Any]:
        return self.daemon.commands.status()

    async def parked(self) -> list[Mapping[str, Any]]:
        """What waits for a person, as `streamsync status` shows it."""
        return await self.daemon.commands.parked("kunde")

    async def outcome(self, entity: str, *, crm: str = "", erp: str = "") -> tuple[str, str]:
        """(outcome, reason) of a pair, as the pages show it."""
        return await self.daemon.store.read(lambda c: status.outcome_of(c, "kunde", entity, crm, erp))

    async def inbox(self, **query: str) -> Mapping[str, Any]:
        """The workbench as `streamsync inbox` shows it; `entity`, `cause` and `language` narrow it."""
        return await self.daemon.commands.bench.inbox("kunde", **query)

    async def asked(self, cause: str, entity: str = "") -> list[Mapping[str, Any]]:
        """The inbox's records of one cause."""
        groups = (await self.inbox(cause=cause, entity=entity))["groups"]
        return [record for group in groups for record in group["records"]]

    async def pair(self, *, crm: object = "", erp: str = "", entity: str = "") -> int:
        """The pair of one record; `entity` only where ids of several entities meet."""
        found = await self.daemon.store.read(lambda c: inbox.find(c, "kunde", entity, str(crm), erp))
        assert len(found) == 1, f"{len(found)} pairs hold {entity} crm={crm} erp={erp}"
        return found[0]

    async def show(self, *, crm: object = "", erp: str = "", entity: str = "") -> Mapping[str, Any]:
        """Everything about one pair, as `streamsync show` has it."""
        return await self.daemon.commands.bench.show(
            "kunde", pair=await self.pair(crm=crm, erp=erp, entity=entity)
        )

    async def resolve(
        self,
        choice: str,
        *,
        crm: object = "",
        erp: str = "",
        entity: str = "",
        pair: int = 0,
        row: str = "",
        value: str = "",
    ) -> None:
        """A person decides about one pair, named by one of its records or by its number."""
        number = pair or await self.pair(crm=crm, erp=erp, entity=entity)
        select = {"pairs": [number]}
        answer = await self.daemon.commands.bench.resolve("kunde", select, choice, row, value, WHO)
        assert answer["changed"] == 1, answer

    async def link(self, to: object, *, crm: object = "", erp: str = "", entity: str = "") -> None:
        """This record and the record `to` of the other side are the same."""
        number = await self.pair(crm=crm, erp=erp, entity=entity)
        answer = await self.daemon.commands.bench.link("kunde", number, str(to), WHO)
        assert answer["changed"] == 1, answer

    async def unlink(self, *, crm: object = "", erp: str = "", entity: str = "") -> None:
        number = await self.pair(crm=crm, erp=erp, entity=entity)
        answer = await self.daemon.commands.bench.unlink("kunde", {"pairs": [number]}, WHO)
        assert answer["changed"] == 1, answer

    async def exclude(self, *, crm: object = "", erp: str = "", entity: str = "") -> None:
        number = await self.pair(crm=crm, erp=erp, entity=entity)
        answer = await self.daemon.commands.bench.exclude("kunde", {"pairs": [number]}, WHO)
        assert answer["changed"] == 1, answer

    async def approve(self, what: str, entity: str = "") -> Mapping[str, Any]:
        """`brake` or `deletes`."""
        return await self.daemon.commands.bench.approve("kunde", what, entity, WHO)

    async def pause(self, entity: str = "", system: str = "", pairs: tuple[int, ...] = ()) -> None:
        await self.daemon.commands.bench.pause("kunde", entity, system, pairs, WHO)

    async def resume(self, entity: str = "", system: str = "", pairs: tuple[int, ...] = ()) -> None:
        await self.daemon.commands.bench.resume("kunde", entity, system, pairs, WHO)

    async def retry(self, cause: str = "") -> Mapping[str, Any]:
        return await self.daemon.commands.bench.retry("kunde", 0, cause, (), WHO)

    def user(self, act: str, **arguments: Any) -> Any:
        """A person at webCRM's screen."""
        return self.crm.act(act, arguments, self.clock.now_ms())

    def bookkeeper(self, act: str, **arguments: Any) -> Any:
        """A person at Visma.net's screen."""
        return self.erp.act(act, arguments, self.clock.now_ms())

    def crm_calls(self, prefix: str = "") -> int:
        return self.crm_face.counts.total(prefix)

    def erp_calls(self, prefix: str = "") -> int:
        return self.erp_face.counts.total(prefix)

    def forget_calls(self) -> None:
        self.crm_face.counts.clear()
        self.erp_face.counts.clear()

    def writes(self) -> int:
        """Requests since `forget_calls` that were meant to change something."""
        return sum(
            count
            for face in (self.crm_face, self.erp_face)
            for (kind, _), count in face.counts.by_kind.items()
            if kind.split(" ", 1)[0] in ("POST", "PUT", "PATCH", "DELETE")
            and "Auth" not in kind
            and "token" not in kind.lower()
        )


def play(
    story: Story, *, rules: str = RULES, first_sync: str = "accept", seed: int = 1, started: bool = True
) -> None:
    """Run one story from an empty stage. `started=False`: the story fills the worlds first and starts the
    daemon itself."""
    with tempfile.TemporaryDirectory() as folder:

        async def whole() -> None:
            scene = Scene(Path(folder), rules, first_sync, seed)
            try:
                if started:
                    await scene.start()
                    await scene.settle()
                await story(scene)
            finally:
                if hasattr(scene, "daemon"):
                    await scene.stop()
                await scene.close()

        run(whole, seed)


def rules_with(*tables: str) -> str:
    """The demonstration's rules with TOML appended (new `[[…map]]` rows or tables not yet present)."""
    return "\n".join((RULES, *tables))


def replaced(old: str, new: str) -> str:
    """The demonstration's rules with one text replaced; it must occur."""
    if old not in RULES:
        raise AssertionError(f"{old!r} is not in the demonstration's rules")
    return RULES.replace(old, new)
