"""The mailbox: bounded, keyed, in lanes; back-pressure and cancellation. And the wake-up."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsync.clock import LoopClock
from streamsync.kernel.mailbox import Mailbox
from streamsync.kernel.signal import Wake
from streamsync.model import LANES, Lane
from tests.simulation.vloop import run


def mailbox(capacity: int = 10) -> Mailbox[str]:
    return Mailbox("map:kunde:item", capacity, LoopClock(0))


def test_lanes_are_emptied_strictly_in_order_each_first_in_first_out() -> None:
    async def work() -> list[str]:
        box = mailbox()
        for key, lane in (
            ("b1", Lane.BACKFILL),
            ("l1", Lane.LIVE),
            ("b2", Lane.BACKFILL),
            ("i1", Lane.INTERACTIVE),
            ("l2", Lane.LIVE),
        ):
            await box.put(key, lane)
        return [await box.get() for _ in range(5)]

    assert run(work) == ["i1", "l1", "l2", "b1", "b2"]


def test_a_key_that_waits_is_coalesced_and_its_higher_lane_wins() -> None:
    async def work() -> None:
        box = mailbox(2)
        assert box.offer("a", Lane.BACKFILL)
        assert box.offer("b", Lane.RETRY)
        assert box.offer("a", Lane.LIVE)  # full, but it waits already
        assert box.offer("a", Lane.BACKFILL)  # a lower lane does not push it back
        assert not box.offer("c", Lane.INTERACTIVE)
        assert (len(box), box.room, box.statistics().coalesced) == (2, 0, 2)
        assert await box.get_many(5) == ["a", "b"]

    run(work)


def test_a_full_mailbox_makes_put_wait_and_lets_the_higher_lane_in_first() -> None:
    async def work() -> None:
        box = mailbox(1)
        await box.put("first", Lane.LIVE)
        slow = asyncio.create_task(box.put("slow", Lane.BACKFILL))
        await asyncio.sleep(1)
        fast = asyncio.create_task(box.put("fast", Lane.LIVE))
        await asyncio.sleep(1)
        assert not slow.done()
        assert box.statistics().putting == 2
        assert "2 blocked" in repr(box)
        assert await box.get() == "first"
        await asyncio.sleep(1)
        assert fast.done()
        assert not slow.done()
        assert [await box.get(), await box.get()] == ["fast", "slow"]
        await asyncio.gather(slow, fast)
        assert len(box) == 0

    run(work, seed=2)


def test_two_who_wait_to_put_the_same_key_are_one() -> None:
    async def work() -> None:
        box = mailbox(1)
        await box.put("first", Lane.LIVE)
        both = [asyncio.create_task(box.put("same", Lane.LIVE)) for _ in range(2)]
        await asyncio.sleep(1)
        await box.get()
        await asyncio.gather(*both)
        assert (len(box), box.statistics().coalesced) == (1, 1)

    run(work)


def test_a_cancelled_put_leaves_nothing_behind() -> None:
    async def work() -> None:
        box = mailbox(1)
        await box.put("first", Lane.LIVE)
        waiting = asyncio.create_task(box.put("cancelled", Lane.LIVE))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.sleep(1)
        await box.get()
        assert (len(box), box.statistics().putting) == (0, 0)

    run(work)


def test_get_waits_for_a_key_and_a_cancelled_get_loses_none() -> None:
    async def work() -> None:
        box = mailbox()
        lost, kept = asyncio.create_task(box.get()), asyncio.create_task(box.get())
        await asyncio.sleep(1)
        box.offer("a", Lane.LIVE)
        lost.cancel()
        assert await kept == "a"

    for seed in range(5):
        run(work, seed)


def test_get_many_returns_what_is_there_or_nothing_after_its_time() -> None:
    async def work() -> None:
        box, clock = mailbox(), LoopClock(0)
        assert await box.get_many(3, 30.0) == []
        assert clock.monotonic() == 30
        for key in "abcd":
            box.offer(key, Lane.LIVE)
        assert await box.get_many(3, 30.0) == ["a", "b", "c"]
        assert await box.get_many(3) == ["d"]
        assert clock.monotonic() == 30

    run(work)


def test_statistics_and_repr_tell_an_operator_what_waits() -> None:
    async def work() -> None:
        box, clock = mailbox(4), LoopClock(0)
        box.offer("a", Lane.BACKFILL)
        await clock.sleep(5)
        box.offer("b", Lane.LIVE)
        box.offer("a", Lane.BACKFILL)
        now = box.statistics()
        assert (now.length, now.capacity, now.coalesced, now.oldest_seconds) == (2, 4, 1, 5)
        assert repr(box) == "<Mailbox map:kunde:item [2/4 waiting | oldest 5.0 s | 1 coalesced]>"
        await box.get_many(9)
        assert box.statistics().waits.total_seconds == 5

    run(work)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(LANES)), max_size=60),
    st.integers(1, 8),
    st.integers(0, 99),
)
def test_every_key_put_comes_out_and_none_twice_in_a_row_of_puts(
    puts: list[tuple[int, Lane]], capacity: int, seed: int
) -> None:
    """Conservation: keys taken plus keys coalesced are the keys put."""

    async def work() -> None:
        box: Mailbox[int] = Mailbox("x", capacity, LoopClock(0))
        taken: list[int] = []

        async def drain() -> None:
            while True:
                taken.append(await box.get())
                await asyncio.sleep(0.1)

        reader = asyncio.create_task(drain())
        await asyncio.gather(*(box.put(key, lane) for key, lane in puts))
        await asyncio.sleep(100)
        reader.cancel()
        assert set(taken) == {key for key, _ in puts}
        assert len(taken) + box.statistics().coalesced == len(puts)

    run(work, seed)


def test_a_mailbox_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        mailbox(0)


def test_many_wake_ups_are_one_and_the_next_wait_starts_afresh() -> None:
    async def work() -> None:
        wake, clock = Wake(), LoopClock(0)
        wake.set()
        wake.set()
        assert repr(wake) == "<Wake [set]>"
        assert await wake.wait(10)
        assert not await wake.wait(10)
        assert clock.monotonic() == 10
        waiting = asyncio.create_task(wake.wait(10))
        await clock.sleep(3)
        wake.set()
        assert await waiting
        assert clock.monotonic() == 13

    run(work)
