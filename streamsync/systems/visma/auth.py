"""Visma Connect tokens: one per audience (finance, sales orders), client credentials, single flight,
refreshed early.

Used by `calls.py` and `check.py` only. A token that cannot be had is `Unauthorized` with a sentence for the
person who can mend it, or `Refused` when the token host did not answer: either way the request it was for was
never sent. Tokens live in memory only and appear in no message. Sources: visma-api §1.1, §1.3.
"""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlencode

import msgspec

from streamsync.clock import Clock
from streamsync.errors import Refused, SystemFault, Throttled, Unauthorized, Unknown
from streamsync.model import Lane
from streamsync.systems.retry_after import retry_after
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport

EARLY_SECONDS = 300.0
TIMEOUT_SECONDS = 30.0
TOKEN_BYTES = 64_000


class Audience(StrEnum):
    FINANCE = "finance"
    ORDERS = "orders"


SCOPES: Mapping[Audience, tuple[str, ...]] = {
    Audience.FINANCE: (
        "vismanet_erp_service_api:read",
        "vismanet_erp_service_api:create",
        "vismanet_erp_service_api:update",
    ),
    Audience.ORDERS: ("visma.net.erp.salesorder:read", "visma.net.erp.salesorder:write"),
}
DENIALS = frozenset(
    "invalid_client unauthorized_client invalid_scope invalid_request invalid_grant access_denied".split()
)
DELETE_SCOPE = "vismanet_erp_service_api:delete"


class Token(msgspec.Struct, frozen=True):
    secret: Secret
    until: float  # on the clock's monotonic scale, the margin already taken off
    scopes: frozenset[str]


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0
    scope: str = ""


class _Denied(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class Tokens:
    """`bearer` before each request; `spurned` when the API answered 401."""

    def __init__(
        self,
        *,
        token_url: str,
        tenant_id: str,
        client_id: str,
        client_secret: Secret,
        transport: Transport,
        clock: Clock,
        may_delete: bool = False,
    ) -> None:
        self._url = token_url
        self._tenant = tenant_id
        self._client = client_id
        self._secret = client_secret
        self._transport = transport
        self._clock = clock
        self._scopes = {audience: list(scopes) for audience, scopes in SCOPES.items()}
        if may_delete:
            self._scopes[Audience.FINANCE].append(DELETE_SCOPE)
        self._held: dict[Audience, Token] = {}
        self._turn = {audience: asyncio.Lock() for audience in Audience}
        self._spurned: dict[Audience, int] = {}

    def __repr__(self) -> str:
        return f"<Tokens of {self._client}: {', '.join(self._held) or 'none'}>"

    async def bearer(self, audience: Audience, lane: Lane) -> str:
        """The Authorization header's value. Raises Unauthorized or Refused."""
        return f"Bearer {(await self.token(audience, lane)).secret.reveal()}"

    async def token(self, audience: Audience, lane: Lane) -> Token:
        async with self._turn[audience]:
            held = self._held.get(audience)
            if held is None or self._clock.monotonic() >= held.until:
                held = await self._fetch(audience, lane)
                self._held[audience] = held
            return held

    def accepted(self, audience: Audience) -> None:
        """The API took the token: an earlier 401 is history."""
        self._spurned.pop(audience, None)

    def spurned(self, audience: Audience) -> SystemFault:
        """The API answered 401. The token is dropped; the first time that is a `Refused`, in a row
        `Unauthorized`.
        """
        self._held.pop(audience, None)
        self._spurned[audience] = self._spurned.get(audience, 0) + 1
        if self._spurned[audience] == 1:
            return Refused(
                f"The {audience} service no longer takes our token; a new one is fetched.", code="401"
            )
        return Unauthorized(
            f"The {audience} service refuses a fresh token (401). Is the integration approved for "
            f"this company in the "
            "Visma App Store, and is the tenant id that of the company?",
            code="401",
        )

    async def _fetch(self, audience: Audience, lane: Lane) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client,
            "client_secret": self._secret.reveal(),
            "tenant_id": self._tenant,
            "scope": " ".join(self._scopes[audience]),
        }
        started = self._clock.monotonic()
        try:
            reply = await self._transport.request(
                "POST",
                self._url,
                endpoint="token",
                lane=lane,
                headers={"accept": "application/json"},
                body=urlencode(form).encode(),
                content_type="application/x-www-form-urlencoded",
                timeout_seconds=TIMEOUT_SECONDS,
                max_bytes=TOKEN_BYTES,
            )
        except Unknown as fault:
            raise Refused(f"Visma Connect gave no token: {fault}", code="token") from fault
        if reply.status != 200:
            raise self._denied(audience, reply.status, reply.body, reply.headers)
        try:
            granted = msgspec.json.decode(reply.body, type=_Granted)
        except (ValueError, RecursionError) as error:
            raise Refused(f"Visma Connect's token reply cannot be read ({error}).", code="token") from error
        margin = min(EARLY_SECONDS, granted.expires_in / 4)
        return Token(
            Secret(granted.access_token),
            started + granted.expires_in - margin,
            frozenset(granted.scope.split()),
        )

    def excess(self, audience: Audience, token: Token) -> frozenset[str]:
        """Scopes that were granted though nobody asked for them (security S5)."""
        return token.scopes - frozenset(self._scopes[audience])

    def missing(self, audience: Audience, token: Token) -> frozenset[str]:
        """Scopes asked for and not granted, where the reply says what was granted."""
        return frozenset(self._scopes[audience]) - token.scopes if token.scopes else frozenset()

    def _denied(
        self, audience: Audience, status: int, body: bytes, headers: Mapping[str, str]
    ) -> SystemFault:
        try:
            denied = msgspec.json.decode(body, type=_Denied)
        except (ValueError, RecursionError):
            denied = _Denied()
        if status == 429:
            return Throttled(
                "Visma Connect limits token requests.", retry_after_seconds=retry_after(headers, body)
            )
        if status >= 500:
            return Refused(f"Visma Connect answered {status} to the token request.", code=str(status))
        tenant = "tenant" in denied.error_description.casefold()
        if denied.error in ("invalid_client", "unauthorized_client"):
            sentence = (
                f"Visma Connect does not accept the client id or its secret ({denied.error}). Check "
                f"client_id "
                "and client_secret; a secret may have expired in the Developer Portal."
            )
        elif denied.error == "invalid_scope":
            sentence = (
                f"The integration has not been granted the scopes for the {audience} service "
                f"({' '.join(self._scopes[audience])}). Add them in the Developer Portal and have the "
                f"company's "
                "integration administrator approve them again in the Visma App Store."
            )
        elif tenant or denied.error in ("invalid_request", "invalid_grant", "access_denied"):
            sentence = (
                f"Visma Connect does not know this tenant for the integration ({denied.error}). Check "
                f"tenant_id: "
                "it is the company's id on its Visma App Store page, and the integration must be "
                "approved there."
            )
        else:
            sentence = f"Visma Connect refused the token for the {audience} service with status {status}."
        return Unauthorized(sentence, code=denied.error if denied.error in DENIALS else str(status))
