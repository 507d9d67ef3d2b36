"""Single reads, look-ups before a create, writes."""

import json
from typing import Any

import pytest

from streamsync.errors import Bug, Conflict, Unknown
from streamsync.model import Action, Kind, LineEdit, Side, Write
from streamsync.systems.transport import Reply
from tests.unit.systems.visma_double import DATE_MS, LIVE, Asked, Double, customer, invoice, reply, system

ORDER = "/api/v3/SalesOrders/SO/000223"


def write(kind: Kind, action: Action = Action.CREATE, **more: Any) -> Write:
    return Write(side=Side.ERP, kind=kind, action=action, **more)


async def test_get_answers_only_those_that_exist() -> None:
    double = Double()
    double.on("GET", "/v1/customer/internal/1", lambda _: reply(200, customer(1), etag='W/"e1"'))
    double.on("GET", "/v1/customer/internal/2", lambda _: reply(404, {"message": "none"}))
    found = await system(double).get(Kind.ORGANISATION, ["1", "2"], frozenset({"name"}), LIVE)
    assert list(found) == ["1"]
    assert found["1"].version == "e1"


async def test_documents_are_read_where_their_sort_lives() -> None:
    double = Double()
    double.on(
        "GET",
        "/v1/customerCreditNote/7",
        lambda _: reply(200, invoice("7", type_="CreditNote", lines=[{"lineNumber": 1, "quantity": 1.0}])),
    )
    found = await system(double).get(
        Kind.INVOICE, ["invoice:CreditNote/7", "invoice:Payment/8"], frozenset(), LIVE
    )
    assert list(found) == ["invoice:CreditNote/7"]
    assert found["invoice:CreditNote/7"].lines[0].fields["quantity"] == "1"


async def test_a_customer_is_found_by_its_marker_and_compared_again() -> None:
    double = Double()
    double.serve_list(
        "/v1/customer", [customer(1, marker="crm:organisation:5"), customer(2, marker="CRM:organisation:6")]
    )
    hits = await system(double).find(
        [
            write(Kind.ORGANISATION, marker="crm:organisation:5"),
            write(Kind.ORGANISATION, marker="crm:organisation:6"),
        ],
        0,
        frozenset(),
        LIVE,
    )
    assert [[record.rid for record in found] for found in hits] == [["1"], []]
    asked = double.requests("GET", "/v1/customer")
    assert len(asked) == 2, "several values in one filter are not trusted before they are proven"
    assert json.loads(asked[0].query["attributes"]) == {"WEBCRMID": "crm:organisation:5"}


async def test_several_markers_go_in_one_call_once_one_is_known_to_exist() -> None:
    double = Double()
    double.serve_list("/v1/customer", [customer(1, marker="crm:organisation:5"), customer(2, marker="6")])
    held = system(double)
    async for _ in held.read(held.feeds[0], None, frozenset(), LIVE):
        double.asked.clear()
    hits = await held.find(
        [write(Kind.ORGANISATION, marker=f"crm:organisation:{n}") for n in (5, 6, 7)], 0, frozenset(), LIVE
    )
    assert [[record.rid for record in found] for found in hits] == [["1"], ["2"], []]
    assert len(double.requests("GET", "/v1/customer")) == 1


async def test_a_contact_is_found_by_mail_else_by_both_names() -> None:
    double = Double()
    double.serve_list(
        "/v1/customer/10001/contact",
        [
            {
                "contactId": 1,
                "businessAccount": "10001",
                "email": "MAJA@nordlys.example",
                "lastName": "Eksempel",
            },
            {"contactId": 2, "businessAccount": "10001", "firstName": "Bo", "lastName": "Prøve"},
            {"contactId": 3, "businessAccount": "10002", "firstName": "Bo", "lastName": "Prøve"},
        ],
    )
    hits = await system(double).find(
        [
            write(
                Kind.PERSON,
                fields={"businessAccount": "10001", "email": "maja@nordlys.example", "lastName": "X"},
            ),
            write(Kind.PERSON, fields={"businessAccount": "10001", "firstName": "bo", "lastName": "prøve"}),
            write(
                Kind.PERSON,
                fields={"businessAccount": "10001", "email": "ny@nordlys.example", "lastName": "Prøve"},
            ),
        ],
        0,
        frozenset(),
        LIVE,
    )
    assert [[record.rid for record in found] for found in hits] == [["1"], ["2"], []]
    assert len(double.requests("GET", "/v1/customer/10001/contact")) == 1


async def test_an_order_is_found_among_those_of_its_customer() -> None:
    double = Double()
    double.on(
        "GET",
        "/api/v3/SalesOrders",
        lambda _: reply(
            200,
            {
                "nextPage": None,
                "value": [
                    {"type": "SO", "orderId": "000223", "customerOrder": "crm:delivery:158"},
                    {"type": "SO", "orderId": "000224", "customerOrder": "crm:delivery:1580"},
                ],
            },
        ),
    )
    double.on("GET", ORDER, lambda _: reply(200, {"type": "SO", "orderId": "000223"}, etag='"v"'))
    double.on("GET", f"{ORDER}/lines", lambda _: reply(200, {"value": []}))
    [hits] = await system(double).find(
        [write(Kind.ORDER, marker="crm:delivery:158", fields={"customer.id": "10001"})],
        DATE_MS,
        frozenset(),
        LIVE,
    )
    assert [record.rid for record in hits] == ["order:SO/000223"]
    query = double.requests("GET", "/api/v3/SalesOrders")[0].query
    assert query["customerId"] == "10001"
    assert query["modifiedSince"] == "2026-03-14T09:15:00.000Z"


