"""A seeded plan of what goes wrong on the wire. Owned by the face; pure: decides, never acts.

A rule names a sort of fault and hits either with a probability or "the next n requests" that match its
method and path prefix (after `skip` of them). Of several rules that hit one request, latencies add up and
the first other one wins. The two offsets are not faults of single requests: `clock_offset_ms` moves the
whole system's idea of now (stamps and `Date` header); `zone_offset_minutes` reaches a stand-in as the
request header `x-sim-zone-offset-minutes` (Visma.net's finance timestamps carry no zone; the stand-in adds
the offset to what it shows). Control paths never meet any of it.
"""

import random
from collections import Counter
from enum import StrEnum

import msgspec

from streamsync.simulators.http import Request


class Sort(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"  # the answer comes up to `seconds` later (uniform)
    THROTTLE = "throttle"  # 429 with a retry-after of `seconds`; nothing is done
    ERROR = "error"  # `status` (500); nothing is done
    ERROR_AFTER = "error_after"  # `status` (500) although the work was done
    ECHO = "echo"  # `status` (500) with a message that repeats what was asked and sent; nothing is done
    RESET_BEFORE = "reset_before"  # the connection breaks, nothing is done
    RESET_AFTER = "reset_after"  # the work is done, then the connection breaks
    LATE_COMMIT = "late_commit"  # the connection breaks, the work is done up to `seconds` later
    HALF_BODY = "half_body"  # the work is done, half of the answer arrives
    LATE_ANSWER = "late_answer"  # the work is done at once, the answer comes up to `seconds` later
    HALF_DONE = "half_done"  # of a bulk write half of the rows are done, then the connection breaks
    DUPLICATE_ROWS = "duplicate_rows"  # one row of a list comes twice
    UNAUTHORIZED = "unauthorized"  # a 401 without reason (webcrm-api §3); nothing is done
    # Lies: answers that say something else than what is. A plan may hold several at once (`lies.py`).
    NOTHING_DONE = "nothing_done"  # a write is answered as if it were done, with a plausible id; it is not
    OTHER_ID = "other_id"  # a read shows another living record than the one asked for; a write names one
    NOT_FOUND_LIE = "not_found_lie"  # 404 for a record that is there; nothing is done
    LIST_LIES = "list_lies"  # a list leaves out `record`, or everything
    STALE = "stale"  # reads show everything as it was when this rule first hit


LIES = frozenset((Sort.NOTHING_DONE, Sort.OTHER_ID, Sort.NOT_FOUND_LIE, Sort.LIST_LIES, Sort.STALE))


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One line of the plan. `count` > 0: the next so many matches; else `probability` for ever."""

    sort: Sort
    method: str = ""  # empty: every method
    path: str = ""  # prefix of the decoded path; empty: every path
    query: str = ""  # what one of the query's values must contain; empty: any query, or none
    record: str = ""  # lies: the key left out of a list, or shown in place of the true one; empty: all, any
    holds: str = ""  # a text that the body must hold; empty: any body
    name: str = ""  # under which the plan counts it; empty: its sort
    probability: float = 0.0
    count: int = 0
    skip: int = 0
    seconds: float = 1.0
    status: int = 500

    def __post_init__(self) -> None:
        if self.count <= 0 and not 0 < self.probability <= 1:
            raise ValueError(
                f"A rule of sort {self.sort} needs a count, or a probability above 0 and at most 1."
            )


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one request. `sort` None: nothing but the latency."""

    sort: Sort | None = None
    latency_seconds: float = 0.0
    seconds: float = 0.0  # drawn: retry-after, or the delay of a late commit or answer
    status: int = 500
    record: str = ""  # lies: see `Rule`


class FaultPlan:
    """The rules, in order, and the two offsets. Deterministic for a given generator and sequence of
    requests."""

    def __init__(self, rng: random.Random, rules: list[Rule] | None = None) -> None:
        self.rng = rng
        self.rules: list[Rule] = list(rules or ())
        self.clock_offset_ms = 0
        self.clock_step_ms = 0  # the clock shows only multiples of it: many changes in one "second"
        self.zone_offset_minutes = 0
        self.met: Counter[str] = Counter()  # how often each rule struck, by its name

    def add(self, sort: Sort | str, **settings: object) -> None:
        """Adds one rule; the settings are the members of `Rule`. Raises ValueError for what is no rule."""
        self.rules.append(msgspec.convert({"sort": str(sort), **settings}, Rule))

    def clear(self) -> None:
        """No faults, no offsets."""
        self.rules.clear()
        self.clock_offset_ms = self.clock_step_ms = 0
        self.zone_offset_minutes = 0

    def decide(self, request: Request) -> Fault:
        """The fate of one request; uses up counts."""
        latency = 0.0
        chosen: Fault | None = None
        for rule in list(self.rules):
            if rule.sort is not Sort.LATENCY and chosen is not None:
                continue
            if not self._hits(rule, request):
                continue
            self.met[rule.name or rule.sort] += 1
            if rule.sort is Sort.LATENCY:
                latency += self.rng.uniform(0, rule.seconds)
            elif rule.sort in (Sort.LATE_COMMIT, Sort.LATE_ANSWER):
                chosen = Fault(sort=rule.sort, seconds=self.rng.uniform(0, rule.seconds))
            else:
                chosen = Fault(sort=rule.sort, seconds=rule.seconds, status=rule.status, record=rule.record)
        if chosen is None:
            return Fault(latency_seconds=latency)
        return msgspec.structs.replace(chosen, latency_seconds=latency)

    def _hits(self, rule: Rule, request: Request) -> bool:
        if rule.method and rule.method.upper() != request.method:
            return False
        asked = [text for texts in request.query.values() for text in texts]
        if rule.query and not any(rule.query in text for text in asked):
            return False
        if not request.path.startswith(rule.path) or rule.holds.encode() not in request.body:
            return False
        if rule.skip > 0:
            rule.skip -= 1
            return False
        if rule.count > 0:
            rule.count -= 1
            if rule.count == 0:
                self.rules.remove(rule)
            return True
        return self.rng.random() < rule.probability
