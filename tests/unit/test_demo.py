"""The pure parts of the demonstration: configuration, counting, judging. The whole is `make demo`."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from streamsync import config as configuration
from streamsync.demo import chapter, config_file, least, programme, stage, untouched, verify
from streamsync.demo.config_file import DAY, GO_LIVE, Places
from streamsync.demo.control import Crm, Erp
from streamsync.demo.golive import Times, is_calm
from streamsync.demo.processes import VISMA_SECRET, WEBCRM_TOKEN, free_ports
from streamsync.demo.screen import done_of
from streamsync.demo.sizes import Shares, Sizes, sizes
from streamsync.simulators import messy
from streamsync.simulators.run import build
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_CLIENTS, DEFAULT_TENANT
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN
from streamsync.sync import rules_file

PLACES = Places(
    webcrm="http://127.0.0.1:7001",
    visma="http://127.0.0.1:7002",
    admin="127.0.0.1:7003",
    ops="127.0.0.1:7004",
)


@pytest.mark.parametrize("pace", [DAY, GO_LIVE])
def test_the_configuration_is_one_that_the_daemon_takes(tmp_path: Path, pace: config_file.Pace) -> None:
    path = tmp_path / "streamsync.toml"
    path.write_text(config_file.text(PLACES, pace), "utf-8")
    loaded = configuration.load(path)
    [connection] = loaded.connections
    assert connection.first_sync == "ask"
    assert connection.webcrm.settle_seconds == connection.visma.settle_seconds == 2
    assert connection.webcrm.requests_per_minute == pace.per_minute
    assert connection.visma.requests_per_hour == pace.per_hour


def test_the_stand_ins_accept_what_the_configuration_names() -> None:
    assert DEFAULT_TOKEN.code == WEBCRM_TOKEN
    assert config_file.TENANT == DEFAULT_TENANT
    assert config_file.CLIENT == DEFAULT_CLIENT
    assert getattr(DEFAULT_CLIENTS[DEFAULT_CLIENT], "secret", "") == VISMA_SECRET


def test_the_rules_file_can_be_read() -> None:
    rules = rules_file.parse(stage.RULES.read_text("utf-8"), "kunde.rules.toml")
    assert rules.delivery.quiet_seconds == 1
    assert rules.organisation.number_field == "OrganisationExtraCustom2"


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5


async def test_an_unknown_story_is_refused_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code = await stage.play(once=True, size=0, story="moon", seed=1, as_json=False)
    assert code == 2
    assert "no story named 'moon'" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["messy-go-live", "Messy go live", "messy_go_live"])
def test_a_story_is_found_by_its_words(name: str) -> None:
    found = programme.chosen(name, 0)
    assert (found.company, found.size) == ("messy", 5_000)
    assert programme.chosen(name, 300).size == 300


def test_the_refusal_names_the_stories() -> None:
    with pytest.raises(ValueError, match="second-month, messy-go-live, hands-off"):
        programme.chosen("second week", 0)


# -- the messy company


def messy_worlds() -> tuple[Crm, Erp]:
    options = {"company": "messy"}
    return Crm(_state(build("webcrm", 1, 40, options))), Erp(_state(build("visma", 1, 40, options)))


def test_the_messy_company_is_deterministic_and_holds_its_cases() -> None:
    ours, again = messy.messy(1, 40), messy.messy(1, 40)
    assert (ours.crm, ours.erp) == (again.crm, again.erp)
    numbers = [row.get("OrganisationExtraCustom1") for row in ours.crm["organisation"]]
    assert numbers.count("30000008") == 2
    assert len(ours.crm["delivery"]) == len(ours.crm["line"]) == 40
    assert len(ours.crm["item"]) == 1
    assert len(messy.messy(1, messy.MARKS_FROM).crm["item"]) == 2


def test_a_second_one_of_anything_is_found_and_an_old_one_is_not() -> None:
    both = messy_worlds()
    assert untouched.no_duplicate(both, both).ok
    crm, erp = messy_worlds()
    twin = next(row for row in erp.customers if row["number"] == "M0007")
    erp.customers.append({**twin, "internal_id": 9, "number": "X", "attributes.WEBCRMID": ""})
    found = untouched.no_duplicate(both, (crm, erp))
    assert (found.wrong, found.ok) == (2, False)  # its company number and its name


def test_an_emptied_field_is_found_and_a_filled_one_is_counted() -> None:
    both, (crm, erp) = messy_worlds(), messy_worlds()
    row = next(row for row in erp.customers if row["number"] == "M0006")
    row["mainAddress.city"] = "Aalborg"
    assert untouched.nothing_emptied(both, (crm, erp)).ok
    assert untouched.filled(both, (crm, erp), ["mainAddress.city"]) == 1
    row["name"] = ""
    found = untouched.nothing_emptied(both, (crm, erp))
    assert found.examples == [f"customer {row['internal_id']}: name"]


# -- the day


def worlds(size: int = 0) -> tuple[Crm, Erp]:
    crm, erp = build("webcrm", 1, size, {}), build("visma", 1, size, {})
    return Crm(_state(crm)), Erp(_state(erp))


def _state(world: Any) -> Any:
    return world.state()


def test_before_the_first_sync_everything_lacks() -> None:
    lacks = chapter.first_sync_lacks(*worlds())
    assert "Kunde A/S" in lacks
    assert "contact" in lacks
    assert "items" in lacks


def test_rows_show_what_they_do_not_hold() -> None:
    crm, erp = worlds()
    assert crm.one("organisation", "OrganisationName", "Kunde A/S")["OrganisationExtraCustom2"] == ""
    assert crm.organisation(1) == {}
    assert erp.customer_of(778800) == {}
    assert {item["number"] for item in erp.items} == {"10", "LAMPE-01"}


# -- the go-live


@pytest.fixture(scope="module")
def twenty() -> tuple[Crm, Erp]:
    return worlds(20)


def test_sizes_are_those_of_the_generator(twenty: tuple[Crm, Erp]) -> None:
    found = sizes(*twenty)
    assert found.organisation == Shares(both=10, crm_only=6, erp_only=5)
    assert found.person == Shares(both=15, crm_only=9, erp_only=7)
    assert (found.items, found.invoices) == (7, 60)


def test_a_company_that_was_never_synchronised_fails_every_check(twenty: tuple[Crm, Erp]) -> None:
    failed = {one.name: one.wrong for one in verify.checks(*twenty, sizes(*twenty)) if not one.ok}
    assert failed["every customer linked, both ways"] == 15
    assert failed["every invoice a delivery with equal lines and values"] == 60
    assert failed["every item in the catalogue"] == 7
    assert "no duplicate" not in failed


def test_duplicates_are_found() -> None:
    double = {"OrganisationExtraCustom8": "erp:organisation:1", "OrganisationExtraCustom2": "7"}
    lacks = {"OrganisationExtraCustom1": "", "PersonEmail": "a@b.example"}
    crm = Crm(
        {
            "defaults": {},
            "organisation": [{**double, **lacks}, {**double, **lacks}],
            "person": [lacks, lacks],
            "item": [],
            "delivery": [],
        }
    )
    erp = Erp({"customers": [], "contacts": []})
    assert list(verify._duplicates(crm, erp)) == [
        "organisation OrganisationExtraCustom8 erp:organisation:1 2 times",
        "organisation OrganisationExtraCustom2 7 2 times",
        "person e-mail 2 times",
    ]


def test_a_cent_per_line_is_the_rounding_of_the_erp() -> None:
    assert verify.near("38418.437999999995", Decimal("38418.43"), 1)
    assert not verify.near("38418.46", Decimal("38418.43"), 1)


BIG = Sizes(
    organisation=Shares(both=1000, crm_only=501, erp_only=500),
    person=Shares(both=1500, crm_only=751, erp_only=750),
    items=502,
    invoices=6000,
    lines=15000,
)


def test_the_least_is_what_the_issue_counts() -> None:
    assert least.erp_work(BIG)["POST /v1/customer"] == 501
    assert least.erp_work(BIG)["POST /v1/contact"] == 751
    assert least.erp_work(BIG)["PUT /v1/customer/internal/{internalID}"] == 1000
    assert least.crm_work(BIG)["PATCH /Deliveries"] == 60
    assert least.crm_work(BIG)["POST /QuotationLines/LinkedData"] == 502
    assert least.erp_reads(BIG)["GET /v1/customerinvoice"] == 30


def test_polls_count_up_to_the_configured_period_only() -> None:
    calls = {"GET /v1/inventory": 50}
    [row] = [r for r in least.table({}, calls, BIG, GO_LIVE, 100.0) if r.kind == "GET /v1/inventory"]
    assert (row.made, row.least, row.polls) == (50, 2 + 11, 11)
    [none] = [r for r in least.table({}, {}, BIG, GO_LIVE, 100.0) if r.kind == "GET /v1/inventory"]
    assert (none.made, none.least, none.polls) == (0, 2, 0)


def test_the_slower_system_bounds_the_time() -> None:
    allowed = least.bound(least.table({}, {}, BIG, GO_LIVE, 0.0), GO_LIVE)
    assert allowed.slower == "Visma.net"
    assert 540 < allowed.seconds < 600


def test_the_ratio_is_judged_only_where_the_quota_decides() -> None:
    slow = Times(seconds=700, bound_seconds=500, slower="Visma.net", judged=True)
    assert not slow.ok
    assert Times(seconds=700, bound_seconds=500, slower="Visma.net", judged=False).ok
    assert Times(seconds=600, bound_seconds=500, slower="Visma.net", judged=True).ok


@pytest.mark.parametrize(
    ("change", "calm"),
    [
        ({}, True),
        ({"open_ops": 1}, False),
        ({"unprocessed": 1}, False),
        ({"accepted": False}, False),
        ({"entities": {}}, False),
        ({"entities": {"person": {"waiting:parent": 1}}}, False),
    ],
)
def test_calm_means_nothing_left_to_do(change: dict[str, Any], calm: bool) -> None:
    still = {"accepted": True, "unprocessed": 0, "open_ops": 0, "entities": {"person": {"in_sync": 3}}}
    assert is_calm({**still, **change}) is calm


def test_progress_counts_what_is_settled() -> None:
    entities = {"person": {"in_sync": 3, "waiting:parent": 2, "parked:weak_match": 1}}
    assert done_of(entities) == {"person": (4, 6)}
