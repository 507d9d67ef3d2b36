"""The adapter against the stand-in over a real socket: the ways of a customer, an order and an invoice."""

from typing import Any

import pytest

from streamsync.errors import Conflict, Rejected
from streamsync.model import Action, Kind, LineEdit, Record, Side, Write
from streamsync.simulators.visma.world import DEFAULT_CLIENT, DEFAULT_TENANT
from tests.unit.systems.visma_company import LIVE, NEEDED, SECRET, WANT, Company, company


async def test_a_customer_is_created_found_again_updated_and_guarded() -> None:
    async with company() as erp:
        create = Write(
            side=Side.ERP,
            kind=Kind.ORGANISATION,
            action=Action.CREATE,
            marker="crm:organisation:1",
            fields={
                "name": "Kunde A/S",
                "status": "Active",
                "customerClass.id": "1",
                "mainAddress.country.id": "DK",
                "mainAddress.city": "Århus",
                "mainContact.name": "Kunde A/S",
                "attributes.WEBCRMID": "crm:organisation:1",
            },
        )
        assert await erp.held.find([create], 0, WANT[Kind.ORGANISATION], LIVE) == [[]]
        done = await erp.held.send(create, "", LIVE)
        assert done.handle
        [[found]] = await erp.held.find([create], 0, WANT[Kind.ORGANISATION], LIVE)
        assert found.fields["number"] == done.handle
        assert found.fields["mainAddress.city"] == "Århus"
        listed = await erp.records("customer")
        assert listed[found.rid].version == found.version == done.version
        updated = await erp.send(
            Kind.ORGANISATION, Action.UPDATE, found.version, rid=found.rid, fields={"name": "Kunde & Søn A/S"}
        )
        assert updated.version not in ("", found.version)
        assert (await erp.one(Kind.ORGANISATION, found.rid)).fields["name"] == "Kunde & Søn A/S"
        assert erp.held.zone_offset_ms == 3_600_000
        with pytest.raises(Conflict):
            await erp.send(
                Kind.ORGANISATION, Action.UPDATE, found.version, rid=found.rid, fields={"name": "X"}
            )
        with pytest.raises(Rejected):
            await erp.send(Kind.ORGANISATION, Action.UPDATE, rid=found.rid, fields={"vatZone.id": "nowhere"})


async def test_a_contact_is_created_and_found() -> None:
    async with company() as erp:
        customer = erp.act("create_customer", name="Kunde A/S")
        fields = {
            "businessAccount": customer["number"],
            "firstName": "Maja",
            "lastName": "Eksempel",
            "active": "true",
            "email": "maja@kunde.example",
            "sameAsAccount": "true",
        }
        create = Write(side=Side.ERP, kind=Kind.PERSON, action=Action.CREATE, fields=fields)
        assert await erp.held.find([create], 0, WANT[Kind.PERSON], LIVE) == [[]]
        done = await erp.held.send(create, "", LIVE)
        [[found]] = await erp.held.find([create], 0, WANT[Kind.PERSON], LIVE)
        assert found.rid == done.rid
        await erp.send(Kind.PERSON, Action.UPDATE, found.version, rid=found.rid, fields={"active": "false"})
        assert (await erp.records("contact"))[found.rid].fields["active"] == "false"


async def test_items_are_read_with_their_units() -> None:
    async with company() as erp:
        items = await erp.records("inventory")
        assert items
        assert all(item.fields["inventoryNumber"] and item.version for item in items.values())


ORDER_WANT = WANT[Kind.ORDER]


async def make_order(erp: Company) -> Record:
    """A sales order of one line, created, looked up before and after."""
    customer = erp.act("create_customer", name="Kunde A/S")
    items = (await erp.records("inventory")).values()
    number = next(item.fields["inventoryNumber"] for item in items if item.fields["stockItem"] == "true")
    line = {"inventory.id": number, "quantity": "2.5", "unitPrice": "199.95", "discountPercent": "10"}
    header = {"type": "SO", "customer.id": customer["number"], "customer.order": "crm:delivery:158"}
    create = Write(
        side=Side.ERP,
        kind=Kind.ORDER,
        action=Action.CREATE,
        marker="crm:delivery:158",
        fields=header | {"description": "Webordre", "date": "2026-03-14", "customer.refNo": "PO-1"},
        lines=(LineEdit(action="insert", fields=line | {"externalLink": "crm:line:1"}),),
    )
    since = erp.clock.now_ms() - 60_000
    assert await erp.held.find([create], since, ORDER_WANT, LIVE) == [[]]
    done = await erp.held.send(create, "", LIVE)
    [[order]] = await erp.held.find([create], since, ORDER_WANT, LIVE)
    assert order.rid == done.rid
    return order


async def test_an_order_is_created_with_its_lines() -> None:
    async with company() as erp:
        [line] = (await make_order(erp)).lines
        assert line.fields["externalLink"] == "crm:line:1"
        assert (line.fields["unitPrice"], line.fields["discountPercent"]) == ("199.95", "10")


