"""Whether both systems say the same after a go-live: counts, duplicates, links, values. Pure.

Reads the two states and the sizes that the generator promised, nothing of the daemon's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from streamsync.demo.control import Crm, Erp, Row
from streamsync.demo.sizes import Sizes

EXAMPLES = 3
UNITED = ("OrganisationExtraCustom8", "OrganisationExtraCustom2", "OrganisationExtraCustom1")
CURRENCIES = {"00": "DKK", "01": "NOK", "02": "SEK", "03": "EUR"}
WORDS = {"Closed": "Betalt", "Open": "Godkendt"}
CENT = Decimal("0.01")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One question and its answer. `wrong`: how many; `examples`: a few of them, ids only."""

    name: str
    looked_at: int
    wrong: int
    examples: list[str]

    @property
    def ok(self) -> bool:
        return self.wrong == 0


def check(name: str, looked_at: int, wrong: Iterable[str]) -> Check:
    found = list(wrong)
    return Check(name=name, looked_at=looked_at, wrong=len(found), examples=found[:EXAMPLES])


def checks(crm: Crm, erp: Erp, sizes: Sizes) -> list[Check]:
    """Everything that must hold; all `ok` is a go-live that worked."""
    organisations, persons = crm.rows("organisation"), crm.rows("person")
    by_key = {row["OrganisationExtraCustom8"]: row for row in organisations}
    return [
        check("as many records as there are things", 6, _counts(crm, erp, sizes)),
        check("no duplicate", 10, _duplicates(crm, erp)),
        check(
            "every customer linked, both ways",
            len(erp.customers),
            (f"customer {row['number']}" for row in erp.customers if not _linked(row, by_key)),
        ),
        check("every contact linked", len(erp.contacts), _unlinked_contacts(erp, persons, by_key)),
        check("every item in the catalogue", len(erp.items), _wrong_items(crm, erp)),
        check(
            "every invoice a delivery with equal lines and values",
            sizes.invoices,
            _wrong_invoices(crm, erp),
        ),
    ]


def _counts(crm: Crm, erp: Erp, sizes: Sizes) -> Iterable[str]:
    invoices = sum(row["type"] == "Invoice" for row in erp.documents)
    for what, found, wanted in (
        ("organisations", len(crm.rows("organisation")), sizes.customers),
        ("customers", len(erp.customers), sizes.customers),
        ("persons", len(crm.rows("person")), sizes.persons),
        ("contacts", len(erp.contacts), sizes.persons),
        ("catalogue items", len(crm.rows("item")), sizes.items),
        ("deliveries", len(crm.rows("delivery")), invoices),
    ):
        if found != wanted:
            yield f"{found} {what} instead of {wanted}"


def _duplicates(crm: Crm, erp: Erp) -> Iterable[str]:
    organisations, deliveries = crm.rows("organisation"), crm.rows("delivery")
    for name in UNITED:
        yield from _twice(f"organisation {name}", (row[name] for row in organisations))
    yield from _twice("person e-mail", (row["PersonEmail"] for row in crm.rows("person")))
    yield from _twice("catalogue item", (row["QuotationLineLinkedDataItemData1"] for row in crm.rows("item")))
    for name in ("DeliveryErpId", "DeliveryNumber"):
        yield from _twice(name, (row[name] for row in deliveries))
    yield from _twice("customer marker", (row.get("attributes.WEBCRMID") for row in erp.customers))
    yield from _twice("customer company number", (row.get("corporateId") for row in erp.customers))
    yield from _twice("contact e-mail", (row.get("email") for row in erp.contacts))


def _twice(what: str, values: Iterable[Any]) -> Iterable[str]:
    for value, count in Counter(value for value in values if value).items():
        if count > 1:
            yield f"{what} {count} times" if "mail" in what else f"{what} {value} {count} times"


def _linked(customer: Row, by_key: Mapping[str, Row]) -> bool:
    """Named by one organisation, and naming it, where both were there or the organisation came first."""
    row = by_key.get(f"erp:organisation:{customer['internal_id']}")
    if row is None:
        return False
    same_number = _digits(row["OrganisationExtraCustom1"]) == _digits(customer.get("corporateId"))
    mark = customer.get("attributes.WEBCRMID") or ""
    ours = str(row["OrganisationCreatedBy"]).startswith("api")  # then the mark may wait (decision 0009)
    points_back = mark == f"crm:organisation:{row['OrganisationId']}" or (ours and not mark)
    shown = row["OrganisationExtraCustom2"] == customer["number"]
    return same_number and points_back and shown and row["OrganisationType"] == "Kunde"


