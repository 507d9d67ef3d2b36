"""Which of the finance host's two amounts is the document's own currency (semantics §3.8, visma-api §4.6).

Pure. `visma.in_currency` says how `…InCurrency` is taken. A foreign invoice that bills one whole order proves
it: the order service names its two totals without doubt. As long as what was proven last contradicts the
setting, foreign documents wait for a person (`currency`): no amount is brought over in the wrong currency.
"""

from collections.abc import Sequence
from decimal import Decimal

from streamsync.model import Kind, Outcome, Record, Side
from streamsync.sync import money
from streamsync.sync.decision import Decision
from streamsync.sync.documents import Document
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

DOCUMENT, BASE = "document", "base"
TOLERANCE = Decimal("0.05")


def foreign(record: Record) -> bool:
    """Whether the finance host shows two different amounts: then it matters which is which."""
    bare, other = record.fields.get("amount", ""), record.fields.get("amountInCurrency", "")
    return bool(bare and other) and money.number(bare) != money.number(other)


def proof(document: Document, orders: Sequence[str], look: Lookup) -> str:
    """`document`, `base`, or "" where it proves nothing (partly billed, freight, same currency)."""
    if len(orders) != 1 or not foreign(document.raw):
        return ""
    order = look.record(Side.ERP, Kind.ORDER, orders[0])
    fields = order.fields if order is not None else {}
    own, base = fields.get("totals.orderTotal", ""), fields.get("totals.orderTotalInBaseCurrency", "")
    if not own or not base or money.number(own) == money.number(base):
        return ""
    amount = money.number(document.raw.fields["amountInCurrency"])
    for total, word in ((own, DOCUMENT), (base, BASE)):
        if abs(abs(amount) - abs(money.number(total))) <= TOLERANCE:
            return word
    return ""


def stop(document: Document, proven: str, rules: Rules, look: Lookup) -> Decision | None:
    """Why a foreign document waits; None if its amounts can be trusted, or are the same in both."""
    if not foreign(document.raw):
        return None
    known = proven or look.in_currency()
    if not known or known == rules.visma.in_currency:
        return None
    return Decision(
        outcome=Outcome.PARKED,
        reason="currency",
        detail={
            "field": "visma.in_currency",
            "value": rules.visma.in_currency,
            "problem": f'orders prove that visma.in_currency is "{known}"',
        },
        in_currency=proven,
    )
