"""Items of the ERP and webCRM's catalogue rows: always from the ERP (semantics §2.3, §5).

Pure; called by `sync.decide` only. Prices and cost are brought to the sales unit; what cannot be sold
any more is marked, not deleted. Every write to the catalogue carries the full row, because the merge of
partial ones is not proven there.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from streamsync.model import Action, Direction, Fields, Kind, Outcome, Record, Side, Write
from streamsync.sync import matching, normalise, scope, settle
from streamsync.sync.codecs import codecs_for, needed_tables
from streamsync.sync.decision import Decision, FieldConflict, Finding, First
from streamsync.sync.line_items import line_field
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.merge import Merge, create_fields, merge, texts_of
from streamsync.sync.rows import Context, Row
from streamsync.sync.rules import Rules
from streamsync.sync.settle import Extra
from streamsync.sync.transforms import canonical

KIND = Kind.ITEM
GROUP = "QuotationLineLinkedDataItemItemGroup"
ENTITY_TYPE = "QuotationLineLinkedDataItemEntityType"
DATA = tuple(f"QuotationLineLinkedDataItemData{number}" for number in range(1, 10))
EMPTY_TEXTS = ("QuotationLineLinkedDataItemDataMemo", GROUP, "QuotationLineLinkedDataItemVatCode")
PRICES = frozenset(("QuotationLineLinkedDataItemPrice", "QuotationLineLinkedDataItemCostPrice"))
ON_DEMAND = "on_demand"
TWINS_AGAIN_MS = 600_000


def decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    """The next step of an item pair. An ambiguous one looks again by itself: whoever merges two rows touches
    only one of them."""
    decision = _decide(view, rules, look, now_ms)
    if decision.state == "ambiguous":
        return msgspec.structs.replace(decision, again_ms=now_ms + TWINS_AGAIN_MS)
    if view.pair.state == "ambiguous" and not decision.state:
        return msgspec.structs.replace(decision, state="active")
    return decision


def _decide(view: View, rules: Rules, look: Lookup, now_ms: int) -> Decision:
    if not rules.item.direction.reaches(Side.CRM) and ON_DEMAND not in look.decided(view.pair.id):
        return settle.filtered("direction_off")
    if any(look.table(name) is None for name in needed_tables(rules.item.map)):
        return settle.waiting("lookups", now_ms)
    decided = look.decided(view.pair.id)
    if view.pair.state == "excluded" or "exclude" in decided:
        return msgspec.structs.replace(settle.filtered("not_sellable"), state="excluded")
    if view.erp is None:
        if view.crm is not None and not view.pair.erp_id:
            return settle.filtered("not_sellable")  # a row of the house, or one whose item will match it
        if view.crm_missing or (view.crm is None and not view.pair.erp_id):
            return Decision(outcome=Outcome.IN_SYNC, state="deleted")
        return settle.waiting("settling", now_ms)
    if view.crm is not None and not view.crm_missing:
        return _linked(view, view.crm, view.erp, rules, look, gone=view.erp_missing)
    if view.pair.crm_id and not view.crm_missing:
        return settle.waiting("settling", now_ms)
    return _without_row(view, view.erp, rules, look)


def derived(erp: Fields, rules: Rules) -> Fields:
    """The item's fields with unit, prices, cost, stock and barcode as the rules want them."""
    unit, rate = _unit(erp, rules)
    price = {
        "recommendedPrice": erp.get("recommendedPrice", ""),
        "recommendedPrice_else_default": _nonzero(
            erp.get("recommendedPrice", ""), erp.get("defaultPrice", "")
        ),
    }.get(rules.item.price, erp.get("defaultPrice", ""))
    cost = (
        erp.get(rules.item.cost, "")
        if rules.item.cost in ("currentCost", "lastCost")
        else _nonzero(erp.get("currentCost", ""), erp.get("lastCost", ""))
    )
    out = erp | {"derived.price": _times(price, rate), "derived.cost": _times(cost, rate)}
    if "salesUnit" in erp:
        out["salesUnit"] = unit
    if not erp.get("description", "").strip():
        out["description"] = erp.get("inventoryNumber", "")
    if "warehouseDetails" in erp:
        only = rules.item.stock_warehouse
        places = [row for row in _rows(erp["warehouseDetails"]) if only in ("", str(row.get("warehouse")))]
        held = [_number(str(row.get("available") or 0)) for row in places]
        out["derived.stock"] = canonical(format(sum(held, Decimal(0)), "f"))
    if "crossReferences" in erp:
        codes = [
            str(row.get("alternateId") or row.get("alternateID") or "")
            for row in _rows(erp["crossReferences"])
            if "barcode" in str(row.get("alternateType", "")).casefold()
        ]
        out["derived.barcode"] = next(filter(None, codes), "")
    return out


