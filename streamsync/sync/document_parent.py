"""The organisation a document belongs to, seen from either side (semantics §2.5, §3.1 row 6).

Pure. `Parent.standing` is `linked`, `wait` or `filtered`; only a linked parent lets a document be created.
"""

import msgspec

from streamsync.model import Fields, Kind, Pair, Record, Side
from streamsync.sync import scope
from streamsync.sync.documents import Document
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

LINKED, WAIT, FILTERED = "linked", "wait", "filtered"


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    standing: str
    pair: Pair | None = None
    organisation: Record | None = None
    customer: Record | None = None

    @property
    def crm_id(self) -> str:
        return self.pair.crm_id if self.pair is not None else ""

    @property
    def erp_id(self) -> str:
        return self.pair.erp_id if self.pair is not None else ""


def of_delivery(crm: Fields, rules: Rules, look: Lookup) -> Parent:
    """The parent by `DeliveryOrganisationId`."""
    rid = crm.get("DeliveryOrganisationId", "")
    pair = look.pair_of(Side.CRM, Kind.ORGANISATION, rid) if rid not in ("", "0") else None
    return _standing(pair, rules, look)


def of_document(document: Document, rules: Rules, look: Lookup) -> Parent:
    """The parent by the ERP's customer: internal id where the shadow has it, else the number."""
    return _standing(customer_pair(document, look), rules, look)


def customer_pair(document: Document, look: Lookup) -> Pair | None:
    internal = document.fields.get("customer.internalId", "")
    if internal and (pair := look.pair_of(Side.ERP, Kind.ORGANISATION, internal)) is not None:
        return pair
    number = document.fields.get("customer.id", "").strip().casefold()
    found = look.candidates(Side.ERP, Kind.ORGANISATION, "number", number) if number else ()
    return found[0].pair if len(found) == 1 else None


def _standing(pair: Pair | None, rules: Rules, look: Lookup) -> Parent:
    if pair is None:
        return Parent(standing=WAIT)
    organisation = look.record(Side.CRM, Kind.ORGANISATION, pair.crm_id) if pair.crm_id else None
    customer = look.record(Side.ERP, Kind.ORGANISATION, pair.erp_id) if pair.erp_id else None
    parent = Parent(standing=WAIT, pair=pair, organisation=organisation, customer=customer)
    if (
        organisation is not None and not scope.organisation_in(organisation.fields, rules)
    ) or pair.state == "excluded":
        return msgspec.structs.replace(parent, standing=FILTERED)
    if pair.crm_id and pair.erp_id:
        return msgspec.structs.replace(
            parent, standing=LINKED if organisation is not None and customer is not None else WAIT
        )
    return msgspec.structs.replace(parent, standing=FILTERED if pair.outcome == "filtered" else WAIT)
