"""The report of `streamsync verify` as lines that an auditor can keep. Pure; names and numbers, no values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

SHOWN = 100
COLUMNS = {
    "pairs": "pairs",
    "equal": "equal",
    "exceptions": "exceptions",
    "in_motion": "moving",
    "waiting": "waiting",
    "conflict": "conflict",
    "failing": "failing",
    "excluded": "excluded",
    "held": "held",
    "read_again": "re-read",
    "read_again_equal": "same then",
}


def report(found: Mapping[str, Any]) -> Iterator[str]:
    """One connection; the last line is the sentence."""
    yield (
        f"streamsync {found['version']} verify, connection {found['connection']},"
        f" rules v{found['rules_version']}, daemon {found['daemon']}"
    )
    yield f"from {_moment(found['began_ms'])} to {_moment(found['ended_ms'])}, sample by seed {found['seed']}"
    yield ""
    yield from _table(found["entities"])
    yield ""
    broken = [check for check in found["checks"] if check["count"]]
    yield f"{len(found['checks']) - len(broken)} of {len(found['checks'])} checks of the store hold."
    for check in broken:
        yield f"  broken: {check['name']} ({check['rule']}), {check['count']}"
    for name in found["unread"]:
        yield f"  not yet read to its end: {name}. What it would show is not judged."
    for name, count in found["unreadable"].items():
        yield f"  {count} rows of {name} cannot be read; the daemon lists them."
    for entity, counts in found["entities"].items():
        for row, count in counts["let_stand"].items():
            yield f"  {entity} row {row}: {_number(count)} pairs differ, which the rules leave as it is."
    yield from _exceptions(found)
    yield ""
    yield sentence(found)


def sentence(found: Mapping[str, Any]) -> str:
    count = found["exception_count"]
    return (
        f"{_number(found['equal'])} pairs equal under rules v{found['rules_version']}"
        f" ({_number(found['read_again'])} re-read in both systems);"
        f" {_number(count)} {'exception' if count == 1 else 'exceptions'}"
    )


def _table(entities: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'':<13}" + "".join(f"{head:>11}" for head in COLUMNS.values())
    for entity, counts in entities.items():
        yield f"{entity:<13}" + "".join(f"{_number(counts[column]):>11}" for column in COLUMNS)


def _exceptions(found: Mapping[str, Any]) -> Iterator[str]:
    listed: Sequence[Mapping[str, Any]] = found["exceptions"]
    for one in listed[:SHOWN]:
        yield ""
        yield f"{_record(one)}: {one['what']}"
        yield f"   {one['why']}"
        if one["fields"]:
            yield f"   fields: {', '.join(one['fields'])}"
        yield f"   -> {one['remedy']}"
    if found["exception_count"] > len(listed[:SHOWN]):
        yield ""
        more = found["exception_count"] - len(listed[:SHOWN])
        yield f"… and {_number(more)} more (--json lists those found)"


def _record(one: Mapping[str, Any]) -> str:
    ids = [f"webCRM {one['webcrm']}"] if one["webcrm"] else []
    ids += [f"Visma.net {one['visma']}"] if one["visma"] else []
    pair = [f"pair {one['pair']}"] if one["pair"] else []
    name = " ".join([one["entity"], *pair]) or "the store"
    return f"{name} ({', '.join(ids)})" if ids else name


def _moment(stamp_ms: int) -> str:
    return datetime.fromtimestamp(stamp_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _number(count: int) -> str:
    return f"{count:,}"
