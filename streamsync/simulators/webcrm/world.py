"""The webCRM stand-in: login, limits, rights and routing around the books. The only class others need.

`handle` is pure and synchronous and never raises for what a client sends; time comes in as `now_ms`. `act`
is the user's side, `load` the generators'. Facts: webcrm-api; each quirk is tested in
`tests/unit/simulators/test_webcrm*.py`.
"""

import copy
import random
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streamsync.simulators.http import Call, Request, Response, decode_json, json_response, text_response
from streamsync.simulators.webcrm import loading, reads
from streamsync.simulators.webcrm.acts import ACTS, Act
from streamsync.simulators.webcrm.auth import Door, Throttled
from streamsync.simulators.webcrm.books import Books
from streamsync.simulators.webcrm.query import Query, ScriptError, parse
from streamsync.simulators.webcrm.routes import Route, Visit, match
from streamsync.simulators.webcrm.schema import ENTITIES
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN, Refusal, Settings, Token
from streamsync.simulators.webcrm.tenant import Tenant, default_tenant

_JSON_KINDS = re.compile(r"(application/(json-patch\+json|json|[\w.-]+\+json)|text/json)\s*(;.*)?")
_WHERE = re.compile(r"\bWHERE\b.*?(?=\bORDER BY\b|$)", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_TABLES = {entity.table.casefold(): entity.table for entity in ENTITIES.values()}


class WebcrmWorld:
    """One webCRM system with its tokens. Other keyword arguments are members of `settings.Settings`."""

    name = "webcrm"

    def __init__(
        self,
        seed: int,
        *,
        tokens: Iterable[Token] | None = None,
        requests_per_minute: int = 250,
        language: str = "da",
        tenant: Tenant | None = None,
        system_id: int = 0,
        example: bool = True,
        **settings: Any,
    ) -> None:
        self.rng = random.Random(seed)
        self.settings = msgspec.convert({"requests_per_minute": requests_per_minute, **settings}, Settings)
        made = tenant or default_tenant(language)
        made.system_id = system_id or made.system_id
        self.books = Books(made, self.settings, self.rng)
        given = [DEFAULT_TOKEN] if tokens is None else list(tokens)
        self.door = Door([msgspec.structs.replace(token) for token in given], self.settings, self.rng)
        loading.load_users(self.books)
        if example:
            loading.load_example(self.books)

    def load(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Bulk rows past the API's checks (`loading.load`); gives the ids."""
        return loading.load(self.books, kind, rows)

    def get(self, kind: str, number: int) -> dict[str, Any]:
        """One record as the API shows it. Raises KeyError."""
        return self.books.wire(kind, number)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """All records of a kind as the API shows them, by id."""
        table = self.books.tables[kind]
        return [table.wire(row) for row in table.in_order()]

    def act(self, name: str, arguments: dict[str, object], now_ms: int) -> object:
        """What a person does; raises ValueError with a sentence. The list is `acts.ACTS`."""
        act = ACTS.get(name)
        if act is None:
            raise ValueError(f"There is no act `{name}`; there are {', '.join(ACTS)}.")
        return act(Act(self, dict(arguments), now_ms))

    def state(self) -> dict[str, object]:
        """All rows by id, *sparse*: a member that is absent has the value of `defaults`."""
        tables = self.books.tables
        found: dict[str, object] = {table.entity.kind: table.in_order() for table in tables.values()}
        found["defaults"] = {kind: table.template for kind, table in tables.items()}
        found["hooks"] = list(self.books.hooks.rows.values())
        found["settings"] = msgspec.to_builtins(self.settings)
        found["fields"] = msgspec.to_builtins(self.books.tenant.fields)
        return found

    def due_calls(self, now_ms: int) -> list[Call]:
        """The hook calls since the last time."""
        return self.books.hooks.due(self.settings.hook_payload)

    def refusal(self, status: int, retry_after_seconds: float) -> Response:
        """An injected refusal in webCRM's shape."""
        if status == 429:
            return self._throttled(max(1, round(retry_after_seconds)))
        if status == 401:
            return Response(401)
        return text_response(status, "An error has occurred.")

    def twin(self) -> "WebcrmWorld":
        """See `lies.Lying`."""
        return copy.deepcopy(self, {id(self.door): self.door})

    def keys(self, request: Request) -> tuple[str, list[str]]:
        """See `lies.Lying`."""
        matched = match(request.method, request.path)
        if isinstance(matched, int):
            return "", []
        route, parts = matched
        paths = {f"/{entity.path}": entity.kind for entity in ENTITIES.values() if entity.path}
        kind = paths.get(route.template.removesuffix("/{id}"), "")
        return parts.get("id", ""), [str(number) for number in self.books.tables[kind].rows] if kind else []

    def widened(self, request: Request) -> Request:
        """See `lies.Lying`. Only a script narrows a list beyond its dates."""
        query = {name: [_WHERE.sub("", text) for text in texts] for name, texts in request.query.items()}
        return msgspec.structs.replace(request, query=query)

    def classify(self, request: Request) -> str:
        """`GET /Organisations/{id}`, `GET /Queries Person`; `other` for addresses that do not exist."""
        if request.path == "/Queries":
            found = _FROM.search(reads.parameter(request, "script") or "")
            return f"{request.method} /Queries {_TABLES.get(found[1].casefold(), '?') if found else '?'}"
        if request.path in ("/Auth/ApiLogin", "/Auth/ApiRefresh"):
            return f"{request.method} {request.path}"
        matched = match(request.method, request.path)
        return "other" if isinstance(matched, int) else matched[0].kind

    def handle(self, request: Request, now_ms: int) -> Response:
        """One request from a client."""
        self.books.now_ms = now_ms
        try:
            answer = self._answer(request, now_ms)
        except Refusal as refusal:
            answer = text_response(refusal.status, refusal.text)
        except Throttled as throttled:
            answer = self._throttled(throttled.seconds)
        return self._in_wanted_form(request, answer)

    def _answer(self, request: Request, now_ms: int) -> Response:
        if request.method == "POST" and request.path == "/Auth/ApiLogin":
            return self.door.login(request, now_ms)
        if request.method == "POST" and request.path == "/Auth/ApiRefresh":
            return self.door.renew(request, now_ms)
        token = self.door.caller(request, now_ms)
        if token is None:
            return Response(401)
        self.door.count(token, now_ms)
        if request.method == "GET" and request.path == "/Queries":
            return self._queries(request, token)
        matched = match(request.method, request.path)
        if isinstance(matched, int):
            return Response(matched)
        route, parts = matched
        if route.area:
            allow(token, route.area, route.writing)
        body = self._body(request, route)
        return route.answer(Visit(self.books, request, token, now_ms, parts, body))

    def _queries(self, request: Request, token: Token) -> Response:
        if not token.queries_allowed:
            raise Refusal(403, "The token has no access to queries.")
        script = reads.parameter(request, "script") or ""
        if len(script) > self.settings.script_limit:
            raise Refusal(400, "The script is too long.")
        query = parsed(script)
        for area in reads.query_area(query):
            allow(token, area, False)
        return reads.queries(self.books, request, query)

    def _body(self, request: Request, route: Route) -> object:
        if not route.reads_body:
            return None
        if not _JSON_KINDS.fullmatch(request.headers.get("content-type", "").lower()):
            raise Refusal(415, "The content type of the request is not supported.")
        try:
            return decode_json(request.body)
        except ValueError:
            raise Refusal(400, "The request body is not valid JSON.") from None

    def _throttled(self, seconds: int) -> Response:
        headers = {"Retry-After": str(seconds)} if self.settings.retry_after_header else {}
        return json_response(429, {"RetryAfterSeconds": seconds}, headers)

    def _in_wanted_form(self, request: Request, answer: Response) -> Response:
        """Without `Accept: application/json` the same text comes as text/plain (webcrm-api §1)."""
        wants_json = "json" in request.headers.get("accept", "")
        if wants_json or not answer.body or not self.settings.plain_text_without_accept:
            return answer
        return Response(
            answer.status, {**answer.headers, "Content-Type": "text/plain; charset=utf-8"}, answer.body
        )


def allow(token: Token, area: str, writing: bool) -> None:
    """Raises Refusal when the token's rights do not reach."""
    if not token.may(area, writing):
        raise Refusal(
            403, f"The token has no {'write' if writing else 'read'} access to {area.replace('_', ' ')}."
        )


def parsed(script: str) -> Query:
    """The parsed script. Raises Refusal."""
    try:
        return parse(script)
    except ScriptError as problem:
        raise Refusal(400, str(problem)) from None
