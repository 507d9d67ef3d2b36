"""The catalogue and the recorder: closed labels, the names of operations A2, states taken at the scrape, the
series budget."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamsync.clock import LoopClock
from streamsync.kernel.limiter import Limiter
from streamsync.kernel.mailbox import Mailbox
from streamsync.model import Action, Direction, Entity, Lane, Outcome, Side
from streamsync.observe.catalogue import ANSWERS, BY_NAME, CATALOGUE, CLOSED, FORMS, HISTOGRAM
from streamsync.observe.metrics import ENDPOINTS_MAX, Metrics
from streamsync.store.brake import Held
from tests.simulation.vloop import run

ROOT = Path(__file__).parents[3]


class FakeSummary(NamedTuple):
    unprocessed_by_entity: dict[str, int] = {}
    oldest_unprocessed_ms: dict[str, int] = {}
    ops: dict[str, int] = {}
    parked: dict[tuple[str, str], int] = {}
    parked_oldest_ms: int = 0
    conflicts: dict[str, int] = {}
    states: dict[str, int] = {}
    braked: tuple[Held, ...] = ()


class FakeActor(NamedTuple):
    name: str
    state: str
    restarts: int
    heartbeat_ms: int


def samples(metrics: Metrics) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def value(metrics: Metrics, name: str, **labels: str) -> float:
    found = [number for at, with_labels, number in samples(metrics) if at == name and with_labels == labels]
    assert len(found) == 1, (name, labels, found)
    return found[0]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="0.1.0", commit="abc")


def test_the_catalogue_is_well_formed() -> None:
    assert len(BY_NAME) == len(CATALOGUE)
    for family in CATALOGUE:
        assert re.fullmatch(r"[a-z][a-z_]+", family.name)
        assert (family.kind == "counter") == family.name.endswith("_total")
        assert set(family.labels) <= CLOSED.keys() | FORMS.keys()
        assert family.help.endswith((".", "open."))
        if family.kind == HISTOGRAM:
            assert "connection" not in family.labels
            assert family.snapshot or list(family.buckets) == sorted(family.buckets) != []


def test_events_are_counted(metrics: Metrics) -> None:
    metrics.observed(Side.CRM, Entity.ITEM, "poll", 3)
    metrics.processed("kunde", Entity.PERSON, Direction.TO_ERP, Outcome.CREATED)
    metrics.processed("kunde", Entity.PERSON, Direction.TO_ERP, Outcome.PARKED)
    metrics.written(Side.ERP, Entity.DELIVERY, Action.LINES, "done")
    metrics.arrived(Entity.INVOICE, Direction.TO_CRM, 7.0)
    metrics.polled("kunde", Side.ERP, Entity.ITEM, 1_500)
    metrics.reloaded(True, 2_000, "9f")
    assert (
        value(metrics, "streamsync_changes_observed_total", system="crm", entity="item", source="poll") == 3
    )
    seen = {"entity": "person", "direction": "crm_to_erp"}
    assert value(metrics, "streamsync_changes_processed_total", outcome="created", **seen) == 1
    per_connection = "streamsync_connection_changes_processed_total"
    assert value(metrics, per_connection, connection="kunde", result="written", **seen) == 1
    assert value(metrics, per_connection, connection="kunde", result="failed", **seen) == 1
    assert (
        value(metrics, "streamsync_writes_total", system="erp", entity="delivery", op="lines", answer="done")
        == 1
    )
    assert value(metrics, "streamsync_end_to_end_seconds_sum", entity="invoice", direction="erp_to_crm") == 7
    assert value(metrics, "streamsync_config_last_reload_timestamp_seconds") == 2
    assert value(metrics, "streamsync_build_info", version="0.1.0", commit="abc", config_version="9f") == 1


@pytest.mark.parametrize(
    "record",
    [
        lambda m: m.observed(Side.CRM, Entity.ITEM, "guess"),
        lambda m: m.processed("kunde", Entity.ITEM, Direction.TWO_WAY, Outcome.LINKED),
        lambda m: m.processed("Kunde A/S", Entity.ITEM, Direction.TO_CRM, Outcome.LINKED),
        lambda m: m.processed("kunde", "Kunde A/S", Direction.TO_CRM, Outcome.LINKED),
        lambda m: m.written(Side.CRM, Entity.ITEM, "create", "It did not work"),
        lambda m: m.staged("thinking", 1.0),
        lambda m: m.http_observer("salesforce"),
        lambda m: m.watch_limiter("kunde", "crm2", None),
    ],
)
def test_a_word_outside_its_closed_set_is_refused_and_not_repeated(metrics: Metrics, record: Any) -> None:
    before = metrics.exposition()
    with pytest.raises(ValueError, match=r"closed set|one way") as caught:
        record(metrics)
    assert "Kunde" not in str(caught.value)
    assert metrics.exposition() == before


def test_every_fault_class_is_an_answer() -> None:
    from streamsync import errors

    faults = {kind.__name__.lower() for kind in errors.SystemFault.__subclasses__()}
    assert faults < ANSWERS


def test_endpoints_are_templates_and_their_number_is_bounded(metrics: Metrics) -> None:
    observe = metrics.http_observer("erp")
    observe("/v1/customer/4711?name=Kunde", "GET", 200, 0.2)
    observe("/v1/customer/SO000223/lines", "GET", 0, 0.2)
    name = "streamsync_http_client_requests_total"
    assert value(metrics, name, system="erp", endpoint="GET /v1/customer/{id}", code_class="2xx") == 1
    assert value(metrics, name, system="erp", endpoint="GET /v1/customer/{id}/lines", code_class="none") == 1
    assert "Kunde" not in metrics.exposition().decode()
    for number in range(ENDPOINTS_MAX + 20):
        observe(f"/{'x' * (number + 1)}", "GET", 200, 0.1)
    assert value(metrics, name, system="erp", endpoint="other", code_class="2xx") == 22


def test_queues_limiters_and_actors_are_taken_from_their_statistics(metrics: Metrics) -> None:
    async def work() -> None:
        clock = LoopClock(0)
        box: Mailbox[int] = Mailbox("map:kunde:item", 5, clock)
        box.offer(1, Lane.LIVE)
        box.offer(1, Lane.LIVE)
        box.offer(2, Lane.LIVE)
        await clock.sleep(2)
        await box.get()
        metrics.queued([box.statistics()])
        limiter = Limiter(clock, per_minute=60)
        metrics.watch_limiter("kunde", "crm", limiter)
        for _ in range(2):
            async with limiter.slot(Lane.BACKFILL):
                limiter.succeeded()
        metrics.supervised(
            [FakeActor("writer:a:crm", "running", 2, 9_000), FakeActor("writer:b:crm", "degraded", 1, 1_000)]
        )
        assert value(metrics, "streamsync_queue_length", queue="map:item") == 1
        assert value(metrics, "streamsync_queue_coalesced_total", queue="map:item") == 1
        assert value(metrics, "streamsync_queue_wait_seconds_bucket", queue="map:item", le="1.0") == 0
        assert value(metrics, "streamsync_queue_wait_seconds_bucket", queue="map:item", le="5.0") == 1
        assert value(metrics, "streamsync_queue_wait_seconds_count", queue="map:item") == 1
        assert value(metrics, "streamsync_api_calls_total", system="crm", lane="backfill") == 2
        assert value(metrics, "streamsync_rate_limit_wait_seconds_sum", system="crm") == 1
        assert value(metrics, "streamsync_circuit_state", connection="kunde", system="crm") == 0
        assert value(metrics, "streamsync_actor_restarts_total", actor="writer") == 3
        assert value(metrics, "streamsync_actors_degraded", actor="writer") == 1
        assert value(metrics, "streamsync_actor_heartbeat_timestamp_seconds", actor="writer") == 9

    run(work)


def test_the_last_summary_replaces_the_one_before(metrics: Metrics) -> None:
    metrics.summarise(
        "kunde", FakeSummary({"item": 3}, {"item": 4_000}, {"ready": 1}, {("item", "rejected"): 2}, 3_000)
    )
    metrics.summarise("other", FakeSummary(parked={("item", "rejected"): 1}, parked_oldest_ms=2_000))
    assert value(metrics, "streamsync_unprocessed", connection="kunde", entity="item") == 3
    assert (
        value(metrics, "streamsync_oldest_unprocessed_timestamp_seconds", connection="kunde", entity="item")
        == 4
    )
    assert value(metrics, "streamsync_parked_reasons", entity="item", reason="rejected") == 3
    assert value(metrics, "streamsync_parked_oldest_timestamp_seconds") == 2
    metrics.summarise("kunde", FakeSummary(braked=(Held("item", "crm", "mark", 55, 1_000),)))
    assert value(metrics, "streamsync_brake_held", connection="kunde", entity="item", system="crm") == 55
    metrics.summarise("kunde", FakeSummary())
    assert not [name for name, labels, _ in samples(metrics) if labels.get("connection") == "kunde"]
    assert metrics.last_summary("kunde") == FakeSummary()
    assert metrics.last_summary("absent") is None


def test_one_connection_never_has_more_than_a_hundred_series(metrics: Metrics) -> None:
    everything = {entity.value: 1 for entity in Entity}
    metrics.summarise(
        "kunde",
        FakeSummary(
            everything,
            everything,
            {},
            {(e, "rejected"): 1 for e in everything},
            1,
            everything,
            braked=tuple(Held(entity, side, "mark", 60, 1) for entity in everything for side in Side),
        ),
    )
    for entity in Entity:
        for side in Side:
            metrics.polled("kunde", side, entity, 1)
        for direction in (Direction.TO_CRM, Direction.TO_ERP):
            for outcome in Outcome:
                metrics.processed("kunde", entity, direction, outcome)

    async def work() -> int:
        for system in ("crm", "erp"):
            metrics.quota("kunde", system, 100, 50)
            metrics.watch_limiter("kunde", system, Limiter(LoopClock(0), per_minute=60))
        return sum(labels.get("connection") == "kunde" for _, labels, _ in samples(metrics))

    assert 50 < run(work) <= 100


def test_names_of_the_operations_list_are_used_where_this_part_can_fill_them() -> None:
    """operations A2: dashboards and rules will be written against these."""
    listed = set(
        (
            "build_info changes_observed_total changes_processed_total writes_total end_to_end_seconds "
            "stage_seconds oldest_unprocessed_timestamp_seconds unprocessed watermark_timestamp_seconds "
            "last_poll_success_timestamp_seconds queue_length queue_capacity queue_wait_seconds "
            "actor_heartbeat_timestamp_seconds actor_restarts_total event_loop_lag_seconds "
            "http_client_requests_total rate_limit_wait_seconds api_quota_limit api_quota_remaining "
            "api_calls_total circuit_state oauth_token_expiry_timestamp_seconds parked "
            "parked_oldest_timestamp_seconds conflicts_open ambiguous_matches "
            "reconcile_last_success_timestamp_seconds clock_skew_seconds config_reload_success db_size_bytes "
        ).split()
    )
    assert listed <= BY_NAME.keys()
