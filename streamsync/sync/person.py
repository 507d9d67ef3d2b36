"""Persons and contacts (semantics §2.2, §2.5, §6).

Pure; called by `sync.decide` only. A person belongs to its organisation's pair and waits for it; to the
ERP go the ticked ones, to webCRM those with an e-mail address. Here stands which case it is and who is the
counterpart; the cases are `person_create`, `person_linked` (with `person_moved`) and `person_gone`.
"""

import msgspec

from streamsync.model import Direction, Kind, Record, Side
from streamsync.sync import (
    matching,
    named,
    normalise,
    person_create,
    person_gone,
    person_linked,
    scope,
    settle,
)
from streamsync.sync.codecs import needed_tables
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.person_home import Home, of_contact, of_person
from streamsync.sync.rules import Rules

KIND = Kind.PERSON


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of a person pair. Where an organisation shows its key person, it is decided again."""
    decision = _decide(view, rules, look, now_ms)
    if not rules.organisation.attention_from or view.crm is None:
        return decision
    home = look.pair_of(Side.CRM, Kind.ORGANISATION, view.crm.fields.get("PersonOrganisationId", ""))
    if home is None or not home.erp_id:
        return decision
    return msgspec.structs.replace(decision, stir=(*decision.stir, (Kind.ORGANISATION.value, home.erp_id)))


def _decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    if rules.person.direction is Direction.OFF:
        return settle.filtered("direction_off")
    if view.pair.state == "excluded" or "exclude" in look.decided(view.pair.id):
        return msgspec.structs.replace(settle.filtered("unticked"), state="excluded")
    if any(look.table(name) is None for name in needed_tables(rules.person.map)):
        return settle.waiting("lookups", now_ms)
    if view.crm_missing or view.erp_missing:
        return person_gone.decide(view, rules, look)
    if settle.unaware(view):
        return settle.waiting("settling", now_ms)
    if view.crm is not None and view.erp is not None:
        return person_linked.decide(view, rules, look, now_ms)
    if view.crm is not None:
        return _half_crm(view, view.crm, rules, look, now_ms)
    if view.erp is not None:
        return _half_erp(view, view.erp, rules, look, now_ms)
    return settle.waiting("settling", now_ms)


def _half_crm(view: View, crm: Record, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    if not rules.person.direction.reaches(Side.ERP):
        return settle.filtered("direction_off")
    if not scope.ticked(crm.fields, rules):
        return settle.filtered("unticked")
    if rules.person.email_required_to_erp and not crm.fields.get("PersonEmail", "").strip():
        return settle.filtered("no_email")
    home = of_person(crm.fields, rules, look)
    if home.stop is not None:
        return home.stop
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    found = _matched(view, home, rules, look, now_ms)
    return found or named.awaited(crm, rules, look, now_ms) or person_create.contact(crm, home, rules, look)


def _half_erp(view: View, erp: Record, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    home = of_contact(erp.fields, rules, look)
    stranger = home.stop is not None and home.stop.reason == "not_customer"
    if stranger or erp.rid in home.office:
        return settle.filtered("not_customer")
    if not rules.person.direction.reaches(Side.CRM):
        return settle.filtered("direction_off")
    if not erp.fields.get("email", "").strip():
        return settle.filtered("no_email")
    if home.stop is not None:
        return home.stop
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    found = _matched(view, home, rules, look, now_ms)
    return found or person_create.person(erp, home, rules, look)


def _matched(view: View, home: Home, rules: Rules, look: Lookup, now_ms: int) -> Decision | None:
    """The link to the counterpart, or the question who it is; None = there is none."""
    found = matching.match(view, rules, look, home.pair, strangers=home.office)
    if found.reason:
        return settle.ambiguous(found.reason, found.key, found.candidates)
    if not found.link or found.record is None:
        return None
    other = settle.half_of(found.record, look)
    both = settle.joined(view, other)
    assert both.crm is not None
    assert both.erp is not None
    assert home.pair is not None
    same_crm = both.crm.fields.get("PersonOrganisationId", "") == home.pair.crm_id
    same_erp = normalise.folded(both.erp.fields.get("businessAccount", "")) == normalise.folded(home.number)
    if not (same_crm and same_erp):
        return settle.ambiguous("key_contradiction", found.key, (found.record.rid,))
    return settle.linked(view, other, person_linked.decide(both, rules, look, now_ms))
