"""The two questions of `streamsync verify` about one connection, answered beside its store.

`checks` asks the store (`store/invariants.py`) and names the pairs that are said to be in sync; `look` judges
some of these by `sync/agreement.py`, on what is stored or on what both systems show now.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from streamsync.model import Side
from streamsync.store import invariants, pairs
from streamsync.store.forms import digest
from streamsync.store.invariants import Broken
from streamsync.store.lookup import StoreLookup
from streamsync.sync.agreement import Agreement, agreement
from streamsync.sync.lookup import View
from streamsync.verify import reread
from streamsync.verify.ground import Ground
from streamsync.verify.reread import Fresh

SYSTEMS = {Side.CRM: "webCRM", Side.ERP: "Visma.net"}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at one pair found. `verdict`: listed (not said to be in sync any more), equal, base,
    acts, missing, twice, unread. `mark` is the same for the same content. `seen_within`: seconds after
    which the daemon ought to have read what it does not know yet; 0 = it knows, or ought to."""

    pair: int
    entity: str
    webcrm: str
    visma: str
    verdict: str = "listed"
    why: str = ""
    fields: tuple[str, ...] = ()
    let_stand: tuple[str, ...] = ()
    mark: str = ""
    unseen: tuple[str, ...] = ()  # systems whose record is not as it is stored
    seen_within: float = 0.0


async def checks(ground: Ground) -> dict[str, Any]:
    """The invariants of the store, the counts, and the pairs to look at, by entity."""
    name, now = ground.name, ground.clock.now_ms()
    damaged = [Broken(0, "", "", "", text) for text in await ground.read(invariants.damage)]
    done = [_checked(invariants.WHOLE, len(damaged), damaged)]
    found = {
        "connection": name,
        "rules_version": ground.force.version,
        "running": ground.polls is not None,
        "checks": done,
        "entities": {},
        "unread": [],
        "unreadable": {},
        "settled": {},
    }
    if damaged:
        return found  # what a damaged file says of itself proves nothing
    log = ground.wal_bytes()
    large = [Broken(0, "", "", "", f"{log} bytes")] if log > invariants.WAL_BYTES_MAX else []
    done.append(_checked(invariants.FOLDED, len(large), large))
    for check in invariants.CHECKS:  # one read each: nobody waits for all of them
        broken = partial(
            invariants.broken, connection=name, check=check, now_ms=now, since_ms=ground.since_ms
        )
        done.append(_checked(check, *await ground.read(broken)))
    return found | {
        "entities": await ground.read(partial(invariants.classes_by_entity, connection=name)),
        "unread": await ground.read(partial(invariants.unread, connection=name)),
        "unreadable": await ground.read(partial(invariants.unreadable, connection=name)),
        "settled": await ground.read(partial(invariants.settled, connection=name)),
    }


def _checked(check: invariants.Check, count: int, rows: Sequence[Broken]) -> dict[str, Any]:
    names = ("pair", "entity", "webcrm", "visma", "about")
    return {
        "name": check.name,
        "rule": check.rule,
        "wrong": check.wrong,
        "remedy": check.remedy,
        "count": count,
        "found": [dict(zip(names, msgspec.structs.astuple(row), strict=True)) for row in rows],
    }


async def look(ground: Ground, numbers: Sequence[int], *, read: bool) -> list[Look]:
    """Judge these pairs, in the order given; unknown ones are left out. `read`: by what both systems show
    now."""
    fresh: Fresh | None = None
    if read:
        known = await ground.read(lambda c: [pairs.by_id(c, ground.name, number) for number in numbers])
        fresh = await reread.reread(ground, [pair for pair in known if pair is not None])

    def judged(conn: sqlite3.Connection) -> list[Look]:
        # Loaded after the systems were read, so that what the daemon learnt meanwhile counts.
        stored, now = StoreLookup(conn, ground.name), ground.clock.now_ms()
        views = [pairs.view(conn, ground.name, number) for number in numbers]
        return [_look(conn, ground, stored, view, fresh, now) for view in views if view is not None]

    return await ground.read(judged)


def _look(
    conn: sqlite3.Connection,
    ground: Ground,
    stored: StoreLookup,
    view: View,
    fresh: Fresh | None,
    now_ms: int,
) -> Look:
    pair, rules = view.pair, ground.force.rules
    found = Look(pair=pair.id, entity=pair.entity, webcrm=pair.crm_id, visma=pair.erp_id)
    if not invariants.rests(conn, ground.name, pair.id):
        return found
    if fresh is not None:
        known = invariants.copies(conn, ground.name, pair.id)
        return _read(ground, stored, found, view, fresh, known, now_ms)
    judged = agreement(view, rules, stored, now_ms)
    word = "acts" if not judged.equal else "base" if judged.base_moved else "equal"
    return _told(found, word, view, judged)


def _read(
    ground: Ground,
    stored: StoreLookup,
    found: Look,
    view: View,
    fresh: Fresh,
    known: frozenset[str],
    now_ms: int,
) -> Look:
    """The look at what both systems showed. `known`: other records of which the store knows that they carry
    a marker of this pair: what is wrong with them is told by the checks, or asked in the inbox."""
    change = msgspec.structs.replace
    faults = [fresh.faults[one] for one in reread.rids(view.pair) if one in fresh.faults]
    if faults:
        return change(found, verdict="unread", why=faults[0])
    seen = reread.as_read(view, fresh)
    lags = {side: lag for side in Side if (lag := reread.lag(ground, view, seen, side)) is not None}
    found = change(
        found,
        unseen=tuple(SYSTEMS[side] for side in lags),
        seen_within=max(lags.values(), default=0.0),
    )
    gone = [SYSTEMS[side] for side, _, _ in reread.rids(view.pair) if reread.record(seen, side) is None]
    if gone:
        return change(found, verdict="missing", why=f"not found in {' and '.join(gone)}")
    for side, kind, rid in reread.rids(view.pair):
        carriers = fresh.carriers.get((side, kind, rid), {rid}) - known
        if carriers != {rid}:
            why = f"{len(carriers)} records of {SYSTEMS[side]} carry it"
            return change(found, verdict="twice", why=why)
    judged = agreement(seen, ground.force.rules, stored, now_ms)
    return _told(found, "equal" if judged.equal else "acts", seen, judged)


def _told(found: Look, word: str, view: View, judged: Agreement) -> Look:
    records = [one for side in Side if (one := reread.record(view, side)) is not None]
    return msgspec.structs.replace(
        found,
        verdict=word,
        why=judged.why,
        fields=judged.fields,
        let_stand=judged.let_stand,
        mark="".join(digest(one.fields, one.lines).hex() for one in records),
    )
