"""What both worlds hold, told without ids: for comparing the ends of two histories.

Each record becomes one line of text. Its own id is dropped, and wherever the id or number of another record
stands (a marker, a reference, a number in a text) that record's name stands instead. Stamps, authors, logs of
changes and the order of creation are left out.
"""

import json
import re
from typing import Any

from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld

Row = dict[str, Any]
Names = dict[tuple[str, str], str]
CRM_KINDS = ("organisation", "person", "delivery", "line", "item")
PASSING = re.compile(
    r"(CreatedAt|UpdatedAt|CreatedBy|UpdatedBy|History|DisplayedAt|LastItemType|SyncDateTime|CompareName)$"
    r"|^(created|modified|timeStamp|stock_changed_ms|next_line|line_id|order_line|internal_id|contact_id)$"
)
MARK = re.compile(r"\b(crm|erp):(\w+):([\w/]*\d)")
NUMBER = re.compile(r"(?<![\d.])\d{3,}(?![\d.])")
REFERENCES = {
    # fields that hold an id of a record: the side and kind of it; numbers in texts are looked up as they are
    "OrganisationId": ("crm", "organisation"),
    "PersonOrganisationId": ("crm", "organisation"),
    "DeliveryOrganisationId": ("crm", "organisation"),
    "QuotationLineOrganisationId": ("crm", "organisation"),
    "PersonId": ("crm", "person"),
    "DeliveryPersonId": ("crm", "person"),
    "DeliveryId": ("crm", "delivery"),
    "QuotationLineOpportunityId": ("crm", "delivery"),
    "QuotationLineId": ("crm", "line"),
    "QuotationLineLinkedDataId": ("crm", "item"),
    "QuotationLineLinkedDataItemId": ("crm", "item"),
    "customer_id": ("erp", "organisation"),
    "PersonCustom3": ("erp", "person"),
}


def portrait(crm: WebcrmWorld, erp: VismaWorld) -> list[str]:
    """One line per record, in an order that does not depend on ids."""
    rows: list[tuple[str, Row]] = [(kind, row) for kind in CRM_KINDS for row in crm.rows(kind)]
    rows += [(f"erp {kind}", dict(row)) for kind, found in erp.state().items() for row in found]
    names = _names(rows)
    return sorted(
        f"{kind}: {json.dumps(_told(row, names), sort_keys=True, default=str)}" for kind, row in rows
    )


def _names(rows: list[tuple[str, Row]]) -> Names:
    """(side, kind) and id to what the record is called: by what people typed, never by an id."""
    names: Names = {}
    numbers: Names = {}

    def called(side: str, kind: str, key: object, name: str) -> None:
        names[f"{side} {kind}", str(key)] = f"<{side} {kind} {name}>"

    for kind, row in rows:
        match kind:
            case "organisation":
                called("crm", kind, row["OrganisationId"], row["OrganisationName"])
            case "person":
                called("crm", kind, row["PersonId"], row["PersonLastName"])
            case "item":
                called(
                    "crm", kind, row["QuotationLineLinkedDataItemId"], row["QuotationLineLinkedDataItemData1"]
                )
            case "erp customers":
                called("erp", "organisation", row["internal_id"], row["fields"]["name"])
                numbers["number", row["number"]] = f"<number of {row['fields']['name']}>"
            case "erp contacts":
                called("erp", "person", row["contact_id"], row["fields"]["lastName"])
            case "erp orders":
                name = row["fields"].get("description", "")
                called("erp", "order", f"{row['type']}/{row['id']}", name)
                numbers["number", row["id"]] = f"<number of {name}>"
    _name_documents(rows, names, numbers)
    for kind, row in rows:
        if kind == "delivery":
            told = _told({"about": row["DeliveryErpId"]}, names | numbers)["about"]
            called("crm", kind, row["DeliveryId"], row["DeliveryDescription"] or str(told))
    for kind, row in rows:
        if kind == "line":
            deal = names["crm delivery", str(row["QuotationLineOpportunityId"])]
            called("crm", kind, row["QuotationLineId"], f"{deal} at {row['QuotationLineSortOrder']}")
    return names | numbers


def _name_documents(rows: list[tuple[str, Row]], names: Names, numbers: Names) -> None:
    for kind, row in rows:
        if kind in ("erp documents", "erp shipments"):
            whose = names.get(("erp organisation", str(row.get("customer_id"))), "")
            orders = sorted({line["order"] for line in row.get("lines", ()) if line["order"]})
            orders += [row["order"]] if row.get("order") else []
            about = [names["erp order", order] for order in orders]
            name = f"{row.get('type', 'shipment')} {whose} {about}"
            names["erp invoice", f"{row.get('type', '')}/{row['number']}"] = f"<{name}>"
            numbers["number", row["number"]] = f"<number of {name}>"


def _told(value: Any, names: Names, field: str = "") -> Any:
    if isinstance(value, dict):
        return {
            key: _told(inner, names, key)
            for key, inner in value.items()
            if not PASSING.search(key) and not _own_id(key, value)
        }
    if isinstance(value, list | tuple):
        return [_told(inner, names, field) for inner in value]
    if field in REFERENCES and value:
        side, kind = REFERENCES[field]
        return names.get((f"{side} {kind}", str(value)), f"<no {side} {kind}>")
    if not isinstance(value, str):
        return value

    def by_mark(found: re.Match[str]) -> str:
        side, kind, key = found.groups()
        return names.get((f"{side} {kind}", key), f"<no {side} {kind}>")

    marked = MARK.sub(by_mark, value)
    for kind in ("order", "invoice"):
        if ("erp " + kind, marked) in names:  # `SO/000223`, `Invoice/200315`
            return names["erp " + kind, marked]
    return NUMBER.sub(lambda found: names.get(("number", found.group()), found.group()), marked)


def _own_id(key: str, row: Row) -> bool:
    """The first member of a webCRM record that ends in `Id` and names the record itself."""
    own = ("OrganisationId", "PersonId", "DeliveryId", "QuotationLineId", "QuotationLineLinkedDataItemId")
    return key in own or (key in ("id", "number") and "created" in row)
