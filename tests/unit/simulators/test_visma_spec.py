"""Every sort of reply of the Visma.net stand-in, held to the specification file in the shared reference.

Undeclared members are forbidden. Two things are looser than the file, in replies only: null is allowed
everywhere, and a date-time needs no zone (visma-api §3.5, §8). The declared shapes of bodies are
compared with the file member by member.
"""

import json
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from streamsync.simulators.visma import finance_shapes, order_shapes
from streamsync.simulators.visma.routes import ROUTES
from streamsync.simulators.visma.shapes import Group, Rows, Shape, Text, Wrapped
from tests.reference import REFERENCE, needed
from tests.unit.simulators.visma_client import Caller, caller, lamp

SPECIFICATION = REFERENCE / "visma-openapi.json"
ORDERS = "/api/v3/SalesOrders"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(needed(SPECIFICATION).read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def api(document: dict[str, Any]) -> OpenAPI:
    loose = json.loads(json.dumps(document))
    for schema in loose["components"]["schemas"].values():
        _loosen(schema)
    loose["servers"] = [{"url": "https://x.example"}]
    for path in loose["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("servers", None)
    return OpenAPI.from_dict(loose, config=Config(additional_properties_default_policy="forbid"))


def _loosen(schema: Any) -> None:
    """Null everywhere, date-times without a zone."""
    if not isinstance(schema, dict) or "$ref" in schema:
        return
    schema["nullable"] = True
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    if schema.get("format") in ("date-time", "byte"):
        del schema["format"]
    for inner in (*schema.get("properties", {}).values(), schema.get("items"), *schema.get("allOf", ())):
        _loosen(inner)


class Held:
    """Makes a call and holds its reply to the specification."""

    def __init__(self, api: OpenAPI, call: Caller) -> None:
        self.api = api
        self.call = call
        self.seen: set[str] = set()

    def __call__(self, path: str, **query: Any) -> None:
        answer = self.call.call("GET", path, **query)
        assert answer.status == 200, (path, answer)
        route = next(r for r in ROUTES if r.method == "GET" and _fits(r.template, path))
        self.seen.add(route.template)
        request = MockRequest("https://x.example", "get", path, args={k: str(v) for k, v in query.items()})
        reply = MockResponse(answer.body, status_code=200, content_type="application/json")
        self.api.validate_response(request, reply)


def _fits(template: str, path: str) -> bool:
    wanted, parts = template.split("/"), path.split("/")
    return len(wanted) == len(parts) and all(
        w.lower() == p.lower() or w.startswith("{") for w, p in zip(wanted, parts, strict=True)
    )


def lived_in(call: Caller) -> dict[str, str]:
    """A company in which everything has happened once; the names of what was made."""
    number = call.customer(
        **{"attributes.WEBCRMID": "1", "mainAddress.city": "Aarhus", "priceClass.id": "STD"}
    )
    contact = call.act("create_contact", businessAccount=number, firstName="Maja", lastName="Eksempel")[
        "contactId"
    ]
    order = call.post_order(
        number, lamp(), status="Open", salesPersonId="1", projectId="X", requestOn="2026-03-20T00:00:00Z"
    )
    call.act("ship", orderId=order)
    call.act("confirm", orderId=order)
    invoice = call.act("invoice_order", orderId=order)["referenceNumber"]
    call.act("release", referenceNumber=invoice)
    call.act("pay", referenceNumber=invoice, amount=5)
    note = call.act("credit", referenceNumber=invoice)["referenceNumber"]
    sale = call.act("cash_sale", customer=number, lines=[{"description": "Løst salg", "unitPrice": 5}])[
        "referenceNumber"
    ]
    return {
        "number": number,
        "contact": str(contact),
        "order": order,
        "invoice": str(invoice),
        "note": str(note),
        "sale": str(sale),
    }


def test_replies_are_valid(api: OpenAPI) -> None:
    call = caller()
    held = Held(api, call)
    number, contact, order, invoice, note, sale = lived_in(call).values()
    expand = {"expandApplications": "true", "expandTaxDetails": "true"}
    for path in (
        *(
            "/v1/customer",
            f"/v1/customer/{number}",
            "/v1/customer/internal/4211",
            f"/v1/customer/{number}/contact",
        ),
        *(f"/v1/customer/{number}/balance", "/v1/customer/balance", f"/v1/customer/{number}/note"),
        *(f"/v1/customer/{number}/document", f"/v1/customer/{number}/invoice", "/v1/customer/customerClass"),
        *("/v1/customer/customerClass/1", "/v1/contact", f"/v1/contact/{contact}", "/v1/inventory"),
        *(
            "/v1/inventory/10",
            "/v1/inventory/internal/771",
            "/v1/inventory/itemClass",
            "/v1/customerdocument",
        ),
        *(f"/v1/customerinvoice/{invoice}", f"/v1/customerCreditNote/{note}", f"/v1/cashsale/{sale}"),
        *("/v1/cashsale", "/v1/vatCategory", "/v1/vatCategory/3", "/v1/vatZone", "/v1/vatZone/01"),
        *(
            "/v1/creditTerm",
            "/v1/salesperson",
            "/v1/currency",
            "/v1/branch",
            "/v1/organization",
            "/v1/warehouse",
        ),
        *("/v1/unitofmeasure", "/v1/salesordertype", "/v1/salesordertype/SO"),
        *(
            ORDERS,
            f"{ORDERS}/SO",
            f"{ORDERS}/{order}",
            f"{ORDERS}/{order}/lines",
            f"{ORDERS}/{order}/lines/1",
        ),
        *(f"{ORDERS}/{order}/shipment", f"{ORDERS}/{order}/tax", f"{ORDERS}/{order}/discounts"),
        *("/api/v3/Customers", f"/api/v3/Customers/{number}/locations", "/api/v3/Inventory"),
    ):
        held(path)
    held("/v1/inventory", addCostPriceStatistics="true")
    held("/v1/customerinvoice", **expand)
    held("/v1/customerCreditNote", **expand)
    held(f"{ORDERS}/{order}", expand="All")
    assert held.seen == {route.template for route in ROUTES if route.method == "GET"}


def test_every_route_is_in_the_specification(document: dict[str, Any]) -> None:
    for route in ROUTES:
        assert route.method.lower() in document["paths"][route.template], route


def _members(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """The properties of a schema, through references; None if it declares none."""
    while "$ref" in schema or "allOf" in schema:
        reference = schema.get("$ref") or schema["allOf"][0]["$ref"]
        schema = schemas[reference.rpartition("/")[2]]
    found: dict[str, Any] | None = schema.get("properties")
    return found


def _same(schemas: dict[str, Any], shape: Shape, schema: dict[str, Any], place: str) -> None:
    members = _members(schemas, schema)
    match shape:
        case Wrapped(inner):
            if members is not None:
                assert set(members) == {"value"}, place
                _same(schemas, inner, members["value"], place)
        case Group():
            assert members is not None, place
            assert set(shape.fields) == set(members), place
            for name, inner in shape.fields.items():
                _same(schemas, inner, members[name], f"{place}.{name}")
        case Rows():
            assert schema["type"] == "array", place
            _same(schemas, shape.of, schema["items"], place + "[]")
        case Text():
            assert members is None, place
            assert not schema.get("maxLength") or schema["maxLength"] == shape.max, place
            assert not shape.choices or set(shape.choices) == set(schema["enum"]), place


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        (finance_shapes.CUSTOMER, "CustomerUpdateDto"),
        (finance_shapes.CONTACT, "ContactUpdateDto"),
        (finance_shapes.INVENTORY, "InventoryUpdateDto"),
        (finance_shapes.INVOICE, "CustomerInvoiceUpdateDto"),
        (finance_shapes.CHANGE_NUMBER, "ChangeCustomerCdActionDto"),
        (order_shapes.NEW_ORDER, "V3NewSalesOrderCommand"),
        (order_shapes.CHANGED_ORDER, "V3PatchSalesOrderCommand"),
        (order_shapes.NEW_LINES, "V3AddSalesOrderLinesCommand"),
        (order_shapes.CHANGED_LINES, "V3PatchSalesOrderLinesCommand"),
    ],
)
def test_declared_shapes_have_exactly_the_members_of_the_file(
    document: dict[str, Any], shape: Group, name: str
) -> None:
    schemas = document["components"]["schemas"]
    _same(schemas, shape, schemas[name], name)