def _digits(value: object) -> str:
    return "".join(sign for sign in str(value or "") if sign.isdigit())


def _unlinked_contacts(erp: Erp, persons: list[Row], by_key: Mapping[str, Row]) -> Iterable[str]:
    homes = {row["number"]: row["internal_id"] for row in erp.customers}
    by_contact = {row["PersonCustom3"]: row for row in persons}
    for contact in erp.contacts:
        person = by_contact.get(str(contact["contact_id"]), {})
        home = by_key.get(f"erp:organisation:{homes.get(contact['customer'])}", {})
        same_home = person.get("PersonOrganisationId") == home.get("OrganisationId", 0)
        if not (person and same_home and person["PersonEmail"] == contact.get("email")):
            yield f"contact {contact['contact_id']}"


def _wrong_items(crm: Crm, erp: Erp) -> Iterable[str]:
    rows = {row["QuotationLineLinkedDataItemData1"]: row for row in crm.rows("item")}
    wanted: tuple[tuple[str, Callable[[Row], Any]], ...] = (
        ("QuotationLineLinkedDataItemData2", lambda item: item["description"]),
        ("QuotationLineLinkedDataItemData3", lambda item: str(item["inventory_id"])),
        ("QuotationLineLinkedDataItemPrice", lambda item: _number(item["defaultPrice"])),
        ("QuotationLineLinkedDataItemCostPrice", lambda item: _number(item["currentCost"])),
    )
    for item in erp.items:
        row = rows.get(item["number"])
        if row is None or any(row[member] != value(item) for member, value in wanted):
            yield f"item {item['number']}"


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


def _wrong_invoices(crm: Crm, erp: Erp) -> Iterable[str]:
    deliveries = {row["DeliveryErpId"]: row for row in crm.rows("delivery")}
    lines: dict[int, list[Row]] = {}
    for line in crm.rows("line"):
        lines.setdefault(line["QuotationLineOpportunityId"], []).append(line)
    homes = {row["OrganisationExtraCustom2"]: row["OrganisationId"] for row in crm.rows("organisation")}
    for document in erp.documents:
        if document["type"] != "Invoice":
            continue
        row = deliveries.get(f"erp:invoice:Invoice/{document['number']}")
        if row is None:
            yield f"invoice {document['number']} is missing"
        elif wrong := _differs(document, row, lines.get(row["DeliveryId"], []), homes):
            yield f"invoice {document['number']}: {wrong}"


def _differs(document: Row, row: Row, lines: list[Row], homes: Mapping[str, int]) -> str:
    """The first thing in which a delivery is not its invoice, by name; "" if they agree."""
    totals = document["totals"]
    net = _number(totals["taxable"]) + _number(totals["exempt"])
    cost = sum((_number(line["cost"]) for line in document["lines"]), Decimal(0))
    kept = [
        (
            line["QuotationLineData1"],
            *(_number(line[f"QuotationLine{name}"]) for name in ("Quantity", "Price", "Discount")),
        )
        for line in sorted(lines, key=lambda line: line["QuotationLineSortOrder"])
    ]
    billed = [
        (
            line["item_number"],
            *(_number(line[name]) for name in ("quantity", "unit_price", "discount_percent")),
        )
        for line in document["lines"]
    ]
    for what, ours, theirs in (
        ("customer", row["DeliveryOrganisationId"], homes.get(document["customer"])),
        ("invoice number", row["DeliveryCustom1"], document["number"]),
        ("invoice date", str(row["DeliveryCustom3"])[:10], document["day"]),
        ("status", row["DeliveryCustom5"], WORDS.get(document["status"])),
        ("currency", CURRENCIES.get(row["DeliveryCurrencyName"]), document["currency"]),
        ("lines", kept, billed),
        ("value", near(row["DeliveryOrderValue"], net, len(billed)), True),
        ("margin", near(row["DeliveryOrderGmValue"], net - cost, len(billed)), True),
    ):
        if ours != theirs:
            return what
    return ""


def near(shown: object, exact: Decimal, lines: int) -> bool:
    """webCRM adds unrounded lines, the ERP rounds each: a cent per line and one more (semantics §3.8)."""
    return abs(_number(shown) - exact) <= CENT * (lines + 1)