async def test_an_order_is_changed_line_by_line_under_its_version() -> None:
    async with company() as erp:
        order = await make_order(erp)
        number = order.lines[0].fields["inventory.id"]
        insert = {"inventory.id": number, "quantity": "1", "unitPrice": "5"}
        edits = (
            LineEdit(action="insert", fields=insert),
            LineEdit(action="update", key=order.lines[0].key, fields={"quantity": "3"}),
        )
        changed = await erp.send(Kind.ORDER, Action.LINES, order.version, rid=order.rid, lines=edits)
        both = await erp.one(Kind.ORDER, order.rid)
        assert [line.fields["quantity"] for line in both.lines] == ["3", "1"]
        assert both.version == changed.version
        deletes = (LineEdit(action="delete", key=both.lines[1].key),)
        await erp.send(Kind.ORDER, Action.LINES, both.version, rid=order.rid, lines=deletes)
        await erp.send(Kind.ORDER, Action.UPDATE, rid=order.rid, fields={"description": "Ny", "note": "Hej"})
        with pytest.raises(Conflict):
            await erp.send(
                Kind.ORDER, Action.UPDATE, both.version, rid=order.rid, fields={"description": "X"}
            )
        whole = (await erp.records("order"))[order.rid]
        assert (len(whole.lines), whole.fields["note"], whole.partial) == (1, "Hej", False)


async def test_an_invoice_of_an_order_is_seen_from_release_to_payment() -> None:
    async with company(action_delay_ms=0) as erp:
        order = await make_order(erp)
        number = order.rid.partition("/")[2]
        erp.act("ship", type="SO", orderId=number)
        erp.act("confirm", type="SO", orderId=number)
        billed = erp.act("invoice_order", type="SO", orderId=number)["referenceNumber"]
        erp.act("release", documentType="Invoice", referenceNumber=billed)
        rid = f"invoice:Invoice/{billed}"
        invoice = (await erp.records("invoice"))[rid]
        assert (invoice.fields["status"], invoice.lines[0].fields["soOrderNbr"]) == ("Open", number)
        [begun] = await erp.read("document")
        assert await erp.held.open_documents(LIVE) == {rid}
        erp.act("pay", documentType="Invoice", referenceNumber=billed)
        assert await erp.held.open_documents(LIVE) == frozenset()
        touched = [key for page in await erp.read("document", begun.position) for key in page.touched]
        assert (Kind.INVOICE, rid) in touched
        paid = await erp.one(Kind.INVOICE, rid)
        assert (paid.fields["status"], paid.fields["balance"]) == ("Closed", "0")
        assert "Payment" in paid.fields["applications"]


async def test_an_invoice_is_created_changed_and_deleted() -> None:
    async with company() as erp:
        customer = erp.act("create_customer", name="Kunde A/S")
        number = next(
            record.fields["inventoryNumber"]
            for record in (await erp.records("inventory")).values()
            if record.fields["stockItem"] == "false"
        )
        create = Write(
            side=Side.ERP,
            kind=Kind.INVOICE,
            action=Action.CREATE,
            marker="crm:delivery:9",
            fields={
                "customer.number": customer["number"],
                "externalReference": "crm:delivery:9",
                "hold": "true",
                "documentDate": "2026-03-15",
                "invoiceText": "Arbejde",
            },
            lines=(
                LineEdit(
                    action="insert",
                    fields={
                        "inventoryNumber": number,
                        "quantity": "2",
                        "unitPriceInCurrency": "100",
                        "discountPercent": "0",
                    },
                ),
            ),
        )
        done = await erp.held.send(create, "", LIVE)
        [[found]] = await erp.held.find([create], 0, WANT[Kind.INVOICE], LIVE)
        assert found.rid == done.rid
        await erp.send(
            Kind.INVOICE,
            Action.LINES,
            found.version,
            rid=found.rid,
            lines=(LineEdit(action="update", key=found.lines[0].key, fields={"quantity": "3"}),),
        )
        assert (await erp.one(Kind.INVOICE, found.rid)).lines[0].fields["quantity"] == "3"


async def test_the_second_read_brings_only_what_changed() -> None:
    async with company(page_caps={"customer": 3}) as erp:
        for n in range(8):
            erp.act("create_customer", name=f"Kunde {n}")
        first = await erp.read("customer")
        assert len({record.rid for page in first for record in page.records}) == 8
        erp.act("create_customer", name="Ny")
        again = await erp.records("customer", first[-1].position)
        assert "Ny" in {record.fields["name"] for record in again.values()}


async def test_catalogue_and_tables_are_read() -> None:
    async with company() as erp:
        tables = await erp.held.tables(LIVE)
        assert tables["vat_zone"]["01"] == "Indland"
        assert "DKK" in tables["currency"]
        assert set(tables["customer_class"]) == {"1", "2", "3"}
        assert {"SO", "IN"} <= set(tables["order_type"])
        assert '"25"' in tables["vat_category"]["3"]
        assert "attributes.WEBCRMID" in (await erp.held.catalogue(LIVE))[Kind.ORGANISATION]
        assert await erp.held.identity(LIVE) == DEFAULT_TENANT


async def test_check_and_probe_are_content_with_a_good_company() -> None:
    async with company() as erp:
        made = erp.act("create_customer", name="Kunde A/S")
        found = await erp.held.check(expect_empty=False, needed=NEEDED)
        assert [finding.sentence for finding in found if not finding.ok or finding.warning] == []
        probed = await erp.held.probe(str(made["internalId"]))
        assert [finding.sentence for finding in probed if not finding.ok or finding.warning] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secret": "wrong"}, "client_secret"),
        ({"tenant": "not-a-guid"}, "tenant_id"),
        ({"tenant": "5f0c0000-0000-4000-8000-0000000000ff"}, "empty customer list"),
        (
            {"clients": {DEFAULT_CLIENT: {"secret": SECRET, "scopes": ["vismanet_erp_service_api:read"]}}},
            "scopes",
        ),
    ],
)
async def test_check_says_what_is_wrong(change: dict[str, Any], words: str) -> None:
    async with company(**change) as erp:
        erp.act("create_customer", name="Kunde A/S")
        found = await erp.held.check(expect_empty=False, needed=NEEDED)
        assert any(not finding.ok and words in finding.sentence for finding in found)
