"""The three-way merge: laws that hold for any values, and the rows' special cases (semantics §8, §9)."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streamsync.model import Agreed, Base, Direction, Fields, Side
from streamsync.sync.codecs import compile_rows
from streamsync.sync.merge import Merge, Policy, create_fields, merge
from streamsync.sync.normalise import blank_option
from streamsync.sync.rows import Codec, Context, Row
from streamsync.sync.rules import Rules

CONTEXT = Context(country="DK")
TEXT = st.text(alphabet="ab Z1-", max_size=4)
DIRECTIONS = st.sampled_from([Direction.TO_ERP, Direction.TO_CRM, Direction.TWO_WAY])
OWNER = st.sampled_from(["crm", "erp", "newest", "ask"])


def codec(**changes: object) -> Codec:
    plain = Row(id="X", crm=("C",), erp=("e",), transforms=("trim",))
    row = msgspec.structs.replace(plain, **changes)
    return compile_rows((row,), catalogue=None, tables={}, rules=Rules())[0]


def run(one: Codec, crm: str, erp: str, base: tuple[str, str] | None = None, **policy: object) -> Merge:
    held: Base = {one.row.id: Agreed(crm=(base[0],), erp=(base[1],))} if base else {}
    settings = msgspec.structs.replace(Policy(direction=Direction.TWO_WAY), **policy)
    return merge([one], held, {"C": crm}, {"e": erp}, settings, CONTEXT)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Codec, Base, Fields, Fields, Policy]:
    one = codec(direction=draw(DIRECTIONS), owner=draw(OWNER), fill_if_empty=draw(st.booleans()))
    base: Base = {}
    if draw(st.booleans()):
        base["X"] = Agreed(crm=(draw(TEXT),), erp=(draw(TEXT),))
    policy = Policy(
        direction=draw(DIRECTIONS),
        linking=draw(st.booleans()),
        crm_changed_ms=draw(st.integers(0, 999_999)),
        erp_changed_ms=draw(st.integers(0, 999_999)),
    )
    return one, base, {"C": draw(TEXT)}, {"e": draw(TEXT)}, policy


@given(worlds())
def test_merge_invents_no_value_and_writes_only_what_differs(
    world: tuple[Codec, Base, Fields, Fields, Policy],
) -> None:
    one, base, crm, erp, policy = world
    assume(not blank_option(crm["C"]) or not crm["C"].strip())  # `--` counts as empty: a dropdown's default
    found = merge([one], base, crm, erp, policy, CONTEXT)
    assert all(text == erp["e"].strip() and text != crm["C"] for text in found.to_crm.values())
    assert all(text == crm["C"].strip() and text != erp["e"] for text in found.to_erp.values())
    assert not (found.to_crm and found.to_erp)


@given(worlds())
def test_merge_is_pure_and_comes_to_rest_within_three_rounds(
    world: tuple[Codec, Base, Fields, Fields, Policy],
) -> None:
    one, base, crm, erp, policy = world
    assert merge([one], base, crm, erp, policy, CONTEXT) == merge([one], base, crm, erp, policy, CONTEXT)
    for _ in range(3):
        found = merge([one], base, crm, erp, policy, CONTEXT)
        base = found.base | found.rows_crm | found.rows_erp
        crm, erp = crm | found.to_crm, erp | found.to_erp
    last = merge([one], base, crm, erp, policy, CONTEXT)
    assert (last.to_crm, last.to_erp) == ({}, {})
    assert last.base == base


@given(worlds())
def test_a_difference_is_never_silent(world: tuple[Codec, Base, Fields, Fields, Policy]) -> None:
    one, base, crm, erp, policy = world
    found = merge([one], base, crm, erp, policy, CONTEXT)
    if not one.same((crm["C"],), (erp["e"],), CONTEXT):
        assert (
            found.to_crm or found.to_erp or found.conflicts or found.listed or found.blocked or found.unmapped
        )


@given(TEXT, TEXT)
def test_nothing_changed_writes_nothing(crm: str, erp: str) -> None:
    found = run(codec(), crm, erp, (crm, erp))
    assert (found.to_crm, found.to_erp, found.conflicts) == ({}, {}, ())


def test_an_edit_on_one_side_reaches_the_other_with_what_it_rests_on() -> None:
    found = run(codec(), "new", "old", ("old", "old"))
    assert found.to_erp == {"e": "new"}
    assert found.expect_erp == {"e": "old"}
    assert found.rows_erp == {"X": Agreed(crm=("new",), erp=("new",))}
    assert found.base == {"X": Agreed(crm=("old",), erp=("old",))}


def test_both_changed_goes_to_the_owner_and_keeps_the_loser() -> None:
    found = run(codec(owner="erp"), "ours", "theirs", ("old", "old"))
    assert found.to_crm == {"C": "theirs"}
    (conflict,) = found.conflicts
    assert (conflict.winner, conflict.crm, conflict.erp, conflict.base) == ("erp", "ours", "theirs", "old")


def test_both_changed_to_equal_is_no_conflict() -> None:
    found = run(codec(owner="ask"), "same", "same ", ("old", "old"))
    assert found.conflicts == ()
    assert found.base == {"X": Agreed(crm=("same",), erp=("same ",))}


@pytest.mark.parametrize(
    ("crm_ms", "erp_ms", "winner"), [(900_000, 1, "crm"), (1, 900_000, "erp"), (40_000, 80_000, "")]
)
def test_newest_wins_unless_the_stamps_are_close(crm_ms: int, erp_ms: int, winner: str) -> None:
    found = run(codec(owner="newest"), "a", "b", ("o", "o"), crm_changed_ms=crm_ms, erp_changed_ms=erp_ms)
    assert found.conflicts[0].winner == winner
    assert bool(found.to_crm or found.to_erp) == bool(winner)


@pytest.mark.parametrize(
    ("answer", "to_crm", "to_erp"),
    [("crm", {}, {"e": "a"}), ("erp", {"C": "b"}, {}), ("=typed", {"C": "typed"}, {"e": "typed"})],
)
def test_a_persons_answer_ends_an_open_conflict(answer: str, to_crm: Fields, to_erp: Fields) -> None:
    found = run(codec(owner="ask"), "a", "b", ("o", "o"), decided={"X": answer})
    assert (found.to_crm, found.to_erp) == (to_crm, to_erp)


def test_a_typed_value_ends_in_agreement() -> None:
    one, base = codec(owner="ask"), {"X": Agreed(crm=("o",), erp=("o",))}
    policy = Policy(direction=Direction.TWO_WAY, decided={"X": "=typed"})
    first = merge([one], base, {"C": "a"}, {"e": "b"}, policy, CONTEXT)
    second = merge([one], base | first.rows_erp, {"C": "a"}, {"e": "typed"}, policy, CONTEXT)
    assert (second.to_crm, second.to_erp) == ({"C": "typed"}, {})
    assert second.rows_crm == {"X": Agreed(crm=("typed",), erp=("typed",))}


def test_a_one_way_row_is_put_back_from_the_erp() -> None:
    found = run(codec(direction=Direction.TO_CRM), "mine", "erp", ("erp", "erp"))
    assert found.to_crm == {"C": "erp"}
    assert found.conflicts == ()


def test_an_edit_against_the_entitys_direction_is_listed_and_flows_once_it_opens() -> None:
    shut = run(codec(), "edited", "old", ("old", "old"), direction=Direction.TO_CRM)
    assert (shut.to_crm, shut.to_erp, shut.listed) == ({}, {}, ("X",))
    assert shut.base == {"X": Agreed(crm=("old",), erp=("old",))}
    assert run(codec(), "edited", "old", ("old", "old")).to_erp == {"e": "edited"}


def test_feedback_reaches_webcrm_even_where_the_entity_only_goes_out() -> None:
    row = codec(direction=Direction.TO_CRM, feedback=True)
    assert run(row, "", "10042", direction=Direction.TO_ERP).to_crm == {"C": "10042"}
    assert run(row, "", "10042", direction=Direction.OFF).to_crm == {}


def test_linking_fills_the_empty_side_and_empties_nothing() -> None:
    assert run(codec(), "", "filled", linking=True).to_crm == {"C": "filled"}  # E95
    assert run(codec(), "filled", "", linking=True).to_erp == {"e": "filled"}
    assert run(codec(direction=Direction.TO_ERP), "", "filled", linking=True).listed == ("X",)


def test_names_that_differ_in_legal_form_or_case_are_left_alone_at_linking() -> None:
    name = codec(transforms=("single_line", "company_name"))
    found = run(name, "Nordlys ApS", "NORDLYS APS", linking=True)  # E96
    assert (found.to_crm, found.to_erp) == ({}, {})
    again = merge(
        [name],
        found.base,
        {"C": "Nordlys ApS"},
        {"e": "NORDLYS APS"},
        Policy(direction=Direction.TWO_WAY),
        CONTEXT,
    )
    assert (again.to_crm, again.to_erp, again.listed) == ({}, {}, ())


def test_a_locked_side_blocks_the_row_and_keeps_the_base() -> None:
    found = run(codec(), "edit", "old", ("old", "old"), writable=lambda row, side: side is Side.CRM)
    assert (found.to_erp, found.blocked) == ({}, ("X",))
    assert found.base["X"].crm == ("old",)


def test_fields_that_were_not_read_are_unknown_not_empty() -> None:
    found = merge(
        [codec()],
        {"X": Agreed(crm=("a",), erp=("a",))},
        {},
        {"e": "b"},
        Policy(direction=Direction.TWO_WAY),
        CONTEXT,
    )
    assert (found.to_crm, found.to_erp) == ({}, {})


def test_a_value_without_an_entry_skips_its_row_only() -> None:
    mapped, plain = codec(values={"Yes": "1"}), codec(id="Y", crm=("D",), erp=("f",))
    found = merge(
        [mapped, plain],
        {},
        {"C": "Maybe", "D": "d"},
        {"e": "", "f": ""},
        Policy(direction=Direction.TWO_WAY),
        CONTEXT,
    )
    assert [lack.row for lack in found.unmapped] == ["X"]
    assert found.to_erp == {"f": "d"}


def test_a_cut_text_is_written_once_and_never_comes_back() -> None:
    name = codec(crm=("OrganisationName",), erp=("name",), transforms=("single_line",))
    long = "n" * 220
    first = merge(
        [name], {}, {"OrganisationName": ""}, {"name": long}, Policy(direction=Direction.TWO_WAY), CONTEXT
    )  # E19
    assert first.to_crm == {"OrganisationName": long[:200]}
    assert [finding.code for finding in first.findings] == ["cut_text"]
    again = merge(
        [name],
        first.base | first.rows_crm,
        {"OrganisationName": long[:200]},
        {"name": long},
        Policy(direction=Direction.TWO_WAY),
        CONTEXT,
    )
    assert (again.to_crm, again.to_erp) == ({}, {})


def test_line_rows_are_kept_under_their_suffix() -> None:
    found = merge(
        [codec()], {}, {"C": "1"}, {"e": "1"}, Policy(direction=Direction.TWO_WAY), CONTEXT, suffix="@9001"
    )
    assert found.base == {"X@9001": Agreed(crm=("1",), erp=("1",))}


def test_create_carries_filled_values_and_defaults_and_says_what_it_agrees_on() -> None:
    rows = [
        codec(),
        codec(id="Y", crm=("D",), erp=("f",), default="std"),
        codec(id="Z", crm=("E",), erp=("g",), direction=Direction.TO_CRM),
    ]
    fields, agreed, lacks = create_fields(rows, {"C": "v", "D": "", "E": "no"}, Side.ERP, CONTEXT)
    assert fields == {"e": "v", "f": "std"}
    assert agreed == {"X": Agreed(crm=("v",), erp=("v",)), "Y": Agreed(crm=("",), erp=("std",))}
    assert lacks == ()


def test_a_first_agreement_tells_what_it_fills_and_what_it_overwrites() -> None:
    [filled] = run(codec(), "", "b", linking=True).firsts
    assert (filled.row, filled.target, filled.fields, filled.overwrites) == ("X", Side.CRM, {"C": "b"}, False)
    [lost] = run(codec(owner="crm"), "a", "b", linking=True).firsts
    assert (lost.target, lost.fields, lost.overwrites) == (Side.ERP, {"e": "a"}, True)
    assert run(codec(), "a", "a", linking=True).firsts == ()
    assert run(codec(owner="ask"), "a", "b", linking=True).firsts == ()
    assert run(codec(), "c", "b", ("a", "b")).firsts == ()  # an edit


def test_a_persons_answer_overwrites_nothing_unseen() -> None:
    [first] = run(codec(), "a", "b", linking=True, decided={"X": "crm"}).firsts
    assert not first.overwrites
