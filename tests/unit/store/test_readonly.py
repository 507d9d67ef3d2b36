"""A store at rest is looked at under its lock, and is afterwards byte for byte what it was."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from streamsync.clock import LoopClock
from streamsync.errors import StoreRefused
from streamsync.store import meta
from streamsync.store.db import Store
from streamsync.store.readonly import ReadOnly


def left(path: Path, *, clean: bool = True) -> bytes:
    """A store as the daemon leaves it: closed, or killed with its last words in the write-ahead log."""

    async def life() -> None:
        store = await Store.open(path, clock=LoopClock(0), inline=True)
        await store.tx(lambda c: meta.put(c, "kunde", "word", "kept"))
        if clean:
            await store.close()
        else:
            store.kill()

    asyncio.run(life())
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder / "streamsync.db"


@pytest.mark.parametrize("clean", [True, False])
def test_looking_changes_nothing(path: Path, clean: bool) -> None:
    before = left(path, clean=clean)

    async def look() -> None:
        store = ReadOnly(path)
        assert await store.read(lambda c: meta.get(c, "kunde", "word")) == "kept"
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await store.read(lambda c: meta.put(c, "kunde", "word", "changed"))
        assert store.wal_bytes() >= 0
        store.close()

    asyncio.run(look())
    assert path.read_bytes() == before

    async def next_life() -> bool:
        again = await Store.open(path, clock=LoopClock(0), inline=True)
        await again.close()
        return again.clean

    assert asyncio.run(next_life()) is clean


async def test_a_store_that_a_daemon_holds_is_refused(path: Path) -> None:
    running = await Store.open(path, clock=LoopClock(0), inline=True)
    with pytest.raises(StoreRefused, match="is held by process"):
        ReadOnly(path)
    await running.close()
    looked = ReadOnly(path)
    with pytest.raises(StoreRefused, match="is held by process"):
        await Store.open(path, clock=LoopClock(0), inline=True)
    looked.close()


def test_what_is_no_store_of_this_version_is_refused_and_let_go(path: Path) -> None:
    with pytest.raises(StoreRefused, match="There is no state file"):
        ReadOnly(path)
    assert not path.exists()
    left(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA user_version=1")
    other.close()
    for _ in range(2):
        with pytest.raises(StoreRefused, match="has schema version 1"):
            ReadOnly(path)
    path.write_bytes(b"not a database at all, but as long as one would be" * 100)
    with pytest.raises(StoreRefused, match="cannot be used"):
        ReadOnly(path)
