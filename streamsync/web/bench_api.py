"""The workbench's part of the JSON API: what waits for a person, and what a person decides about it.

`select` names the pairs: `{"pairs": [ids]}`, `{"cause": reason, "entity": ""}` or `{"all": true}`. Every
command answers `{"connection", "changed", "pairs"}` (the first hundred); nothing found is an answer too, with
`changed` 0. Nonsense is 400 with a sentence.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from streamsync.web.requests import get, name, post, who

Select = Mapping[str, Any]
Answer = Mapping[str, Any]


class Bench(Protocol):
    """Unknown connections raise `KeyError`, what cannot be done `ValueError` with a sentence."""

    async def inbox(
        self, connection: str = "", *, entity: str = "", cause: str = "", language: str = "en"
    ) -> Answer: ...

    async def show(
        self,
        connection: str = "",
        *,
        pair: int = 0,
        entity: str = "",
        webcrm: str = "",
        visma: str = "",
        language: str = "en",
    ) -> Answer: ...

    async def resolve(
        self, connection: str, select: Select, choice: str, row: str, value: str, who: str
    ) -> Answer: ...

    async def link(self, connection: str, pair: int, to: str, who: str) -> Answer: ...

    async def unlink(self, connection: str, select: Select, who: str) -> Answer: ...

    async def exclude(self, connection: str, select: Select, who: str) -> Answer: ...

    async def approve(self, connection: str, what: str, entity: str, who: str) -> Answer: ...

    async def pause(
        self, connection: str, entity: str, system: str, pairs: Sequence[int], who: str
    ) -> Answer: ...

    async def resume(
        self, connection: str, entity: str, system: str, pairs: Sequence[int], who: str
    ) -> Answer: ...

    async def retry(self, connection: str, op: int, cause: str, pairs: Sequence[int], who: str) -> Answer: ...


def routes(bench: Bench) -> list[web.RouteDef]:
    return [
        web.get("/api/v1/inbox", get(lambda r: bench.inbox(name(r), **_asked(r, "entity", "cause")))),
        web.get(
            "/api/v1/show",
            get(
                lambda r: bench.show(
                    name(r), pair=int(r.query.get("pair", "0")), **_asked(r, "entity", "webcrm", "visma")
                )
            ),
        ),
        web.post(
            "/api/v1/resolve",
            post(
                lambda b: bench.resolve(
                    _text(b, "connection"),
                    _select(b),
                    str(b["choice"]),
                    _text(b, "row"),
                    _text(b, "value"),
                    who(b),
                )
            ),
        ),
        web.post(
            "/api/v1/link",
            post(lambda b: bench.link(_text(b, "connection"), int(b["pair"]), str(b["to"]), who(b))),
        ),
        web.post("/api/v1/unlink", post(lambda b: bench.unlink(_text(b, "connection"), _select(b), who(b)))),
        web.post(
            "/api/v1/exclude", post(lambda b: bench.exclude(_text(b, "connection"), _select(b), who(b)))
        ),
        web.post(
            "/api/v1/approve",
            post(lambda b: bench.approve(_text(b, "connection"), str(b["what"]), _text(b, "entity"), who(b))),
        ),
        web.post("/api/v1/pause", post(lambda b: bench.pause(*_scope(b), who(b)))),
        web.post("/api/v1/resume", post(lambda b: bench.resume(*_scope(b), who(b)))),
        web.post(
            "/api/v1/retry",
            post(
                lambda b: bench.retry(
                    _text(b, "connection"), int(b.get("op", 0)), _text(b, "cause"), _pairs(b), who(b)
                )
            ),
        ),
    ]


def _asked(request: web.Request, *names: str) -> dict[str, str]:
    return {one: request.query[one] for one in (*names, "language") if one in request.query}


def _text(body: Mapping[str, Any], key: str) -> str:
    found = body.get(key, "")
    return "" if found is None else str(found)


def _select(body: Mapping[str, Any]) -> Select:
    select = body["select"]
    if not isinstance(select, dict):
        raise ValueError("select: it must be an object that names pairs, a cause or all")
    if "pairs" in select:
        return {"pairs": _pairs(select)}
    return select


def _pairs(body: Mapping[str, Any]) -> list[int]:
    found = body.get("pairs") or []
    if not isinstance(found, list):
        raise ValueError("pairs: it must be a list of numbers")
    return [int(pair) for pair in found]


def _scope(body: Mapping[str, Any]) -> tuple[str, str, str, list[int]]:
    return _text(body, "connection"), _text(body, "entity"), _text(body, "system"), _pairs(body)
