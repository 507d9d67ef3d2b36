"""Whatever puts a text into a language of its own: hostile texts are read back, by a reader of that language
that shares nothing with us, as exactly what they were, and what stands around them does not change.

SQL has no quoting function: `tests/unit/security/test_store.py`. Lines of the log: `security/test_logs.py`.
"""

import io
import json
import sys
import tomllib
from collections.abc import Coroutine, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from streamsync import cli_output
from streamsync.errors import Bug, SystemFault, Unknown
from streamsync.model import Action, Kind, Lane, Side, Write
from streamsync.observe.metrics import Metrics
from streamsync.sync import defaults, rules_file
from streamsync.sync.rules import Rules
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Reply
from streamsync.systems.visma.calls import segment
from streamsync.systems.visma.system import VismaSystem
from streamsync.systems.webcrm import queries
from streamsync.systems.webcrm.system import WebcrmSystem
from tests.unit.systems.visma_double import Still

LIVE = Lane.LIVE
SPICY = st.text(alphabet="'\"`;-/*\\%&=?#+{}[]()<>,:. \u2028Æ\u202e|$~aB1", max_size=12)
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    SPICY,
    st.sampled_from(
        ["' OR '1'='1", "''", "'", "\\'", "a' --", "../..", "%2e%2e", "{0}", "a,b", '"}', "\u02bc"]
    ),
)
ANY = TEXT | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
"""With control characters as well."""


class Listener:
    """Stands in for the transport: grants every token, notes every other request and gives no answer."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.forms: list[bytes] = []

    async def request(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> Reply:
        if "ApiLogin" in url or url.endswith("/token"):
            self.forms.append(body or b"")
            granted = b'{"access_token":"t","AccessToken":"t"}'
            return Reply(status=200, headers={}, body=granted, date_ms=0, started_ms=0)
        self.urls.append(url)
        raise Unknown("The test has heard enough.", code="reset")


def webcrm(heard: Any, token: str = "token") -> WebcrmSystem:
    return WebcrmSystem(
        url="https://api.webcrm.com",
        token=Secret(token),
        transport=heard,
        clock=Still(),
        settle_seconds=2,
        queries="on",
    )


def visma(heard: Any, secret: str = "secret") -> VismaSystem:
    return VismaSystem(
        finance_url="https://finance.example",
        orders_url="https://orders.example",
        token_url="https://connect.example/token",
        tenant_id="tenant",
        client_id="client",
        client_secret=Secret(secret),
        transport=heard,
        clock=Still(),
        settle_seconds=2,
        order_types=("SO",),
    )


def unanswered(attempt: Coroutine[Any, Any, object]) -> None:
    """Runs it by hand: it never really waits."""
    try:
        attempt.send(None)
    except (SystemFault, StopIteration):
        return
    raise AssertionError("it waits for something")


# -- webCRM scripts


def read_script(script: str) -> tuple[str, list[str]]:
    """What stands outside the quotes, with `?` for each literal, and the literals: the standard's rule."""
    outside, literals, at = "", [], 0
    while at < len(script):
        if script[at] != "'":
            outside, at = outside + script[at], at + 1
            continue
        text, at = "", at + 1
        while script[at] != "'" or script[at : at + 2] == "''":
            text, at = text + script[at], at + (2 if script[at] == "'" else 1)
        outside, at = outside + "?", at + 1
        literals.append(text)
    return outside, literals


@given(TEXT)
def test_a_literal_does_not_leave_its_quotes(text: str) -> None:
    for kind, column in ((Kind.ORGANISATION, "OrganisationName"), (Kind.PERSON, "PersonEmail")):
        [script] = queries.any_of(kind, frozenset(), column, [text])
        [calm] = queries.any_of(kind, frozenset(), column, ["calm"])
        assert read_script(script) == (read_script(calm)[0], [text])


@given(st.lists(TEXT, min_size=1, max_size=30))
def test_many_literals_stay_as_many_and_in_their_order(texts: list[str]) -> None:
    scripts = queries.any_of(Kind.DELIVERY, frozenset(), "DeliveryErpId", texts)
    assert [text for script in scripts for text in read_script(script)[1]] == texts
    for script in scripts:
        outside, literals = read_script(script)
        assert outside.count("DeliveryErpId = ?") == len(literals)
        assert "OR" not in outside.replace(" OR DeliveryErpId = ?", "").replace("ORDER", "")


# -- addresses, forms and filters


