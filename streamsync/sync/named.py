"""A half whose marker names a record that nobody has read (semantics §1: never created again).

After a restored copy of the store one side's list may be read before the other's, and our own counterpart is
not known yet. So the half waits and the named record is asked for; what has not shown itself by then was
never there, or is gone for good. Pure.
"""

from streamsync.model import Kind, Outcome, Record, Side
from streamsync.sync import identity
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

WAIT_MS = 900_000
AGAIN_MS = 60_000


def awaited(record: Record, rules: Rules, look: Lookup, now_ms: int) -> Decision | None:
    """Wait for the record that this one's marker names; None where it is known, or was waited for."""
    marker = identity.marker_in(record, rules)
    if not marker:
        return None
    _, kind, rid = marker.split(":", 2)
    side = record.side.other
    known = look.record(side, Kind(kind), rid) is not None or look.pair_of(side, Kind(kind), rid) is not None
    if known or now_ms - look.first_seen_ms(record.side, record.kind, record.rid) >= WAIT_MS:
        return None
    return Decision(
        outcome=Outcome.WAITING,
        reason="settling",
        again_ms=now_ms + AGAIN_MS,
        want_read=((kind, rid),) if side is Side.ERP else (),
    )
