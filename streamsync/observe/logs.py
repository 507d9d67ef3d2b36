"""Structured logs: one JSON object per line, or readable lines on a terminal. A line is written where an
error is *handled*.

`log("op_done", connection="kunde", op=7)`. Events and keys are closed lists (`observe.events`); of a value
only words, numbers and classes pass: control characters are escaped, length is capped, secrets are `***`, an
exception becomes its class and the places it came through, never its message. A line that is repeated word
for word within a while is counted instead.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TextIO

import structlog

from streamsync.clock import Clock, SystemClock
from streamsync.observe.events import EVENTS, KEYS, LEVELS, UNLISTED, WARNING

TEXT_MAX = 300
FRAMES_MAX = 12
REPEAT_SECONDS = 30.0
REPEATS_MAX = 200
MASK = "***"
_FILLED_IN = re.compile(r"[\n%<({\['\":]")


class Log:
    """One per process; handed to whoever may log. `stream`: standard output by default. `console`: None = if
    it is a terminal.

    `dropped` counts what was not written: keys and events outside the catalogue, and repeated lines.
    """

    def __init__(
        self,
        *,
        level: str = "info",
        stream: TextIO | None = None,
        clock: Clock | None = None,
        console: bool | None = None,
    ) -> None:
        self._clock = clock if clock is not None else SystemClock()
        self._stream = stream
        self._level = _number(level)
        self._repeats: dict[str, tuple[float, int]] = {}
        self.dropped = {"key": 0, "event": 0, "repeat": 0}
        on_terminal = (stream or sys.stdout).isatty() if console is None else console
        renderer = structlog.dev.ConsoleRenderer(colors=False) if on_terminal else _json
        self._logger: Any = structlog.wrap_logger(
            _Lines(stream),
            processors=[self._gate, self._redact, self._coalesce, self._stamp, renderer],
            wrapper_class=structlog.BoundLogger,
        )

    def __call__(self, event: str, /, **keys: object) -> None:
        """Writes one event. Never raises because of what it is given."""
        name = str(getattr(event, "value", event))
        if name not in EVENTS:
            self.dropped["event"] += 1
            keys, name = {**keys, "what": name}, UNLISTED
        getattr(self._logger, EVENTS[name].level)(name, **{key: keys[key] for key in keys if key != "event"})

    @property
    def level(self) -> str:
        return next(name for name, number in LEVELS.items() if number == self._level)

    def set_level(self, level: str) -> None:
        """At run time: debug, info, warning or error. Raises ValueError for any other word."""
        self._level = _number(level)
        self("level_changed", what=level)

    def adopt_libraries(self) -> None:
        """Sends what libraries log (asyncio, aiohttp) here, without the texts that they fill in."""
        root = logging.getLogger()
        root.handlers = [_Libraries(self)]
        root.setLevel(logging.WARNING)

    # The processors, in their order.

    def _gate(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if LEVELS[method] < self._level:
            raise structlog.DropEvent
        event["level"] = method
        return event

    def _redact(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        out: dict[str, Any] = {"level": event["level"], "event": event["event"]}
        for key, value in event.items():
            if key in KEYS:
                out[key] = plain(value)
            elif key not in out:
                self.dropped["key"] += 1
        return out

    def _coalesce(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        if LEVELS[event["level"]] < LEVELS[WARNING]:
            return event
        line, now = json.dumps(event, sort_keys=True), self._clock.monotonic()
        since, count = self._repeats.get(line, (now - REPEAT_SECONDS, 0))
        if now - since < REPEAT_SECONDS:
            self._repeats[line] = (since, count + 1)
            self.dropped["repeat"] += 1
            raise structlog.DropEvent
        if len(self._repeats) >= REPEATS_MAX:
            self._repeats.clear()
        self._repeats[line] = (now, 0)
        if count:
            event["repeated"] = count
        return event

    def _stamp(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {"time": rfc3339(self._clock.now_ms()), **event}


class _Lines:
    """Writes finished lines. Follows `sys.stdout` when no stream was given, so that a redirected one is
    used."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def _write(self, line: str) -> None:
        out = self._stream or sys.stdout
        out.write(line + "\n")
        out.flush()

    debug = info = warning = error = _write


class _Libraries(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Only the beginning of the message's fixed text: what is filled in may be anything."""
        first = _FILLED_IN.split(str(record.msg), maxsplit=1)[0].strip()
        error = record.exc_info[1] if record.exc_info else None
        self._log("library", logger=record.name, what=first, stack=error)


def rfc3339(at_ms: int) -> str:
    """`2026-03-14T09:21:07.583Z`"""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: object) -> Any:
    """What of a value may be written: a number, a word, a list of those, an exception's trace; else only its
    type's name."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if type(value).__name__ == "Secret":
        return MASK
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, BaseException):
        return trace(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in list(value)[:FRAMES_MAX]]
    return f"<{type(value).__name__}>"


def trace(error: BaseException) -> str:
    """`decide.py:41 merge > merge.py:12 pick: KeyError`. No message and no source line: they may hold
    values."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    places = " > ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    )
    return _clean(f"{places}: {type(error).__name__}" if places else type(error).__name__, 4 * TEXT_MAX)


def _clean(text: str, limit: int = TEXT_MAX) -> str:
    """Security D4: nothing that could begin a line, move a cursor or turn the direction of writing."""
    short = text if len(text) <= limit else text[:limit] + "…"
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in short)


def _json(_logger: Any, _method: str, event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _number(level: str) -> int:
    if level not in LEVELS:
        raise ValueError(f"There is no such log level. Allowed: {', '.join(LEVELS)}.")
    return LEVELS[level]
