"""The JSON API on the admin address: what the command line and (later) the pages use.

Every route reads the store or hands a command to the daemon; every command leaves an audit row. The address
is a loopback one; a request with a foreign `Host` is refused, so that a page elsewhere cannot reach it
through the browser.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec
from aiohttp import web

from streamsync.errors import ConfigError

BODY_MAX = 2 * 1024 * 1024


class Commands(Protocol):
    """What the daemon can be told. `who` is for the audit row. Unknown connections raise `KeyError`."""

    def status(self) -> Mapping[str, Any]: ...

    async def plan(self, connection: str, limit: int) -> Mapping[str, Any]: ...

    async def accept(self, connection: str, who: str) -> Mapping[str, Any]: ...

    async def retry(self, connection: str, op: int, cause: str, who: str) -> Mapping[str, Any]: ...

    async def parked(self, connection: str) -> list[Mapping[str, Any]]: ...

    async def rules(self, connection: str, version: int) -> Mapping[str, Any]: ...

    async def set_rules(
        self, connection: str, text: str, who: str, why: str, file: str = "rules"
    ) -> Mapping[str, Any]: ...

    async def diff_rules(self, connection: str, text: str, file: str = "rules") -> Mapping[str, Any]: ...

    async def probe(self, connection: str, record: str) -> Mapping[str, Any]: ...

    async def log_level(self, level: str, who: str) -> Mapping[str, Any]: ...


Handler = Callable[[web.Request], Awaitable[web.Response]]


def application(
    commands: Commands, hosts: frozenset[str], hook_routes: list[web.RouteDef]
) -> web.Application:
    """`hosts`: the `Host` values that are ours, with port."""
    app = web.Application(client_max_size=BODY_MAX, middlewares=[_guard(hosts)])
    app.add_routes(
        [
            web.get("/api/v1/status", _get(lambda r: _now(commands.status()))),
            web.get(
                "/api/v1/plan", _get(lambda r: commands.plan(_name(r), int(r.query.get("limit", "200"))))
            ),
            web.get("/api/v1/parked", _get(lambda r: commands.parked(_name(r)))),
            web.get(
                "/api/v1/rules", _get(lambda r: commands.rules(_name(r), int(r.query.get("version", "0"))))
            ),
            web.post("/api/v1/plan/accept", _post(lambda b: commands.accept(b["connection"], _who(b)))),
            web.post(
                "/api/v1/retry",
                _post(
                    lambda b: commands.retry(
                        b["connection"], int(b.get("op", 0)), str(b.get("cause", "")), _who(b)
                    )
                ),
            ),
            web.post(
                "/api/v1/rules",
                _post(
                    lambda b: commands.set_rules(
                        b["connection"], b["text"], _who(b), str(b.get("why", "")), _file(b)
                    )
                ),
            ),
            web.post(
                "/api/v1/rules/diff",
                _post(lambda b: commands.diff_rules(b["connection"], b["text"], _file(b))),
            ),
            web.post("/api/v1/probe", _post(lambda b: commands.probe(b["connection"], str(b["record"])))),
            web.post("/api/v1/log-level", _post(lambda b: commands.log_level(str(b["level"]), _who(b)))),
            *hook_routes,
        ]
    )
    return app


async def _now(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return value


def _name(request: web.Request) -> str:
    return request.query.get("connection", "")


def _who(body: Mapping[str, Any]) -> str:
    return str(body.get("who", "api"))[:80]


def _file(body: Mapping[str, Any]) -> str:
    """The name under which problems of the sent text are told."""
    return str(body.get("file", "rules"))[:200]


def _get(answer: Callable[[web.Request], Awaitable[object]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        try:
            waiting = answer(request)
        except ValueError as problem:
            return _error(400, f"The query misstates a number: {problem}.")
        return await _answered(waiting)

    return handler


def _post(answer: Callable[[Mapping[str, Any]], Awaitable[object]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            return _error(400, "The body is not JSON.")
        if not isinstance(body, dict):
            return _error(400, "The body must be a JSON object.")
        try:
            waiting = answer(body)
        except (KeyError, ValueError) as problem:
            return _error(400, f"The body lacks or misstates {problem}.")
        return await _answered(waiting)

    return handler


async def _answered(waiting: Awaitable[object]) -> web.Response:
    try:
        return web.Response(body=msgspec.json.encode(await waiting), content_type="application/json")
    except KeyError as problem:
        return _error(404, f"There is no connection {problem}.")
    except ValueError as problem:
        return _error(400, str(problem))
    except ExceptionGroup as group:
        refused, other = group.split(ConfigError)
        if other is not None or refused is None:
            raise
        return _error(422, "The rules were refused.", [str(problem) for problem in refused.exceptions])


def _error(status: int, sentence: str, problems: list[str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode({"error": sentence, "problems": problems or []}),
        content_type="application/json",
    )


def _guard(hosts: frozenset[str]) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        hook = request.path.startswith("/hooks/")
        if not hook and request.host not in hosts:
            return _error(421, "This host name is not mine.")
        if not hook and request.method not in ("GET", "HEAD"):
            site = request.headers.get("Sec-Fetch-Site", "none")
            if site not in ("none", "same-origin"):
                return _error(403, "Requests from other sites are refused.")
        response = await handler(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return guard
