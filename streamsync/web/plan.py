"""The dry run: what would be written now, record by record and field by field, without writing.

Runs the same `decide` over the same store as the mappers, in read-only transactions of bounded size.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from streamsync.model import Entity, Outcome, Record, Side
from streamsync.store import pairs
from streamsync.store.db import Store
from streamsync.store.lookup import StoreLookup
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import View
from streamsync.sync.rules import Rules

CHUNK = 200
SAMPLES = 200


async def plan(
    store: Store,
    connection: str,
    rules: Rules,
    now_ms: int,
    *,
    limit: int = SAMPLES,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """`{"counts": {entity: {what: n}}, "changes": [...], "truncated": bool}`; a change names record, side and
    fields."""
    counts: dict[Entity, Counter[str]] = {entity: Counter() for entity in Entity}
    changes: list[dict[str, Any]] = []
    after, done, truncated = 0, 0, False
    while True:
        ids = await store.read(partial(pairs.ids_after, connection=connection, after=after, limit=CHUNK))
        if not ids:
            break
        after = ids[-1]

        def look_at(conn: Any, ids: list[int] = ids) -> list[tuple[View, Decision]]:
            look = StoreLookup(conn, connection)
            views = [view for pair in ids if (view := pairs.view(conn, connection, pair)) is not None]
            return [(view, decide(view, rules, look, now_ms)) for view in views]

        for view, decision in await store.read(look_at):
            counts[view.pair.entity][_word(decision)] += 1
            if decision.write is None and decision.outcome in (Outcome.IN_SYNC, Outcome.FILTERED):
                continue
            if len(changes) < limit:
                changes.append(_change(view, decision))
            else:
                truncated = True
        done += len(ids)
        if progress is not None:
            progress(done)
    return {
        "counts": {entity.value: dict(found) for entity, found in counts.items() if found},
        "changes": changes,
        "truncated": truncated,
        "records": done,
    }


def _word(decision: Decision) -> str:
    if decision.write is not None:
        return f"{decision.write.action}_{'webcrm' if decision.write.side is Side.CRM else 'visma'}"
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
            "system": "webcrm" if write.side is Side.CRM else "visma",
            "fields": {path: [present.get(path, ""), text] for path, text in write.fields.items()},
            "lines": [
                {"action": edit.action, "key": edit.key, "fields": edit.fields} for edit in write.lines
            ],
        }
    return out
