"""The limiter under virtual time: pace, lanes, the server's pauses, adaptive concurrency, the circuit,
cancellation."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from streamsync.clock import LoopClock
from streamsync.errors import Refused
from streamsync.kernel.limiter import Circuit, Limiter
from streamsync.model import Lane
from tests.simulation.vloop import run


class Bench:
    """A limiter and the starts it allowed, as (what, second)."""

    def __init__(self, **settings: Any) -> None:
        self.clock = LoopClock(0)
        self.limiter = Limiter(self.clock, **{"per_minute": 60, **settings})
        self.starts: list[tuple[str, float]] = []

    async def call(
        self, what: str, lane: Lane = Lane.LIVE, seconds: float = 0.0, answer: str = "succeeded"
    ) -> None:
        async with self.limiter.slot(lane):
            self.starts.append((what, round(self.clock.monotonic(), 6)))
            await self.clock.sleep(seconds)
            getattr(self.limiter, answer)()

    async def fail(self, times: int) -> None:
        for _ in range(times):
            await self.call("failing", answer="failed")


async def all_of(*work: Coroutine[Any, Any, None]) -> None:
    """Started one after the other, so that the order of arrival is known under a shuffling loop."""
    tasks = []
    for one in work:
        tasks.append(asyncio.create_task(one))
        await asyncio.sleep(1e-6)
    await asyncio.gather(*tasks)


def test_calls_are_spaced_and_not_bunched() -> None:
    async def work() -> None:
        bench = Bench()
        await all_of(*(bench.call(str(number)) for number in range(5)))
        seconds = [second for _, second in bench.starts]
        assert [round(b - a, 3) for a, b in pairwise(seconds)] == [1.0] * 4

    run(work, seed=1)


def test_a_burst_is_allowed_after_a_rest_and_only_once() -> None:
    async def work() -> None:
        bench = Bench(burst=3)
        await bench.clock.sleep(1000)
        await all_of(*(bench.call(str(number)) for number in range(5)))
        assert [round(second - 1000) for _, second in bench.starts] == [0, 0, 0, 1, 2]

    run(work)


def test_the_rate_holds_over_an_hour_whatever_the_load() -> None:
    async def work() -> None:
        bench = Bench(per_minute=250, burst=4, concurrency=8)

        async def user() -> None:
            while bench.clock.monotonic() < 3600:
                await bench.call("x", seconds=0.3)

        await asyncio.gather(*(user() for _ in range(6)))
        for minute in range(60):
            count = sum(60 * minute <= second < 60 * minute + 60 for _, second in bench.starts)
            assert 249 <= count <= 254

    run(work, seed=3)


def test_a_higher_lane_goes_strictly_first_and_a_lane_is_first_come_first_served() -> None:
    async def work() -> None:
        bench = Bench()
        lanes = [
            Lane.BACKFILL,
            Lane.BACKFILL,
            Lane.RECONCILE,
            Lane.LIVE,
            Lane.BACKFILL,
            Lane.INTERACTIVE,
            Lane.RETRY,
            Lane.LIVE,
        ]
        await all_of(*(bench.call(f"{lane}{number}", lane) for number, lane in enumerate(lanes)))
        assert [what for what, _ in bench.starts] == [
            "backfill0",  # was alone when it came
            "interactive5", "live3", "live7", "retry6", "reconcile2", "backfill1", "backfill4",
        ]  # fmt: skip

    run(work, seed=5)


def test_no_more_than_the_limit_run_at_once() -> None:
    async def work() -> None:
        bench = Bench(per_minute=60_000, burst=100, concurrency=2)
        await all_of(*(bench.call(str(number), seconds=10) for number in range(4)))
        assert [round(second) for _, second in bench.starts] == [0, 0, 10, 10]

    run(work)


def test_a_throttled_answer_stops_all_until_the_server_allows_and_halves_the_limit_once() -> None:
    async def work() -> None:
        bench = Bench(per_minute=6000, burst=10, concurrency=8)
        bench.limiter.throttled(30)
        bench.limiter.throttled(20)  # another answer about the same pause
        assert bench.limiter.statistics().concurrency == 4
        await bench.call("after")
        assert bench.starts == [("after", 30.0)]
        bench.limiter.throttled(1)
        assert bench.limiter.statistics().concurrency == 2
        for _ in range(200):
            bench.limiter.succeeded()
        assert bench.limiter.statistics().concurrency == 8

    run(work)


def test_those_who_wait_already_wait_for_a_longer_pause_too() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.call("first")
        waiting = asyncio.create_task(bench.call("second"))
        await bench.clock.sleep(0.5)
        bench.limiter.throttled(60)
        await waiting
        assert bench.starts[1] == ("second", 60.5)

    run(work)


def test_the_circuit_opens_after_failures_in_a_row_and_refuses_at_once() -> None:
    async def work() -> None:
        bench = Bench(per_minute=6000, circuit_failures=3, circuit_seconds=30)
        await bench.fail(2)
        await bench.call("good")
        await bench.fail(2)
        assert bench.limiter.statistics().circuit == Circuit.CLOSED
        waiting = asyncio.create_task(bench.call("waiting"))
        bench.limiter.throttled(5)
        await asyncio.sleep(0)
        bench.limiter.failed()
        bench.limiter.failed()
        bench.limiter.failed()
        with pytest.raises(Refused) as caught:
            await waiting
        assert caught.value.code == "circuit_open"
        before = bench.clock.monotonic()
        with pytest.raises(Refused, match="next try is in 30 s"):
            await bench.call("refused")
        assert bench.clock.monotonic() == before
        assert bench.limiter.statistics().circuit == Circuit.OPEN
        assert "circuit open" in repr(bench.limiter)

    run(work)


def test_half_open_lets_one_through_and_its_answer_decides() -> None:
    async def work() -> None:
        bench = Bench(per_minute=6000, burst=10, circuit_failures=1, circuit_seconds=30)
        await bench.fail(1)
        await bench.clock.sleep(30)
        assert bench.limiter.statistics().circuit == Circuit.HALF_OPEN
        await all_of(bench.call("probe", seconds=7), bench.call("other"), bench.call("third"))
        assert [(what, round(second)) for what, second in bench.starts[1:]] == [
            ("probe", 30),
            ("other", 37),
            ("third", 37),
        ]

        await bench.fail(1)
        await bench.clock.sleep(30)
        probe = asyncio.create_task(bench.call("probe", seconds=7, answer="failed"))
        await asyncio.sleep(0.001)
        other = asyncio.create_task(bench.call("other"))
        with pytest.raises(Refused):
            await other
        await probe
        assert bench.limiter.statistics().circuit == Circuit.OPEN

    run(work)


def test_a_probe_that_ends_without_an_answer_makes_room_for_the_next() -> None:
    async def work() -> None:
        bench = Bench(per_minute=6000, burst=10, circuit_failures=1, circuit_seconds=30)
        await bench.fail(1)
        await bench.clock.sleep(30)
        probe = asyncio.create_task(bench.call("probe", seconds=1000))
        await asyncio.sleep(0.001)
        probe.cancel()
        await bench.call("next")
        assert bench.limiter.statistics().circuit == Circuit.CLOSED

    run(work)


@pytest.mark.parametrize("seed", range(8))
def test_cancelled_waiters_leave_no_trace(seed: int) -> None:
    async def work() -> None:
        bench = Bench(per_minute=600, concurrency=2)
        tasks = [asyncio.create_task(bench.call(str(number), seconds=0.2)) for number in range(30)]
        for turn in range(20):
            await asyncio.sleep(bench.clock.rng.random() / 5)
            tasks[(turn * 7) % 30].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        now = bench.limiter.statistics()
        assert (now.in_flight, sum(now.waiting.values())) == (0, 0)
        assert sum(now.calls.values()) >= 10
        await bench.call("last")

    run(work, seed)


def test_statistics_count_calls_and_waiting_time() -> None:
    async def work() -> None:
        bench = Bench()
        await all_of(bench.call("a", Lane.LIVE), bench.call("b", Lane.RETRY), bench.call("c", Lane.RETRY))
        now = bench.limiter.statistics()
        assert (now.calls[Lane.LIVE], now.calls[Lane.RETRY]) == (1, 2)
        assert now.wait_seconds == pytest.approx(3, abs=0.001)
        assert sum(now.waits.counts) == 3
        assert repr(bench.limiter) == "<Limiter [0/4 busy | 0 waiting | circuit closed]>"

    run(work)


@pytest.mark.parametrize(
    "settings", [{"per_minute": 0}, {"burst": 0}, {"concurrency": 0}, {"circuit_failures": 0}]
)
def test_settings_that_could_never_work_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Bench(**settings)
