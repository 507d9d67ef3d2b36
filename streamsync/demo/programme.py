"""What can be played, by name: how the two systems are filled, how fast all goes, and who tells it.

`chosen` is the only way in; the stories' own modules are imported when one is chosen.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamsync.demo import config_file
from streamsync.demo.config_file import Pace

if TYPE_CHECKING:
    from streamsync.demo.stage import Stage

STORIES = ("second-month", "messy-go-live", "hands-off")
OLD_DELIVERIES = 5_000


@dataclass(frozen=True, kw_only=True)
class Programme:
    """One play. `company`: which generated one fills both systems ("" = the usual), `size` how big it is."""

    run: "Callable[[Stage], Awaitable[dict[str, Any]]]"
    pace: Pace = config_file.DAY
    size: int = 0
    company: str = ""


def chosen(story: str, size: int) -> Programme:
    """The day, the go-live of a generated company (`size` > 0), or a story; its words may be joined by
    hyphens, spaces or underscores. Raises ValueError for a story that does not exist."""
    from streamsync.demo import day, golive, hands_off, messy_golive, second_month

    match "-".join(story.lower().replace("_", " ").replace("-", " ").split()):
        case "" if size > 0:
            return Programme(run=lambda stage: golive.run(stage, size), pace=config_file.GO_LIVE, size=size)
        case "":
            return Programme(run=day.run)
        case "second-month":
            return Programme(run=second_month.run)
        case "hands-off":
            return Programme(run=hands_off.run)
        case "messy-go-live":
            return Programme(
                run=messy_golive.run,
                pace=config_file.MESSY,
                size=size or OLD_DELIVERIES,
                company="messy",
            )
    raise ValueError(
        f"There is no story named {story!r}; the stories are: {', '.join(STORIES)}. Without STORY the day of "
        "the vendor document is played, with SIZE=2000 a go-live."
    )
