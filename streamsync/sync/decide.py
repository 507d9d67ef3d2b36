"""`decide`: what is stored about a pair, and the rules, become one Decision. Pure, total, called inside a
transaction.

One function per entity, found by name only when first needed: the documents' part is the largest, and
nothing here depends on it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

import msgspec

from streamsync.model import Direction, Entity, Outcome, Side, Write
from streamsync.sync import identity, matching, settle
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
    if (said := _said(view, rules, look)) is not None:
        return said
    return _deciders()[view.pair.entity](view, rules, look, now_ms)


def _said(view: View, rules: Rules, look: Lookup) -> Decision | None:
    """What a person said about a half pair, where it goes before everything else: two that were unlinked stay
    apart, and a document is joined with the one that was named. (Organisations, persons and items are merged
    by the decision that joins them, so theirs comes from the match.)"""
    pair = view.pair
    gone = view.crm_missing or view.erp_missing
    if gone or pair.state == "excluded" or rules.direction(pair.entity) is Direction.OFF:
        return None
    found = matching.by_hand(view, look)
    if found is None or "exclude" in look.decided(pair.id):
        return None
    if found.reason:
        decision = settle.ambiguous(found.reason, found.key, found.candidates)
        return msgspec.structs.replace(decision, write=_unmarked(view, found.candidates, rules))
    if pair.entity in (Entity.DELIVERY, Entity.INVOICE):
        return Decision(outcome=Outcome.LINKED, link=found.link, state="active")
    return None


def _unmarked(view: View, parted: Sequence[str], rules: Rules) -> Write | None:
    """A field marked Unique must not go on naming the record that a person parted this one from: that one
    could never be created anew."""
    fields = {
        Entity.ORGANISATION: rules.organisation.marker_field,
        Entity.PERSON: rules.person.marker_field,
    }
    field, crm = fields.get(view.pair.entity, ""), view.crm
    if crm is None or not field or not crm.fields.get(field, ""):
        return None
    if not any(identity.names(crm.fields, field, identity.marker(Side.ERP, crm.kind, rid)) for rid in parted):
        return None
    return settle.update(crm, {field: ""})
