"""Seeded people at both screens: they create, edit the same things at once, ship, bill, pay, cancel, delete.

Few records, so that edits collide. What a screen refuses (an order that is shipped, a line that is gone) is a
click that did nothing. Every act is told to the ledger before the daemon can see it.
"""

import random
from collections.abc import Callable
from typing import Any

from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.ledger import Ledger

Row = dict[str, Any]
ORGANISATION = {
    "name": ("OrganisationName", "name"),
    "address": ("OrganisationAddress", "mainAddress"),
    "city": ("OrganisationCity", "mainAddress"),
}
LIMIT = 8  # records of a kind, at most: edits should meet


class People:
    def __init__(
        self,
        crm: WebcrmWorld,
        erp: VismaWorld,
        ledger: Ledger,
        rng: random.Random,
        now_ms: Callable[[], int],
        *,
        clocks: tuple[Callable[[], int], Callable[[], int]],
        acts: frozenset[str],
    ) -> None:
        self.crm, self.erp, self.ledger, self.rng, self.now_ms = crm, erp, ledger, rng, now_ms
        self.crm_now_ms, self.erp_now_ms = clocks
        self._acts: list[Callable[[], None]] = [getattr(self, name) for name in sorted(acts)]

    def act(self) -> None:
        """One click of somebody, somewhere."""
        chosen = self.rng.choice(self._acts)
        try:
            chosen()
        except (ValueError, LookupError) as refused:
            self.ledger.note(self.now_ms(), f"the screen refused {chosen.__name__}: {type(refused).__name__}")

    # -- what people see

    def _organisations(self) -> list[Row]:
        return self.crm.rows("organisation")

    def _customers(self) -> list[Row]:
        return list(self.erp.state()["customers"])

    def _user(self, act: str, **arguments: Any) -> Any:
        return self.crm.act(act, arguments, self.crm_now_ms())

    def _bookkeeper(self, act: str, **arguments: Any) -> Any:
        return self.erp.act(act, arguments, self.erp_now_ms())

    def _typed(self, side: str, kind: str, key: object, **values: str) -> None:
        self.ledger.typed(self.now_ms(), side, kind, key, **values)

    # -- webCRM

    def crm_new_organisation(self) -> None:
        if len(self._organisations()) >= LIMIT:
            self.crm_edit_organisation()
            return
        name, city = f"Firma {self.ledger.token()} ApS", f"By {self.ledger.token()}"
        kind = "Kunde" if self.rng.random() < 0.85 else "Leverandør"
        fields = {"OrganisationName": name, "OrganisationType": kind, "OrganisationCity": city}
        key = self._user("create", kind="organisation", fields=fields)
        self._typed("crm", "organisation", key, name=name, city=city)

    def crm_edit_organisation(self) -> None:
        row = self.rng.choice(self._organisations())
        field = self.rng.choice(sorted(ORGANISATION))
        value = f"{field.title()} {self.ledger.token()}"
        key = row["OrganisationId"]
        self._user("edit", kind="organisation", id=key, fields={ORGANISATION[field][0]: value})
        self._typed("crm", "organisation", key, **{field: value})

    def crm_type(self) -> None:
        row = self.rng.choice(self._organisations())
        kind = "Kunde" if row["OrganisationType"] != "Kunde" else self.rng.choice(["Kunde", "Leverandør"])
        self._user("edit", kind="organisation", id=row["OrganisationId"], fields={"OrganisationType": kind})
        self.ledger.note(self.now_ms(), f"crm: organisation {row['OrganisationId']} is {kind} now")

    def crm_new_person(self) -> None:
        row = self.rng.choice(self._organisations())
        token = self.ledger.token()
        title = f"Titel {self.ledger.token()}"
        fields = {
            "PersonOrganisationId": row["OrganisationId"],
            "PersonFirstName": "Kim",
            "PersonLastName": f"Person {token}",
            "PersonEmail": f"{token}@kunde.example",
            "PersonTitle": title,
            "PersonCustom1": "Yes",
        }
        key = self._user("create", kind="person", fields=fields)
        self._typed("crm", "person", key, title=title)

    def crm_edit_person(self) -> None:
        row = self.rng.choice(self.crm.rows("person"))
        title = f"Titel {self.ledger.token()}"
        self._user("edit", kind="person", id=row["PersonId"], fields={"PersonTitle": title})
        self._typed("crm", "person", row["PersonId"], title=title)

    def crm_new_delivery(self) -> None:
        if len(self.crm.rows("delivery")) >= LIMIT:
            self.crm_edit_delivery()
            return
        row = self.rng.choice(self._organisations())
        text = f"Handel {self.ledger.token()}"
        fields = {
            "DeliveryOrganisationId": row["OrganisationId"],
            "DeliveryDescription": text,
            "DeliveryOrderDate": "2026-03-14T00:00:00",
        }
        key = self._user("create", kind="delivery", fields=fields)
        for _ in range(self.rng.randint(1, 3)):
            quantity = float(self.rng.randint(1, 9))
            item = self.rng.choice(["10", "LAMPE-01"])
            self._user("add_line", deal=key, item=item, fields={"QuotationLineQuantity": quantity})
        self._typed("crm", "delivery", key, description=text)

    def crm_edit_delivery(self) -> None:
        row = self.rng.choice(self.crm.rows("delivery"))
        text = f"Handel {self.ledger.token()}"
        self._user("edit", kind="delivery", id=row["DeliveryId"], fields={"DeliveryDescription": text})
        self._typed("crm", "delivery", row["DeliveryId"], description=text)

    def crm_edit_line(self) -> None:
        row = self.rng.choice(self.crm.rows("line"))
        quantity = float(self.rng.randint(10, 99))
        key = row["QuotationLineId"]
        self._user("edit_line", id=key, fields={"QuotationLineQuantity": quantity})
        self.ledger.note(self.now_ms(), f"crm: line {key} has quantity {quantity}")

    def crm_delete_line(self) -> None:
        row = self.rng.choice(self.crm.rows("line"))
        self._user("delete_line", id=row["QuotationLineId"])
        self.ledger.note(self.now_ms(), f"crm: line {row['QuotationLineId']} is deleted")

    def crm_delete_person(self) -> None:
        row = self.rng.choice(self.crm.rows("person"))
        self._user("delete", kind="person", id=row["PersonId"])
        self.ledger.note(self.now_ms(), f"crm: person {row['PersonId']} is deleted")

    # -- Visma.net

    def erp_new_customer(self) -> None:
        if len(self._customers()) >= LIMIT:
            self.erp_edit_customer()
            return
        name = f"Kunde {self.ledger.token()} A/S"
        made = self._bookkeeper(
            "create_customer", fields={"name": name, "mainAddress": {"country": {"id": "DK"}}}
        )
        self._typed("erp", "organisation", made["internalId"], name=name)

    def erp_edit_customer(self) -> None:
        row = self.rng.choice(self._customers())
        field = self.rng.choice(sorted(ORGANISATION))
        value = f"{field.title()} {self.ledger.token()}"
        path = {"name": "name", "address": "mainAddress.addressLine1", "city": "mainAddress.city"}[field]
        self._bookkeeper("edit_customer", number=row["number"], fields={path: value})
        self._typed("erp", "organisation", row["internal_id"], **{field: value})

    def erp_renumber_customer(self) -> None:
        row = self.rng.choice(self._customers())
        number = f"9{self.rng.randint(1000, 9999)}"
        self._bookkeeper("renumber_customer", number=row["number"], to=number)
        self.ledger.note(self.now_ms(), f"erp: customer {row['number']} is {number} now")

    def erp_new_contact(self) -> None:
        row = self.rng.choice(self._customers())
        token, title = self.ledger.token(), f"Titel {self.ledger.token()}"
        fields = {"lastName": f"Kontakt {token}", "email": f"{token}@kunde.example", "position": title}
        made = self._bookkeeper("create_contact", businessAccount=row["number"], fields=fields)
        self._typed("erp", "person", made["contactId"], title=title)

    def erp_edit_contact(self) -> None:
        row = self.rng.choice(list(self.erp.state()["contacts"]))
        title = f"Titel {self.ledger.token()}"
        self._bookkeeper("edit_contact", contactId=row["contact_id"], fields={"position": title})
        self._typed("erp", "person", row["contact_id"], title=title)

    def erp_edit_item(self) -> None:
        number = self.rng.choice(["10", "LAMPE-01"])
        text = f"Vare {self.ledger.token()}"
        self._bookkeeper("edit_item", number=number, fields={"description": text})
        self._typed("erp", "item", number, name=text)

    def erp_new_order(self) -> None:
        if len(self.erp.state()["orders"]) >= LIMIT:
            self.erp_edit_order()
            return
        row = self.rng.choice(self._customers())
        text = f"Ordre {self.ledger.token()}"
        lines = [
            {"inventoryId": self.rng.choice(["10", "LAMPE-01"]), "quantity": self.rng.randint(1, 9)}
            for _ in range(self.rng.randint(1, 3))
        ]
        made = self._bookkeeper("create_order", customer=row["number"], lines=lines, description=text)
        self._typed("erp", "delivery", f"{made['type']}/{made['orderId']}", description=text)

    def _order(self) -> Row:
        return dict(self.rng.choice(list(self.erp.state()["orders"])))

    def erp_edit_order(self) -> None:
        order = self._order()
        text = f"Ordre {self.ledger.token()}"
        self._bookkeeper("edit_order", orderId=order["id"], description=text)
        self._typed("erp", "delivery", f"{order['type']}/{order['id']}", description=text)

    def erp_ship(self) -> None:
        order = self._order()
        self._bookkeeper("ship", orderId=order["id"])
        self._bookkeeper("confirm", orderId=order["id"])
        self.ledger.note(self.now_ms(), f"erp: order {order['id']} is shipped")

    def erp_bill(self) -> None:
        order = self._order()
        made = self._bookkeeper("invoice_order", orderId=order["id"])
        self.ledger.note(self.now_ms(), f"erp: order {order['id']} is billed by {made['referenceNumber']}")

    def erp_release_and_pay(self) -> None:
        row = self.rng.choice([one for one in self.erp.state()["documents"] if one["type"] == "Invoice"])
        number = row["number"]
        self._bookkeeper("release" if row["status"] == "Balanced" else "pay", referenceNumber=number)
        self.ledger.note(self.now_ms(), f"erp: invoice {number} goes on from {row['status']}")

    def erp_new_invoice(self) -> None:
        row = self.rng.choice(self._customers())
        lines = [{"inventoryNumber": "10", "quantity": self.rng.randint(1, 5)}]
        made = self._bookkeeper("create_invoice", customer=row["number"], lines=lines)
        self._bookkeeper("release", referenceNumber=made["referenceNumber"])
        self.ledger.note(self.now_ms(), f"erp: invoice {made['referenceNumber']} without an order")

    def erp_cancel_order(self) -> None:
        order = self._order()
        act = "reopen_order" if order["status"] == "Cancelled" else "cancel_order"
        self._bookkeeper(act, orderId=order["id"])
        self.ledger.note(self.now_ms(), f"erp: {act} {order['id']}")


ACTS = frozenset(name for name in vars(People) if name.startswith(("crm_", "erp_")))
