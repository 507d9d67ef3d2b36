"""A person becomes a contact of its customer, a contact a person of its organisation (semantics §2.2).

Pure; called by `sync.person` once both gates are open and nobody matches. A contact has no place for a
marker: the hints (e-mail, names, customer) are what a lost answer is looked up by.
"""

from streamsync.model import Action, Agreed, Direction, Kind, Outcome, Record, Side, Write
from streamsync.sync import identity, scope, settle
from streamsync.sync.codecs import codecs_for
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup
from streamsync.sync.merge import create_fields
from streamsync.sync.person_home import HOME, Home
from streamsync.sync.rules import Rules

KIND = Kind.PERSON


def contact(crm: Record, home: Home, rules: Rules, look: Lookup) -> Decision:
    """To the ERP. The last name is demanded there; a first name alone takes its place (row P1)."""
    context = home.context(rules, crm.fields)
    codecs = codecs_for(rules.person.map, rules, look)
    fields, rows, lacks = create_fields(codecs, crm.fields, Side.ERP, context)
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
    write = Write(
        side=Side.ERP,
        kind=KIND,
        action=Action.CREATE,
        fields=fields,
        hints=hints,
        marker=identity.marker(Side.CRM, KIND, crm.rid),
    )
    return Decision(outcome=Outcome.CREATED, rows=rows, write=write)


def person(erp: Record, home: Home, rules: Rules, look: Lookup) -> Decision:
    """To webCRM. An inactive contact is left alone: nobody wants its history as a new person."""
    if erp.fields.get("active", "true") == "false":
        return settle.filtered("not_customer")
    assert home.pair is not None
    settings = rules.person
    codecs = codecs_for(settings.map, rules, look)
    fields, rows, lacks = create_fields(codecs, erp.fields, Side.CRM, home.context(rules, erp.fields))
    if lacks:
        return settle.unmapped(lacks[0])
    if not any("PersonLastName" in row.crm and row.direction.reaches(Side.CRM) for row in settings.map):
        fields |= _names(erp)
    fields.setdefault("PersonLastName", "-")
    fields.setdefault("PersonStatus", "Active")
    fields["PersonOrganisationId"] = home.pair.crm_id
    marker = identity.marker(Side.ERP, KIND, erp.rid)
    if settings.marker_field:
        fields[settings.marker_field] = marker
    two_way = settings.direction is Direction.TWO_WAY
    if settings.relevant_field and settings.set_relevant_on_create and two_way:
        fields[settings.relevant_field] = scope.tick_text(rules)
    hints = {
        name: text
        for name in ("PersonEmail", "PersonFirstName", "PersonLastName", "PersonOrganisationId")
        if (text := fields.get(name, ""))
    }
    rows[HOME] = Agreed(crm=(home.pair.crm_id,), erp=(erp.fields.get("businessAccount", ""),))
    write = Write(side=Side.CRM, kind=KIND, action=Action.CREATE, fields=fields, marker=marker, hints=hints)
    return Decision(outcome=Outcome.CREATED, rows=rows, write=write)


def _names(erp: Record) -> dict[str, str]:
    """Where the names only go out (`middle = join`), a new person is named all the same."""
    names = {"PersonFirstName": "firstName", "PersonLastName": "lastName"}
    return {name: text for name, path in names.items() if (text := erp.fields.get(path, "").strip())}
