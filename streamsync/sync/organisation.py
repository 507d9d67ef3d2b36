"""Organisations and customers: gate, match, create, link, merge (semantics §2.1, §2.5, §7, §8, §10).

Pure; called by `sync.decide` only. One decision is at most one write; an ERP write comes before a webCRM one.
Here stands which case it is and who is the counterpart; the cases are `organisation_create`,
`organisation_linked` and `organisation_gone`.
"""

import msgspec

from streamsync.model import Direction, Kind
from streamsync.sync import (
    matching,
    named,
    organisation_create,
    organisation_gone,
    organisation_linked,
    organisation_rows,
    scope,
    settle,
)
from streamsync.sync.codecs import needed_tables
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rules import Rules

KIND = Kind.ORGANISATION


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of an organisation pair."""
    decision = _decide(organisation_rows.joined(view, rules, look), rules, look, now_ms)
    stale = view.pair.state == "ambiguous" or (view.pair.state == "deleted" and _whole(view))
    if stale and not decision.state:
        return msgspec.structs.replace(decision, state="active")
    return decision


def _whole(view: View) -> bool:
    """Both records are there: one that was taken for deleted came back."""
    there = view.crm is not None and view.erp is not None
    return there and not (view.crm_missing or view.erp_missing)


def _decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    if rules.organisation.direction is Direction.OFF:
        return settle.filtered("direction_off")
    said = look.decided(view.pair.id)
    if view.pair.state == "excluded" or "exclude" in said or said.get("outside_type", "") == "exclude":
        return msgspec.structs.replace(settle.filtered("type"), state="excluded")
    if any(look.table(name) is None for name in needed_tables(rules.organisation.map)):
        return settle.waiting("lookups", now_ms)
    if view.crm_missing or view.erp_missing:
        return organisation_gone.decide(view, rules, look)
    if settle.unaware(view) or (view.crm is None and view.erp is None):
        return settle.waiting("settling", now_ms)
    if view.crm is not None and view.erp is not None:
        return organisation_linked.decide(view, rules, look)
    return _half(view, rules, look, now_ms)


def _half(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    crm, erp = view.crm, view.erp
    half = crm or erp
    assert half is not None
    by_hand = "link" in look.decided(view.pair.id)
    if crm is not None and not scope.organisation_in(crm.fields, rules) and not by_hand:
        return settle.filtered("type")
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    found = matching.match(view, rules, look)
    if found.reason:
        return settle.ambiguous(found.reason, found.key, found.candidates)
    if found.link and found.record is not None:
        return _link(view, found, rules, look)
    if (wait := named.awaited(half, rules, look, now_ms)) is not None:
        return wait
    if crm is not None:
        return organisation_create.customer(crm, rules, look)
    assert erp is not None
    return organisation_create.organisation(erp, rules, look)


def _link(view: View, found: matching.Match, rules: Rules, look: Lookup) -> Decision:
    """Two halves that are the same thing. An organisation outside the gate is a person's choice, unless
    its type is blank or the rules say what to do (`organisation.on_outside_type`)."""
    assert found.record is not None
    other = settle.half_of(found.record, look)
    both = organisation_rows.joined(settle.joined(view, other), rules, look)
    assert both.crm is not None
    outside = not scope.organisation_in(both.crm.fields, rules) and not scope.type_blank(both.crm.fields)
    answer = look.decided(view.pair.id).get("outside_type", "") or rules.organisation.on_outside_type
    if outside and answer == "ask" and found.key != "link":
        asked = settle.ambiguous("outside_type", found.key, (found.record.rid,))
        value = {"field": "OrganisationType", "value": both.crm.fields.get("OrganisationType", "")}
        return msgspec.structs.replace(asked, detail=asked.detail | value)
    return settle.linked(view, other, organisation_linked.decide(both, rules, look))
