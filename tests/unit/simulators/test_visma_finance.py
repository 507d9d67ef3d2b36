"""The finance host of the Visma.net stand-in: write shapes, lists, filters, ETags, errors (visma-api §3,
§4, §7).
"""

import pytest

from tests.unit.simulators.visma_client import NOW_MS, body_of, caller, wrapped

HOUR_MS = 3_600_000


def test_a_customer_is_created_read_and_changed_with_wrapped_values() -> None:
    call = caller()
    body = {
        **wrapped(name="Kunde A/S", customerClassId="1", corporateId="12345678"),
        "mainAddress": {"value": wrapped(addressLine1="Kundeadresse 199", postalCode="1999", countryId="DK")},
        "attributeLines": [wrapped(attributeId="WEBCRMID", attributeValue="crm:organisation:778812")],
    }
    answer = call.call("POST", "/v1/customer", body)
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["Location"] == "https://api.finance.visma.net/v1/customer/10042"
    single = call.call("GET", "/v1/customer/10042")
    row = body_of(single)
    assert single.headers["ETag"] == f'"{row["timeStamp"]}"' == answer.headers["ETag"]
    assert (row["internalId"], row["vatZone"]["id"], row["creditTerms"]["id"]) == (4211, "01", "14")
    assert row["mainAddress"]["country"]["id"] == "DK"
    assert row["attributes"] == [{"id": "WEBCRMID", "value": "crm:organisation:778812", "description": ""}]
    call.now_ms += 1000
    changed = call.call("PUT", "/v1/customer/internal/4211", wrapped(vatRegistrationId="DK12345678"))
    assert (changed.status, changed.body) == (204, b"")
    after = call.get("/v1/customer/10042")
    assert (after["vatRegistrationId"], after["corporateId"]) == ("DK12345678", "12345678")
    assert changed.headers["ETag"] == f'"{after["timeStamp"]}"' != single.headers["ETag"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Kunde A/S"},
        wrapped(name=17),
        wrapped(name="x" * 61),
        wrapped(name=None),
        wrapped(status="Active"),
        {**wrapped(name="K"), "nonsense": {"value": "x"}},
        {**wrapped(name="K"), "mainAddress": wrapped(city="Aarhus")},
        {"name": {"value": "K", "extra": 1}},
        {**wrapped(name="K"), "attributeLines": {"value": []}},
        {**wrapped(name="K"), "attributeLines": [{"attributeId": {"value": "WEBCRMID"}}]},
        {**wrapped(name="K", status="Asleep")},
        [],
    ],
)
def test_a_body_that_is_not_the_declared_shape_is_refused(body: object) -> None:
    call = caller()
    answer = call.call("POST", "/v1/customer", body)
    assert answer.status == 400
    assert list(body_of(answer)) == ["message"]
    assert call.get("/v1/customer") == []


def test_a_business_rule_answers_in_the_long_shape() -> None:
    call = caller()
    answer = call.call("POST", "/v1/customer", wrapped(name="K", vatZoneId="99"))
    assert answer.status == 400
    assert set(body_of(answer)) == {
        "ExceptionType",
        "ExceptionMessage",
        "ExceptionFaultCode",
        "ExceptionMessageID",
        "ExceptionDetails",
    }
    assert call.call("POST", "/v1/customer", wrapped(name="K", customerClassId="3")).status == 400
    call.act("settings", business_errors_are_500=True)
    assert call.call("POST", "/v1/customer", wrapped(name="K", vatZoneId="99")).status == 500


def test_no_json_is_415_or_400() -> None:
    call = caller()
    assert call.call("POST", "/v1/customer", {}, {"content-type": "text/plain"}).status == 415
    assert call.call("DELETE", "/v1/customer/1").status == 405
    assert call.call("GET", "/v1/nothing").status == 404
    assert call.call("GET", "/v1/customer/4711").status == 404


def test_pages_are_cut_at_the_cap_and_carry_metadata() -> None:
    call = caller(page_caps={"customer": 3})
    for at in range(7):
        call.customer(corporateId=str(at))
    first = call.get("/v1/customer", pageNumber=1, pageSize=1000)
    last = call.get("/v1/customer", pageNumber=3, pageSize=1000)
    assert [len(first), len(last)] == [3, 1]
    assert first[0]["metadata"] == {"totalCount": 7, "maxPageSize": 3}
    assert call.get("/v1/customer", pageNumber=4, pageSize=3) == []
    assert len(call.get("/v1/customer", numberToRead=2, skipRecords=6)) == 1


