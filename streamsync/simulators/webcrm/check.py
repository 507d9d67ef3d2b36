"""Holds a request body to the schema and the tenant's configuration; pure.

Two steps, because webCRM answers them differently: `shape` is what the deserialiser refuses (unknown
members, wrong types: 400 for the whole request), `values` is what the application refuses (too long, no
such option: 400, or one error text in a bulk answer). Values come out as the table stores them. `null`
means absent (webcrm-api §4).
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.schema import Entity, Member
from streamsync.simulators.webcrm.settings import Refusal
from streamsync.simulators.webcrm.tenant import Field, Tenant

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INT32 = 2**31


def shape(entity: Entity, body: object, *, id_required: bool = True) -> dict[str, Any]:
    """The body's members with their wire values checked for type. Raises Refusal."""
    if not isinstance(body, dict):
        raise Refusal(400, f"The request body must be one {entity.kind} object.")
    given: dict[str, Any] = {}
    for name, value in body.items():
        member = entity.members.get(name)
        if member is None:
            raise Refusal(400, f"Could not find member '{name}' on object of type '{entity.prefix}Dto'.")
        if value is not None:
            given[name] = _typed(member, value)
    if id_required and entity.id not in given:
        raise Refusal(400, f"The {entity.id} field is required.")
    return given


def _typed(member: Member, value: object) -> Any:
    good = False
    match member.type:
        case "int":
            good = isinstance(value, int) and not isinstance(value, bool) and -_INT32 <= value < _INT32
        case "num":
            if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                return float(value)  # webCRM keeps doubles (Q26)
        case "bool":
            good = isinstance(value, bool)
        case "enum":
            good = value in member.options
        case "dt":
            if isinstance(value, str):
                try:
                    return stamps.canonical(value)
                except ValueError:
                    good = False
        case _:
            good = isinstance(value, str)
    if not good:
        raise Refusal(400, f"Error converting the value of '{member.name}' to {member.type}.")
    return value


def values(
    entity: Entity, tenant: Tenant, given: Mapping[str, Any], *, truncate: bool = False
) -> dict[str, Any]:
    """What is to be stored: computed members dropped, lengths and options checked. Raises Refusal."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        member = entity.members[name]
        if member.computed or name == entity.id:
            continue
        field = tenant.fields.get(name)
        if field is not None and member.type != "bool":  # PersonCheckMarkN: a checkbox without words (Q9)
            _configured(name, field, value)
        maximum = member.maximum if field is None else (0 if field.kind == "memo" else field.maximum)
        if field is not None and field.kind in ("list", "multi"):
            maximum = 0  # the options are the limit
        if maximum and isinstance(value, str) and len(value) > maximum:
            if not truncate:
                raise Refusal(400, f"The field {name} must be a string with a maximum length of {maximum}.")
            value = value[:maximum]
        kept[name] = value
    return kept


def _configured(name: str, field: Field, value: str) -> None:
    match field.kind:
        case "list":
            good = value in field.wire_values()
        case "checkbox":
            good = value in ("Yes", "No")
        case "date":
            good = value == "" or _is_day(value)
        case "email":
            good = value == "" or "@" in value
        case "int":
            good = value == "" or value.isdecimal()
        case "multi":
            good = value == "[]" or all(part in field.options for part in value.split("; "))
        case _:
            good = True
    if not good:
        raise Refusal(400, f"The value of {name} is not allowed in a field of kind {field.kind}.")


def _is_day(value: str) -> bool:
    if not _DAY.fullmatch(value):
        return False
    try:
        stamps.parse(value)
    except ValueError:
        return False
    return True
