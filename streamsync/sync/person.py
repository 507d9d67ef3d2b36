"""Persons and contacts (semantics §2.2, §2.5, §6).

Pure; called by `sync.decide` only. A person belongs to its organisation's pair and waits for it; to the
ERP go the ticked ones, to webCRM those with an e-mail address. Which way is open is judged for each pair
and each direction.
"""

import msgspec

from streamsync.model import Action, Agreed, Direction, Fields, Kind, Outcome, Pair, Record, Side, Write
from streamsync.sync import identity, matching, normalise, scope, settle
from streamsync.sync.codecs import codecs_for, needed_tables
from streamsync.sync.decision import Decision, FieldConflict, Finding
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import create_fields, merge
from streamsync.sync.organisation import edited_since
from streamsync.sync.rows import Context
from streamsync.sync.rules import Rules
from streamsync.sync.settle import Extra

KIND = Kind.PERSON
HOME = "home"
_OFFICE = ("mainContact.contactId", "invoiceContact.contactId", "deliveryContact.contactId")


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A person's organisation: its pair if it is linked and in scope, else why not."""

    pair: Pair | None = None
    customer: Record | None = None
    stop: Decision | None = None

    @property
    def number(self) -> str:
        return self.customer.fields.get("number", "") if self.customer is not None else ""


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of a person pair."""
    if rules.person.direction is Direction.OFF:
        return settle.filtered("direction_off")
    if view.pair.state == "excluded" or "exclude" in look.decided(view.pair.id):
        return msgspec.structs.replace(settle.filtered("unticked"), state="excluded")
    if any(look.table(name) is None for name in needed_tables(rules.person.map)):
        return settle.waiting("lookups", now_ms)
    if view.crm_missing or view.erp_missing:
        return _missing(view, rules, look)
    if settle.unaware(view):
        return settle.waiting("settling", now_ms)
    if view.crm is not None and view.erp is not None:
        return _linked(view, rules, look, now_ms)
    if view.crm is not None:
        return _half_crm(view, view.crm, rules, look, now_ms)
    if view.erp is not None:
        return _half_erp(view, view.erp, rules, look, now_ms)
    return settle.waiting("settling", now_ms)


def _home(pair: Pair | None, rules: Rules, look: Lookup) -> Home:
    if pair is None:
        return Home(stop=settle.waiting("parent"))
    organisation = look.record(Side.CRM, Kind.ORGANISATION, pair.crm_id) if pair.crm_id else None
    out = organisation is not None and not scope.organisation_in(organisation.fields, rules)
    if (
        out
        or pair.state == "excluded"
        or (not (pair.crm_id and pair.erp_id) and pair.outcome == Outcome.FILTERED)
    ):
        return Home(pair=pair, stop=settle.filtered("parent_filtered"))
    customer = look.record(Side.ERP, Kind.ORGANISATION, pair.erp_id) if pair.erp_id else None
    if organisation is None or customer is None:
        return Home(pair=pair, stop=settle.waiting("parent"))
    return Home(pair=pair, customer=customer)


def _home_of_person(crm: Fields, rules: Rules, look: Lookup) -> Home:
    rid = crm.get("PersonOrganisationId", "")
    return _home(
        look.pair_of(Side.CRM, Kind.ORGANISATION, rid) if rid not in ("", "0") else None, rules, look
    )


def _home_of_contact(erp: Fields, rules: Rules, look: Lookup) -> Home:
    found = look.candidates(
        Side.ERP, Kind.ORGANISATION, "number", normalise.folded(erp.get("businessAccount", ""))
    )
    if not found and look.complete(Side.ERP, Kind.ORGANISATION):
        return Home(stop=settle.filtered("not_customer"))
    return _home(found[0].pair if len(found) == 1 else None, rules, look)


def _half_crm(view: View, crm: Record, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    if not rules.person.direction.reaches(Side.ERP):
        return settle.filtered("direction_off")
    if not scope.ticked(crm.fields, rules):
        return settle.filtered("unticked")
    if rules.person.email_required_to_erp and not crm.fields.get("PersonEmail", "").strip():
        return settle.filtered("no_email")
    home = _home_of_person(crm.fields, rules, look)
    if home.stop is not None:
        return home.stop
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    found = matching.match(view, rules, look, home.pair)
    return _matched(view, found, home, rules, look, now_ms) or _create_contact(crm, home, rules, look)


def _half_erp(view: View, erp: Record, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    if not scope.is_customer_contact(erp.fields):
        return settle.filtered("not_customer")
    home = _home_of_contact(erp.fields, rules, look)
    if home.customer is not None and erp.rid in [home.customer.fields.get(path, "") for path in _OFFICE]:
        return settle.filtered("not_customer")
    if not rules.person.direction.reaches(Side.CRM):
        return settle.filtered("direction_off")
    if not erp.fields.get("email", "").strip():
        return settle.filtered("no_email")
    if home.stop is not None:
        return home.stop
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    found = matching.match(view, rules, look, home.pair)
    return _matched(view, found, home, rules, look, now_ms) or _create_person(erp, home, rules, look)


def _matched(
    view: View, found: matching.Match, home: Home, rules: Rules, look: Lookup, now_ms: int
) -> Decision | None:
    if found.reason:
        return settle.ambiguous(found.reason, found.key, found.candidates)
    if not found.link or found.record is None:
        return None
    pair = look.pair_of(found.record.side, KIND, found.record.rid)
    assert pair is not None
    other = View(
        pair=pair,
        crm=found.record if found.record.side is Side.CRM else None,
        erp=found.record if found.record.side is Side.ERP else None,
    )
    both = settle.joined(view, other)
    assert both.crm is not None
    assert both.erp is not None
    assert home.pair is not None
    same_crm = both.crm.fields.get("PersonOrganisationId", "") == home.pair.crm_id
    same_erp = normalise.folded(both.erp.fields.get("businessAccount", "")) == normalise.folded(home.number)
    if not (same_crm and same_erp):
        return settle.ambiguous("key_contradiction", found.key, (found.record.rid,))
    return settle.linked(view, other, _linked(both, rules, look, now_ms))


def _create_contact(crm: Record, home: Home, rules: Rules, look: Lookup) -> Decision:
    context = Context(country=_country(home), language=rules.webcrm.language, side_fields=crm.fields)
    fields, rows, lacks = create_fields(
        codecs_for(rules.person.map, rules, look), crm.fields, Side.ERP, context
    )
    if lacks:
        return settle.unmapped(lacks[0])
    if not fields.get("lastName", ""):
        return settle.required("PersonLastName")
    fields.setdefault("active", "true")
    fields |= {"businessAccount": home.number, "sameAsAccount": "true"}
    hints = {
        path: text
        for path in ("email", "firstName", "lastName", "businessAccount")
        if (text := fields.get(path, ""))
    }
    rows[HOME] = Agreed(crm=(crm.fields.get("PersonOrganisationId", ""),), erp=(home.number,))
    return Decision(
        outcome=Outcome.CREATED,
        rows=rows,
        write=Write(
            side=Side.ERP,
            kind=KIND,
            action=Action.CREATE,
            fields=fields,
            hints=hints,
            marker=identity.marker(Side.CRM, KIND, crm.rid),
        ),
    )


def _create_person(erp: Record, home: Home, rules: Rules, look: Lookup) -> Decision:
    if erp.fields.get("active", "true") == "false":
        return settle.filtered("not_customer")
    assert home.pair is not None
    settings = rules.person
    context = Context(country=_country(home), language=rules.webcrm.language, side_fields=erp.fields)
    fields, rows, lacks = create_fields(codecs_for(settings.map, rules, look), erp.fields, Side.CRM, context)
    if lacks:
        return settle.unmapped(lacks[0])
    fields.setdefault("PersonLastName", "-")
    fields.setdefault("PersonStatus", "Active")
    fields["PersonOrganisationId"] = home.pair.crm_id
    marker = identity.marker(Side.ERP, KIND, erp.rid)
    if settings.marker_field:
        fields[settings.marker_field] = marker
    if (
        settings.relevant_field
        and settings.set_relevant_on_create
        and settings.direction is Direction.TWO_WAY
    ):
        fields[settings.relevant_field] = scope.tick_text(rules)
    hints = {
        name: text
        for name in ("PersonEmail", "PersonFirstName", "PersonLastName", "PersonOrganisationId")
        if (text := fields.get(name, ""))
    }
    rows[HOME] = Agreed(crm=(home.pair.crm_id,), erp=(home.number,))
    return Decision(
        outcome=Outcome.CREATED,
        rows=rows,
        write=Write(
            side=Side.CRM, kind=KIND, action=Action.CREATE, fields=fields, marker=marker, hints=hints
        ),
    )


def _country(home: Home) -> str:
    return home.customer.fields.get("mainAddress.country.id", "").upper() if home.customer is not None else ""


def _linked(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    assert view.crm is not None
    assert view.erp is not None
    crm, erp, settings = view.crm, view.erp, rules.person
    home = _home_of_person(crm.fields, rules, look)
    if home.stop is not None:
        return home.stop
    ticked = scope.ticked(crm.fields, rules)
    mail = bool(erp.fields.get("email", "").strip())
    direction = scope.reach(settings.direction, to_crm=mail, to_erp=ticked)
    extra = Extra()
    moved = _moved(view, crm, erp, home, extra)
    if moved and settings.on_erp_move != "leave":
        return Decision(
            outcome=Outcome.CONFLICT,
            reason="moved",
            detail={"customer": erp.fields.get("businessAccount", "")},
            conflicts=(
                FieldConflict(
                    row=HOME, reason="moved", crm=home.number, erp=erp.fields.get("businessAccount", "")
                ),
            ),
        )
    if not direction.reaches(Side.ERP):
        extra.to_erp = {}
    marker = identity.marker(Side.ERP, KIND, erp.rid)
    if settings.marker_field in crm.fields and not identity.names(crm.fields, settings.marker_field, marker):
        extra.to_crm = {settings.marker_field: marker}
    if (
        not ticked
        and settings.on_untick == "inactivate"
        and settings.direction.reaches(Side.ERP)
        and (erp.fields.get("active", "") == "true")
    ):
        extra.to_erp = extra.to_erp | {"active": "false"}
    context = Context(country=_country(home), language=rules.webcrm.language)
    merged = merge(
        codecs_for(settings.map, rules, look),
        view.pair.base,
        crm.fields,
        erp.fields,
        settle.policy(view, direction, rules, look),
        context,
    )
    if HOME not in extra.rows_erp and not moved:
        merged = msgspec.structs.replace(merged, base=merged.base | {HOME: _at_home(crm, erp)})
    decision = settle.settled(view, KIND, merged, extra)
    if direction is Direction.OFF and decision.outcome is Outcome.IN_SYNC:
        return msgspec.structs.replace(
            decision, outcome=Outcome.FILTERED, reason="unticked" if not ticked else "no_email"
        )
    return decision


def _at_home(crm: Record, erp: Record) -> Agreed:
    return Agreed(
        crm=(crm.fields.get("PersonOrganisationId", ""),), erp=(erp.fields.get("businessAccount", ""),)
    )


def _moved(view: View, crm: Record, erp: Record, home: Home, extra: Extra) -> bool:
    """Whether the contact changed its customer. A person who changed the organisation is moved in the ERP
    too."""
    account = erp.fields.get("businessAccount", "")
    if normalise.folded(account) == normalise.folded(home.number):
        return False
    was, rid = view.pair.base.get(HOME), crm.fields.get("PersonOrganisationId", "")
    if was is not None and was.crm != (rid,) and was.erp == (account,):
        extra.to_erp = {"businessAccount": home.number}
        extra.rows_erp = {HOME: Agreed(crm=(rid,), erp=(home.number,))}
        return False
    return True


def _missing(view: View, rules: Rules, look: Lookup) -> Decision:
    """Kept by default, with a notice; an edit on the side that is left is a person's choice."""
    both = (view.crm_missing or not view.pair.crm_id) and (view.erp_missing or not view.pair.erp_id)
    if both or look.decided(view.pair.id).get("deleted", "") == "keep":
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    if edited_since(view, rules, look):
        return Decision(
            outcome=Outcome.CONFLICT,
            reason="deleted_vs_edited",
            detail={"side": Side.CRM if view.crm_missing else Side.ERP},
        )
    side = "webCRM" if view.crm_missing else "the ERP"
    return Decision(
        outcome=Outcome.IN_SYNC, findings=(Finding(code="deleted", text=f"deleted in {side}, kept here"),)
    )
