"""The state file as a crash leaves it: copied while a process writes to it, with a torn write-ahead log.

The writer is stopped (SIGSTOP) before the copy is made: the bytes are those that SIGKILL at that moment would
have left. Whatever is cut off, what opens is a prefix of the commits, and no commit is there by half.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamsync.store.db import Store
from tests.unit.store.builders import Time

pytestmark = pytest.mark.anyio
WRITER = Path(__file__).with_name("torn_writer.py")
ROOT = Path(__file__).parents[3]
NEVER, OFTEN = "1000000", "15"  # how many pages the log may hold before it is folded into the file


class Writing:
    """The writer's process, and copies of its files."""

    def __init__(self, folder: Path, autocheckpoint: str) -> None:
        folder.chmod(0o700)
        self.folder, self.file = folder, folder / "state.db"
        self._said = folder / "said"
        self._pause = threading.Event()
        with self._said.open("wb") as out:
            self._child = subprocess.Popen(
                [sys.executable, str(WRITER), str(self.file), autocheckpoint],
                stdout=out,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def durable(self) -> int:
        """The last commit that it was told of."""
        lines = self._said.read_text("ascii").rpartition("\n")[0].splitlines()
        return int(lines[-1]) if lines else 0

    def past(self, number: int) -> None:
        """Lets it run until that commit is durable, then stops it dead."""
        os.kill(self._child.pid, signal.SIGCONT)
        while self.durable() < number:
            assert self._child.poll() is None, "the writer has ended"
            self._pause.wait(0.002)
        os.kill(self._child.pid, signal.SIGSTOP)
        os.waitpid(self._child.pid, os.WUNTRACED)

    def copy(self, name: str) -> Path:
        target = self.folder / name / "state.db"
        target.parent.mkdir(mode=0o700)
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.file}{suffix}", f"{target}{suffix}")
        return target

    def end(self) -> None:
        os.kill(self._child.pid, signal.SIGKILL)
        self._child.wait(10)


@pytest.fixture
def writing(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Writing]:
    started = Writing(tmp_path, request.param)
    yield started
    started.end()


async def survivors(path: Path) -> int:
    """Opens it as a start of the daemon does; the last commit that is there. Fails if one is there by half,
    or one before it is missing."""
    store = await Store.open(path, clock=Time())

    def look(conn: sqlite3.Connection) -> tuple[list[str], list[str], list[tuple[str]]]:
        ours = conn.execute("SELECT key FROM meta WHERE connection='torn' ORDER BY key").fetchall()
        theirs = conn.execute("SELECT feed FROM cursor WHERE connection='torn' ORDER BY feed").fetchall()
        verdict = conn.execute("PRAGMA quick_check").fetchall()
        return [key for (key,) in ours], [feed for (feed,) in theirs], verdict

    ours, theirs, verdict = await store.read(look)
    await store.close()
    assert verdict == [("ok",)]
    assert ours == theirs == [f"{number:06}" for number in range(1, len(ours) + 1)]
    return len(ours)


@pytest.mark.parametrize("writing", [OFTEN, NEVER], indirect=True)
async def test_a_copy_at_any_moment_opens_with_every_commit_that_was_told(writing: Writing) -> None:
    rng = random.Random(4)
    for turn in range(12):
        writing.past(writing.durable() + rng.randint(1, 40))
        told = writing.durable()
        assert told <= await survivors(writing.copy(f"copy{turn}")) <= told + 1


@pytest.mark.parametrize("writing", [NEVER], indirect=True)
async def test_a_log_cut_at_any_byte_opens_with_a_prefix(writing: Writing) -> None:
    rng = random.Random(5)
    writing.past(120)
    found = []
    for turn in range(40):
        copy = writing.copy(f"cut{turn}")
        log = copy.with_name("state.db-wal")
        os.truncate(log, rng.randint(0, log.stat().st_size))
        found.append(await survivors(copy))
    assert min(found) < 40
    assert max(found) > 80
    assert len(set(found)) > 20


@pytest.mark.parametrize("writing", [NEVER], indirect=True)
async def test_a_log_that_ends_in_rubbish_opens_with_a_prefix(writing: Writing) -> None:
    """A page that was being written when the power failed."""
    rng = random.Random(6)
    writing.past(120)
    found = []
    for turn in range(40):
        copy = writing.copy(f"rubbish{turn}")
        log = copy.with_name("state.db-wal")
        size = log.stat().st_size
        start = rng.randint(0, size - 1)
        with log.open("r+b") as file:
            file.seek(start)
            file.write(rng.randbytes(min(5_000, size - start)))
        found.append(await survivors(copy))
    assert min(found) < 40
    assert max(found) > 80
