"""The write shapes of the finance host (visma-api §3.1, §4.1-§4.6): which properties exist, wrapped how,
how long.

Lengths are those of the database columns as far as visma-api or semantics §2 name them; the host
publishes none.
"""

from streamsync.simulators.visma.shapes import Anything, Day, Flag, Group, Number, Rows, Shape, Text, Wrapped

CUSTOMER_STATUSES = ("Active", "OnHold", "CreditHold", "Inactive", "OneTime")
ITEM_STATUSES = ("Active", "NoSales", "NoPurchases", "NoRequest", "Inactive", "MarkedForDeletion", "Unknown")
ITEM_TYPES = (
    "NonStockItem",
    "LaborItem",
    "ServiceItem",
    "ChargeItem",
    "ExpenseItem",
    "FinishedGoodItem",
    "ComponentPartItem",
    "SubassemblyItem",
)
DOCUMENT_STATUSES = (
    "Hold",
    "Balanced",
    "Voided",
    "Scheduled",
    "Open",
    "Closed",
    "PendingPrint",
    "PendingEmail",
    "CreditHold",
    "CcHold",
    "Reserved",
)
DOCUMENT_TYPES = (
    "Invoice",
    "DebitNote",
    "CreditNote",
    "Payment",
    "VoidPayment",
    "Prepayment",
    "Refund",
    "FinCharge",
    "SmallBalanceWo",
    "SmallCreditWo",
    "CashSale",
    "CashReturn",
    "Undefined",
    "NoUpdate",
)


def _text(most: int | None = None) -> Wrapped:
    return Wrapped(Text(most))


def _one_of(*choices: str) -> Wrapped:
    return Wrapped(Text(choices=choices))


_FLAG = Wrapped(Flag())
_DAY = Wrapped(Day())
_NUMBER = Wrapped(Number())
_WHOLE = Wrapped(Number(whole=True))
_SHORT = Wrapped(Number(whole=True, low=-32768, high=32767))

_ADDRESS: dict[str, Shape] = {
    "addressLine1": _text(50),
    "addressLine2": _text(50),
    "addressLine3": _text(50),
    "postalCode": _text(20),
    "city": _text(50),
    "countryId": _text(2),
    "county": _text(50),
}
_PERSON: dict[str, Shape] = {
    "name": _text(255),
    "attention": _text(255),
    "email": _text(255),
    "web": _text(255),
    "phone1": _text(50),
    "phone2": _text(50),
    "fax": _text(50),
}
ADDRESS = Wrapped(Group(_ADDRESS))
CONTACT_INFO = Wrapped(Group(_PERSON))
ATTRIBUTES = Rows(
    Group(
        {"attributeId": _text(10), "attributeValue": _text(255)}, required=("attributeId", "attributeValue")
    )
)
_SEGMENTS = Rows(Group({"segmentId": Number(whole=True), "segmentValue": Text(30)}))

CUSTOMER = Group(
    {
        "number": _text(10),
        "name": _text(60),
        "status": _one_of(*CUSTOMER_STATUSES),
        "note": _text(),
        "accountReference": _text(50),
        "parentRecordNumber": _text(10),
        "customerClassId": _text(10),
        "creditTermsId": _text(10),
        "currencyId": _text(5),
        "creditLimit": _NUMBER,
        "creditDaysPastDue": _SHORT,
        "creditVerification": _one_of("Disabled", "DaysPastDue", "CreditLimit", "LimitAndDaysPastDue"),
        "statementType": _one_of("OpenItem", "BalanceBroughtForward"),
        "corporateId": _text(50),
        "vatRegistrationId": _text(50),
        "vatZoneId": _text(10),
        "gln": _text(13),
        "priceClassId": _text(10),
        "mainAddress": ADDRESS,
        "invoiceAddress": ADDRESS,
        "deliveryAddress": ADDRESS,
        "mainContact": CONTACT_INFO,
        "invoiceContact": CONTACT_INFO,
        "deliveryContact": CONTACT_INFO,
        "attributeLines": ATTRIBUTES,
        "overrideNumberSeries": _FLAG,
        "overrideWithClassValues": Flag(),
        "acceptAutoInvoices": _FLAG,
        "invoiceToDefaultLocation": _FLAG,
        "printInvoices": _FLAG,
        "printMultiCurrencyStatements": _FLAG,
        "printStatements": _FLAG,
        "sendInvoicesByEmail": _FLAG,
        "sendStatementsByEmail": _FLAG,
        "sendDunningLettersViaEMail": _FLAG,
        "printDunningLetters": _FLAG,
        "excludeDebtCollection": _FLAG,
        "numberOfEmployees": _WHOLE,
        "defaultPaymentMethod": Wrapped(Anything()),
        "directDebitLines": Rows(Anything()),
        "eInvoiceContract": Wrapped(Anything()),
        "glAccounts": Wrapped(Anything()),
    }
)

CONTACT = Group(
    {
        "active": _FLAG,
        "businessAccount": _text(10),
        "sameAsAccount": _FLAG,
        "firstName": _text(50),
        "lastName": _text(100),
        "email": _text(255),
        "fax": _text(50),
        "phone1": _text(50),
        "phone2": _text(50),
        "phone3": _text(50),
        "position": _text(255),
        "web": _text(255),
        "address": ADDRESS,
        "title": _one_of("Doctor", "Miss", "Mr", "Mrs", "Ms", "Prof"),
        "contactMethod": _one_of("Any", "Email", "Mail", "Fax", "Phone"),
        "doNotCall": _FLAG,
        "doNotEmail": _FLAG,
        "doNotFax": _FLAG,
        "doNotMail": _FLAG,
        "noMarketing": _FLAG,
        "noMassMail": _FLAG,
    }
)

