"""Organisations and customers: gate, match, create, link, merge (semantics §2.1, §2.5, §7, §8, §10).

Pure; called by `sync.decide` only. One decision is at most one write; an ERP write comes before a webCRM one.
"""

import json

import msgspec

from streamsync.model import Action, Direction, Fields, Kind, Outcome, Record, Side, Write
from streamsync.sync import countries, identity, matching, scope, settle
from streamsync.sync.codecs import codecs_for, needed_tables
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import create_fields, merge, texts_of
from streamsync.sync.rows import Context
from streamsync.sync.rules import Rules
from streamsync.sync.settle import Extra

COUNTRY = "mainAddress.country.id"
NO_NAME = ("", "-")
KIND = Kind.ORGANISATION


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of an organisation pair."""
    direction = rules.organisation.direction
    if direction is Direction.OFF:
        return settle.filtered("direction_off")
    if view.pair.state == "excluded" or "exclude" in look.decided(view.pair.id):
        return msgspec.structs.replace(settle.filtered("type"), state="excluded")
    if any(look.table(name) is None for name in needed_tables(rules.organisation.map)):
        return settle.waiting("lookups", now_ms)
    if view.crm_missing or view.erp_missing:
        return _missing(view, rules, look)
    if settle.unaware(view) or (view.crm is None and view.erp is None):
        return settle.waiting("settling", now_ms)
    if view.crm is not None and view.erp is not None:
        return _linked(view, rules, look)
    return _half(view, rules, look)


def _half(view: View, rules: Rules, look: Lookup) -> Decision:
    if view.crm is not None and not scope.organisation_in(view.crm.fields, rules):
        return settle.filtered("type")
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    found = matching.match(view, rules, look)
    if found.reason:
        return settle.ambiguous(found.reason, found.key, found.candidates)
    if found.link and found.record is not None:
        return _link(view, found, rules, look)
    if view.crm is not None:
        return _create_customer(view, view.crm, rules, look)
    assert view.erp is not None
    return _create_organisation(view.erp, rules, look)


def _link(view: View, found: matching.Match, rules: Rules, look: Lookup) -> Decision:
    """Two halves that are the same thing. An organisation outside the gate is a person's choice, unless
    its type is blank."""
    assert found.record is not None
    pair = look.pair_of(found.record.side, KIND, found.record.rid)
    assert pair is not None
    other = View(
        pair=pair,
        crm=found.record if found.record.side is Side.CRM else None,
        erp=found.record if found.record.side is Side.ERP else None,
    )
    both = settle.joined(view, other)
    assert both.crm is not None
    outside = not scope.organisation_in(both.crm.fields, rules) and not scope.type_blank(both.crm.fields)
    if outside and rules.organisation.on_outside_type == "ask" and found.key != "link":
        return settle.ambiguous("outside_type", found.key, (found.record.rid,))
    return settle.linked(view, other, _linked(both, rules, look))


def _context(crm: Fields, erp: Fields, rules: Rules) -> Context:
    country = erp.get(COUNTRY, "") or countries.code_of(
        crm.get("OrganisationCountry", ""), rules.webcrm.countries
    )
    return Context(
        country=(country or rules.organisation.create.country).upper(), language=rules.webcrm.language
    )


def _linked(view: View, rules: Rules, look: Lookup) -> Decision:
    assert view.crm is not None
    assert view.erp is not None
    crm, erp, settings = view.crm, view.erp, rules.organisation
    marker = identity.marker(Side.ERP, KIND, erp.rid)
    tied = (
        identity.names(crm.fields, settings.marker_field, marker)
        if settings.marker_field
        else bool(view.pair.base)
    )
    extra = Extra()
    if not scope.organisation_in(crm.fields, rules):
        may_set = scope.type_blank(crm.fields) or settings.on_outside_type == "set_type"
        if tied or not may_set or not scope.erp_type(rules):
            return _left(view, rules)
        extra.to_crm = {"OrganisationType": scope.erp_type(rules)}
    if settings.marker_field in crm.fields and not tied:
        extra.to_crm = extra.to_crm | {settings.marker_field: marker}
    attribute, ours = identity.attribute(rules), identity.marker(Side.CRM, KIND, crm.rid)
    bare = rules.marker.accept_bare
    if (
        attribute in erp.fields
        and settings.direction.reaches(Side.ERP)
        and not identity.names(erp.fields, attribute, ours, bare=bare)
    ):
        extra.to_erp = {attribute: ours}
    codecs = codecs_for(settings.map, rules, look)
    merged = merge(
        codecs,
        view.pair.base,
        crm.fields,
        erp.fields,
        settle.policy(view, settings.direction, rules, look),
        _context(crm.fields, erp.fields, rules),
    )
    if tied and view.pair.base and view.pair.origin is Side.ERP and not merged.to_erp:
        extra.to_erp = {}  # webCRM names the customer already: the mark goes along with the next write to it
    return settle.settled(view, KIND, merged, extra)


def _left(view: View, rules: Rules) -> Decision:
    """The organisation left the gate: nothing is unlinked, nothing deleted; on wish the customer becomes
    inactive."""
    assert view.erp is not None
    decision = settle.filtered("type")
    settings, status = rules.organisation, view.erp.fields.get("status", "")
    if settings.on_leave == "inactivate" and settings.direction.reaches(Side.ERP) and status == "Active":
        write = Write(
            side=Side.ERP,
            kind=KIND,
            action=Action.UPDATE,
            rid=view.erp.rid,
            fields={"status": "Inactive"},
            expect={"status": status},
        )
        return msgspec.structs.replace(decision, outcome=Outcome.WRITTEN, reason="", write=write)
    return decision


def _create_customer(view: View, crm: Record, rules: Rules, look: Lookup) -> Decision:
    settings = rules.organisation
    if not settings.direction.reaches(Side.ERP):
        return settle.filtered("direction_off")
    context = msgspec.structs.replace(_context(crm.fields, {}, rules), side_fields=crm.fields)
    fields, rows, lacks = create_fields(codecs_for(settings.map, rules, look), crm.fields, Side.ERP, context)
    if lacks:
        return settle.unmapped(lacks[0])
    if fields.get("name", "") in NO_NAME:
        return settle.required("OrganisationName")
    fields.setdefault("customerClass.id", settings.create.class_)
    fields.setdefault(COUNTRY, settings.create.country)
    for path in ("customerClass.id", COUNTRY):
        if not fields[path]:
            return settle.required(path)
    if "vatZone.id" not in fields and _needs_zone(fields["customerClass.id"], look):
        return settle.required("VAT zone")
    attribute, marker = identity.attribute(rules), identity.marker(Side.CRM, KIND, crm.rid)
    if attribute:
        fields[attribute] = marker
    elif not any(fields.get(path) for path in ("corporateId", "vatRegistrationId", "gln")):
        return settle.required("company number, VAT number or GLN")
    fields |= {"status": "Active", "mainContact.name": fields["name"]}
    if settings.numbering == "field" and (number := crm.fields.get(settings.number_field, "").strip()):
        fields |= {"number": number, "overrideNumberSeries": "true"}
    hints = {
        path: text
        for path in ("name", "number", "corporateId", "vatRegistrationId", "gln", "mainContact.email")
        if (text := fields.get(path, ""))
    }
    return Decision(
        outcome=Outcome.CREATED,
        rows=rows,
        write=Write(
            side=Side.ERP, kind=KIND, action=Action.CREATE, fields=fields, marker=marker, hints=hints
        ),
    )


def _needs_zone(customer_class: str, look: Lookup) -> bool:
    """Whether the class demands a VAT zone that it does not supply (visma-api §4.1)."""
    entry = (look.table("customer_class") or {}).get(customer_class, "")
    if not entry.startswith("{"):
        return False
    found = json.loads(entry)
    return not found.get("taxZoneId") and str(found.get("requiredTaxzoneId", "")).casefold() == "true"


def _create_organisation(erp: Record, rules: Rules, look: Lookup) -> Decision:
    settings = rules.organisation
    if not settings.direction.reaches(Side.CRM):
        return settle.filtered("direction_off")
    if not scope.customer_may_come(erp.fields, rules):
        return settle.filtered("type")
    context = msgspec.structs.replace(_context({}, erp.fields, rules), side_fields=erp.fields)
    fields, rows, lacks = create_fields(codecs_for(settings.map, rules, look), erp.fields, Side.CRM, context)
    if lacks:
        return settle.unmapped(lacks[0])
    if fields.get("OrganisationName", "") in NO_NAME:
        return settle.required("name")
    if kind := scope.erp_type(rules):
        fields["OrganisationType"] = kind
    marker = identity.marker(Side.ERP, KIND, erp.rid)
    if settings.marker_field:
        fields[settings.marker_field] = marker
    if settings.owner_user:
        fields["OrganisationOwner"] = str(settings.owner_user)
    hints = {"OrganisationName": fields["OrganisationName"]}
    return Decision(
        outcome=Outcome.CREATED,
        rows=rows,
        write=Write(
            side=Side.CRM, kind=KIND, action=Action.CREATE, fields=fields, marker=marker, hints=hints
        ),
    )


def _missing(view: View, rules: Rules, look: Lookup) -> Decision:
    """Evidence that a side is gone (semantics §10): asked, never re-created, never deleted on the other
    side."""
    if (view.crm_missing or not view.pair.crm_id) and (view.erp_missing or not view.pair.erp_id):
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    answer = look.decided(view.pair.id).get("deleted", "")
    if answer == "keep":
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    if edited_since(view, rules, look):
        return Decision(
            outcome=Outcome.CONFLICT,
            reason="deleted_vs_edited",
            detail={"side": Side.CRM if view.crm_missing else Side.ERP},
        )
    return Decision(
        outcome=Outcome.PARKED, reason="gone", detail={"side": Side.CRM if view.crm_missing else Side.ERP}
    )


def edited_since(view: View, rules: Rules, look: Lookup) -> bool:
    """Whether the side that is left differs from the last agreement in any row."""
    left = view.erp if view.crm_missing else view.crm
    if left is None:
        return False
    for codec in codecs_for(rules.rows(view.pair.entity), rules, look):
        was = view.pair.base.get(codec.row.id)
        if was is None:
            continue
        paths, held = (codec.row.erp, was.erp) if left.side is Side.ERP else (codec.row.crm, was.crm)
        now = texts_of(paths, left.fields)
        if codec.key(left.side, now, Context()) != codec.key(left.side, held, Context()):
            return True
    return False
