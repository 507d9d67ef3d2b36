"""Planted bugs in what holds the daemon back: gates, parents, policies, brakes, pauses.

Each function gives one patch that takes one rule away. Nothing of it is in the product.
"""

from typing import Any
from unittest import mock

from actors import mapper
from streamsync.model import Side
from streamsync.store import brake, lookup, meta, oscillation, outbox
from streamsync.sync import merge, person_home


def no_gate() -> Any:
    """Creates before both sides were read in full."""
    return mock.patch.object(lookup.StoreLookup, "complete", return_value=True)


def plan_is_not_asked_for() -> Any:
    return mock.patch.object(mapper.Mapper, "_accepted", return_value=True)


def no_brake() -> Any:
    def admit(_conn: Any, _name: str, _pair: Any, decision: Any, now_ms: int) -> Any:
        return decision, now_ms

    return mock.patch.object(brake, "admit", admit)


def no_oscillation_brake() -> Any:
    return mock.patch.object(oscillation, "watch", return_value=None)


def no_pause() -> Any:
    """A pause is kept and shown, and nothing heeds it."""
    return mock.patch.object(meta, "pauses", return_value=[])


def pause_is_not_asked_at_the_send() -> Any:
    head, _, rest = outbox.CLAIM.partition(" AND NOT EXISTS(SELECT 1 FROM meta")
    tail = rest.partition(" AND NOT EXISTS(SELECT 1 FROM pair")
    return mock.patch.object(outbox, "CLAIM", head + tail[1] + tail[2])


def no_wait_for_the_parent() -> Any:
    """A person whose organisation is not over there yet is created all the same."""
    whole: Any = person_home.of_pair

    def of_pair(pair: Any, rules: Any, look: Any) -> Any:
        home = whole(pair, rules, look)
        if home.stop is not None and home.stop.reason == "parent" and pair is not None:
            return person_home.Home(pair=pair)
        return home

    return mock.patch.object(person_home, "of_pair", of_pair)


def the_other_side_wins() -> Any:
    """The policy of a field is turned round."""
    whole: Any = merge._Work.owner
    other = {side.value: side.other.value for side in Side}

    def owner(self: Any, row: Any) -> str:
        found = str(whole(self, row))
        return other.get(found, found)

    return mock.patch.object(merge._Work, "owner", owner)
