"""Which item a line means, in both directions (semantics §4.3).

Pure; asks the store through `Lookup`. Item match keys used: `internal` (inventoryId) and `number`
(inventoryNumber), on both sides, trimmed and case-folded as `sync.identity` computes them.
"""

import msgspec

from streamsync.model import Fields, Kind, Record, Side
from streamsync.sync import money
from streamsync.sync.lookup import Candidate, Lookup
from streamsync.sync.rules import Rules

LINKED_ID = "QuotationLineLinkedDataId"
ITEM_ID = "QuotationLineLinkedDataItemId"
EMPTY = ("", "-")
ITEM, TEXT, WAIT, UNKNOWN = "item", "text", "wait", "unknown"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """`sort`: item, text, wait (known but not on the other side yet) or unknown. `number`: the ERP's item
    number.
    """

    sort: str
    number: str = ""
    name: str = ""
    unit: str = ""
    erp: Record | None = None
    row: Record | None = None  # the webCRM catalogue row
    pair: int = 0


def line_field(layout_field: str) -> str:
    """`QuotationLineLinkedDataItemData4` is `QuotationLineData4` on the line (webcrm-api §10.4)."""
    return layout_field.replace("LinkedDataItem", "", 1)


def is_text(line: Fields) -> bool:
    """No item, quantity 0 or 1, price 0."""
    return money.number(line.get("QuotationLineQuantity", "")) in (0, 1) and not money.number(
        line.get("QuotationLinePrice", "")
    )


def bare(line: Fields) -> bool:
    """A text line whatever becomes of it: no item, and nothing to pay."""
    return (
        is_text(line)
        and line.get(LINKED_ID, "") in ("", "0", "-")
        and all(line.get(f"QuotationLineData{number}", "") in EMPTY for number in (1, 3))
    )


def of_crm_line(line: Fields, rules: Rules, look: Lookup) -> Item:
    """The ERP item of a webCRM line: by catalogue row, internal id, then number."""
    linked = line.get(LINKED_ID, "")
    if _text(line, rules.item.layout.id).casefold() == rules.line.placeholder.casefold():
        return Item(sort=ITEM)  # an ERP line without an item; it cannot go out by itself
    row: Record | None = None
    if linked not in ("", "0", "-"):
        pair = look.pair_of(Side.CRM, Kind.ITEM, linked)
        row = look.record(Side.CRM, Kind.ITEM, linked)
        if (
            pair is not None
            and pair.erp_id
            and (erp := look.record(Side.ERP, Kind.ITEM, pair.erp_id)) is not None
        ):
            return _known(erp, row, rules, pair.id)
    layout = rules.item.layout
    internal = _text(line, layout.internal)
    number = _text(line, layout.id)
    for key, value in (("internal", internal), ("number", number), ("alias", number)):
        found = look.candidates(Side.ERP, Kind.ITEM, key, value.casefold()) if value else ()
        if len(found) == 1:
            return _known(
                found[0].record,
                row or _row_of(found[0], look),
                rules,
                found[0].pair.id if found[0].pair else 0,
            )
    if internal or number or row is not None:
        return Item(sort=UNKNOWN if look.complete(Side.ERP, Kind.ITEM) else WAIT, number=number)
    if is_text(line):
        return Item(sort=TEXT)
    if rules.line.misc_item:
        return by_number(rules.line.misc_item, rules, look)
    return Item(sort=UNKNOWN)


def of_erp_line(line: Fields, rules: Rules, look: Lookup) -> Item:
    """The catalogue row of an ERP line. Lines without an item use the placeholder's row; it may still be
    missing: wait.
    """
    number = line.get("inventory.id", "").strip()
    if number:
        return by_number(number, rules, look)
    if not money.number(line.get("quantity", "")) and not money.number(line.get("unitPrice", "")):
        return Item(sort=TEXT)
    found = look.candidates(Side.CRM, Kind.ITEM, "number", rules.line.placeholder.strip().casefold())
    if len(found) >= 1:
        return Item(sort=ITEM, number="", row=found[0].record, pair=found[0].pair.id if found[0].pair else 0)
    made = by_number(rules.line.placeholder, rules, look)  # just written: the catalogue is read rarely
    if made.row is not None:
        return Item(sort=ITEM, number="", row=made.row, pair=made.pair)
    return Item(sort=WAIT, number=rules.line.placeholder)


def by_number(number: str, rules: Rules, look: Lookup) -> Item:
    """The item with this number; `row` is None while webCRM's catalogue has none for it. One that was
    renumbered answers to its old number, unless another has taken it."""
    key = number.strip().casefold()
    found = look.candidates(Side.ERP, Kind.ITEM, "number", key) or look.candidates(
        Side.ERP, Kind.ITEM, "alias", key
    )
    if len(found) == 1:
        return _known(
            found[0].record, _row_of(found[0], look), rules, found[0].pair.id if found[0].pair else 0
        )
    rows = look.candidates(Side.CRM, Kind.ITEM, "number", key)
    if len(rows) == 1:
        return Item(sort=ITEM, number=number, row=rows[0].record)
    return Item(sort=WAIT, number=number)


def _known(erp: Record, row: Record | None, rules: Rules, pair: int) -> Item:
    fields = erp.fields
    unit = (
        fields.get("baseUnit", "")
        if rules.item.unit == "base"
        else fields.get("salesUnit", "") or fields.get("baseUnit", "")
    )
    return Item(
        sort=ITEM,
        number=fields.get("inventoryNumber", ""),
        name=fields.get("description", ""),
        unit=unit,
        erp=erp,
        row=row,
        pair=pair,
    )


def _row_of(found: Candidate, look: Lookup) -> Record | None:
    if found.pair is None or not found.pair.crm_id:
        return None
    return look.record(Side.CRM, Kind.ITEM, found.pair.crm_id)


def _text(line: Fields, layout_field: str) -> str:
    text = line.get(line_field(layout_field), "").strip() if layout_field else ""
    return "" if text in EMPTY else text


def placeholder_record(rules: Rules) -> Record:
    """The item that stands for ERP lines without one. It exists on no system: whoever meets it in
    `Decision.demand` observes it as an ERP item, so that the item's decision makes the catalogue row. Its
    prices are 0 and not unknown: webCRM shows 0, and the two must agree.
    """
    return Record(
        side=Side.ERP,
        kind=Kind.ITEM,
        rid="0",
        fields={
            "inventoryNumber": rules.line.placeholder,
            "inventoryId": "0",
            "description": "ERP line",
            "status": "Active",
            "type": "NonStockItem",
            "stockItem": "false",
            **dict.fromkeys(("defaultPrice", "recommendedPrice", "currentCost", "lastCost"), "0"),
        },
    )


def catalogue_fields(row: Record, rules: Rules) -> Fields:
    """What a new webCRM line takes from its catalogue row: the link, the mirrored DataN and the list
    price.
    """
    out = {LINKED_ID: row.rid}
    for number in range(1, 10):
        text = row.fields.get(f"QuotationLineLinkedDataItemData{number}", "")
        if text not in EMPTY:
            out[f"QuotationLineData{number}"] = text
    if price := row.fields.get("QuotationLineLinkedDataItemPrice", ""):
        out["QuotationLineListPrice"] = price
    return out
