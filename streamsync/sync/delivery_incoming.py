"""An ERP order or invoice that gets a delivery of its own in webCRM (semantics §3.6, §3.7).

Pure. Header first, without a number; the lines follow in a write of their own, then the number. Items are
looked at before the header goes, so that a delivery does not stand empty for want of one.
"""

from streamsync.model import Action, Agreed, Base, Fields, Kind, Outcome, Side, Write
from streamsync.sync import document_parent, feedback, header_view, line_items, phases
from streamsync.sync.decision import Decision
from streamsync.sync.delivery_create import LOOK_AGAIN_MS, gate_open
from streamsync.sync.documents import Document
from streamsync.sync.line_view import erp_lines
from streamsync.sync.linked_case import attached_documents, state_fields
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import create_fields, texts_of
from streamsync.sync.rules import Rules


def create(view: View, document: Document, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The delivery for this document, or why not yet. Whether it should come at all was decided by the
    caller.
    """
    if not gate_open(document.kind, Side.CRM, look):
        return Decision(outcome=Outcome.WAITING, reason="gate")
    parent = document_parent.of_document(document, rules, look)
    if parent.standing == document_parent.FILTERED:
        return Decision(outcome=Outcome.FILTERED, reason="parent_filtered")
    if parent.standing == document_parent.WAIT:
        return Decision(
            outcome=Outcome.WAITING,
            reason="parent",
            detail={"customer": document.fields.get("customer.id", "")},
        )
    for line in erp_lines(document, rules, look):
        if line.item.row is None and line.item.sort != line_items.TEXT:
            number = line.item.number or rules.line.placeholder
            return Decision(
                outcome=Outcome.WAITING,
                reason="item",
                again_ms=now_ms + LOOK_AGAIN_MS,
                demand=(number,),
                detail={"line": str(line.rank), "item": number, "pair": str(line.item.pair)},
            )
    attached = attached_documents(view.pair.id, rules, look)
    return _write(document, attached, parent.crm_id, rules, look, now_ms)


def _write(
    document: Document,
    attached: tuple[Document, ...],
    organisation: str,
    rules: Rules,
    look: Lookup,
    now_ms: int,
) -> Decision:
    word = phases.word(document, attached)
    erp = document.fields | feedback.derived(document, attached, rules)
    header = header_view.header({}, erp, "", rules, look)
    fields, rows, lacks = create_fields(header.values, erp, Side.CRM, header.context)
    wanted = [lack for lack in lacks if lack.field not in ("salesPerson.id", "DeliveryResponsible")]
    if wanted:
        reason = "currency" if wanted[0].field in ("currencyId", "DeliveryCurrencyName") else "unmapped_value"
        return Decision(
            outcome=Outcome.PARKED, reason=reason, detail={"row": wanted[0].row, "field": wanted[0].field}
        )
    facts = feedback.put_back(header.facts, {}, erp, {}, header.context, feedback.of_settings(rules))
    own = feedback.settings_fields(word, "", {}, {}, rules)
    user = str(rules.delivery.default_user)
    marker = f"erp:{document.rid}"
    out: Fields = {
        "DeliveryOrganisationId": organisation,
        "DeliveryPersonId": "0",
        "DeliveryResponsible": user,
        "DeliveryAssignedTo": user,
        "DeliveryAssignedTo2": user,
    }
    planned = header_view.translated({name: text for name, text in fields.items() if text}, look)
    out |= planned | facts.fields | own.fields | state_fields(marker, now_ms)
    out.pop("DeliveryNumber", None)
    agreed: Base = rows | facts.rows | own.rows
    agreed |= {
        codec.row.id: Agreed(crm=(user,), erp=texts_of(codec.row.erp, erp))  # a user of ours is nobody's edit
        for codec in header.values
        if codec.row.crm == ("DeliveryResponsible",) and out["DeliveryResponsible"] == user
    }
    return Decision(
        outcome=Outcome.CREATED,
        rows=agreed,
        write=Write(
            side=Side.CRM,
            kind=Kind.DELIVERY,
            action=Action.CREATE,
            fields=out,
            marker=marker,
            hints={"DeliveryOrganisationId": organisation},
        ),
    )
