"""What a choice means for one pair, and which choices do not fit it."""

import pytest

from streamsync.sync import answers
from streamsync.sync.answers import Asked, Lost, OpenRow, Unfit

IN_CONFLICT = Asked(
    reason="both_changed",
    linked=True,
    rows=(OpenRow("O2", "both_changed"), OpenRow("L3@9001", "locked_edit")),
)
GONE = Asked(reason="gone", linked=True, missing=True)
HALF = Asked(reason="many_candidates", state="ambiguous")


@pytest.mark.parametrize(
    ("asked", "choice", "row", "value", "keys"),
    [
        (IN_CONFLICT, "webcrm", "", "", {"row:O2": "crm", "row:L3@9001": "crm"}),
        (IN_CONFLICT, "visma", "L3@9001", "", {"row:L3@9001": "erp"}),
        (IN_CONFLICT, "value", "O2", "Ribe", {"row:O2": "=Ribe"}),
        (Asked(reason="line_ambiguous", linked=True), "visma", "", "", {"line_ambiguous": "erp"}),
        (Asked(reason="customer_changed", linked=True), "move_back", "", "", {"row:customer": "erp"}),
        (Asked(reason="customer_changed", linked=True), "change_order", "", "", {"row:customer": "crm"}),
        (Asked(reason="moved", linked=True), "recreate", "", "", {"moved": "recreate"}),
        (Asked(reason="total_differs", linked=True), "seen", "", "", {"total_differs": "seen"}),
        (Asked(reason="outside_type"), "set_type", "", "", {"outside_type": "set_type"}),
        (Asked(reason="type", linked=True), "inactivate", "", "", {"on_leave": "inactivate"}),
        (GONE, "inactivate", "", "", {"deleted": "inactivate"}),
        (GONE, "set_type", "", "", {"deleted": "set_type"}),
        (Asked(state="deleting", linked=True), "hold", "", "", {"deleted": "hold"}),
        (HALF, "link", "", "4211", {"link": "4211"}),
        (HALF, "create_new", "", "", {"create_new": "yes"}),
    ],
)
def test_a_choice_becomes_the_decisions_that_are_kept(
    asked: Asked, choice: str, row: str, value: str, keys: dict[str, str]
) -> None:
    assert answers.keys(asked, choice, row, value) == keys


@pytest.mark.parametrize(
    ("asked", "choice", "row", "value", "why"),
    [
        (HALF, "webcrm", "", "", "No row"),
        (IN_CONFLICT, "value", "", "Ribe", "Name the row"),
        (IN_CONFLICT, "webcrm", "O5", "", "not in conflict"),
        (IN_CONFLICT, "create_new", "", "", "Unlink"),
        (IN_CONFLICT, "hold", "", "", "does not fit"),
        (IN_CONFLICT, "leave", "", "", "moved"),
        (IN_CONFLICT, "seen", "", "", "totals"),
        (HALF, "link", "", "", "Name the record"),
        (Asked(reason="moved", linked=True, rows=(OpenRow("home", "moved"),)), "webcrm", "", "", "No row"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_with_the_reason(
    asked: Asked, choice: str, row: str, value: str, why: str
) -> None:
    with pytest.raises(Unfit, match=why):
        answers.keys(asked, choice, row, value)


def test_a_lost_value_is_taken_in_the_form_of_its_own_side() -> None:
    asked = Asked(linked=True, lost=(Lost("O3", "erp", "Havnen 2\n\n"), Lost("O3", "crm", "Havnen 1")))
    assert answers.keys(asked, "webcrm", "O3", "") == {"row:O3": "=Havnen 1"}
    assert answers.keys(asked, "visma", "O3", "") == {"row:O3": "erp=Havnen 2\n\n"}
    assert answers.keys(asked, "value", "O3", "Havnen 3") == {"row:O3": "=Havnen 3"}


def test_several_partings_are_remembered() -> None:
    assert answers.parted({"unlinked": "4211,4212"}) == ("4211", "4212")
    assert answers.parted({}) == ()
