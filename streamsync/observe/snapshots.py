"""Metrics that are states, not events: taken at the scrape from what the loop reported last.

A scrape may come from another thread (the probes have one of their own), so everything kept here is replaced
as a whole and never changed in place.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from streamsync.model import Lane
from streamsync.observe.catalogue import BY_NAME, COUNTER, GAUGE, check_label


class Waits(Protocol):
    """A histogram of the kernel: `counts` has one entry more than `bounds`."""

    @property
    def bounds(self) -> Sequence[float]: ...
    @property
    def counts(self) -> Sequence[int]: ...
    @property
    def total_seconds(self) -> float: ...


class QueueState(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def coalesced(self) -> int: ...
    @property
    def waits(self) -> Waits: ...


class ActorState(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def restarts(self) -> int: ...
    @property
    def heartbeat_ms(self) -> int: ...


class LimiterState(Protocol):
    @property
    def circuit(self) -> int: ...
    @property
    def calls(self) -> Mapping[Lane, int]: ...
    @property
    def waiting(self) -> Mapping[Lane, int]: ...
    @property
    def waits(self) -> Waits: ...


class Limited(Protocol):
    def statistics(self) -> LimiterState: ...


class Braked(Protocol):
    """Shaped like `store.brake.Held`."""

    @property
    def entity(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def count(self) -> int: ...


class Summary(Protocol):
    """What the store counts for one connection (`store.status.Summary`)."""

    @property
    def unprocessed_by_entity(self) -> Mapping[str, int]: ...
    @property
    def oldest_unprocessed_ms(self) -> Mapping[str, int]: ...
    @property
    def ops(self) -> Mapping[str, int]: ...
    @property
    def parked(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def parked_oldest_ms(self) -> int: ...
    @property
    def conflicts(self) -> Mapping[str, int]: ...
    @property
    def states(self) -> Mapping[str, int]: ...
    @property
    def braked(self) -> Sequence[Braked]: ...


class StoreState(Protocol):
    @property
    def db_bytes(self) -> int: ...
    @property
    def wal_bytes(self) -> int: ...
    @property
    def commits(self) -> int: ...
    @property
    def commit_seconds(self) -> float: ...


class Series:
    """Collects the samples of all families, adding up those with the same labels."""

    def __init__(self) -> None:
        self._values: dict[str, dict[tuple[str, ...], float]] = {}
        self._waits: dict[str, dict[tuple[str, ...], list[Waits]]] = {}

    def _labels(self, name: str, labels: Sequence[str]) -> tuple[str, ...]:
        known = BY_NAME[name].labels
        return tuple(check_label(label, value) for label, value in zip(known, labels, strict=True))

    def add(self, name: str, value: float, *labels: str) -> None:
        at = self._values.setdefault(name, {})
        key = self._labels(name, labels)
        at[key] = at.get(key, 0.0) + value

    def oldest(self, name: str, value: float, *labels: str) -> None:
        """Keeps the smallest; 0 means none and is left out."""
        if value > 0:
            at = self._values.setdefault(name, {})
            key = self._labels(name, labels)
            at[key] = min(at.get(key, value), value)

    def wait(self, name: str, waits: Waits, *labels: str) -> None:
        self._waits.setdefault(name, {}).setdefault(self._labels(name, labels), []).append(waits)

    def families(self) -> Iterator[Metric]:
        for name, series in self._values.items():
            family = BY_NAME[name]
            kinds: dict[str, Any] = {COUNTER: CounterMetricFamily, GAUGE: GaugeMetricFamily}
            metric = kinds[family.kind](family.full_name, family.help, labels=family.labels)
            for labels, value in series.items():
                metric.add_metric(labels, value)
            yield metric
        for name, histograms in self._waits.items():
            family = BY_NAME[name]
            metric = HistogramMetricFamily(family.full_name, family.help, labels=family.labels)
            for labels, parts in histograms.items():
                metric.add_metric(labels, _buckets(parts), sum(part.total_seconds for part in parts))
            yield metric


def _buckets(parts: Sequence[Waits]) -> list[tuple[str, float]]:
    counts = [sum(column) for column in zip(*(part.counts for part in parts), strict=True)]
    names = [*(str(float(bound)) for bound in parts[0].bounds), "+Inf"]
    return [(name, float(sum(counts[: end + 1]))) for end, name in enumerate(names)]


class Snapshots(Collector):
    def __init__(self, version: str, commit: str) -> None:
        self.build = (version, commit, "")
        self.queues: Mapping[str, Sequence[QueueState]] = {}
        self.actors: Sequence[ActorState] = ()
        self.limiters: Mapping[tuple[str, str], Limited] = {}
        self.summaries: Mapping[str, Summary] = {}
        self.store: StoreState | None = None

    def collect(self) -> Iterator[Metric]:
        series = Series()
        series.add("build_info", 1, *self.build)
        self._queues(series)
        self._actors(series)
        self._limiters(series)
        self._summaries(series)
        if self.store is not None:
            series.add("db_size_bytes", self.store.db_bytes)
            series.add("db_wal_bytes", self.store.wal_bytes)
            series.add("db_commits_total", self.store.commits)
            series.add("db_commit_seconds_total", self.store.commit_seconds)
        return series.families()

    def _queues(self, series: Series) -> None:
        for queue in (queue for queues in self.queues.values() for queue in queues):
            first, *rest = queue.name.split(":")
            label = f"{first}:{rest[1]}" if len(rest) > 1 else first  # the connection's name is no label here
            series.add("queue_length", queue.length, label)
            series.add("queue_capacity", queue.capacity, label)
            series.add("queue_coalesced_total", queue.coalesced, label)
            series.wait("queue_wait_seconds", queue.waits, label)

    def _actors(self, series: Series) -> None:
        for actor in self.actors:
            label = actor.name.partition(":")[0]
            series.add("actor_restarts_total", actor.restarts, label)
            series.add("actors_degraded", actor.state == "degraded", label)
            if actor.state == "running":
                series.oldest("actor_heartbeat_timestamp_seconds", actor.heartbeat_ms / 1000, label)

    def _limiters(self, series: Series) -> None:
        for (connection, system), limiter in self.limiters.items():
            now = limiter.statistics()
            series.add("circuit_state", now.circuit, connection, system)
            series.wait("rate_limit_wait_seconds", now.waits, system)
            for lane, count in now.calls.items():
                series.add("api_calls_total", count, system, lane)
                series.add("api_waiting", now.waiting.get(lane, 0), system, lane)

    def _summaries(self, series: Series) -> None:
        for connection, found in self.summaries.items():
            for entity, count in found.unprocessed_by_entity.items():
                series.add("unprocessed", count, connection, entity)
            for entity, since_ms in found.oldest_unprocessed_ms.items():
                series.oldest("oldest_unprocessed_timestamp_seconds", since_ms / 1000, connection, entity)
            for state, count in found.ops.items():
                series.add("open_ops", count, state)
            for (entity, reason), count in found.parked.items():
                series.add("parked", count, connection, entity)
                series.add("parked_reasons", count, entity, reason)
            for held in found.braked:
                series.add("brake_held", held.count, connection, held.entity, held.side)
            for entity, count in found.conflicts.items():
                series.add("conflicts_open", count, connection, entity)
            series.oldest("parked_oldest_timestamp_seconds", found.parked_oldest_ms / 1000)
            series.add("ambiguous_matches", found.states.get("ambiguous", 0))
            series.add("quarantined_records", found.states.get("quarantined", 0))
