"""Decisions about persons and contacts (semantics §2.2, §2.5, §6)."""

import msgspec
import pytest

from streamsync.model import Agreed, Direction, Fields, Kind, Outcome, Pair, Record, Side
from streamsync.sync import rules_file
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.rules import Rules
from tests.unit.sync.fake_lookup import FakeLookup

RULES = rules_file.parse(
    """
[organisation]
direction = "two_way"
types = ["Kunde"]
number_field = "OrganisationExtraCustom2"
marker_field = "OrganisationExtraCustom8"
[person]
direction = "two_way"
relevant_field = "PersonCustom1"
marker_field = "PersonCustom2"
contact_id_field = "PersonCustom3"
[[person.map]]
id = "P4"
[[person.map]]
id = "P8"
""".replace('id = "P4"', 'id = "P4"\ncrm = "PersonTitle"').replace(
        'id = "P8"', 'id = "P8"\ncrm = "PersonStatus"'
    ),
    "test",
)
NOW = 1_800_000_000_000
PERSON: Fields = {
    "PersonOrganisationId": "1",
    "PersonFirstName": "Maja",
    "PersonLastName": "Holm",
    "PersonEmail": "maja@kunde.example",
    "PersonEmail2": "",
    "PersonTitle": "CFO",
    "PersonStatus": "Active",
    "PersonCustom1": "Yes",
    "PersonCustom2": "",
    "PersonCustom3": "",
}
CONTACT: Fields = {
    "firstName": "Maja",
    "lastName": "Holm",
    "email": "Maja@kunde.example",
    "position": "CFO",
    "active": "true",
    "businessAccount": "10001",
    "businessAccountType": "Customer",
    "contactId": "5120",
}


def person(rid: str = "7", **fields: str) -> Record:
    return Record(side=Side.CRM, kind=Kind.PERSON, rid=rid, fields=PERSON | fields)


def contact(rid: str = "5120", **fields: str) -> Record:
    return Record(side=Side.ERP, kind=Kind.PERSON, rid=rid, fields=CONTACT | {"contactId": rid} | fields)


def world(*, linked: bool = True, kind: str = "Kunde") -> FakeLookup:
    """Two organisations, 1 and 2, linked to the customers 10001 and 10002."""
    look = FakeLookup(RULES)
    for rid, number in (("1", "10001"), ("2", "10002")):
        crm = Record(side=Side.CRM, kind=Kind.ORGANISATION, rid=rid, fields={"OrganisationType": kind})
        erp = Record(
            side=Side.ERP,
            kind=Kind.ORGANISATION,
            rid=f"9{rid}",
            fields={"number": number, "mainContact.contactId": f"80{rid}", "mainAddress.country.id": "DK"},
        )
        if linked:
            look.link(crm, erp)
        else:
            look.add(crm)
            look.add(erp)
    return look


def run(look: FakeLookup, pair: Pair, given: Rules = RULES, *, crm_missing: bool = False) -> Decision:
    return decide(look.view(pair.id, crm_missing=crm_missing), given, look, NOW)


def at_rest(look: FakeLookup, *, crm: Fields | None = None, erp: Fields | None = None) -> Pair:
    """A linked pair in sync, edited afterwards."""
    pair = look.link(person(PersonCustom2="erp:person:5120", PersonCustom3="5120"), contact())
    decision = run(look, pair)
    assert (decision.outcome, decision.write) == (Outcome.IN_SYNC, None)
    assert decision.base is not None
    look.rebase(pair.id, decision.base)
    look.put(Side.CRM, Kind.PERSON, "7", look.records[Side.CRM, Kind.PERSON, "7"].fields | (crm or {}))
    look.put(Side.ERP, Kind.PERSON, "5120", look.records[Side.ERP, Kind.PERSON, "5120"].fields | (erp or {}))
    return look.pairs[pair.id]


def fields_of(decision: Decision) -> tuple[Side, Fields]:
    assert decision.write is not None
    return decision.write.side, decision.write.fields


def test_a_ticked_person_becomes_a_contact_of_its_customer() -> None:
    look = world()
    decision = run(look, look.add(person()))
    side, fields = fields_of(decision)
    assert (decision.outcome, side) == (Outcome.CREATED, Side.ERP)
    assert (fields["businessAccount"], fields["lastName"], fields["active"]) == ("10001", "Holm", "true")
    assert decision.write is not None
    assert decision.write.hints["email"] == "maja@kunde.example"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"PersonCustom1": "No"}, "unticked"),
        ({"PersonFirstName": "", "PersonLastName": "-"}, "required_field"),
    ],
)
def test_who_does_not_go_to_the_erp(fields: Fields, reason: str) -> None:
    look = world()
    assert run(look, look.add(person(**fields))).reason == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"email": ""}, "no_email"),
        ({"businessAccountType": "Supplier"}, "not_customer"),
        ({"active": "false"}, "not_customer"),
        ({"businessAccount": "77777"}, "not_customer"),
    ],
)
def test_who_does_not_come_to_webcrm(fields: Fields, reason: str) -> None:
    look = world()  # E25
    assert run(look, look.add(contact(**fields))).reason == reason


