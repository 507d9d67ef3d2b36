"""Who works at both screens while the daemon is killed, and the book of what they typed.

Every second click makes a new record, so that a kill finds creates in flight; the rest edit, ship, bill and
renumber what is there. A value that is typed holds a token of its own (`q17z`): whether it is still somewhere
is a search. What a screen refuses (an order that is shipped) is a click that did nothing.
"""

import random
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from tests.kill.worlds import Crm, Erp, Row

NEWCOMERS = 0.55  # share of the clicks
ITEMS = ("10", "LAMPE-01")
ITEMS_MAX = 60
ORGANISATION = {
    # our word: webCRM's field, Visma.net's path
    "name": ("OrganisationName", "name"),
    "address": ("OrganisationAddress", "mainAddress.addressLine1"),
    "city": ("OrganisationCity", "mainAddress.city"),
}


class Typed(msgspec.Struct, frozen=True):
    """Which field of which record a person gave a value to. `key`: on its own side."""

    side: str
    kind: str
    key: str
    field: str


class Crowd:
    """One click at a time, of somebody; `seed` chooses who and what. `last`: each field's newest token;
    `lines`: how many were typed into a document, by its side and key (nobody adds any later)."""

    def __init__(self, crm: Crm, erp: Erp, seed: int) -> None:
        self.crm, self.erp, self.rng = crm, erp, random.Random(f"crowd {seed}")
        self.last: dict[Typed, str] = {}
        self.lines: Counter[tuple[str, str]] = Counter()
        self.clicks = self.refused = 0
        self._tokens = count(1)

    def act(self) -> None:
        self.clicks += 1
        chosen = self.rng.choice(MAKE if self.rng.random() < NEWCOMERS else CHANGE)
        try:
            chosen(self)
        except (ValueError, LookupError):
            self.refused += 1

    def token(self) -> str:
        return f"q{next(self._tokens)}z"

    def typed(self, side: str, kind: str, key: object, **tokens: str) -> None:
        self.last |= {Typed(side, kind, str(key), field): token for field, token in tokens.items()}

    def row(self, table: str) -> Row:
        """Any row of one table of either side."""
        rows = self.crm.rows(table) if table in CRM_TABLES else self.erp.rows(table)
        return self.rng.choice(rows)


CRM_TABLES = ("organisation", "person", "delivery", "line")


def new_organisation(crowd: Crowd) -> None:
    name, city = crowd.token(), crowd.token()
    fields = {"OrganisationName": f"Firma {name} ApS", "OrganisationCity": f"By {city}"}
    key = crowd.crm.act("create", kind="organisation", fields={**fields, "OrganisationType": "Kunde"})
    crowd.typed("crm", "organisation", key, name=name, city=city)


def new_person(crowd: Crowd) -> None:
    token, title = crowd.token(), crowd.token()
    fields = {
        "PersonOrganisationId": crowd.row("organisation")["OrganisationId"],
        "PersonFirstName": "Kim",
        "PersonLastName": f"Person {token}",
        "PersonEmail": f"{token}@kunde.example",
        "PersonTitle": f"Titel {title}",
        "PersonCustom1": "Yes",
    }
    crowd.typed("crm", "person", crowd.crm.act("create", kind="person", fields=fields), title=title)


def new_delivery(crowd: Crowd) -> None:
    """A quotation that was won, with its lines."""
    text = crowd.token()
    fields = {
        "DeliveryOrganisationId": crowd.row("organisation")["OrganisationId"],
        "DeliveryDescription": f"Handel {text}",
        "DeliveryOrderDate": "2026-03-14T00:00:00",
    }
    key = crowd.crm.act("create", kind="delivery", fields=fields)
    crowd.typed("crm", "delivery", key, description=text)
    for _ in range(crowd.rng.randint(1, 3)):
        quantity = {"QuotationLineQuantity": float(crowd.rng.randint(1, 9))}
        crowd.lines["crm", str(key)] += 1
        crowd.crm.act("add_line", deal=key, item=crowd.rng.choice(ITEMS), fields=quantity)


def new_customer(crowd: Crowd) -> None:
    name = crowd.token()
    fields = {"name": f"Kunde {name} A/S", "mainAddress": {"country": {"id": "DK"}}}
    made = crowd.erp.act("create_customer", fields=fields)
    crowd.typed("erp", "organisation", made["internalId"], name=name)


def new_contact(crowd: Crowd) -> None:
    token, title = crowd.token(), crowd.token()
    fields = {
        "lastName": f"Kontakt {token}",
        "email": f"{token}@kunde.example",
        "position": f"Titel {title}",
    }
    made = crowd.erp.act("create_contact", businessAccount=crowd.row("customers")["number"], fields=fields)
    crowd.typed("erp", "person", made["contactId"], title=title)


