"""Who calls: application tokens, access tokens, rights and the rate limit (webcrm-api §2, §3). Pure.

A failed login is a 200 with `IsError` (Q2). The window of the limit slides over 60 s and counts per
application token, logins included; refused calls do not count.
"""

import random
import re
from collections import deque
from urllib.parse import parse_qs

import msgspec

from streamsync.simulators.http import Request, Response, json_response
from streamsync.simulators.webcrm.settings import Settings, Token

WINDOW_MS = 60_000


class Throttled(Exception):
    """Over the limit; `seconds` until the next call is let through."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"retry after {seconds} s")
        self.seconds = seconds


class _Access(msgspec.Struct):
    token: Token
    expires_ms: int


class Door:
    """Holds the application tokens (by code), the access tokens given out, and the windows."""

    def __init__(self, tokens: list[Token], settings: Settings, rng: random.Random) -> None:
        self.tokens = {token.code: token for token in tokens}
        self.settings = settings
        self.rng = rng
        self.access: dict[str, _Access] = {}
        self.refresh: dict[str, Token] = {}
        self.windows: dict[str, deque[int]] = {}

    def login(self, request: Request, now_ms: int) -> Response:
        """`POST /Auth/ApiLogin` with the form member `authCode`."""
        token = self.tokens.get(form_value(request, "authCode"))
        if token is None or token.revoked:
            return self._error("invalid_client", "The application token is not valid.")
        self.count(token, now_ms)
        return self._grant(token, now_ms)

    def renew(self, request: Request, now_ms: int) -> Response:
        """`POST /Auth/ApiRefresh` with the header `refreshToken`; each refresh token serves once."""
        token = self.refresh.pop(request.headers.get("refreshtoken", ""), None)
        if token is None or token.revoked:
            return self._error("invalid_grant", "The refresh token is not valid.")
        self.count(token, now_ms)
        return self._grant(token, now_ms)

    def caller(self, request: Request, now_ms: int) -> Token | None:
        """The token behind the bearer, or None when it is missing, unknown, revoked or expired."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        access = self.access.get(bearer) if scheme.lower() == "bearer" else None
        if access is None or access.expires_ms <= now_ms or access.token.revoked:
            return None
        return access.token

    def count(self, token: Token, now_ms: int) -> None:
        """One call of this token. Raises Throttled."""
        window = self.windows.setdefault(token.code, deque())
        while window and window[0] <= now_ms - WINDOW_MS:
            window.popleft()
        if len(window) >= self.settings.requests_per_minute:
            wait_ms = window[0] + WINDOW_MS - now_ms
            raise Throttled(max(1, -(-wait_ms // 1000)))
        window.append(now_ms)

    def expire(self) -> None:
        """Every access token ends now."""
        self.access.clear()

    def _grant(self, token: Token, now_ms: int) -> Response:
        bearer, refresh = f"sim-{self.rng.getrandbits(128):032x}", f"ref-{self.rng.getrandbits(128):032x}"
        self.access[bearer] = _Access(token, now_ms + self.settings.token_seconds * 1000)
        self.refresh[refresh] = token
        return json_response(
            200,
            {
                "AccessToken": bearer,
                "RefreshToken": refresh,
                "TokenType": "Bearer",
                "ExpiresIn": self.settings.token_seconds,
                "IsError": False,
                "Error": "",
                "ErrorDescription": "",
            },
        )

    def _error(self, error: str, description: str) -> Response:
        content = {"IsError": True, "Error": error, "ErrorDescription": description, "ExpiresIn": 0}
        return json_response(self.settings.login_error_status, content)


_PART = re.compile(r'name="?(?P<name>[^";\r\n]+)"?')


def form_value(request: Request, name: str) -> str:
    """One member of a url-encoded or multipart form, or empty."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        found = parse_qs(request.body.decode("utf-8", "replace")).get(name)
        return found[0] if found else ""
    if kind.startswith("multipart/form-data") and "boundary=" in kind:
        boundary = kind.partition("boundary=")[2].split(";")[0].strip().strip('"')
        for part in request.body.split(b"--" + boundary.encode()):
            head, separator, content = part.partition(b"\r\n\r\n")
            match = _PART.search(head.decode("utf-8", "replace"))
            if separator and match is not None and match["name"] == name:
                return content.removesuffix(b"\r\n").decode("utf-8", "replace")
    return ""
