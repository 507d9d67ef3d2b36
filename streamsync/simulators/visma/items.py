"""Inventory items on the finance host: rows, list, get, create, update (visma-api §4.3). No ETag header,
no If-Match.
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import broken_rule, refused
from streamsync.simulators.visma.ask import Ask, changed, created, finance_body, holds, moment, paged, picked
from streamsync.simulators.visma.company import etag
from streamsync.simulators.visma.customers import attribute_rows
from streamsync.simulators.visma.finance_shapes import INVENTORY
from streamsync.simulators.visma.money import ZERO
from streamsync.simulators.visma.records import Item

Row = dict[str, Any]

STOCK_TYPES = ("FinishedGoodItem", "ComponentPartItem", "SubassemblyItem")
_VAT = {ident: text for ident, (text, _) in example.VAT.items()}
_PLAIN: Row = {
    "description": "",
    "body": None,
    "status": "Active",
    "type": "NonStockItem",
    "defaultPrice": ZERO,
    "recommendedPrice": ZERO,
    "currentCost": ZERO,
    "lastCost": ZERO,
    "pendingCost": ZERO,
    "baseUnit": "STK",
    "salesUnit": "STK",
    "purchaseUnit": "STK",
    "stockItem": False,
    "kitItem": False,
}


def item_row(ask: Ask, item: Item, metadata: dict[str, int] | None = None) -> Row:
    """The read shape; the parts that `expand…` asks for, which come unless they are declined."""
    fields = item.fields
    row: Row = {"inventoryId": item.inventory_id, "inventoryNumber": item.number}
    for name, default in _PLAIN.items():
        row[name] = fields.get(name, default)
    row["itemClass"] = example.item_class(fields.get("itemClass.id", "DIVERSE"))
    row["postingClass"] = {"id": "AA", "description": "Varer"}
    row["vatCode"] = example.named(fields.get("vatCode.id", "3"), _VAT)
    row["priceClass"] = None
    row["defaultWarehouse"] = (
        {"id": "1", "description": example.WAREHOUSES["1"]} if item.is_stock_item else None
    )
    row["lastModifiedDateTime"] = ask.stamp(item.modified_ms)
    if ask.flag("expandAttribute", True):
        row["attributes"] = attribute_rows(fields)
    if ask.flag("expandAttachment", True):
        row["attachments"] = []
    if ask.flag("expandCrossReference", True):
        row["crossReferences"] = fields.get("crossReferences", [])
    if ask.flag("expandWarehouseDetail", True):
        row["warehouseDetails"] = _warehouse_rows(ask, item)
    if ask.flag("expandInventoryUnits", True):
        row["inventoryUnits"] = _unit_rows(item)
    if ask.flag("expandSupplierDetails", True):
        row["supplierDetails"] = []
    if ask.flag("expandSalesCategories", True):
        row["salesCategories"] = []
    if ask.flag("expandNote", True):
        row["note"] = fields.get("note", "")
    if ask.flag("addCostPriceStatistics", False):
        cost = row["lastCost"]
        row["costPriceStatistics"] = {"averageCost": cost, "lastCost": cost, "maxCost": cost, "minCost": cost}
    row["timestamp"] = etag(item)
    row["errorInfo"] = ""
    row["metadata"] = metadata or example.NO_PAGES
    return row


def _warehouse_rows(ask: Ask, item: Item) -> list[Row]:
    if not item.is_stock_item:
        return []
    changed_ms = item.stock_changed_ms or item.created_ms
    return [
        {
            "isDefault": True,
            "warehouse": "1",
            "quantityOnHand": item.stock,
            "available": item.stock,
            "availableForShipment": item.stock,
            "lastModifiedDateTime": ask.stamp(changed_ms),
        }
    ]


def _unit_rows(item: Item) -> list[Row]:
    """Units by their rate to the base unit; `units` of the fields is {unit: rate}."""
    base = item.fields.get("baseUnit", "STK")
    rates: dict[str, Decimal] = {base: Decimal(1), **item.fields.get("units", {})}
    return [
        {
            "fromUnit": unit,
            "toUnit": base,
            "sampleToUnit": base,
            "unitMultDiv": "Multiply",
            "unitRate": rate,
            "unitType": 1,
            "inventoryID": item.inventory_id,
            "recordID": item.inventory_id * 10 + at,
            "priceAdjustmentMultiplier": Decimal(1),
        }
        for at, (unit, rate) in enumerate(rates.items())
    ]


def list_items(ask: Ask) -> Response:
    rows = picked(ask, ask.company.items)
    available = moment(ask, "availabilityLastModifiedDateTime")
    if available is not None:
        bound, condition = available
        rows = [r for r in rows if r.is_stock_item and holds(_stock_stamp(ask, r), condition, bound)]
    number = ask.one("inventoryNumber")
    if number is not None:
        rows = [r for r in rows if r.number.casefold() == number.casefold()]
    for name, default in (("description", ""), ("status", "Active")):
        wanted = ask.one(name)
        if wanted is not None:
            rows = [r for r in rows if str(r.fields.get(name, default)).casefold() == wanted.casefold()]
    types = ask.one("inventoryTypes")
    if types is not None:
        allowed = {part.strip() for part in types.split(",")}
        rows = [r for r in rows if r.fields.get("type", "NonStockItem") in allowed]
    page, metadata = paged(ask, rows, "inventory")
    return json_response(200, [item_row(ask, row, metadata) for row in page])


def _stock_stamp(ask: Ask, item: Item) -> int:
    return ask.company.stamp_of(item.stock_changed_ms or item.created_ms, ask.shift_ms)


def _the_item(ask: Ask) -> Item:
    ident = ask.params.get("inventoryId")
    if ident is not None:
        found = ask.company.items.get(int(ident)) if ident.isdecimal() else None
    else:
        found = ask.company.item(ask.params["inventoryNumber"])
    if found is None:
        raise refused(f"Item '{ident or ask.params['inventoryNumber']}' cannot be found in the system.", 404)
    return found


def get_item(ask: Ask) -> Response:
    return json_response(200, item_row(ask, _the_item(ask)))


def post_item(ask: Ask) -> Response:
    values = finance_body(ask, INVENTORY)
    for name in ("inventoryNumber", "itemClass"):
        if not values.get(name, "").strip():
            raise refused(f"'{name}' is required.")
    if ask.company.item(values["inventoryNumber"]):
        raise broken_rule(f"Item '{values['inventoryNumber']}' already exists.")
    item = Item(inventory_id=ask.company.next_item_id(), number=values.pop("inventoryNumber").strip())
    _apply(item, values)
    ask.company.add(item, ask.now_ms)
    return created(ask, f"/v1/inventory/{item.number}", None)


def put_item(ask: Ask) -> Response:
    item = _the_item(ask)
    values = finance_body(ask, INVENTORY)
    if values.pop("inventoryNumber", item.number) != item.number:
        raise broken_rule("The number of an existing item cannot be changed here.")
    _apply(item, values)
    ask.company.touch(item, ask.now_ms)
    return changed(ask, None)


def _apply(item: Item, values: Row) -> None:
    fields = dict(item.fields)
    for name, value in values.items():
        if name == "itemClass":
            if value not in example.ITEM_CLASSES:
                raise broken_rule(f"Item class '{value}' cannot be found in the system.")
            fields["itemClass.id"] = value
            fields.setdefault("type", example.ITEM_CLASSES[value][1])
        elif name == "vatCode":
            if value not in example.VAT:
                raise broken_rule(f"VAT category '{value}' cannot be found in the system.")
            fields["vatCode.id"] = value
        elif name in _PLAIN or name == "note":
            fields[name] = value
    fields["stockItem"] = fields.get("type", "NonStockItem") in STOCK_TYPES
    item.fields = fields
