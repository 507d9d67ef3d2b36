"""From the text of the file to the tree of settings. Every mistake is found, and told with file, line and
key.

Unknown keys are mistakes: a misspelt one would otherwise be a default that nobody chose.
"""

import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path as FilePath
from typing import Any

import msgspec

from streamsync.config import checks, places
from streamsync.config.checks import Bad, Check
from streamsync.config.places import Path
from streamsync.config.settings import (
    Config,
    ConnectionConfig,
    DaemonConfig,
    Source,
    VismaConfig,
    WebcrmConfig,
)
from streamsync.errors import ConfigError

LOG_LEVELS = ("debug", "info", "warning", "error")
MEMORY = ":memory:"  # a store that is gone with the process: tests only
_SECONDS = checks.number(0.1, 86_400)
_SETTLE = checks.number(0, 86_400)
_DAEMON: dict[str, Check] = {
    "state": checks.path,
    "admin": checks.own_address,
    "ops": checks.address,
    "allow_loopback": checks.flag,
    "log_level": checks.one_of(*LOG_LEVELS),
    "drain_seconds": checks.number(0, 3600),
}
_CONNECTION: dict[str, Check] = {
    "name": checks.name,
    "rules": checks.optional_path,
    "first_sync": checks.one_of("ask", "accept"),
}


def _webcrm(url: Check) -> dict[str, Check]:
    return {
        "url": url,
        "token": checks.source,
        "requests_per_minute": checks.number(1, 100_000),
        "poll_seconds": _SECONDS,
        "settle_seconds": _SETTLE,
        "queries": checks.one_of("auto", "always", "never"),
        "hook_token": checks.source,
    }


def _visma(url: Check) -> dict[str, Check]:
    return {
        "finance_url": url,
        "orders_url": url,
        "token_url": url,
        "tenant_id": checks.text,
        "client_id": checks.text,
        "client_secret": checks.source,
        "requests_per_hour": checks.number(1, 10_000_000),
        "poll_seconds": _SECONDS,
        "settle_seconds": _SETTLE,
        "webhook_secret": checks.sources,
        "webhook_header": checks.header,
    }


def load(path: FilePath) -> Config:
    """Reads the file; relative paths in it count from its folder. Raises an ExceptionGroup of
    `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = (
            problem.strerror if isinstance(problem, OSError) and problem.strerror else "It is not UTF-8 text"
        )
        raise _group([ConfigError(str(path), f"The file cannot be read: {why}.")]) from None
    return parse(text, str(path), path.absolute().parent)


def parse(text: str, name: str = "streamsync.toml", folder: FilePath | None = None) -> Config:
    """The same from a text. Without a `folder`, relative paths stay as they are."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise _group([ConfigError(name, f"This is not TOML: {problem}.")]) from None
    reader = _Reader(name, places.lines(text), "" if folder is None else str(folder))
    config = reader.config(data)
    if config is None or reader.errors:
        raise _group(reader.errors)
    return config


def address(text: str) -> tuple[str, int]:
    """Host and port of `daemon.admin` and `daemon.ops`."""
    return checks.split_address(text)


def _group(errors: list[ConfigError]) -> ExceptionGroup[ConfigError]:
    return ExceptionGroup("The configuration cannot be used", errors)


class _Reader:
    def __init__(self, name: str, found: dict[Path, int], folder: str) -> None:
        self._name = name
        self._lines = found
        self._folder = folder
        self.errors: list[ConfigError] = []

    def config(self, data: Mapping[str, object]) -> Config | None:
        self._known(data, ("daemon", "connections"), ())
        daemon = self._daemon(data.get("daemon", {}))
        loopback = (
            daemon.allow_loopback if daemon is not None else True
        )  # one mistake should not be told as many
        url = partial(checks.url, allow_loopback=loopback)
        tables = data.get("connections")
        if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
            self._bad(("connections",), Bad("No connection is configured.", "one or more [[connections]]."))
            return None
        connections = [
            self._connection(table, ("connections", index), url) for index, table in enumerate(tables)
        ]
        self._distinct([table.get("name") for table in tables])
        complete = tuple(connection for connection in connections if connection is not None)
        if daemon is None or len(complete) < len(connections):
            return None
        return Config(daemon=daemon, connections=complete)

    def _daemon(self, table: object) -> DaemonConfig | None:
        values = self._values(table, _DAEMON, (), ("daemon",))
        if values is None:
            return None
        daemon = DaemonConfig(**values)
        if not self._folder or daemon.state == MEMORY:
            return daemon
        return msgspec.structs.replace(daemon, state=str(FilePath(self._folder) / daemon.state))

    def _connection(self, table: Mapping[str, object], path: Path, url: Check) -> ConnectionConfig | None:
        parts = {key: value for key, value in table.items() if key not in ("webcrm", "visma")}
        own = self._values(parts, _CONNECTION, ("name",), path, also=("webcrm", "visma"))
        webcrm = self._values(table.get("webcrm", {}), _webcrm(url), ("token",), (*path, "webcrm"))
        needed = ("tenant_id", "client_id", "client_secret")
        visma = self._values(table.get("visma", {}), _visma(url), needed, (*path, "visma"))
        if own is None or webcrm is None or visma is None:
            return None
        return ConnectionConfig(webcrm=WebcrmConfig(**webcrm), visma=VismaConfig(**visma), **own)

    def _values(
        self,
        table: object,
        allowed: Mapping[str, Check],
        required: tuple[str, ...],
        path: Path,
        also: tuple[str, ...] = (),
    ) -> dict[str, Any] | None:
        """The checked values of one table; None if something in it is wrong (then it has been noted)."""
        if not isinstance(table, dict):
            self._bad(path, Bad("This must be a table.", f"[{places.shown(path)}]."))
            return None
        before = len(self.errors)
        self._known(table, (*allowed, *also), path)
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key in allowed:
                try:
                    values[key] = self._placed(allowed[key](value))
                except Bad as bad:
                    self._bad((*path, key), bad)
        for key in required:
            if key not in table:
                form = checks.SOURCE_FORM if allowed[key] is checks.source else ""
                self._bad((*path, key), Bad("This key is needed.", form))
        return values if len(self.errors) == before else None

    def _placed(self, value: object) -> object:
        if isinstance(value, Source):
            return msgspec.structs.replace(value, folder=self._folder)
        if isinstance(value, tuple):
            return tuple(self._placed(one) for one in value)
        return value

    def _known(self, table: Mapping[str, object], allowed: tuple[str, ...], path: Path) -> None:
        for key in table:
            if key not in allowed:
                self._bad((*path, key), Bad("This key is not known.", ", ".join(sorted(allowed)) + "."))

    def _distinct(self, names: list[object]) -> None:
        for index, name in enumerate(names):
            if isinstance(name, str) and name in names[:index]:
                bad = Bad(
                    "Another connection has this name already.", "a name of its own for each connection."
                )
                self._bad(("connections", index, "name"), bad)

    def _bad(self, path: Path, bad: Bad) -> None:
        line = places.line_of(self._lines, path)
        place = (
            f"{self._name}, line {line}, {places.shown(path)}"
            if line
            else f"{self._name}, {places.shown(path)}"
        )
        self.errors.append(ConfigError(place, bad.problem, bad.allowed))
