"""Everything the webCRM adapter ever asks, and everything the stand-in answers, held to the specification."""

from contextlib import suppress

import pytest

from streamsync.errors import Rejected, SystemFault, Throttled
from streamsync.model import Action, Fields, Kind, LineEdit, Record
from streamsync.systems.webcrm.fields import FIELDS, Form
from streamsync.systems.webcrm.writing import Answer
from tests.contract.book import Book, Contract
from tests.unit.systems.webcrm_company import ITEM, LIVE, MARKER, Company, change, company, insert, write

PROVEN = frozenset({"put", "patch"})
SAMPLES = {
    Form.TEXT: "x",
    Form.DASHED: "x",
    Form.INTEGER: "7",
    Form.DECIMAL: "12.25",
    Form.BOOLEAN: "true",
    Form.STAMP: "2026-03-14T09:21:07Z",
    Form.DAY: "2026-03-14",
}
READS = {
    "GET /Auth",
    "GET /FieldsMetadata/{entityTypes}",
    "GET /QuotationLines/LinkedSetup",
    "GET /Users/AllActive",
    "GET /QuotationLines/LinkedData",
    "GET /QuotationLines/LinkedData/{id}",
    "GET /Queries",
    "GET /Organisations/{id}",
    "GET /Persons/{id}",
    "GET /Deliveries/{id}",
    "GET /Deliveries/{id}/QuotationLines",
}
LISTS = {
    "GET /Organisations",
    "GET /Organisations/FindByUpdateDates/{startDate}/{endDate}",
    "GET /Persons",
    "GET /Deliveries",
    "GET /QuotationLines",
}
WRITES = {
    "POST /Organisations",
    "PUT /Organisations/{id}",
    "POST /Persons",
    "PUT /Persons/{id}",
    "POST /Deliveries",
    "PUT /Deliveries/{id}",
    "POST /Deliveries/{id}/Move",
    "POST /QuotationLines",
    "PUT /QuotationLines/{id}",
    "DELETE /QuotationLines/{id}",
    "POST /QuotationLines/LinkedData",
    "PUT /QuotationLines/LinkedData/{id}",
    "DELETE /QuotationLines/LinkedData/{id}",
}
BULKS = {"PATCH /Organisations", "PATCH /Persons", "PATCH /Deliveries", "PATCH /QuotationLines"}


def every_field(crm: Company, kind: Kind, **given: str) -> Fields:
    """A value for every field that this system has and that may be written."""
    found: Fields = {}
    for name, field in FIELDS[kind].items():
        if field.writable and not (field.form is Form.REFERENCE and name not in given):
            options = field.options
            found[name] = given.get(name, options[-1] if options else SAMPLES.get(field.form, ""))
    return found


async def read_all(crm: Company) -> dict[str, dict[str, Record]]:
    found = {feed.name: await crm.records(feed.name) for feed in crm.held.feeds}
    for feed in crm.held.feeds:
        if feed.incremental:
            [*_, last] = await crm.read(feed.name)
            await crm.read(feed.name, last.position)
    return found


async def filled(crm: Company) -> tuple[str, str, str]:
    """An organisation, a person and a delivery, made through the adapter."""
    fields = {"OrganisationName": "Ny ApS", MARKER: "erp:organisation:1", "OrganisationType": "Kunde"}
    organisation = (await crm.send(Kind.ORGANISATION, Action.CREATE, fields, marker="erp:organisation:1")).rid
    named = {"PersonOrganisationId": organisation, "PersonLastName": "Eksempel"}
    person = (await crm.send(Kind.PERSON, Action.CREATE, named)).rid
    deal = {"DeliveryOrganisationId": organisation, "DeliveryErpId": "erp:order:SO/1"}
    delivery = (await crm.send(Kind.DELIVERY, Action.CREATE, deal | {"DeliveryStatus": "New"})).rid
    return organisation, person, delivery


