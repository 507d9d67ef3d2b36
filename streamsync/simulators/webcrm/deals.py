"""What happens to deliveries and opportunities beyond their members: conversion, moving, lines that copy a
product.

Shared by the API (`writes`) and the people (`acts`). Opportunity and delivery are one row family: by
default the id stays (webcrm-api §10.3).
"""

from typing import Any

from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.books import Books
from streamsync.simulators.webcrm.schema import ENTITIES

_OWN = ("Custom", "Plus", "Memo")  # a delivery shows the opportunity's as DeliveryOpportunity…
_NOT_CARRIED = frozenset({"Id", "Number", "History", "Level", "LevelText"})


def convert_to_delivery(books: Books, number: int, by: str, now_ms: int) -> int:
    """An opportunity is won: gives the delivery's id."""
    source = books.tables["opportunity"].rows[number]
    values: dict[str, Any] = {}
    for name, value in source.items():
        rest = name.removeprefix("Opportunity")
        if rest.startswith(_OWN):
            values["DeliveryOpportunity" + rest] = value
        elif rest not in _NOT_CARRIED and "Delivery" + rest in ENTITIES["delivery"].members:
            values["Delivery" + rest] = value
    values |= {"DeliveryStatus": "New", "DeliveryWonDate": stamps.day(now_ms)}
    values.setdefault("DeliveryOrderDate", stamps.day(now_ms))
    return _carry_over(books, "opportunity", "delivery", number, values, by, now_ms)


def convert_to_opportunity(books: Books, number: int, level: int, by: str, now_ms: int) -> int:
    """The way back: gives the opportunity's id."""
    source = books.tables["delivery"].rows[number]
    members = ENTITIES["opportunity"].members
    values: dict[str, Any] = {}
    for name, value in source.items():
        rest = name.removeprefix("Delivery")
        if rest.startswith("Opportunity"):
            values[rest] = value
        elif not rest.startswith(_OWN) and rest not in _NOT_CARRIED and "Opportunity" + rest in members:
            values["Opportunity" + rest] = value
    values["OpportunityLevel"] = level
    if 1 <= level <= len(books.tenant.levels):
        values["OpportunityLevelText"] = books.tenant.levels[level - 1]
    return _carry_over(books, "delivery", "opportunity", number, values, by, now_ms)


def _carry_over(
    books: Books, old_kind: str, new_kind: str, number: int, values: dict[str, Any], by: str, now_ms: int
) -> int:
    target = number if books.settings.convert_keeps_id else books.take_id(new_kind)
    books.tables[old_kind].remove(number)
    books.store(ENTITIES[new_kind], target, values)
    if books.settings.convert_touches:
        prefix = ENTITIES[new_kind].prefix
        stamped = {prefix + "UpdatedAt": stamps.stamp(now_ms), prefix + "UpdatedBy": by}
        books.store(ENTITIES[new_kind], target, stamped)
    if target != number:
        lines = books.tables["line"]
        for line in lines.find("QuotationLineOpportunityId", number):
            lines.set(line, {"QuotationLineOpportunityId": target})
    books.hooks.notice(old_kind, "Delete", number)
    books.hooks.notice(new_kind, "Create", target)
    return target


def move(books: Books, kind: str, number: int, organisation: int, by: str, now_ms: int) -> None:
    """To another organisation, lines included; the person stays behind."""
    prefix = ENTITIES[kind].prefix
    books.update(kind, number, {prefix + "OrganisationId": organisation, prefix + "PersonId": 0}, by, now_ms)
    lines = books.tables["line"]
    for line in lines.find("QuotationLineOpportunityId", number):
        lines.set(line, {"QuotationLineOrganisationId": organisation})


def copy_item(books: Books, item: int, values: dict[str, Any], *, with_prices: bool) -> None:
    """Fills what a line leaves open from its product: Data1..9 (webcrm-api §10.4); at the screen the prices
    too."""
    product = books.wire("item", item)
    for n in range(1, 10):
        values.setdefault(f"QuotationLineData{n}", product[f"QuotationLineLinkedDataItemData{n}"])
    if with_prices:
        price = product["QuotationLineLinkedDataItemPrice"]
        values.setdefault("QuotationLineListPrice", price)
        values.setdefault("QuotationLinePrice", price)
        values.setdefault("QuotationLineCostPrice", product["QuotationLineLinkedDataItemCostPrice"])
        values.setdefault("QuotationLineQuantity", 1.0)
