"""The addresses of the API: which function answers, which right it needs, how a call is counted. Pure data
and matching."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from streamsync.simulators.http import Request, Response, json_response
from streamsync.simulators.webcrm import deals, reads, writes
from streamsync.simulators.webcrm.hooks import FILTERS, shown
from streamsync.simulators.webcrm.schema import (
    DELIVERY,
    ENTITIES,
    ITEM,
    LINE,
    OPPORTUNITY,
    ORGANISATION,
    PERSON,
)
from streamsync.simulators.webcrm.settings import Refusal, Token

if TYPE_CHECKING:
    from streamsync.simulators.webcrm.books import Books


class Visit(msgspec.Struct):
    """One authorised request on its way through a route. `parts`: the values of the address, by name."""

    books: "Books"
    request: Request
    token: Token
    now_ms: int
    parts: dict[str, str]
    body: object = None

    @property
    def by(self) -> str:
        return f"api2 {self.token.name}"

    @property
    def id(self) -> int:
        return int(self.parts["id"])


Answer = Callable[[Visit], Response]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`template` as in the specification; `area` the right it needs; `reads_body` whether JSON must come
    along."""

    method: str
    template: str
    answer: Answer
    area: str
    writing: bool = False
    reads_body: bool = False
    pattern: re.Pattern[str]

    @property
    def kind(self) -> str:
        """How the call is counted."""
        return f"{self.method} {self.template}"


_INTEGERS = frozenset({"id", "level", "organisationId", "pipelineLevel"})


def _pattern(template: str) -> re.Pattern[str]:
    parts: list[str] = []
    for part in re.split(r"(\{\w+\})", template):
        if part.startswith("{"):
            name = part[1:-1]
            parts.append(f"(?P<{name}>{r'[0-9]{1,9}' if name in _INTEGERS else '[^/]+'})")
        else:
            parts.append(re.escape(part))
    return re.compile("".join(parts))


def _route(method: str, template: str, area: str, answer: Answer, *, body: bool = False) -> Route:
    return Route(
        method=method,
        template=template,
        answer=answer,
        area=area,
        writing=method != "GET",
        reads_body=body,
        pattern=_pattern(template),
    )


def _records(kind: str, *, upsert: bool = True) -> list[Route]:
    """List, get, POST, PUT and bulk PATCH of one sort."""
    entity = ENTITIES[kind]
    base, area = f"/{entity.path}", entity.area

    def listed(v: Visit) -> Response:
        return reads.catalogue(v.books) if kind == "item" else reads.all_of(v.books, v.request, kind)

    found = [
        _route("GET", base, area, listed),
        _route("POST", base, area, lambda v: writes.create(v.books, kind, v.body, v.by, v.now_ms), body=True),
        _route("GET", base + "/{id}", area, lambda v: reads.one(v.books, kind, v.id)),
        _route(
            "PUT",
            base + "/{id}",
            area,
            lambda v: writes.put(v.books, kind, v.id, v.body, v.by, v.now_ms),
            body=True,
        ),
    ]
    if upsert:
        found.append(
            _route(
                "PATCH", base, area, lambda v: writes.bulk(v.books, kind, v.body, v.by, v.now_ms), body=True
            )
        )
    return found


def _by_dates(kind: str, which: str) -> Route:
    entity = ENTITIES[kind]
    member = f"{entity.prefix}{which}dAt"

    def answer(v: Visit) -> Response:
        return reads.by_dates(v.books, v.request, kind, member, v.parts["startDate"], v.parts["endDate"])

    return _route("GET", f"/{entity.path}/FindBy{which}Dates/{{startDate}}/{{endDate}}", entity.area, answer)


def _listed(template: str, kind: str, member: str, part: str) -> Route:
    """Records of `kind` whose indexed member is the number in the address."""
    area = ENTITIES[kind].area
    return _route(
        "GET", template, area, lambda v: reads.linked(v.books, v.request, kind, member, int(v.parts[part]))
    )


def _hooks(kind: str) -> list[Route]:
    base = f"/{ENTITIES[kind].path}/Hooks"

    def listed(v: Visit) -> Response:
        return json_response(200, v.books.hooks.own(kind, v.token.name)[reads.window(v.books, v.request)])

    def created(v: Visit) -> Response:
        return json_response(200, v.books.hooks.create(kind, v.token.name, v.body, v.by, v.now_ms))

    def one(v: Visit) -> Response:
        return json_response(200, shown(v.books.hooks.get(kind, v.token.name, v.id)))

    def put(v: Visit) -> Response:
        v.books.hooks.update(kind, v.token.name, v.id, v.body, v.by, v.now_ms)
        return Response(200)

    def delete(v: Visit) -> Response:
        v.books.hooks.delete(kind, v.token.name, v.id)
        return Response(200)

    return [
        _route("GET", base, "hooks", listed),
        _route("POST", base, "hooks", created, body=True),
        _route("GET", base + "/{id}", "hooks", one),
        _route("PUT", base + "/{id}", "hooks", put, body=True),
        _route("DELETE", base + "/{id}", "hooks", delete),
    ]


