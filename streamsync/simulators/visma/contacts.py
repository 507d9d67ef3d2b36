"""Contact persons on the finance host: rows, lists, get, create, update (visma-api §4.2). No pages, no
delete.
"""

from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma import example
from streamsync.simulators.visma.answers import broken_rule, refused
from streamsync.simulators.visma.ask import (
    Ask,
    changed,
    check_if_match,
    created,
    finance_body,
    found,
    picked,
    skipped,
    with_etag,
)
from streamsync.simulators.visma.company import etag
from streamsync.simulators.visma.customers import address_row, apply_address, the_customer
from streamsync.simulators.visma.finance_shapes import CONTACT
from streamsync.simulators.visma.records import Contact

Row = dict[str, Any]

_DEFAULTS: Row = {
    "title": None,
    "firstName": None,
    "position": None,
    "sameAsAccount": True,
    "email": None,
    "web": None,
    "phone1": None,
    "phone2": None,
    "phone3": None,
    "fax": None,
    "contactMethod": "Any",
    "doNotCall": False,
    "doNotFax": False,
    "doNotEmail": False,
    "doNotMail": False,
    "noMassMail": False,
    "noMarketing": False,
}


def display_name(fields: Row) -> str:
    """`Eksempel, Maja`: worked out, never written."""
    first, last = fields.get("firstName") or "", fields.get("lastName") or ""
    return f"{last}, {first}" if first else last


def contact_row(ask: Ask, contact: Contact, metadata: dict[str, int] | None = None) -> Row:
    fields = contact.fields
    owner = ask.company.customers.get(contact.customer_id)
    row: Row = {
        "displayName": display_name(fields),
        "active": fields.get("active", True),
        "lastName": fields.get("lastName", ""),
        "businessAccount": owner.number if owner else fields.get("businessAccount"),
        "businessAccountType": "Customer" if owner else fields.get("businessAccountType"),
        "contactId": contact.contact_id,
        "lastModifiedDateTime": ask.stamp(contact.modified_ms),
        "timeStamp": etag(contact),
        "errorInfo": "",
        "metadata": metadata or example.NO_PAGES,
    }
    for name, default in _DEFAULTS.items():
        row[name] = fields.get(name) if fields.get(name) not in (None, "") else default
    if owner and row["sameAsAccount"]:
        row["address"] = address_row(owner.fields, "mainAddress", 1_000_000 + owner.internal_id * 3)
    else:
        row["address"] = address_row(fields, "address", 2_000_000 + contact.contact_id)
    return row


def list_contacts(ask: Ask) -> Response:
    return _list(ask, picked(ask, ask.company.contacts))


def list_contacts_of_customer(ask: Ask) -> Response:
    owner = the_customer(ask)
    own = [c for c in picked(ask, ask.company.contacts) if c.customer_id == owner.internal_id]
    return _list(ask, found(ask, own))


def _list(ask: Ask, rows: list[Contact]) -> Response:
    account = ask.one("businessAccount")
    if account is not None:
        owner = ask.company.customer(account)
        rows = [r for r in rows if owner and r.customer_id == owner.internal_id]
    for name in ("firstName", "lastName", "email"):
        wanted = ask.one(name)
        if wanted is not None:
            rows = [r for r in rows if str(r.fields.get(name) or "").casefold() == wanted.casefold()]
    shown = ask.one("displayName")
    if shown is not None:
        rows = [r for r in rows if display_name(r.fields).casefold() == shown.casefold()]
    active = ask.one("active")
    if active is not None:
        rows = [r for r in rows if str(r.fields.get("active", True)).lower() == active.lower()]
    metadata = {"totalCount": len(rows), "maxPageSize": 0}
    return json_response(200, [contact_row(ask, row, metadata) for row in skipped(ask, rows, "contact")])


def _the_contact(ask: Ask) -> Contact:
    ident = ask.params["contactId"]
    found = ask.company.contacts.get(int(ident)) if ident.isdecimal() else None
    if found is None:
        raise refused(f"Contact '{ident}' cannot be found in the system.", 404)
    return found


def get_contact(ask: Ask) -> Response:
    contact = _the_contact(ask)
    return with_etag(ask, contact, contact_row(ask, contact))


def post_contact(ask: Ask) -> Response:
    values = finance_body(ask, CONTACT)
    if not values.get("lastName", "").strip():
        raise refused("'lastName' is required.")
    contact = Contact(contact_id=0)
    _apply(ask, contact, values)
    contact.contact_id = ask.company.next_contact_id()
    ask.company.add(contact, ask.now_ms)
    return created(ask, f"/v1/contact/{contact.contact_id}", contact)


def put_contact(ask: Ask) -> Response:
    contact = _the_contact(ask)
    check_if_match(ask, contact)
    values = finance_body(ask, CONTACT)
    if "lastName" in values and not values["lastName"].strip():
        raise refused("'lastName' is required.")
    _apply(ask, contact, values)
    ask.company.touch(contact, ask.now_ms)
    return changed(ask, contact)


def _apply(ask: Ask, contact: Contact, values: Row) -> None:
    fields = dict(contact.fields)
    for name, value in values.items():
        if name == "businessAccount":
            owner = ask.company.customer(value) if value else None
            if value and owner is None:
                raise broken_rule(f"Business account '{value}' cannot be found in the system.")
            contact.customer_id = owner.internal_id if owner else 0
        elif name == "address":
            apply_address(fields, "address", value, broken_rule)
        else:
            fields[name] = value
    contact.fields = fields
