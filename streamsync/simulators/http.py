"""What a stand-in sees of HTTP: a request, a response, and the promise every stand-in makes.

A stand-in is pure and synchronous: the face (`face.py`) does the sockets, the waiting and the faults.
Bodies are bytes; `decode_json` and `encode_json` keep every decimal digit. No stand-in raises for something
a client sent.
"""

from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

import msgspec


class Request(msgspec.Struct, kw_only=True):
    """One request. `path` is decoded, `raw_path` is as sent (without the query); header names are lower
    case."""

    method: str
    path: str
    raw_path: str = ""
    query: dict[str, list[str]] = {}
    headers: dict[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct):
    """One answer; the face adds `Date` and `Content-Length`."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""


class StandIn(Protocol):
    """One simulated system."""

    name: str

    def handle(self, request: Request, now_ms: int) -> Response:
        """Do the whole work of one request at `now_ms` (UTC). Never raises."""
        ...

    def classify(self, request: Request) -> str:
        """The kind of the call for the counts, such as `GET /Organisations/{id}`. Bounded in number."""
        ...

    def act(self, name: str, arguments: dict[str, object], now_ms: int) -> object:
        """What a person does at the screen; JSON-able result. Raises ValueError when it cannot be done."""
        ...

    def state(self) -> object:
        """Everything the system holds, JSON-able; decimals as Decimal."""
        ...


_decoder = msgspec.json.Decoder(Any, float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode_json(body: bytes) -> Any:
    """JSON to Python; numbers with a point or an exponent become Decimal. Raises ValueError."""
    return _decoder.decode(body)


def encode_json(value: object) -> bytes:
    """Python to JSON; a Decimal becomes a JSON number with all its digits."""
    return _encoder.encode(value)


def json_response(status: int, value: object, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer with its content type."""
    return Response(
        status,
        {"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        encode_json(value),
    )


def text_response(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """A plain text answer with its content type."""
    return Response(
        status,
        {"Content-Type": "text/plain; charset=utf-8", **(headers or {})},
        text.encode(),
    )


class Call(msgspec.Struct, kw_only=True):
    """One POST the system owes to somebody (a web hook)."""

    url: str
    headers: dict[str, str] = {}
    body: bytes = b""


@runtime_checkable
class Calling(Protocol):
    """A stand-in that calls back. The face delivers, once; no answer is waited for and nothing is
    repeated."""

    def due_calls(self, now_ms: int) -> list[Call]:
        """Takes the calls that are due out of the stand-in."""
        ...


@runtime_checkable
class Refusing(Protocol):
    """A stand-in that knows how its system words an injected 401, 429 or 5xx."""

    def refusal(self, status: int, retry_after_seconds: float) -> Response: ...
