"""How one webCRM system is configured: custom fields, dropdown options, currencies, users, linked-data
set-up.

`default_tenant` is the one the generators, the demo and the tests share. Facts: webcrm-api §9.1 (kinds of
custom fields and their values), §10.5 (LinkedSetup). People are invented.
"""

from typing import Literal

import babel
import msgspec

Kind = Literal["text", "int", "date", "email", "checkbox", "list", "multi", "memo"]

UNSET = {
    "da": "-- vælg --",
    "no": "-- velg --",
    "nb": "-- velg --",
    "sv": "-- välj --",
    "fi": "-- valitse --",
    "de": "-- wählen --",
    "en": "-- select --",
}
COUNTRIES = (
    "DK",
    "NO",
    "SE",
    "FI",
    "IS",
    "FO",
    "GL",
    "DE",
    "NL",
    "BE",
    "FR",
    "GB",
    "IE",
    "ES",
    "IT",
    "PL",
    "US",
    "CH",
)


class Field(msgspec.Struct, kw_only=True):
    """One configured field. `options`: exact texts, the first is the default; `codes`: what stands on the
    wire instead."""

    kind: Kind = "text"
    label: str
    options: list[str] = []
    codes: list[str] = []
    unique: bool = False
    mandatory: bool = False
    maximum: int = 50

    def wire_values(self) -> list[str]:
        return self.codes or self.options

    def empty(self) -> str:
        """What a record shows that never had a value."""
        match self.kind:
            case "list":
                return self.wire_values()[0]
            case "checkbox":
                return "No"
            case "int":
                return "0"
            case "multi":
                return "[]"
            case _:
                return ""


class User(msgspec.Struct, kw_only=True):
    id: int
    name: str
    initials: str
    email: str
    active: bool = True
    integration_id: str = ""


class Tenant(msgspec.Struct, kw_only=True):
    """`fields` by DTO name: custom fields, and standard members that are dropdowns."""

    system_id: int
    system_name: str
    language: str
    fields: dict[str, Field]
    labels: dict[str, str]
    users: list[User]
    linked_setup: dict[str, object]
    levels: list[str]

    @property
    def linked_data(self) -> bool:
        """Whether lines must name a product (webcrm-api §10.4)."""
        prefix = "QuotationLineLinkedSetupUseLinkedField"
        return any(on for name, on in self.linked_setup.items() if name.startswith(prefix))

    @property
    def unset(self) -> str:
        return UNSET.get(self.language, UNSET["en"])


def choice(label: str, options: list[str]) -> Field:
    return Field(kind="list", label=label, options=options)


def text(label: str, *, unique: bool = False) -> Field:
    return Field(label=label, unique=unique)


def country_names(language: str) -> list[str]:
    """The country list of a system in its language, as people read it."""
    locale = babel.Locale.parse("nb" if language == "no" else language)
    return sorted(locale.territories[code] for code in COUNTRIES)


