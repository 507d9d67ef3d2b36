"""The access token: fetched once for all who wait, renewed five minutes early, carried per request
(webcrm-api §2).

A failed login can come in a 200 with `IsError` (quirk Q2). A token is never stored and never in a session's
defaults. A login that is not answered is `Refused`: the request that it was for was certainly not sent.
"""

import asyncio
from urllib.parse import urlencode

import msgspec

from streamsync.clock import Clock
from streamsync.errors import Refused, Unauthorized, Unknown
from streamsync.model import Lane
from streamsync.systems.outcome import fault
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport

EARLY_SECONDS = 300.0
LIFETIME_SECONDS = 3600.0
LIFETIME_MAX = 86_400.0  # whatever the server says


class _Token(msgspec.Struct):
    AccessToken: str | None = None
    ExpiresIn: int | None = None
    IsError: bool | None = None
    Error: str | None = None


_DECODER = msgspec.json.Decoder(_Token)


class Login:
    def __init__(self, url: str, code: Secret, transport: Transport, clock: Clock) -> None:
        self._url = url
        self._code = code
        self._transport = transport
        self._clock = clock
        self._lock = asyncio.Lock()
        self._bearer: Secret | None = None
        self._renew_at = 0.0

    async def bearer(self, lane: Lane) -> Secret:
        """A token that is good for a while yet. Raises `Unauthorized`, `Throttled` or `Refused`."""
        async with self._lock:
            if self._bearer is None or self._clock.monotonic() >= self._renew_at:
                try:
                    self._bearer = await self._login(lane)
                except Unknown as unanswered:
                    raise Refused(f"webCRM gave no token: {unanswered}", code="token") from unanswered
            return self._bearer

    def spurned(self, bearer: Secret) -> None:
        """The server refused this token: the next request fetches another."""
        if self._bearer == bearer:
            self._bearer = None

    async def _login(self, lane: Lane) -> Secret:
        body = urlencode({"authCode": self._code.reveal()}).encode()
        reply = await self._transport.request(
            "POST",
            f"{self._url}/Auth/ApiLogin",
            endpoint="/Auth/ApiLogin",
            lane=lane,
            headers={"Accept": "application/json"},
            body=body,
            content_type="application/x-www-form-urlencoded",
        )
        wrong = fault("webCRM", "GET", reply, {self._code.reveal()})
        if wrong is not None:
            if 400 <= reply.status < 500 and reply.status != 429:
                raise _refusal()
            raise wrong
        try:
            token = _DECODER.decode(reply.body)
        except (ValueError, RecursionError) as error:
            raise Unknown("webCRM answered the login with something else.", code="malformed") from error
        if token.IsError or not token.AccessToken:
            raise _refusal()
        lifetime = float(min(token.ExpiresIn or LIFETIME_SECONDS, LIFETIME_MAX))
        self._renew_at = self._clock.monotonic() + max(lifetime - EARLY_SECONDS, lifetime / 2)
        return Secret(token.AccessToken)


def _refusal() -> Unauthorized:
    return Unauthorized(
        "webCRM does not accept the application token. Make a new one under Configuration > Integration > "
        "API > REST, or mend the source that the configuration names.",
        code="login",
    )