@pytest.mark.parametrize("queries", ["auto", "off"])
async def test_everything_that_is_read(webcrm_book: Book, queries: str) -> None:
    async with company(queries=queries) as crm:
        crm.face.record = webcrm_book
        await crm.held.identity(LIVE)
        await crm.held.catalogue(LIVE)
        await crm.held.tables(LIVE)
        organisation, person, delivery = await filled(crm)
        item = crm.item()
        await crm.send(
            *(Kind.DELIVERY, Action.LINES),
            rid=delivery,
            lines=(insert(LinkedDataId=str(item), Quantity="2", Price="9.5"),),
        )
        found = await read_all(crm)
        assert all(found.values())
        for kind, rid in (
            (Kind.ORGANISATION, organisation),
            (Kind.PERSON, person),
            (Kind.DELIVERY, delivery),
            (Kind.ITEM, str(item)),
        ):
            await crm.one(kind, rid)
            await crm.held.get(kind, [rid, "999999"], frozenset(FIELDS[kind]), LIVE)
            hints = {f"{ITEM}Data1": "10"} if kind is Kind.ITEM else {}
            fields = {"OrganisationExtraCustom8": "m", "PersonCustom2": "m", "DeliveryErpId": "m"}
            place = {name: text for name, text in fields.items() if name in FIELDS[kind]}
            creates = [write(kind, Action.CREATE, place, marker="m", hints=hints)]
            await crm.held.find(creates, 0, frozenset(), LIVE)
        hints = {"PersonLastName": "O'Hara", "PersonOrganisationId": organisation}
        await crm.held.find([write(Kind.PERSON, Action.CREATE, hints=hints)], 0, frozenset(), LIVE)
        await crm.held.check(expect_empty=False, needed=frozenset(FIELDS))
    assert webcrm_book.problems == []
    missing = (READS if queries == "auto" else (READS - {"GET /Queries"}) | LISTS) - webcrm_book.seen.keys()
    assert missing == set()


async def test_every_single_write(webcrm_book: Book) -> None:
    async with company(queries="on") as crm:
        crm.face.record = webcrm_book
        await crm.held.catalogue(LIVE)
        organisation, person, delivery = await filled(crm)
        other = (await crm.send(Kind.ORGANISATION, Action.CREATE, {"OrganisationName": "B", MARKER: "m"})).rid
        await crm.send(
            *(Kind.ORGANISATION, Action.UPDATE),
            {
                "OrganisationType": "",
                "OrganisationCity": "",
                "OrganisationXInt1": "",
                "OrganisationOwner": "",
            },
            rid=organisation,
        )
        checks = {"PersonCheckMark1": "true", "PersonStatus": "Resigned", "PersonCustom1": "Yes"}
        await crm.send(Kind.PERSON, Action.UPDATE, checks, rid=person)
        await crm.send(
            *(Kind.DELIVERY, Action.UPDATE),
            {
                "DeliveryNumber": "000223",
                "DeliveryErpStatus": "Synchronized",
                "DeliveryErpSyncDateTime": "2026-03-14T09:21:07Z",
                "DeliveryOrderDate": "2026-03-14",
                "DeliveryWonDate": "",
                "DeliveryOrderValue": "1234.5",
            },
            rid=delivery,
        )
        await crm.send(Kind.DELIVERY, Action.MOVE, {"DeliveryOrganisationId": other}, rid=delivery)
        row = {f"{ITEM}Data1": "10", f"{ITEM}Price": "12.5", f"{ITEM}ItemGroup": "Varer"}
        item = (await crm.send(Kind.ITEM, Action.CREATE, row)).rid
        await crm.send(Kind.ITEM, Action.UPDATE, {f"{ITEM}Data1": ""}, rid=item)
        edits = (insert(LinkedDataId=item, Quantity="2", Price="9.5", Data1=""), insert(LinkedDataId=item))
        done = await crm.send(Kind.DELIVERY, Action.LINES, rid=delivery, lines=edits)
        more = (change(done.line_keys[0], Quantity="3"), LineEdit(action="delete", key=done.line_keys[1]))
        await crm.send(Kind.DELIVERY, Action.LINES, rid=delivery, lines=more)
        await crm.send(Kind.ITEM, Action.DELETE, rid=item)
    assert webcrm_book.problems == []
    assert webcrm_book.seen.keys() >= WRITES


