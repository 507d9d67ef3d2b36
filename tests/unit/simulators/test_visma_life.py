"""The life of orders and documents in the Visma.net stand-in: shipped, invoiced, released, paid, credited,
voided.
"""

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from streamsync.simulators.http import Calling, encode_json
from streamsync.simulators.visma.world import VismaWorld
from tests.unit.simulators.visma_client import NOW_MS, Caller, body_of, caller, lamp, wrapped

ORDERS = "/api/v3/SalesOrders"


def service_line(**more: object) -> dict[str, object]:
    return {"operation": "Insert", **wrapped(inventoryNumber="10", quantity=2), **more}


def draft_invoice(call: Caller, *lines: object) -> str:
    body = {
        **wrapped(customerNumber=call.customer(), externalReference="crm:delivery:158", hold=False),
        "invoiceLines": list(lines) or [service_line()],
    }
    answer = call.call("POST", "/v2/customerinvoice", body)
    assert answer.status == 201, answer
    return answer.headers["Location"].rpartition("/")[2]


def test_an_order_becomes_shipment_invoice_and_payment() -> None:
    call = caller()
    order = call.post_order(call.customer(), lamp(2), lamp(1))
    path = f"{ORDERS}/{order}"
    shipment = call.act("ship", orderId=order, lines={"1": 2})["shipment"]
    assert shipment == "000310"
    assert call.get(path)["status"]["description"] == "Shipping"
    assert call.get(f"{path}/lines/1")["quantityOnShipments"] == 2
    call.act("confirm", orderId=order)
    assert call.get(path)["status"]["description"] == "BackOrder"
    call.act("ship", orderId=order)
    call.act("confirm", orderId=order)
    assert [line["completed"] for line in call.get(f"{path}/lines")["value"]] == [True, True]
    made = call.act("invoice_order", orderId=order)
    assert made == {"documentType": "Invoice", "referenceNumber": "200315", "status": "Balanced"}
    invoiced = call.get(path, expand="FinancialInformation")
    assert invoiced["status"]["description"] == "Invoiced"
    assert invoiced["financialInformation"]["invoiceId"] == "200315"
    assert [row["invoiceId"] for row in call.get(f"{path}/shipment")] == ["200315", "200315"]
    invoice = call.get("/v1/customerinvoice/200315")
    lines = invoice["invoiceLines"]
    assert [(line["soOrderType"], line["soOrderNbr"], line["soShipmentNbr"]) for line in lines] == [
        ("SO", "000223", "000310"),
        ("SO", "000223", "000311"),
    ]
    assert lines[0]["externalLink"] == "crm:line:9001"
    assert (invoice["vatTaxableTotal"], invoice["amount"]) == (597, Decimal("746.25"))
    call.act("release", referenceNumber="200315")
    assert call.get(path)["status"]["description"] == "Completed"
    call.now_ms += 60_000
    before = call.get("/v1/customerinvoice/200315")
    call.act("pay", referenceNumber="200315", amount=100)
    partly = call.get("/v1/customerinvoice/200315")
    assert (partly["status"], partly["balance"]) == ("Open", Decimal("646.25"))
    call.act("pay", referenceNumber="200315")
    paid = call.get("/v1/customerinvoice/200315")
    assert (paid["status"], paid["balance"]) == ("Closed", 0)
    assert [a["docType"] for a in paid["applications"]] == ["Payment", "Payment"]
    assert paid["lastModifiedDateTime"] == before["lastModifiedDateTime"]  # payments move no stamp by default
    assert paid["timeStamp"] != before["timeStamp"]


def test_a_payment_may_move_the_stamp() -> None:
    call = caller(payment_moves_stamp=True)
    number = draft_invoice(call)
    call.act("release", referenceNumber=number)
    call.now_ms += 60_000
    call.act("pay", referenceNumber=number)
    assert call.get(f"/v1/customerinvoice/{number}")["lastModifiedDateTime"] == "2026-03-14T10:01:00"


def test_one_invoice_may_bill_several_orders() -> None:
    call = caller()
    customer = call.customer()
    orders = [call.post_order(customer) for _ in range(2)]
    for order in orders:
        call.act("ship", orderId=order)
        call.act("confirm", orderId=order)
    made = call.act("invoice_order", orders=orders)
    lines = call.get(f"/v1/customerinvoice/{made['referenceNumber']}")["invoiceLines"]
    assert [line["soOrderNbr"] for line in lines] == ["000223", "000224"]


