"""The commands that only look: `status`, `plan`, `inbox`, `show`. What they print is in `cli_words.py`."""

from collections.abc import Callable
from typing import Annotated

from cyclopts import Parameter

from streamsync import cli_words
from streamsync.cli_output import (
    DEFAULT_CONFIG,
    AsJson,
    Cause,
    ConfigPath,
    ConnectionName,
    EntityName,
    Language,
    Usage,
    fetched,
    say,
    say_all,
    say_json,
    told,
)


def status(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """What is in sync, what waits, what is wrong."""
    answer = fetched(config, "/api/v1/status")
    chosen = [name for name in answer["connections"] if connection in ("", name)]
    waiting = {name: fetched(config, "/api/v1/parked", connection=name) for name in chosen}
    if json:
        say_json({**answer, "waiting_for_a_person": waiting})
    else:
        say_all(cli_words.status(answer, waiting, language))
    return 0


def plan(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    accept: str = "",
    confirm: Annotated[
        str, Parameter(name="--confirm", help="The number of values a large plan would overwrite.")
    ] = "",
    connection: ConnectionName = "",
    limit: int = 200,
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """What would be written now, field by field; nothing is. `--accept NAME` lets the first sync begin."""
    if accept:
        answer = told(config, "/api/v1/plan/accept", {"connection": accept, "confirm": confirm})
        if json:
            say_json(answer)
        else:
            say(
                f"The plan of {answer['connection']} is accepted; "
                f"{answer['records']} records are being decided."
            )
        return 0
    answer = fetched(config, "/api/v1/plan", connection=connection, limit=str(limit))
    if json:
        say_json(answer)
    else:
        say_all(cli_words.plan(answer, language))
    return 0


def inbox(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    entity: EntityName = "",
    cause: Cause = "",
    limit: Annotated[int, Parameter(name="--limit", help="Records shown of each cause.")] = 10,
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """What waits for a person, grouped by cause, each with its remedy and the commands that answer it."""
    answer = fetched(
        config, "/api/v1/inbox", connection=connection, entity=entity, cause=cause, language=language
    )
    if json:
        say_json(answer)
    else:
        say_all(cli_words.inbox(answer, language, connection=connection, entity=entity, limit=limit))
    return 0


def show(
    pair: int = 0,
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    entity: EntityName = "",
    webcrm: Annotated[str, Parameter(name="--webcrm", help="The record's id in webCRM.")] = "",
    visma: Annotated[str, Parameter(name="--visma", help="The record's key in Visma.net.")] = "",
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """One pair: both sides, what was agreed, what is open, its history. By the pair's number, or by
    `--entity` with `--webcrm` or `--visma`."""
    if not pair and not (entity and (webcrm or visma)):
        raise Usage("Name a pair by its number (streamsync inbox), or with --entity and --webcrm or --visma.")
    number = str(pair) if pair else ""
    answer = fetched(
        config,
        "/api/v1/show",
        connection=connection,
        pair=number,
        entity=entity,
        webcrm=webcrm,
        visma=visma,
        language=language,
    )
    if json:
        say_json(answer)
    else:
        say_all(cli_words.shown(answer, language))
    return 0


COMMANDS: tuple[Callable[..., int], ...] = (status, plan, inbox, show)
