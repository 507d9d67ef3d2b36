"""From canonical fields to request bodies: one table per kind, from read path to write place. Pure functions.

Finance bodies wrap every scalar and nested object as `{"value": …}` and rename (`vatZone.id` -> `vatZoneId`,
visma-api §3.1); v3 bodies are plain (§4.4). A path that cannot be written is a `Bug`. Emptying: text becomes
`""`, an amount 0; what Visma.net cannot empty (a date, a choice, a reference number) is `Rejected`. In a
create, empty fields are left out.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from streamsync.errors import Bug, Rejected
from streamsync.model import Fields, Kind, LineEdit
from streamsync.systems.visma import canonical

Body = dict[str, object]
_ENCODER = msgspec.json.Encoder()


class Place(NamedTuple):
    """Where a value goes in the body, and as what: text choice decimal integer bool date."""

    steps: tuple[str, ...]
    kind: str = "text"


def _texts(*names: str) -> dict[str, Place]:
    return {name: Place((name,)) for name in names}


def _address(name: str) -> dict[str, Place]:
    parts = ("addressLine1", "addressLine2", "addressLine3", "postalCode", "city")
    return {f"{name}.{part}": Place((name, part)) for part in parts} | {
        f"{name}.country.id": Place((name, "countryId"))
    }


def _contact_info(name: str) -> dict[str, Place]:
    parts = ("name", "attention", "email", "web", "phone1", "phone2", "fax")
    return {f"{name}.{part}": Place((name, part)) for part in parts}


CUSTOMER: dict[str, Place] = {
    **_texts("name", "accountReference", "corporateId", "vatRegistrationId", "gln", "currencyId", "note"),
    "status": Place(("status",), "choice"),
    "creditLimit": Place(("creditLimit",), "decimal"),
    "customerClass.id": Place(("customerClassId",)),
    "creditTerms.id": Place(("creditTermsId",)),
    "vatZone.id": Place(("vatZoneId",)),
    "priceClass.id": Place(("priceClassId",)),
    **_address("mainAddress"),
    **_address("invoiceAddress"),
    **_address("deliveryAddress"),
    **_contact_info("mainContact"),
    **_contact_info("invoiceContact"),
    **_contact_info("deliveryContact"),
}
CUSTOMER_CREATE = CUSTOMER | {
    "number": Place(("number",)),
    "overrideNumberSeries": Place(("overrideNumberSeries",), "bool"),
}

CONTACT: dict[str, Place] = {
    **_texts(
        "firstName",
        "lastName",
        "email",
        "position",
        "phone1",
        "phone2",
        "phone3",
        "fax",
        "web",
        "businessAccount",
    ),
    "title": Place(("title",), "choice"),
    "active": Place(("active",), "bool"),
    "sameAsAccount": Place(("sameAsAccount",), "bool"),
    **_address("address"),
}

INVOICE: dict[str, Place] = {
    **_texts(
        "externalReference",
        "customerRefNumber",
        "invoiceText",
        "note",
        "currencyId",
        "paymentReference",
        "salesperson",
    ),
    "customer.number": Place(("customerNumber",)),
    "contact.id": Place(("contact",), "integer"),
    "documentDate": Place(("documentDate",), "date"),
    "documentDueDate": Place(("documentDueDate",), "date"),
    "branchNumber.number": Place(("branchNumber",)),
    "salesPerson.id": Place(("salesperson",)),
    "salesPersonID": Place(("salesperson",)),  # the id itself is deprecated for writing (visma-api §4.6)
    "project.id": Place(("project",)),
    "creditTerms.id": Place(("creditTermsId",)),
    "hold": Place(("hold",), "bool"),
}
INVOICE_LINE: dict[str, Place] = {
    **_texts("inventoryNumber", "description", "uom", "note"),
    "quantity": Place(("quantity",), "decimal"),
    "unitPrice": Place(("unitPriceInCurrency",), "decimal"),
    "unitPriceInCurrency": Place(("unitPriceInCurrency",), "decimal"),
    "discountPercent": Place(("discountPercent",), "decimal"),
    "discountAmountInCurrency": Place(("discountAmountInCurrency",), "decimal"),
    "manualDiscount": Place(("manualDiscount",), "bool"),
    "hasManualDiscount": Place(("manualDiscount",), "bool"),
    "vatCode.id": Place(("vatCodeId",)),
    "account.number": Place(("accountNumber",)),
}

ORDER: dict[str, Place] = {
    **_texts("description", "note", "currencyId"),
    "status": Place(("status",), "choice"),
    "date": Place(("date",), "date"),
    "requestOn": Place(("requestOn",), "date"),
    "customer.id": Place(("customer", "id"), "choice"),
    "customer.order": Place(("customer", "order")),
    "customer.refNo": Place(("customer", "refNo")),
    "customer.contactId": Place(("customer", "contactId"), "integer"),
    "salesPerson.id": Place(("salesPersonId",)),
    "branch.id": Place(("branchId",)),
    "project.id": Place(("projectId",)),
}
ORDER_CREATE = ORDER | {"type": Place(("type",), "choice")}
ORDER_LINE: dict[str, Place] = {
    **_texts(
        "description", "unitOfMeasure", "taxCategoryId", "warehouseId", "externalLink", "note", "operation"
    ),
    **{
        name: Place((name,), "decimal")
        for name in ("quantity", "unitPrice", "discountPercent", "discountAmount", "unitCost")
    },
    **{name: Place((name,), "bool") for name in ("hasManualPrice", "hasManualDiscount")},
}
ORDER_LINE_NEW = ORDER_LINE | {"inventory.id": Place(("inventoryId",), "choice")}
ORDER_LINE_PATCH = ORDER_LINE | {"sortOrder": Place(("sortOrder",), "integer")}

WRITABLE: dict[Kind, frozenset[str]] = {
    Kind.ORGANISATION: frozenset(CUSTOMER),
    Kind.PERSON: frozenset(CONTACT),
    Kind.ITEM: frozenset(),
    Kind.ORDER: frozenset(ORDER_CREATE),
    Kind.INVOICE: frozenset(INVOICE),
}


def customer_body(fields: Fields, *, create: bool) -> Body:
    """`CustomerUpdateDto`. A given `number` overrides the number series (semantics §2.1)."""
    plain = {path: text for path, text in fields.items() if not path.startswith("attributes.")}
    body = _build(plain, CUSTOMER_CREATE if create else CUSTOMER, Kind.ORGANISATION, wrap=True, create=create)
    if create and "number" in body:
        body["overrideNumberSeries"] = {"value": True}
    lines = [
        {"attributeId": {"value": path.removeprefix("attributes.")}, "attributeValue": {"value": text}}
        for path, text in fields.items()
        if path.startswith("attributes.") and (text or not create)
    ]
    if lines:
        body["attributeLines"] = lines
    return body


def contact_body(fields: Fields, *, create: bool) -> Body:
    """`ContactUpdateDto`."""
    return _build(fields, CONTACT, Kind.PERSON, wrap=True, create=create)


def invoice_body(fields: Fields, edits: Iterable[LineEdit], *, create: bool) -> Body:
    """`CustomerInvoiceUpdateDto`; each line carries its `operation`."""
    body = _build(fields, INVOICE, Kind.INVOICE, wrap=True, create=create)
    lines = [_invoice_line(edit) for edit in edits]
    if lines:
        body["invoiceLines"] = lines
    return body


def _invoice_line(edit: LineEdit) -> Body:
    insert = edit.action == "insert"
    line: Body = {"operation": edit.action.capitalize()}
    if not insert:
        line["lineNumber"] = {"value": _integer("lineNumber", edit.key)}
    if edit.action != "delete":
        line |= _build(edit.fields, INVOICE_LINE, Kind.INVOICE, wrap=True, create=insert)
        if "discountPercent" in edit.fields and "manualDiscount" not in line:
            line["manualDiscount"] = {"value": True}
    return line


def order_body(fields: Fields, edits: Iterable[LineEdit] = (), *, create: bool) -> Body:
    """`NewSalesOrderCommand` with its lines, or `PatchSalesOrderCommand`."""
    body = _build(fields, ORDER_CREATE if create else ORDER, Kind.ORDER, wrap=False, create=create)
    if create:
        body["orderLines"] = [new_order_line(edit.fields) for edit in edits]
    return body


def new_order_line(fields: Fields) -> Body:
    """`NewSalesOrderLineDto`. A price or percent given is meant, so it is marked manual (visma-api §4.4)."""
    return _manual(_build(fields, ORDER_LINE_NEW, Kind.ORDER, wrap=False, create=True))


def patch_order_line(edit: LineEdit) -> Body:
    """`PatchSalesOrderLineDto`."""
    changed = _build(edit.fields, ORDER_LINE_PATCH, Kind.ORDER, wrap=False, create=False)
    return {"lineId": _integer("lineId", edit.key)} | _manual(changed)


def _manual(line: Body) -> Body:
    if "unitPrice" in line:
        line.setdefault("hasManualPrice", True)
    if "discountPercent" in line or "discountAmount" in line:
        line.setdefault("hasManualDiscount", True)
    return line


def _build(fields: Fields, table: Mapping[str, Place], kind: Kind, *, wrap: bool, create: bool) -> Body:
    body: Body = {}
    for path, text in fields.items():
        place = table.get(path)
        if place is None:
            raise Bug(f"{path} of a Visma.net {kind} cannot be written", code="path")
        if create and not text:
            continue
        value = _value(path, place.kind, text, utc=not wrap)
        at = body
        for step in place.steps[:-1]:
            at = _descend(at, step, wrap=wrap)
        at[place.steps[-1]] = {"value": value} if wrap else value
    return body


def _descend(body: Body, step: str, *, wrap: bool) -> Body:
    inner = body.setdefault(step, {"value": {}} if wrap else {})
    found = inner["value"] if wrap and isinstance(inner, dict) else inner
    if not isinstance(found, dict):
        raise Bug(f"{step} is both a value and a section", code="path")
    return found


def _value(path: str, kind: str, text: str, *, utc: bool) -> object:
    if kind == "text":
        return text
    if not text and kind == "decimal":
        return Decimal(0)
    if not text:
        raise Rejected(
            f"Visma.net cannot empty {path}: set it there by hand, or put a value back.", code="not_clearable"
        )
    match kind:
        case "choice":
            return text
        case "decimal":
            return canonical.number_of(path, text)
        case "integer":
            return _integer(path, text)
        case "date":
            return f"{text[:10]}T00:00:00" + ("Z" if utc else "")
    if text not in ("true", "false"):
        raise Bug(f"{path} must be true or false", code="value")
    return text == "true"


def _integer(path: str, text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise Bug(f"{path} must be a whole number", code="value")
    return int(text)


def encode(body: Body) -> bytes:
    """JSON with decimals as plain numbers, never with an exponent and never through a float."""
    return _ENCODER.encode(_numbers(body))


def _numbers(value: object) -> object:
    if isinstance(value, dict):
        return {key: _numbers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_numbers(member) for member in value]
    if isinstance(value, Decimal):
        return msgspec.Raw(canonical.decimal_text(value).encode())
    return value
