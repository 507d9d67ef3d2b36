"""What is verified: one connection, as the running daemon holds it or as its store lies at rest."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

import msgspec

from actors.connection import RulesInForce
from streamsync.clock import Clock
from streamsync.model import Lane, Side
from streamsync.systems.port import System

T = TypeVar("T")
LANE = Lane.BACKFILL  # an audit must not delay anything


class Reads(Protocol):
    """`db.Store.read` or `readonly.ReadOnly.read`."""

    def __call__(self, fn: Callable[[sqlite3.Connection], T], /) -> Awaitable[T]: ...


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """`polls`: seconds between two looks at a side's lists, as they are now; None where no daemon runs.
    `since_ms`: when it was started, 0 = it is not."""

    name: str
    read: Reads
    wal_bytes: Callable[[], int]
    clock: Clock
    force: RulesInForce
    systems: Mapping[Side, System]
    polls: Mapping[Side, float] | None = None
    since_ms: int = 0
