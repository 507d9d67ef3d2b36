"""The catalogue: complete in both languages, and every sentence whole whatever its detail lacks."""

import ast
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsync.model import Entity
from streamsync.sync import defaults, reasons
from streamsync.sync.answers import CHOICES as ANSWERS
from streamsync.sync.decision import AMBIGUOUS, CONFLICT, FILTERED, PARKED, WAITING
from streamsync.sync.words import choices, fields
from streamsync.sync.words.findings import FINDINGS
from streamsync.sync.words.form import LANGUAGES, filled, names
from tests.tidy import ROOT

ALL = sorted(FILTERED | WAITING | PARKED | AMBIGUOUS | CONFLICT)
ENGLISH, DANISH = reasons.CATALOGUE["en"], reasons.CATALOGUE["da"]
ENTRIES = sorted(ENGLISH)
COMMANDS = {"unlink", "retry", "approve"}  # choices that are commands of their own
GIVEN = {
    "field": "O6",
    "line": "3",
    "value": "11",
    "crm": "20304010",
    "erp": "20304011",
    "number": "000223",
    "problem": "Perioden er lukket",
    "candidates": "4211,4212",
    "key": "company",
    "side": "crm",
    "shipment": "000310",
    "status": "Shipping",
    "item": "LAMPE-01",
    "type": "SO",
    "other": "159",
    "customer": "10042",
    "order": "order:SO/000223",
    "document": "invoice:Invoice/200315",
}


def whole(text: str) -> None:
    assert text[0] == text[0].upper()
    assert text.endswith((".", "…")), text
    assert not re.search(r"  | [.,:;)]|\(\)|“”|[{}\[\]|]|\( |\.\.|,\.|:\.", text), text


def detail_for(entry: str, keys: tuple[str, ...]) -> dict[str, str]:
    """A detail with these keys that leads to the entry."""
    detail = {key: GIVEN[key] for key in keys if key in GIVEN}
    variant = entry.partition("/")[2]
    if variant == "brake":
        detail["brake"] = "mark"
    elif variant:
        detail["value"] = variant
    return detail


def test_every_reason_has_its_words_in_every_language() -> None:
    assert set(reasons.CATALOGUE) == set(LANGUAGES)
    for catalogue in reasons.CATALOGUE.values():
        assert {entry.partition("/")[0] for entry in catalogue} == set(ALL)
        assert set(catalogue) == set(ENTRIES)
        assert {reason for reason in catalogue if "/" not in reason} == set(ALL)
    for entry in ENTRIES:
        english, danish = ENGLISH[entry], DANISH[entry]
        for part in ("title", "sentence", "remedy"):
            assert getattr(english, part) != getattr(danish, part), (entry, part)
            assert names(getattr(english, part)) == names(getattr(danish, part)), (entry, part)
        assert not re.search(r"[.:{\[]", english.title + danish.title)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_sentence_is_whole_whatever_is_missing(entry: str) -> None:
    reason = entry.partition("/")[0]
    for language in LANGUAGES:
        known = sorted(names(reasons.CATALOGUE[language][entry].sentence) & set(GIVEN))
        for size in range(len(known) + 1):
            for keys in itertools.combinations(known, size):
                detail = detail_for(entry, keys)
                whole(reasons.sentence(reason, detail, language))
                whole(reasons.remedy(reason, detail, language))
        assert reasons.title(reason, language, detail_for(entry, ())) == (
            reasons.CATALOGUE[language][entry].title
        )


def test_a_sentence_names_field_line_and_both_values() -> None:
    detail = {"field": "L2@9001", "line": "1", "crm": "5", "erp": "2", "shipment": "000310"}
    assert reasons.sentence("locked_edit", detail) == (
        "Visma.net no longer lets quantity be changed on line 1 (shipment 000310):"
        " webCRM has “5”, Visma.net keeps “2”."
    )
    assert reasons.sentence("both_changed", {"field": "O6", "crm": "1", "erp": ""}, "da") == (
        "Begge sider har ændret telefon: webCRM har “1”, Visma.net har “(tomt)”."
    )
    assert reasons.sentence("required_field", {"field": "VAT zone"}, "da") == (
        "Feltet momszone er tomt, og det andet system kræver det."
    )


