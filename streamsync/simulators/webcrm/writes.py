"""The writing half of the API: creates, merging updates, bulk upserts, moves, conversions, lines, catalogue.

Every function takes the books, a decoded body and the author, and raises Refusal where webCRM would say no.
What is checked here is what the API enforces (webcrm-api §4, §9.1, §10, §11); people at the screen go
through `acts`.
"""

from collections.abc import Mapping
from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.webcrm import check, deals
from streamsync.simulators.webcrm.books import Books
from streamsync.simulators.webcrm.schema import ENTITIES, Entity
from streamsync.simulators.webcrm.settings import Refusal

EMPTY = Response(200)
DATA = tuple(f"QuotationLineLinkedDataItemData{n}" for n in range(1, 10))


def create(books: Books, kind: str, body: object, by: str, now_ms: int) -> Response:
    """POST: the id as a bare integer; organisations as the setting says (Q1)."""
    entity = ENTITIES[kind]
    given = check.shape(entity, body)
    if given[entity.id] != 0:
        raise Refusal(400, f"{entity.id} must be 0 for a new record.")
    number = insert(books, entity, given, by, now_ms)
    if kind == "organisation" and books.settings.organisation_post != "int":
        whole = books.settings.organisation_post == "object"
        return json_response(200, books.wire(kind, number) if whole else str(number))
    return json_response(200, number)


def put(books: Books, kind: str, number: int, body: object, by: str, now_ms: int) -> Response:
    """PUT: merges; the id must stand in the body too."""
    entity = ENTITIES[kind]
    given = check.shape(entity, body)
    if given[entity.id] != number:
        raise Refusal(400, "The id of the body is not the id of the address.")
    change(books, entity, number, given, by, now_ms)
    return EMPTY


def bulk(books: Books, kind: str, body: object, by: str, now_ms: int) -> Response:
    """PATCH: upserts row by row, one text per row: the id, or why not (Q22). Wrong shapes refuse the whole
    request."""
    entity = ENTITIES[kind]
    if not isinstance(body, list):
        raise Refusal(400, "The request body must be an array.")
    rows = [check.shape(entity, row) for row in body]
    answers: list[str] = []
    may_race = True  # only the first insert can collide with an earlier request's
    for row in rows:
        try:
            if row[entity.id] == 0:
                first, may_race = may_race, False
                answers.append(str(insert(books, entity, row, by, now_ms, may_race=first)))
            else:
                change(books, entity, row[entity.id], row, by, now_ms)
                answers.append(str(row[entity.id]) if books.settings.patch_update_answer == "id" else "")
        except Refusal as refusal:
            answers.append(refusal.text)
    return json_response(200, answers)


def insert(
    books: Books, entity: Entity, given: Mapping[str, Any], by: str, now_ms: int, *, may_race: bool = True
) -> int:
    """One new record; gives its id."""
    values = _values(books, entity, given)
    _unique(books, entity, 0, values)
    for name, field in books.tenant.fields.items():
        missing = values.get(name, field.empty()) == field.empty()
        if field.mandatory and missing and name in entity.members:
            raise Refusal(400, f"The field {name} is mandatory.")
    _NEW[entity.kind](books, values)
    if may_race and books.races(entity.kind, now_ms):
        raise Refusal(500, "The new id is in use already. Please try again.")
    return books.create(entity.kind, values, by, now_ms)


def change(books: Books, entity: Entity, number: int, given: Mapping[str, Any], by: str, now_ms: int) -> None:
    """One existing record."""
    if number not in books.tables[entity.kind].rows:
        raise Refusal(404, f"There is no {entity.kind} with id {number}.")
    values = _values(books, entity, given)
    _unique(books, entity, number, values)
    _OLD[entity.kind](books, number, values)
    books.update(entity.kind, number, values, by, now_ms)


