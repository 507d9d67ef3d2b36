"""Structs to canonical fields, and canonical fields to bodies."""

import json
from decimal import Decimal

import pytest

from streamsync.errors import Bug, Rejected
from streamsync.model import Kind, LineEdit
from streamsync.systems.visma import canonical, catalogue, flatten, shapes, wire
from tests.reference import needed
from tests.unit.systems.visma_double import FIXTURES, customer, invoice


def fixture(name: str) -> bytes:
    return needed(FIXTURES / f"{name}.json").read_bytes()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12.50"), "12.5"),
        (Decimal("1E+2"), "100"),
        (Decimal("-0.0"), "0"),
        (Decimal("0.000001"), "0.000001"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (7, "7"),
        (" keep ", " keep "),
    ],
)
def test_scalars_have_one_canonical_text(value: object, text: str) -> None:
    assert canonical.text_of(value) == text


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_stamp_that_utc_does_not_reach_is_kept_as_it_is(stamp: str) -> None:
    assert canonical.utc_text(stamp) == stamp
    assert canonical.stamp_ms(stamp) == 0


def test_a_customer_is_flattened_to_the_wanted_paths_only() -> None:
    row = wire.decode(json.dumps(customer(7, marker="crm:organisation:5")).encode(), wire.Customer)
    record = flatten.customer(
        row,
        frozenset({"name", "mainAddress.country.id", "attributes.WEBCRMID", "creditLimit", "gln"}),
        3_600_000,
    )
    assert record.fields == {
        "name": "Kunde 7",
        "mainAddress.country.id": "DK",
        "creditLimit": "1000.5",
        "gln": "",
        "attributes.WEBCRMID": "crm:organisation:5",
    }
    assert (record.rid, record.version) == ("7", "v7")
    assert record.updated_ms == canonical.stamp_ms("2026-03-14T08:00:00.5Z")


def test_only_header_paths_of_the_kind_are_taken() -> None:
    want = frozenset({"status", "inventory.id", "derived.word", "shipments"})
    assert flatten.header_paths(Kind.ORDER, want) == ("shipments", "status")
    assert flatten.header_paths(Kind.INVOICE, want) == ("status",)


def test_the_fixtures_of_documents_become_records() -> None:
    row = wire.decode(fixture("customerinvoice"), wire.Document)
    want = frozenset(
        {"documentDate", "customer.number", "taxDetails", "applications", "balance", "contact.id"}
    )
    record = flatten.document(row, want, 0)
    assert record.rid == "invoice:Invoice/200315"
    assert record.fields["documentDate"] == "2026-03-15"
    assert json.loads(record.fields["taxDetails"])[0]["vatRate"] == 25
    assert record.fields["applications"] == ""
    [line] = record.lines
    assert (line.key, line.fields["soOrderNbr"], line.fields["quantity"]) == ("1", "000223", "2.5")


def test_the_fixtures_of_an_order_become_a_record() -> None:
    order = wire.decode(fixture("v3_salesorder"), wire.Order)
    lines = [
        wire.decode(bytes(raw), wire.OrderLine) for raw in wire.rows(fixture("v3_salesorder_lines"), "").raw
    ]
    want = frozenset({"status", "date", "lastModified", "customer.order", "financialInformation.invoiceId"})
    record = flatten.order(order, lines, want, "A1")
    assert record.rid == "order:SO/000223"
    assert record.fields == {
        "status": "Open",
        "date": "2026-03-14",
        "lastModified": "2026-03-14T10:00:00.110Z",
        "customer.order": "CRM-778812",
        "financialInformation.invoiceId": "",
    }
    assert record.lines[0].fields["externalLink"] == "crm:778812:1"


def test_an_order_row_out_of_scope_is_partial() -> None:
    row = wire.OrderRow(type="so", order_id="1", status="Completed", currency="DKK")
    record = flatten.order_header(row, frozenset({"status", "currencyId", "note"}))
    assert record.partial
    assert record.fields == {"status": "Completed", "currencyId": "DKK"}


def test_a_cash_sale_lacks_what_cash_sales_lack() -> None:
    row = wire.decode(
        json.dumps(invoice("5", type_="CashSale", cashSaleLines=[{"lineNumber": 2}])).encode(), wire.Document
    )
    record = flatten.document(row, frozenset({"contact.id", "status"}), 0)
    assert record.fields == {"contact.id": "", "status": "Open"}
    assert record.lines[0].key == "2"


