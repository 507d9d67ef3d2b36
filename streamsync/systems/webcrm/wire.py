"""JSON of webCRM to records: row by row, strictly typed, unknown members ignored.

A row that cannot be read becomes `Malformed` with the name of the member at fault, and never stops its page.
"""

import re
from collections.abc import Mapping

import msgspec

from streamsync.errors import Unknown
from streamsync.model import Fields, Kind, Record, Side
from streamsync.systems.port import Malformed
from streamsync.systems.webcrm.fields import FIELDS, PREFIX, TYPES, canonical, id_field, stamp

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_PATH = re.compile(r"`\$\.?(\w+)")
_STRUCTS: Mapping[Kind, type[msgspec.Struct]] = {
    kind: msgspec.defstruct(
        f"Webcrm{kind.name.title()}", [(name, TYPES[field.form], None) for name, field in fields.items()]
    )
    for kind, fields in FIELDS.items()
}
_DECODERS = {kind: msgspec.json.Decoder(struct, strict=True) for kind, struct in _STRUCTS.items()}
_IDS = {
    kind: msgspec.json.Decoder(
        msgspec.defstruct(f"{kind.name.title()}Id", [(id_field(kind), int | None, None)])
    )
    for kind in FIELDS
}


def rows(body: bytes) -> list[msgspec.Raw]:
    """The members of a list answer. Raises `Unknown` if it is none: a lying or broken server."""
    try:
        return _ROWS.decode(body)
    except (ValueError, RecursionError) as error:
        raise Unknown("webCRM answered a list with something else.", code="malformed") from error


def records(
    kind: Kind, raw: list[msgspec.Raw], want: frozenset[str], own: str
) -> tuple[list[Record], list[Malformed]]:
    """`own`: the author's name on our own writes (`api2 <token name>`), `""` if not known."""
    good: list[Record] = []
    bad: list[Malformed] = []
    for row in raw:
        try:
            good.append(record(kind, row, want, own))
        except (ValueError, ArithmeticError, RecursionError) as error:
            bad.append(Malformed(kind=kind, rid=_rid(kind, row), problem=_problem(error)))
    return good, bad


def record(kind: Kind, row: msgspec.Raw | bytes, want: frozenset[str], own: str) -> Record:
    """One row. Raises ValueError or a msgspec error."""
    dto = _DECODERS[kind].decode(row)
    known, prefix = FIELDS[kind], PREFIX[kind]
    number = getattr(dto, id_field(kind))
    if not isinstance(number, int) or number <= 0:
        raise ValueError(f"no {id_field(kind)}")
    fields: Fields = {}
    for name in want:
        field = known.get(name)
        if field is not None and field.readable:
            fields[name] = canonical(field, getattr(dto, name))
    updated = stamp(getattr(dto, f"{prefix}UpdatedAt", None) or "")
    author = getattr(dto, f"{prefix}UpdatedBy", None) or ""
    owner = str(getattr(dto, "QuotationLineOpportunityId", None) or "") if kind is Kind.LINE else ""
    return Record(
        side=Side.CRM,
        kind=kind,
        rid=str(number),
        fields=fields,
        owner=owner,
        updated_ms=0 if updated is None else round(updated.timestamp() * 1000),
        by_us=_by_us(author, own),
    )


def _by_us(author: str, own: str) -> bool | None:
    """API writes are signed `api2 <token name>` (webcrm-api §6); another integration may sign in the same
    way."""
    if not author:
        return None
    if own:
        return author == own
    return None if author.startswith("api2 ") else False


def _rid(kind: Kind, row: msgspec.Raw) -> str:
    try:
        return str(getattr(_IDS[kind].decode(row), id_field(kind)) or "")
    except (ValueError, RecursionError):
        return ""


def _problem(error: Exception) -> str:
    """The member at fault; never its value."""
    found = _PATH.search(str(error))
    return f"{found.group(1)} has the wrong type" if found else type(error).__name__
