"""`streamsync verify` where no daemon runs: the store is read under its lock, both systems by clients of this
process's own.

A system of another tenant is refused as the daemon does: its ids would be taken for records known here.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

import msgspec

from actors.connection import RulesInForce
from streamsync.admin_client import Unreachable
from streamsync.build import build_systems
from streamsync.clock import Clock
from streamsync.config import Config
from streamsync.errors import StoreRefused, SystemFault
from streamsync.model import Side
from streamsync.observe.metrics import Metrics
from streamsync.store import meta
from streamsync.store import rules as stored_rules
from streamsync.store.readonly import ReadOnly
from streamsync.sync import rules_file
from streamsync.systems.port import System
from streamsync.verify import looks
from streamsync.verify.ground import LANE, Ground


class AtRest:
    """An `Asked` (`run.py`) of one installation. Use with `async with`; systems are opened when they
    are first read. Raises `StoreRefused`, also where the store knows nothing of a connection."""

    def __init__(self, config: Config, store: ReadOnly, clock: Clock) -> None:
        self._config, self._store, self._clock = config, store, clock
        self._grounds: dict[str, Ground] = {}
        self._opened: dict[str, Mapping[Side, System]] = {}

    async def __aenter__(self) -> "AtRest":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for systems in self._opened.values():
            for system in systems.values():
                await system.close()
        self._store.close()

    async def checks(self, connection: str) -> Mapping[str, Any]:
        found = await looks.checks(await self._ground(connection))
        return {**found, "settled": {str(entity): ids for entity, ids in found["settled"].items()}}

    async def look(
        self, connection: str, numbers: Sequence[int], *, read: bool
    ) -> Sequence[Mapping[str, Any]]:
        ground = await self._ground(connection)
        if read:
            await self._open(ground)
        return [msgspec.to_builtins(one) for one in await looks.look(ground, numbers, read=read)]

    async def _ground(self, name: str) -> Ground:
        if name not in self._grounds:
            current = await self._store.read(lambda c: stored_rules.current(c, name))
            if current is None:
                raise StoreRefused(f"The store knows no connection {name}. Start the daemon once.")
            rules = rules_file.parse(current.text, f"rules of {name}, version {current.version}")
            proven = await self._store.read(lambda c: meta.probed(c, name))
            systems = build_systems(
                next(one for one in self._config.connections if one.name == name),
                rules,
                allow_loopback=self._config.daemon.allow_loopback,
                clock=self._clock,
                metrics=Metrics(version="verify"),
                proven=proven,
            )
            self._grounds[name] = Ground(
                name=name,
                read=self._store.read,
                wal_bytes=self._store.wal_bytes,
                clock=self._clock,
                force=RulesInForce.of(current.version, rules),
                systems=systems,
            )
        return self._grounds[name]

    async def _open(self, ground: Ground) -> None:
        """Once: tenant, and the catalogue without which an empty dropdown is not known for empty."""
        if ground.name in self._opened:
            return
        self._opened[ground.name] = ground.systems
        for system in ground.systems.values():
            await system.open()
        for side, system in ground.systems.items():
            try:
                found = await system.identity(LANE)
                await system.catalogue(LANE)
            except SystemFault as fault:
                raise Unreachable(
                    f"Nothing can be read again: {fault} `--sample 0` verifies the store alone."
                ) from fault
            await self._store.read(partial(refuse_other, connection=ground.name, side=side, found=found))


def refuse_other(conn: sqlite3.Connection, connection: str, side: Side, found: str) -> None:
    """Raises `StoreRefused` where the store was filled from another system of this side."""
    known = meta.identity(conn, connection, side)
    if known and known != found:
        raise StoreRefused(
            f"Connection {connection}: this store was filled from {meta.SYSTEM[side]} {known}, but the"
            f" configuration leads to {meta.SYSTEM[side]} {found}. Mend the address or tokens."
        )
