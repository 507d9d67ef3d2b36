"""Organisations and customers of which one side is gone (semantics §7, §10): asked, never made anew.

Pure; called by `sync.organisation` once there is evidence. A person chooses: `keep` (the record that is left
stays as it is and is synced no more), `inactivate` the customer that is left, `set_type` gives the
organisation that is left the type of `organisation.inactive_type`. Where the record was merged into another
one, the candidates name those that carry its keys; relinking is unlink and link at the workbench.
"""

from streamsync.model import Direction, Fields, Kind, Outcome, Record, Side
from streamsync.sync import matching, settle
from streamsync.sync.codecs import codecs_for
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import texts_of
from streamsync.sync.organisation_rows import rows
from streamsync.sync.rows import Context
from streamsync.sync.rules import Rules

KEYS = ("number", "company", "vat", "gln")
ENDED = Decision(outcome=Outcome.IN_SYNC, state="deleted")


def decide(view: View, rules: Rules, look: Lookup) -> Decision:
    pair, settings = view.pair, rules.organisation
    crm = view.crm if pair.crm_id and not view.crm_missing else None
    erp = view.erp if pair.erp_id and not view.erp_missing else None
    if crm is None and erp is None:
        return ENDED
    answer = look.decided(pair.id).get("deleted", "")
    if answer == "inactivate" and erp is not None:
        return _mark(erp, {"status": "Inactive"}, "inactivate", settings.direction)
    if answer == "set_type" and crm is not None and settings.inactive_type:
        return _mark(crm, {"OrganisationType": settings.inactive_type}, "mark", settings.direction)
    if answer == "keep":
        return ENDED
    missing = Side.CRM if crm is None else Side.ERP
    detail = {"side": missing.value}
    if edited_since(view, rules, look):
        return Decision(outcome=Outcome.CONFLICT, reason="deleted_vs_edited", detail=detail)
    left = erp if crm is None else crm
    assert left is not None
    if found := _heirs(left, rules, look):
        detail["candidates"] = ",".join(found)
    return Decision(outcome=Outcome.PARKED, reason="gone", detail=detail)


def _mark(left: Record, wanted: Fields, mass: str, direction: Direction) -> Decision:
    """The mark on what is left, then the end. Where nothing may be written into that side: the end."""
    fields = {name: text for name, text in wanted.items() if left.fields.get(name, "") != text}
    if not fields or not direction.reaches(left.side):
        return ENDED
    return Decision(outcome=Outcome.WRITTEN, write=settle.update(left, fields), mass=mass)


def _heirs(left: Record, rules: Rules, look: Lookup) -> tuple[str, ...]:
    """Records of the side that lost its own which carry the keys of the one that is left."""
    own = dict(matching.keys(left, rules))
    for name in KEYS:
        if value := own.get(name, ""):
            theirs = look.candidates(left.side.other, Kind.ORGANISATION, name, value)
            if theirs:
                return tuple(one.record.rid for one in theirs)
    return ()


def edited_since(view: View, rules: Rules, look: Lookup) -> bool:
    """Whether the side that is left differs from the last agreement in any row. For persons too."""
    left = view.erp if view.crm_missing else view.crm
    if left is None:
        return False
    organisation = view.pair.entity.value == Kind.ORGANISATION.value
    for codec in codecs_for(rows(rules) if organisation else rules.rows(view.pair.entity), rules, look):
        was = view.pair.base.get(codec.row.id)
        if was is None:
            continue
        paths, held = (codec.row.erp, was.erp) if left.side is Side.ERP else (codec.row.crm, was.crm)
        if not any(path in left.fields for path in paths):
            continue
        now = texts_of(paths, left.fields)
        if codec.key(left.side, now, Context()) != codec.key(left.side, held, Context()):
            return True
    return False
