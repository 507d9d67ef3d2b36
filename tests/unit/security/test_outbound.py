"""O1, O2, O3 and O5: where requests go, and how much is taken of what comes back. Each test is named for its
item; O4 and O6 to O8 are in `test_outbound_requests.py`."""

import asyncio
import gzip
import ipaddress
import socket
import tracemalloc

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from streamsync.errors import Bug, Refused, Unknown
from streamsync.systems.destinations import Destinations, GuardedResolver, is_global, origin_of
from tests.unit.security.outbound_world import (
    OK,
    fetch,
    opened,
    read_head,
    serving,
    transport,
    web_server,
)

ORIGINS = ["https://api.webcrm.com", "https://salesorder.visma.net"]
ELSEWHERE = [
    "http://api.webcrm.com/x",  # not https
    "https://evil.example/x",
    "https://api.webcrm.com.evil.example/x",
    "https://evil.example/?https://api.webcrm.com",
    "https://user@api.webcrm.com/x",
    "https://user:pass@api.webcrm.com/x",
    "https://api.webcrm.com@evil.example/x",
    "https://@api.webcrm.com/x",
    "https://api.webcrm.com:8443/x",
    "https://api.webcrm.com:99999/x",
    "https://api.webcrm.com./x",  # the same host to a resolver, another to a list
    "https://api.webcrm.com\\@evil.example/x",
    "https:\\\\api.webcrm.com/x",
    "https://аpi.webcrm.com/x",  # a Cyrillic letter
    "https://xn--pi-7kc.webcrm.com/x",  # the same, encoded
    "https://api.webcrm。com/x",
    "\x01https://api.webcrm.com/x",  # urlsplit would drop it
    "https://api.webcrm.com/x\r\nHost: evil.example",
    "https://api.webcrm.com%2eevil.example/x",
    "ftp://api.webcrm.com/x",
    "file:///etc/passwd",
    "//api.webcrm.com/x",
    "https:///x",
    "",
]
LITERALS = [
    "https://127.0.0.1",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://0177.0.0.1",
    "https://127.1",
    "https://169.254.169.254",
    "https://93.184.216.34",  # global, yet no name that a certificate proves
    "https://[2606:2800:220:1:248:1893:25c8:1946]",
    "https://localhost",
]
PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0"),
    *("fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "100::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1"),
]
GLOBAL = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_o1_only_the_configured_destinations_are_reached(url: str) -> None:
    with pytest.raises(Bug) as caught:
        Destinations(ORIGINS, allow_loopback=False).check(url)
    assert caught.value.code == "destination"


def test_o1_the_configured_destinations_are_reached() -> None:
    allowed = Destinations(ORIGINS, allow_loopback=False)
    for url in ("https://api.webcrm.com/Queries?script=a%20b", "https://API.webcrm.com:443/", ORIGINS[1]):
        allowed.check(url)
    assert origin_of("https://api.webcrm.com").port == 443


@pytest.mark.parametrize(
    "url",
    [
        "https://api.webcrm.com.",
        "https://user@api.webcrm.com",
        "https://xn--pi-7kc.webcrm.com",
        "https://api.webcrm.com\\@evil.example",
        "http://api.webcrm.com",
        "ftp://api.webcrm.com",
        "https://",
    ],
)
def test_o1_what_can_be_read_in_two_ways_cannot_be_configured(url: str) -> None:
    with pytest.raises(Bug):
        Destinations([url], allow_loopback=False)


async def test_o1_a_request_to_another_destination_is_never_begun() -> None:
    seen: list[str] = []

    async def stranger(request: web.BaseRequest) -> web.Response:
        seen.append(request.path)
        return web.Response(text="[]")

    async with web_server(stranger) as url, opened(transport(["http://127.0.0.1:1"])) as held:
        with pytest.raises(Bug):
            await fetch(held, url + "/x")
    assert seen == []


@pytest.mark.parametrize("url", [*LITERALS, "http://api.webcrm.com"])
def test_o2_an_address_is_no_destination(url: str) -> None:
    with pytest.raises(Bug):
        Destinations([url], allow_loopback=False)


