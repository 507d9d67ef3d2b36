"""Where requests may go: an allow-list of origins, and no address inside our own networks (security O1, O2).

Checked twice: the URL before a request is built, and every resolved address at the moment of connecting, so
that a name that resolves to a private address, now or later, leads nowhere. aiohttp asks no resolver for
address literals, therefore those are refused in the URL.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from streamsync.errors import Bug

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SPECIAL = [  # which of these `ipaddress` knows depends on the Python release
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
]
_WORLD_V6 = ipaddress.ip_network("2000::/3")  # all that is given out; the rest is local, old or reserved
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
_PORTS = {"https": 443, "http": 80}


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin:
    """The origin that a URL really leads to. Raises `Bug` for anything that could be read in two ways."""
    if "\\" in url or " " in url or not (url.isascii() and url.isprintable()):
        raise Bug("The address holds a character that no address of ours has.", code="destination")
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Bug("The address has a port that is no number.", code="destination") from error
    host = (parts.hostname or "").lower()
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Bug("The address names a user.", code="destination")
    if (
        parts.scheme not in _PORTS
        or not host
        or host.endswith(".")
        or host.startswith("xn--")
        or ".xn--" in host
    ):
        raise Bug("The address is not a plain https address.", code="destination")
    return Origin(parts.scheme, host, port if port is not None else _PORTS[parts.scheme])


def _literal(host: str) -> bool:
    """Whether the host is an address in any spelling that some resolver would take (`0x7f.1`,
    `2130706433`)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rsplit(".", 1)[-1]
        return last.isdigit() or last.startswith("0x")
    return True


def is_global(address: str) -> bool:
    """Whether the address is out in the world, looking through the forms that wrap an IPv4 address in an IPv6
    one."""
    found = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_global(str(found.ipv4_mapped))
        if found.sixtofour is not None:
            return is_global(str(found.sixtofour))
        if found.teredo is not None:
            return False
        if found in _NAT64:
            return is_global(str(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)))
        if found not in _WORLD_V6:
            return False
    special = any(found in network for network in _SPECIAL if network.version == found.version)
    return found.is_global and not found.is_multicast and not special


class Destinations:
    """The allow-list of one system. `allow_loopback` (stand-ins) permits http and this machine, and nothing
    else more."""

    def __init__(self, urls: Iterable[str], *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self._origins = frozenset(origin_of(url) for url in urls)
        for origin in self._origins:
            self._acceptable(origin)

    def _acceptable(self, origin: Origin) -> None:
        loopback = origin.host in _LOOPBACK_NAMES
        if loopback and self._allow_loopback:
            return
        if origin.scheme != "https":
            raise Bug(f"{origin.host}: only https is allowed.", code="destination")
        if loopback or _literal(origin.host):
            raise Bug(f"{origin.host}: an address is not a destination, only a name is.", code="destination")

    def check(self, url: str) -> None:
        """Raises `Bug` unless the URL leads to one of our origins."""
        origin = origin_of(url)
        if origin not in self._origins:
            raise Bug(
                f"{origin.scheme}://{origin.host}:{origin.port} is not one of the configured destinations.",
                code="destination",
            )
        self._acceptable(origin)

    def permits(self, address: str) -> bool:
        """Whether a resolved address may be connected to."""
        try:
            if self._allow_loopback and ipaddress.ip_address(address.split("%", 1)[0]).is_loopback:
                return True
            return is_global(address)
        except ValueError:
            return False


class GuardedResolver(AbstractResolver):
    """Refuses names that resolve to an address inside our own networks, whoever answers for the name."""

    def __init__(self, destinations: Destinations, inner: AbstractResolver | None = None) -> None:
        self._destinations = destinations
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if self._inner is None:
            self._inner = ThreadedResolver()
        found = await self._inner.resolve(host, port, family)
        good = [one for one in found if self._destinations.permits(one["host"])]
        if len(good) != len(found) or not good:
            raise OSError(f"{host} resolves to an address that is not out in the world")
        return good

    async def close(self) -> None:
        if self._inner is not None:
            await self._inner.close()


__all__ = ["Destinations", "GuardedResolver", "Origin", "is_global", "origin_of"]
