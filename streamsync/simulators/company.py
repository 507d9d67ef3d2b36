"""One invented company seen from both systems: customers, contacts, items and three years of invoices.

Deterministic in (seed, size); both stand-ins build the same company and each loads its half
(`world.load(kind, rows)` in the order of the tables). Half of the customers are in both systems, not linked
but sure to match (company number, shown number or EAN); a quarter is only in webCRM and a quarter only in the
ERP. Values of matched records agree, except that one side may lack a phone or a city. Nothing carries a
marker. Every customer of webCRM has the type Kunde, every person there is ticked.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from streamsync.simulators import names
from streamsync.simulators.names import Land

Row = dict[str, Any]
Place = Literal["both", "crm", "erp"]

LAST_DAY = date(2026, 1, 2)  # of the invoices: before the example company's birth
DAYS = 3 * 365
UNPAID_DAYS = 45
FIRST_ORGANISATION = 800_001
FIRST_NUMBER = 20_001
FIRST_INVOICE = 100_001
NOON_MS = 43_200_000
UNITS = ("STK", "PAKKE", "KG", "M")


@dataclass(frozen=True)
class Customer:
    """One customer as it really is; `crm_id` and `number` are its keys where it exists."""

    at: int
    place: Place
    land: Land
    name: str
    address: tuple[str, ...]
    post_code: str
    city: str
    phone: str
    company_number: str
    gln: str
    domain: str

    @property
    def crm_id(self) -> int:
        return FIRST_ORGANISATION + self.at

    @property
    def number(self) -> str:
        return str(FIRST_NUMBER + self.at)

    @property
    def in_crm(self) -> bool:
        return self.place != "erp"

    @property
    def in_erp(self) -> bool:
        return self.place != "crm"


@dataclass(frozen=True)
class Company:
    """Rows by kind, in the order they must be loaded."""

    crm: dict[str, list[Row]] = field(default_factory=dict)
    erp: dict[str, list[Row]] = field(default_factory=dict)


def company(seed: int, size: int) -> Company:
    """`size` customers, 1.5 times as many contacts, a quarter as many items, 3 times as many invoices."""
    rng = random.Random(f"company {seed} {size}")
    customers = _customers(rng, size)
    persons = [
        (one, *_person(rng, one, at)) for one in customers for at in range(2 if one.at % 2 == 0 else 1)
    ]
    items = [_item(rng, at) for at in range(size // 4)]
    in_erp = [one for one in customers if one.in_erp]
    return Company(
        crm={
            "organisation": [_organisation(one) for one in customers if one.in_crm],
            "person": [row for one, row, _ in persons if one.in_crm],
        },
        erp={
            "customers": [_erp_customer(one) for one in in_erp],
            "contacts": [row for one, _, row in persons if one.in_erp],
            "items": items,
            "documents": _invoices(rng, 3 * size, in_erp, items) if in_erp else [],
        },
    )


def _places(size: int) -> list[Place]:
    """Half, a quarter, a quarter; pairs stay together so that the contacts' shares are the same."""
    both, crm = size // 2, size // 4
    shares: tuple[tuple[Place, int], ...] = (("both", both), ("crm", crm), ("erp", size - both - crm))
    return [place for place, count in shares for _ in range(count)]


def _customers(rng: random.Random, size: int) -> list[Customer]:
    taken: set[str] = set()
    found: list[Customer] = []
    for at, place in enumerate(_places(size)):
        [land] = rng.choices(names.LANDS, names.SHARES)
        name = _fresh(taken, lambda land=land: names.company_name(rng, land), _bare)
        post_code, city = rng.choice(land.cities)
        street = f"{rng.choice(land.streets)} {rng.randrange(1, 200)}"
        address = (street, rng.choice(land.floors)) if rng.random() < 0.3 else (street,)
        found.append(
            Customer(
                at=at,
                place=place,
                land=land,
                name=name,
                address=address,
                post_code=post_code,
                city=city,
                phone=names.phone(rng, land),
                company_number=_fresh(taken, lambda land=land: names.company_number(rng, land), str),
                gln=_fresh(taken, lambda: names.gln(rng), str) if at % 10 in (8, 9) else "",
                domain=f"{names.ascii_of(_bare(name))}-{at + 1}.example",
            )
        )
    return found


def _bare(name: str) -> str:
    """A company's name without its legal form: two customers never share it."""
    return name.rpartition(" ")[0].replace("&", "og")


def _fresh(taken: set[str], make: Any, key: Any) -> str:
    while True:
        text: str = make()
        if key(text).casefold() not in taken:
            taken.add(key(text).casefold())
            return text


