"""Fills a world fast, past the API's checks: bulk rows for generators, and the vendor document's example
company.

Values must be wire values of the DTO; date-times any ISO text. Ids and stamps are kept when given, else
assigned.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.books import SYSTEM, Books, defaults
from streamsync.simulators.webcrm.schema import ENTITIES

EXAMPLE_AT = "2026-01-05T08:00:00+00:00"


def load(books: Books, kind: str, rows: Iterable[Mapping[str, Any]], at: str = EXAMPLE_AT) -> list[int]:
    """Stores records as they are; order values of the deals whose lines came are recomputed. Gives the ids.

    Raises ValueError for an unknown kind or member, the two mistakes a generator makes."""
    if kind not in ENTITIES:
        raise ValueError(f"There is no kind `{kind}`; there are {', '.join(ENTITIES)}.")
    entity = ENTITIES[kind]
    numbers: list[int] = []
    deals: set[int] = set()
    for row in rows:
        unknown = row.keys() - entity.members.keys()
        if unknown:
            raise ValueError(f"A {kind} has no member {', '.join(sorted(unknown))}.")
        number = int(row.get(entity.id) or books.take_id(kind))
        books.reserve(kind, number)
        values = {**defaults(entity), **_stamps(entity.prefix, entity.members, at)}
        for name, value in row.items():
            kept = entity.members[name].type
            values[name] = (
                float(value) if kept == "num" else stamps.canonical(value) if kept == "dt" else value
            )
        if kind == "item":
            for n in range(1, 10):
                values.setdefault(f"QuotationLineLinkedDataItemData{n}", "-")
        books.store(entity, number, values)
        numbers.append(number)
        if kind == "line":
            deals.add(values.get("QuotationLineOpportunityId", 0))
    for deal in deals:
        books.recompute(deal, 0)
    return numbers


def _stamps(prefix: str, members: Mapping[str, Any], at: str) -> dict[str, Any]:
    if prefix + "UpdatedAt" not in members:
        return {}
    return {
        prefix + "CreatedAt": at,
        prefix + "CreatedBy": SYSTEM,
        prefix + "UpdatedAt": at,
        prefix + "UpdatedBy": SYSTEM,
    }


def load_users(books: Books) -> None:
    """The tenant's users as records."""
    rows = [
        {
            "UserId": user.id,
            "UserName": user.name,
            "UserInitials": user.initials,
            "UserEmail": user.email,
            "UserLoginName": user.email,
            "UserIntegrationId": user.integration_id,
            "UserCurrencyName": "00",
            "UserPassword": "not-to-be-logged",
            "UserTicket": "not-to-be-logged",
            "UserAuthenticationCode": "not-to-be-logged",
        }
        for user in books.tenant.users
    ]
    load(books, "user", rows)


def load_example(books: Books) -> None:
    """The company in the pictures of the vendor document; the people are invented, numbers only look real."""
    owner = books.tenant.users[0].id
    organisation = {
        "OrganisationName": "Kunde A/S",
        "OrganisationType": "Kunde",
        "OrganisationTelephone": "20304010",
        "OrganisationAddress": "Kundeadresse 199",
        "OrganisationPostCode": "1999",
        "OrganisationCity": "Store Debitor",
        "OrganisationCountry": "Danmark",
        "OrganisationOwner": owner,
        "OrganisationExtraCustom1": "12345674",
        "OrganisationCustom1": "30: 30 dage",
        "OrganisationCustom2": "DKK",
        "OrganisationCustom3": "1: Indland",
    }
    numbers = load(books, "organisation", [organisation])
    person = {
        "PersonOrganisationId": numbers[0],
        "PersonFirstName": "Karsten",
        "PersonLastName": "Fjordvang",
        "PersonEmail": "karsten@kunde.example",
        "PersonTitle": "CFO",
        "PersonDirectPhone": "20304011",
        "PersonCustom1": "Yes",
        "PersonCustom4": "Yes",
    }
    load(books, "person", [person])
