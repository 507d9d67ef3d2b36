"""What a decision about a half-deleted organisation says (semantics §7, §10)."""

import pytest

from streamsync.model import Direction, Kind, Outcome, Side
from tests.unit.sync.fake_lookup import FakeLookup
from tests.unit.sync.organisation_world import RULES, customer, linked_pair, rules, run


@pytest.mark.parametrize("answer", ["keep", "inactivate", "set_type"])
def test_the_choices_mark_what_is_left_and_end_the_pair(answer: str) -> None:
    given = rules(inactive_type="Partner")
    look = FakeLookup(given)
    pair = linked_pair(look)
    look.answers[pair.id] = {"deleted": answer}
    for side in Side:
        decision = run(look, pair, given, crm_missing=side is Side.CRM, erp_missing=side is Side.ERP)
        marks = {"inactivate": Side.CRM, "set_type": Side.ERP}.get(answer) is side
        assert (decision.write is not None) is marks
        if decision.write is not None:
            assert decision.mass == ("inactivate" if answer == "inactivate" else "mark")
            assert decision.write.fields in ({"status": "Inactive"}, {"OrganisationType": "Partner"})
        elif answer == "keep":
            assert (decision.outcome, decision.state) == (Outcome.IN_SYNC, "deleted")
        else:
            assert decision.reason == "gone"  # the choice does not apply to what is left


def test_nothing_is_written_against_the_direction() -> None:
    given = rules(direction=Direction.TO_CRM)
    look = FakeLookup(given)
    pair = linked_pair(look)
    look.answers[pair.id] = {"deleted": "inactivate"}
    decision = run(look, pair, given, crm_missing=True)
    assert (decision.write, decision.state) == (None, "deleted")


def test_a_record_with_the_same_keys_is_named_as_its_heir() -> None:
    look = FakeLookup(RULES)
    pair = linked_pair(look)
    look.add(customer("5000", number="50042"))
    del look.records[Side.ERP, Kind.ORGANISATION, "4211"]
    decision = run(look, pair, erp_missing=True)
    assert (decision.reason, decision.detail["candidates"]) == ("gone", "5000")
