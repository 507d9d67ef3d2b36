"""From a merge to a decision: at most one write, the ERP's before webCRM's; what is left over names the
outcome.

Pure; shared by organisations, persons and items (documents have phases and do it their own way). A
settled conflict is reported with the write that carries it out, so that history hears of it once.
"""

import msgspec

from streamsync.model import Action, Base, Direction, Fields, Outcome, Record, Side, Write
from streamsync.sync import answers, stamps
from streamsync.sync.decision import Decision, FieldConflict, Finding, First
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import Merge, Policy
from streamsync.sync.rows import Unmapped
from streamsync.sync.rules import Rules

LOOK_AGAIN_MS = 60_000


class Extra(msgspec.Struct, kw_only=True):
    """Protocol fields beside the mapped ones: markers, a type, a parent. They are written even where rows
    may not flow."""

    to_crm: Fields = {}
    to_erp: Fields = {}
    rows_erp: Base = {}
    rows_crm: Base = {}
    findings: tuple[Finding, ...] = ()


def policy(
    view: View, direction: Direction, rules: Rules, look: Lookup, *, base: Base | None = None
) -> Policy:
    """How this pair's rows flow now. The ERP's stamps are shifted by the measured skew. `base`: with stamps
    as `sync.stamps` noted them just now, else the pair's own."""
    assert view.crm is not None
    assert view.erp is not None
    skew = look.skew_ms()
    return Policy(
        direction=direction,
        linking=not view.pair.base,
        decided=answers.rows_only(look.decided(view.pair.id)),
        crm_changed_ms=view.crm.updated_ms,
        erp_changed_ms=_shifted(view.erp.updated_ms, skew),
        since={
            row: (crm_ms, _shifted(erp_ms, skew))
            for row, (crm_ms, erp_ms) in stamps.of(view.pair.base if base is None else base).items()
        },
        tie_ms=round(rules.conflict.tie_seconds * 1000),
    )


def _shifted(stamp_ms: int, skew_ms: int) -> int:
    """An unknown stamp (0) stays unknown."""
    return stamp_ms - skew_ms if stamp_ms else 0


def update(record: Record, fields: Fields) -> Write:
    """A write of these fields that holds only while they still show what the record shows now."""
    return Write(
        side=record.side,
        kind=record.kind,
        action=Action.UPDATE,
        rid=record.rid,
        fields=fields,
        expect={path: record.fields.get(path, "") for path in fields},
    )


def settled(view: View, merged: Merge, extra: Extra) -> Decision:
    """The decision about a linked pair."""
    crm, erp = view.crm, view.erp
    assert crm is not None
    assert erp is not None
    base = merged.base if merged.base != view.pair.base else None
    open_ones = tuple(one for one in merged.conflicts if not one.winner)
    findings = (
        merged.findings
        + extra.findings
        + tuple(Finding(code="differs", field=row) for row in merged.listed)
        + tuple(Finding(code="unmapped_value", field=field) for field in _fields(merged.unmapped))
    )
    to_erp, to_crm = merged.to_erp | extra.to_erp, merged.to_crm | extra.to_crm
    if to_erp or to_crm:
        side = Side.ERP if to_erp else Side.CRM
        fields, record = (to_erp, erp) if to_erp else (to_crm, crm)
        over = tuple(one for one in merged.firsts if one.overwrites and one.target is side)
        won = tuple(one for one in merged.conflicts if one.winner == side.other)
        return Decision(
            outcome=Outcome.WRITTEN,
            base=base,
            conflicts=open_ones + won,
            findings=findings,
            rows=merged.rows_erp | extra.rows_erp if to_erp else merged.rows_crm | extra.rows_crm,
            mass="overwrite" if over else "",
            calm=settled(view, spared(merged, over), extra) if over else None,
            firsts=merged.firsts,
            write=update(record, fields),
        )
    if open_ones:
        return Decision(
            outcome=Outcome.CONFLICT,
            reason=open_ones[0].reason,
            detail=conflict_detail(open_ones[0]),
            base=base,
            conflicts=open_ones,
            findings=findings,
        )
    if merged.unmapped:
        return unmapped(merged.unmapped[0], base, findings)
    return Decision(outcome=Outcome.IN_SYNC, base=base, findings=findings)


