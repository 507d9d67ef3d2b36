"""One HTTP request is one attempt: no retry, no redirect, no cookie, no header that outlives the request.

Raises `Refused` when certainly nothing was sent, `Unknown` when something was; a status is never raised, that
is `outcome.fault`'s business. Bodies are read while counting, after decompression, so that a bomb stops
early, and one of millions of tiny values is refused before it is decoded (security O5).
"""

import ssl
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
from yarl import URL

from streamsync.clock import Clock
from streamsync.errors import Bug, Refused, Unknown
from streamsync.kernel.limiter import Limiter
from streamsync.model import Lane
from streamsync.systems.destinations import Destinations, GuardedResolver, origin_of
from streamsync.systems.retry_after import retry_after

BODY_MAX = 64 * 1024 * 1024
TIMEOUT_SECONDS_MAX = 240.0  # the gateway of Visma.net cuts at about four minutes (visma-api §2)
CONNECT_SECONDS = 15.0
CHUNK = 64 * 1024
VALUES_MAX = 3_000_000  # of two bytes each on the wire, of seventy and more in memory
HEADER_MAX = 16 * 1024

Observe = Callable[[str, str, int, float], None]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`headers`: lower-case names. `date_ms`: the server's clock from the `Date` header, 0 if absent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    date_ms: int
    started_ms: int


class Transport:
    """The way to one system. `connector` replaces the network in tests."""

    def __init__(
        self,
        *,
        system: str,
        origins: Sequence[str],
        allow_loopback: bool,
        clock: Clock,
        limiter: Limiter,
        connector: aiohttp.BaseConnector | None = None,
        observe: Observe | None = None,
        ca_file: str = "",
    ) -> None:
        """`ca_file`: the certificates to trust instead of the machine's own (a company that inspects its
        traffic)."""
        self._system = system
        self._destinations = Destinations(origins, allow_loopback=allow_loopback)
        self._clock = clock
        self._limiter = limiter
        self._connector = connector
        self._observe = observe
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        if self._session is None:
            connector = self._connector or aiohttp.TCPConnector(
                resolver=GuardedResolver(self._destinations),
                ssl=ssl.create_default_context(cafile=self._ca_file or None),
                limit=8,
                ttl_dns_cache=60,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=True,
                max_line_size=HEADER_MAX,
                max_field_size=HEADER_MAX,
                skip_auto_headers=("User-Agent",),
            )
            # aiohttp repeats GET, PUT and DELETE by itself on a reused connection that broke: one request is
            # one attempt.
            self._session._retry_connection = False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        endpoint: str,
        lane: Lane,
        headers: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout_seconds: float = 60.0,
        max_bytes: int = BODY_MAX,
    ) -> Reply:
        """One attempt, in its turn at the limiter. `endpoint` is the template for metrics, never the filled
        path."""
        self._destinations.check(url)
        if self._session is None:
            raise Bug(f"The way to {self._system} has not been opened.")
        sent = {**(headers or {})}
        if body is not None:
            sent["Content-Type"] = content_type
        if any(character in "\r\n\0" for pair in sent.items() for text in pair for character in text):
            raise Bug("A header holds a line break.", code="header")
        target = URL(url, encoded=True)
        if origin_of(url) != (target.scheme, target.host, target.port):
            raise Bug("The address can be read in two ways.", code="destination")
        if params:
            target = target.with_query(list(params))
        async with self._limiter.slot(lane):
            started, before = self._clock.now_ms(), self._clock.monotonic()
            status = 0
            try:
                reply = await self._attempt(
                    method, target, sent, body, min(timeout_seconds, TIMEOUT_SECONDS_MAX), max_bytes, started
                )
                status = reply.status
            finally:
                if self._observe is not None:
                    self._observe(endpoint, method, status, self._clock.monotonic() - before)
            self._report(reply)
            return reply

    async def _attempt(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        max_bytes: int,
        started_ms: int,
    ) -> Reply:
        session = self._session
        if session is None:
            raise Bug(f"The way to {self._system} has not been opened.")
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds))
        try:
            async with session.request(
                method, url, headers=headers, data=body, allow_redirects=False, timeout=timeout
            ) as response:
                content = await _read(response, max_bytes)
                return Reply(
                    status=response.status,
                    body=content,
                    started_ms=started_ms,
                    headers={name.lower(): text for name, text in response.headers.items()},
                    date_ms=_date_ms(response.headers.get("Date", "")),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._limiter.failed()
            raise Refused(f"{self._system} cannot be reached ({_cause(error)}).", code="connect") from error
        except TimeoutError as error:
            self._limiter.failed()
            raise Unknown(f"{self._system} did not answer within {seconds:.0f} s.", code="timeout") from error
        except aiohttp.ClientError as error:
            self._limiter.failed()
            raise Unknown(
                f"The connection to {self._system} broke ({type(error).__name__}).", code="reset"
            ) from error
        except OSError as error:
            self._limiter.failed()
            raise Unknown(
                f"The connection to {self._system} broke ({type(error).__name__}).", code="reset"
            ) from error

    def _report(self, reply: Reply) -> None:
        """Any answer but 429 and 5xx shows that the way works."""
        if reply.status == 429:
            self._limiter.throttled(retry_after(reply.headers, reply.body))
        elif reply.status >= 500:
            self._limiter.failed()
        else:
            self._limiter.succeeded()


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(CHUNK):
        size += len(part)
        if size > max_bytes:
            response.close()
            raise Unknown(f"The answer is larger than {max_bytes} bytes.", code="too_large")
        parts.append(part)
    content = b"".join(parts)
    if content.count(b",") > VALUES_MAX:
        raise Unknown(f"The answer holds more than {VALUES_MAX} values.", code="too_large")
    return content


def _date_ms(text: str) -> int:
    try:
        return round(parsedate_to_datetime(text).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return 0


def _cause(error: Exception) -> str:
    inner = getattr(error, "os_error", None) or error.__cause__ or error
    return type(inner).__name__
