"""The Visma.net stand-in as a whole: one handler for three hosts, told apart by path.

`/connect/token` is Visma Connect, `/v1/…` and `/v2/…` the finance host, `/api/v3/…` the order service.
Pure and synchronous; all randomness comes from the seed. A fresh world holds the example company
(`example.py`) and no customer.
"""

import copy
import random
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streamsync.simulators.http import Call, Request, Response, json_response
from streamsync.simulators.visma import example, loading
from streamsync.simulators.visma.acts import perform
from streamsync.simulators.visma.answers import Failure, broken_rule, gateway, problem, refused
from streamsync.simulators.visma.ask import Ask
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.quota import Quota
from streamsync.simulators.visma.routes import Route, find, knows_path
from streamsync.simulators.visma.settings import Settings, changed
from streamsync.simulators.visma.tokens import FINANCE, ORDERS, Client, Tokens, clients_of

DEFAULT_TENANT = "5f0c0000-0000-4000-8000-000000000001"
DEFAULT_CLIENT = "isv_streamsync"
DEFAULT_CLIENTS: Mapping[str, Client] = {DEFAULT_CLIENT: Client("demo-visma-secret")}
_CONNECT = "/connect/token"
_BIRTH_MS = 1_767_600_000_000  # 2026-01-05: when the example items were made
_PLAIN = ("pagenumber", "pagesize", "skip", "limit")  # these narrow no list
_SHIFT_HEADER = "x-sim-zone-offset-minutes"


