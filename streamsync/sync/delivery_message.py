"""The message on a delivery that has no document yet: why it waits or is parked, in plain words (semantics
D21).

Pure; `delivery.decide` passes each decision about such a delivery through `told`. Nobody is disturbed while
typing: the message comes once the delivery is quiet. What was written, and when a user had edited last before
it, is remembered in the pair's base under `told`, so that our own write never counts as an edit (§3.1 row 8).
"""

import msgspec

from streamsync.model import Action, Agreed, Base, Kind, Outcome, Record, Side, Write
from streamsync.sync import reasons
from streamsync.sync.decision import Decision
from streamsync.sync.delivery_words import cut, length
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

TOLD = "told"
READY = "ReadyForSynchronization"
PATIENCE_MS = 30_000  # the lines come with a feed of their own, and a parent is often made in the same minute
_PASSING = frozenset(("settling", "gate", "lookups"))  # over in a moment: not worth a write


def edited_ms(crm: Record, base: Base) -> int:
    """When a user last edited the header: the server's stamp, unless the last writer was our message."""
    known = base.get(TOLD)
    return int(known.erp[0]) if known is not None and crm.by_us else crm.updated_ms


def told(
    decision: Decision, crm: Record, base: Base, quiet_ms: int, rules: Rules, look: Lookup, now_ms: int
) -> Decision:
    """The decision, with the write of its message where the field says something else. `quiet_ms`: when the
    delivery counts as quiet."""
    field = rules.delivery.message_field
    if not field or field not in crm.fields or decision.write is not None or decision.link:
        return decision
    if decision.reason in _PASSING or decision.reason == "number_locked":
        return decision  # of two deliveries with one number neither can be written
    held = crm.fields[field]
    wanted = message(decision, rules, length(rules, look))
    if not wanted and (TOLD not in base or base[TOLD].crm != (held,)):
        return decision  # what stands there is not ours
    if wanted == held:
        return decision
    quiet_ms = max(quiet_ms, edited_ms(crm, base) + PATIENCE_MS)
    if now_ms < quiet_ms and crm.fields.get("DeliveryErpStatus", "") != READY:
        again = min(decision.again_ms, quiet_ms) if decision.again_ms else quiet_ms
        return msgspec.structs.replace(decision, again_ms=again)
    write = Write(
        side=Side.CRM,
        kind=Kind.DELIVERY,
        action=Action.UPDATE,
        rid=crm.rid,
        fields={field: wanted},
        expect={field: held},
        notices=(field,),
    )
    memory = {TOLD: Agreed(crm=(wanted,), erp=(str(edited_ms(crm, base)),))}
    return msgspec.structs.replace(decision, write=write, rows=memory)


def message(decision: Decision, rules: Rules, limit: int) -> str:
    """What the field should say of this decision; "" where there is nothing to tell."""
    if decision.outcome not in (Outcome.PARKED, Outcome.WAITING):
        return ""
    text = reasons.sentence(decision.reason, decision.detail, rules.webcrm.language)
    return cut(text, limit)
