"""`python -m tests.simulation.swarm SEED [COUNT]`: run seeds; the story of a failing one is told."""

import sys

from tests.simulation.swarm.seed import run_seed


def main() -> int:
    first = int(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    bad = 0
    for seed in range(first, first + count):
        found = run_seed(seed)
        print(
            f"{seed}: {found.core_seconds:.2f} s core, {found.virtual_seconds:.0f} s virtual, "
            f"{found.edits} edits, {found.writes} writes, {found.commits} commits, {found.crashes} crashes, "
            f"{found.digest} {'ok' if not found.failures else 'FAILED'}"
        )
        if found.failures:
            bad += 1
            print("  " + found.swarm)
            if count == 1:
                print("\n".join(found.story))
            print("\n".join(f"  ! {problem}" for problem in found.failures[:10]))
    print(f"{count - bad} of {count} held")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
