"""What the actors of one connection share: the store, both systems, the rules in force, the wake-ups.

One webCRM system paired with one Visma.net company. Nothing here belongs to a single actor; an actor keeps
its own state to itself. A wake-up is only a hint: each actor also looks by itself on a timer.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actors.clocks import ServerClocks
from streamsync.clock import Clock
from streamsync.kernel.mailbox import Mailbox
from streamsync.kernel.signal import Wake
from streamsync.model import Action, Entity, Kind, Op, Side
from streamsync.observe.metrics import Metrics
from streamsync.store.db import Store
from streamsync.sync.rules import Rules
from streamsync.sync.wanted import wanted
from streamsync.systems.port import Catalogue, Feed, System

RETRY_SECONDS_FIRST = 5.0
RETRY_SECONDS_MAX = 3600.0
QUIET = 200
WANTED_MAX = 1_000


@dataclass(frozen=True)
class RulesInForce:
    """One version of the rules, with what is derived from it once."""

    version: int
    rules: Rules
    want: Mapping[tuple[Side, Kind], frozenset[str]]

    @classmethod
    def of(cls, version: int, rules: Rules) -> "RulesInForce":
        return cls(version, rules, wanted(rules))


@dataclass
class Connection:
    name: str
    store: Store
    clock: Clock
    systems: Mapping[Side, System]
    poll_seconds: Mapping[Side, float]
    metrics: Metrics
    log: Callable[..., None]
    force: RulesInForce
    route: Mailbox[int]
    map: Mapping[Entity, Mailbox[int]]
    poll_wakes: dict[str, Wake]
    write_wakes: Mapping[Side, Wake]
    resolve_wake: Wake
    catalogues: dict[Side, Catalogue] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: bool = False
    started_ms: int = 0
    clean: bool = True  # whether the last life ended cleanly, or this store is new
    degraded: dict[str, str] = field(default_factory=dict)  # what is wrong, in a sentence, by check
    wanted: dict[tuple[Kind, str], None] = field(default_factory=dict)  # ERP records to read singly
    suspects: dict[tuple[Side, Kind, str], None] = field(default_factory=dict)  # said to be deleted
    unproven: dict[tuple[Side, Kind, str], tuple[int, int]] = field(default_factory=dict)
    # believed writes that no read has shown yet: since when, and the op if it was a create
    looked: dict[tuple[Side, Kind], int] = field(default_factory=dict)  # when the last whole read of it began
    in_hand: int = 0  # pairs that the mappers are deciding at this moment
    clocks: ServerClocks = field(default_factory=ServerClocks)
    busy: int = 0  # pairs not yet decided plus open ops, as the janitor counted last

    def want(self, side: Side, kind: Kind) -> frozenset[str]:
        return self.force.want.get((side, kind), frozenset())

    def active(self, entity: Entity) -> bool:
        """Whether anything of this entity is polled at all: `off` is not even read (semantics §2)."""
        return self.force.rules.direction(entity).value != "off"

    def wants(self, side: Side, feed: Feed) -> bool:
        """Whether a feed is read: its entity is on, and some field of its records is of use (balances)."""
        return self.active(feed.entity) and bool(self.want(side, feed.kind))

    def quiet(self) -> bool:
        """Whether so little is waiting that looking again costs nobody anything."""
        return self.busy < QUIET

    def stretch(self) -> float:
        """Live polls make room while a backfill needs the calls: up to four periods (issue 2, SIZE run)."""
        return 1.0 if self.quiet() else 4.0

    def deciding(self) -> bool:
        """Whether pairs wait at the mappers, so that more ops are about to come."""
        waiting = len(self.route) > 0 or any(len(box) > 0 for box in self.map.values())
        return waiting or self.in_hand > 0

    def want_read(self, kind: Kind, rid: str) -> None:
        """A decision needs an ERP record that no list gives in full. Full is no loss: the decision asks
        again."""
        if len(self.wanted) < WANTED_MAX:
            self.wanted[kind, rid] = None

    def suspect(self, kind: Kind, rid: str, side: Side = Side.CRM) -> None:
        """A hook says that this record was deleted. Full is no loss: full reads find it too."""
        if len(self.suspects) < WANTED_MAX and kind is not Kind.LINE:
            self.suspects[side, kind, rid] = None

    def believe(self, op: Op, rid: str) -> None:
        """The answer is all that is known of this write; a read has to show it."""
        key = (op.write.side, op.write.kind, rid)
        create = op.id if op.write.action is Action.CREATE else self.unproven.get(key, (0, 0))[1]
        self.unproven[key] = (self.clock.now_ms(), create)

    def take_unproven(self, side: Side, kind: Kind, before_ms: int) -> dict[str, int]:
        """What was believed before then, and no feed has shown since, with its create; the caller reads it
        now."""
        found = {
            rid: create
            for (of, what, rid), (since_ms, create) in self.unproven.items()
            if (of, what) == (side, kind) and since_ms < before_ms
        }
        for rid in found:
            del self.unproven[side, kind, rid]
        return found

    def looked_since(self, side: Side, kind: Kind, since_ms: int) -> bool:
        """Whether a feed of this kind was read that began after then; true where there is none to read."""
        read = [feed for feed in self.systems[side].feeds if feed.kind is kind and self.wants(side, feed)]
        return not read or self.looked.get((side, kind), 0) >= since_ms

    def take_suspects(self) -> dict[tuple[Side, Kind], list[str]]:
        """All that were named since the last call, by side and kind."""
        found: dict[tuple[Side, Kind], list[str]] = {}
        for side, kind, rid in self.suspects:
            found.setdefault((side, kind), []).append(rid)
        self.suspects.clear()
        return found

    def take_wanted(self, kind: Kind) -> list[str]:
        """What is to be read of this kind; the caller reads it now."""
        rids = [rid for held, rid in self.wanted if held is kind]
        for rid in rids:
            del self.wanted[kind, rid]
        return rids

    def wake_poller(self, kind: Kind, side: Side) -> None:
        for feed in self.systems[side].feeds:
            if feed.kind is kind:
                self.poll_wakes[feed.name].set()

    def retry_seconds(self, attempt: int) -> float:
        """Backoff for hours, not minutes: 5 s doubling to an hour, with jitter so that retries do not march
        in step. `attempt` counts the failures, the first is 1."""
        bare = min(RETRY_SECONDS_MAX, RETRY_SECONDS_FIRST * 2.0 ** min(max(attempt - 1, 0), 20))
        return bare * (0.8 + 0.4 * self.clock.rng.random())

    def settled_ms(self, side: Side) -> int:
        """When no request of a former life can land any more (reliability §5.3 step 5)."""
        return self.started_ms if self.clean else self.started_ms + self.systems[side].settle_ms
