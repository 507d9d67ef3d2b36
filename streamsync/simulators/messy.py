"""A company after years of two unconnected systems: what a go-live really meets, on top of a tidy core.

Deterministic in (seed, deliveries). The core is `company.py` with a few customers; added are divisions with
one company number, look-alikes, wrong and blank types, keys that contradict each other, persons with one
e-mail address, half-filled fields on both sides, names that differ only in their writing, discontinued items,
and `deliveries` old deliveries in webCRM that nobody ever sent anywhere. Every case has its own postal code.
"""

from datetime import date, timedelta
from typing import Any

from streamsync.simulators.company import Company, company

Row = dict[str, Any]

CORE = 24
MARKS_FROM = 1_000  # deliveries: a smaller company has no row to mark, since the brake gives a mark a minute
FIRST_CASE = 900_001  # OrganisationId of the first case
FIRST_PERSON = 950_001
FIRST_ITEM = 700_001
FIRST_DELIVERY = 1_000_001
FIRST_DAY, OLD_DAYS = date(2021, 1, 4), 1_700
DISCONTINUED = ("UDG-01", "UDG-02", "UDG-03")  # the last is in webCRM's catalogue
BLANK = "-- vælg --"


def messy(seed: int, deliveries: int) -> Company:
    """Both halves, rows by kind in the order they must be loaded."""
    core = company(seed, CORE)
    cases = _cases()
    crm = {kind: list(rows) for kind, rows in core.crm.items()}
    erp = {kind: list(rows) for kind, rows in core.erp.items()}
    crm["organisation"] += [row for ours, _ in cases for row in ours]
    erp["customers"] += [row for _, theirs in cases for row in theirs]
    persons, contacts = _one_mail()
    crm["person"] += persons
    erp["contacts"] += contacts
    rows, items = _catalogue(erp["items"][0])
    rows = rows if deliveries >= MARKS_FROM else rows[:1]
    crm["item"] = rows
    erp["items"] += items
    homes = [int(row["OrganisationId"]) for row in core.crm["organisation"]]
    crm["delivery"], crm["line"] = _old_deliveries(deliveries, homes)
    return Company(crm=crm, erp=erp)


def _organisation(at: int, name: str, **fields: Any) -> Row:
    return {
        "OrganisationId": FIRST_CASE + at,
        "OrganisationName": name,
        "OrganisationType": "Kunde",
        "OrganisationPostCode": f"{9001 + at}",
        "OrganisationCity": "Aalborg",
        "OrganisationCountry": "Danmark",
        "OrganisationTelephone": f"982030{at:02d}",
        **fields,
    }


def _customer(at: int, name: str, **fields: Any) -> Row:
    return {
        "number": f"M{at:04d}",
        "name": name,
        "mainContact.name": name,
        "mainContact.phone1": f"982030{at:02d}",
        "mainAddress.postalCode": f"{9001 + at}",
        "mainAddress.city": "Aalborg",
        "mainAddress.country.id": "DK",
        "currencyId": "DKK",
        "creditTerms.id": "14",
        **fields,
    }


