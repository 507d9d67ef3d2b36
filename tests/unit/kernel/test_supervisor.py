"""The supervisor: restarts with growing pauses, degraded without harm to others, recovery, stopping in
groups, heartbeats."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from streamsync.clock import LoopClock
from streamsync.kernel.actor import Pulse
from streamsync.kernel.supervisor import Supervisor, SupervisorEvent
from tests.simulation.vloop import run


class Worker:
    def __init__(self, name: str, body: Callable[[], Awaitable[None]], deadline_seconds: float = 60) -> None:
        self.name = name
        self.pulse = Pulse(deadline_seconds)
        self._body = body
        self.starts: list[float] = []

    async def run(self) -> None:
        self.starts.append(asyncio.get_running_loop().time())
        await self._body()


class House:
    def __init__(self) -> None:
        self.events: list[SupervisorEvent] = []
        self.supervisor = Supervisor(LoopClock(1_000_000), self.events.append)

    def words(self) -> list[str]:
        return [event.what for event in self.events]


async def forever() -> None:
    await asyncio.sleep(1e9)


async def crash() -> None:
    raise KeyError("a value that may not be shown")


def test_a_crashed_actor_runs_again_after_growing_pauses() -> None:
    async def work() -> None:
        house, worker = House(), Worker("poller:k", crash)
        house.supervisor.start(worker, restart_budget=100)
        await asyncio.sleep(40)
        pauses = [later - earlier for earlier, later in pairwise(worker.starts)]
        assert 5 <= len(pauses) <= 9
        assert 0.25 <= pauses[0] <= 0.5
        assert all(0.5 * 0.5 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses))
        assert house.events[0].error_class == "KeyError"
        assert house.events[-1].restarts == len(worker.starts)
        await house.supervisor.close()

    run(work, seed=4)


def test_one_that_keeps_crashing_becomes_degraded_and_harms_nobody() -> None:
    async def work() -> None:
        house = House()
        bad, good = Worker("mapper:k:item", crash), Worker("writer:k:crm", forever)
        house.supervisor.start(bad)
        house.supervisor.start(good)
        await asyncio.sleep(400)
        assert house.words()[:6] == ["restarted"] * 5 + ["degraded"]
        assert house.supervisor.degraded() == ("mapper:k:item",)
        states = {actor.name: actor.state for actor in house.supervisor.statistics()}
        assert states == {"mapper:k:item": "degraded", "writer:k:crm": "running"}
        assert len(good.starts) == 1
        before = len(bad.starts)
        await asyncio.sleep(3000)
        assert 8 <= len(bad.starts) - before <= 20  # tried now and then, not all the time
        await house.supervisor.close()

    run(work)


def test_it_recovers_after_a_whole_window_without_a_crash() -> None:
    async def work() -> None:
        house, crashes = House(), iter(range(8))

        async def body() -> None:
            if next(crashes, None) is not None:
                raise RuntimeError
            await forever()

        house.supervisor.start(Worker("router:k", body))
        await asyncio.sleep(5000)
        assert house.words()[-1] == "recovered"
        assert house.supervisor.degraded() == ()
        await house.supervisor.close()

    run(work)


def test_rare_crashes_never_spend_the_budget() -> None:
    async def work() -> None:
        house = House()

        async def body() -> None:
            await asyncio.sleep(150)
            raise RuntimeError

        house.supervisor.start(Worker("router:k", body))
        await asyncio.sleep(50_000)
        assert set(house.words()) == {"restarted"}
        await house.supervisor.close()

    run(work)


def test_a_cancellation_that_nobody_asked_for_is_a_crash() -> None:
    async def work() -> None:
        house = House()

        async def body() -> None:
            raise asyncio.CancelledError

        worker = Worker("router:k", body)
        house.supervisor.start(worker)
        await asyncio.sleep(2)
        assert house.events[0].error_class == "CancelledError"
        assert len(worker.starts) > 1
        await house.supervisor.close()

    run(work)


def test_groups_stop_in_the_order_of_the_caller_and_are_gone_when_stop_returns() -> None:
    async def work() -> None:
        house, ended = House(), list[str]()

        def body(name: str) -> Callable[[], Awaitable[None]]:
            async def until_cancelled() -> None:
                try:
                    await forever()
                finally:
                    await asyncio.sleep(0.2)
                    ended.append(name)

            return until_cancelled

        for name in ("poller:a", "poller:b", "writer:a"):
            house.supervisor.start(Worker(name, body(name)))
        await asyncio.sleep(1)
        await house.supervisor.stop(["poller:a", "poller:b"], 5)
        assert sorted(ended) == ["poller:a", "poller:b"]
        await house.supervisor.stop(["writer:a", "unknown"], 5)
        assert ended[-1] == "writer:a"
        assert {actor.state for actor in house.supervisor.statistics()} == {"stopped"}
        assert house.words() == []

    run(work)


def test_stop_does_not_wait_beyond_its_deadline_and_says_who_overran() -> None:
    async def work() -> None:
        house = House()

        async def stubborn() -> None:
            try:
                await forever()
            except asyncio.CancelledError:
                await asyncio.sleep(30)

        house.supervisor.start(Worker("writer:k", stubborn))
        await asyncio.sleep(1)
        await house.supervisor.stop(["writer:k"], 5)
        assert asyncio.get_running_loop().time() == 6
        assert house.words() == ["overran"]

    run(work)


def test_finish_waits_for_those_that_return_by_themselves() -> None:
    async def work() -> None:
        house, draining = House(), asyncio.Event()

        async def drained() -> None:
            await draining.wait()
            await asyncio.sleep(3)

        for name, body in (("writer:k:crm", drained), ("writer:k:erp", forever)):
            house.supervisor.start(Worker(name, body))
        await asyncio.sleep(1)
        draining.set()
        await house.supervisor.finish(["writer:k:crm", "writer:k:erp"], 10)
        assert asyncio.get_running_loop().time() == 11
        states = {actor.name: actor.state for actor in house.supervisor.statistics()}
        assert states == {"writer:k:crm": "finished", "writer:k:erp": "stopped"}

    run(work)


def test_a_missed_heartbeat_is_late_and_a_waiting_restart_is_not() -> None:
    async def work() -> None:
        house = House()
        house.supervisor.start(Worker("mapper:k", forever, deadline_seconds=60))
        house.supervisor.start(Worker("poller:k", crash, deadline_seconds=1), restart_budget=0)
        await asyncio.sleep(59)
        assert house.supervisor.late() == ()
        await asyncio.sleep(2)
        assert house.supervisor.late() == ("mapper:k",)
        (actor,) = (actor for actor in house.supervisor.statistics() if actor.name == "mapper:k")
        assert (actor.late, actor.heartbeat_ms) == (True, 1_000_000)
        assert "1/2 running" in repr(house.supervisor)
        await house.supervisor.close()

    run(work)


def test_leaving_the_block_stops_all_and_a_name_is_started_once() -> None:
    async def work() -> None:
        async with House().supervisor as supervisor:
            supervisor.start(Worker("a", forever))
            with pytest.raises(ValueError, match="started already"):
                supervisor.start(Worker("a", forever))
        assert [actor.state for actor in supervisor.statistics()] == ["stopped"]

    run(work)
