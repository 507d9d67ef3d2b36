"""Every metric that the process exports, as data, and the closed sets of its labels (operations A2).

The names are a contract: documents, dashboards and rules are checked against this list. `connection` stands
only on the few metrics that are looked at per connection, at most 100 series each, and never on a histogram.
Ids, names and messages are never labels. Time stamps are exported, not ages: an age is `time() - x`.
"""

import re
from collections.abc import Mapping

import msgspec

from streamsync.model import LANES, Action, Entity, Outcome

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


class Family(msgspec.Struct, frozen=True):
    """`name` without the prefix. `snapshot`: collected at the scrape from what was last reported, not counted
    here."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    snapshot: bool = False

    @property
    def full_name(self) -> str:
        return f"streamsync_{self.name}"


_QUICK = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_CALL = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 240.0)
_JOURNEY = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)

CATALOGUE: tuple[Family, ...] = (
    Family(
        "build_info",
        GAUGE,
        "Always 1; the labels say what runs.",
        ("version", "commit", "config_version"),
        (),
        True,
    ),
    # The flow of changes.
    Family("changes_observed_total", COUNTER, "Changed records seen.", ("system", "entity", "source")),
    Family(
        "changes_processed_total",
        COUNTER,
        "Decisions, by how they ended.",
        ("entity", "direction", "outcome"),
    ),
    Family(
        "connection_changes_processed_total",
        COUNTER,
        "Decisions per connection, outcomes in three classes.",
        ("connection", "entity", "direction", "result"),
    ),
    Family("writes_total", COUNTER, "Answers to our writes.", ("system", "entity", "op", "answer")),
    Family(
        "end_to_end_seconds",
        HISTOGRAM,
        "From the change being seen to the write being certain.",
        ("entity", "direction"),
        _JOURNEY,
    ),
    Family("stage_seconds", HISTOGRAM, "Time spent in one stage.", ("stage",), _CALL),
    Family(
        "oldest_unprocessed_timestamp_seconds",
        GAUGE,
        "When the oldest change without a decision was seen; absent when there is none.",
        ("connection", "entity"),
        (),
        True,
    ),
    Family("unprocessed", GAUGE, "Changed pairs without a decision.", ("connection", "entity"), (), True),
    Family("open_ops", GAUGE, "Writes that are not certain yet, by state.", ("state",), (), True),
    Family(
        "watermark_timestamp_seconds",
        GAUGE,
        "The cursor of a feed, in the server's own time.",
        ("system", "entity"),
    ),
    Family(
        "last_poll_success_timestamp_seconds",
        GAUGE,
        "When a feed of this entity was last read to its end.",
        ("connection", "system", "entity"),
    ),
    # Queues, actors, the loop.
    Family("queue_length", GAUGE, "Keys waiting.", ("queue",), (), True),
    Family("queue_capacity", GAUGE, "Keys that fit.", ("queue",), (), True),
    Family(
        "queue_coalesced_total",
        COUNTER,
        "Keys that waited already when they were put again.",
        ("queue",),
        (),
        True,
    ),
    Family("queue_wait_seconds", HISTOGRAM, "Time a key waited.", ("queue",), (), True),
    Family(
        "actor_heartbeat_timestamp_seconds",
        GAUGE,
        "The oldest heartbeat among the actors of this sort.",
        ("actor",),
        (),
        True,
    ),
    Family(
        "actor_restarts_total",
        COUNTER,
        "Crashes that were answered by running the actor again.",
        ("actor",),
        (),
        True,
    ),
    Family("actors_degraded", GAUGE, "Actors that keep failing.", ("actor",), (), True),
    Family("event_loop_lag_seconds", HISTOGRAM, "How late the loop woke a sleeper.", (), _QUICK),
    # The two systems.
    Family(
        "http_client_requests_total",
        COUNTER,
        "Requests, by template and class of the answer.",
        ("system", "endpoint", "code_class"),
    ),
    Family(
        "http_client_duration_seconds", HISTOGRAM, "Time to the whole answer.", ("system", "endpoint"), _CALL
    ),
    Family("rate_limit_wait_seconds", HISTOGRAM, "Time a call waited for its turn.", ("system",), (), True),
    Family("api_calls_total", COUNTER, "Calls that were let through.", ("system", "lane"), (), True),
    Family("api_waiting", GAUGE, "Calls that wait for their turn.", ("system", "lane"), (), True),
    Family("api_quota_limit", GAUGE, "Calls a period allows, as the server says.", ("system",)),
    Family(
        "api_quota_remaining",
        GAUGE,
        "Calls left in this period, as the server says.",
        ("connection", "system"),
    ),
    Family(
        "circuit_state",
        GAUGE,
        "0 closed, 1 one call is let through to find out, 2 open.",
        ("connection", "system"),
        (),
        True,
    ),
    Family("oauth_token_expiry_timestamp_seconds", GAUGE, "When the token in use ends.", ("system",)),
    Family("clock_skew_seconds", GAUGE, "The server's clock minus ours, from the Date header.", ("system",)),
    # What waits for a person.
    Family("parked", GAUGE, "Pairs that wait for a person.", ("connection", "entity"), (), True),
    Family(
        "parked_reasons", GAUGE, "The same by reason, over all connections.", ("entity", "reason"), (), True
    ),
    Family(
        "parked_oldest_timestamp_seconds",
        GAUGE,
        "Since when the oldest has waited; absent when there is none.",
        (),
        (),
        True,
    ),
    Family(
        "brake_held",
        GAUGE,
        "Pairs whose mass change waits for an approval.",
        ("connection", "entity", "system"),
        (),
        True,
    ),
    Family("conflicts_open", GAUGE, "Pairs with an open conflict.", ("connection", "entity"), (), True),
    Family("ambiguous_matches", GAUGE, "Pairs with more than one possible counterpart.", (), (), True),
    Family("quarantined_records", GAUGE, "Pairs held because they swing to and fro.", (), (), True),
    Family(
        "reconcile_last_success_timestamp_seconds",
        GAUGE,
        "When both sides were last compared in full.",
        ("entity",),
    ),
    # The process itself.
    Family("config_reload_success", GAUGE, "Whether the last reading of the configuration succeeded."),
    Family(
        "config_last_reload_timestamp_seconds", GAUGE, "When the configuration was last read with success."
    ),
    Family("db_size_bytes", GAUGE, "Size of the store's file.", (), (), True),
    Family("db_wal_bytes", GAUGE, "Size of its write-ahead log.", (), (), True),
    Family("db_commits_total", COUNTER, "Commits.", (), (), True),
    Family("db_commit_seconds_total", COUNTER, "Time spent committing.", (), (), True),
)
BY_NAME: Mapping[str, Family] = {family.name: family for family in CATALOGUE}

SYSTEMS = frozenset({"crm", "erp"})
DIRECTIONS = frozenset({"crm_to_erp", "erp_to_crm"})
ANSWERS = frozenset(
    "done adopted superseded refused unknown throttled rejected unauthorized conflict bug".split()
)
ACTORS = frozenset("janitor mapper opener poller reconciler resolver router webhook writer".split())
RESULTS = frozenset({"written", "other", "failed"})

CLOSED: Mapping[str, frozenset[str]] = {
    "system": SYSTEMS,
    "entity": frozenset(Entity),
    "direction": DIRECTIONS,
    "outcome": frozenset(Outcome),
    "result": RESULTS,
    "source": frozenset({"poll", "webhook", "reconcile", "backfill"}),
    "op": frozenset(Action),
    "answer": ANSWERS,
    "stage": frozenset({"poll", "route", "map", "limit", "write"}),
    "state": frozenset({"ready", "sent", "unknown", "parked"}),
    "lane": frozenset(LANES),
    "code_class": frozenset({"1xx", "2xx", "3xx", "4xx", "5xx", "none"}),
    "queue": frozenset({"hints", "route", *(f"map:{entity}" for entity in Entity)}),
    "actor": ACTORS,
}
# Not closed by a list but by a form: none of these can hold a record's id, name or text.
FORMS: Mapping[str, re.Pattern[str]] = {
    "connection": re.compile(r"[a-z0-9][a-z0-9_-]{0,31}"),
    "reason": re.compile(r"[a-z_]{1,32}"),
    "endpoint": re.compile(r"[A-Z]{3,7} [A-Za-z0-9_{}/.-]{1,120}|other"),
    "version": re.compile(r"[0-9A-Za-z.+_-]{0,40}"),
    "commit": re.compile(r"[0-9a-f]{0,40}"),
    "config_version": re.compile(r"[0-9a-f]{0,40}"),
}


def check_label(label: str, value: str) -> str:
    """The value itself. Raises ValueError for one that is not in the label's set; the message names no
    value."""
    allowed = CLOSED.get(label)
    if value in allowed if allowed is not None else FORMS[label].fullmatch(value):
        return value
    raise ValueError(f"A value of the metric label {label!r} is outside its closed set.")
