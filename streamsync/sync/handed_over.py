"""A delivery and its ERP document after the hand-over (semantics §3.3-§3.8, §4).

Pure. `decide` serves sent deliveries, orders that came from the ERP and invoices with a delivery of their
own. One write per decision: the ERP first, then the state that ties the delivery to its document, its
lines, and the rest of the header with number and value.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamsync.model import Action, Base, Fields, Kind, Line, Outcome, Side, Write
from streamsync.sync import (
    customer_change,
    delivery_number,
    delivery_rest,
    delivery_value,
    documents,
    header_merge,
    header_view,
    phases,
    rejections,
    settle,
)
from streamsync.sync.decision import PARKED, Decision, FieldConflict, Finding
from streamsync.sync.delivery_message import TOLD
from streamsync.sync.delivery_rest import Gathered
from streamsync.sync.delivery_words import length
from streamsync.sync.line_plan import LineCase, LinePlan
from streamsync.sync.line_view import crm_lines, erp_lines
from streamsync.sync.lines import plan
from streamsync.sync.linked_case import Case, read_only, state_fields
from streamsync.sync.locked_edit import PREFIX, Locks
from streamsync.sync.rejections import Refusal, Refusals


def decide(case: Case) -> Decision:
    """The next step of a linked pair."""
    work = _Work(case)
    if not case.in_scope:
        return work.facts_only()
    moved = customer_change.decide(
        case.crm, case.document, case.phase, case.base, work.about_customer(), case.rules, case.look
    )
    if moved.decision is not None:
        return work.finish(moved.decision)
    work.base |= moved.base
    work.conflicts += moved.conflicts
    work.compare()
    return work.finish(work.erp_write() or work.crm_write() or work.at_rest())


# Written but never shown, or stamped by the server: no ground for calling a plan outdated (webcrm-api §10.4).
_UNSTABLE = frozenset(
    (
        "QuotationLineLinkedDataId",
        "QuotationLineOpportunityId",
        "QuotationLineOrganisationId",
        "QuotationLineListPrice",
        "QuotationLineUpdatedAt",
        "QuotationLineUpdatedBy",
        "QuotationLineStockStatus",
    )
)


def _comparable(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(
        Line(key=line.key, fields={name: text for name, text in line.fields.items() if name not in _UNSTABLE})
        for line in lines
    )


class _Work:
    """What one decision gathers before it settles on its single write."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.decided = case.look.decided(case.view.pair.id)
        self.answers = {key.removeprefix("row:"): answer for key, answer in self.decided.items()}
        self.locks = Locks(
            case.base,
            case.rules,
            self.answers,
            case.now_ms,
            status=case.document.status,
            shipment=phases.only_shipment(case.document),
            limit=length(case.rules, case.look),
        )
        self.refusals = Refusals(
            case.base, case.view.refused, str(case.phase), again=rejections.asked_again(case.view)
        )
        self.numbering = delivery_number.number_for(
            case.document, case.crm.rid, case.crm.fields, case.rules, case.look
        )
        self.base: Base = {}
        self.conflicts: list[FieldConflict] = []
        self.findings: list[Finding] = []
        self.header = header_merge.HeaderPlan()
        self.lines = LinePlan()
        self.no_move: Refusal | None = None
        self.links_known = case.look.line_links(case.view.pair.id)
        self.crm_view, self.leading = crm_lines(case.crm.lines, case.header_percent, case.rules, case.look)
        if not phases.known_status(case.document):
            self.findings.append(Finding(code="unknown_status", field="status", text=case.document.status))

    def facts_only(self) -> Decision:
        """Out of scope: bookkeeping facts still come back, nothing else moves (semantics §2.5)."""
        self.lines.links = dict(self.links_known)
        header_merge.put_facts(
            self.case, header_merge.view_of(self.case), "", self.header, only_feedback=True
        )
        if self.header.to_crm:
            return self.finish(self._header_write(self.header.to_crm))
        return self.finish(Decision(outcome=Outcome.FILTERED, reason="parent_filtered"))

    def about_customer(self) -> Mapping[str, str]:
        """What was decided; an order whose customer the ERP would not change is not asked again."""
        ours = self.case.crm.fields.get("DeliveryOrganisationId", "")
        moves = self.decided.get("row:customer", "") == "crm"
        self.no_move = self.refusals.of(rejections.CUSTOMER, ours) if moves else None
        return {} if self.no_move is not None else self.decided

    def compare(self) -> None:
        """Header, lines, facts: in this order, because the message tells what is locked."""
        case = self.case
        header = header_merge.view_of(case, self.leading)
        self.header = header_merge.merge_header(case, header, self.answers, self.locks, self.refusals)
        if case.missing:
            self.lines.links = dict(self.links_known)
        else:
            self.lines = plan(
                self.crm_view,
                erp_lines(case.lines_from, case.rules, case.look),
                LineCase(
                    codecs=header_view.compiled(case.rules.line.map, case.rules, case.look),
                    document=case.document,
                    phase=case.phase,
                    direction=case.direction,
                    base=case.base,
                    links=self.links_known,
                    decided=self.answers,
                    header_percent=case.header_percent,
                    rules=case.rules,
                    look=case.look,
                    context=header.context,
                    refusals=self.refusals,
                ),
                self.locks,
            )
        header_merge.put_facts(
            case,
            header,
            delivery_rest.message(self.gathered()),
            self.header,
            only_feedback=not case.direction.reaches(Side.CRM),
        )

    def gathered(self) -> Gathered:
        return Gathered(
            case=self.case,
            header=self.header,
            lines=self.lines,
            locks=self.locks,
            crm_lines=self.crm_view,
            conflicts=self._conflicts(),
            decided=self.decided,
            number_taken=self.numbering.taken,
            no_move=self.no_move,
        )

    # ---- the one write -------------------------------------------------------------------------------------

    def erp_write(self) -> Decision | None:
        case, raw, kind = self.case, self.case.document.raw, self.case.document.kind
        if self.header.to_erp:
            fields = documents.header_paths(self.header.to_erp, kind)
            return Decision(
                outcome=Outcome.WRITTEN, rows=self.header.rows_erp, write=settle.update(raw, fields)
            )
        if not self.lines.erp:
            return None
        edits = tuple(
            msgspec.structs.replace(edit, fields=documents.line_paths(edit.fields, kind))
            for edit in self.lines.edits(Side.ERP)
        )
        stamp = raw.fields.get("lastModified", "")
        write = Write(
            side=Side.ERP,
            kind=case.document.kind,
            action=Action.LINES,
            rid=raw.rid,
            lines=edits,
            expect={"lastModified": stamp} if stamp else {},
            expect_lines=raw.lines,
        )
        return Decision(
            outcome=Outcome.WRITTEN,
            rows=self.lines.rows_erp,
            drop_rows=tuple(self.lines.drop_erp),
            write=write,
        )

    def crm_write(self) -> Decision | None:
        case, crm = self.case, self.case.crm
        if self.numbering.locked_with:
            return delivery_number.locked(crm, self.numbering.locked_with, case.now_ms)
        tied = (
            crm.fields.get("DeliveryErpId", "") == case.marker
            and crm.fields.get("DeliveryErpStatus", "") == "Synchronized"
        )
        if not tied:
            return self._header_write(self.header.to_crm | state_fields(case.marker, case.now_ms))
        if self.lines.crm:
            return self._crm_lines()
        fields = self.header.to_crm | read_only(case)
        if self.numbering.write:
            fields["DeliveryNumber"] = self.numbering.write
        if (value := delivery_value.to_write(case, self.crm_view)) is not None:
            fields["DeliveryOrderValue"] = value
        return self._header_write(fields) if fields else None

    def _header_write(self, fields: Fields) -> Decision:
        case = self.case
        fields = header_view.translated(fields, case.look)
        write = Write(
            side=Side.CRM,
            kind=Kind.DELIVERY,
            action=Action.UPDATE,
            rid=case.crm.rid,
            fields=fields,
            expect={
                name: case.crm.fields.get(name, "") for name in fields if name != "DeliveryErpSyncDateTime"
            },
            notices=tuple(name for name in fields if name == case.rules.delivery.message_field),
            # A value that no longer fits the lines we know is how a deleted line shows: nobody tells of it.
            expect_lines=_comparable(case.crm.lines) if "DeliveryOrderValue" in fields else (),
        )
        return Decision(outcome=Outcome.WRITTEN, rows=self.header.rows_crm, write=write)

    def _crm_lines(self) -> Decision:
        crm = self.case.crm
        own = {
            "QuotationLineOpportunityId": crm.rid,
            "QuotationLineOrganisationId": crm.fields.get("DeliveryOrganisationId", ""),
        }
        edits = tuple(
            msgspec.structs.replace(edit, fields=edit.fields | own) if edit.action == "insert" else edit
            for edit in self.lines.edits(Side.CRM)
        )
        write = Write(
            side=Side.CRM,
            kind=Kind.DELIVERY,
            action=Action.LINES,
            rid=crm.rid,
            lines=edits,
            expect_lines=_comparable(crm.lines),
        )
        return Decision(
            outcome=Outcome.WRITTEN,
            rows=self.lines.rows_crm,
            drop_rows=tuple(self.lines.drop_crm),
            write=write,
        )

    # ---- at rest -------------------------------------------------------------------------------------------

    def at_rest(self) -> Decision:
        """Nothing to write: in sync, or why not."""
        return delivery_rest.decision(self.gathered())

    def _conflicts(self) -> tuple[FieldConflict, ...]:
        return (*self.conflicts, *self.header.conflicts, *self.lines.conflicts, *self.locks.conflicts)

    def finish(self, decision: Decision) -> Decision:
        """The decision with everything gathered beside its write."""
        decision = self._allowed(decision)
        before = {
            row: agreed
            for row, agreed in self.case.base.items()
            if not row.startswith((PREFIX, rejections.REFUSED))
            and row != TOLD
            and row not in self.lines.forget
        }
        base = before | self.base | self.header.base | self.lines.base
        base |= self.locks.memory | self.refusals.memory
        links = self.lines.links
        conflicts = tuple(one for one in self._conflicts() if _reported_by(one, decision.write))
        findings = (*self.findings, *self.header.findings, *self.lines.findings, *self.locks.findings)
        return msgspec.structs.replace(
            decision,
            base=base if base != self.case.base else None,
            conflicts=(*decision.conflicts, *conflicts),
            findings=(*decision.findings, *findings),
            line_links=links if links != dict(self.links_known) else None,
        )

    def _allowed(self, decision: Decision) -> Decision:
        """No write to a delivery whose number another one holds; nothing is sent twice that was refused."""
        case, write, refused = self.case, decision.write, self.case.view.refused
        if write is None:
            return decision
        if write.side is Side.CRM and self.numbering.locked_with:
            return delivery_number.locked(case.crm, self.numbering.locked_with, case.now_ms)
        if refused is not None and refused.write == write and refused.error_class in PARKED:
            return delivery_rest.parked(refused.error_class, {"problem": refused.error})
        return decision


def _reported_by(conflict: FieldConflict, write: Write | None) -> bool:
    """A settled conflict is told of with the write that carries it out, so that history hears of it once."""
    if not conflict.winner:
        return True
    if write is None or write.side.value == conflict.winner:
        return False
    return bool(conflict.line) is (write.action is Action.LINES)
