"""Decisions about organisations, at the defaults of the vendor's form (semantics §2.1, §2.5, §8, §10)."""

import msgspec
import pytest

from streamsync.model import Action, Agreed, Base, Direction, Fields, Kind, Outcome, Pair, Record, Side
from streamsync.sync import rules_file
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.rules import Rules
from tests.unit.sync.fake_lookup import FakeLookup

TEXT = """
[organisation]
direction = "two_way"
types = ["Kunde"]
number_field = "OrganisationExtraCustom2"
marker_field = "OrganisationExtraCustom8"
[organisation.create]
class = "1"
country = "DK"
[[organisation.map]]
id = "O8"
[[organisation.map]]
id = "O10"
crm = "OrganisationExtraCustom1"
"""
RULES = rules_file.parse(TEXT.replace('id = "O8"', 'id = "O8"\ncrm = "OrganisationCountry"'), "test")
NOW = 1_800_000_000_000
CRM: Fields = {
    "OrganisationName": "Kunde A/S",
    "OrganisationType": "Kunde",
    "OrganisationExtraCustom1": "12345678",
    "OrganisationExtraCustom2": "",
    "OrganisationExtraCustom8": "",
    "OrganisationAddress": "Kundeadresse 199",
    "OrganisationPostCode": "1999",
    "OrganisationCity": "Store Debitor",
    "OrganisationTelephone": "20304010",
    "OrganisationVatGroup": "",
    "OrganisationCountry": "Danmark",
}
ERP: Fields = {
    "number": "10042",
    "name": "Kunde A/S",
    "status": "Active",
    "corporateId": "12345678",
    "vatRegistrationId": "",
    "gln": "",
    "mainAddress.addressLine1": "Kundeadresse 199",
    "mainAddress.addressLine2": "",
    "mainAddress.addressLine3": "",
    "mainAddress.postalCode": "1999",
    "mainAddress.city": "Store Debitor",
    "mainAddress.country.id": "DK",
    "mainContact.phone1": "+45 20 30 40 10",
    "vatZone.id": "",
    "customerClass.id": "1",
    "attributes.WEBCRMID": "",
}


def org(rid: str = "778812", **fields: str) -> Record:
    return Record(side=Side.CRM, kind=Kind.ORGANISATION, rid=rid, fields=CRM | fields)


def customer(rid: str = "4211", **fields: str) -> Record:
    return Record(
        side=Side.ERP,
        kind=Kind.ORGANISATION,
        rid=rid,
        fields=ERP | {key.replace("_", "."): value for key, value in fields.items()},
    )


def rules(**changes: object) -> Rules:
    return msgspec.structs.replace(RULES, organisation=msgspec.structs.replace(RULES.organisation, **changes))


def run(
    look: FakeLookup,
    pair: Pair,
    given: Rules = RULES,
    *,
    crm_missing: bool = False,
    erp_missing: bool = False,
) -> Decision:
    return decide(look.view(pair.id, crm_missing=crm_missing, erp_missing=erp_missing), given, look, NOW)


def settle(look: FakeLookup, pair: Pair, given: Rules = RULES, rounds: int = 5) -> list[Decision]:
    """Carry out decisions until nothing is written any more."""
    out: list[Decision] = []
    for _ in range(rounds):
        decision = run(look, look.pairs[pair.id], given)
        out.append(decision)
        held = look.pairs[pair.id]
        base = (decision.base if decision.base is not None else held.base) | decision.rows
        if decision.link:
            other = look.pairs.pop(decision.link)
            held = msgspec.structs.replace(
                held, crm_id=held.crm_id or other.crm_id, erp_id=held.erp_id or other.erp_id
            )
        look.keep(msgspec.structs.replace(held, base=base))
        write = decision.write
        if write is None:
            return out
        if write.action is Action.CREATE:
            return out
        key = (write.side, write.kind, write.rid)
        record = look.records[key]
        assert all(record.fields.get(path, "") == text for path, text in write.expect.items())
        look.records[key] = msgspec.structs.replace(record, fields=record.fields | write.fields)
    raise AssertionError("it never came to rest")


def linked_pair(look: FakeLookup, **erp: str) -> Pair:
    """A pair at rest."""
    pair = look.link(
        org(OrganisationExtraCustom8="erp:organisation:4211", OrganisationExtraCustom2="10042"),
        customer(attributes_WEBCRMID="crm:organisation:778812"),
    )
    settle(look, pair)
    if erp:
        look.put(
            Side.ERP,
            Kind.ORGANISATION,
            "4211",
            customer(attributes_WEBCRMID="crm:organisation:778812", **erp).fields,
        )
    return look.pairs[pair.id]


def edit(look: FakeLookup, side: Side, **fields: str) -> None:
    key = (side, Kind.ORGANISATION, "778812" if side is Side.CRM else "4211")
    changed = {name.replace("_", ".") if side is Side.ERP else name: text for name, text in fields.items()}
    look.records[key] = msgspec.structs.replace(look.records[key], fields=look.records[key].fields | changed)


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


