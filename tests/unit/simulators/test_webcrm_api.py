"""The API's front: login, limits, rights, lists, strictness of bodies (webcrm-api §2 to §5)."""

import pytest

from streamsync.simulators.http import Request, decode_json
from streamsync.simulators.webcrm.settings import Token
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.unit.simulators.webcrm_client import FORM, NOON, Caller, caller

MULTIPART = (
    b'--xyz\r\nContent-Disposition: form-data; name="authCode"\r\n\r\ndemo-webcrm-token\r\n--xyz--\r\n'
)


def test_login_failure_is_an_is_error_in_a_200() -> None:
    world = WebcrmWorld(1)
    answer = world.handle(
        Request(method="POST", path="/Auth/ApiLogin", headers=FORM, body=b"authCode=wrong"), NOON
    )
    content = decode_json(answer.body)
    assert answer.status == 200
    assert content["IsError"] is True
    assert content["Error"]
    assert "AccessToken" not in content


def test_login_takes_a_multipart_form() -> None:
    call = caller()
    headers = {"content-type": "multipart/form-data; boundary=xyz"}
    content = decode_json(call.raw("POST", "/Auth/ApiLogin", headers=headers, body=MULTIPART).body)
    assert content["IsError"] is False
    assert content["ExpiresIn"] == 3600


def test_bearer_lasts_an_hour_and_refresh_token_serves_once() -> None:
    call = caller()
    assert call.ask("GET", "/Auth")["TokenName"] == "streamsync"
    login = call.raw("POST", "/Auth/ApiLogin", headers=FORM, body=b"authCode=demo-webcrm-token")
    refresh = {"refreshtoken": decode_json(login.body)["RefreshToken"]}
    call.now_ms += 3_600_000
    assert call.call("GET", "/Auth").status == 401
    call.bearer = decode_json(call.raw("POST", "/Auth/ApiRefresh", headers=refresh).body)["AccessToken"]
    assert call.call("GET", "/Auth").status == 200
    again = decode_json(call.raw("POST", "/Auth/ApiRefresh", headers=refresh).body)
    assert (again["IsError"], again["Error"]) == (True, "invalid_grant")


def test_limit_slides_and_says_when_to_come_back() -> None:
    call = caller(requests_per_minute=3)  # the login was the first
    call.now_ms += 20_000
    assert [call.call("GET", "/Auth").status for _ in range(3)] == [200, 200, 429]
    throttled = call.call("GET", "/Auth")
    assert decode_json(throttled.body) == {"RetryAfterSeconds": 40}
    assert "Retry-After" not in throttled.headers
    call.now_ms += 40_000  # the login leaves the window, the two others do not
    assert [call.call("GET", "/Auth").status for _ in range(2)] == [200, 429]


def test_rights_per_area_and_queries() -> None:
    token = Token(
        name="reader", code="r", rights={"organisations": "read", "persons": "none"}, queries_allowed=False
    )
    call = Caller(WebcrmWorld(1, tokens=[token]), "r")
    assert call.call("GET", "/Organisations").status == 200
    assert call.call("POST", "/Organisations", {"OrganisationId": 0}).status == 403
    assert call.call("GET", "/Persons").status == 403
    assert call.call("GET", "/Queries", script="SELECT * FROM Organisation").status == 403
    call.world.act("set_token", {"code": "r", "queries_allowed": True}, NOON)
    assert call.call("GET", "/Queries", script="SELECT * FROM Organisation").status == 200
    assert call.call("GET", "/Queries", script="SELECT * FROM Person").status == 403
    call.world.act("set_token", {"code": "r", "revoked": True}, NOON)
    assert call.call("GET", "/Organisations").status == 401


def test_lists_page_ignore_unknown_filters_and_end_empty() -> None:
    call = caller()
    call.world.load("organisation", [{"OrganisationName": f"Firma {n}"} for n in range(30)])
    first = call.ask("GET", "/Organisations", OrganisationName="Firma 7", size=20)
    second = call.ask("GET", "/Organisations", page=2, size=20)
    assert [len(first), len(second), len(call.ask("GET", "/Organisations", Page=3, Size=20))] == [20, 11, 0]
    assert call.refused("GET", "/Organisations", Size=1001)
    assert call.refused("GET", "/Organisations", Page=0)


def test_find_by_update_dates_is_half_open() -> None:
    call = caller()
    number = call.organisation()
    at = call.ask("GET", f"/Organisations/{number}")["OrganisationUpdatedAt"]
    before, after = "2026-03-14T00:00:00", "2026-03-15T00:00:00Z"
    found = call.ask("GET", f"/Organisations/FindByUpdateDates/{at}/{after}")
    assert [row["OrganisationId"] for row in found] == [number]
    assert call.ask("GET", f"/Organisations/FindByUpdateDates/{before}/{at}") == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("OrganisationCvr", "1"),
        ("OrganisationName", 5),
        ("OrganisationOwner", "11"),
        ("OrganisationOwner", True),
        ("OrganisationNoAds", "Yes"),
        ("OrganisationVatVerifiedAt", "in spring"),
        ("OrganisationType", "kunde"),
        ("OrganisationType", ""),
        ("OrganisationCustom1", "7"),
        ("OrganisationCustom4", "no-at-sign"),
        ("OrganisationName", "x" * 201),
        ("OrganisationExtraCustom1", "1" * 51),
        ("OrganisationName", " "),
    ],
)
def test_wrong_bodies_are_refused(member: str, value: object) -> None:
    call = caller()
    assert call.refused("PUT", "/Organisations/778800", {"OrganisationId": 778800, member: value})
    assert call.ask("GET", "/Organisations/778800")["OrganisationUpdatedBy"] == "SYS"


