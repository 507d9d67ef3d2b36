"""Named points at which the process ends as if it had been killed: for tests of the real process only.

`STREAMSYNC_CRASHPOINT=after_commit:37` ends it the 37th time that it passes that point: no `finally` runs and
nothing is flushed or closed. The points are those between which a write can be caught (reliability §5.2):

    before_send   the op is marked as sent, not one byte has left
    after_send    the other system has answered, nothing of it is stored
    after_commit  a transaction is durable, nobody has been told

The daemon says at its start, as a warning, that one is set. Without one `passed` looks into an empty dict.
"""

import os

from streamsync.errors import ConfigError

VARIABLE = "STREAMSYNC_CRASHPOINT"
POINTS = ("before_send", "after_send", "after_commit")
EXIT = 137  # as a shell shows SIGKILL
_left: dict[str, int] = {}


def arm(text: str) -> None:
    """`point:number`, the number from 1; an empty text arms nothing. Raises ConfigError."""
    _left.clear()
    if not text:
        return
    point, _, number = text.partition(":")
    if point not in POINTS or not (number.isascii() and number.isdigit() and int(number)):
        raise ConfigError(VARIABLE, f"{text!r} names no point and number.", ":1 ".join(POINTS) + ":1")
    _left[point] = int(number)


def passed(point: str) -> None:
    """Ends the process if this is the time that was named. Each point is passed by one thread only."""
    if point in _left:
        _left[point] -= 1
        if not _left[point]:
            os._exit(EXIT)
