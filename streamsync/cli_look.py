"""The commands that only look: `status`, `plan`, `inbox`, `show`. What they print is in `cli_words.py`."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from cyclopts import Parameter

from streamsync import cli_words
from streamsync.cli_output import Asking, Cause, EntityName, Usage, fetched, say, say_all, say_json, told


def status(*, asking: Asking = Asking()) -> int:
    """What is in sync, what waits, what is wrong."""
    config = asking.config
    answer = fetched(config, "/api/v1/status")
    chosen = [name for name in answer["connections"] if asking.connection in ("", name)]
    waiting = {name: fetched(config, "/api/v1/parked", connection=name) for name in chosen}
    lines = cli_words.status(answer, waiting, asking.language)
    return _answered({**answer, "waiting_for_a_person": waiting}, lines, asking)


def plan(
    *,
    accept: str = "",
    confirm: Annotated[
        str, Parameter(name="--confirm", help="The number of values a large plan would overwrite.")
    ] = "",
    limit: int = 200,
    asking: Asking = Asking(),
) -> int:
    """What would be written now, field by field; nothing is. `--accept NAME` lets the first sync begin."""
    if accept:
        answer = told(asking.config, "/api/v1/plan/accept", {"connection": accept, "confirm": confirm})
        if asking.json:
            say_json(answer)
        else:
            say(
                f"The plan of {answer['connection']} is accepted; "
                f"{answer['records']} records are being decided."
            )
        return 0
    answer = fetched(asking.config, "/api/v1/plan", connection=asking.connection, limit=str(limit))
    return _answered(answer, cli_words.plan(answer, asking.language), asking)


def inbox(
    *,
    entity: EntityName = "",
    cause: Cause = "",
    limit: Annotated[int, Parameter(name="--limit", help="Records shown of each cause.")] = 10,
    asking: Asking = Asking(),
) -> int:
    """What waits for a person, grouped by cause, each with its remedy and the commands that answer it."""
    connection, language = asking.connection, asking.language
    query = {"connection": connection, "entity": entity, "cause": cause, "language": language}
    answer = fetched(asking.config, "/api/v1/inbox", **query)
    lines = cli_words.inbox(answer, language, connection=connection, entity=entity, limit=limit)
    return _answered(answer, lines, asking)


def show(
    pair: int = 0,
    *,
    entity: EntityName = "",
    webcrm: Annotated[str, Parameter(name="--webcrm", help="The record's id in webCRM.")] = "",
    visma: Annotated[str, Parameter(name="--visma", help="The record's key in Visma.net.")] = "",
    asking: Asking = Asking(),
) -> int:
    """One pair: both sides, what was agreed, what is open, its history. By the pair's number, or by
    `--entity` with `--webcrm` or `--visma`."""
    if not pair and not (entity and (webcrm or visma)):
        raise Usage("Name a pair by its number (streamsync inbox), or with --entity and --webcrm or --visma.")
    named = {"pair": str(pair) if pair else "", "entity": entity, "webcrm": webcrm, "visma": visma}
    query = {"connection": asking.connection, **named, "language": asking.language}
    answer = fetched(asking.config, "/api/v1/show", **query)
    return _answered(answer, cli_words.shown(answer, asking.language), asking)


def _answered(answer: Any, lines: Iterator[str], asking: Asking) -> int:
    """What the daemon said, as JSON or as lines for a person."""
    if asking.json:
        say_json(answer)
    else:
        say_all(lines)
    return 0


COMMANDS: tuple[Callable[..., int], ...] = (status, plan, inbox, show)
