"""The commands that decide or stop something: `resolve`, `link`, `unlink`, `exclude`, `approve`, `pause`,
`resume`, `retry`. The daemon does it and keeps an audit row.

Each exits with 1 when nothing was found to change, so that a script notices.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from cyclopts import Parameter

from streamsync.cli_output import (
    EXIT_FINDING,
    Asking,
    Cause,
    EntityName,
    Everything,
    Pairs,
    Selection,
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
    chosen: Selection = Selection(),
    row: Annotated[str, Parameter(name="--row", help="One row, e.g. O6, or L3@9001 for a line.")] = "",
    value: Annotated[str, Parameter(name="--value", help="With the choice `value`: the text.")] = "",
    asking: Asking = Asking(),
) -> int:
    """Answer what waits: `webcrm`, `visma`, `value`, `keep`, … as `streamsync inbox` offers them."""
    body = {"select": chosen.select(), "choice": choice, "row": row, "value": value}
    return _tell("resolve", body, asking)


def link(
    *,
    pair: Annotated[int, Parameter(name="--pair", help="The number of the pair.")],
    to: Annotated[str, Parameter(name="--to", help="The id or key of the record in the other system.")],
    asking: Asking = Asking(),
) -> int:
    """Say that a record is the same as one of the other system."""
    return _tell("link", {"pair": pair, "to": to}, asking)


def unlink(*, chosen: Selection = Selection(), asking: Asking = Asking()) -> int:
    """Say that the two records of a pair are not the same. Nothing is deleted on either side."""
    return _tell("unlink", {"select": chosen.select()}, asking)


def exclude(*, chosen: Selection = Selection(), asking: Asking = Asking()) -> int:
    """Leave records out of the sync, until somebody says otherwise."""
    return _tell("exclude", {"select": chosen.select()}, asking)


def approve(what: Literal["brake", "deletes"], *, entity: EntityName = "", asking: Asking = Asking()) -> int:
    """Let go what is held back: `brake`, the changes of too many records at once; `deletes`, what a deletion
    on one side would do to the other."""
    return _tell("approve", {"what": what, "entity": entity}, asking)


def pause(
    *, entity: EntityName = "", system: System = "", pair: Pairs = (), asking: Asking = Asking()
) -> int:
    """Stop writing: the whole connection, one entity, into one system, or single pairs. Reading goes on."""
    return _tell("pause", {"entity": entity, "system": system, "pairs": pair}, asking)


def resume(
    *, entity: EntityName = "", system: System = "", pair: Pairs = (), asking: Asking = Asking()
) -> int:
    """End a pause; what changed meanwhile is compared anew and written."""
    return _tell("resume", {"entity": entity, "system": system, "pairs": pair}, asking)


def retry(
    *,
    op: Annotated[int, Parameter(name="--op", help="One write, by its number.")] = 0,
    cause: Cause = "",
    pair: Pairs = (),
    all: Everything = False,
    asking: Asking = Asking(),
) -> int:
    """Try again what is parked: one write (--op), pairs (--pair), all of a cause (--cause), or everything
    (--all, or nothing named)."""
    if sum(map(bool, (op, cause, pair, all))) > 1:
        raise Usage("Give only one of --op, --pair, --cause and --all.")
    return _tell("retry", {"op": op, "cause": cause, "pairs": pair}, asking)


def _tell(verb: str, body: Mapping[str, object], asking: Asking) -> int:
    answer = told(asking.config, f"/api/v1/{verb}", {"connection": asking.connection, **body})
    changed = int(answer["changed"])
    if asking.json:
        say_json(answer)
    else:
        for problem in answer.get("problems", ()):
            complain(problem)
        danish = asking.language == "da"
        if changed:
            pairs = [str(one) for one in answer.get("pairs", ())]
            named = ", ".join(pairs[:SHOWN]) + ("" if len(pairs) <= SHOWN else ", …")
            where = (f" ({'par' if danish else 'pairs'} {named})") if pairs else ""
            say(f"{answer['connection']}: {DONE[verb][danish].format(n=changed)}{where}.")
        else:
            say(NOTHING[danish])
    return 0 if changed else EXIT_FINDING


COMMANDS: tuple[Callable[..., int], ...] = (resolve, link, unlink, exclude, approve, pause, resume, retry)
