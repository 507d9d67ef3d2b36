"""Wire to canonical text and back, scripts, and rows that cannot be read. Pure."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsync.errors import Bug, Unknown
from streamsync.model import Kind
from streamsync.systems.webcrm import queries, wire
from streamsync.systems.webcrm.fields import FIELDS, NO_DATE, Field, Form, canonical, decimal_text
from streamsync.systems.webcrm.fields import wire as to_wire

CASES = [
    (Kind.ORGANISATION, "OrganisationName", "Ærø ", "Ærø "),
    (Kind.ORGANISATION, "OrganisationOwner", 0, ""),
    (Kind.ORGANISATION, "OrganisationXInt1", 0, "0"),
    (Kind.ORGANISATION, "OrganisationCustom4", "Yes", "Yes"),
    (Kind.PERSON, "PersonCheckMark1", False, "false"),
    (Kind.DELIVERY, "DeliveryWonDate", "2026-03-14T00:00:00Z", "2026-03-14"),
    (Kind.DELIVERY, "DeliveryWonDate", NO_DATE, ""),
    (Kind.DELIVERY, "DeliveryErpSyncDateTime", "2026-03-14T09:21:07+00:00", "2026-03-14T09:21:07Z"),
    (Kind.DELIVERY, "DeliveryErpSyncDateTime", NO_DATE, ""),
    (Kind.DELIVERY, "DeliveryOrderValue", Decimal("12.50"), "12.5"),
    (Kind.DELIVERY, "DeliveryAssignedTo", 12, "12"),
    (Kind.LINE, "QuotationLineData3", "-", ""),
    (Kind.ITEM, "QuotationLineLinkedDataItemData3", "-", ""),
    (Kind.ITEM, "QuotationLineLinkedDataItemDataMemo", "", ""),
]


@pytest.mark.parametrize(("kind", "name", "value", "text"), CASES)
def test_the_canonical_text_of_a_wire_value(kind: Kind, name: str, value: object, text: str) -> None:
    field = FIELDS[kind][name]
    assert canonical(field, value) == text
    assert canonical(field, to_wire(kind, name, text)) == text


@pytest.mark.parametrize("kind", FIELDS)
def test_null_is_empty_for_every_field(kind: Kind) -> None:
    assert {canonical(field, None) for field in FIELDS[kind].values()} == {""}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (Kind.DELIVERY, "DeliveryWonDate", NO_DATE),
        (Kind.DELIVERY, "DeliveryErpSyncDateTime", NO_DATE),
        (Kind.DELIVERY, "DeliveryNumber", ""),
        (Kind.DELIVERY, "DeliveryResponsible", 0),
        (Kind.LINE, "QuotationLineData1", "-"),
        (Kind.PERSON, "PersonCheckMark1", False),
    ],
)
def test_clearing_sends_what_webcrm_takes_for_empty(kind: Kind, name: str, value: object) -> None:
    """Null would mean unchanged (webcrm-api §4)."""
    assert to_wire(kind, name, "") == value


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        (Kind.ORGANISATION, "OrganisationId", "1"),
        (Kind.ORGANISATION, "OrganisationUpdatedAt", ""),
        (Kind.ORGANISATION, "OrganisationHistory", "x"),
        (Kind.DELIVERY, "DeliveryWonDate", "14-03-2026"),
        (Kind.DELIVERY, "DeliveryOrderValue", "1e999999"),
        (Kind.DELIVERY, "DeliveryOrderValue", "NaN"),
        (Kind.DELIVERY, "DeliveryResponsible", "Mette"),
    ],
)
def test_what_a_field_cannot_hold_is_a_bug_that_names_the_field_only(
    kind: Kind, name: str, text: str
) -> None:
    with pytest.raises(Bug, match=name) as caught:
        to_wire(kind, name, text)
    assert "Mette" not in str(caught.value)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_decimals_have_one_form_and_come_back(number: Decimal) -> None:
    text = decimal_text(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert text != "-0"
    assert not ("." in text and text.endswith(("0", ".")))
    assert canonical(Field(Form.DECIMAL), number) == text


@given(st.datetimes().filter(lambda moment: moment.year > 1))
def test_stamps_come_back(moment: object) -> None:
    text = canonical(Field(Form.STAMP), str(moment).replace(" ", "T"))
    assert canonical(Field(Form.STAMP), to_wire(Kind.DELIVERY, "DeliveryErpSyncDateTime", text)) == text


# -- Rows


def rows(body: bytes, kind: Kind = Kind.ORGANISATION) -> tuple[list[str], list[tuple[str, str]]]:
    good, bad = wire.records(kind, wire.rows(body), frozenset({"OrganisationName"}), "api2 streamsync")
    return [record.rid for record in good], [(one.rid, one.problem) for one in bad]


def test_a_bad_row_is_named_and_the_others_are_read() -> None:
    body = (
        b'[{"OrganisationId": 1, "OrganisationName": "A", "RowNumber": 1, "o_lastUpdatedById": {"x": []}},'
        b'{"OrganisationId": 2, "OrganisationName": ["Hemmelig"]}, {"OrganisationName": "B"}, 5, null,'
        b'{"OrganisationId": 3, "OrganisationUpdatedAt": "yesterday"}, {"OrganisationId": 4},'
        b'{"OrganisationId": 6, "OrganisationName": "\xe6\xf8\xe5"}, {"OrganisationId": 5}]'
    )
    good, bad = rows(body)
    assert good == ["1", "4", "5"]
    assert [rid for rid, _ in bad] == ["2", "", "", "", "3", "6"]
    assert ("2", "OrganisationName has the wrong type") in bad
    assert "Hemmelig" not in str(bad)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[{", b"<html>", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_list_is_an_open_outcome(body: bytes) -> None:
    with pytest.raises(Unknown):
        wire.rows(body)


NAMES = st.sampled_from(["OrganisationId", "OrganisationName", "OrganisationUpdatedAt"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


@given(st.lists(ANYTHING, max_size=5))
def test_any_rows_at_all_are_read_or_named(found: list[object]) -> None:
    good, bad = rows(msgspec.json.encode(found))
    assert len(good) + len(bad) == len(found)


def test_secrets_and_histories_are_not_among_the_fields() -> None:
    names = {name for fields in FIELDS.values() for name in fields}
    words = ("Password", "Ticket", "AuthenticationCode", "History", "LoginLog")
    assert not [name for name in names if any(word in name for word in words)]


@pytest.mark.parametrize(
    ("author", "own", "by_us"),
    [
        ("api2 streamsync", "api2 streamsync", True),
        ("api2 other", "api2 streamsync", False),
        ("Mette", "api2 streamsync", False),
        ("Mette", "", False),
        ("api2 other", "", None),
        ("", "api2 streamsync", None),
    ],
)
def test_who_wrote_last(author: str, own: str, by_us: bool | None) -> None:
    body = msgspec.json.encode({"OrganisationId": 1, "OrganisationUpdatedBy": author})
    assert wire.record(Kind.ORGANISATION, body, frozenset(), own).by_us is by_us


# -- Scripts


def test_a_script_names_its_columns_or_asks_for_all_when_they_are_many() -> None:
    few = queries.changed_since(Kind.PERSON, frozenset({"PersonEmail", "Nonsense"}), "2026-03-14T09:00:00Z")
    assert few == (
        "SELECT PersonId,PersonUpdatedAt,PersonUpdatedBy,PersonEmail FROM Person "
        "WHERE PersonUpdatedAt >= '2026-03-14T09:00:00Z' ORDER BY PersonUpdatedAt ASC, PersonId ASC"
    )
    many = queries.everything(Kind.ORGANISATION, frozenset(FIELDS[Kind.ORGANISATION]))
    assert many.startswith("SELECT * FROM Organisation WHERE OrganisationId > 0 ")


def test_a_column_that_the_read_dto_lacks_is_not_asked_for() -> None:
    script = queries.everything(Kind.LINE, frozenset({"QuotationLineLinkedDataId", "QuotationLineData1"}))
    assert "LinkedDataId" not in script
    assert "QuotationLineOpportunityId" in script


@given(st.lists(st.integers(1, 10**9).map(str), min_size=1, max_size=400, unique=True))
def test_batches_hold_every_key_once_and_no_script_is_too_long(keys: list[str]) -> None:
    scripts = queries.any_of(Kind.DELIVERY, frozenset(), "DeliveryId", keys, numbers=True)
    assert all(len(script) <= queries.SCRIPT_MAX for script in scripts)
    found = [word for script in scripts for word in script.split() if word.isdigit()]
    assert found == keys
