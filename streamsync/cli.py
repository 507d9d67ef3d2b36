"""The command line. Each command is thin: it reads the configuration, asks the daemon or the systems, and
prints.

Exit codes: 0 done, 1 a finding or refusal, 2 wrong usage or configuration, 75 the store is held by another
process. Every command has `--json`; texts for people go to standard output, problems to standard error.
"""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import cyclopts
import msgspec
import uvloop
from cyclopts import Parameter

from streamsync import __version__
from streamsync import config as configuration
from streamsync.admin_client import AdminClient, Unreachable
from streamsync.clock import SystemClock
from streamsync.config import Config
from streamsync.errors import ConfigError, StoreRefused

app = cyclopts.App(
    name="streamsync", version=__version__, help="Keeps webCRM and Visma.net ERP in two-way sync."
)
rules_app = cyclopts.App(name="rules", help="The sync rules: show, change, compare.")
app.command(rules_app)

ConfigPath = Annotated[Path, Parameter(name=["--config", "-c"], help="The configuration file.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
ConnectionName = Annotated[
    str, Parameter(name="--connection", help="Which connection, where there are several.")
]
DEFAULT_CONFIG = Path("streamsync.toml")

T = TypeVar("T")

EXIT_FINDING, EXIT_USAGE, EXIT_HELD = 1, 2, 75


def main() -> None:
    """Run the command line; translate refusals into a sentence and an exit code."""
    try:
        outcome = app()
    except ExceptionGroup as group:
        refused, other = group.split(ConfigError)
        if refused is None or other is not None:
            raise
        _refuse(EXIT_USAGE, *refused.exceptions)
    except ConfigError as problem:
        _refuse(EXIT_USAGE, problem)
    except StoreRefused as refusal:
        _refuse(EXIT_HELD, refusal)
    except (Unreachable, OSError) as problem:
        _refuse(EXIT_FINDING, problem)
    sys.exit(outcome if isinstance(outcome, int) else 0)


def _refuse(code: int, *problems: Exception) -> NoReturn:
    """What is wrong, as sentences; with `--json` also as JSON, so that a script never reads nothing."""
    if "--json" in sys.argv:
        _print_json({"ok": False, "problems": [str(problem) for problem in problems]})
    for problem in problems:
        print(f"streamsync: {problem}", file=sys.stderr)
    sys.exit(code)


def _run(work: Coroutine[Any, Any, T]) -> T:
    return uvloop.run(work)


@app.command
def run(*, config: ConfigPath = DEFAULT_CONFIG, json: AsJson = False) -> int:
    """Run the daemon until SIGTERM. With `--json` it logs JSON on a terminal too."""
    from streamsync.daemon import Daemon
    from streamsync.observe.logs import Log

    loaded = configuration.load(config)
    log = Log(level=loaded.daemon.log_level, console=False if json else None)
    log.adopt_libraries()
    daemon = Daemon(loaded, config, SystemClock(), log)
    return 0 if _run(daemon.run()) else EXIT_FINDING


@app.command
def check(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    expect_empty: bool = False,
    probe_record: str = "",
    connection: ConnectionName = "",
    json: AsJson = False,
) -> int:
    """Check configuration, tokens, rights, clocks, schema and rules. Only reads, unless --probe-record names
    a record."""
    from streamsync.check import check_all

    loaded = configuration.load(config)
    if probe_record:
        answer = _run(
            _client(loaded).post("/api/v1/probe", {"connection": connection, "record": probe_record})
        )
        findings = answer["findings"]
    else:
        findings = _run(check_all(loaded, config.parent, SystemClock(), expect_empty=expect_empty))
    bad = [finding for finding in findings if not finding["ok"] and not finding.get("warning")]
    if json:
        _print_json({"ok": not bad, "findings": findings})
    else:
        for finding in findings:
            mark = "ok  " if finding["ok"] else "warn" if finding.get("warning") else "FAIL"
            print(f"{mark}  {finding['check']}: {finding['sentence']}")
            if finding.get("remedy") and not finding["ok"]:
                print(f"      -> {finding['remedy']}")
    return EXIT_FINDING if bad else 0


@app.command
def status(
    *, config: ConfigPath = DEFAULT_CONFIG, connection: ConnectionName = "", json: AsJson = False
) -> int:
    """What is in sync, what waits, what is wrong."""
    client = _client(configuration.load(config))
    answer = _run(client.get("/api/v1/status"))
    waiting = {
        name: _run(client.get("/api/v1/parked", connection=name))
        for name in answer["connections"]
        if connection in ("", name)
    }
    if json:
        _print_json({**answer, "waiting_for_a_person": waiting})
        return 0
    print(f"streamsync is {answer['status']}")
    for problem in answer["degraded"]:
        print(f"  ! {problem}")
    for name, found in answer["connections"].items():
        if connection not in ("", name):
            continue
        print(
            f"\n{name}: {'open' if found['open'] else 'not open'}, "
            f"{'plan accepted' if found['accepted'] else 'plan not accepted'}, "
            f"rules version {found['rules_version']}"
        )
        for notice in found["notices"]:
            print(f"  note: {notice}")
        for entity, counts in found["entities"].items():
            print(f"  {entity:<13}" + "  ".join(f"{word} {number}" for word, number in counts.items()))
        for row in waiting[name]:
            print(
                f"  - {row['entity']} webCRM {row['webcrm'] or '-'} / Visma {row['visma'] or '-'}: "
                f"{row['sentence']}"
            )
    return 0


@app.command
def plan(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    accept: str = "",
    connection: ConnectionName = "",
    limit: int = 200,
    json: AsJson = False,
) -> int:
    """What would be written now, field by field; nothing is. `--accept NAME` lets the first sync begin."""
    client = _client(configuration.load(config))
    if accept:
        answer = _run(client.post("/api/v1/plan/accept", {"connection": accept, "who": "cli"}))
        if json:
            _print_json(answer)
        else:
            print(
                f"The plan of {answer['connection']} is accepted; "
                f"{answer['records']} records are being decided."
            )
        return 0
    answer = _run(client.get("/api/v1/plan", connection=connection, limit=str(limit)))
    if json:
        _print_json(answer)
        return 0
    print(
        f"Plan of {answer['connection']} over {answer['records']} records "
        f"({'accepted' if answer['accepted'] else 'not accepted yet'})"
    )
    for entity, counts in answer["counts"].items():
        print(f"  {entity}: " + ", ".join(f"{what} {number}" for what, number in counts.items()))
    for change in answer["changes"]:
        name = f"{change['entity']} {change['webcrm'] or '-'} / {change['visma'] or '-'}"
        print(f"\n{name}: {change.get('action', change['outcome'])} {change.get('system', change['reason'])}")
        for path, (before, after) in change.get("fields", {}).items():
            print(f"    {path}: {before!r} -> {after!r}")
        for line in change.get("lines", []):
            print(f"    line {line['key'] or 'new'}: {line['action']}")
            for path, text in line["fields"].items():
                print(f"        {path}: {text!r}")
    return 0


@app.command
def retry(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    op: int = 0,
    cause: str = "",
    json: AsJson = False,
) -> int:
    """Try again what is parked: one (--op), all of a cause (--cause), or everything."""
    answer = _run(
        _client(configuration.load(config)).post(
            "/api/v1/retry", {"connection": connection, "op": op, "cause": cause, "who": "cli"}
        )
    )
    _print_json(answer) if json else print(f"{answer['retried']} records are tried again.")
    return 0


@rules_app.command
def export(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    defaults: bool = False,
    json: AsJson = False,
) -> int:
    """Print the rules in force as TOML; `--defaults` prints a complete, commented file to start from."""
    from streamsync.sync.rules_file import render_defaults

    if defaults:
        text = render_defaults()
        _print_json({"text": text}) if json else print(text, end="")
        return 0
    answer = _run(_client(configuration.load(config)).get("/api/v1/rules", connection=connection))
    _print_json(answer) if json else print(answer["text"], end="")
    return 0


@rules_app.command(name="import")
def import_(
    file: Path,
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    why: str = "",
    json: AsJson = False,
) -> int:
    """Check a rules file and put it in force as a new version."""
    answer = _run(
        _client(configuration.load(config)).post(
            "/api/v1/rules",
            {
                "connection": connection,
                "text": _rules_text(file),
                "file": str(file),
                "who": "cli",
                "why": why,
            },
        )
    )
    _print_json(answer) if json else print(
        f"Rules version {answer['version']} of {answer['connection']} is in force."
    )
    return 0


@rules_app.command
def diff(
    file: Path, *, config: ConfigPath = DEFAULT_CONFIG, connection: ConnectionName = "", json: AsJson = False
) -> int:
    """Compare a rules file with the rules in force."""
    answer = _run(
        _client(configuration.load(config)).post(
            "/api/v1/rules/diff", {"connection": connection, "text": _rules_text(file), "file": str(file)}
        )
    )
    if json:
        _print_json(answer)
    else:
        print("\n".join(answer["diff"]) or "No difference.")
    return 0


def _rules_text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(str(file), f"The rules file cannot be read: {why}.") from None


@app.command
def simulate(
    system: str,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    seed: int = 1,
    size: int = 0,
    options: str = "{}",
    json: AsJson = False,
) -> int:
    """Run a stand-in for `webcrm` or `visma` in this process: for trying things out, never for real data."""
    from streamsync.simulators.run import serve_forever

    if system not in ("webcrm", "visma"):
        print(f"streamsync: there is no stand-in for {system!r}. Allowed: webcrm, visma", file=sys.stderr)
        return EXIT_USAGE
    settings = msgspec.json.decode(options.encode(), type=dict[str, Any])
    asyncio.run(
        serve_forever(
            system,
            host=host,
            port=port,
            seed=seed,
            size=size,
            options=settings,
            announce=lambda bound: print(msgspec.json.encode({"port": bound}).decode(), flush=True),
        )
    )
    return 0


@app.command
def demo(*, once: bool = False, size: int = 0, story: str = "", seed: int = 1, json: AsJson = False) -> int:
    """Start both stand-ins and the daemon, and play a day of the vendor document."""
    from streamsync.demo.stage import play

    return asyncio.run(play(once=once, size=size, story=story, seed=seed, as_json=json))


def _client(config: Config) -> AdminClient:
    host, port = configuration.address(config.daemon.admin)
    return AdminClient(host, port)


def _print_json(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
