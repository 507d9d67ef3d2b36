"""A linked organisation and customer: markers, rows, and its standing to the type gate (semantics §2.5, §7).

Pure; called by `sync.organisation`. What we set of our own accord is remembered in the base, so that it is
done once and a person may overrule it: `inactive_type` holds the type that an inactive customer's
organisation had before, `on_leave` that the customer was made inactive because its organisation left.
"""

import msgspec

from streamsync.model import Agreed, Base, Kind, Outcome, Record, Side
from streamsync.sync import identity, scope, settle, stamps
from streamsync.sync.codecs import codecs_for
from streamsync.sync.decision import Decision, Finding
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import merge
from streamsync.sync.organisation_create import context_of
from streamsync.sync.organisation_rows import rows
from streamsync.sync.rules import Rules
from streamsync.sync.settle import Extra

KIND = Kind.ORGANISATION
TYPE = "OrganisationType"
INACTIVE = "Inactive"
SET_ASIDE, LEFT = "inactive_type", "on_leave"
SAID = ("on_leave", "outside_type")


def decide(view: View, rules: Rules, look: Lookup) -> Decision:
    case = _Case(view, rules, look)
    if (before := case.type_before()) and case.status != INACTIVE:
        return case.brought_back(before)
    if not case.inside:
        wanted = case.type_to_set()
        if not wanted:
            return case.outside()
        case.extra.to_crm = {TYPE: wanted}
    return case.merged()