def test_release_is_queued_and_done_later() -> None:
    call = caller()
    number = draft_invoice(call)
    path = f"/v1/customerinvoice/{number}"
    assert call.get(path)["status"] == "Balanced"
    answer = call.call("POST", f"{path}/action/release")
    assert (answer.status, body_of(answer)["actionResult"]) == (200, "Queued")
    assert call.get(path)["status"] == "Balanced"
    call.now_ms += 1500
    assert call.get(path)["status"] == "Open"
    assert call.call("POST", f"{path}/action/release").status == 400
    assert call.call("DELETE", path).status == 400
    assert call.call("PUT", path, wrapped(note="x")).status == 400


def test_an_invoice_is_changed_line_by_line() -> None:
    call = caller()
    number = draft_invoice(call, service_line(), service_line(**wrapped(discountPercent=10)))
    path = f"/v1/customerinvoice/{number}"
    tag = call.etag(path)
    change = {
        **wrapped(customerRefNumber="PO-7788"),
        "invoiceLines": [
            {"operation": "Update", **wrapped(lineNumber=1, quantity=3)},
            {"operation": "Delete", **wrapped(lineNumber=2)},
            service_line(**wrapped(unitPriceInCurrency=12.5)),
        ],
    }
    answer = call.call("PUT", path, change, {"if-match": tag})
    assert answer.status == 204
    after = call.get(path)
    lines = after["invoiceLines"]
    assert [(line["lineNumber"], line["amount"]) for line in lines] == [(1, 1500), (3, 25)]
    assert (after["amount"], after["customerRefNumber"]) == (Decimal("1906.25"), "PO-7788")
    assert call.call("PUT", path, wrapped(note="x"), {"if-match": tag}).status == 412
    missing = {"invoiceLines": [{"operation": "Update", **wrapped(lineNumber=9)}]}
    assert call.call("PUT", path, missing).status == 400
    assert call.call("DELETE", path).status == 204
    assert call.call("GET", path).status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"invoiceLines": []},
        {"invoiceLines": [{"operation": "Insert", **wrapped(inventoryNumber="LAMPE-01")}]},
        {"invoiceLines": [{"operation": "Insert", **wrapped(description="Fragt")}]},
        {"invoiceLines": [{"operation": {"value": "Insert"}, **wrapped(inventoryNumber="10")}]},
        {"invoiceLines": [{"operation": "Insert", **wrapped(inventoryNumber="10", unitPrice=5)}]},
        {"invoiceLines": {"value": [service_line()]}},
        wrapped(customerNumber="99999"),
        wrapped(referenceNumber="7"),
        wrapped(externalReference="x" * 41),
        wrapped(documentDate="tomorrow"),
        wrapped(hold="true"),
        wrapped(currencyId="EUR"),
    ],
)
def test_a_wrong_invoice_is_refused(change: dict[str, object]) -> None:
    call = caller()
    body = {**wrapped(customerNumber=call.customer()), "invoiceLines": [service_line()], **change}
    assert call.call("POST", "/v2/customerinvoice", body).status == 400
    assert call.get("/v1/customerinvoice") == []


def test_invoices_are_found_by_reference_and_by_status() -> None:
    call = caller()
    number = draft_invoice(call)
    assert len(call.get("/v1/customerinvoice", externalReference="crm:delivery:158")) == 1
    assert call.get("/v1/customerinvoice", externalReference="crm:delivery:159") == []
    assert call.get("/v1/customerinvoice", status="Open") == []
    assert call.get("/v1/customerinvoice", released=0)[0]["applications"] == []
    call.act("release", referenceNumber=number)
    call.act("pay", referenceNumber=number, amount=1)
    assert call.get("/v1/customerinvoice")[0]["applications"] == []
    assert len(call.get("/v1/customerinvoice", expandApplications="true")[0]["applications"]) == 1
    kinds = [row["documentType"] for row in call.get("/v1/customerdocument")]
    assert kinds == ["Invoice", "Payment"]
    assert len(call.get("/v1/customerdocument", documentType="Payment")) == 1
    assert len(call.get("/v1/customerinvoice", documentType="Payment")) == 1  # ignored here


def test_a_credit_note_settles_its_invoice() -> None:
    call = caller()
    number = draft_invoice(call)
    call.act("release", referenceNumber=number)
    note = call.act("credit", referenceNumber=number)
    assert note["documentType"] == "CreditNote"
    row = call.get(f"/v1/customerCreditNote/{note['referenceNumber']}")
    assert (row["status"], row["amount"], row["lines"][0]["quantity"]) == ("Closed", 1250, 2)
    assert [(a["docType"], a["refNbr"]) for a in row["applications"]] == [("Invoice", number)]
    invoice = call.get(f"/v1/customerinvoice/{number}")
    assert (invoice["status"], invoice["applications"][0]["docType"]) == ("Closed", "CreditNote")
    assert call.call("GET", f"/v1/customerinvoice/{note['referenceNumber']}").status == 404


