"""Lines that one side lacks: the inserts of a plan, or what keeps them from going."""

from collections.abc import Sequence

from streamsync.model import Base, Kind
from streamsync.sync import line_values
from streamsync.sync.line_order import Sorts
from streamsync.sync.line_plan import LineCase, LinePlan
from streamsync.sync.line_values import Problem
from streamsync.sync.line_view import CrmLine, ErpLine


class Inserts:
    """Adds to `plan`; both methods say whether the line goes."""

    def __init__(
        self, case: LineCase, plan: LinePlan, crm: Sequence[CrmLine], erp: Sequence[ErpLine]
    ) -> None:
        self._case, self._plan, self._erp = case, plan, erp
        self._sorts = Sorts(crm)

    def in_erp(self, ours: CrmLine) -> bool:
        case, plan = self._case, self._plan
        lack = line_values.problem(ours, case.rules, invoice=case.document.kind is Kind.INVOICE)
        if lack is not None:
            plan.problem = plan.problem or lack
            return False
        edit, _, unmapped = line_values.erp_insert(ours, case.codecs, case.rules, case.context)
        plan.unmapped += unmapped
        if not unmapped:
            plan.erp.append(edit)
        return not unmapped

    def in_crm(self, theirs: ErpLine) -> bool:
        case, plan, item = self._case, self._plan, theirs.item
        if item.row is None and not theirs.is_text:
            number = item.number or case.rules.line.placeholder
            detail = {"line": str(theirs.rank), "item": number, "pair": str(item.pair)}
            plan.problem = plan.problem or Problem(reason="item", detail=detail, wait=True, demand=number)
            return False
        sort = self._sorts.place(theirs.rank, self._erp, plan.links)
        edit, rows = line_values.crm_insert(
            theirs, case.codecs, case.document, case.header_percent, sort, case.rules, case.look, case.context
        )
        plan.crm.append(edit)
        plan.rows_crm |= _provisional(rows, theirs.key)
        return True


def _provisional(rows: Base, erp_key: str) -> Base:
    """Rows under the ERP line's key until the reply names the webCRM line (store/acks.py)."""
    return {f"{row}@+{erp_key}": agreed for row, agreed in rows.items()}
