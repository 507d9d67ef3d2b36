"""The whole daemon in a world where everything goes wrong: people, faults and crashes, all from one seed.

Here the seeds that once found something, and a few more; `make simulate SEEDS=n` runs many. Each run is a
process of its own: a life that was killed leaves tasks behind that end only with the interpreter.
"""

import os
import re
import subprocess
import sys

import pytest

FOUND = {
    21: "a person deleted in webCRM while the ERP edits it: the update was planned again at full speed",
    22: "the same in another order",
    14: "a contact below a renumbered customer: its look-up was refused, the plan was kept for ever",
    18: "a refused token that worked again left the connection degraded for ever",
}
"""Each fails when its fault is planted again (`mutants.py`, the last three)."""
SECONDS = 240


def run(module: str, *arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("seed", FOUND)
def test_a_seed_that_once_found_a_fault_holds(seed: int) -> None:
    done = run("tests.simulation.swarm", str(seed))
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("first", [1])
def test_seeds_that_held_still_hold(first: int) -> None:
    """Fresh ones are for `make simulate`: what they find is mended before it stops anybody's work."""
    done = run("tests.simulation.swarm", str(first), "4")
    assert done.returncode == 0, done.stdout[-6000:]


def test_one_seed_is_one_history() -> None:
    digests = {
        re.search(r"[0-9a-f]{16}", run("tests.simulation.swarm", "11", hash_seed=hash_seed).stdout)
        for hash_seed in ("0", "1")
    }
    assert None not in digests
    assert len({found.group() for found in digests if found}) == 1


def test_a_planted_bug_is_noticed() -> None:
    done = run("tests.simulation.swarm.mutants", "a time-out is a failure", "12")
    assert done.returncode == 0, done.stdout[-2000:]
