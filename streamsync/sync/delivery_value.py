"""What a delivery is worth: the sum of its lines beside the value it shows and the ERP's total (semantics
§3.8).

Pure. `DeliveryOrderValue` is written where it is not what the lines say; a difference between both totals
is a notice and blocks nothing.
"""

from collections.abc import Sequence
from decimal import Decimal

from streamsync.model import Kind, Side
from streamsync.sync import money, phases
from streamsync.sync.decision import FieldConflict
from streamsync.sync.line_view import DISCOUNT, PRICE, QUANTITY, CrmLine
from streamsync.sync.linked_case import Case
from streamsync.sync.phases import Phase

VALUE_TOLERANCE = Decimal("0.005")
TOTAL_TOLERANCE = Decimal("0.01")


def to_write(case: Case, lines: Sequence[CrmLine]) -> str | None:
    """The value to write; None where the one shown is right, or none is to be written."""
    delivery = case.rules.delivery
    held = case.crm.fields.get("DeliveryOrderValue")
    if held is None or not case.direction.reaches(Side.CRM) or delivery.write_value == "never":
        return None
    wanted = money.rounded(net(lines), money.VALUE_PLACES)
    if case.missing or (case.word == phases.CANCELLED and case.document.kind is Kind.ORDER):
        if delivery.cancelled_value != "zero":
            return None
        wanted = Decimal(0)
    if abs(money.number(held) - wanted) <= VALUE_TOLERANCE * _count(lines):
        return None
    return money.plain(wanted)


def differs(case: Case, lines: Sequence[CrmLine]) -> FieldConflict | None:
    """Both totals side by side, where they are not the same."""
    theirs, ours = case.net, net(lines)
    if theirs is None or not case.direction.reaches(Side.CRM) or case.phase is Phase.ENDED:
        return None
    if abs(theirs - ours) <= TOTAL_TOLERANCE * (_count(lines) + 1):
        return None
    return FieldConflict(row="D19", reason="total_differs", crm=money.plain(ours), erp=money.plain(theirs))


def net(lines: Sequence[CrmLine]) -> Decimal:
    return sum(
        (
            money.line_total(line.view[QUANTITY], line.view[PRICE], line.view[DISCOUNT])
            for line in lines
            if not line.is_text
        ),
        Decimal(0),
    )


def _count(lines: Sequence[CrmLine]) -> int:
    return sum(not line.is_text for line in lines)
