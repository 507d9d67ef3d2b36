"""What people and machines ask a running daemon: probes, metrics, SIGHUP, the commands; and what the commands
say when there is none. One daemon for all tests; nobody accepts its plan."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.process.conftest import Install
from tests.process.installation import Daemon, Installation
from tests.process.stand_ins import StandIn, ask

PROBES = ("/startupz", "/livez", "/readyz", "/healthz")


@pytest.fixture(scope="module")
def gated(
    webcrm: StandIn, visma: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Daemon]]:
    visma.act("create_customer", name="Fjordblik Handel A/S", number="FJORD")
    made = Installation(
        tmp_path_factory.mktemp("commands") / "a", webcrm, visma, first_sync="ask", poll_seconds="30"
    )
    yield made, made.daemon().opened()
    made.end()


def metric(daemon: Daemon, name: str) -> float:
    [value] = [
        line.split()[1] for line in daemon.get("/metrics")[1].splitlines() if line.startswith(name + " ")
    ]
    return float(value)


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


def test_a_second_process_exits_75_and_names_the_holder(gated: tuple[Installation, Daemon]) -> None:
    installation, daemon = gated
    second = installation.run("run")
    assert second.code == 75
    assert f"is held by process {daemon.pid}. Stop that streamsync first." in second.err
    assert daemon.get("/readyz") == (200, "ok\n")


def test_a_port_that_is_taken(gated: tuple[Installation, Daemon], install: Install) -> None:
    _, daemon = gated
    for settings in ({"ops": daemon.ops.partition(":")[2]}, {"admin": daemon.admin.partition(":")[2]}):
        other = install(**settings)
        ran = other.run("run")
        assert ran.code == 1
        [(key, port)] = settings.items()
        assert f"daemon.{key}: it is not possible to listen at 127.0.0.1:{port} (" in ran.err
        assert "name another address" in ran.err


def test_status_plan_retry_and_rules_speak_json(gated: tuple[Installation, Daemon]) -> None:
    installation, _ = gated
    status = installation.run("status", "--json").json
    assert status["status"] == "ok"
    assert status["waiting_for_a_person"] == {"kunde": []}
    plain = installation.run("status").out
    assert "streamsync is ok" in plain
    assert "kunde: open, plan not accepted, rules version 1" in plain
    assert installation.run("plan", "--json").json["connection"] == "kunde"
    assert installation.run("retry", "--json").json["changed"] == 0
    retried = installation.run("retry")
    assert (retried.code, retried.out) == (1, "Nothing was found to change.\n")
    assert "kunde: Nothing waits for a person." in installation.run("inbox").out
    rules = installation.run("rules", "export", "--json").json
    assert rules["version"] == 1
    assert installation.run("rules", "diff", str(installation.rules), "--json").json["diff"] == []


COMMANDS: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "plan": ("plan",),
    "accept": ("plan", "--accept", "kunde"),
    "retry": ("retry",),
    "inbox": ("inbox",),
    "resolve": ("resolve", "visma", "--all"),
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
    ran = new.run("status")
    assert ran.code == 2
    assert f"{new.config}: The file cannot be read: No such file or directory." in ran.err
