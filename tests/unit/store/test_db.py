"""The seam: group commit, isolation, cancellation, crash and restart, the lock, migrations."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsync.errors import StoreRefused
from streamsync.model import Side
from streamsync.store import files, meta, outbox, schema
from streamsync.store.db import BATCH_MAX, Store, _Threaded
from tests.unit.store.builders import (
    CRM,
    NAME,
    Time,
    create,
    database,
    decide,
    op,
    organisation,
    pair_id,
    see,
)

pytestmark = pytest.mark.anyio


def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "state.db"


def put(key: str, value: str = "x") -> Callable[[sqlite3.Connection], str]:
    def fn(conn: sqlite3.Connection) -> str:
        meta.put(conn, NAME, key, value)
        return key

    return fn


async def test_canary_for_the_private_hop_of_aiosqlite() -> None:
    link = _Threaded(":memory:")
    await link.start()
    assert await link.run(lambda conn: conn.execute("SELECT 1").fetchone()) == (1,)
    await link.close()


@pytest.mark.parametrize("inline", [False, True])
async def test_a_failing_function_rolls_back_itself_alone(inline: bool) -> None:
    store = await Store.open(":memory:", clock=Time(), inline=inline)

    def half_done(conn: sqlite3.Connection) -> None:
        meta.put(conn, NAME, "half", "done")
        raise ValueError("second half")

    results = await asyncio.gather(
        store.tx(put("a")), store.tx(half_done), store.tx(put("b")), return_exceptions=True
    )
    assert results[0] == "a"
    assert isinstance(results[1], ValueError)
    assert results[2] == "b"
    kept = await store.read(lambda c: [meta.get(c, NAME, key) for key in ("a", "half", "b")])
    assert kept == ["x", "", "x"]
    assert store.statistics().failures == 1
    await store.close()


async def test_many_callers_share_a_commit() -> None:
    store = await Store.open(":memory:", clock=Time())
    await asyncio.gather(*(store.tx(put(f"k{number}")) for number in range(600)))
    found = store.statistics()
    assert found.functions == 600
    assert found.commits <= 6
    assert found.batch_max <= BATCH_MAX
    assert await store.read(
        lambda c: c.execute("SELECT count(*) FROM meta WHERE key LIKE 'k%'").fetchone()
    ) == (600,)
    await store.close()


async def test_a_cancelled_caller_does_not_stop_the_actor() -> None:
    store = await Store.open(":memory:", clock=Time())
    tasks = [asyncio.create_task(store.tx(put(f"k{number}"))) for number in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 25
    assert await store.tx(put("after")) == "after"
    kept = await store.read(lambda c: {key for (key,) in c.execute("SELECT key FROM meta")})
    assert {f"k{number}" for number in range(1, 50, 2)} < kept
    await store.close()


async def test_a_read_cannot_write() -> None:
    store = await Store.open(":memory:", clock=Time())
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(put("a"))
    assert await store.tx(put("a")) == "a"
    await store.close()


async def test_a_failing_commit_reaches_every_caller() -> None:
    store = await Store.open(":memory:", clock=Time())
    results = await asyncio.gather(
        store.tx(put("a")), store.tx(lambda c: c.execute("ROLLBACK")), return_exceptions=True
    )
    assert all(isinstance(result, sqlite3.OperationalError) for result in results)
    assert await store.read(lambda c: meta.get(c, NAME, "a")) == ""
    assert await store.tx(put("b")) == "b"
    await store.close()


async def test_close_commits_what_waits_then_refuses(tmp_path: Path) -> None:
    path = folder(tmp_path)
    store = await Store.open(path, clock=Time())
    waiting = [asyncio.create_task(store.tx(put(f"k{number}"))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*waiting)) == 20
    with pytest.raises(StoreRefused, match="closed"):
        await store.tx(put("late"))
    assert files.size(path.with_name(path.name + "-wal")) == 0


@pytest.mark.parametrize("inline", [False, True])
async def test_clean_and_unclean_ends_are_told_apart(tmp_path: Path, inline: bool) -> None:
    path = folder(tmp_path)
    store = await Store.open(path, clock=Time(), inline=inline)
    assert store.clean  # new
    await store.close()
    store = await Store.open(path, clock=Time(), inline=inline)
    assert store.clean
    await store.tx(put("kept"))
    store.kill()
    store = await Store.open(path, clock=Time(), inline=inline)
    assert not store.clean
    assert await store.read(lambda c: meta.get(c, NAME, "kept")) == "x"
    await store.close()


async def test_sent_becomes_unknown_at_restart(tmp_path: Path) -> None:
    path = folder(tmp_path)
    store = await Store.open(path, clock=Time(), inline=True)

    def send(conn: sqlite3.Connection) -> int:
        see(conn, organisation(CRM, "1", name="Kunde"))
        number = decide(conn, pair_id(conn, CRM, "1"), create())
        return outbox.claim(conn, [op(conn, number)], 3000)[0]

    number = await store.tx(send)
    store.kill()
    store = await Store.open(path, clock=Time(7777), inline=True)
    recovered = await store.tx(lambda c: outbox.restart(c, 8888))
    assert recovered == outbox.Recovered(clean=False, unknown=1)
    found = await store.read(lambda c: op(c, number))
    assert (found.state, found.due_ms, found.sent_ms, found.attempt) == ("unknown", 7777, 3000, 1)
    await store.close()


async def test_a_second_holder_is_refused_by_name(tmp_path: Path) -> None:
    path = folder(tmp_path)
    store = await Store.open(path, clock=Time(), inline=True)
    with pytest.raises(StoreRefused, match=f"held by process {os.getpid()}"):
        await Store.open(path, clock=Time(), inline=True)
    await store.close()
    await (await Store.open(path, clock=Time(), inline=True)).close()


async def test_an_older_file_is_copied_then_migrated(tmp_path: Path) -> None:
    path = folder(tmp_path)
    store = await Store.open(path, clock=Time(), inline=True)
    await store.tx(put("kept"))
    await store.close()
    present = len(schema.STEPS)
    newer = (*schema.STEPS, ("CREATE TABLE extra(a TEXT) STRICT", f"PRAGMA user_version={present + 1}"))
    conn = sqlite3.connect(path, isolation_level=None)
    copies: list[Path] = []

    def copy(version: int) -> None:
        copies.append(path.with_name(f"state.db.v{version}.backup"))
        files.copy_verified(conn, copies[-1])

    assert schema.migrate(conn, copy, newer) is False
    assert schema.version(conn) == present + 1
    [backup] = copies
    assert backup.stat().st_mode & 0o777 == 0o600
    old = sqlite3.connect(backup)
    assert schema.version(old) == present
    assert meta.get(old, NAME, "kept") == "x"
    old.close()
    conn.close()
    with pytest.raises(
        StoreRefused, match=f"version {present + 1}, this programme knows versions up to {present}"
    ):
        await Store.open(path, clock=Time(), inline=True)


def test_every_step_leads_from_the_first_schema_to_the_one_of_a_new_store() -> None:
    """A file of any earlier version becomes what a fresh one is."""
    fresh, old = database(), sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(old, lambda version: None, schema.STEPS[:1])
    old.execute("INSERT INTO meta(connection, key, value) VALUES('kunde', 'kept', 'x')")
    copied: list[int] = []
    for count in range(2, len(schema.STEPS) + 1):
        assert schema.migrate(old, copied.append, schema.STEPS[:count]) is False
        assert schema.version(old) == count
    assert copied == list(range(1, len(schema.STEPS)))
    tables = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    assert old.execute(tables).fetchall() == fresh.execute(tables).fetchall()
    assert meta.get(old, NAME, "kept") == "x"
    old.close()


async def test_a_failing_migration_leaves_the_old_schema() -> None:
    conn = database()
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(
            conn, lambda version: None, (*schema.STEPS, ("CREATE TABLE extra(a TEXT)", "nonsense"))
        )
    assert schema.version(conn) == len(schema.STEPS)
    assert not conn.execute("SELECT 1 FROM sqlite_schema WHERE name='extra'").fetchone()


async def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs(a)")
    other.commit()
    other.close()
    path.chmod(0o600)
    with pytest.raises(StoreRefused, match="not made by streamsync"):
        await Store.open(path, clock=Time(), inline=True)
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreRefused, match="cannot be used"):
        await Store.open(path, clock=Time(), inline=True)


async def test_another_tenant_is_refused_with_a_sentence() -> None:
    conn = database()
    meta.remember_identity(conn, NAME, Side.ERP, "1971")
    meta.remember_identity(conn, NAME, Side.ERP, "1971")
    meta.remember_identity(conn, "other", Side.ERP, "2020")
    with pytest.raises(StoreRefused, match=r"filled from Visma\.net company 1971, but .* leads to .* 2020"):
        meta.remember_identity(conn, NAME, Side.ERP, "2020")
    assert meta.identity(conn, NAME, Side.ERP) == "1971"


async def test_crash_points_are_called_after_each_commit() -> None:
    store = await Store.open(":memory:", clock=Time(), inline=True)
    seen: list[int] = []
    store.after_commit = seen.append
    await store.tx(put("a"))
    await store.tx(put("b"))
    assert seen == [1, 2]
    await store.close()


async def test_a_store_that_cannot_commit_says_so_until_it_can_again(tmp_path: Path) -> None:
    store = await Store.open(folder(tmp_path), clock=Time())

    def full(_commit: int) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    store.after_commit = full
    with pytest.raises(sqlite3.OperationalError):
        await store.tx(put("kept"))
    full_disk = store.writable
    store.after_commit = None
    await store.tx(put("kept"))
    assert (full_disk, store.writable) == (False, True)
    await store.close()
