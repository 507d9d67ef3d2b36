"""The only source of time and randomness. Nothing else may ask the operating system for either."""

import asyncio
import random
import secrets
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for stamps, the loop's time for waiting; under the simulation's loop both are virtual."""

    rng: random.Random

    def now_ms(self) -> int:
        """UTC, Unix milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """Real time."""

    def __init__(self) -> None:
        self.rng = random.Random(secrets.randbits(64))

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LoopClock:
    """Time as the running event loop tells it, counted from `epoch_ms`: virtual under a virtual loop."""

    def __init__(self, epoch_ms: int, seed: int = 0) -> None:
        self.epoch_ms = epoch_ms
        self.rng = random.Random(seed)

    def now_ms(self) -> int:
        return self.epoch_ms + round(asyncio.get_running_loop().time() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
