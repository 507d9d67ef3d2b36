"""The judge itself: what it lets pass and what it catches."""

from pathlib import Path
from typing import Any

import pytest

from streamsync.simulators.http import Request, Response, encode_json
from tests.contract import conftest
from tests.contract.book import Book

BEARER = {"authorization": "Bearer x", "content-type": "application/json"}
OK = Response(200, {"Content-Type": "application/json"}, b"[]")


def request(method: str, path: str, body: object = None, **query: str) -> Request:
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query={name: [value] for name, value in query.items()},
        headers=BEARER,
        body=b"" if body is None else encode_json(body),
    )


def reply(body: object, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, encode_json(body))


GOOD: list[tuple[Request, Response]] = [
    (request("GET", "/Persons", Page="1", Size="1000"), reply([{"PersonId": 1, "PersonLastName": None}])),
    (
        request("GET", "/Queries", script="SELECT", Page="1"),
        reply([{"RowNumber": 1, "o_lastUpdatedById": 4}]),
    ),
    (request("PUT", "/Persons/4", {"PersonId": 4, "PersonBirthday": "2026-01-01T00:00:00"}), Response(200)),
    (request("GET", "/Organisations/FindByUpdateDates/2026-01-01T00:00:00Z/2027-01-01T00:00:00Z"), OK),
    (request("GET", "/Persons"), Response(401)),
    (Request(method="POST", path="/Auth/ApiLogin", body=b"authCode=x"), reply({"odd": 1})),
]
BAD: list[tuple[Request, Response, str]] = [
    (request("DELETE", "/Organisations/4"), OK, "no such operation"),
    (request("GET", "/Nothing"), OK, "no such operation"),
    (request("GET", "/Persons", Email="x"), OK, "Email is not declared"),
    (request("GET", "/Persons", Size="5000"), OK, "request"),
    (request("GET", "/Persons/abc"), OK, "request"),
    (request("PUT", "/Persons/4", {"PersonId": 4, "Odd": 1}), Response(200), "Odd"),
    (request("PUT", "/Persons/4", {"PersonLastName": "x"}), Response(200), "PersonId"),
    (request("PUT", "/Persons/4", {"PersonId": 4, "PersonLastName": None}), Response(200), "PersonLastName"),
    (request("PUT", "/Persons/4", {"PersonId": "4"}), Response(200), "PersonId"),
    (
        request("PUT", "/Persons/4", {"PersonId": 4, "PersonStatus": "Gone"}),
        Response(200),
        "PersonStatus: enum",
    ),
    (
        request("PUT", "/Persons/4", {"PersonId": 4, "PersonBirthday": "today"}),
        Response(200),
        "PersonBirthday",
    ),
    (request("GET", "/Persons/4", {"PersonId": 4}), reply({"PersonId": 4}), "a body is not declared"),
    (request("GET", "/Persons"), reply([{"PersonId": 1, "Odd": 1}]), "Odd"),
    (request("GET", "/Persons"), reply([{"PersonId": "1"}]), "PersonId"),
    (request("GET", "/Persons"), reply({"PersonId": 1}), "reply"),
    (request("GET", "/Persons"), Response(299), "status 299"),
    (Request(method="GET", path="/Persons", raw_path="/Persons"), OK, "no bearer"),
]


@pytest.mark.parametrize("pair", GOOD)
def test_what_the_specification_allows_passes(webcrm_book: Book, pair: tuple[Request, Response]) -> None:
    webcrm_book(*pair)
    assert webcrm_book.problems == []


@pytest.mark.parametrize("case", BAD)
def test_what_it_does_not_allow_is_noted(webcrm_book: Book, case: tuple[Request, Response, str]) -> None:
    webcrm_book(*case[:2])
    assert any(case[2] in problem for problem in webcrm_book.problems), webcrm_book.problems


def test_a_value_is_never_repeated(webcrm_book: Book) -> None:
    body: dict[str, Any] = {"PersonId": 4, "PersonStatus": "Hemmelig", "PersonSortOrder": "Hemmelig"}
    webcrm_book(request("PUT", "/Persons/4", body), Response(200))
    assert len(webcrm_book.problems) == 1
    assert "Hemmelig" not in webcrm_book.problems[0]


def test_if_match_is_demanded_where_the_order_service_demands_it(visma_book: Book) -> None:
    order = "/api/v3/SalesOrders/SO/000223"
    visma_book(request("PATCH", order, {"description": {"value": "x"}}), Response(428))
    assert any("MissingRequiredParameter" in problem for problem in visma_book.problems), visma_book.problems
    sent = request("GET", order)
    sent.headers = {**BEARER, "if-match": '"x"'}
    visma_book(sent, Response(404))
    assert any("If-Match is not declared" in problem for problem in visma_book.problems)


def test_a_missing_folder_is_a_visible_skip_and_under_ci_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(conftest, "REFERENCE", tmp_path / "reference")
    monkeypatch.delenv("STREAMSYNC_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="reference folder"):
        conftest.prepared("webcrm")
    monkeypatch.setenv("STREAMSYNC_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="reference folder"):
        conftest.prepared("webcrm")
