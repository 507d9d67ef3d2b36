"""A store that nobody writes, looked at without changing it: no migration, no recovery, no checkpoint.

For `streamsync verify` while no daemon runs. It takes the lock that the daemon holds for life, so that there
never are two connections on one file (reliability §7); the connection itself cannot write.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from streamsync.errors import StoreRefused
from streamsync.store import files, schema

T = TypeVar("T")


class ReadOnly:
    """Close it when done. Raises `StoreRefused` where there is no store, another process holds it, or it is
    not of this programme's version."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise StoreRefused(f"There is no state file {path}. Has `streamsync run` been started once?")
        self._path = path
        self._lock = files.Lock(path.with_name(path.name + ".lock"))
        try:
            self._conn = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
        except BaseException:
            self._lock.release()
            raise
        try:
            self._refuse_strange()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<ReadOnly {self._path}>"

    def _refuse_strange(self) -> None:
        try:
            present = schema.version(self._conn)
        except sqlite3.DatabaseError as error:
            raise StoreRefused(
                f"The state file {self._path} cannot be used: {error}. Restore a copy of it."
            ) from error
        if present != len(schema.STEPS):
            raise StoreRefused(
                f"The state file {self._path} has schema version {present}, this programme works with"
                f" {len(schema.STEPS)}. Start the daemon of this version once, or use the other version."
            )

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """As `db.Store.read`; on the caller's thread, since nobody else waits."""
        return fn(self._conn)

    def wal_bytes(self) -> int:
        return files.size(self._path.with_name(self._path.name + "-wal"))

    def close(self) -> None:
        self._conn.close()
        self._lock.release()