def test_a_customer_body_wraps_and_renames() -> None:
    fields = {
        "name": "Ny",
        "mainAddress.country.id": "DK",
        "mainAddress.city": "Århus",
        "vatZone.id": "01",
        "attributes.WEBCRMID": "crm:organisation:1",
        "gln": "",
    }
    body = shapes.customer_body(fields, create=True)
    assert body == {
        "name": {"value": "Ny"},
        "vatZoneId": {"value": "01"},
        "mainAddress": {"value": {"countryId": {"value": "DK"}, "city": {"value": "Århus"}}},
        "attributeLines": [
            {"attributeId": {"value": "WEBCRMID"}, "attributeValue": {"value": "crm:organisation:1"}}
        ],
    }


def test_emptying_and_what_cannot_be_emptied() -> None:
    assert shapes.customer_body({"gln": ""}, create=False) == {"gln": {"value": ""}}
    with pytest.raises(Rejected, match="cannot empty status"):
        shapes.customer_body({"status": ""}, create=False)


def test_an_unknown_path_is_a_bug() -> None:
    with pytest.raises(Bug, match="number"):
        shapes.customer_body({"number": "9"}, create=False)


def test_a_given_number_overrides_the_series() -> None:
    body = shapes.customer_body({"name": "N", "number": "77"}, create=True)
    assert body["overrideNumberSeries"] == {"value": True}


def test_an_order_is_created_with_its_lines_and_manual_prices() -> None:
    line = LineEdit(
        action="insert",
        fields={
            "inventory.id": "LAMPE-01",
            "quantity": "2.5",
            "unitPrice": "0",
            "discountPercent": "0",
            "externalLink": "crm:line:1",
        },
    )
    body = shapes.order_body(
        {
            "type": "SO",
            "customer.id": "10042",
            "customer.order": "crm:delivery:158",
            "date": "2026-03-14",
            "customer.contactId": "5120",
        },
        [line],
        create=True,
    )
    assert json.loads(shapes.encode(body)) == {
        "type": "SO",
        "customer": {"id": "10042", "order": "crm:delivery:158", "contactId": 5120},
        "date": "2026-03-14T00:00:00Z",
        "orderLines": [
            {
                "inventoryId": "LAMPE-01",
                "quantity": 2.5,
                "unitPrice": 0,
                "hasManualPrice": True,
                "discountPercent": 0,
                "hasManualDiscount": True,
                "externalLink": "crm:line:1",
            }
        ],
    }


def test_decimals_reach_the_wire_digit_by_digit() -> None:
    body = shapes.order_body(
        {}, [LineEdit(action="insert", fields={"inventory.id": "A", "quantity": "0.000001"})], create=True
    )
    assert b'"quantity":0.000001' in shapes.encode(body)


def test_invoice_lines_carry_operations() -> None:
    edits = [
        LineEdit(action="insert", fields={"inventoryNumber": "A", "quantity": "1", "discountPercent": "5"}),
        LineEdit(action="update", key="3", fields={"unitPriceInCurrency": "9.5"}),
        LineEdit(action="delete", key="4"),
    ]
    body = shapes.invoice_body({"documentDate": "2026-03-15", "hold": "true"}, edits, create=False)
    assert json.loads(shapes.encode(body)) == {
        "documentDate": {"value": "2026-03-15T00:00:00"},
        "hold": {"value": True},
        "invoiceLines": [
            {
                "operation": "Insert",
                "inventoryNumber": {"value": "A"},
                "quantity": {"value": 1},
                "discountPercent": {"value": 5},
                "manualDiscount": {"value": True},
            },
            {"operation": "Update", "lineNumber": {"value": 3}, "unitPriceInCurrency": {"value": 9.5}},
            {"operation": "Delete", "lineNumber": {"value": 4}},
        ],
    }


def test_the_overlap_is_longer_in_the_night_that_repeats_an_hour() -> None:
    assert canonical.window_start("2026-03-14T09:21:07.583") == "2026-03-14T09:16:07.583"
    assert canonical.window_start("2026-10-25T02:30:00") == "2026-10-25T00:25:00.000"
    assert canonical.window_start("2026-10-18T02:30:00") == "2026-10-18T02:25:00.000"


def test_the_catalogue_knows_lengths_sorts_and_what_can_be_written() -> None:
    classes = [wire.CustomerClass(id="1", attributes=(wire.ClassAttribute(attribute_id="WEBCRMID"),))]
    found = catalogue.catalogue(classes)
    customers = found[Kind.ORGANISATION]
    assert customers["name"].max_length == 60
    assert not customers["number"].writable
    assert customers["creditLimit"].kind == "decimal"
    assert customers["attributes.WEBCRMID"].writable
    assert "status.description" not in found[Kind.ORDER]
    assert found[Kind.ORDER]["date"].kind == "date"
    assert not found[Kind.ITEM]["defaultPrice"].writable