def test_void_write_off_and_cash_sale() -> None:
    call = caller()
    number = draft_invoice(call)
    call.act("release", referenceNumber=number)
    payment = call.act("pay", referenceNumber=number)["payment"]
    call.act("void", documentType="Payment", referenceNumber=payment)
    again = call.get(f"/v1/customerinvoice/{number}")
    assert (again["status"], again["balance"], again["applications"][0]["voided"]) == ("Open", 1250, True)
    call.act("write_off", referenceNumber=number)
    assert call.get(f"/v1/customerinvoice/{number}")["applications"][1]["docType"] == "SmallBalanceWo"
    customer = call.customer()
    sale = call.act("cash_sale", customer=customer, lines=[{"inventoryNumber": "10", "quantity": 1}])
    assert call.get(f"/v1/cashsale/{sale['referenceNumber']}")["status"] == "Closed"
    assert len(call.get("/v1/cashsale")) == 1
    with pytest.raises(ValueError, match="no act"):
        call.act("dance")
    with pytest.raises(ValueError, match="knows no"):
        call.act("set_zone", zone=60, nonsense=1)


def test_foreign_documents_show_both_currencies() -> None:
    call = caller()
    customer = call.customer(currencyId="EUR", **{"vatZone.id": "02"})
    made = call.act(
        "create_invoice", customer=customer, status="Open", lines=[{"inventoryNumber": "10", "unitPrice": 10}]
    )
    row = call.get(f"/v1/customerinvoice/{made['referenceNumber']}")
    assert (row["amountInCurrency"], row["amount"], row["exchangeRate"]) == (
        10,
        Decimal("74.6"),
        Decimal("7.46"),
    )
    assert (row["vatExemptTotalInCurrency"], row["vatTaxableTotal"]) == (10, 0)


def test_hooks_are_signed_over_the_raw_body() -> None:
    call = caller()
    assert isinstance(call.world, Calling)
    call.act("set_hook", url="http://127.0.0.1/h", secret="s", header="X-Sig")
    call.customer()
    calls = call.world.due_calls(call.now_ms)
    assert [json.loads(c.body)["eventType"] for c in calls] == ["CUSTOMER_CREATED"]
    assert "X-Sig" in calls[0].headers
    assert call.world.due_calls(call.now_ms) == []


def filled(count: int) -> VismaWorld:
    world = VismaWorld(1, requests_per_hour=1_000_000)
    world.load("customers", [{"name": f"Kunde {at}", "mainAddress.city": "Aarhus"} for at in range(100)])
    lines = [
        {"inventoryNumber": "10", "quantity": 1},
        {"inventoryNumber": "LAMPE-01", "quantity": Decimal("2.5")},
    ]
    rows: list[dict[str, Any]] = [
        {
            "customer": str(10042 + at % 100),
            "lines": lines,
            "status": "Closed" if at % 3 else "Open",
            "createdMs": NOW_MS - 3_600_000 - at,
        }
        for at in range(count)
    ]
    world.load("documents", rows)
    return world


def test_a_filled_company_answers_an_empty_poll_at_once() -> None:
    call = Caller(filled(10_000))
    call.login()
    query = {"lastModifiedDateTime": "2026-03-14T10:00:00", "lastModifiedDateTimeCondition": ">="}
    started = time.process_time()
    for _ in range(20):
        assert call.get("/v1/customerinvoice", pageNumber=1, pageSize=200, **query) == []
    assert (time.process_time() - started) / 20 < 0.005
    page = call.get("/v1/customerinvoice", pageNumber=3, pageSize=200)
    assert (len(page), page[0]["metadata"]["totalCount"]) == (200, 10_000)
    paid = call.get("/v1/customerinvoice/200316")
    assert (paid["status"], paid["balance"], len(paid["invoiceLines"])) == ("Closed", 0, 2)


def test_the_state_is_json() -> None:
    call = Caller(filled(3))
    call.login()
    call.post_order("10042")
    state = json.loads(encode_json(call.world.state()))
    assert [len(state[name]) for name in ("customers", "items", "documents", "orders")] == [100, 2, 3, 1]
    assert state["orders"][0]["customer"] == "10042"
    assert state["documents"][0]["type"] == "Invoice"


def test_the_same_seed_gives_the_same_answers() -> None:
    answers = []
    for _ in range(2):
        call = caller()
        call.customer()
        answers.append([call.call("GET", "/v1/customer"), call.token(("vismanet_erp_service_api:read",))])
    assert answers[0] == answers[1]
