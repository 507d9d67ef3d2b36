"""O4, O6, O7, O8, and the endless lists of O5: what a request carries, and over what. Each test is named for
its item."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from streamsync.clock import SystemClock
from streamsync.errors import Bug, Refused, SystemFault, Unknown
from streamsync.model import Action, Entity, Kind, Lane, Side, Write
from streamsync.simulators.webcrm.query import Both, Compare, Either, parse
from streamsync.systems.port import Feed
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Reply
from streamsync.systems.visma import paging
from streamsync.systems.webcrm import calls, feeds, queries, reading
from streamsync.systems.webcrm.system import WebcrmSystem
from tests.unit.security.outbound_world import OK, fetch, opened, read_head, serving, transport, web_server
from tests.unit.systems import visma_double

# -- O4: certificates


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(("openssl", *arguments), cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and by it a good certificate for `localhost`, one for another name and one that has
    expired."""
    folder = tmp_path_factory.mktemp("certificates")
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        folder,
        *(*new, "-x509", "-subj", "/CN=Test CA", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),  # Python 3.13 asks for it
    )
    for name, host, days in (
        ("good", "localhost", "30"),
        ("other", "other.example", "30"),
        ("old", "localhost", "-1"),
    ):
        extensions = "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\nkeyUsage=digitalSignature\n"
        (folder / "ext").write_text(f"subjectAltName=DNS:{host}\n{extensions}", "utf-8")
        openssl(folder, *new, "-subj", f"/CN={host}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(
            folder,
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-extfile", "ext", "-out", f"{name}.pem"),
            *("-days", days),
        )
    return folder


@asynccontextmanager
async def tls_server(folder: Path, name: str) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await writer.drain()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    async with serving(answer, context) as port:
        yield f"https://localhost:{port}"


async def test_o4_a_certificate_of_the_given_authority_is_accepted(certificates: Path) -> None:
    async with tls_server(certificates, "good") as url:
        held = transport([url], ca_file=str(certificates / "ca.pem"))
        async with opened(held):
            assert (await fetch(held, url + "/x")).status == 200


@pytest.mark.parametrize(
    ("name", "authority"), [("good", ""), ("other", "ca.pem"), ("old", "ca.pem"), ("good", "good.pem")]
)
async def test_o4_a_certificate_that_proves_nothing_is_refused(
    certificates: Path, name: str, authority: str
) -> None:
    """Of an unknown authority, for another host, expired, self-made."""
    trusted = "" if not authority else str(certificates / authority)
    if authority == "good.pem":
        trusted = str(certificates / "other.pem")
    async with tls_server(certificates, name) as url:
        held = transport([url], ca_file=trusted)
        async with opened(held):
            with pytest.raises(Refused, match="cannot be reached"):
                await fetch(held, url + "/x")


async def test_o4_old_protocols_are_not_spoken() -> None:
    held = transport(["https://localhost:1"])
    async with opened(held):
        session = held._session
        assert session is not None
        assert not session.trust_env
        connector = session.connector
        assert isinstance(connector, aiohttp.TCPConnector)
        context = connector._ssl
        assert isinstance(context, ssl.SSLContext)
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


# -- O5: lists without an end


class Pages:
    """A webCRM that always has another page: of new rows, or of the same ones."""

    def __init__(self, *, repeat: bool) -> None:
        self.repeat = repeat
        self.count = 0

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        if request.method == "POST":
            return web.json_response({"AccessToken": "t", "ExpiresIn": 3600})
        self.count += 1
        first = 1 if self.repeat else self.count * 1000
        return web.json_response([{"PersonId": first + n} for n in range(1000)])


@asynccontextmanager
async def webcrm(url: str, *more: str, served: str = "on") -> AsyncIterator[WebcrmSystem]:
    held = transport([url, *more])
    system = WebcrmSystem(
        url=url,
        token=Secret("app-token"),
        transport=held,
        clock=SystemClock(),
        settle_seconds=2,
        queries=served,
    )
    await system.open()
    try:
        yield system
    finally:
        await system.close()


PERSONS = Feed(name="Person", kind=Kind.PERSON, entity=Entity.PERSON)


async def exhaust(system: WebcrmSystem, since: str | None) -> None:
    async for page in system.read(PERSONS, since, frozenset({"PersonId"}), Lane.LIVE):
        assert len(page.records) == 1000


