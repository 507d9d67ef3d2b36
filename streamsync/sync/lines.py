"""The lines of a delivery and its ERP document, merged line by line (semantics §3.3, §4). Never
delete-and-recreate.

Pure. `plan` returns the edits for either side, what they establish, and what stands in the way. A line that
was inserted but not seen again yet (`unsettled`) is left alone until a read shows it: its base rows are
what tells a line that somebody deleted from one that no read has shown.
"""

from collections.abc import Sequence

import msgspec

from streamsync.model import Kind, LineEdit
from streamsync.sync import line_order, line_values, phases
from streamsync.sync.decision import FieldConflict, Finding
from streamsync.sync.line_inserts import Inserts
from streamsync.sync.line_match import Matching, by_rank, known_keys, match
from streamsync.sync.line_pair import Pairs
from streamsync.sync.line_plan import LineCase, LinePlan
from streamsync.sync.line_values import Problem
from streamsync.sync.line_view import QUANTITY, SORT, CrmLine, ErpLine
from streamsync.sync.locked_edit import Locks
from streamsync.sync.phases import Phase


def plan(crm: Sequence[CrmLine], erp: Sequence[ErpLine], case: LineCase, locks: Locks) -> LinePlan:
    """The edits that bring the lines together."""
    return _Planner(crm, erp, case, locks).run()


