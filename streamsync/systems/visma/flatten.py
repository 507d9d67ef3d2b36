"""From wire structs to `Record`s: the wanted canonical paths of each kind, and nothing more (security D7).
Pure functions.

A path is resolved against the struct once and cached. A path that the kind lacks is left out; one that only
this document sort lacks (a cash sale has no contact) is empty.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import get_args

import msgspec

from streamsync.errors import Bug
from streamsync.model import Fields, Kind, Line, Record, Side
from streamsync.systems.visma import canonical, wire

Reader = Callable[[object], str]

DATES = frozenset({"document_date", "document_due_date", "date", "request_on"})
UTC_STAMPS = frozenset({"last_modified"})

ORDER_LINE_PATHS = (
    "inventory.id",
    "description",
    "quantity",
    "unitPrice",
    "discountPercent",
    "discountAmount",
    "unitOfMeasure",
    "unitCost",
    "taxCategoryId",
    "warehouseId",
    "sortOrder",
    "externalLink",
    "quantityOnShipments",
    "billedQuantity",
    "completed",
    "openQuantity",
    "hasManualPrice",
    "hasManualDiscount",
    "freeItem",
    "note",
    "lineType",
    "extendedPrice",
    "operation",
)
DOCUMENT_LINE_PATHS = (
    "inventoryNumber",
    "description",
    "quantity",
    "unitPrice",
    "unitPriceInCurrency",
    "discountPercent",
    "discountAmount",
    "discountAmountInCurrency",
    "uom",
    "vatCode.id",
    "soOrderType",
    "soOrderNbr",
    "soShipmentNbr",
    "amount",
    "amountInCurrency",
    "cost",
    "lineType",
    "account.number",
    "externalLink",
    "note",
)
_ROW_NAMES = {
    "currencyId": "currency",
    "customer.id": "customerId",
    "customer.order": "customerOrder",
    "customer.refNo": "customerRefNo",
    "totals.orderTotal": "orderTotal",
}
ROOTS: dict[Kind, type[wire.Wire]] = {
    Kind.ORGANISATION: wire.Customer,
    Kind.PERSON: wire.Contact,
    Kind.ITEM: wire.Inventory,
    Kind.ORDER: wire.Order,
    Kind.INVOICE: wire.Document,
    Kind.BALANCE: wire.Balance,
}


@lru_cache(maxsize=4096)
def reader(root: type[wire.Wire], path: str) -> Reader | None:
    """How to take `path` out of a `root`; None if it has no such path."""
    if path.startswith("attributes."):
        return _attribute(path.removeprefix("attributes.")) if _member(root, "attributes") else None
    if root is wire.Order and path == "status":
        path = "status.description"
    steps: list[str] = []
    at: type | None = root
    for name in path.split("."):
        found = _member(at, name)
        if found is None:
            return None
        steps.append(found.name)
        at = struct_of(found.type)
        if found.name in _LISTS:
            return _listing(steps)
    return None if at is not None else _scalar(tuple(steps))


_LISTS = frozenset(
    {"applications", "tax_details", "inventory_units", "warehouse_details", "cross_references"}
)


def _member(root: type | None, name: str) -> "msgspec.structs.FieldInfo | None":
    if root is None:
        return None
    return next((f for f in msgspec.structs.fields(root) if f.encode_name == name), None)


def struct_of(annotation: object) -> type | None:
    """The struct in `X | None`; None for scalars and lists."""
    for choice in get_args(annotation) or (annotation,):
        if isinstance(choice, type) and issubclass(choice, wire.Wire):
            return choice
    return None


def _walk(start: object, steps: Sequence[str]) -> object:
    for step in steps:
        if start is None:
            return None
        start = getattr(start, step)
    return start


def _scalar(steps: tuple[str, ...]) -> Reader:
    def read(start: object) -> str:
        found = _walk(start, steps)
        if steps[-1] in DATES:
            return canonical.date_text(found if isinstance(found, str) else None)
        if steps[-1] in UTC_STAMPS:
            return canonical.utc_text(found if isinstance(found, str) else None)
        return canonical.text_of(found)

    return read


def _listing(steps: Sequence[str]) -> Reader:
    def read(start: object) -> str:
        found = _walk(start, steps)
        return canonical.json_text(found if isinstance(found, tuple) else None)

    return read


def _attribute(name: str) -> Reader:
    def read(start: object) -> str:
        held: Iterable[wire.Attribute] = getattr(start, "attributes", None) or ()
        return next((a.value or "" for a in held if (a.id or "").casefold() == name.casefold()), "")

    return read


def known(kind: Kind, path: str) -> bool:
    """Whether records of this kind can carry the path."""
    return (path == "shipments" and kind is Kind.ORDER) or reader(ROOTS[kind], path) is not None


@lru_cache(maxsize=64)
def header_paths(kind: Kind, want: frozenset[str]) -> tuple[str, ...]:
    """Those of `want` that a header of this kind has.

    The rest are line paths; that a mapped field exists is checked against the catalogue when rules are saved.
    """
    return tuple(path for path in sorted(want) if known(kind, path))


def fields(row: wire.Wire, paths: Iterable[str]) -> Fields:
    out: Fields = {}
    for path in paths:
        read = reader(type(row), path)
        out[path] = read(row) if read else ""
    return out


def customer(row: wire.Customer, want: frozenset[str], zone_ms: int) -> Record:
    return Record(
        side=Side.ERP,
        kind=Kind.ORGANISATION,
        rid=str(row.internal_id),
        fields=fields(row, header_paths(Kind.ORGANISATION, want)),
        updated_ms=_finance_ms(row.last_modified_date_time, zone_ms),
        version=canonical.bare_version(row.time_stamp),
    )


def balance(row: wire.Balance, want: frozenset[str]) -> Record:
    """What a customer owes and has bought this year; the rid is the customer's."""
    return Record(
        side=Side.ERP,
        kind=Kind.BALANCE,
        rid=str(row.customer.internal_id),
        fields=fields(row, header_paths(Kind.BALANCE, want)),
    )


