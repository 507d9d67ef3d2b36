"""How late a change shows in lists, and a new record in searches. Owned by a stand-in; pure.

A service that answers lists from an index shows a change only a moment later; a read of one record by its key
is never late. The moment is drawn per change. With nothing set nothing is drawn or kept.
"""

import random
from collections.abc import Hashable


class Lag:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._listed: dict[Hashable, int] = {}
        self._found: dict[Hashable, int] = {}

    def note(self, key: Hashable, now_ms: int, *, new: bool, list_ms: int, search_ms: int) -> None:
        """A record was changed or made."""
        if list_ms:
            self._listed[key] = now_ms + self._rng.randint(0, list_ms)
        if new and search_ms:
            self._found[key] = now_ms + self._rng.randint(0, search_ms)

    def listed(self, key: Hashable, now_ms: int) -> bool:
        """Whether its last change shows in lists of what changed."""
        return self._listed.get(key, now_ms) <= now_ms

    def found(self, key: Hashable, now_ms: int) -> bool:
        """Whether a search finds it yet."""
        return self._found.get(key, now_ms) <= now_ms
