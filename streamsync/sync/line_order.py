"""Where a line stands among the others in webCRM: `QuotationLineSortOrder`, in tens (semantics L9, §4.9).

Pure. The ERP's order is followed when it changes; a re-ordering in webCRM is cosmetic and left alone.
"""

from collections.abc import Mapping, Sequence

from streamsync.model import Agreed, Base
from streamsync.sync import money
from streamsync.sync.line_view import SORT, CrmLine, ErpLine

STEP = 10


class Sorts:
    """The places taken on the webCRM side, growing as lines are inserted."""

    def __init__(self, lines: Sequence[CrmLine]) -> None:
        self._at = {line.key: int(money.number(line.raw.get(SORT, ""))) for line in lines}
        self._new: dict[int, int] = {}

    def place(self, rank: int, erp: Sequence[ErpLine], links: Mapping[str, str]) -> int:
        """A sort order for the ERP line of this rank: between its neighbours where there is room, else
        rank x 10.
        """
        crm_of = {theirs: ours for ours, theirs in links.items()}
        taken = {
            line.rank: self._at[ours] for line in erp if (ours := crm_of.get(line.key, "")) in self._at
        } | self._new
        before = max((at for other, at in taken.items() if other < rank), default=0)
        after = min((at for other, at in taken.items() if other > rank), default=0)
        if not taken:
            sort = max([*self._at.values(), (rank - 1) * STEP]) + STEP if self._at else rank * STEP
        elif not after:
            sort = max(before, *self._at.values(), *self._new.values()) + STEP
        else:
            sort = (before + after) // 2 if after - before > 1 else rank * STEP
        self._new[rank] = sort
        return sort


def follow(pairs: Sequence[tuple[CrmLine, ErpLine]], base: Base) -> tuple[dict[str, str], Base, Base]:
    """(new sort orders by webCRM key, rows they establish, rows agreed as they are)."""
    edits: dict[str, str] = {}
    rows: Base = {}
    agreed: Base = {}
    held = [(ours, theirs) for ours, theirs in pairs if f"L9@{ours.key}" in base]
    by_erp = [ours.key for ours, _ in sorted(held, key=lambda pair: pair[1].rank)]
    by_base = [ours.key for ours, _ in sorted(held, key=lambda pair: int(base[f"L9@{pair[0].key}"].erp[0]))]
    moved = by_erp != by_base
    for ours, theirs in pairs:
        now, wanted = ours.raw.get(SORT, ""), str(theirs.rank * STEP)
        row, rank = f"L9@{ours.key}", str(theirs.rank)
        if moved and now != wanted:
            edits[ours.key] = wanted
            rows[row] = Agreed(crm=(wanted,), erp=(rank,))
        elif base.get(row) != Agreed(crm=(now,), erp=(rank,)):
            agreed[row] = Agreed(crm=(now,), erp=(rank,))
    return edits, rows, agreed
