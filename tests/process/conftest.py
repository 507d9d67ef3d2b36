"""Both stand-ins once per module, and installations that are cleaned away. Tests of a module share the
stand-ins' records: each looks only at its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.installation import Installation
from tests.process.stand_ins import StandIn


@pytest.fixture(scope="module")
def webcrm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    running = StandIn("webcrm", tmp_path_factory.mktemp("webcrm"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def visma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    running = StandIn("visma", tmp_path_factory.mktemp("visma"))
    yield running
    running.stop()


Install = Callable[..., Installation]


@pytest.fixture
def install(tmp_path: Path, webcrm: StandIn, visma: StandIn) -> Iterator[Install]:
    """Makes installations; whatever still runs of them at the end is killed, and the stand-ins are healed."""
    made: list[Installation] = []

    def make(crm: StandIn = webcrm, erp: StandIn = visma, **settings: str) -> Installation:
        made.append(Installation(tmp_path / f"installation{len(made)}", crm, erp, **settings))
        return made[-1]

    yield make
    for installation in made:
        installation.end()
    webcrm.heal()
    visma.heal()
