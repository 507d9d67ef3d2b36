"""Dead at some commits and await sites, every step twice, one history in several lights: a small part of what
`make simulate CRASH=every` and the modules' own commands do in full.

What is drawn is another part each day; a failure names the command that repeats it.
"""

import re

import pytest

from streamsync.clock import SystemClock
from tests.simulation.swarm.twice import MODES
from tests.simulation.test_swarm import run

TODAY = SystemClock().now_ms() // 86_400_000


def test_a_life_that_dies_anywhere_loses_and_doubles_nothing() -> None:
    done = run("tests.simulation.swarm.every", "sample", "4", "5", str(TODAY))
    assert done.returncode == 0, f"today is {TODAY}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    found = re.search(r"9 runs \(4 commits, 5 hits of sites\), 0 failed", done.stdout)
    assert found, done.stdout[-2000:]


@pytest.mark.parametrize("mode", MODES)
def test_every_step_twice_changes_nothing(mode: str) -> None:
    """The rich day; `python -m tests.simulation.swarm.twice all 1 100` runs seeds."""
    done = run("tests.simulation.swarm.twice", mode, "0")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"{mode}, the day" in done.stdout


@pytest.mark.parametrize("seed", [TODAY * 2, TODAY * 2 + 1])
def test_timing_repetition_and_ids_change_nothing(seed: int) -> None:
    done = run("tests.simulation.swarm.metamorphic", str(seed))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "the same end in every light" in done.stdout
