"""Where a person belongs: the pair of its organisation, or why there is none to go by (semantics §6).

Pure; used by the person files only. Both sides name the home in their own words: webCRM by the
organisation's id, the ERP by the customer's number. A number may be renumbered, so two numbers are the
same home when they lead to the same customer.
"""

import msgspec

from streamsync.model import Agreed, Fields, Kind, Outcome, Pair, Record, Side
from streamsync.sync import normalise, scope, settle
from streamsync.sync.decision import Decision
from streamsync.sync.lookup import Lookup
from streamsync.sync.rows import Context
from streamsync.sync.rules import Rules

HOME = "home"
"""The row of the base that holds where both sides last agreed the person belongs."""
_OFFICE = ("mainContact.contactId", "invoiceContact.contactId", "deliveryContact.contactId")


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A person's organisation: its pair if it is linked and in scope, else why not (`stop`)."""

    pair: Pair | None = None
    customer: Record | None = None
    stop: Decision | None = None

    @property
    def number(self) -> str:
        return self.customer.fields.get("number", "") if self.customer is not None else ""

    @property
    def office(self) -> frozenset[str]:
        """The contact ids that are parts of the customer and no persons."""
        if self.customer is None:
            return frozenset()
        found = (self.customer.fields.get(path, "") for path in _OFFICE)
        return frozenset(rid for rid in found if rid not in ("", "0"))

    def context(self, rules: Rules, source: Fields | None = None) -> Context:
        fields = self.customer.fields if self.customer is not None else {}
        return Context(
            country=fields.get("mainAddress.country.id", "").upper(),
            language=rules.webcrm.language,
            side_fields=source or {},
        )


def of_pair(pair: Pair | None, rules: Rules, look: Lookup) -> Home:
    """Waits until the organisation is linked; filtered where it does not take part."""
    if pair is None:
        return Home(stop=settle.waiting("parent"))
    organisation = look.record(Side.CRM, Kind.ORGANISATION, pair.crm_id) if pair.crm_id else None
    out = organisation is not None and not scope.organisation_in(organisation.fields, rules)
    half = not (pair.crm_id and pair.erp_id)
    if out or pair.state == "excluded" or (half and pair.outcome == Outcome.FILTERED):
        return Home(pair=pair, stop=settle.filtered("parent_filtered"))
    customer = look.record(Side.ERP, Kind.ORGANISATION, pair.erp_id) if pair.erp_id else None
    if organisation is None or customer is None:
        return Home(pair=pair, stop=settle.waiting("parent"))
    return Home(pair=pair, customer=customer)


def of_person(crm: Fields, rules: Rules, look: Lookup) -> Home:
    rid = crm.get("PersonOrganisationId", "")
    pair = look.pair_of(Side.CRM, Kind.ORGANISATION, rid) if rid not in ("", "0") else None
    return of_pair(pair, rules, look)


def of_contact(erp: Fields, rules: Rules, look: Lookup) -> Home:
    """`businessAccount` must be a known customer number: it may be a supplier's (visma-api §4.2)."""
    if not scope.is_customer_contact(erp):
        return Home(stop=settle.filtered("not_customer"))
    found = customers(erp.get("businessAccount", ""), look)
    if not found and look.complete(Side.ERP, Kind.ORGANISATION):
        return Home(stop=settle.filtered("not_customer"))
    if len(found) != 1:
        return of_pair(None, rules, look)
    home = of_pair(look.pair_of(Side.ERP, Kind.ORGANISATION, found[0].rid), rules, look)
    return home if home.customer is not None else msgspec.structs.replace(home, customer=found[0])


def customers(number: str, look: Lookup) -> list[Record]:
    key = normalise.folded(number)
    return [one.record for one in look.candidates(Side.ERP, Kind.ORGANISATION, "number", key)] if key else []


def agreed(crm: Record, erp: Record) -> Agreed:
    """What the two records say now, as the base keeps it."""
    return Agreed(
        crm=(crm.fields.get("PersonOrganisationId", ""),), erp=(erp.fields.get("businessAccount", ""),)
    )
