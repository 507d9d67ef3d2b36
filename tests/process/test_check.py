"""`streamsync check` against real sockets: each thing that can be wrong is a sentence that says what to do,
and an exit code that is not 0. It never writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.conftest import Install
from tests.process.installation import Installation, Ran
from tests.process.stand_ins import VISMA_SECRET, StandIn

OTHER_TENANT = "5f0c0000-0000-4000-8000-000000000099"
FINANCE = [f"vismanet_erp_service_api:{right}" for right in ("read", "create", "update")]
ORDERS = ["visma.net.erp.salesorder:read", "visma.net.erp.salesorder:write"]


@pytest.fixture(scope="module", autouse=True)
def _a_customer(visma: StandIn) -> None:
    visma.act("create_customer", name="Nordlys Handel A/S", **{"vatZone.id": "01"})


@pytest.fixture
def installation(install: Install, webcrm: StandIn, visma: StandIn) -> Iterator[Installation]:
    """Whatever `check` is asked to do here, nothing is written by it."""
    before = webcrm.writes(), visma.writes()
    made = install()
    yield made
    assert (webcrm.writes(), visma.writes()) == before == ({}, {})
    assert not made.database.exists()


def failures(ran: Ran) -> dict[str, tuple[str, str]]:
    """What failed, by check: the sentence and what to do."""
    assert ran.code == 1, (ran.out, ran.err)
    assert not ran.err
    found = ran.json
    assert found["ok"] is False
    return {
        finding["check"]: (finding["sentence"], finding["remedy"])
        for finding in found["findings"]
        if not finding["ok"] and not finding["warning"]
    }


def test_all_is_well(installation: Installation) -> None:
    ran = installation.run("check", "--json")
    assert ran.code == 0, ran.out
    for words in (
        "webCRM accepts the token.",
        "The token can read organisations.",
        "/Queries is served.",
        "Visma Connect gives a token for the finance service.",
        "Visma Connect gives a token for the orders service.",
        "Visma.net serves 2 items, at most 500 a page.",
        "Every customer class has the attribute WEBCRMID.",
        "The rules fit both systems.",
    ):
        assert words in ran.out
    assert ran.json["ok"] is True
    assert all(finding["ok"] for finding in ran.json["findings"])
    assert {"check", "ok", "sentence", "remedy", "warning"} == ran.json["findings"][0].keys()


def test_a_wrong_webcrm_token(installation: Installation) -> None:
    installation.secrets["WEBCRM_TOKEN"] = "canary-of-a-wrong-token"
    found = failures(installation.run("check", "--json"))
    assert list(found) == ["kunde: webCRM token"]
    assert "does not accept the application token. Make a new one" in found["kunde: webCRM token"][0]
    plain = installation.run("check")
    assert plain.code == 1
    assert "FAIL  kunde: webCRM token: " in plain.out
    assert "canary" not in plain.out + plain.err


def test_a_wrong_visma_secret(installation: Installation) -> None:
    installation.secrets["VISMA_SECRET"] = "canary-of-a-wrong-secret"
    ran = installation.run("check", "--json")
    assert "canary" not in ran.out + ran.err
    assert failures(ran)
    for sentence, _ in failures(ran).values():
        assert "does not accept the client id or its secret" in sentence


@pytest.mark.parametrize(
    ("approved", "failing", "words"),
    [
        (FINANCE, "orders", "salesorder:read visma.net.erp.salesorder:write"),
        (ORDERS + FINANCE[:1], "finance", "api:create vismanet_erp_service_api:update"),
    ],
)
def test_a_missing_visma_scope(
    install: Install, tmp_path: Path, approved: list[str], failing: str, words: str
) -> None:
    client = {"isv_streamsync": {"secret": VISMA_SECRET, "scopes": approved}}
    narrow = StandIn("visma", tmp_path, clients=client)
    try:
        found = failures(install(erp=narrow).run("check", "--expect-empty", "--json"))
    finally:
        narrow.stop()
    assert list(found) == [f"kunde: visma token ({failing})"]
    [(sentence, _)] = found.values()
    assert words in sentence
    assert "integration administrator approve them" in sentence


def test_a_wrong_tenant_looks_like_an_empty_company(installation: Installation) -> None:
    installation.configure(tenant=OTHER_TENANT)
    found = failures(installation.run("check", "--json"))
    sentence, remedy = found["kunde: visma customers"]
    assert "most likely the tenant id is not that of the company" in sentence
    assert "run check with --expect-empty" in remedy
    stubborn = failures(installation.run("check", "--json", "--expect-empty"))
    assert "no customer class at all" in stubborn["kunde: visma marker attribute"][0]


def test_a_tenant_id_that_is_none(installation: Installation) -> None:
    installation.configure(tenant="kunde")
    for sentence, _ in failures(installation.run("check", "--json")).values():
        assert "Check tenant_id" in sentence


def test_a_really_empty_company_says_so(install: Install, tmp_path: Path) -> None:
    empty = StandIn("visma", tmp_path)
    try:
        new = install(erp=empty)
        assert list(failures(new.run("check", "--json"))) == ["kunde: visma customers"]
        ran = new.run("check", "--expect-empty")
    finally:
        empty.stop()
    assert ran.code == 0, ran.out
    assert "The rules fit both systems." in ran.out


@pytest.mark.parametrize(("system", "minutes"), [("webcrm", 10), ("visma", -10)])
def test_a_clock_ten_minutes_off(
    installation: Installation, webcrm: StandIn, visma: StandIn, system: str, minutes: int
) -> None:
    {"webcrm": webcrm, "visma": visma}[system].fault(clock_offset_ms=60_000 * minutes)
    found = failures(installation.run("check", "--json"))
    [(check, (sentence, remedy))] = found.items()
    assert check.casefold() == f"kunde: {system} clock"
    assert any(words in sentence for words in ("599 s", "600 s", "601 s", "599 seconds", "600 seconds"))
    assert "Set this machine's clock" in remedy


def test_rights_that_the_webcrm_token_lacks(installation: Installation, webcrm: StandIn) -> None:
    token = "demo-webcrm-token"
    webcrm.act("set_token", code=token, rights={"persons": "none"}, queries_allowed=False)
    try:
        ran = installation.run("check", "--json")
    finally:
        webcrm.act("set_token", code=token, rights={}, queries_allowed=True)
    [(check, (sentence, remedy))] = failures(ran).items()
    assert check == "kunde: webCRM rights: persons"
    assert "cannot read persons" in sentence
    assert "Give the token this right" in remedy
    warned = {finding["check"] for finding in ran.json["findings"] if not finding["ok"]}
    assert "kunde: webCRM /Queries" in warned


def test_nobody_listens(installation: Installation, tmp_path: Path) -> None:
    gone = StandIn("visma", tmp_path)
    gone.stop()
    installation.configure(visma=gone.origin)
    for sentence, remedy in failures(installation.run("check", "--json")).values():
        assert "cannot be reached" in sentence
        assert "network" in remedy


def test_a_secret_that_is_not_there(installation: Installation) -> None:
    installation.secrets["WEBCRM_TOKEN"] = ""
    ran = installation.run("check")
    assert ran.code == 2
    assert "environment variable WEBCRM_TOKEN: It is not set, or empty." in ran.err
    installation.config.write_text(
        installation.config.read_text("utf-8").replace('{ env = "WEBCRM_TOKEN" }', '"canary-literal"'),
        "utf-8",
    )
    ran = installation.run("check")
    assert ran.code == 2
    assert "streamsync.toml, line 15, connections[0].webcrm.token" in ran.err
    assert "canary-literal" not in ran.out + ran.err


def test_the_probe_writes_one_record_and_is_remembered(
    install: Install, webcrm: StandIn, visma: StandIn, tmp_path: Path
) -> None:
    """Through the running daemon, on the record that was named, which is as before afterwards."""
    crm = StandIn("webcrm", tmp_path)
    try:
        new = install(crm=crm, first_sync="ask")
        [organisation] = crm.rows("organisation")
        rid = str(organisation["OrganisationId"])
        daemon = new.daemon().opened()
        ran = new.run("check", "--probe-record", rid, "--json")
        assert ran.code == 0, ran.out
        assert {finding["check"]: finding["ok"] for finding in ran.json["findings"]} == {
            "probe_put": True,
            "probe_patch": True,
        }
        assert crm.writes() == {"PUT /Organisations/{id}": 2, "PATCH /Organisations": 2}
        [after] = crm.rows("organisation")
        assert after.get("OrganisationComment", "") == organisation.get("OrganisationComment", "")
        unknown = new.run("check", "--probe-record", "999999999")
        assert unknown.code == 1
        assert "There is no organisation 999999999 in webCRM." in unknown.out
        assert daemon.terminate() == 0
    finally:
        crm.stop()
