"""The invoice of an order whose invoices do not name it, found with the fewest calls (semantics §3.6).

Pure. Invoice rows name their orders: normally nothing has to be asked. Only a billed order that has no
invoice after two polls is looked into: what it names itself came with it, and only if that is nothing, its
shipments are read once. Never a call per order per poll.
"""

import msgspec

from streamsync.model import Kind, Side
from streamsync.sync import documents
from streamsync.sync.decision import Decision
from streamsync.sync.linked_case import Case

BILLED = frozenset(("invoiced", "completed"))
TWO_POLLS_MS = 120_000
FIRST_READ_MS = 1_800_000  # time for the first full read of invoices to be taken in
ASK_AGAIN_MS = 3_600_000


def extended(decision: Decision, case: Case) -> Decision:
    """The decision of a delivery at rest, with what is to be asked about its order's invoices."""
    order, look = case.document, case.look
    if case.missing or order.kind is not Kind.ORDER or order.state not in BILLED:
        return decision
    if documents.bills(case.attached) or not look.complete(Side.ERP, Kind.INVOICE):
        return decision
    if case.rules.invoice.history_from and order.date < case.rules.invoice.history_from[:10]:
        return decision
    named = documents.invoices_named(order.raw)
    seen = [rid for rid in named if look.record(Side.ERP, Kind.INVOICE, rid) is not None]
    unseen = [rid for rid in named if rid not in seen]
    due = max(order.raw.updated_ms + TWO_POLLS_MS, look.first_scan_ms(Side.ERP, Kind.INVOICE) + FIRST_READ_MS)
    if not named and "shipments" in order.raw.fields:
        return decision  # nothing was billed as far as the ERP knows: the next change asks again
    if case.now_ms < due and not seen:
        return _later(decision, due)
    if named:
        stir = tuple((str(Kind.INVOICE), rid) for rid in seen)
        want = tuple((str(Kind.INVOICE), rid) for rid in unseen)
        return msgspec.structs.replace(decision, stir=stir, want_read=(*decision.want_read, *want))
    want = ((str(Kind.ORDER), order.rid),)
    asked = msgspec.structs.replace(decision, want_read=(*decision.want_read, *want))
    return _later(asked, case.now_ms + ASK_AGAIN_MS)


def _later(decision: Decision, again_ms: int) -> Decision:
    soonest = min(decision.again_ms, again_ms) if decision.again_ms else again_ms
    return msgspec.structs.replace(decision, again_ms=soonest)
