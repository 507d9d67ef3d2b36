"""What a record says about itself: its marker, and the keys that it is matched by (semantics §1).

`observe` is called by whoever reads a record, before the store sees it. Markers: the value on one side
names the record on the other (`crm:organisation:778812` in the ERP, `erp:order:SO/000223` in webCRM).
Pure.
"""

import re

from streamsync.model import Fields, Kind, Observation, Record, Side
from streamsync.sync import matching
from streamsync.sync.rules import Rules

MARKER_LENGTH = 40
_CRM = re.compile(r"^crm:(organisation|person|delivery|line|item):([1-9][0-9]{0,18})$")
_ERP_NUMBER = re.compile(r"^erp:(organisation|person|item):([0-9]{1,19})$")
_ERP_DOCUMENT = re.compile(r"^erp:(order|invoice):([A-Za-z0-9]{1,20})/([^\s/][^/]{0,29})$")
_BARE = re.compile(r"^[1-9][0-9]{0,18}$")
_SAME: dict[Kind, tuple[str, ...]] = {
    Kind.ORGANISATION: ("organisation",),
    Kind.PERSON: ("person",),
    Kind.ITEM: ("item",),
    Kind.LINE: ("line",),
    Kind.DELIVERY: ("order", "invoice"),
    Kind.ORDER: ("delivery",),
    Kind.INVOICE: ("delivery",),
}


def marker(side: Side, kind: Kind, rid: str) -> str:
    """The text that names this record, to be written on the other side. A document's rid begins with its
    kind already."""
    return f"{side}:{rid}" if kind in (Kind.ORDER, Kind.INVOICE) else f"{side}:{kind}:{rid}"


def observe(record: Record, rules: Rules) -> Observation:
    """The record with its valid marker ("" if none) and its match keys."""
    return Observation(record=record, marker=marker_in(record, rules), keys=matching.keys(record, rules))


def marker_field(side: Side, kind: Kind, rules: Rules) -> str:
    """Where records of this kind carry the marker; "" where there is no place or none was chosen."""
    match (side, kind):
        case (Side.CRM, Kind.ORGANISATION):
            return rules.organisation.marker_field
        case (Side.CRM, Kind.PERSON):
            return rules.person.marker_field
        case (Side.CRM, Kind.DELIVERY):
            return "DeliveryErpId"
        case (Side.ERP, Kind.ORGANISATION):
            return attribute(rules)
        case (Side.ERP, Kind.ORDER):
            return "customer.order"
        case (Side.ERP, Kind.INVOICE):
            return "externalReference"
        case _:
            return ""


def attribute(rules: Rules) -> str:
    """The path of the customer attribute that holds the marker; "" if the tenant has none."""
    name = rules.organisation.marker_attribute
    return "" if name in ("", "none") else f"attributes.{name}"


def marker_in(record: Record, rules: Rules) -> str:
    field = marker_field(record.side, record.kind, rules)
    return valid(record.fields.get(field, ""), record, rules) if field else ""


def valid(text: str, record: Record, rules: Rules) -> str:
    """The marker in canonical form, if it can name a counterpart of this record."""
    plain = text.strip()
    if len(plain) > MARKER_LENGTH:
        return ""
    if record.side is Side.ERP:
        bare = record.kind is Kind.ORGANISATION and rules.marker.accept_bare
        if bare and _BARE.match(plain):
            return marker(Side.CRM, Kind.ORGANISATION, plain)
        found = _CRM.match(plain)
    else:
        found = _ERP_NUMBER.match(plain) or _ERP_DOCUMENT.match(plain)
    if found is None or found[1] not in _SAME[record.kind]:
        return ""
    return plain


def names(fields: Fields, field: str, wanted: str, *, bare: bool = False) -> bool:
    """Whether a marker field already says what it should (a bare id counts in our own attribute)."""
    held = fields.get(field, "").strip()
    return held == wanted or (bare and held == wanted.rpartition(":")[2])
