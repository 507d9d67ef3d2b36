"""The ready-made rows of every entity and the longest texts of their fields (semantics §2).

`fixed` rows (the form's without a cross) cannot be removed; `ON` names those that apply unless a file
removes them; the others wait until a file names them with a webCRM field. A field that the tenant must
choose is `""` here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.model import Direction, Entity
from streamsync.sync.rows import Row

TO_CRM, TO_ERP, TWO_WAY = Direction.TO_CRM, Direction.TO_ERP, Direction.TWO_WAY
LINE = "line"
ADDRESS = ("addressLine1", "addressLine2", "addressLine3", "postalCode", "city", "country.id")

MAXIMA: Mapping[str, int] = MappingProxyType(
    {
        "OrganisationName": 200,
        "name": 60,
        "OrganisationAddress": 250,
        "mainAddress.addressLine1": 50,
        "mainAddress.addressLine2": 50,
        "mainAddress.addressLine3": 50,
        "mainAddress.postalCode": 20,
        "OrganisationCity": 50,
        "mainAddress.city": 50,
        "OrganisationTelephone": 50,
        "mainContact.phone1": 50,
        "OrganisationVatNumber": 50,
        "vatRegistrationId": 50,
        "corporateId": 50,
        "gln": 13,
        "OrganisationWww": 50,
        "invoiceAddress.addressLine1": 50,
        "invoiceAddress.addressLine2": 50,
        "invoiceAddress.addressLine3": 50,
        "deliveryAddress.addressLine1": 50,
        "deliveryAddress.addressLine2": 50,
        "deliveryAddress.addressLine3": 50,
        "DeliveryDescription": 255,
        "description": 255,
        "note": 2048,
        **{f"OrganisationExtraCustom{n}": 50 for n in range(1, 9)},
    }
)


def _row(
    id: str,
    crm: str | tuple[str, ...],
    erp: str | tuple[str, ...],
    direction: Direction,
    owner: str = "erp",
    *transforms: str,
    fixed: bool = False,
    feedback: bool = False,
    at_create: bool = False,
) -> Row:
    return Row(
        id=id,
        crm=(crm,) if isinstance(crm, str) else crm,
        erp=(erp,) if isinstance(erp, str) else erp,
        direction=direction,
        owner=owner,
        transforms=transforms,
        fixed=fixed,
        feedback=feedback,
        at_create=at_create,
    )


def _block(head: str) -> tuple[str, ...]:
    return tuple(f"{head}.{part}" for part in ADDRESS)


ORGANISATION = (
    _row("O1", "", "number", TO_CRM, "erp", "trim", fixed=True, feedback=True),
    _row("O2", "OrganisationName", "name", TWO_WAY, "erp", "single_line", "company_name", fixed=True),
    _row(
        "O3",
        "OrganisationAddress",
        tuple(f"mainAddress.addressLine{n}" for n in (1, 2, 3)),
        TWO_WAY,
        "erp",
        "address_lines",
    ),
    _row("O4", "OrganisationPostCode", "mainAddress.postalCode", TWO_WAY, "erp", "trim"),
    _row("O5", "OrganisationCity", "mainAddress.city", TWO_WAY, "erp", "trim"),
    _row("O6", "OrganisationTelephone", "mainContact.phone1", TWO_WAY, "newest", "phone"),
    _row("O7", "OrganisationVatGroup", "vatZone.id", TWO_WAY, "erp", "code(vat_zone)"),
    _row("O8", "OrganisationCountry", "mainAddress.country.id", TWO_WAY, "erp", "country(language)"),
    _row("O9", "OrganisationVatNumber", "vatRegistrationId", TWO_WAY, "erp", "vat(country, with_prefix)"),
    _row("O10", "", "corporateId", TWO_WAY, "erp", "company_number"),
    _row("O11", "", "gln", TWO_WAY, "erp", "digits"),
    _row("O12", "", "creditTerms.id", TWO_WAY, "erp", "code(credit_term)"),
    _row("O13", "", "currencyId", TWO_WAY, "erp", "currency"),
    _row("O14", "", "customerClass.id", TO_CRM, "erp", "code(customer_class)", at_create=True),
    _row("O15", "", "invoiceContact.email", TWO_WAY, "newest", "email"),
    _row("O16", "", "mainContact.email", TWO_WAY, "newest", "email"),
    _row("O17", "", _block("invoiceAddress"), TO_CRM, "erp", "address_block"),
    _row("O18", "", _block("deliveryAddress"), TO_CRM, "erp", "address_block"),
    _row("O19", "OrganisationWww", "mainContact.web", TWO_WAY, "crm", "url"),
    _row("O20", "", "mainContact.attention", TWO_WAY, "crm", "trim"),
    _row("O21", "", "status", TO_CRM),
    _row("O22", "", "creditLimit", TO_CRM, "erp", "money"),
    _row("O23", "", "balance", TO_CRM, "erp", "money"),
    _row("O24", "", "totalSaleYear", TO_CRM, "erp", "money"),
    _row("O25", "", "priceClass.id", TWO_WAY, "erp", "trim"),
)
PERSON = (
    _row(
        "P1",
        ("PersonFirstName", "PersonLastName"),
        ("firstName", "lastName"),
        TWO_WAY,
        "crm",
        "name",
        'mandatory("-")',
        fixed=True,
    ),
    _row("P3", "PersonEmail", "email", TWO_WAY, "crm", "email"),
    _row("P4", "PersonTitle", "position", TWO_WAY, "crm", "trim"),
    _row("P5", "PersonDirectPhone", "phone1", TWO_WAY, "crm", "phone"),
    _row("P6", "PersonMobilePhone", "phone2", TWO_WAY, "crm", "phone"),
    _row("P7", "", "contactId", TO_CRM, "erp", "integer", feedback=True),
    _row("P8", "PersonStatus", "active", TWO_WAY, "crm", "active_status"),
    _row("P9", "PersonSalutation", "title", TWO_WAY, "crm"),
)
ITEM = (
    _row("I1", "QuotationLineLinkedDataItemData1", "inventoryNumber", TO_CRM, "erp", "trim", fixed=True),
    _row("I2", "QuotationLineLinkedDataItemData2", "description", TO_CRM, "erp", "single_line"),
    _row("I3", "QuotationLineLinkedDataItemData4", "salesUnit", TO_CRM, "erp", "trim"),
    _row("I4", "QuotationLineLinkedDataItemCostPrice", "derived.cost", TO_CRM, "erp", "money"),
    _row("I5", "QuotationLineLinkedDataItemPrice", "derived.price", TO_CRM, "erp", "money"),
    _row("I6", "QuotationLineLinkedDataItemData3", "inventoryId", TO_CRM, "erp", "integer", fixed=True),
    _row("I7", "QuotationLineLinkedDataItemItemGroup", "itemClass.description", TO_CRM, "erp", "group_name"),
    _row("I8", "QuotationLineLinkedDataItemDataMemo", "body", TO_CRM, "erp", "html_text"),
    _row("I9", "QuotationLineLinkedDataItemVatCode", "vatCode.id", TO_CRM, "erp", "trim"),
    _row("I10", "", "derived.stock", TO_CRM, "erp", "money"),
    _row("I11", "", "derived.barcode", TO_CRM, "erp", "trim"),
)
DELIVERY = (
    _row("D1", "", "derived.referenceNumbers", TO_CRM, "erp", fixed=True, feedback=True),
    _row("D2", "", "type", TO_CRM, "erp", fixed=True, feedback=True, at_create=True),
    _row("D3", "DeliveryNumber", "derived.orderNbr", TO_CRM, "erp", fixed=True, feedback=True),
    _row("D4", "DeliveryDescription", "description", TWO_WAY, "crm", "trim"),
    _row("D5", "DeliveryOrderDate", "date", TWO_WAY, "crm", "date"),
    _row("D6", "", "requestOn", TWO_WAY, "crm", "date"),
    _row("D7", "", "derived.invoiceDate", TO_CRM, "erp", "date", feedback=True),
    _row("D8", "", "derived.booked", TO_CRM, "erp", "checkbox", feedback=True),
    _row("D9", "", "derived.word", TO_CRM, "erp", feedback=True),
    _row("D10", "", "derived.paid", TO_CRM, "erp", "checkbox", feedback=True),
    _row("D11", "", "derived.balance", TO_CRM, "erp", "money", feedback=True),
    _row("D12", "", "derived.dueDate", TO_CRM, "erp", "date", feedback=True),
    _row("D13", "", "customer.refNo", TWO_WAY, "crm", "trim"),
    _row("D14", "DeliveryNote", "note", TO_ERP, "crm"),
    _row("D15", "DeliveryPersonId", "customer.contactId", TWO_WAY, "crm"),
    _row("D16", "DeliveryCurrencyName", "currencyId", TO_CRM, "crm", "currency", at_create=True),
    _row("D17", "DeliveryResponsible", "salesPerson.id", TWO_WAY, "crm", "user"),
    _row("D18", "", "branch.id", TO_ERP, "crm", at_create=True),
    _row("D19", "DeliveryOrderValue", "derived.netTotal", TO_CRM, "erp", "money", fixed=True, feedback=True),
    _row("D20", "", "derived.orderTotal", TO_CRM, "erp", "money", feedback=True),
    _row("D21", "", "derived.message", TO_CRM, "erp", feedback=True),
    _row("D22", "DeliveryErpId", "derived.erpId", TO_CRM, "erp", fixed=True, feedback=True),
)
LINES = (
    _row("L1", "QuotationLineData1", "inventory.id", TWO_WAY, "erp", fixed=True),
    _row("L2", "QuotationLineQuantity", "quantity", TWO_WAY, "erp", "decimal(6)", fixed=True),
    _row("L3", "QuotationLinePrice", "unitPrice", TWO_WAY, "erp", "decimal(4)", fixed=True),
    _row("L4", "QuotationLineDiscount", "discountPercent", TWO_WAY, "erp", "decimal(4)", fixed=True),
    _row("L5", "QuotationLineMemo", "description", TWO_WAY, "erp", "trim"),
    _row("L6", "QuotationLineData4", "unitOfMeasure", TWO_WAY, "erp", "trim"),
    _row("L7", "QuotationLineVatPercentage", "taxCategoryId", TO_CRM, "erp"),
    _row("L8", "QuotationLineCostPrice", "unitCost", TO_CRM, "erp", "decimal(4)"),
    _row("L9", "QuotationLineSortOrder", "sortOrder", TO_CRM, "erp", "integer"),
)

ROWS: Mapping[str, tuple[Row, ...]] = MappingProxyType(
    {
        Entity.ORGANISATION.value: ORGANISATION,
        Entity.PERSON.value: PERSON,
        Entity.ITEM.value: ITEM,
        Entity.DELIVERY.value: DELIVERY,
        LINE: LINES,
    }
)
ON = frozenset(
    "O1 O2 O3 O4 O5 O6 O7 P1 P3 I1 I2 I3 I4 I5 I6 D1 D2 D3 D4 D5 D15 D19 D22 L1 L2 L3 L4 L5 L6 L7 L8"
    " L9".split()
)
SETTING_FIELDS: Mapping[str, str] = MappingProxyType({"O1": "number_field", "P7": "contact_id_field"})
"""Rows whose webCRM field is a setting of the entity."""
LAYOUT_FIELDS: Mapping[str, str] = MappingProxyType(
    {"I1": "id", "I2": "name", "I3": "unit", "I6": "internal"}
)
"""Rows whose webCRM field is a part of `item.layout`."""


def ready_made(section: str, id: str) -> Row | None:
    """The ready-made row of a section (`organisation`, …, `line`) with this id."""
    return next((row for row in ROWS[section] if row.id == id), None)