def test_the_brake_has_a_sentence_of_its_own() -> None:
    plain, braked = reasons.sentence("gate", {}), reasons.sentence("gate", {"brake": "inactivate"})
    assert "plan is accepted" in plain
    assert "made inactive at once" in braked
    assert "streamsync approve" in reasons.remedy("gate", {"brake": "inactivate"})
    assert set(fields.MASS) == {"delete", "mark", "inactivate", "overwrite"}


@given(st.dictionaries(st.sampled_from(sorted(GIVEN)), st.text(max_size=200)), st.sampled_from(ALL))
def test_values_are_taken_as_they_are(detail: dict[str, str], reason: str) -> None:
    for language in LANGUAGES:
        text = reasons.sentence(reason, detail, language)
        assert "  " not in text
        assert "\n" not in text
        assert text


def test_a_value_that_looks_like_a_template_is_none() -> None:
    assert filled("[a {x}|b].", {"x": "{y} [z|w]", "y": "no"}) == "a {y} [z|w]."
    assert filled("[a {x}|b].", {"x": " \n "}) == "b."


def test_an_unknown_word_is_told_as_it_is() -> None:
    assert reasons.sentence("unheard_of", {"field": "O6"}) == "unheard_of"
    assert reasons.title("unheard_of") == reasons.finding("unheard_of") == "unheard_of"
    assert reasons.remedy("unheard_of", {}) == ""
    assert reasons.choices("unheard_of", "delivery") == ()
    assert reasons.sentence("parent", {}, "fi") == reasons.sentence("parent", {}, "en")


def test_what_waits_for_a_person_can_be_answered() -> None:
    for reason in PARKED | AMBIGUOUS | CONFLICT:
        for entity in Entity:
            found = reasons.choices(reason, entity)
            assert found, (reason, entity)
            assert len({one.choice for one in found}) == len(found)
    for reason in (FILTERED | WAITING) - {"gate", "type"}:
        assert reasons.choices(reason, "organisation") == ()
    offered = {
        one.choice for reason in ALL for entity in Entity for one in reasons.choices(reason, entity, "da")
    }
    assert offered <= ANSWERS | COMMANDS
    assert offered == set(choices.LABELS)
    assert all(english != danish for english, danish in choices.LABELS.values())


def test_the_choices_of_a_deletion_depend_on_the_entity() -> None:
    def words(entity: str) -> list[str]:
        return [one.choice for one in reasons.choices("deleted_vs_edited", entity)]

    assert words("delivery") == ["keep", "bring_back", "hold", "delete"]
    assert words("person") == ["keep", "inactivate", "resign"]
    assert words("organisation") == ["keep", "inactivate", "set_type"]


def test_every_finding_in_the_code_has_its_words() -> None:
    used: set[str] = set()
    for path in [*Path(ROOT, "streamsync").rglob("*.py"), *Path(ROOT, "actors").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                used |= {
                    str(word.value.value)
                    for word in node.keywords
                    if word.arg == "code" and isinstance(word.value, ast.Constant)
                }
    assert used == set(FINDINGS)
    for code in FINDINGS:
        for language in LANGUAGES:
            for field, text in itertools.product(("", "line 2", "O6"), ("", "deleted", "000223")):
                whole(reasons.finding(code, field, text, language))


def test_every_ready_made_row_has_a_name() -> None:
    rows = {row.id for rows in defaults.ROWS.values() for row in rows}
    assert rows <= set(fields.ROWS)
    assert reasons.field_name("L3@9001", "da") == "pris"
    assert reasons.field_name("mainContact.phone1") == "phone (mainContact.phone1)"
    assert reasons.field_name("line 2", "da") == "linje 2"
    assert reasons.field_name("MY_ROW") == "MY_ROW"


def test_records_are_named_as_people_know_them() -> None:
    assert reasons.record_name("organisation", "778812", "4211", "Kunde A/S") == (
        "organisation 778812 (Kunde A/S) / customer 4211"
    )
    assert reasons.record_name("delivery", "158", "order:SO/000223", "Lamper", "da") == (
        "leverance 158 (Lamper) / ordre SO/000223"
    )
    assert reasons.record_name("organisation", "", "4211", "Kunde A/S", "da") == "kunde 4211 (Kunde A/S)"
    assert reasons.record_name("invoice", "", "invoice:Invoice/1") == "invoice Invoice/1"
