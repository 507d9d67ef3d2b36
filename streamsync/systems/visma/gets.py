"""Reading single records by their true key. Visma.net has no list by keys, so each costs one call (an order
two).
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamsync.errors import Bug
from streamsync.model import Kind, Lane, Record
from streamsync.systems.visma import flatten, wire
from streamsync.systems.visma.auth import Audience
from streamsync.systems.visma.calls import Calls, segment, version_of
from streamsync.systems.visma.feeds import Feeds, stamp_of, version_in
from streamsync.systems.visma.orders import Orders
from streamsync.systems.visma.zone import Zone

_PATHS: Mapping[Kind, tuple[str, type[wire.Wire]]] = {
    Kind.ORGANISATION: ("/v1/customer/internal", wire.Customer),
    Kind.PERSON: ("/v1/contact", wire.Contact),
    Kind.ITEM: ("/v1/inventory/internal", wire.Inventory),
}
_DOCUMENTS: Mapping[str, str] = {
    "Invoice": "/v1/customerinvoice",
    "DebitNote": "/v1/customerinvoice",
    "CreditNote": "/v1/customerCreditNote",
    "CashSale": "/v1/cashsale",
    "CashReturn": "/v1/cashsale",
}


class Gets:
    def __init__(self, calls: Calls, feeds: Feeds, orders: Orders, zone: Zone) -> None:
        self._calls = calls
        self._feeds = feeds
        self._orders = orders
        self._zone = zone

    async def get(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane
    ) -> Mapping[str, Record]:
        """Those that exist, by rid. Raises Unknown if one of them cannot be read: that is not the same as
        gone.
        """
        found: dict[str, Record] = {}
        for rid in dict.fromkeys(rids):
            if kind is Kind.ORDER:
                record = await self._orders.one(*flatten.split_rid(rid), want, lane)
            else:
                record = await self._finance(kind, rid, want, lane)
            if record is not None:
                found[rid] = record
        return found

    async def _finance(self, kind: Kind, rid: str, want: frozenset[str], lane: Lane) -> Record | None:
        if kind is Kind.INVOICE:
            type_, number = flatten.split_rid(rid)
            base, row_type = _DOCUMENTS.get(type_, ""), wire.Document
            if not base:
                return None  # payments and their like are read by the document feed only
            row: wire.Wire | None = await self.row(base, number, row_type, lane)
            return None if row is None else self._feeds.record(row, want)
        if kind not in _PATHS:
            raise Bug(f"Visma.net has no records of kind {kind}", code="kind")
        base, plain_type = _PATHS[kind]
        row = await self.row(base, rid, plain_type, lane)
        return None if row is None else self._feeds.record(row, want)

    async def row(self, base: str, key: str, row_type: type[wire.W], lane: Lane) -> wire.W | None:
        """One finance record as its struct; the reply's ETag takes the place of the body's time stamp."""
        endpoint = base.removeprefix("/v1/").partition("/")[0].lower()
        reply = await self._calls.find(
            Audience.FINANCE, f"{base}/{segment(key)}", (), endpoint=endpoint, lane=lane
        )
        if reply is None:
            return None
        row = wire.one(reply.body, row_type, f"{endpoint} {key}")
        etag = version_of(reply)
        if etag and not isinstance(row, wire.Inventory):
            row = msgspec.structs.replace(row, time_stamp=etag)
        self._zone.seen(stamp_of(row), version_in(row), reply.date_ms)
        return row
