"""Planted bugs: each takes one rule of the protocol away, and the simulation must notice. A check that cannot
fail proves nothing.

    python -m tests.simulation.swarm.mutants [NAME] [SEEDS]

The patches live here and nowhere in the product; `planted(name)` undoes what it did.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from actors import learning, writer
from streamsync.store import linking, outbox, shadows
from tests.simulation.swarm.seed import run_seed

Patch = Callable[[], Any]


def _no_look_up() -> Any:
    async def everything(_self: object, batch: list[Any]) -> list[Any]:
        return batch

    return mock.patch.object(writer.Writer, "_look_up", everything)


def _timeout_is_failure() -> Any:
    """What was not answered counts as not done: sent again at once."""

    def again(conn: Any, op: Any, now_ms: int, kind: str, words: str) -> None:
        outbox.back_to_ready(conn, op, now_ms, kind, words)

    return mock.patch.object(outbox, "to_unknown", again)


def _no_adoption() -> Any:
    return mock.patch.object(linking, "_claimed", return_value=None)


def _no_fence() -> Any:
    return mock.patch.object(shadows, "fence", return_value=None)


def _no_check_before_update() -> Any:
    return mock.patch.object(learning, "holds", return_value=True)


def _no_rest() -> Any:
    """What is not there is planned again every second (at once, the history would never end)."""
    whole: Any = learning.replan

    async def soon(*arguments: Any) -> None:
        await whole(*arguments[:5], 1_000)

    return mock.patch.object(learning, "replan", soon)


def _refused_look_up_is_kept() -> Any:
    """A create whose look-up is refused stays as it was planned."""
    whole: Any = learning.replan

    async def kept(connection: Any, op: Any, current: Any, started_ms: int, why: str, *pause: int) -> None:
        if why == "lookup_refused":
            due = connection.clock.now_ms() + 60_000
            await connection.store.tx(lambda c: outbox.postpone(c, op, due, "Rejected", why))
        else:
            await whole(connection, op, current, started_ms, why, *pause)

    return mock.patch.object(learning, "replan", kept)


def _old_trouble_is_shown() -> Any:
    """A write that succeeded does not end what an earlier one made the connection say."""
    whole: Any = writer.Writer._landed

    async def landed(self: Any, op: Any, done: Any) -> None:
        shown = self._connection.degraded.get(self.name)
        await whole(self, op, done)
        if shown is not None:
            self._connection.degraded[self.name] = shown

    return mock.patch.object(writer.Writer, "_landed", landed)


MUTANTS: dict[str, tuple[Patch, ...]] = {
    "no look-up before a create": (_no_look_up,),
    "a time-out is a failure": (_timeout_is_failure, _no_look_up),
    "no adoption by marker": (_no_adoption,),
    "no fence": (_no_fence,),
    "no re-read before an update": (_no_check_before_update,),
    "no rest for what is not there": (_no_rest,),
    "a refused look-up keeps its plan": (_refused_look_up_is_kept,),
    "trouble that is over is still shown": (_old_trouble_is_shown,),
}


@contextlib.contextmanager
def planted(name: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for patch in MUTANTS[name]:
            stack.enter_context(patch())
        yield


def caught(name: str, first: int, most: int) -> tuple[int, str]:
    """How many seeds it took, and what was seen; (0, "") if none of `most` noticed."""
    with planted(name):
        for number in range(most):
            found = run_seed(first + number)
            if found.failures:
                return number + 1, found.failures[0]
    return 0, ""


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    missed = 0
    for name in MUTANTS:
        if wanted and wanted not in name:
            continue
        seeds, what = caught(name, 1, most)
        missed += not seeds
        print(
            f"{name}: {'caught after ' + str(seeds) + ' seeds: ' + what[:150] if seeds else 'NOT CAUGHT'}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
