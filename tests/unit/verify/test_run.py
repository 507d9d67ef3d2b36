"""What a run makes of two looks: equal, in motion, or an exception; the sample; the report's figures."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from streamsync.verify import run, words
from tests.unit.store.builders import Time

Row = dict[str, Any]


def look(verdict: str = "equal", **more: Any) -> Row:
    named = {"pair": 1, "entity": "organisation", "webcrm": "778812", "visma": "4211"}
    rest = {"why": "", "fields": [], "let_stand": [], "mark": "a", "unseen": [], "seen_within": 0.0}
    return {**named, "verdict": verdict, **rest, **more}


class Waiting(Time):
    """Time that passes at once."""

    async def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


class Answers:
    """An `Asked` that gives these looks in turn: on what is stored, and on what was read."""

    def __init__(self, *read: Row | None, stored: Sequence[Row | None] = (), running: bool = True) -> None:
        self.read, self.stored, self.running = list(read), list(stored) or [look()], running
        self.checked: list[Row] = []
        self.asked: list[tuple[list[int], bool]] = []

    async def checks(self, connection: str) -> Mapping[str, Any]:
        return {
            "connection": connection,
            "rules_version": 17,
            "running": self.running,
            "checks": self.checked,
            "entities": {"organisation": {"in_sync": 1, "open": 2, "failing": 3}},
            "unread": [],
            "unreadable": {},
            "settled": {"organisation": [1]},
        }

    async def look(self, connection: str, numbers: Sequence[int], *, read: bool) -> Sequence[Row]:
        self.asked.append((list(numbers), read))
        answers = self.read if read else self.stored
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [] if found is None else [found]


async def reported(answers: Answers, sample: int | None = None) -> tuple[Row, Waiting]:
    clock = Waiting()
    return await run.verify(answers, "kunde", clock, sample=sample, seed=1), clock


UNSEEN: Row = {"verdict": "acts", "unseen": ["webCRM"], "fields": ["OrganisationCity"]}
ENDS: dict[str, tuple[tuple[Row | None, ...], str]] = {
    "equal at once": ((look(),), "equal"),
    "equal when looked at again": ((look(**UNSEEN), look()), "equal"),
    "taken up meanwhile": ((look(**UNSEEN), look("listed")), "motion"),
    "merged meanwhile": ((look(**UNSEEN), None), "motion"),
    "edited meanwhile": ((look(**UNSEEN), look(**UNSEEN, mark="b")), "motion"),
    "could not be seen yet": ((look(**UNSEEN, seen_within=3600.0),), "motion"),
    "ought to have been seen": ((look(**UNSEEN, seen_within=10.0),), "unseen"),
    "never to be seen": ((look(**UNSEEN),), "unseen"),
    "known, and nothing is done": ((look("acts"),), "acts"),
    "gone": ((look("missing"),), "missing"),
    "doubled": ((look("twice"),), "twice"),
    "doubled only while an index lagged": ((look("twice"), look()), "equal"),
    "not to be read": ((look("unread"),), "unread"),
}


@pytest.mark.parametrize(("looks", "word"), ENDS.values(), ids=ENDS)
async def test_two_looks_decide(looks: tuple[Row | None, ...], word: str) -> None:
    found, _ = await reported(Answers(*looks))
    assert (found["equal"], len(found["in_motion"])) == (int(word == "equal"), int(word == "motion"))
    assert [one["what"] for one in found["exceptions"]] == ([word] if word in run.WRONG else [])
    assert found["exception_count"] == len(found["exceptions"])
    counts = found["entities"]["organisation"]
    assert counts["exceptions"] == len(found["exceptions"])
    assert counts["in_motion"] == len(found["in_motion"]) + 2
    assert (counts["pairs"], counts["failing"], counts["held"]) == (6, 3, 0)


async def test_the_second_look_gives_the_daemon_time_but_not_for_ever() -> None:
    for lag, waited in ((0.0, 2), (10.0, 12), (3600.0, 62)):
        answers = Answers(look("acts", unseen=["webCRM"], seen_within=lag))
        _, clock = await reported(answers)
        assert clock.now_ms() - Waiting().now_ms() == waited * 1000
        assert answers.asked == [([1], False), ([1], True), ([1], True)]
    _, clock = await reported(Answers(look()))
    assert clock.now_ms() == Waiting().now_ms()
    _, clock = await reported(Answers(look("acts"), running=False))
    assert clock.now_ms() == Waiting().now_ms()


async def test_what_the_store_itself_shows_is_not_excused_by_the_systems() -> None:
    found, _ = await reported(Answers(look(), stored=[look("base")]))
    assert [one["what"] for one in found["exceptions"]] == ["base"]
    assert found["equal"] == 0
    assert "--pair 1`" in found["exceptions"][0]["remedy"]


async def test_a_pair_that_breaks_a_check_is_not_counted_as_equal() -> None:
    answers = Answers(look())
    row = {"pair": 1, "entity": "organisation", "webcrm": "778812", "visma": "4211", "about": "op 7"}
    check = {"name": "one_open_write", "rule": "I5", "wrong": "Wrong.", "remedy": "Do.", "count": 3}
    answers.checked = [{**check, "found": [row]}]
    found, _ = await reported(answers)
    assert (found["equal"], found["exception_count"]) == (0, 3)
    text = "\n".join(words.report(found))
    assert "broken: one_open_write (I5), 3" in text
    assert "organisation pair 1 (webCRM 778812, Visma.net 4211): one_open_write\n   Wrong. (op 7)" in text
    assert "… and 2 more" in text
    assert text.endswith("\n0 pairs equal under rules v17 (1 re-read in both systems); 3 exceptions")


async def test_without_a_sample_no_system_is_asked() -> None:
    answers = Answers(look("acts"))
    found, _ = await reported(answers, sample=0)
    assert answers.asked == [([1], False)]
    assert (found["equal"], found["read_again"], found["exception_count"]) == (1, 0, 0)


def test_the_sample_is_spread_over_the_entities_and_repeats_by_its_seed() -> None:
    settled = {"organisation": range(100), "item": range(100, 103), "delivery": range(200, 300)}
    chosen = run.spread(settled, 21, random.Random(7))
    assert Counter(pair // 100 for pair in chosen) == {0: 9, 1: 3, 2: 9}
    assert chosen == run.spread(settled, 21, random.Random(7))
    assert chosen != run.spread(settled, 21, random.Random(8))
    assert sorted(run.spread(settled, 1000, random.Random(7))) == [*range(103), *range(200, 300)]
    assert run.spread({}, 5, random.Random(7)) == []


def test_figures_are_written_for_people() -> None:
    found = {"equal": 41212, "rules_version": 17, "read_again": 200, "exception_count": 1}
    sentence = words.sentence(found)
    assert sentence == "41,212 pairs equal under rules v17 (200 re-read in both systems); 1 exception"
