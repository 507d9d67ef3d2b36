"""The company: every record, its number series and row versions, its clock's zone, and what is still under
way.

Owned by `world.VismaWorld`; handlers and user acts change it only through `add`, `touch` and `remove`,
which keep stamps, row versions, indexes and hooks right. Single-threaded; time comes in with every
call.
"""

import base64
import hashlib
import hmac
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from streamsync.simulators.http import Call, encode_json
from streamsync.simulators.lag import Lag
from streamsync.simulators.visma import example
from streamsync.simulators.visma.records import Contact, Customer, Document, Item, Order, Shipment, Stamped
from streamsync.simulators.visma.settings import NUMBER_SERIES, Settings
from streamsync.simulators.visma.table import Table
from streamsync.simulators.visma.times import Zone

_FIRST_VERSION = 0x7C4200
_FIRST_CUSTOMER_ID = 4211
_FIRST_CONTACT_ID = 5120
_FIRST_ITEM_ID = 770


class Company:
    """All tables of one company. `rng` is seeded by the world."""

    def __init__(
        self, rng: random.Random, zone: int | str, settings: Settings, series: dict[str, int]
    ) -> None:
        self.rng = rng
        self.zone = Zone(zone)
        self.settings = settings
        self.customers: Table[Customer] = Table(self._finance_stamp)
        self.contacts: Table[Contact] = Table(self._finance_stamp)
        self.items: Table[Item] = Table(self._finance_stamp)
        self.documents: Table[Document] = Table(self._finance_stamp)
        self.orders: Table[Order] = Table(lambda row: row.modified_ms)
        self.shipments: Table[Shipment] = Table(self._finance_stamp)
        self.customer_ids: dict[str, int] = {}  # by number
        self.item_ids: dict[str, int] = {}  # by number, upper case
        self.terms = dict(example.TERMS)  # code of payment terms to days
        self.hook: dict[str, str] = {}
        self.calls: list[Call] = []
        self.tenant = ""
        self.lag = Lag(rng)
        self._series = {**NUMBER_SERIES, **series}
        self._version = _FIRST_VERSION
        self._pending: list[tuple[int, int, Callable[[int], None]]] = []
        self._next_customer = _FIRST_CUSTOMER_ID
        self._next_contact = _FIRST_CONTACT_ID
        self._next_item = _FIRST_ITEM_ID
        self._notifications = 0

    def _finance_stamp(self, row: Stamped) -> int:
        return self.zone.local_ms(row.modified_ms)

    def set_zone(self, place: int | str) -> None:
        """Moves the finance host into another zone: every stamp reads differently at once."""
        self.zone = Zone(place)
        for table in (self.customers, self.contacts, self.items, self.documents, self.shipments):
            cast(Table[Any], table).reindex()

    # -- identities

    def next_number(self, series: str, width: int = 6) -> str:
        """The next number of a series: plain digits, at least `width` of them."""
        number = self._series.setdefault(series, 1)
        self._series[series] += 1
        return str(number).zfill(width)

    def next_customer_id(self) -> int:
        self._next_customer += 1
        return self._next_customer - 1

    def next_contact_id(self) -> int:
        self._next_contact += 1
        return self._next_contact - 1

    def next_item_id(self) -> int:
        self._next_item += 1
        return self._next_item - 1

    def guid(self) -> str:
        """A random identifier from the world's own generator."""
        digits = f"{self.rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    # -- changes

    def stamped(self, row: Stamped, now_ms: int) -> None:
        """Stamps a record that is about to be added, with its own history in the bulk loader."""
        row.created_ms = row.modified_ms = now_ms
        self._version += 1
        row.version = self._version

    def add(self, row: Stamped, now_ms: int) -> None:
        self.stamped(row, self._commit_ms(now_ms))
        self._table(row).add(row)
        self._index_number(row)
        self._note_lag(row, now_ms, new=True)
        self._notify(row, "CREATED")

    def touch(self, row: Stamped, now_ms: int, *, moves_stamp: bool = True) -> None:
        """After a change: a new row version, and a new stamp unless the change is one of those that move
        none."""
        self._version += 1
        row.version = self._version
        if moves_stamp:
            row.modified_ms = max(row.created_ms, self._commit_ms(now_ms))
            self._table(row).touched(row)
        self._note_lag(row, now_ms, new=False)
        self._notify(row, "CHANGED")

    def remove(self, row: Stamped) -> None:
        self._table(row).remove(row)
        if isinstance(row, Customer):
            del self.customer_ids[row.number]
        if isinstance(row, Item):
            del self.item_ids[row.number.upper()]
        self._notify(row, "DELETED")

    def load(self, rows: list[Any]) -> None:
        """Adds many stamped records of one kind at once: no hooks, one sort."""
        if not rows:
            return
        self._table(rows[0]).add_many(rows)
        for row in rows:
            self._index_number(row)

    def renumber(self, row: Customer, number: str) -> None:
        del self.customer_ids[row.number]
        row.number = number
        self.customer_ids[number] = row.internal_id

    def _index_number(self, row: Stamped) -> None:
        if isinstance(row, Customer):
            self.customer_ids[row.number] = row.internal_id
        elif isinstance(row, Item):
            self.item_ids[row.number.upper()] = row.inventory_id

    def _commit_ms(self, now_ms: int) -> int:
        late = self.settings.late_commit_ms
        return now_ms - self.rng.randint(0, late) if late else now_ms

    def _note_lag(self, row: Stamped, now_ms: int, *, new: bool) -> None:
        list_ms, search_ms = self.settings.list_lag_ms, self.settings.search_lag_ms
        self.lag.note(lag_key(row), now_ms, new=new, list_ms=list_ms, search_ms=search_ms)

    def _table(self, row: Stamped) -> Table[Any]:
        match row:
            case Customer():
                return self.customers
            case Contact():
                return self.contacts
            case Item():
                return self.items
            case Document():
                return self.documents
            case Order():
                return self.orders
            case _:
                return self.shipments

    # -- work under way

    def later(self, at_ms: int, work: Callable[[int], None]) -> None:
        """Does `work(at_ms)` once a request or act arrives at that time or after it."""
        self._pending.append((at_ms, len(self._pending), work))
        self._pending.sort(key=lambda entry: entry[:2])

    def drop_pending(self) -> None:
        """What is under way is not waited for any more."""
        self._pending.clear()

    def settle(self, now_ms: int) -> None:
        """Does what has become due."""
        while self._pending and self._pending[0][0] <= now_ms:
            at_ms, _, work = self._pending.pop(0)
            work(at_ms)

    # -- reads

    def customer(self, number: str) -> Customer | None:
        return self.customers.get(self.customer_ids.get(number.strip().upper(), 0))

    def item(self, number: str) -> Item | None:
        return self.items.get(self.item_ids.get(number.strip().upper(), 0))

    def zone_of(self, customer_id: int) -> str:
        """The VAT zone of a customer; "" is treated as home."""
        customer = self.customers.get(customer_id)
        return str(customer.fields.get("vatZone.id", "")) if customer else ""

    def rate(self, currency: str) -> Decimal:
        return example.RATES.get(currency, Decimal(1))

    def stamp_of(self, utc_ms: int, shift_ms: int = 0) -> int:
        """Wall time of a stamp; the shift is a fault that moves the zone."""
        return self.zone.local_ms(utc_ms) + shift_ms

    # -- web hooks (visma-api §6.2; the body is invented, nothing is known of the real one)

    def _notify(self, row: Stamped, what: str) -> None:
        words = {Customer: "CUSTOMER", Item: "INVENTORY", Document: "CUSTOMERINVOICE", Order: "SALESORDER"}
        word = words.get(type(row))
        if not self.hook or word is None:
            return
        self._notifications += 1
        entity = f"{row.type}/{row.id}" if isinstance(row, Order) else str(getattr(row, "number", row.key))
        body = encode_json(
            {
                "notificationId": self.guid(),
                "eventType": f"{word}_{what}",
                "tenantId": self.tenant,
                "entityId": entity,
            }
        )
        digest = hmac.new(self.hook["secret"].encode(), body, hashlib.sha256).digest()
        headers = {"Content-Type": "application/json", self.hook["header"]: base64.b64encode(digest).decode()}
        self.calls.append(Call(url=self.hook["url"], headers=headers, body=body))


def lag_key(row: Stamped) -> tuple[str, int]:
    return type(row).__name__, row.seq


def etag(row: Stamped) -> str:
    """The row version as base64: body `timeStamp` and header `ETag` are this text (visma-api §3.3)."""
    return base64.b64encode(row.version.to_bytes(8, "big")).decode()
