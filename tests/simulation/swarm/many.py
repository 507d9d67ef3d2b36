"""Many seeds on all cores, counted and judged; a failing one is shrunk and told.

    python -m tests.simulation.swarm.many SEEDS [FIRST]

Each core has one process at a time, which runs `CHUNK` seeds and ends: lives that were killed leave tasks
behind that end only with the interpreter. What a process prints is one line of JSON a seed.
"""

import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from tests.simulation.swarm.seed import Verdict, run_seed
from tests.simulation.swarm.shrink import Smaller, shrunk

CHUNK = 50
TOLD = 5  # failing seeds whose story is told; the rest are named


class Tally(msgspec.Struct):
    """What a run of many seeds adds up to."""

    costs: list[float] = msgspec.field(default_factory=list)
    failing: dict[int, list[str]] = msgspec.field(default_factory=dict)
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    virtual_seconds: float = 0.0
    crashes: int = 0
    writes: int = 0
    edits: int = 0
    commits: int = 0

    def add(self, one: Verdict) -> None:
        self.costs.append(one.core_seconds)
        self.virtual_seconds += one.virtual_seconds
        self.faults.update(one.faults)
        self.crashes += one.crashes
        self.writes += one.writes
        self.edits += one.edits
        self.commits += one.commits
        if one.failures:
            self.failing[one.seed] = one.failures

    def words(self, seconds: float) -> str:
        kinds = ", ".join(f"{name} {count:,}" for name, count in sorted(self.faults.items()))
        cost = f"median {statistics.median(self.costs):.2f}, most {max(self.costs):.2f}"
        return (
            f"{len(self.costs):,} seeds, {self.virtual_seconds / 86_400:.1f} virtual days,"
            f" {self.edits:,} edits by people, {self.writes:,} writes, {self.commits:,} commits,"
            f" {self.crashes:,} crashes\n"
            f"faults by kind: {kinds}\n"
            f"core-seconds a seed: {cost}; {seconds / 60:.1f} minutes on {os.cpu_count()} cores\n"
            f"{len(self.failing)} violations"
        )


async def run(seeds: Sequence[int], tally: Tally, processes: int) -> None:
    """Raises RuntimeError when a process died, naming its seeds."""
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]

    async def hand() -> None:
        while chunks:
            await _chunk(chunks.pop(0), tally)

    async with asyncio.TaskGroup() as group:
        for _ in range(processes):
            group.create_task(hand())


async def _chunk(seeds: Sequence[int], tally: Tally) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.simulation.swarm.many",
        "--inside",
        *map(str, seeds),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    out, err = await process.communicate()
    found = [msgspec.json.decode(line, type=Verdict) for line in out.splitlines()]
    for one in found:
        tally.add(one)
        if one.failures:
            print(f"seed {one.seed} FAILED: {one.failures[0][:200]}", flush=True)
    if process.returncode:
        last = seeds[len(found)] if len(found) < len(seeds) else seeds[-1]
        raise RuntimeError(f"The process died at seed {last}:\n{err.decode()[-2000:]}")


def inside(seeds: Sequence[int]) -> None:
    for seed in seeds:
        found = run_seed(seed)
        found.story = []
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        sys.stdout.buffer.flush()
    os._exit(0)  # nothing of the dead lives is waited for


def tell(found: Smaller) -> None:
    print(f"\n--- seed {found.seed}, {found.words()}")
    print("\n".join(found.verdict.story[-120:]))
    print("\n".join(f"  ! {problem}" for problem in found.verdict.failures[:10]))


def main() -> int:
    if sys.argv[1] == "--inside":
        inside([int(seed) for seed in sys.argv[2:]])
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    tally, started = Tally(), time.monotonic()
    asyncio.run(run(range(first, first + count), tally, os.cpu_count() or 1))
    print(tally.words(time.monotonic() - started))
    for seed in sorted(tally.failing)[:TOLD]:
        tell(shrunk(seed))
    if tally.failing:
        print("failing seeds:", *sorted(tally.failing))
    return 1 if tally.failing else 0


if __name__ == "__main__":
    sys.exit(main())
