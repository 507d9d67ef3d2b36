"""Laws of the three-way merge over rows of every sort, several at once: identity, idempotence, symmetry, no
invented value, and each policy against a table of its own (reliability §6.4).

Examples and the laws of one plain row are in `test_merge.py`.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsync.model import Agreed, Base, Direction, Fields, Side
from streamsync.sync.merge import Merge, Policy, create_fields, merge
from streamsync.sync.rows import Codec, Context, Texts, Unmapped
from tests.unit.sync.value_sorts import BACK_AND_FORTH, SORTS, TEXT

CONTEXT = Context(country="DK", language="da")
DIRECTIONS = st.sampled_from([Direction.TO_ERP, Direction.TO_CRM, Direction.TWO_WAY])
OWNERS = st.sampled_from(["crm", "erp", "newest", "ask"])
STAMPS = st.sampled_from([0, 1_000, 900_000, 950_000])
MIRRORED = ("plain", "trim", "single_line", "digits", "integer", "money", "decimal", "date", "email", "phone")
TURNED: dict[Any, Any] = {
    Direction.TO_ERP: Direction.TO_CRM,
    Direction.TO_CRM: Direction.TO_ERP,
    "crm": "erp",
    "erp": "crm",
}


@dataclass
class World:
    codecs: list[Codec]
    base: Base
    crm: Fields
    erp: Fields
    policy: Policy

    def merged(self) -> Merge:
        return merge(self.codecs, self.base, self.crm, self.erp, self.policy, CONTEXT)

    def obeyed(self, found: Merge) -> "World":
        """Both sides as the patches leave them, and the agreements they establish."""
        return World(
            self.codecs,
            found.base | found.rows_crm | found.rows_erp,
            self.crm | found.to_crm,
            self.erp | found.to_erp,
            self.policy,
        )


def fields_of(paths: Texts, texts: Texts) -> Fields:
    return dict(zip(paths, texts, strict=True))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(
        direction=draw(DIRECTIONS),
        linking=draw(st.booleans()),
        crm_changed_ms=draw(STAMPS),
        erp_changed_ms=draw(STAMPS),
        crm_ours=draw(st.booleans()),
        writable=draw(st.sampled_from([None, lambda row, side: side is Side.CRM, lambda row, side: False])),
    )


@st.composite
def worlds(draw: st.DrawFn, names: tuple[str, ...] = tuple(SORTS)) -> World:
    """One to four rows. Each side holds what it held at the last agreement, or something of its own."""
    world = World([], {}, {}, {}, draw(policies()))
    for number, name in enumerate(
        draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
    ):
        sort = SORTS[name]
        codec = sort.codec(
            number + 1,
            direction=draw(DIRECTIONS),
            owner=draw(OWNERS),
            fill_if_empty=draw(st.sampled_from([False, False, True])),
            fixed=draw(st.booleans()),
            feedback=draw(st.sampled_from([False, False, True])),
        )
        was = Agreed(crm=draw(sort.crm), erp=draw(sort.erp))
        if draw(st.booleans()):
            world.base[codec.row.id] = was
        world.crm |= fields_of(codec.row.crm, draw(st.just(was.crm) | sort.crm))
        world.erp |= fields_of(codec.row.erp, draw(st.just(was.erp) | sort.erp))
        world.codecs.append(codec)
    return world


def texts(world: World, codec: Codec, side: Side) -> Texts:
    paths, held = (codec.row.crm, world.crm) if side is Side.CRM else (codec.row.erp, world.erp)
    return tuple(held[path] for path in paths)


def said(found: Merge) -> tuple[object, ...]:
    """All that a merge says but what it remembers. (Two `Unmapped` are never equal: they are exceptions.)"""
    lacks = [(lack.row, lack.field, lack.value) for lack in found.unmapped]
    return msgspec.structs.astuple(msgspec.structs.replace(found, base={}, unmapped=())), lacks


def silent(found: Merge) -> bool:
    return not (found.to_crm or found.to_erp or found.conflicts or found.unmapped)


@settings(max_examples=100)
@given(st.data(), policies(), st.sampled_from(BACK_AND_FORTH))
def test_identity_two_sides_that_agree_are_left_alone(data: st.DataObject, policy: Policy, name: str) -> None:
    """Whether the agreement is known or not; and it becomes known."""
    sort = SORTS[name]
    codec, source = sort.codec(direction=data.draw(DIRECTIONS), owner=data.draw(OWNERS)), data.draw(sort.crm)
    try:
        there = codec.to_erp(source, CONTEXT)
    except Unmapped:
        return
    crm, erp = fields_of(codec.row.crm, source), fields_of(codec.row.erp, there)
    agreed = {codec.row.id: Agreed(crm=source, erp=there)}
    for base in ({}, agreed):
        found = World([codec], base, crm, erp, policy).merged()
        assert silent(found)
        assert (found.listed, found.blocked, found.base) == ((), (), agreed)


@settings(max_examples=100)
@given(worlds())
def test_identity_what_nobody_touched_since_the_agreement_is_left_alone(world: World) -> None:
    for codec in world.codecs:
        if not codec.row.fill_if_empty:
            world.base[codec.row.id] = Agreed(
                crm=texts(world, codec, Side.CRM), erp=texts(world, codec, Side.ERP)
            )
        else:
            world.base.pop(codec.row.id, None)
    found = world.merged()
    rows = {codec.row.id: codec.row for codec in world.codecs if not codec.row.fill_if_empty}
    assert not {one.row for one in found.conflicts} & rows.keys()
    assert not {path for row in rows.values() for path in row.crm} & found.to_crm.keys()
    assert not {path for row in rows.values() for path in row.erp} & found.to_erp.keys()
    assert all(found.base[name] == world.base[name] for name in rows)


@settings(max_examples=150)
@given(worlds())
def test_idempotence_a_merge_that_was_obeyed_says_nothing_new(world: World) -> None:
    """The first merge gives all patches that there are; obeying them leaves only what a person must say."""
    first = world.merged()
    after = world.obeyed(first)
    second = after.merged()
    assert (second.to_crm, second.to_erp) == ({}, {})
    again = after.obeyed(second).merged()
    assert said(again) == said(second)
    open_ones = {one.row for one in first.conflicts if not one.winner}
    assert {one.row for one in second.conflicts} == open_ones
    assert set(second.listed) <= set(first.listed)


@settings(max_examples=150)
@given(worlds())
def test_no_value_is_invented(world: World) -> None:
    """A patch holds the other side's present value in this side's form; an agreement holds what stands there
    or what is written."""
    found = world.merged()
    for codec in world.codecs:
        key, crm, erp = codec.row.id, texts(world, codec, Side.CRM), texts(world, codec, Side.ERP)
        for side, patch, paths, held, source in (
            (Side.CRM, found.to_crm, codec.row.crm, crm, erp),
            (Side.ERP, found.to_erp, codec.row.erp, erp, crm),
        ):
            written = {path: patch[path] for path in paths if path in patch}
            if not written:
                continue
            given_by = msgspec.structs.replace(CONTEXT, current=held)
            convert = codec.to_crm if side is Side.CRM else codec.to_erp
            assert fields_of(paths, held) | written == fields_of(paths, convert(source, given_by))
            assert all(text != (world.crm | world.erp)[path] for path, text in written.items())
        allowed = {Agreed(crm=crm, erp=erp), world.base.get(key)}
        assert found.base.get(key) in allowed or key not in world.base
        after_crm = tuple((world.crm | found.to_crm)[path] for path in codec.row.crm)
        after_erp = tuple((world.erp | found.to_erp)[path] for path in codec.row.erp)
        assert found.rows_crm.get(key, Agreed(after_crm, erp)) == Agreed(crm=after_crm, erp=erp)
        assert found.rows_erp.get(key, Agreed(crm, after_erp)) == Agreed(crm=crm, erp=after_erp)
    assert found.expect_crm == {path: world.crm[path] for path in found.to_crm}
    assert found.expect_erp == {path: world.erp[path] for path in found.to_erp}
    assert found.to_crm.keys() <= world.crm.keys()
    assert found.to_erp.keys() <= world.erp.keys()


@settings(max_examples=80)
@given(worlds())
def test_rows_do_not_meddle_with_each_other(world: World) -> None:
    whole = world.merged()
    parts = [World([codec], {}, world.crm, world.erp, world.policy) for codec in world.codecs]
    for part in parts:
        key = part.codecs[0].row.id
        part.base = {key: world.base[key]} if key in world.base else {}
    found = [part.merged() for part in parts]
    assert whole.to_crm == {path: text for one in found for path, text in one.to_crm.items()}
    assert whole.to_erp == {path: text for one in found for path, text in one.to_erp.items()}
    assert whole.conflicts == tuple(conflict for one in found for conflict in one.conflicts)
    assert whole.base == {key: agreed for one in found for key, agreed in one.base.items()}


@settings(max_examples=100)
@given(st.data(), st.sampled_from(MIRRORED), DIRECTIONS, OWNERS, policies())
def test_symmetric_but_for_policy(
    data: st.DataObject, name: str, direction: Direction, owner: str, policy: Policy
) -> None:
    """The two systems exchanged, and with them owner, direction and stamps: the same merge, exchanged."""
    sort = SORTS[name]
    crm, erp, was = data.draw(sort.crm)[0], data.draw(sort.crm)[0], data.draw(sort.crm)[0]
    crm, erp = data.draw(st.sampled_from([(crm, erp), (crm, was), (was, erp)]))
    if any(text.lstrip().startswith("-") for text in (crm, erp, was)):
        return  # a dropdown's "nothing chosen" is webCRM's alone
    known = data.draw(st.booleans())
    policy = msgspec.structs.replace(policy, direction=direction, writable=None, crm_ours=False)
    turned = msgspec.structs.replace(
        policy,
        direction=TURNED.get(direction, direction),
        crm_changed_ms=policy.erp_changed_ms,
        erp_changed_ms=policy.crm_changed_ms,
    )

    def run(mine: str, theirs: str, owner: str, policy: Policy) -> Merge:
        base = {"X0": Agreed(crm=(was,), erp=(was,))} if known else {}
        return World([sort.codec(owner=owner)], base, {"C": mine}, {"e": theirs}, policy).merged()

    one, other = run(crm, erp, owner, policy), run(erp, crm, TURNED.get(owner, owner), turned)
    assert list(one.to_crm.values()) == list(other.to_erp.values())
    assert list(one.to_erp.values()) == list(other.to_crm.values())
    assert [TURNED.get(each.winner, "") for each in one.conflicts] == [
        each.winner for each in other.conflicts
    ]
    assert (one.listed, one.blocked) == (other.listed, other.blocked)


def expected(owner: str, policy: Policy, crm_edit: bool, erp_edit: bool) -> str:
    """Who wins, by the words of semantics §9 alone: crm, erp, ask; "" where nothing flows."""
    to_crm, to_erp = policy.direction.reaches(Side.CRM), policy.direction.reaches(Side.ERP)
    if not (crm_edit and erp_edit):
        return "crm" if crm_edit and to_erp else "erp" if erp_edit and to_crm else ""
    if to_crm != to_erp:
        return "erp" if to_crm else "crm"
    if owner != "newest":
        return owner
    if 0 in (policy.crm_changed_ms, policy.erp_changed_ms):
        return "ask"
    apart = policy.crm_changed_ms - policy.erp_changed_ms
    return "ask" if abs(apart) <= policy.tie_ms else "crm" if apart > 0 else "erp"


@settings(max_examples=100)
@given(policies(), OWNERS, st.booleans(), st.booleans(), st.sampled_from(["", "crm", "erp"]))
def test_each_policy_names_its_winner_and_keeps_the_loser(
    policy: Policy, owner: str, crm_edit: bool, erp_edit: bool, answer: str
) -> None:
    crm, erp = "mine" if crm_edit else "was", "theirs" if erp_edit else "was"
    policy = msgspec.structs.replace(policy, writable=None, decided={"X0": answer} if answer else {})
    base = {"X0": Agreed(crm=("was",), erp=("was",))}
    found = World([SORTS["trim"].codec(owner=owner)], base, {"C": crm}, {"e": erp}, policy).merged()
    winner = expected(owner, policy, crm_edit, erp_edit)
    one_way = policy.direction is not Direction.TWO_WAY
    overruled = (crm_edit and answer == "erp") or (erp_edit and answer == "crm")
    if answer and not one_way and (overruled or (crm_edit and erp_edit)):
        winner = answer
    elif overruled and not (crm_edit and erp_edit):
        winner = "erp" if policy.direction is Direction.TO_CRM else "crm"
    assert (found.to_erp == {"e": "mine" if crm_edit else "was"}) is (winner == "crm" and crm != erp)
    assert (found.to_crm == {"C": "theirs" if erp_edit else "was"}) is (winner == "erp" and crm != erp)
    assert not (found.to_crm and found.to_erp)
    if crm_edit and erp_edit:
        [conflict] = found.conflicts
        assert (conflict.crm, conflict.erp, conflict.base) == ("mine", "theirs", "was")
        assert conflict.winner == ("" if winner == "ask" else winner)


@settings(max_examples=100)
@given(st.data(), st.sampled_from(sorted(SORTS)), TEXT, st.sampled_from(["", "erp"]), DIRECTIONS)
def test_what_a_person_typed_comes_to_both_sides_and_rests(
    data: st.DataObject, name: str, text: str, form: str, direction: Direction
) -> None:
    sort = SORTS[name]
    codec = sort.codec(owner=data.draw(OWNERS))
    key = codec.row.id
    world = World(
        [codec],
        {key: Agreed(crm=data.draw(sort.crm), erp=data.draw(sort.erp))},
        fields_of(codec.row.crm, data.draw(sort.crm)),
        fields_of(codec.row.erp, data.draw(sort.erp)),
        Policy(direction=direction, decided={key: f"{form}={text}"}),
    )
    first = world.merged()
    given_by = (text.split("\n") + [""] * 6) if max(map(len, (codec.row.crm, codec.row.erp))) > 1 else [text]
    own = first.to_erp if form == "erp" else first.to_crm
    assert all(patch in given_by or patch in text for patch in own.values())
    after = world.obeyed(first)
    assert silent(after.merged()) or after.merged().unmapped


@settings(max_examples=100)
@given(worlds(), st.sampled_from(Side))
def test_a_create_carries_what_the_source_holds_and_a_first_look_finds_it_equal(
    world: World, side: Side
) -> None:
    source = world.crm if side is Side.ERP else world.erp
    fields, rows, lacks = create_fields(world.codecs, source, side, CONTEXT)
    known = World(world.codecs, {}, world.crm, fields, world.policy)
    if side is Side.CRM:
        known.crm, known.erp = fields, world.erp
    assert all(text for text in fields.values())
    missing = {lack.row for lack in lacks}
    for codec in world.codecs:
        paths, ours = (codec.row.crm, codec.row.erp) if side is Side.ERP else (codec.row.erp, codec.row.crm)
        if codec.row.id in rows:
            agreed = rows[codec.row.id]
            held, made = (agreed.crm, agreed.erp) if side is Side.ERP else (agreed.erp, agreed.crm)
            assert held == tuple(source[path] for path in paths)
            assert made == tuple(fields.get(path, "") for path in ours)
            assert codec.same(agreed.crm, agreed.erp, CONTEXT)
        else:
            assert codec.row.id in missing or not set(ours) & fields.keys()
