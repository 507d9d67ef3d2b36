"""A person or contact that changed its organisation (semantics §6).

Pure; called by `sync.person_linked`. A person moved in webCRM takes the contact along. A contact moved in
the ERP is a person's choice (`person.on_erp_move`), since no call moves a person in webCRM: `leave` goes on
as it is; `recreate` signs the old person off (Resigned, unticked, no marker), then lets go of it, so that
the contact comes as a new person of its new organisation.
"""

import msgspec

from streamsync.model import Agreed, Fields, Outcome, Record, Side
from streamsync.sync import normalise, scope, settle
from streamsync.sync.decision import Decision, FieldConflict
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.person_home import HOME, Home, agreed, customers, of_contact
from streamsync.sync.rules import Rules
from streamsync.sync.settle import Extra

SIGNED_OFF = "signed_off"
"""Base row: the person was signed off because its contact went to this customer."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`stop`: what to do instead of a merge. `home`: what the base is to say of the home from now on."""

    stop: Decision | None = None
    home: Agreed | None = None


def place(view: View, home: Home, rules: Rules, look: Lookup, extra: Extra, now_ms: int) -> Place:
    """Where the two records belong, compared with the last agreement. A person that moved puts the new
    customer into `extra`."""
    assert view.crm is not None
    assert view.erp is not None
    crm, erp, base = view.crm, view.erp, view.pair.base
    account, rid = erp.fields.get("businessAccount", ""), crm.fields.get("PersonOrganisationId", "")
    was, now = base.get(HOME), agreed(crm, erp)
    if normalise.folded(account) == normalise.folded(home.number):
        return Place(home=now)
    if was is not None and was.crm != (rid,) and was.erp == (account,):
        extra.to_erp = {"businessAccount": home.number}
        extra.rows_erp = {HOME: Agreed(crm=(rid,), erp=(home.number,))}
        return Place()
    known = customers(account, look)
    if was == now:  # left there by choice; or the number from before the customer was renumbered
        return Place()
    if not known and scope.is_customer_contact(erp.fields):
        return Place(stop=settle.waiting("parent", now_ms))
    if not base:
        return Place(stop=settle.ambiguous("key_contradiction", "marker", (erp.rid,)))
    answer = look.decided(view.pair.id).get("moved", "") or rules.person.on_erp_move
    if answer == "leave":
        return Place(home=now)
    if answer == "recreate":
        step = _recreate(view, crm, erp, rules, look)
        if step is not None:
            return Place(stop=step)
    return Place(stop=_ask(home.number, account))


def _ask(ours: str, account: str) -> Decision:
    return Decision(
        outcome=Outcome.CONFLICT,
        reason="moved",
        detail={
            "field": "businessAccount",
            "customer": account,
            "number": account,
            "crm": ours,
            "erp": account,
        },
        conflicts=(FieldConflict(row=HOME, reason="moved", crm=ours, erp=account),),
    )


def _recreate(view: View, crm: Record, erp: Record, rules: Rules, look: Lookup) -> Decision | None:
    """The next step, one write at most; None where no new person could come of it, which is asked."""
    mail, active = erp.fields.get("email", "").strip(), erp.fields.get("active", "true")
    if not mail or active == "false" or not rules.person.direction.reaches(Side.CRM):
        return None
    target = of_contact(erp.fields, rules, look)
    if target.stop is not None:
        return target.stop if target.stop.outcome is Outcome.WAITING else None
    account = erp.fields.get("businessAccount", "")
    done = Agreed(crm=("recreate",), erp=(account,))
    fields = _signed_off(crm, rules)
    if not fields or view.pair.base.get(SIGNED_OFF) == done:
        return Decision(outcome=Outcome.IN_SYNC, base={}, part=Side.CRM)
    return Decision(
        outcome=Outcome.WRITTEN,
        rows={SIGNED_OFF: done},
        mass="mark",
        write=settle.update(crm, fields),
    )


def _signed_off(crm: Record, rules: Rules) -> Fields:
    """Resigned, and nothing left by which it would go out, or be found as that contact, again."""
    settings = rules.person
    wanted = {"PersonStatus": "Resigned", settings.marker_field: "", settings.contact_id_field: ""}
    if settings.relevant_field:
        wanted[settings.relevant_field] = scope.untick_text(rules)
    return {name: text for name, text in wanted.items() if name and crm.fields.get(name, "") != text}
