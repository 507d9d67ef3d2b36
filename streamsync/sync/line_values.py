"""The fields of a line that is inserted on either side, and VAT rates (semantics §3.2, §4.3-§4.7).

Pure. `erp_insert` and `crm_insert` give read paths of the side written; documents.line_paths turns the
former into the invoice's. Raises nothing: what cannot be carried is found by `problem` before.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from streamsync.model import Agreed, Base, Fields, LineEdit, Side
from streamsync.sync import header_view, line_items, money
from streamsync.sync.documents import Document
from streamsync.sync.line_view import COST, DISCOUNT, MEMO, PRICE, QUANTITY, SORT, VAT, CrmLine, ErpLine
from streamsync.sync.lookup import Lookup
from streamsync.sync.merge import create_fields
from streamsync.sync.rows import Codec, Context, Unmapped
from streamsync.sync.rules import Rules

ITEM_PATH, TAX_PATH, COST_PATH, SORT_PATH = "inventory.id", "taxCategoryId", "unitCost", "sortOrder"
_OWN = frozenset((ITEM_PATH, TAX_PATH, COST_PATH, SORT_PATH))
_OWN_CRM = frozenset((line_items.LINKED_ID, VAT, COST, SORT))


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line cannot go out. `wait`: for its item; else `reason` parks the delivery."""

    reason: str
    detail: dict[str, str]
    wait: bool = False
    demand: str = ""  # the item number whose catalogue row is wanted


def plain(codecs: Sequence[Codec]) -> tuple[Codec, ...]:
    """The rows that carry a value as it is; item, VAT, cost and order of lines have rules of their own."""
    return tuple(
        codec
        for codec in codecs
        if not _OWN.intersection(codec.row.erp) and not _OWN_CRM.intersection(codec.row.crm)
    )


def carries(rules: Rules, crm_field: str) -> bool:
    """Whether a line row is mapped into this webCRM field."""
    return any(crm_field in row.crm for row in rules.line.map)


def problem(line: CrmLine, rules: Rules, *, invoice: bool) -> Problem | None:
    """What keeps a line from the ERP (semantics §3.1 row 9)."""
    item, detail = line.item, {"line": str(line.rank)}
    if item.sort == line_items.WAIT:
        return Problem(reason="item", detail={**detail, "item": item.number}, wait=True)
    if item.sort == line_items.UNKNOWN or not item.number:
        return Problem(reason="unknown_item", detail={**detail, "item": item.number})
    if invoice and item.erp is not None and item.erp.fields.get("stockItem") == "true":
        return Problem(
            reason="stock_item_on_invoice",
            detail={
                **detail,
                "item": item.number,
                "remedy": "set the target to Sales Order, with order type IN",
            },
        )
    if not invoice and money.number(line.view[QUANTITY]) <= 0:
        return Problem(reason="negative_quantity", detail={**detail, "value": line.view[QUANTITY]})
    if not _unit_known(line, rules):
        return Problem(reason="unmapped_value", detail={**detail, "field": "unitOfMeasure"})
    return None


def _unit_known(line: CrmLine, rules: Rules) -> bool:
    field = line_items.line_field(rules.item.layout.unit) if rules.item.layout.unit else ""
    if not field or not carries(rules, field) or line.item.erp is None:
        return True
    unit, erp = line.view.get(field, ""), line.item.erp.fields
    if unit in ("", line.item.unit, erp.get("salesUnit"), erp.get("baseUnit")):
        return True
    return unit in {row.get("fromUnit") for row in _rows(erp.get("inventoryUnits", ""))}


