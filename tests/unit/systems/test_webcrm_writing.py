"""Writes of the webCRM adapter against the stand-in: what arrives, what each answer means, and what is never
sent."""

import pytest

from streamsync.errors import Bug, Refused, Rejected, SystemFault, Throttled, Unauthorized, Unknown
from streamsync.model import Action, Done, Kind, LineEdit
from tests.unit.systems.webcrm_company import (
    ITEM,
    LIVE,
    MARKER,
    Company,
    change,
    company,
    insert,
    write,
)

NUMBER = "DeliveryNumber"
PROVEN = frozenset({"put", "patch"})


@pytest.mark.parametrize("shape", ["int", "string", "object"])
async def test_a_create_gives_the_id_in_whichever_shape_it_comes(shape: str) -> None:
    async with company(organisation_post=shape) as crm:
        done = await crm.send(Kind.ORGANISATION, Action.CREATE, {"OrganisationName": "Ny", MARKER: "m"})
        assert crm.world.get("organisation", int(done.rid))["OrganisationName"] == "Ny"


async def test_an_update_sends_the_changed_fields_only() -> None:
    async with company() as crm:
        await crm.held.catalogue(LIVE)
        before = crm.world.get("organisation", 778800)
        fields = {"OrganisationCity": "", "OrganisationType": "", "OrganisationXInt1": "7"}
        done = await crm.send(Kind.ORGANISATION, Action.UPDATE, fields, rid="778800")
        after = crm.world.get("organisation", 778800)
        moved = {name for name in after if after[name] != before[name]}
        assert done.rid == "778800"
        assert {name for name in moved if "Updated" not in name and "History" not in name} == set(fields)
        assert (after["OrganisationCity"], after["OrganisationType"]) == ("", "-- vælg --")


async def test_deliveries_move_and_only_by_the_move() -> None:
    async with company() as crm:
        [other] = crm.world.load("organisation", [{"OrganisationName": "Anden"}])
        number = crm.delivery()
        target = {"DeliveryOrganisationId": str(other)}
        await crm.send(Kind.DELIVERY, Action.MOVE, target, rid=str(number))
        assert crm.world.get("delivery", number)["DeliveryOrganisationId"] == other


async def test_a_catalogue_row_keeps_the_parts_that_are_not_written() -> None:
    async with company() as crm:
        fields = {f"{ITEM}Data1": "10", f"{ITEM}Data2": "Produkt 1", f"{ITEM}CostPrice": "12.5"}
        done = await crm.send(Kind.ITEM, Action.CREATE, fields)
        row = crm.world.get("item", int(done.rid))
        assert (row[f"{ITEM}Data2"], row[f"{ITEM}Data9"]) == ("Produkt 1", "-")
        await crm.send(Kind.ITEM, Action.UPDATE, {f"{ITEM}Price": "99", f"{ITEM}Data1": ""}, rid=done.rid)
        row = crm.world.get("item", int(done.rid))
        assert (row[f"{ITEM}Data1"], row[f"{ITEM}Data2"]) == ("-", "Produkt 1")
        assert (row[f"{ITEM}CostPrice"], row[f"{ITEM}Price"]) == (12.5, 99)
        with pytest.raises(Rejected):
            await crm.send(Kind.ITEM, Action.UPDATE, {f"{ITEM}Price": "1"}, rid="999999")
        await crm.send(Kind.ITEM, Action.DELETE, rid=done.rid)
        assert crm.world.rows("item") == []


# -- Lines


async def three_lines(crm: Company) -> tuple[int, int, list[str]]:
    item, delivery = crm.item(), crm.delivery()
    edits = tuple(
        insert(LinkedDataId=str(item), Quantity="1", Price="100", SortOrder=str(n * 10), Memo=f"l{n}")
        for n in (1, 2, 3)
    )
    done = await crm.send(Kind.DELIVERY, Action.LINES, rid=str(delivery), lines=edits)
    assert isinstance(done, Done)
    return item, delivery, list(done.line_keys)


