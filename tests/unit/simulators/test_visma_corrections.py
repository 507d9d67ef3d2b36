"""Credit notes, reversals, corrections, prepayments and small write-offs in the Visma.net stand-in; freight
and prices put right on the invoice of an order; and the open questions that are settings.
"""

from decimal import Decimal

import pytest

from tests.unit.simulators.test_visma_life import ORDERS, draft_invoice, service_line
from tests.unit.simulators.visma_client import Caller, caller, lamp


def released(call: Caller) -> str:
    number = draft_invoice(call, service_line())
    call.act("release", referenceNumber=number)
    return number


def test_a_reversal_is_a_draft_unless_it_is_applied() -> None:
    call = caller()
    first, second = released(call), released(call)
    draft = call.act("reverse", referenceNumber=first)
    assert (draft["documentType"], draft["status"]) == ("CreditNote", "Balanced")
    assert call.get(f"/v1/customerinvoice/{first}")["status"] == "Open"
    done = call.act("reverse", referenceNumber=second, apply=True)
    note = call.get(f"/v1/customerCreditNote/{done['referenceNumber']}")
    original = call.get(f"/v1/customerinvoice/{second}")
    assert (note["status"], original["status"], original["balance"]) == ("Closed", "Closed", 0)
    assert [(one["docType"], one["refNbr"]) for one in original["applications"]] == [
        ("CreditNote", done["referenceNumber"])
    ]
    assert note["amount"] == original["amount"]


def test_a_correction_reverses_and_types_in_again() -> None:
    call = caller()
    number = released(call)
    made = call.act("correct", referenceNumber=number, lines={"1": {"quantity": 3}})
    again = call.get(f"/v1/customerinvoice/{made['referenceNumber']}")
    assert (again["status"], again["externalReference"]) == ("Balanced", "crm:delivery:158")
    assert [line["quantity"] for line in again["invoiceLines"]] == [3]
    assert call.get(f"/v1/customerinvoice/{number}")["status"] == "Closed"
    assert call.get(f"/v1/customerCreditNote/{made['creditNote']}")["status"] == "Closed"


def test_what_is_paid_or_bills_an_order_cannot_be_corrected() -> None:
    call = caller()
    paid = released(call)
    call.act("pay", referenceNumber=paid, amount=1)
    with pytest.raises(ValueError, match="payments"):
        call.act("correct", referenceNumber=paid)
    order = call.post_order(call.customer(), lamp(2))
    call.act("ship", orderId=order)
    call.act("confirm", orderId=order)
    bill = call.act("invoice_order", orderId=order)["referenceNumber"]
    with pytest.raises(ValueError, match="not released"):
        call.act("correct", referenceNumber=bill)
    call.act("release", referenceNumber=bill)
    with pytest.raises(ValueError, match="bills an order"):
        call.act("correct", referenceNumber=bill)


def test_a_prepayment_is_used_up_by_payments() -> None:
    call = caller()
    number = released(call)
    made = call.act("prepay", customer=call.customer(), amount=1300)
    assert (made["documentType"], made["status"]) == ("Prepayment", "Open")
    paid = call.act("pay", referenceNumber=number, prepayment=made["referenceNumber"])
    assert (paid["status"], paid["balance"]) == ("Closed", 0)
    [shown] = [row for row in call.get("/v1/customerdocument") if row["documentType"] == "Prepayment"]
    assert (shown["status"], shown["balance"]) == ("Open", 50)
    applied = call.get(f"/v1/customerinvoice/{number}")["applications"]
    assert [(one["docType"], one["refNbr"]) for one in applied] == [("Prepayment", made["referenceNumber"])]
    with pytest.raises(ValueError, match="does not hold"):
        call.act("pay", referenceNumber=released(call), prepayment=made["referenceNumber"])


def test_the_rest_of_a_credit_note_is_written_off() -> None:
    call = caller()
    note = call.act("credit", referenceNumber=released(call), apply=False)["referenceNumber"]
    off = call.act("write_off_credit", documentType="CreditNote", referenceNumber=note)
    row = call.get(f"/v1/customerCreditNote/{note}")
    assert (row["status"], [one["docType"] for one in row["applications"]]) == ("Closed", ["SmallCreditWo"])
    assert any(
        (one["documentType"], one["referenceNumber"]) == ("SmallCreditWo", off["payment"])
        for one in call.get("/v1/customerdocument")
    )


def test_a_debit_note_is_read_beside_the_invoices() -> None:
    call = caller()
    made = call.act("debit_note", customer=call.customer(), lines=[{"inventoryNumber": "10"}])
    assert call.get(f"/v1/customerinvoice/{made['referenceNumber']}")["documentType"] == "DebitNote"


def test_freight_and_prices_may_be_put_right_on_the_invoice_alone() -> None:
    call = caller()
    order = call.post_order(call.customer(), lamp(2))
    call.act("ship", orderId=order)
    call.act("confirm", orderId=order)
    made = call.act("invoice_order", orderId=order, freight="79.50", prices={"1": 150})
    row = call.get(f"/v1/customerinvoice/{made['referenceNumber']}")
    found = [(line["lineType"], line["soOrderNbr"], line["amount"]) for line in row["invoiceLines"]]
    assert found == [("GI", "000223", 300), ("FR", None, Decimal("79.50"))]
    assert call.get(f"{ORDERS}/{order}/lines")["value"][0]["unitPrice"] == 199


def test_orders_and_invoices_may_not_name_each_other() -> None:
    call = caller(orders_name_invoice=False, lines_name_order=False)
    order = call.post_order(call.customer(), lamp(2))
    call.act("ship", orderId=order)
    call.act("confirm", orderId=order)
    made = call.act("invoice_order", orderId=order)
    shown = call.get(f"{ORDERS}/{order}", expand="FinancialInformation")
    assert shown["financialInformation"]["invoiceId"] is None
    assert call.get(f"{ORDERS}/{order}/shipment")[0]["invoiceId"] == made["referenceNumber"]
    row = call.get(f"/v1/customerinvoice/{made['referenceNumber']}")
    assert row["invoiceLines"][0]["soOrderNbr"] is None


def test_which_amount_is_the_documents_currency_is_a_setting() -> None:
    for base in (False, True):
        call = caller(in_currency_is_base=base)
        line = {"inventoryNumber": "10", "unitPrice": 100}
        made = call.act("create_invoice", customer=call.customer(), currencyId="EUR", lines=[line])
        row = call.get(f"/v1/customerinvoice/{made['referenceNumber']}")
        amounts = (row["amountInCurrency"], row["amount"])
        assert amounts[base] == 125
        assert amounts[not base] > 900
        assert (row["invoiceLines"][0]["amountInCurrency"] == 100) is not base
