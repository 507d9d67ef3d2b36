"""The command `verify`: does the installation hold what streamsync promises? Reads only.

It asks the running daemon; where none runs it reads the store itself, under the daemon's lock. The report is
one that an auditor can keep: names of fields and ids, no values. Exit code 1 where there is an exception.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from streamsync import config as configuration
from streamsync.admin_client import AdminClient, NotRunning
from streamsync.cli_output import (
    DEFAULT_CONFIG,
    EXIT_FINDING,
    AsJson,
    ConfigPath,
    ConnectionName,
    Usage,
    client,
    run_async,
    say,
)
from streamsync.clock import SystemClock
from streamsync.config import Config
from streamsync.store.readonly import ReadOnly
from streamsync.verify import run, words

SAMPLE = 200
Report = dict[str, Any]


class _Daemon:
    """An `Asked` (`verify/run.py`): the daemon at its admin address."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin

    async def checks(self, connection: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self._admin.get("/api/v1/verify", connection=connection)
        return found

    async def look(
        self, connection: str, numbers: Sequence[int], *, read: bool
    ) -> Sequence[Mapping[str, Any]]:
        body = {"connection": connection, "pairs": list(numbers), "read": read}
        found: Sequence[Mapping[str, Any]] = await self._admin.post("/api/v1/verify", body)
        return found


def verify(
    *,
    sample: Annotated[
        int, Parameter(name="--sample", help="So many pairs are read again in both systems; 0 = none.")
    ] = SAMPLE,
    all: Annotated[bool, Parameter(name="--all", negative="", help="Read every pair again.")] = False,
    seed: Annotated[
        int | None,
        Parameter(name="--seed", help="Chooses the same sample again; without it each run its own."),
    ] = None,
    output: Annotated[
        Path | None, Parameter(name="--output", help="Also write the report to a file.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    json: AsJson = False,
) -> int:
    """Check that nothing is lost and nothing doubled: the store's invariants, and a sample of pairs read
    again in both systems. Only reads."""
    if sample < 0:
        raise Usage("--sample counts pairs: 0 or more, or --all.")
    loaded = configuration.load(config)
    known = [one.name for one in loaded.connections]
    if connection and connection not in known:
        raise Usage(f"There is no connection {connection!r}. There are: {', '.join(known)}.")
    clock = SystemClock()
    chosen = clock.now_ms() // 1000 if seed is None else seed
    names = [connection] if connection else known
    reports = run_async(_reports(loaded, client(config), names, clock, None if all else sample, chosen))
    count = sum(int(one["exception_count"]) for one in reports)
    text = _json(reports, count) if json else "\n\n".join("\n".join(words.report(one)) for one in reports)
    say(text)
    if output is not None:
        output.write_text(f"{text}\n", "utf-8")
    return EXIT_FINDING if count else 0


def _json(reports: Sequence[Report], count: int) -> str:
    whole = {
        "ok": count == 0,
        "sentences": [words.sentence(one) for one in reports],
        "connections": reports,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


async def _reports(
    config: Config,
    admin: AdminClient,
    names: Sequence[str],
    clock: SystemClock,
    sample: int | None,
    seed: int,
) -> list[Report]:
    """The daemon's, or where nobody listens those of the store itself. Raises `StoreRefused`."""

    async def each(asked: run.Asked) -> list[Report]:
        return [await run.verify(asked, name, clock, sample=sample, seed=seed) for name in names]

    try:
        return await each(_Daemon(admin))
    except NotRunning:
        from streamsync.verify.at_rest import AtRest

        async with AtRest(config, ReadOnly(Path(config.daemon.state)), clock) as asked:
            return await each(asked)


COMMANDS: tuple[Callable[..., int], ...] = (verify,)
