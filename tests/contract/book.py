"""Holds what goes over the wire to the two specification files of the shared reference, read in place.

A `Book` is given every request and its answer (`Face(record=…)`) and notes what the file does not allow:
undeclared operations, query parameters, headers and members, wrong types, missing required members. Looser
than the file, because the real systems are (visma-api §3.5, §8; webcrm-api §5.3, §6): null is allowed in
every member of a reply, a date-time needs no zone, rows of `/Queries` may have more columns. The token host
is exempt. Messages never repeat a value.
"""

import copy
import json
import warnings
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from streamsync.simulators.http import Request, Response
from tests.reference import REFERENCE

HOST = "https://host.example"
TOKENS = ("/connect/token", "/Auth/ApiLogin")
METHODS = ("get", "post", "put", "patch", "delete")
# What the files leave undeclared but the facts files name (webcrm-api §1, §3; visma-api §7.2).
REFUSALS = frozenset({400, 401, 403, 404, 405, 409, 412, 415, 422, 428, 429, 500, 502, 503, 504})
SAMPLES = 2  # rows of one shape that are judged in each operation; the rest has the same members and types


def specification(system: str) -> dict[str, Any]:
    """`webcrm` or `visma`: the file as it is."""
    content: dict[str, Any] = json.loads((REFERENCE / f"{system}-openapi.json").read_text("utf-8"))
    return content


