"""What `/FieldsMetadata` shows: label, display type, length and options of every field in use (webcrm-api
§9). Pure."""

from collections.abc import Iterator

from streamsync.simulators.webcrm.schema import (
    DELIVERY,
    OPPORTUNITY,
    ORGANISATION,
    PERSON,
    USER,
    Entity,
    Member,
)
from streamsync.simulators.webcrm.tenant import Field, Tenant

_DISPLAY = {
    "text": "T",
    "int": "I",
    "date": "DA",
    "email": "EMA",
    "checkbox": "C",
    "list": "D",
    "multi": "ML",
    "memo": "M",
}
_BY_TYPE = {"int": "I", "num": "R", "bool": "C", "dt": "DT", "enum": "NONE"}
_DB = {"organisation": "o", "person": "p", "delivery": "op", "opportunity": "op", "user": "u"}
_ENTITIES = {entity.prefix: entity for entity in (DELIVERY, OPPORTUNITY, ORGANISATION, PERSON, USER)}
_EMPTY_TYPES = frozenset({"Activity", "Event", "SupportCase"})
_SECRET = frozenset(
    {"UserPassword", "UserTicket", "UserAuthenticationCode", "PersonPassword", "PersonMemberPassword"}
)


def known(entity_type: str) -> bool:
    """Whether `/FieldsMetadata/{entity_type}` exists."""
    return entity_type in _ENTITIES or entity_type in _EMPTY_TYPES or entity_type in ("Product", "All")


def fields_metadata(tenant: Tenant, entity_type: str) -> list[dict[str, object]]:
    """The answer for one entity type, or all with `All`."""
    rows: list[dict[str, object]] = []
    for prefix, entity in _ENTITIES.items():
        if entity_type in (prefix, "All"):
            rows.extend(_of_entity(tenant, entity))
    if entity_type in ("Product", "All"):
        rows.extend(_of_products(tenant))
    for number, row in enumerate(rows, 1):
        row["FieldMetadataId"] = number
        row["FieldMetadataSortOrder"] = number * 10
    return rows


def _of_entity(tenant: Tenant, entity: Entity) -> Iterator[dict[str, object]]:
    for name, member in entity.members.items():
        configured = tenant.fields.get(name)
        if name in _SECRET or (configured is None and _needs_configuring(entity, name)):
            continue
        db_name = f"{_DB[entity.kind]}_{name.removeprefix(entity.prefix).lower()}"
        label = tenant.labels.get(name, name.removeprefix(entity.prefix))
        if configured is None:
            yield _row(db_name, name, label, _display(member), member.maximum, [])
        else:
            maximum = 0 if configured.kind == "memo" else configured.maximum
            yield _row(
                db_name, name, configured.label, _DISPLAY[configured.kind], maximum, _options(configured)
            )


def _of_products(tenant: Tenant) -> Iterator[dict[str, object]]:
    for n in range(1, 10):
        name = f"ProductCustom{n}"
        if name in tenant.labels:
            yield _row(f"pr_custom{n}", name, tenant.labels[name], "T", 250, [])


def _needs_configuring(entity: Entity, name: str) -> bool:
    rest = name.removeprefix(entity.prefix).removeprefix("Opportunity")
    return rest.startswith(("Custom", "Plus", "ExtraCustom", "XText", "XInt", "XMemo", "XDate", "CheckMark"))


def _display(member: Member) -> str:
    if member.type != "str":
        return _BY_TYPE[member.type]
    if member.name.endswith(("Memo", "Comment", "History", "Note")):
        return "M"
    return "TELE" if member.name.endswith(("Telephone", "Phone")) else "T"


def _options(field: Field) -> list[dict[str, str]]:
    return [
        {"Text": text, "Value": value} for text, value in zip(field.options, field.wire_values(), strict=True)
    ]


def _row(
    db_name: str, name: str, label: str, display: str, maximum: int, options: list[dict[str, str]]
) -> dict[str, object]:
    return {
        "FieldMetadataDbFieldName": db_name,
        "FieldMetadataFriendlyFieldName": name,
        "FieldMetadataLabel": label,
        "FieldMetadataDisplayType": display,
        "FieldMetadataTextFieldMaxLength": maximum,
        "FieldMetadataDropdownListData": options,
    }
