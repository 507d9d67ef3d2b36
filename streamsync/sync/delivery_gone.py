"""A delivery that is gone from webCRM, or was cancelled there, while its ERP document lives (semantics §3.4).

Pure. It is never made anew by itself. While the document is open a person decides
(`delivery.on_crm_delete`, or the answer stored under `deleted`); later the document is not touched, and the
pair only says so. A delivery that was converted back to an opportunity is treated alike, but is not
called deleted.
"""

from streamsync.model import Action, Kind, Outcome, Side, Write
from streamsync.sync import delivery_incoming, documents, phases, rejections
from streamsync.sync.decision import Decision, FieldConflict, Finding
from streamsync.sync.documents import Document
from streamsync.sync.linked_case import attached_documents
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.rules import Rules

OPPORTUNITY = "converted"
"""The mark that the store puts into the shadow of a delivery that now is an opportunity (store/scans.py)."""


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The delivery does not exist in webCRM any more."""
    converted = view.crm is not None and bool(view.crm.fields.get(OPPORTUNITY, ""))
    if not view.pair.erp_id or view.erp_missing or view.erp is None:
        if converted and not view.pair.erp_id:
            return Decision(outcome=Outcome.FILTERED, reason="opportunity")
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    document = documents.read(view.erp, rules)
    if look.decided(view.pair.id).get("deleted", "") == "bring_back":
        return delivery_incoming.create(view, document, rules, look, now_ms)
    return answered(view, document, "opportunity" if converted else "deleted", rules, look)


def answered(view: View, document: Document, event: str, rules: Rules, look: Lookup) -> Decision:
    """What becomes of the document. `event`: deleted, opportunity or cancelled, for the page."""
    answer = look.decided(view.pair.id).get("deleted", rules.delivery.on_crm_delete)
    attached = attached_documents(view.pair.id, rules, look)
    now = phases.phase(document, attached)
    done = Decision(outcome=Outcome.IN_SYNC, state="deleted", findings=_notice(event, document))
    if answer == "keep" or now is phases.Phase.ENDED or not rules.delivery.direction.reaches(Side.ERP):
        return done
    if now is not phases.Phase.OPEN:
        return done  # shipped or billed: bookkeeping is not undone by a label in webCRM
    detail = {"side": "webcrm", "number": document.number, "status": document.status, "value": event}
    refusals = rejections.Refusals(
        view.pair.base, view.refused, str(now), again=rejections.asked_again(view) and answer != "ask"
    )
    write = _write(answer, document)
    if write is None and answer == "hold":
        return done
    if write is not None:
        refused = refusals.of(rejections.DELETED, answer)
        if refused is None:
            return Decision(outcome=Outcome.WRITTEN, state="deleting", write=write)
        detail["problem"] = refused.text
    conflict = FieldConflict(row="delivery", reason="deleted_vs_edited", crm=event, erp=document.rid)
    return Decision(
        outcome=Outcome.CONFLICT,
        reason="deleted_vs_edited",
        state="deleting",
        detail=detail,
        conflicts=(conflict,),
        base=refusals.remembered() if refusals.memory else None,
    )


def _write(answer: str, document: Document) -> Write | None:
    if answer == "delete":
        return Write(side=Side.ERP, kind=document.kind, action=Action.DELETE, rid=document.rid)
    if answer == "hold" and document.kind is Kind.ORDER and document.state != "hold":
        return Write(
            side=Side.ERP,
            kind=document.kind,
            action=Action.UPDATE,
            rid=document.rid,
            fields={"status": "Hold"},
            expect={"status": document.status},
        )
    return None


def _notice(event: str, document: Document) -> tuple[Finding, ...]:
    return (Finding(code="gone_in_webcrm", field=event, text=document.number),)