def erp_insert(
    line: CrmLine, codecs: Sequence[Codec], rules: Rules, context: Context
) -> tuple[LineEdit, Base, tuple[Unmapped, ...]]:
    """The insert on the ERP side, and the agreement it establishes (row ids with `@<webCRM key>`)."""
    fields, rows, lacks = create_fields(plain(codecs), line.view, Side.ERP, context)
    fields = {path: text for path, text in fields.items() if text}
    if fields.get("unitOfMeasure") == line.item.unit:
        del fields["unitOfMeasure"]
    fields |= {
        ITEM_PATH: line.item.number,
        "quantity": line.view[QUANTITY],
        "unitPrice": line.view[PRICE],
        "hasManualPrice": "true",
        "discountPercent": line.view[DISCOUNT],
        "hasManualDiscount": "true",
        "externalLink": f"crm:line:{line.key}",
    }
    fields = header_view.constants(rules.line.map) | fields
    if line.note:
        fields["note"] = line.note
    percent = money.plain(money.number(line.raw.get(VAT, "")))
    if percent in rules.line.vat_map:
        fields[TAX_PATH] = rules.line.vat_map[percent]
    out = {f"{row}@{line.key}": agreed for row, agreed in rows.items()}
    out[f"L1@{line.key}"] = Agreed(crm=(line.item.number,), erp=(line.item.number,))
    out[f"note@{line.key}"] = Agreed(crm=(line.note,), erp=(line.note,))
    return LineEdit(action="insert", fields=fields, twin=line.key), out, lacks


def crm_insert(
    line: ErpLine,
    codecs: Sequence[Codec],
    document: Document,
    header_percent: str,
    sort: int,
    rules: Rules,
    look: Lookup,
    context: Context,
) -> tuple[LineEdit, Base]:
    """The insert on the webCRM side and what it establishes (plain row ids). The caller adds delivery and
    organisation.
    """
    fields, rows, _ = create_fields(plain(codecs), line.view, Side.CRM, context)
    out: Fields = {}
    if line.item.row is not None:
        out |= line_items.catalogue_fields(line.item.row, rules)
    out |= {name: text for name, text in fields.items() if text}
    out |= {
        QUANTITY: line.view["quantity"],
        PRICE: line.view["unitPrice"],
        SORT: str(sort),
        DISCOUNT: money.unfolded(line.view["discountPercent"], header_percent),
    }
    if not line.item.number and (text := line.raw.get("description", "").strip()):
        out[MEMO] = text
    if carries(rules, COST) and (cost := line.raw.get(COST_PATH, "")):
        out[COST] = cost
    rate = vat_rate(line.raw.get(TAX_PATH, ""), document, look)
    if carries(rules, VAT) and rate:
        out[VAT] = rate
        rows["L7"] = Agreed(crm=(rate,), erp=(rate,))
    if rules.line.key_field:
        out[rules.line.key_field] = line.key
    number = line.raw.get(ITEM_PATH, "")
    rows["L1"] = Agreed(crm=(number,), erp=(number,))
    if carries(rules, SORT):
        rows["L9"] = Agreed(crm=(str(sort),), erp=(str(line.rank),))
    return LineEdit(action="insert", fields=out, twin=line.key), rows


def vat_rate(category: str, document: Document, look: Lookup) -> str:
    """The percent of a VAT category as canonical text; "" where unknown, `0` where several rates apply
    (semantics §4.6).
    """
    if not category:
        return ""
    taxes = [row for row in _rows(document.raw.fields.get("taxDetails", "")) if _tax_id(row) == category]
    rates = {money.plain(money.number(str(row.get("vatRate") or 0))) for row in taxes}
    if not rates:
        text = (look.table("vat_category") or {}).get(category, "")
        rates = _table_rates(text)
    return rates.pop() if len(rates) == 1 else "0" if rates else ""


def _table_rates(text: str) -> set[str]:
    """Rates in a code table's entry: a plain figure, or JSON with `rate` or `rates`."""
    if not text:
        return set()
    if text[0] not in "{[":
        return {money.plain(money.number(text))} if text.replace(".", "", 1).isdigit() else set()
    found: Any = json.loads(text)
    rates = (
        found
        if isinstance(found, list)
        else found.get("rates", [found["rate"]] if found.get("rate") is not None else [])
    )
    return {money.plain(money.number(str(rate))) for rate in rates}


def _tax_id(row: dict[str, Any]) -> str:
    held = row.get("vatId")
    return str(held.get("number", "")) if isinstance(held, dict) else str(held or row.get("taxId", ""))


def _rows(text: str) -> list[dict[str, Any]]:
    found: Any = json.loads(text) if text else []
    return [row for row in found if isinstance(row, dict)]
