"""A webCRM delivery on its way into the ERP: may it go, and as what (semantics §3.1, §3.2).

Pure. The conditions stand in the order of the table; the first that fails names the outcome. The create
carries the lines in its one POST, the marker `crm:delivery:<id>` and no number.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from streamsync.model import Action, Base, Entity, Fields, Kind, LineEdit, Outcome, Record, Side, Write
from streamsync.sync import (
    answers,
    delivery_message,
    delivery_number,
    document_parent,
    documents,
    header_view,
    line_items,
    line_values,
    money,
    order_types,
)
from streamsync.sync.decision import Decision
from streamsync.sync.document_parent import Parent
from streamsync.sync.line_view import DISCOUNT, PRICE, QUANTITY, CrmLine, crm_lines
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import create_fields
from streamsync.sync.rules import Rules

READY = "ReadyForSynchronization"
REFERENCE_LENGTH = 40  # customer.refNo (visma-api §4.4)
NOTE_LENGTH = 2048
LOOK_AGAIN_MS = 60_000


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of a delivery without an ERP document."""
    crm = view.crm
    if crm is None:
        return _wait("settling", now_ms)
    if not rules.delivery.direction.reaches(Side.ERP):
        return Decision(outcome=Outcome.FILTERED, reason="direction_off")
    if not gate_open(target(rules), Side.ERP, look):
        return Decision(outcome=Outcome.WAITING, reason="gate")
    ready = crm.fields.get("DeliveryErpStatus", "") == READY
    if view.erp_missing and not ready:
        return Decision(outcome=Outcome.FILTERED, reason="not_triggered")
    if (stop := _named_document(view, crm, look, ready=ready)) is not None:
        return stop
    if not ready and not new_enough(crm, rules, look):
        return Decision(outcome=Outcome.FILTERED, reason="before_start")
    if cancelled(crm, rules) or (not ready and not triggered(crm, rules)):
        return Decision(outcome=Outcome.FILTERED, reason="not_triggered")
    parent = document_parent.of_delivery(crm.fields, rules, look)
    if (stop := _parent_stop(parent, now_ms)) is not None:
        return stop
    if other := delivery_number.rival(crm, look):
        return delivery_number.locked(crm, other, now_ms)
    if (twin := _weak_match(view, crm, parent, rules, look)) is not None:
        return twin
    lines, leading = crm_lines(crm.lines, _header_percent(crm, rules), rules, look)
    if all(line.is_text or line_items.bare(line.raw) for line in lines):
        return Decision(outcome=Outcome.WAITING, reason="no_lines")
    due = quiet_ms(crm, view.pair.base, rules)
    if not ready and now_ms < due:
        return Decision(outcome=Outcome.WAITING, reason="settling", again_ms=due)
    return _checked(crm, parent, lines, leading, rules, look, now_ms)


def target(rules: Rules) -> Kind:
    return Kind.INVOICE if rules.delivery.target == "invoice" else Kind.ORDER


def gate_open(document: Kind, into: Side, look: Lookup) -> bool:
    """Whether both sides of deliveries and of organisations were read in full once (semantics §8)."""
    kinds = [
        (Side.CRM, Kind.DELIVERY),
        (Side.ERP, document),
        (Side.CRM, Kind.ORGANISATION),
        (Side.ERP, Kind.ORGANISATION),
    ]
    return all(look.complete(side, kind) for side, kind in kinds)


def new_enough(crm: Record, rules: Rules, look: Lookup) -> bool:
    """Row 4: not in the first complete scan, or made after the start (so a filled webCRM is not poured
    into the ERP).
    """
    if look.first_seen_ms(Side.CRM, Kind.DELIVERY, crm.rid) > look.first_scan_ms(Side.CRM, Kind.DELIVERY):
        return True
    made = max(stamp_ms(crm.fields.get(name, "")) for name in ("DeliveryCreatedAt", "DeliveryWonDate"))
    start = stamp_ms(rules.delivery.to_erp_from) or look.switched_on_ms(Entity.DELIVERY)
    return made >= start


def triggered(crm: Record, rules: Rules) -> bool:
    """Row 5. `automatic` ignores NotReadyForSynchronization: it is the untouched default."""
    delivery = rules.delivery
    match delivery.trigger:
        case "erp_status":
            return False  # READY was looked at before
        case "status":
            return crm.fields.get("DeliveryStatus", "") in delivery.trigger_values
        case "field":
            wanted = delivery.trigger_values or ("true", "Yes")
            return crm.fields.get(delivery.trigger_field, "") in wanted
    return True


