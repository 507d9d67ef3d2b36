"""Declarations of request bodies, and the one reader that holds a body to its declaration. Pure.

Stricter than the real hosts where those are only undocumented: an unknown property, a value of the
wrong type, a wrapper too many or too few, a text that is too long is refused and never guessed at.
`read` gives plain values: wrappers are taken off, dates are `date`, numbers Decimal or int. Findings
carry the order service's codes; finance shows their text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from streamsync.simulators.visma.answers import Finding
from streamsync.simulators.visma.times import read_day


@dataclass(frozen=True, slots=True)
class Text:
    max: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    low: int | None = None
    high: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date-time of which only the day is kept."""


@dataclass(frozen=True, slots=True)
class Anything:
    """A part that the stand-in takes and does not keep."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """`{"value": …}`."""

    inner: "Shape"


@dataclass(frozen=True, slots=True)
class Group:
    fields: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    of: "Shape"
    most: int | None = None


Shape = Text | Number | Flag | Day | Anything | Wrapped | Group | Rows


@dataclass(slots=True)
class Reader:
    """Reads one body. `nulls`: whether a scalar may be null (the order service: yes)."""

    nulls: bool
    findings: list[Finding] = field(default_factory=list)

    def read(self, value: Any, shape: Shape, place: str = "") -> Any:
        """The plain value; what is wrong goes into `findings`, and the value is then None."""
        match shape:
            case Wrapped(inner):
                return self._wrapped(value, inner, place)
            case Group():
                return self._group(value, shape, place)
            case Rows():
                return self._rows(value, shape, place)
            case Anything():
                return value
            case _:
                if value is None:
                    if not self.nulls:
                        self._wrong("0001-NullNotAllowed", place, "must not be null")
                    return None
                return self._scalar(value, shape, place)

    def _wrong(self, code: str, place: str, what: str) -> Any:
        """Notes a finding; the value is None."""
        self.findings.append(Finding(code, place, f"'{place or 'body'}' {what}."))
        return None

    def _scalar(self, value: Any, shape: Text | Number | Flag | Day, place: str) -> Any:
        match shape:
            case Text(most, choices):
                if not isinstance(value, str):
                    return self._wrong("0003-InvalidValue", place, "must be a text")
                if most is not None and len(value) > most:
                    return self._wrong("0002-InvalidLength", place, f"is longer than {most} characters")
                if choices and value not in choices:
                    return self._wrong("0003-InvalidValue", place, f"must be one of {', '.join(choices)}")
                return value
            case Number():
                return self._number(value, shape, place)
            case Flag():
                if not isinstance(value, bool):
                    return self._wrong("0003-InvalidValue", place, "must be true or false")
                return value
            case Day():
                day = read_day(value) if isinstance(value, str) else None
                return day if day else self._wrong("0003-InvalidValue", place, "must be a date and time")

    def _number(self, value: Any, shape: Number, place: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return self._wrong("0003-InvalidValue", place, "must be a number")
        if shape.whole and not isinstance(value, int):
            return self._wrong("0003-InvalidValue", place, "must be a whole number")
        too_low = shape.low is not None and value < shape.low
        if too_low or (shape.high is not None and value > shape.high):
            return self._wrong("0100-OutsideValidRange", place, f"must be from {shape.low} to {shape.high}")
        return value if shape.whole else Decimal(value)

    def _wrapped(self, value: Any, inner: Shape, place: str) -> Any:
        if not isinstance(value, dict) or list(value) != ["value"]:
            return self._wrong("0003-InvalidValue", place, 'must be wrapped as {"value": …}')
        return self.read(value["value"], inner, place)

    def _group(self, value: Any, shape: Group, place: str) -> Any:
        if not isinstance(value, dict):
            return self._wrong("0003-InvalidValue", place, "must be an object")
        result: dict[str, Any] = {}
        for name, part in value.items():
            inner = f"{place}.{name}" if place else str(name)
            if name not in shape.fields:
                self._wrong("0004-ValueNotAllowed", inner, "is not a property of this resource")
                continue
            result[name] = self.read(part, shape.fields[name], inner)
        for name in shape.required:
            if value.get(name) in (None, "", {}):
                self._wrong("0001-NullNotAllowed", f"{place}.{name}" if place else name, "is required")
        return result

    def _rows(self, value: Any, shape: Rows, place: str) -> Any:
        if not isinstance(value, list):
            return self._wrong("0003-InvalidValue", place, "must be a list")
        if shape.most is not None and len(value) > shape.most:
            return self._wrong("0002-InvalidLength", place, f"has more than {shape.most} elements")
        return [self.read(part, shape.of, f"{place}[{at}]") for at, part in enumerate(value)]
