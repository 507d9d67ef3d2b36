"""The life of the process: start, stop, crash, reload, outage, the first sync's gate, and the commands that
talk to it. Real processes, real signals."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.process.conftest import Install
from tests.process.installation import Daemon, Installation, Ran
from tests.process.stand_ins import TENANT, StandIn, ask, until

PROBES = ("/startupz", "/livez", "/readyz", "/healthz")


@pytest.fixture(scope="module", autouse=True)
def _a_company(visma: StandIn) -> None:
    visma.act("create_customer", name="Fjordblik Handel A/S", number="FJORD")


@pytest.fixture
def gated(install: Install) -> Iterator[tuple[Installation, Daemon]]:
    """A daemon whose plan nobody has accepted: reads everything, writes nothing."""
    made = install(first_sync="ask")
    yield made, made.daemon().opened()


def metric(daemon: Daemon, name: str) -> float:
    [value] = [
        line.split()[1] for line in daemon.get("/metrics")[1].splitlines() if line.startswith(name + " ")
    ]
    return float(value)


# ---- start and stop


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


def test_a_second_process_exits_75_and_names_the_holder(gated: tuple[Installation, Daemon]) -> None:
    installation, daemon = gated
    second = installation.run("run")
    assert second.code == 75
    assert f"is held by process {daemon.pid}. Stop that streamsync first." in second.err
    assert daemon.get("/readyz") == (200, "ok\n")


def test_a_second_signal_does_not_wait(gated: tuple[Installation, Daemon], visma: StandIn) -> None:
    """Nobody answers the write in hand, so draining would take its time; the next start knows of the cut."""
    installation, daemon = gated
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


def test_a_port_that_is_taken(gated: tuple[Installation, Daemon], install: Install) -> None:
    _, daemon = gated
    for settings in ({"ops": daemon.ops.partition(":")[2]}, {"admin": daemon.admin.partition(":")[2]}):
        other = install(**settings)
        ran = other.run("run")
        assert ran.code == 1
        [(key, port)] = settings.items()
        assert f"daemon.{key}: it is not possible to listen at 127.0.0.1:{port} (" in ran.err
        assert "name another address" in ran.err


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


# ---- probes and metrics


def test_the_probes_answer(gated: tuple[Installation, Daemon]) -> None:
    _, daemon = gated
    for path in PROBES:
        assert daemon.get(path) == (200, "ok\n")
    status, body = daemon.get("/statusz")
    found = msgspec.json.decode(body)
    assert status == 200
    assert found["status"] == "ok"
    assert found["connections"]["kunde"]["accepted"] is False
    status, body = daemon.get("/metrics")
    assert status == 200
    assert 'streamsync_build_info{commit="",config_version="",version="0.1.0"} 1.0' in body
    assert "streamsync_http_client_requests_total{" in body
    assert daemon.get("/nothing")[0] == 404


# ---- reload


def test_a_broken_configuration_is_refused_at_sighup(gated: tuple[Installation, Daemon]) -> None:
    installation, daemon = gated
    good = installation.config.read_text("utf-8")
    installation.config.write_text(good.replace("poll_seconds", "pol_seconds", 1), "utf-8")
    daemon.hang_up()
    daemon.says("reload_refused")
    assert metric(daemon, "streamsync_config_reload_success") == 0
    assert daemon.get("/readyz") == (200, "ok\n")
    assert daemon.connection["open"] is True
    installation.config.write_text(good.replace('log_level = "info"', 'log_level = "debug"'), "utf-8")
    daemon.hang_up()
    daemon.says("reloaded")
    assert metric(daemon, "streamsync_config_reload_success") == 1
    assert metric(daemon, "streamsync_config_last_reload_timestamp_seconds") > 1_700_000_000
    assert "level_changed" in daemon.events()
    assert daemon.terminate() == 0


# ---- the gate and the plan


def test_nothing_is_written_before_the_plan_is_accepted(install: Install, tmp_path: Path) -> None:
    crm, erp = StandIn("webcrm", tmp_path), StandIn("visma", tmp_path)
    try:
        new = install(crm, erp, first_sync="ask")
        new.daemon().opened()

        def decided() -> bool:
            found = new.run("plan", "--json").json
            return "create_visma" in found["counts"].get("organisation", {}) and bool(
                found["counts"].get("item")
            )

        until(decided, "both sides have been read")
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


# ---- commands


def test_status_plan_retry_and_rules_speak_json(gated: tuple[Installation, Daemon]) -> None:
    installation, _ = gated
    status = installation.run("status", "--json").json
    assert status["status"] == "ok"
    assert status["waiting_for_a_person"] == {"kunde": []}
    plain = installation.run("status").out
    assert "streamsync is ok" in plain
    assert "kunde: open, plan not accepted, rules version 1" in plain
    assert installation.run("plan", "--json").json["connection"] == "kunde"
    assert installation.run("retry", "--json").json == {"connection": "kunde", "retried": 0}
    assert installation.run("retry").out == "0 records are tried again.\n"
    rules = installation.run("rules", "export", "--json").json
    assert rules["version"] == 1
    assert installation.run("rules", "diff", str(installation.rules), "--json").json["diff"] == []


COMMANDS: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "plan": ("plan",),
    "accept": ("plan", "--accept", "kunde"),
    "retry": ("retry",),
    "export": ("rules", "export"),
    "probe": ("check", "--probe-record", "778800"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_without_a_daemon_a_sentence(install: Install, command: tuple[str, ...]) -> None:
    new = install()
    ran = new.run(*command, "--json")
    assert ran.code == 1
    assert "The daemon does not answer at http://127.0.0.1:" in ran.err
    assert "Is `streamsync run` running?" in ran.err
    assert ran.json["ok"] is False


def test_an_unknown_connection_is_named(gated: tuple[Installation, Daemon]) -> None:
    installation, daemon = gated
    for command in (
        ("plan", "--accept", "nobody"),
        ("retry", "--connection", "nobody"),
        ("plan", "--connection", "x"),
    ):
        ran = installation.run(*command)
        assert ran.code == 1
        assert "There is no connection" in ran.err
    assert ask(daemon.admin, "GET", "/api/v1/plan?limit=many")[0] == 400
    assert ask(daemon.admin, "POST", "/api/v1/retry", [1])[0] == 400


def _unknown_key(text: str) -> str:
    return text.replace("poll_seconds", "pol_seconds", 1)


MISTAKES: dict[str, tuple[Callable[[str], str], str]] = {
    "unknown key": (_unknown_key, "line 17, connections[0].webcrm.pol_seconds: This key is not known."),
    "wrong word": (
        lambda text: text.replace('first_sync = "accept"', 'first_sync = "maybe"'),
        "line 12, connections[0].first_sync: ",
    ),
    "missing key": (
        lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("tenant_id")),
        "line 19, connections[0].visma.tenant_id: This key is needed.",
    ),
    "foreign host": (
        lambda text: text.replace("allow_loopback = true", "allow_loopback = false"),
        "connections[0].webcrm.url: ",
    ),
    "no toml": (lambda text: text + "\n[", "This is not TOML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_configuration_exits_2_with_file_line_and_key(install: Install, mistake: str) -> None:
    change, place = MISTAKES[mistake]
    new = install()
    new.config.write_text(change(new.config.read_text("utf-8")), "utf-8")
    ran = new.run("run")
    assert (ran.code, ran.out) == (2, "")
    assert f"{new.config}" in ran.err
    assert place in ran.err
    assert not new.database.exists()


def test_configuration_errors_as_json(install: Install) -> None:
    new = install()
    new.config.write_text(_unknown_key(new.config.read_text("utf-8")), "utf-8")
    ran = new.run("check", "--json")
    assert ran.code == 2
    assert ran.json["ok"] is False
    assert any("connections[0].webcrm.pol_seconds" in problem for problem in ran.json["problems"])


def test_a_configuration_that_is_not_there(install: Install) -> None:
    new = install()
    new.config.unlink()
    ran: Ran = new.run("status")
    assert ran.code == 2
    assert f"{new.config}: The file cannot be read: No such file or directory." in ran.err


# ---- another tenant


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
