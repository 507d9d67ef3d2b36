"""The pages made from the code are the committed ones, and what they list is complete."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from streamsync.model import Outcome
from streamsync.sync import defaults, mapping_page
from streamsync.sync.decision import REASONS
from streamsync.sync.rules_words import ALLOWED, CHOOSE, COMMENTS
from tests import cases_page, predecessor_page

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "page"),
    [
        ("mapping.md", mapping_page.page),
        ("cases.md", cases_page.page),
        ("predecessor.md", predecessor_page.page),
    ],
    ids=["mapping", "cases", "predecessor"],
)
def test_the_committed_page_is_what_the_code_gives(file: str, page: object) -> None:
    assert callable(page)
    assert (ROOT / "docs" / file).read_text("utf-8") == page(), f"docs/{file} is old: run `make docs`."


def test_every_setting_has_a_sentence_and_no_other_has_one() -> None:
    keys = {full for full, _ in mapping_page.settings()}
    assert len(keys) > 80
    assert set(COMMENTS) == keys
    assert keys >= set(ALLOWED) | set(CHOOSE)
    for full, sentence in COMMENTS.items():
        assert len(sentence) > 10, full
        assert not sentence.endswith("."), full
    for full, value in mapping_page.settings():
        if full in ALLOWED:
            assert value in ALLOWED[full], full


def test_the_mapping_page_names_every_row_reason_and_setting() -> None:
    page = mapping_page.page()
    for rows in defaults.ROWS.values():
        for row in rows:
            assert page.count(f"\n| {row.id} | ") == 1
    for outcome, reasons in REASONS.items():
        assert f"\n### {outcome.value}\n" in page
        for reason in reasons:
            assert f"\n#### `{reason}`\n" in page
    for full, _ in mapping_page.settings():
        assert page.count(f"\n| `{full}` | ") == 1
    assert set(mapping_page.OUTCOMES) == set(Outcome)


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """The ids of all tests, as pytest collects them."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [line for line in ran.stdout.splitlines() if "::" in line]


@pytest.fixture(scope="module")
def cases(collected: list[str]) -> list[str]:
    return [test for test in collected if test.startswith(f"{cases_page.CASES}/")]


def test_each_case_is_exactly_one_test(cases: list[str]) -> None:
    numbers = Counter(int(found[1]) for test in cases if (found := re.search(r"::test_e(\d+)_", test)))
    assert sorted(numbers) == list(cases_page.NUMBERS)
    assert {number: count for number, count in numbers.items() if count != 1} == {}


def test_the_table_of_cases_is_what_pytest_collects(cases: list[str]) -> None:
    assert list(cases_page.TITLES) == list(cases_page.NUMBERS)
    listed = {test for _, test in cases_page.found()}
    assert listed == {test for test in cases if re.search(r"::test_e\d+_", test)}
    table = (ROOT / "docs/cases.md").read_text("utf-8")
    for test in listed:
        assert f"`{test.removeprefix(cases_page.CASES + '/')}`" in table


def test_every_fault_of_the_predecessor_has_a_test_that_pytest_collects(collected: list[str]) -> None:
    items = predecessor_page.items()
    assert [item.label for item in items] == predecessor_page.LABELS
    assert len(items) == 92
    known = {*collected, *(test.partition("[")[0] for test in collected)}
    for item in items:
        assert item.tests, f"{item.label} has no test"
        assert set(item.tests) <= known, item.label
