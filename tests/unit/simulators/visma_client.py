"""A bare caller for the tests of the Visma.net stand-in: it holds tokens and a clock, and speaks to
`handle` directly.
"""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlencode

from streamsync.simulators.http import Request, Response
from streamsync.simulators.visma.tokens import FINANCE_SCOPES, ORDER_SCOPES
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT, VismaWorld

NOW_MS = 1_773_478_800_000  # 2026-03-14T09:00:00Z
HIDDEN = "demo-visma-secret"


def wrapped(**values: object) -> dict[str, object]:
    """`{"name": {"value": …}}`; lists stay as they are."""
    return {name: value if isinstance(value, list) else {"value": value} for name, value in values.items()}


class Caller:
    """`call` gives the response, `get` the decoded body of a 200."""

    def __init__(self, world: VismaWorld) -> None:
        self.world = world
        self.now_ms = NOW_MS
        self.tokens: dict[bool, str] = {}

    def token(
        self, scopes: tuple[str, ...], *, tenant: str = DEFAULT_TENANT, secret: str = HIDDEN
    ) -> Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": DEFAULT_CLIENT,
            "client_secret": secret,
            "tenant_id": tenant,
            "scope": " ".join(scopes),
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return self.world.handle(
            Request(method="POST", path="/connect/token", headers=headers, body=body), self.now_ms
        )

    def login(self, *, tenant: str = DEFAULT_TENANT) -> None:
        for is_orders, scopes in ((False, FINANCE_SCOPES), (True, ORDER_SCOPES)):
            self.tokens[is_orders] = json.loads(self.token(scopes, tenant=tenant).body)["access_token"]

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        **query: object,
    ) -> Response:
        sent = {"authorization": f"Bearer {self.tokens[path.startswith('/api/')]}", **(headers or {})}
        content = b""
        if body is not None:
            sent.setdefault("content-type", "application/json")
            content = json.dumps(body, default=float).encode()
        values = {name: [str(v) for v in _many(value)] for name, value in query.items()}
        raw = quote(path, safe="/%")
        request = Request(
            method=method,
            path=unquote(raw),
            raw_path=raw,
            query=values,
            headers=sent,
            body=content,
        )
        return self.world.handle(request, self.now_ms)

    def get(self, path: str, **query: object) -> Any:
        answer = self.call("GET", path, None, None, **query)
        assert answer.status == 200, (path, answer)
        return json.loads(answer.body, parse_float=Decimal)

    def act(self, name: str, /, **arguments: object) -> Any:
        return self.world.act(name, arguments, self.now_ms)

    def customer(self, **fields: object) -> str:
        """A customer made at the screen; its number."""
        return str(self.act("create_customer", name="Nordlys Testvarer ApS", **fields)["number"])

    def post_order(self, customer: str, *lines: dict[str, object], **header: object) -> str:
        """An order made through the API; `SO/000223`."""
        body = {
            "type": "SO",
            "customer": {"id": customer, "order": "crm:delivery:158"},
            "orderLines": list(lines) or [lamp()],
            **header,
        }
        answer = self.call("POST", "/api/v3/SalesOrders", body)
        assert answer.status == 201, answer
        return answer.headers["Location"].partition("/SalesOrders/")[2]

    def etag(self, path: str) -> str:
        return self.call("GET", path).headers["ETag"]


def _many(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def lamp(quantity: object = 2.5, **more: object) -> dict[str, object]:
    return {
        "inventoryId": "LAMPE-01",
        "quantity": quantity,
        "unitPrice": 199,
        "hasManualPrice": True,
        "externalLink": "crm:line:9001",
        **more,
    }


def caller(**settings: Any) -> Caller:
    """A fresh world with both tokens, which last unless `token_seconds` says otherwise."""
    client = Caller(VismaWorld(7, **{"token_seconds": 1_000_000_000, **settings}))
    client.login()
    return client


def body_of(answer: Response) -> Any:
    return json.loads(answer.body, parse_float=Decimal)
