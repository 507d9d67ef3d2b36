"""Linked organisations: leaving and coming back, edits on both sides, deletes (semantics §2.5, §9, §10)."""

import msgspec

from streamsync.model import Base, Direction, Kind, Outcome, Side
from tests.unit.sync.fake_lookup import FakeLookup
from tests.unit.sync.organisation_world import RULES, customer, edit, linked_pair, org, rules, run, settle


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
