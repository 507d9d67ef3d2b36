"""Who takes part: the type gate of organisations, ERP customers that may be created, ticked persons,
sellable items.

Pure questions about one record's fields and the rules (semantics §2.1 settings, §2.2, §2.5, §5).
`gate_open` is the first-sync gate: nothing is matched or created before both sides of the entity and of
its parents were read in full once.
"""

from streamsync.model import Direction, Fields, Kind, Side
from streamsync.sync import normalise
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

ALL = "*"
YES = ("Yes", "true")


def organisation_in(crm: Fields, rules: Rules) -> bool:
    """Whether a webCRM organisation carries one of the chosen types (and statuses): exact option texts."""
    types, statuses = rules.organisation.types, rules.organisation.statuses
    if ALL not in types and crm.get("OrganisationType", "") not in types:
        return False
    return not statuses or crm.get("OrganisationStatus", "") in statuses


def type_blank(crm: Fields) -> bool:
    return normalise.blank_option(crm.get("OrganisationType", ""))


def erp_type(rules: Rules) -> str:
    """The type of organisations that come from the ERP: as set, else the first of the chosen ones."""
    chosen = [text for text in rules.organisation.types if text != ALL]
    return rules.organisation.erp_type or (chosen[0] if chosen else "")


def customer_may_come(erp: Fields, rules: Rules) -> bool:
    """Which ERP customers may be created in webCRM. Linked ones sync in every status."""
    classes = rules.organisation.customer_classes
    if classes and erp.get("customerClass.id", "") not in classes:
        return False
    return erp.get("status", "") in (*rules.organisation.erp_statuses, "")


def ticked(crm: Fields, rules: Rules) -> bool:
    """The checkbox "relevant for ERP"; without one everybody is relevant."""
    field = rules.person.relevant_field
    return not field or crm.get(field, "") in YES


def tick_text(rules: Rules) -> str:
    return "true" if "CheckMark" in rules.person.relevant_field else "Yes"


def untick_text(rules: Rules) -> str:
    return "false" if "CheckMark" in rules.person.relevant_field else "No"


def is_customer_contact(erp: Fields) -> bool:
    """Contacts of suppliers and employees are none of ours (semantics §6)."""
    sort = erp.get("businessAccountType", "").replace(" ", "").casefold()
    if not erp.get("businessAccount", ""):
        return False
    return "customer" in sort or not any(word in sort for word in ("supplier", "vendor", "employee"))


def sellable(erp: Fields, rules: Rules) -> bool:
    item = rules.item
    if erp.get("status", "") not in item.statuses:
        return False
    sort = erp.get("type", "")
    if sort not in item.types if item.types else sort == "ExpenseItem":
        return False
    return not item.classes or erp.get("itemClass.id", "") in item.classes


def gate_open(kind: Kind, look: Lookup) -> bool:
    """Both sides of this kind and of its parents have been read in full."""
    kinds = (Kind.ORGANISATION, kind) if kind is Kind.PERSON else (kind,)
    return all(look.complete(side, each) for side in Side for each in kinds)


def reach(direction: Direction, *, to_crm: bool, to_erp: bool) -> Direction:
    """The direction that is left where one way or the other is closed."""
    crm, erp = direction.reaches(Side.CRM) and to_crm, direction.reaches(Side.ERP) and to_erp
    if crm and erp:
        return Direction.TWO_WAY
    return Direction.TO_CRM if crm else Direction.TO_ERP if erp else Direction.OFF