def delete(books: Books, kind: str, number: int, now_ms: int) -> Response:
    """Only lines and products; the API deletes nothing else."""
    if number not in books.tables[kind].rows:
        raise Refusal(404, f"There is no {kind} with id {number}.")
    if kind == "item" and books.settings.item_delete_in_use == "refuse" and _in_use(books, number):
        raise Refusal(400, "The product is used by quotation lines.")
    books.remove(kind, number, now_ms)
    return EMPTY


def delete_catalogue(books: Books, now_ms: int) -> Response:
    """`DELETE /QuotationLines/LinkedData` really empties the catalogue (Q24). Nobody should call it."""
    for number in list(books.tables["item"].rows):
        books.remove("item", number, now_ms)
    return EMPTY


def move(books: Books, kind: str, number: int, body: object, by: str, now_ms: int) -> Response:
    """`/Move`: the one way to give a deal another organisation."""
    if number not in books.tables[kind].rows:
        raise Refusal(404, f"There is no {kind} with id {number}.")
    target = body.get("NewOrganisationId") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(target, int) or isinstance(target, bool):
        raise Refusal(400, "The body must be one NewOrganisationId.")
    _organisation(books, target)
    _not_locked(books, kind, number)
    deals.move(books, kind, number, target, by, now_ms)
    return Response(204)


def _values(books: Books, entity: Entity, given: Mapping[str, Any]) -> dict[str, Any]:
    return check.values(entity, books.tenant, given, truncate=books.settings.long_text == "truncate")


def _unique(books: Books, entity: Entity, number: int, values: Mapping[str, Any]) -> None:
    table = books.tables[entity.kind]
    for name, field in books.tenant.fields.items():
        if field.unique and values.get(name) and name in table.indexes:
            holders = [found for found in table.find(name, values[name]) if found != number]
            if holders:
                raise Refusal(400, f"The value of {name} must be unique and is in use on id {holders[0]}.")


def _organisation(books: Books, number: int) -> None:
    if number not in books.tables["organisation"].rows:
        raise Refusal(400, f"There is no organisation with id {number}.")


def _not_blank(values: Mapping[str, Any], name: str, *, new: bool) -> None:
    if (new or name in values) and not str(values.get(name, "")).strip():
        raise Refusal(400, f"The field {name} is mandatory.")


def _new_organisation(_: Books, values: dict[str, Any]) -> None:
    _not_blank(values, "OrganisationName", new=True)


def _old_organisation(_: Books, __: int, values: dict[str, Any]) -> None:
    _not_blank(values, "OrganisationName", new=False)


def _new_person(books: Books, values: dict[str, Any]) -> None:
    _not_blank(values, "PersonLastName", new=True)
    _organisation(books, values.get("PersonOrganisationId", 0))


def _old_person(books: Books, number: int, values: dict[str, Any]) -> None:
    _not_blank(values, "PersonLastName", new=False)
    kept = books.tables["person"].value(number, "PersonOrganisationId")
    if values.get("PersonOrganisationId", kept) != kept:
        raise Refusal(400, "It is not allowed to change PersonOrganisationId.")


def _new_deal(books: Books, values: dict[str, Any], prefix: str) -> None:
    _organisation(books, values.get(prefix + "OrganisationId", 0))
    _person(books, values.get(prefix + "PersonId", 0))
    if prefix == "Delivery" and books.settings.responsible_required and not values.get("DeliveryResponsible"):
        raise Refusal(400, "The field DeliveryResponsible is mandatory.")


def _old_deal(books: Books, number: int, values: dict[str, Any], kind: str) -> None:
    prefix = ENTITIES[kind].prefix
    _not_locked(books, kind, number)
    kept = books.tables[kind].value(number, prefix + "OrganisationId")
    if values.get(prefix + "OrganisationId", kept) != kept:
        raise Refusal(400, f"{prefix}OrganisationId cannot be changed here; use Move.")
    _person(books, values.get(prefix + "PersonId", 0))


