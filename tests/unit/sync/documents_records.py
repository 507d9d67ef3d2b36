"""Records of a small company, as both sides show them: deliveries, orders, invoices and their lines."""

from streamsync.model import Fields, Kind, Line, Record, Side

START = 1_773_480_000_000  # 2026-03-14T09:20:00Z
NOW = START + 3_600_000
ORG, CUSTOMER = "8001", "4211"


def crm_line(
    key: str,
    item: str = "LAMPE-01",
    quantity: str = "2",
    price: str = "500",
    discount: str = "0",
    memo: str = "",
    sort: str = "10",
    **more: str,
) -> Line:
    return Line(
        key=key,
        fields={
            "QuotationLineData1": item,
            "QuotationLineQuantity": quantity,
            "QuotationLinePrice": price,
            "QuotationLineDiscount": discount,
            "QuotationLineMemo": memo,
            "QuotationLineData4": "STK" if item else "",
            "QuotationLineVatPercentage": "25",
            "QuotationLineSortOrder": sort,
            **more,
        },
    )


def delivery_record(*lines: Line, rid: str = "158", updated_ms: int = START, **more: str) -> Record:
    fields: Fields = {
        "DeliveryOrganisationId": ORG,
        "DeliveryDescription": "Webordre",
        "DeliveryOrderDate": "2026-03-14",
        "DeliveryNumber": "",
        "DeliveryErpId": "",
        "DeliveryErpStatus": "NotReadyForSynchronization",
        "DeliveryPersonId": "",
        "DeliveryDiscount": "0",
        "DeliveryStatus": "New",
        "DeliveryOrderValue": "",
        "DeliveryCreatedAt": "2026-03-14T09:30:00Z",
        **more,
    }
    return Record(
        side=Side.CRM, kind=Kind.DELIVERY, rid=rid, fields=fields, lines=lines, updated_ms=updated_ms
    )


def order_line(
    key: str, item: str = "LAMPE-01", quantity: str = "2", price: str = "500", **more: str
) -> Line:
    return Line(
        key=key,
        fields={
            "inventory.id": item,
            "quantity": quantity,
            "unitPrice": price,
            "discountPercent": "0",
            "discountAmount": "0",
            "description": "Testlampe 40W" if item == "LAMPE-01" else "",
            "unitOfMeasure": "STK",
            "taxCategoryId": "3",
            "sortOrder": key,
            "externalLink": "",
            "quantityOnShipments": "0",
            "billedQuantity": "0",
            "openQuantity": quantity,
            "completed": "false",
            "unitCost": "300",
            **more,
        },
    )


def order_record(*lines: Line, rid: str = "order:SO/000223", status: str = "Open", **more: str) -> Record:
    fields: Fields = {
        "type": "SO",
        "orderId": rid.partition("/")[2],
        "status": status,
        "date": "2026-03-14",
        "description": "Webordre",
        "customer.id": "10042",
        "customer.internalId": CUSTOMER,
        "customer.order": "",
        "customer.refNo": "",
        "customer.contactId": "",
        "totals.orderTotal": "",
        "totals.taxTotal": "",
        "lastModified": "2026-03-14T10:00:00.000Z",
        **more,
    }
    return Record(side=Side.ERP, kind=Kind.ORDER, rid=rid, fields=fields, lines=lines, updated_ms=START)


def invoice_record(
    *lines: Line, number: str = "200315", status: str = "Open", sort: str = "Invoice", **more: str
) -> Record:
    fields: Fields = {
        "documentType": sort,
        "referenceNumber": number,
        "status": status,
        "documentDate": "2026-03-15",
        "documentDueDate": "2026-03-29",
        "customer.number": "10042",
        "externalReference": "",
        "customerRefNumber": "",
        "invoiceText": "Faktura",
        "currencyId": "DKK",
        "amountInCurrency": "1250",
        "balanceInCurrency": "1250",
        "vatTotalInCurrency": "250",
        "vatTaxableTotalInCurrency": "1000",
        "vatExemptTotalInCurrency": "0",
        "applications": "",
        "taxDetails": "",
        **more,
    }
    return Record(
        side=Side.ERP,
        kind=Kind.INVOICE,
        rid=f"invoice:{sort}/{number}",
        fields=fields,
        lines=lines,
        updated_ms=START,
    )


def invoice_line(
    key: str, item: str = "LAMPE-01", quantity: str = "2", price: str = "500", order: str = "", **more: str
) -> Line:
    return Line(
        key=key,
        fields={
            "inventoryNumber": item,
            "quantity": quantity,
            "unitPrice": price,
            "unitPriceInCurrency": price,
            "discountPercent": "0",
            "discountAmountInCurrency": "0",
            "description": "Testlampe 40W",
            "uom": "STK",
            "vatCode.id": "3",
            "soOrderType": "SO" if order else "",
            "soOrderNbr": order,
            "cost": "600",
            "amountInCurrency": str(int(quantity) * int(price)),
            **more,
        },
    )