def spared(merged: Merge, rows: tuple[First, ...]) -> Merge:
    """The merge without these first writes: what goes on while the mass-change brake holds them."""
    sides = {Side.CRM: (dict(merged.to_crm), dict(merged.rows_crm))}
    sides[Side.ERP] = (dict(merged.to_erp), dict(merged.rows_erp))
    for one in rows:
        patch, agreed = sides[one.target]
        agreed.pop(one.row, None)
        for path in one.fields:
            patch.pop(path, None)
    (to_crm, rows_crm), (to_erp, rows_erp) = sides[Side.CRM], sides[Side.ERP]
    return msgspec.structs.replace(
        merged,
        to_crm=to_crm,
        to_erp=to_erp,
        rows_crm=rows_crm,
        rows_erp=rows_erp,
        firsts=tuple(one for one in merged.firsts if one not in rows),
    )


def conflict_detail(one: FieldConflict) -> dict[str, str]:
    """What the sentence about a conflict names."""
    found = {"field": one.row, "row": one.row, "line": one.line, "crm": one.crm, "erp": one.erp}
    return {key: text for key, text in found.items() if text}


def _fields(lacks: tuple[Unmapped, ...]) -> tuple[str, ...]:
    """Each field once, though both directions may miss an entry for it."""
    return tuple(dict.fromkeys(lack.field for lack in lacks))


def unmapped(lack: Unmapped, base: Base | None = None, findings: tuple[Finding, ...] = ()) -> Decision:
    return Decision(
        outcome=Outcome.PARKED,
        reason="unmapped_value",
        base=base,
        findings=findings,
        detail={"row": lack.row, "field": lack.field, "value": lack.value},
    )


def filtered(reason: str) -> Decision:
    return Decision(outcome=Outcome.FILTERED, reason=reason)


def waiting(reason: str, now_ms: int = 0, **detail: str) -> Decision:
    """With `now_ms`: looks again in a minute; without: woken by what it waits for."""
    return Decision(
        outcome=Outcome.WAITING,
        reason=reason,
        detail=detail,
        again_ms=now_ms + LOOK_AGAIN_MS if now_ms else 0,
    )


def required(field: str) -> Decision:
    return Decision(outcome=Outcome.PARKED, reason="required_field", detail={"field": field})


def ambiguous(reason: str, key: str, candidates: tuple[str, ...]) -> Decision:
    """The workbench: the candidates are record ids of the other side."""
    return Decision(
        outcome=Outcome.PARKED,
        reason=reason,
        state="ambiguous",
        detail={"key": key, "candidates": ",".join(candidates)},
    )


def linked(view: View, other: View, decision: Decision) -> Decision:
    """A decision about two halves that are merged by it."""
    if decision.outcome in (Outcome.IN_SYNC, Outcome.WRITTEN):
        decision = msgspec.structs.replace(decision, outcome=Outcome.LINKED)
    return msgspec.structs.replace(decision, link=other.pair.id, state=decision.state or "active")


def half_of(record: Record, look: Lookup) -> View:
    """The half pair that holds this record, as a match found it."""
    pair = look.pair_of(record.side, record.kind, record.rid)
    assert pair is not None
    crm, erp = (record, None) if record.side is Side.CRM else (None, record)
    return View(pair=pair, crm=crm, erp=erp)


def joined(view: View, other: View) -> View:
    """Both halves as one pair with no agreement yet."""
    crm, erp = view.crm or other.crm, view.erp or other.erp
    pair = msgspec.structs.replace(
        view.pair, crm_id=crm.rid if crm else "", erp_id=erp.rid if erp else "", base={}
    )
    return View(pair=pair, crm=crm, erp=erp)


def unaware(view: View) -> bool:
    """A side that the pair names but nobody has read yet."""
    pair = view.pair
    return (bool(pair.crm_id) and view.crm is None and not view.crm_missing) or (
        bool(pair.erp_id) and view.erp is None and not view.erp_missing
    )