def test_o2_loopback_is_reached_only_where_it_is_allowed() -> None:
    allowed = Destinations(["http://127.0.0.1:8081"], allow_loopback=True)
    allowed.check("http://127.0.0.1:8081/Auth")
    assert allowed.permits("127.0.0.1")
    assert not allowed.permits("10.0.0.1")
    for url in ("http://10.0.0.1", "http://192.168.1.1:80", "http://example.com", "https://2130706433"):
        with pytest.raises(Bug):
            Destinations([url], allow_loopback=True)


class Answering(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("address", [*PRIVATE, "not an address"])
async def test_o2_a_name_that_leads_inside_is_refused(address: str) -> None:
    allowed = Destinations(ORIGINS, allow_loopback=False)
    with pytest.raises(OSError, match="not out in the world"):
        await GuardedResolver(allowed, Answering(address)).resolve("api.webcrm.com")
    with pytest.raises(OSError, match="not out in the world"):
        await GuardedResolver(allowed, Answering("93.184.216.34", address)).resolve("api.webcrm.com")


@pytest.mark.parametrize("address", GLOBAL)
async def test_o2_a_name_that_leads_out_is_reached(address: str) -> None:
    assert is_global(address)
    allowed = Destinations(ORIGINS, allow_loopback=False)
    [found] = await GuardedResolver(allowed, Answering(address)).resolve("api.webcrm.com", 443)
    assert ipaddress.ip_address(found["host"]) == ipaddress.ip_address(address)


async def test_o2_the_transport_asks_the_guard_at_the_moment_of_connecting() -> None:
    """`ip6-localhost` and the like: names of this machine that are on no list of names."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    async with serving(answer) as port:
        held = transport([f"https://rebound.example:{port}"], allow_loopback=False)
        async with opened(held):
            session = held._session
            assert session is not None
            connector = session.connector
            assert isinstance(connector, aiohttp.TCPConnector)
            assert isinstance(connector._resolver, GuardedResolver)
            connector._resolver._inner = Answering("127.0.0.1")
            with pytest.raises(Refused, match="cannot be reached"):
                await fetch(held, f"https://rebound.example:{port}/x")


async def test_o3_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    async def second(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(text="[]")

    async with web_server(second) as elsewhere:

        async def first(request: web.BaseRequest) -> web.Response:
            return web.Response(status=302, headers={"Location": elsewhere + "/x"})

        async with web_server(first) as url, opened(transport([url, elsewhere])) as held:
            reply = await fetch(held, url + "/a", headers={"Authorization": "Bearer x"})
    assert reply.status == 302
    assert seen == []


async def test_o5_a_bomb_stops_when_it_has_grown_too_large() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    assert len(bomb) < 1_000_000

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with web_server(answer) as url, opened(transport([url])) as held:
        tracemalloc.start()
        try:
            with pytest.raises(Unknown) as caught:
                await fetch(held, url + "/x", max_bytes=8_000_000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert peak < 40_000_000


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
async def test_o5_a_server_that_drips_is_given_up(head: bytes) -> None:
    """Each byte comes in time, the whole never does."""
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(head)
        rest = OK if not head else b" " * 900
        for byte in rest:
            writer.write(bytes([byte]))
            try:
                await asyncio.wait_for(gone.wait(), 0.02)
            except TimeoutError:
                continue
            return

    async with serving(drip) as port:
        url = f"http://127.0.0.1:{port}"
        async with opened(transport([url])) as held:
            with pytest.raises(Unknown) as caught:
                await fetch(held, url + "/x", seconds=0.3)
        gone.set()
    assert caught.value.code == "timeout"


async def test_o5_endless_headers_are_refused() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\nContent-Length: 2\r\n\r\n[]")

    async with serving(answer) as port:
        url = f"http://127.0.0.1:{port}"
        async with opened(transport([url])) as held:
            with pytest.raises(Unknown):
                await fetch(held, url + "/x")
