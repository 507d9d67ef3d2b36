"""The rules file: what it says, what it refuses and where, and that it returns as it was written."""

import pytest

from streamsync.errors import ConfigError
from streamsync.model import Direction, Entity, Kind, Side
from streamsync.sync import defaults, rules_file
from streamsync.sync.rules import Rules
from streamsync.sync.wanted import wanted

OWN = """
[organisation]
direction = "two_way"
types = ["Kunde", "A Kunde"]
number_field = "OrganisationExtraCustom2"
marker_field = "OrganisationExtraCustom8"

[organisation.create]
class = "1"
country = "DK"

[[organisation.map]]
id = "O5"
remove = true

[[organisation.map]]
id = "O3"
erp = "mainAddress.addressLine1..3"
owner = "crm"

[[organisation.map]]
id = "O12"
crm = "OrganisationCustom4"

[[organisation.map]]
id = "OWN1"
crm = "OrganisationCustom5"
erp = "accountReference"
direction = "to_erp"
owner = "crm"
transforms = ["trim", "cut(10)"]
values = { "Å" = "1", "B" = "2" }
default = "2"
fill_if_empty = true

[delivery.status_words]
paid = "Betalt"

[line.vat_map]
"25" = "3"

[webcrm.countries]
"Danmark (DK)" = "DK"
"""


def problems(text: str) -> list[ConfigError]:
    with pytest.raises(ExceptionGroup) as raised:
        rules_file.parse(text, "kunde.toml")
    found = [one for one in raised.value.exceptions if isinstance(one, ConfigError)]
    assert len(found) == len(raised.value.exceptions)
    return found


def test_without_a_file_everything_is_off_but_the_rows_stand_ready() -> None:
    rules = rules_file.parse("", "none")
    assert {rules.direction(entity) for entity in Entity} == {Direction.OFF}
    assert [row.id for row in rules.organisation.map] == ["O2", "O3", "O4", "O5", "O6", "O7"]
    assert [row.id for row in rules.line.map] == [row.id for row in defaults.LINES]


def test_rows_are_changed_removed_switched_on_and_added() -> None:
    rows = {row.id: row for row in rules_file.parse(OWN, "own").organisation.map}
    assert "O5" not in rows
    assert (rows["O3"].owner, rows["O3"].erp) == (
        "crm",
        tuple(f"mainAddress.addressLine{n}" for n in (1, 2, 3)),
    )
    assert (rows["O12"].crm, rows["O12"].transforms) == (("OrganisationCustom4",), ("code(credit_term)",))
    assert rows["O1"].crm == ("OrganisationExtraCustom2",)
    assert rows["OWN1"].values == {"Å": "1", "B": "2"}


@pytest.mark.parametrize("text", ["", OWN, rules_file.render_defaults()])
def test_what_is_rendered_reads_back_the_same(text: str) -> None:
    rules = rules_file.parse(text, "a")
    again = rules_file.parse(rules_file.render(rules), "b")
    assert again == rules
    assert rules_file.diff(rules, again) == []


def test_the_defaults_lack_only_what_the_tenant_must_choose() -> None:
    text = rules_file.render_defaults()
    rules = rules_file.parse(text, "defaults")  # E104
    assert rules.organisation.direction is Direction.TWO_WAY
    assert (rules.delivery.target, rules.order.type, rules.order.types) == ("order", "SO", ("SO", "IN"))
    assert rules.item.direction is Direction.TO_CRM
    chosen = [line for line in text.splitlines() if "# choose" in line and not line.startswith("#")]
    assert [line.split(" ")[0] for line in chosen] == [
        "types",
        "erp_type",
        "number_field",
        "marker_field",
        "class",
        "country",
        "relevant_field",
        "marker_field",
    ]


