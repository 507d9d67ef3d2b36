"""Crash points: what is armed, what is refused, and that nothing happens without one."""

import os
from collections.abc import Iterator

import pytest

from streamsync.errors import ConfigError
from streamsync.kernel import crashpoint


class Ended(Exception):
    pass


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr(os, "_exit", end)
    yield
    crashpoint.arm("")


def test_the_process_ends_the_named_time_that_it_passes_the_point() -> None:
    crashpoint.arm("before_send:3")
    crashpoint.passed("before_send")
    crashpoint.passed("after_send")
    crashpoint.passed("before_send")
    with pytest.raises(Ended, match="137"):
        crashpoint.passed("before_send")


@pytest.mark.parametrize("point", crashpoint.POINTS)
def test_nothing_happens_where_none_is_armed(point: str) -> None:
    crashpoint.arm(f"{point}:1")
    crashpoint.arm("")
    crashpoint.passed(point)


@pytest.mark.parametrize(
    "text", ["after_commit", "after_commit:0", "after_commit:-1", "x:1", "x", "before_send:²"]
)
def test_what_names_no_point_is_refused(text: str) -> None:
    with pytest.raises(
        ConfigError, match=r"STREAMSYNC_CRASHPOINT: .*names no point.*before_send:1 after_send:1"
    ):
        crashpoint.arm(text)
