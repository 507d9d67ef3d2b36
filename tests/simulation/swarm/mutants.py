"""Planted bugs: each takes one rule of the product away, and the simulation must notice. A check that cannot
fail proves nothing.

    python -m tests.simulation.swarm.mutants [PART OF A NAME] [MOST SEEDS]    (`make simulate MUTANTS=1`)

A table: the planted bug, the rule it breaks, how many seeds it took (median of three runs from different
first seeds, each a process of its own, two at a time), and what was seen. Each bug is looked for in the
biased world (`malice_focus`) that shows it soonest; ordinary seeds meet the same worlds now and then. A
rule that others mask is planted too and must *not* be seen alone: the reason stands beside it, and the last
column of its row is empty. The patches live in `mutants_protocol`, `mutants_sight` and `mutants_guards` and
nowhere in the product; `planted(name)` undoes what it did.
"""

import contextlib
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from tests.simulation.swarm import mutants_guards as guards
from tests.simulation.swarm import mutants_protocol as protocol
from tests.simulation.swarm import mutants_sight as sight
from tests.simulation.swarm.seed import run_seed

Patch = Callable[[], Any]
FIRST_SEEDS = (1, 1_001, 2_001)
MOST = 60
MASKED_MOST = 12  # seeds in which a masked bug is shown not to be seen
AT_ONCE = 2
SECONDS = 3_600


class Mutant(msgspec.Struct, frozen=True):
    """`rule`: of design §6, and the invariant of reliability §2. `masked`: why nobody can notice it alone."""

    name: str
    rule: str
    focus: str
    patches: tuple[Patch, ...]
    masked: str = ""


class Catch(msgspec.Struct):
    """`seeds`: how many it took, 0 = none of them noticed."""

    seeds: int
    what: str


TWO_OPS = (
    protocol.two_ops_a_pair,
    protocol.nobody_asks_for_open_ops,
    protocol.nobody_sees_open_ops,
    protocol.dirty_pairs_in_hand_too,
)
MUTANTS = {
    one.name: one
    for one in (
        # -- the write protocol
        Mutant("no look-up before a create", "1, I1", "lost commits", (protocol.no_look_up,)),
        Mutant("no settle time", "1, I8", "unsure creates", (protocol.no_settle_time, protocol.no_look_up)),
        Mutant(
            "a time-out is a failure",
            "1, I8",
            "unsure creates",
            (protocol.timeout_is_failure, protocol.no_look_up),
        ),
        Mutant("a retry inside the client", "1, I8", "unsure creates", (protocol.retry_in_the_client,)),
        Mutant("no start delay", "7, I10", "lost commits", (protocol.no_start_delay,)),
        Mutant(
            "no base for an unknown update", "2, I2", "unsure updates", (protocol.no_base_for_the_unknown,)
        ),
        Mutant("no base for an acknowledged write", "3, I3", "one pair", (protocol.no_base_for_the_known,)),
        Mutant("no re-read before an update", "2, I2", "one pair", (protocol.no_check_before_update,)),
        Mutant("two writes of one pair", "5, I5", "one pair", TWO_OPS),
        Mutant("a parked write blocks its lane", "10", "poison", (protocol.parked_blocks_the_lane,)),
        Mutant(
            "trouble that is over is still shown", "4", "unsure creates", (protocol.old_trouble_is_shown,)
        ),
        Mutant("a refused look-up keeps its plan", "6, I11", "families", (protocol.refused_look_up_is_kept,)),
        # -- what is seen and kept
        Mutant("no fence", "2, I2", "one pair, old reads", (sight.no_fence,)),
        Mutant("no adoption by marker", "1, I1", "lost commits", (sight.no_adoption,)),
        Mutant(
            "no overlap of the cursor",
            "3, I13",
            "late lists",
            (sight.no_overlap_in_webcrm, sight.no_overlap_in_the_erp),
        ),
        Mutant("the cursor moves first", "7, I13", "crashes", (sight.cursor_first,)),
        Mutant("deleted on one miss", "9", "gaps in lists", (sight.gone_on_one_miss,)),
        Mutant("the loser is not kept", "2, I7", "policies", (sight.loser_is_not_kept,)),
        Mutant("a value in the log", "I15", "unsure updates", (sight.value_in_the_log,)),
        Mutant("some pairs are forgotten", "6, I11", "peace", (sight.some_pairs_are_forgotten,)),
        # -- what holds the daemon back
        Mutant("no first-sync gate", "8", "old records", (guards.no_gate,)),
        Mutant("the plan is not asked for", "8, I14", "a plan to accept", (guards.plan_is_not_asked_for,)),
        Mutant("no mass-change brake", "9, I14", "mass changes", (guards.no_brake,)),
        Mutant("no oscillation brake", "4, I4", "meddlers", (guards.no_oscillation_brake,)),
        Mutant(
            "a pause is not heeded",
            "I14",
            "pauses",
            (guards.no_pause, guards.pause_is_not_asked_at_the_send),
        ),
        Mutant("no wait for the parent", "5, I6", "families", (guards.no_wait_for_the_parent,)),
        Mutant("the other side wins", "2, I7", "policies", (guards.the_other_side_wins,)),
        # -- masked by others
        Mutant(
            "sent is ready again at restart",
            "7, I9",
            "crashes",
            (protocol.sent_is_ready_again,),
            "a create is looked up before it is sent, after the start delay; an update is re-read",
        ),
        Mutant(
            "sent is not kept",
            "7, I9",
            "crashes",
            (protocol.sent_is_not_kept,),
            "after an unclean start every create waits and is looked up, whatever its state says",
        ),
        Mutant(
            "a 401 to a POST is definite",
            "1, I8",
            "unsure creates",
            (protocol.unauthorized_is_definite,),
            "the lane rests longer than the settle time, and the second attempt is looked up",
        ),
        Mutant(
            "dirty is a flag",
            "2",
            "one pair",
            (sight.dirty_is_a_flag, sight.dirty_is_cleared_whole),
            "a pair is loaded, decided and cleared in one transaction, so nothing comes in between",
        ),
    )
}


