"""Everything the Visma.net adapter ever asks, and everything the stand-in answers, held to the
specification."""

from contextlib import suppress
from typing import Any

import pytest

from streamsync.errors import Conflict, Rejected, SystemFault, Throttled
from streamsync.model import Action, Fields, Kind, LineEdit, Record, Side, Write
from streamsync.sync.organisation_rows import BALANCE
from streamsync.systems.visma import shapes
from streamsync.systems.visma.catalogue import catalogue
from tests.contract.book import Book
from tests.contract.visma_session import recorded
from tests.unit.systems.visma_company import LIVE, NEEDED, Company

WRITES = {
    "POST /v1/customer",
    "PUT /v1/customer/internal/{internalID}",
    "POST /v1/contact",
    "PUT /v1/contact/{contactId}",
    "POST /v2/customerinvoice",
    "PUT /v1/customerinvoice/{invoiceNumber}",
    "DELETE /v1/customerinvoice/{invoiceNumber}",
    "POST /api/v3/SalesOrders",
    "PATCH /api/v3/SalesOrders/{type}/{orderId}",
    "DELETE /api/v3/SalesOrders/{type}/{orderId}",
    "POST /api/v3/SalesOrders/{type}/{orderId}/lines",
    "PATCH /api/v3/SalesOrders/{type}/{orderId}/lines",
    "DELETE /api/v3/SalesOrders/{type}/{orderId}/lines",
}
READS = {
    "GET /v1/customer",
    "GET /v1/customer/internal/{internalID}",
    "GET /v1/customer/customerClass",
    "GET /v1/contact",
    "GET /v1/contact/{contactId}",
    "GET /v1/inventory",
    "GET /v1/inventory/internal/{inventoryId}",
    "GET /v1/customerinvoice",
    "GET /v1/customerinvoice/{invoiceNumber}",
    "GET /v1/customerCreditNote",
    "GET /v1/customerdocument",
    "GET /v1/cashsale",
    "GET /v1/vatZone",
    "GET /v1/vatCategory",
    "GET /v1/creditTerm",
    "GET /v1/currency",
    "GET /v1/branch",
    "GET /v1/warehouse",
    "GET /v1/salesperson",
    "GET /v1/salesordertype",
    "GET /api/v3/SalesOrders",
    "GET /api/v3/SalesOrders/{type}/{orderId}",
    "GET /api/v3/SalesOrders/{type}/{orderId}/lines",
}
# Every path that may be mapped, and those that only documents have.
EVERYTHING = {
    kind: frozenset(fields)
    | {"applications", "taxDetails", "shipments", "attributes.WEBCRMID", "crossReferences", "inventoryUnits"}
    for kind, fields in catalogue([]).items()
} | {Kind.BALANCE: BALANCE}
SAMPLES = {"decimal": "12.25", "integer": "7", "bool": "true", "date": "2026-03-14", "text": "x"}


def every_field(table: dict[str, shapes.Place], **given: str) -> Fields:
    """A value for every path that may be written."""
    return {
        path: given.get(path.rpartition(".")[0] or path, SAMPLES.get(place.kind, "x"))
        for path, place in table.items()
    }


async def read_all(erp: Company) -> None:
    for feed in erp.held.feeds:
        position = ""
        async for page in erp.held.read(feed, None, EVERYTHING[feed.kind], LIVE):
            assert page.malformed == ()
            position = page.position or position
        if feed.incremental and position:
            async for page in erp.held.read(feed, position, EVERYTHING[feed.kind], LIVE):
                assert page.malformed == ()


async def one(erp: Company, kind: Kind, rid: str) -> Record:
    return (await erp.held.get(kind, [rid], EVERYTHING[kind], LIVE))[rid]


async def customer(erp: Company) -> Record:
    """Created by the adapter, looked up before and after."""
    fields = {
        "name": "Kunde A/S",
        "status": "Active",
        "customerClass.id": "1",
        "mainAddress.country.id": "DK",
        "mainAddress.city": "Århus",
        "mainContact.name": "Kunde A/S",
        "attributes.WEBCRMID": "crm:organisation:1",
    }
    create = Write(
        side=Side.ERP,
        kind=Kind.ORGANISATION,
        action=Action.CREATE,
        marker="crm:organisation:1",
        fields=fields,
        hints={"name": "Kunde A/S"},
    )
    await erp.held.find([create], 0, EVERYTHING[Kind.ORGANISATION], LIVE)
    await erp.held.send(create, "", LIVE)
    [[found]] = await erp.held.find([create], 0, EVERYTHING[Kind.ORGANISATION], LIVE)
    return found