def _person(books: Books, number: int) -> None:
    if number and number not in books.tables["person"].rows:
        raise Refusal(400, f"There is no person with id {number}.")


def _not_locked(books: Books, kind: str, number: int) -> None:
    """Two deliveries with one number lock each other for the API (Q6)."""
    if kind != "delivery" or not books.settings.deal_number_locks:
        return
    table = books.tables["delivery"]
    shown = table.value(number, "DeliveryNumber")
    if shown and len(table.find("DeliveryNumber", shown)) > 1:
        raise Refusal(400, "The delivery number is not unique.")


def _new_line(books: Books, values: dict[str, Any]) -> None:
    deal = values.get("QuotationLineOpportunityId", 0)
    kind = books.deal_kind(deal)
    if kind is None:
        raise Refusal(400, f"There is no opportunity or delivery with id {deal}.")
    item = values.get("QuotationLineLinkedDataId", 0)
    if item or books.tenant.linked_data:
        _item(books, item)
    if item and books.settings.lines_copy_item:
        deals.copy_item(books, item, values, with_prices=False)
    own = books.tables[kind].value(deal, ENTITIES[kind].prefix + "OrganisationId")
    values.setdefault("QuotationLineOrganisationId", own)


def _old_line(books: Books, _: int, values: dict[str, Any]) -> None:
    deal = values.get("QuotationLineOpportunityId")
    if deal is not None and books.deal_kind(deal) is None:
        raise Refusal(400, f"There is no opportunity or delivery with id {deal}.")
    if values.get("QuotationLineLinkedDataId"):
        _item(books, values["QuotationLineLinkedDataId"])


def _item(books: Books, number: int) -> None:
    if number not in books.tables["item"].rows:
        raise Refusal(
            400, "Linked data is enabled: QuotationLineLinkedDataId must be the id of a linked data item."
        )


def _new_item(books: Books, values: dict[str, Any]) -> None:
    _whole_item(values, DATA)
    _unique_item(books, 0, values)


def _old_item(books: Books, number: int, values: dict[str, Any]) -> None:
    replaces = books.settings.item_put == "replace"
    _whole_item(values, DATA if replaces else tuple(name for name in DATA if name in values))
    _unique_item(books, number, values)
    if replaces:
        table = books.tables["item"]
        for name, empty in table.template.items():
            if name != table.entity.id:
                values.setdefault(name, "Product" if name.endswith("EntityType") else empty)


def _whole_item(values: Mapping[str, Any], needed: tuple[str, ...]) -> None:
    for name in needed:
        if not str(values.get(name, "")).strip():
            raise Refusal(400, f"webCRM does not allow an empty value in {name}.")
    if values.get("QuotationLineLinkedDataItemEntityType", "Product") != "Product":
        raise Refusal(400, "The linked data of quotation lines must be of entity type Product.")


def _unique_item(books: Books, number: int, values: Mapping[str, Any]) -> None:
    if books.tenant.linked_setup.get("QuotationLineLinkedSetupIsUniqueValueRequired") and DATA[0] in values:
        holders = books.tables["item"].find(DATA[0], values[DATA[0]])
        if any(found != number for found in holders):
            raise Refusal(400, f"The value of {DATA[0]} must be unique.")


def _in_use(books: Books, item: int) -> bool:
    return any(row.get("QuotationLineLinkedDataId") == item for row in books.tables["line"].rows.values())


_NEW = {
    "organisation": _new_organisation,
    "person": _new_person,
    "delivery": lambda books, values: _new_deal(books, values, "Delivery"),
    "opportunity": lambda books, values: _new_deal(books, values, "Opportunity"),
    "line": _new_line,
    "item": _new_item,
}
_OLD = {
    "organisation": _old_organisation,
    "person": _old_person,
    "delivery": lambda books, number, values: _old_deal(books, number, values, "delivery"),
    "opportunity": lambda books, number, values: _old_deal(books, number, values, "opportunity"),
    "line": _old_line,
    "item": _old_item,
}
