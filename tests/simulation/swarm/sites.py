"""Await sites: where the daemon's tasks stand still, seen from outside, so that it can be killed at each.

A site is the line in `actors/` at which a task waits and the innermost line of `streamsync/` below it
(`actors/writer.py:231>streamsync/systems/transport.py:88`): one store transaction of one actor, one stage of
one call. A *hit* is a step of a task that ended there. Only tasks of the life that runs now count, and only
once its store is open: before, there is nothing that could be lost.
"""

import asyncio
import gc
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests.simulation.swarm.life import Life

ROOT = f"{Path(__file__).parents[3]}/"
OURS = ("actors/", "streamsync/")
NOT_OURS = "streamsync/simulators/"


def site_of(task: asyncio.Task[Any]) -> str:
    """Where this task waits; `""` if it is none of the daemon's."""
    actor = inner = ""
    for frame in _frames(task.get_coro()):
        if frame.f_code is Life.read.__code__:
            return ""  # the judge looks into the store
        name = frame.f_code.co_filename.removeprefix(ROOT)
        if name.startswith(NOT_OURS):
            return ""
        if name.startswith(OURS):
            inner = f"{name}:{frame.f_lineno}"
            actor = inner if name.startswith("actors/") else actor
    return inner if actor in ("", inner) else f"{actor}>{inner}"


def _frames(awaited: Any) -> Iterator[FrameType]:
    """From the task's own coroutine to the innermost one that can be looked into."""
    while awaited is not None:
        kind = type(awaited).__name__
        if kind == "coroutine":
            frame, awaited = awaited.cr_frame, awaited.cr_await
        elif kind == "async_generator":
            frame, awaited = awaited.ag_frame, awaited.ag_await
        elif kind in ("async_generator_asend", "coroutine_wrapper"):  # they do not say what they drive
            frame, awaited = None, next(iter(gc.get_referents(awaited)), None)
        else:
            return
        if frame is not None:
            yield frame


class Sites:
    """Counts the hits of each site, and kills the life at one of them if told to.

    `life()`: the one that runs now. Set it as the loop's `after_turn`."""

    def __init__(self, life: Callable[[], Life], site: str = "", at_hit: int = 0) -> None:
        self.hits: Counter[str] = Counter()
        self.stopped = False
        self._life, self._site, self._at_hit = life, site, at_hit

    def __call__(self, stepped: list[asyncio.Task[Any]]) -> None:
        if self.stopped or not self._life().running:
            return
        for task in stepped:
            site = "" if task.done() else site_of(task)
            if site:
                self.hits[site] += 1
                if site == self._site and self.hits[site] == self._at_hit:
                    self.stopped = True
                    self._kill()
                    return

    def stop(self) -> None:
        self.stopped = True

    def _kill(self) -> None:
        """In this very turn. Of what was sent, that of every other connection still arrives."""
        life, arrives = self._life(), itertools.cycle((True, False))
        life.kill(lambda: next(arrives))
        life.died.set()