def test_filters_are_exact_and_unknown_ones_are_ignored() -> None:
    call = caller()
    call.customer(**{"attributes.WEBCRMID": "crm:organisation:1", "mainContact.email": "a@nordlys.example"})
    call.customer(corporateId="123")
    assert len(call.get("/v1/customer", attributes='{"WEBCRMID":"crm:organisation:1"}')) == 1
    assert len(call.get("/v1/customer", corporateId="123")) == 1
    assert call.get("/v1/customer", corporateId="12") == []
    assert len(call.get("/v1/customer", email="A@NORDLYS.example")) == 1
    assert len(call.get("/v1/customer", attribute='{"WEBCRMID":"x"}')) == 2
    assert call.call("GET", "/v1/customer", attributes="WEBCRMID").status == 400


def test_last_modified_does_nothing_without_its_condition() -> None:
    call = caller()
    call.customer()
    call.now_ms += HOUR_MS
    late = call.customer()
    stamp = call.get(f"/v1/customer/{late}")["lastModifiedDateTime"]
    assert stamp == "2026-03-14T11:00:00"  # an hour ahead of UTC, without a zone
    assert len(call.get("/v1/customer", lastModifiedDateTime=stamp)) == 2
    for condition, found in ((">=", 1), (">", 0), ("<", 1), ("<=", 2)):
        rows = call.get("/v1/customer", lastModifiedDateTime=stamp, lastModifiedDateTimeCondition=condition)
        assert len(rows) == found, condition
    both = {"lastModifiedDateTime": stamp + "Z", "lastModifiedDateTimeCondition": ">="}
    assert call.call("GET", "/v1/customer", **both).status == 400
    assert (
        call.call(
            "GET", "/v1/customer", **{**both, "lastModifiedDateTime": "2026-03-14T11:00:00+01:00"}
        ).status
        == 400
    )


def test_milliseconds_are_shown_without_trailing_zeros() -> None:
    call = caller()
    call.now_ms = NOW_MS + 580
    number = call.customer()
    assert call.get(f"/v1/customer/{number}")["lastModifiedDateTime"] == "2026-03-14T10:00:00.58"


def test_the_repeated_hour_of_october_reads_twice() -> None:
    call = caller(finance_zone="Europe/Copenhagen")
    call.now_ms = 1_792_888_200_000  # 2026-10-25T00:30:00Z, 02:30 summer time
    early = call.customer()
    call.now_ms += HOUR_MS  # 02:30 again, winter time
    late = call.customer()
    stamps = [call.get(f"/v1/customer/{number}")["lastModifiedDateTime"] for number in (early, late)]
    assert stamps == ["2026-10-25T02:30:00"] * 2


def test_the_zone_fault_moves_stamps_and_filters_together() -> None:
    call = caller()
    number = call.customer()
    shift = {"x-sim-zone-offset-minutes": "120"}
    row = body_of(call.call("GET", f"/v1/customer/{number}", None, shift))
    assert row["lastModifiedDateTime"] == "2026-03-14T12:00:00"
    query = {"lastModifiedDateTime": "2026-03-14T12:00:00", "lastModifiedDateTimeCondition": ">="}
    assert len(body_of(call.call("GET", "/v1/customer", None, shift, **query))) == 1


def test_if_match_is_optional_and_a_stale_one_is_412() -> None:
    call = caller()
    number = call.customer()
    path = f"/v1/customer/{number}"
    tag = call.etag(path)
    assert call.call("PUT", path, wrapped(gln="1"), {"if-match": tag}).status == 204
    assert call.call("PUT", path, wrapped(gln="2"), {"if-match": tag}).status == 412
    assert call.get(path)["gln"] == "1"
    assert call.call("PUT", path, wrapped(gln="3")).status == 204


def test_renumbering_keeps_the_internal_id() -> None:
    call = caller()
    number = call.customer()
    contact = call.act("create_contact", businessAccount=number, lastName="Eksempel")["contactId"]
    internal = call.get(f"/v1/customer/{number}")["internalId"]
    body = {"customerCd": "K-1"}
    answer = call.call("POST", f"/v1/customer/action/changeCustomerCd/{internal}", body)
    assert body_of(answer)["actionResult"] == "Done"
    assert call.call("GET", f"/v1/customer/{number}").status == 404
    assert call.get("/v1/customer/K-1")["internalId"] == internal
    assert call.get(f"/v1/contact/{contact}")["businessAccount"] == "K-1"


