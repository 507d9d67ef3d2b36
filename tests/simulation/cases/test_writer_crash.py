"""A writer that crashes with writes in hand (a full disk, a mistake of ours) and is run again within the same
life: what it had sent is looked up then, not at the next start of the process."""

from typing import Any

import pytest

from actors import learning
from tests.simulation.cases.parties import customers, make_organisation
from tests.simulation.scene import Scene, play


def test_what_a_crashed_writer_had_sent_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other system has answered, and the answer is lost on our own side."""
    real, crashes = learning.acknowledge, [0]

    async def crash(*arguments: Any) -> None:
        if not crashes[0]:
            crashes[0] += 1
            raise RuntimeError("our own mistake")
        await real(*arguments)

    async def story(scene: Scene) -> None:
        monkeypatch.setattr(learning, "acknowledge", crash)
        for name in ("Sydhavn A/S", "Nordhavn A/S", "Østerport ApS"):
            make_organisation(scene, name)
        await scene.settle()
        assert crashes == [1]
        names = [row["fields"]["name"] for row in customers(scene)]
        assert {"Sydhavn A/S", "Nordhavn A/S", "Østerport ApS"} <= set(names)
        assert len(names) == len(set(names))

    play(story)
