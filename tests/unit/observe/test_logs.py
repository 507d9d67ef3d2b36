"""The log: one JSON object a line, closed events and keys, level at run time, repeats counted."""

import io
import json
import logging
import re
from typing import Any

import pytest

from streamsync.clock import LoopClock
from streamsync.model import Entity
from streamsync.observe.events import EVENTS, LEVELS
from streamsync.observe.logs import REPEAT_SECONDS, Log, rfc3339
from tests.simulation.vloop import run


class Scribe:
    def __init__(self, **options: Any) -> None:
        self.out = io.StringIO()
        self.log = Log(stream=self.out, console=False, **options)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_time_level_event_and_keys() -> None:
    scribe = Scribe()
    scribe.log("op_done", connection="kunde", op=7, entity=Entity.ITEM, duration_ms=1.5)
    (line,) = scribe.lines
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "event": "op_done",
        "connection": "kunde",
        "op": 7,
        "entity": "item",
        "duration_ms": 1.5,
    }


def test_time_is_rfc_3339_in_utc() -> None:
    assert rfc3339(1_773_478_867_583) == "2026-03-14T09:01:07.583Z"


def test_a_key_outside_the_list_is_dropped_and_counted() -> None:
    scribe = Scribe()
    scribe.log("op_done", op=7, customer_name="Kunde A/S", email="a@kunde.example")
    assert "unde" not in scribe.out.getvalue()
    assert scribe.log.dropped["key"] == 2


def test_an_event_outside_the_catalogue_is_written_as_such_and_counted() -> None:
    scribe = Scribe()
    scribe.log("surprise", op=7)
    assert scribe.lines[0]["event"] == "unlisted"
    assert scribe.lines[0]["what"] == "surprise"
    assert scribe.log.dropped["event"] == 1


def test_the_level_can_be_changed_at_run_time() -> None:
    scribe = Scribe(level="warning")
    scribe.log("op_done")
    scribe.log.set_level("debug")
    scribe.log("read_wanted")
    assert [line["event"] for line in scribe.lines] == ["level_changed", "read_wanted"]
    scribe.log.set_level("info")
    assert scribe.log.level == "info"
    assert scribe.lines[-1]["event"] == "level_changed"
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        scribe.log.set_level("loud")


def test_a_repeated_warning_is_counted_instead_of_written() -> None:
    async def work() -> None:
        clock = LoopClock(0)
        scribe = Scribe(clock=clock)
        for _ in range(5):
            scribe.log("poll_failed", feed="customer", code="500")
        scribe.log("poll_failed", feed="inventory", code="500")
        await clock.sleep(REPEAT_SECONDS + 1)
        scribe.log("poll_failed", feed="customer", code="500")
        assert [(line["feed"], line.get("repeated")) for line in scribe.lines] == [
            ("customer", None),
            ("inventory", None),
            ("customer", 4),
        ]
        assert scribe.log.dropped["repeat"] == 4

    run(work)


def test_a_terminal_gets_readable_lines() -> None:
    out = io.StringIO()
    Log(stream=out, console=True)("op_done", connection="kunde")
    assert "op_done" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_libraries_speak_through_it_without_their_values() -> None:
    scribe = Scribe()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        scribe.log.adopt_libraries()
        logging.getLogger("aiohttp.server").error("Error handling request from %s", "Kunde A/S")
        logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task 'Kunde A/S'>")
        logging.getLogger("asyncio").error("Exception in callback Poller.go('Kunde A/S')")
    finally:
        root.handlers, root.level = before
    assert [line["what"] for line in scribe.lines] == [
        "Error handling request from",
        "Task exception was never retrieved",
        "Exception in callback Poller.go",
    ]


def test_the_catalogue_is_well_formed() -> None:
    for name, event in EVENTS.items():
        assert re.fullmatch(r"[a-z][a-z_]+", name)
        assert event.level in LEVELS
        assert event.sentence.endswith(".")