def _organisation(one: Customer) -> Row:
    """The webCRM side. Of ten matched ones six are found by their company number, two by the customer number,
    one by company number and EAN, one by EAN and name."""
    matched, sort = one.place == "both", one.at % 10
    danish = one.land.code == "DK"
    row = {
        "OrganisationId": one.crm_id,
        "OrganisationName": one.name,
        "OrganisationType": "Kunde",
        "OrganisationAddress": "\n".join(one.address),
        "OrganisationPostCode": one.post_code,
        "OrganisationCity": one.city,
        "OrganisationCountry": one.land.name,
        "OrganisationTelephone": one.phone.removeprefix("+45 ") if danish else one.phone,
        "OrganisationOwner": 11 + one.at % 2,
        "OrganisationExtraCustom1": "" if matched and sort in (6, 7, 9) else one.company_number,
        "OrganisationExtraCustom2": one.number if matched and sort in (6, 7) else "",
        "OrganisationExtraCustom3": one.gln,
    }
    if matched and sort == 3:
        row["OrganisationTelephone"] = ""
    return row


def _erp_customer(one: Customer) -> Row:
    matched, sort = one.place == "both", one.at % 10
    row: Row = {
        "number": one.number,
        "name": one.name,
        "mainContact.name": one.name,
        "mainContact.phone1": one.phone,
        "mainContact.email": f"info@{one.domain}",
        "mainAddress.postalCode": one.post_code,
        "mainAddress.city": "" if matched and sort == 5 else one.city,
        "mainAddress.country.id": one.land.code,
        "corporateId": one.company_number,
        "gln": one.gln,
        "currencyId": one.land.currency,
        "creditTerms.id": ("14", "30", "07")[one.at % 3],
    }
    for at, line in enumerate(one.address, 1):
        row[f"mainAddress.addressLine{at}"] = line
    return row


def _person(rng: random.Random, one: Customer, at: int) -> tuple[Row, Row]:
    """The same person on both sides; the e-mail address is its identity."""
    first, last = rng.choice(names.FIRST_NAMES), rng.choice(names.SURNAMES)
    mail = f"{names.ascii_of(first)}.{names.ascii_of(last)}{at + 1}@{one.domain}"
    title, phone = rng.choice(names.TITLES), names.phone(rng, one.land)
    crm = {
        "PersonOrganisationId": one.crm_id,
        "PersonFirstName": first,
        "PersonLastName": last,
        "PersonEmail": mail,
        "PersonTitle": title,
        "PersonDirectPhone": phone,
        "PersonCustom1": "Yes",
    }
    erp = {
        "businessAccount": one.number,
        "firstName": first,
        "lastName": last,
        "email": mail,
        "position": title,
        "phone1": phone,
    }
    return crm, erp


def _item(rng: random.Random, at: int) -> Row:
    service = at % 5 == 4
    cost = Decimal(rng.randrange(500, 150_000)) / 100
    text = f"{rng.choice(names.PRODUCTS)} {rng.choice(names.FINISHES)} {rng.randrange(10, 990)} mm"
    return {
        "inventoryNumber": f"V-{at + 1:05d}",
        "description": text,
        "itemClass.id": "YDELSE" if service else "VARE",
        "defaultPrice": (cost * Decimal("1.6")).quantize(Decimal("0.01")),
        "recommendedPrice": (cost * 2).quantize(Decimal("0.01")),
        "currentCost": cost,
        "lastCost": cost,
        "baseUnit": "TIME" if service else rng.choice(UNITS),
        "salesUnit": "TIME" if service else rng.choice(UNITS),
        "stock": Decimal(rng.randrange(500)),
    }


def _invoices(rng: random.Random, count: int, customers: list[Customer], items: list[Row]) -> list[Row]:
    """Released ones, by date; the old ones are paid, of the last weeks a few."""
    days = sorted(rng.randrange(DAYS) for _ in range(count))
    return [_invoice(rng, at, LAST_DAY - timedelta(days=DAYS - 1 - day), rng.choice(customers), items)
            for at, day in enumerate(days)]  # fmt: skip


def _invoice(rng: random.Random, at: int, day: date, customer: Customer, items: list[Row]) -> Row:
    paid = (LAST_DAY - day).days > UNPAID_DAYS or rng.random() < 0.2
    midnight_ms = (day.toordinal() - date(1970, 1, 1).toordinal()) * 2 * NOON_MS
    created_ms = midnight_ms + NOON_MS + at * 7 % 3_600_000
    return {
        "customer": customer.number,
        "documentType": "Invoice",
        "referenceNumber": str(FIRST_INVOICE + at),
        "documentDate": day.isoformat(),
        "status": "Closed" if paid else "Open",
        "paid": paid,
        "invoiceText": f"Faktura til {customer.city}",
        "lines": [_line(rng, items) for _ in range(rng.randrange(1, 5))],
        "createdMs": created_ms,
        "modifiedMs": created_ms + (30 * 2 * NOON_MS if paid else 0),
    }


def _line(rng: random.Random, items: list[Row]) -> Row:
    item = rng.choice(items) if items else {"inventoryNumber": "10", "defaultPrice": Decimal(500)}
    return {
        "inventoryNumber": item["inventoryNumber"],
        "quantity": Decimal(rng.choice((1, 1, 2, 3, 5, 12))) + Decimal(rng.choice(("0", "0", "0", "0.5"))),
        "unitPrice": item["defaultPrice"],
        "discountPercent": Decimal(rng.choice((0, 0, 0, 5, 10))),
    }
