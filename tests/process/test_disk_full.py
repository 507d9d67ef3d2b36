"""No room for the state file while the daemon runs: it says so, sends nothing, and goes on by itself.

The room is taken by a limit on the size of the process' files (`prlimit`), which any user may set for a
process of their own: the write-ahead log cannot grow.
"""

import resource
from pathlib import Path

import msgspec
import pytest

from tests.process.conftest import Install
from tests.process.installation import Daemon, Installation
from tests.process.stand_ins import StandIn, ask, until

NEW = ("Fjordblik Handel A/S", "Sundby Tømmer A/S", "Vesterhus Byg ApS")


def room(daemon: Daemon, size: int) -> None:
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size, hard))


def names(crm: StandIn) -> list[str]:
    return sorted(
        str(row["OrganisationName"]) for row in crm.rows("organisation") if row.get("OrganisationName")
    )


@pytest.fixture
def full(install: Install, webcrm: StandIn, visma: StandIn) -> tuple[Installation, Daemon]:
    """A daemon at work that has no more room, and knows it: three customers wait to be read."""
    installation = install()
    daemon = installation.daemon().opened()
    log = installation.database.with_name("streamsync.db-wal")
    room(daemon, log.stat().st_size)
    for name in NEW:
        if name not in [str(row["name"]) for row in visma.rows("customers")]:
            visma.act("create_customer", name=name, number=name[:5].upper())
    until(lambda: daemon.status("/readyz") == 503, "it is not ready any more")
    return installation, daemon


def test_it_waits_says_so_and_goes_on(
    full: tuple[Installation, Daemon], webcrm: StandIn, visma: StandIn
) -> None:
    installation, daemon = full
    before = names(webcrm)
    daemon.says("store_full")
    assert "[-]database not writable" in daemon.get("/readyz")[1]
    assert daemon.status("/livez") == 200
    status = msgspec.json.decode(ask(daemon.admin, "GET", "/api/v1/status")[1])
    assert status["status"] == "degraded"
    assert "disk is full" in " ".join(status["degraded"])
    assert "Make room" in installation.run("status").out
    assert names(webcrm) == before
    assert not [event for event in daemon.events() if event.startswith("actor_")]
    room(daemon, resource.RLIM_INFINITY)
    until(lambda: set(NEW) <= set(names(webcrm)), "what waited is written")
    daemon.says("store_writable")
    until(lambda: daemon.status("/readyz") == 200, "it is ready again")
    assert len(names(webcrm)) == len(set(names(webcrm)))
    assert daemon.terminate() == 0


def test_it_can_be_stopped_without_room_and_loses_nothing(
    full: tuple[Installation, Daemon], webcrm: StandIn
) -> None:
    installation, daemon = full
    assert daemon.terminate() == 0
    again = installation.daemon().opened()
    assert "restart_unclean" in again.events()
    until(lambda: set(NEW) <= set(names(webcrm)), "what waited is written")
    assert len(names(webcrm)) == len(set(names(webcrm)))


def test_a_start_without_room_says_what_to_do(install: Install, tmp_path: Path) -> None:
    installation = install()
    daemon = installation.daemon().opened()
    daemon.kill()
    size = max(path.stat().st_size for path in installation.database.parent.iterdir())
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, old[1]))  # the command inherits it
    try:
        ran = installation.run("run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert ran.code == 75
    assert "Make room on its disk." in ran.err
