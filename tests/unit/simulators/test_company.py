"""The generated company: shares, determinism, valid numbers, and that both stand-ins load their half."""

from collections import Counter

import pytest
from stdnum.dk import cvr
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish

from streamsync.simulators.company import Company, Row, company
from streamsync.simulators.run import build
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld

SIZE = 120


@pytest.fixture(scope="module")
def made() -> Company:
    return company(7, SIZE)


def shares(ours: set[str], theirs: set[str]) -> tuple[int, int, int]:
    return len(ours & theirs), len(ours - theirs), len(theirs - ours)


def names_of(rows: list[Row], member: str) -> set[str]:
    return {row[member] for row in rows}


def test_half_is_in_both_and_a_quarter_on_each_side(made: Company) -> None:
    customers = (
        names_of(made.crm["organisation"], "OrganisationName"),
        names_of(made.erp["customers"], "name"),
    )
    contacts = names_of(made.crm["person"], "PersonEmail"), names_of(made.erp["contacts"], "email")
    assert shares(*customers) == (SIZE // 2, SIZE // 4, SIZE // 4)
    assert shares(*contacts) == (SIZE * 3 // 4, SIZE * 3 // 8, SIZE * 3 // 8)
    assert len(made.erp["items"]) == SIZE // 4
    assert len(made.erp["documents"]) == SIZE * 3


def test_same_seed_same_company_other_seed_another(made: Company) -> None:
    assert company(7, SIZE) == made
    assert company(8, SIZE) != made


def test_nothing_is_linked_and_everybody_takes_part(made: Company) -> None:
    assert all(row["OrganisationType"] == "Kunde" for row in made.crm["organisation"])
    assert all(row["PersonCustom1"] == "Yes" for row in made.crm["person"])
    assert not any("OrganisationExtraCustom8" in row for row in made.crm["organisation"])
    assert not any(name.startswith("attributes.") for row in made.erp["customers"] for name in row)


def test_every_matched_customer_shares_a_key_that_nobody_else_has(made: Company) -> None:
    def keys(row: Row) -> set[tuple[str, str]]:
        pairs = zip(("company", "number", "gln"), (1, 2, 3), strict=True)
        return {(key, text) for key, n in pairs if (text := row[f"OrganisationExtraCustom{n}"])}

    held: Counter[tuple[str, str]] = Counter()
    for row in made.erp["customers"]:
        held.update({("company", row["corporateId"]), ("number", row["number"]), ("gln", row["gln"])})
    both = names_of(made.crm["organisation"], "OrganisationName") & names_of(made.erp["customers"], "name")
    for row in made.crm["organisation"]:
        counts = [held[key] for key in keys(row)]
        if row["OrganisationName"] in both:
            assert counts
            assert set(counts) == {1}
        else:
            assert set(counts) <= {0}


def test_numbers_have_valid_check_digits(made: Company) -> None:
    valid = {"DK": cvr.is_valid, "NO": norwegian.is_valid, "SE": swedish.is_valid}
    lands = Counter(row["mainAddress.country.id"] for row in made.erp["customers"])
    assert set(lands) == set(valid)
    for row in made.erp["customers"]:
        assert valid[row["mainAddress.country.id"]](row["corporateId"])


def test_names_have_nordic_letters_apostrophes_and_addresses_several_lines(made: Company) -> None:
    letters = "".join(row["name"] for row in made.erp["customers"])
    cities = "".join(row["OrganisationCity"] for row in made.crm["organisation"])
    assert all(letter in letters.casefold() for letter in "åøæö'")
    assert "ø" in cities
    assert any("\n" in row["OrganisationAddress"] for row in made.crm["organisation"])
    assert all(len(row["name"]) <= 60 for row in made.erp["customers"])
    assert all(row["email"].isascii() and row["email"].endswith(".example") for row in made.erp["contacts"])


def test_invoices_cover_three_years_with_one_to_four_lines(made: Company) -> None:
    documents = made.erp["documents"]
    numbers, items = names_of(made.erp["customers"], "number"), names_of(made.erp["items"], "inventoryNumber")
    assert {row["documentDate"][:4] for row in documents} >= {"2023", "2024", "2025"}
    assert {len(row["lines"]) for row in documents} == {1, 2, 3, 4}
    assert all(row["customer"] in numbers for row in documents)
    assert all(line["inventoryNumber"] in items for row in documents for line in row["lines"])
    assert {row["status"] for row in documents} == {"Open", "Closed"}
    assert len({row["referenceNumber"] for row in documents}) == len(documents)


def test_both_stand_ins_load_their_half_beside_the_example_company(made: Company) -> None:
    crm, erp = build("webcrm", 7, SIZE, {}), build("visma", 7, SIZE, {"requests_per_hour": 900})
    assert isinstance(crm, WebcrmWorld)
    assert isinstance(erp, VismaWorld)
    assert len(crm.rows("organisation")) == len(made.crm["organisation"]) + 1
    assert len(crm.rows("person")) == len(made.crm["person"]) + 1
    state = erp.state()
    assert len(state["customers"]) == len(made.erp["customers"])
    assert len(state["documents"]) == len(made.erp["documents"])
    assert any(row["name"] == "Kunde A/S" for row in map(_named, crm.rows("organisation")))


def _named(row: Row) -> Row:
    return {"name": row["OrganisationName"]}


def test_a_setting_or_a_system_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no stand-in"):
        build("fortnox", 1, 0, {})
    with pytest.raises(ValueError, match="rest"):
        build("visma", 1, 0, {"rest": 1})