def test_contacts_page_by_skipping_only() -> None:
    call = caller(page_caps={"contact": 4})
    number = call.customer()
    for at in range(6):
        call.act("create_contact", businessAccount=number, firstName="Maja", lastName=f"Eksempel {at}")
    assert len(call.get("/v1/contact", pageNumber=2, pageSize=5)) == 4
    rest = call.get("/v1/contact", numberToRead=5, skipRecords=4)
    assert [row["displayName"] for row in rest] == ["Eksempel 4, Maja", "Eksempel 5, Maja"]
    assert len(call.get(f"/v1/customer/{number}/contact")) == 4
    body = wrapped(lastName="Prøve", businessAccount=number, sameAsAccount=True, email="p@nordlys.example")
    answer = call.call("POST", "/v1/contact", body)
    assert answer.headers["Location"].endswith("/v1/contact/5126")
    assert call.get("/v1/contact", email="P@nordlys.example")[0]["contactId"] == 5126
    assert call.call("POST", "/v1/contact", wrapped(firstName="Maja")).status == 400
    assert call.call("PUT", "/v1/contact/5126", wrapped(title="Dr")).status == 400
    assert call.call("PUT", "/v1/contact/5126", wrapped(active=False)).status == 204
    assert call.get("/v1/contact", active="False")[0]["contactId"] == 5126


def test_items_expand_unless_told_not_to() -> None:
    call = caller()
    names = [row["inventoryNumber"] for row in call.get("/v1/inventory")]
    assert names == ["10", "LAMPE-01"]
    product = call.get("/v1/inventory/10")
    assert (product["description"], product["defaultPrice"], product["stockItem"]) == (
        "Produkt 1",
        500,
        False,
    )
    assert "timestamp" in product
    assert "warehouseDetails" in product
    assert "warehouseDetails" not in call.get("/v1/inventory", expandWarehouseDetail="false")[1]
    assert "ETag" not in call.call("GET", "/v1/inventory/10").headers
    call.now_ms += HOUR_MS
    call.act("edit_item", inventoryNumber="LAMPE-01", stock=3)
    query = {"LastModifiedDateTime": "2026-03-14T00:00:00", "LastModifiedDateTimeCondition": ">="}
    moved = call.get("/v1/inventory", **{f"availability{name}": value for name, value in query.items()})
    assert [row["warehouseDetails"][0]["available"] for row in moved] == [3]
    assert call.get("/v1/inventory", **query) == []


def test_a_number_with_a_slash_is_found_when_escaped() -> None:
    call = caller()
    call.act("create_item", inventoryNumber="A/1", description="Skrå")
    assert call.get("/v1/inventory/A%2F1")["inventoryNumber"] == "A/1"


def test_lookups_come_in_their_own_forms() -> None:
    call = caller()
    assert [row["termsId"] for row in call.get("/v1/creditTerm")["records"]] == ["07", "14", "30"]
    assert call.get("/v1/salesperson")["totalCount"] == 2
    assert [row["id"] for row in call.get("/v1/vatZone")] == ["01", "02", "03"]
    assert [row["id"] for row in call.get("/v1/currency")] == ["DKK", "NOK", "SEK", "EUR"]
    assert [row["orderType"] for row in call.get("/v1/salesordertype")] == ["SO", "IN", "QT", "CM"]
    classes = call.get("/v1/customer/customerClass")
    assert classes[0]["attributes"][0]["attributeId"] == "WEBCRMID"
    assert call.get("/v1/vatCategory/3")["vatCategoryLines"][0]["vatRates"][0]["vatRate"] == 25


def test_every_finance_answer_tells_the_quota_and_the_last_one_is_429() -> None:
    call = caller(requests_per_hour=2)
    first = call.call("GET", "/v1/branch")
    assert first.headers["X-RateLimit-Limit"] == "2"
    assert first.headers["X-RateLimit-Remaining"] == "1"
    assert first.headers["X-RateLimit-Policy"] == "4-fixed-window"
    assert len(first.headers["Ipp-Request-Id"]) == 36
    call.now_ms += 60_000
    assert "X-RateLimit-Remaining" in call.call("GET", "/v1/customer/none").headers
    refused = call.call("GET", "/v1/branch")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "3540")
    call.now_ms += 3_540_000
    assert call.call("GET", "/v1/branch").status == 200
    assert "X-RateLimit-Limit" not in call.call("GET", "/api/v3/SalesOrders").headers


def test_late_commits_carry_stamps_of_the_past() -> None:
    call = caller(late_commit_ms=5000)
    stamps = []
    for _ in range(20):
        number = call.customer()
        stamps.append(call.get(f"/v1/customer/{number}")["lastModifiedDateTime"])
    assert min(stamps) < "2026-03-14T10:00:00"
    assert min(stamps) >= "2026-03-14T09:59:55"
