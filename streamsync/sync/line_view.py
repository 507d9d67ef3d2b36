"""Both sides' lines made comparable: item, figures, description, unit (semantics §4).

Pure. A view holds the values that the mapping rows compare and carry; `raw` is the shadow. webCRM's line
discount appears folded with the header's, a description that only repeats the item's name appears empty, an
empty unit as the item's.
"""

from collections.abc import Sequence

import msgspec

from streamsync.model import Fields, Line
from streamsync.sync import line_items, money
from streamsync.sync.documents import Document
from streamsync.sync.line_items import Item
from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

QUANTITY, PRICE, DISCOUNT = "QuotationLineQuantity", "QuotationLinePrice", "QuotationLineDiscount"
MEMO, VAT, COST, SORT = (
    "QuotationLineMemo",
    "QuotationLineVatPercentage",
    "QuotationLineCostPrice",
    "QuotationLineSortOrder",
)
DESCRIPTION_LENGTH = 256
NOTE_LENGTH = 2048


class CrmLine(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    rank: int  # counted from 1, in the order the user sees
    raw: Fields
    item: Item
    view: Fields
    note: str = ""  # what belongs into the ERP line's note: a long memo and the text lines below

    @property
    def is_text(self) -> bool:
        return self.item.sort == line_items.TEXT

    @property
    def print(self) -> str:
        """What the user has typed: an edit that was refused is not tried again before this changes."""
        shown = (self.view.get(name, "") for name in (QUANTITY, PRICE, DISCOUNT, MEMO, VAT))
        return "\n".join((self.item.number, *shown, self.note))


class ErpLine(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    rank: int
    raw: Fields
    item: Item
    view: Fields

    @property
    def is_text(self) -> bool:
        return self.item.sort == line_items.TEXT


def unit_field(rules: Rules) -> str:
    return line_items.line_field(rules.item.layout.unit) if rules.item.layout.unit else ""


def crm_lines(
    lines: Sequence[Line], header_percent: str, rules: Rules, look: Lookup
) -> tuple[list[CrmLine], str]:
    """The webCRM lines, and the text of the text lines above the first item (it belongs to the document's
    note).
    """
    out: list[CrmLine] = []
    leading: list[str] = []
    for rank, line in enumerate(lines, 1):
        item = line_items.of_crm_line(line.fields, rules, look)
        memo = line.fields.get(MEMO, "").strip()
        if item.sort == line_items.TEXT and rules.line.text == "item" and rules.line.text_item:
            item = line_items.by_number(rules.line.text_item, rules, look)
        elif item.sort == line_items.TEXT:
            if rules.line.text == "note" and memo:
                owner = next((at for at in range(len(out) - 1, -1, -1) if not out[at].is_text), None)
                if owner is None:
                    leading.append(memo)
                else:
                    out[owner] = msgspec.structs.replace(out[owner], note=_below(out[owner].note, memo))
            out.append(
                CrmLine(
                    key=line.key,
                    rank=rank,
                    raw=line.fields,
                    item=item,
                    view=_crm_view(line.fields, item, "", rules),
                )
            )
            continue
        view = _crm_view(line.fields, item, header_percent, rules)
        note = memo[:NOTE_LENGTH] if len(memo) > DESCRIPTION_LENGTH else ""
        out.append(CrmLine(key=line.key, rank=rank, raw=line.fields, item=item, view=view, note=note))
    return out, "\n".join(leading)[:NOTE_LENGTH]


def erp_lines(document: Document, rules: Rules, look: Lookup) -> list[ErpLine]:
    out = []
    for rank, line in enumerate(document.lines, 1):
        item = line_items.of_erp_line(line.fields, rules, look)
        view = dict(line.fields)
        if _alike(view.get("description", ""), item.name):
            view["description"] = ""
        if not view.get("unitOfMeasure"):
            view["unitOfMeasure"] = item.unit
        out.append(ErpLine(key=line.key, rank=rank, raw=line.fields, item=item, view=view))
    return out


def _crm_view(raw: Fields, item: Item, header_percent: str, rules: Rules) -> Fields:
    view = dict(raw)
    quantity = raw.get(QUANTITY, "") or "0"
    if rules.line.text == "item" and item.number == rules.line.text_item and line_items.is_text(raw):
        quantity = "1"
    view[QUANTITY] = money.fixed(quantity, money.QUANTITY_PLACES)
    view[PRICE] = money.fixed(raw.get(PRICE, "") or "0", money.PRICE_PLACES)
    view[DISCOUNT] = money.folded(raw.get(DISCOUNT, ""), header_percent)
    if MEMO in raw:
        memo = raw[MEMO].strip()
        view[MEMO] = "" if _alike(memo, item.name) else memo[:DESCRIPTION_LENGTH]
    if (unit := unit_field(rules)) and view.get(unit, "") in line_items.EMPTY:
        view[unit] = item.unit
    return view


def _alike(text: str, name: str) -> bool:
    return bool(name) and " ".join(text.split()) == " ".join(name.split())


def _below(note: str, memo: str) -> str:
    return f"{note}\n{memo}"[:NOTE_LENGTH] if note else memo[:NOTE_LENGTH]