def default_tenant(language: str = "da") -> Tenant:
    """The system of the vendor document's pictures, with the fields streamsync's default rules want to
    map."""
    unset = UNSET.get(language, UNSET["en"])
    tick: Kind = "checkbox"
    fields = {
        "OrganisationType": choice("Type", [unset, "Kunde", "Emne", "Leverandør", "Partner"]),
        "OrganisationStatus": choice("Status", [unset, "A Kunde", "B Kunde", "Passiv"]),
        "OrganisationIndustry": choice("Branche", [unset, "Bygge og anlæg", "Handel", "Industri", "Service"]),
        "OrganisationCountry": choice("Land", [unset, *country_names(language)]),
        "OrganisationExtraCustom1": text("CVR"),
        "OrganisationExtraCustom2": text("Debitornr."),
        "OrganisationExtraCustom3": text("EAN"),
        "OrganisationExtraCustom8": text("ERP nøgle", unique=True),
        "OrganisationCustom1": choice(
            "Betalingsbetingelser", [unset, "07: 7 dage", "14: 14 dage", "30: 30 dage"]
        ),
        "OrganisationCustom2": choice("Foretrukken valuta", [unset, "DKK", "NOK", "SEK", "EUR"]),
        "OrganisationCustom3": choice("Debitorgruppe", [unset, "1: Indland", "2: EU", "3: Udland"]),
        "OrganisationCustom4": Field(kind="email", label="Faktura e-mail", maximum=100),
        "OrganisationCustom5": Field(kind="memo", label="Fakturaadresse", maximum=0),
        "OrganisationCustom6": Field(kind="multi", label="Interesser", options=["01: Golf", "02: Sejlsport"]),
        "OrganisationCustom7": text("ERP-status"),
        "PersonCustom1": Field(kind=tick, label="Relevant for ERP"),
        "PersonCustom2": text("ERP nøgle"),
        "PersonCustom3": text("Kontakt-ID"),
        "PersonCustom4": Field(kind=tick, label="Er nøgleperson"),
        "DeliveryCustom1": text("Fakturanr."),
        "DeliveryCustom2": choice("Ordretype", [unset, "SO", "IN"]),
        "DeliveryCustom3": Field(kind="date", label="Fakturadato"),
        "DeliveryCustom4": Field(kind=tick, label="Bogført"),
        "DeliveryCustom5": choice("ERP-status", [unset, "Afventer", "Godkendt", "Betalt", "Annulleret"]),
        "DeliveryCustom6": Field(label="ERP-besked", maximum=255),
        "DeliveryCustom7": Field(kind=tick, label="Betalt"),
        "DeliveryCustom8": text("Kundens reference"),
        "DeliveryCustom9": Field(kind="date", label="Leveringsdato"),
    }
    for deal in ("Delivery", "Opportunity"):
        fields[f"{deal}CurrencyName"] = Field(
            kind="list", label="Valuta", options=["DKK", "NOK", "SEK", "EUR"], codes=["00", "01", "02", "03"]
        )
    return Tenant(
        system_id=4711,
        system_name="kunde-demo",
        language=language,
        fields=fields,
        labels=dict(LABELS),
        users=[
            User(id=11, name="Mette Sandgaard", initials="MS", email="mette@webcrm.example"),
            User(
                id=12, name="Jonas Lindhøj", initials="JL", email="jonas@webcrm.example", integration_id="22"
            ),
            User(id=13, name="Tidligere Kollega", initials="TK", email="tk@webcrm.example", active=False),
        ],
        linked_setup=_linked_setup(),
        levels=["Emne", "Tilbud", "Forhandling", "Vundet"],
    )


def _linked_setup() -> dict[str, object]:
    prefix = "QuotationLineLinkedSetup"
    setup: dict[str, object] = {
        prefix + "Id": 1,
        prefix + "CostPriceLabel": "Kostpris",
        prefix + "ListPriceLabel": "Listepris",
        prefix + "PriceLabel": "Pris",
        prefix + "QuantityLabel": "Mængde",
        prefix + "EntityType": "Product",
        prefix + "LinkMode": "Regular",
        prefix + "LookupMode": "DropdownLists",
        prefix + "CostPriceEditMode": "Always",
        prefix + "IsUniqueValueRequired": False,
        prefix + "UseItemGroup": True,
        prefix + "MemoField": 0,
    }
    for on in (
        "CostPrice",
        "ListPrice",
        "Quantity",
        "Discount",
        "PriceLine",
        "PriceTotal",
        "Vat",
        "VatPerLine",
    ):
        setup[f"{prefix}Use{on}"] = True
    for off in ("IntegerPrice", "IntegerQuantity", "IntegerDiscount"):
        setup[f"{prefix}Use{off}"] = False
    for n in range(1, 10):
        setup[f"{prefix}UseLinkedField{n}"] = n <= 4
        setup[f"{prefix}Field{n}"] = n if n <= 4 else 0
    return setup


LABELS = {
    "OrganisationName": "Organisation navn",
    "OrganisationDivisionName": "Divisionsnavn",
    "OrganisationTelephone": "Telefon",
    "OrganisationComment": "Kommentar",
    "OrganisationOwner": "Ansvarlig",
    "OrganisationOwner2": "2. ansvarlig",
    "OrganisationAddress": "Adresse",
    "OrganisationPostCode": "Postnummer",
    "OrganisationCity": "By",
    "OrganisationAlert": "Obs-tekst",
    "OrganisationWww": "Hjemmeside",
    "OrganisationVatGroup": "Momsgruppe",
    "OrganisationVatNumber": "Momsnummer",
    "PersonFirstName": "Fornavn",
    "PersonLastName": "Efternavn",
    "PersonEmail": "E-mail",
    "PersonTitle": "Jobtitel",
    "PersonDirectPhone": "Direkte telefon",
    "PersonMobilePhone": "Mobil",
    "DeliveryNumber": "Nummer",
    "DeliveryDescription": "Beskrivelse",
    "DeliveryOrderDate": "Ordredato",
    "DeliveryOrderValue": "Ordreværdi",
    "DeliveryResponsible": "Ansvarlig",
    "ProductCustom1": "Varenummer",
    "ProductCustom2": "Varenavn",
    "ProductCustom3": "Intern id",
    "ProductCustom4": "Enhed",
}
