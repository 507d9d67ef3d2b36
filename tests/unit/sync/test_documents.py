"""One vocabulary for orders and invoices, and the facts derived from them (semantics §2.4, §3.6)."""

from decimal import Decimal

from streamsync.model import Kind
from streamsync.sync import documents, feedback
from tests.unit.sync.documents_records import invoice_line, invoice_record, order_line, order_record
from tests.unit.sync.documents_world import rules


def test_an_invoice_speaks_the_orders_language() -> None:
    record = invoice_record(
        invoice_line("1", order="000223"), invoice_line("2", order="000224"), customerRefNumber="PO-7788"
    )
    document = documents.read(record, rules())
    assert document.fields["description"] == "Faktura"
    assert document.fields["date"] == "2026-03-15"
    assert document.fields["customer.refNo"] == "PO-7788"
    assert document.fields["customer.id"] == "10042"
    assert document.orders == ("order:SO/000223", "order:SO/000224")
    assert (document.fields["type"], document.fields["orderId"]) == ("SO", "000223")
    line = document.lines[0].fields
    assert (line["inventory.id"], line["unitPrice"], line["unitOfMeasure"], line["taxCategoryId"]) == (
        "LAMPE-01",
        "500",
        "STK",
        "3",
    )
    assert line["unitCost"] == "300"
    assert "customer.contactId" not in document.fields  # the shadow did not show it: unknown is not empty


def test_written_paths_are_those_of_the_kind() -> None:
    assert documents.header_paths({"description": "x", "customer.id": "1", "note": "n"}, Kind.INVOICE) == {
        "invoiceText": "x",
        "customer.number": "1",
        "note": "n",
    }
    fields = {
        "inventory.id": "A",
        "unitPrice": "1",
        "hasManualPrice": "true",
        "hasManualDiscount": "true",
        "externalLink": "crm:line:1",
    }
    assert documents.line_paths(fields, Kind.INVOICE) == {
        "inventoryNumber": "A",
        "unitPriceInCurrency": "1",
        "manualDiscount": "true",
    }
    assert documents.line_paths(fields, Kind.ORDER) == fields


def test_figures_are_normal() -> None:
    amount = order_line("1", quantity="3", price="100", discountAmount="30", discountPercent="0")
    assert documents.read(order_record(amount), rules()).lines[0].fields["discountPercent"] == "10"
    free = order_line("1", freeItem="true")
    assert documents.read(order_record(free), rules()).lines[0].fields["unitPrice"] == "0"
    note = documents.read(invoice_record(invoice_line("1"), sort="CreditNote"), rules())
    assert (note.lines[0].fields["quantity"], note.net) == ("-2", Decimal(-1000))


def test_numbers_are_joined_and_cut_to_whole_ones() -> None:
    numbers = [f"2003{n:02}" for n in range(15, 24)]
    assert feedback.joined(numbers[:2]) == "200315, 200322".replace("200322", "200316")
    cut = feedback.joined(numbers)
    assert len(cut) <= feedback.NUMBERS_LENGTH
    assert cut == "200315, 200316, 200317, 200318, 200319, 200320 +3"


def test_facts_of_an_order_with_two_invoices() -> None:
    order = documents.read(
        order_record(order_line("1"), **{"totals.orderTotal": "1250", "totals.taxTotal": "250"}), rules()
    )
    late = documents.read(
        invoice_record(number="200322", documentDate="2026-04-01", documentDueDate="2026-04-15"), rules()
    )
    soon = documents.read(invoice_record(balanceInCurrency="0", status="Closed"), rules())
    facts = feedback.derived(order, [late, soon], rules())
    assert facts["derived.referenceNumbers"] == "200315, 200322"
    assert (facts["derived.invoiceDate"], facts["derived.dueDate"]) == ("2026-04-01", "2026-04-15")
    assert (facts["derived.balance"], facts["derived.booked"], facts["derived.paid"]) == (
        "1250",
        "true",
        "false",
    )
    assert (facts["derived.orderNbr"], facts["derived.orderTotal"]) == ("000223", "1250")
    none = feedback.derived(order, [], rules())
    assert (none["derived.balance"], none["derived.booked"], none["derived.referenceNumbers"]) == (
        "",
        "false",
        "",
    )
