"""A look that cannot find anything is spared: until the next commit, or until something comes due."""

import sqlite3
from collections.abc import AsyncIterator

import pytest

from streamsync.store.db import Store
from streamsync.store.idle import Idle
from tests.unit.store.builders import Time


def _note(conn: sqlite3.Connection) -> None:
    conn.execute("INSERT INTO meta(connection, key, value) VALUES('kunde', 'seen', '1')")


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", clock=Time(), inline=True)
    yield store
    await store.close()


async def test_the_first_look_is_always_made(store: Store) -> None:
    assert not Idle(store).holds(0)


async def test_it_holds_until_the_next_row_comes_due(store: Store) -> None:
    idle = Idle(store)
    idle.begin(store.commits, 5_000)
    assert idle.holds(4_999)
    assert not idle.holds(5_000)
    idle.begin(store.commits, None)
    assert idle.holds(10**15)


@pytest.mark.parametrize("during", [False, True])
async def test_a_commit_ends_it_even_one_during_the_look(store: Store, during: bool) -> None:
    idle, commits = Idle(store), store.commits
    if not during:
        idle.begin(commits, None)
    await store.tx(_note)
    if during:
        idle.begin(commits, None)
    assert not idle.holds(0)
