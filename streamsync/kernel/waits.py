"""How long things waited, as a cumulative histogram: what the limiter and the mailboxes keep and the metrics
publish."""

import bisect

import msgspec

WAIT_BOUNDS_SECONDS = (0.005, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)


class WaitStatistics(msgspec.Struct, frozen=True):
    """`counts[i]` waits fell into the bucket that ends at `bounds[i]`; the last count is of the longer
    ones."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total_seconds: float


class Waits:
    """For one owner; not shared between tasks."""

    def __init__(self) -> None:
        self._counts = [0] * (len(WAIT_BOUNDS_SECONDS) + 1)
        self._total_seconds = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect.bisect_left(WAIT_BOUNDS_SECONDS, seconds)] += 1
        self._total_seconds += seconds

    def statistics(self) -> WaitStatistics:
        return WaitStatistics(WAIT_BOUNDS_SECONDS, tuple(self._counts), self._total_seconds)
