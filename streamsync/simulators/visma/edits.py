"""What people do with master data and orders at the screen: create, edit, renumber, delete.

Fields are given flat, by the dotted names of the READ shape (`mainAddress.city`, `vatZone.id`,
`attributes.WEBCRMID`), or nested the same way. Nothing is validated: a person may do what the API may
not.
"""

from typing import Any

from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import Finding
from streamsync.simulators.visma.arguments import Arguments
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.customers import contact_id_of, with_class_defaults
from streamsync.simulators.visma.document_life import document_line, named
from streamsync.simulators.visma.document_rows import recount as recount_document
from streamsync.simulators.visma.invoices import detach, today
from streamsync.simulators.visma.items import STOCK_TYPES
from streamsync.simulators.visma.money import discount_of, gross_of
from streamsync.simulators.visma.order_lines import add_line
from streamsync.simulators.visma.order_rows import recount
from streamsync.simulators.visma.records import Contact, Customer, Item, Order

Result = dict[str, Any]

ORDER_FIELDS = (
    "description",
    "note",
    "customerOrder",
    "customerRefNo",
    "contactId",
    "salesPersonId",
    "branchId",
    "projectId",
    "locationId",
    "termsId",
    "taxZoneId",
)


def create_customer(arguments: Arguments, now_ms: int) -> Result:
    company = arguments.company
    number = arguments.text("number", default="").upper()
    fields = {"status": "Active", "customerClass.id": "1", **arguments.rest()}
    if number and company.customer(number):
        raise ValueError(f"There is already a customer {number}.")
    with_class_defaults(fields, ValueError)
    customer = Customer(
        internal_id=company.next_customer_id(),
        number=number or company.next_number("customer", 5),
        fields=fields,
    )
    company.add(customer, now_ms)
    return {"number": customer.number, "internalId": customer.internal_id}


def edit_customer(arguments: Arguments, now_ms: int) -> Result:
    customer = arguments.customer()
    customer.fields = {**customer.fields, **arguments.rest()}
    arguments.company.touch(customer, now_ms)
    return {"number": customer.number, "internalId": customer.internal_id}


def renumber_customer(arguments: Arguments, now_ms: int) -> Result:
    number = arguments.text("newNumber", "to").upper()
    customer = arguments.customer()
    if arguments.company.customer(number):
        raise ValueError(f"There is already a customer {number}.")
    arguments.company.renumber(customer, number)
    arguments.company.touch(customer, now_ms)
    return {"number": number, "internalId": customer.internal_id}


def rename_term(arguments: Arguments, now_ms: int) -> Result:
    """{old, new}: the code of payment terms; customers that have them follow, with no stamp of their own."""
    company, old, new = arguments.company, arguments.text("old"), arguments.text("new")
    if old not in company.terms or new in company.terms:
        raise ValueError(f"The terms {old} cannot become {new}.")
    company.terms = {new if code == old else code: days for code, days in company.terms.items()}
    for customer in company.customers.all():
        if customer.fields.get("creditTerms.id") == old:
            customer.fields = {**customer.fields, "creditTerms.id": new}
            company.touch(customer, now_ms, moves_stamp=False)
    return {"terms": new}


def delete_customer(arguments: Arguments, now_ms: int) -> Result:
    customer = arguments.customer()
    company = arguments.company
    used = {o.customer_id for o in company.orders.all()} | {d.customer_id for d in company.documents.all()}
    if customer.internal_id in used:
        raise ValueError(f"Customer {customer.number} has documents.")
    company.remove(customer)
    return {"number": customer.number}


def create_contact(arguments: Arguments, now_ms: int) -> Result:
    """`businessAccountType` Supplier or Employee: `businessAccount` is that one's number. `place` main,
    invoice or delivery: the row behind that part of the customer, under its contact id."""
    company = arguments.company
    account = arguments.text("businessAccount", default="")
    sort, place = arguments.text("businessAccountType", default=""), arguments.text("place", default="")
    owner = company.customer(account) if not sort else None
    other = {"businessAccount": account, "businessAccountType": sort} if sort else {}
    contact = Contact(
        contact_id=contact_id_of(owner, place) if owner and place else company.next_contact_id(),
        customer_id=owner.internal_id if owner else 0,
        fields={"active": True, "sameAsAccount": True, **other, **arguments.rest()},
    )
    company.add(contact, now_ms)
    return {"contactId": contact.contact_id}


def edit_contact(arguments: Arguments, now_ms: int) -> Result:
    contact, company = arguments.contact(), arguments.company
    account = arguments.text("businessAccount", default="")
    if account:
        owner = company.customer(account)
        contact.customer_id = owner.internal_id if owner else 0
    contact.fields = {**contact.fields, **arguments.rest()}
    company.touch(contact, now_ms)
    return {"contactId": contact.contact_id}


def delete_contact(arguments: Arguments, now_ms: int) -> Result:
    contact = arguments.contact()
    arguments.company.remove(contact)
    return {"contactId": contact.contact_id}


def make_item(company: Company, fields: dict[str, Any]) -> Item:
    """A record not yet added; `inventoryNumber` and `stock` are taken out of the fields."""
    fields = dict(fields)
    number = str(fields.pop("inventoryNumber"))
    stock = fields.pop("stock", None)
    item_class = fields.setdefault("itemClass.id", "DIVERSE")
    fields.setdefault("type", example.ITEM_CLASSES.get(item_class, ("", "NonStockItem"))[1])
    fields.setdefault("stockItem", fields["type"] in STOCK_TYPES)
    item = Item(inventory_id=company.next_item_id(), number=number, fields=fields)
    if stock is not None:
        item.stock = stock
    return item