def _is_moment(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _for_replies(node: Any) -> None:
    """Null in every schema below this node."""
    if isinstance(node, list):
        for inner in node:
            _for_replies(inner)
    elif isinstance(node, dict):
        for inner in node.values():
            _for_replies(inner)
        if isinstance(node.get("type"), str) and "in" not in node:
            node["nullable"] = True
            if isinstance(node.get("enum"), list):
                node["enum"] = [*node["enum"], None]


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


class Contract:
    """One specification, prepared once: how requests and how replies are judged."""

    def __init__(self, system: str) -> None:
        document = specification(system)
        document["servers"] = [{"url": HOST}]
        document.pop("security", None)
        for path in document["paths"].values():
            for operation in path.values():
                if isinstance(operation, dict):
                    operation.pop("servers", None)
                    operation.pop("security", None)
        self.document = document
        self.templates = {tuple(template.split("/")): template for template in document["paths"]}
        config = Config(
            additional_properties_default_policy="forbid",
            extra_format_validators={"date-time": _is_moment, "byte": lambda _: True},
            spec_validator_cls=None,
        )
        self.requests = OpenAPI.from_dict(document, config=config)
        loose = copy.deepcopy(document)
        for part in ("schemas", "responses"):
            _for_replies(loose["components"].get(part, {}))
        for path in loose["paths"].values():
            for method in METHODS:
                _for_replies(path.get(method, {}).get("responses", {}))
        if "VismaError" in loose["components"]["schemas"]:  # the gateway's own errors (visma-api §7.2)
            loose["components"]["schemas"]["VismaError"]["properties"]["statusCode"] = {"type": "integer"}
        if "/Queries" in loose["paths"]:
            for reply in loose["paths"]["/Queries"]["get"]["responses"].values():
                for media in reply.get("content", {}).values():
                    media["schema"].get("items", {})["additionalProperties"] = True
        self.replies = OpenAPI.from_dict(loose, config=config)

    @cache  # noqa: B019 - one contract per specification lives as long as the tests
    def template(self, path: str) -> str:
        """The declared address that this one fits, literal parts before parameters; "" if there is none."""
        parts = path.split("/")
        fitting = [
            template
            for wanted, template in self.templates.items()
            if len(wanted) == len(parts)
            and all(w == p or (w.startswith("{") and p) for w, p in zip(wanted, parts, strict=True))
        ]
        return min(fitting, key=lambda template: template.count("{"), default="")

    def parameters(self, template: str, method: str, place: str) -> set[str]:
        found = self.document["paths"][template]
        declared = [*found.get("parameters", ()), *found[method].get("parameters", ())]
        resolved = [_resolved(self.document, one) for one in declared]
        return {one["name"] for one in resolved if one["in"] == place}


class Book:
    """Callable with a request and its answer. `problems`: what was not allowed; `seen`: operations and
    statuses."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.problems: list[str] = []
        self.seen: dict[str, set[int]] = {}
        self._judged: dict[object, int] = {}

    def __call__(self, request: Request, answer: Response) -> None:
        if request.path in TOKENS:
            return
        path = request.raw_path.replace("%3A", ":") or request.path
        template = self.contract.template(path)
        method = request.method.lower()
        name = f"{request.method} {template or path}"
        self.seen.setdefault(name, set()).add(answer.status)
        if not template or method not in self.contract.document["paths"][template]:
            self._note(name, "no such operation")
            return
        for problem in (
            *self._undeclared(request, template, method),
            *self._wrong_request(request, name, path),
            *self._wrong_reply(request, answer, template, path),
        ):
            self._note(name, problem)

    def _note(self, name: str, problem: str) -> None:
        text = f"{name}: {problem}"
        if text not in self.problems:
            self.problems.append(text)

    def _undeclared(self, request: Request, template: str, method: str) -> Iterator[str]:
        declared = self.contract.parameters(template, method, "query")
        for query in request.query.keys() - declared:
            yield f"the query parameter {query} is not declared"
        headers = {one.lower() for one in self.contract.parameters(template, method, "header")}
        if "if-match" in request.headers and "if-match" not in headers:
            yield "If-Match is not declared"
        if not request.headers.get("authorization", "").startswith("Bearer "):
            yield "no bearer"
        has_body = "requestBody" in self.contract.document["paths"][template][method]
        if request.body and not has_body:
            yield "a body is not declared"

    def _wrong_request(self, request: Request, name: str, path: str) -> Iterator[str]:
        key = (name, path, str(request.query), request.headers.get("if-match"), request.body)
        if self._often(key, 1):
            return
        try:
            with warnings.catch_warnings(
                action="ignore", category=DeprecationWarning
            ):  # declared all the same
                self.contract.requests.validate_request(self._mock(request, path))
        except OpenAPIError as error:
            yield f"request: {_words(error)}"

    def _wrong_reply(self, request: Request, answer: Response, template: str, path: str) -> Iterator[str]:
        declared = self.contract.document["paths"][template][request.method.lower()]["responses"]
        if str(answer.status) not in declared:
            if answer.status not in REFUSALS:
                yield f"status {answer.status} is not declared"
            return
        if not answer.body or "content" not in _resolved(
            self.contract.document, declared[str(answer.status)]
        ):
            return
        body = self._thinned(f"{request.method} {template} {answer.status}", answer.body)
        if body is None:
            return
        media = answer.headers.get("Content-Type", "application/json").partition(";")[0]
        if media == "application/problem+json":
            media = "application/json"  # the file declares the errors of the order service under this name
        reply = MockResponse(body, status_code=answer.status, content_type=media)
        try:
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                self.contract.replies.validate_response(self._mock(request, path), reply)
        except OpenAPIError as error:
            yield f"reply {answer.status}: {_words(error)}"

    def _thinned(self, name: str, body: bytes) -> bytes | None:
        """The body without rows of a shape that was judged often enough; None if nothing is left to judge."""
        content = json.loads(body)
        rows = (
            content
            if isinstance(content, list)
            else next(
                (
                    content[one]
                    for one in ("value", "records")
                    if isinstance(content, dict) and one in content
                ),
                None,
            )
        )
        if not isinstance(rows, list):
            return None if self._often((name, _shape(content)), 5) else body
        fresh = [row for row in rows if not self._often((name, _shape(row)), SAMPLES)]
        if rows and not fresh:
            return None
        rows[:] = fresh
        return json.dumps(content).encode()

    def _often(self, key: object, most: int) -> bool:
        self._judged[key] = self._judged.get(key, 0) + 1
        return self._judged[key] > most

    @staticmethod
    def _mock(request: Request, path: str) -> MockRequest:
        return MockRequest(
            HOST,
            request.method.lower(),
            path,
            args={name: values[0] for name, values in request.query.items()},
            headers=request.headers,
            data=request.body or None,
            content_type=request.headers.get("content-type", "application/json").partition(";")[0],
        )


def _shape(node: Any) -> object:
    """Members and types, and of texts what a format or an enum could tell apart."""
    if isinstance(node, dict):
        return tuple(sorted((key, _shape(inner)) for key, inner in node.items()))
    if isinstance(node, list):
        return ("list", *sorted({repr(_shape(inner)) for inner in node}))
    if isinstance(node, str):
        return ("str", len(node) // 50, node[4:5] == "-" and node[10:11] == "T", node == "")
    return type(node).__name__


def _words(error: BaseException) -> str:
    """What the file forbids, by place: never the value."""
    found: list[str] = [type(error).__name__]
    cause: BaseException | None = error
    while cause is not None:
        for one in getattr(cause, "schema_errors", ()):
            place = "/".join("#" if isinstance(part, int) else str(part) for part in one.path)
            more = (
                one.message
                if one.validator in ("additionalProperties", "properties", "required")
                else one.validator
            )
            found.append(f"{place}: {more}")
        if not hasattr(cause, "schema_errors") and cause is not error:
            found.append(type(cause).__name__)
        cause = cause.__cause__
    return "; ".join(found)