@contextlib.contextmanager
def planted(name: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for patch in MUTANTS[name].patches:
            stack.enter_context(patch())
        yield


def caught(name: str, first: int, most: int) -> Catch:
    """How many seeds it took, and what was seen."""
    with planted(name):
        for number in range(most):
            found = run_seed(first + number, focus=MUTANTS[name].focus)
            if found.failures:
                return Catch(number + 1, found.failures[0])
    return Catch(0, "")


def _apart(name: str, first: int, most: int) -> Catch:
    """The same in a process of its own: a life that was killed leaves tasks behind."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.swarm.mutants", "--one", name, str(first), str(most)],
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Catch)


def table(names: list[str], most: int, firsts: tuple[int, ...] = FIRST_SEEDS) -> bool:
    """Prints it, row by row. Whether each bug was caught in each run, and no masked one in any."""
    print(
        "| planted bug | rule | seeds (median of the runs) | what was seen |\n|---|---|---|---|", flush=True
    )
    good = True
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {
            name: [
                pool.submit(_apart, name, first, MASKED_MOST if MUTANTS[name].masked else most)
                for first in firsts
            ]
            for name in names
        }
        for name, started in runs.items():
            found, mutant = [run.result() for run in started], MUTANTS[name]
            good &= all(bool(one.seeds) != bool(mutant.masked) for one in found)
            print(f"| {name} | {mutant.rule} | {_seeds(mutant, found)} |", flush=True)
    return good


def _seeds(mutant: Mutant, found: list[Catch]) -> str:
    counts = [one.seeds for one in found]
    seen = next((one.what for one in found if one.seeds), "")[:110]
    if mutant.masked:
        return f"masked: {mutant.masked} | {seen and 'SEEN ALL THE SAME: ' + seen}"
    if not all(counts):
        return f"NOT CAUGHT {counts} | {seen}"
    return f"{statistics.median(counts):.0f} {counts} | {seen}"


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        name, *numbers = sys.argv[2:]
        sys.stdout.buffer.write(msgspec.json.encode(caught(name, *map(int, numbers))))
        return 0
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    most = int(sys.argv[2]) if len(sys.argv) > 2 else MOST
    return 0 if table([name for name in MUTANTS if wanted in name], most) else 1


if __name__ == "__main__":
    sys.exit(main())
