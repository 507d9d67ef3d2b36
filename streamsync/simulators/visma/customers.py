"""Customers on the finance host: rows, list, get, create, update, renumber, balance (visma-api §4.1)."""

from typing import Any

from streamsync.simulators.http import Response, decode_json, json_response
from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import broken_rule, refused
from streamsync.simulators.visma.ask import (
    Ask,
    changed,
    check_if_match,
    created,
    finance_body,
    found,
    paged,
    picked,
    with_etag,
)
from streamsync.simulators.visma.company import etag
from streamsync.simulators.visma.finance_shapes import CHANGE_NUMBER, CUSTOMER
from streamsync.simulators.visma.money import ZERO
from streamsync.simulators.visma.records import Customer

Row = dict[str, Any]

_ADDRESS_PARTS = ("addressLine1", "addressLine2", "addressLine3", "postalCode", "city")
_CONTACT_PARTS = ("name", "attention", "email", "web", "phone1", "phone2", "fax")
_PLAIN: dict[str, Any] = {
    "accountReference": "",
    "creditVerification": "Disabled",
    "creditLimit": ZERO,
    "creditDaysPastDue": 0,
    "corporateId": "",
    "vatRegistrationId": "",
    "gln": "",
    "statementType": "OpenItem",
    "currencyId": "DKK",
    "printInvoices": False,
    "acceptAutoInvoices": False,
    "sendInvoicesByEmail": True,
    "printStatements": False,
    "sendStatementsByEmail": False,
    "printMultiCurrencyStatements": False,
    "invoiceToDefaultLocation": False,
    "sendDunningLettersViaEMail": False,
    "printDunningLetters": False,
    "excludeDebtCollection": False,
    "numberOfEmployees": 0,
}
_REFERENCES = {
    "customerClassId": "customerClass.id",
    "creditTermsId": "creditTerms.id",
    "vatZoneId": "vatZone.id",
    "priceClassId": "priceClass.id",
    "parentRecordNumber": "parentRecord.number",
}
_KNOWN: dict[str, tuple[str, Any]] = {
    "customerClassId": ("Customer class", example.CLASSES),
    "vatZoneId": ("Tax zone", example.ZONES),
    "currencyId": ("Currency", example.RATES),
    "priceClassId": ("Price class", example.PRICE_CLASSES),
}
_PLACES = ("main", "invoice", "delivery")
_EXACT = ("name", "corporateId", "vatRegistrationId", "status")


def address_row(fields: Row, prefix: str, address_id: int) -> Row:
    """The address of a read shape from the flat fields under `prefix`."""
    row: Row = {"addressId": address_id}
    for part in _ADDRESS_PARTS:
        row[part] = fields.get(f"{prefix}.{part}") or None
    row["country"] = example.country(fields.get(f"{prefix}.country.id", ""))
    county = fields.get(f"{prefix}.county.id")
    row["county"] = {"id": county, "name": county} if county else None
    return row


def _contact_row(fields: Row, prefix: str, contact_id: int) -> Row:
    row: Row = {"contactId": contact_id}
    for part in _CONTACT_PARTS:
        row[part] = fields.get(f"{prefix}.{part}") or None
    return row


def contact_id_of(customer: Customer, place: str) -> int:
    """The contact id of a customer's `main`, `invoice` or `delivery` contact."""
    return 1_000_000 + customer.internal_id * 3 + _PLACES.index(place)


def customer_row(ask: Ask, customer: Customer, metadata: dict[str, int] | None = None) -> Row:
    """The whole read shape."""
    fields = customer.fields
    row: Row = {"internalId": customer.internal_id, "number": customer.number}
    row["name"] = fields.get("name", "")
    row["status"] = fields.get("status", "Active")
    for place in _PLACES:
        base = contact_id_of(customer, place)
        row[f"{place}Address"] = address_row(fields, f"{place}Address", base)
        row[f"{place}Contact"] = _contact_row(fields, f"{place}Contact", base)
    for name, default in _PLAIN.items():
        row[name] = fields.get(name, default)
    parent = ask.company.customer(fields.get("parentRecord.number") or "")
    row["parentRecord"] = {"number": parent.number, "name": parent.fields.get("name", "")} if parent else None
    classes = {ident: text for ident, (text, _) in example.CLASSES.items()}
    row["customerClass"] = example.named(fields.get("customerClass.id", "1"), classes)
    terms = fields.get("creditTerms.id", "14")
    row["creditTerms"] = {"id": terms, "description": example.term_text(terms)} if terms else None
    row["vatZone"] = example.vat_zone(fields.get("vatZone.id", ""))
    row["priceClass"] = example.named(fields.get("priceClass.id", ""), example.PRICE_CLASSES)
    home = fields.get("mainAddress.country.id", "DK")
    row["location"] = {"countryId": home, "id": "MAIN", "name": "Primary Location"}
    row["attributes"] = [one for one in attribute_rows(fields) if one["id"] not in _missing(ask)]
    row["directDebitLines"] = []
    row["createdDateTime"] = ask.stamp(customer.created_ms)
    row["lastModifiedDateTime"] = ask.stamp(customer.modified_ms)
    row["timeStamp"] = etag(customer)
    row["errorInfo"] = ""
    row["metadata"] = metadata or example.NO_PAGES
    return row


