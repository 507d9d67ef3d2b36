"""The inbox of an actor: bounded, keyed, in lanes.

It holds keys (ids), never payloads: what is behind a key is in the store, so a lost mailbox costs nothing and
a key that waits already need not wait twice. The same key put again is *coalesced* and counted; the higher of
both lanes wins. Lanes are emptied strictly in their order, each first in, first out. A full mailbox makes
`put` wait: that is the back-pressure, and among those who wait to put, the higher lane goes first. Cancelling
a waiter loses nothing.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

import msgspec

from streamsync.clock import Clock
from streamsync.kernel.waits import Waits, WaitStatistics
from streamsync.model import LANES, Lane

K = TypeVar("K", bound=Hashable)
_RANK = {lane: rank for rank, lane in enumerate(LANES)}


class MailboxStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """`putting`: how many wait for room. `oldest_seconds`: age of the oldest key inside, 0 when empty."""

    name: str
    length: int
    capacity: int
    coalesced: int
    oldest_seconds: float
    putting: int
    waits: WaitStatistics


class Mailbox(Generic[K]):
    """`name` is for people and metrics: `route:kunde`, `map:kunde:organisation`."""

    def __init__(self, name: str, capacity: int, clock: Clock) -> None:
        if capacity < 1:
            raise ValueError(f"The mailbox {name} needs room for at least one key.")
        self.name = name
        self.capacity = capacity
        self._clock = clock
        self._arrived: dict[Lane, dict[K, float]] = {lane: {} for lane in LANES}
        self._lanes: dict[K, Lane] = {}
        self._putting: dict[Lane, deque[tuple[K, asyncio.Future[None]]]] = {lane: deque() for lane in LANES}
        self._filled = asyncio.Event()
        self._coalesced = 0
        self._waits = Waits()

    def __len__(self) -> int:
        return len(self._lanes)

    def __repr__(self) -> str:
        now = self.statistics()
        parts = [
            f"{now.length}/{now.capacity} waiting",
            f"oldest {now.oldest_seconds:.1f} s",
            f"{now.coalesced} coalesced",
        ]
        if now.putting:
            parts.append(f"{now.putting} blocked")
        return f"<Mailbox {self.name} [{' | '.join(parts)}]>"

    @property
    def room(self) -> int:
        return self.capacity - len(self._lanes)

    def offer(self, key: K, lane: Lane) -> bool:
        """Puts without waiting. False when there is no room; a key that waits already is always taken."""
        held = self._lanes.get(key)
        if held is not None:
            self._coalesced += 1
            if _RANK[lane] < _RANK[held]:
                self._arrived[lane][key] = self._arrived[held].pop(key)
                self._lanes[key] = lane
            return True
        if self.room <= 0:
            return False
        self._arrived[lane][key] = self._clock.monotonic()
        self._lanes[key] = lane
        self._filled.set()
        return True

    async def put(self, key: K, lane: Lane) -> None:
        """Puts, and waits for room if there is none."""
        if self.offer(key, lane):
            return
        entry = (key, asyncio.get_running_loop().create_future())
        self._putting[lane].append(entry)
        try:
            await entry[1]
        except asyncio.CancelledError:
            if entry in self._putting[lane]:
                self._putting[lane].remove(entry)
            raise

    async def get(self) -> K:
        """The first key of the highest lane; waits while there is none."""
        while not self._lanes:
            await self._filled.wait()
        return self._take()

    async def get_many(self, limit: int, timeout_seconds: float | None = None) -> list[K]:
        """Up to `limit` keys, in order, as soon as there is one; an empty list when `timeout_seconds` passed
        without."""
        if not self._lanes and timeout_seconds is not None:
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._filled.wait()
            except TimeoutError:
                return []
        keys = [await self.get()] if timeout_seconds is None else []
        while self._lanes and len(keys) < limit:
            keys.append(self._take())
        return keys

    def statistics(self) -> MailboxStatistics:
        firsts = [min(arrived.values()) for arrived in self._arrived.values() if arrived]
        return MailboxStatistics(
            name=self.name,
            length=len(self._lanes),
            capacity=self.capacity,
            coalesced=self._coalesced,
            oldest_seconds=self._clock.monotonic() - min(firsts) if firsts else 0.0,
            putting=sum(len(entries) for entries in self._putting.values()),
            waits=self._waits.statistics(),
        )

    def _take(self) -> K:
        arrived = next(keys for keys in self._arrived.values() if keys)
        key = next(iter(arrived))
        self._waits.add(self._clock.monotonic() - arrived.pop(key))
        del self._lanes[key]
        if not self._lanes:
            self._filled.clear()
        self._admit()
        return key

    def _admit(self) -> None:
        """Lets in those who wait to put, the higher lane first, as far as there is room."""
        for lane in LANES:
            entries = self._putting[lane]
            while entries and (entries[0][1].done() or self.offer(entries[0][0], lane)):
                _, entered = entries.popleft()
                if not entered.done():
                    entered.set_result(None)
