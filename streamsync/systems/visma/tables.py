"""The code tables of the ERP, by the names of `sync.lookup.Lookup.table`: code to text, or to JSON where more
is needed.

`customer_class`: {requiredTaxzoneId, taxZoneId, attributes}; `order_type`: {behavior, active};
`vat_category`: {rates, active} with the current output rates as texts. The others: code to description.
Sources: visma-api §4.8; semantics §3.1, §4.6.
"""

from collections.abc import Callable, Mapping

import msgspec

from streamsync.errors import Unknown
from streamsync.model import Kind, Lane
from streamsync.systems.visma import canonical, wire
from streamsync.systems.visma.auth import Audience
from streamsync.systems.visma.calls import Calls
from streamsync.systems.visma.feeds import Feeds
from streamsync.systems.visma.lists import Shape

PAGE = 500


class Coded(wire.Wire):
    """The rows of the simple tables: each has one of the keys and one of the texts."""

    id: str | None = None
    terms_id: str | None = None
    number: str | None = None
    salesperson_id: str | None = msgspec.field(default=None, name="salespersonID")
    warehouse_id: str | None = msgspec.field(default=None, name="warehouseID")
    description: str | None = None
    name: str | None = None

    @property
    def code(self) -> str:
        return self.id or self.terms_id or self.salesperson_id or self.warehouse_id or self.number or ""


def _no_flags(_: frozenset[str]) -> list[tuple[str, str]]:
    return []


def _shape(path: str, row: type[wire.Wire], key: str, *, skipping: bool = False) -> Shape:
    return Shape(
        kind=Kind.ORGANISATION, path=path, row=row, key=(key,), size=PAGE, skipping=skipping, expand=_no_flags
    )


_PAGED = {
    "vat_zone": _shape("/v1/vatZone", Coded, "id"),
    "credit_term": _shape("/v1/creditTerm", Coded, "termsId"),
    "salesperson": _shape("/v1/salesperson", Coded, "salespersonID"),
    "warehouse": _shape("/v1/warehouse", Coded, "warehouseID"),
}
_WHOLE = {"currency": "/v1/currency", "branch": "/v1/branch"}
_ORDER_TYPES = _shape("/v1/salesordertype", wire.OrderType, "orderType")
_VAT_CATEGORIES = _shape("/v1/vatCategory", wire.VatCategory, "vatCategoryId", skipping=True)


class Tables:
    def __init__(self, calls: Calls, feeds: Feeds, today: Callable[[], str]) -> None:
        self._calls = calls
        self._feeds = feeds
        self._today = today

    async def all(self, lane: Lane) -> Mapping[str, Mapping[str, str]]:
        """Every table, read whole."""
        out: dict[str, Mapping[str, str]] = {}
        for name, shape in _PAGED.items():
            out[name] = {
                row.code: row.description or row.name or "" for row in await self._listed(shape, Coded, lane)
            }
        for name, path in _WHOLE.items():
            out[name] = {
                row.code: row.description or row.name or "" for row in await self._whole(path, Coded, lane)
            }
        out["customer_class"] = {found.id: _class_text(found) for found in await self.classes(lane)}
        types = await self._listed(_ORDER_TYPES, wire.OrderType, lane)
        out["order_type"] = {
            row.order_type.upper(): _text({"behavior": row.behavior or "", "active": row.active is not False})
            for row in types
        }
        vat = await self._listed(_VAT_CATEGORIES, wire.VatCategory, lane)
        out["vat_category"] = {row.vat_category_id: self._rates(row) for row in vat}
        return {name: {code: text for code, text in table.items() if code} for name, table in out.items()}

    async def classes(self, lane: Lane) -> list[wire.CustomerClass]:
        """Customer classes with their attributes."""
        return await self._whole("/v1/customer/customerClass", wire.CustomerClass, lane)

    async def _listed(self, shape: Shape, kind: type[wire.W], lane: Lane) -> list[wire.W]:
        found: dict[str, wire.W] = {}
        async for chunk in self._feeds.listed(shape, (), lane):
            for raw in chunk.rows.raw:
                found[wire.key_of(raw, *shape.key)] = _row(raw, kind, shape.path)
        return list(found.values())

    async def _whole(self, path: str, kind: type[wire.W], lane: Lane) -> list[wire.W]:
        reply = await self._calls.get(
            Audience.FINANCE, path, (), endpoint=path.rpartition("/")[2].lower(), lane=lane
        )
        return [_row(raw, kind, path) for raw in wire.rows(reply.body, f"at {path}").raw]

    def _rates(self, row: wire.VatCategory) -> str:
        """The sales rates in force today: of each VAT the latest that has begun."""
        today, rates = self._today(), set[str]()
        for line in row.vat_category_lines or ():
            begun = [
                (canonical.date_text(rate.start_date), canonical.text_of(rate.vat_rate))
                for rate in line.vat_rates or ()
                if (rate.group_type or "Output") == "Output" and canonical.date_text(rate.start_date) <= today
            ]
            if begun:
                rates.add(max(begun)[1] or "0")
        return _text({"rates": sorted(rates), "active": row.active is not False})


def _class_text(found: wire.CustomerClass) -> str:
    attributes = [attribute.attribute_id or "" for attribute in found.attributes or ()]
    return _text(
        {
            "requiredTaxzoneId": bool(found.required_taxzone_id),
            "taxZoneId": found.tax_zone_id or "",
            "attributes": attributes,
        }
    )


def _text(value: Mapping[str, object]) -> str:
    return msgspec.json.encode(value).decode()


def _row(raw: msgspec.Raw, kind: type[wire.W], path: str) -> wire.W:
    try:
        return wire.decode(raw, kind)
    except msgspec.MsgspecError as error:
        raise Unknown(f"A row of the table {path} cannot be read: {error}.", code=wire.MISSHAPEN) from error
