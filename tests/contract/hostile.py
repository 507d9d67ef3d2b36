"""A network that lies: the answers of a real stand-in, spoilt, or no such answers at all.

Stands in for `Transport`. Logins are answered honestly, so that everything behind them is reached. After
`CALLS_MAX` requests it breaks off, so that a list without an end is no endless test.
"""

import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from streamsync.errors import Unknown
from streamsync.simulators.http import Request, StandIn
from streamsync.systems.transport import Reply
from tests.contract.book import TOKENS

CALLS_MAX = 400
NOW_MS = 1_773_489_600_000  # 2026-03-14T12:00:00Z

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**64, 10**400, 1.5, -0.0, 1e308, [], {}, [[]], [None], {"": None}),
    *("", " ", "-", "0", "-1", "NaN", "1e999999999", "\x00", "\r\n", "\ud800", "\u202e", "æøå" * 500, "٣"),
    *("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30"),
    *("2026-03-14", "T", "2026-03-14T09:00:00.123456789", 'W/"x"', "<b>", "' OR 1=1", "{", "../..", "SO/1"),
    *({"value": None}, {"id": {}}, [{"id": []}], {"records": None}, {"value": "x"}),
)
# What `json.dumps` would not write.
RAW: tuple[bytes, ...] = (
    b"1e999999999",
    b"-1e-999999999",
    b"1" * 5000,
    b'"\\ud800"',
    b'"\xff\xfe"',
    b"NaN",
    b"[" * 3000 + b"]" * 3000,
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
)
BODIES: tuple[bytes, ...] = (
    *(b"", b" ", b"null", b"true", b"0", b"-5", b'"x"', b"[]", b"{}", b"[[]]", b"[null]", b"[1,2]", b'["x"]'),
    *(b"\x00", b"\xff\xfe[\x00]\x00", b"\xef\xbb\xbf[]", b"[", b"[{]", b'[{"a":1},]', b"<html>502</html>"),
    *(b"[" * 200_000, b'{"a":' * 100_000, b'{"value":' * 5000, b"1" * 100_000, b'{"records":null}'),
    *(
        b'{"records":[null]}',
        b'{"value":[1]}',
        b'[{"metadata":null}]',
        b'[{"metadata":{"totalCount":1e400}}]',
    ),
    *(b'[{"OrganisationId":' + b"9" * 5000 + b"}]", b'{"totalCount":-1,"value":[]}', b'{"AccessToken":1}'),
)
LOCATIONS = ("", "/", "//", "https://evil.example/v1/customer/", "%2F..%2F", "\ud800", "x" * 3000, "/a/ /b")
STATUSES = (200, 200, 200, 200, 200, 201, 202, 204)


class Liar:
    """`seed` decides all. `wild`: answers that were never true; else the stand-in's, spoilt in places."""

    def __init__(self, world: StandIn, seed: int, *, wild: bool) -> None:
        self.world = world
        self.rng = random.Random(seed)
        self.wild = wild
        self.calls = 0

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        **_: object,
    ) -> Reply:
        self.calls += 1
        if self.calls > CALLS_MAX:
            raise Unknown("The test has asked often enough.", code="reset")
        parts = urlsplit(url)
        path = unquote(parts.path)
        answer = self.world.handle(
            Request(
                method=method,
                path=path,
                raw_path=parts.path,
                query=parse_qs(parts.query, keep_blank_values=True),
                headers={name.lower(): text for name, text in (headers or {}).items()}
                | {"content-type": content_type},
                body=body or b"",
            ),
            NOW_MS,
        )
        status, content = answer.status, answer.body
        given = {name.lower(): text for name, text in answer.headers.items()}
        if path not in TOKENS:
            status, content = self._spoil(status, content)
            for name in ("location", "etag"):
                if self.rng.random() < 0.3:
                    given[name] = self.rng.choice(LOCATIONS)
        date_ms = self.rng.choice((NOW_MS, NOW_MS, 0, -1, 253_402_300_799_000))
        return Reply(status=status, headers=given, body=content, date_ms=date_ms, started_ms=NOW_MS)

    def _spoil(self, status: int, content: bytes) -> tuple[int, bytes]:
        if self.wild:
            if self.rng.random() < 0.3:
                return status, content
            return self.rng.choice(STATUSES), self.rng.choice(BODIES)
        try:
            tree = json.loads(content)
        except ValueError:
            return status, content
        mark = "spoilt-by-the-test"
        for _ in range(self.rng.randrange(4)):
            tree = self._changed(tree, mark if self.rng.random() < 0.2 else self.rng.choice(VALUES))
        spoilt = json.dumps(tree).encode()
        return status, spoilt.replace(f'"{mark}"'.encode(), self.rng.choice(RAW))

    def _changed(self, node: Any, value: Any) -> Any:
        """One place somewhere below has another value, or is gone."""
        if isinstance(node, dict) and node and self.rng.random() < 0.95:
            key = self.rng.choice(sorted(node))
            if self.rng.random() < 0.05:
                return {name: inner for name, inner in node.items() if name != key}
            return {**node, key: self._changed(node[key], value)}
        if isinstance(node, list) and node and self.rng.random() < 0.95:
            at = self.rng.randrange(len(node))
            return [*node[:at], self._changed(node[at], value), *node[at + 1 :]]
        return value
