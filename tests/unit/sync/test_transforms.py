"""Transforms: what each does, what it takes back, what counts as equal (semantics §7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsync.model import Side
from streamsync.sync import defaults, rules_file, transforms
from streamsync.sync.codecs import compile_rows
from streamsync.sync.round_trip import counter_example
from streamsync.sync.rows import Codec, Context, Row, Unmapped
from streamsync.sync.rules import Rules

DK = Context(country="DK", language="da")
TABLES = {
    "vat_zone": {"01": "Indland", "02": "EU"},
    "credit_term": {"07": "7 dage", "30": "30 dage"},
    "customer_class": {"1": "Std"},
    "option:Terms": {"-- vælg --": "0", "07: 7 dage": "1", "30: 30 dage": "2"},
    "option:DeliveryCurrencyName": {"DKK": "00", "EUR": "01"},
    "user": {"7": '{"email": "maja@kunde.example", "initials": "MA"}'},
    "salesperson": {"S1": '{"name": "Maja", "email": "Maja@Kunde.example"}', "S2": "Per"},
}


def codec(
    crm: str | tuple[str, ...], erp: str | tuple[str, ...], *chain: str, values: dict[str, str] | None = None
) -> Codec:
    row = Row(
        id="T",
        crm=(crm,) if isinstance(crm, str) else crm,
        erp=(erp,) if isinstance(erp, str) else erp,
        transforms=chain,
        values=values or {},
    )
    return compile_rows((row,), catalogue=None, tables=TABLES, rules=Rules())[0]


def ready(section: str, id: str) -> Codec:
    row = defaults.ready_made(section, id)
    assert row is not None
    return compile_rows((row,), catalogue=None, tables=TABLES, rules=Rules())[0]


def test_address_keeps_inner_empty_lines_and_comes_back_with_crlf() -> None:
    address = ready("organisation", "O3")  # E12
    assert address.to_erp(("A\r\n\r\nB",), DK) == ("A", "", "B")
    assert address.to_crm(("A", "", "B"), DK) == ("A\r\n\r\nB",)
    assert address.same(("A\n\nB\n",), ("A", "", "B"), DK)


def test_a_long_address_is_joined_and_cut_on_its_way_out_only() -> None:
    address = ready("organisation", "O3")  # E13
    text = "\r\n".join(["one", "two", "x" * 60, "four", "five"])
    lines = address.to_erp((text,), DK)
    assert lines == ("one", "two", "x" * 50)
    assert address.same((text,), lines, DK)
    assert address.cut(Side.ERP, (text,), DK) == ("mainAddress.addressLine3",)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("20304010", "+45 20 30 40 10", True),
        ("0045 20304010", "20 30 40 10", True),
        ("20304010", "20304011", False),
    ],
)
def test_phones_are_equal_by_their_digits_and_travel_unchanged(one: str, other: str, equal: bool) -> None:
    phone = ready("organisation", "O6")  # E14
    assert phone.same((one,), (other,), DK) is equal
    assert phone.to_erp((one,), DK) == (one,)


def test_a_swedish_trunk_nought_is_dropped() -> None:
    phone = ready("organisation", "O6")
    assert phone.same(("08-123 45 67",), ("+46 8 123 45 67",), Context(country="SE"))


@pytest.mark.parametrize("name", ["Danmark", "Denmark", "Tanska", "Dänemark", "dk"])
def test_country_names_in_all_languages(name: str) -> None:
    assert ready("organisation", "O8").to_erp((name,), DK) == ("DK",)


def test_an_unknown_country_is_never_guessed() -> None:
    with pytest.raises(Unmapped):  # E15
        ready("organisation", "O8").to_erp(("Atlantis",), DK)
    assert ready("organisation", "O8").to_crm(("NO",), DK) == ("Norge",)


def test_a_person_without_last_name_does_not_swing() -> None:
    name = ready("person", "P1")  # E20
    assert name.to_erp(("Maja", "-"), DK) == ("", "Maja")
    assert name.same(("Maja", "-"), ("", "Maja"), DK)
    assert name.to_crm(("", "Maja"), DK) == ("", "Maja")
    assert name.to_crm(("Per", ""), DK) == ("Per", "-")
    assert name.empty(("", "-"))


def test_active_status_keeps_what_already_means_active() -> None:
    status = ready("person", "P8")  # E26
    assert status.to_erp(("Resigned",), DK) == ("false",)
    assert status.to_crm(("true",), Context(current=("Other",))) == ("Other",)
    assert status.to_crm(("true",), Context(current=("Resigned",))) == ("Active",)
    assert status.same(("Guest",), ("true",), DK)


def test_payment_terms_go_by_their_prefix_and_a_lost_code_is_unmapped() -> None:
    terms = codec("Terms", "creditTerms.id", "code(credit_term)")
    assert terms.to_erp(("07: 7 dage",), DK) == ("07",)
    assert terms.to_crm(("30",), DK) == ("30: 30 dage",)
    assert terms.to_erp(("-- vælg --",), DK) == ("",)
    with pytest.raises(Unmapped):  # E16
        terms.to_crm(("08",), DK)
    with pytest.raises(Unmapped):
        terms.to_erp(("08: 8 dage",), DK)


def test_vat_numbers_get_their_prefix_and_compare_without() -> None:
    vat = ready("organisation", "O9")
    assert vat.to_erp(("12 34 56 78",), DK) == ("DK12345678",)
    assert vat.same(("12345678",), ("DK12345678",), DK)
    assert vat.same(("NO 987654321 MVA",), ("987654321",), Context(country="NO"))


def test_currency_is_a_list_code_on_deliveries() -> None:
    currency = codec("DeliveryCurrencyName", "currencyId", "currency")
    assert currency.to_erp(("00",), DK) == ("DKK",)
    assert currency.to_crm(("EUR",), DK) == ("01",)
    with pytest.raises(Unmapped):
        currency.to_crm(("SEK",), DK)


def test_users_are_found_by_e_mail_and_unknown_ones_are_left_out() -> None:
    user = codec("DeliveryResponsible", "salesPerson.id", "user")
    assert user.to_erp(("7",), DK) == ("S1",)
    assert user.to_erp(("",), DK) == ("",)
    with pytest.raises(Unmapped):
        user.to_erp(("8",), DK)
    assert user.to_crm(("S1",), DK) == ("7",)


def test_value_maps_are_exact_and_keep_the_present_text() -> None:
    mapped = codec("C", "e", values={"A": "1", "B": "1", "C": "2"})
    assert mapped.to_erp(("B",), DK) == ("1",)
    assert mapped.to_crm(("1",), Context(current=("B",))) == ("B",)
    assert mapped.to_crm(("1",), DK) == ("A",)
    with pytest.raises(Unmapped):
        mapped.to_erp(("b",), DK)


def test_dropdowns_only_get_texts_they_have() -> None:
    with pytest.raises(Unmapped):
        codec("Terms", "name").to_crm(("no such option",), DK)


def test_checkboxes_speak_both_dialects() -> None:
    assert codec("DeliveryCustom4", "derived.booked", "checkbox").to_crm(("true",), DK) == ("Yes",)
    assert codec("PersonCheckMark3", "x", "checkbox").to_crm(("false",), DK) == ("false",)


def test_addresses_as_one_block_return() -> None:
    block = ready("organisation", "O17")
    parts = ("Vej 1", "2. sal", "", "8000", "Aarhus C", "DK")
    assert block.to_crm(parts, DK) == ("Vej 1\r\n2. sal\r\n8000 Aarhus C\r\nDanmark",)
    assert block.to_erp(block.to_crm(parts, DK), DK) == parts


@pytest.mark.parametrize(
    ("text", "places", "wanted"),
    [
        ("1.00000", None, "1"),
        ("-0", None, "0"),
        ("0.125", 2, "0.12"),
        ("1e3", None, "1000"),
        ("abc", None, "abc"),
    ],
)
def test_decimals_have_one_form(text: str, places: int | None, wanted: str) -> None:
    assert transforms.canonical(text, places) == wanted


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_canonical_decimals_are_a_fixpoint(value: object) -> None:
    once = transforms.canonical(str(value))
    assert transforms.canonical(once) == once


@given(
    st.text(max_size=30),
    st.sampled_from(["trim", "single_line", "digits", "email", "date", "integer", "money"]),
)
def test_conversions_are_idempotent(text: str, chain: str) -> None:
    one = codec("C", "e", chain)
    sent = one.to_erp((text,), DK)
    assert one.to_erp(sent, DK) == sent
    assert one.same((text,), sent, DK)


def test_every_two_way_row_that_we_ship_comes_back() -> None:
    for section, rows in defaults.ROWS.items():
        for row in rows:
            if all(row.crm):
                assert counter_example(ready(section, row.id), TABLES) == "", row.id


def test_a_row_that_does_not_come_back_shows_the_value() -> None:
    assert "goes out as" in counter_example(
        codec("C", "e", "digits", "cut(2)", "vat(country, with_prefix)"), TABLES
    )


@pytest.mark.parametrize("text", ["nonsense", "trim(2)", "decimal", "decimal(99)", "code", "cut(x)"])
def test_the_registry_is_closed(text: str) -> None:
    with pytest.raises(ValueError):
        transforms.parse(text)


def test_html_becomes_plain_text() -> None:
    assert transforms.plain_text("<p>A &amp; B</p><div>C<br>D</div>") == "A & B\nC\nD"


def test_the_division_joins_the_name_on_wish() -> None:
    rules = rules_file.parse('[organisation]\nname_to_erp = "name_division"\n', "t")
    name = compile_rows(rules.organisation.map, catalogue=None, tables={}, rules=rules)
    joined = next(one for one in name if one.row.id == "O2")
    assert joined.to_erp(("Kunde A/S", "Nord"), DK) == ("Kunde A/S – Nord",)


def test_a_figure_beyond_all_measure_stays_a_text() -> None:
    assert transforms.canonical("1E100", 0) == "1E100"
    assert transforms.canonical("1E3", 0) == "1000"
