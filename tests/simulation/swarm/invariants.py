"""The ten rules that nothing may break (design §6), and which check is about which. Written apart from the
product: judged by what both worlds hold, what people typed and deleted, what was sent, the outbox, and (for
what waits for a person, and for kept values) by what the workbench would show.

| rule | checks |
|---|---|
| 1 no duplicate | `at_rest.no_duplicates`; `always.Watch` (no create beside a sure match) |
| 2 no lost update | `at_rest.no_edit_is_lost`, `at_rest.policy_is_honoured` (I7) |
| 3 convergence | `at_rest.both_sides_agree`, `seed.settle` (rest comes at all) |
| 4 quiet | `seed.at_rest` (no writes, few calls), `bounded_writes` |
| 5 order | `always.Watch` (parent first, I6; one open op, I5), `at_rest.one_op_a_pair` |
| 6 nothing silently skipped | `at_rest.each_has_its_twin`, `at_rest.every_pair_is_decided`, \
`at_rest.deletes_are_answered`; `always.Watch.look` (conservation, I11) |
| 7 crash anywhere | every check, in every history that has crashes |
| 8 first-sync gate | `always.Watch` (old records shown first, I14, no create beside a sure match) |
| 9 missing is not deleted | `always.Watch` (nothing ended whose counterpart lives; the brake) |
| 10 one bad record | `at_rest.both_sides_agree` in histories where one record always fails |

Besides: I12 bounds and I13 cursors in `always.Watch.look`, I14 pauses in `always.Watch`, I15
`nothing_personal`.
"""

import re
from collections.abc import Callable

from tests.simulation.swarm import at_rest
from tests.simulation.swarm.desk import MARKER
from tests.simulation.swarm.ground import Ground
from tests.simulation.swarm.ledger import TOKEN

__all__ = ["AT_REST", "MARKER", "Ground", "bounded_writes", "nothing_personal"]

MOST_SENT = 40  # times that one value may be sent to one side, whatever fails on the way

Check = Callable[[Ground], list[str]]


def bounded_writes(ground: Ground) -> list[str]:
    """Rule 4: one edit costs a bounded number of writes, refused and unanswered ones counted."""
    return [
        f"{ground.ledger.typed_by[number].value!r} was sent {count} times to {side}"
        for (side, number), count in ground.ledger.sent.items()
        if count > MOST_SENT and number in ground.ledger.typed_by
    ]


def nothing_personal(logs: str) -> list[str]:
    """I15: no text that a person typed is in a log line."""
    return [f"a log line holds {found.group()}" for found in re.finditer(TOKEN, logs)][:3]


AT_REST: tuple[Check, ...] = (
    at_rest.no_duplicates,
    at_rest.each_has_its_twin,
    at_rest.both_sides_agree,
    at_rest.no_edit_is_lost,
    at_rest.policy_is_honoured,
    at_rest.deletes_are_answered,
    at_rest.one_op_a_pair,
    at_rest.every_pair_is_decided,
    bounded_writes,
)