async def test_every_bulk_write_and_the_probe(webcrm_book: Book) -> None:
    async with company(proven=PROVEN, queries="on") as crm:
        crm.face.record = webcrm_book
        organisation, person, delivery = await filled(crm)
        item = str(crm.item())
        answers: list[Answer] = []
        for kind, rid, fields in (
            (Kind.ORGANISATION, organisation, {"OrganisationCity": "Aarhus"}),
            (Kind.PERSON, person, {"PersonTitle": "Indkøber"}),
            (Kind.DELIVERY, delivery, {"DeliveryNumber": "7"}),
        ):
            answers += await crm.held.send_many([write(kind, Action.UPDATE, fields, rid=rid)], LIVE)
        create = {"OrganisationName": "I ét", MARKER: "n"}
        answers += await crm.held.send_many([write(Kind.ORGANISATION, Action.CREATE, create)], LIVE)
        lines = (insert(LinkedDataId=item, Quantity="1"),)
        answers += await crm.held.send_many(
            [write(Kind.DELIVERY, Action.LINES, rid=delivery, lines=lines)], LIVE
        )
        assert not [answer for answer in answers if isinstance(answer, SystemFault)]
        refused = {"OrganisationType": "findes ikke"}
        [answer] = await crm.held.send_many(
            [write(Kind.ORGANISATION, Action.UPDATE, refused, rid=organisation)], LIVE
        )
        assert isinstance(answer, SystemFault)
        assert all(finding.ok for finding in await crm.held.probe(organisation))
    assert webcrm_book.problems == []
    assert webcrm_book.seen.keys() >= BULKS


@pytest.mark.parametrize("kind", [Kind.ORGANISATION, Kind.PERSON, Kind.DELIVERY, Kind.ITEM])
async def test_a_write_of_every_field_has_the_declared_types(webcrm_book: Book, kind: Kind) -> None:
    """The stand-in may refuse the values (no such option); the request is one that the file allows."""
    async with company(queries="on") as crm:
        crm.face.record = webcrm_book
        fields = every_field(crm, kind, PersonOrganisationId="778800", DeliveryOrganisationId="778800")
        for values in (fields, dict.fromkeys(fields, "")):
            values = {
                name: text
                for name, text in values.items()
                if text or FIELDS[kind][name].form is not Form.ENUM
            }
            with suppress(Rejected):
                await crm.send(kind, Action.CREATE, values)
    assert webcrm_book.problems == []
    assert webcrm_book.seen


async def ask_too_often(crm: Company) -> None:
    for _ in range(25):
        await crm.records("Organisation")


async def test_every_refusal_is_of_a_valid_request(webcrm_book: Book) -> None:
    async with company(requests_per_minute=25, queries="on") as crm:
        crm.face.record = webcrm_book
        for kind, fields in (
            (Kind.ORGANISATION, {"OrganisationName": ""}),
            (Kind.PERSON, {"PersonLastName": "x", "PersonOrganisationId": "999999"}),
            (Kind.DELIVERY, {"DeliveryDescription": "x" * 300, "DeliveryOrganisationId": "778800"}),
        ):
            with pytest.raises(SystemFault):
                await crm.send(kind, Action.CREATE, fields)
            with pytest.raises(SystemFault):
                await crm.send(kind, Action.UPDATE, fields, rid="999999")
        with pytest.raises(Throttled):
            await ask_too_often(crm)
    assert webcrm_book.problems == []
    statuses = set().union(*webcrm_book.seen.values())
    assert {400, 404, 429} <= statuses


@pytest.mark.parametrize(
    ("kind", "dto"),
    [
        (Kind.ORGANISATION, "OrganisationDto"),
        (Kind.PERSON, "PersonDto"),
        (Kind.DELIVERY, "DeliveryDto"),
        (Kind.LINE, "QuotationLineDto"),
        (Kind.ITEM, "QuotationLineLinkedDataItemDto"),
    ],
)
def test_the_adapters_fields_are_those_of_the_specification(
    webcrm_contract: Contract, kind: Kind, dto: str
) -> None:
    properties = webcrm_contract.document["components"]["schemas"][dto]["properties"]
    for name, field in FIELDS[kind].items():
        if not field.readable:
            assert name not in properties
            continue
        declared = properties[name]
        wanted = {
            Form.INTEGER: "integer",
            Form.REFERENCE: "integer",
            Form.DECIMAL: "number",
            Form.BOOLEAN: "boolean",
        }.get(field.form, "string")
        assert declared["type"] == wanted, name
        assert set(field.options) <= set(declared.get("enum", ())), name
        if field.max_length and declared.get("maxLength"):
            assert field.max_length <= declared["maxLength"], name