class _Case:
    """One decision about a linked pair."""

    def __init__(self, view: View, rules: Rules, look: Lookup) -> None:
        assert view.crm is not None
        assert view.erp is not None
        self.view, self.rules, self.look = view, rules, look
        self.crm: Record = view.crm
        self.erp: Record = view.erp
        self.settings = rules.organisation
        self.decided = look.decided(view.pair.id)
        self.inside = scope.organisation_in(self.crm.fields, rules)
        self.status = self.erp.fields.get("status", "")
        self.type = self.crm.fields.get(TYPE, "")
        self.marker = identity.marker(Side.ERP, KIND, self.erp.rid)
        field = self.settings.marker_field
        self.tied = identity.names(self.crm.fields, field, self.marker) if field else bool(view.pair.base)
        self.context = context_of(self.crm.fields, self.erp.fields, rules)
        self.codecs = codecs_for(rows(rules), rules, look)
        self.base: Base = stamps.noted(self.codecs, view.pair.base, self.crm, self.erp, self.context)
        self.extra = Extra()

    # ---- outside the gate -----------------------------------------------------------------------------

    def type_to_set(self) -> str:
        """An organisation that has only just been linked may get the type; one that left, only by a person's
        word."""
        wanted = scope.erp_type(self.rules)
        said = self.decided.get("outside_type", "")
        if self.tied:
            return wanted if said == "set_type" else ""
        may = scope.type_blank(self.crm.fields) or (said or self.settings.on_outside_type) == "set_type"
        return wanted if may else ""

    def outside(self) -> Decision:
        """Nothing is unlinked, nothing deleted; both sides go on being watched."""
        if self.type_before():
            return self.resting()
        answer = self.decided.get("on_leave", "") or self.settings.on_leave
        left = bool(self.view.pair.base) and self.status == "Active" and LEFT not in self.base
        if not left or not self.settings.direction.reaches(Side.ERP):
            return self.resting()
        if answer == "inactivate":
            return self.inactivated()
        if answer == "ask" and self.decided.get("outside_type", "") != "link_only":
            detail = {"value": "left", "field": TYPE, "crm": self.type}  # `left` is the sentence's variant
            parked = Decision(outcome=Outcome.PARKED, reason="outside_type", detail=detail)
            return self.with_base(parked)
        return self.resting()

    def type_before(self) -> str:
        """What the type was before we set it to `inactive_type`; "" = we did not, or somebody changed it."""
        aside = self.base.get(SET_ASIDE)
        return aside.crm[0] if aside is not None and self.type == self.settings.inactive_type else ""

    def resting(self) -> Decision:
        return self.with_base(msgspec.structs.replace(settle.filtered("type"), findings=self.notice()))

    def inactivated(self) -> Decision:
        write = settle.update(self.erp, {"status": INACTIVE})
        rows_now = {LEFT: Agreed(crm=(self.type,), erp=(INACTIVE,))}
        decision = Decision(outcome=Outcome.WRITTEN, write=write, rows=rows_now, mass="inactivate")
        return self.with_base(decision)

    def brought_back(self, before: str) -> Decision:
        """The customer is active again: the organisation gets the type it had."""
        write = settle.update(self.crm, {TYPE: before})
        return self.with_base(Decision(outcome=Outcome.WRITTEN, write=write, drop_rows=(SET_ASIDE,)))

    def with_base(self, decision: Decision) -> Decision:
        return msgspec.structs.replace(decision, base=self.base if self.base != self.view.pair.base else None)

    # ---- inside ---------------------------------------------------------------------------------------

    def merged(self) -> Decision:
        view, settings = self.view, self.settings
        self.marks()
        aside = self.sets_aside()
        policy = settle.policy(view, settings.direction, self.rules, self.look, base=self.base)
        restored = not view.pair.base and self.tied and self.crm.by_us is True
        merged = merge(
            self.codecs,
            self.base,
            self.crm.fields,
            self.erp.fields,
            msgspec.structs.replace(policy, crm_ours=restored),
            self.context,
        )
        if self.status != INACTIVE:
            kept = {key: agreed for key, agreed in merged.base.items() if key not in (SET_ASIDE, LEFT)}
            merged = msgspec.structs.replace(merged, base=kept)
        if self.tied and view.pair.base and view.pair.origin is Side.ERP and not merged.to_erp:
            # webCRM names the customer already: the mark goes along with the next write to it
            self.extra.to_erp = {}
        self.extra.findings = self.notice()
        decision = settle.settled(view, merged, self.extra)
        if aside and decision.write is not None and decision.write.side is Side.CRM:
            decision = msgspec.structs.replace(decision, mass="mark")
        if self.inside and self.tied and any(key in self.decided for key in SAID):
            decision = msgspec.structs.replace(decision, forget=SAID)
        return decision

    def marks(self) -> None:
        """Each side names the record on the other; a text that somebody changed is put back."""
        extra, settings = self.extra, self.settings
        if settings.marker_field in self.crm.fields and not self.tied:
            extra.to_crm = extra.to_crm | {settings.marker_field: self.marker}
        attribute, ours = identity.attribute(self.rules), identity.marker(Side.CRM, KIND, self.crm.rid)
        if (
            attribute in self.erp.fields
            and settings.direction.reaches(Side.ERP)
            and not identity.names(self.erp.fields, attribute, ours, bare=self.rules.marker.accept_bare)
        ):
            extra.to_erp = {attribute: ours}

    def sets_aside(self) -> bool:
        """`organisation.inactive_type`: the organisation of an inactive customer gets that type, once."""
        wanted = self.settings.inactive_type
        if (
            not wanted
            or self.status != INACTIVE
            or SET_ASIDE in self.base
            or self.type == wanted
            or LEFT in self.base
            or not self.settings.direction.reaches(Side.CRM)
        ):
            return False
        self.extra.to_crm = self.extra.to_crm | {TYPE: wanted}
        self.extra.rows_crm = {SET_ASIDE: Agreed(crm=(self.type,), erp=(INACTIVE,))}
        return True

    def notice(self) -> tuple[Finding, ...]:
        """A customer that is not active is named on the pair, unless a row shows it (O21)."""
        shown = any("status" in row.erp for row in self.settings.map)
        if shown or self.status in ("", "Active"):
            return ()
        return (Finding(code="customer_status", field="status", text=self.status),)
