"""What a system's refusal means in our closed words (semantics §3.2, §3.3; visma-api §7.2)."""

from streamsync.model import Outcome

LOCKED_CODES = frozenset("0005 1810 1811 1812 1818 1819 1823 1825 405".split())
MOVED_CODES = frozenset(("number_taken",))

_PARKED = {
    "1407": "customer_status",
    "1408": "currency",
    "1601": "period_closed",
    "1602": "period_closed",
    "1803": "unknown_item",
    "1804": "unknown_item",
    "1809": "negative_quantity",
    "0001": "required_field",
    "1401": "required_field",
    "0002": "key_too_long",
}


def meaning(code: str) -> tuple[Outcome, str]:
    """The outcome and reason for a `Rejected` write with this code; `rejected` where no closer word
    exists."""
    number = code.partition("-")[0]
    if number in LOCKED_CODES:
        return Outcome.CONFLICT, "locked_edit"
    return Outcome.PARKED, _PARKED.get(number, "rejected")


def worth_replanning(code: str) -> bool:
    """Whether the answer says that the plan rested on an old view, so that a fresh one may succeed by
    itself."""
    return code in MOVED_CODES
