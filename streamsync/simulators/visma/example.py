"""The example company's books: the look-ups that every fresh world has, as rows of their read shapes.
Read-only.

Kunde A/S of the vendor document is a customer to be; what waits for it is here: class 1, terms, zones,
VAT, Produkt 1. Rows are given out as they are: no caller may change them.
"""

from decimal import Decimal
from typing import Any

Row = dict[str, Any]

COMPANY_NAME = "Eksempelfirma A/S"
STAMP = "2026-01-05T08:00:00.123"
COUNTRIES = {
    "DK": "Denmark",
    "NO": "Norway",
    "SE": "Sweden",
    "FI": "Finland",
    "DE": "Germany",
    "GB": "United Kingdom",
    "NL": "Netherlands",
    "FR": "France",
    "ES": "Spain",
    "IT": "Italy",
    "PL": "Poland",
    "IS": "Iceland",
    "FO": "Faroe Islands",
    "GL": "Greenland",
    "EE": "Estonia",
    "LV": "Latvia",
    "LT": "Lithuania",
    "BE": "Belgium",
    "AT": "Austria",
    "CH": "Switzerland",
    "IE": "Ireland",
    "US": "United States",
}
RATES = {"DKK": Decimal(1), "NOK": Decimal("0.64"), "SEK": Decimal("0.65"), "EUR": Decimal("7.46")}
CLASSES = {"1": ("Indenlandske kunder", "01"), "2": ("Udenlandske kunder", "02"), "3": ("Uden zone", "")}
ZONES = {"01": "Indland", "02": "EU", "03": "Eksport"}
TERMS = {"07": 7, "14": 14, "30": 30}
VAT = {"3": ("25 % moms", Decimal(25)), "0": ("Momsfri", Decimal(0))}
SALESPERSONS = {"1": "Maja Eksempel", "2": "Bjørn Prøve"}
WAREHOUSES = {"1": "Hovedlager", "2": "Butik"}
BRANCHES = {"1": "Hovedkontor"}
PRICE_CLASSES = {"STD": "Standard"}
PROJECTS = {"X": "Intet projekt"}
ACCOUNTS = {"1010": "Salg", "1020": "Salg udland", "1030": "Fragt"}
UNITS = ("STK", "TIME", "KG", "M", "PAKKE", "KASSE")
ITEM_CLASSES = {
    "VARE": ("Handelsvarer", "FinishedGoodItem"),
    "YDELSE": ("Ydelser", "ServiceItem"),
    "DIVERSE": ("Diverse", "NonStockItem"),
}
ORDER_TYPES = {
    "SO": ("Salgsordre", "SalesOrder", "Invoice", "Issue"),
    "IN": ("Faktura", "Invoice", "Invoice", "Issue"),
    "QT": ("Tilbud", "Quote", "NoUpdate", "Issue"),
    "CM": ("Kreditnota", "CreditMemo", "CreditMemo", "Receipt"),
}
NO_PAGES = {"totalCount": 0, "maxPageSize": 0}
_MARKER_ATTRIBUTE: Row = {
    "attributeId": "WEBCRMID",
    "description": "webCRM",
    "sortOrder": 1,
    "required": False,
    "attributeType": "Text",
    "defaultValue": "",
    "details": [],
}
_SEGMENT_ATTRIBUTE: Row = {
    **_MARKER_ATTRIBUTE,
    "attributeId": "SEGMENT",
    "description": "Segment",
    "sortOrder": 2,
}
ATTRIBUTE_IDS = {"WEBCRMID", "SEGMENT"}


def country(id: str) -> Row | None:
    if not id:
        return None
    return {"id": id, "name": COUNTRIES.get(id, id), "errorInfo": "", "metadata": NO_PAGES}


def vat_zone(id: str) -> Row | None:
    """As it stands inside a customer."""
    if not id:
        return None
    tax = {"number": "3", "description": VAT["3"][0]}
    return {
        "id": id,
        "description": ZONES.get(id, id),
        "defaultVatCategory": "",
        "defaultTaxCategory": tax,
        "errorInfo": "",
        "metadata": NO_PAGES,
    }


def vat_rate(category: str, zone: str) -> Decimal:
    """Percent; only at home is there VAT on a sale."""
    return VAT[category][1] if zone in ("", "01") and category in VAT else Decimal(0)


def named(id: str, names: dict[str, str]) -> Row | None:
    """`{id, description}`, or nothing."""
    return {"id": id, "description": names.get(id, id)} if id else None


def term_text(id: str) -> str:
    return f"{TERMS[id]} dage netto" if id in TERMS else id


def branch(number: str) -> Row:
    return {"number": number, "name": BRANCHES.get(number, number)}


def account(number: str) -> Row:
    return {
        "type": "Income",
        "externalCode1": None,
        "externalCode2": None,
        "active": True,
        "number": number,
        "description": ACCOUNTS.get(number, number),
    }


def customer_classes() -> list[Row]:
    return [
        {
            "id": ident,
            "description": text,
            "taxZoneId": zone,
            "requiredTaxzoneId": not zone,
            "paymentMethodId": "10",
            "attributes": [_MARKER_ATTRIBUTE, _SEGMENT_ATTRIBUTE],
        }
        for ident, (text, zone) in CLASSES.items()
    ]


