"""A disk without room: the transaction waits, whole, and is made once there is room. Nothing is half done."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsync.errors import StoreRefused
from streamsync.store import meta
from streamsync.store.db import Store
from tests.unit.store.builders import NAME, Time

pytestmark = pytest.mark.anyio
BIG = "x" * 100_000
PLENTY = 1_000_000


class Patient(Time):
    """Lets the loop turn at each pause, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses = 0
        self.thrice = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        if self.pauses == 3:
            self.thrice.set()
        await asyncio.sleep(0)


def put(key: str, value: str = "x") -> Callable[[sqlite3.Connection], str]:
    def fn(conn: sqlite3.Connection) -> str:
        meta.put(conn, NAME, key, value)
        return key

    return fn


async def room(store: Store, pages: int) -> None:
    """As if the disk had that many pages for us; fewer than are there: no more."""
    await store._link.run(lambda conn: conn.execute(f"PRAGMA max_page_count={pages}").fetchall())


async def kept(store: Store) -> set[str]:
    rows = await store.read(
        lambda c: c.execute("SELECT key FROM meta WHERE connection=?", (NAME,)).fetchall()
    )
    return {key for (key,) in rows}


async def opened(tmp_path: Path, clock: Time) -> Store:
    os.chmod(tmp_path, 0o700)
    return await Store.open(tmp_path / "state.db", clock=clock)


async def waits(clock: Patient) -> None:
    """Until it has tried three times in vain."""
    async with asyncio.timeout(10):
        await clock.thrice.wait()


async def test_what_does_not_fit_waits_and_is_made_when_there_is_room(tmp_path: Path) -> None:
    clock = Patient()
    store = await opened(tmp_path, clock)
    await store.tx(put("before"))
    await room(store, 1)
    small, big, after = (
        asyncio.create_task(store.tx(fn)) for fn in (put("small"), put("big", BIG), put("after"))
    )
    await waits(clock)
    assert not any(task.done() for task in (small, big, after))
    assert [store.writable] == [False]
    assert await kept(store) == {"before"}  # not one of the batch, though the small one would have fitted
    await room(store, PLENTY)
    assert [*await asyncio.gather(small, big, after)] == ["small", "big", "after"]
    assert [store.writable] == [True]
    assert await kept(store) == {"before", "small", "big", "after"}
    assert store.statistics().failures == 0
    await store.close()


async def test_a_mistake_of_a_function_is_still_its_own_alone(tmp_path: Path) -> None:
    clock = Patient()
    store = await opened(tmp_path, clock)
    await room(store, 1)

    def wrong(conn: sqlite3.Connection) -> None:
        meta.put(conn, NAME, "half", "done")
        raise ValueError("second half")

    tasks = [asyncio.create_task(store.tx(fn)) for fn in (wrong, put("big", BIG))]
    await waits(clock)
    await room(store, PLENTY)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], ValueError)
    assert results[1] == "big"
    assert await kept(store) == {"big"}
    await store.close()


async def test_one_who_gave_up_waiting_is_not_served_later(tmp_path: Path) -> None:
    clock = Patient()
    store = await opened(tmp_path, clock)
    await room(store, 1)
    task = asyncio.create_task(store.tx(put("big", BIG)))
    await waits(clock)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await room(store, PLENTY)
    await store.tx(put("after"))
    assert await kept(store) == {"after"}
    await store.close()


async def test_it_can_be_closed_without_room_and_opens_again(tmp_path: Path) -> None:
    """Nobody waits for ever: what does not fit fails, and the next start takes the end for a crash."""
    clock = Patient()
    store = await opened(tmp_path, clock)
    await store.tx(put("before"))
    await room(store, 1)
    task = asyncio.create_task(store.tx(put("big", BIG)))
    await waits(clock)
    await store.close()
    [failed] = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(failed, sqlite3.OperationalError)
    again = await opened(tmp_path, clock)
    assert not again.clean
    assert await kept(again) == {"before"}
    await again.close()


async def test_a_start_without_room_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(conn: sqlite3.Connection, fresh: bool) -> bool:
        conn.execute("PRAGMA max_page_count=1").fetchall()
        conn.execute("CREATE TABLE more AS SELECT zeroblob(1000000)")
        return fresh

    monkeypatch.setattr(meta, "begin_life", full)
    with pytest.raises(StoreRefused, match=r"full\. Make room on its disk\.$"):
        await opened(tmp_path, Patient())