def cancelled(crm: Record, rules: Rules) -> bool:
    """Whether a user chose the option that means cancel (semantics §3.4)."""
    field, option = rules.delivery.cancel_field, rules.delivery.cancel_option
    return bool(field and option) and crm.fields.get(field, "") == option


def quiet_ms(crm: Record, base: Base, rules: Rules) -> int:
    """When header and lines have rested long enough; our own message is no edit."""
    lines = (stamp_ms(line.fields.get("QuotationLineUpdatedAt", "")) for line in crm.lines)
    return max(delivery_message.edited_ms(crm, base), *lines, 0) + round(rules.delivery.quiet_seconds * 1000)


def stamp_ms(text: str) -> int:
    """Unix milliseconds of a canonical date or date-time, UTC; 0 for `""`."""
    if not text:
        return 0
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _named_document(view: View, crm: Record, look: Lookup, *, ready: bool) -> Decision | None:
    """Row 3: a delivery that names a document is linked to it, unless that one belongs to another delivery (a
    copied record). A document that no list shows was deleted: nothing is sent by itself.
    """
    named = crm.fields.get("DeliveryErpId", "").removeprefix("erp:")
    kind = {"order": Kind.ORDER, "invoice": Kind.INVOICE}.get(named.partition(":")[0])
    if kind is None or named == view.pair.erp_id or named in answers.parted(look.decided(view.pair.id)):
        return None
    pair = look.pair_of(Side.ERP, kind, named)
    if pair is not None:
        return None if pair.crm_id else Decision(outcome=Outcome.LINKED, link=pair.id)
    if ready:
        return None
    return Decision(outcome=Outcome.FILTERED, reason="not_triggered", detail={"document": named})


def _parent_stop(parent: Parent, now_ms: int) -> Decision | None:
    if parent.standing == document_parent.FILTERED:
        return Decision(outcome=Outcome.FILTERED, reason="parent_filtered")
    if parent.standing == document_parent.WAIT:
        return Decision(outcome=Outcome.WAITING, reason="parent")
    if parent.customer is not None and parent.customer.fields.get("status", "") == "Inactive":
        return Decision(
            outcome=Outcome.PARKED,
            reason="customer_status",
            detail={"status": "Inactive", "number": parent.customer.fields.get("number", "")},
            again_ms=now_ms + LOOK_AGAIN_MS,  # nobody tells a delivery of its customer
        )
    return None


def _weak_match(view: View, crm: Record, parent: Parent, rules: Rules, look: Lookup) -> Decision | None:
    """An unlinked order of the same number, customer and day may be this delivery: a person must say
    (semantics §1).
    """
    number = crm.fields.get("DeliveryNumber", "").strip()
    decided = look.decided(view.pair.id)
    if not number or target(rules) is not Kind.ORDER or "create_new" in decided:
        return None
    for found in look.candidates(Side.ERP, Kind.ORDER, "number", number.casefold()):
        order = documents.read(found.record, rules)
        pair = document_parent.customer_pair(order, look)
        if (
            not found.linked
            and not order.fields.get("customer.order", "").startswith("crm:delivery:")
            and pair is not None
            and pair.crm_id == parent.crm_id
            and order.date == crm.fields.get("DeliveryOrderDate", "")[:10]
        ):
            if decided.get("link") == found.record.rid and found.pair is not None:
                return Decision(outcome=Outcome.LINKED, link=found.pair.id)
            return Decision(
                outcome=Outcome.PARKED,
                reason="weak_match",
                state="ambiguous",
                detail={"candidate": order.rid},
            )
    return None


def _header_percent(crm: Record, rules: Rules) -> str:
    return crm.fields.get("DeliveryDiscount", "") if rules.order.header_discount == "fold" else ""


