"""Rules that cannot work are refused with the place and the reason, by `check` and by `rules import`; what
was in force stays in force."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from streamsync.sync import rules_file
from tests.process.conftest import Install
from tests.process.installation import RULES, Daemon, Installation
from tests.process.stand_ins import StandIn, ask, until

TITLE = 'id = "P4"\ncrm = "PersonTitle"'

# What is changed in the demonstration's rules, the place that must be told, and the reason.
WRONG: dict[str, tuple[str, str, str, str]] = {
    "an unknown webCRM field": (
        TITLE,
        'id = "P4"\ncrm = "PersonTitel"',
        "30: person.map P4 crm",
        "webCRM has no field 'PersonTitel'. Allowed: PersonTitle",
    ),
    "an unknown field of the ERP": (
        TITLE,
        'id = "X1"\ncrm = "PersonSkype"\nerp = "fax9"',
        "31: person.map X1 erp",
        "the ERP has no field 'fax9'.",
    ),
    "a transform that loses something, two ways": (
        TITLE,
        TITLE + '\ntransforms = ["cut(3)"]',
        "31: person.map P4 transforms",
        "a transform without an inverse cannot stand in a two-way row. Allowed: to_erp or to_crm",
    ),
    "two texts that become one, two ways": (
        TITLE,
        TITLE + '\nvalues = { "Direktør" = "CEO", "Chef" = "CEO" }',
        "31: person.map P4 values",
        "'CEO' stands for several webCRM texts",
    ),
    "a dropdown text that does not exist": (
        'types = ["Kunde"]',
        'types = ["Kunde", "Kunden"]',
        "5: organisation.types",
        "OrganisationType has no option 'Kunden'. Allowed: Kunde, Emne",
    ),
    "a status word that the dropdown lacks": (
        'paid = "Betalt"',
        'paid = "Bezahlt"',
        "45: delivery.status_words",
        "DeliveryCustom5 has no option 'Bezahlt'.",
    ),
    "an unknown key": (
        'erp_type = "Kunde"',
        'erp_typ = "Kunde"',
        "6: organisation.erp_typ",
        "there is no such setting. Allowed: direction, types, erp_type",
    ),
    "an unknown key of a row": (
        TITLE,
        TITLE + "\ndirektion = 1",
        "31: person.map P4 direktion",
        "there is no such key. Allowed: id, crm, erp, direction",
    ),
    "an unknown table": ("[item]", "[items]", "36: items", "there is no such table. Allowed: organisation"),
    "a wrong direction": (
        '[item]\ndirection = "to_crm"',
        '[item]\ndirection = "inwards"',
        "37: item.direction",
        "'inwards' cannot stand here. Allowed: 'off', 'to_crm'",
    ),
    "a wrong direction of a row": (
        TITLE,
        TITLE + '\ndirection = "both"',
        "31: person.map P4 direction",
        "'both' cannot stand here. Allowed: off, to_erp, to_crm, two_way",
    ),
    "a fixed row taken away": (
        'id = "O10"\ncrm = "OrganisationExtraCustom1"',
        'id = "O2"\nremove = true',
        "16: organisation.map O2",
        "this row cannot be removed.",
    ),
    "an unknown transform": (
        TITLE,
        TITLE + '\ntransforms = ["exec(1)"]',
        "31: person.map P4 transforms",
        "there is no transform 'exec(1)'. Allowed: active_status",
    ),
    "a choice that only the tenant can make, not made": (
        'number_field = "OrganisationExtraCustom2"\n',
        "",
        "3: organisation.number_field",
        "must be chosen.",
    ),
    "not TOML": (
        "[item]",
        "[item",
        "",
        "not valid TOML: Expected ']' at the end of a table declaration (at line 36, column 6)",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _a_customer(visma: StandIn) -> None:
    visma.act("create_customer", name="Nordlys Handel A/S")


@pytest.fixture(scope="module")
def running(
    webcrm: StandIn, visma: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Daemon]]:
    """One daemon for all: refused rules must leave it as it is."""
    made = Installation(
        tmp_path_factory.mktemp("rules") / "a", webcrm, visma, first_sync="ask", poll_seconds="30"
    )
    yield made, made.daemon().opened()
    made.end()


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("case", WRONG)
def test_refused_with_place_and_reason(running: tuple[Installation, Daemon], case: str) -> None:
    old, new, place, reason = WRONG[case]
    _, daemon = running
    version = daemon.connection["rules_version"]
    body = {"connection": "kunde", "text": changed(RULES, old, new), "file": "offered.toml"}
    status, answer = ask(daemon.admin, "POST", "/api/v1/rules", body)
    assert status in (400, 422)
    problems = msgspec.json.decode(answer)["problems"]
    assert any(f"offered.toml:{place}" in problem and reason in problem for problem in problems), problems
    assert daemon.connection["rules_version"] == version


@pytest.mark.parametrize(
    "cases",
    [
        ["an unknown key", "a wrong direction of a row", "a fixed row taken away", "an unknown table"],
        [
            "an unknown webCRM field",
            "a dropdown text that does not exist",
            "a status word that the dropdown lacks",
            "a choice that only the tenant can make, not made",
        ],
        ["a transform that loses something, two ways"],
    ],
    ids=["form", "fit", "round trip"],
)
def test_check_tells_all_mistakes_of_the_file_at_once(install: Install, cases: list[str]) -> None:
    text = RULES
    for case in cases:
        text = changed(text, *WRONG[case][:2])
    new = install()
    new.rules.write_text(text, "utf-8")
    ran = new.run("check", "--json")
    assert ran.code == 1
    refused = [found["sentence"] for found in ran.json["findings"] if not found["ok"]]
    assert all(sentence.startswith("kunde.rules.toml:") for sentence in refused)
    for case in cases:
        key, reason = WRONG[case][2].partition(": ")[2], WRONG[case][3]
        assert any(f": {key}: {reason}" in sentence for sentence in refused), (key, reason, refused)
    assert len(refused) == len(cases)


def test_what_was_in_force_stays_in_force(running: tuple[Installation, Daemon], tmp_path: Path) -> None:
    installation, daemon = running
    before = installation.run("rules", "export").out
    offered = tmp_path / "offered.toml"
    offered.write_text(changed(RULES, *WRONG["an unknown key"][:2]), "utf-8")
    ran = installation.run("rules", "import", str(offered), "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    assert any("organisation.erp_typ" in problem for problem in ran.json["problems"])
    assert installation.run("rules", "export").out == before
    assert daemon.connection["open"] is True


def test_a_file_that_is_not_there(running: tuple[Installation, Daemon]) -> None:
    for command in ("import", "diff"):
        ran = running[0].run("rules", command, "/nowhere/rules.toml")
        assert ran.code == 2
        assert "/nowhere/rules.toml: The rules file cannot be read: No such file or directory." in ran.err


def test_a_daemon_whose_first_rules_are_wrong_says_which(install: Install) -> None:
    new = install()
    new.rules.write_text(changed(RULES, *WRONG["an unknown key"][:2]), "utf-8")
    daemon = new.daemon()
    until(lambda: daemon.code is not None, "the daemon ends")
    assert daemon.code == 2
    assert "kunde.rules.toml:6: organisation.erp_typ: there is no such setting." in daemon.text()


def test_export_diff_import_come_round(running: tuple[Installation, Daemon], tmp_path: Path) -> None:
    """What `export` prints is what is in force: `diff` sees no difference, `import` makes a new version of
    it."""
    installation, daemon = running
    exported = tmp_path / "exported.toml"
    exported.write_text(installation.run("rules", "export").out, "utf-8")
    assert installation.run("rules", "diff", str(exported)).out == "No difference.\n"
    first = rules_file.parse(RULES, "first")
    assert rules_file.parse(exported.read_text("utf-8"), "exported") == first

    text = exported.read_text("utf-8").replace("quiet_seconds = 1.0", "quiet_seconds = 7.0")
    exported.write_text(text, "utf-8")
    ran = installation.run("rules", "diff", str(exported))
    assert ran.out == "delivery.quiet_seconds: 1.0 -> 7.0\n"
    assert installation.run("rules", "diff", str(exported), "--json").json["diff"] == [ran.out.strip()]

    version = daemon.connection["rules_version"]
    ran = installation.run("rules", "import", str(exported), "--why", "deliveries rest longer")
    assert ran.code == 0, ran.err
    assert ran.out == f"Rules version {version + 1} of kunde is in force.\n"
    assert daemon.connection["rules_version"] == version + 1
    as_json = installation.run("rules", "export", "--json").json
    assert (as_json["version"], as_json["text"]) == (version + 1, text)
    assert "rules_changed" in daemon.events()


def test_the_defaults_are_complete_and_name_what_is_left_to_choose(install: Install) -> None:
    """Without a daemon and without a connection; filling in the choices makes it usable."""
    ran = install().run("rules", "export", "--defaults")
    assert ran.code == 0
    found = tomllib.loads(ran.out)
    tables = {"organisation", "person", "item", "delivery", "order", "invoice", "line"}
    assert tables <= found.keys()
    assert {name: found[name]["direction"] for name in ("organisation", "person", "item", "delivery")} == {
        "organisation": "two_way",
        "person": "two_way",
        "item": "to_crm",
        "delivery": "two_way",
    }
    choose = [line.partition(" =")[0] for line in ran.out.splitlines() if "# choose: " in line]
    assert {"types", "erp_type", "number_field", "marker_field", "class", "country"} <= set(choose)
    assert {"relevant_field", "marker_field"} <= set(choose[choose.index("class") :])
    assert rules_file.render_defaults() == ran.out


def test_the_defaults_with_the_choices_made_fit(install: Install) -> None:
    new = install()
    text = new.run("rules", "export", "--defaults").out
    for key, value in (
        ("types", '["Kunde"]'),
        ("erp_type", '"Kunde"'),
        ("number_field", '"OrganisationExtraCustom2"'),
        ("marker_field", '"OrganisationExtraCustom8"'),
        ("class", '"1"'),
        ("country", '"DK"'),
        ("relevant_field", '"PersonCustom1"'),
        ("marker_field", '"PersonCustom2"'),
    ):
        empty = f"\n{key} = {'[]' if value[0] == '[' else chr(34) * 2}"
        assert empty in text, key
        text = text.replace(empty, f"\n{key} = {value}", 1)
    new.rules.write_text(text, "utf-8")
    ran = new.run("check")
    assert ran.code == 0, ran.out
