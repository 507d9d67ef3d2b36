"""Puts everything together: configuration in, a running plant of actors out; and takes it apart again.

Start: lock and open the store, mark what was under way as unknown, build both systems per connection, start
the actors. SIGTERM: not ready, pollers stop, mappers empty, writers finish the request in hand, the store
closes cleanly, exit 0. SIGHUP: read the configuration again; the old one stays in force if the new one does
not load.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from actors import topology
from actors.connection import Connection, RulesInForce
from streamsync import __version__
from streamsync import config as configuration
from streamsync.build import build_systems, first_rules
from streamsync.clock import Clock
from streamsync.commands import DaemonCommands
from streamsync.config import Config
from streamsync.kernel import crashpoint
from streamsync.kernel.supervisor import Supervisor, SupervisorEvent
from streamsync.model import Lane, Side
from streamsync.observe.logs import Log
from streamsync.observe.metrics import Metrics
from streamsync.store import meta
from streamsync.store import rules as stored_rules
from streamsync.store.db import Store
from streamsync.sync import rules_file
from streamsync.web.api import application
from streamsync.web.hooks import HookSecrets, routes
from streamsync.web.ops import Health, OpsServer

HEARTBEAT_SECONDS = 0.5
AT_ONCE_SECONDS = 1.0  # for the actors to let go when nobody wants to wait


class Daemon:
    """One process' worth of connections. `run` returns after a clean stop."""

    def __init__(self, config: Config, path: Path, clock: Clock, log: Log) -> None:
        self.config = config
        self.path = path
        self.clock = clock
        self.log = log
        self.metrics = Metrics(version=__version__)
        self.health = Health(clock)
        self._store: Store | None = None
        self.plant: topology.Plant
        self.supervisor = Supervisor(clock, self._supervised)
        self._stop = asyncio.Event()
        self._stopped = False
        self._systems: list[Any] = []

    async def open_store(self, *, inline: bool = False, synchronous: Literal["FULL", "OFF"] = "FULL") -> None:
        """The store first: its lock decides whether this process may run at all. Raises `StoreRefused`."""
        if self._store is None:
            self._store = await Store.open(
                self.config.daemon.state, clock=self.clock, inline=inline, synchronous=synchronous
            )
            if not self._store.clean:
                self.log("restart_unclean")

    @property
    def store(self) -> Store:
        if self._store is None:
            raise RuntimeError("the store has not been opened")
        return self._store

    async def open(
        self, connectors: Callable[[str], Any] | None = None, *, inline_store: bool = False
    ) -> None:
        """Everything up to, but not including, the first actor. `connectors` gives tests an in-memory
        network."""
        await self.open_store(inline=inline_store)
        connections = [await self._connect(settings, connectors) for settings in self.config.connections]
        self.plant = topology.plant(
            connections, store=self.store, clock=self.clock, metrics=self.metrics, publish=self._publish
        )
        self.commands = DaemonCommands(self)

    async def _connect(
        self, settings: configuration.ConnectionConfig, connectors: Callable[[str], Any] | None
    ) -> Connection:
        now, name = self.clock.now_ms(), settings.name
        force = await self._first_rules(settings, now)
        proven = await self.store.read(lambda c: meta.probed(c, name))
        systems = build_systems(
            settings,
            force.rules,
            allow_loopback=self.config.daemon.allow_loopback,
            clock=self.clock,
            metrics=self.metrics,
            proven=proven,
            connectors=connectors,
        )
        for system in systems.values():
            await system.open()
            self._systems.append(system)
        connection = topology.connect(
            name,
            store=self.store,
            clock=self.clock,
            systems=systems,
            force=force,
            poll_seconds={Side.CRM: settings.webcrm.poll_seconds, Side.ERP: settings.visma.poll_seconds},
            metrics=self.metrics,
            log=self.log,
        )
        connection.started_ms, connection.clean = now, self.store.clean
        accepted = await self.store.read(lambda c: meta.accepted(c, name))
        connection.accepted = accepted or settings.first_sync == "accept"
        await self.store.tx(lambda c: meta.note_directions(c, name, force.rules, now))
        return connection

    async def _first_rules(self, settings: configuration.ConnectionConfig, now: int) -> RulesInForce:
        """The rules in force; the very first time they come from the file that the configuration names."""
        name = settings.name
        current = await self.store.read(lambda c: stored_rules.current(c, name))
        if current is None:
            text = first_rules(settings, self.path.parent)
            rules_file.parse(text, settings.rules or f"rules of {name}")
            current = await self.store.tx(
                lambda c: stored_rules.add(c, name, text, who="first fill", why=settings.rules, now_ms=now)
            )
        rules = rules_file.parse(current.text, f"rules of {name}, version {current.version}")
        return RulesInForce.of(current.version, rules)

    def start(self) -> None:
        topology.start(self.plant, self.supervisor)
        self.health.started = True

    async def stop(self) -> None:
        """Drain and close. Idempotent as far as a second signal needs it to be."""
        self.health.draining = True
        await topology.stop(self.plant, self.supervisor, self.config.daemon.drain_seconds)
        for system in self._systems:
            await system.close()
        await self.store.close(clean=True)
        self._stopped = True

    async def run(self) -> bool:
        """The daemon's life, signals and web servers included. False: a second signal cut it short."""
        loop, life = asyncio.get_running_loop(), asyncio.current_task()

        def asked_to_stop() -> None:
            if self._stop.is_set() and life is not None:
                life.cancel()  # asked twice: now, whatever is under way; the next start looks it up
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        if armed := os.environ.get(crashpoint.VARIABLE, ""):
            crashpoint.arm(armed)
            self.log("crashpoint", what=armed)
        await self.open_store()
        if armed:
            self.store.after_commit = lambda _: crashpoint.passed("after_commit")
        try:
            await self._live()
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            self.log("cut_short")
            return False
        finally:
            await self._let_go()
        return True

    async def _live(self) -> None:
        ops_host, ops_port = configuration.address(self.config.daemon.ops)
        try:
            ops = OpsServer(ops_host, ops_port, self.health, self.metrics.exposition)
        except OSError as problem:
            raise _taken("ops", self.config.daemon.ops, problem) from problem
        ops.start()
        beat = asyncio.create_task(self._beat())
        runner: web.AppRunner | None = None
        try:
            await self.open()
            runner = await self._serve_admin()
            self.start()
            self.log("started", version=__version__, connections=len(self.plant.connections))
            await self._stop.wait()
            self.log("stopping")
            await self.stop()
            self.log("stopped")
        finally:
            beat.cancel()
            if runner is not None:
                await runner.cleanup()
            ops.stop()

    async def _let_go(self) -> None:
        """The store's thread would keep the process alive. After `stop` there is nothing left to do."""
        if self._stopped:
            return
        if self.health.started:
            await self.supervisor.close(AT_ONCE_SECONDS)
        for system in self._systems:
            await system.close()
        # Cut short, it is not clean; where it never began to work, the mark stays as it was found.
        await self.store.close(clean=self.store.clean and not self.health.started)

    async def _serve_admin(self) -> web.AppRunner:
        host, port = configuration.address(self.config.daemon.admin)
        secrets = {
            settings.name: HookSecrets(
                webcrm_token=configuration.optional_secret(settings.webcrm.hook_token),
                visma=configuration.secrets(settings.visma.webhook_secret),
                visma_header=settings.visma.webhook_header,
            )
            for settings in self.config.connections
        }
        hooks = routes(
            secrets,
            lambda name, side, kind: void(self.plant.hints.offer((name, side, kind), Lane.LIVE)),
            self.clock,
            lambda name, system: self.log("hook_refused", connection=name, system=system),
            lambda name, kind, rid, side: self.plant.connections[name].suspect(kind, rid, side),
        )
        hosts = frozenset({f"{host}:{port}", f"localhost:{port}", f"127.0.0.1:{port}"})
        runner = web.AppRunner(application(self.commands, hosts, hooks), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as problem:
            await runner.cleanup()
            raise _taken("admin", self.config.daemon.admin, problem) from problem
        return runner

    async def _beat(self) -> None:
        while True:
            before = self.clock.monotonic()
            self.health.loop_beat = before
            await self.clock.sleep(HEARTBEAT_SECONDS)
            self.metrics.loop_lag(max(0.0, self.clock.monotonic() - before - HEARTBEAT_SECONDS))

    def _publish(self) -> None:
        """Called by the janitor: the snapshot that the probe thread and `status` serve."""
        writable = self.store.writable
        if writable != self.health.writable:
            self.log("store_writable") if writable else self.log("store_full")
        # An actor that waits for room on the disk is not stuck: another start would have no more of it.
        self.health.late_actors = self.supervisor.late() if writable else ()
        self.health.writable = writable
        self.metrics.supervised(self.supervisor.statistics())
        for connection in self.plant.connections.values():
            self.metrics.queued(
                [connection.route.statistics(), *(box.statistics() for box in connection.map.values())]
            )
        self.health.status = self.commands.status()

    def _reload(self) -> None:
        try:
            fresh = configuration.load(self.path)
        except (ExceptionGroup, OSError) as problem:
            self.metrics.reloaded(False, self.clock.now_ms())
            self.log("reload_refused", problems=len(getattr(problem, "exceptions", (problem,))))
            return
        self.metrics.reloaded(True, self.clock.now_ms())
        if fresh.daemon.log_level != self.config.daemon.log_level:
            self.log.set_level(fresh.daemon.log_level)
        self.config = fresh
        self.log("reloaded")

    def _supervised(self, event: SupervisorEvent) -> None:
        self.log(
            "actor_" + event.what, actor=event.actor, restarts=event.restarts, error_class=event.error_class
        )


def _taken(key: str, address: str, problem: OSError) -> OSError:
    return OSError(
        f"daemon.{key}: it is not possible to listen at {address} ({problem.strerror})."
        " End the other programme there, or name another address."
    )


def void(_: object) -> None:
    """For callbacks whose result nobody wants."""
