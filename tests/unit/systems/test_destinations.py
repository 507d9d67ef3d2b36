"""The allow-list's own rules; the attacks on it are `tests/unit/security/test_outbound.py`."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from streamsync.errors import Bug
from streamsync.systems.destinations import Destinations, GuardedResolver, Origin, is_global, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.webcrm.com", Origin("https", "api.webcrm.com", 443)),
        ("HTTPS://API.webcrm.com:443/Queries?script=a%20b", Origin("https", "api.webcrm.com", 443)),
        ("http://localhost/x", Origin("http", "localhost", 80)),
        ("http://[::1]:8081/Auth", Origin("http", "::1", 8081)),
    ],
)
def test_an_origin_is_what_the_connection_is_made_to(url: str, origin: Origin) -> None:
    assert origin_of(url) == origin


def test_a_refusal_names_the_destination_and_never_the_rest_of_the_address() -> None:
    with pytest.raises(Bug) as caught:
        Destinations(["https://api.webcrm.com"], allow_loopback=False).check("https://evil.example/x?token=t")
    assert "evil.example:443" in str(caught.value)
    assert "token" not in str(caught.value)


def test_another_port_of_an_allowed_loopback_is_another_destination() -> None:
    allowed = Destinations(["http://127.0.0.1:8081", "http://[::1]:8082"], allow_loopback=True)
    allowed.check("http://[::1]:8082/x")
    for url in ("http://127.0.0.1:8082/x", "https://127.0.0.1:8081/x", "http://localhost:8081/x"):
        with pytest.raises(Bug):
            allowed.check(url)


@pytest.mark.parametrize(("address", "outside"), [("8.8.8.8", True), ("10.0.0.1", False), ("fe80::1", False)])
def test_loopback_permission_opens_nothing_else(address: str, outside: bool) -> None:
    allowed = Destinations(["http://127.0.0.1:8081"], allow_loopback=True)
    assert allowed.permits(address) is outside
    assert is_global(address) is outside
    assert not allowed.permits("no address at all")


class Failing(AbstractResolver):
    closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return []

    async def close(self) -> None:
        self.closed = True


async def test_a_name_without_addresses_leads_nowhere_and_the_inner_resolver_is_closed() -> None:
    inner = Failing()
    resolver = GuardedResolver(Destinations(["https://api.webcrm.com"], allow_loopback=False), inner)
    with pytest.raises(OSError, match="not out in the world"):
        await resolver.resolve("api.webcrm.com")
    await resolver.close()
    assert inner.closed