def only(urls: list[str], host: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The last request's path, segment by segment, and its query; it went to that host and no fragment took
    anything away."""
    parts = urlsplit(urls[-1])
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", host, "")
    return [unquote(part) for part in parts.path.split("/")], parse_qsl(parts.query, keep_blank_values=True)


@given(TEXT.filter(str.isprintable).filter(bool))
def test_a_marker_that_is_asked_for_is_one_argument(marker: str) -> None:
    heard = Listener()
    fields = {"OrganisationExtraCustom8": marker}
    write = Write(side=Side.CRM, kind=Kind.ORGANISATION, action=Action.CREATE, fields=fields, marker=marker)
    unanswered(webcrm(heard).find([write], 0, frozenset(), LIVE))
    path, query = only(heard.urls, "api.webcrm.com")
    assert path == ["", "Queries"]
    assert {marker} == {text for name, value in query if name == "script" for text in read_script(value)[1]}


@given(TEXT.filter(bool))
def test_a_filter_of_visma_holds_one_value(text: str) -> None:
    """The attribute is asked for in JSON inside an argument; the reference and the customer are arguments."""
    heard = Listener()
    system = visma(heard)
    customer = {"attributes.WEBCRMID": text}
    unanswered(system.find([_erp(Kind.ORGANISATION, customer, text)], 0, frozenset(), LIVE))
    path, query = only(heard.urls, "finance.example")
    assert path == ["", "v1", "customer"]
    assert json.loads(dict(query)["attributes"]) == {"WEBCRMID": text}
    unanswered(system.find([_erp(Kind.INVOICE, {"externalReference": text}, text)], 0, frozenset(), LIVE))
    assert dict(only(heard.urls, "finance.example")[1])["externalReference"] == text
    unanswered(system.find([_erp(Kind.ORDER, {"customer.id": text}, text)], 0, frozenset(), LIVE))
    path, query = only(heard.urls, "orders.example")
    assert dict(query)["customerId"] == text
    assert len(query) == len(dict(query))


def _erp(kind: Kind, fields: Mapping[str, str], marker: str) -> Write:
    return Write(side=Side.ERP, kind=kind, action=Action.CREATE, fields=dict(fields), marker=marker)


@given(TEXT.filter(lambda text: text not in ("", ".", "..")))
def test_a_key_of_visma_is_one_segment(text: str) -> None:
    assert [unquote(part) for part in urlsplit(f"https://x/a/{segment(text)}/b").path.split("/")] == [
        *("", "a", text, "b")
    ]
    heard = Listener()
    person = {"lastName": "x", "businessAccount": text}
    unanswered(visma(heard).find([_erp(Kind.PERSON, person, "")], 0, frozenset(), LIVE))
    assert only(heard.urls, "finance.example")[0] == ["", "v1", "customer", text, "contact"]


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_key_of_visma_that_names_another_place_is_refused(text: str) -> None:
    with pytest.raises(Bug, match="all its parts"):
        segment(text)


@given(TEXT.filter(bool))
def test_a_secret_arrives_whole_in_the_form_of_a_login(secret: str) -> None:
    heard = Listener()
    unanswered(webcrm(heard, secret).identity(LIVE))
    unanswered(visma(heard, secret).identity(LIVE))
    ours, theirs = (parse_qs(form.decode(), keep_blank_values=True) for form in heard.forms)
    assert ours == {"authCode": [secret]}
    assert theirs["client_secret"] == [secret]
    assert set(theirs) == {"grant_type", "client_id", "client_secret", "tenant_id", "scope"}


# -- the rules file


@given(ANY.filter(bool), ANY, st.dictionaries(ANY.filter(bool), ANY, max_size=3))
def test_rules_with_any_texts_read_back_the_same(text: str, other: str, values: dict[str, str]) -> None:
    plain = defaults.ready_made("organisation", "O5")
    assert plain is not None
    row = msgspec.structs.replace(plain, crm=(text,), values=values, default=other)
    given_ = rules_file.parse("", "none")
    organisation = msgspec.structs.replace(
        given_.organisation, types=(text, other), map=(row,), erp_type=text
    )
    delivery = msgspec.structs.replace(given_.delivery, number=text)
    webcrm_ = msgspec.structs.replace(given_.webcrm, countries=values)
    asked: Rules = msgspec.structs.replace(
        given_, organisation=organisation, delivery=delivery, webcrm=webcrm_
    )
    written = rules_file.render(asked)
    raw = tomllib.loads(written)
    assert raw["organisation"]["types"] == [text, other]
    assert {one["id"]: one for one in raw["organisation"]["map"]}["O5"].get("values", {}) == values
    try:
        again = rules_file.parse(written, "again")
    except ExceptionGroup:  # a text that no setting may hold
        return
    assert (again.organisation.types, again.organisation.erp_type) == ((text, other), text)
    assert again.delivery.number == text
    assert again.webcrm.countries == values


# -- what people and machines read


@given(ANY)
def test_no_record_moves_the_cursor_of_a_terminal(text: str) -> None:
    """Names come from two systems that anybody fills in."""
    told, kept = io.StringIO(), sys.stdout
    sys.stdout = told
    try:
        cli_output.say(text)
        line = told.getvalue()
        cli_output.say_json({"name": text})
    finally:
        sys.stdout = kept
    assert line.endswith("\n")
    assert all(sign.isprintable() or sign == "\n" for sign in told.getvalue())
    assert json.loads(told.getvalue()[len(line) :]) == {"name": text}


@given(ANY)
def test_an_address_does_not_leave_its_label(text: str) -> None:
    metrics = Metrics(version="1")
    metrics.http_observer("crm")(f"/a/{text}", "GET", 200, 0.1)
    found = [
        sample
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if sample.name == "streamsync_http_client_requests_total"
    ]
    [sample] = found
    assert set(sample.labels) == {"system", "endpoint", "code_class"}
    assert sample.value == 1
