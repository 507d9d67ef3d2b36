"""The look-up before a create: does the other side hold it already? (reliability §4, visma-api §7.3)

Customers by the marker attribute, contacts among those of their customer, orders among those of their
customer changed since, invoices by external reference. Whatever a filter returns is compared again with case:
unknown parameters are ignored.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from streamsync.errors import Bug, Unknown
from streamsync.model import Fields, Kind, Lane, Record, Write
from streamsync.systems.visma import canonical, flatten, wire
from streamsync.systems.visma.calls import Calls, Params, segment
from streamsync.systems.visma.feeds import Feeds
from streamsync.systems.visma.lists import SHAPES, Shape
from streamsync.systems.visma.orders import LIST_SIZE, Orders
from streamsync.systems.visma.paging import Count

Want = frozenset[str]
MARKERS_AT_ONCE = 20
_FALLBACK = ("corporateId", "vatRegistrationId")


class Finds:
    def __init__(self, calls: Calls, feeds: Feeds, orders: Orders, *, marker_attribute: str) -> None:
        self._calls = calls
        self._feeds = feeds
        self._orders = orders
        self._attribute = marker_attribute
        self._known = ""  # a marker that certainly exists: the proof that a filter on several values works

    def remember(self, marker: str) -> None:
        """A customer with this marker was read."""
        if marker:
            self._known = marker

    async def find(
        self, writes: Sequence[Write], since_ms: int, want: Want, lane: Lane
    ) -> list[list[Record]]:
        """Per create what answers for it. See `System.find`."""
        kinds = {write.kind for write in writes}
        if len(kinds) > 1:
            raise Bug("a look-up is for writes of one kind", code="find")
        match next(iter(kinds), None):
            case None:
                return []
            case Kind.ORGANISATION:
                return await self._customers(writes, want, lane)
            case Kind.PERSON:
                return await self._contacts(writes, want, lane)
            case Kind.ORDER:
                return await self._ordered(writes, since_ms, want, lane)
            case Kind.INVOICE:
                return [await self._invoices(write, want, lane) for write in writes]
            case kind:
                raise Bug(f"{kind} is not created in Visma.net", code="find")

    async def _customers(self, writes: Sequence[Write], want: Want, lane: Lane) -> list[list[Record]]:
        if not self._attribute or not all(write.marker for write in writes):
            return [await self._customer(write, want, lane) for write in writes]
        held: dict[str, list[Record]] = {}
        todo = iter(writes)
        while part := list(islice(todo, MARKERS_AT_ONCE)):
            held |= await self._marked([write.marker for write in part], want, lane)
        return [held.get(write.marker, []) for write in writes]

    async def _marked(self, markers: Sequence[str], want: Want, lane: Lane) -> dict[str, list[Record]]:
        """Several markers in one call, together with one that must be found; without that proof, one call
        each.
        """
        if self._known:
            values = [*markers, *(_bare(marker) for marker in markers), self._known]
            rows = await self._by_attribute(",".join(values), lane)
            if any(self._mark(row) == self._known for row in rows):
                return {marker: self._carrying(marker, rows, want) for marker in markers}
        return {
            marker: self._carrying(marker, await self._by_attribute(marker, lane), want) for marker in markers
        }

    async def _by_attribute(self, value: str, lane: Lane) -> list[wire.Customer]:
        query = json.dumps({self._attribute: value}, separators=(",", ":"))
        return await self._rows(SHAPES["customer"], [("attributes", query)], wire.Customer, lane)

    def _carrying(self, marker: str, rows: Sequence[wire.Customer], want: Want) -> list[Record]:
        return [self._feeds.record(row, want) for row in rows if self._mark(row) in (marker, _bare(marker))]

    def _mark(self, row: wire.Customer) -> str:
        read = flatten.reader(wire.Customer, f"attributes.{self._attribute}")
        return read(row).strip() if read else ""

    async def _customer(self, write: Write, want: Want, lane: Lane) -> list[Record]:
        """No marker: the company's own numbers, exactly (semantics §2.1, `organisation.marker = none`)."""
        for name in _FALLBACK:
            value = write.fields.get(name, "") or write.hints.get(name, "")
            if not value:
                continue
            rows = await self._rows(SHAPES["customer"], [(name, value)], wire.Customer, lane)
            read = flatten.reader(wire.Customer, name)
            hits = [row for row in rows if read is not None and read(row).strip() == value.strip()]
            if hits:
                return [self._feeds.record(row, want) for row in hits]
        return []

    async def _contacts(self, writes: Sequence[Write], want: Want, lane: Lane) -> list[list[Record]]:
        lists: dict[str, list[wire.Contact]] = {}
        out: list[list[Record]] = []
        for write in writes:
            asked = {**write.hints, **write.fields}
            account = asked.get("businessAccount", "")
            if not account:
                raise Bug("a contact is looked up within its customer, and none is named", code="find")
            if account not in lists:
                shape = msgspec.structs.replace(
                    SHAPES["contact"], path=f"/v1/customer/{segment(account)}/contact"
                )
                lists[account] = await self._rows(shape, (), wire.Contact, lane)
            out.append(
                [self._feeds.record(row, want) for row in lists[account] if _same_person(row, account, asked)]
            )
        return out

    async def _ordered(
        self, writes: Sequence[Write], since_ms: int, want: Want, lane: Lane
    ) -> list[list[Record]]:
        lists: dict[str, list[wire.OrderRow]] = {}
        out: list[list[Record]] = []
        for write in writes:
            customer = write.fields.get("customer.id", "") or write.hints.get("customer.id", "")
            if customer not in lists:
                lists[customer] = await self._orders_of(customer, since_ms, lane)
            hits: list[Record] = []
            for row in lists[customer]:
                if row.customer_order == write.marker and write.marker:
                    record = await self._orders.one(row.type, row.order_id, want, lane)
                    hits += [record] if record else []
            out.append(hits)
        return out

    async def _orders_of(self, customer: str, since_ms: int, lane: Lane) -> list[wire.OrderRow]:
        found: list[wire.OrderRow] = []
        page, start = 0, max(since_ms - canonical.OVERLAP_SECONDS * 1000, 1)
        count = Count()
        while True:
            count.page()
            rows, _ = await self._orders.listed(start, page, lane, customer)
            found += [_sound(raw, wire.OrderRow, "orders") for raw in rows.raw]
            page += 1
            if not rows.raw or (not rows.more and len(rows.raw) < LIST_SIZE):
                return found

    async def _invoices(self, write: Write, want: Want, lane: Lane) -> list[Record]:
        reference = write.fields.get("externalReference", "") or write.marker
        if not reference:
            raise Bug("an invoice without external reference cannot be looked up", code="find")
        shape = SHAPES["invoice"]
        params = [("externalReference", reference), *shape.expand(want)]
        rows = await self._rows(shape, params, wire.Document, lane)
        return [self._feeds.record(row, want) for row in rows if row.external_reference == reference]

    async def _rows(self, shape: Shape, params: Params, kind: type[wire.W], lane: Lane) -> list[wire.W]:
        """All rows a filter gives, each once."""
        found: dict[str, wire.W] = {}
        async for chunk in self._feeds.listed(shape, params, lane):
            for raw in chunk.rows.raw:
                found[wire.key_of(raw, *shape.key)] = _sound(raw, kind, shape.path)
        return list(found.values())


def _sound(raw: msgspec.Raw, kind: type[wire.W], what: str) -> wire.W:
    """A look-up must not overlook a row because it cannot be read: that could be the very record."""
    try:
        return wire.decode(raw, kind)
    except msgspec.MsgspecError as error:
        raise Unknown(
            f"A row of {what} cannot be read, so the look-up is not conclusive: {error}.", code=wire.MISSHAPEN
        ) from error


def _bare(marker: str) -> str:
    """`crm:organisation:778812` -> `778812`: accepted on read (semantics §1)."""
    return marker.rpartition(":")[2]


def _same_person(row: wire.Contact, account: str, asked: Mapping[str, str] | Fields) -> bool:
    """E-mail decides where one is given; else both names."""
    if (row.business_account or account).strip().casefold() != account.strip().casefold():
        return False
    email = _folded(asked.get("email", ""))
    if email:
        return _folded(row.email) == email
    names = _folded(asked.get("firstName", "")), _folded(asked.get("lastName", ""))
    return (
        any(names) and (_folded(row.first_name), _folded(row.last_name)) == names and not _folded(row.email)
    )


def _folded(text: str | None) -> str:
    return " ".join((text or "").split()).casefold()
