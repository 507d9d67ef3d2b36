"""Code tables, the checks, the probe, the allowance."""

import json

from streamsync.model import Kind
from streamsync.systems.transport import Reply
from tests.unit.systems.visma_double import DATE_MS, LIVE, Asked, Double, customer, reply, system


def serve_tables(double: Double) -> None:
    double.serve_list("/v1/vatZone", [{"id": "01", "description": "Indland"}])
    double.on(
        "GET",
        "/v1/creditTerm",
        lambda _: reply(
            200,
            {
                "pageNumber": 1,
                "pageSize": 500,
                "totalCount": 1,
                "records": [{"termsId": "14", "description": "14 dage netto"}],
            },
        ),
    )
    double.on(
        "GET",
        "/v1/salesperson",
        lambda _: reply(200, {"totalCount": 1, "records": [{"salespersonID": "7", "name": "Bo Prøve"}]}),
    )
    double.serve_list("/v1/warehouse", [{"warehouseID": "1", "description": "Hovedlager"}])
    double.on("GET", "/v1/currency", lambda _: reply(200, [{"id": "DKK", "description": "Krone"}]))
    double.on(
        "GET", "/v1/branch", lambda _: reply(200, [{"number": "1", "name": "Hovedkontor", "branchId": 4}])
    )
    double.on(
        "GET",
        "/v1/customer/customerClass",
        lambda _: reply(
            200,
            [
                {"id": "1", "requiredTaxzoneId": True, "attributes": [{"attributeId": "WEBCRMID"}]},
                {"id": "2", "taxZoneId": "02", "attributes": []},
            ],
        ),
    )
    double.serve_list("/v1/salesordertype", [{"orderType": "SO", "behavior": "SalesOrder", "active": True}])
    double.serve_list(
        "/v1/vatCategory",
        [
            {
                "vatCategoryId": "3",
                "active": True,
                "vatCategoryLines": [
                    {
                        "vatId": "3",
                        "vatRates": [
                            {"startDate": "2000-01-01T00:00:00", "vatRate": 22.0, "groupType": "Output"},
                            {"startDate": "2020-01-01T00:00:00", "vatRate": 25.0, "groupType": "Output"},
                            {"startDate": "2099-01-01T00:00:00", "vatRate": 30.0, "groupType": "Output"},
                        ],
                    }
                ],
            }
        ],
    )


async def test_the_code_tables() -> None:
    double = Double()
    serve_tables(double)
    tables = await system(double).tables(LIVE)
    assert tables["vat_zone"] == {"01": "Indland"}
    assert tables["credit_term"] == {"14": "14 dage netto"}
    assert tables["salesperson"] == {"7": "Bo Prøve"}
    assert tables["branch"] == {"1": "Hovedkontor"}
    assert json.loads(tables["customer_class"]["1"]) == {
        "requiredTaxzoneId": True,
        "taxZoneId": "",
        "attributes": ["WEBCRMID"],
    }
    assert json.loads(tables["order_type"]["SO"]) == {"behavior": "SalesOrder", "active": True}
    assert json.loads(tables["vat_category"]["3"])["rates"] == ["25"]


async def test_check_calls_an_empty_company_a_wrong_tenant_unless_told() -> None:
    double = Double()
    double.serve_list("/v1/customer", [])
    needed = frozenset[Kind]()
    found = await system(double).check(expect_empty=False, needed=needed)
    assert any(not finding.ok and "tenant" in finding.sentence for finding in found)
    assert all(finding.ok for finding in await system(double).check(expect_empty=True, needed=needed))


async def test_check_sees_a_wrong_clock_and_a_class_without_marker() -> None:
    double = Double()
    serve_tables(double)
    double.on("GET", "/v1/customer", lambda _: reply(200, [customer(1)], date_ms=DATE_MS + 600_000))
    found = {
        finding.check: finding
        for finding in await system(double).check(expect_empty=False, needed=frozenset({Kind.ORGANISATION}))
    }
    assert not found["visma clock"].ok
    assert "600 seconds" in found["visma clock"].sentence
    assert found["visma marker attribute"].warning
    assert "classes 2 lack" in found["visma marker attribute"].sentence


async def test_check_names_scopes_that_are_too_many() -> None:
    double = Double()
    double.serve_list("/v1/customer", [customer(1)])
    double.on(
        "POST",
        "/connect/token",
        lambda asked: reply(
            200,
            {
                "access_token": "t",
                "expires_in": 60,
                "scope": asked.body["scope"] + " vismanet_erp_service_api:delete",
            },
        ),
    )
    found = await system(double).check(expect_empty=False, needed=frozenset())
    assert any(finding.warning and "delete" in finding.sentence for finding in found)


async def test_the_probe_proves_partial_put_and_stale_versions() -> None:
    double = Double()
    state = {"version": "v1"}

    def put(asked: Asked) -> Reply:
        if asked.headers["if-match"] != f'"{state["version"]}"':
            return reply(412, {"message": "stale"})
        state["version"] = "v2"
        return reply(204, None, etag='"v2"')

    double.on(
        "GET",
        "/v1/customer/internal/1",
        lambda _: reply(200, customer(1, stamp="2026-03-14T11:20:01"), etag=f'"{state["version"]}"'),
    )
    double.on("PUT", "/v1/customer/internal/1", put)
    held = system(double)
    found = await held.probe("1")
    assert all(finding.ok and not finding.warning for finding in found)
    assert held.zone_offset_ms == 7_200_000


async def test_the_allowance_is_what_the_finance_host_says() -> None:
    double = Double()
    double.on(
        "GET",
        "/v1/customer",
        lambda _: reply(
            200, [], x_ratelimit_limit="15000", x_ratelimit_remaining="14873", x_ratelimit_reset="1711"
        ),
    )
    held = system(double)
    async for _ in held.read(held.feeds[0], None, frozenset(), LIVE):
        pass
    assert (held.allowance().limit, held.allowance().remaining, held.allowance().reset_seconds) == (
        15000,
        14873,
        1711.0,
    )