async def order(erp: Company, number: str, marker: str = "crm:delivery:158") -> Record:
    line = {"inventory.id": "LAMPE-01", "quantity": "2.5", "unitPrice": "199.95", "discountPercent": "10"}
    header = {"type": "SO", "customer.id": number, "customer.order": marker, "date": "2026-03-14"}
    create = Write(
        side=Side.ERP,
        kind=Kind.ORDER,
        action=Action.CREATE,
        marker=marker,
        fields=header | {"description": "Webordre", "customer.refNo": "PO-1", "requestOn": "2026-03-20"},
        lines=(LineEdit(action="insert", fields=line | {"externalLink": "crm:line:1"}),),
    )
    since = erp.clock.now_ms() - 60_000
    await erp.held.find([create], since, EVERYTHING[Kind.ORDER], LIVE)
    done = await erp.held.send(create, "", LIVE)
    await erp.held.find([create], since, EVERYTHING[Kind.ORDER], LIVE)
    return await one(erp, Kind.ORDER, done.rid)


async def invoice(erp: Company, number: str) -> Record:
    line = {"inventoryNumber": "10", "quantity": "2", "unitPriceInCurrency": "100", "discountPercent": "5"}
    create = Write(
        side=Side.ERP,
        kind=Kind.INVOICE,
        action=Action.CREATE,
        marker="crm:delivery:9",
        fields={
            "customer.number": number,
            "externalReference": "crm:delivery:9",
            "hold": "true",
            "documentDate": "2026-03-15",
            "invoiceText": "Arbejde",
        },
        lines=(LineEdit(action="insert", fields=line),),
    )
    await erp.held.find([create], 0, EVERYTHING[Kind.INVOICE], LIVE)
    done = await erp.held.send(create, "", LIVE)
    return await one(erp, Kind.INVOICE, done.rid)


async def test_every_write_and_the_probe(visma_book: Book) -> None:
    async with recorded(visma_book) as erp:
        found = await customer(erp)
        number = found.fields["number"]
        changed = {
            "name": "Kunde & Søn A/S",
            "creditLimit": "",
            "mainContact.phone1": "",
            "attributes.WEBCRMID": "",
        }
        await erp.send(Kind.ORGANISATION, Action.UPDATE, found.version, rid=found.rid, fields=changed)
        person = {
            "businessAccount": number,
            "lastName": "Eksempel",
            "email": "m@kunde.example",
            "active": "true",
        }
        create = Write(side=Side.ERP, kind=Kind.PERSON, action=Action.CREATE, fields=person, hints=person)
        await erp.held.find([create], 0, EVERYTHING[Kind.PERSON], LIVE)
        contact = await one(erp, Kind.PERSON, (await erp.held.send(create, "", LIVE)).rid)
        await erp.send(
            Kind.PERSON, Action.UPDATE, contact.version, rid=contact.rid, fields={"active": "false"}
        )

        made = await order(erp, number)
        edits = (
            LineEdit(action="insert", fields={"inventory.id": "10", "quantity": "1"}),
            LineEdit(action="update", key=made.lines[0].key, fields={"quantity": "3", "note": ""}),
        )
        await erp.send(Kind.ORDER, Action.LINES, made.version, rid=made.rid, lines=edits)
        made = await one(erp, Kind.ORDER, made.rid)
        deletes = (LineEdit(action="delete", key=made.lines[1].key),)
        await erp.send(Kind.ORDER, Action.LINES, made.version, rid=made.rid, lines=deletes)
        header = {"description": "Ny", "note": "", "date": "2026-03-16", "customer.refNo": ""}
        await erp.send(Kind.ORDER, Action.UPDATE, rid=made.rid, fields=header)
        await erp.send(Kind.ORDER, Action.DELETE, rid=made.rid)

        billed = await invoice(erp, number)
        lines: tuple[LineEdit, ...] = (
            LineEdit(action="update", key=billed.lines[0].key, fields={"quantity": "3"}),
            LineEdit(action="insert", fields={"inventoryNumber": "10", "quantity": "1"}),
        )
        await erp.send(Kind.INVOICE, Action.LINES, billed.version, rid=billed.rid, lines=lines)
        billed = await one(erp, Kind.INVOICE, billed.rid)
        lines = (LineEdit(action="delete", key=billed.lines[1].key),)
        await erp.send(Kind.INVOICE, Action.LINES, billed.version, rid=billed.rid, lines=lines)
        await erp.send(Kind.INVOICE, Action.UPDATE, rid=billed.rid, fields={"invoiceText": "Ny"})
        await erp.send(Kind.INVOICE, Action.DELETE, rid=billed.rid)
        assert not [one for one in await erp.held.probe(found.rid) if not one.ok]
    assert visma_book.problems == []
    assert WRITES - visma_book.seen.keys() == set()