def test_the_customers_own_contact_is_no_person() -> None:
    look = world()
    assert run(look, look.add(contact("801"))).reason == "not_customer"


def test_a_contact_becomes_a_ticked_person() -> None:
    look = world()
    side, fields = fields_of(run(look, look.add(contact())))
    assert side is Side.CRM
    assert fields["PersonOrganisationId"] == "1"
    assert fields["PersonCustom2"] == "erp:person:5120"
    assert fields["PersonCustom1"] == "Yes"
    assert fields["PersonCustom3"] == "5120"


def test_a_person_of_an_unlinked_organisation_waits_and_then_goes() -> None:
    look = world(linked=False)  # E28
    pair = look.add(person())
    assert (run(look, pair).outcome, run(look, pair).reason) == (Outcome.WAITING, "parent")
    look = world()
    assert run(look, look.add(person())).outcome is Outcome.CREATED


def test_a_person_of_a_filtered_organisation_is_filtered() -> None:
    look = world(kind="Prospect")
    assert run(look, look.add(person())).reason == "parent_filtered"


def test_a_person_without_last_name_goes_out_by_the_first() -> None:
    look = world()  # E20
    _, fields = fields_of(run(look, look.add(person(PersonLastName="-"))))
    assert fields["lastName"] == "Maja"
    assert "firstName" not in fields


def test_halves_with_one_e_mail_are_linked() -> None:
    look = world()
    mine = look.add(person())
    theirs = look.add(contact())
    assert run(look, mine).link == theirs.id
    assert run(look, theirs).link == mine.id


def test_two_persons_with_one_e_mail_are_asked() -> None:
    look = world()  # E23
    one, two, theirs = look.add(person()), look.add(person("8")), look.add(contact())
    assert {run(look, pair).reason for pair in (one, two, theirs)} == {"many_candidates"}


def test_one_e_mail_in_two_organisations_is_two_persons() -> None:
    look = world()  # E24
    mine, theirs = look.add(person()), look.add(contact(businessAccount="10002"))
    assert (run(look, mine).outcome, run(look, theirs).outcome) == (Outcome.CREATED, Outcome.CREATED)


def test_a_removed_e_mail_is_not_copied_and_the_other_way_stays_open() -> None:
    look = world()  # E21
    pair = at_rest(look, crm={"PersonTitle": "CEO"}, erp={"email": ""})
    assert fields_of(run(look, pair)) == (Side.ERP, {"position": "CEO"})


def test_an_unticked_person_stops_going_out_only() -> None:
    look = world()  # E22
    pair = at_rest(look, crm={"PersonCustom1": "No", "PersonTitle": "CEO"})
    assert run(look, pair).write is None
    look.put(Side.ERP, Kind.PERSON, "5120", contact(lastName="Holm Hansen").fields)
    assert fields_of(run(look, pair)) == (Side.CRM, {"PersonLastName": "Holm Hansen"})


def test_a_resigned_person_becomes_inactive_and_back() -> None:
    look = world()  # E26
    assert fields_of(run(look, at_rest(look, crm={"PersonStatus": "Resigned"}))) == (
        Side.ERP,
        {"active": "false"},
    )
    look = world()
    pair = at_rest(look, crm={"PersonStatus": "Resigned"}, erp={"active": "false"})
    settled = run(look, pair).base
    assert settled is not None
    look.rebase(pair.id, settled)
    look.put(Side.ERP, Kind.PERSON, "5120", contact().fields)
    assert fields_of(run(look, look.pairs[pair.id])) == (Side.CRM, {"PersonStatus": "Active"})


def test_a_contact_that_moved_is_asked_and_a_person_that_moved_takes_it_along() -> None:
    look = world()  # E27
    moved = run(look, at_rest(look, erp={"businessAccount": "10002"}))
    assert (moved.outcome, moved.reason, moved.write) == (Outcome.CONFLICT, "moved", None)
    look = world()
    assert fields_of(run(look, at_rest(look, crm={"PersonOrganisationId": "2"}))) == (
        Side.ERP,
        {"businessAccount": "10002"},
    )


def test_a_deleted_person_is_kept_unless_the_contact_was_edited() -> None:
    look = world()  # E92
    assert run(look, at_rest(look), crm_missing=True).outcome is Outcome.IN_SYNC
    look = world()
    assert run(look, at_rest(look, erp={"position": "CEO"}), crm_missing=True).reason == "deleted_vs_edited"


def test_the_gate_holds_back_creates() -> None:
    look = world()
    look.incomplete.add((Side.ERP, Kind.PERSON))
    assert run(look, look.add(person())).reason == "gate"


