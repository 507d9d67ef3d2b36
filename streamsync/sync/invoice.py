"""Invoices, credit notes and cash sales: attached to the deliveries of their orders, or deliveries of their
own (semantics §3.6).

Pure; called by `sync.decide` only. An attached pair keeps `crm_id` empty. Every decision names its
deliveries again, so that they are decided anew when number, status or balance moved.
"""

import msgspec

from streamsync.model import Direction, Kind, Outcome, Pair, Record, Side
from streamsync.sync import delivery, delivery_gone, delivery_incoming, documents, in_currency, order_types
from streamsync.sync.decision import Decision, Finding
from streamsync.sync.documents import NEGATIVE, SALES, Document
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rules import Rules

LOOK_AGAIN_MS = 60_000
ORDER_PATIENCE_MS = 3_600_000  # how long a fresh invoice waits for an order that no list has shown yet


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of an invoice pair."""
    if rules.delivery.direction is Direction.OFF:
        return Decision(outcome=Outcome.FILTERED, reason="direction_off")
    if delivery.excluded(view, look):
        return Decision(outcome=Outcome.FILTERED, reason="not_triggered", state="excluded")
    if view.erp is None:
        return Decision(outcome=Outcome.WAITING, reason="settling", again_ms=now_ms + LOOK_AGAIN_MS)
    document = documents.read(view.erp, rules)
    if view.crm_missing:
        return delivery_gone.decide(view, rules, look, now_ms)
    document = msgspec.structs.replace(document, orders=_orders(document, look))
    proven = in_currency.proof(document, document.orders, look)
    blocked = in_currency.stop(document, proven, rules, look)
    decision = blocked or _decided(view, document, rules, look, now_ms)
    return msgspec.structs.replace(decision, in_currency=proven) if proven else decision


def _decided(view: View, document: Document, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    assert view.erp is not None
    if view.pair.crm_id:
        if view.crm is None:
            return Decision(outcome=Outcome.WAITING, reason="settling", again_ms=now_ms + LOOK_AGAIN_MS)
        if view.erp.partial and not view.erp_missing:
            return delivery.read_first(view, now_ms)
        return delivery.linked(view, document, rules, look, now_ms)
    if (stop := _sort_stop(document, rules)) is not None:
        return stop
    if (attached := _attached(view, document, rules, look, now_ms)) is not None:
        return attached
    if view.erp_missing:
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    if (stop := _own_stop(document, rules, look, now_ms)) is not None:
        return stop
    return delivery_incoming.create(view, document, rules, look, now_ms)


def _orders(document: Document, look: Lookup) -> tuple[str, ...]:
    """The orders that the document bills: those its lines name, else those that name it."""
    if document.orders or document.type in NEGATIVE:
        return document.orders
    customer = document.fields.get("customer.id", "")
    named = look.candidates(Side.ERP, Kind.ORDER, "@invoice", f"rid:{document.rid}")
    return tuple(
        one.record.rid
        for one in named
        if one.record.fields.get("customer.id", "") == customer
        and order_types.unfit(one.record.fields.get("type", ""), look) is None
    )


def _sort_stop(document: Document, rules: Rules) -> Decision | None:
    """Kinds of documents that are no sales, or switched off."""
    if document.type not in SALES:
        return Decision(outcome=Outcome.FILTERED, reason="not_a_sale", detail={"type": document.type})
    off = (document.type == "CreditNote" and rules.invoice.credit_notes == "off") or (
        document.type in ("CashSale", "CashReturn") and rules.invoice.cash_sales == "off"
    )
    return (
        Decision(outcome=Outcome.FILTERED, reason="document_type", detail={"type": document.type})
        if off
        else None
    )


def _attached(view: View, document: Document, rules: Rules, look: Lookup, now_ms: int) -> Decision | None:
    """Attached to the deliveries of its orders, or waiting for one of them; None if it stands alone."""
    if document.type in NEGATIVE:
        return _attached_credit(view, document, rules, look, now_ms)
    linked: list[Pair] = []
    expected: list[str] = []
    for rid in document.orders:
        pair = look.pair_of(Side.ERP, Kind.ORDER, rid)
        if pair is not None and pair.crm_id:
            linked.append(pair)
        elif _expected(rid, pair, document, rules, look, now_ms):
            expected.append(rid)
    if not document.orders and (held := look.attached_deliveries(view.pair.id)):
        linked += held  # the order's shipments named it once; the next read of the order may not show them
    if linked:
        rest = [
            rid.removeprefix("order:") for rid in document.orders if rid not in {p.erp_id for p in linked}
        ]
        findings = (Finding(code="other_orders", field="soOrderNbr", text=", ".join(rest)),) if rest else ()
        return _attach(view, tuple(pair.id for pair in linked), look, findings)
    if expected:
        return Decision(
            outcome=Outcome.WAITING,
            reason="order",
            detail={"order": expected[0]},
            again_ms=now_ms + LOOK_AGAIN_MS,
            want_read=tuple((str(Kind.ORDER), rid) for rid in expected),
        )
    return None


def _expected(
    rid: str, pair: Pair | None, document: Document, rules: Rules, look: Lookup, now_ms: int
) -> bool:
    """Whether the order will come as a delivery: then it goes first."""
    if not rules.delivery.direction.reaches(Side.CRM) or rules.delivery.source == "invoice":
        return False
    if rid.removeprefix("order:").partition("/")[0] not in {one.upper() for one in rules.order.types}:
        return False
    record: Record | None = look.record(Side.ERP, Kind.ORDER, rid) if pair is not None else None
    if pair is not None and record is not None:
        gone = pair.state in ("excluded", "deleted") or pair.outcome == "filtered"
        return not gone and order_types.in_window(documents.read(record, rules), rules, look)
    if not look.complete(Side.ERP, Kind.ORDER):
        return True
    fresh = document.raw.updated_ms >= look.first_scan_ms(Side.ERP, Kind.ORDER)
    return fresh and now_ms - document.raw.updated_ms < ORDER_PATIENCE_MS


def _attached_credit(
    view: View, document: Document, rules: Rules, look: Lookup, now_ms: int
) -> Decision | None:
    """Credit notes stand alone unless the rules hang them on the original's delivery."""
    if rules.invoice.credit_notes != "attach" or document.type != "CreditNote":
        return None
    pairs = [look.pair_of(Side.ERP, Kind.ORDER, rid) for rid in document.orders]
    originals = [
        f"invoice:Invoice/{row['refNbr']}"
        for row in documents.applications(document.raw)
        if row.get("refNbr")
    ]
    for rid in originals if not any(pairs) else ():
        original = look.pair_of(Side.ERP, Kind.INVOICE, rid)
        if original is not None:
            pairs += (
                [original] if original.crm_id else list(look.attached_deliveries(original.id)) or [original]
            )
    known = [pair for pair in pairs if pair is not None]
    if found := tuple(dict.fromkeys(pair.id for pair in known if pair.crm_id)):
        return _attach(view, found, look, ())
    if any(pair.outcome not in ("filtered", "parked") for pair in known):
        again = now_ms + LOOK_AGAIN_MS
        return Decision(
            outcome=Outcome.WAITING, reason="order", detail={"document": known[0].erp_id}, again_ms=again
        )
    return Decision(outcome=Outcome.FILTERED, reason="document_type", detail={"type": document.type})


