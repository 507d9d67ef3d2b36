"""Wire values to canonical text and back, and the arithmetic of Visma.net's time stamps. Pure functions.

Finance stamps have no documented zone (visma-api §3.5): they are kept as given, compared as if UTC, and
echoed in the server's own naive form. The v3 order service speaks UTC.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

import msgspec

from streamsync.errors import Bug

OVERLAP_SECONDS = 300
OCTOBER_OVERLAP_SECONDS = (
    7_500  # the night in which naive local stamps repeat an hour (visma-api §6.1, rule 1)
)
QUARTER_MS = 900_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_COMPACT = msgspec.json.Encoder(decimal_format="number")


def decimal_text(value: Decimal) -> str:
    """`12.50` -> `12.5`, `1E+2` -> `100`, `-0.0` -> `0`."""
    text = format(value.normalize(), "f")
    return "0" if text == "-0" else text


def text_of(value: object) -> str:
    """Any scalar of the wire in canonical form; None is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return decimal_text(value)
        case str():
            return value
        case int():
            return str(value)
    raise Bug(f"a value of type {type(value).__name__} has no canonical text", code="type")


def json_text(items: Iterable[msgspec.Struct] | None) -> str:
    """A list as compact JSON under the wire's names, empty members left out; no list and an empty one are
    empty.
    """
    plain = [_plain(msgspec.to_builtins(item, builtin_types=(Decimal,))) for item in items or ()]
    return _COMPACT.encode(plain).decode() if plain else ""


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items() if member is not None}
    if isinstance(value, Decimal):
        return msgspec.Raw(decimal_text(value).encode())
    return value


def date_text(value: str | None) -> str:
    """The day of a date-time: `2026-03-15T00:00:00` -> `2026-03-15`."""
    return (value or "")[:10]


def utc_text(value: str | None) -> str:
    """A v3 stamp in canonical form: UTC, milliseconds, `Z`. An unreadable one is kept as it is."""
    if not value:
        return ""
    moment = _moment(value)
    if moment is None:
        return value
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _moment(value: str) -> datetime | None:
    """In UTC; None for text that is no stamp, or one that UTC's calendar does not reach."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def stamp_ms(value: str | None) -> int:
    """Unix milliseconds of a stamp, a naive one read as UTC; 0 for none or an unreadable one."""
    moment = _moment(value) if value else None
    return 0 if moment is None else round((moment - _EPOCH) / timedelta(milliseconds=1))


def naive(value: str) -> str:
    """The stamp as a finance filter takes it: no zone, cut to milliseconds, so never later."""
    moment = datetime.fromisoformat(value).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds")


def naive_of_ms(value_ms: int) -> str:
    moment = _NAIVE_EPOCH + timedelta(milliseconds=value_ms)
    return moment.isoformat(timespec="milliseconds")


def clock_ms(value: str | None) -> int:
    """A finance stamp's own clock reading as a number, whatever its zone: the order in which positions are
    compared.
    """
    try:
        moment = datetime.fromisoformat(value) if value else None
    except ValueError:
        return 0
    return 0 if moment is None else (moment.replace(tzinfo=None) - _NAIVE_EPOCH) // timedelta(milliseconds=1)


def window_start(position: str, overlap_seconds: float = OVERLAP_SECONDS) -> str:
    """The position minus the overlap, in the server's naive form."""
    moment = datetime.fromisoformat(position).replace(tzinfo=None)
    last_sunday = 31 - (date(moment.year, 10, 31).weekday() + 1) % 7
    repeated = moment.month == 10 and moment.day == last_sunday and 2 <= moment.hour < 4
    seconds = max(OCTOBER_OVERLAP_SECONDS, overlap_seconds) if repeated else overlap_seconds
    return (moment - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def zone_ms(stamp: str, server_ms: int) -> int:
    """How far the naive clock runs ahead of UTC, given a stamp made at `server_ms`: whole quarters of an
    hour.
    """
    return round((clock_ms(stamp) - server_ms) / QUARTER_MS) * QUARTER_MS


def bare_version(etag: str | None) -> str:
    """An ETag or timeStamp without `W/` and quotes (visma-api §3.3)."""
    text = (etag or "").strip()
    return text.removeprefix("W/").strip('"')


def number_of(path: str, text: str) -> Decimal:
    """Canonical text to a number for the wire. Raises Bug for anything else: it must not have come here."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Bug(f"{path} must be a number", code="value") from None
    if not value.is_finite():
        raise Bug(f"{path} must be a finite number", code="value")
    return value
