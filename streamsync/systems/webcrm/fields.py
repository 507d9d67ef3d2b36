"""The fields of webCRM that we read or write, by kind, and how each goes between the wire and canonical text.

Only what stands here is ever decoded: histories, passwords and tickets never enter the process (security D7).
Source: webcrm-api §10; lengths from its DTOs, completed by FieldsMetadata at run time (`catalogue.py`).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

import msgspec

from streamsync.errors import Bug
from streamsync.model import Kind

NO_DATE = "0001-01-01T00:00:00+00:00"
DIGITS_MAX = 40  # a number with more is not an amount; `1e999999` would fill the memory when written out
DASH = "-"


class Form(StrEnum):
    TEXT = "text"
    DASHED = "dashed"  # text whose `-` means empty and which must not be empty (quirk Q13)
    INTEGER = "integer"
    REFERENCE = "reference"  # an id; 0 = none
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    STAMP = "stamp"  # UTC date-time, whole seconds
    DAY = "day"  # a date, midnight UTC on the wire
    ENUM = "enum"


class Field(msgspec.Struct, frozen=True):
    form: Form
    max_length: int = 0
    options: tuple[str, ...] = ()
    writable: bool = True
    readable: bool = True  # False: the read DTO lacks it (webcrm-api §10.4)


def _numbered(prefix: str, last: int, form: Form = Form.TEXT, max_length: int = 0) -> dict[str, Field]:
    return {f"{prefix}{number}": Field(form, max_length) for number in range(1, last + 1)}


def _audit(prefix: str) -> dict[str, Field]:
    return {
        f"{prefix}CreatedAt": Field(Form.STAMP, writable=False),
        f"{prefix}UpdatedAt": Field(Form.STAMP, writable=False),
        f"{prefix}UpdatedBy": Field(Form.TEXT, writable=False),
    }


def _texts(prefix: str, **lengths: int) -> dict[str, Field]:
    return {f"{prefix}{name}": Field(Form.TEXT, length) for name, length in lengths.items()}


_ORGANISATION = {
    "OrganisationId": Field(Form.INTEGER, writable=False),
    **_texts(
        "Organisation",
        Name=200,
        DivisionName=200,
        Address=250,
        PostCode=0,
        City=50,
        Country=50,
        State=0,
        Telephone=50,
        Fax=50,
        Www=50,
        Domain=50,
        Alert=50,
        Type=50,
        Status=50,
        Industry=50,
        VatNumber=50,
        VatCountry=10,
        VatGroup=20,
        VatStatus=0,
        Comment=0,
        Memo=0,
    ),
    **_numbered("OrganisationXText", 8, max_length=50),
    **_numbered("OrganisationXMemo", 2),
    **_numbered("OrganisationXInt", 8, Form.INTEGER),
    "OrganisationOwner": Field(Form.REFERENCE),
    "OrganisationOwner2": Field(Form.REFERENCE),
    **_numbered("OrganisationExtraCustom", 8, max_length=50),
    **_numbered("OrganisationCustom", 15),
    **_numbered("OrganisationPlus", 20),
    **_audit("Organisation"),
}
_PERSON = {
    "PersonId": Field(Form.INTEGER, writable=False),
    "PersonOrganisationId": Field(Form.REFERENCE),
    **_texts(
        "Person",
        FirstName=0,
        MiddleName=0,
        LastName=0,
        Email=0,
        Email2=0,
        Title=0,
        Salutation=0,
        DirectPhone=0,
        MobilePhone=0,
        Skype=0,
        Comment=0,
        Memo=0,
    ),
    "PersonStatus": Field(Form.ENUM, options=("Active", "Resigned", "Other", "Guest")),
    **_numbered("PersonCheckMark", 10, Form.BOOLEAN),
    **_numbered("PersonCustom", 15),
    **_numbered("PersonPlus", 20),
    **_audit("Person"),
}
_DELIVERY = {
    "DeliveryId": Field(Form.INTEGER, writable=False),
    "DeliveryOrganisationId": Field(Form.REFERENCE),
    "DeliveryPersonId": Field(Form.REFERENCE),
    **_texts(
        "Delivery",
        Number=50,
        Description=255,
        ErpId=50,
        ErpReadOnly=0,
        Note=0,
        Comment=0,
        CurrencyName=0,
        Product=0,
        Memo=0,
    ),
    "DeliveryErpStatus": Field(
        Form.ENUM, options=("NotReadyForSynchronization", "ReadyForSynchronization", "Synchronized")
    ),
    "DeliveryErpSyncDateTime": Field(Form.STAMP),
    "DeliveryStatus": Field(Form.ENUM, options=("New", "Planned", "OnGoing", "Completed", "GeneralDelivery")),
    "DeliveryOrderDate": Field(Form.DAY),
    "DeliveryWonDate": Field(Form.DAY),
    "DeliveryNextFollowUp": Field(Form.DAY),
    "DeliveryOrderValue": Field(Form.DECIMAL),
    "DeliveryOrderGmValue": Field(Form.DECIMAL),
    "DeliveryDiscount": Field(Form.DECIMAL),
    "DeliveryResponsible": Field(Form.REFERENCE),
    "DeliveryAssignedTo": Field(Form.REFERENCE),
    "DeliveryAssignedTo2": Field(Form.REFERENCE),
    "DeliveryType": Field(Form.INTEGER),
    "DeliveryRisk": Field(Form.ENUM, options=("NoRisk", "Small", "Medium", "High", "Crises")),
    "DeliveryOpportunityMemo": Field(Form.TEXT),
    **_numbered("DeliveryOpportunityCustom", 15),
    **_numbered("DeliveryOpportunityPlus", 20),
    **_numbered("DeliveryCustom", 15),
    **_numbered("DeliveryPlus", 20),
    **_audit("Delivery"),
}
_LINE = {
    "QuotationLineId": Field(Form.INTEGER, writable=False),
    "QuotationLineLinkedDataId": Field(Form.REFERENCE, readable=False),
    "QuotationLineOpportunityId": Field(Form.REFERENCE),
    "QuotationLineOrganisationId": Field(Form.REFERENCE),
    "QuotationLinePersonId": Field(Form.REFERENCE),
    **_numbered("QuotationLineData", 9, Form.DASHED),
    **_texts("QuotationLine", Memo=0, Comment=0, StockStatus=0),
    **{
        f"QuotationLine{name}": Field(Form.DECIMAL)
        for name in ("Price", "ListPrice", "CostPrice", "Quantity", "Discount", "VatPercentage")
    },
    "QuotationLineSortOrder": Field(Form.INTEGER),
    **_audit("QuotationLine"),
}
_ITEM = {
    "QuotationLineLinkedDataItemId": Field(Form.INTEGER, writable=False),
    **_numbered("QuotationLineLinkedDataItemData", 9, Form.DASHED),
    "QuotationLineLinkedDataItemDataMemo": Field(Form.TEXT),
    "QuotationLineLinkedDataItemItemGroup": Field(Form.TEXT),
    "QuotationLineLinkedDataItemVatCode": Field(Form.TEXT),
    "QuotationLineLinkedDataItemEntityType": Field(Form.ENUM, options=("Product",)),
    "QuotationLineLinkedDataItemCostPrice": Field(Form.DECIMAL),
    "QuotationLineLinkedDataItemPrice": Field(Form.DECIMAL),
}

FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    Kind.ORGANISATION: _ORGANISATION,
    Kind.PERSON: _PERSON,
    Kind.DELIVERY: _DELIVERY,
    Kind.LINE: _LINE,
    Kind.ITEM: _ITEM,
}
PREFIX: Mapping[Kind, str] = {
    Kind.ORGANISATION: "Organisation",
    Kind.PERSON: "Person",
    Kind.DELIVERY: "Delivery",
    Kind.LINE: "QuotationLine",
    Kind.ITEM: "QuotationLineLinkedDataItem",
}
TYPES: Mapping[Form, object] = {
    Form.TEXT: str | None,
    Form.DASHED: str | None,
    Form.ENUM: str | None,
    Form.INTEGER: int | None,
    Form.REFERENCE: int | None,
    Form.DECIMAL: Decimal | None,
    Form.BOOLEAN: bool | None,
    Form.STAMP: str | None,
    Form.DAY: str | None,
}


def id_field(kind: Kind) -> str:
    return f"{PREFIX[kind]}Id"


def canonical(field: Field, value: object) -> str:
    """Wire to canonical text. Raises ValueError for a stamp or number that is none."""
    if value is None:
        return ""
    match field.form:
        case Form.TEXT | Form.ENUM:
            return str(value)
        case Form.DASHED:
            return "" if value == DASH else str(value)
        case Form.INTEGER:
            return str(value)
        case Form.REFERENCE:
            return "" if value == 0 else str(value)
        case Form.BOOLEAN:
            return "true" if value else "false"
        case Form.DECIMAL:
            return decimal_text(_amount(value))
        case Form.STAMP:
            moment = stamp(str(value))
            return "" if moment is None else moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
        case Form.DAY:
            moment = stamp(str(value))
            return "" if moment is None else moment.date().isoformat()


def wire(kind: Kind, name: str, text: str) -> object:
    """Canonical text to wire; `""` clears (webcrm-api §4). Raises `Bug` for what the field cannot hold."""
    field = FIELDS[kind].get(name)
    if field is None or not field.writable:
        raise Bug(f"{name} cannot be written in webCRM.", code="field")
    try:
        return _wire(field, text)
    except (ValueError, InvalidOperation) as error:
        raise Bug(f"{name} cannot hold this text.", code="field") from error


def _wire(field: Field, text: str) -> object:
    match field.form:
        case Form.TEXT | Form.ENUM:
            return text
        case Form.DASHED:
            return text or DASH
        case Form.INTEGER | Form.REFERENCE:
            return int(text or "0")
        case Form.BOOLEAN:
            return text == "true"
        case Form.DECIMAL:
            return _amount(text or "0")
        case Form.STAMP:
            return text.removesuffix("Z")[:19] + "+00:00" if text else NO_DATE
        case Form.DAY:
            return f"{date.fromisoformat(text).isoformat()}T00:00:00Z" if text else NO_DATE


def stamp(text: str) -> datetime | None:
    """A wire date-time as an aware one in UTC; None where webCRM means none. Raises ValueError."""
    if not text or text.startswith("0001-01-01"):
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _amount(value: object) -> Decimal:
    """A number of a size that an amount can have. Raises ValueError."""
    found = Decimal(str(value))
    if not found.is_finite() or abs(found.adjusted()) > DIGITS_MAX:
        raise ValueError("not an amount")
    return found


def decimal_text(number: Decimal) -> str:
    """`12.50` -> `12.5`, `1E+3` -> `1000`, `-0` -> `0`."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
