"""webCRM's time on the wire: UTC, whole seconds, `+00:00` (webcrm-api §6). Pure functions."""

from datetime import UTC, datetime, timedelta

EMPTY = "0001-01-01T00:00:00+00:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(now_ms: int) -> str:
    """Unix milliseconds to `2018-06-04T08:23:55+00:00`; fractions are cut off."""
    return (_EPOCH + timedelta(seconds=now_ms // 1000)).isoformat(timespec="seconds")


def day(now_ms: int) -> str:
    """The UTC day as a pure date: midnight."""
    return stamp(now_ms)[:10] + "T00:00:00+00:00"


def parse(text: str) -> datetime:
    """ISO text to UTC; without a zone it is taken as UTC; the seventh decimal of .NET is dropped. Raises
    ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def canonical(text: str) -> str:
    """Any ISO date or date-time as the wire shows it. Raises ValueError."""
    if len(text) == 25 and text.endswith("+00:00"):
        parse(text)
        return text
    if text.startswith("0001-01-01"):
        return EMPTY
    return parse(text).isoformat(timespec="seconds")


def sortable(text: str) -> str:
    """A literal as text that compares with the first 19 characters of a stamp, fraction kept. Raises
    ValueError."""
    if text.startswith("0001-01-01"):
        return EMPTY[:19]
    return parse(text).replace(tzinfo=None).isoformat()


def local(stamp_text: str) -> str:
    """As a Danish screen shows it, in a history (zone left aside)."""
    return f"{stamp_text[8:10]}-{stamp_text[5:7]}-{stamp_text[:4]} {stamp_text[11:16]}"
