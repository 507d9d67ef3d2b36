"""The port: all that the actors know of a system. Both adapters and nothing else implement it.

Rules for an adapter: one HTTP request is one attempt (no retry inside, reliability §5.4 rule 10; the one
exception is a token refresh before the request is sent); every fault is one of `streamsync.errors`; what is
read is checked row by row, a bad row becomes `Malformed` and never an exception; every call takes its turn at
the limiter with its lane.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from streamsync.errors import SystemFault
from streamsync.model import Action, Done, Entity, Fields, Kind, Lane, Record, Side, Write


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One list that is polled. `every` stretches the poll period (1 = each period; 0 = only when asked: full
    reads)."""

    name: str  # `customer`, `Organisation`, …: also the cursor's key
    kind: Kind  # what its records are
    entity: Entity  # under which entity it is configured and counted
    every: int = 1
    incremental: bool = True  # False: each read is a full one (LinkedData has no changed-since)


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be read. `problem` names the field, never its value."""

    kind: Kind
    rid: str
    problem: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    records: tuple[Record, ...]
    started_ms: int  # our clock when the request for this page was begun: the fence compares with it
    malformed: tuple[Malformed, ...] = ()
    touched: tuple[
        tuple[Kind, str], ...
    ] = ()  # (kind, rid) known to have changed but not contained: to be re-read
    position: str = (
        ""  # the cursor once *all* pages of this read are stored; opaque, in the server's own terms
    )
    server_ms: int = 0  # from the HTTP `Date` header, 0 if absent
    total: int = 0  # rows in this read as the server counts them, 0 if unknown: for progress


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a catalogue, as an administrator may choose it."""

    name: str
    label: str = ""
    kind: str = "text"  # text decimal integer bool date datetime choice checkbox email memo
    max_length: int = 0
    options: tuple[str, ...] = ()  # dropdown: exact texts, the first is the default (= empty)
    writable: bool = True
    unique: bool = False


Catalogue = Mapping[Kind, Mapping[str, FieldInfo]]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `streamsync check`."""

    check: str
    ok: bool
    sentence: str
    remedy: str = ""
    warning: bool = False


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    limit: int = 0
    remaining: int = 0
    reset_seconds: float = 0.0


class System(Protocol):
    side: Side
    name: str  # `webcrm` | `visma`
    feeds: tuple[Feed, ...]
    settle_ms: int  # after this an unanswered request can no longer land, index lag included

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def identity(self, lane: Lane) -> str:
        """What the store remembers to refuse another tenant: webCRM system id / Visma.net tenant id."""
        ...

    async def catalogue(self, lane: Lane) -> Catalogue: ...

    async def tables(self, lane: Lane) -> Mapping[str, Mapping[str, str]]:
        """All code tables of this side, by the names in `sync.lookup.Lookup.table`."""
        ...

    def read(self, feed: Feed, since: str | None, want: frozenset[str], lane: Lane) -> AsyncIterator[Page]:
        """Everything changed since the position (inclusive, overlap subtracted here); `None` = the whole
        list.

        `want`: the field paths to extract for the feed's kind. Restarts by itself when the list moves under
        it."""
        ...

    async def get(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane, *, lines: bool = True
    ) -> Mapping[str, Record]:
        """Those of `rids` that exist, by the rid that was asked for (batched where the system can). A record
        of another rid under it: the system answered with another record than the one asked for. A webCRM
        delivery comes with its lines, unless the caller only wants to look at its header."""
        ...

    async def converted(self, kind: Kind, rids: Sequence[str], lane: Lane) -> frozenset[str]:
        """Those of `rids`, no longer found as this kind, that live on as something that is not synced: a
        webCRM delivery that is an opportunity again (semantics §3.4)."""
        ...

    def noted(self, records: Sequence[Record]) -> None:
        """These records were read singly and are stored: a feed need not read them again for the same
        stamp."""
        ...

    async def find(
        self, writes: Sequence[Write], since_ms: int, want: frozenset[str], lane: Lane
    ) -> list[list[Record]]:
        """The look-up before a create: per create all records that carry its marker, or, where the kind has
        no place for a marker, all that its hints identify. `since_ms`: nothing older can be ours. Case is
        compared here."""
        ...

    def bulk(self, kind: Kind, action: Action) -> int:
        """How many writes of this sort `send_many` takes at once; 1 = none."""
        ...

    async def send(self, write: Write, version: str, lane: Lane) -> Done:
        """One write. `version` guards it where the system has If-Match. Raises a `SystemFault`."""
        ...

    async def send_many(self, writes: Sequence[Write], lane: Lane) -> list[Done | SystemFault]:
        """One bulk request; the reply is read position by position. If the request as a whole fails,
        raises."""
        ...

    def assumed(self, kind: Kind, action: Action) -> bool:
        """Whether a 2xx proves that the record now holds what was sent (else it must be read back)."""
        ...

    async def check(self, *, expect_empty: bool, needed: frozenset[Kind]) -> list[Finding]:
        """The read-only checks of `streamsync check`."""
        ...

    async def probe(self, rid: str) -> list[Finding]:
        """`check --probe-record`: writes the one named record and proves what writes do."""
        ...

    def allowance(self) -> Allowance: ...

    def notices(self) -> tuple[str, ...]:
        """What an operator should know of this system although nothing is wrong, in plain sentences."""
        ...

    async def stock(self, since: str, want: frozenset[str], lane: Lane) -> Page:
        """The items whose stock moved since the position; it does not move their own stamps (semantics §5).
        `""` = from about now on: no items, only the position. A system without stock gives an empty page."""
        ...

    async def open_documents(self, lane: Lane) -> frozenset[str]:
        """The rids of all documents that still are open: a payment need not move a stamp (semantics §3.6)."""
        ...


__all__ = [
    "Allowance",
    "Catalogue",
    "Feed",
    "FieldInfo",
    "Fields",
    "Finding",
    "Malformed",
    "Page",
    "System",
]
