"""`VismaSystem`: the Visma.net adapter as the actors see it, put together from the modules of this package.

Besides the port it offers `open_documents`, for the hourly payment sweep. It keeps no record values between
calls except stamps, statuses and balances of open documents.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from streamsync.clock import Clock
from streamsync.errors import Bug, SystemFault
from streamsync.model import Action, Done, Kind, Lane, Record, Side, Write
from streamsync.systems.port import Allowance, Catalogue, Feed, Finding, Page
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport
from streamsync.systems.visma import canonical
from streamsync.systems.visma.auth import Audience, Tokens
from streamsync.systems.visma.calls import Calls
from streamsync.systems.visma.catalogue import catalogue
from streamsync.systems.visma.check import Checks
from streamsync.systems.visma.feeds import Feeds
from streamsync.systems.visma.finds import Finds
from streamsync.systems.visma.gets import Gets
from streamsync.systems.visma.ledger import Ledger
from streamsync.systems.visma.lists import FEEDS
from streamsync.systems.visma.orders import Orders, Scope
from streamsync.systems.visma.probe import Probe
from streamsync.systems.visma.tables import Tables
from streamsync.systems.visma.writes import Writes
from streamsync.systems.visma.zone import Zone

LEAST_OVERLAP_SECONDS = 10.0


class VismaSystem:
    """One company.

    `history_from`: invoices from this document date on; `order_history`: open_only, since (with
    `order_history_from`) or all; `order_types`: whose orders are read with their lines, () = every type;
    `marker_attribute` "" = customers carry no marker; `may_delete` asks for the delete scope.
    """

    side = Side.ERP
    name = "visma"
    feeds: tuple[Feed, ...] = FEEDS

    def __init__(
        self,
        *,
        finance_url: str,
        orders_url: str,
        token_url: str,
        tenant_id: str,
        client_id: str,
        client_secret: Secret,
        transport: Transport,
        clock: Clock,
        settle_seconds: float,
        history_from: str = "",
        order_history: str = "open_only",
        order_history_from: str = "",
        order_types: tuple[str, ...] = (),
        marker_attribute: str = "WEBCRMID",
        may_delete: bool = False,
    ) -> None:
        self.settle_ms = round(settle_seconds * 1000)
        self._tenant = tenant_id
        self._transport = transport
        self._attribute = marker_attribute
        self._zone = Zone()
        self._tokens = Tokens(
            token_url=token_url,
            tenant_id=tenant_id,
            client_id=client_id,
            client_secret=client_secret,
            transport=transport,
            clock=clock,
            may_delete=may_delete,
        )
        calls = Calls(
            finance_url=finance_url, orders_url=orders_url, tokens=self._tokens, transport=transport
        )
        self._calls = calls
        scope = Scope(
            history=order_history,
            history_from=order_history_from,
            types=frozenset(name.upper() for name in order_types),
        )
        # How far a late commit can be behind its stamp is what `settle` bounds (300 s; less for stand-ins).
        overlap = max(settle_seconds, LEAST_OVERLAP_SECONDS)
        self._orders = Orders(calls, scope, overlap_seconds=overlap)
        self._finance = Feeds(calls, self._zone, Ledger(), history_from=history_from, overlap_seconds=overlap)
        self._gets = Gets(calls, self._finance, self._orders, self._zone)
        self._finds = Finds(calls, self._finance, self._orders, marker_attribute=marker_attribute)
        self._writes = Writes(calls, self._zone)
        self._tables = Tables(calls, self._finance, lambda: canonical.naive_of_ms(clock.now_ms())[:10])
        self._checks = Checks(
            calls=calls,
            tokens=self._tokens,
            tables=self._tables,
            clock=clock,
            marker_attribute=marker_attribute,
        )

        self._probe = Probe(calls, self._gets, self._zone)

    def __repr__(self) -> str:
        return f"<VismaSystem {self._tenant}>"

    @property
    def zone_offset_ms(self) -> int:
        """How far the finance host's naive stamps run ahead of UTC, as measured; 0 until known."""
        return self._zone.offset_ms

    async def open(self) -> None:
        """Tokens are fetched with the first call."""
        await self._transport.open()

    async def close(self) -> None:
        """No call is possible afterwards until it is opened again."""
        await self._transport.close()

    async def identity(self, lane: Lane) -> str:
        """The tenant id, once Visma Connect has accepted it."""
        await self._tokens.token(Audience.FINANCE, lane)
        return self._tenant

    async def catalogue(self, lane: Lane) -> Catalogue:
        return catalogue(await self._tables.classes(lane))

    async def tables(self, lane: Lane) -> Mapping[str, Mapping[str, str]]:
        return await self._tables.all(lane)

    async def read(
        self, feed: Feed, since: str | None, want: frozenset[str], lane: Lane
    ) -> AsyncIterator[Page]:
        """See the port. The feed `order` takes two calls more per order of interest."""
        want = self._with_marker(feed.kind, want)
        pages = (
            self._orders.read(since, want, lane)
            if feed.name == "order"
            else self._finance.read(feed.name, since, want, lane)
        )
        async for page in pages:
            self._remember_marker(page.records)
            yield page

    async def stock(self, since: str, want: frozenset[str], lane: Lane) -> Page:
        """Items with a stock movement since the position."""
        return await self._finance.stock(since, self._with_marker(Kind.ITEM, want), lane)

    async def open_documents(self, lane: Lane) -> frozenset[str]:
        """Rids of every released and unpaid document."""
        return await self._finance.open_documents(lane)

    async def get(
        self, kind: Kind, rids: Sequence[str], want: frozenset[str], lane: Lane, *, lines: bool = True
    ) -> Mapping[str, Record]:
        return await self._gets.get(kind, rids, self._with_marker(kind, want), lane)

    async def converted(self, kind: Kind, rids: Sequence[str], lane: Lane) -> frozenset[str]:
        """Nothing turns into something else in Visma.net."""
        return frozenset()

    def noted(self, records: Sequence[Record]) -> None:
        self._orders.noted(records)

    async def find(
        self, writes: Sequence[Write], since_ms: int, want: frozenset[str], lane: Lane
    ) -> list[list[Record]]:
        kind = writes[0].kind if writes else Kind.ORGANISATION
        return await self._finds.find(writes, since_ms, self._with_marker(kind, want), lane)

    def bulk(self, kind: Kind, action: Action) -> int:
        """Visma.net has no bulk writes."""
        return 1

    async def send(self, write: Write, version: str, lane: Lane) -> Done:
        return await self._writes.send(write, version, lane)

    async def send_many(self, writes: Sequence[Write], lane: Lane) -> list[Done | SystemFault]:
        raise Bug("Visma.net takes one write at a time", code="write")

    def assumed(self, kind: Kind, action: Action) -> bool:
        """Both services validate before they answer 2xx (visma-api §3.2, §4.4). A new order is read: only
        that shows the ids of its lines, and what comes next rests on them."""
        return not (kind is Kind.ORDER and action is Action.CREATE)

    async def check(self, *, expect_empty: bool, needed: frozenset[Kind]) -> list[Finding]:
        return await self._checks.check(expect_empty=expect_empty, needed=needed)

    async def probe(self, rid: str) -> list[Finding]:
        return await self._probe.customer(rid)

    def notices(self) -> tuple[str, ...]:
        return ()

    def allowance(self) -> Allowance:
        return self._calls.allowance

    def _with_marker(self, kind: Kind, want: frozenset[str]) -> frozenset[str]:
        """The marker and the keys are read whatever is mapped: identity rests on them."""
        always = {
            Kind.ORGANISATION: {"number", f"attributes.{self._attribute}"} if self._attribute else {"number"},
            Kind.PERSON: {"contactId", "businessAccount", "businessAccountType"},
            Kind.ITEM: {"inventoryId", "inventoryNumber"},
            Kind.ORDER: {"type", "orderId", "status", "customer.order", "lastModified"},
            Kind.INVOICE: {"documentType", "referenceNumber", "status", "externalReference"},
        }
        return want | always.get(kind, set())

    def _remember_marker(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.kind is Kind.ORGANISATION:
                self._finds.remember(record.fields.get(f"attributes.{self._attribute}", "").strip())
