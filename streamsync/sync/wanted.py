"""Which field paths are read and kept, per side and kind: mapped ones and the technical ones that decisions
need (security D7).

Pure. Only paths that a kind has: the adapters refuse others. Header and line paths of documents stand in
one set.
"""

from collections.abc import Iterable, Mapping

from streamsync.model import Entity, Kind, Side
from streamsync.sync import identity, item, matching, organisation_rows
from streamsync.sync.rows import Row
from streamsync.sync.rules import Rules

Wanted = Mapping[tuple[Side, Kind], frozenset[str]]

_ORGANISATION_CRM = (
    "OrganisationId OrganisationName OrganisationDivisionName OrganisationPostCode"
    " OrganisationCountry OrganisationType"
    " OrganisationStatus OrganisationUpdatedAt"
).split()
_CUSTOMER = (
    "internalId number name status customerClass.id mainAddress.postalCode mainAddress.country.id corporateId"
    " vatRegistrationId gln mainContact.contactId invoiceContact.contactId deliveryContact.contactId"
    " currencyId"
).split()
_PERSON_CRM = (
    "PersonId PersonOrganisationId PersonFirstName PersonLastName PersonEmail PersonEmail2 PersonStatus"
    " PersonUpdatedAt"
).split()
_CONTACT = "contactId firstName lastName email active businessAccount businessAccountType displayName".split()
_ITEM_CRM = (
    "QuotationLineLinkedDataItemId QuotationLineLinkedDataItemPrice QuotationLineLinkedDataItemCostPrice"
    " QuotationLineLinkedDataItemEntityType"
).split()
_INVENTORY = (
    "inventoryNumber inventoryId description status type stockItem baseUnit salesUnit defaultPrice"
    " recommendedPrice"
    " currentCost lastCost itemClass.id inventoryUnits"
).split()
_DELIVERY = (
    "DeliveryId DeliveryOrganisationId DeliveryPersonId DeliveryNumber DeliveryErpId DeliveryErpStatus"
    " DeliveryErpSyncDateTime DeliveryStatus DeliveryOrderDate DeliveryOrderValue DeliveryDiscount"
    " DeliveryCreatedAt"
    " DeliveryWonDate DeliveryUpdatedAt DeliveryCurrencyName DeliveryDescription"
).split()
_LINE_CRM = (
    "QuotationLineId QuotationLineOpportunityId QuotationLineOrganisationId"
    " QuotationLineLinkedDataId QuotationLineQuantity"
    " QuotationLinePrice QuotationLineListPrice QuotationLineCostPrice QuotationLineDiscount"
    " QuotationLineVatPercentage"
    " QuotationLineMemo QuotationLineSortOrder QuotationLineUpdatedAt"
).split()
_ORDER = (
    "type orderId status date requestOn description note currencyId customer.id customer.internalId"
    " customer.order"
    " customer.refNo customer.contactId salesPerson.id branch.id project.id totals.orderTotal totals.taxTotal"
    " totals.taxableTotal totals.orderTotalInBaseCurrency"
    " financialInformation.invoiceId shipments lastModified"
).split()
_ORDER_LINE = (
    "inventory.id description quantity unitPrice discountPercent discountAmount unitOfMeasure"
    " unitCost taxCategoryId"
    " warehouseId sortOrder externalLink quantityOnShipments billedQuantity completed openQuantity"
    " hasManualPrice"
    " hasManualDiscount freeItem note lineType extendedPrice operation"
).split()
_INVOICE = (
    "documentType referenceNumber status documentDate documentDueDate customer.number"
    " externalReference customerRefNumber"
    " invoiceText note currencyId amount amountInCurrency balance balanceInCurrency vatTotalInCurrency"
    " vatTaxableTotalInCurrency vatExemptTotalInCurrency contact.id salesPersonID branchNumber.number"
    " hold revoked"
    " lastModifiedDateTime applications taxDetails"
).split()
_INVOICE_BARE = "vatTotal vatTaxableTotal vatExemptTotal".split()  # `visma.in_currency = base` reads these
_INVOICE_LINE = (
    "inventoryNumber description quantity unitPrice unitPriceInCurrency discountPercent"
    " discountAmountInCurrency uom"
    " vatCode.id soOrderType soOrderNbr soShipmentNbr amountInCurrency cost lineType account.number"
    " externalLink"
    " note"
).split()
_ELSEWHERE = organisation_rows.BALANCE


def wanted(rules: Rules) -> Wanted:
    """`(side, kind)` to the paths to extract."""
    org, person, delivery = rules.organisation, rules.person, rules.delivery
    crm: dict[Kind, Iterable[str]] = {
        Kind.ORGANISATION: (
            *_ORGANISATION_CRM,
            *_crm(org.map),
            org.number_field,
            org.marker_field,
            matching.crm_field("O10", rules),
            matching.crm_field("O9", rules),
        ),
        Kind.PERSON: (
            *_PERSON_CRM,
            *_crm(person.map),
            person.relevant_field,
            person.marker_field,
            person.contact_id_field,
            org.attention_from,
        ),
        Kind.ITEM: (*_ITEM_CRM, *item.DATA, *item.EMPTY_TEXTS, *_crm(rules.item.map)),
        Kind.DELIVERY: (
            *_DELIVERY,
            *_crm(delivery.map),
            delivery.status_field,
            delivery.message_field,
            delivery.trigger_field,
            delivery.cancel_field,
            "DeliveryErpReadOnly" if delivery.erp_read_only != "never" else "",
        ),
        Kind.LINE: (
            *_LINE_CRM,
            *(f"QuotationLineData{number}" for number in range(1, 10)),
            *_crm(rules.line.map),
            rules.line.key_field,
        ),
    }
    erp: dict[Kind, Iterable[str]] = {
        Kind.ORGANISATION: (*_CUSTOMER, *_erp(organisation_rows.rows(rules)), identity.attribute(rules)),
        Kind.PERSON: (*_CONTACT, *_erp(person.map)),
        Kind.BALANCE: _ELSEWHERE.intersection(path for row in org.map for path in row.erp),
        Kind.ITEM: (*_INVENTORY, *_erp(rules.item.map), *_derived_items(rules.item.map)),
        Kind.ORDER: (*_ORDER, *_ORDER_LINE, *_erp(rules.rows(Entity.DELIVERY)), *_erp(rules.line.map)),
        Kind.INVOICE: (
            *_INVOICE,
            *_INVOICE_LINE,
            *(_INVOICE_BARE if rules.visma.in_currency == "base" else ()),
        ),
    }
    out = {(Side.CRM, kind): frozenset(filter(None, paths)) for kind, paths in crm.items()}
    return out | {(Side.ERP, kind): frozenset(filter(None, paths)) for kind, paths in erp.items()}


def _crm(rows: Iterable[Row]) -> list[str]:
    return [name for row in rows for name in row.crm]


def _erp(rows: Iterable[Row]) -> list[str]:
    return [
        path for row in rows for path in row.erp if not path.startswith("derived.") and path not in _ELSEWHERE
    ]


def _derived_items(rows: Iterable[Row]) -> list[str]:
    """The lists that stock and barcode are taken from, only where they are mapped."""
    paths = {path for row in rows for path in row.erp}
    sources = {"derived.stock": "warehouseDetails", "derived.barcode": "crossReferences"}
    return [source for path, source in sources.items() if path in paths]
