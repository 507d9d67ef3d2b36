"""A delivery that was moved to another organisation, or an order to another customer (semantics §3.3).

Pure. The pair's base remembers both parents under `customer`. In P1 a person decides; later the delivery is
moved back.
"""

from collections.abc import Mapping

import msgspec

from streamsync.model import Action, Agreed, Base, Kind, Outcome, Record, Side, Write
from streamsync.sync import document_parent, settle
from streamsync.sync.decision import Decision, FieldConflict
from streamsync.sync.documents import Document, header_paths
from streamsync.sync.lookup import Lookup
from streamsync.sync.phases import Phase
from streamsync.sync.rules import Rules

ROW = "customer"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`decision`: the step that must come first, if any; `base` and `conflicts`: what to keep otherwise."""

    decision: Decision | None = None
    base: Base = {}
    conflicts: tuple[FieldConflict, ...] = ()


def decide(
    crm: Record,
    document: Document,
    phase: Phase,
    base: Base,
    decided: Mapping[str, str],
    rules: Rules,
    look: Lookup,
) -> Change:
    """Whether both sides still name the same parent, and what to do if not."""
    parent = document_parent.of_document(document, rules, look)
    ours = crm.fields.get("DeliveryOrganisationId", "")
    if not parent.crm_id or parent.crm_id == ours:
        now = Agreed(crm=(ours,), erp=(parent.erp_id,))
        return Change(base={ROW: now} if parent.crm_id and base.get(ROW) != now else {})
    if phase is Phase.ENDED:
        return Change()
    agreed = base.get(ROW)
    target = document_parent.of_delivery(crm.fields, rules, look)
    number = target.customer.fields.get("number", "") if target.customer is not None else ""
    if (
        agreed == Agreed(crm=(ours,), erp=(target.erp_id,))
        and document.fields.get("customer.id", "") == number
    ):
        return Change()  # our own change of the order's customer, which no read has shown in full yet
    conflict = FieldConflict(
        row=ROW, reason="customer_changed", base=agreed.crm[0] if agreed else "", crm=ours, erp=parent.crm_id
    )
    erp_moved = agreed is not None and agreed.crm == (ours,) and rules.delivery.direction.reaches(Side.CRM)
    answer = decided.get(f"row:{ROW}", "")
    if erp_moved or phase is not Phase.OPEN or answer == "erp":
        return Change(
            decision=_move_back(crm, parent.crm_id, parent.erp_id, conflict, user_moved=not erp_moved)
        )
    if answer == "crm" and number:
        fields = header_paths({"customer.id": number}, document.kind)
        return Change(
            decision=Decision(
                outcome=Outcome.WRITTEN,
                rows={ROW: Agreed(crm=(ours,), erp=(target.erp_id,))},
                write=settle.update(document.raw, fields),
            )
        )
    return Change(conflicts=(conflict,))


def _move_back(
    crm: Record, organisation: str, customer: str, conflict: FieldConflict, *, user_moved: bool
) -> Decision:
    lost = (msgspec.structs.replace(conflict, winner="erp"),) if user_moved else ()
    return Decision(
        outcome=Outcome.WRITTEN,
        rows={ROW: Agreed(crm=(organisation,), erp=(customer,))},
        conflicts=lost,
        write=Write(
            side=Side.CRM,
            kind=Kind.DELIVERY,
            action=Action.MOVE,
            rid=crm.rid,
            fields={"DeliveryOrganisationId": organisation},
            expect={"DeliveryOrganisationId": crm.fields.get("DeliveryOrganisationId", "")},
        ),
    )
