"""What a person calls a record: a name for lists, from the fields that are kept of it.

Pure. A record of which no naming field is kept answers with its id.
"""

from streamsync.model import Kind, Record, Side
from streamsync.sync.rules import Rules


def name_of(record: Record, rules: Rules) -> str:
    """`Nordlys ApS`, `Maja Holm`, `LAMPE-01 Lampe`, `SO 000223`; the id where nothing better is known."""
    return " ".join(part.strip() for part in _parts(record, rules) if part.strip(" -")) or record.rid


def _parts(record: Record, rules: Rules) -> tuple[str, ...]:
    get, crm, layout = record.fields.get, record.side is Side.CRM, rules.item.layout
    match record.kind:
        case Kind.ORGANISATION if crm:
            return (get("OrganisationName", ""), get("OrganisationDivisionName", ""))
        case Kind.ORGANISATION:
            return (get("name", ""),)
        case Kind.PERSON if crm:
            return (get("PersonFirstName", ""), get("PersonLastName", ""))
        case Kind.PERSON:
            return (get("firstName", ""), get("lastName", ""))
        case Kind.ITEM if crm:
            return (get(layout.id, ""), get(layout.name, "") if layout.name else "")
        case Kind.ITEM:
            return (get("inventoryNumber", ""), get("description", ""))
        case Kind.DELIVERY:
            return (get("DeliveryNumber", ""), get("DeliveryDescription", ""))
        case Kind.ORDER:
            return (get("type", ""), get("orderId", ""))
        case Kind.INVOICE:
            return (get("documentType", ""), get("referenceNumber", ""))
        case _:
            return ()
