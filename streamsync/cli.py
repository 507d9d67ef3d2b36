"""The command line. Each command is thin: it reads the configuration, asks the daemon or the systems, and
prints.

Exit codes: 0 done, 1 a finding or refusal, or nothing was found to change, 2 wrong usage or configuration, 75
the store is held by another process. Every command has `--json`; texts for people go to standard output,
problems to standard error. `cli_look`, `cli_answer`, `cli_verify` and `cli_rules` hold the commands
that ask the daemon.
"""

import asyncio
import sys
from typing import Any, NoReturn

import cyclopts
import msgspec

from streamsync import __version__, cli_answer, cli_look, cli_verify
from streamsync import config as configuration
from streamsync.admin_client import Unreachable
from streamsync.cli_output import (
    DEFAULT_CONFIG,
    EXIT_FINDING,
    EXIT_HELD,
    EXIT_USAGE,
    AsJson,
    ConfigPath,
    ConnectionName,
    Usage,
    complain,
    run_async,
    say,
    say_json,
    told,
)
from streamsync.cli_rules import rules_app
from streamsync.clock import SystemClock
from streamsync.errors import ConfigError, StoreRefused

app = cyclopts.App(
    name="streamsync", version=__version__, help="Keeps webCRM and Visma.net ERP in two-way sync."
)
app.command(rules_app)
for _command in (*cli_look.COMMANDS, *cli_answer.COMMANDS, *cli_verify.COMMANDS):
    app.command(_command)


def main() -> None:
    """Run the command line; translate refusals into a sentence and an exit code."""
    try:
        outcome = app(sys.argv[1:])
    except ExceptionGroup as group:
        refused, other = group.split(ConfigError)
        if refused is None or other is not None:
            raise
        _refuse(EXIT_USAGE, *refused.exceptions)
    except (ConfigError, Usage) as problem:
        _refuse(EXIT_USAGE, problem)
    except StoreRefused as refusal:
        _refuse(EXIT_HELD, refusal)
    except (Unreachable, OSError) as problem:
        _refuse(EXIT_FINDING, problem)
    sys.exit(outcome if isinstance(outcome, int) else 0)


def _refuse(code: int, *problems: Exception) -> NoReturn:
    """What is wrong, as sentences; with `--json` also as JSON, so that a script never reads nothing."""
    if "--json" in sys.argv:
        say_json({"ok": False, "problems": [str(problem) for problem in problems]})
    for problem in problems:
        complain(problem)
    sys.exit(code)


@app.command
def run(*, config: ConfigPath = DEFAULT_CONFIG, json: AsJson = False) -> int:
    """Run the daemon until SIGTERM. With `--json` it logs JSON on a terminal too."""
    from streamsync.daemon import Daemon
    from streamsync.observe.logs import Log

    loaded = configuration.load(config)
    log = Log(level=loaded.daemon.log_level, console=False if json else None)
    log.adopt_libraries()
    daemon = Daemon(loaded, config, SystemClock(), log)
    return 0 if run_async(daemon.run()) else EXIT_FINDING


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

    if probe_record:
        answer = told(config, "/api/v1/probe", {"connection": connection, "record": probe_record})
        findings = answer["findings"]
    else:
        loaded = configuration.load(config)
        findings = run_async(check_all(loaded, config.parent, SystemClock(), expect_empty=expect_empty))
    bad = [finding for finding in findings if not finding["ok"] and not finding.get("warning")]
    if json:
        say_json({"ok": not bad, "findings": findings})
    else:
        for finding in findings:
            mark = "ok  " if finding["ok"] else "warn" if finding.get("warning") else "FAIL"
            say(f"{mark}  {finding['check']}: {finding['sentence']}")
            if finding.get("remedy") and not finding["ok"]:
                say(f"      -> {finding['remedy']}")
    return EXIT_FINDING if bad else 0


@app.command
def mapping(*, json: AsJson = False) -> int:
    """Print every row, setting, outcome and reason as Markdown: the page `docs/mapping.md`."""
    from streamsync.sync.mapping_page import page

    text = page()
    say_json({"text": text}) if json else say(text.removesuffix("\n"))
    return 0


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
        complain(f"there is no stand-in for {system!r}. Allowed: webcrm, visma")
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
            announce=_announce,
        )
    )
    return 0


def _announce(port: int) -> None:
    say(msgspec.json.encode({"port": port}).decode())
    sys.stdout.flush()


@app.command
def demo(*, once: bool = False, size: int = 0, story: str = "", seed: int = 1, json: AsJson = False) -> int:
    """Start both stand-ins and the daemon, and play a day of the vendor document."""
    from streamsync.demo.stage import play

    return asyncio.run(play(once=once, size=size, story=story, seed=seed, as_json=json))
