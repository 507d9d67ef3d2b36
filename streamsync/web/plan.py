"""The dry run: what would be written now, record by record and field by field, without writing.

Runs the same `decide` over the same store as the mappers, in read-only transactions of bounded size. For the
first sync it also counts, row by row, how many empty fields it fills and how many filled ones it overwrites
at linking, and how many records it creates on either side (semantics §8). Two halves that would be linked
count as one record.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from streamsync.model import Action, Entity, Outcome, Record, Side
from streamsync.store import brake, pairs
from streamsync.store.db import Store
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import View
from streamsync.sync.rules import Rules

CHUNK = 200
SAMPLES = 200
ROW_SAMPLES = 5
SYSTEM = {Side.CRM: "webcrm", Side.ERP: "visma"}


class RowCount(msgspec.Struct, kw_only=True):
    """One row of one entity in one system: what linking would do to it. A sample names both records and gives
    each field's text before and after."""

    row: str
    system: str
    fills: int = 0
    overwrites: int = 0
    samples: list[dict[str, Any]] = []


class _Counts:
    """What the plan gathers beside its list of changes."""

    def __init__(self) -> None:
        self.words: dict[Entity, Counter[str]] = {entity: Counter() for entity in Entity}
        self.creates: dict[Entity, Counter[str]] = {}
        self.linked: Counter[Entity] = Counter()
        self.rows: dict[tuple[Entity, str, Side], RowCount] = {}
        self.partners: set[int] = set()  # halves that another half was linked with already

    def add(self, view: View, decision: Decision, other: View | None) -> None:
        entity, write = view.pair.entity, decision.write
        self.words[entity][_word(decision)] += 1
        if other is not None:
            self.partners.add(other.pair.id)
        if other is not None or (view.pair.crm_id and view.pair.erp_id):
            self.linked[entity] += 1
        if write is not None and write.action is Action.CREATE:
            self.creates.setdefault(entity, Counter())[SYSTEM[write.side]] += 1
        crm = view.crm or (other.crm if other is not None else None)
        erp = view.erp or (other.erp if other is not None else None)
        for first in decision.firsts:
            found = self.rows.setdefault(
                (entity, first.row, first.target), RowCount(row=first.row, system=SYSTEM[first.target])
            )
            found.overwrites += first.overwrites
            found.fills += not first.overwrites
            target = crm if first.target is Side.CRM else erp
            if len(found.samples) < ROW_SAMPLES:
                present = target.fields if target is not None else {}
                texts = {path: [present.get(path, ""), text] for path, text in first.fields.items()}
                ids = {"webcrm": crm.rid if crm else "", "visma": erp.rid if erp else ""}
                found.samples.append({**ids, "overwrites": first.overwrites, "fields": texts})

    def excess(self) -> list[tuple[Entity, RowCount]]:
        """The rows that would overwrite more than a person may agree to unseen."""
        return [
            (entity, found)
            for (entity, _, _), found in self.rows.items()
            if found.overwrites > brake.allowed(self.linked[entity])
        ]

    def told(self) -> dict[str, Any]:
        excess = self.excess()
        by_entity: dict[str, list[RowCount]] = {}
        for (entity, _, _), found in sorted(self.rows.items(), key=lambda one: one[0]):
            by_entity.setdefault(entity.value, []).append(found)
        return {
            "counts": {entity.value: dict(found) for entity, found in self.words.items() if found},
            "creates": {entity.value: dict(found) for entity, found in self.creates.items()},
            "rows": msgspec.to_builtins(by_entity),
            "excess": [
                {"entity": entity.value, "row": found.row, "system": found.system, "count": found.overwrites}
                for entity, found in excess
            ],
            "confirm": str(sum(found.overwrites for _, found in excess)) if excess else "",
        }


async def plan(
    store: Store,
    connection: str,
    rules: Rules,
    now_ms: int,
    *,
    limit: int = SAMPLES,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """`{"counts": {entity: {what: n}}, "creates": {entity: {system: n}}, "rows": {entity: [RowCount]},
    "excess": [{entity, row, system, count}], "confirm": text, "changes": [...], "truncated", "records"}`.

    A change names record, side and fields. `confirm` is what a person must type to accept a plan that
    overwrites more than max(5 %, 50) values of a row: the number of those values; `""` = nothing."""
    gathered = _Counts()
    changes: list[dict[str, Any]] = []
    after, done, truncated = 0, 0, False
    while True:
        ids = await store.read(partial(pairs.ids_after, connection=connection, after=after, limit=CHUNK))
        if not ids:
            break
        after = ids[-1]
        looked = await store.read(
            partial(_look_at, connection=connection, rules=rules, now_ms=now_ms, ids=tuple(ids))
        )
        for view, decision, other in looked:
            if view.pair.id in gathered.partners:
                continue
            gathered.add(view, decision, other)
            if decision.write is None and decision.outcome in (Outcome.IN_SYNC, Outcome.FILTERED):
                continue
            if len(changes) < limit:
                changes.append(_change(view, decision))
            else:
                truncated = True
        done += len(ids)
        if progress is not None:
            progress(done)
    return {**gathered.told(), "changes": changes, "truncated": truncated, "records": done}


def too_much(planned: dict[str, Any], connection: str) -> str:
    """Why accepting this plan takes a typed confirmation, and which; `""` = it does not."""
    if not planned["confirm"]:
        return ""
    rows = ", ".join(
        f"{one['count']} of {one['entity']} row {one['row']} in {one['system']}" for one in planned["excess"]
    )
    return (
        f"Accepting the plan of {connection} would overwrite {planned['confirm']} values at linking ({rows}):"
        " more than 50 and more than 5 % of the linked records. Look at the samples in the plan;"
        f" to accept it, confirm with that number: {planned['confirm']}."
    )


def _look_at(
    conn: sqlite3.Connection, connection: str, rules: Rules, now_ms: int, ids: tuple[int, ...]
) -> list[tuple[View, Decision, View | None]]:
    """Each pair with its decision, and the half that the decision would link it with."""
    look, found = StoreLookup(conn, connection), []
    for pair in ids:
        view = pairs.view(conn, connection, pair)
        if view is None:
            continue
        decision = decide(view, rules, look, now_ms)
        other = pairs.view(conn, connection, decision.link) if decision.link else None
        found.append((view, decision, other))
    return found


def _word(decision: Decision) -> str:
    if decision.write is not None:
        return f"{decision.write.action}_{SYSTEM[decision.write.side]}"
    return f"{decision.outcome}:{decision.reason}" if decision.reason else decision.outcome.value


def _change(view: View, decision: Decision) -> dict[str, Any]:
    write = decision.write
    out: dict[str, Any] = {
        "pair": view.pair.id,
        "entity": view.pair.entity.value,
        "webcrm": view.pair.crm_id,
        "visma": view.pair.erp_id,
        "outcome": decision.outcome.value,
        "reason": decision.reason,
        "detail": decision.detail,
    }
    if write is not None:
        target: Record | None = view.crm if write.side is Side.CRM else view.erp
        present = target.fields if target is not None else {}
        out |= {
            "action": write.action.value,
            "system": SYSTEM[write.side],
            "fields": {path: [present.get(path, ""), text] for path, text in write.fields.items()},
            "lines": [
                {"action": edit.action, "key": edit.key, "fields": edit.fields} for edit in write.lines
            ],
        }
    return out
