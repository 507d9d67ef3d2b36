"""R1: whatever a server answers, an adapter gives records, `Malformed` rows or a `SystemFault`; never another
exception."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsync.errors import SystemFault
from streamsync.model import Action, Kind, Lane, LineEdit, Side, Write
from streamsync.simulators.http import StandIn
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT, VismaWorld
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN
from streamsync.simulators.webcrm.world import WebcrmWorld
from streamsync.sync.organisation_rows import BALANCE
from streamsync.systems.port import System
from streamsync.systems.secret import Secret
from streamsync.systems.visma.catalogue import catalogue
from streamsync.systems.visma.system import VismaSystem
from streamsync.systems.webcrm.fields import FIELDS
from streamsync.systems.webcrm.system import WebcrmSystem
from tests.contract.hostile import NOW_MS, Liar
from tests.unit.systems.visma_company import SECRET
from tests.unit.systems.visma_double import Still

LIVE = Lane.LIVE
SEEDS = st.integers(0, 2**32)
ERP_WANT = {
    kind: frozenset(fields) | {"applications", "taxDetails", "shipments", "inventoryUnits", "attributes.X"}
    for kind, fields in catalogue([]).items()
} | {Kind.BALANCE: BALANCE}
CRM_WANT = {kind: frozenset(fields) for kind, fields in FIELDS.items()}
PERSON_HINTS = {"PersonLastName": "Eksempel", "PersonOrganisationId": "778800"}


class Make(Protocol):
    def __call__(self, seed: int, *, wild: bool) -> System: ...


def webcrm(seed: int, *, wild: bool, queries: str = "on") -> System:
    world = _webcrm_world()
    liar: Any = Liar(world, seed, wild=wild)
    return WebcrmSystem(
        url="https://api.webcrm.com",
        token=Secret(DEFAULT_TOKEN.code),
        transport=liar,
        clock=Still(),
        settle_seconds=2,
        queries=queries,
    )


def webcrm_without_queries(seed: int, *, wild: bool) -> System:
    return webcrm(seed, wild=wild, queries="off")


def visma(seed: int, *, wild: bool) -> System:
    liar: Any = Liar(_visma_world(), seed, wild=wild)
    return VismaSystem(
        finance_url="https://finance.example",
        orders_url="https://orders.example",
        token_url="https://connect.example/connect/token",
        tenant_id=DEFAULT_TENANT,
        client_id=DEFAULT_CLIENT,
        client_secret=Secret(SECRET),
        transport=liar,
        clock=Still(),
        settle_seconds=2,
        order_types=("SO",),
    )


def _webcrm_world() -> StandIn:
    world = WebcrmWorld(1, requests_per_minute=1_000_000)
    prefix = "QuotationLineLinkedDataItem"
    [item] = world.load("item", [{f"{prefix}Data1": "10", f"{prefix}Price": 5.0}])
    [number] = world.load("delivery", [{"DeliveryOrganisationId": 778800, "DeliveryNumber": "7"}])
    line = {"QuotationLineOpportunityId": number, "QuotationLineLinkedDataId": item}
    world.load("line", [{**line, "QuotationLinePrice": 2.5}])
    return world


def _visma_world() -> StandIn:
    world = VismaWorld(1, requests_per_hour=1_000_000, action_delay_ms=0)
    number = _act(world, "create_customer", name="Kunde A/S")["number"]
    _act(world, "create_contact", businessAccount=number, firstName="Maja", lastName="Eksempel")
    order = _act(world, "create_order", customer=number, lines=[{"inventoryId": "LAMPE-01", "quantity": 2}])
    for act in ("ship", "confirm"):
        _act(world, act, orderId=order["orderId"])
    billed = _act(world, "invoice_order", orderId=order["orderId"])["referenceNumber"]
    _act(world, "release", referenceNumber=billed)
    _act(world, "pay", referenceNumber=billed, amount=5)
    return world


def _act(world: VismaWorld, what: str, /, **arguments: object) -> Any:
    return world.act(what, arguments, NOW_MS - 3_600_000)


def crm_write(kind: Kind, action: Action, **more: Any) -> Write:
    return Write(side=Side.CRM, kind=kind, action=action, **more)


def erp_write(kind: Kind, action: Action, **more: Any) -> Write:
    return Write(side=Side.ERP, kind=kind, action=action, **more)


CRM_EDITS = (
    LineEdit(action="insert", fields={"QuotationLineMemo": "x"}),
    LineEdit(action="update", key="1", fields={"QuotationLineMemo": "x"}),
    LineEdit(action="delete", key="1"),
)
CRM_WRITES = [
    crm_write(Kind.ORGANISATION, Action.CREATE, fields={"OrganisationName": "x"}),
    crm_write(Kind.PERSON, Action.UPDATE, rid="45100", fields={"PersonTitle": "x"}),
    crm_write(Kind.DELIVERY, Action.UPDATE, rid="1", fields={"DeliveryNumber": "8"}),
    crm_write(Kind.DELIVERY, Action.LINES, rid="1", lines=CRM_EDITS),
    crm_write(Kind.DELIVERY, Action.MOVE, rid="1", fields={"DeliveryOrganisationId": "778800"}),
    crm_write(Kind.ITEM, Action.CREATE, fields={"QuotationLineLinkedDataItemData1": "x"}),
    crm_write(Kind.ITEM, Action.UPDATE, rid="1", fields={"QuotationLineLinkedDataItemData1": "x"}),
]
CRM_FINDS = [
    crm_write(Kind.ORGANISATION, Action.CREATE, fields={"OrganisationExtraCustom8": "m"}, marker="m"),
    crm_write(Kind.PERSON, Action.CREATE, hints=PERSON_HINTS),
    crm_write(Kind.DELIVERY, Action.CREATE, fields={"DeliveryErpId": "m"}, marker="m"),
    crm_write(Kind.ITEM, Action.CREATE, hints={"QuotationLineLinkedDataItemData1": "10"}),
]
ERP_EDITS = (
    LineEdit(action="insert", fields={"inventory.id": "10", "quantity": "1"}),
    LineEdit(action="update", key="1", fields={"quantity": "2"}),
    LineEdit(action="delete", key="1"),
)
ERP_WRITES = [
    erp_write(Kind.ORGANISATION, Action.CREATE, fields={"name": "x"}),
    erp_write(Kind.ORGANISATION, Action.UPDATE, rid="4211", fields={"name": "x"}),
    erp_write(Kind.PERSON, Action.CREATE, fields={"lastName": "x", "businessAccount": "10042"}),
    erp_write(Kind.ORDER, Action.CREATE, fields={"type": "SO", "customer.id": "10042"}, lines=ERP_EDITS[:1]),
    erp_write(Kind.ORDER, Action.UPDATE, rid="order:SO/000223", fields={"description": "x"}),
    erp_write(Kind.ORDER, Action.LINES, rid="order:SO/000223", lines=ERP_EDITS),
    erp_write(Kind.INVOICE, Action.CREATE, fields={"customer.number": "10042"}),
]
_PERSON = {"lastName": "Eksempel", "businessAccount": "10042", "email": "m@kunde.example"}
_ORDER = {"type": "SO", "customer.id": "10042", "customer.order": "m"}
ERP_FINDS = [
    erp_write(Kind.ORGANISATION, Action.CREATE, fields={"attributes.WEBCRMID": "m"}, marker="m"),
    erp_write(Kind.PERSON, Action.CREATE, fields=_PERSON, hints=_PERSON),
    erp_write(Kind.ORDER, Action.CREATE, fields=_ORDER, marker="m"),
    erp_write(
        *(Kind.INVOICE, Action.CREATE),
        fields={"customer.number": "10042", "externalReference": "m"},
        marker="m",
    ),
]
RIDS = {
    Kind.ORGANISATION: ["778800", "4211"],
    Kind.PERSON: ["45100", "5120"],
    Kind.ITEM: ["1", "2"],
    Kind.DELIVERY: ["1", "2"],
    Kind.ORDER: ["order:SO/000223", "order:SO/1"],
    Kind.INVOICE: ["invoice:Invoice/200001", "invoice:Invoice/1"],
}


async def survives(attempt: Awaitable[object]) -> None:
    with suppress(SystemFault):
        await attempt


async def read(system: System, since: str | None) -> None:
    want = CRM_WANT if system.side is Side.CRM else ERP_WANT
    for feed in system.feeds:
        await survives(_exhaust(system, feed, since, want[feed.kind]))


async def _exhaust(system: System, feed: Any, since: str | None, want: frozenset[str]) -> None:
    position = since if feed.incremental else None
    async for page in system.read(feed, position, want, LIVE):
        for row in page.malformed:
            assert row.problem


async def look(system: System) -> None:
    want = CRM_WANT if system.side is Side.CRM else ERP_WANT
    for kind, rids in RIDS.items():
        if kind in want and (system.side is Side.ERP or kind not in (Kind.ORDER, Kind.INVOICE)):
            await survives(system.get(kind, rids[:1], want[kind], LIVE))
            await survives(system.get(kind, rids, want[kind], LIVE))
    for create in CRM_FINDS if system.side is Side.CRM else ERP_FINDS:
        await survives(system.find([create], NOW_MS, want[create.kind], LIVE))


async def describe(system: System) -> None:
    await survives(system.identity(LIVE))
    await survives(system.catalogue(LIVE))
    await survives(system.tables(LIVE))
    await survives(system.open_documents(LIVE))
    await survives(system.check(expect_empty=False, needed=frozenset(Kind)))
    await survives(system.probe(RIDS[Kind.ORGANISATION][0 if system.side is Side.CRM else 1]))


async def change(system: System) -> None:
    for write in CRM_WRITES if system.side is Side.CRM else ERP_WRITES:
        await survives(system.send(write, "", LIVE))
    if system.side is Side.CRM:
        for write in CRM_WRITES[:4]:
            await survives(system.send_many([write], LIVE))


async def read_all(system: System) -> None:
    await read(system, None)
    await read(system, "2026-03-14T11:00:00" + ("Z" if system.side is Side.CRM else ""))


@pytest.mark.parametrize("wild", [False, True], ids=["spoilt", "wild"])
@pytest.mark.parametrize("make", [webcrm, webcrm_without_queries, visma])
@pytest.mark.parametrize("part", [read_all, look, describe, change])
@settings(max_examples=50)
@given(seed=SEEDS)
def test_r1_no_answer_breaks_an_adapter(
    seed: int, part: Callable[[System], Awaitable[None]], make: Make, wild: bool
) -> None:
    async def story() -> None:
        await part(make(seed, wild=wild))

    asyncio.run(story())