def test_put_needs_the_id_twice_and_post_a_zero() -> None:
    call = caller()
    assert "required" in call.refused("PUT", "/Organisations/778800", {"OrganisationCity": "Odense"})
    assert call.refused("PUT", "/Organisations/778800", {"OrganisationId": 1})
    assert call.refused("POST", "/Organisations", {"OrganisationId": 778800, "OrganisationName": "x"})
    assert call.call("PUT", "/Organisations/5", {"OrganisationId": 5}).status == 404


def test_bodies_must_be_json_and_addresses_exist() -> None:
    call = caller()
    bearer = {"authorization": f"Bearer {call.bearer}", "content-type": "text/plain"}
    assert call.raw("POST", "/Organisations", headers=bearer, body=b"{}").status == 415
    bearer["content-type"] = "application/json-patch+json; charset=utf-8"
    assert call.raw("POST", "/Organisations", headers=bearer, body=b"{").status == 400
    assert call.call("DELETE", "/Organisations/778800").status == 405
    assert call.call("GET", "/Organisation").status == 404


def test_without_accept_the_answer_is_text_plain() -> None:
    call = caller()
    answer = call.raw("GET", "/Auth", headers={"authorization": f"Bearer {call.bearer}"})
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert call.call("GET", "/Auth").headers["Content-Type"].startswith("application/json")


def test_metadata_shows_labels_kinds_lengths_and_options() -> None:
    call = caller()
    rows = {
        row["FieldMetadataFriendlyFieldName"]: row for row in call.ask("GET", "/FieldsMetadata/Organisation")
    }
    kind = rows["OrganisationType"]
    assert [option["Text"] for option in kind["FieldMetadataDropdownListData"]][:2] == ["-- vælg --", "Kunde"]
    assert kind["FieldMetadataDisplayType"] == "D"
    assert rows["OrganisationName"]["FieldMetadataTextFieldMaxLength"] == 200
    assert rows["OrganisationExtraCustom1"]["FieldMetadataLabel"] == "CVR"
    assert "OrganisationCustom15" not in rows
    everything = call.ask("GET", "/FieldsMetadata")
    assert len({row["FieldMetadataId"] for row in everything}) == len(everything)
    currency = [row for row in everything if row["FieldMetadataFriendlyFieldName"] == "DeliveryCurrencyName"]
    assert currency[0]["FieldMetadataDropdownListData"][0] == {"Text": "DKK", "Value": "00"}
    assert call.call("GET", "/FieldsMetadata/QuotationLine").status == 400


def test_users_and_active_users() -> None:
    call = caller()
    assert len(call.ask("GET", "/Users")) == 3
    assert [user["UserInitials"] for user in call.ask("GET", "/Users/AllActive")] == ["MS", "JL"]


def test_hooks_are_own_per_token_and_calls_come_due() -> None:
    world = WebcrmWorld(1, tokens=[Token(name="a", code="a"), Token(name="b", code="b")])
    ours, theirs = Caller(world, "a"), Caller(world, "b")
    hook = {
        "Id": 0,
        "TargetUrl": "https://x.example/hook",
        "IsEnabled": True,
        "Filter": ["All"],
        "EventType": "Update",
    }
    number = ours.ask("POST", "/Organisations/Hooks", hook)
    assert theirs.ask("GET", "/Organisations/Hooks") == []
    assert theirs.call("GET", f"/Organisations/Hooks/{number}").status == 404
    assert ours.ask("GET", f"/Organisations/Hooks/{number}")["CreatedBy"] == "api2 a"
    fields: dict[str, object] = {"OrganisationCity": "Vejle"}
    world.act("edit", {"kind": "organisation", "id": 778800, "fields": fields}, NOON)
    calls = world.due_calls(NOON)
    assert [decode_json(call.body) for call in calls] == [
        {"itemResourceUrl": "https://api.webcrm.com/Organisations/778800"}
    ]
    assert world.due_calls(NOON) == []
    assert ours.refused("POST", "/Organisations/Hooks", {**hook, "Filter": ["Responsible"]})
    assert ours.refused("POST", "/Organisations/Hooks", {**hook, "Secret": "s"})
    ours.ask("DELETE", f"/Organisations/Hooks/{number}")
    world.act("edit", {"kind": "organisation", "id": 778800, "fields": fields}, NOON)
    assert world.due_calls(NOON) == []


def test_calls_are_classified_by_template() -> None:
    world = WebcrmWorld(1)
    cases = {
        ("GET", "/Organisations/5"): "GET /Organisations/{id}",
        ("PUT", "/QuotationLines/LinkedData/5"): "PUT /QuotationLines/LinkedData/{id}",
        ("GET", "/Deliveries/5/QuotationLines"): "GET /Deliveries/{id}/QuotationLines",
        ("POST", "/Auth/ApiLogin"): "POST /Auth/ApiLogin",
        ("GET", "/nowhere"): "other",
    }
    assert {key: world.classify(Request(method=key[0], path=key[1])) for key in cases} == cases
    query = Request(method="GET", path="/Queries", query={"script": ["select * from PERSON"]})
    assert world.classify(query) == "GET /Queries Person"


def test_thousands_of_rows_are_fast_enough_to_page() -> None:
    call = caller()
    call.world.load(
        "person", [{"PersonOrganisationId": 778800, "PersonLastName": str(n)} for n in range(10_000)]
    )
    rows = call.select(
        "SELECT * FROM Person WHERE PersonUpdatedAt >= '2026-01-01' ORDER BY PersonUpdatedAt, PersonId"
    )
    assert len(rows) == 1000
    assert len(call.world.books.tables["person"].rows[45105]) < 12  # sparse: what was never set costs nothing
