"""What a system's refusal means in our closed words (semantics §3.2, §3.3; visma-api §7.2), and what a pair
remembers of it.

Pure. `meaning` is asked when an answer comes in; `Refusals` when a document is decided again.
"""

from hashlib import blake2b

import msgspec

from streamsync.model import Action, Agreed, Base, Lane, Op, Outcome, Side, Write
from streamsync.sync.decision import PARKED, Decision
from streamsync.sync.lookup import View

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


REFUSED = "refused:"
CREATE, CUSTOMER, DELETED = "create", "customer", "deleted"


class Refusal(msgspec.Struct, frozen=True):
    reason: str
    text: str  # the ERP's own words

    @property
    def locked(self) -> bool:
        return self.reason == "locked_edit"


class Refusals:
    """What the ERP refused of a document, so that it is neither sent again unchanged nor forgotten.

    A unit is a header row (`D4`), a line (`@9001`), `customer`, `create` or `deleted`; `print` says what it
    was when it was refused. A refusal holds until the print or the phase changes, or somebody asks to try
    again (`again`). `memory` is what the pair's base has to keep of it."""

    def __init__(self, base: Base, op: Op | None, phase: str = "", *, again: bool = False) -> None:
        self.memory: Base = {}
        self._base, self._phase, self._again = base, phase, again
        counts = op is not None and (op.error_class in PARKED or op.error_class == "locked_edit")
        self._fresh = _units(op) if op is not None and counts else frozenset()
        self._answer = Refusal(op.error_class, op.error) if op is not None else Refusal("", "")

    def of(self, unit: str, print_: str) -> Refusal | None:
        """Why the ERP refused this unit as it is now; None if it may be sent."""
        name = REFUSED + unit
        if unit in self._fresh:
            self.memory[name] = Agreed(
                crm=(print_,), erp=(self._phase, self._answer.reason, self._answer.text)
            )
            return self._answer
        known = self._base.get(name)
        if known is None or known.crm != (print_,) or known.erp[0] != self._phase or self._again:
            return None
        self.memory[name] = known
        return Refusal(known.erp[1], known.erp[2])

    def remembered(self) -> Base:
        """The pair's base with the refusals that hold now, and none that held before."""
        kept = {row: agreed for row, agreed in self._base.items() if not row.startswith(REFUSED)}
        return kept | self.memory


def _units(op: Op) -> frozenset[str]:
    write = op.write
    if write.action is Action.CREATE:
        return frozenset((CREATE,))
    if write.action is Action.LINES:
        return frozenset(f"@{edit.twin}" for edit in write.lines)
    return frozenset(op.rows) or frozenset((DELETED,))


def print_of(write: Write) -> str:
    """What a write says, in short."""
    return blake2b(msgspec.json.encode((write.fields, write.lines)), digest_size=12).hexdigest()


def asked_again(view: View) -> bool:
    """Whether a person wants the ERP to be asked once more: `retry`, or the user's own mark."""
    interactive = view.pair.dirty > 0 and view.pair.lane is Lane.INTERACTIVE
    ready = view.crm is not None and view.crm.fields.get("DeliveryErpStatus", "") == "ReadyForSynchronization"
    return interactive or (ready and bool(view.pair.erp_id) and not view.erp_missing)


def create_held_back(decision: Decision, view: View, around: str, again_ms: int) -> Decision:
    """A create that the ERP refused as it stands is not sent again: the answer parks the delivery. `around`:
    what else the answer rested on (the customer's status); it is looked at again at `again_ms`."""
    write = decision.write
    if write is None or write.side is not Side.ERP or write.action is not Action.CREATE:
        return decision
    refusals = Refusals(view.pair.base, view.refused, again=asked_again(view))
    refused = refusals.of(CREATE, f"{print_of(write)} {around}")
    if refused is None:
        return decision
    return Decision(
        outcome=Outcome.PARKED,
        reason="rejected" if refused.locked else refused.reason,
        detail={"problem": refused.text},
        base=refusals.remembered(),
        again_ms=again_ms,
    )
