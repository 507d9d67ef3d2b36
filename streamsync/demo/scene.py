"""What a step works with: people at both systems, a patient look at both, and a notebook.

`seen` is the only way to wait: it looks at both stand-ins until something is there, or raises `Missed`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from streamsync.clock import Clock
from streamsync.demo.control import Control, Crm, Erp
from streamsync.demo.stage import Stage

T = TypeVar("T")
LOOK_SECONDS = 0.2
STEP_SECONDS = 40.0
WEBCRM, VISMA = "webCRM", "Visma.net"


class Missed(Exception):
    """What should have happened did not; the message says what."""


class Told(msgspec.Struct, frozen=True):
    """One thing that happened in one of the systems, or between the daemon and a person."""

    system: str
    text: str


class Scene:
    """One step's view of the stage. `kept` carries from step to step what later ones need."""

    def __init__(self, stage: Stage, clock: Clock, kept: dict[str, Any]) -> None:
        self.user: Control = stage.crm
        self.bookkeeper: Control = stage.erp
        self.kept = kept
        self.told: list[Told] = []
        self.stage = stage
        self.clock = clock

    def tell(self, who: str, text: str) -> None:
        self.told.append(Told(who, text))

    def webcrm(self, text: str) -> None:
        self.tell(WEBCRM, text)

    def visma(self, text: str) -> None:
        self.tell(VISMA, text)

    async def look(self) -> tuple[Crm, Erp]:
        return await self.stage.look()

    async def seen(
        self,
        find: Callable[[Crm, Erp], T | None],
        what: str,
        *,
        seconds: float = STEP_SECONDS,
        pause: float = LOOK_SECONDS,
    ) -> T:
        """The first answer of `find` that is true; `what` completes "It did not happen that …"."""
        deadline = self.clock.monotonic() + seconds
        while True:
            if found := find(*await self.look()):
                return found
            self.stage.check_alive()
            if self.clock.monotonic() > deadline:
                raise Missed(f"It did not happen within {seconds:.0f} s that {what}.")
            await asyncio.sleep(pause)

    async def stays(self, holds: Callable[[Crm, Erp], bool], what: str, *, seconds: float) -> None:
        """Looks again for a while: several polls of the daemon must leave it alone. Raises Missed."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
            if not holds(*await self.look()):
                raise Missed(f"It did not last that {what}.")

    def needs(self, name: str, step: str) -> Any:
        """What an earlier step kept. Raises Missed."""
        if name not in self.kept:
            raise Missed(f"This needs what the step {step!r} should have made.")
        return self.kept[name]


Step = tuple[str, Callable[[Scene], Awaitable[None]]]  # its title, and what happens
