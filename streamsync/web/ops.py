"""Probes and metrics on the ops address, answered from a thread of their own.

A probe served by the event loop would measure the wrong thing: it could not say that the loop is stuck. So a
small standard-library server answers from snapshots that the loop publishes (operations A1). No record data,
no secrets.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from streamsync.clock import Clock

LOOP_STALE_SECONDS = 10.0


@dataclass
class Health:
    """What the loop last said about itself; written by the loop, read by the probe thread (single assignments
    only)."""

    clock: Clock
    started: bool = False
    draining: bool = False
    writable: bool = True
    loop_beat: float = 0.0
    late_actors: tuple[str, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)

    def live(self) -> dict[str, str]:
        """Check name to what is wrong; empty = live."""
        wrong: dict[str, str] = {}
        age = self.clock.monotonic() - self.loop_beat
        if self.loop_beat and age > LOOP_STALE_SECONDS:
            wrong["event_loop"] = f"has not run for {age:.0f} s"
        for actor in self.late_actors:
            wrong[f"actor {actor}"] = "missed its heartbeat"
        return wrong

    def ready(self) -> dict[str, str]:
        """Remote systems never count here: failing readiness on their outage would only hide our own
        pages."""
        wrong: dict[str, str] = {}
        if not self.started:
            wrong["startup"] = "not finished"
        if self.draining:
            wrong["draining"] = "shutting down"
        if not self.writable:
            wrong["database"] = "not writable"
        return wrong


class OpsServer:
    """`/startupz /livez /readyz /healthz /statusz /metrics`."""

    def __init__(self, host: str, port: int, health: Health, exposition: Callable[[], bytes]) -> None:
        handler = _handler(health, exposition)
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="ops", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _handler(health: Health, exposition: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "streamsync"
        sys_version = ""

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query, keep_blank_values=True)
            match url.path:
                case "/startupz":
                    self._probe({} if health.started else {"startup": "not finished"}, query)
                case "/livez":
                    self._probe(health.live(), query)
                case "/readyz" | "/healthz":
                    self._probe(health.ready(), query)
                case "/statusz":
                    self._send(200, json.dumps(health.status).encode(), "application/json")
                case "/metrics":
                    self._send(200, exposition(), "text/plain; version=0.0.4; charset=utf-8")
                case _:
                    self._send(404, b"not found\n", "text/plain")

        def _probe(self, wrong: dict[str, str], query: dict[str, list[str]]) -> None:
            for name in query.get("exclude", []):
                wrong.pop(name, None)
            lines = [f"[-]{name} {why}" for name, why in wrong.items()]
            if "verbose" in query:
                lines += [f"[!]degraded {what}" for what in health.status.get("degraded", [])]
            lines.append("failed" if wrong else "ok")
            self._send(503 if wrong else 200, ("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes come every few seconds: nothing to say about each."""

    return Handler
