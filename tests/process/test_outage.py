"""Both systems are gone: the process stays ready, says what is wrong, and goes on by itself when they are
back."""

from pathlib import Path

import msgspec

from tests.process.conftest import Install
from tests.process.installation import Daemon
from tests.process.stand_ins import StandIn, until


def degraded(daemon: Daemon) -> list[str]:
    """What `/statusz` says is wrong."""
    status, body = daemon.get("/statusz")
    assert status == 200
    found = msgspec.json.decode(body)
    assert (found.get("status") == "degraded") == bool(found.get("degraded"))
    return list(found.get("degraded", []))


def test_an_outage_while_it_runs(install: Install, webcrm: StandIn, visma: StandIn) -> None:
    """Connections break; a change made meanwhile arrives afterwards. (Were nothing answered at all, the
    circuit would open for half a minute: too long to wait for here.)"""
    daemon = install().daemon().opened()
    until(lambda: [row for row in visma.rows("customers") if row["name"] == "Kunde A/S"], "the first sync")
    for stand_in, path in ((webcrm, "/Queries"), (visma, "/v1/customer")):
        stand_in.fault(sort="reset_before", probability=1, path=path)
    [organisation] = webcrm.rows("organisation")
    webcrm.act(
        "edit", kind="organisation", id=organisation["OrganisationId"], fields={"OrganisationCity": "Odense"}
    )
    until(lambda: len(degraded(daemon)) >= 2, "both systems are said to be gone")
    assert any("Reading Organisation failed: " in sentence for sentence in degraded(daemon))
    assert any("Reading customer failed: " in sentence for sentence in degraded(daemon))
    assert daemon.get("/readyz") == (200, "ok\n")
    assert daemon.get("/livez") == (200, "ok\n")
    verbose = daemon.get("/readyz?verbose")[1]
    assert "[!]degraded kunde: Reading " in verbose
    for stand_in in (webcrm, visma):
        stand_in.heal()

    def arrived() -> bool:
        [customer] = [row for row in visma.rows("customers") if row["name"] == "Kunde A/S"]
        return bool(customer["mainAddress.city"] == "Odense")

    until(arrived, "the change arrives", 75)
    until(lambda: not degraded(daemon), "nothing is degraded any more", 75)
    assert daemon.terminate() == 0


def test_both_are_gone_when_it_starts(install: Install, tmp_path: Path) -> None:
    crm, erp = StandIn("webcrm", tmp_path), StandIn("visma", tmp_path)
    for stand_in in (crm, erp):
        stand_in.stop()
    new = install(crm, erp)
    daemon = new.daemon().ready()
    daemon.says("open_failed")
    until(lambda: degraded(daemon), "it is said")
    ran = new.run("status")
    assert ran.code == 0
    assert "streamsync is degraded" in ran.out
    assert "kunde: The connection could not be opened: webcrm cannot be reached" in ran.out
    plan = new.run("plan")
    assert plan.code == 1
    assert "The connection kunde is not open yet: The connection could not be opened" in plan.err
    for stand_in in (crm, erp):
        stand_in.start()
    try:
        daemon.opened()
        until(lambda: erp.rows("customers"), "the first sync")
        until(lambda: not degraded(daemon), "nothing is degraded any more")
    finally:
        crm.stop()
        erp.stop()
