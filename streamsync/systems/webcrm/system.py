"""webCRM behind the port. Puts the parts of this folder together; what each does stands in its own file."""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from streamsync.clock import Clock
from streamsync.errors import SystemFault
from streamsync.model import Action, Done, Entity, Kind, Lane, Record, Side, Write
from streamsync.systems.port import Allowance, Catalogue, Feed, Finding, Page
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport
from streamsync.systems.webcrm import check as checks
from streamsync.systems.webcrm.auth import Login
from streamsync.systems.webcrm.calls import Calls
from streamsync.systems.webcrm.catalogue import Metadata, read_metadata, read_users
from streamsync.systems.webcrm.feeds import Feeds
from streamsync.systems.webcrm.reading import Reading
from streamsync.systems.webcrm.writing import BULK_MAX, Writing

PUT, PATCH = "put", "patch"


class _Who(msgspec.Struct):
    SystemId: int | str | None = None
    SystemName: str | None = None
    TokenName: str | None = None


class WebcrmSystem:
    side = Side.CRM
    name = "webcrm"
    feeds: tuple[Feed, ...] = (
        Feed(name="Organisation", kind=Kind.ORGANISATION, entity=Entity.ORGANISATION),
        Feed(name="Person", kind=Kind.PERSON, entity=Entity.PERSON),
        Feed(name="LinkedData", kind=Kind.ITEM, entity=Entity.ITEM, every=360, incremental=False),
        Feed(name="Delivery", kind=Kind.DELIVERY, entity=Entity.DELIVERY),
        Feed(name="QuotationLine", kind=Kind.LINE, entity=Entity.DELIVERY),
    )

    def __init__(
        self,
        *,
        url: str,
        token: Secret,
        transport: Transport,
        clock: Clock,
        settle_seconds: float,
        proven: frozenset[str] = frozenset(),
        queries: str = "auto",
    ) -> None:
        """`proven`: what the probe showed of this system, of `put` and `patch`. `queries`: auto | on |
        off."""
        self.settle_ms = round(settle_seconds * 1000)
        self._transport = transport
        self._clock = clock
        self._proven = proven
        self._calls = Calls(url, transport, Login(url.rstrip("/"), token, transport, clock))
        self._reading = Reading(self._calls, {"on": True, "off": False}.get(queries))
        self._feeds = Feeds(self._calls, self._reading, clock)
        self._writing = Writing(self._calls, self._reading)
        self._metadata: Metadata | None = None

    async def open(self) -> None:
        await self._transport.open()

    async def close(self) -> None:
        await self._transport.close()

    async def identity(self, lane: Lane) -> str:
        """The system's id as `GET /Auth` names it; its schema is not declared, so an empty one is
        possible."""
        reply = await self._calls.read("/Auth", lane)
        try:
            who = msgspec.json.decode(reply.body, type=_Who)
        except (ValueError, RecursionError):
            return ""
        if who.TokenName:
            self._reading.own_author = f"api2 {who.TokenName}"
        return str(who.SystemId or who.SystemName or "")

    async def catalogue(self, lane: Lane) -> Catalogue:
        self._metadata = await read_metadata(self._calls, lane)
        self._reading.defaults = self._metadata.defaults
        return self._metadata.catalogue

    async def tables(self, lane: Lane) -> Mapping[str, Mapping[str, str]]:
        found = self._metadata or await read_metadata(self._calls, lane)
        out: dict[str, Mapping[str, str]] = {
            f"option:{name}": options for name, options in found.options.items()
        }
        out["user"] = await read_users(self._calls, lane)
        currencies = found.options.get("DeliveryCurrencyName", {})
        deliveries = found.catalogue.get(Kind.DELIVERY, {})
        out["length"] = {name: str(one.max_length) for name, one in deliveries.items() if one.max_length}
        out["currency_code"] = {value: text for text, value in currencies.items()}
        return out

    def read(self, feed: Feed, since: str | None, want: frozenset[str], lane: Lane) -> AsyncIterator[Page]:
        return self._feeds.read(feed, since, want, lane)

    async def get(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane, *, lines: bool = True
    ) -> Mapping[str, Record]:
        return await self._reading.get(kind, rids, want, lane, lines=lines)

    async def converted(self, kind: Kind, rids: Sequence[str], lane: Lane) -> frozenset[str]:
        """Opportunity and delivery are one row with one id (webcrm-api §10.3)."""
        return await self._reading.opportunities(rids, lane) if kind is Kind.DELIVERY else frozenset()

    def noted(self, records: Sequence[Record]) -> None:
        """webCRM's lists are whole: nothing is read singly for them."""

    async def find(
        self, writes: Sequence[Write], since_ms: int, want: frozenset[str], lane: Lane
    ) -> list[list[Record]]:
        return await self._reading.find(writes, want, lane)

    def bulk(self, kind: Kind, action: Action) -> int:
        if PATCH not in self._proven:
            return 1
        if kind is Kind.DELIVERY and action is Action.LINES:
            return BULK_MAX
        known = kind in (Kind.ORGANISATION, Kind.PERSON, Kind.DELIVERY)
        return BULK_MAX if known and action in (Action.CREATE, Action.UPDATE) else 1

    async def send(self, write: Write, version: str, lane: Lane) -> Done:
        return await self._writing.send(write, lane)

    async def send_many(self, writes: Sequence[Write], lane: Lane) -> list[Done | SystemFault]:
        return await self._writing.send_many(writes, lane)

    def assumed(self, kind: Kind, action: Action) -> bool:
        """Before the probe every write is read back; a catalogue row and a Move say all there is."""
        return PUT in self._proven or kind is Kind.ITEM or action in (Action.MOVE, Action.DELETE)

    async def check(self, *, expect_empty: bool, needed: frozenset[Kind]) -> list[Finding]:
        return await checks.check(
            self._calls, self._reading, self._clock, needed=needed, expect_empty=expect_empty
        )

    async def probe(self, rid: str) -> list[Finding]:
        findings = await checks.probe(self._calls, rid)
        self._proven = frozenset(one.check.removeprefix("probe_") for one in findings if one.ok)
        return findings

    def notices(self) -> tuple[str, ...]:
        out = []
        if self._reading.without_queries:
            out.append(
                "webCRM does not serve /Queries to this token: persons, deliveries and lines are found by"
                " reading whole lists, which takes more calls and longer."
            )
        if PUT not in self._proven:
            out.append(
                "Writes to webCRM go out singly and are read back until `streamsync check --probe-record ID`"
                " has proven what they do."
            )
        return tuple(out)

    def allowance(self) -> Allowance:
        """webCRM says nothing of its quota."""
        return Allowance()

    async def stock(self, since: str, want: frozenset[str], lane: Lane) -> Page:
        """webCRM's catalogue shows stock, it has none."""
        return Page(records=(), started_ms=self._clock.now_ms())

    async def open_documents(self, lane: Lane) -> frozenset[str]:
        """webCRM has no documents that are paid."""
        return frozenset()
