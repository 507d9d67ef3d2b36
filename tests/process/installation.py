"""One installation of streamsync in a folder of its own: configuration, rules, secrets, the daemon, the
command line. Everything runs as a user would run it."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from tests.process.stand_ins import (
    CLIENT,
    ROOT,
    STREAMSYNC,
    TENANT,
    VISMA_SECRET,
    WEBCRM_TOKEN,
    StandIn,
    ask,
    until,
)

NAME = "kunde"
RULES = (ROOT / "streamsync/demo/kunde.rules.toml").read_text("utf-8")
SECRETS = {"WEBCRM_TOKEN": WEBCRM_TOKEN, "VISMA_SECRET": VISMA_SECRET}
CONFIG = """\
[daemon]
state = "state/streamsync.db"
admin = "127.0.0.1:{admin}"
ops = "127.0.0.1:{ops}"
allow_loopback = true
log_level = "{log_level}"
drain_seconds = 60

[[connections]]
name = "kunde"
rules = "kunde.rules.toml"
first_sync = "{first_sync}"
[connections.webcrm]
url = "{webcrm}"
token = {{ env = "WEBCRM_TOKEN" }}
requests_per_minute = 60000
poll_seconds = {poll_seconds}
settle_seconds = 1
[connections.visma]
finance_url = "{visma}"
orders_url = "{visma}"
token_url = "{visma}/connect/token"
tenant_id = "{tenant}"
client_id = "{client}"
client_secret = {{ env = "VISMA_SECRET" }}
requests_per_hour = 3600000
poll_seconds = {poll_seconds}
settle_seconds = 1
"""


def _worker() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


_ports = count(20_000 + 1_000 * _worker() + os.getpid() % 900)


def free_port() -> int:
    """One of this worker's own, below those that the kernel gives to connections."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is no free port")


class Ran(msgspec.Struct, frozen=True):
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.out)


class Daemon:
    """`streamsync run` as a process; its log lines are in a file."""

    def __init__(self, config: Path, log: Path, ops: str, admin: str, env: Mapping[str, str]) -> None:
        self.log, self.ops, self.admin = log, ops, admin
        self._from = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [*STREAMSYNC, "run", "--config", str(config)],
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env={**os.environ, **env},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def code(self) -> int | None:
        return self._child.poll()

    def get(self, path: str) -> tuple[int, str]:
        status, body = ask(self.ops, "GET", path)
        return status, body.decode("utf-8")

    def status(self, path: str) -> int:
        """The status, 0 if nobody listens yet or any more."""
        try:
            return self.get(path)[0]
        except OSError:
            return 0

    @property
    def connection(self) -> dict[str, Any]:
        """The connection as `/api/v1/status` shows it."""
        found: dict[str, Any] = msgspec.json.decode(ask(self.admin, "GET", "/api/v1/status")[1])
        connection: dict[str, Any] = found["connections"][NAME]
        return connection

    @property
    def planned(self) -> dict[str, dict[str, int]]:
        """What would be written now, counted by entity: `{"organisation": {"create_visma": 1}}`."""
        found: dict[str, dict[str, int]] = msgspec.json.decode(ask(self.admin, "GET", "/api/v1/plan")[1])[
            "counts"
        ]
        return found

    def text(self) -> str:
        """What this life has written so far."""
        return self.log.read_bytes()[self._from :].decode("utf-8")

    def events(self) -> list[str]:
        assert all(line.startswith("{") for line in self.text().splitlines()), self.text()
        return [msgspec.json.decode(line)["event"] for line in self.text().splitlines()]

    def _alive(self) -> None:
        assert self.code is None, f"the daemon ended with {self.code}:\n{self.text()}"

    def ready(self) -> "Daemon":
        def look() -> bool:
            self._alive()
            return self.status("/readyz") == 200

        until(look, "the daemon is ready")
        return self

    def opened(self) -> "Daemon":
        self.ready()
        until(lambda: self.connection["open"], "the connection opens")
        return self

    def says(self, event: str) -> None:
        until(lambda: event in self.events(), f"the log says {event}")

    def hang_up(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def terminate(self) -> int:
        """SIGTERM, and the exit code. Far sooner than `drain_seconds`: nothing may be waited for in vain."""
        self.ask_to_stop()
        return self._child.wait(30)

    def kill(self) -> None:
        """SIGKILL: the crash."""
        self._child.kill()
        self._child.wait(30)


class Installation:
    """A folder (0700) with a configuration for two stand-ins. `settings` replaces values of CONFIG."""

    def __init__(self, folder: Path, webcrm: StandIn, visma: StandIn, **settings: str) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self.config, self.rules, self.database = (
            folder / "streamsync.toml",
            folder / "kunde.rules.toml",
            folder / "state/streamsync.db",
        )
        self.secrets = dict(SECRETS)
        self._daemons: list[Daemon] = []
        self._settings = {
            "admin": str(free_port()),
            "ops": str(free_port()),
            "webcrm": webcrm.origin,
            "visma": visma.origin,
            "tenant": TENANT,
            "client": CLIENT,
            "first_sync": "accept",
            "log_level": "info",
            "poll_seconds": "1",
            **settings,
        }
        self.rules.write_text(RULES, "utf-8")
        self.configure()

    def configure(self, **settings: str) -> None:
        """Writes the configuration, with changed values."""
        self._settings |= settings
        self.config.write_text(CONFIG.format_map(self._settings), "utf-8")

    def daemon(self) -> Daemon:
        started = Daemon(
            self.config,
            self.folder / "daemon.log",
            f"127.0.0.1:{self._settings['ops']}",
            f"127.0.0.1:{self._settings['admin']}",
            self.secrets,
        )
        self._daemons.append(started)
        return started

    def run(self, *arguments: str) -> Ran:
        """`streamsync ARGUMENTS --config …`, to its end."""
        done = subprocess.run(
            [*STREAMSYNC, *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **self.secrets},
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def end(self) -> None:
        """Nothing of it runs afterwards."""
        for daemon in self._daemons:
            if daemon.code is None:
                daemon.kill()
