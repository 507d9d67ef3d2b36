"""`streamsync rules`: the sync rules in force, as a file and as a difference."""

from pathlib import Path

import cyclopts

from streamsync.cli_output import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    ConnectionName,
    fetched,
    say,
    say_json,
    told,
)
from streamsync.errors import ConfigError

rules_app = cyclopts.App(name="rules", help="The sync rules: show, change, compare.")


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

    answer = (
        {"text": render_defaults()} if defaults else fetched(config, "/api/v1/rules", connection=connection)
    )
    say_json(answer) if json else say(answer["text"].removesuffix("\n"))
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
    body = {"connection": connection, "text": _text(file), "file": str(file), "why": why}
    answer = told(config, "/api/v1/rules", body)
    if json:
        say_json(answer)
    else:
        say(f"Rules version {answer['version']} of {answer['connection']} is in force.")
    return 0


@rules_app.command
def diff(
    file: Path, *, config: ConfigPath = DEFAULT_CONFIG, connection: ConnectionName = "", json: AsJson = False
) -> int:
    """Compare a rules file with the rules in force."""
    body = {"connection": connection, "text": _text(file), "file": str(file)}
    answer = told(config, "/api/v1/rules/diff", body)
    say_json(answer) if json else say("\n".join(answer["diff"]) or "No difference.")
    return 0


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(str(file), f"The rules file cannot be read: {why}.") from None
