"""D1, D2: who may read the state file, and that deleted values do not stay in it."""

import ast
import os
import sqlite3
import stat
from pathlib import Path

import pytest

import streamsync.store
from streamsync.errors import StoreRefused
from streamsync.model import Kind
from streamsync.store import meta, shadows
from streamsync.store.db import Store
from tests.unit.store.builders import CRM, NAME, Time, organisation, see

pytestmark = pytest.mark.anyio
CANARY = "Kanariefugl Hemmelighed 4711"


def everything(folder: Path) -> bytes:
    return b"".join(entry.read_bytes() for entry in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_d1_folder_and_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state" / "state.db"
    store = await Store.open(path, clock=Time())
    await store.tx(lambda c: meta.put(c, NAME, "a", "b"))
    assert mode(path.parent) == 0o700
    files = {entry.name: mode(entry) for entry in path.parent.iterdir()}
    assert set(files) == {"state.db", "state.db-wal", "state.db-shm", "state.db.lock"}
    assert set(files.values()) == {0o600}
    await store.backup(path.with_name("copy.db"))
    assert mode(path.with_name("copy.db")) == 0o600
    await store.close()


@pytest.mark.parametrize("wide", [0o644, 0o640, 0o604])
async def test_d1_a_file_that_others_may_read_is_refused(tmp_path: Path, wide: int) -> None:
    path = tmp_path / "state.db"
    path.touch(0o600)
    path.chmod(wide)
    with pytest.raises(StoreRefused, match=f"mode {wide:o}.*chmod 600"):
        await Store.open(path, clock=Time(), inline=True)
    path.chmod(0o600)
    os.chmod(tmp_path, 0o750)
    with pytest.raises(StoreRefused, match="chmod 700"):
        await Store.open(path, clock=Time(), inline=True)


async def test_d2_a_deleted_value_is_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = await Store.open(path, clock=Time())
    people = [organisation(CRM, str(n), name=f"{CANARY} {n}") for n in range(200)]
    await store.tx(lambda c: see(c, *people))
    assert await store.checkpoint()
    assert CANARY.encode() in path.read_bytes()

    def remove(conn: sqlite3.Connection) -> None:
        for person in people:
            shadows.remove(conn, NAME, CRM, Kind.ORGANISATION, person.record.rid)

    await store.tx(remove)
    assert await store.checkpoint()
    left = everything(tmp_path)
    assert CANARY.encode() not in left
    await store.close()


async def test_d2_pragmas_are_set(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "state.db", clock=Time())
    names = (
        "secure_delete",
        "trusted_schema",
        "foreign_keys",
        "synchronous",
        "journal_mode",
        "application_id",
    )
    found = await store.read(lambda c: [c.execute("PRAGMA " + name).fetchone()[0] for name in names])
    assert found == [1, 0, 1, 2, "wal", 0x53594E43]
    await store.close()


def test_d2_sql_is_literal() -> None:
    """No f-string, `%` or `format` builds a statement: every `execute` gets a name or a literal."""
    [folder] = streamsync.store.__path__
    calls = 0
    for path in Path(folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("execute", "executemany"):
                calls += 1
                assert isinstance(node.args[0], ast.Name | ast.Constant | ast.IfExp), (
                    f"{path.name}:{node.lineno}"
                )
    assert calls > 50
