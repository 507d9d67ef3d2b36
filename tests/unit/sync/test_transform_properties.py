"""Laws of every conversion: what goes out comes back as the same, and what was written counts as equal.

The transforms by example are in `test_transforms.py`; the sorts of values in `value_sorts.py`.
"""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsync.model import Direction, Kind, Record, Side
from streamsync.sync import display, transforms
from streamsync.sync.merge import Policy, merge
from streamsync.sync.rows import Codec, Context, Texts, Unmapped
from streamsync.sync.rules import Rules
from tests.unit.sync.value_sorts import BACK_AND_FORTH, PLACE, SORTS, TEXT

CONTEXTS = st.builds(
    Context,
    country=st.sampled_from(["", "DK", "NO", "SE", "GR"]),
    language=st.sampled_from(["da", "en", "fi"]),
)


def converted(codec: Codec, target: Side, texts: Texts, context: Context) -> Texts | None:
    """None for a value without an entry: such a row is parked and nothing is written."""
    try:
        return codec.to_erp(texts, context) if target is Side.ERP else codec.to_crm(texts, context)
    except Unmapped:
        return None


def loses(codec: Codec, target: Side, texts: Texts, context: Context) -> bool:
    return bool(codec.cut(target, texts, context))


def test_every_transform_has_its_sort_of_values() -> None:
    used = {transforms.parse(step)[0] for sort in SORTS.values() for step in sort.chain}
    assert used == set(transforms.REGISTRY)


@pytest.mark.parametrize("name", BACK_AND_FORTH)
@settings(max_examples=30)
@given(data=st.data())
def test_what_goes_out_comes_back(name: str, data: st.DataObject) -> None:
    """From either side: there and back again counts as what it was, and a second round changes nothing."""
    codec, context = SORTS[name].codec(), data.draw(CONTEXTS)
    assert codec.lossless
    for side, drawn in ((Side.CRM, SORTS[name].crm), (Side.ERP, SORTS[name].erp)):
        first = data.draw(drawn)
        there = converted(codec, side.other, first, context)
        if there is None or loses(codec, side.other, first, context):
            continue
        back = converted(codec, side, there, context)
        if back is None or loses(codec, side, there, context):
            continue
        again = converted(codec, side.other, back, context)
        assert again is not None
        assert codec.key(side.other, again, context) == codec.key(side.other, there, context)
        crm, erp = (back, there) if side is Side.CRM else (there, back)
        assert codec.same(crm, erp, context)


@pytest.mark.parametrize("name", SORTS)
@settings(max_examples=30)
@given(data=st.data())
def test_what_was_written_is_equal_and_not_written_again(name: str, data: st.DataObject) -> None:
    """Also where a conversion loses something: else a row would be written at every look."""
    codec, context = SORTS[name].codec(), data.draw(CONTEXTS)
    side = data.draw(st.sampled_from(Side))
    source, held = (data.draw(one) for one in _sources(name, side))
    written = converted(
        codec, side.other, source, Context(country=context.country, language=context.language, current=held)
    )
    if written is None:
        return
    crm, erp = (source, written) if side is Side.CRM else (written, source)
    assert codec.same(crm, erp, context)
    found = merge(
        [codec],
        {},
        dict(zip(codec.row.crm, crm, strict=True)),
        dict(zip(codec.row.erp, erp, strict=True)),
        Policy(direction=Direction.TWO_WAY),
        context,
    )
    assert (found.to_crm, found.to_erp, found.conflicts) == ({}, {}, ())


def _sources(name: str, side: Side) -> tuple[st.SearchStrategy[Texts], st.SearchStrategy[Texts]]:
    sort = SORTS[name]
    return (sort.crm, sort.erp) if side is Side.CRM else (sort.erp, sort.crm)


@pytest.mark.parametrize("name", SORTS)
@settings(max_examples=30)
@given(data=st.data())
def test_a_conversion_gives_as_many_texts_as_there_are_fields_and_keeps_to_their_lengths(
    name: str, data: st.DataObject
) -> None:
    codec, context = SORTS[name].codec(), data.draw(CONTEXTS)
    for side, drawn in ((Side.CRM, SORTS[name].erp), (Side.ERP, SORTS[name].crm)):
        texts = converted(codec, side, data.draw(drawn), context)
        paths = codec.row.crm if side is Side.CRM else codec.row.erp
        if texts is not None:
            assert len(texts) == len(paths)
            assert all(
                len(text) <= codec.limits.get(path, len(text))
                for path, text in zip(paths, texts, strict=True)
            )


@given(PLACE)
def test_a_place_in_one_block_comes_back_without_its_gaps(parts: Texts) -> None:
    block, context = SORTS["address_block"].codec(), Context(country="DK", language="da")
    back = block.to_erp(block.to_crm(parts, context), context)
    head = [text for text in parts[:3] if text]
    if parts[3] and parts[4]:
        assert back == (*head, *[""] * (3 - len(head)), *parts[3:])
    assert block.same(block.to_crm(parts, context), parts, context)


@given(st.sampled_from(Kind), st.sampled_from(Side), st.data())
def test_a_record_always_has_a_name(kind: Kind, side: Side, data: st.DataObject) -> None:
    """Made of its own texts, or its id; never blank."""
    layout = Rules().item.layout
    naming = ["OrganisationName", "name", "PersonLastName", "lastName", layout.id, "inventoryNumber"]
    naming += ["DeliveryNumber", "type", "orderId", "documentType", "referenceNumber", "description"]
    fields = data.draw(st.dictionaries(st.sampled_from(naming), TEXT))
    found = display.name_of(Record(side=side, kind=kind, rid="17", fields=fields), Rules())
    assert found.strip(" -")
    texts = [text.strip() for text in fields.values()]
    assert found == "17" or found in [" ".join(some) for n in (1, 2) for some in permutations(texts, n)]