async def test_lines_are_inserted_changed_and_deleted_by_their_keys() -> None:
    async with company() as crm:
        item, delivery, keys = await three_lines(crm)
        edits = (
            LineEdit(action="delete", key=keys[0]),
            change(keys[1], Quantity="2.5"),
            insert(LinkedDataId=str(item), SortOrder="40", Memo="new"),
        )
        done = await crm.send(Kind.DELIVERY, Action.LINES, rid=str(delivery), lines=edits)
        held = {row["QuotationLineId"]: row for row in crm.world.rows("line")}
        assert set(held) == {int(keys[1]), int(keys[2]), int(done.line_keys[0])}
        assert held[int(keys[1])]["QuotationLineQuantity"] == 2.5
        assert held[int(keys[2])]["QuotationLineMemo"] == "l3"
        assert held[int(done.line_keys[0])]["QuotationLineOpportunityId"] == delivery


async def test_lines_of_several_deliveries_go_in_one_request_and_come_apart_again() -> None:
    async with company(proven=PROVEN) as crm:
        item, deliveries = crm.item(), [crm.delivery(), crm.delivery()]
        writes = [
            write(
                *(Kind.DELIVERY, Action.LINES),
                rid=str(delivery),
                lines=tuple(insert(LinkedDataId=str(item), Memo=f"{delivery}/{n}") for n in range(1 + place)),
            )
            for place, delivery in enumerate(deliveries)
        ]
        answers = await crm.held.send_many(writes, LIVE)
        assert crm.calls("PATCH /QuotationLines") == 1
        for delivery, answer, count in zip(deliveries, answers, (1, 2), strict=True):
            assert isinstance(answer, Done)
            texts = [crm.world.get("line", int(key))["QuotationLineMemo"] for key in answer.line_keys]
            assert texts == [f"{delivery}/{n}" for n in range(count)]


async def test_a_set_of_which_a_line_was_refused_is_open_and_one_wholly_refused_is_not() -> None:
    async with company(proven=PROVEN) as crm:
        item, delivery = crm.item(), str(crm.delivery())
        good, bad = insert(LinkedDataId=str(item), Memo="ok"), insert(LinkedDataId="999", Memo="Hemmelig")
        writes = [write(Kind.DELIVERY, Action.LINES, rid=delivery, lines=(good, bad))]
        writes += [write(Kind.DELIVERY, Action.LINES, rid=delivery, lines=(bad,))]
        writes += [write(Kind.DELIVERY, Action.LINES, rid=delivery, lines=(good,))]
        answers = await crm.held.send_many(writes, LIVE)
        assert [type(answer) for answer in answers] == [Unknown, Rejected, Done]


@pytest.mark.parametrize("skip", [0, 1])
async def test_a_delete_that_fails_after_another_leaves_the_set_open(skip: int) -> None:
    async with company() as crm:
        _, delivery, keys = await three_lines(crm)
        crm.face.faults.add("error", method="DELETE", status=400, count=1, skip=skip)
        edits = tuple(LineEdit(action="delete", key=key) for key in keys)
        with pytest.raises(SystemFault) as caught:
            await crm.send(Kind.DELIVERY, Action.LINES, rid=str(delivery), lines=edits)
        assert type(caught.value) is (Unknown if skip else Rejected)
        assert len(crm.world.rows("line")) == 3 - skip


# -- Delivery numbers


async def test_a_number_that_another_delivery_holds_is_not_written() -> None:
    async with company(proven=PROVEN) as crm:
        first, second = crm.delivery(DeliveryNumber="000223"), crm.delivery()
        with pytest.raises(Rejected) as caught:
            await crm.send(Kind.DELIVERY, Action.UPDATE, {NUMBER: "000223"}, rid=str(second))
        assert caught.value.code == "number_taken"
        await crm.send(Kind.DELIVERY, Action.UPDATE, {NUMBER: "000223"}, rid=str(first))
        writes = [write(Kind.DELIVERY, Action.UPDATE, {NUMBER: "7"}, rid=str(n)) for n in (first, second)]
        answers = await crm.held.send_many(writes, LIVE)
        assert [type(answer) for answer in answers] == [Done, Rejected]
        assert crm.world.get("delivery", second)[NUMBER] == ""