def create_item(arguments: Arguments, now_ms: int) -> Result:
    number = arguments.text("inventoryNumber", "number")
    if arguments.company.item(number):
        raise ValueError(f"There is already an item {number}.")
    item = make_item(arguments.company, {**arguments.rest(), "inventoryNumber": number})
    arguments.company.add(item, now_ms)
    return {"inventoryNumber": item.number, "inventoryId": item.inventory_id}


def edit_item(arguments: Arguments, now_ms: int) -> Result:
    """`stock` alone moves the availability stamp and not the item's own."""
    item = arguments.item()
    changes = arguments.rest()
    stock = changes.pop("stock", None)
    if stock is not None:
        item.stock, item.stock_changed_ms = stock, now_ms
    if changes or stock is None:
        item.fields = {**item.fields, **changes}
        arguments.company.touch(item, now_ms)
    return {"inventoryNumber": item.number, "inventoryId": item.inventory_id}


def renumber_item(arguments: Arguments, now_ms: int) -> Result:
    number = arguments.text("newNumber", "to")
    item, company = arguments.item(), arguments.company
    if company.item(number):
        raise ValueError(f"There is already an item {number}.")
    del company.item_ids[item.number.upper()]
    item.number = number
    company.item_ids[number.upper()] = item.inventory_id
    company.touch(item, now_ms)
    return {"inventoryNumber": number, "inventoryId": item.inventory_id}


def delete_item(arguments: Arguments, now_ms: int) -> Result:
    item = arguments.item()
    arguments.company.remove(item)
    return {"inventoryNumber": item.number}


# -- orders and unreleased documents


def create_order(arguments: Arguments, now_ms: int) -> Result:
    """`lines` as in NewSalesOrderLineDto (inventoryId, quantity, unitPrice …); prices given are kept."""
    company, customer = arguments.company, arguments.customer()
    order = Order(
        type=arguments.text("type", default="SO").upper(),
        id=arguments.text("orderId", default=""),
        customer_id=customer.internal_id,
        status=arguments.text("status", default="Open"),
        day=arguments.day("date", today(company, now_ms)),
        currency=arguments.text("currencyId", default=str(customer.fields.get("currencyId", "DKK"))),
    )
    _add_lines(company, order, arguments.rows("lines"))
    _set_header(order, arguments.rest())
    order.id = order.id or company.next_number("order")
    recount(company, order)
    company.add(order, now_ms)
    return {"type": order.type, "orderId": order.id}


def _add_lines(company: Company, order: Order, rows: list[dict[str, Any]]) -> None:
    findings: list[Finding] = []
    for at, row in enumerate(rows):
        values = {"hasManualPrice": "unitPrice" in row, "hasManualDiscount": "discountPercent" in row, **row}
        add_line(company, order, values, f"lines[{at}]", findings)
    if findings:
        raise ValueError(findings[0].message)


def _set_header(order: Order, values: dict[str, Any]) -> None:
    unknown = sorted(set(values) - set(ORDER_FIELDS))
    if unknown:
        raise ValueError(f"An order has no {', '.join(unknown)}.")
    order.fields.update(values)


def edit_order(arguments: Arguments, now_ms: int) -> Result:
    """Header fields; `lines` [{lineId, quantity, unitPrice, discountPercent, sortOrder, description}],
    `add` rows, `remove` line ids."""
    company, order = arguments.company, arguments.order()
    order.day = arguments.day("date", order.day)
    by_id = {line.line_id: line for line in order.lines}
    for row in arguments.rows("lines"):
        line = by_id.get(int(row.pop("lineId")))
        if line is None:
            raise ValueError(f"Order {order.id} has no such line.")
        line.quantity = row.pop("quantity", line.quantity)
        line.unit_price = row.pop("unitPrice", line.unit_price)
        line.discount_percent = row.pop("discountPercent", line.discount_percent)
        line.sort_order = int(row.pop("sortOrder", line.sort_order))
        line.fields.update(row)
        gross = gross_of(line.quantity, line.unit_price)
        line.discount_amount = discount_of(gross, line.discount_percent)
        line.amount = gross - line.discount_amount
    _add_lines(company, order, arguments.rows("add"))
    gone = arguments.names("remove")
    order.lines = [line for line in order.lines if str(line.line_id) not in gone]
    _set_header(order, arguments.rest())
    recount(company, order)
    company.touch(order, now_ms)
    return {"type": order.type, "orderId": order.id}


def delete_order(arguments: Arguments, now_ms: int) -> Result:
    order = arguments.order()
    if any(line.shipped or line.billed for line in order.lines):
        raise ValueError(f"Order {order.id} is shipped.")
    arguments.company.remove(order)
    return {"type": order.type, "orderId": order.id}


def edit_invoice(arguments: Arguments, now_ms: int) -> Result:
    """Header fields by their read names; `lines` replaces all lines of an unreleased document."""
    company, document = arguments.company, arguments.document()
    rows = arguments.rows("lines")
    if rows and document.is_released:
        raise ValueError(f"{document.type} {document.number} is released.")
    document.day = arguments.day("documentDate", document.day)
    document.due = arguments.day("documentDueDate", document.due or document.day)
    document.revoked = arguments.flag("revoked", document.revoked)
    document.fields = {**document.fields, **arguments.rest()}
    if rows:
        document.lines = [document_line(company, row, at) for at, row in enumerate(rows, 1)]
        recount_document(company, document)
    company.touch(document, now_ms)
    return named(document)


def delete_invoice(arguments: Arguments, now_ms: int) -> Result:
    document = arguments.document()
    if document.is_released:
        raise ValueError(f"{document.type} {document.number} is released and cannot be deleted.")
    detach(arguments.company, document, now_ms)
    arguments.company.remove(document)
    return named(document)