class VismaWorld:
    """One company of Visma.net. Settings not named here: `settings.Settings`, by keyword."""

    name = "visma"

    def __init__(
        self,
        seed: int,
        *,
        clients: Mapping[str, object] | None = None,
        tenant: str = DEFAULT_TENANT,
        requests_per_hour: int = 15_000,
        page_caps: Mapping[str, int] | None = None,
        finance_utc_offset_minutes: int = 60,
        finance_zone: str | None = None,
        number_series: Mapping[str, int] | None = None,
        **settings: object,
    ) -> None:
        """`finance_zone` (such as Europe/Copenhagen) wins over the offset. Raises ValueError for a bad
        setting."""
        rng = random.Random(seed)
        known = {"requests_per_hour": requests_per_hour, "page_caps": dict(page_caps or {}), **settings}
        self.company = Company(
            rng,
            finance_zone or finance_utc_offset_minutes,
            changed(Settings(), known),
            dict(number_series or {}),
        )
        self.company.tenant = tenant.lower()
        self.tokens = Tokens(rng, clients_of(clients if clients is not None else DEFAULT_CLIENTS))
        self._quotas = {FINANCE: Quota(), ORDERS: Quota()}
        self.load("items", [dict(row, createdMs=_BIRTH_MS) for row in example.ITEMS])

    # -- the promises of a stand-in

    def handle(self, request: Request, now_ms: int) -> Response:
        self.company.settle(now_ms)
        if request.path.rstrip("/") == _CONNECT:
            return self.tokens.issue(request, now_ms, self.company.settings.token_seconds)
        if request.path.startswith("/api/"):
            return self._orders(request, now_ms)
        return self._finance(request, now_ms)

    def classify(self, request: Request) -> str:
        if request.path.rstrip("/") == _CONNECT:
            return f"POST {_CONNECT}"
        found = find(request)
        return f"{request.method} {found[0].template}" if found else f"{request.method} (unknown)"

    def twin(self) -> "VismaWorld":
        """See `lies.Lying`. What is under way stays with the original."""
        shared = (self.tokens, self._quotas)
        found = copy.deepcopy(self, {id(one): one for one in shared})
        found.company.drop_pending()
        return found

    def keys(self, request: Request) -> tuple[str, list[str]]:
        """See `lies.Lying`. A number for a number, an internal id for an internal id."""
        found = find(request)
        if found is None:
            return "", []
        route, params = found
        company = self.company
        tables: dict[str, list[str]] = {
            "/v1/customer/internal": [str(row.internal_id) for row in company.customers.all()],
            "/v1/customer": [row.number for row in company.customers.all()],
            "/v1/contact": [str(row.contact_id) for row in company.contacts.all()],
            "/v1/inventory/internal": [str(row.inventory_id) for row in company.items.all()],
            "/v1/customerinvoice": [row.number for row in company.documents.all() if row.type == "Invoice"],
            "/api/v3/SalesOrders": [row.id for row in company.orders.all()],
        }
        base = route.template.partition("/{")[0].replace("/v2/", "/v1/")
        key = params.get("orderId") or next(iter(params.values()), "")
        return key, tables.get(base, [])

    def widened(self, request: Request) -> Request:
        """See `lies.Lying`."""
        kept = {name: texts for name, texts in request.query.items() if name.lower() in _PLAIN}
        return msgspec.structs.replace(request, query=kept)

    def act(self, name: str, arguments: dict[str, object], now_ms: int) -> object:
        """See `acts.ACTS`; `expire_tokens`, `revoke` and `grant` are added here."""
        self.company.settle(now_ms)
        if name in ("revoke", "grant"):
            self.tokens.revoked = name == "revoke"
            self.tokens.expire_all()
            return "done"
        if name == "expire_tokens":
            self.tokens.expire_all()
            return "done"
        return perform(self.company, name, arguments, now_ms)

    def state(self) -> dict[str, Any]:
        """Tables `customers contacts items orders shipments documents`, each a list of records."""
        return loading.state(self.company)

    def load(self, kind: str, rows: Iterable[dict[str, Any]], now_ms: int = _BIRTH_MS) -> list[Any]:
        """Fast bulk filling; see `loading`."""
        return loading.load(self.company, kind, rows, now_ms)

    def due_calls(self, now_ms: int) -> list[Call]:
        """Web hooks owed since the last time."""
        calls, self.company.calls = self.company.calls, []
        return calls

    def refusal(self, status: int, retry_after_seconds: float) -> Response:
        """How the gateway words an injected failure; a 502 or 504 is HTML (visma-api §7.2)."""
        headers = {"Retry-After": str(max(1, round(retry_after_seconds)))} if status in (429, 503) else {}
        if status in (502, 504):
            page = b"<html><body><h1>Bad gateway</h1></body></html>"
            return Response(status, {"Content-Type": "text/html", **headers}, page)
        if status == 500:
            return broken_rule("An unexpected error occurred.", "0", 500).response
        return gateway(status, f"Status {status}.", headers).response

    # -- the two hosts

    def _finance(self, request: Request, now_ms: int) -> Response:
        try:
            passes, headers, seconds = self._take(FINANCE, request, now_ms)
            if not passes:
                late = {**headers, "Retry-After": str(seconds)}
                text = f"Rate limit is exceeded. Try again in {seconds} seconds."
                answer = gateway(429, text, late).response
            else:
                answer = self._serve(request, FINANCE, now_ms)
        except Failure as failure:
            answer = failure.response
        answer.headers = {**answer.headers, **headers, "Ipp-Request-Id": self.company.guid()}
        return answer

    def _orders(self, request: Request, now_ms: int) -> Response:
        try:
            passes, _, seconds = self._take(ORDERS, request, now_ms)
            if not passes:
                answer = problem(429, "Too many requests.").response
                answer.headers["Retry-After"] = str(seconds)
                return answer
            return self._serve(request, ORDERS, now_ms)
        except Failure as failure:
            return failure.response

    def _take(self, host: str, request: Request, now_ms: int) -> tuple[bool, dict[str, str], int]:
        value = request.headers.get("authorization", "").partition(" ")[2].strip()
        token = self.tokens.issued.get(value)
        client = f"{token.client_id} {token.tenant}" if token else ""
        return self._quotas[host].take(client, self.company.settings.requests_per_hour, now_ms)

    def _serve(self, request: Request, host: str, now_ms: int) -> Response:
        found = find(request)
        route, params = found if found else (None, {})
        token = self.tokens.check(request, host, now_ms, is_action=bool(route and route.is_action))
        if route is None:
            raise _no_route(request, host)
        if token.tenant != self.company.tenant:
            return _stranger(route, host)
        shift_ms = _shift_ms(request)
        return route.handler(Ask(self.company, request, now_ms, params, shift_ms))


def _shift_ms(request: Request) -> int:
    """The fault that moves the zone of the finance stamps; the face puts it into a header."""
    text = request.headers.get(_SHIFT_HEADER, "0")
    return int(text) * 60_000 if text.lstrip("-").isdecimal() else 0


def _no_route(request: Request, host: str) -> Failure:
    status = 405 if knows_path(request) else 404
    if host == ORDERS:
        return problem(status, "There is no such operation.")
    return refused("This method is not supported here." if status == 405 else "Not found.", status)


def _stranger(route: Route, host: str) -> Response:
    """What the token of another tenant sees: nothing, and no error where a list was asked for."""
    match route.empty:
        case "[]":
            return json_response(200, [])
        case "records":
            return json_response(200, {"pageNumber": 1, "pageSize": 100, "totalCount": 0, "records": []})
        case "value":
            return json_response(200, {"totalCount": 0, "nextPage": None, "value": []})
    if host == ORDERS:
        raise problem(404, "Document could not be found")
    if route.method == "GET":
        raise refused("The resource cannot be found in the system.", 404)
    raise broken_rule("No license for this company.", "12027")
