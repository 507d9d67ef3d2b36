"""What the wire structs of Visma.net share, and how replies are cut into rows and decoded (visma-api §3.4).

Rows are cut out of a list first (`rows`) and decoded one by one (`decode`), so that one bad row is one bad
row. Imported through `wire`.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

import msgspec

from streamsync.errors import Unknown

MISSHAPEN = "shape"
DIGITS_MAX = 40
_LARGE = re.compile(
    rb"[0-9]{40}|[0-9][eE][+-]?[0-9]{2}"
)  # looks like a number too large; looked at closely then


class Wire(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A JSON object of Visma.net."""


class Metadata(Wire):
    total_count: int = 0
    max_page_size: int = 0


class Ref(Wire):
    """A reference: `{id, description}`, `{number, name}` or a mixture (visma-api §7.4, quirk 8)."""

    id: str | None = None
    number: str | None = None
    name: str | None = None
    description: str | None = None


class IntRef(Wire):
    id: int | None = None
    name: str | None = None


class Account(Wire):
    number: str | None = None
    description: str | None = None


class Attribute(Wire):
    id: str | None = None
    value: str | None = None


class Address(Wire):
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: Ref | None = None


class ContactInfo(Wire):
    contact_id: int | None = None
    name: str | None = None
    attention: str | None = None
    email: str | None = None
    web: str | None = None
    phone1: str | None = None
    phone2: str | None = None
    fax: str | None = None


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """The v3 list (`value`) and the finance lists that have an envelope (`records`)."""

    value: list[msgspec.Raw] | None = None
    records: list[msgspec.Raw] | None = None
    total_count: int | None = None
    next_page: msgspec.Raw = msgspec.Raw(b"null")


class _Counted(msgspec.Struct, frozen=True):
    metadata: Metadata | None = None


class Rows(msgspec.Struct, frozen=True):
    """A list reply, rows still raw. `total` and `cap` are 0 where the server does not say."""

    raw: Sequence[msgspec.Raw]
    total: int = 0
    cap: int = 0  # `metadata.maxPageSize`: what a larger pageSize is silently cut to
    more: bool = False  # v3: there is a next page


W = TypeVar("W", bound=Wire)
T = TypeVar("T")


def read(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """JSON of any sort. What Python alone would stumble over (nesting, broken text) is a DecodeError as
    well."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError:
        raise
    except (RecursionError, ValueError) as error:
        raise msgspec.DecodeError(f"not readable ({type(error).__name__})") from error


def rows(body: bytes, what: str) -> Rows:
    """Cut a list reply into raw rows. Accepts the bare array, `records` and `value` (visma-api §3.4, §4.4).

    Raises Unknown when the body is no such list: a gateway's page or half a reply.
    """
    try:
        if body.lstrip()[:1] == b"[":
            raw = read(body, list[msgspec.Raw])
            counted = read(raw[0], _Counted).metadata if raw else None
            return Rows(raw, counted.total_count if counted else 0, counted.max_page_size if counted else 0)
        envelope = read(body, _Envelope)
    except msgspec.MsgspecError as error:
        raise Unknown(
            f"Visma.net answered the list {what} with something that is no list ({error}).", code="reply"
        ) from error
    found = envelope.value if envelope.value is not None else envelope.records or []
    more = bytes(envelope.next_page) not in (b"null", b'""')
    return Rows(found, envelope.total_count or 0, 0, more)


def decode(raw: bytes | msgspec.Raw, kind: type[W]) -> W:
    """One object. Raises msgspec.ValidationError that names the field and never its value."""
    found = read(raw, kind)
    if _LARGE.search(raw) is not None:
        _bounded(found)
    return found


def _bounded(node: object) -> None:
    """No number that would fill the memory when it is written out, as `1e999999` would (security R1)."""
    match node:
        case msgspec.Struct():
            for name in node.__struct_fields__:
                _bounded(getattr(node, name))
        case list() | tuple():
            for inner in node:
                _bounded(inner)
        case Decimal() if not node.is_finite() or abs(node.adjusted()) > DIGITS_MAX:
            raise msgspec.ValidationError("a number out of any range")
        case int() if abs(node) > 10**DIGITS_MAX:
            raise msgspec.ValidationError("a number out of any range")


def one(body: bytes, kind: type[W], what: str) -> W:
    """A single-object reply. Raises Unknown; with code `MISSHAPEN` when it is whole but a field is not as
    specified.
    """
    try:
        return decode(body, kind)
    except msgspec.ValidationError as error:
        raise Unknown(
            f"Visma.net answered {what} with a record not as specified: {error}.", code=MISSHAPEN
        ) from error
    except msgspec.MsgspecError as error:
        raise Unknown(
            f"Visma.net answered {what} with a record that cannot be read: {error}.", code="reply"
        ) from error


@lru_cache(maxsize=64)
def _key_shape(names: tuple[str, ...]) -> type[msgspec.Struct]:
    return msgspec.defstruct("Key", [(name, msgspec.Raw, msgspec.Raw(b"null")) for name in names])


def _key_part(raw: bytes | msgspec.Raw, name: str) -> object:
    """One part of a key; `customer.internalId` lies one object deeper."""
    outer, _, inner = name.partition(".")
    found = getattr(read(raw, _key_shape((outer,))), outer)
    return _key_part(found, inner) if inner else read(found, object)


def key_of(raw: bytes | msgspec.Raw, *names: str) -> str:
    """The key of a row without decoding the rest, also of one that does not decode: `names` as text, `?`
    without any.
    """
    try:
        held = [_key_part(raw, name) for name in names]
        return "/".join(str(value) for value in held if value is not None) or "?"
    except (msgspec.MsgspecError, ValueError):  # ValueError: a number too long to be written out
        return "?"
