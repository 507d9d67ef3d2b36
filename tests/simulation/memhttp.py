"""The real aiohttp client against the real aiohttp server in one loop, without sockets: it works under
virtual time.

Both ends run their own protocol code, byte for byte; only the transport is ours. `MemoryConnector` routes by
`host:port` to several in-memory servers. What is written to a pipe arrives in the order in which it was
written, whatever the delays are and however the loop shuffles. `cut` breaks connections the way a network
does: the bytes on their way are lost.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.tracing import Trace

Delay = Callable[[], float]
ServerFactory = Callable[[], asyncio.Protocol]
"""What makes one protocol per connection: an `aiohttp.web.Server` is one."""


class MemoryTransport(asyncio.Transport):
    """One end of a pipe. `delay()` gives the seconds that each write takes to the other end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, delay: Delay) -> None:
        super().__init__({"peername": ("memory", 0), "sockname": ("memory", 0)})
        self._loop = loop
        self._delay = delay
        self._protocol: asyncio.Protocol
        self._peer: MemoryTransport
        self._coming: deque[bytes | None] = deque()
        self._held: deque[bytes] = deque()
        self._reading = True
        self._closed = False
        self._lost = False

    @classmethod
    def pipe(
        cls, loop: asyncio.AbstractEventLoop, delay: Delay, client: asyncio.Protocol, server: asyncio.Protocol
    ) -> tuple["MemoryTransport", "MemoryTransport"]:
        """Both ends, connected; the protocols are told by `open`."""
        near, far = cls(loop, delay), cls(loop, delay)
        near._peer, far._peer = far, near
        near._protocol, far._protocol = client, server
        return near, far

    def open(self) -> None:
        self._protocol.connection_made(self)

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        if not self._closed and data:
            self._send(bytes(data))

    def writelines(self, list_of_data: "Iterable[bytes | bytearray | memoryview[Any]]") -> None:
        self.write(b"".join(list_of_data))

    def _send(self, data: bytes | None) -> None:
        self._peer._coming.append(data)
        self._loop.call_later(self._delay(), self._peer._arrive)

    def _arrive(self) -> None:
        """One thing arrives: the oldest under way, so that order does not depend on timers. `None` is the
        end."""
        data = self._coming.popleft()
        if self._lost:
            return
        if data is None:
            self._drop(None)
        elif self._reading:
            self._protocol.data_received(data)
        else:
            self._held.append(data)

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        while self._held and self._reading and not self._lost:
            self._protocol.data_received(self._held.popleft())

    def is_reading(self) -> bool:
        return self._reading and not self._closed

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._send(None)
            self._drop(None)

    def abort(self) -> None:
        self.close()

    def cut(self) -> None:
        """The network breaks: both ends learn of a reset at once, and what is under way is lost."""
        for end in (self, self._peer):
            end._drop(ConnectionResetError("The simulated network broke the connection."))

    def _drop(self, error: Exception | None) -> None:
        self._closed = True
        if not self._lost:
            self._lost = True
            self._loop.call_soon(self._protocol.connection_lost, error)

    def can_write_eof(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer: what is written is under way."""

    def get_write_buffer_size(self) -> int:
        return 0

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol


class MemoryConnector(aiohttp.BaseConnector):
    """For `aiohttp.ClientSession(connector=…)`. A host that is not in `servers` refuses the connection.

    `servers`: `host:port` (`erp.example:443`) to an `aiohttp.web.Server`; the scheme does not matter, there
    is no TLS.
    """

    def __init__(
        self, servers: Mapping[str, ServerFactory], delay: Delay = lambda: 0.05, **options: Any
    ) -> None:
        super().__init__(**options)
        self._servers = servers
        self._delay = delay
        self._ends: list[MemoryTransport] = []

    @property
    def transports(self) -> list[MemoryTransport]:
        """The client ends that are open now; `cut` any of them."""
        self._ends = [end for end in self._ends if not end.is_closing()]
        return list(self._ends)

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        await asyncio.sleep(self._delay())
        server = self._servers.get(f"{req.url.host}:{req.url.port}")
        if server is None:
            refused = ConnectionRefusedError(111, f"Nobody listens at {req.url.host}:{req.url.port}.")
            raise aiohttp.ClientConnectorError(req.connection_key, refused)
        client = ResponseHandler(self._loop)
        near, far = MemoryTransport.pipe(self._loop, self._delay, client, server())
        far.open()
        near.open()
        self._ends.append(near)
        return client
