"""One HTTP request to Visma.net, with the right token, and its answer or one fault of `streamsync.errors`.

Used by everything in this package that talks to the API. One call is one attempt. A status outside 2xx is
classified by `systems/outcome.py`; 401 is decided here because only the tokens know whether it is the first
(visma-api §1.3).
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote, urlencode, urlsplit

from streamsync.errors import Bug, Unknown
from streamsync.model import Lane
from streamsync.systems.outcome import fault, texts_of
from streamsync.systems.port import Allowance
from streamsync.systems.transport import Reply, Transport
from streamsync.systems.visma import canonical
from streamsync.systems.visma.auth import Audience, Tokens
from streamsync.systems.visma.shapes import Body, encode

NAME = "visma"
READ_SECONDS = 120.0
WRITE_SECONDS = 240.0  # the gateway cuts at about four minutes (visma-api §2)
FIGURE_DIGITS = 9
MAX_BYTES = 64 * 1024 * 1024
JSON = "application/json; charset=utf-8"

Params = Sequence[tuple[str, str]]


class Calls:
    """Both hosts of one company."""

    def __init__(self, *, finance_url: str, orders_url: str, tokens: Tokens, transport: Transport) -> None:
        self._base = {Audience.FINANCE: finance_url.rstrip("/"), Audience.ORDERS: orders_url.rstrip("/")}
        self._tokens = tokens
        self._transport = transport
        self._allowance = Allowance()

    def __repr__(self) -> str:
        return f"<Calls {self._base[Audience.FINANCE]} {self._base[Audience.ORDERS]}>"

    @property
    def allowance(self) -> Allowance:
        """The finance host's last word on the quota (`X-RateLimit-*`, visma-api §7.1)."""
        return self._allowance

    async def get(self, audience: Audience, path: str, params: Params, *, endpoint: str, lane: Lane) -> Reply:
        """A read that must succeed. Raises a SystemFault for everything but 2xx."""
        reply, hidden = await self._go("GET", audience, path, params, endpoint, lane)
        return self._judged("GET", audience, reply, hidden)

    async def find(
        self, audience: Audience, path: str, params: Params, *, endpoint: str, lane: Lane
    ) -> Reply | None:
        """A read of one record; None if there is none (404)."""
        reply, hidden = await self._go("GET", audience, path, params, endpoint, lane)
        return None if reply.status == 404 else self._judged("GET", audience, reply, hidden)

    async def write(
        self,
        method: str,
        audience: Audience,
        path: str,
        body: Body | None,
        *,
        endpoint: str,
        lane: Lane,
        version: str = "",
        params: Params = (),
    ) -> Reply:
        """POST, PUT, PATCH or DELETE; `version` becomes `If-Match`."""
        headers = {"if-match": f'"{version}"'} if version else {}
        reply, hidden = await self._go(method, audience, path, params, endpoint, lane, headers, body)
        return self._judged(method, audience, reply, hidden)

    async def delete(
        self, audience: Audience, path: str, *, endpoint: str, lane: Lane, version: str = ""
    ) -> None:
        """What is no longer there (404) has reached its end as well."""
        headers = {"if-match": f'"{version}"'} if version else {}
        reply, hidden = await self._go("DELETE", audience, path, (), endpoint, lane, headers)
        if reply.status != 404:
            self._judged("DELETE", audience, reply, hidden)

    async def _go(
        self,
        method: str,
        audience: Audience,
        path: str,
        params: Params,
        endpoint: str,
        lane: Lane,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
    ) -> tuple[Reply, frozenset[str]]:
        """The answer, and what of the request must not be quoted from it."""
        bearer = await self._tokens.bearer(audience, lane)
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        reply = await self._transport.request(
            method,
            f"{self._base[audience]}{path}{query}",
            endpoint=endpoint,
            lane=lane,
            headers={"accept": "application/json", "authorization": bearer, **(headers or {})},
            body=None if body is None else encode(body),
            content_type=JSON if body is not None else "",
            timeout_seconds=READ_SECONDS if method == "GET" else WRITE_SECONDS,
            max_bytes=MAX_BYTES,
        )
        if audience is Audience.FINANCE:
            self._allowance = _allowance(reply.headers) or self._allowance
        return reply, texts_of(body) | {bearer.removeprefix("Bearer "), *(text for _, text in params)}

    def _judged(self, method: str, audience: Audience, reply: Reply, hidden: frozenset[str]) -> Reply:
        found = fault(NAME, method, reply, hidden)
        if reply.status == 401:
            spurned = self._tokens.spurned(audience)
            raise found if isinstance(found, Unknown) else spurned
        self._tokens.accepted(audience)
        if found is not None:
            raise found
        return reply


def _allowance(headers: Mapping[str, str]) -> Allowance | None:
    limit, remaining, reset = (
        headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")
    )
    if not (_figure(limit) and _figure(remaining)):
        return None
    return Allowance(
        limit=int(limit), remaining=int(remaining), reset_seconds=float(reset) if _figure(reset) else 0.0
    )


def _figure(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= FIGURE_DIGITS


def segment(text: str) -> str:
    """A key as one path segment: item and customer numbers may hold slashes and spaces. Raises `Bug` for one
    that would name another place (security O8)."""
    if text in ("", ".", ".."):
        raise Bug("An address needs all its parts.", code="path")
    return quote(text, safe="")


def created(reply: Reply, count: int, what: str) -> list[str]:
    """The last `count` path segments of `Location`; its host may be another than ours (visma-api §2).

    Raises Unknown without one: the record exists, but under which number must be looked up.
    """
    try:
        path = urlsplit(reply.headers.get("location", "")).path
    except ValueError:  # no address at all
        path = ""
    parts = [unquote(part) for part in path.split("/") if part]
    if len(parts) < count:
        raise Unknown(
            f"Visma.net created the {what} but did not say under which number; it is looked up.",
            code="location",
        )
    return parts[-count:]


def version_of(reply: Reply) -> str:
    return canonical.bare_version(reply.headers.get("etag"))
