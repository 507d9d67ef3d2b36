"""Spares a table the looks that cannot find anything: no commit since the last one, and nothing comes due.

For actors that look at their table on a timer. A life's only writer is its own store, so a look that found
nothing stays true until the next commit or until the earliest time at which a row comes due.
"""

from streamsync.store.db import Store


class Idle:
    """One per actor and table. Starts as not idle: the first look is always made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commits = -1
        self._until_ms = 0

    def __repr__(self) -> str:
        return f"<Idle since commit {self._commits} until {self._until_ms}>"

    def holds(self, now_ms: int) -> bool:
        """Whether a look now would find nothing, as the last one did."""
        return self._commits == self._store.commits and now_ms < self._until_ms

    def begin(self, commits: int, until_ms: int | None) -> None:
        """A look that began at this number of commits found nothing; `until_ms`: when the next row comes due,
        None = never."""
        self._commits = commits
        self._until_ms = FAR_MS if until_ms is None else until_ms


FAR_MS = 1 << 62
