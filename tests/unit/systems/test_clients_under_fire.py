"""Both clients, with the real transport and a socket, against servers that lie on every level (R1, O5).

Whatever comes back is a record, a listed bad row, or one fault of the taxonomy; no fault says a secret or
what we sent; memory has a bound that the answer does not set. Lies inside good replies: `tests/contract`; the
transport's own limits: `tests/unit/security/test_outbound.py`.
"""

import asyncio
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsync.clock import SystemClock
from streamsync.errors import Refused, SystemFault, Unknown
from streamsync.kernel.limiter import Limiter
from streamsync.model import Kind, Lane, Write
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN
from streamsync.systems import transport as transports
from streamsync.systems.port import System
from streamsync.systems.retry_after import SECONDS_MAX
from streamsync.systems.secret import Secret
from streamsync.systems.transport import BODY_MAX, Transport
from streamsync.systems.visma.system import VismaSystem
from streamsync.systems.webcrm.system import WebcrmSystem
from tests.contract import test_hostile_replies as contract
from tests.contract.hostile import NOW_MS
from tests.unit.security.outbound_world import read_head, serving
from tests.unit.systems.lying_server import HEADERS, LOGINS, lying, sized
from tests.unit.systems.visma_company import SECRET

LIVE = Lane.LIVE
CANARY = "Kirsten Kanariefugl"
WORLDS = {"webcrm": contract._webcrm_world, "visma": contract._visma_world}
MiB = 1024 * 1024


class Unhurried(Limiter):
    """Does not wait when a server asks for it: the next request meets the next lie."""

    def throttled(self, retry_after_seconds: float) -> None:
        assert 0 < retry_after_seconds <= SECONDS_MAX


@asynccontextmanager
async def client(name: str, url: str) -> AsyncIterator[System]:
    clock = SystemClock()
    way = Transport(
        system=name,
        origins=[url],
        allow_loopback=True,
        clock=clock,
        connector=aiohttp.TCPConnector(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),  # loads no certificates
        limiter=Unhurried(clock, per_minute=600_000, burst=1000, circuit_failures=1000),
    )
    made: System
    if name == "webcrm":
        token = Secret(DEFAULT_TOKEN.code)
        made = WebcrmSystem(url=url, token=token, transport=way, clock=clock, settle_seconds=2)
    else:
        made = VismaSystem(
            finance_url=url,
            orders_url=url,
            token_url=f"{url}/connect/token",
            tenant_id=DEFAULT_TENANT,
            client_id=DEFAULT_CLIENT,
            client_secret=Secret(SECRET),
            transport=way,
            clock=clock,
            settle_seconds=2,
            order_types=("SO",),
        )
    await way.open()
    try:
        yield made
    finally:
        await way.close()


def wanted(system: System) -> dict[Kind, frozenset[str]]:
    return contract.CRM_WANT if system.side == "crm" else contract.ERP_WANT


async def exhaust(system: System, number: int, since: str | None) -> None:
    feed = system.feeds[number % len(system.feeds)]
    position = since if feed.incremental else None
    async for page in system.read(feed, position, wanted(system)[feed.kind], LIVE):
        for row in page.malformed:
            assert row.problem
            assert len(row.problem) < 200


def writes(system: System) -> list[Write]:
    return contract.CRM_WRITES if system.side == "crm" else contract.ERP_WRITES


def named(write: Write) -> Write:
    """With a person's name in every text that goes out."""
    fields = {
        path: CANARY if text == "x" and path != "QuotationLineLinkedDataItemData1" else text
        for path, text in write.fields.items()
    }
    return Write(**{**{name: getattr(write, name) for name in write.__struct_fields__}, "fields": fields})


def attempts(system: System, number: int) -> Iterator[Awaitable[object]]:
    """What the daemon asks of a system, one of each sort."""
    crm, want = system.side == "crm", wanted(system)
    finds = contract.CRM_FINDS if crm else contract.ERP_FINDS
    find, write = finds[number % len(finds)], named(writes(system)[number % len(writes(system))])
    since = "2026-03-14T11:00:00" + ("Z" if crm else "")
    yield exhaust(system, number, None if number % 2 else since)
    yield system.get(find.kind, contract.RIDS[find.kind], want[find.kind], LIVE)
    yield system.find([find], NOW_MS, want[find.kind], LIVE)
    yield system.send(write, "", LIVE)
    yield system.identity(LIVE)
    yield (system.catalogue, system.tables, system.open_documents)[number % 3](LIVE)
    if number % 4 == 0:
        yield system.check(expect_empty=False, needed=frozenset(Kind))


def harmless(fault: BaseException, secrets: set[str]) -> None:
    """No secret and nothing that we sent in what a log, a page or an operator sees; and no novel."""
    shown = f"{fault} {fault!r} {getattr(fault, 'excerpt', '')} {getattr(fault, 'code', '')}"
    for secret in secrets:
        assert len(secret) < 6 or secret not in shown
    assert CANARY not in shown
    assert len(shown) < 3_000
    assert shown.isprintable()


