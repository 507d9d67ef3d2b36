"""A delivery and its ERP document after the hand-over (semantics §3.3-§3.8, §4).

Pure. `decide` serves sent deliveries, orders that came from the ERP and invoices with a delivery of their
own. One write per decision: the ERP first, then the state that ties the delivery to its document, its
lines, and the rest of the header with number and value.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from streamsync.model import Action, Base, Fields, Kind, Line, Outcome, Side, Write
from streamsync.sync import (
    customer_change,
    delivery_number,
    documents,
    header_merge,
    header_view,
    money,
    phases,
)
from streamsync.sync.decision import Decision, FieldConflict, Finding
from streamsync.sync.line_plan import LineCase, LinePlan
from streamsync.sync.line_view import DISCOUNT, PRICE, QUANTITY, crm_lines, erp_lines
from streamsync.sync.lines import plan
from streamsync.sync.linked_case import Case, state_fields
from streamsync.sync.locked_edit import PREFIX, Locks
from streamsync.sync.phases import Phase

LOOK_AGAIN_MS = 60_000
VALUE_TOLERANCE = Decimal("0.005")
TOTAL_TOLERANCE = Decimal("0.01")


def decide(case: Case) -> Decision:
    """The next step of a linked pair."""
    work = _Work(case)
    if not case.in_scope:
        return work.facts_only()
    moved = customer_change.decide(
        case.crm, case.document, case.phase, case.base, work.decided, case.rules, case.look
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
        self.locks = Locks(case.base, case.rules, self.decided, case.now_ms)
        self.base: Base = {}
        self.conflicts: list[FieldConflict] = []
        self.findings: list[Finding] = []
        self.header = header_merge.HeaderPlan()
        self.lines = LinePlan()
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

    def compare(self) -> None:
        """Header, lines, facts: in this order, because the message tells what is locked."""
        case = self.case
        header = header_merge.view_of(case, self.leading)
        self.header = header_merge.merge_header(case, header, self.decided, self.locks)
        if case.missing:
            self.lines.links = dict(self.links_known)
        else:
            self.lines = plan(
                self.crm_view,
                erp_lines(case.document, case.rules, case.look),
                LineCase(
                    codecs=header_view.compiled(case.rules.line.map, case.rules, case.look),
                    document=case.document,
                    phase=case.phase,
                    direction=case.direction,
                    base=case.base,
                    links=self.links_known,
                    decided=self.decided,
                    header_percent=case.header_percent,
                    rules=case.rules,
                    look=case.look,
                    context=header.context,
                ),
                self.locks,
            )
        message = self.locks.message or ("deleted in Visma" if case.missing else "")
        header_merge.put_facts(
            case, header, message, self.header, only_feedback=not case.direction.reaches(Side.CRM)
        )

    # ---- the one write -------------------------------------------------------------------------------------

    def erp_write(self) -> Decision | None:
        case, raw, kind = self.case, self.case.document.raw, self.case.document.kind
        if self.header.to_erp:
            fields = documents.header_paths(self.header.to_erp, kind)
            write = Write(
                side=Side.ERP,
                kind=kind,
                action=Action.UPDATE,
                rid=raw.rid,
                fields=fields,
                expect={path: raw.fields.get(path, "") for path in fields},
            )
            return Decision(outcome=Outcome.WRITTEN, rows=self.header.rows_erp, write=write)
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
        numbering = delivery_number.number_for(case.document, crm.rid, crm.fields, case.rules, case.look)
        if numbering.locked_with:
            self.findings.append(Finding(code="number_held_twice", field="DeliveryNumber"))
            return Decision(
                outcome=Outcome.PARKED,
                reason="number_locked",
                detail={"number": crm.fields.get("DeliveryNumber", ""), "other": numbering.locked_with},
            )
        tied = (
            crm.fields.get("DeliveryErpId", "") == case.marker
            and crm.fields.get("DeliveryErpStatus", "") == "Synchronized"
        )
        if not tied:
            return self._header_write(self.header.to_crm | state_fields(case.marker, case.now_ms))
        if self.lines.crm:
            return self._crm_lines()
        fields = dict(self.header.to_crm)
        if numbering.write:
            fields["DeliveryNumber"] = numbering.write
        if (value := self._value()) is not None:
            fields["DeliveryOrderValue"] = value
        if fields:
            return self._header_write(fields)
        if numbering.taken:
            return Decision(
                outcome=Outcome.PARKED, reason="number_locked", detail={"number": numbering.taken}
            )
        return None

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

    def _value(self) -> str | None:
        """`DeliveryOrderValue` where it is not what the lines say (semantics §3.8)."""
        case, delivery = self.case, self.case.rules.delivery
        held = case.crm.fields.get("DeliveryOrderValue")
        if held is None or not case.direction.reaches(Side.CRM) or delivery.write_value == "never":
            return None
        wanted = money.rounded(self._net(), money.VALUE_PLACES)
        if case.missing or (case.word == phases.CANCELLED and case.document.kind is Kind.ORDER):
            if delivery.cancelled_value != "zero":
                return None
            wanted = Decimal(0)
        if abs(money.number(held) - wanted) <= VALUE_TOLERANCE * self._count():
            return None
        return money.plain(wanted)

    def _net(self) -> Decimal:
        return sum(
            (
                money.line_total(line.view[QUANTITY], line.view[PRICE], line.view[DISCOUNT])
                for line in self.crm_view
                if not line.is_text
            ),
            Decimal(0),
        )

    def _count(self) -> int:
        return sum(not line.is_text for line in self.crm_view)

    # ---- at rest -------------------------------------------------------------------------------------------

    def at_rest(self) -> Decision:
        """Nothing to write: in sync, or why not."""
        case, lack = self.case, self.lines.problem
        again = case.now_ms + LOOK_AGAIN_MS
        if lack is not None and lack.wait:
            demand = (lack.demand,) if lack.demand else ()
            return Decision(
                outcome=Outcome.WAITING, reason="item", detail=lack.detail, again_ms=again, demand=demand
            )
        if lack is not None:
            return Decision(outcome=Outcome.PARKED, reason=lack.reason, detail=lack.detail)
        if self.lines.unsettled:
            return Decision(outcome=Outcome.WAITING, reason="settling", again_ms=again)
        for unmapped in (*self.header.unmapped, *self.lines.unmapped):
            return Decision(
                outcome=Outcome.PARKED,
                reason="unmapped_value",
                detail={"row": unmapped.row, "field": unmapped.field, "value": unmapped.value},
            )
        for conflict in self._conflicts():
            if not conflict.winner:
                return Decision(
                    outcome=Outcome.CONFLICT,
                    reason=conflict.reason,
                    again_ms=self.locks.again_ms,
                    detail={"message": self.locks.message},
                )
        if self.header.held or self.lines.held:
            return Decision(outcome=Outcome.WAITING, reason="order", detail={"status": case.document.status})
        if case.missing:
            return Decision(
                outcome=Outcome.FILTERED, reason="not_triggered", detail={"message": "deleted in Visma"}
            )
        return self._compared()

    def _compared(self) -> Decision:
        """Both totals side by side: a notice, nothing is blocked."""
        case, net, ours = self.case, self.case.document.net, self._net()
        if net is None or not case.direction.reaches(Side.CRM) or case.phase is Phase.ENDED:
            return Decision(outcome=Outcome.IN_SYNC)
        if abs(net - ours) <= TOTAL_TOLERANCE * (self._count() + 1):
            return Decision(outcome=Outcome.IN_SYNC)
        self.conflicts.append(
            FieldConflict(row="D19", reason="total_differs", crm=money.plain(ours), erp=money.plain(net))
        )
        return Decision(outcome=Outcome.CONFLICT, reason="total_differs")

    def _conflicts(self) -> tuple[FieldConflict, ...]:
        return (*self.conflicts, *self.header.conflicts, *self.lines.conflicts, *self.locks.conflicts)

    def finish(self, decision: Decision) -> Decision:
        """The decision with everything gathered beside its write."""
        before = {
            row: agreed
            for row, agreed in self.case.base.items()
            if not row.startswith(PREFIX) and row not in self.lines.forget
        }
        base = before | self.base | self.header.base | self.lines.base | self.locks.memory
        links = self.lines.links
        return msgspec.structs.replace(
            decision,
            base=base if base != self.case.base else None,
            conflicts=(*decision.conflicts, *self._conflicts()),
            findings=(*self.findings, *self.header.findings, *self.lines.findings),
            line_links=links if links != dict(self.links_known) else None,
        )
