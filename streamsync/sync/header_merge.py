"""The header of a linked delivery: merged by phase and owner, facts put back (semantics §3.3).

Pure. Before the hand-over webCRM owned the header; after it the ERP does, and an edit that the phase
forbids is a locked edit. Facts of the ERP go back at once, without a conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamsync.model import Agreed, Base, Fields, Side
from streamsync.sync import feedback, header_view, phases
from streamsync.sync.decision import FieldConflict, Finding
from streamsync.sync.header_view import Header
from streamsync.sync.line_pair import news
from streamsync.sync.linked_case import Case
from streamsync.sync.locked_edit import Locks
from streamsync.sync.merge import Policy, merge
from streamsync.sync.phases import Phase
from streamsync.sync.rejections import Refusal, Refusals
from streamsync.sync.rows import Codec, Row, Unmapped

OPTIONAL = frozenset(("salesPerson.id", "DeliveryResponsible"))  # no hit in the user map: left out (D17)


@dataclass
class HeaderPlan:
    """What to do with the header, both sides, and what stands in the way."""

    to_crm: Fields = field(default_factory=dict)
    to_erp: Fields = field(default_factory=dict)
    rows_crm: Base = field(default_factory=dict)
    rows_erp: Base = field(default_factory=dict)
    base: Base = field(default_factory=dict)
    conflicts: list[FieldConflict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    held: bool = False
    refused: Refusal | None = None  # the ERP took none of it, and no phase says why


def view_of(case: Case, leading: str = "") -> Header:
    """Both headers in comparable form, facts included. `leading`: the text lines above the first item."""
    facts = feedback.derived(case.document, case.attached, case.rules, missing=case.missing)
    return header_view.header(case.crm.fields, case.document.fields | facts, leading, case.rules, case.look)


def merge_header(
    case: Case, header: Header, decided: Mapping[str, str], locks: Locks, refusals: Refusals
) -> HeaderPlan:
    """The rows that carry values; facts are `put_facts`' business."""
    out, phase = HeaderPlan(), case.phase
    if case.missing:
        return out
    linking = not any(codec.row.id in case.base for codec in header.values)

    def owner(row: Row) -> str:
        if linking or "salesPerson.id" in row.erp:
            return row.owner
        return case.rules.delivery.owner_after

    def writable(row: Row, side: Side) -> bool:
        return side is Side.CRM or all(phases.header_open(phase, path) for path in row.erp)

    policy = Policy(
        direction=case.direction, linking=linking, owner=owner, writable=writable, decided=decided
    )
    found = merge(header.values, case.base, header.crm, header.erp, policy, header.context)
    out.base = news(found.base, case.base)
    out.to_crm, out.to_erp = dict(found.to_crm), dict(found.to_erp)
    out.rows_crm, out.rows_erp = dict(found.rows_crm), dict(found.rows_erp)
    out.conflicts, out.findings = list(found.conflicts), list(found.findings)
    out.unmapped = [lack for lack in found.unmapped if lack.field not in OPTIONAL]
    if found.listed and not case.direction.reaches(Side.CRM):
        out.findings += [Finding(code="erp_changed", field="header", text=row) for row in found.listed]
    for name in found.blocked:
        _blocked(name, case, header, locks, out)
    for name in list(out.rows_erp):
        _refused(name, header, locks, refusals, out)
    return out


def _blocked(name: str, case: Case, header: Header, locks: Locks, out: HeaderPlan) -> None:
    codec = next(codec for codec in header.values if codec.row.id == name)
    if case.phase is Phase.LOCKED and all(phases.header_open(Phase.OPEN, path) for path in codec.row.erp):
        out.held = True
        return
    _lock(codec, header, phases.lock_reason(case.phase), locks, out)


def _refused(name: str, header: Header, locks: Locks, refusals: Refusals, out: HeaderPlan) -> None:
    """An edit that the ERP has refused is not sent again as it is."""
    codec = next((codec for codec in header.values if codec.row.id == name), None)
    if codec is None:
        return
    mine = "\n".join(header.crm.get(path, "") for path in codec.row.crm)
    refused = refusals.of(name, mine)
    if refused is None:
        return
    del out.rows_erp[name]
    for path in codec.row.erp:
        out.to_erp.pop(path, None)
    if refused.locked:
        _lock(codec, header, refused.text, locks, out)
    else:
        out.refused = out.refused or refused


def _lock(codec: Codec, header: Header, why: str, locks: Locks, out: HeaderPlan) -> None:
    name = codec.row.id
    mine = tuple(header.crm.get(path, "") for path in codec.row.crm)
    other = tuple(header.erp.get(path, "") for path in codec.row.erp)
    if locks.put_back(name, " ".join(mine), " ".join(other), why):
        wanted = codec.to_crm(other, header.context)
        out.to_crm |= dict(zip(codec.row.crm, wanted, strict=True))
        out.rows_crm[name] = Agreed(crm=wanted, erp=other)


def put_facts(case: Case, header: Header, message: str, out: HeaderPlan, *, only_feedback: bool) -> None:
    """Facts that differ on the delivery; the message says what is locked or lost."""
    codecs = [codec for codec in header.facts if codec.row.feedback or not only_feedback]
    erp = header.erp | {"derived.message": message}
    back = feedback.put_back(
        codecs, case.crm.fields, erp, case.base, header.context, feedback.of_settings(case.rules)
    )
    own = feedback.settings_fields(case.word, message, case.crm.fields, case.base, case.rules)
    for part in (back, own):
        out.to_crm |= part.fields
        out.rows_crm |= part.rows
        out.base |= part.base
    out.unmapped += feedback.unmapped(codecs, erp, header.context)