def contact(row: wire.Contact, want: frozenset[str], zone_ms: int) -> Record:
    return Record(
        side=Side.ERP,
        kind=Kind.PERSON,
        rid=str(row.contact_id),
        fields=fields(row, header_paths(Kind.PERSON, want)),
        updated_ms=_finance_ms(row.last_modified_date_time, zone_ms),
        version=canonical.bare_version(row.time_stamp),
    )


def item(row: wire.Inventory, want: frozenset[str], zone_ms: int) -> Record:
    return Record(
        side=Side.ERP,
        kind=Kind.ITEM,
        rid=str(row.inventory_id),
        fields=fields(row, header_paths(Kind.ITEM, want)),
        updated_ms=_finance_ms(row.last_modified_date_time, zone_ms),
        version=canonical.bare_version(row.timestamp),
    )


def document(row: wire.Document, want: frozenset[str], zone_ms: int) -> Record:
    """Invoice, credit note, cash sale, or the header of anything else in accounts receivable."""
    lines = tuple(
        Line(key=str(line.line_number), fields=fields(line, DOCUMENT_LINE_PATHS)) for line in row.all_lines
    )
    return Record(
        side=Side.ERP,
        kind=Kind.INVOICE,
        rid=document_rid(row.document_type, row.reference_number),
        fields=fields(row, header_paths(Kind.INVOICE, want)),
        lines=lines,
        updated_ms=_finance_ms(row.last_modified_date_time, zone_ms),
        version=canonical.bare_version(row.time_stamp),
    )


def order(
    row: wire.Order,
    lines: Iterable[wire.OrderLine],
    want: frozenset[str],
    version: str,
    shipments: Sequence[wire.Shipment] | None = None,
) -> Record:
    """A v3 order with its lines in the order of `sortOrder`. `version` is the reply's ETag; `shipments` None
    = not asked for."""
    ordered = sorted(
        lines, key=lambda line: (line.sort_order if line.sort_order is not None else 1 << 30, line.line_id)
    )
    taken = fields(row, (path for path in header_paths(Kind.ORDER, want) if path != "shipments"))
    if shipments is not None:
        taken["shipments"] = canonical.json_text(shipments)
    return Record(
        side=Side.ERP,
        kind=Kind.ORDER,
        rid=order_rid(row.type, row.order_id),
        fields=taken,
        lines=tuple(Line(key=str(line.line_id), fields=fields(line, ORDER_LINE_PATHS)) for line in ordered),
        updated_ms=canonical.stamp_ms(row.last_modified),
        version=version,
    )


def order_header(row: wire.OrderRow, want: frozenset[str]) -> Record:
    """An order outside the scope, as the list shows it: only the fields the list has, no lines, `partial`."""
    taken: Fields = {}
    for path in header_paths(Kind.ORDER, want):
        read = reader(wire.OrderRow, _ROW_NAMES.get(path, path))
        if read is not None:
            taken[path] = read(row)
    return Record(
        side=Side.ERP,
        kind=Kind.ORDER,
        rid=order_rid(row.type, row.order_id),
        fields=taken,
        updated_ms=canonical.stamp_ms(row.last_modified),
        partial=True,
    )


def _finance_ms(stamp: str | None, zone_ms: int) -> int:
    return canonical.clock_ms(stamp) - zone_ms if stamp else 0


def order_rid(type_: str, number: str) -> str:
    return f"order:{type_.upper()}/{number}"


def document_rid(type_: str, number: str) -> str:
    return f"invoice:{type_}/{number}"


def split_rid(rid: str) -> tuple[str, str]:
    """`order:SO/000223` -> (`SO`, `000223`). Raises Bug for anything else."""
    kind, colon, rest = rid.partition(":")
    type_, slash, number = rest.partition("/")
    if kind not in ("order", "invoice") or not colon or not slash or not type_ or not number:
        raise Bug(f"{rid!r} does not name an order or an invoice", code="rid")
    return type_, number
