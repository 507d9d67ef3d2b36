"""`decide`: what is stored about a pair, and the rules, become one Decision. Pure, total, called inside a
transaction.

One function per entity, found by name only when first needed: the documents' part is the largest, and
nothing here depends on it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from streamsync.model import Entity, Outcome
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rules import Rules

Decide = Callable[[View, Rules, Lookup, int], Decision]


@cache
def _deciders() -> Mapping[Entity, Decide]:
    from streamsync.sync import delivery, invoice, item, organisation, person

    return MappingProxyType(
        {
            Entity.ORGANISATION: organisation.decide,
            Entity.PERSON: person.decide,
            Entity.ITEM: item.decide,
            Entity.DELIVERY: delivery.decide,
            Entity.INVOICE: invoice.decide,
        }
    )


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The one outcome of this pair now, with at most one write. A pair that is deleted on both sides stays
    so."""
    if view.pair.state == "deleted" and view.crm is None and view.erp is None:
        return Decision(outcome=Outcome.IN_SYNC)
    return _deciders()[view.pair.entity](view, rules, look, now_ms)