def _cases() -> list[tuple[list[Row], list[Row]]]:
    """Organisations and customers of each case."""
    cvr = "OrganisationExtraCustom1"
    number = "OrganisationExtraCustom2"
    return [
        (  # two divisions, one company number
            [
                _organisation(0, "Havnens Byg A/S", OrganisationDivisionName="Nord", **{cvr: "30000008"}),
                _organisation(1, "Havnens Byg A/S", OrganisationDivisionName="Syd", **{cvr: "30000008"}),
            ],
            [_customer(0, "Havnens Byg A/S", corporateId="30000008")],
        ),
        (
            [_organisation(2, "Klitgaard Interiør ApS")],
            [_customer(2, "Klitgaard Interiør ApS")],
        ),  # look alike
        (  # a supplier that is a customer too
            [_organisation(3, "Vestkystens Tømmer A/S", OrganisationType="Leverandør", **{cvr: "30000016"})],
            [_customer(3, "Vestkystens Tømmer A/S", corporateId="30000016")],
        ),
        (  # a type that nobody chose
            [_organisation(4, "Marehalm Design ApS", OrganisationType=BLANK, **{cvr: "30000024"})],
            [_customer(4, "Marehalm Design ApS", corporateId="30000024")],
        ),
        (  # the number says one thing, the company number another
            [_organisation(5, "Strandvejens Køkken ApS", **{number: "M0005", cvr: "30000032"})],
            [_customer(5, "Strandvejens Køkken ApS", corporateId="30000040")],
        ),
        (  # half filled, on both sides
            [_organisation(6, "Fyrtårnet Kontor A/S", OrganisationTelephone="", **{cvr: "30000059"})],
            [_customer(6, "Fyrtårnet Kontor A/S", corporateId="30000059", **{"mainAddress.city": ""})],
        ),
        (  # one name, written in two ways
            [_organisation(7, "Nordlys Møbler ApS", **{cvr: "30000067"})],
            [_customer(7, "NORDLYS MØBLER APS", corporateId="30000067")],
        ),
        ([_organisation(8, "Gammel Ven ApS", OrganisationType="Emne")], []),  # no customer, and none wanted
    ]


def _one_mail() -> tuple[list[Row], list[Row]]:
    """Two persons of the linked `Fyrtårnet Kontor` share the address of one contact."""
    mail = "kontor@fyrtaarnet.example"
    persons = [
        {
            "PersonId": FIRST_PERSON + at,
            "PersonOrganisationId": FIRST_CASE + 6,
            "PersonFirstName": first,
            "PersonLastName": "Vagt",
            "PersonEmail": mail,
            "PersonCustom1": "Yes",
        }
        for at, first in enumerate(("Dagny", "Nattie"))
    ]
    return persons, [{"businessAccount": "M0006", "firstName": "Dagny", "lastName": "Vagt", "email": mail}]


def _catalogue(sold: Row) -> tuple[list[Row], list[Row]]:
    """webCRM's catalogue holds one item that is sold and one that is discontinued; the ERP two more such."""
    known = (
        (sold["inventoryNumber"], sold["description"]),
        (DISCONTINUED[2], "Udgået lampe 3"),
    )
    rows = [
        {
            "QuotationLineLinkedDataItemId": FIRST_ITEM + at,
            "QuotationLineLinkedDataItemEntityType": "Product",
            "QuotationLineLinkedDataItemData1": number,
            "QuotationLineLinkedDataItemData2": text,
        }
        for at, (number, text) in enumerate(known)
    ]
    items = [
        {
            "inventoryNumber": number,
            "description": f"Udgået lampe {at}",
            "itemClass.id": "VARE",
            "status": "Inactive",
            "defaultPrice": 100,
            "currentCost": 60,
            "lastCost": 60,
            "baseUnit": "STK",
            "salesUnit": "STK",
        }
        for at, number in enumerate(DISCONTINUED, 1)
    ]
    return rows, items


def _old_deliveries(count: int, homes: list[int]) -> tuple[list[Row], list[Row]]:
    """One line each; numbers of an older system; the oldest first."""
    deliveries, lines = [], []
    for at in range(count):
        day = FIRST_DAY + timedelta(days=at * OLD_DAYS // count)
        stamp = f"{day.isoformat()}T09:00:00+00:00"
        home = homes[at % len(homes)]
        deliveries.append(
            {
                "DeliveryId": FIRST_DELIVERY + at,
                "DeliveryOrganisationId": home,
                "DeliveryNumber": f"GL-{at + 1:05d}",
                "DeliveryDescription": f"Gammel sag {at + 1}",
                "DeliveryOrderDate": stamp,
                "DeliveryCreatedAt": stamp,
                "DeliveryUpdatedAt": stamp,
            }
        )
        lines.append(
            {
                "QuotationLineOpportunityId": FIRST_DELIVERY + at,
                "QuotationLineOrganisationId": home,
                "QuotationLineLinkedDataId": FIRST_ITEM,
                "QuotationLineQuantity": 1 + at % 5,
                "QuotationLinePrice": 100,
                "QuotationLineCreatedAt": stamp,
                "QuotationLineUpdatedAt": stamp,
            }
        )
    return deliveries, lines
