"""The probes: what fails them, what must not, and that they answer while the loop is stuck."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from streamsync.clock import SystemClock
from streamsync.web.ops import LOOP_STALE_SECONDS, Health, OpsServer


@pytest.fixture
def health() -> Health:
    return Health(SystemClock())


@pytest.fixture
def origin(health: Health) -> Iterator[str]:
    server = OpsServer("127.0.0.1", 0, health, lambda: b"streamsync_build_info 1\n")
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_startup_and_readiness_follow_the_life_of_the_process(health: Health, origin: str) -> None:
    assert get(origin + "/startupz")[0] == 503
    assert get(origin + "/readyz")[0] == 503
    health.started = True
    assert get(origin + "/startupz") == (200, "ok\n")
    assert get(origin + "/readyz") == (200, "ok\n")
    assert get(origin + "/healthz") == (200, "ok\n")
    health.draining = True
    status, text = get(origin + "/readyz?verbose")
    assert status == 503
    assert "[-]draining" in text
    assert get(origin + "/readyz?exclude=draining")[0] == 200


def test_liveness_names_a_stuck_loop_and_a_late_actor(health: Health, origin: str) -> None:
    health.loop_beat = health.clock.monotonic()
    assert get(origin + "/livez")[0] == 200
    health.loop_beat -= LOOP_STALE_SECONDS + 1
    status, text = get(origin + "/livez")
    assert status == 503
    assert "event_loop" in text
    health.loop_beat = health.clock.monotonic()
    health.late_actors = ("writer:kunde:erp",)
    status, text = get(origin + "/livez")
    assert status == 503
    assert "writer:kunde:erp" in text


def test_a_degraded_connection_fails_no_probe_but_is_shown(health: Health, origin: str) -> None:
    health.started = True
    health.status = {"status": "degraded", "degraded": ["kunde: Reading customer failed: no connection"]}
    assert get(origin + "/livez")[0] == 200
    status, text = get(origin + "/readyz?verbose")
    assert status == 200
    assert "Reading customer failed" in text
    status, text = get(origin + "/statusz")
    assert status == 200
    assert json.loads(text)["status"] == "degraded"


def test_metrics_and_unknown_paths(origin: str) -> None:
    assert get(origin + "/metrics") == (200, "streamsync_build_info 1\n")
    assert get(origin + "/etc/passwd")[0] == 404