def new_item(crowd: Crowd) -> None:
    if len(crowd.erp.rows("items")) >= ITEMS_MAX:
        new_order(crowd)
        return
    number, text = crowd.token().upper(), crowd.token()
    crowd.erp.act("create_item", number=number, description=f"Vare {text}", defaultPrice=10)
    crowd.typed("erp", "item", number, name=text)


def new_order(crowd: Crowd) -> None:
    text, rng = crowd.token(), crowd.rng
    lines = [
        {"inventoryId": rng.choice(ITEMS), "quantity": rng.randint(1, 9)} for _ in range(rng.randint(1, 3))
    ]
    customer = crowd.row("customers")["number"]
    made = crowd.erp.act("create_order", customer=customer, lines=lines, description=f"Ordre {text}")
    key = f"{made['type']}/{made['orderId']}"
    crowd.lines["erp", key] = len(lines)
    crowd.typed("erp", "order", key, description=text)


def edit_organisation(crowd: Crowd) -> None:
    key, (field, (member, _)) = crowd.row("organisation")["OrganisationId"], _one(crowd)
    token = crowd.token()
    crowd.crm.act("edit", kind="organisation", id=key, fields={member: f"{field} {token}"})
    crowd.typed("crm", "organisation", key, **{field: token})


def edit_customer(crowd: Crowd) -> None:
    row, (field, (_, path)) = crowd.row("customers"), _one(crowd)
    token = crowd.token()
    crowd.erp.act("edit_customer", number=row["number"], fields={path: f"{field} {token}"})
    crowd.typed("erp", "organisation", row["internal_id"], **{field: token})


def _one(crowd: Crowd) -> tuple[str, tuple[str, str]]:
    return crowd.rng.choice(sorted(ORGANISATION.items()))


def edit_person(crowd: Crowd) -> None:
    key, token = crowd.row("person")["PersonId"], crowd.token()
    crowd.crm.act("edit", kind="person", id=key, fields={"PersonTitle": f"Titel {token}"})
    crowd.typed("crm", "person", key, title=token)


def edit_contact(crowd: Crowd) -> None:
    key, token = crowd.row("contacts")["contact_id"], crowd.token()
    crowd.erp.act("edit_contact", contactId=key, fields={"position": f"Titel {token}"})
    crowd.typed("erp", "person", key, title=token)


def edit_delivery(crowd: Crowd) -> None:
    key, token = crowd.row("delivery")["DeliveryId"], crowd.token()
    crowd.crm.act("edit", kind="delivery", id=key, fields={"DeliveryDescription": f"Handel {token}"})
    crowd.typed("crm", "delivery", key, description=token)


def edit_order(crowd: Crowd) -> None:
    row, token = crowd.row("orders"), crowd.token()
    crowd.erp.act("edit_order", orderId=row["id"], description=f"Ordre {token}")
    crowd.typed("erp", "order", f"{row['type']}/{row['id']}", description=token)


def edit_line(crowd: Crowd) -> None:
    """Quantities have no token: the lines of both sides are compared."""
    quantity = {"QuotationLineQuantity": float(crowd.rng.randint(10, 99))}
    crowd.crm.act("edit_line", id=crowd.row("line")["QuotationLineId"], fields=quantity)


def edit_item(crowd: Crowd) -> None:
    number, token = crowd.row("items")["number"], crowd.token()
    crowd.erp.act("edit_item", number=number, fields={"description": f"Vare {token}"})
    crowd.typed("erp", "item", number, name=token)


def renumber_customer(crowd: Crowd) -> None:
    to = f"9{crowd.rng.randint(1000, 9999)}"
    crowd.erp.act("renumber_customer", number=crowd.row("customers")["number"], to=to)


def ship(crowd: Crowd) -> None:
    order = crowd.row("orders")["id"]
    crowd.erp.act("ship", orderId=order)
    crowd.erp.act("confirm", orderId=order)


def bill(crowd: Crowd) -> None:
    shipped = [row for row in crowd.erp.rows("orders") if row["status"] not in ("Open", "Cancelled")]
    made = crowd.erp.act("invoice_order", orderId=crowd.rng.choice(shipped)["id"])
    crowd.erp.act("release", referenceNumber=made["referenceNumber"])


def cancel_order(crowd: Crowd) -> None:
    crowd.erp.act("cancel_order", orderId=crowd.row("orders")["id"])


Click = Callable[[Crowd], Any]
MAKE: tuple[Click, ...] = (
    new_organisation,
    new_person,
    new_delivery,
    new_customer,
    new_contact,
    new_item,
    new_order,
)
CHANGE: tuple[Click, ...] = (
    edit_organisation,
    edit_customer,
    edit_person,
    edit_contact,
    edit_delivery,
    edit_order,
    edit_line,
    edit_item,
    renumber_customer,
    ship,
    ship,
    bill,
    bill,
    cancel_order,
)
