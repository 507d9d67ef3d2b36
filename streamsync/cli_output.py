"""What all commands share: their options, how they reach the daemon, how they print.

Only the command line's own modules use it. Texts for people go to standard output; `--json` prints exactly
what the daemon answered.
"""

import json
import sys
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import uvloop
from cyclopts import Parameter

from streamsync import config as configuration
from streamsync.admin_client import AdminClient

EXIT_FINDING, EXIT_USAGE, EXIT_HELD = 1, 2, 75
DEFAULT_CONFIG = Path("streamsync.toml")
WHO = "cli"

ConfigPath = Annotated[Path, Parameter(name=["--config", "-c"], help="The configuration file.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
ConnectionName = Annotated[
    str, Parameter(name="--connection", help="Which connection, where there are several.")
]
Language = Annotated[Literal["en", "da"], Parameter(name="--language", help="Language of the sentences.")]
Pairs = Annotated[
    tuple[int, ...], Parameter(name="--pair", negative="", help="The number of a pair; may be repeated.")
]
Cause = Annotated[str, Parameter(name="--cause", help="All that wait for this cause, e.g. both_changed.")]
EntityName = Annotated[
    str, Parameter(name="--entity", help="organisation, person, item, delivery or invoice only.")
]
Everything = Annotated[bool, Parameter(name="--all", negative="", help="Everything that waits.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """What every command of the workbench takes."""

    config: ConfigPath = DEFAULT_CONFIG
    connection: ConnectionName = ""
    language: Language = "en"
    json: AsJson = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which records: some pairs, all of a cause, or everything."""

    pair: Pairs = ()
    cause: Cause = ""
    entity: EntityName = ""
    all: Everything = False

    def select(self) -> dict[str, Any]:
        """`select` of the API. Raises Usage unless exactly one way is named."""
        if sum(map(bool, (self.pair, self.cause, self.all))) != 1:
            raise Usage("Say which records: --pair N (may be repeated), --cause CAUSE, or --all.")
        if self.entity and not self.cause:
            raise Usage("--entity narrows a --cause; name both, or leave it out.")
        if self.pair:
            return {"pairs": list(self.pair)}
        return {"cause": self.cause, "entity": self.entity} if self.cause else {"all": True}


T = TypeVar("T")


class Usage(Exception):
    """The options contradict each other; the message says how to type it."""


def run_async(work: Coroutine[Any, Any, T]) -> T:
    return uvloop.run(work)


def client(config: Path) -> AdminClient:
    """The daemon of this configuration. Raises ConfigError."""
    host, port = configuration.address(configuration.load(config).daemon.admin)
    return AdminClient(host, port)


def fetched(config: Path, path: str, **query: str) -> Any:
    """GET from the daemon. Raises Unreachable, also for a refusal."""
    return run_async(client(config).get(path, **query))


def told(config: Path, path: str, body: Mapping[str, object]) -> Any:
    """POST to the daemon. Raises Unreachable, also for a refusal."""
    return run_async(client(config).post(path, {**body, "who": WHO}))


def say(text: str = "") -> None:
    sys.stdout.write(f"{shown(text)}\n")


def shown(text: str) -> str:
    """What a terminal may get: names come from two systems that anybody fills in, and must not move a cursor
    or turn the direction of writing (security D4). Written as JSON writes it, so JSON stays what it is."""
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def complain(text: object) -> None:
    sys.stderr.write(f"streamsync: {shown(str(text))}\n")


def say_json(value: object) -> None:
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
