"""The workbench's routes: what they hand on, and that nonsense is answered with a sentence."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from streamsync.web import bench_api

ANSWER = {"connection": "kunde", "changed": 1, "pairs": [17]}


class Bench:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: Any = ()

    async def _take(self, *what: Any) -> Mapping[str, Any]:
        self.told = what
        return ANSWER

    async def inbox(
        self, connection: str = "", *, entity: str = "", cause: str = "", language: str = "en"
    ) -> Mapping[str, Any]:
        return await self._take("inbox", connection, entity, cause, language)

    async def show(
        self,
        connection: str = "",
        *,
        pair: int = 0,
        entity: str = "",
        webcrm: str = "",
        visma: str = "",
        language: str = "en",
    ) -> Mapping[str, Any]:
        if not (pair or webcrm or visma):
            raise ValueError("Name the pair.")
        return await self._take("show", connection, pair, entity, webcrm, visma)

    async def resolve(self, *what: Any) -> Mapping[str, Any]:
        if what[0] == "nobody":
            raise KeyError("nobody")
        return await self._take("resolve", *what)

    async def link(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("link", *what)

    async def unlink(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("unlink", *what)

    async def exclude(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("exclude", *what)

    async def approve(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("approve", *what)

    async def pause(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("pause", *what)

    async def resume(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("resume", *what)

    async def retry(self, *what: Any) -> Mapping[str, Any]:
        return await self._take("retry", *what)


async def ask(bench: Bench, method: str, path: str, body: object = None) -> tuple[int, Any]:
    app = web.Application()
    app.add_routes(bench_api.routes(bench))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        data = None if body is None else msgspec.json.encode(body)
        reply = await client.request(method, path, data=data)
        return reply.status, msgspec.json.decode(await reply.read())


PAIRS = {"pairs": [17]}
POSTS: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    (
        "resolve",
        {"select": PAIRS, "choice": "webcrm", "row": "O2"},
        ("resolve", "kunde", PAIRS, "webcrm", "O2", "", "anna"),
    ),
    (
        "resolve",
        {"select": {"cause": "both_changed", "entity": ""}, "choice": "visma"},
        ("resolve", "kunde", {"cause": "both_changed", "entity": ""}, "visma", "", "", "anna"),
    ),
    ("link", {"pair": 17, "to": "4211"}, ("link", "kunde", 17, "4211", "anna")),
    ("unlink", {"select": PAIRS}, ("unlink", "kunde", PAIRS, "anna")),
    ("exclude", {"select": {"all": True}}, ("exclude", "kunde", {"all": True}, "anna")),
    ("approve", {"what": "brake", "entity": "item"}, ("approve", "kunde", "brake", "item", "anna")),
    ("pause", {}, ("pause", "kunde", "", "", [], "anna")),
    ("pause", {"entity": "person", "system": "visma"}, ("pause", "kunde", "person", "visma", [], "anna")),
    ("resume", {"pairs": [17]}, ("resume", "kunde", "", "", [17], "anna")),
    ("retry", {"cause": "rejected"}, ("retry", "kunde", 0, "rejected", [], "anna")),
    ("retry", {"op": 5, "pairs": []}, ("retry", "kunde", 5, "", [], "anna")),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "body", "told"), POSTS)
async def test_a_command_is_handed_on_as_it_was_sent(
    name: str, body: dict[str, Any], told: tuple[Any, ...]
) -> None:
    bench = Bench()
    found = await ask(bench, "POST", f"/api/v1/{name}", {"connection": "kunde", "who": "anna", **body})
    assert found == (200, ANSWER)
    assert bench.told == told


@pytest.mark.anyio
async def test_looking_takes_its_narrowing_from_the_query() -> None:
    bench = Bench()
    await ask(bench, "GET", "/api/v1/inbox?connection=kunde&cause=gone&language=da")
    assert bench.told == ("inbox", "kunde", "", "gone", "da")
    await ask(bench, "GET", "/api/v1/show?entity=delivery&visma=order:SO/000223")
    assert bench.told == ("show", "", 0, "delivery", "", "order:SO/000223")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("resolve", {"choice": "webcrm"}),
        ("resolve", {"select": [17], "choice": "webcrm"}),
        ("resolve", {"select": {"pairs": ["x"]}, "choice": "webcrm"}),
        ("resolve", {"select": PAIRS}),
        ("link", {"pair": "seventeen", "to": "4211"}),
        ("link", {"pair": None, "to": "4211"}),
        ("unlink", {"select": {"pairs": 17}}),
        ("retry", {"op": "all"}),
        ("pause", [1]),
    ],
)
async def test_a_body_that_misstates_something_is_refused_with_a_sentence(name: str, body: object) -> None:
    bench = Bench()
    status, answer = await ask(bench, "POST", f"/api/v1/{name}", body)
    assert status == 400
    assert answer["error"].startswith("The body ")
    assert bench.told == ()


@pytest.mark.anyio
async def test_what_the_workbench_refuses_keeps_its_own_sentence() -> None:
    assert (await ask(Bench(), "GET", "/api/v1/show"))[1]["error"] == "Name the pair."
    status, answer = await ask(
        Bench(), "POST", "/api/v1/resolve", {"connection": "nobody", "select": PAIRS, "choice": "seen"}
    )
    assert (status, answer["error"]) == (404, "There is no connection 'nobody'.")
    assert (await ask(Bench(), "GET", "/api/v1/show?pair=x"))[0] == 400
