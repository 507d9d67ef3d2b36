"""Creating, matching and linking organisations, at the defaults of the vendor's form (semantics §2.1, §8)."""

import pytest

from streamsync.model import Action, Agreed, Kind, Outcome, Side
from tests.unit.sync.fake_lookup import FakeLookup
from tests.unit.sync.organisation_world import RULES, customer, edit, linked_pair, org, run, settle


def test_a_new_organisation_becomes_one_customer_with_our_marker_and_no_number() -> None:
    look = FakeLookup(RULES)  # E01
    decision = run(look, look.add(org()))
    write = decision.write
    assert decision.outcome is Outcome.CREATED
    assert write is not None
    assert (write.side, write.action, write.marker) == (Side.ERP, Action.CREATE, "crm:organisation:778812")
    assert "number" not in write.fields
    assert write.fields["attributes.WEBCRMID"] == "crm:organisation:778812"
    assert write.fields["customerClass.id"] == "1"
    assert write.fields["status"] == "Active"
    assert write.fields["mainAddress.country.id"] == "DK"
    assert write.hints["corporateId"] == "12345678"
    assert decision.rows["O2"] == Agreed(crm=("Kunde A/S",), erp=("Kunde A/S",))


def test_after_our_create_number_and_marker_come_back_in_one_write() -> None:
    look = FakeLookup(RULES)
    created = run(look, look.add(org()))
    look.pairs.clear()
    pair = look.link(org(), customer(attributes_WEBCRMID="crm:organisation:778812"), base=created.rows)
    first, last = settle(look, pair)
    assert first.write is not None
    assert first.write.fields == {
        "OrganisationExtraCustom2": "10042",
        "OrganisationExtraCustom8": "erp:organisation:4211",
    }
    assert last.outcome is Outcome.IN_SYNC


def test_a_new_customer_becomes_an_organisation_of_the_chosen_type() -> None:
    look = FakeLookup(RULES)  # E05
    decision = run(look, look.add(customer()))
    assert decision.write is not None
    assert decision.write.side is Side.CRM
    assert decision.write.fields["OrganisationType"] == "Kunde"
    assert decision.write.fields["OrganisationExtraCustom2"] == "10042"
    assert decision.write.fields["OrganisationExtraCustom8"] == "erp:organisation:4211"
    assert decision.write.fields["OrganisationCountry"] == "Danmark"


def test_an_inactive_customer_is_not_created() -> None:
    look = FakeLookup(RULES)
    assert run(look, look.add(customer(status="Inactive"))).reason == "type"


@pytest.mark.parametrize("side", list(Side))
def test_nothing_is_created_before_both_sides_were_read(side: Side) -> None:
    look = FakeLookup(RULES)
    look.incomplete.add((side, Kind.ORGANISATION))
    decision = run(look, look.add(org()))
    assert (decision.outcome, decision.reason, decision.write) == (Outcome.WAITING, "gate", None)


def test_code_tables_come_first() -> None:
    look = FakeLookup(RULES)
    look.tables.clear()
    assert run(look, look.add(org())).reason == "lookups"


def test_two_halves_are_linked_and_marked_on_both_sides_erp_first() -> None:
    look = FakeLookup(RULES)
    look.add(org())
    pair = look.add(customer())
    first, second, last = settle(look, pair)
    assert (first.outcome, first.link) == (Outcome.LINKED, 1)
    assert first.write is not None
    assert first.write.side is Side.ERP
    assert first.write.fields == {"attributes.WEBCRMID": "crm:organisation:778812"}
    assert second.write is not None
    assert second.write.side is Side.CRM
    assert last.outcome is Outcome.IN_SYNC


def test_a_matching_organisation_of_another_type_is_asked() -> None:
    look = FakeLookup(RULES)  # E09
    other = look.add(org(OrganisationType="Leverandør"))
    decision = run(look, look.add(customer()))
    assert (decision.outcome, decision.reason, decision.state) == (
        Outcome.PARKED,
        "outside_type",
        "ambiguous",
    )
    assert run(look, other).reason == "type"


def test_a_matching_organisation_without_a_type_is_linked_and_gets_it() -> None:
    look = FakeLookup(RULES)  # E10
    look.add(org(OrganisationType="-- vælg --"))
    settle(look, look.add(customer()))
    assert look.records[Side.CRM, Kind.ORGANISATION, "778812"].fields["OrganisationType"] == "Kunde"


def test_a_renumbered_customer_stays_the_same_pair() -> None:
    look = FakeLookup(RULES)  # E11
    decision = run(look, linked_pair(look, number="20042"))
    assert decision.write is not None
    assert decision.write.fields == {"OrganisationExtraCustom2": "20042"}


def test_an_unknown_country_parks_a_create_and_skips_the_row_of_an_update() -> None:
    look = FakeLookup(RULES)  # E15
    decision = run(look, look.add(org(OrganisationCountry="Atlantis")))
    assert (decision.reason, decision.detail["field"]) == ("unmapped_value", "OrganisationCountry")
    look = FakeLookup(RULES)
    pair = linked_pair(look)
    edit(look, Side.CRM, OrganisationCountry="Atlantis", OrganisationCity="Ny By")
    first, last = settle(look, pair)
    assert first.write is not None
    assert first.write.fields == {"mainAddress.city": "Ny By"}
    assert (last.outcome, last.reason) == (Outcome.PARKED, "unmapped_value")


def test_a_class_that_demands_a_vat_zone_parks_the_create() -> None:
    look = FakeLookup(RULES, tables={"customer_class": {"1": '{"requiredTaxzoneId": true}'}})  # E17
    decision = run(look, look.add(org()))
    assert (decision.reason, decision.detail["field"]) == ("required_field", "VAT zone")


@pytest.mark.parametrize("name", ["", "-"])
def test_a_name_is_required(name: str) -> None:
    look = FakeLookup(RULES)
    assert run(look, look.add(org(OrganisationName=name))).reason == "required_field"