def test_unticked_persons_get_nothing_but_still_come_with_inactivate() -> None:
    look = world()
    given = msgspec.structs.replace(
        RULES, person=msgspec.structs.replace(RULES.person, on_untick="inactivate")
    )
    decision = run(look, at_rest(look, crm={"PersonCustom1": "No"}), given)
    assert fields_of(decision) == (Side.ERP, {"active": "false"})


def test_creates_remember_where_the_person_belongs() -> None:
    look = world()
    assert run(look, look.add(person())).rows["home"] == Agreed(crm=("1",), erp=("10001",))
    off = msgspec.structs.replace(
        RULES, person=msgspec.structs.replace(RULES.person, direction=Direction.OFF)
    )
    assert run(look, look.add(person()), off).reason == "direction_off"


def given(**changes: object) -> Rules:
    return msgspec.structs.replace(RULES, person=msgspec.structs.replace(RULES.person, **changes))


def test_the_contact_id_names_the_counterpart_within_the_customer() -> None:
    look = world()
    mine = look.add(person(PersonEmail="", PersonCustom3="5120"))
    theirs = look.add(contact())
    assert run(look, mine).link == theirs.id
    look = world()
    mine = look.add(person(PersonEmail="", PersonCustom3="5120"))
    look.add(contact(businessAccount="10002"))
    assert run(look, mine).reason == "key_contradiction"


def test_two_without_an_address_and_one_name_are_asked() -> None:
    look = world()
    mine = look.add(person(PersonEmail="", PersonFirstName="maja "))
    look.add(contact(email=""))
    assert run(look, mine).reason == "weak_match"


def test_the_customers_own_contacts_are_nobodys_counterpart() -> None:
    look = world()
    mine = look.add(person())
    look.add(contact("801"))
    decision = run(look, mine)
    assert (decision.outcome, decision.link) == (Outcome.CREATED, 0)


def test_an_excluded_counterpart_is_neither_linked_nor_made_again() -> None:
    look = world()
    mine, theirs = look.add(person()), look.add(contact())
    look.keep(msgspec.structs.replace(mine, state="excluded"))
    decision = run(look, theirs)
    assert (decision.reason, decision.link, decision.detail["candidates"]) == ("weak_match", 0, "7")


def test_an_untick_counts_as_a_mass_change_and_what_else_there_is_goes_on() -> None:
    look = world()
    pair = at_rest(look, crm={"PersonCustom1": "No"}, erp={"position": "CEO"})
    decision = run(look, pair, given(on_untick="inactivate"))
    assert (fields_of(decision), decision.mass) == ((Side.ERP, {"active": "false"}), "inactivate")
    assert decision.calm is not None
    assert fields_of(decision.calm) == (Side.CRM, {"PersonTitle": "CEO"})


def test_a_required_address_closes_the_way_to_the_erp_only() -> None:
    look = world()
    pair = at_rest(look, crm={"PersonEmail": "", "PersonTitle": "CEO"}, erp={"lastName": "Holm Hansen"})
    decision = run(look, pair, given(email_required_to_erp=True))
    assert fields_of(decision) == (Side.CRM, {"PersonLastName": "Holm Hansen"})


def test_a_removed_address_of_a_ticked_person_is_a_normal_edit() -> None:
    look = world()
    assert fields_of(run(look, at_rest(look, crm={"PersonEmail": ""}))) == (Side.ERP, {"email": ""})


@pytest.mark.parametrize(
    ("erp", "reason"),
    [
        ({"businessAccount": "10002", "email": ""}, "moved"),
        ({"businessAccount": "10002", "active": "false"}, "moved"),
        ({"businessAccount": "50001", "businessAccountType": "Supplier"}, "moved"),
        ({"businessAccount": "10003"}, "parent"),
    ],
)
def test_recreate_asks_or_waits_where_no_new_person_can_come_of_it(erp: Fields, reason: str) -> None:
    look = world()
    decision = run(look, at_rest(look, erp=erp), given(on_erp_move="recreate"))
    assert (decision.reason, decision.write) == (reason, None)


def test_recreate_signs_the_person_off_and_then_lets_go_of_it() -> None:
    look = world()
    pair = at_rest(look, erp={"businessAccount": "10002"})
    decision = run(look, pair, given(on_erp_move="recreate"))
    wanted = {"PersonStatus": "Resigned", "PersonCustom1": "No", "PersonCustom2": "", "PersonCustom3": ""}
    assert (fields_of(decision), decision.mass) == ((Side.CRM, wanted), "mark")
    look.rebase(pair.id, pair.base | decision.rows)
    assert run(look, look.pairs[pair.id], given(on_erp_move="recreate")).part == Side.CRM


def test_what_is_left_of_a_deleted_pair_is_marked_on_wish() -> None:
    look = world()
    pair = at_rest(look)
    look.answers[pair.id] = {"deleted": "inactivate"}
    decision = run(look, pair, crm_missing=True)
    assert (fields_of(decision), decision.mass) == ((Side.ERP, {"active": "false"}), "inactivate")
    look.answers[pair.id] = {"deleted": "keep"}
    assert run(look, pair, crm_missing=True).state == "deleted"