async def test_an_unreadable_row_makes_a_look_up_inconclusive() -> None:
    double = Double()
    double.serve_list("/v1/customerinvoice", [{**invoice("1"), "balance": "ten"}])
    with pytest.raises(Unknown, match="not conclusive"):
        await system(double).find([write(Kind.INVOICE, marker="crm:delivery:1")], 0, frozenset(), LIVE)


async def test_a_created_customer_is_known_by_its_number_only() -> None:
    double = Double()
    double.on(
        "POST",
        "/v1/customer",
        lambda _: reply(201, None, location="https://other.host/API/v1/customer/10%2042", etag='"AAA="'),
    )
    done = await system(double).send(write(Kind.ORGANISATION, fields={"name": "Ny"}), "", LIVE)
    assert (done.rid, done.handle, done.version) == ("", "10 42", "AAA=")


async def test_a_create_without_location_must_be_looked_up() -> None:
    double = Double()
    double.on("POST", "/v1/contact", lambda _: reply(201))
    with pytest.raises(Unknown):
        await system(double).send(write(Kind.PERSON, fields={"lastName": "X"}), "", LIVE)


async def test_an_update_carries_its_version_in_quotes() -> None:
    double = Double()
    double.on("PUT", "/v1/customer/internal/7", lambda _: reply(204, None, etag='W/"new"'))
    done = await system(double).send(
        write(Kind.ORGANISATION, Action.UPDATE, rid="7", fields={"name": "B"}), "old=", LIVE
    )
    assert done.version == "new"
    assert double.requests("PUT", "/v1/customer/internal/7")[0].headers["if-match"] == '"old="'


async def test_an_order_create_answers_with_the_true_key() -> None:
    double = Double()
    double.on(
        "POST",
        "/api/v3/SalesOrders",
        lambda _: reply(201, None, location="https://x/api/v3/SalesOrders/so/000223"),
    )
    done = await system(double).send(
        write(
            Kind.ORDER,
            fields={"type": "SO", "customer.id": "1"},
            lines=(LineEdit(action="insert", fields={"inventory.id": "A"}),),
        ),
        "",
        LIVE,
    )
    assert done.rid == "order:SO/000223"


async def test_an_order_update_without_version_reads_it_first() -> None:
    double = Double()
    double.on("GET", ORDER, lambda _: reply(200, {"type": "SO", "orderId": "000223"}, etag='"v1"'))
    double.on("PATCH", ORDER, lambda _: reply(202, None, etag='"v2"'))
    done = await system(double).send(
        write(Kind.ORDER, Action.UPDATE, rid="order:SO/000223", fields={"description": "Ny"}), "", LIVE
    )
    assert done.version == "v2"
    assert double.requests("PATCH", ORDER)[0].headers["if-match"] == '"v1"'


async def test_line_edits_are_chained_by_etag() -> None:
    double = Double()
    count = iter(range(2, 9))

    def changed(_: Asked) -> Reply:
        return reply(202, None, etag=f'"v{next(count)}"')

    for method in ("POST", "PATCH", "DELETE"):
        double.on(method, f"{ORDER}/lines", changed)
    edits = (
        LineEdit(action="delete", key="3"),
        LineEdit(action="insert", fields={"inventory.id": "A"}),
        LineEdit(action="update", key="1", fields={"quantity": "3"}),
        LineEdit(action="delete", key="4"),
    )
    done = await system(double).send(
        write(Kind.ORDER, Action.LINES, rid="order:SO/000223", lines=edits), "v1", LIVE
    )
    assert done.version == "v4"
    sent = [asked for asked in double.asked if asked.path == f"{ORDER}/lines"]
    assert [(asked.method, asked.headers["if-match"]) for asked in sent] == [
        ("POST", '"v1"'),
        ("PATCH", '"v2"'),
        ("DELETE", '"v3"'),
    ]
    assert sent[1].body == {"lines": [{"lineId": 1, "quantity": 3}]}
    assert sent[2].query["ids"] == "3,4"


async def test_a_stale_version_is_a_conflict() -> None:
    double = Double()
    double.on("PUT", "/v1/contact/5", lambda _: reply(412, {"message": "stale"}))
    with pytest.raises(Conflict):
        await system(double).send(
            write(Kind.PERSON, Action.UPDATE, rid="5", fields={"lastName": "X"}), "v", LIVE
        )


async def test_items_are_never_written() -> None:
    with pytest.raises(Bug):
        await system(Double()).send(
            write(Kind.ITEM, Action.UPDATE, rid="1", fields={"description": "X"}), "", LIVE
        )
