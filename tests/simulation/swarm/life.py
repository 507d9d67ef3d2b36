"""One life of the daemon that can end at any moment: nothing unwinds, nothing more is stored.

A dead life's tasks are not cancelled (that would run their `finally` blocks, which no killed process does).
They stop for ever at the next thing that they ask of the world: the store, the network, the clock. The file
lies where the machine keeps files in memory; the daemon is the product's, opened and started as `daemon.run`
does it.
"""

import asyncio
import contextlib
import io
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from actors import opener as opening
from streamsync import config as configuration
from streamsync.clock import LoopClock
from streamsync.daemon import Daemon
from streamsync.observe.logs import Log
from tests.simulation.memhttp import MemoryConnector

T = TypeVar("T")
_judged: dict[bytes, Any] = {}


def _once(check: Callable[..., Any]) -> Callable[..., Any]:
    """The rules check is pure and costs a tenth of a second at each start: one judgement per question."""

    def judge(*question: Any) -> Any:
        key = msgspec.json.encode(question, order="sorted", enc_hook=repr)
        if key not in _judged:
            _judged[key] = check(*question)
        return _judged[key]

    return judge


vars(opening)["check"] = _once(vars(opening)["check"])


async def for_ever() -> None:
    """What a dead task waits for."""
    await asyncio.get_running_loop().create_future()


class MortalClock(LoopClock):
    """The loop's time; a dead life's sleeps never end."""

    def __init__(self, epoch_ms: int, seed: int) -> None:
        super().__init__(epoch_ms, seed)
        self.dead = False

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.dead:
            await for_ever()


class MortalLink:
    """Stands where the store's connection stood: same file, same functions, but it stops with its life."""

    def __init__(self, conn: sqlite3.Connection, clock: MortalClock) -> None:
        self.conn = conn
        self.clock = clock

    async def start(self) -> None:
        """Nothing to wait for."""

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        await asyncio.sleep(0)
        if self.clock.dead:
            await for_ever()
        result = fn(self.conn)
        if self.clock.dead:
            await for_ever()
        return result

    async def close(self) -> None:
        self.conn.close()

    def drop(self) -> None:
        self.conn.close()


class MortalConnector(MemoryConnector):
    def __init__(
        self, servers: Mapping[str, Any], delay: Callable[[], float], clock: MortalClock, **options: Any
    ) -> None:
        super().__init__(servers, delay, **options)
        self.clock = clock

    async def _create_connection(self, *request: Any, **options: Any) -> Any:
        if self.clock.dead:
            await for_ever()
        return await super()._create_connection(*request, **options)

    def die(self, keep: Callable[[], bool]) -> None:
        """This end hears nothing more. What it sent arrives all the same if `keep()` says so."""
        for near in self.transports:
            near._lost = near._closed = True
            if not keep():
                near._peer._drop(ConnectionResetError("The other process was killed."))


class Life:
    """`state`: the file that outlives it. `died`: set when a crash point inside a commit was reached."""

    def __init__(self, config_path: Path, servers: Mapping[str, web.Server], clock: MortalClock) -> None:
        self.config_path = config_path
        self.clock = clock
        self.died = asyncio.Event()
        self.commits = 0
        self.out = io.StringIO()
        self.daemon = Daemon(
            configuration.load(config_path),
            config_path,
            clock,
            Log(level="warning", stream=self.out, clock=clock, console=False),
        )
        self._servers = servers
        self._connectors: list[MortalConnector] = []

    async def start(self, delay: Callable[[], float], crash_at_commit: int = 0) -> None:
        """Open and start. `crash_at_commit`: dead right after that commit of this life (0 = never)."""
        await self.daemon.open_store(inline=True, synchronous="OFF")
        store: Any = self.daemon.store
        store._link = MortalLink(store._link._conn, self.clock)

        def committed(number: int) -> None:
            self.commits = number
            if number == crash_at_commit:
                self.clock.dead = True
                self.died.set()

        store.after_commit = committed
        await self._open(delay)
        self.daemon.start()

    async def _open(self, delay: Callable[[], float]) -> None:
        def connector(_system: str) -> MortalConnector:
            made = MortalConnector(self._servers, delay, self.clock)
            self._connectors.append(made)
            return made

        await self.daemon.open(connector, inline_store=True)

    def kill(self, keep: Callable[[], bool]) -> None:
        """From this moment on it does nothing; the file is as the last commit left it."""
        self.clock.dead = True
        for connector in self._connectors:
            connector.die(keep)
        if self.running:
            store = self.daemon.store
            with contextlib.suppress(sqlite3.ProgrammingError):
                store._link.drop()
            store._release()

    @property
    def running(self) -> bool:
        """Whether its store is open."""
        store = self.daemon._store
        return store is not None and not store._closed

    def copy(self, target: Path) -> None:
        """A copy of the store as it is now."""
        store: Any = self.daemon.store
        target.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(target)) as into:
            store._link.conn.backup(into)

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        return await self.daemon.store.read(fn)


def roll_back(state: Path, older: Path) -> None:
    """The machine lost its last commits, or somebody restored a copy."""
    for suffix in ("-wal", "-shm"):
        state.with_name(state.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(older, state)
