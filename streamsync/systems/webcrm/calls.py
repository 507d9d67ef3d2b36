"""One request to webCRM: bearer, encoding, judgement. Everything else of the adapter goes through here."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from streamsync.errors import Bug, Unauthorized
from streamsync.model import Lane
from streamsync.systems.outcome import fault, texts_of
from streamsync.systems.transport import Reply, Transport
from streamsync.systems.webcrm.auth import Login

_ENCODER = msgspec.json.Encoder(decimal_format="number")
PAGE_SIZE = 1000
PAGES_MAX = 10_000
CAP_MULTIPLE = 25


def more_may_follow(count: int) -> bool:
    """Whether a page of so many rows may not be the last.

    The specification allows 1,000 a page; a server that silently gives fewer would do so by a round number,
    so after a round count one page more is read rather than rows lost (webcrm-api §5.1)."""
    return count >= PAGE_SIZE or (count > 0 and count % CAP_MULTIPLE == 0)


class Calls:
    def __init__(self, url: str, transport: Transport, login: Login) -> None:
        self._url = url.rstrip("/")
        self._transport = transport
        self._login = login

    async def get(
        self,
        endpoint: str,
        lane: Lane,
        *segments: object,
        params: Sequence[tuple[str, str]] = (),
        absent_ok: bool = False,
    ) -> Reply | None:
        """A read. A 401 is answered by one new login, because webCRM gives spurious ones under load
        (webcrm-api §3).

        None for 404 with `absent_ok`; else raises a `SystemFault`."""
        try:
            return await self._once("GET", endpoint, lane, segments, params, None, absent_ok)
        except Unauthorized as refusal:
            if refusal.code != "401":
                raise
        return await self._once("GET", endpoint, lane, segments, params, None, absent_ok)

    async def read(
        self, endpoint: str, lane: Lane, *segments: object, params: Sequence[tuple[str, str]] = ()
    ) -> Reply:
        reply = await self.get(endpoint, lane, *segments, params=params)
        if reply is None:
            raise AssertionError("a read without absent_ok has a reply")
        return reply

    async def write(
        self, method: str, endpoint: str, lane: Lane, *segments: object, body: Any = None
    ) -> Reply:
        """One attempt. Raises a `SystemFault`, in whose words no text of the body occurs."""
        encoded = None if body is None else _ENCODER.encode(body)
        reply = await self._once(method, endpoint, lane, segments, (), encoded, False, hidden=texts_of(body))
        if reply is None:
            raise AssertionError("a write has a reply")
        return reply

    async def _once(
        self,
        method: str,
        endpoint: str,
        lane: Lane,
        segments: Sequence[object],
        params: Sequence[tuple[str, str]],
        body: bytes | None,
        absent_ok: bool,
        hidden: frozenset[str] = frozenset(),
    ) -> Reply | None:
        bearer = await self._login.bearer(lane)
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        reply = await self._transport.request(
            method,
            f"{self._url}{_path(endpoint, segments)}{query}",
            endpoint=endpoint,
            lane=lane,
            body=body,
            headers={"Accept": "application/json", "Authorization": f"Bearer {bearer.reveal()}"},
        )
        if reply.status == 401:
            self._login.spurned(bearer)
        if reply.status == 404 and absent_ok:
            return None
        wrong = fault("webCRM", method, reply, hidden | {bearer.reveal(), *(text for _, text in params)})
        if wrong is not None:
            raise wrong
        return reply


def _path(endpoint: str, segments: Sequence[object]) -> str:
    """The template with its braces filled, each value encoded as one segment. Raises `Bug` for an empty one
    (security O8)."""
    path = endpoint
    for value in segments:
        text = quote(str(value), safe="")
        if not text or text in (".", ".."):
            raise Bug("An address needs all its parts.", code="path")
        start, end = path.index("{"), path.index("}")
        path = path[:start] + text + path[end + 1 :]
    if "{" in path:
        raise Bug("An address needs all its parts.", code="path")
    return path