async def test_everything_that_is_read(visma_book: Book) -> None:
    """A company in which each sort of document exists, in each state that the stand-in knows."""
    async with recorded(visma_book) as erp:
        found = await customer(erp)
        number = found.fields["number"]
        contact = erp.act("create_contact", businessAccount=number, firstName="Maja", lastName="Eksempel")
        made = await order(erp, number)
        await order(erp, number, "crm:delivery:159")
        key = made.rid.partition("/")[2]
        erp.act("ship", type="SO", orderId=key)
        await read_all(erp)
        erp.act("confirm", type="SO", orderId=key)
        billed = erp.act("invoice_order", type="SO", orderId=key)["referenceNumber"]
        await read_all(erp)
        erp.act("release", documentType="Invoice", referenceNumber=billed)
        erp.act("pay", documentType="Invoice", referenceNumber=billed, amount=5)
        erp.act("credit", referenceNumber=billed)
        erp.act("cash_sale", customer=number, lines=[{"description": "Løst salg", "unitPrice": 5}])
        await read_all(erp)
        item = next(iter(await erp.records("inventory")))
        for kind, rid in (
            (Kind.ORGANISATION, found.rid),
            (Kind.PERSON, str(contact["contactId"])),
            (Kind.ITEM, item),
            (Kind.ORDER, made.rid),
            (Kind.INVOICE, f"invoice:Invoice/{billed}"),
        ):
            await one(erp, kind, rid)
            missing = {Kind.ORDER: "order:SO/999999", Kind.INVOICE: "invoice:Invoice/999999"}.get(
                kind, "999999"
            )
            assert await erp.held.get(kind, [missing], EVERYTHING[kind], LIVE) == {}
        await erp.held.identity(LIVE)
        await erp.held.catalogue(LIVE)
        await erp.held.tables(LIVE)
        await erp.held.open_documents(LIVE)
        assert not [one for one in await erp.held.check(expect_empty=False, needed=NEEDED) if not one.ok]
    assert visma_book.problems == []
    assert READS - visma_book.seen.keys() == set()


@pytest.mark.parametrize(
    ("kind", "action", "table", "rid"),
    [
        (Kind.ORGANISATION, Action.CREATE, shapes.CUSTOMER, ""),
        (Kind.ORGANISATION, Action.UPDATE, shapes.CUSTOMER, "4211"),
        (Kind.PERSON, Action.CREATE, shapes.CONTACT, ""),
        (Kind.ORDER, Action.CREATE, shapes.ORDER_CREATE, ""),
        (Kind.ORDER, Action.UPDATE, shapes.ORDER, "order:SO/000223"),
        (Kind.INVOICE, Action.CREATE, shapes.INVOICE, ""),
        (Kind.INVOICE, Action.UPDATE, shapes.INVOICE, "invoice:Invoice/200001"),
    ],
)
async def test_a_write_of_every_field_has_the_declared_types(
    visma_book: Book, kind: Kind, action: Action, table: dict[str, shapes.Place], rid: str
) -> None:
    """The stand-in may refuse the values (no such class); the request is one that the file allows."""
    line: dict[Kind, dict[str, shapes.Place]] = {
        Kind.ORDER: shapes.ORDER_LINE_NEW,
        Kind.INVOICE: shapes.INVOICE_LINE,
    }
    lines: tuple[LineEdit, ...] = ()
    if kind in line and action is Action.CREATE:
        lines = (LineEdit(action="insert", fields=every_field(line[kind], operation="Issue")),)
    fields = every_field(table, status="Open" if kind is Kind.ORDER else "Active", title="Mr")
    async with recorded(visma_book) as erp:
        with suppress(SystemFault):
            await erp.send(kind, action, "AAAA", rid=rid, fields=fields, lines=lines)
    assert visma_book.problems == []
    assert any(name.startswith(("POST", "PUT", "PATCH")) for name in visma_book.seen)


async def ask_too_often(erp: Company) -> None:
    for _ in range(60):
        await erp.records("customer")


async def test_every_refusal_is_of_a_valid_request(visma_book: Book) -> None:
    async with recorded(visma_book, requests_per_hour=60) as erp:
        found = await customer(erp)
        with pytest.raises(Conflict):
            await erp.send(Kind.ORGANISATION, Action.UPDATE, "c3RhbGU=", rid=found.rid, fields={"name": "X"})
        refused: list[tuple[Kind, Action, dict[str, Any]]] = [
            (Kind.ORGANISATION, Action.UPDATE, {"rid": found.rid, "fields": {"vatZone.id": "nowhere"}}),
            (Kind.ORGANISATION, Action.UPDATE, {"rid": "999999", "fields": {"name": "X"}}),
            (Kind.PERSON, Action.CREATE, {"fields": {"businessAccount": "999999", "lastName": "X"}}),
            (Kind.ORDER, Action.CREATE, {"fields": {"type": "SO", "customer.id": "999999"}}),
            (Kind.INVOICE, Action.CREATE, {"fields": {"customer.number": "999999"}}),
        ]
        for kind, action, more in refused:
            with pytest.raises(Rejected):
                await erp.send(kind, action, **more)
        made = await order(erp, found.fields["number"])
        with pytest.raises(Conflict):
            await erp.send(Kind.ORDER, Action.UPDATE, "c3RhbGU=", rid=made.rid, fields={"description": "X"})
        with pytest.raises(Throttled):
            await ask_too_often(erp)
    assert visma_book.problems == []
    statuses = set().union(*visma_book.seen.values())
    assert {400, 404, 412, 429} <= statuses
