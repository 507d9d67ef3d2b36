"""The settings that shape the rows of organisations, and what is joined to their records (§2.1, §6)."""

import msgspec
import pytest

from streamsync.model import Kind, Outcome, Record, Side
from streamsync.sync import organisation_rows, rules_file
from streamsync.sync.wanted import wanted
from tests.unit.sync.fake_lookup import FakeLookup
from tests.unit.sync.organisation_world import (
    RULES,
    TEXT,
    customer,
    edit,
    linked_pair,
    org,
    rules,
    run,
    settle,
)

AMOUNTS = """
[[organisation.map]]
id = "O21"
crm = "OrganisationAlert"
[[organisation.map]]
id = "O23"
crm = "OrganisationExtraCustom4"
"""


def test_as_they_stand_the_rows_are_the_files() -> None:
    assert organisation_rows.rows(RULES) is RULES.organisation.map


def test_name_and_division_go_out_as_one_name() -> None:
    given = rules(name_to_erp="name_division")
    look = FakeLookup(given)
    decision = run(look, look.add(org(OrganisationName="Nordlys", OrganisationDivisionName="Vest")), given)
    assert decision.write is not None
    assert decision.write.fields["name"] == "Nordlys – Vest"
    look = FakeLookup(given)
    decision = run(look, look.add(customer(name="Nordlys – Vest")), given)
    assert decision.write is not None
    assert decision.write.fields["OrganisationName"] == "Nordlys – Vest"
    assert "OrganisationDivisionName" not in decision.write.fields


@pytest.mark.parametrize("status", ["Active", "Resigned"])
def test_of_the_key_persons_the_first_that_is_active_counts(status: str) -> None:
    given = rules(attention_from="PersonCustom4")
    look = FakeLookup(given)
    for rid, first, held in (("9", "Maja", status), ("10", "Bo", "Active"), ("8", "Ida", "")):
        fields = {
            "PersonOrganisationId": "778812",
            "PersonFirstName": first,
            "PersonLastName": "-",
            "PersonStatus": held,
            "PersonCustom4": "Yes" if held else "No",
        }
        look.put(Side.CRM, Kind.PERSON, rid, fields)
    decision = run(look, look.add(org()), given)
    assert decision.write is not None
    assert decision.write.fields["mainContact.attention"] == ("Maja" if status == "Active" else "Bo")
    assert "mainContact.attention" in wanted(given)[Side.ERP, Kind.ORGANISATION]
    assert "PersonCustom4" in wanted(given)[Side.CRM, Kind.PERSON]


def test_a_balance_that_was_not_read_yet_is_not_empty() -> None:
    given = rules_file.parse(
        TEXT.replace('id = "O8"', 'id = "O8"\ncrm = "OrganisationCountry"') + AMOUNTS, "test"
    )
    look = FakeLookup(given)
    pair = look.link(
        org(
            OrganisationExtraCustom8="erp:organisation:4211",
            OrganisationExtraCustom4="7",
            OrganisationAlert="",
        ),
        customer(attributes_WEBCRMID="crm:organisation:778812"),
    )
    settle(look, pair, given)
    kept = look.records[Side.CRM, Kind.ORGANISATION, "778812"].fields
    assert (kept["OrganisationExtraCustom4"], kept["OrganisationAlert"]) == ("7", "Active")
    look.put(Side.ERP, Kind.BALANCE, "4211", {"balance": "1250"})
    settle(look, pair, given)
    assert look.records[Side.CRM, Kind.ORGANISATION, "778812"].fields["OrganisationExtraCustom4"] == "1250"
    assert wanted(given)[Side.ERP, Kind.BALANCE] == {"balance"}
    assert not wanted(RULES)[Side.ERP, Kind.BALANCE]


def test_the_later_edit_of_the_field_wins_whatever_came_after_it() -> None:
    look = FakeLookup(RULES)
    pair = linked_pair(look)

    def stamped(side: Side, ms: int, **fields: str) -> None:
        edit(look, side, **fields)
        key = (side, Kind.ORGANISATION, "778812" if side is Side.CRM else "4211")
        look.records[key] = msgspec.structs.replace(look.records[key], updated_ms=ms)

    stamped(Side.CRM, 1_000_000, OrganisationType="Emne", OrganisationTelephone="11111111")
    frozen = run(look, look.pairs[pair.id])
    assert (frozen.outcome, frozen.base is not None) == (Outcome.FILTERED, True)
    look.rebase(pair.id, frozen.base or {})
    stamped(Side.ERP, 2_000_000, mainContact_phone1="22222222")
    look.rebase(pair.id, run(look, look.pairs[pair.id]).base or {})
    stamped(Side.CRM, 3_000_000, OrganisationType="Kunde", OrganisationCity="Ny By")
    settle(look, look.pairs[pair.id])
    assert look.records[Side.CRM, Kind.ORGANISATION, "778812"].fields["OrganisationTelephone"] == "22222222"
    assert not [key for key in look.pairs[pair.id].base if key.startswith("since:")]


def test_a_record_that_we_wrote_last_does_not_count_as_edited_after_a_restore() -> None:
    given = rules_file.parse(
        TEXT.replace('id = "O8"', 'id = "O8"\ncrm = "OrganisationCountry"')
        + '[[organisation.map]]\nid = "O5"\nowner = "crm"\n',
        "test",
    )
    for ours, city in ((True, "Odense"), (False, "Vejle")):
        look = FakeLookup(given)
        home: Record = msgspec.structs.replace(
            org(OrganisationExtraCustom8="erp:organisation:4211", OrganisationCity="Vejle"), by_us=ours
        )
        pair = look.link(
            home, customer(mainAddress_city="Odense", attributes_WEBCRMID="crm:organisation:778812")
        )
        settle(look, pair, given)
        kept = [
            look.records[side, Kind.ORGANISATION, rid].fields
            for side, rid in ((Side.CRM, "778812"), (Side.ERP, "4211"))
        ]
        assert (kept[0]["OrganisationCity"], kept[1]["mainAddress.city"]) == (city, city)
