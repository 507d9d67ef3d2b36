"""A deterministic asyncio loop: virtual time, no sockets, no threads, a seeded order of what is ready.

Time stands still while anything can run and jumps to the next timer when nothing can, so an hour costs
nothing and two runs with one seed are the same run. With `shuffle` the callbacks that are ready in one turn
run in a seeded random order: an interleaving that asyncio permits and production may meet. Nothing runnable
and no timer set is a `Deadlock`, never a hang.
"""

import asyncio
import random
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Deadlock(RuntimeError):
    """Every task waits for another one: no timer is set and nothing can run."""


class _NoSelector(selectors.SelectSelector):
    """Stands where the loop would wait for the network: moves the virtual clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        if timeout is None:
            raise Deadlock(f"Nothing can run and no timer is set at {self.now:.3f} s.")
        self.now += max(0.0, timeout)
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """`turns`: how many turns the loop made, for tests that two runs are the same.

    `after_turn`: told after each turn which tasks had a step in it (for whoever records or kills; the
    history is the same with it and without)."""

    def __init__(self, seed: int = 0, *, shuffle: bool = True) -> None:
        self._virtual = _NoSelector()
        super().__init__(self._virtual)
        self._rng = random.Random(seed)
        self._shuffle = shuffle
        self._left_over: list[AsyncGenerator[Any, Any]] = []
        self.after_turn: Callable[[list[asyncio.Task[Any]]], None] | None = None

    @property
    def turns(self) -> int:
        return self._virtual.turns

    def time(self) -> float:
        return self._virtual.now

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]  # asyncio's own queue, not in its stubs
        if self._shuffle and len(ready) > 1:
            handles = list(ready)
            self._rng.shuffle(handles)
            ready.clear()
            ready.extend(handles)
        stepping = _tasks_of(ready) if self.after_turn is not None else []
        super()._run_once()  # type: ignore[misc]  # asyncio's own turn, not in its type stubs
        if self.after_turn is not None and stepping:
            self.after_turn(stepping)

    def _asyncgen_finalizer_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        """A generator that nobody read to its end: asyncio would close it from whatever thread collects it,
        at a moment that no seed decides. It is kept until the loop closes."""
        self._left_over.append(agen)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        raise RuntimeError("Threads are not deterministic: they may not be used in a simulation.")

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        raise RuntimeError("Threads are not deterministic: they may not be used in a simulation.")


def _tasks_of(handles: Iterable[Any]) -> list[asyncio.Task[Any]]:
    """The tasks that these handles step or wake."""
    owners = (getattr(handle._callback, "__self__", None) for handle in handles)
    return [owner for owner in owners if isinstance(owner, asyncio.Task)]


def run(work: Callable[[], Coroutine[Any, Any, T]], seed: int = 0, *, shuffle: bool = True) -> T:
    """Runs `work()` to its end on a fresh virtual loop that starts at 0 s. Tasks left over are cancelled, as
    by asyncio.run.

    Raises what `work` raises, and `Deadlock`."""
    loop = SimLoop(seed, shuffle=shuffle)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(work())
    finally:
        try:
            _cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _cancel_all(loop: SimLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
