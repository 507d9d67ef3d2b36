"""The token endpoint (Visma Connect) and what a token allows (visma-api §1.1, §1.3).

Owns the issued tokens. Two audiences: the finance host and the order service; one token serves one of
them. A tenant that is well formed but not this company's gets a token all the same, with which the
company looks empty (visma-api §1.2).
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from streamsync.simulators.http import Request, Response, json_response
from streamsync.simulators.visma.answers import gateway, problem

FINANCE, ORDERS = "finance", "orders"
FINANCE_SCOPES = tuple(
    f"vismanet_erp_service_api:{right}" for right in ("read", "create", "update", "delete")
)
ORDER_SCOPES = ("visma.net.erp.salesorder:read", "visma.net.erp.salesorder:write")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RIGHTS = {"GET": "read", "POST": "create", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Client:
    """An application that is registered, with the scopes that the company's administrator has approved."""

    secret: str
    scopes: tuple[str, ...] = FINANCE_SCOPES + ORDER_SCOPES


@dataclass(frozen=True, slots=True)
class Token:
    client_id: str
    tenant: str
    audience: str
    scopes: frozenset[str]
    expires_ms: int


def clients_of(given: Mapping[str, object]) -> dict[str, Client]:
    """From {id: Client}, {id: secret} or {id: {"secret": …, "scopes": […]}}. Raises ValueError for anything
    else."""
    clients: dict[str, Client] = {}
    for ident, value in given.items():
        match value:
            case Client():
                clients[ident] = value
            case str():
                clients[ident] = Client(value)
            case {"secret": str() as secret, "scopes": [*scopes]}:
                clients[ident] = Client(secret, tuple(str(scope) for scope in scopes))
            case {"secret": str() as secret}:
                clients[ident] = Client(secret)
            case _:
                raise ValueError(f"Client {ident} needs a secret.")
    return clients


@dataclass(slots=True)
class Tokens:
    """All clients, and all tokens issued so far."""

    rng: random.Random
    clients: dict[str, Client]
    issued: dict[str, Token] = field(default_factory=dict)
    revoked: bool = False  # the company's administrator took the approval back

    def issue(self, request: Request, now_ms: int, seconds: int) -> Response:
        """`POST /connect/token`, form-encoded."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method != "POST" or kind != "application/x-www-form-urlencoded":
            return _error("invalid_request", "The request must be a form.")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            return _error("unsupported_grant_type", "Only client_credentials is served.")
        client = self.clients.get(form.get("client_id", ""))
        if self.revoked or client is None or client.secret != form.get("client_secret"):
            return _error("invalid_client", "The client is unknown or its secret is wrong.")
        if not _GUID.fullmatch(form.get("tenant_id", "")):
            return _error("invalid_request", "tenant_id is missing or is not a GUID.")
        scopes = form.get("scope", "").split()
        audiences = {FINANCE if scope in FINANCE_SCOPES else ORDERS for scope in scopes}
        if len(audiences) != 1 or not set(scopes) <= set(client.scopes):
            return _error("invalid_scope", "A scope is unknown, not approved, or belongs to another API.")
        value = f"{self.rng.getrandbits(192):048x}"
        expires_ms = now_ms + seconds * 1000
        self.issued[value] = Token(
            form["client_id"], form["tenant_id"].lower(), audiences.pop(), frozenset(scopes), expires_ms
        )
        body = {
            "access_token": value,
            "expires_in": seconds,
            "token_type": "Bearer",
            "scope": " ".join(scopes),
        }
        return json_response(200, body, {"Cache-Control": "no-store"})

    def check(self, request: Request, audience: str, now_ms: int, *, is_action: bool = False) -> Token:
        """The request's token. Raises Failure: 401 unknown, expired or for another host; 403 without the
        scope."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        token = self.issued.get(value.strip()) if kind.lower() == "bearer" else None
        if token is None or token.expires_ms <= now_ms or token.audience != audience:
            if audience == ORDERS:
                raise problem(401, "The token is missing, has expired or is not for this service.")
            raise gateway(401, "Unauthorized. Access token is missing or invalid.")
        if audience == ORDERS:
            right = "read" if request.method == "GET" else "write"
            if f"visma.net.erp.salesorder:{right}" not in token.scopes:
                raise problem(403, "The token does not have the scope that is needed.")
            return token
        right = "update" if is_action else _RIGHTS.get(request.method, "read")
        if f"vismanet_erp_service_api:{right}" not in token.scopes:
            raise gateway(403, "Forbidden. The token does not have the scope that is needed.")
        return token

    def expire_all(self) -> None:
        """Every token issued so far is refused from now on."""
        self.issued.clear()


def _error(code: str, text: str) -> Response:
    return json_response(400, {"error": code, "error_description": text})
