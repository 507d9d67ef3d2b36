"""The commands that decide or stop something: `resolve`, `link`, `unlink`, `exclude`, `approve`, `pause`,
`resume`, `retry`. The daemon does it and keeps an audit row.

Each exits with 1 when nothing was found to change, so that a script notices.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from streamsync.cli_output import (
    DEFAULT_CONFIG,
    EXIT_FINDING,
    AsJson,
    Cause,
    ConfigPath,
    ConnectionName,
    EntityName,
    Everything,
    Language,
    Pairs,
    Usage,
    complain,
    say,
    say_json,
    told,
)

System = Annotated[
    Literal["", "webcrm", "visma"], Parameter(name="--system", help="Writes into this system only.")
]
SHOWN = 10

DONE: Mapping[str, tuple[str, str]] = {
    "resolve": ("{n} decided", "{n} afgjort"),
    "link": ("{n} linked", "{n} tilknyttet"),
    "unlink": ("{n} unlinked", "{n} skilt ad"),
    "exclude": ("{n} left out", "{n} udeladt"),
    "approve": ("{n} approved", "{n} godkendt"),
    "pause": ("{n} paused", "{n} sat på pause"),
    "resume": ("{n} resumed", "{n} genoptaget"),
    "retry": ("{n} tried again", "{n} prøves igen"),
}
NOTHING = ("Nothing was found to change.", "Der var intet at ændre.")


def resolve(
    choice: str,
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    pair: Pairs = (),
    cause: Cause = "",
    entity: EntityName = "",
    all: Everything = False,
    row: Annotated[str, Parameter(name="--row", help="One row, e.g. O6, or L3@9001 for a line.")] = "",
    value: Annotated[str, Parameter(name="--value", help="With the choice `value`: the text.")] = "",
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Answer what waits: `webcrm`, `visma`, `value`, `keep`, … as `streamsync inbox` offers them."""
    select = _selection(pair, cause, entity, all)
    body = {"select": select, "choice": choice, "row": row, "value": value}
    return _tell(config, "resolve", connection, body, language, json)


def link(
    *,
    pair: Annotated[int, Parameter(name="--pair", help="The number of the pair.")],
    to: Annotated[str, Parameter(name="--to", help="The id or key of the record in the other system.")],
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Say that a record is the same as one of the other system."""
    return _tell(config, "link", connection, {"pair": pair, "to": to}, language, json)


def unlink(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    pair: Pairs = (),
    cause: Cause = "",
    entity: EntityName = "",
    all: Everything = False,
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Say that the two records of a pair are not the same. Nothing is deleted on either side."""
    select = _selection(pair, cause, entity, all)
    return _tell(config, "unlink", connection, {"select": select}, language, json)


def exclude(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    pair: Pairs = (),
    cause: Cause = "",
    entity: EntityName = "",
    all: Everything = False,
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Leave records out of the sync, until somebody says otherwise."""
    select = _selection(pair, cause, entity, all)
    return _tell(config, "exclude", connection, {"select": select}, language, json)


def approve(
    what: Literal["brake", "deletes"],
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    entity: EntityName = "",
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Let go what is held back: `brake`, the changes of too many records at once; `deletes`, what a deletion
    on one side would do to the other."""
    return _tell(config, "approve", connection, {"what": what, "entity": entity}, language, json)


def pause(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    entity: EntityName = "",
    system: System = "",
    pair: Pairs = (),
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Stop writing: the whole connection, one entity, into one system, or single pairs. Reading goes on."""
    body = {"entity": entity, "system": system, "pairs": pair}
    return _tell(config, "pause", connection, body, language, json)


def resume(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    entity: EntityName = "",
    system: System = "",
    pair: Pairs = (),
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """End a pause; what changed meanwhile is compared anew and written."""
    body = {"entity": entity, "system": system, "pairs": pair}
    return _tell(config, "resume", connection, body, language, json)


def retry(
    *,
    config: ConfigPath = DEFAULT_CONFIG,
    connection: ConnectionName = "",
    op: Annotated[int, Parameter(name="--op", help="One write, by its number.")] = 0,
    cause: Cause = "",
    pair: Pairs = (),
    all: Everything = False,
    language: Language = "en",
    json: AsJson = False,
) -> int:
    """Try again what is parked: one write (--op), pairs (--pair), all of a cause (--cause), or everything
    (--all, or nothing named)."""
    if sum(map(bool, (op, cause, pair, all))) > 1:
        raise Usage("Give only one of --op, --pair, --cause and --all.")
    body = {"op": op, "cause": cause, "pairs": pair}
    return _tell(config, "retry", connection, body, language, json)


def _selection(pairs: tuple[int, ...], cause: str, entity: str, everything: bool) -> dict[str, Any]:
    """`select` of the API. Raises Usage unless exactly one way is named."""
    if sum(map(bool, (pairs, cause, everything))) != 1:
        raise Usage("Say which records: --pair N (may be repeated), --cause CAUSE, or --all.")
    if entity and not cause:
        raise Usage("--entity narrows a --cause; name both, or leave it out.")
    if pairs:
        return {"pairs": list(pairs)}
    return {"cause": cause, "entity": entity} if cause else {"all": True}


def _tell(
    config: Path, verb: str, connection: str, body: Mapping[str, object], language: str, json: bool
) -> int:
    answer = told(config, f"/api/v1/{verb}", {"connection": connection, **body})
    changed = int(answer["changed"])
    if json:
        say_json(answer)
    else:
        for problem in answer.get("problems", ()):
            complain(problem)
        danish = language == "da"
        if changed:
            pairs = [str(one) for one in answer.get("pairs", ())]
            named = ", ".join(pairs[:SHOWN]) + ("" if len(pairs) <= SHOWN else ", …")
            where = (f" ({'par' if danish else 'pairs'} {named})") if pairs else ""
            say(f"{answer['connection']}: {DONE[verb][danish].format(n=changed)}{where}.")
        else:
            say(NOTHING[danish])
    return 0 if changed else EXIT_FINDING


COMMANDS: tuple[Callable[..., int], ...] = (resolve, link, unlink, exclude, approve, pause, resume, retry)
