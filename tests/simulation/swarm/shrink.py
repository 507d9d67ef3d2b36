"""Makes a failing history small: leaves out faults, switches and sorts of acts as long as it still fails, so
that what is told holds little but the cause.

Each try is a process of its own (dead lives cost nothing that way). What is left out changes what is drawn
afterwards, so a smaller history is another one; it must fail at the same invariant to count.

    python -m tests.simulation.swarm.shrink SEED
"""

import subprocess
import sys
from collections.abc import Iterable

import msgspec

from tests.simulation.swarm.seed import Verdict, run_seed

SECONDS = 300


class Smaller(msgspec.Struct, kw_only=True):
    """`without`: what could be left out; `verdict`: how the rest fails."""

    seed: int
    without: list[str]
    verdict: Verdict

    def words(self) -> str:
        left = ", ".join(name for name in self.verdict.drawn if name not in self.without)
        return f"fails with only: {left or 'nothing'}"


def shrunk(seed: int) -> Smaller:
    """Raises ValueError when the seed holds."""
    found = _tried(seed, ())
    if not found.failures:
        raise ValueError(f"Seed {seed} holds.")
    sort, without = _sort(found), list[str]()
    # Halves first: most of what is drawn has nothing to do with it.
    size = len(found.drawn) // 2
    while size:
        left = [name for name in found.drawn if name not in without]
        for at in range(0, len(left), size):
            tried = _tried(seed, [*without, *left[at : at + size]])
            if tried.failures and _sort(tried) == sort:
                without += left[at : at + size]
                found = msgspec.structs.replace(tried, drawn=found.drawn)
        size //= 2
    return Smaller(seed=seed, without=without, verdict=found)


def _sort(found: Verdict) -> str:
    """What kind of failure it is: its first words, without the record."""
    return "".join(char for char in found.failures[0].split(":")[0] if not char.isdigit())[:40]


def _tried(seed: int, without: Iterable[str]) -> Verdict:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.swarm.shrink", "--try", str(seed), *without],
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Verdict)


def main() -> None:
    if sys.argv[1] == "--try":
        found = run_seed(int(sys.argv[2]), without=frozenset(sys.argv[3:]))
        sys.stdout.buffer.write(msgspec.json.encode(found))
        return
    smaller = shrunk(int(sys.argv[1]))
    print("\n".join(smaller.verdict.story))
    print(f"seed {smaller.seed} {smaller.words()}")
    print("\n".join(f"  ! {problem}" for problem in smaller.verdict.failures[:10]))


if __name__ == "__main__":
    main()
