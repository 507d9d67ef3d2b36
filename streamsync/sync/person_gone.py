"""A person or contact that is gone on one side (semantics §10): kept on the other, with a notice.

Pure; called by `sync.person` once there is evidence. A person may choose more (`deleted`): `inactivate`
the contact that is left, or `resign` the person that is left. An edit of what is left is asked first.
"""

from streamsync.model import Fields, Outcome, Record, Side
from streamsync.sync import settle
from streamsync.sync.decision import Decision, Finding
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.organisation_gone import edited_since
from streamsync.sync.rules import Rules


def decide(view: View, rules: Rules, look: Lookup) -> Decision:
    pair = view.pair
    crm = view.crm if pair.crm_id and not view.crm_missing else None
    erp = view.erp if pair.erp_id and not view.erp_missing else None
    answer = look.decided(pair.id).get("deleted", "")
    if crm is None and erp is None:
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    if answer == "inactivate" and erp is not None and erp.fields.get("active", "") == "true":
        return _mark(erp, {"active": "false"}, "inactivate")
    if answer == "resign" and crm is not None and crm.fields.get("PersonStatus", "") != "Resigned":
        return _mark(crm, {"PersonStatus": "Resigned"}, "mark")
    if answer:
        return Decision(outcome=Outcome.IN_SYNC, state="deleted")
    missing = Side.CRM if view.crm_missing else Side.ERP
    if edited_since(view, rules, look):
        return Decision(outcome=Outcome.CONFLICT, reason="deleted_vs_edited", detail={"side": missing})
    place = "webCRM" if missing is Side.CRM else "the ERP"
    notice = Finding(code="deleted", text=f"deleted in {place}, kept here")
    return Decision(outcome=Outcome.IN_SYNC, findings=(notice,))


def _mark(left: Record, fields: Fields, mass: str) -> Decision:
    return Decision(outcome=Outcome.WRITTEN, write=settle.update(left, fields), mass=mass)
