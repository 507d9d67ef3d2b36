"""A bare caller of the webCRM stand-in for the tests: no sockets, no client of ours, time by hand."""

from typing import Any
from urllib.parse import urlencode

from streamsync.simulators.http import Request, Response, decode_json, encode_json
from streamsync.simulators.webcrm.settings import DEFAULT_TOKEN
from streamsync.simulators.webcrm.world import WebcrmWorld

NOON = 1_773_489_600_000  # 2026-03-14T12:00:00Z
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Caller:
    """Holds a bearer and the time; `call` gives the response, `ask` the decoded body of a 200."""

    def __init__(self, world: WebcrmWorld, code: str = DEFAULT_TOKEN.code) -> None:
        self.world = world
        self.now_ms = NOON
        login = self.raw("POST", "/Auth/ApiLogin", headers=FORM, body=urlencode({"authCode": code}).encode())
        self.bearer = decode_json(login.body).get("AccessToken", "")

    def raw(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        query: dict[str, list[str]] | None = None,
        body: bytes = b"",
    ) -> Response:
        request = Request(method=method, path=path, query=query or {}, headers=headers or {}, body=body)
        return self.world.handle(request, self.now_ms)

    def call(self, method: str, path: str, body: object = None, **query: object) -> Response:
        headers = {"authorization": f"Bearer {self.bearer}", "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        return self.raw(
            method,
            path,
            headers=headers,
            query={name: [str(value)] for name, value in query.items()},
            body=b"" if body is None else encode_json(body),
        )

    def ask(self, method: str, path: str, body: object = None, **query: object) -> Any:
        answer = self.call(method, path, body, **query)
        assert answer.status == 200, answer
        return decode_json(answer.body) if answer.body else None

    def refused(self, method: str, path: str, body: object = None, **query: object) -> str:
        """The text of a 400."""
        answer = self.call(method, path, body, **query)
        assert answer.status == 400, answer
        return answer.body.decode()

    def select(self, script: str, **query: object) -> Any:
        return self.ask("GET", "/Queries", None, script=script, **{"Page": 1, "Size": 1000, **query})

    def organisation(self, **fields: object) -> int:
        body = {"OrganisationId": 0, "OrganisationName": "Nyborg Tømrer ApS", **fields}
        self.now_ms += 1000
        return int(self.ask("POST", "/Organisations", body))

    def delivery(self, organisation: int, **fields: object) -> int:
        body = {"DeliveryId": 0, "DeliveryOrganisationId": organisation, **fields}
        self.now_ms += 1000
        return int(self.ask("POST", "/Deliveries", body))

    def item(self, code: str = "10", **fields: object) -> int:
        prefix = "QuotationLineLinkedDataItem"
        data = {f"{prefix}Data{n}": "-" for n in range(1, 10)}
        body = {prefix + "Id": 0, **data, prefix + "Data1": code, prefix + "EntityType": "Product", **fields}
        self.now_ms += 1000
        return int(self.ask("POST", "/QuotationLines/LinkedData", body))

    def line(self, deal: int, item: int, **fields: object) -> int:
        body = {
            "QuotationLineId": 0,
            "QuotationLineOpportunityId": deal,
            "QuotationLineLinkedDataId": item,
            **fields,
        }
        self.now_ms += 1000
        return int(self.ask("POST", "/QuotationLines", body))


def caller(**settings: Any) -> Caller:
    """A fresh world and a caller with the default token."""
    return Caller(WebcrmWorld(1, **settings))