def _attach(view: View, deliveries: tuple[int, ...], look: Lookup, findings: tuple[Finding, ...]) -> Decision:
    before = {pair.id for pair in look.attached_deliveries(view.pair.id)}
    outcome = Outcome.IN_SYNC if before == set(deliveries) else Outcome.LINKED
    return Decision(outcome=outcome, attach=deliveries, findings=findings)


def _own_stop(document: Document, rules: Rules, look: Lookup, now_ms: int) -> Decision | None:
    """Why a document does not get a delivery of its own."""
    if going := delivery.named_delivery(document, look):
        return Decision(
            outcome=Outcome.WAITING,
            reason="order",
            again_ms=now_ms + LOOK_AGAIN_MS,
            detail={"delivery": going},
        )
    if not rules.delivery.direction.reaches(Side.CRM):
        return Decision(outcome=Outcome.FILTERED, reason="direction_off")
    if rules.delivery.source == "order":
        return Decision(outcome=Outcome.FILTERED, reason="source_off")
    if rules.invoice.history_from and document.date < rules.invoice.history_from[:10]:
        return Decision(outcome=Outcome.FILTERED, reason="before_start")
    if not document.released and document.state != "voided" and rules.invoice.include_unreleased != "all":
        return Decision(outcome=Outcome.FILTERED, reason="unreleased", detail={"status": document.status})
    if document.state == "voided":
        return Decision(outcome=Outcome.FILTERED, reason="not_a_sale", detail={"status": document.status})
    return None
