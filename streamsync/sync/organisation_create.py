"""New customers and new organisations (semantics §2.1). Pure; called by `sync.organisation` for a half pair
that has no counterpart.

A customer never gets a number from us unless `numbering = field`; it carries our marker, and what its class
demands must be there or the pair is parked. An organisation gets type, number, marker and owner.
"""

import json

import msgspec

from streamsync.model import Action, Fields, Kind, Outcome, Record, Side, Write
from streamsync.sync import countries, identity, scope, settle
from streamsync.sync.codecs import codecs_for
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup
from streamsync.sync.merge import create_fields
from streamsync.sync.organisation_rows import rows
from streamsync.sync.rows import Context
from streamsync.sync.rules import Rules

COUNTRY = "mainAddress.country.id"
KIND = Kind.ORGANISATION
NO_NAME = ("", "-")
HINTS = ("name", "number", "corporateId", "vatRegistrationId", "gln", "mainContact.email")
"""What a customer whose marker is lost is looked up by."""


def context_of(crm: Fields, erp: Fields, rules: Rules) -> Context:
    country = erp.get(COUNTRY, "") or countries.code_of(
        crm.get("OrganisationCountry", ""), rules.webcrm.countries
    )
    return Context(
        country=(country or rules.organisation.create.country).upper(), language=rules.webcrm.language
    )


def customer(crm: Record, rules: Rules, look: Lookup) -> Decision:
    settings = rules.organisation
    if not settings.direction.reaches(Side.ERP):
        return settle.filtered("direction_off")
    context = msgspec.structs.replace(context_of(crm.fields, {}, rules), side_fields=crm.fields)
    fields, agreed, lacks = create_fields(codecs_for(rows(rules), rules, look), crm.fields, Side.ERP, context)
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
    return Decision(
        outcome=Outcome.CREATED,
        rows=agreed,
        write=Write(
            side=Side.ERP,
            kind=KIND,
            action=Action.CREATE,
            fields=fields,
            marker=marker,
            hints={path: text for path in HINTS if (text := fields.get(path, ""))},
        ),
    )


def _needs_zone(customer_class: str, look: Lookup) -> bool:
    """Whether the class demands a VAT zone that it does not supply (visma-api §4.1)."""
    entry = (look.table("customer_class") or {}).get(customer_class, "")
    if not entry.startswith("{"):
        return False
    found = json.loads(entry)
    return not found.get("taxZoneId") and str(found.get("requiredTaxzoneId", "")).casefold() == "true"


def organisation(erp: Record, rules: Rules, look: Lookup) -> Decision:
    settings = rules.organisation
    if not settings.direction.reaches(Side.CRM):
        return settle.filtered("direction_off")
    if not scope.customer_may_come(erp.fields, rules):
        return settle.filtered("type")
    context = msgspec.structs.replace(context_of({}, erp.fields, rules), side_fields=erp.fields)
    fields, agreed, lacks = create_fields(codecs_for(rows(rules), rules, look), erp.fields, Side.CRM, context)
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
        rows=agreed,
        write=Write(
            side=Side.CRM, kind=KIND, action=Action.CREATE, fields=fields, marker=marker, hints=hints
        ),
    )