class _Planner:
    def __init__(self, crm: Sequence[CrmLine], erp: Sequence[ErpLine], case: LineCase, locks: Locks) -> None:
        self.out = LinePlan()
        self.crm, self.erp = crm, erp
        self.case, self.locks = case, locks
        self.codecs = line_values.plain(case.codecs)
        self.known = known_keys(case.base)
        self.inserts = Inserts(case, self.out, crm, erp)
        self.pairs = Pairs(case, self.out, locks, self.inserts, self.known)

    def run(self) -> LinePlan:
        case, out = self.case, self.out
        found = self._match()
        if found.ambiguous and case.decided.get("line_ambiguous", "") == "erp":
            found = by_rank(found)
            out.crm += [LineEdit(action="delete", key=line.key) for line in found.ambiguous]
            found = msgspec.structs.replace(found, ambiguous=())
        out.links = {ours.key: theirs.key for ours, theirs in found.pairs}
        out.links |= {key: theirs.key for key, theirs in found.crm_gone}
        if found.ambiguous:
            out.problem = Problem(reason="line_ambiguous", detail={"line": str(found.ambiguous[0].rank)})
            return out
        for ours, theirs in found.pairs:
            self.pairs.merge(ours, theirs)
        for key, theirs in found.crm_gone:
            self.gone_in_crm(key, theirs)
        for ours in found.crm_left:
            self.only_in_crm(ours)
        for theirs in found.erp_left:
            self.only_in_erp(theirs)
        self.reorder([pair for pair in found.pairs if pair[0].key in out.links])
        present = {line.key for line in self.crm} | {key for key, _ in found.crm_gone}
        out.forget = [row for row in case.base if row.partition("@")[2] in self.known - present]
        return out

    def _match(self) -> Matching:
        """Text lines of webCRM take part only where the ERP may have a line for them."""
        texts = any(line.is_text for line in self.erp)
        linked = self.case.links.keys() | self.known
        ours = [line for line in self.crm if texts or not line.is_text or line.key in linked]
        return match(ours, self.erp, self.case.links, self.case.base, self.case.rules.line.key_field)

    def gone_in_crm(self, key: str, theirs: ErpLine) -> None:
        """Deleted in webCRM, or inserted there by us and not seen yet."""
        case, out = self.case, self.out
        if key not in self.known:
            out.unsettled = True
            return
        if case.to_erp and not self.erp_moved(key, theirs):
            if case.phase is Phase.LOCKED:
                out.held = True
                return
            why = "own" if self.erps_own(theirs) else case.refused(key, "", out)
            if why is None and phases.line_open(case.phase, theirs.raw):
                out.erp.append(LineEdit(action="delete", key=theirs.key, twin=key))
                out.drop_erp += case.rows_of(key)
                return
            if why == "":
                return
            if why is None or not phases.line_open(case.phase, theirs.raw):
                why = phases.lock_reason(case.phase, theirs.raw)
            quantity = theirs.raw.get("quantity", "")
            if not self.locks.put_back("line", "", quantity, why, line=key, rank=theirs.rank):
                return
        elif case.to_erp:
            out.conflicts.append(
                FieldConflict(row="line", line=key, erp=theirs.raw.get("quantity", ""), winner="erp")
            )
        if case.to_crm and self.inserts.in_crm(theirs):
            out.drop_crm += case.rows_of(key)
            del out.links[key]

    def erps_own(self, theirs: ErpLine) -> bool:
        """Freight, surcharges and whatever else the ERP added to what we had sent (semantics §4.8): a line
        without an item, or one without our mark in an order that carries it."""
        ours = self.case.document.fields.get("customer.order", "").startswith("crm:delivery:")
        unmarked = not theirs.raw.get("externalLink", "").startswith("crm:line:")
        return not theirs.item.number or (ours and unmarked and self.case.document.kind is Kind.ORDER)

    def erp_moved(self, key: str, theirs: ErpLine) -> bool:
        """Whether the ERP changed the line since the last agreement: then it stays."""
        for codec in self.codecs:
            agreed = self.case.base.get(f"{codec.row.id}@{key}")
            now = tuple(theirs.view.get(path, "") for path in codec.row.erp)
            if agreed is not None and agreed.erp != now:
                return True
        return False

    def only_in_crm(self, ours: CrmLine) -> None:
        """New in webCRM, or deleted in the ERP, or inserted there by us and not seen yet."""
        case, out = self.case, self.out
        why: str | None = ""
        if ours.key in self.known:
            self.gone_in_erp(ours)
        elif ours.key in case.links:
            out.links[ours.key] = case.links[ours.key]
            out.unsettled = True
        elif ours.is_text:
            return
        elif not case.to_erp:
            out.findings.append(Finding(code="line_only_in_crm", field=f"line {ours.rank}"))
        elif case.phase is Phase.LOCKED:
            out.held = True
        elif phases.insert_open(case.phase) and (why := case.refused(ours.key, ours.print, out)) is None:
            self.inserts.in_erp(ours)
        elif not phases.insert_open(case.phase) or why:
            quantity = ours.view[QUANTITY]
            why = why or phases.lock_reason(case.phase)
            back = self.locks.put_back("line", quantity, "", why, line=ours.key, rank=ours.rank)
            if back and case.to_crm:
                out.crm.append(LineEdit(action="delete", key=ours.key))

    def gone_in_erp(self, ours: CrmLine) -> None:
        """The ERP deleted the line: it goes in webCRM too, an edit of it is kept in history."""
        case, out = self.case, self.out
        if ours.key in case.links:
            out.links[ours.key] = case.links[ours.key]
        if not case.to_crm:
            out.findings.append(Finding(code="erp_changed", field=f"line {ours.rank}", text="deleted"))
            return
        out.crm.append(LineEdit(action="delete", key=ours.key))
        out.drop_crm += case.rows_of(ours.key)
        agreed = case.base.get(f"L2@{ours.key}")
        if agreed is not None and agreed.crm != (ours.view[QUANTITY],):
            out.conflicts.append(
                FieldConflict(row="line", line=ours.key, crm=ours.view[QUANTITY], winner="erp")
            )

    def only_in_erp(self, theirs: ErpLine) -> None:
        if self.case.to_crm:
            self.inserts.in_crm(theirs)
        else:
            self.out.findings.append(Finding(code="erp_changed", field=f"line {theirs.rank}", text="added"))

    def reorder(self, pairs: Sequence[tuple[CrmLine, ErpLine]]) -> None:
        """Follow the ERP's order where it changed; our user's own order is not undone (semantics §4.9)."""
        out = self.out
        if not self.case.to_crm or not line_values.carries(self.case.rules, SORT):
            return
        moved, rows, base = line_order.follow(pairs, self.case.base)
        out.base |= base
        out.rows_crm |= rows
        at = {edit.key: edit for edit in out.crm if edit.action == "update"}
        for key, sort in moved.items():
            if key in at:
                at[key].fields[SORT] = sort
            else:
                out.crm.append(LineEdit(action="update", key=key, fields={SORT: sort}))
