"""Whether two linked records agree under the rules in force: what deciding about them now would do.

Pure. The decision is the product's own (`sync.decide`), so that "equal" means what it means every day:
conversions, equalities, directions, owners and lines included. Names fields and rows, never values.
"""

import msgspec

from streamsync.model import Outcome, Side
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rules import Rules


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """`equal`: nothing would be written, asked or parked. Otherwise `why` says what would happen and `fields`
    names what differs, those of `side` where it would be written. `base_moved`: equal, but the agreement that
    is kept is another one. `let_stand`: rows that differ and that the rules leave alone."""

    equal: bool
    why: str = ""
    side: str = ""
    fields: tuple[str, ...] = ()
    base_moved: bool = False
    let_stand: tuple[str, ...] = ()


def agreement(view: View, rules: Rules, look: Lookup, now_ms: int) -> Agreement:
    """Judge a pair by the two records of the view, its base and what people decided about it."""
    try:
        decision = decide(view, rules, look, now_ms)
    except (
        Exception
    ) as error:  # one record that cannot be judged must not hide the others (design §6 rule 10)
        return Agreement(equal=False, why=f"it cannot be judged ({type(error).__name__})")
    let_stand = tuple(dict.fromkeys(one.field for one in decision.findings if one.code == "differs"))
    conflicts = tuple(dict.fromkeys(one.row for one in decision.conflicts if not one.winner))
    if decision.write is not None:
        fields = _written(decision)
        where = "Visma.net" if decision.write.side is Side.ERP else "webCRM"
        return Agreement(
            equal=False,
            why=f"{where} would be written ({decision.write.action})",
            side=decision.write.side,
            fields=fields,
            let_stand=let_stand,
        )
    if decision.outcome is not Outcome.IN_SYNC or conflicts or decision.part:
        why = f"{decision.outcome}: {decision.reason}" if decision.reason else str(decision.outcome)
        return Agreement(equal=False, why=f"it would be {why}", fields=conflicts, let_stand=let_stand)
    moved = decision.base is not None and decision.base != view.pair.base
    return Agreement(equal=True, base_moved=moved, let_stand=let_stand)


def _written(decision: Decision) -> tuple[str, ...]:
    """Names of fields; those of lines with the line's key."""
    write = decision.write
    assert write is not None
    names = [*write.fields]
    for edit in write.lines:
        names += [f"line {edit.key}: {name}" for name in edit.fields] or [f"line {edit.key}: {edit.action}"]
    return tuple(sorted(dict.fromkeys(names)))