def test_leaving_the_gate_freezes_and_coming_back_merges_against_the_old_base() -> None:
    look = FakeLookup(RULES)  # E03
    pair = linked_pair(look)
    edit(look, Side.CRM, OrganisationType="Prospect", OrganisationName="Ours")
    edit(look, Side.ERP, name="Theirs")
    frozen = run(look, look.pairs[pair.id])
    assert (frozen.outcome, frozen.reason, frozen.write, frozen.base) == (
        Outcome.FILTERED,
        "type",
        None,
        None,
    )
    edit(look, Side.CRM, OrganisationType="Kunde")
    back = run(look, look.pairs[pair.id])
    assert back.write is not None
    assert back.write.fields == {"OrganisationName": "Theirs"}
    assert [(one.winner, one.crm) for one in back.conflicts] == [("erp", "Ours")]


def test_two_edits_of_two_fields_on_both_sides_both_survive() -> None:
    look = FakeLookup(RULES)
    pair = linked_pair(look)
    edit(look, Side.CRM, OrganisationCity="Ny By")
    edit(look, Side.ERP, mainContact_phone1="99887766")
    first, second, last = settle(look, pair)
    assert first.write is not None
    assert (first.write.side, first.write.fields) == (Side.ERP, {"mainAddress.city": "Ny By"})
    assert second.write is not None
    assert (second.write.side, second.write.fields) == (Side.CRM, {"OrganisationTelephone": "99887766"})
    assert last.outcome is Outcome.IN_SYNC


def test_a_wiped_marker_is_put_back() -> None:
    look = FakeLookup(RULES)
    pair = linked_pair(look)
    edit(look, Side.CRM, OrganisationExtraCustom8="")
    decision = run(look, look.pairs[pair.id])
    assert decision.write is not None
    assert decision.write.fields == {"OrganisationExtraCustom8": "erp:organisation:4211"}


def test_close_edits_of_a_newest_row_are_asked() -> None:
    look = FakeLookup(RULES)  # E91
    pair = linked_pair(look)
    edit(look, Side.CRM, OrganisationTelephone="11111111")
    edit(look, Side.ERP, mainContact_phone1="22222222")
    for key, ms in (
        ((Side.CRM, Kind.ORGANISATION, "778812"), 1_000_000),
        ((Side.ERP, Kind.ORGANISATION, "4211"), 1_040_000),
    ):
        look.records[key] = msgspec.structs.replace(look.records[key], updated_ms=ms)
    decision = run(look, look.pairs[pair.id])
    assert (decision.outcome, decision.reason, decision.write) == (Outcome.CONFLICT, "both_changed", None)
    look.answers[pair.id] = {"row:O6": "crm"}
    answered = run(look, look.pairs[pair.id])
    assert answered.write is not None
    assert answered.write.fields == {"mainContact.phone1": "11111111"}


def test_first_sync_fills_and_empties_nothing() -> None:
    look = FakeLookup(RULES)  # E95
    look.add(org(OrganisationTelephone=""))
    settle(look, look.add(customer(mainAddress_city="")))
    assert (
        look.records[Side.CRM, Kind.ORGANISATION, "778812"].fields["OrganisationTelephone"]
        == "+45 20 30 40 10"
    )
    assert look.records[Side.ERP, Kind.ORGANISATION, "4211"].fields["mainAddress.city"] == "Store Debitor"


def test_a_pair_at_rest_is_not_touched() -> None:
    look = FakeLookup(RULES)  # E102
    decision = run(look, linked_pair(look))
    assert (decision.outcome, decision.write, decision.base) == (Outcome.IN_SYNC, None, None)


def test_to_webcrm_only_writes_nothing_to_the_erp() -> None:
    given = rules(direction=Direction.TO_CRM)
    look = FakeLookup(given)
    look.add(org())
    decisions = settle(look, look.add(customer()), given)
    assert all(one.write is None or one.write.side is Side.CRM for one in decisions)


def test_deleted_here_and_edited_there_is_always_asked() -> None:
    look = FakeLookup(RULES)
    pair = linked_pair(look, name="Edited")
    decision = run(look, pair, crm_missing=True)
    assert (decision.outcome, decision.reason, decision.write) == (
        Outcome.CONFLICT,
        "deleted_vs_edited",
        None,
    )


def test_gone_on_one_side_is_parked_and_on_both_sides_is_over() -> None:
    look = FakeLookup(RULES)
    pair = linked_pair(look)
    assert run(look, pair, erp_missing=True).reason == "gone"
    assert run(look, pair, crm_missing=True, erp_missing=True).state == "deleted"


def test_a_record_that_nobody_has_read_yet_is_awaited() -> None:
    look = FakeLookup(RULES)
    pair = look.add(org())
    look.keep(msgspec.structs.replace(pair, erp_id="4211"))
    assert run(look, look.pairs[pair.id]).reason == "settling"


def test_off_is_off() -> None:
    look = FakeLookup(RULES)
    base: Base = {}
    assert run(look, look.add(org(), base=base), rules(direction=Direction.OFF)).reason == "direction_off"
