"""The fields an administrator may map on the ERP side, kind by kind, with sort, length and whether they can
be written.

Static apart from the attributes, which each company defines on its customer classes. Names are the read
paths. Lengths: semantics §2.1, visma-api §4.4; 0 where none is known.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import msgspec

from streamsync.model import Kind
from streamsync.systems.port import Catalogue, FieldInfo
from streamsync.systems.visma import flatten, shapes, wire

_STATUS = ("Active", "OnHold", "CreditHold", "Inactive", "OneTime")
_TITLES = ("", "Doctor", "Miss", "Mr", "Mrs", "Ms", "Prof")

_LENGTHS: Mapping[Kind, Mapping[str, int]] = {
    Kind.ORGANISATION: {
        "name": 60,
        "vatZone.id": 10,
        "creditTerms.id": 10,
        "customerClass.id": 10,
        "priceClass.id": 10,
        "currencyId": 5,
        "vatRegistrationId": 50,
        "corporateId": 50,
        "gln": 13,
        "accountReference": 50,
        **{
            f"{part}.{line}": 50
            for part in ("mainAddress", "invoiceAddress", "deliveryAddress")
            for line in ("addressLine1", "addressLine2", "addressLine3", "city")
        },
        **{f"{part}.postalCode": 20 for part in ("mainAddress", "invoiceAddress", "deliveryAddress")},
        **{f"{part}.country.id": 2 for part in ("mainAddress", "invoiceAddress", "deliveryAddress")},
        **{f"{part}.phone1": 50 for part in ("mainContact", "invoiceContact", "deliveryContact")},
        **{f"{part}.phone2": 50 for part in ("mainContact", "invoiceContact", "deliveryContact")},
    },
    Kind.PERSON: {"phone1": 50, "phone2": 50, "phone3": 50},
    Kind.ITEM: {},
    Kind.ORDER: {
        "description": 255,
        "note": 2048,
        "customer.order": 40,
        "customer.refNo": 40,
        "currencyId": 5,
        "branch.id": 30,
        "salesPerson.id": 15,
        "project.id": 30,
        "type": 2,
    },
    Kind.INVOICE: {"currencyId": 5},
}
_LINE_LENGTHS = {"description": 256, "externalLink": 255, "note": 2048, "unitOfMeasure": 6}
_MEMOS = frozenset({"note", "body", "invoiceText"})
_AMOUNTS = ("balance", "totalSaleYear")  # of /v1/customer/balance, shown with the customer
_HIDDEN = frozenset(
    {"metadata", "lines", "invoiceLines", "cashSaleLines", "timeStamp", "timestamp", "version"}
)
_OPTIONS: Mapping[tuple[Kind, str], tuple[str, ...]] = {
    (Kind.ORGANISATION, "status"): _STATUS,
    (Kind.PERSON, "title"): _TITLES,
}


def catalogue(classes: Iterable[wire.CustomerClass]) -> Catalogue:
    """All kinds. `classes` brings the attributes."""
    found = {kind: dict(fields) for kind, fields in _described().items()}
    found[Kind.ORDER]["shipments"] = FieldInfo(
        name="shipments", label="Shipments", kind="memo", writable=False
    )
    for name, label in _attributes(classes).items():
        path = f"attributes.{name}"
        found[Kind.ORGANISATION][path] = FieldInfo(name=path, label=label)
    found[Kind.ORGANISATION] |= {path: _info(Kind.ORGANISATION, path, "decimal") for path in _AMOUNTS}
    found[Kind.LINE] = {path: _line_info(path) for path in flatten.ORDER_LINE_PATHS}
    return found


@cache
def _described() -> Mapping[Kind, Mapping[str, FieldInfo]]:
    """What the reduced specification says, the same for every tenant."""
    return {
        kind: {path: _info(kind, path, sort) for path, sort in _paths(root, "")}
        for kind, root in flatten.ROOTS.items()
        if kind is not Kind.BALANCE
    }


def _attributes(classes: Iterable[wire.CustomerClass]) -> dict[str, str]:
    return {
        held.attribute_id: held.description or held.attribute_id
        for found in classes
        for held in found.attributes or ()
        if held.attribute_id
    }


def _paths(root: type[wire.Wire], prefix: str) -> Iterable[tuple[str, str]]:
    """Every readable path of a struct with its sort."""
    for member in msgspec.structs.fields(root):
        if (not prefix and member.encode_name in _HIDDEN) or member.encode_name == "attributes":
            continue
        path = f"{prefix}{member.encode_name}"
        inner = flatten.struct_of(member.type)
        text = str(member.type)
        if root is wire.Order and path == "status":
            yield path, "text"
        elif inner is not None:
            yield from _paths(inner, f"{path}.")
        elif "tuple" in text:
            yield path, "memo"
        else:
            yield path, _sort(member.name, text)


def _sort(name: str, text: str) -> str:
    if name in flatten.DATES:
        return "date"
    if "date_time" in name or name in flatten.UTC_STAMPS:
        return "datetime"
    for python, sort in (("Decimal", "decimal"), ("bool", "bool"), ("int", "integer")):
        if python in text:
            return sort
    return "text"


def _info(kind: Kind, path: str, sort: str) -> FieldInfo:
    options = _OPTIONS.get((kind, path), ())
    last = path.rpartition(".")[2]
    if options:
        sort = "choice"
    elif last == "email":
        sort = "email"
    elif path in _MEMOS:
        sort = "memo"
    return FieldInfo(
        name=path,
        label=_label(path),
        kind=sort,
        max_length=_LENGTHS[kind].get(path, 0),
        options=options,
        writable=path in shapes.WRITABLE[kind],
    )


def _line_info(path: str) -> FieldInfo:
    decimals = ("quantity", "Price", "Percent", "Amount", "Cost", "OnShipments", "Quantity")
    sort = "decimal" if path.endswith(decimals) and not path.startswith("has") else "text"
    if path.startswith("has") or path in ("completed", "freeItem"):
        sort = "bool"
    return FieldInfo(
        name=path,
        label=_label(path),
        kind=sort,
        max_length=_LINE_LENGTHS.get(path, 0),
        writable=path in shapes.ORDER_LINE_NEW or path in shapes.ORDER_LINE_PATCH,
    )


def _label(path: str) -> str:
    """`mainAddress.addressLine1` -> `Main address: address line 1`."""
    return ": ".join(_words(part) for part in path.split(".")).capitalize()


def _words(name: str) -> str:
    out = ""
    for before, char in zip(" " + name, name, strict=False):
        apart = (char.isupper() and not before.isupper()) or (char.isdigit() and not before.isdigit())
        out += f" {char.lower()}" if apart and out else char.lower()
    return out
