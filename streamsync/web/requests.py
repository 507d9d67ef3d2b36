"""How a route of the JSON API reads a request and answers it: JSON both ways, every refusal a sentence.

A body or query that misstates something is 400, an unknown connection 404, refused rules 422 with all their
problems. What is not foreseen goes up and becomes a 500.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from streamsync.errors import ConfigError

Handler = Callable[[web.Request], Awaitable[web.Response]]


def name(request: web.Request) -> str:
    """The connection that a query names; `""` where it names none."""
    return request.query.get("connection", "")


def who(body: Mapping[str, Any]) -> str:
    """For the audit row."""
    return str(body.get("who", "api"))[:80]


def get(answer: Callable[[web.Request], Awaitable[object]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        try:
            waiting = answer(request)
        except ValueError as problem:
            return error(400, f"The query misstates a number: {problem}.")
        return await _answered(waiting)

    return handler


def post(answer: Callable[[Mapping[str, Any]], Awaitable[object]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            return error(400, "The body is not JSON.")
        if not isinstance(body, dict):
            return error(400, "The body must be a JSON object.")
        try:
            waiting = answer(body)
        except (KeyError, TypeError, ValueError) as problem:
            return error(400, f"The body lacks or misstates {problem}.")
        return await _answered(waiting)

    return handler


async def _answered(waiting: Awaitable[object]) -> web.Response:
    try:
        return web.Response(body=msgspec.json.encode(await waiting), content_type="application/json")
    except KeyError as problem:
        return error(404, f"There is no connection {problem}.")
    except ValueError as problem:
        return error(400, str(problem))
    except ExceptionGroup as group:
        refused, other = group.split(ConfigError)
        if other is not None or refused is None:
            raise
        return error(422, "The rules were refused.", [str(problem) for problem in refused.exceptions])


def error(status: int, sentence: str, problems: list[str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode({"error": sentence, "problems": problems or []}),
        content_type="application/json",
    )