def _unit(erp: Fields, rules: Rules) -> tuple[str, Decimal]:
    """The unit that is sold by, and how many base units it holds; without a row for it, the base unit."""
    base, sales = erp.get("baseUnit", ""), erp.get("salesUnit", "")
    if rules.item.unit == "base" or not sales or sales == base:
        return sales if sales == base or not base else base, Decimal(1)
    for row in _rows(erp.get("inventoryUnits", "")):
        if row.get("fromUnit") != sales or row.get("toUnit", base) not in (base, None, ""):
            continue
        rate = _number(str(row.get("unitRate") or row.get("conversionFactor") or 0))
        if rate > 0:
            divides = str(row.get("unitMultDiv", "")).casefold().startswith("d")
            return sales, 1 / rate if divides else rate
    return base, Decimal(1)


def _rows(text: str) -> list[dict[str, Any]]:
    found: Any = json.loads(text) if text else []
    return [row for row in found if isinstance(row, dict)]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return Decimal(0)


def _nonzero(first: str, second: str) -> str:
    return first if _number(first) else second


def _times(price: str, rate: Decimal) -> str:
    return canonical(format(_number(price) * rate, "f"), 4) if price else ""


def _linked(view: View, crm: Record, erp: Record, rules: Rules, look: Lookup, *, gone: bool) -> Decision:
    sells = not gone and scope.sellable(erp.fields, rules)
    if not sells and rules.item.on_discontinue == "nothing":
        return settle.filtered("not_sellable")
    if twins := _twins(view, crm, rules, look):
        return twins
    if not sells and rules.item.on_discontinue == "delete" and not _in_use(crm, rules, look):
        write = Write(side=Side.CRM, kind=KIND, action=Action.DELETE, rid=crm.rid)
        return Decision(outcome=Outcome.WRITTEN, write=write, mass="delete")
    fields = derived(erp.fields, rules)
    if not sells:
        fields |= {"description": _marked(fields["description"], rules)}
    merged = merge(
        codecs_for(rules.item.map, rules, look),
        view.pair.base,
        crm.fields,
        fields,
        settle.policy(view, Direction.TO_CRM, rules, look),
        Context(language=rules.webcrm.language),
    )
    merged = msgspec.structs.replace(merged, firsts=tuple(map(_unbraked, merged.firsts)))
    if not sells:
        merged = _without(merged, GROUP, rules.item.map)
    extra = Extra(to_crm=_group(crm.fields, rules, sells=sells))
    decision = settle.settled(view, merged, extra)
    name = rules.item.layout.name
    marks = {GROUP, name}.intersection(decision.write.fields) if decision.write and not sells else set()
    if marks and not _is_marked(crm.fields, rules):
        calm = settle.settled(view, _without(merged, name, rules.item.map), Extra())
        decision = msgspec.structs.replace(decision, mass="mark", calm=calm)
    by_hand = _by_hand(view, merged, crm, rules)
    return _whole(msgspec.structs.replace(decision, conflicts=decision.conflicts + by_hand), crm)


def _twins(view: View, crm: Record, rules: Rules, look: Lookup) -> Decision | None:
    """Another row of the catalogue carries this item's id: a person must merge them, or say which it is."""
    if "link" in look.decided(view.pair.id):
        return None
    number = normalise.folded(crm.fields.get(rules.item.layout.id, ""))
    found = look.candidates(Side.CRM, KIND, "number", number) if number not in ("", "-") else ()
    others = tuple(one.record.rid for one in found if one.record.rid != crm.rid and not one.linked)
    if not others:
        return None
    return settle.ambiguous("many_candidates", "number", (crm.rid, *others))


def _in_use(crm: Record, rules: Rules, look: Lookup) -> bool:
    """Whether a line that is known is of this row; a deletion would take the item off an offer. Lines mirror
    the row's texts, but do not name the row when they are read (webcrm-api §10.4)."""
    layout = rules.item.layout
    field = layout.internal or layout.id
    held = crm.fields.get(field, "")
    return held not in ("", "-") and look.lines_show(line_field(field), held)


def _unbraked(first: First) -> First:
    """A price list is an ordinary edit, however long (semantics §10)."""
    prices = all(path in PRICES for path in first.fields)
    return msgspec.structs.replace(first, overwrites=first.overwrites and not prices)


