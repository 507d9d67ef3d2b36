"""A wake-up that coalesces: many calls of `set` before anyone looks are one wake-up.

A hint, never a promise: whoever waits also looks at its table when the time is over.
"""

import asyncio


class Wake:
    """For one waiter (several waiters share a wake-up: all of them see it)."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """True if woken, False if the time was over first. Either way the next wait starts afresh."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def __repr__(self) -> str:
        return f"<Wake [{'set' if self._event.is_set() else 'quiet'}]>"
