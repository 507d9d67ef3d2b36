"""Every sort of reply of the webCRM stand-in, held to the specification file in the shared reference.

Undeclared members are forbidden. Rows of /Queries are not judged: the file leaves them open, and
`test_webcrm_query` shows that they contain the DTO. The daemon's requests are held to the same file in
`tests/contract`.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from streamsync.simulators.webcrm.routes import ROUTES
from tests.reference import REFERENCE, needed
from tests.unit.simulators.webcrm_client import Caller, caller

SPECIFICATION = REFERENCE / "webcrm-openapi.json"
HOOK = {
    "Id": 0,
    "TargetUrl": "https://x.example/h",
    "IsEnabled": True,
    "Filter": ["All"],
    "EventType": "Create",
}


@pytest.fixture(scope="module")
def api() -> OpenAPI:
    return OpenAPI.from_file_path(
        str(needed(SPECIFICATION)), config=Config(additional_properties_default_policy="forbid")
    )


class Held:
    """Makes a call and holds request and reply to the specification; gives the decoded body of a 200."""

    def __init__(self, api: OpenAPI, call: Caller) -> None:
        self.api = api
        self.call = call

    def __call__(self, method: str, path: str, body: object = None, **query: object) -> Any:
        self.call.now_ms += 1000
        answer = self.call.call(method, path, body, **query)
        request = MockRequest(
            "https://api.webcrm.com",
            method.lower(),
            quote(path),
            args={name: str(value) for name, value in query.items()},
        )
        assert answer.status in (200, 204), answer
        reply = MockResponse(
            answer.body,
            status_code=answer.status,
            content_type=answer.headers.get("Content-Type", "application/json").partition(";")[0],
        )
        if answer.body:
            self.api.validate_response(request, reply)
        return answer.body


def test_replies_are_valid(api: OpenAPI) -> None:
    call = caller(requests_per_minute=10_000)
    held = Held(api, call)
    organisation, item = call.organisation(OrganisationVatVerifiedAt="2026-01-01"), call.item("10")
    fields: dict[str, object] = {
        "OpportunityOrganisationId": organisation,
        "OpportunityDescription": "Tilbud",
    }
    deal = call.world.act("create", {"kind": "opportunity", "fields": fields}, call.now_ms)
    line = call.line(int(str(deal)), item, QuotationLinePrice=12.5, QuotationLineQuantity=3)
    for path in (
        *("/FieldsMetadata", "/FieldsMetadata/Delivery", "/Users", "/Users/11", "/Users/AllActive"),
        *("/Organisations", f"/Organisations/{organisation}", "/Organisations/778800/Persons", "/Persons"),
        *(
            "/Persons/45100",
            "/Opportunities",
            f"/Opportunities/{deal}",
            f"/Opportunities/{deal}/QuotationLines",
        ),
        *("/QuotationLines", f"/QuotationLines/{line}", "/QuotationLines/LinkedSetup"),
        *("/QuotationLines/LinkedData", f"/QuotationLines/LinkedData/{item}"),
        "/Organisations/FindByUpdateDates/2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
        "/Opportunities/FindByCreateDates/2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
    ):
        held("GET", path)
    held("POST", f"/Opportunities/{deal}/ConvertToDelivery")
    held("GET", f"/Deliveries/{deal}")
    held("GET", f"/Deliveries/{deal}/QuotationLines", Page=1, Size=1000)
    held("GET", "/Deliveries/ByStatus/New")
    held("POST", "/Deliveries", {"DeliveryId": 0, "DeliveryOrganisationId": organisation})
    held("PATCH", "/Organisations", [{"OrganisationId": organisation}, {"OrganisationId": 0}])
    held("POST", "/Deliveries/Hooks", HOOK)
    held("GET", "/Deliveries/Hooks")


def test_a_throttled_and_a_login_reply_are_valid(api: OpenAPI) -> None:
    call = caller(requests_per_minute=1)
    request = MockRequest("https://api.webcrm.com", "get", "/Users")
    throttled = call.call("GET", "/Users")
    assert throttled.status == 429
    api.validate_response(request, MockResponse(throttled.body, status_code=429))
    call.now_ms += 60_000
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    login = call.raw("POST", "/Auth/ApiLogin", headers=headers, body=b"authCode=wrong")
    posted = MockRequest("https://api.webcrm.com", "post", "/Auth/ApiLogin")
    api.validate_response(posted, MockResponse(login.body, status_code=200))


def test_the_stand_in_answers_every_address_the_daemon_may_use(api: OpenAPI) -> None:
    """No address of the specification is unknown to it, but those that are not for the daemon."""
    paths = json.loads(SPECIFICATION.read_text("utf-8"))["paths"]
    declared = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    ours = {route.kind for route in ROUTES}
    missing = {kind for kind in declared - ours if not kind.split(" ")[1].startswith("/Products")}
    assert missing == {"POST /Auth/ApiLogin", "POST /Auth/ApiRefresh", "GET /Queries"}
