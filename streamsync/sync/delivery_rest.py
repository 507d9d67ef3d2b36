"""What a handed-over delivery comes to when nothing is left to write, and what its message field says of it
(semantics §3.3, §3.8, D21).

Pure. One outcome: the first thing that stands in the way names it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamsync.model import Outcome
from streamsync.sync import delivery_value, discovery, feedback, phases, reasons
from streamsync.sync.decision import Decision, FieldConflict
from streamsync.sync.delivery_words import cut, length, say
from streamsync.sync.header_merge import HeaderPlan
from streamsync.sync.line_plan import LinePlan
from streamsync.sync.line_view import CrmLine
from streamsync.sync.linked_case import Case
from streamsync.sync.locked_edit import Locks
from streamsync.sync.rejections import Refusal

LOOK_AGAIN_MS = 60_000


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What one decision has found out before its write."""

    case: Case
    header: HeaderPlan
    lines: LinePlan
    locks: Locks
    crm_lines: Sequence[CrmLine]
    conflicts: Sequence[FieldConflict]
    decided: Mapping[str, str]
    number_taken: str = ""
    no_move: Refusal | None = None  # the ERP would not change the order's customer


def decision(found: Gathered) -> Decision:
    """In sync, or why not."""
    case = found.case
    if (stop := _stop(found)) is not None:
        return stop
    for conflict in found.conflicts:
        if not conflict.winner:
            return Decision(
                outcome=Outcome.CONFLICT,
                reason=conflict.reason,
                again_ms=found.locks.again_ms,
                detail=_detail(conflict, found),
            )
    if found.header.held or found.lines.held:
        return Decision(outcome=Outcome.WAITING, reason="order", detail={"status": case.document.status})
    if case.missing:
        detail = {"problem": say("deleted", "en"), "number": case.document.number, "value": "deleted"}
        return Decision(outcome=Outcome.FILTERED, reason="not_triggered", detail=detail)
    return discovery.extended(_compared(found), case)


def _stop(found: Gathered) -> Decision | None:
    """What keeps a part of the pair from flowing."""
    lines, again = found.lines, found.case.now_ms + LOOK_AGAIN_MS
    if found.number_taken:
        return parked("number_locked", {"number": found.number_taken})
    if lines.problem is not None and lines.problem.wait:
        demand = (lines.problem.demand,) if lines.problem.demand else ()
        return Decision(
            outcome=Outcome.WAITING,
            reason="item",
            detail=lines.problem.detail,
            again_ms=again,
            demand=demand,
        )
    if lines.problem is not None:
        return parked(lines.problem.reason, lines.problem.detail)
    if lines.unsettled:
        return Decision(outcome=Outcome.WAITING, reason="settling", again_ms=again)
    for lack in (*found.header.unmapped, *lines.unmapped):
        return parked("unmapped_value", {"row": lack.row, "field": lack.field, "value": lack.value})
    for refused in (found.header.refused, lines.refused):
        if refused is not None:
            return parked(refused.reason, {"problem": refused.text})
    return None


def parked(reason: str, detail: dict[str, str]) -> Decision:
    return Decision(outcome=Outcome.PARKED, reason=reason, detail=detail)


def _detail(conflict: FieldConflict, found: Gathered) -> dict[str, str]:
    """What the page says of an open conflict."""
    if conflict.reason == "locked_edit":
        return found.locks.detail
    ranks = {line.key: str(line.rank) for line in found.crm_lines}
    detail = {"field": conflict.row, "crm": conflict.crm, "erp": conflict.erp}
    if conflict.line:
        detail["line"] = ranks.get(conflict.line, conflict.line)
    if conflict.row == "customer" and found.no_move is not None:
        detail["problem"] = found.no_move.text
    return detail


def _compared(found: Gathered) -> Decision:
    """Both totals side by side: a notice, nothing is blocked."""
    differs = delivery_value.differs(found.case, found.crm_lines)
    if differs is None or found.decided.get("total_differs") == "seen":
        return Decision(outcome=Outcome.IN_SYNC)
    return Decision(
        outcome=Outcome.CONFLICT,
        reason="total_differs",
        detail={"crm": differs.crm, "erp": differs.erp},
        conflicts=(differs,),
    )


def message(found: Gathered) -> str:
    """The last problem or notice, for the delivery's message field (D21); "" once all is well."""
    case, rules = found.case, found.case.rules
    language, limit = rules.webcrm.language, length(rules, case.look)
    if found.locks.message:
        return cut(found.locks.message, limit)
    if case.missing:
        return say("deleted", language)
    rest = decision(found)
    if rest.outcome in (Outcome.PARKED, Outcome.CONFLICT) and rest.reason != "total_differs":
        return cut(reasons.sentence(rest.reason, rest.detail, language), limit)
    if not phases.known_status(case.document):
        return cut(say("unknown_status", language, status=case.document.status), limit)
    return cut(say(feedback.notice(case.document, case.attached), language), limit)
