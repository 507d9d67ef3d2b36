"""The write shapes of the order service v3 (visma-api §4.4): no wrappers, scalars may be null, lengths are
published.
"""

from streamsync.simulators.visma.shapes import Anything, Day, Flag, Group, Number, Rows, Shape, Text

_WHOLE = Number(whole=True)
_ADDRESS: dict[str, Shape] = {
    "line1": Text(50),
    "line2": Text(50),
    "line3": Text(50),
    "city": Text(50),
    "postalCode": Text(20),
    "countryId": Text(2),
    "stateId": Text(50),
}
_CONTACT: dict[str, Shape] = {
    "name": Text(255),
    "attention": Text(255),
    "email": Text(255),
    "phone1": Text(50),
}
_OVERRIDE: dict[str, Shape] = {"overridesDefault": Flag()}
_SHIPPING: dict[str, Shape] = {
    "fobPointId": Text(15),
    "insurance": Flag(),
    "intrastatTransactionTypeId": _WHOLE,
    "preferredWarehouseId": Text(30),
    "priority": _WHOLE,
    "residentialDelivery": Flag(),
    "rule": Text(),
    "saturdayDelivery": Flag(),
    "scheduledDate": Day(),
    "shipSeparately": Flag(),
    "shipViaId": Text(15),
    "termsId": Text(15),
    "zoneId": Text(15),
}
_CUSTOMER: dict[str, Shape] = {
    "id": Text(),
    "contactId": _WHOLE,
    "locationId": Text(),
    "order": Text(40),
    "refNo": Text(40),
    "termsId": Text(),
}
_HEADER: dict[str, Shape] = {
    "branchId": Text(30),
    "cancelBy": Day(),
    "currencyId": Text(5),
    "date": Day(),
    "description": Text(255),
    "note": Text(2048),
    "originalOrderId": Text(15),
    "originalOrderType": Text(2),
    "ownerId": Text(),
    "projectId": Text(30),
    "requestOn": Day(),
    "salesPersonId": Text(15),
    "status": Text(),
    "taxZoneId": Text(),
    "useReplacementCostForMarginAndProfit": Flag(),
    "financialInformation": Group(
        {
            "cashDiscountDate": Day(),
            "dueDate": Day(),
            "invoiceDate": Day(),
            "invoiceId": Text(15),
            "invoiceSeparately": Flag(),
            "postPeriod": Text(6),
        }
    ),
    "freight": Group({"cost": Number(), "premiumAmount": Number(), "taxCategoryId": Text(10)}),
    "paymentSettings": Group(
        {"cashAccountId": Text(10), "paymentMethodId": Text(), "paymentReference": Text(40)}
    ),
    "print": Group(
        {"descriptionOnInvoice": Flag(), "noteOnExternalDocuments": Flag(), "noteOnInternalDocuments": Flag()}
    ),
}
_LINE: dict[str, Shape] = {
    "branchId": Text(30),
    "commissionable": Flag(),
    "description": Text(256),
    "discountAmount": Number(),
    "discountCode": Text(10),
    "discountPercent": Number(-100, 100),
    "externalLink": Text(255),
    "hasManualDiscount": Flag(),
    "hasManualPrice": Flag(),
    "note": Text(2048),
    "operation": Text(),
    "overshipThreshold": Number(100, 999),
    "projectTaskId": Text(30),
    "purchaseOrderSource": Text(),
    "quantity": Number(),
    "reasonCode": Text(),
    "requestDate": Day(),
    "salesAccountId": Text(10),
    "salesPersonId": Text(15),
    "shipDate": Day(),
    "shippingRule": Text(),
    "subaccount": Anything(),
    "supplierId": Text(),
    "supplierPrice": Number(),
    "taxCategoryId": Text(),
    "undershipThreshold": Number(0, 100),
    "unitCost": Number(),
    "unitOfMeasure": Text(6),
    "unitPrice": Number(),
    "warehouseId": Text(),
    "warehouseLocationId": Text(),
}

NEW_LINE = Group({**_LINE, "inventoryId": Text()}, required=("inventoryId",))
CHANGED_LINE = Group({**_LINE, "lineId": _WHOLE, "sortOrder": _WHOLE}, required=("lineId",))
NEW_LINES = Group({"lines": Rows(NEW_LINE, 1000)})
CHANGED_LINES = Group({"lines": Rows(CHANGED_LINE, 1000)})

NEW_ORDER = Group(
    {
        **_HEADER,
        "type": Text(2),
        "orderId": Text(15),
        "customer": Group({**_CUSTOMER, "gln": Text()}),
        "billing": Group({"address": Group(_ADDRESS), "contact": Group(_CONTACT)}),
        "shipping": Group({**_SHIPPING, "address": Group(_ADDRESS), "contact": Group(_CONTACT)}),
        "orderLines": Rows(NEW_LINE),
    },
    required=("type", "customer"),
)
CHANGED_ORDER = Group(
    {
        **_HEADER,
        "customer": Group(_CUSTOMER),
        "billing": Group(
            {"address": Group({**_ADDRESS, **_OVERRIDE}), "contact": Group({**_CONTACT, **_OVERRIDE})}
        ),
        "shipping": Group(
            {
                **_SHIPPING,
                "address": Group({**_ADDRESS, **_OVERRIDE}),
                "contact": Group({**_CONTACT, **_OVERRIDE}),
            }
        ),
    }
)