@pytest.mark.parametrize(
    ("text", "place", "allowed"),
    [
        ("[organisation]\n\ntypez = []\n", "kunde.toml:3: organisation.typez", "types"),
        ('[person]\ndirection = "both"\n', "kunde.toml:2: person.direction", "two_way"),
        ('[item]\ndirection = "to_erp"\n', "kunde.toml:2: item.direction", "'to_crm'"),
        ('[organisation]\nowner_user = "x"\n', "kunde.toml:2: organisation.owner_user", "a whole number"),
        ("[organisations]\n", "kunde.toml:1: organisations", "organisation"),
        (
            '[[organisation.map]]\nid = "O2"\nremove = true\n',
            "kunde.toml:3: organisation.map O2",
            "change its fields",
        ),
        ('[[organisation.map]]\nid = "O10"\n', "kunde.toml:2: organisation.map O10 crm", "a field name"),
        (
            '[[organisation.map]]\nid = "O4"\n[[organisation.map]]\nid = "O5"\ntransforms = ["zap"]\n',
            "kunde.toml:5: organisation.map O5 transforms",
            "address_lines",
        ),
        ('[[person.map]]\nid = "X"\ncrm = "PersonTitle"\n', "kunde.toml:2: person.map X erp", "a field path"),
        ('[[person.map]]\nid = "P3"\nowner = "me"\n', "kunde.toml:3: person.map P3 owner", "newest"),
        (
            '[[organisation.map]]\nid = "O3"\nerp = "name"\n',
            "kunde.toml:1: organisation.map O3 transforms",
            "as many",
        ),
        ('[organisation.create]\nclazz = "1"\n', "kunde.toml:2: organisation.create.clazz", "class"),
    ],
)
def test_errors_name_the_line_the_key_and_what_is_allowed(text: str, place: str, allowed: str) -> None:
    (problem,) = problems(text)
    assert problem.place == place
    assert allowed in problem.allowed


def test_all_problems_are_told_together_and_bad_toml_too() -> None:
    assert len(problems("[person]\na = 1\nb = 2\n")) == 2
    assert "line 1" in str(problems("[person\n")[0])


def test_diff_says_what_changed() -> None:
    old = rules_file.parse(OWN, "a")
    new = rules_file.parse(
        OWN.replace('types = ["Kunde", "A Kunde"]', 'types = ["Kunde"]').replace('"crm"\n\n', '"erp"\n\n'),
        "b",
    )
    said = rules_file.diff(old, new)
    assert any(line.startswith("organisation.types: ") and '"A Kunde"' in line for line in said)
    assert any(line.startswith("organisation.map O3: ") for line in said)


def test_settings_and_their_rows_are_one_thing() -> None:
    rules = rules_file.parse('[[delivery.map]]\nid = "D9"\ncrm = "DeliveryCustom5"\n', "a")
    assert rules.delivery.status_field == "DeliveryCustom5"
    assert [row.id for row in rules.delivery.map if row.id in ("D9", "D21")] == []
    joined = rules_file.parse('[person]\nmiddle = "join"\n', "a")
    assert joined.person.map[0].crm == ("PersonFirstName", "PersonMiddleName", "PersonLastName")
    moved = rules_file.parse('[item.layout]\nunit = "QuotationLineLinkedDataItemData7"\n', "a")
    assert next(row for row in moved.line.map if row.id == "L6").crm == ("QuotationLineData7",)


def test_wanted_names_mapped_and_technical_fields_of_each_kind() -> None:
    rules: Rules = rules_file.parse(OWN, "own")
    found = wanted(rules)
    assert {"OrganisationCustom4", "OrganisationExtraCustom8", "OrganisationType"} <= found[
        Side.CRM, Kind.ORGANISATION
    ]
    assert {"creditTerms.id", "accountReference", "attributes.WEBCRMID", "number"} <= found[
        Side.ERP, Kind.ORGANISATION
    ]
    assert not any(path.startswith("derived.") for paths in found.values() for path in paths)
    assert "OrganisationCity" not in found[Side.CRM, Kind.ORGANISATION]