@pytest.mark.parametrize(
    ("repeat", "served", "since", "pages"),
    [
        (False, "on", None, 7),
        (True, "on", None, 2),
        (True, "on", "2026-03-14T12:00:00Z", 7),
        (True, "off", None, 7),
    ],
)
async def test_o5_a_list_that_does_not_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, repeat: bool, served: str, since: str | None, pages: int
) -> None:
    assert calls.PAGES_MAX <= 10_000
    monkeypatch.setattr(feeds, "PAGES_MAX", 7)
    monkeypatch.setattr(reading, "PAGES_MAX", 7)
    server = Pages(repeat=repeat)
    async with web_server(server) as url, webcrm(url, served=served) as system:
        with pytest.raises(Unknown) as caught:
            await exhaust(system, since)
        assert caught.value.code == "endless"
        assert server.count == pages


@pytest.mark.parametrize("name", ["customer", "order"])
async def test_o5_neither_is_one_of_the_erp(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(paging, "PAGES_MAX", 7)
    double = visma_double.Double()
    count = 0

    def more(_: visma_double.Asked) -> Reply:
        nonlocal count
        count += 1
        first = count * 1000
        rows = [visma_double.customer(first + n) for n in range(1000)]
        if name == "order":
            rows = [{"type": "SO", "orderId": f"{first + n}", "status": "Completed"} for n in range(1000)]
        return visma_double.reply(200, rows)

    double.on("GET", "/v1/customer", more)
    double.on("GET", "/api/v3/SalesOrders", more)
    with pytest.raises(Unknown) as caught:
        await visma_double.pages(visma_double.system(double), name, None, "name")
    assert caught.value.code == "endless"
    assert count == 7


# -- O6: who gets the token


async def test_o6_the_bearer_goes_to_its_own_host_in_each_request_and_no_cookie_stays() -> None:
    seen: list[tuple[str, str, str, str]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        head = request.headers
        seen.append((request.host, request.path, head.get("Authorization", ""), head.get("Cookie", "")))
        body = {"AccessToken": "access-1", "ExpiresIn": 3600, "SystemId": 1}
        return web.json_response(body, headers={"Set-Cookie": "session=1; Path=/"})

    async with web_server(answer) as url, web_server(answer) as other, webcrm(url, other) as system:
        await system.identity(Lane.LIVE)
        await system.identity(Lane.LIVE)
        session = system._transport._session
        assert session is not None
        assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
        assert "Authorization" not in session.headers
        await fetch(system._transport, other + "/token")
    host = urlsplit(url).netloc
    assert seen == [
        (host, "/Auth/ApiLogin", "", ""),
        (host, "/Auth", "Bearer access-1", ""),
        (host, "/Auth", "Bearer access-1", ""),
        (urlsplit(other).netloc, "/token", "", ""),
    ]


# -- O7: nothing of a record can become part of an address or a header

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


@given(TEXT)
def test_o7_a_literal_is_read_back_as_it_was(text: str) -> None:
    script = queries.any_of(Kind.ORGANISATION, frozenset(), "OrganisationName", [text])[0]
    where = parse(script).where
    assert isinstance(where, Compare)
    assert where.literal == text


@given(st.lists(TEXT, min_size=1, max_size=60))
def test_o7_many_literals_stay_apart_and_within_the_length_of_an_address(texts: list[str]) -> None:
    scripts = queries.any_of(Kind.PERSON, frozenset({"PersonEmail"}), "PersonEmail", texts)
    found: list[object] = []
    for script in scripts:
        assert len(script) <= queries.SCRIPT_MAX
        where = parse(script).where
        parts = where.parts if isinstance(where, Either) else (where,)
        found += [part.literal for part in parts if isinstance(part, Compare)]
    assert found == texts


@given(
    st.dictionaries(st.sampled_from(["PersonEmail", "PersonLastName", "PersonFirstName"]), TEXT, min_size=2)
)
def test_o7_a_description_is_read_back_as_it_was(row: dict[str, str]) -> None:
    printable = {name: text for name, text in row.items() if text.isprintable()}
    if not printable:
        with pytest.raises(Bug):
            queries.all_of(Kind.PERSON, frozenset(), [row])
        return
    where = parse(queries.all_of(Kind.PERSON, frozenset(), [row])[0]).where
    parts = where.parts if isinstance(where, Both) else (where,)
    assert {part.name.field: part.literal for part in parts if isinstance(part, Compare)} == printable


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "\x7f", "a\tb"])
def test_o7_control_characters_are_not_searched_for(text: str) -> None:
    with pytest.raises(Bug):
        queries.literal(text)


