"""A server of raw bytes that knows HTTP well enough to break it: a true answer, spoilt on the wire.

`tests/contract/hostile.py` spoils what is inside a good reply and stands in for the transport; here the real
transport reads from a socket, so framing, encodings, headers, logins and refusals lie as well. `seed` decides
all.
"""

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, unquote, urlsplit

from streamsync.simulators.http import Request, StandIn
from tests.contract.hostile import BODIES, NOW_MS, RAW, VALUES
from tests.unit.security.outbound_world import serving

Head = dict[str, str]
ECHO = "ECHO"
STATUSES = (
    *(200, 200, 201, 204, 206, 301, 302, 307, 308, 304, 400, 401, 403, 404, 409, 412, 418, 422, 428, 429),
    *(500, 502, 503, 504, 599, 600, 999),
)
DIGITS = "9" * 5000
HEADERS: tuple[tuple[str, str], ...] = (
    *(("Retry-After", text) for text in ("1e999", "-1", "nan", DIGITS, "٣", "Sat, 99 Foo 2026", "")),
    *(("X-RateLimit-Limit", text) for text in (DIGITS, "٣", "-1", "1.5", "²")),
    *(("X-RateLimit-Reset", text) for text in (DIGITS, "inf", "²")),
    *(("Date", text) for text in ("Sat, 14 Mar 99999 12:00:00 GMT", "x", "Thu, 01 Jan 0001 00:00:00 -2359")),
    *(
        ("Location", text)
        for text in ("http://[", "//[::1", "https://evil.example/a/b/c", "/%ff/%00", "\x7f")
    ),
    *(("ETag", text) for text in ('W/"', '"', "x" * 9000, 'a"b', "\x80")),
    *(
        ("Content-Type", text)
        for text in ("text/html; charset=utf-16", "application/json; charset=nope", "/")
    ),
    *(("Content-Encoding", text) for text in ("x-evil", "gzip, gzip", "identity", "br", "zstd", "deflate")),
    *(("Set-Cookie", text) for text in ("a=b; Domain=.example", "=" * 4000)),
    *(("Connection", text) for text in ("close", "upgrade", "keep-alive, close")),
    ("Transfer-Encoding", "x"),
    ("Trailer", "Authorization"),
)
LOGINS = (
    *(b"", b"{}", b"[]", b"null", b'"x"', b"<html>", b"[" * 100_000, b'{"access_token":', b"\xff\xfe"),
    *(b'{"access_token":"","AccessToken":""}', b'{"access_token":null,"AccessToken":null}'),
    *(b'{"access_token":"a\\r\\nX-Evil: 1","AccessToken":"a\\r\\nX-Evil: 1"}',),
    *(
        b'{"access_token":"\\ud800","AccessToken":"\\ud800"}',
        b'{"access_token":"\xc3\xa6\xe2\x82\xac\\u0000"}',
    ),
    *(b'{"access_token":"t","expires_in":1e400}', b'{"AccessToken":"t","ExpiresIn":1e400}'),
    *(b'{"AccessToken":"t","ExpiresIn":' + b"9" * 400 + b"}", b'{"AccessToken":"t","ExpiresIn":-9}'),
    *(b'{"access_token":"t","expires_in":' + b"9" * 5000 + b"}", b'{"access_token":"t","expires_in":-1e308}'),
    *(b'{"error":"' + b"x" * 3000 + b'","error_description":7}', b'{"error":"ECHO","IsError":true}'),
)


