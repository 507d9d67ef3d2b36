"""Keeps actors running, and takes them down in the order that the caller gives.

        start           crash, budget left              budget spent
    ----------> running ----------------> pausing ----------------> degraded
                 ^  |                        |                          |
                 |  +--> finished            |   one try each           |
                 +------ (run returned) -----+---- `degraded_seconds` --+

An actor that crashes is run again after a jittered pause that doubles; every crash is counted. One that
crashed more than its budget within the window is *degraded*: tried again only now and then, visible to all
who look, and nothing else is harmed. It counts as healthy again after a whole window without a crash. The
supervisor owns every task it made: `stop`, `finish` and `close` return only when those tasks ended or overran
their deadline, which is reported.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType

import msgspec

from streamsync.clock import Clock
from streamsync.kernel.actor import Actor

PAUSE_SECONDS_FIRST = 0.5
PAUSE_SECONDS_MAX = 60.0
CANCEL_SECONDS = 1.0
RUNNING, PAUSING, DEGRADED, FINISHED, STOPPED = "running", "pausing", "degraded", "finished", "stopped"


class SupervisorEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`what`: `restarted` (crashed, will run again), `degraded`, `recovered`, `overran` (did not stop in
    time)."""

    what: str
    actor: str
    restarts: int
    error_class: str = ""
    error: BaseException | None = None


class ActorStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """`heartbeat_ms`: when it last beat, Unix milliseconds. `restarts` counts crashes since the start."""

    name: str
    state: str
    restarts: int
    heartbeat_ms: int
    late: bool
    error_class: str = ""


class _Node:
    def __init__(self, actor: Actor, budget: int, window_seconds: float) -> None:
        self.actor = actor
        self.budget = budget
        self.window_seconds = window_seconds
        self.state = RUNNING
        self.degraded = False
        self.crashes: deque[float] = deque()
        self.restarts = 0
        self.error_class = ""
        self.task: asyncio.Task[None]

    def crashed(self, now: float, error: BaseException) -> None:
        self.restarts += 1
        self.error_class = type(error).__name__
        self.crashes.append(now)
        self.forget(now)

    def forget(self, now: float) -> None:
        while self.crashes and self.crashes[0] <= now - self.window_seconds:
            self.crashes.popleft()


class Supervisor:
    """`on_event` is called from the loop and must not raise. An actor's name may be started once."""

    def __init__(
        self, clock: Clock, on_event: Callable[[SupervisorEvent], None], *, degraded_seconds: float = 300.0
    ) -> None:
        self._clock = clock
        self._on_event = on_event
        self._degraded_seconds = degraded_seconds
        self._nodes: dict[str, _Node] = {}

    async def __aenter__(self) -> "Supervisor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self, actor: Actor, restart_budget: int = 5, window_seconds: float = 600.0) -> None:
        """Runs the actor from now on. More than `restart_budget` crashes within the window make it
        degraded."""
        if actor.name in self._nodes:
            raise ValueError(f"The actor {actor.name} has been started already.")
        node = _Node(actor, restart_budget, window_seconds)
        node.task = asyncio.get_running_loop().create_task(self._keep(node), name=actor.name)
        self._nodes[actor.name] = node

    async def stop(self, names: Sequence[str], deadline_seconds: float) -> None:
        """Cancels this group and waits for it, at most so long."""
        tasks = self._tasks(names)
        for task in tasks:
            task.cancel()
        await self._gone(names, tasks, deadline_seconds)

    async def finish(self, names: Sequence[str], deadline_seconds: float) -> None:
        """Waits for this group to return by itself, then cancels what has not."""
        tasks = self._tasks(names)
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_seconds)
        for task in tasks:
            task.cancel()
        await self._gone(names, tasks, CANCEL_SECONDS)

    async def close(self, deadline_seconds: float = CANCEL_SECONDS) -> None:
        """Stops all that still run, at once."""
        await self.stop(list(self._nodes), deadline_seconds)

    def degraded(self) -> tuple[str, ...]:
        return tuple(name for name, node in self._nodes.items() if node.degraded)

    def late(self) -> tuple[str, ...]:
        """Actors that run but have not beaten within their own deadline: a restart of the process would
        help."""
        return tuple(
            name for name, node in self._nodes.items() if node.state == RUNNING and node.actor.pulse.late()
        )

    def statistics(self) -> list[ActorStatistics]:
        now_ms = self._clock.now_ms()
        late = set(self.late())
        return [
            ActorStatistics(
                name=name,
                state=DEGRADED if node.degraded else node.state,
                restarts=node.restarts,
                heartbeat_ms=now_ms - round(node.actor.pulse.age_seconds() * 1000),
                late=name in late,
                error_class=node.error_class,
            )
            for name, node in self._nodes.items()
        ]

    def __repr__(self) -> str:
        running = sum(node.state == RUNNING for node in self._nodes.values())
        return f"<Supervisor [{running}/{len(self._nodes)} running | {len(self.degraded())} degraded]>"

    async def _keep(self, node: _Node) -> None:
        try:
            while not await self._run_once(node):
                node.state = PAUSING
                await self._clock.sleep(self._pause_seconds(node))
            node.state = FINISHED
        except asyncio.CancelledError:
            node.state = STOPPED
            raise

    async def _run_once(self, node: _Node) -> bool:
        """True when the actor's work is over, False when it crashed and is to be run again."""
        node.state = RUNNING
        node.actor.pulse.beat()
        healed = (
            asyncio.get_running_loop().call_later(node.window_seconds, self._heal, node)
            if node.degraded
            else None
        )
        try:
            await node.actor.run()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._crashed(node, error)  # a cancellation that nobody asked for is a fault like any other
        except Exception as error:
            self._crashed(node, error)
        else:
            return True
        finally:
            if healed is not None:
                healed.cancel()
        return False

    def _crashed(self, node: _Node, error: BaseException) -> None:
        node.crashed(self._clock.monotonic(), error)
        spent = len(node.crashes) > node.budget
        self._tell(node, "degraded" if spent and not node.degraded else "restarted", error)
        node.degraded = node.degraded or spent

    def _heal(self, node: _Node) -> None:
        node.degraded = False
        node.forget(self._clock.monotonic())
        self._tell(node, "recovered")

    def _pause_seconds(self, node: _Node) -> float:
        if node.degraded:
            bare = self._degraded_seconds
        else:
            bare = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_FIRST * 2.0 ** min(len(node.crashes) - 1, 16))
        return bare * (0.5 + 0.5 * self._clock.rng.random())

    def _tasks(self, names: Sequence[str]) -> list[asyncio.Task[None]]:
        return [
            self._nodes[name].task
            for name in names
            if name in self._nodes and not self._nodes[name].task.done()
        ]

    async def _gone(
        self, names: Sequence[str], tasks: Sequence[asyncio.Task[None]], deadline_seconds: float
    ) -> None:
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=deadline_seconds)
        for task in left:
            self._tell(self._nodes[task.get_name()], "overran")
        for name in names:
            node = self._nodes.get(name)
            if node is not None and node.task.done() and node.state != FINISHED:
                node.state = STOPPED  # also one that was cancelled before its first step

    def _tell(self, node: _Node, what: str, error: BaseException | None = None) -> None:
        self._on_event(
            SupervisorEvent(
                what=what,
                actor=node.actor.name,
                restarts=node.restarts,
                error_class=type(error).__name__ if error is not None else "",
                error=error,
            )
        )
