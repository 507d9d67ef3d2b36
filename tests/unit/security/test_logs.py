"""D3 and D4: no values, no secrets and no way to forge a line."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsync.observe.events import KEYS
from streamsync.observe.logs import TEXT_MAX, Log, plain

CANARY = "Kirsten-Canary-Nielsen"


class Secret:
    """Known by its name: the real one is in a layer that the log may not import."""

    def __init__(self) -> None:
        self.inner = CANARY

    def __repr__(self) -> str:
        return self.inner


class Person:
    def __str__(self) -> str:
        return CANARY

    __repr__ = __str__


def written(event: str = "op_failed", **keys: Any) -> str:
    out = io.StringIO()
    Log(stream=out, console=False)(event, **keys)
    return out.getvalue()


def fail_with_values() -> BaseException:
    def inner(name: str) -> None:
        raise ValueError(f"cannot write {name}")

    try:
        inner(CANARY)
    except ValueError as error:
        return error
    raise AssertionError


def test_d3_a_secret_is_masked() -> None:
    assert json.loads(written(cause=Secret()))["cause"] == "***"


@pytest.mark.parametrize("key", sorted(KEYS))
def test_d3_objects_and_exceptions_never_show_what_they_hold(key: str) -> None:
    values: tuple[Any, ...] = (
        Person(),
        {"name": CANARY},
        [Person()],
        fail_with_values(),
        CANARY.encode(),
        Secret(),
    )
    for value in values:
        assert CANARY not in written("op_failed", **{key: value})


def test_d3_an_exception_becomes_its_class_and_its_places() -> None:
    stack = json.loads(written(stack=fail_with_values()))["stack"]
    assert stack.endswith(": ValueError")
    assert "test_logs.py:" in stack
    assert " inner" in stack


def test_d3_a_record_value_under_any_other_key_is_dropped() -> None:
    assert CANARY not in written(name=CANARY, OrganisationName=CANARY, fields={"x": CANARY})


def test_d4_a_value_cannot_begin_a_line_of_its_own() -> None:
    text = written(code='x\r\n{"level":"info","event":"op_done"}\x1b[2J\u202e\u2028')
    assert len(text.splitlines()) == 1
    code = json.loads(text)["code"]
    assert code.isprintable()
    assert "\\u000d\\u000a" in code


def test_d4_length_is_capped() -> None:
    assert len(json.loads(written(code="x" * 1_000_000))["code"]) == TEXT_MAX + 1
    assert len(written(problems=["x" * 1000] * 1000)) < 10_000


@given(st.text())
def test_d4_any_text_is_one_line_of_json_and_of_the_console(text: str) -> None:
    assert json.loads(written(code=text))["code"] == plain(text)
    out = io.StringIO()
    Log(stream=out, console=True)("op_failed", code=text)
    assert len(out.getvalue().splitlines()) == 1
