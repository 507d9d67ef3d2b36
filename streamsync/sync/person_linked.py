"""A linked person and contact: rows, the tick, the home, double addresses (semantics §2.2, §2.5, §6).

Pure; called by `sync.person`. Each way is open or closed on its own: to the ERP while the person is
ticked, to webCRM while the contact has an e-mail address. A removed address is therefore never copied.
"""

import msgspec

from streamsync.model import Agreed, Direction, Kind, Outcome, Record, Side
from streamsync.sync import identity, normalise, person_moved, scope, settle, stamps
from streamsync.sync.codecs import codecs_for
from streamsync.sync.decision import Decision, Finding
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import merge
from streamsync.sync.person_home import HOME, Home, of_person
from streamsync.sync.rules import Rules
from streamsync.sync.settle import Extra

KIND = Kind.PERSON
TICK = "tick"
"""Base row: whether the person was ticked when last looked at (`true`/`false`), and `false` on the ERP's
side once the untick made the contact inactive. Only a change of it is an event (`person.on_untick`)."""
ACTIVE_ROW = "P8"


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    assert view.crm is not None
    assert view.erp is not None
    crm, erp, settings = view.crm, view.erp, rules.person
    home = of_person(crm.fields, rules, look)
    if home.stop is not None:
        return home.stop
    extra = Extra()
    place = person_moved.place(view, home, rules, look, extra, now_ms)
    if place.stop is not None:
        return place.stop
    ticked, to_erp, to_crm = _ways(crm, erp, rules)
    direction = scope.reach(settings.direction, to_crm=to_crm, to_erp=to_erp)
    if not direction.reaches(Side.ERP):
        extra.to_erp, extra.rows_erp = {}, {}
    marker = identity.marker(Side.ERP, KIND, erp.rid)
    if settings.marker_field in crm.fields and not identity.names(crm.fields, settings.marker_field, marker):
        extra.to_crm = {settings.marker_field: marker}
    acted = _tick(view, crm, erp, ticked, rules, extra)
    context = home.context(rules)
    codecs = codecs_for(settings.map, rules, look)
    base = stamps.noted(codecs, view.pair.base, crm, erp, context)
    policy = settle.policy(view, direction, rules, look, base=base)
    merged = merge(codecs, base, crm.fields, erp.fields, policy, context)
    kept = merged.base | ({HOME: place.home} if place.home is not None else {})
    was = kept.get(TICK)
    if acted and ACTIVE_ROW in kept:  # not relevant for the ERP is not resigned: P8 takes it as agreed
        status = Agreed(crm=(crm.fields.get("PersonStatus", ""),), erp=(acted,))
        extra.rows_erp = extra.rows_erp | {ACTIVE_ROW: status}
    elif settings.relevant_field and not acted and (was is None or was.crm != (_truth(ticked),)):
        kept[TICK] = Agreed(crm=(_truth(ticked),), erp=("",))
    extra.findings = _doubles(crm, erp, home, look)
    decision = settle.settled(view, msgspec.structs.replace(merged, base=kept), extra)
    if acted == "false" and decision.write is not None and decision.write.side is Side.ERP:
        calm = settle.settled(view, msgspec.structs.replace(merged, base=kept), _unacted(extra))
        decision = msgspec.structs.replace(decision, mass="inactivate", calm=calm)
    if direction is Direction.OFF and decision.outcome is Outcome.IN_SYNC:
        closed = "unticked" if not ticked else "no_email"
        return msgspec.structs.replace(decision, outcome=Outcome.FILTERED, reason=closed)
    return decision


def _ways(crm: Record, erp: Record, rules: Rules) -> tuple[bool, bool, bool]:
    """(ticked, the way to the ERP is open, the way to webCRM is open)."""
    ticked = scope.ticked(crm.fields, rules)
    named = bool(crm.fields.get("PersonEmail", "").strip()) or not rules.person.email_required_to_erp
    return ticked, ticked and named, bool(erp.fields.get("email", "").strip())


def _truth(flag: bool) -> str:
    return "true" if flag else "false"


def _tick(view: View, crm: Record, erp: Record, ticked: bool, rules: Rules, extra: Extra) -> str:
    """`person.on_untick = inactivate`: the untick makes the contact inactive, a new tick brings it back.

    Once per change, so that the bookkeeper may overrule it. Gives what `active` is set to, "" = nothing."""
    settings, active = rules.person, erp.fields.get("active", "")
    if settings.on_untick != "inactivate" or not settings.direction.reaches(Side.ERP):
        return ""
    was = view.pair.base.get(TICK)
    if was is None or was.crm == (_truth(ticked),):
        return ""
    ours = was.erp == ("false",)
    if not ticked and active == "true":
        wanted = "false"
    elif ticked and ours and active == "false" and crm.fields.get("PersonStatus", "") != "Resigned":
        wanted = "true"
    else:
        return ""
    extra.to_erp = extra.to_erp | {"active": wanted}
    extra.rows_erp = extra.rows_erp | {TICK: Agreed(crm=(_truth(ticked),), erp=(wanted,))}
    return wanted


def _unacted(extra: Extra) -> Extra:
    """The same without the untick's doing: what goes on while the mass-change brake holds it."""
    fields = {path: text for path, text in extra.to_erp.items() if path != "active"}
    rows = {row: agreed for row, agreed in extra.rows_erp.items() if row not in (TICK, ACTIVE_ROW)}
    return Extra(to_crm=extra.to_crm, to_erp=fields, rows_erp=rows, findings=extra.findings)


def _doubles(crm: Record, erp: Record, home: Home, look: Lookup) -> tuple[Finding, ...]:
    """Another linked person of the organisation has the same address: an edit, but worth a look."""
    assert home.pair is not None
    mine = {
        normalise.folded(crm.fields.get("PersonEmail", "")),
        normalise.folded(erp.fields.get("email", "")),
    }
    where = (
        (Side.CRM, crm, "PersonEmail", home.pair.crm_id),
        (Side.ERP, erp, "email", normalise.folded(home.number)),
    )
    found: dict[str, Finding] = {}
    for side, record, field, key in where:
        for mail in sorted(mine - {""}):
            for one in look.candidates(side, KIND, "email", f"{key}|{mail}"):
                if one.record.rid == record.rid or not one.linked or one.pair is None:
                    continue
                text = f"also person {one.pair.crm_id} (contact {one.pair.erp_id})"
                found.setdefault(text, Finding(code="possible_duplicate", field=field, text=text))
    return tuple(found.values())
