"""What fields this webCRM system has, by FieldsMetadata, LinkedSetup and Users (webcrm-api §9, §10.5,
§10.7)."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from streamsync.errors import Unknown
from streamsync.model import Kind, Lane
from streamsync.systems.port import FieldInfo
from streamsync.systems.transport import Reply
from streamsync.systems.webcrm.calls import PAGE_SIZE, PAGES_MAX, Calls, more_may_follow
from streamsync.systems.webcrm.fields import FIELDS, Field, Form

T = TypeVar("T")
_CONFIGURED = ("Custom", "Plus", "ExtraCustom", "CheckMark", "XText", "XInt", "XMemo")
_KINDS = {
    "D": "choice",
    "C": "checkbox",
    "DA": "date",
    "DAT": "date",
    "DT": "datetime",
    "EMA": "email",
    "I": "integer",
    "M": "memo",
    "HM": "memo",
    "R": "decimal",
    "ML": "text",
}
_FORMS = {
    Form.TEXT: "text",
    Form.DASHED: "text",
    Form.INTEGER: "integer",
    Form.REFERENCE: "integer",
    Form.DECIMAL: "decimal",
    Form.BOOLEAN: "bool",
    Form.STAMP: "datetime",
    Form.DAY: "date",
    Form.ENUM: "choice",
}
_ENTITIES = {Kind.ORGANISATION: "Organisation", Kind.PERSON: "Person", Kind.DELIVERY: "Delivery"}


class _Option(msgspec.Struct):
    Text: str | None = None
    Value: str | None = None


class _Metadata(msgspec.Struct):
    FieldMetadataFriendlyFieldName: str | None = None
    FieldMetadataLabel: str | None = None
    FieldMetadataDisplayType: str | None = None
    FieldMetadataTextFieldMaxLength: int | None = None
    FieldMetadataDropdownListData: list[_Option] | None = None


class _User(msgspec.Struct):
    """Only what the user map needs; passwords and tickets of the DTO are never decoded."""

    UserId: int
    UserEmail: str | None = None
    UserInitials: str | None = None
    UserName: str | None = None
    UserIntegrationId: str | None = None


_SETUP = msgspec.defstruct(
    "_Setup",
    [(f"QuotationLineLinkedSetupUseLinkedField{n}", bool | None, None) for n in range(1, 10)]
    + [("QuotationLineLinkedSetupIsUniqueValueRequired", bool | None, None)],
)


class Metadata(msgspec.Struct, frozen=True):
    """One reading of the system's own description."""

    catalogue: Mapping[Kind, Mapping[str, FieldInfo]]
    options: Mapping[str, Mapping[str, str]]  # dropdown field -> option text -> its value
    defaults: Mapping[str, str]  # dropdown field -> the text that means nothing chosen


async def read_metadata(calls: Calls, lane: Lane) -> Metadata:
    catalogue: dict[Kind, Mapping[str, FieldInfo]] = {}
    options: dict[str, dict[str, str]] = {}
    for kind, entity in _ENTITIES.items():
        reply = await calls.read("/FieldsMetadata/{entityTypes}", lane, entity)
        rows = {
            row.FieldMetadataFriendlyFieldName: row
            for row in _decode(reply, list[_Metadata])
            if row.FieldMetadataFriendlyFieldName
        }
        catalogue[kind] = {
            name: _info(name, field, rows.get(name))
            for name, field in FIELDS[kind].items()
            if name in rows or not _configured(name, entity)
        }
        for name, row in rows.items():
            if (
                name in FIELDS[kind]
                and row.FieldMetadataDisplayType == "D"
                and row.FieldMetadataDropdownListData
            ):
                options[name] = {
                    one.Text or "": one.Value or one.Text or "" for one in row.FieldMetadataDropdownListData
                }
    setup = _decode(await calls.read("/QuotationLines/LinkedSetup", lane), _SETUP)
    used = {n for n in range(1, 10) if getattr(setup, f"QuotationLineLinkedSetupUseLinkedField{n}")}
    for kind, prefix in ((Kind.ITEM, "QuotationLineLinkedDataItemData"), (Kind.LINE, "QuotationLineData")):
        catalogue[kind] = {
            name: _info(name, field, None)
            for name, field in FIELDS[kind].items()
            if not _unused(name, prefix, used)
        }
    return Metadata(
        catalogue=catalogue,
        options=options,
        defaults={name: next(iter(found)) for name, found in options.items() if _has_default(found)},
    )


async def read_users(calls: Calls, lane: Lane) -> dict[str, str]:
    """UserId to JSON {email, initials, integrationId, name}."""
    out: dict[str, str] = {}
    for page in range(1, PAGES_MAX):
        reply = await calls.read(
            "/Users/AllActive", lane, params=[("Page", str(page)), ("Size", str(PAGE_SIZE))]
        )
        users = _decode(reply, list[_User])
        for user in users:
            out[str(user.UserId)] = msgspec.json.encode(
                {
                    "email": user.UserEmail or "",
                    "initials": user.UserInitials or "",
                    "integrationId": user.UserIntegrationId or "",
                    "name": user.UserName or "",
                }
            ).decode()
        if not more_may_follow(len(users)):
            return out
    raise Unknown("webCRM's list of users does not end.", code="endless")


def _has_default(options: Mapping[str, str]) -> bool:
    """The first option is what an untouched record shows; a list whose first option is a real choice has no
    empty one."""
    first = next(iter(options), "")
    return first.strip().startswith("-")


def _configured(name: str, entity: str) -> bool:
    return name.removeprefix(entity).removeprefix("Opportunity").startswith(_CONFIGURED)


def _unused(name: str, prefix: str, used: set[int]) -> bool:
    rest = name.removeprefix(prefix)
    return rest.isdigit() and int(rest) not in used


def _info(name: str, field: Field, row: _Metadata | None) -> FieldInfo:
    kind, label, length, options = _FORMS[field.form], name, field.max_length, field.options
    if row is not None:
        if field.form is Form.TEXT:
            kind = _KINDS.get(row.FieldMetadataDisplayType or "", kind)
        label = row.FieldMetadataLabel or name
        stated = row.FieldMetadataTextFieldMaxLength or 0
        length = min(length, stated) if length and stated else length or stated
        if row.FieldMetadataDropdownListData:
            options = tuple(one.Text or "" for one in row.FieldMetadataDropdownListData)
    return FieldInfo(
        name=name, label=label, kind=kind, max_length=length, options=options, writable=field.writable
    )


def _decode(reply: Reply, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (ValueError, RecursionError) as error:
        raise Unknown("webCRM's description of its fields cannot be read.", code="malformed") from error