def _by_hand(view: View, merged: Merge, crm: Record, rules: Rules) -> tuple[FieldConflict, ...]:
    """What somebody changed in the catalogue and the ERP takes back, for the history (E32). webCRM names no
    author of a catalogue row (webcrm-api §10.5), so it says "by hand, in webCRM"."""
    found = []
    for row in rules.item.map:
        was, agreed = view.pair.base.get(row.id), merged.rows_crm.get(row.id)
        if was is not None and agreed is not None and was.erp == agreed.erp:
            held = "\n".join(texts_of(row.crm, crm.fields))
            ours = "\n".join(agreed.crm)
            found.append(FieldConflict(row=row.id, reason="by_hand", winner="erp", crm=held, erp=ours))
    return tuple(found)


def _whole(decision: Decision, crm: Record) -> Decision:
    """Every write to a catalogue row carries all of it; so does what the brake lets through."""
    if decision.write is None:
        return decision
    calm = _whole(decision.calm, crm) if decision.calm is not None else None
    write = decision.write if decision.write.action is Action.DELETE else _full(decision.write, crm)
    return msgspec.structs.replace(decision, write=write, calm=calm)


def _group(crm: Fields, rules: Rules, *, sells: bool) -> Fields:
    """The discontinued group is set, and taken back where no row brings the item's own."""
    held, group = crm.get(GROUP, ""), rules.item.discontinued_group
    if GROUP not in crm or (sells and any(GROUP in row.crm for row in rules.item.map)):
        return {}
    if not sells:
        return {} if held == group else {GROUP: group}
    return {GROUP: ""} if held == group else {}


def _marked(name: str, rules: Rules) -> str:
    prefix = rules.item.discontinued_prefix
    return name if name.startswith(prefix) else prefix + name


def _is_marked(crm: Fields, rules: Rules) -> bool:
    """Whether the row says already that its item is not sold any more."""
    prefix = rules.item.discontinued_prefix
    if prefix:
        return crm.get(rules.item.layout.name, "").startswith(prefix)
    return crm.get(GROUP, "") == rules.item.discontinued_group


def _without(merged: Merge, field: str, rows: tuple[Row, ...]) -> Merge:
    """The merge without what it says about one field, whose rows keep the agreement they had."""
    about = {row.id for row in rows if field in row.crm}
    return msgspec.structs.replace(
        merged,
        to_crm={name: text for name, text in merged.to_crm.items() if name != field},
        rows_crm={key: agreed for key, agreed in merged.rows_crm.items() if key not in about},
    )


def _full(write: Write, crm: Record) -> Write:
    """The whole catalogue row, as seen, with what changes."""
    kept = {
        name: text
        for name, text in crm.fields.items()
        if not name.endswith(("ItemId", "UpdatedAt", "CreatedAt"))
    }
    for name in DATA:
        if name in kept or name in write.fields:
            kept[name] = kept.get(name) or "-"
    changed = {name: text or ("-" if name in DATA else "") for name, text in write.fields.items()}
    return msgspec.structs.replace(write, fields=kept | changed)


def _without_row(view: View, erp: Record, rules: Rules, look: Lookup) -> Decision:
    """No catalogue row (yet, or not any more): match, create, or leave what cannot be sold."""
    if not scope.gate_open(KIND, look):
        return settle.waiting("gate")
    if not view.pair.crm_id:
        found = matching.match(view, rules, look)
        if found.reason:
            return settle.ambiguous(found.reason, found.key, found.candidates)
        if found.link and found.record is not None:
            other = settle.half_of(found.record, look)
            both = settle.joined(view, other)
            return settle.linked(view, other, _linked(both, found.record, erp, rules, look, gone=False))
    sells = scope.sellable(erp.fields, rules) and not view.erp_missing
    if not sells and ON_DEMAND not in look.decided(view.pair.id):
        return settle.filtered("not_sellable")
    return _create(erp, rules, look, sells=sells)


def _create(erp: Record, rules: Rules, look: Lookup, *, sells: bool) -> Decision:
    source = derived(erp.fields, rules)
    if not sells:
        source |= {"description": _marked(source["description"], rules)}
    context = Context(language=rules.webcrm.language, side_fields=source)
    fields, rows, lacks = create_fields(codecs_for(rules.item.map, rules, look), source, Side.CRM, context)
    if lacks:
        return settle.unmapped(lacks[0])
    number = fields.get(rules.item.layout.id, "")
    if not number:
        return settle.required("inventoryNumber")
    out = dict.fromkeys(DATA, "-") | dict.fromkeys(EMPTY_TEXTS, "") | {ENTITY_TYPE: "Product"} | fields
    if not sells:
        out[GROUP] = rules.item.discontinued_group
    findings = () if sells else (Finding(code="discontinued"),)
    return Decision(
        outcome=Outcome.CREATED,
        rows=rows,
        findings=findings,
        write=Write(
            side=Side.CRM, kind=KIND, action=Action.CREATE, fields=out, hints={rules.item.layout.id: number}
        ),
    )
