"""Stamps of the two hosts: naive local ones (finance) and UTC ones (orders). Pure.

Time is UTC milliseconds inside. The finance host shows and compares local wall time without a zone, so
an hour comes twice in October when the zone has summer time (visma-api §3.5, §6.1). Trailing zeros of a
fraction are not shown.
"""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: local wall time has no zone
_HOUR_MS = 3_600_000
_FILTER = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d{1,3})?)?")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]00:00:00(?:\.0{1,7})?)?Z?")


class Zone:
    """The zone of the finance stamps: minutes east of UTC, or the name of a zone with summer time."""

    def __init__(self, place: int | str) -> None:
        self.place = place
        self._zone = ZoneInfo(place) if isinstance(place, str) else None
        self._offsets: dict[int, int] = {}

    def local_ms(self, utc_ms: int) -> int:
        """Wall time as milliseconds since 1970 on the wall."""
        return utc_ms + self._offset_ms(utc_ms)

    def _offset_ms(self, utc_ms: int) -> int:
        if isinstance(self.place, int):
            return self.place * 60_000
        hour = utc_ms // _HOUR_MS
        if hour not in self._offsets:
            moment = datetime.fromtimestamp(hour * 3600, UTC).astimezone(self._zone)
            self._offsets[hour] = int((moment.utcoffset() or timedelta()).total_seconds() * 1000)
        return self._offsets[hour]


def naive(local_ms: int) -> str:
    """`2026-03-14T09:21:07.58`: no zone, no trailing zeros of the fraction."""
    moment = _EPOCH + timedelta(milliseconds=local_ms)
    if local_ms % 1000 == 0:
        return moment.isoformat(timespec="seconds")
    return moment.isoformat(timespec="milliseconds").rstrip("0")


def zulu(utc_ms: int) -> str:
    """`2026-03-14T09:21:07.58Z`, the form of the order service."""
    return naive(utc_ms) + "Z"


def read_filter(text: str) -> int | None:
    """Local milliseconds of a filter value; None where the finance host refuses it: any zone, any other
    form."""
    if not _FILTER.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def read_instant(text: str) -> int | None:
    """UTC milliseconds; without an offset the text is UTC (v3). None if it is no moment."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def read_day(text: str) -> date | None:
    """The day of a date-time in a body; the time of day does not matter to the documents kept here."""
    found = _DAY.fullmatch(text)
    try:
        if found:
            return date.fromisoformat(found[1])
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def day_of(local_ms: int) -> date:
    """The day on the wall."""
    return (_EPOCH + timedelta(milliseconds=local_ms)).date()


def day_text(day: date | None) -> str | None:
    """`2026-03-15T00:00:00`, the finance host's form of a date."""
    return None if day is None else f"{day.isoformat()}T00:00:00"


def day_zulu(day: date | None) -> str | None:
    """`2026-03-15T00:00:00Z`, the order service's form of a date."""
    return None if day is None else f"{day.isoformat()}T00:00:00Z"
