"""Every step twice: whatever the daemon stores or sends, it stores or sends again, and the invariants hold.

    python -m tests.simulation.swarm.twice [MODE|all] [SEED [COUNT]]

What is doubled, per mode:

- `tx`: each store transaction's function runs twice in its savepoint; the caller gets the second answer. It
  stands for a caller that was cancelled after its commit and asks again. One answer is kept from the first
  run: `outbox.claim` says which ops are *this caller's* to send, and must say "none" to whoever asks second;
  a caller that never heard it is the crashed writer, whose ops become unknown (`outbox.unanswered`).
- `tx apart`: the same in two commits, with the other actors between them.
- `step`: each op that was carried out is carried out again from the beginning, look-up and claim and send:
  its first answer is thrown away and it is ready again once the settle time is over. To send the bare request
  twice would prove nothing for creates: no server knows a key there, so two POSTs are two records by nature.
  The promise is about the writer's step (reliability §6.4.5): the look-up finds what the first one made.
- `wire, first answer`, `wire, second answer`: what replaces or removes (PUT, PATCH, DELETE) is executed twice
  by the server, as by a proxy that repeats, and one of both answers comes back.

Counters that only say "something moved" (a pair's dirty mark, an op's attempts) count twice, and may.
"""

import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import msgspec

from actors.writer import Writer
from streamsync.simulators.face import Face
from streamsync.simulators.http import Request, Response
from streamsync.store import outbox
from streamsync.store.db import Store
from tests.simulation.swarm import day
from tests.simulation.swarm.seed import Verdict, World, run_seed, whole

Patches = Callable[[], Sequence[Any]]
REPEATABLE = ("PUT", "PATCH", "DELETE")


def _claim() -> Any:
    """Claims twice, and answers both callers as it answered the first."""
    once, answers = outbox.claim, dict[tuple[int, ...], list[int]]()

    def claim(conn: Any, ops: Any, now_ms: int) -> list[int]:
        key = (now_ms, *(part for op in ops for part in (op.id, op.attempt)))
        claimed = once(conn, ops, now_ms)
        return answers.setdefault(key, claimed)

    return mock.patch.object(outbox, "claim", claim)


def _together() -> Sequence[Any]:
    once: Any = Store.tx

    async def tx(self: Store, fn: Callable[[Any], Any]) -> Any:
        def both(conn: Any) -> Any:
            fn(conn)
            return fn(conn)

        return await once(self, both)

    return mock.patch.object(Store, "tx", tx), _claim()


def _apart() -> Sequence[Any]:
    once: Any = Store.tx

    async def tx(self: Store, fn: Callable[[Any], Any]) -> Any:
        await once(self, fn)
        return await once(self, fn)

    return mock.patch.object(Store, "tx", tx), _claim()


def _step() -> Sequence[Any]:
    once: Any = Writer._landed
    done: set[int] = set()

    async def landed(self: Any, op: Any, answer: Any) -> None:
        if op.id in done:
            await once(self, op, answer)
            return
        done.add(op.id)
        due_ms = self._connection.clock.now_ms() + self._system.settle_ms
        await self._connection.store.tx(lambda c: outbox.back_to_ready(c, op, due_ms, "", ""))

    return (mock.patch.object(Writer, "_landed", landed),)


def _wire(which: int) -> Sequence[Any]:
    once: Any = Face.do

    def do(self: Face, request: Request, *how: Any, **more: Any) -> Response:
        again = msgspec.structs.replace(request, headers=dict(request.headers))
        answers: list[Response] = [once(self, request, *how, **more)]
        if request.method in REPEATABLE:
            answers.append(once(self, again, *how, **more))
        return answers[min(which, len(answers) - 1)]

    return (mock.patch.object(Face, "do", do),)


MODES: dict[str, Patches] = {
    "tx": _together,
    "tx apart": _apart,
    "step": _step,
    "wire, first answer": lambda: _wire(0),
    "wire, second answer": lambda: _wire(1),
}


@contextlib.contextmanager
def doubled(mode: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for patch in MODES[mode]():
            stack.enter_context(patch)
        yield


def run(mode: str, seed: int) -> Verdict:
    """One history in one mode; seed 0 is the rich day."""
    plan: Callable[[World], Awaitable[list[str]]] = whole if seed else day.play
    with doubled(mode):
        return run_seed(seed or 1, plan)


def main(arguments: list[str]) -> int:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    wanted = arguments[0] if arguments else "all"
    first = int(arguments[1]) if len(arguments) > 1 else 0
    count = int(arguments[2]) if len(arguments) > 2 else 1
    bad = 0
    for mode in MODES:
        for seed in range(first, first + count) if wanted in ("all", mode) else ():
            found = run(mode, seed)
            bad += bool(found.failures)
            print(
                f"{mode}, {f'seed {seed}' if seed else 'the day'}: {found.core_seconds:.2f} s core, "
                f"{found.commits} commits, {found.writes} writes, {found.digest} "
                f"{'FAILED' if found.failures else 'ok'}",
                flush=True,
            )
            print("".join(f"  ! {problem[:300]}\n" for problem in found.failures[:8]), end="")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