@pytest.mark.parametrize("name", ["webcrm", "visma"])
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), number=st.integers(0, 40), lies=st.sampled_from([10, 40, 100]))
def test_r1_no_lie_on_the_wire_breaks_a_client(name: str, seed: int, number: int, lies: int) -> None:
    async def story() -> None:
        async with lying(WORLDS[name](), seed, lies) as (server, url), client(name, url) as system:
            for attempt in attempts(system, number):
                try:
                    await attempt
                except SystemFault as fault:
                    harmless(fault, {SECRET, DEFAULT_TOKEN.code, *server.told})

    asyncio.run(story())


FIGURES = (
    *(
        b'{"ExceptionFaultCode":' + b"9" * 5000 + b"}",
        b'{"ExceptionFaultCode":{"a":1}}',
        b'{"FaultCode":-1e400}',
    ),
    *(
        b'{"RetryAfterSeconds":' + b"9" * 5000 + b"}",
        b'{"RetryAfterSeconds":[]}',
        b'{"details":[{"code":7},[]]}',
    ),
    b'{"details":[{"code":"' + b"x" * 9000 + b'"}],"message":{"a":"b"}}',
)


@pytest.mark.parametrize("name", ["webcrm", "visma"])
async def test_r1_no_header_no_figure_and_no_login_breaks_a_client(name: str) -> None:
    """Each of them once, so that none is left to chance."""
    answers = [
        *(sized(status, {head: text}, b"[]") for head, text in HEADERS for status in (200, 201, 429)),
        *(sized(status, {}, body) for body in FIGURES for status in (400, 429, 503)),
    ]
    for answer in answers:
        turn = login_first(answer, once=True)
        async with serving(turn) as port, client(name, f"http://127.0.0.1:{port}") as system:
            for attempt in (exhaust(system, 0, None), system.send(named(writes(system)[0]), "", LIVE)):
                await harmed(attempt)
    for body in LOGINS:
        for status in (200, 400, 429):
            turn = login_first(sized(200, {}, b"{}"), sized(status, {}, body), once=True)
            async with serving(turn) as port, client(name, f"http://127.0.0.1:{port}") as system:
                await harmed(system.identity(LIVE))


async def harmed(attempt: Awaitable[object]) -> None:
    try:
        await attempt
    except SystemFault as fault:
        harmless(fault, {"granted-token", SECRET, DEFAULT_TOKEN.code})


GRANTED = sized(200, {}, b'{"access_token":"granted-token","AccessToken":"granted-token"}')


@pytest.mark.parametrize("key", ["", ".", ".."])
async def test_r1_an_order_whose_key_names_another_place_is_one_bad_row(key: str) -> None:
    """`/SalesOrders/SO/..` would be all orders; one such row must not stop the list."""
    rows = (
        b'[{"type":"SO","orderId":"%b","status":"Open","lastModified":"2026-03-14T11:00:00"}]' % key.encode()
    )
    turn = login_first(sized(200, {}, rows))
    async with serving(turn) as port, client("visma", f"http://127.0.0.1:{port}") as system:
        [feed] = [feed for feed in system.feeds if feed.kind is Kind.ORDER]
        pages = [page async for page in system.read(feed, None, wanted(system)[Kind.ORDER], LIVE)]
    assert [row.kind for page in pages for row in page.malformed] == [Kind.ORDER]
    assert [record for page in pages for record in page.records] == []


def login_first(
    answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]],
    login: bytes = GRANTED,
    *,
    once: bool = False,
) -> Any:
    """Any login is granted; all else gets `answer`, after which the connection may end (`once`)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line, _, head = (await read_head(reader)).lower().partition(b"\r\n")
                size = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(size or 0))
            except asyncio.IncompleteReadError:
                return
            if b"apilogin" in line or b"token" in line:
                writer.write(login)
            elif isinstance(answer, bytes):
                writer.write(answer)
                if once:
                    return
            else:
                await answer(writer)
                return

    return serve


async def fails(attempt: Awaitable[object], *codes: str) -> None:
    with pytest.raises(SystemFault) as caught:
        await attempt
    assert caught.value.code in codes, (caught.value, caught.value.code)
    harmless(caught.value, {"granted-token"})


def bomb(mebibytes: int) -> bytes:
    """A gzip body that unpacks to so many mebibytes of blanks and takes a thousandth of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = packer.compress(b" " * MiB) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b" " * MiB) + packer.flush(zlib.Z_FULL_FLUSH)
    return block + again * (mebibytes - 1)


