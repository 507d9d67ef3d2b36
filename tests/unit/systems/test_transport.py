"""One request is one attempt: what is sent, what comes back, and which class each failure gets. The attacks
are `tests/unit/security/test_outbound*.py`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from streamsync.clock import SystemClock
from streamsync.errors import Bug, Refused, SystemFault, Unknown
from streamsync.kernel.limiter import Limiter
from streamsync.model import Lane
from streamsync.systems.transport import TIMEOUT_SECONDS_MAX, Reply, Transport
from tests.unit.security.outbound_world import read_head, serving

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Seen:
    """What the observer was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, int]] = []

    def __call__(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((endpoint, method, status))


class Way:
    def __init__(self, url: str) -> None:
        clock = SystemClock()
        self.url = url
        self.seen = Seen()
        self.limiter = Limiter(clock, per_minute=600_000, burst=100, circuit_failures=3)
        self.held = Transport(
            system="webCRM",
            origins=[url],
            allow_loopback=True,
            clock=clock,
            limiter=self.limiter,
            observe=self.seen,
        )

    async def get(self, path: str = "/x", method: str = "GET", seconds: float = 20.0) -> Reply:
        return await self.held.request(
            method, self.url + path, endpoint="/{id}", lane=Lane.LIVE, timeout_seconds=seconds
        )


@asynccontextmanager
async def way(port: int) -> AsyncIterator[Way]:
    found = Way(f"http://127.0.0.1:{port}")
    await found.held.open()
    try:
        yield found
    finally:
        await found.held.close()


@asynccontextmanager
async def answered_by(handler: Handler) -> AsyncIterator[Way]:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with way(runner.addresses[0][1]) as found:
            yield found
    finally:
        await runner.cleanup()


async def test_a_reply_holds_status_lower_case_headers_body_and_the_servers_time() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(
            status=404, body=b"no", headers={"X-Odd": "Yes", "Date": "Sat, 14 Mar 2026 12:00:00 GMT"}
        )

    async with answered_by(handler) as found:
        before = SystemClock().now_ms()
        reply = await found.get()
    assert (reply.status, reply.body, reply.headers["x-odd"]) == (404, b"no", "Yes")
    assert reply.date_ms == 1_773_489_600_000
    assert before <= reply.started_ms <= SystemClock().now_ms()
    assert found.seen.calls == [("/{id}", "GET", 404)]


async def test_nothing_is_sent_that_was_not_asked_for() -> None:
    heads: list[dict[str, str]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        heads.append({name.lower(): text for name, text in request.headers.items()})
        heads[-1]["body"] = (await request.read()).decode()
        heads[-1]["target"] = request.raw_path
        return web.Response(text="[]")

    async with answered_by(handler) as found:
        await found.held.request(
            "GET",
            found.url + "/Queries",
            endpoint="/Queries",
            lane=Lane.LIVE,
            params=[("script", "a = 'b&c'"), ("Page", "1")],
        )
        await found.held.request(
            "POST",
            found.url + "/a%2Fb",
            endpoint="/x",
            lane=Lane.LIVE,
            body=b"{}",
            headers={"Accept": "text/plain"},
        )
    read, write = heads
    assert set(read) <= {"host", "accept", "accept-encoding", "body", "target"}
    assert read["target"].startswith("/Queries?script=a")
    assert "%26" in read["target"]
    assert read["target"].endswith("&Page=1")
    assert (write["content-type"], write["body"], write["accept"]) == ("application/json", "{}", "text/plain")
    assert write["target"] == "/a%2Fb"


async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.transport.abort()


async def halved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2")
    await writer.drain()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HELLO\r\n\r\n")
    await writer.drain()


async def ungzipped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
    await writer.drain()


@pytest.mark.parametrize("answer", [broken, halved, nonsense, ungzipped])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whatever_breaks_after_sending_leaves_the_outcome_open(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], method: str
) -> None:
    async with serving(answer) as port, way(port) as found:
        with pytest.raises(Unknown) as caught:
            await found.get(method=method)
    assert caught.value.code == "reset"
    assert found.seen.calls == [("/{id}", method, 0)]


async def test_no_answer_in_time_leaves_the_outcome_open() -> None:
    release = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await release.wait()

    async with serving(silent) as port, way(port) as found:
        with pytest.raises(Unknown) as caught:
            await found.get(method="POST", seconds=0.1)
        release.set()
    assert caught.value.code == "timeout"


async def test_nobody_there_means_certainly_not_processed_and_opens_the_circuit() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(nothing) as port:
        closed = port
    async with way(closed) as found:
        codes: list[str] = []
        for _ in range(4):
            with pytest.raises(Refused) as caught:
                await found.get(method="POST")
            codes.append(caught.value.code)
    assert codes == ["connect", "connect", "connect", "circuit_open"]
    assert len(found.seen.calls) == 3


async def test_the_limiter_learns_how_each_call_ended() -> None:
    statuses = [500, 500, 404, 500, 500, 429]

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(status=statuses.pop(0), headers={"Retry-After": "60"})

    async with answered_by(handler) as found:
        for _ in range(5):
            await found.get()
        assert found.limiter.statistics().circuit == 0  # the 404 between shows that the way works
        await found.get()
        with pytest.raises(TimeoutError):  # the pause that the 429 asked for
            await asyncio.wait_for(found.get(), 0.05)
    assert statuses == []


async def test_no_wait_is_longer_than_the_gateways(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text="[]")

    async with answered_by(handler) as found:
        attempt = found.held._attempt

        async def noted(
            method: str,
            url: URL,
            headers: Mapping[str, str],
            body: bytes | None,
            seconds: float,
            max_bytes: int,
            started_ms: int,
        ) -> Reply:
            given.append(seconds)
            return await attempt(method, url, headers, body, seconds, max_bytes, started_ms)

        monkeypatch.setattr(found.held, "_attempt", noted)
        await found.get(seconds=9_999)
        await found.get(seconds=5)
    assert given == [TIMEOUT_SECONDS_MAX, 5]
    assert TIMEOUT_SECONDS_MAX <= 240


async def test_a_way_that_is_not_open_or_closed_again_says_so() -> None:
    found = Way("http://127.0.0.1:1")
    with pytest.raises(Bug, match="not been opened"):
        await found.get()
    await found.held.open()
    await found.held.close()
    await found.held.close()
    with pytest.raises(SystemFault, match="not been opened"):
        await found.get()
