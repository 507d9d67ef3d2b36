"""A Visma.net of a few lines for the adapter's unit tests: handlers by path, every request remembered."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from streamsync.clock import LoopClock
from streamsync.errors import SystemFault
from streamsync.model import Lane
from streamsync.systems.port import Feed, Page
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Reply
from streamsync.systems.visma.system import VismaSystem
from tests.reference import REFERENCE

DATE_MS = 1_773_480_000_000  # 2026-03-14T09:20:00Z
FIXTURES = REFERENCE / "fixtures"


class Asked(msgspec.Struct):
    method: str
    path: str
    query: dict[str, str]
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: Any


Handler = Callable[[Asked], Reply | SystemFault]


def reply(status: int = 200, body: object = None, *, date_ms: int = DATE_MS, **headers: str) -> Reply:
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=content, date_ms=date_ms, started_ms=date_ms - 50)


class Double:
    """Stands in for `Transport`. `on` registers a handler by method and path; a missing one fails."""

    def __init__(self) -> None:
        self.handlers: dict[tuple[str, str], Handler] = {("POST", "/connect/token"): _token}
        self.asked: list[Asked] = []

    def on(self, method: str, path: str, handler: Handler) -> None:
        self.handlers[method, path] = handler

    def serve_list(self, path: str, rows: list[dict[str, Any]]) -> None:
        """A finance list that pages and counts, and knows no filter."""

        def serve(asked: Asked) -> Reply:
            size = int(asked.query.get("pageSize") or asked.query.get("numberToRead") or 1000)
            start = (
                (int(asked.query["pageNumber"]) - 1) * size
                if "pageNumber" in asked.query
                else int(asked.query.get("skipRecords", 0))
            )
            counted = [{**row, "metadata": {"totalCount": len(rows), "maxPageSize": 1000}} for row in rows]
            return reply(200, counted[start : start + size])

        self.on("GET", path, serve)

    def requests(self, method: str, path: str) -> list[Asked]:
        return [asked for asked in self.asked if (asked.method, asked.path) == (method, path)]

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Reply:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        decoded: Any = None
        if body and parts.path == "/connect/token":
            decoded = dict(parse_qsl(body.decode()))
        elif body:
            decoded = json.loads(body)
        asked = Asked(method, parts.path, dict(pairs), pairs, headers or {}, decoded)
        self.asked.append(asked)
        handler = self.handlers.get((method, parts.path))
        assert handler is not None, f"nobody answers {method} {parts.path}"
        answer = handler(asked)
        if isinstance(answer, SystemFault):
            raise answer
        return answer


def _token(asked: Asked) -> Reply:
    return reply(
        200,
        {
            "access_token": f"token-for-{asked.body['scope'].split(':')[0]}",
            "expires_in": 3600,
            "token_type": "Bearer",
            "scope": asked.body["scope"],
        },
    )


class Still:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.rng = LoopClock(0).rng
        self.seconds = 1000.0

    def now_ms(self) -> int:
        return DATE_MS

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def system(double: Double, clock: Still | None = None, **settings: Any) -> VismaSystem:
    return VismaSystem(
        finance_url="https://finance.example",
        orders_url="https://orders.example",
        token_url="https://connect.example/connect/token",
        tenant_id="tenant-1",
        client_id="isv_test",
        client_secret=Secret("s3cret"),
        transport=double,  # type: ignore[arg-type]  # a double of the one method used
        clock=clock or Still(),
        settle_seconds=300,
        **settings,
    )


LIVE = Lane.LIVE


def customer(
    number: int, *, stamp: str = "2026-03-14T09:00:00.5", marker: str = "", **more: Any
) -> dict[str, Any]:
    return {
        "internalId": number,
        "number": str(10_000 + number),
        "name": f"Kunde {number}",
        "status": "Active",
        "mainAddress": {
            "addressLine1": "Prøvevej 1",
            "city": "Aarhus",
            "country": {"id": "DK", "name": "Denmark"},
        },
        "attributes": [{"id": "WEBCRMID", "value": marker}] if marker else [],
        "creditLimit": 1000.50,
        "lastModifiedDateTime": stamp,
        "timeStamp": f"v{number}",
        "unknownKey": {"a": [1]},
        **more,
    }


def invoice(
    number: str,
    *,
    type_: str = "Invoice",
    status: str = "Open",
    balance: float = 10.0,
    stamp: str = "2026-03-14T09:00:00",
    **more: Any,
) -> dict[str, Any]:
    return {
        "documentType": type_,
        "referenceNumber": number,
        "status": status,
        "balance": balance,
        "customer": {"number": "10001", "name": "Kunde"},
        "documentDate": "2026-03-10T00:00:00",
        "lastModifiedDateTime": stamp,
        "timeStamp": f"t{number}",
        **more,
    }


def feed(held: VismaSystem, name: str) -> Feed:
    return next(found for found in held.feeds if found.name == name)


async def pages(held: VismaSystem, name: str, since: str | None, *want: str) -> list[Page]:
    return [page async for page in held.read(feed(held, name), since, frozenset(want), LIVE)]