def attribute_rows(fields: Row) -> list[Row]:
    return [
        {"id": name.removeprefix("attributes."), "value": value, "description": ""}
        for name, value in fields.items()
        if name.startswith("attributes.") and value
    ]


# -- reading


def list_customers(ask: Ask) -> Response:
    rows = picked(ask, ask.company.customers)
    for name in _EXACT:
        wanted = ask.one(name)
        if wanted is not None:
            default = "Active" if name == "status" else ""
            rows = found(ask, rows)
            rows = [r for r in rows if str(r.fields.get(name, default)).casefold() == wanted.casefold()]
    for name, path in (("email", "mainContact.email"), ("phone", "mainContact.phone1")):
        wanted = ask.one(name)
        if wanted is not None:
            rows = [r for r in rows if str(r.fields.get(path, "")).casefold() == wanted.casefold()]
    rows = _with_attributes(ask, rows)
    page, metadata = paged(ask, rows, "customer")
    return json_response(200, [customer_row(ask, row, metadata) for row in page])


def _with_attributes(ask: Ask, rows: list[Customer]) -> list[Customer]:
    """`attributes={"ID":"a,b"}`: the value is one of those."""
    text = ask.one("attributes")
    if text is None:
        return rows
    try:
        wanted: Any = decode_json(text.encode())
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict) or not all(isinstance(v, str) for v in wanted.values()):
        raise refused("The value of attributes is not a valid JSON object.")
    for ident, values in wanted.items():
        allowed = set(values.split(","))
        path = f"attributes.{ident}"
        rows = [r for r in rows if r.fields.get(path) in allowed and ident not in _missing(ask)]
    return found(ask, rows)


def _missing(ask: Ask) -> tuple[str, ...]:
    return ask.company.settings.missing_attributes


def _demand_attributes(ask: Ask, values: Row, fail: Any) -> None:
    for line in values.get("attributeLines", ()):
        if line["attributeId"] in _missing(ask):
            raise fail(f"Attribute '{line['attributeId']}' is not defined for this customer class.")


def the_customer(ask: Ask) -> Customer:
    """The customer that the path names, by number or by internal id."""
    internal = ask.params.get("internalId")
    if internal is not None:
        found = ask.company.customers.get(int(internal)) if internal.isdecimal() else None
    else:
        found = ask.company.customer(ask.params["customerCd"])
    if found is None:
        raise refused(
            f"Customer '{internal or ask.params['customerCd']}' cannot be found in the system.", 404
        )
    return found


def get_customer(ask: Ask) -> Response:
    customer = the_customer(ask)
    return with_etag(ask, customer, customer_row(ask, customer))


def get_note(ask: Ask) -> Response:
    return json_response(200, {"note": the_customer(ask).fields.get("note", "")})


# -- writing


def post_customer(ask: Ask) -> Response:
    company = ask.company
    values = finance_body(ask, CUSTOMER)
    fail = _rule(ask)
    if not values.get("name", "").strip():
        raise refused("'name' is required.")
    number = values.get("number", "").strip().upper()
    if number and not values.get("overrideNumberSeries"):
        raise fail("The number cannot be set: the number series of customers is automatic.")
    if number and company.customer(number):
        raise fail(f"Customer '{number}' already exists.")
    _demand_attributes(ask, values, fail)
    fields: Row = {"status": "Active", "customerClass.id": "1"}
    apply_values(fields, values, fail, company.terms)
    with_class_defaults(fields, fail)
    given, number = bool(number), number or company.next_number("customer", 5)
    while not given and company.customer(number):  # given by hand before the series came to it
        number = company.next_number("customer", 5)
    if company.customer(number):
        raise fail(f"Customer '{number}' already exists.")
    customer = Customer(internal_id=company.next_customer_id(), number=number, fields=fields)
    company.add(customer, ask.now_ms)
    return created(ask, f"/v1/customer/{customer.number}", customer)


