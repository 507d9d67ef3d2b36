"""A day of work after the vendor document, step by step, each judged by what both stand-ins hold."""

from typing import Any

from streamsync.demo import chapter, steps
from streamsync.demo.stage import Stage


async def run(stage: Stage) -> dict[str, Any]:
    """Plays the day; {ok, seconds, steps: [Happened]}."""
    return await chapter.play(stage, "A day of work", steps.STEPS)