def _checked(
    crm: Record,
    parent: Parent,
    lines: Sequence[CrmLine],
    leading: str,
    rules: Rules,
    look: Lookup,
    now_ms: int,
) -> Decision:
    """Row 9, then the create."""
    kind = target(rules)
    goods = [line for line in lines if not line.is_text]
    if rules.order.header_discount == "park" and money.number(crm.fields.get("DeliveryDiscount", "")):
        return _park(
            "rejected",
            field="DeliveryDiscount",
            value=crm.fields["DeliveryDiscount"],
            problem="The delivery has a discount in its header (order.header_discount = park).",
        )
    for line in goods:
        lack = line_values.problem(line, rules, invoice=kind is Kind.INVOICE)
        if lack is not None and lack.wait:
            return Decision(
                outcome=Outcome.WAITING, reason="item", detail=lack.detail, again_ms=now_ms + LOOK_AGAIN_MS
            )
        if lack is not None:
            return Decision(outcome=Outcome.PARKED, reason=lack.reason, detail=lack.detail)
    total = sum(
        (money.line_total(line.view[QUANTITY], line.view[PRICE], line.view[DISCOUNT]) for line in goods),
        Decimal(0),
    )
    if total < 0:
        return _park("negative_total", value=money.plain(total))
    header = header_view.header(crm.fields, {}, leading, rules, look)
    fields, rows, lacks = create_fields(header.creates, header.crm, Side.ERP, header.context)
    if (stop := _header_stop(fields, [(lack.row, lack.field) for lack in lacks])) is not None:
        return stop
    codecs = header_view.compiled(rules.line.map, rules, look)
    inserts: list[LineEdit] = []
    for line in goods:
        edit, agreed, line_lacks = line_values.erp_insert(line, codecs, rules, header.context)
        if line_lacks:
            return _park("unmapped_value", line=str(line.rank), field=line_lacks[0].field)
        inserts.append(edit)
        rows |= agreed
    fields = {path: text for path, text in fields.items() if text}
    if leading and not any("note" in row.erp for row in rules.delivery.map):
        fields["note"] = leading[:NOTE_LENGTH]
    return _create(crm, parent, kind, fields, inserts, rows, rules, look)


def _header_stop(fields: Fields, lacks: Sequence[tuple[str, str]]) -> Decision | None:
    for row, field in lacks:
        if field in ("DeliveryResponsible", "salesPerson.id"):
            continue
        if field in ("DeliveryCurrencyName", "currencyId"):
            return _park("currency", row=row, field=field)
        return _park("unmapped_value", row=row, field=field)
    if len(fields.get("customer.refNo", "")) > REFERENCE_LENGTH:
        return _park("key_too_long", field="customer.refNo", limit=str(REFERENCE_LENGTH))
    return None


def _create(
    crm: Record,
    parent: Parent,
    kind: Kind,
    fields: Fields,
    inserts: list[LineEdit],
    rows: Base,
    rules: Rules,
    look: Lookup,
) -> Decision:
    customer = parent.customer.fields if parent.customer is not None else {}
    marker = f"crm:delivery:{crm.rid}"
    if fields.get("currencyId") and fields["currencyId"] == customer.get("currencyId"):
        del fields["currencyId"]
    number = customer.get("number", "")
    fields = header_view.constants(rules.delivery.map) | fields
    fields |= {"customer.id": number, "customer.order": marker}
    if kind is Kind.ORDER:
        fields["type"] = order_types.chosen(fields.get("type", ""), rules, look)
        if (unfit := order_types.unfit(fields["type"], look)) is not None:
            return unfit
        if rules.order.create_status in ("Open", "Hold"):
            fields["status"] = rules.order.create_status
    else:
        fields.pop("type", None)
        fields["hold"] = "true" if rules.invoice.on_create == "hold" else "false"
    edits = tuple(
        msgspec.structs.replace(edit, fields=documents.line_paths(edit.fields, kind)) for edit in inserts
    )
    hint = "customer.id" if kind is Kind.ORDER else "customer.number"
    return Decision(
        outcome=Outcome.CREATED,
        rows=rows,
        write=Write(
            side=Side.ERP,
            kind=kind,
            action=Action.CREATE,
            fields=documents.header_paths(fields, kind),
            lines=edits,
            marker=marker,
            hints={hint: number},
        ),
    )


def _park(reason: str, **detail: str) -> Decision:
    return Decision(outcome=Outcome.PARKED, reason=reason, detail=detail)


def _wait(reason: str, now_ms: int) -> Decision:
    return Decision(outcome=Outcome.WAITING, reason=reason, again_ms=now_ms + LOOK_AGAIN_MS)
