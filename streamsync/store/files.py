"""The state file on disk: who may read it, who holds it, and verified copies of it (security D1, reliability
§5.3).

The folder is 0700, the file 0600 before SQLite sees it, so that `-wal` and `-shm` inherit it. Wider modes are
refused, not mended: somebody may already have read the file, and a person should know.
"""

import fcntl
import os
import sqlite3
import stat
from pathlib import Path

from streamsync.errors import StoreRefused

OPEN_TO_OTHERS = 0o077
NO_ROOM = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE))


def no_room(error: BaseException) -> bool:
    """Whether a write failed because nothing more fits: a full disk, a quota, a limit of the process. Nothing
    of the transaction is there then, and the same one can be made later."""
    return getattr(error, "sqlite_errorcode", 0) in NO_ROOM


def prepare(path: Path) -> None:
    """Create folder and file with narrow modes, or refuse wider ones. Also narrows the umask of the
    process."""
    os.umask(OPEN_TO_OTHERS)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_wide(path.parent, "700")
    if not path.exists():
        create_private(path)
    _refuse_wide(path, "600")


def create_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _refuse_wide(path: Path, wanted: str) -> None:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if mode & OPEN_TO_OTHERS:
        raise StoreRefused(f"{path} may be read by other users (mode {mode:o}). Run: chmod {wanted} {path}")
    if found.st_uid not in (os.getuid(), 0):
        raise StoreRefused(f"{path} belongs to user id {found.st_uid}, not to the one that runs streamsync.")


class Lock:
    """An flock on `<file>.lock`, held for the life of the process. A second holder is refused by name."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise StoreRefused(f"{path} is held by process {holder}. Stop that streamsync first.") from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        os.close(self._fd)


def copy_verified(conn: sqlite3.Connection, target: Path) -> None:
    """A copy through the same connection (two connections on one file meet a known SQLite bug, reliability
    §7), then checked. An older copy of the same name is replaced. Raises `StoreRefused` when the copy is
    damaged."""
    target.unlink(missing_ok=True)
    create_private(target)
    [(guarded,)] = conn.execute("PRAGMA query_only").fetchall()
    conn.execute("PRAGMA query_only=OFF")  # on, it would forbid writing any other file as well
    try:
        conn.execute("VACUUM INTO ?", (str(target),))
    finally:
        conn.execute("PRAGMA query_only=ON" if guarded else "PRAGMA query_only=OFF")
    copy = sqlite3.connect(target)
    try:
        [(verdict,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
    finally:
        copy.close()
    if verdict != "ok":
        raise StoreRefused(f"The copy {target} is damaged ({verdict}); the state file was left as it is.")


def size(path: Path) -> int:
    """Bytes, 0 if there is no such file."""
    return path.stat().st_size if path.exists() else 0
