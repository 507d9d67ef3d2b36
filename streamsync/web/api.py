"""The JSON API on the admin address: what the command line and (later) the pages use.

Every route reads the store or hands a command to the daemon; every command leaves an audit row. The address
is a loopback one; a request with a foreign `Host` is refused, so that a page elsewhere cannot reach it
through the browser.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from streamsync.web import bench_api
from streamsync.web.requests import Handler, error, get, name, post, who

BODY_MAX = 2 * 1024 * 1024


class Commands(Protocol):
    """What the daemon can be told. `who` is for the audit row. Unknown connections raise `KeyError`."""

    @property
    def bench(self) -> bench_api.Bench: ...

    def status(self) -> Mapping[str, Any]: ...

    async def plan(self, connection: str, limit: int) -> Mapping[str, Any]: ...

    async def accept(self, connection: str, who: str, confirm: str = "") -> Mapping[str, Any]: ...

    async def parked(self, connection: str) -> list[Mapping[str, Any]]: ...

    async def rules(self, connection: str, version: int) -> Mapping[str, Any]: ...

    async def set_rules(
        self, connection: str, text: str, who: str, why: str, file: str = "rules"
    ) -> Mapping[str, Any]: ...

    async def diff_rules(self, connection: str, text: str, file: str = "rules") -> Mapping[str, Any]: ...

    async def probe(self, connection: str, record: str) -> Mapping[str, Any]: ...

    async def log_level(self, level: str, who: str) -> Mapping[str, Any]: ...

    async def verify(self, connection: str) -> Mapping[str, Any]: ...

    async def verify_pairs(
        self, connection: str, pairs: Sequence[int], read: bool
    ) -> list[Mapping[str, Any]]: ...


def application(
    commands: Commands, hosts: frozenset[str], hook_routes: list[web.RouteDef]
) -> web.Application:
    """`hosts`: the `Host` values that are ours, with port."""
    app = web.Application(client_max_size=BODY_MAX, middlewares=[_guard(hosts)])
    app.add_routes(
        [
            web.get("/api/v1/status", get(lambda r: _now(commands.status()))),
            web.get("/api/v1/plan", get(lambda r: commands.plan(name(r), int(r.query.get("limit", "200"))))),
            web.get("/api/v1/parked", get(lambda r: commands.parked(name(r)))),
            web.get(
                "/api/v1/rules", get(lambda r: commands.rules(name(r), int(r.query.get("version", "0"))))
            ),
            web.post(
                "/api/v1/plan/accept",
                post(lambda b: commands.accept(b["connection"], who(b), str(b.get("confirm", "")))),
            ),
            web.post(
                "/api/v1/rules",
                post(
                    lambda b: commands.set_rules(
                        b["connection"], b["text"], who(b), str(b.get("why", "")), _file(b)
                    )
                ),
            ),
            web.post(
                "/api/v1/rules/diff",
                post(lambda b: commands.diff_rules(b["connection"], b["text"], _file(b))),
            ),
            web.post("/api/v1/probe", post(lambda b: commands.probe(b["connection"], str(b["record"])))),
            web.post("/api/v1/log-level", post(lambda b: commands.log_level(str(b["level"]), who(b)))),
            web.get("/api/v1/verify", get(lambda r: commands.verify(name(r)))),
            web.post(
                "/api/v1/verify",
                post(
                    lambda b: commands.verify_pairs(
                        b["connection"], _numbers(b), b.get("read", False) is True
                    )
                ),
            ),
            *bench_api.routes(commands.bench),
            *hook_routes,
        ]
    )
    return app


async def _now(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return value


def _numbers(body: Mapping[str, Any]) -> list[int]:
    return [int(number) for number in body["pairs"]]


def _file(body: Mapping[str, Any]) -> str:
    """The name under which problems of the sent text are told."""
    return str(body.get("file", "rules"))[:200]


def _guard(hosts: frozenset[str]) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        hook = request.path.startswith("/hooks/")
        if not hook and request.host not in hosts:
            return error(421, "This host name is not mine.")
        if not hook and request.method not in ("GET", "HEAD"):
            site = request.headers.get("Sec-Fetch-Site", "none")
            if site not in ("none", "same-origin"):
                return error(403, "Requests from other sites are refused.")
        response = await handler(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return guard
