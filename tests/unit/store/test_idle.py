"""A look that cannot find anything is spared: until the next commit, or until something comes due."""

import sqlite3
from collections.abc import AsyncIterator

import pytest

from streamsync.store.db import Store
from streamsync.store.idle import Idle
from tests.unit.store.builders import Time


def _note(conn: sqlite3.Connection) -> None:
    conn.execute("INSERT INTO meta(connection, key, value) VALUES('kunde', 'seen', '1')")


class Table:
    """`found` and `due_ms` are what a look finds; counts how often one was made."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self.due_ms: int | None = None
        self.looks = 0

    def __call__(self, conn: sqlite3.Connection) -> tuple[list[int], int | None]:
        self.looks += 1
        return self.found, self.due_ms


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", clock=Time(), inline=True)
    yield store
    await store.close()


async def test_the_first_look_is_always_made(store: Store) -> None:
    table = Table()
    await Idle(store).look(0, table)
    assert table.looks == 1


async def test_it_is_spared_until_the_next_row_comes_due(store: Store) -> None:
    idle, table = Idle(store), Table()
    table.due_ms = 5_000
    await idle.look(0, table)
    assert await idle.look(4_999, table) == []
    assert table.looks == 1
    table.due_ms = None
    await idle.look(5_000, table)
    assert table.looks == 2
    await idle.look(10**15, table)
    assert table.looks == 2


async def test_a_look_that_found_something_is_made_again(store: Store) -> None:
    idle, table = Idle(store), Table()
    table.found = [7]
    assert await idle.look(0, table) == [7]
    assert await idle.look(0, table) == [7]


async def test_one_that_did_not_look_at_everything_is_made_again(store: Store) -> None:
    idle, table = Idle(store), Table()
    table.due_ms = 0
    await idle.look(1, table)
    await idle.look(1, table)
    assert table.looks == 2


async def test_a_commit_ends_it(store: Store) -> None:
    idle, table = Idle(store), Table()
    await idle.look(0, table)
    await store.tx(_note)
    await idle.look(0, table)
    assert table.looks == 2


async def test_a_commit_during_the_look_ends_it_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    idle, table, read = Idle(store), Table(), store.read

    async def interrupted(fn: Table) -> tuple[list[int], int | None]:
        found = await read(fn)
        await store.tx(_note)
        return found

    monkeypatch.setattr(store, "read", interrupted)
    await idle.look(0, table)
    monkeypatch.undo()
    await idle.look(0, table)
    assert table.looks == 2
