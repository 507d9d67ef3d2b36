"""A table of records with an index by the time of their last change. Owned by the company.

`changed` finds what changed since a moment without looking at the rest: an empty answer costs a
bisection. Lists come in the order of creation, because the real hosts promise no order (visma-api
§3.4).
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import Generic, TypeVar

from streamsync.simulators.visma.records import Stamped

R = TypeVar("R", bound=Stamped)
_by_seq = attrgetter("seq")


class Table(Generic[R]):
    """`stamp` gives the time that the index compares: wall time for the finance host, UTC for the order
    service."""

    def __init__(self, stamp: Callable[[R], int]) -> None:
        self._stamp = stamp
        self._rows: dict[Hashable, R] = {}
        self._by_seq: dict[int, R] = {}
        self._index: list[tuple[int, int]] = []
        self._indexed: dict[int, int] = {}  # seq -> the stamp under which it is in the index
        self._next_seq = 1

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: Hashable) -> R | None:
        return self._rows.get(key)

    def all(self) -> list[R]:
        """In the order of creation."""
        return list(self._rows.values())

    def add(self, row: R) -> None:
        """Takes a new record in and gives it its `seq`."""
        self._take(row)
        self._note(row)

    def add_many(self, rows: Iterable[R]) -> None:
        """Takes many in, and sorts the index once."""
        for row in rows:
            self._take(row)
        self.reindex()

    def _take(self, row: R) -> None:
        row.seq = self._next_seq
        self._next_seq += 1
        if row.key in self._rows:
            raise ValueError(f"There is already a record {row.key}.")
        self._rows[row.key] = row
        self._by_seq[row.seq] = row

    def touched(self, row: R) -> None:
        """To be called after a stamp of the record moved."""
        self._forget(row.seq)
        self._note(row)

    def remove(self, row: R) -> None:
        self._forget(row.seq)
        del self._rows[row.key], self._by_seq[row.seq]

    def reindex(self) -> None:
        """Builds the index anew, after a bulk load or a change of the zone."""
        self._indexed = {seq: self._stamp(row) for seq, row in self._by_seq.items()}
        self._index = sorted((stamp, seq) for seq, stamp in self._indexed.items())

    def changed(self, moment: int, condition: str) -> list[R]:
        """Records whose stamp is `condition` (`>`, `>=`, `<`, `<=`) the moment, in the order of creation."""
        low = bisect_left(self._index, (moment, 0))
        high = bisect_right(self._index, (moment, self._next_seq))
        match condition:
            case ">=":
                found = self._index[low:]
            case ">":
                found = self._index[high:]
            case "<=":
                found = self._index[:high]
            case _:
                found = self._index[:low]
        return sorted((self._by_seq[seq] for _, seq in found), key=_by_seq)

    def _note(self, row: R) -> None:
        stamp = self._stamp(row)
        self._indexed[row.seq] = stamp
        insort(self._index, (stamp, row.seq))

    def _forget(self, seq: int) -> None:
        entry = (self._indexed.pop(seq), seq)
        del self._index[bisect_left(self._index, entry)]