@contextmanager
def measured(bound: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < bound, f"{peak // MiB} MiB"


@pytest.mark.parametrize("name", ["webcrm", "visma"])
async def test_o5_a_gigabyte_that_was_packed_stops_at_the_bound(name: str) -> None:
    packed = bomb(1024)
    assert len(packed) < 4 * MiB
    answer = sized(200, {"Content-Encoding": "gzip"}, packed)
    async with serving(login_first(answer)) as port, client(name, f"http://127.0.0.1:{port}") as system:
        with measured(2 * BODY_MAX):
            await fails(exhaust(system, 0, None), "too_large")


@pytest.mark.parametrize("name", ["webcrm", "visma"])
async def test_o5_a_body_without_an_end_is_given_up_at_the_bound(name: str) -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"%x\r\n%b\r\n" % (MiB, b"[" * MiB)
        while not writer.is_closing():
            writer.write(block)
            sent += MiB
            try:
                await writer.drain()
            except ConnectionError:
                return

    async with serving(login_first(pour)) as port, client(name, f"http://127.0.0.1:{port}") as system:
        with measured(2 * BODY_MAX + 16 * MiB):
            await fails(exhaust(system, 0, None), "too_large")
    assert sent < 2 * BODY_MAX


SMALL_ROWS = {
    "numbers": b"[" + b"1," * (4 * MiB) + b"1]",
    "lists": b"[" + b"[]," * (4 * MiB) + b"[]]",
    "records": b'{"records":[' + b"{}," * (4 * MiB) + b"{}]}",
}


@pytest.mark.parametrize("name", ["webcrm", "visma"])
@pytest.mark.parametrize("status", [200, 400, 429])
@pytest.mark.parametrize("body", SMALL_ROWS.values(), ids=SMALL_ROWS)
async def test_o5_millions_of_tiny_values_do_not_become_gigabytes(
    name: str, status: int, body: bytes
) -> None:
    """Two bytes on the wire are a hundred in memory: a body within its bound would fill it all the same."""
    answer = sized(status, {}, body)
    async with serving(login_first(answer)) as port, client(name, f"http://127.0.0.1:{port}") as system:
        with measured(8 * len(body)):
            await fails(system.get(Kind.PERSON, ["1"], frozenset(), LIVE), *TOLD)


TOLD = ("malformed", "reply", "shape", "too_large", "400", "429")


@pytest.mark.parametrize("name", ["webcrm", "visma"])
@pytest.mark.parametrize("login", [False, True], ids=["answer", "login"])
async def test_o5_a_server_that_drips_holds_nobody_for_long(
    monkeypatch: pytest.MonkeyPatch, name: str, login: bool
) -> None:
    """Each byte comes in time, the whole never does. A login that drips means that nothing was sent."""
    monkeypatch.setattr(transports, "TIMEOUT_SECONDS_MAX", 0.2)
    gone = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            try:
                await asyncio.wait_for(gone.wait(), 0.01)
            except TimeoutError:
                continue
            return

    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await drip(writer)

    async with serving(at_once if login else login_first(drip)) as port:
        async with client(name, f"http://127.0.0.1:{port}") as system:
            for attempt in (exhaust(system, 0, None), system.send(named(writes(system)[0]), "", LIVE)):
                with pytest.raises(Refused if login else Unknown) as caught:
                    await attempt
                assert caught.value.code == ("token" if login else "timeout")
        gone.set()


@pytest.mark.parametrize("name", ["webcrm", "visma"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_o3_no_client_carries_its_token_to_another_host(name: str, status: int) -> None:
    seen: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_head(reader))
        writer.write(sized(200, {}, b"[]"))

    async with serving(stranger) as other:
        away = sized(status, {"Location": f"http://127.0.0.1:{other}/v1/customer"}, b"")
        async with serving(login_first(away)) as port, client(name, f"http://127.0.0.1:{port}") as system:
            await fails(exhaust(system, 0, None), str(status))
            await fails(system.send(named(writes(system)[0]), "", LIVE), str(status))
    assert seen == []


@pytest.mark.parametrize("method", ["message", "error", "detail"])
@pytest.mark.parametrize("name", ["webcrm", "visma"])
async def test_d3_a_refusal_that_echoes_us_does_not_spread_it(name: str, method: str) -> None:
    """Token and values without quotes around them, in the member that is quoted to the operator."""
    told = f"Bearer granted-token may not write {CANARY} of {{kunde}}".encode()
    answer = sized(400, {}, b'{"' + method.encode() + b'":"' + told + b'"}')
    async with serving(login_first(answer)) as port, client(name, f"http://127.0.0.1:{port}") as system:
        await fails(system.send(named(writes(system)[0]), "", LIVE), "400")


async def test_d3_a_token_host_that_answers_with_our_secret_does_not_spread_it() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(sized(400, {}, b'{"error":"' + SECRET.encode() + b'"}'))

    async with serving(echo) as port, client("visma", f"http://127.0.0.1:{port}") as system:
        with pytest.raises(SystemFault) as caught:
            await system.identity(LIVE)
    harmless(caught.value, {SECRET})
    assert caught.value.code == "400"


async def test_an_answer_too_many_is_nobody_elses_answer() -> None:
    """A second response behind the first must not be taken for that of the next request."""
    double = sized(200, {}, b"[]") + sized(200, {}, b'[{"PersonId":666}]')
    async with serving(login_first(double)) as port, client("webcrm", f"http://127.0.0.1:{port}") as system:
        for _ in range(3):
            assert await system.find([contract.CRM_FINDS[1]], NOW_MS, frozenset(), LIVE) == [[]]