INVENTORY = Group(
    {
        "inventoryNumber": _text(30),
        "description": _text(255),
        "body": _text(),
        "note": _text(),
        "status": _one_of(*ITEM_STATUSES),
        "type": _one_of(*ITEM_TYPES),
        "itemClass": _text(10),
        "vatCode": _text(10),
        "postingClass": _text(10),
        "defaultPrice": _NUMBER,
        "baseUnit": _text(6),
        "salesUnit": _text(6),
        "purchaseUnit": _text(6),
        "kitItem": _FLAG,
        "attributeLines": ATTRIBUTES,
        "defaultWarehouse": _text(30),
        "defaultIssueFrom": _text(30),
        "defaultReceiptTo": _text(30),
        "cogsAccount": _text(10),
        "expenseAccount": _text(10),
        "expenseAccrualAccount": _text(10),
        "expenseEuAccount": _text(10),
        "expenseImportAccount": _text(10),
        "expenseNonTaxableAccount": _text(10),
        "inventoryAccount": _text(10),
        "salesAccount": _text(10),
        "salesEuAccount": _text(10),
        "salesExportAccount": _text(10),
        "salesNonTaxableAccount": _text(10),
        "cogsSubaccount": _SEGMENTS,
        "expenseSubaccount": _SEGMENTS,
        "salesSubaccount": _SEGMENTS,
        "intrastat": Anything(),
        "packaging": Anything(),
        "supplierDetails": Rows(Anything()),
        "crossReferences": Rows(Text()),
    }
)

INVOICE_LINE = Group(
    {
        "operation": Text(choices=("Insert", "Update", "Delete")),
        "lineNumber": _WHOLE,
        "inventoryNumber": _text(30),
        "description": _text(256),
        "quantity": _NUMBER,
        "unitPriceInCurrency": _NUMBER,
        "manualAmountInCurrency": _NUMBER,
        "discountPercent": _NUMBER,
        "discountAmountInCurrency": _NUMBER,
        "manualDiscount": _FLAG,
        "discountCode": _text(10),
        "uom": _text(6),
        "accountNumber": _text(10),
        "vatCodeId": _text(10),
        "note": _text(),
        "branchNumber": _text(30),
        "salesperson": _text(15),
        "taskId": _text(30),
        "deferralCode": _text(10),
        "deferralSchedule": _WHOLE,
        "domesticServicesDeductible": _FLAG,
        "itemType": _one_of("Service", "MaterialCost", "OtherCost"),
        "typeOfWork": _text(),
        "subaccount": _SEGMENTS,
        "startDate": _DAY,
        "endDate": _DAY,
        "termStartDate": _DAY,
        "termEndDate": _DAY,
    }
)

INVOICE = Group(
    {
        "customerNumber": _text(10),
        "referenceNumber": _text(15),
        "overrideNumberSeries": _FLAG,
        "hold": _FLAG,
        "documentDate": _DAY,
        "documentDueDate": _DAY,
        "cashDiscountDate": _DAY,
        "origInvoiceDate": _DAY,
        "startDate": _DAY,
        "endDate": _DAY,
        "financialPeriod": _text(6),
        "postPeriod": _text(6),
        "currencyId": _text(5),
        "exchangeRate": _NUMBER,
        "creditTermsId": _text(10),
        "externalReference": _text(40),
        "customerRefNumber": _text(40),
        "paymentReference": _text(40),
        "invoiceText": _text(255),
        "note": _text(),
        "contact": _WHOLE,
        "branchNumber": _text(30),
        "locationId": _text(30),
        "project": _text(30),
        "salesPersonID": _WHOLE,
        "salesperson": _text(15),
        "customerVatZoneId": _text(10),
        "customerProject": _text(),
        "accountingCostRef": _text(),
        "contractDocRef": _text(),
        "originatorDocRef": _text(),
        "cashAccount": _text(10),
        "paymentMethodId": _text(10),
        "dontEmail": _FLAG,
        "dontPrint": _FLAG,
        "sendToAutoInvoice": _FLAG,
        "domesticServicesDeductibleDocument": _FLAG,
        "revoked": _FLAG,
        "excludeDebtCollection": _FLAG,
        "consolidateInvoices": _FLAG,
        "directDebitMandateId": _text(),
        "debtCollectionCaseNbr": _text(),
        "debtCollectionCaseStatus": _text(),
        "debtCollectionCaseType": _text(),
        "debtCollectionCaseUrl": _text(),
        "childCustomerNumber": _text(10),
        "billingAddress": Wrapped(Group({**_ADDRESS, "overrideAddress": _FLAG})),
        "invoiceContact": Wrapped(
            Group(
                {
                    "name": _text(255),
                    "attention": _text(255),
                    "email": _text(255),
                    "phone1": _text(50),
                    "overrideContact": _FLAG,
                }
            )
        ),
        "rotRutDetails": Anything(),
        "taxDetailLines": Rows(Anything()),
        "invoiceLines": Rows(INVOICE_LINE),
    }
)

CHANGE_NUMBER = Group({"customerCd": Text(10)}, required=("customerCd",))
