"""Spares a table the looks that cannot find anything: no commit since the last one, and nothing comes due.

For actors that look at their table on a timer. A life's only writer is its own store, so a look that found
nothing stays true until the next commit or until the earliest time at which a row comes due.
"""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from streamsync.store.db import Store

T = TypeVar("T")
NEVER_MS = 1 << 62


class Idle:
    """One per actor and table. The first look is always made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commits = -1
        self._until_ms = 0

    def __repr__(self) -> str:
        return f"<Idle since commit {self._commits} until {self._until_ms}>"

    async def look(
        self, now_ms: int, find: Callable[[sqlite3.Connection], tuple[list[T], int | None]]
    ) -> list[T]:
        """What `find` finds; nothing, without asking, while the last look that found nothing still stands.

        `find` gives the rows and, where there are none, when the next one comes due: None = never, 0 = it did
        not look at everything."""
        commits = self._store.commits
        if commits == self._commits and now_ms < self._until_ms:
            return []
        found, due_ms = await self._store.read(find)
        if not found:
            self._commits, self._until_ms = commits, NEVER_MS if due_ms is None else due_ms
        return found
