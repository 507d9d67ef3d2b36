"""Who may call a system next, and when: one limiter per system and connection.

Four gates, all of which must be open before a call starts: the circuit breaker, the pause that the server
asked for (`Retry-After`), a pacing token bucket that spaces calls instead of letting them bunch, and a place
under an adaptive concurrency limit (additive increase, halved when throttled). Among the waiting the higher
lane goes strictly first and inside a lane the one that came first. The caller reports how each call ended. A
cancelled waiter leaves no trace. All time comes from the clock and the loop's timers, so that it runs
unchanged under virtual time.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import IntEnum

import msgspec

from streamsync.clock import Clock
from streamsync.errors import Refused
from streamsync.kernel.waits import Waits, WaitStatistics
from streamsync.model import LANES, Lane

_ROUNDING_SECONDS = 1e-9
_TIMER_SECONDS_MIN = 0.001  # uvloop's timers count whole milliseconds: a shorter one would spin


class Circuit(IntEnum):
    """The value of `streamsync_circuit_state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class LimiterStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` counts the calls that were started; `wait_seconds` is their waiting time added up."""

    waiting: Mapping[Lane, int]
    in_flight: int
    concurrency: int
    circuit: int
    calls: Mapping[Lane, int]
    wait_seconds: float
    waits: WaitStatistics


class _Pace:
    """A token bucket in its scheduling form (GCRA): one number, no refill loop."""

    def __init__(self, per_minute: float, burst: int) -> None:
        self._interval = 60.0 / per_minute
        self._slack = (burst - 1) * self._interval
        self._due = float("-inf")

    def delay(self, now: float) -> float:
        return self._due - self._slack - now

    def take(self, now: float) -> None:
        self._due = max(now, self._due) + self._interval


class _Breaker:
    """Opens after so many failures in a row; after a while one call is let through to find out."""

    def __init__(self, failures_max: int, open_seconds: float) -> None:
        self._failures_max = failures_max
        self._open_seconds = open_seconds
        self._failures = 0
        self._open_until: float | None = None
        self.probing = False

    def state(self, now: float) -> Circuit:
        if self._open_until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if now < self._open_until - _ROUNDING_SECONDS else Circuit.HALF_OPEN

    def remaining(self, now: float) -> float:
        return 0.0 if self._open_until is None else max(0.0, self._open_until - now)

    def answered(self) -> None:
        self._failures, self._open_until = 0, None

    def failed(self, now: float) -> bool:
        """Counts a failure; whether the circuit is open now. A failure while open is a straggler and changes
        nothing."""
        state = self.state(now)
        if state is Circuit.OPEN:
            return True
        self._failures += 1
        if state is Circuit.HALF_OPEN or self._failures >= self._failures_max:
            self._open_until = now + self._open_seconds
            return True
        return False


class Limiter:
    """`per_minute`: calls a minute at a steady pace, `burst` of which may go at once after a rest.

    `concurrency` is both where the limit starts and its ceiling.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        per_minute: float,
        burst: int = 1,
        concurrency: int = 4,
        circuit_failures: int = 8,
        circuit_seconds: float = 30,
    ) -> None:
        if per_minute <= 0 or burst < 1 or concurrency < 1 or circuit_failures < 1:
            raise ValueError("A limiter needs a positive rate, burst, concurrency and number of failures.")
        self._clock = clock
        self._pace = _Pace(per_minute, burst)
        self._breaker = _Breaker(circuit_failures, circuit_seconds)
        self._concurrency_max = concurrency
        self._concurrency = float(concurrency)
        self._paused_until = float("-inf")
        self._waiting: dict[Lane, deque[asyncio.Future[bool]]] = {lane: deque() for lane in LANES}
        self._in_flight = 0
        self._calls = dict.fromkeys(LANES, 0)
        self._waits = Waits()
        self._timer: asyncio.TimerHandle | None = None

    def slot(self, lane: Lane) -> AbstractAsyncContextManager[None]:
        """Waits for the turn and holds one place while the body runs. Raises `errors.Refused` while the
        circuit is open, also to those who wait already."""
        return self._slot(lane)

    @asynccontextmanager
    async def _slot(self, lane: Lane) -> AsyncIterator[None]:
        probe = await self._turn(lane)
        try:
            yield
        finally:
            self._release(probe)

    async def _turn(self, lane: Lane) -> bool:
        arrived = self._clock.monotonic()
        if self._breaker.state(arrived) is Circuit.OPEN:
            raise self._refusal()
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(turn)
        self._pump()
        try:
            probe = await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._release(turn.result())  # the turn came in the same moment as the cancellation
            elif turn in self._waiting[lane]:
                self._waiting[lane].remove(turn)
                self._pump()
            raise
        self._calls[lane] += 1
        self._waits.add(self._clock.monotonic() - arrived)
        return probe

    def _release(self, probe: bool) -> None:
        self._in_flight -= 1
        if probe:
            self._breaker.probing = False
        self._pump()

    def succeeded(self) -> None:
        """The server answered as it should (a refusal of the record's content is an answer too)."""
        self._breaker.answered()
        self._concurrency = min(self._concurrency_max, self._concurrency + 1.0 / self._concurrency)
        self._pump()

    def throttled(self, retry_after_seconds: float) -> None:
        """The server asked for a pause: nobody starts before it is over. Several answers about one pause
        halve once."""
        now = self._clock.monotonic()
        if now >= self._paused_until:
            self._concurrency = max(1.0, self._concurrency / 2)
        self._paused_until = max(self._paused_until, now + max(0.0, retry_after_seconds))
        self._breaker.answered()
        self._pump()

    def failed(self) -> None:
        """No answer, or one that says the server is ill."""
        if self._breaker.failed(self._clock.monotonic()):
            for lane in LANES:
                while self._waiting[lane]:
                    turn = self._waiting[lane].popleft()
                    if not turn.done():
                        turn.set_exception(self._refusal())
        self._pump()

    def statistics(self) -> LimiterStatistics:
        waits = self._waits.statistics()
        return LimiterStatistics(
            waiting={lane: len(turns) for lane, turns in self._waiting.items()},
            in_flight=self._in_flight,
            concurrency=int(self._concurrency),
            circuit=int(self._breaker.state(self._clock.monotonic())),
            calls=dict(self._calls),
            wait_seconds=waits.total_seconds,
            waits=waits,
        )

    def __repr__(self) -> str:
        now = self.statistics()
        circuit = Circuit(now.circuit).name.lower().replace("_", "-")
        waiting = sum(now.waiting.values())
        return f"<Limiter [{now.in_flight}/{now.concurrency} busy | {waiting} waiting | circuit {circuit}]>"

    def _refusal(self) -> Refused:
        seconds = self._breaker.remaining(self._clock.monotonic())
        return Refused(
            f"Not called: too many calls failed in a row. The next try is in {seconds:.0f} s.",
            code="circuit_open",
        )

    def _first(self) -> deque[asyncio.Future[bool]] | None:
        for lane in LANES:
            turns = self._waiting[lane]
            while turns and turns[0].done():  # cancelled, and its task has not run yet
                turns.popleft()
            if turns:
                return turns
        return None

    def _pump(self) -> None:
        """Starts all who may start now; for the next one sets a timer, unless an event will come for it
        anyway."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while (turns := self._first()) is not None and self._in_flight < int(self._concurrency):
            now = self._clock.monotonic()
            half_open = self._breaker.state(now) is Circuit.HALF_OPEN
            if half_open and self._breaker.probing:
                return
            delay = max(self._paused_until - now, self._pace.delay(now))
            if delay > _ROUNDING_SECONDS:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(max(delay, _TIMER_SECONDS_MIN), self._pump)
                return
            self._pace.take(now)
            self._in_flight += 1
            if half_open:
                self._breaker.probing = True
            turns.popleft().set_result(half_open)