def vat_categories() -> list[Row]:
    return [
        {
            "vatCategoryId": ident,
            "description": text,
            "active": True,
            "excludeListedTaxes": False,
            "lastModifiedDateTime": STAMP,
            "vatCategoryLines": [
                {
                    "vatId": ident,
                    "description": text,
                    "type": "Vat",
                    "calculateOn": "ItemAmount",
                    "cashDiscount": "NoAdjust",
                    "vendorCd": None,
                    "vatRates": [
                        {
                            "revisionID": "1",
                            "startDate": "2000-01-01T00:00:00",
                            "vatRate": rate,
                            "groupType": "Output",
                        }
                    ],
                }
            ],
        }
        for ident, (text, rate) in VAT.items()
    ]


def vat_zones() -> list[Row]:
    return [zone for zone in map(vat_zone, ZONES) if zone]


def credit_terms(terms: dict[str, int]) -> list[Row]:
    return [
        {
            "termsId": ident,
            "description": f"{days} dage netto",
            "visibleTo": "AL",
            "dueDateType": "N",
            "dueDay1": days,
            "discountPercent": Decimal(0),
            "discountDay": 0,
            "instalmentType": "S",
            "instalmentsSchedule": [],
            "createdDateTime": STAMP,
            "lastModifiedDateTime": STAMP,
        }
        for ident, days in terms.items()
    ]


def salespersons() -> list[Row]:
    return [
        {
            "salespersonID": ident,
            "name": name,
            "isActive": True,
            "commissionPct": Decimal(0),
            "customers": [],
            "commissionHistory": [],
            "createdDateTime": STAMP,
            "lastModifiedDateTime": STAMP,
            "errorInfo": "",
        }
        for ident, name in SALESPERSONS.items()
    ]


def currencies() -> list[Row]:
    symbols = {"DKK": "kr.", "NOK": "kr", "SEK": "kr", "EUR": "€"}
    return [
        {
            "id": ident,
            "description": ident,
            "symbol": symbols[ident],
            "decimalPrecision": 2,
            "isBaseCurrency": ident == "DKK",
            "isUsedForAccounting": True,
        }
        for ident in RATES
    ]


def _address() -> Row:
    return {
        "addressId": 1,
        "addressLine1": "Prøvevej 1",
        "addressLine2": None,
        "addressLine3": None,
        "postalCode": "8000",
        "city": "Aarhus C",
        "country": country("DK"),
        "county": None,
    }


def branches() -> list[Row]:
    return [
        {
            "branchId": at,
            "number": number,
            "name": name,
            "isActive": True,
            "isMainBranch": at == 1,
            "organizationId": 1,
            "corporateId": "99999999",
            "vatRegistrationId": "DK99999999",
            "mainAddress": _address(),
            "currency": {"id": "DKK", "description": "DKK", "symbol": "kr."},
            "lastModifiedDateTime": STAMP,
        }
        for at, (number, name) in enumerate(BRANCHES.items(), 1)
    ]


def organizations() -> list[Row]:
    return [
        {
            "organizationCd": "1",
            "name": COMPANY_NAME,
            "organizationType": "Organization",
            "baseCurrency": "DKK",
            "corporateId": "99999999",
            "vatRegistrationId": "DK99999999",
            "mainAddress": _address(),
            "branches": [branch(number) for number in BRANCHES],
            "lastModifiedDateTime": STAMP,
        }
    ]


def warehouses() -> list[Row]:
    return [
        {"warehouseID": ident, "description": text, "active": True, "branch": branch("1"), "locations": []}
        for ident, text in WAREHOUSES.items()
    ]


def units() -> list[Row]:
    return [
        {"fromUnit": unit, "toUnit": unit, "unitMultDiv": "Multiply", "unitRate": Decimal(1)}
        for unit in UNITS
    ]


def order_types() -> list[Row]:
    return [
        {
            "orderType": ident,
            "description": text,
            "behavior": behavior,
            "customerDocumentType": document,
            "defaultOperation": operation,
            "active": True,
            "errorInfo": "",
        }
        for ident, (text, behavior, document, operation) in ORDER_TYPES.items()
    ]


def item_class(id: str) -> Row | None:
    if id not in ITEM_CLASSES:
        return None
    text, kind = ITEM_CLASSES[id]
    return {"id": id, "description": text, "type": kind, "attributes": []}


def item_classes() -> list[Row]:
    return [row for row in map(item_class, ITEM_CLASSES) if row]


ITEMS: list[Row] = [
    {
        "inventoryNumber": "10",
        "description": "Produkt 1",
        "type": "ServiceItem",
        "itemClass.id": "YDELSE",
        "defaultPrice": Decimal(500),
        "recommendedPrice": Decimal(0),
        "currentCost": Decimal(0),
        "lastCost": Decimal(0),
    },
    {
        "inventoryNumber": "LAMPE-01",
        "description": "Testlampe 40W",
        "type": "FinishedGoodItem",
        "itemClass.id": "VARE",
        "defaultPrice": Decimal(199),
        "recommendedPrice": Decimal(249),
        "currentCost": Decimal(80),
        "lastCost": Decimal(80),
        "stock": Decimal(12),
    },
]
