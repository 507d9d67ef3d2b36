"""What people can tell the daemon (`web.api.Commands`): look, accept the plan, change the rules.

`bench` has what concerns single records.

Every change is one transaction with an audit row; the actors learn of it by the store and a wake-up.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from actors.connection import Connection, RulesInForce
from streamsync.errors import ConfigError, SystemFault
from streamsync.model import Lane, Side
from streamsync.store import journal, meta, pairs, status, tables
from streamsync.store import rules as stored_rules
from streamsync.sync import rules_file
from streamsync.sync.reasons import remedy, sentence
from streamsync.sync.rules import Rules
from streamsync.sync.rules_check import check
from streamsync.verify import looks
from streamsync.verify.ground import Ground
from streamsync.web.plan import plan, too_much
from streamsync.workbench import Workbench

if TYPE_CHECKING:
    from streamsync.daemon import Daemon

FULL = (
    "The state file cannot be written, most likely because its disk is full. Meanwhile nothing is sent and"
    " nothing is lost. Make room: the work goes on by itself."
)


class DaemonCommands:
    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self.bench = Workbench(self._connection)

    def _connection(self, name: str) -> Connection:
        connections = self._daemon.plant.connections
        if not name and len(connections) == 1:
            return next(iter(connections.values()))
        return connections[name]

    def status(self) -> Mapping[str, Any]:
        """The snapshot behind `/statusz` and `streamsync status`. No record data."""
        out: dict[str, Any] = {"status": "ok", "degraded": [], "connections": {}}
        for name, connection in self._daemon.plant.connections.items():
            problems = [*connection.degraded.values()]
            out["degraded"] += [f"{name}: {problem}" for problem in problems]
            found = self._daemon.metrics.last_summary(name)
            out["connections"][name] = {
                "open": connection.opened.is_set(),
                "accepted": connection.accepted,
                "rules_version": connection.force.version,
                "degraded": problems,
                "notices": [notice for system in connection.systems.values() for notice in system.notices()],
                "quiet": connection.quiet(),
                "unprocessed": found.unprocessed if found else 0,
                "open_ops": found.open_ops if found else 0,
                "held_ops": found.held if found else 0,
                "braked": [msgspec.to_builtins(held) for held in found.braked] if found else [],
                "paused": [msgspec.to_builtins(pause) for pause in found.pauses] if found else [],
                "entities": _by_entity(found) if found else {},
                "quota": {
                    side.value: system.allowance().remaining for side, system in connection.systems.items()
                },
            }
        if not self._daemon.store.writable:
            out["degraded"].append(FULL)
        late = list(self._daemon.supervisor.degraded())
        out["degraded"] += [f"actor {actor} keeps failing" for actor in late]
        if out["degraded"]:
            out["status"] = "degraded"
        return out

    async def plan(self, connection: str, limit: int) -> Mapping[str, Any]:
        found = self._connection(connection)
        if not found.opened.is_set():
            raise ValueError(
                f"The connection {found.name} is not open yet: "
                f"{'; '.join(found.degraded.values()) or 'starting'}"
            )
        result = await plan(found.store, found.name, found.force.rules, found.clock.now_ms(), limit=limit)
        return {"connection": found.name, "accepted": found.accepted, **result}

    async def accept(self, connection: str, who: str, confirm: str = "") -> Mapping[str, Any]:
        """From now on writes happen: every pair that waited for this is decided again.

        A plan that overwrites many filled values takes their number as `confirm`; else ValueError says so."""
        found = self._connection(connection)
        if not found.accepted:
            planned = await self.plan(connection, 0)
            if planned["confirm"] != confirm.strip() and (why := too_much(dict(planned), found.name)):
                raise ValueError(why)
        now = found.clock.now_ms()

        def body(conn: sqlite3.Connection) -> int:
            meta.accept(conn, found.name, who, now)
            return pairs.redirty_reason(conn, found.name, "gate", now)

        woken = await found.store.tx(body)
        found.accepted = True
        found.log("plan_accepted", connection=found.name)
        return {"connection": found.name, "accepted": True, "records": woken}

    async def parked(self, connection: str) -> list[Mapping[str, Any]]:
        """What waits for a person: parked pairs and open conflicts, each with its sentence and remedy."""
        found = self._connection(connection)
        rows = await found.store.read(lambda c: status.waiting_for_a_person(c, found.name))
        return [
            {
                **row,
                "sentence": sentence(str(row["reason"]), row["detail"]),
                "remedy": remedy(str(row["reason"]), row["detail"]),
            }
            for row in rows
        ]

    async def rules(self, connection: str, version: int) -> Mapping[str, Any]:
        found = self._connection(connection)
        number = version or found.force.version
        stored = await found.store.read(lambda c: stored_rules.version(c, found.name, number))
        versions = await found.store.read(lambda c: stored_rules.versions(c, found.name))
        text = rules_file.render(rules_file.parse(stored.text, f"rules version {number}"))
        return {"connection": found.name, "version": stored.version, "text": text, "versions": versions}

    async def set_rules(
        self, connection: str, text: str, who: str, why: str, file: str = "rules"
    ) -> Mapping[str, Any]:
        """Check against the live catalogues, store as a new version, put in force, decide everything
        again."""
        found = self._connection(connection)
        rules = rules_file.parse(text, file)
        if not found.catalogues:
            raise ValueError(
                f"The connection {found.name} is not open, so the rules cannot be checked against it."
            )
        problems = await _problems(found, rules)
        if problems:  # an administrator may have changed a field or an option since they were read
            await _read_again(found)
            problems = await _problems(found, rules)
        if problems:
            located = [rules_file.placed(problem, text, file) for problem in problems]
            raise ExceptionGroup("The rules do not fit the two systems", located)
        now = found.clock.now_ms()
        stored = await found.store.tx(
            lambda c: stored_rules.add(c, found.name, text, who=who, why=why, now_ms=now)
        )
        await self._enforce(found, RulesInForce.of(stored.version, rules), who)
        return {"connection": found.name, "version": stored.version}

    async def _enforce(self, connection: Connection, force: RulesInForce, who: str) -> None:
        """New fields need a full read, since the shadows hold only what the old rules wanted."""
        before, connection.force = connection.force, force
        now = connection.clock.now_ms()

        def body(conn: sqlite3.Connection) -> None:
            meta.note_directions(conn, connection.name, force.rules, now)
            if before.want != force.want:
                meta.forget_cursors(conn, connection.name)
            pairs.redirty_all(conn, connection.name, now)
            journal.audit(conn, connection.name, "rules_changed", now_ms=now, actor=who)

        await connection.store.tx(body)
        connection.log("rules_changed", connection=connection.name, rules_version=force.version)
        self._daemon.plant.openers[connection.name].set()
        for wake in connection.poll_wakes.values():
            wake.set()

    async def diff_rules(self, connection: str, text: str, file: str = "rules") -> Mapping[str, Any]:
        found = self._connection(connection)
        return {
            "connection": found.name,
            "diff": rules_file.diff(found.force.rules, rules_file.parse(text, file)),
        }

    async def probe(self, connection: str, record: str) -> Mapping[str, Any]:
        """Write the one named record, prove what writes do, and remember the proof."""
        found = self._connection(connection)
        findings = await found.systems[Side.CRM].probe(record)
        proven = [
            finding.check.removeprefix("probe_")
            for finding in findings
            if finding.ok and finding.check.startswith("probe_")
        ]
        await found.store.tx(lambda c: meta.remember_probe(c, found.name, proven))
        return {"connection": found.name, "findings": findings}

    async def log_level(self, level: str, who: str) -> Mapping[str, Any]:
        self._daemon.log.set_level(level)
        return {"level": level}

    async def verify(self, connection: str) -> Mapping[str, Any]:
        """`streamsync verify`: the invariants of the store and the pairs to look at. Writes nothing."""
        return await looks.checks(self._ground(connection))

    async def verify_pairs(
        self, connection: str, pairs: Sequence[int], read: bool
    ) -> list[Mapping[str, Any]]:
        """Whether these pairs agree by what is stored, or (`read`) by what both systems show now."""
        found = await looks.look(self._ground(connection), pairs, read=read)
        return [msgspec.to_builtins(one) for one in found]

    def _ground(self, connection: str) -> Ground:
        found = self._connection(connection)
        return Ground(
            name=found.name,
            read=found.store.read,
            wal_bytes=lambda: found.store.statistics().wal_bytes,
            clock=found.clock,
            force=found.force,
            systems=found.systems,
            polls={side: seconds * found.stretch() for side, seconds in found.poll_seconds.items()},
            since_ms=found.started_ms,
        )


async def _problems(connection: Connection, rules: Rules) -> list[ConfigError]:
    held = await connection.store.read(lambda c: tables.all_tables(c, connection.name))
    return check(rules, connection.catalogues[Side.CRM], connection.catalogues[Side.ERP], held)


async def _read_again(connection: Connection) -> None:
    """Fields, options and code tables. What cannot be read now stays as it was read last."""
    for side, system in connection.systems.items():
        try:
            connection.catalogues[side] = await system.catalogue(Lane.INTERACTIVE)
            found = await system.tables(Lane.INTERACTIVE)
        except SystemFault as fault:
            connection.log("catalogue_failed", connection=connection.name, system=side, code=fault.code)
            continue
        now = connection.clock.now_ms()
        await connection.store.tx(
            partial(tables.replace, connection=connection.name, side=side, found=found, now_ms=now)
        )


def _by_entity(found: status.Summary) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = defaultdict(dict)
    for (entity, outcome, reason), count in sorted(found.outcomes.items()):
        out[entity][f"{outcome}:{reason}" if reason else outcome or "new"] = count
    return dict(out)
