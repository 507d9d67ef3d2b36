"""The rows of organisations as the settings shape them, and the values that no single record holds.

Pure. `rows` is what decisions use in place of `rules.organisation.map`:
- `name_to_erp = name_division`: O2 joins name and division, → only (semantics §7);
- `attention_from`: O20 is fed by the key person, → only (semantics §6).
`joined` adds the customer's balance (O23, O24: a list of its own in the ERP) and the key person's name.
"""

import msgspec

from streamsync.model import Direction, Fields, Kind, Side
from streamsync.sync import scope
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rows import Row
from streamsync.sync.rules import Rules

NAME, ATTENTION = "O2", "O20"
KEY_PERSON = "derived.keyPerson"
NAME_FIELDS = ("OrganisationName", "OrganisationDivisionName")
BALANCE = frozenset(("balance", "totalSaleYear"))
"""ERP paths that `/v1/customer/balance` gives and a customer does not (visma-api §4.1)."""


def rows(rules: Rules) -> tuple[Row, ...]:
    settings = rules.organisation
    if settings.name_to_erp == "name" and not settings.attention_from:
        return settings.map
    return _rows(settings.name_to_erp, settings.attention_from, settings.map)


def _shaped(row: Row, name_to_erp: str) -> Row:
    if row.id == NAME and name_to_erp == "name_division" and row.crm == NAME_FIELDS[:1]:
        chain = tuple(dict.fromkeys((*row.transforms, "name_division")))
        return msgspec.structs.replace(
            row, crm=NAME_FIELDS, direction=Direction.TO_ERP, owner="crm", transforms=chain
        )
    return row


def _rows(name_to_erp: str, attention_from: str, given: tuple[Row, ...]) -> tuple[Row, ...]:
    found = tuple(_shaped(row, name_to_erp) for row in given)
    if not attention_from:
        return found
    fed = Row(
        id=ATTENTION,
        crm=(KEY_PERSON,),
        erp=("mainContact.attention",),
        direction=Direction.TO_ERP,
        owner="crm",
        transforms=("trim",),
    )
    return (*(row for row in found if row.id != ATTENTION), fed)


def joined(view: View, rules: Rules, look: Lookup) -> View:
    """The view with what other records say about the organisation."""
    crm, erp = view.crm, view.erp
    if crm is not None and rules.organisation.attention_from:
        name = _key_person(crm.rid, rules, look)
        crm = msgspec.structs.replace(crm, fields=crm.fields | {KEY_PERSON: name})
    if erp is not None and BALANCE.intersection(path for row in rules.organisation.map for path in row.erp):
        amounts = look.record(Side.ERP, Kind.BALANCE, erp.rid)
        if amounts is not None:
            erp = msgspec.structs.replace(erp, fields=erp.fields | amounts.fields)
    return msgspec.structs.replace(view, crm=crm, erp=erp)


def _key_person(rid: str, rules: Rules, look: Lookup) -> str:
    """Of the ticked, active persons the one with the lowest id."""
    field = rules.organisation.attention_from
    found = [
        one
        for one in look.persons_of(rid)
        if one.fields.get(field, "") in scope.YES and one.fields.get("PersonStatus", "") != "Resigned"
    ]
    if not found:
        return ""
    first = min(found, key=lambda one: (len(one.rid), one.rid))
    return person_name(first.fields)


def person_name(fields: Fields) -> str:
    parts = (fields.get("PersonFirstName", "").strip(), fields.get("PersonLastName", "").strip())
    return " ".join(part for part in parts if part not in ("", "-"))
