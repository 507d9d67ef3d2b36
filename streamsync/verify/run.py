"""One run of `streamsync verify`: ask, look, look again, and say what is an exception. Values never occur.

The daemon answers two questions (`looks.py`); this asks them in parts, so that nobody waits for long and a
run that is broken off leaves nothing behind. A difference that is only in motion is no exception: what was
found is looked at a second time, after the daemon had the time to read what it did not know.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from streamsync import __version__
from streamsync.clock import Clock

STORED_AT_ONCE = 100
READ_AT_ONCE = 20
MARGIN_SECONDS = 2.0
WAIT_SECONDS_MAX = 60.0
Answer = Mapping[str, Any]

WRONG = {
    "acts": (
        "The two records do not agree, and nothing is about to be done about it.",
        "`streamsync show --pair N` shows both sides; `streamsync retry --pair N` compares again.",
    ),
    "unseen": (
        "The record was changed, and the daemon has not read the change though it ought to have.",
        "Look at `streamsync status`: reading may fail. A restart reads the whole lists again.",
    ),
    "base": (
        "Both records agree, and the agreement that is kept is another one.",
        "`streamsync retry --pair N` compares again. If it stays, report it.",
    ),
    "missing": (
        "A record of the pair is not there any more, and the daemon does not know.",
        "If it was deleted on purpose, wait for the daily full reads, which prove it; else restore it there.",
    ),
    "twice": (
        "The marker does not lead to exactly one record.",
        "Look for the copy in that system and delete it, or empty its marker field.",
    ),
    "unread": (
        "The pair could not be read again, so nothing is known about it.",
        "Mend what the reason names, and verify again.",
    ),
}

RANK = {"equal": 0, "motion": 1, **dict.fromkeys(WRONG, 2)}  # of two looks at a pair the worse one counts


class Asked(Protocol):
    """The daemon over its admin address, or the store of one that does not run."""

    async def checks(self, connection: str) -> Answer: ...

    async def look(self, connection: str, numbers: Sequence[int], *, read: bool) -> Sequence[Answer]: ...


async def verify(
    asked: Asked, connection: str, clock: Clock, *, sample: int | None, seed: int
) -> dict[str, Any]:
    """The report on one connection. `sample`: how many pairs are read again in both systems, None = all."""
    began = clock.now_ms()
    checks = await asked.checks(connection)
    settled: dict[str, list[int]] = {name: list(numbers) for name, numbers in checks["settled"].items()}
    everyone = [pair for numbers in settled.values() for pair in numbers]
    chosen = everyone if sample is None else spread(settled, sample, random.Random(seed))
    stored = await _looks(asked, connection, everyone, STORED_AT_ONCE, read=False)
    read = await _looks(asked, connection, chosen, READ_AT_ONCE, read=True)
    waited = await _wait(clock, [*stored.values(), *read.values()], running=checks["running"])
    verdicts: dict[int, tuple[str, Answer]] = {}
    for looks, again in ((stored, False), (read, True)):
        for number, first in looks.items():
            found = await _settle(asked, connection, first, waited, read=again)
            if number not in verdicts or RANK[found[0]] > RANK[verdicts[number][0]]:
                verdicts[number] = found
    broken = {int(row["pair"]) for check in checks["checks"] for row in check["found"]}
    exceptions = [*_of_checks(checks), *_of_pairs(verdicts)]
    return {
        "connection": checks["connection"],
        "began_ms": began,
        "ended_ms": clock.now_ms(),
        "version": __version__,
        "rules_version": checks["rules_version"],
        "daemon": "running" if checks["running"] else "not running",
        "seed": seed,
        "checks": [{key: one[key] for key in ("name", "rule", "count")} for one in checks["checks"]],
        "entities": _entities(checks, verdicts, set(chosen)),
        "unread": checks["unread"],
        "unreadable": checks["unreadable"],
        "in_motion": [_named(look) for word, look in verdicts.values() if word == "motion"],
        "equal": sum(word == "equal" and number not in broken for number, (word, _) in verdicts.items()),
        "read_again": len(read),
        "exceptions": exceptions,
        "exception_count": _count(checks, verdicts),
    }


def spread(settled: Mapping[str, Sequence[int]], count: int, rng: random.Random) -> list[int]:
    """So many pairs, in turn from each entity, by chance within it; sorted by entity, so that systems that
    can are asked for many at once."""
    shuffled = {name: rng.sample(list(numbers), len(numbers)) for name, numbers in settled.items()}
    taken: dict[str, list[int]] = {name: [] for name in shuffled}
    left = count
    while left > 0 and any(shuffled.values()):
        for name, numbers in shuffled.items():
            if numbers and left > 0:
                taken[name].append(numbers.pop())
                left -= 1
    return [pair for numbers in taken.values() for pair in sorted(numbers)]


async def _looks(
    asked: Asked, connection: str, numbers: Sequence[int], at_once: int, *, read: bool
) -> dict[int, Answer]:
    found: dict[int, Answer] = {}
    for start in range(0, len(numbers), at_once):
        part = await asked.look(connection, numbers[start : start + at_once], read=read)
        found |= {int(one["pair"]): one for one in part}
    return found


def _suspect(look: Answer) -> bool:
    return look["verdict"] not in ("equal", "listed")


async def _wait(clock: Clock, looks: Sequence[Answer], *, running: bool) -> float:
    """Give the daemon the time to read what it did not know; the seconds that were given."""
    lags = [float(look["seen_within"]) for look in looks if _suspect(look)]
    if not lags or not running:
        return 0.0
    seconds = min(max(lags), WAIT_SECONDS_MAX) + MARGIN_SECONDS
    await clock.sleep(seconds)
    return seconds


async def _settle(
    asked: Asked, connection: str, first: Answer, waited: float, *, read: bool
) -> tuple[str, Answer]:
    """equal, motion, or the word of an exception; with the look that shows it. Suspects are looked at again,
    one by one: a record that cannot be read must not hide the others."""
    if first["verdict"] == "listed":
        return "motion", first
    if first["verdict"] == "equal":
        return "equal", first
    again = await asked.look(connection, [int(first["pair"])], read=read)
    if not again or again[0]["verdict"] == "listed":
        return "motion", first
    last = again[0]
    word = str(last["verdict"])
    if word in ("equal", "unread", "missing", "twice"):
        return word, last
    if last["mark"] != first["mark"] or last["seen_within"] > waited:
        return "motion", last
    return ("unseen" if last["unseen"] else word), last


# ---- the report ------------------------------------------------------------------------------------------


def _named(look: Answer) -> dict[str, Any]:
    return {key: look[key] for key in ("pair", "entity", "webcrm", "visma")}


def _of_checks(checks: Answer) -> list[dict[str, Any]]:
    return [
        {
            **_named(row),
            "what": check["name"],
            "why": check["wrong"] + (f" ({row['about']})" if row["about"] else ""),
            "fields": [],
            "remedy": check["remedy"].replace("--pair N", f"--pair {row['pair']}"),
        }
        for check in checks["checks"]
        for row in check["found"]
    ]


def _of_pairs(verdicts: Mapping[int, tuple[str, Answer]]) -> list[dict[str, Any]]:
    out = []
    for word, look in verdicts.values():
        if word not in WRONG:
            continue
        wrong, remedy = WRONG[word]
        systems = f" It is {' and '.join(look['unseen'])}'s." if word == "unseen" else ""
        why = f" ({look['why']})" if look["why"] else ""
        out.append(
            {
                **_named(look),
                "what": word,
                "why": f"{wrong}{systems}{why}",
                "fields": list(look["fields"]),
                "remedy": remedy.replace("--pair N", f"--pair {look['pair']}"),
            }
        )
    return out


def _count(checks: Answer, verdicts: Mapping[int, tuple[str, Answer]]) -> int:
    """Also those that a check found and did not list."""
    return sum(int(check["count"]) for check in checks["checks"]) + sum(
        word in WRONG for word, _ in verdicts.values()
    )


def _entities(
    checks: Answer, verdicts: Mapping[int, tuple[str, Answer]], chosen: set[int]
) -> dict[str, dict[str, Any]]:
    """Per entity: pairs by class as the store counts them, and what the looks found of the settled ones.
    `held`: agreed when last decided, but paused, or without a counterpart of
    its own (an invoice that shows on the delivery of its order)."""
    out: dict[str, dict[str, Any]] = {}
    for entity, classes in checks["entities"].items():
        mine = [(number, *found) for number, found in verdicts.items() if found[1]["entity"] == entity]
        words = Counter(word for _, word, _ in mine)
        again = Counter(word for number, word, _ in mine if number in chosen)
        rows = Counter(row for _, word, look in mine if word == "equal" for row in look["let_stand"])
        out[entity] = {
            "pairs": sum(classes.values()),
            "equal": words["equal"],
            "in_motion": words["motion"] + classes.get("open", 0),
            **{name: classes.get(name, 0) for name in ("excluded", "waiting", "conflict", "failing")},
            "held": max(0, classes.get("in_sync", 0) - len(mine)),
            "exceptions": sum(words[word] for word in WRONG),
            "read_again": again.total(),
            "read_again_equal": again["equal"],
            "let_stand": dict(sorted(rows.items())),
        }
    return out
