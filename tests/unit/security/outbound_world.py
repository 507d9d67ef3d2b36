"""Small servers and a real `Transport` for the tests of outbound HTTP: sockets on loopback, no stand-in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web

from streamsync.clock import SystemClock
from streamsync.kernel.limiter import Limiter
from streamsync.model import Lane
from streamsync.systems.transport import Reply, Transport

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


def limiter() -> Limiter:
    return Limiter(SystemClock(), per_minute=600_000, burst=1000, circuit_failures=1000)


def transport(origins: Sequence[str], *, allow_loopback: bool = True, ca_file: str = "") -> Transport:
    return Transport(
        system="webcrm",
        origins=origins,
        allow_loopback=allow_loopback,
        clock=SystemClock(),
        limiter=limiter(),
        ca_file=ca_file,
    )


@asynccontextmanager
async def opened(held: Transport) -> AsyncIterator[Transport]:
    await held.open()
    try:
        yield held
    finally:
        await held.close()


async def fetch(
    held: Transport,
    url: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    seconds: float = 20.0,
    max_bytes: int = 1_000_000,
) -> Reply:
    return await held.request(
        method,
        url,
        endpoint="/x",
        lane=Lane.LIVE,
        headers=headers,
        timeout_seconds=seconds,
        max_bytes=max_bytes,
    )


@asynccontextmanager
async def serving(answer: Answer, ssl: SSLContext | None = None) -> AsyncIterator[int]:
    """A server of raw bytes: `answer` is called once per connection. Gives the port."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=ssl)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def web_server(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """A whole HTTP server. Gives its URL."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """One request without a body."""
    return await reader.readuntil(b"\r\n\r\n")
