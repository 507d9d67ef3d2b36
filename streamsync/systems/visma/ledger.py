"""Which documents we last saw open, in memory: how the document feed finds out what the invoice feeds did not
show.

Fed by every invoice, credit note and cash sale that is read. Knows nothing after a start: then open documents
that the change feed names are read again once, and the hourly sweep of open documents does the rest
(semantics §3.6).
"""

from streamsync.systems.visma import canonical, wire
from streamsync.systems.visma.flatten import document_rid

SALES = frozenset({"Invoice", "DebitNote", "CreditNote", "CashSale", "CashReturn"})
ENDED = frozenset({"closed", "voided"})
AT_ONCE = 20  # a payment has its customer's open documents read again, at most so many
REMEMBERED = 10_000


def plain(status: str | None) -> str:
    """Statuses are compared without spaces and case (semantics §3.5)."""
    return "".join((status or "").split()).casefold()


class Ledger:
    def __init__(self) -> None:
        self._open: dict[str, tuple[str, str, str]] = {}  # rid -> status, balance, customer number
        self._payments: dict[str, str] = {}  # rid -> stamp: payments already acted upon

    def __repr__(self) -> str:
        return f"<Ledger {len(self._open)} open>"

    def read(self, row: wire.Document) -> None:
        """A document was read in full."""
        rid = document_rid(row.document_type, row.reference_number)
        if plain(row.status) in ENDED:
            self._open.pop(rid, None)
        else:
            self._open[rid] = _state(row)

    def touched(self, row: wire.Document) -> list[str]:
        """The documents to read again because the change feed shows this row."""
        rid = document_rid(row.document_type, row.reference_number)
        if row.document_type not in SALES:
            return self._paid(rid, row)
        held = self._open.get(rid)
        if plain(row.status) in ENDED:
            return [rid] if held else []
        return [] if held == _state(row) else [rid]

    def _paid(self, rid: str, row: wire.Document) -> list[str]:
        """A payment or write-off does not say of what: its customer's open documents are suspected."""
        stamp = row.last_modified_date_time or ""
        if self._payments.get(rid) == stamp:
            return []
        self._payments[rid] = stamp
        while len(self._payments) > REMEMBERED:
            del self._payments[next(iter(self._payments))]
        customer = _state(row)[2]
        return (
            [other for other, (_, _, owner) in self._open.items() if owner == customer][-AT_ONCE:]
            if customer
            else []
        )


def _state(row: wire.Document) -> tuple[str, str, str]:
    customer = (row.customer.number if row.customer else None) or ""
    return plain(row.status), canonical.text_of(row.balance), customer
