"""The skew of the two servers' clocks, from the `Date` of their answers (semantics §9)."""

import random

from actors.clocks import ServerClocks
from streamsync.model import Side

NOW = 1_773_478_800_000


def answer(clocks: ServerClocks, side: Side, offset_ms: int, at_ms: int, *, took_ms: int = 200) -> None:
    """An answer of a server whose clock is so far ahead; `Date` is cut to whole seconds."""
    server_ms = at_ms + took_ms // 2 + offset_ms
    clocks.note(side, server_ms - server_ms % 1000, at_ms, at_ms + took_ms)


def test_the_skew_is_measured_within_a_second_though_dates_are_whole_seconds() -> None:
    clocks, rng = ServerClocks(), random.Random(1)
    for n in range(200):
        answer(clocks, Side.CRM, -40_000, NOW + n * 10_000 + rng.randrange(1000))
        answer(clocks, Side.ERP, 65_300, NOW + n * 10_000 + rng.randrange(1000))
    skew = clocks.moved()
    assert skew is not None
    assert abs(skew - 105_300) < 500
    clocks.stored_ms = skew
    assert clocks.moved() is None


def test_one_server_alone_says_nothing_and_a_small_move_is_not_stored() -> None:
    clocks = ServerClocks()
    answer(clocks, Side.ERP, 90_000, NOW)
    assert clocks.moved() is None
    answer(clocks, Side.CRM, 89_500, NOW)
    assert clocks.moved() is None


def test_a_slow_answer_and_one_without_a_date_are_left_out() -> None:
    clocks = ServerClocks()
    clocks.note(Side.CRM, 0, NOW, NOW + 10)
    answer(clocks, Side.CRM, 50_000, NOW, took_ms=20_000)
    assert clocks.offset_ms(Side.CRM) is None


def test_a_clock_that_was_set_is_believed_at_once_and_noise_is_not() -> None:
    clocks = ServerClocks()
    answer(clocks, Side.ERP, 0, NOW)
    answer(clocks, Side.ERP, 3_000, NOW + 10_000)
    smoothed = clocks.offset_ms(Side.ERP)
    assert smoothed is not None
    assert abs(smoothed) < 1_500
    answer(clocks, Side.ERP, 3_600_000, NOW + 20_000)
    jumped = clocks.offset_ms(Side.ERP)
    assert jumped is not None
    assert abs(jumped - 3_600_000) < 1_000
