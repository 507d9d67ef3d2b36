"""What one value of the configuration may be. Each check returns the value to keep or raises `Bad`.

A message says what is wrong and what is allowed; it never repeats the value, which might be a secret in the
wrong place.
"""

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from streamsync.config.settings import Source

Check = Callable[[object], object]
SOURCE_FORM = '`{ env = "NAME" }` or `{ file = "/path" }`.'
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)


class Bad(Exception):
    def __init__(self, problem: str, allowed: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.allowed = allowed


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Bad("This must be a text that is not empty.", 'for example "text".')
    return value


def path(value: object) -> str:
    return text(value)


def optional_path(value: object) -> str:
    return "" if value == "" else text(value)


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Bad("This must be a yes or no without quotes.", "true or false.")
    return value


def number(low: float, high: float) -> Check:
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Bad("This number does not fit.", f"a number from {low:g} to {high:g}, without quotes.")
        return float(value)

    return check


def one_of(*words: str) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise Bad("This word is not known.", " or ".join(f'"{word}"' for word in words) + ".")
        return value

    return check


def name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Bad(
            "This name does not fit.",
            "up to 32 small letters, digits, - and _, beginning with a letter or digit.",
        )
    return value


def header(value: object) -> str:
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise Bad("This is not a header's name.", 'for example "X-Visma-Signature".')
    return value


def source(value: object) -> Source:
    """Security S1: a secret comes from where the file names, and is never in it."""
    if isinstance(value, dict) and len(value) == 1:
        key, where = next(iter(value.items()))
        if key == "env" and isinstance(where, str) and _ENV.fullmatch(where):
            return Source(env=where)
        if key == "file" and isinstance(where, str) and where and where.isprintable():
            return Source(file=where)
    if isinstance(value, str):
        raise Bad("A secret may not stand in this file.", SOURCE_FORM)
    raise Bad("This does not name where the secret is.", SOURCE_FORM)


def sources(value: object) -> tuple[Source, ...]:
    if isinstance(value, list):
        if not 1 <= len(value) <= 2:
            raise Bad("One secret, or two while one is being replaced.", f"[{SOURCE_FORM}]")
        return tuple(source(one) for one in value)
    return (source(value),)


def split_address(value: str) -> tuple[str, int]:
    """`127.0.0.1:8080` or `[::1]:8080`. Raises ValueError."""
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("not host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def address(value: object) -> str:
    try:
        split_address(text(value))
    except ValueError:
        raise Bad(
            "This is not an address to listen on.", 'host and port, for example "127.0.0.1:8080".'
        ) from None
    return str(value)


def own_address(value: object) -> str:
    """The pages have no login of their own yet: they are for this machine only (security A1)."""
    host, _ = split_address(address(value))
    if not loopback(host):
        raise Bad(
            "The pages and the API would be open to the network.",
            "an address of this machine: 127.0.0.1, ::1.",
        )
    return str(value)


def loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url(value: object, *, allow_loopback: bool) -> str:
    """A place we send a bearer token to (security O1): https, a plain host name, nothing that could mean
    another host."""
    example = 'for example "https://api.webcrm.com".'
    address = text(value)
    if any(sign in address for sign in "\\@?# ") or not address.isascii():
        raise Bad("This address holds a sign that does not belong there.", example)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Bad("This is not an address.", example) from None
    if parts.scheme not in ("https", "http") or not host:
        raise Bad("This is not a web address.", example)
    if parts.scheme == "http" and not allow_loopback:
        raise Bad(
            "An address without encryption (http).", "https; http only with daemon.allow_loopback = true."
        )
    if loopback(host):
        if not allow_loopback:
            raise Bad(
                "This machine itself is no target.", "only with daemon.allow_loopback = true (stand-ins)."
            )
    elif (
        not _HOST.fullmatch(host) or host.rpartition(".")[2].isdigit() or re.fullmatch(r"0x[0-9a-f.x]+", host)
    ):
        raise Bad("The host must be a name, not a number.", example)
    return address.rstrip("/")
