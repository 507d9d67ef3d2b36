"""What an actor is to the supervisor: a name, a pulse and a `run` that goes on until it is cancelled.

An actor owns its state and shares only mailboxes and wake-ups. `run` may return when its work is over (a
drained writer); an exception out of it is a crash, which the supervisor counts and answers by running the
actor again.
"""

import asyncio
from typing import Protocol


class Pulse:
    """The heartbeat of one actor: it calls `beat` at each turn of its loop, and late is who did not for
    `deadline_seconds`.

    Counted in the running loop's time, so that it is virtual under a virtual loop; before the first beat
    nothing is late.
    """

    def __init__(self, deadline_seconds: float) -> None:
        self.deadline_seconds = deadline_seconds
        self._last: float | None = None

    def beat(self) -> None:
        self._last = asyncio.get_running_loop().time()

    def age_seconds(self) -> float:
        return 0.0 if self._last is None else asyncio.get_running_loop().time() - self._last

    def late(self) -> bool:
        return self.age_seconds() > self.deadline_seconds


class Actor(Protocol):
    @property
    def name(self) -> str:
        """Unique in the process. Its first word is the label `actor` of the metrics: `writer` of
        `writer:kunde:erp`."""
        ...

    @property
    def pulse(self) -> Pulse: ...

    async def run(self) -> None: ...
