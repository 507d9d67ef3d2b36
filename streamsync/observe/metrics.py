"""Where the process counts itself. One object per process, with a registry of its own; the catalogue says
what exists.

Every method takes words of the closed sets and raises ValueError for any other: a wrong label is a
programming error, found by the first test that passes there. Nothing here can hold a record's id, name or
value.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streamsync.model import Direction, Entity, Outcome, Side
from streamsync.observe.catalogue import BY_NAME, CATALOGUE, COUNTER, HISTOGRAM, Family, check_label
from streamsync.observe.snapshots import ActorState, Limited, QueueState, Snapshots, StoreState, Summary

ENDPOINTS_MAX = 100
HttpObserver = Callable[[str, str, int, float], None]
"""`(endpoint, method, status, seconds)`: endpoint as `/v1/customer/{id}`, status 0 where no answer came."""

_WRITTEN = frozenset({Outcome.WRITTEN, Outcome.CREATED, Outcome.LINKED})
_FAILED = frozenset({Outcome.PARKED, Outcome.CONFLICT})
_SEGMENT_ID = re.compile(r"(?<=/)(?!v\d+(?:/|$))[^/{}]*\d[^/{}]*(?=/|$)")
_FOREIGN = re.compile(r"[^A-Za-z0-9_{}/.-]")


class Metrics:
    """`version` and `commit` of what runs, for `streamsync_build_info`."""

    def __init__(self, *, version: str, commit: str = "") -> None:
        prometheus_client.disable_created_metrics()
        self.registry = CollectorRegistry(auto_describe=False)
        self._metrics: dict[str, Any] = {
            family.name: _make(family, self.registry) for family in CATALOGUE if not family.snapshot
        }
        self._snapshots = Snapshots(version, commit)
        self.registry.register(self._snapshots)
        self._endpoints: set[str] = set()

    def exposition(self) -> bytes:
        """The text format 0.0.4, for `/metrics`."""
        return prometheus_client.generate_latest(self.registry)

    def _at(self, name: str, *values: str) -> Any:
        labels = BY_NAME[name].labels
        if not labels:
            return self._metrics[name]
        checked = [check_label(label, value) for label, value in zip(labels, values, strict=True)]
        return self._metrics[name].labels(*checked)

    # The flow of changes.

    def observed(self, side: Side, entity: Entity, source: str, count: int = 1) -> None:
        """`source`: poll, webhook, reconcile or backfill."""
        self._at("changes_observed_total", side, entity, source).inc(count)

    def processed(self, connection: str, entity: Entity, direction: Direction, outcome: Outcome) -> None:
        """One decision. `direction`: `to_crm` or `to_erp`."""
        way = _way(direction)
        result = "written" if outcome in _WRITTEN else "failed" if outcome in _FAILED else "other"
        self._at("connection_changes_processed_total", connection, entity, way, result).inc()
        self._at("changes_processed_total", entity, way, outcome).inc()

    def written(self, side: Side, entity: Entity, action: str, answer: str) -> None:
        """The answer to a write: `done`, `adopted`, `superseded`, or the fault's class in small letters."""
        self._at("writes_total", side, entity, action, answer).inc()

    def arrived(self, entity: Entity, direction: Direction, seconds: float) -> None:
        """A change has reached the other side: the latency that users feel."""
        self._at("end_to_end_seconds", entity, _way(direction)).observe(seconds)

    def staged(self, stage: str, seconds: float) -> None:
        """Time in one stage: poll, route, map, limit or write."""
        self._at("stage_seconds", stage).observe(seconds)

    def polled(self, connection: str, side: Side, entity: Entity, now_ms: int) -> None:
        self._at("last_poll_success_timestamp_seconds", connection, side, entity).set(now_ms / 1000)

    def watermark(self, side: Side, entity: Entity, position_ms: int) -> None:
        self._at("watermark_timestamp_seconds", side, entity).set(position_ms / 1000)

    def reconciled(self, entity: Entity, now_ms: int) -> None:
        self._at("reconcile_last_success_timestamp_seconds", entity).set(now_ms / 1000)

    # The two systems.

    def http_observer(self, system: str) -> HttpObserver:
        """For the transport of one system (`crm`, `erp`)."""
        check_label("system", system)

        def observe(endpoint: str, method: str, status: int, seconds: float) -> None:
            template = self._endpoint(method, endpoint)
            code_class = f"{status // 100}xx" if status else "none"
            self._at("http_client_requests_total", system, template, code_class).inc()
            self._at("http_client_duration_seconds", system, template).observe(seconds)

        return observe

    def _endpoint(self, method: str, path: str) -> str:
        """Ids that slipped into a template become `{id}`; beyond a bound everything new is `other`."""
        template = f"{method} {_FOREIGN.sub('_', _SEGMENT_ID.sub('{id}', path.partition('?')[0]))}"
        if template not in self._endpoints:
            if len(self._endpoints) >= ENDPOINTS_MAX:
                return "other"
            self._endpoints.add(template)
        return template

    def watch_limiter(self, connection: str, system: str, limiter: Limited) -> None:
        """Its statistics are read at each scrape."""
        key = (check_label("connection", connection), check_label("system", system))
        self._snapshots.limiters = {**self._snapshots.limiters, key: limiter}

    def quota(self, connection: str, system: str, limit: int, remaining: int) -> None:
        """As the server's headers say."""
        self._at("api_quota_limit", system).set(limit)
        self._at("api_quota_remaining", connection, system).set(remaining)

    def token_expires(self, system: str, at_ms: int) -> None:
        self._at("oauth_token_expiry_timestamp_seconds", system).set(at_ms / 1000)

    def skewed(self, system: str, seconds: float) -> None:
        self._at("clock_skew_seconds", system).set(seconds)

    # States, as last reported.

    def queued(self, queues: Sequence[QueueState], owner: str = "") -> None:
        """The mailboxes of one owner (a connection); replaces what that owner reported before."""
        owner = owner or (queues[0].name if queues else "")
        self._snapshots.queues = {**self._snapshots.queues, owner: tuple(queues)}

    def supervised(self, actors: Sequence[ActorState]) -> None:
        self._snapshots.actors = tuple(actors)

    def summarise(self, connection: str, summary: Summary) -> None:
        self._snapshots.summaries = {
            **self._snapshots.summaries,
            check_label("connection", connection): summary,
        }

    def last_summary(self, connection: str) -> Any:
        """What `summarise` was given last; None before the first."""
        return self._snapshots.summaries.get(connection)

    def stored(self, store: StoreState) -> None:
        self._snapshots.store = store

    # The process itself.

    def loop_lag(self, seconds: float) -> None:
        self._at("event_loop_lag_seconds").observe(seconds)

    def reloaded(self, success: bool, now_ms: int, config_version: str | None = None) -> None:
        self._at("config_reload_success").set(int(success))
        if success:
            self._at("config_last_reload_timestamp_seconds").set(now_ms / 1000)
        if config_version is not None:
            version, commit, _ = self._snapshots.build
            self._snapshots.build = (version, commit, config_version)


def _make(family: Family, registry: CollectorRegistry) -> Any:
    if family.kind == HISTOGRAM:
        return Histogram(
            family.full_name, family.help, family.labels, buckets=family.buckets, registry=registry
        )
    kind = Counter if family.kind == COUNTER else Gauge
    return kind(family.full_name, family.help, family.labels, registry=registry)


def _way(direction: Direction) -> str:
    ways = {Direction.TO_CRM: "erp_to_crm", Direction.TO_ERP: "crm_to_erp"}
    if direction not in ways:
        raise ValueError("A change goes one way: to_crm or to_erp.")
    return ways[direction]
