"""Stand-ins in processes of their own, and the patient look: `until` polls with a deadline and never waits
longer than it must."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
STREAMSYNC = (sys.executable, "-m", "streamsync")
WEBCRM_TOKEN, VISMA_SECRET = "demo-webcrm-token", "demo-visma-secret"
TENANT, CLIENT = "5f0c0000-0000-4000-8000-000000000001", "isv_streamsync"
RESPONSIVE = {"webcrm": {"requests_per_minute": 60_000}, "visma": {"requests_per_hour": 3_600_000}}
LOOK_SECONDS = 0.1
DEADLINE_SECONDS = 30.0


def until(look: Callable[[], T], what: str, seconds: float = DEADLINE_SECONDS) -> T:
    """The first true answer of `look`; `what` says in the failure what was waited for."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        pause.wait(LOOK_SECONDS)
    return found


def ask(origin: str, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """One request, without proxies, redirects or retries. Raises OSError when nobody listens."""
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, path, None if body is None else msgspec.json.encode(body))
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


class StandIn:
    """A running stand-in and its control side. `stop` and `start` give an outage on the same port."""

    def __init__(self, system: str, folder: Path, **options: object) -> None:
        self.system = system
        self._folder = folder
        self._options = {**RESPONSIVE[system], **options}
        self._port = 0
        self.start()

    def __repr__(self) -> str:
        return f"<StandIn {self.system} {self.origin}>"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        options = msgspec.json.encode(self._options).decode()
        with (self._folder / f"{self.system}.log").open("ab") as errors:
            self._child = subprocess.Popen(
                [*STREAMSYNC, "simulate", self.system, "--port", str(self._port), "--options", options],
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                start_new_session=True,
            )
        assert self._child.stdout is not None
        announced = self._child.stdout.readline()
        assert announced, (self._folder / f"{self.system}.log").read_text("utf-8")
        self._port = msgspec.json.decode(announced)["port"]

    def stop(self) -> int:
        self._child.terminate()
        assert self._child.stdout is not None
        self._child.stdout.close()
        return self._child.wait(20)

    def pause(self) -> None:
        """It keeps its port and its memory, and answers nobody."""
        os.kill(self._child.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._child.pid, signal.SIGCONT)

    def _control(self, method: str, what: str, body: object = None) -> Any:
        status, answer = ask(self.origin, method, f"/_sim/{what}", body)
        assert status == 200, answer
        return msgspec.json.decode(answer)

    def act(self, name: str, /, **arguments: object) -> Any:
        """What a person does there; see the stand-in's ACTS."""
        return self._control("POST", "act", {"act": name, **arguments})["result"]

    def rows(self, part: str) -> list[dict[str, Any]]:
        """All rows of one part of its state, sparse in webCRM, flat in Visma.net."""
        found = self._control("GET", f"state?part={part}")[part]
        return [{**row.get("fields", {}), **row} for row in found]

    def fault(self, **rule: object) -> None:
        """A rule as in `simulators.faults.Rule`, or one of the two offsets."""
        self._control("POST", "faults", rule)

    def heal(self) -> None:
        self._control("DELETE", "faults")

    def calls(self) -> dict[str, int]:
        """Answered and unanswered requests since the start, by kind."""
        found = self._control("GET", "counts")["by_kind"]
        return {kind: sum(by_status.values()) for kind, by_status in found.items()}

    def writes(self) -> dict[str, int]:
        """The same, only those that could change a record."""
        return {
            kind: count
            for kind, count in self.calls().items()
            if not kind.startswith("GET") and "/Auth" not in kind and "/connect/token" not in kind
        }
