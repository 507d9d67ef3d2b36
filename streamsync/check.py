"""`streamsync check`: does everything that a connection needs really work? Only reads."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import actors
from streamsync.build import build_systems, first_rules
from streamsync.clock import Clock
from streamsync.config import Config, ConnectionConfig
from streamsync.errors import SystemFault
from streamsync.model import Direction, Entity, Kind, Lane, Side
from streamsync.observe.metrics import Metrics
from streamsync.sync import rules_file
from streamsync.sync.rules import Rules
from streamsync.sync.rules_check import check as check_rules
from streamsync.systems.port import Finding

DISK_FREE_MIN = 256 * 1024 * 1024


async def check_all(
    config: Config, folder: Path, clock: Clock, *, expect_empty: bool
) -> list[dict[str, Any]]:
    """All findings, as JSON-able rows in the order of checking."""
    findings = [_package(), _disk(Path(config.daemon.state))]
    for settings in config.connections:
        findings += [
            Finding(
                check=f"{settings.name}: {finding.check}",
                ok=finding.ok,
                sentence=finding.sentence,
                remedy=finding.remedy,
                warning=finding.warning,
            )
            for finding in await _connection(settings, config, folder, clock, expect_empty)
        ]
    return [
        {"check": f.check, "ok": f.ok, "sentence": f.sentence, "remedy": f.remedy, "warning": f.warning}
        for f in findings
    ]


async def _connection(
    settings: ConnectionConfig, config: Config, folder: Path, clock: Clock, expect_empty: bool
) -> list[Finding]:
    text = first_rules(settings, folder)
    rules, misread = _parse(text, settings.rules)
    systems = build_systems(
        settings,
        rules,
        allow_loopback=config.daemon.allow_loopback,
        clock=clock,
        metrics=Metrics(version="check"),
    )
    findings: list[Finding] = [_rules_finding(problem) for problem in misread]
    catalogues: dict[Side, Any] = {}
    tables: dict[str, Mapping[str, str]] = {}
    for side, system in systems.items():
        await system.open()
        try:
            found = await system.check(expect_empty=expect_empty, needed=_needed(rules))
            findings += found
            if all(finding.ok or finding.warning for finding in found):
                catalogues[side] = await system.catalogue(Lane.INTERACTIVE)
                tables |= await system.tables(Lane.INTERACTIVE)
        except SystemFault as fault:
            findings.append(
                Finding(
                    check=f"{system.name}",
                    ok=False,
                    sentence=str(fault),
                    remedy="Mend this first; the checks after it could not be made.",
                )
            )
        finally:
            await system.close()
    if len(catalogues) == 2 and not misread:
        problems = check_rules(rules, catalogues[Side.CRM], catalogues[Side.ERP], tables)
        findings += [_rules_finding(rules_file.placed(one, text, settings.rules)) for one in problems]
        if not problems:
            findings.append(Finding(check="rules", ok=True, sentence="The rules fit both systems."))
    return findings


def _parse(text: str, place: str) -> tuple[Rules, Sequence[Exception]]:
    """The rules, or none and what is wrong with them: tokens and clocks are worth checking all the same."""
    try:
        return rules_file.parse(text, place), ()
    except ExceptionGroup as group:
        return Rules(), group.exceptions


def _rules_finding(problem: Exception) -> Finding:
    return Finding(
        check="rules", ok=False, sentence=str(problem), remedy="Mend the rules file there; then check again."
    )


def _needed(rules: Rules) -> frozenset[Kind]:
    kinds = {
        Entity.ORGANISATION: (Kind.ORGANISATION,),
        Entity.PERSON: (Kind.PERSON,),
        Entity.ITEM: (Kind.ITEM,),
        Entity.DELIVERY: (Kind.DELIVERY, Kind.ORDER),
        Entity.INVOICE: (Kind.INVOICE,),
    }
    return frozenset(
        kind
        for entity, used in kinds.items()
        if rules.direction(entity) is not Direction.OFF
        for kind in used
    )


def _package() -> Finding:
    """`actors` is also the name of an old package on the index: make sure that ours is the one in use (style
    §3)."""
    ours = hasattr(actors, "__path__") and (Path(actors.__path__[0]) / "topology.py").is_file()
    return Finding(
        check="package",
        ok=ours,
        sentence="The package `actors` is ours." if ours else "Another package named `actors` hides ours.",
        remedy="Uninstall the other package.",
    )


def _disk(state: Path) -> Finding:
    folder = state.parent if state.parent.is_dir() else Path()
    free = shutil.disk_usage(folder).free
    return Finding(
        check="disk",
        ok=free >= DISK_FREE_MIN,
        sentence=f"{free // 2**20} MiB are free beside the store.",
        remedy="Make room: the store cannot grow.",
    )
