"""Deliveries and their orders (or invoices): which part of the road a pair is on (semantics §3).

Pure; called by `sync.decide` only. A half pair is a delivery that may go out (`delivery_create`) or an
order that may come in (`delivery_incoming`); a linked one is merged (`handed_over`).
"""

import msgspec

from streamsync.model import Direction, Kind, Outcome, Pair, Side
from streamsync.sync import (
    answers,
    delivery_create,
    delivery_gone,
    delivery_incoming,
    delivery_message,
    document_parent,
    documents,
    handed_over,
    named,
    order_types,
    rejections,
)
from streamsync.sync.decision import Decision
from streamsync.sync.delivery_create import READY
from streamsync.sync.documents import Document
from streamsync.sync.linked_case import Case, attached_documents
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rules import Rules

LOOK_AGAIN_MS = 60_000


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of a delivery pair."""
    pair = view.pair
    if rules.delivery.direction is Direction.OFF:
        return Decision(outcome=Outcome.FILTERED, reason="direction_off")
    if excluded(view, look):
        return Decision(outcome=Outcome.FILTERED, reason="not_triggered", state="excluded")
    if view.crm_missing:
        return delivery_gone.decide(view, rules, look, now_ms)
    again = (
        view.erp_missing and view.crm is not None and view.crm.fields.get("DeliveryErpStatus", "") == READY
    )
    if not pair.erp_id or again:
        return _outgoing(view, rules, look, now_ms)
    if view.erp is None:
        return read_first(view, now_ms)
    document = documents.read(view.erp, rules)
    if not pair.crm_id:
        return _incoming(view, document, rules, look, now_ms)
    if view.crm is None:
        return Decision(outcome=Outcome.WAITING, reason="settling", again_ms=now_ms + LOOK_AGAIN_MS)
    if view.erp.partial and not view.erp_missing:
        return read_first(view, now_ms)
    return linked(view, document, rules, look, now_ms)


def _outgoing(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """A delivery without a document: sent, or told why not."""
    decision = delivery_create.decide(view, rules, look, now_ms)
    if view.crm is None:
        return decision
    parent = document_parent.of_delivery(view.crm.fields, rules, look)
    customer = parent.customer.fields if parent.customer is not None else {}
    around = f"{customer.get('status', '')} {customer.get('currencyId', '')}"
    decision = rejections.create_held_back(decision, view, around, now_ms + LOOK_AGAIN_MS)
    quiet = delivery_create.quiet_ms(view.crm, view.pair.base, rules)
    return delivery_message.told(decision, view.crm, view.pair.base, quiet, rules, look, now_ms)


def excluded(view: View, look: Lookup) -> bool:
    """Whether a person took this pair out."""
    return view.pair.state == "excluded" or "exclude" in look.decided(view.pair.id)


def linked(view: View, document: Document, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """A delivery and its document, both seen."""
    assert view.crm is not None
    parent = document_parent.of_delivery(view.crm.fields, rules, look)
    home = document_parent.of_document(document, rules, look)
    if not _agreed(view) and home.crm_id and home.crm_id != view.crm.fields.get("DeliveryOrganisationId", ""):
        return Decision(outcome=Outcome.PARKED, reason="key_contradiction", state="ambiguous")
    decision = handed_over.decide(
        Case(
            view=view,
            crm=view.crm,
            document=document,
            rules=rules,
            look=look,
            now_ms=now_ms,
            missing=view.erp_missing,
            attached=attached_documents(view.pair.id, rules, look),
            in_scope=parent.standing != document_parent.FILTERED,
        )
    )
    if not decision.state and view.pair.state in ("deleting", "deleted", "ambiguous"):
        decision = msgspec.structs.replace(decision, state="active")  # it is there again
    return _cancelled(view, document, decision, rules, look)


def _cancelled(view: View, document: Document, decision: Decision, rules: Rules, look: Lookup) -> Decision:
    """A user chose to cancel: as if the delivery were deleted, but what it shows goes on being kept true."""
    if view.crm is None or view.erp_missing or not delivery_create.cancelled(view.crm, rules):
        return decision
    cancel = delivery_gone.answered(view, document, "cancelled", rules, look)
    if cancel.write is not None:
        return msgspec.structs.replace(cancel, state="")
    write = decision.write if decision.write is not None and decision.write.side is Side.CRM else None
    if write is not None:
        return msgspec.structs.replace(decision, conflicts=(*decision.conflicts, *cancel.conflicts))
    return msgspec.structs.replace(
        cancel, state="", base=cancel.base if cancel.base is not None else decision.base
    )


def _agreed(view: View) -> bool:
    """Whether the two sides ever agreed on a row; what a half pair remembers of itself does not count."""
    return any(
        row != delivery_message.TOLD and not row.startswith(rejections.REFUSED) for row in view.pair.base
    )


def read_first(view: View, now_ms: int) -> Decision:
    """The document is known by its key only, or by a list row without lines."""
    kind = Kind.INVOICE if view.pair.erp_id.startswith("invoice:") else Kind.ORDER
    return Decision(
        outcome=Outcome.WAITING,
        reason="order",
        again_ms=now_ms + LOOK_AGAIN_MS,
        want_read=((kind, view.pair.erp_id),),
    )


def _incoming(view: View, document: Document, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """An order of the ERP without a delivery."""
    if view.erp_missing:
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    if (stop := order_types.coming(document, rules, look)) is not None:
        return stop
    if going := named_delivery(document, look):
        return Decision(
            outcome=Outcome.WAITING,
            reason="order",
            again_ms=now_ms + LOOK_AGAIN_MS,
            detail={"delivery": going},
        )
    if document.raw.partial:
        return read_first(view, now_ms)
    if (holder := _own_invoice(document, look)) is not None:
        return Decision(outcome=Outcome.LINKED, link=holder.id)
    if (wait := named.awaited(document.raw, rules, look, now_ms)) is not None:
        return wait
    return delivery_incoming.create(view, document, rules, look, now_ms)


def _own_invoice(order: Document, look: Lookup) -> Pair | None:
    """The pair of an invoice of this order that got a delivery of its own before the order was in scope: that
    delivery becomes the order's (semantics §3.6). `@order` is the store's reference key.
    """
    found = look.candidates(Side.ERP, Kind.INVOICE, "@order", f"rid:{order.rid}")
    return next((one.pair for one in found if one.pair is not None and one.pair.crm_id), None)


def named_delivery(document: Document, look: Lookup) -> str:
    """The delivery that this document's marker names, while that one has no document yet: it is being
    adopted.
    """
    marker = document.fields.get("customer.order", "")
    if not marker.startswith("crm:delivery:"):
        return ""
    rid = marker.removeprefix("crm:delivery:")
    pair = look.pair_of(Side.CRM, Kind.DELIVERY, rid)
    if pair is None or document.rid in answers.parted(look.decided(pair.id)):
        return ""
    return rid if not pair.erp_id or pair.outcome == Outcome.CREATED else ""
