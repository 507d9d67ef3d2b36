"""The life of the process: start, stop, crash, reload, outage, the first sync's gate, and the commands that
talk to it. Real processes, real signals."""

import stat
from pathlib import Path

import pytest

from tests.process.conftest import Install
from tests.process.installation import Daemon, Installation
from tests.process.stand_ins import TENANT, StandIn, until


@pytest.fixture(scope="module", autouse=True)
def _a_company(visma: StandIn) -> None:
    visma.act("create_customer", name="Fjordblik Handel A/S", number="FJORD")


@pytest.fixture
def gated(install: Install) -> tuple[Installation, Daemon]:
    """A daemon whose plan nobody has accepted: reads everything, writes nothing."""
    made = install(first_sync="ask")
    return made, made.daemon().opened()


def test_sigterm_drains_and_the_next_start_finds_the_store_clean(gated: tuple[Installation, Daemon]) -> None:
    installation, daemon = gated
    assert daemon.terminate() == 0
    assert daemon.events()[-2:] == ["stopping", "stopped"]
    assert daemon.status("/readyz") == 0
    again = installation.daemon().opened()
    assert "restart_unclean" not in again.events()


def test_a_crash_is_noticed_and_got_over(gated: tuple[Installation, Daemon]) -> None:
    installation, daemon = gated
    daemon.kill()
    again = installation.daemon().opened()
    assert again.events()[0] == "restart_unclean"
    assert again.terminate() == 0
    third = installation.daemon().ready()
    assert "restart_unclean" not in third.events()


def test_a_second_signal_does_not_wait(
    gated: tuple[Installation, Daemon], webcrm: StandIn, visma: StandIn
) -> None:
    """Nobody answers the write in hand, so draining would take its time; the next start knows of the cut."""
    installation, daemon = gated
    new = {"OrganisationName": "Havgård ApS", "OrganisationType": "Kunde"}
    webcrm.act("create", kind="organisation", fields=new)
    until(lambda: "create_visma" in daemon.planned.get("organisation", {}), "both sides have been read")
    visma.pause()
    try:
        assert installation.run("plan", "--accept", "kunde").code == 0
        until(lambda: daemon.connection["open_ops"], "a write is under way")
        daemon.ask_to_stop()
        daemon.says("stopping")
        assert daemon.status("/readyz") == 503
        assert daemon.status("/livez") == 200
        assert daemon.terminate() == 1
    finally:
        visma.resume()
    assert daemon.events()[-1] == "cut_short"
    assert "restart_unclean" in installation.daemon().ready().events()


def test_what_is_on_the_disk_is_for_us_only(gated: tuple[Installation, Daemon]) -> None:
    """Security D1; a folder that others may read is refused."""
    installation, daemon = gated
    state = installation.database.parent
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
    assert {"streamsync.db", "streamsync.db-wal", "streamsync.db-shm", "streamsync.db.lock"} == names.keys()
    assert set(names.values()) == {0o600}
    assert daemon.terminate() == 0
    for path, mode, wanted in ((state, 0o750, "700"), (installation.database, 0o644, "600")):
        before = path.stat().st_mode
        path.chmod(mode)
        ran = installation.run("run")
        assert ran.code == 75
        assert f"Run: chmod {wanted} {path}" in ran.err
        path.chmod(before)


def test_nothing_is_written_before_the_plan_is_accepted(install: Install, tmp_path: Path) -> None:
    crm, erp = StandIn("webcrm", tmp_path), StandIn("visma", tmp_path)
    try:
        new = install(crm, erp, first_sync="ask")
        daemon = new.daemon().opened()
        both = {"organisation": {"create_visma": 1}, "item": {"create_webcrm": 2}}
        until(lambda: both.items() <= daemon.planned.items(), "both sides have been read")
        plan = new.run("plan").out
        assert "Plan of kunde over 4 records (not accepted yet)" in plan
        assert "organisation: create_visma 1" in plan
        assert "name: '' -> 'Kunde A/S'" in plan
        assert "mainAddress.addressLine1: '' -> 'Kundeadresse 199'" in plan
        assert "item: create_webcrm 2" in plan
        assert "QuotationLineLinkedDataItemData2: '' -> 'Produkt 1'" in plan
        as_json = new.run("plan", "--json").json
        [customer] = [one for one in as_json["changes"] if one["entity"] == "organisation"]
        assert (customer["action"], customer["system"]) == ("create", "visma")
        assert customer["fields"]["name"] == ["", "Kunde A/S"]
        # Several rounds of polling have passed: still nothing.
        rounds = crm.calls()["GET /Queries Organisation"]
        until(lambda: crm.calls()["GET /Queries Organisation"] > rounds + 2, "two more polls")
        assert (crm.writes(), erp.writes()) == ({}, {})

        accepted = new.run("plan", "--accept", "kunde")
        assert accepted.code == 0
        assert accepted.out.startswith("The plan of kunde is accepted; ")
        until(
            lambda: [row for row in erp.rows("customers") if row.get("name") == "Kunde A/S"], "it is written"
        )
        assert erp.writes()["POST /v1/customer"] == 1
        assert new.run("plan", "--json").json["accepted"] is True
        assert new.run("plan", "--accept", "kunde", "--json").json["accepted"] is True
    finally:
        crm.stop()
        erp.stop()


def test_another_pair_of_systems_behind_the_same_store_is_refused(
    install: Install, webcrm: StandIn, visma: StandIn, tmp_path: Path
) -> None:
    """Its ids would be taken for those of records that are known. Nothing is written there."""
    other = "5f0c0000-0000-4000-8000-0000000000aa"
    crm, erp = StandIn("webcrm", tmp_path, system_id=4712), StandIn("visma", tmp_path, tenant=other)
    ours = {"webcrm": webcrm.origin, "visma": visma.origin, "tenant": TENANT}
    cases: list[tuple[dict[str, str], str]] = [
        (
            {"webcrm": crm.origin},
            "from webCRM system 4711, but the configuration now leads to webCRM system 4712.",
        ),
        (
            {"visma": erp.origin, "tenant": other},
            f"from Visma.net company {TENANT}, but the configuration now leads to Visma.net company {other}.",
        ),
    ]
    try:
        new = install()
        assert new.daemon().opened().terminate() == 0
        for settings, words in cases:
            new.configure(**{**ours, **settings})
            daemon = new.daemon().ready()
            daemon.says("tenant_refused")
            assert daemon.connection["open"] is False
            status = new.run("status")
            assert words in status.out
            assert "streamsync is degraded" in status.out
            assert daemon.terminate() == 0
        assert (crm.writes(), erp.writes()) == ({}, {})
        new.configure(**ours)
        assert new.daemon().opened().terminate() == 0
    finally:
        crm.stop()
        erp.stop()