async def test_numbers_of_a_batch_take_one_look_before_and_one_after() -> None:
    async with company(proven=PROVEN, queries="on") as crm:
        writes = [
            write(Kind.DELIVERY, Action.UPDATE, {NUMBER: f"{n:06}"}, rid=str(crm.delivery()))
            for n in range(20)
        ]
        answers = await crm.held.send_many(writes, LIVE)
        assert all(isinstance(answer, Done) for answer in answers)
        assert crm.calls("GET /Queries Delivery") == 2
        assert crm.calls("PATCH /Deliveries") == 1


async def test_a_write_without_a_number_is_not_looked_up() -> None:
    async with company() as crm:
        await crm.send(Kind.DELIVERY, Action.UPDATE, {"DeliveryDescription": "x"}, rid=str(crm.delivery()))
        assert crm.calls("GET ") == 0


async def test_a_look_afterwards_that_fails_does_not_undo_the_write() -> None:
    async with company(queries="on") as crm:
        number = crm.delivery()
        crm.face.faults.add("error", path="/Queries", skip=1, count=1, status=500)
        done = await crm.send(Kind.DELIVERY, Action.UPDATE, {NUMBER: "000223"}, rid=str(number))
        assert done.rid == str(number)
        assert crm.world.get("delivery", number)[NUMBER] == "000223"


# -- What cannot be sent


@pytest.mark.parametrize("kind", [Kind.ORGANISATION, Kind.PERSON, Kind.DELIVERY, Kind.LINE, Kind.ORDER])
async def test_what_webcrm_cannot_delete_is_not_asked_for(kind: Kind) -> None:
    async with company() as crm:
        with pytest.raises(Bug):
            await crm.send(kind, Action.DELETE, rid="1")
        assert crm.calls("") == 0


# -- Faults


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("error", Unknown),
        ("error_after", Unknown),
        ("reset_before", Unknown),
        ("reset_after", Unknown),
        ("half_body", Unknown),
        ("throttle", Throttled),
        ("unauthorized", Unknown),
    ],
)
async def test_a_create_without_a_clear_answer_is_open_and_not_repeated(
    sort: str, expected: type[SystemFault]
) -> None:
    async with company() as crm:
        await crm.held.identity(LIVE)
        crm.face.faults.add(sort, method="POST", path="/Organisations", count=1)
        with pytest.raises(SystemFault) as caught:
            await crm.send(Kind.ORGANISATION, Action.CREATE, {"OrganisationName": "Ny"})
        assert type(caught.value) is expected
        made = [row for row in crm.world.rows("organisation") if row["OrganisationName"] == "Ny"]
        assert len(made) == (1 if sort in ("error_after", "reset_after", "half_body") else 0)


async def test_a_refusal_is_said_without_the_values_that_were_sent() -> None:
    async with company() as crm:
        long = {"OrganisationCity": "Hemmelig " * 10}
        with pytest.raises(Rejected) as caught:
            await crm.send(Kind.ORGANISATION, Action.UPDATE, long, rid="778800")
        assert "Hemmelig" not in str(caught.value) + caught.value.excerpt
        assert "50" in caught.value.excerpt


async def test_a_write_for_which_no_token_could_be_had_was_certainly_not_sent() -> None:
    async with company() as crm:
        crm.face.faults.add("error", path="/Auth/ApiLogin", count=1)
        with pytest.raises(Refused) as caught:
            await crm.send(Kind.ORGANISATION, Action.CREATE, {"OrganisationName": "Ny"})
        assert caught.value.code == "token"
        assert crm.calls("POST /Organisations") == 0


async def test_a_put_with_a_refused_token_is_not_repeated_and_the_next_one_logs_in_anew() -> None:
    async with company() as crm:
        await crm.held.identity(LIVE)
        crm.act("expire_tokens")
        fields = {"OrganisationCity": "Ribe"}
        with pytest.raises(Unauthorized):
            await crm.send(Kind.ORGANISATION, Action.UPDATE, fields, rid="778800")
        assert crm.calls("POST /Auth/ApiLogin") == 1
        await crm.send(Kind.ORGANISATION, Action.UPDATE, fields, rid="778800")
        assert crm.calls("POST /Auth/ApiLogin") == 2