def _to_delivery(v: Visit) -> Response:
    reads.one(v.books, "opportunity", v.id)
    return json_response(200, deals.convert_to_delivery(v.books, v.id, v.by, v.now_ms))


def _to_opportunity(v: Visit) -> Response:
    reads.one(v.books, "delivery", v.id)
    return json_response(
        200, deals.convert_to_opportunity(v.books, v.id, int(v.parts["level"]), v.by, v.now_ms)
    )


def _by_status(v: Visit) -> Response:
    member = DELIVERY.members["DeliveryStatus"]
    if v.parts["status"] not in member.options:
        raise Refusal(400, "The delivery status is not known.")
    return reads.with_value(v.books, v.request, "delivery", member.name, v.parts["status"])


def _by_level(v: Visit) -> Response:
    return reads.with_value(
        v.books, v.request, "opportunity", "OpportunityLevel", int(v.parts["pipelineLevel"])
    )


def _who(v: Visit) -> Response:
    tenant = v.books.tenant
    return json_response(
        200, {"SystemId": tenant.system_id, "SystemName": tenant.system_name, "TokenName": v.token.name}
    )


def _moves(kind: str) -> Route:
    entity = ENTITIES[kind]
    return _route(
        "POST",
        f"/{entity.path}/{{id}}/Move",
        entity.area,
        lambda v: writes.move(v.books, kind, v.id, v.body, v.by, v.now_ms),
        body=True,
    )


def _deletes(kind: str) -> Route:
    entity = ENTITIES[kind]
    return _route(
        "DELETE",
        f"/{entity.path}/{{id}}",
        entity.area,
        lambda v: writes.delete(v.books, kind, v.id, v.now_ms),
    )


def _build() -> list[Route]:
    lines = "QuotationLineOpportunityId"
    found = [
        _route("GET", "/Auth", "", _who),
        _route("GET", "/FieldsMetadata", "metadata", lambda v: reads.metadata(v.books, "All")),
        _route(
            "GET",
            "/FieldsMetadata/{entityTypes}",
            "metadata",
            lambda v: reads.metadata(v.books, v.parts["entityTypes"]),
        ),
        _route("GET", "/Users", "users", lambda v: reads.users(v.books, v.request, False)),
        _route("GET", "/Users/AllActive", "users", lambda v: reads.users(v.books, v.request, True)),
        _route("GET", "/Users/{id}", "users", lambda v: reads.one(v.books, "user", v.id)),
        _listed("/Organisations/{id}/Persons", "person", "PersonOrganisationId", "id"),
        _listed("/Deliveries/{id}/QuotationLines", "line", lines, "id"),
        _listed("/Opportunities/{id}/QuotationLines", "line", lines, "id"),
        _listed(
            "/Deliveries/ByOrganisation/{organisationId}",
            "delivery",
            "DeliveryOrganisationId",
            "organisationId",
        ),
        _listed(
            "/Opportunities/ByOrganisation/{organisationId}",
            "opportunity",
            "OpportunityOrganisationId",
            "organisationId",
        ),
        _route("GET", "/Deliveries/ByStatus/{status}", DELIVERY.area, _by_status),
        _route("GET", "/Opportunities/ByPipelineLevel/{pipelineLevel}", OPPORTUNITY.area, _by_level),
        _route("POST", "/Opportunities/{id}/ConvertToDelivery", OPPORTUNITY.area, _to_delivery),
        _route("POST", "/Deliveries/{id}/ConvertToOpportunity/{level}", DELIVERY.area, _to_opportunity),
        _route("GET", "/QuotationLines/LinkedSetup", ITEM.area, lambda v: reads.setup(v.books)),
        _route(
            "DELETE",
            "/QuotationLines/LinkedData",
            ITEM.area,
            lambda v: writes.delete_catalogue(v.books, v.now_ms),
        ),
        _moves("delivery"),
        _moves("opportunity"),
        _deletes("line"),
        _deletes("item"),
    ]
    found += [_by_dates("organisation", "Update"), _by_dates("organisation", "Create")]
    found += [_by_dates("opportunity", "Create"), _by_dates("delivery", "Create")]
    for entity in (ORGANISATION, PERSON, DELIVERY, OPPORTUNITY, LINE, ITEM):
        found += _records(entity.kind, upsert=entity is not ITEM)
    for kind in FILTERS:
        found += _hooks(kind)
    return found


ROUTES = _build()


def match(method: str, path: str) -> tuple[Route, dict[str, str]] | int:
    """The route of an address, or 404, or 405 when only the method is wrong."""
    status = 404
    for route in ROUTES:
        found = route.pattern.fullmatch(path)
        if found is None:
            continue
        if route.method == method:
            return route, found.groupdict()
        status = 405
    return status