def plain(status: int, head: Head, body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {text}" for name, text in head.items())]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body


def sized(status: int, head: Head, body: bytes) -> bytes:
    return plain(status, {**head, "Content-Length": str(len(body))}, body)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


Frame = Callable[[int, Head, bytes], bytes]
FRAMES: tuple[Frame, ...] = (
    lambda status, head, body: plain(status, {**head, "Content-Length": str(len(body) + 9)}, body),
    lambda status, head, body: plain(status, {**head, "Content-Length": str(len(body) // 2)}, body),
    lambda status, head, body: plain(status, {**head, "Content-Length": "-5"}, body),
    lambda status, head, body: plain(status, {**head, "Content-Length": DIGITS}, body),
    lambda status, head, body: plain(status, {**head, "Content-Length": "0x10"}, body),
    lambda status, head, body: plain(
        status, {**head, "Content-Length": "3", "content-length": str(len(body))}, body
    ),
    lambda status, head, body: plain(status, head, body),
    lambda status, head, body: plain(status, {**head, "Transfer-Encoding": "chunked"}, chunked(body)),
    lambda status, head, body: plain(status, {**head, "Transfer-Encoding": "chunked"}, chunked(body)[:-6]),
    lambda status, head, body: plain(status, {**head, "Transfer-Encoding": "chunked"}, b"zz\r\n" + body),
    lambda status, head, body: plain(status, {**head, "Transfer-Encoding": "chunked"}, b"-1\r\n" + body),
    lambda status, head, body: plain(
        status, {**head, "Transfer-Encoding": "chunked"}, b"f" * 40 + b"\r\n" + body
    ),
    lambda status, head, body: plain(
        status, {**head, "Transfer-Encoding": "chunked", "Content-Length": "4"}, chunked(body)
    ),
    lambda status, head, body: sized(status, {**head, "Content-Encoding": "gzip"}, gzip.compress(body, 1)),
    lambda status, head, body: sized(
        status, {**head, "Content-Encoding": "gzip"}, gzip.compress(body, 1)[:-9]
    ),
    lambda status, head, body: sized(
        status, {**head, "Content-Encoding": "gzip"}, gzip.compress(body, 1) + b"x"
    ),
    lambda status, head, body: sized(status, {**head, "Content-Encoding": "deflate"}, zlib.compress(body, 1)),
    lambda status, head, body: sized(status, {**head, "Content-Encoding": "gzip"}, body),
    lambda status, head, body: sized(status, head, body) + sized(200, {}, b'[{"OrganisationId":666}]'),
    lambda status, head, body: b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + sized(status, head, body),
    lambda status, head, body: sized(status, {**head, **{f"X-{n}": "y" * 90 for n in range(900)}}, body),
    lambda status, head, body: sized(status, {**head, "X": "y" * 70_000}, body),
    lambda status, head, body: b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n" + body,
    lambda status, head, body: b"HTTP/1.1 200 OK\r\nX\x00Y: 1\r\n\r\n" + body,
    lambda status, head, body: b"HTTP/9.9 200 OK\r\n\r\n" + body,
    lambda status, head, body: b"HTTP/1.1 2OO OK\r\n\r\n" + body,
    lambda status, head, body: b"HTTP/1.1 " + DIGITS.encode() + b" X\r\n\r\n",
    lambda status, head, body: b"HTTP/1.1 200 " + b"r" * 70_000 + b"\r\n\r\n" + body,
    lambda status, head, body: b"\x16\x03\x01\x02\x00" + body,
    lambda status, head, body: body,
    lambda status, head, body: b"",
)


class LyingServer:
    """`lies`: how many answers in a hundred are no true ones. `told`: every Authorization it was sent."""

    def __init__(self, world: StandIn, seed: int, lies: int) -> None:
        self.world = world
        self.rng = random.Random(seed)
        self.lies = lies
        self.told: set[str] = set()
        self.calls = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; it stays open as long as its answers are true."""
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                named = {name.lower(): text for name, _, text in (line.partition(": ") for line in head[1:])}
                body = await reader.readexactly(int(named.get("content-length", "0")))
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            self.calls += 1
            lying = self.rng.randrange(100) < self.lies or self.calls > 150
            writer.write(self._answer(head[0], named, body, lying=lying))
            try:
                await writer.drain()
            except ConnectionError:
                return
            if lying:
                return

    def _answer(self, line: str, named: dict[str, str], body: bytes, *, lying: bool) -> bytes:
        self.told.add(named.get("authorization", "").removeprefix("Bearer "))
        method, target, _ = line.split(" ")
        parts = urlsplit(target)
        request = Request(
            method=method,
            path=unquote(parts.path),
            raw_path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=named,
            body=body,
        )
        true = self.world.handle(request, NOW_MS)
        head = {**true.headers, "Date": "Sat, 14 Mar 2026 12:00:00 GMT"}
        if not lying:
            return sized(true.status, head, true.body)
        status = true.status if self.rng.random() < 0.5 else self.rng.choice(STATUSES)
        for _ in range(self.rng.randrange(3)):
            name, text = self.rng.choice(HEADERS)
            head[name] = text
        frame = self.rng.choice(FRAMES) if self.rng.random() < 0.4 else sized
        return frame(status, head, self._spoilt(true.body, named, body, parts.path))

    def _spoilt(self, true: bytes, named: dict[str, str], sent: bytes, path: str) -> bytes:
        pick = self.rng.random()
        if pick < 0.25:
            return true
        if pick < 0.4 and ("ApiLogin" in path or "token" in path):
            return self.rng.choice(LOGINS).replace(ECHO.encode(), sent[-60:].replace(b'"', b""))
        if pick < 0.55:
            return self.rng.choice(BODIES)
        if pick < 0.75:  # a refusal that tells what it was asked, secrets and all
            known = f"{named.get('authorization', '')} said {sent.decode('utf-8', 'replace')}"
            return json.dumps(
                {self.rng.choice(["message", "error", "detail"]): known, "code": known}
            ).encode()
        if pick < 0.85:
            at = self.rng.randrange(len(true) + 1)
            return true[:at] + self.rng.choice((b"\xff", b"\x00", b"\xc3", b'"', b"]" * 9)) + true[at:]
        try:
            tree = json.loads(true)
        except ValueError:
            return self.rng.choice(RAW)
        first = tree[0] if isinstance(tree, list) and tree else tree
        if isinstance(first, dict) and first:
            first[self.rng.choice(sorted(first))] = self.rng.choice(VALUES)
        text = json.dumps(tree).encode()
        return text[:1] + b'"doubled":1,"doubled":[],' * text.startswith(b"{") + text[1:]


@asynccontextmanager
async def lying(world: StandIn, seed: int, lies: int) -> AsyncIterator[tuple[LyingServer, str]]:
    held = LyingServer(world, seed, lies)
    async with serving(held) as port:
        yield held, f"http://127.0.0.1:{port}"