@pytest.mark.parametrize("key", ["1 OR 1=1", "1;", "", "٣", "-1", "1.5"])
def test_o7_a_key_is_digits(key: str) -> None:
    with pytest.raises(Bug):
        queries.any_of(Kind.PERSON, frozenset(), "PersonId", [key], numbers=True)


@given(TEXT.filter(lambda text: text not in ("", ".", "..")))
def test_o7_a_segment_stays_one_segment(text: str) -> None:
    path = calls._path("/Organisations/{id}/Persons", [text])
    parts = urlsplit("https://api.webcrm.com" + path).path.split("/")
    assert [unquote(part) for part in parts] == ["", "Organisations", text, "Persons"]


async def test_o7_what_is_sent_is_what_was_meant() -> None:
    scripts: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.method == "POST":
            return web.json_response({"AccessToken": "t"})
        scripts.append(parse_qs(urlsplit(request.raw_path).query)["script"][0])
        return web.json_response([])

    marker = "O'Hara & Søn' OR '1'='1#?%20+"
    fields = {"OrganisationExtraCustom8": marker}
    write = Write(side=Side.CRM, kind=Kind.ORGANISATION, action=Action.CREATE, fields=fields, marker=marker)
    async with web_server(answer) as url, webcrm(url) as system:
        assert await system.find([write], 0, frozenset(), Lane.LIVE) == [[]]
    [where] = [parse(script).where for script in scripts]
    assert isinstance(where, Compare)
    assert where.literal == marker


@pytest.mark.parametrize("name", ["X-A", "X-A\r\nX-B"])
@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
async def test_o7_a_line_break_in_a_header_is_refused(name: str, value: str) -> None:
    held = transport(["http://127.0.0.1:1"])
    async with opened(held):
        with pytest.raises(Bug) as caught:
            await fetch(held, "http://127.0.0.1:1/x", headers={name: value})
    assert caught.value.code == "header"


# -- O8: no verb reaches more than the record that is named


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_o8_an_address_without_its_key_is_refused(part: str) -> None:
    for template in (reading.ITEMS + "/{id}", "/QuotationLines/{id}", "/Deliveries/{id}/Move"):
        with pytest.raises(Bug, match="all its parts"):
            calls._path(template, [part])
        with pytest.raises(Bug, match="all its parts"):
            calls._path(template, [])


@pytest.mark.parametrize("kind", [Kind.ITEM, Kind.DELIVERY, Kind.ORGANISATION, Kind.PERSON])
async def test_o8_a_delete_without_a_key_is_never_sent(kind: Kind) -> None:
    """`DELETE /QuotationLines/LinkedData` would wipe the catalogue."""
    seen: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.method)
        return web.json_response({"AccessToken": "t"})

    async with web_server(answer) as url, webcrm(url) as system:
        with pytest.raises(SystemFault):
            await system.send(Write(side=Side.CRM, kind=kind, action=Action.DELETE), "", Lane.LIVE)
    assert "DELETE" not in seen


# -- One request is one attempt


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_broken_connection_is_not_silently_tried_again(method: str) -> None:
    """aiohttp repeats idempotent requests on a kept connection that was cut, unless told otherwise."""
    requests = 0

    async def once_then_cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_head(reader)
        requests += 1
        writer.write(OK)
        await writer.drain()
        if await reader.read(100):
            requests += 1
        writer.transport.abort()

    async with serving(once_then_cut) as port:
        url = f"http://127.0.0.1:{port}"
        async with opened(transport([url])) as held:
            await fetch(held, url + "/first")
            with pytest.raises(Unknown) as caught:
                await fetch(held, url + "/second", method=method)
    assert caught.value.code == "reset"
    assert requests == 2


async def test_nobody_listening_means_certainly_not_sent() -> None:
    async with serving(read_nothing) as port:
        url = f"http://127.0.0.1:{port}"
    async with opened(transport([url])) as held:
        with pytest.raises(Refused):
            await fetch(held, url + "/x", method="POST")


async def read_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