def put_customer(ask: Ask) -> Response:
    customer = the_customer(ask)
    check_if_match(ask, customer)
    values = finance_body(ask, CUSTOMER)
    fail = _rule(ask)
    if "number" in values and values["number"].strip().upper() != customer.number:
        raise fail("The number of an existing customer cannot be changed here.")
    if "name" in values and not values["name"].strip():
        raise refused("'name' is required.")
    _demand_attributes(ask, values, fail)
    fields = dict(customer.fields)
    apply_values(fields, values, fail, ask.company.terms)
    customer.fields = fields
    ask.company.touch(customer, ask.now_ms)
    return changed(ask, customer)


def _rule(ask: Ask) -> Any:
    """How a business rule that refuses this request is worded."""
    status = 500 if ask.company.settings.business_errors_are_500 and ask.request.method == "POST" else 400
    return lambda message: broken_rule(message, status=status)


def with_class_defaults(fields: Row, fail: Any) -> None:
    """What the customer class gives to a new customer that names nothing else."""
    zone = example.CLASSES[fields["customerClass.id"]][1]
    if not fields.get("vatZone.id"):
        if not zone:
            raise fail("'Tax zone' cannot be empty for this customer class.")
        fields["vatZone.id"] = zone
    fields.setdefault("creditTerms.id", "14")
    fields.setdefault("currencyId", "DKK")
    fields.setdefault("mainAddress.country.id", "DK")
    for place in ("invoice", "delivery"):
        for part in (
            *(f"Address.{p}" for p in (*_ADDRESS_PARTS, "country.id")),
            *(f"Contact.{p}" for p in _CONTACT_PARTS),
        ):
            if f"main{part}" in fields:
                fields.setdefault(f"{place}{part}", fields[f"main{part}"])


def apply_values(fields: Row, values: Row, fail: Any, terms: dict[str, int]) -> None:
    """Lays the plain values of a write shape over the flat fields; what is not named stays."""
    codes = {**_KNOWN, "creditTermsId": ("Terms", terms)}
    for name, value in values.items():
        if name in codes and value not in codes[name][1] and not (name == "priceClassId" and not value):
            raise fail(f"{codes[name][0]} '{value}' cannot be found in the system.")
        if name.endswith("Address"):
            apply_address(fields, name, value, fail)
        elif name.endswith("Contact"):
            fields.update({f"{name}.{part}": text for part, text in value.items()})
        elif name == "attributeLines":
            _apply_attributes(fields, value, fail)
        elif name in _REFERENCES:
            fields[_REFERENCES[name]] = value
        elif name in _PLAIN or name in ("name", "status", "note"):
            fields[name] = value


def apply_address(fields: Row, prefix: str, value: Row, fail: Any) -> None:
    for part, text in value.items():
        if part == "countryId":
            if text.upper() not in example.COUNTRIES:
                raise fail(f"Country '{text}' cannot be found in the system.")
            fields[f"{prefix}.country.id"] = text.upper()
        else:
            fields[f"{prefix}.{part}" + (".id" if part == "county" else "")] = text


def _apply_attributes(fields: Row, lines: list[Row], fail: Any) -> None:
    for line in lines:
        if line["attributeId"] not in example.ATTRIBUTE_IDS:
            raise fail(f"Attribute '{line['attributeId']}' is not defined for this customer class.")
        fields[f"attributes.{line['attributeId']}"] = line["attributeValue"]


def change_number(ask: Ask) -> Response:
    """Renumbers at once; the internal id stays."""
    customer = the_customer(ask)
    number = finance_body(ask, CHANGE_NUMBER)["customerCd"].strip().upper()
    if ask.company.customer(number):
        raise broken_rule(f"Customer '{number}' already exists.")
    ask.company.renumber(customer, number)
    ask.company.touch(customer, ask.now_ms)
    return json_response(200, {"actionId": ask.company.guid(), "actionResult": "Done", "errorInfo": ""})
