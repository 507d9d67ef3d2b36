"""One rich working day, always the same: every sort of record, both directions, collisions, a few faults.

    failures = await play(world, crash_at_commit=37)

Organisations, persons, items, orders with lines from either side, invoices, a payment, edits on both screens
(of one field at once, too) in little virtual time, so that it can be played again for every point at which
the daemon may die. What is typed goes to the ledger, by which `invariants` judge. A click that the screen
refuses, because the daemon is behind (it just died), did nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from streamsync.simulators.faults import Sort
from tests.simulation.swarm.desk import MARKER
from tests.simulation.swarm.seed import World, judged

Act = Callable[[], None]
Row = dict[str, Any]
CRM_FIELD = {"name": "OrganisationName", "address": "OrganisationAddress", "city": "OrganisationCity"}
ERP_FIELD = {"name": "name", "address": "mainAddress.addressLine1", "city": "mainAddress.city"}
DOWN_SECONDS = 1.5  # how long nothing runs after a crash


class Screens:
    """Both screens. Records go by the names that the day gives them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys: dict[str, Any] = {}

    def user(self, act: str, **arguments: Any) -> Any:
        return self.world.crm.act(act, arguments, self.world.crm_face.now_ms())

    def bookkeeper(self, act: str, **arguments: Any) -> Any:
        return self.world.erp.act(act, arguments, self.world.erp_face.now_ms())

    def word(self, text: str) -> str:
        return f"{text} {self.world.ledger.token()}"

    def typed(self, side: str, kind: str, key: object, **values: str) -> None:
        self.world.ledger.typed(self.world.now_ms(), side, kind, key, **values)

    # -- webCRM

    def crm_organisation(self, name: str) -> None:
        values = {"name": self.word(name), "city": self.word("By")}
        fields = {CRM_FIELD[field]: value for field, value in values.items()}
        key = self.user("create", kind="organisation", fields={**fields, "OrganisationType": "Kunde"})
        self.keys[name] = key
        self.typed("crm", "organisation", key, **values)

    def crm_edit(self, name: str, field: str) -> None:
        """An organisation, also one that the daemon made of a customer."""
        key, value = self.organisation_of(name), self.word(field.title())
        self.user("edit", kind="organisation", id=key, fields={CRM_FIELD[field]: value})
        self.typed("crm", "organisation", key, **{field: value})

    def crm_person(self, name: str, below: str) -> None:
        mail, title = f"{self.world.ledger.token()}@kunde.example", self.word("Titel")
        fields = {
            "PersonOrganisationId": self.organisation_of(below),
            "PersonFirstName": "Kim",
            "PersonLastName": self.word(name),
            "PersonEmail": mail,
            "PersonTitle": title,
            "PersonCustom1": "Yes",
        }
        self.keys[name] = key = self.user("create", kind="person", fields=fields)
        self.typed("crm", "person", key, title=title)

    def crm_title(self, name: str) -> None:
        key, title = self.keys[name], self.word("Titel")
        self.user("edit", kind="person", id=key, fields={"PersonTitle": title})
        self.typed("crm", "person", key, title=title)

    def crm_delivery(self, name: str, below: str, *quantities: int) -> None:
        text = self.word(name)
        fields = {
            "DeliveryOrganisationId": self.organisation_of(below),
            "DeliveryDescription": text,
            "DeliveryOrderDate": "2026-03-14T00:00:00",
        }
        self.keys[name] = key = self.user("create", kind="delivery", fields=fields)
        self.typed("crm", "delivery", key, description=text)
        for number, quantity in enumerate(quantities):
            self.crm_line(name, quantity, "LAMPE-01" if number % 2 else "10")

    def crm_line(self, name: str, quantity: int, item: str) -> None:
        fields = {"QuotationLineQuantity": float(quantity)}
        self.user("add_line", deal=self.delivery_of(name), item=item, fields=fields)

    def crm_line_quantity(self, name: str, at: int, quantity: int) -> None:
        key = self._lines(name)[at]["QuotationLineId"]
        self.user("edit_line", id=key, fields={"QuotationLineQuantity": float(quantity)})

    def crm_line_gone(self, name: str, at: int) -> None:
        self.user("delete_line", id=self._lines(name)[at]["QuotationLineId"])

    def crm_text(self, name: str) -> None:
        key, text = self.delivery_of(name), self.word("Handel")
        self.user("edit", kind="delivery", id=key, fields={"DeliveryDescription": text})
        self.typed("crm", "delivery", key, description=text)

    # -- Visma.net

    def erp_customer(self, name: str) -> None:
        value = self.word(name)
        fields = {"name": value, "mainAddress": {"country": {"id": "DK"}}}
        made = self.bookkeeper("create_customer", fields=fields)
        self.keys[name] = made["internalId"]
        self.typed("erp", "organisation", made["internalId"], name=value)

    def erp_edit(self, name: str, field: str) -> None:
        customer, value = self.customer_of(name), self.word(field.title())
        self.bookkeeper("edit_customer", number=customer["number"], fields={ERP_FIELD[field]: value})
        self.typed("erp", "organisation", customer["internal_id"], **{field: value})

    def erp_renumber(self, name: str, to: str) -> None:
        self.bookkeeper("renumber_customer", number=self.customer_of(name)["number"], to=to)

    def erp_contact(self, name: str, below: str) -> None:
        title = self.word("Titel")
        fields = {
            "lastName": self.word(name),
            "email": f"{self.world.ledger.token()}@kunde.example",
            "position": title,
        }
        made = self.bookkeeper(
            "create_contact", businessAccount=self.customer_of(below)["number"], fields=fields
        )
        self.keys[name] = made["contactId"]
        self.typed("erp", "person", made["contactId"], title=title)

    def erp_title(self, name: str) -> None:
        key, title = self.keys[name], self.word("Titel")
        self.bookkeeper("edit_contact", contactId=key, fields={"position": title})
        self.typed("erp", "person", key, title=title)

    def erp_item(self, number: str) -> None:
        text = self.word("Vare")
        self.bookkeeper("edit_item", number=number, fields={"description": text})
        self.typed("erp", "item", number, name=text)

    def erp_order(self, name: str, below: str, *quantities: int) -> None:
        text = self.word(name)
        lines = [
            {"inventoryId": "LAMPE-01" if number % 2 else "10", "quantity": quantity}
            for number, quantity in enumerate(quantities)
        ]
        made = self.bookkeeper(
            "create_order", customer=self.customer_of(below)["number"], lines=lines, description=text
        )
        self.keys[name] = made["orderId"]
        self.typed("erp", "delivery", f"{made['type']}/{made['orderId']}", description=text)

    def erp_text(self, name: str) -> None:
        order, text = self.order_of(name), self.word("Ordre")
        self.bookkeeper("edit_order", orderId=order["id"], description=text)
        self.typed("erp", "delivery", f"{order['type']}/{order['id']}", description=text)

    def erp_lines(self, name: str, quantity: int) -> None:
        """The first line's quantity, and one more line."""
        order = self.order_of(name)
        edits = [{"lineId": order["lines"][0]["line_id"], "quantity": quantity}]
        more = [{"inventoryId": "LAMPE-01", "quantity": 3}]
        self.bookkeeper("edit_order", orderId=order["id"], lines=edits, add=more)

    def erp_bill(self, name: str) -> None:
        number = self.order_of(name)["id"]
        for act in ("ship", "confirm"):
            self.bookkeeper(act, orderId=number)
        made = self.bookkeeper("invoice_order", orderId=number)
        self.bookkeeper("release", referenceNumber=made["referenceNumber"])
        self.keys[f"invoice of {name}"] = made["referenceNumber"]

    def erp_pay(self, name: str) -> None:
        self.bookkeeper("pay", referenceNumber=self.keys[f"invoice of {name}"])

    def erp_invoice(self, below: str) -> None:
        """Without an order."""
        lines = [{"inventoryNumber": "10", "quantity": 2}]
        made = self.bookkeeper("create_invoice", customer=self.customer_of(below)["number"], lines=lines)
        self.bookkeeper("release", referenceNumber=made["referenceNumber"])

    def erp_cancel(self, name: str) -> None:
        self.bookkeeper("cancel_order", orderId=self.order_of(name)["id"])

    # -- the counterparts that the daemon made. LookupError: not there (yet)

    def organisation_of(self, name: str) -> int:
        marker = f"erp:organisation:{self.keys[name]}"
        rows = self.world.crm.rows("organisation")
        found = [r for r in rows if self.keys[name] == r["OrganisationId"] or r[MARKER] == marker]
        return int(found[0]["OrganisationId"])

    def customer_of(self, name: str) -> Row:
        marker, key = f"crm:organisation:{self.keys[name]}", self.keys[name]
        rows = self.world.erp.state()["customers"]
        return next(
            dict(r)
            for r in rows
            if str(r["internal_id"]) == str(key) or r["fields"].get("attributes.WEBCRMID") == marker
        )

    def delivery_of(self, name: str) -> int:
        key = self.keys[name]
        if isinstance(key, int):
            return key
        rows = self.world.crm.rows("delivery")
        return next(int(r["DeliveryId"]) for r in rows if r["DeliveryErpId"] == f"erp:order:SO/{key}")

    def order_of(self, name: str) -> Row:
        key = self.keys[name]
        return next(
            dict(r)
            for r in self.world.erp.state()["orders"]
            if r["id"] == key or r["fields"].get("customerOrder") == f"crm:delivery:{key}"
        )

    def _lines(self, name: str) -> list[Row]:
        key = self.delivery_of(name)
        return [r for r in self.world.crm.rows("line") if r["QuotationLineOpportunityId"] == key]


def before(screens: Screens) -> None:
    """What both systems hold when the daemon is first switched on."""
    screens.crm_organisation("Bakker")
    screens.crm_person("Anna", "Bakker")
    screens.erp_customer("Dam")
    screens.erp_contact("Bent", "Dam")
    screens.erp_order("Vinter", "Dam", 4, 1)
    screens.erp_invoice("Dam")


def schedule(screens: Screens) -> list[tuple[float, Act]]:
    """What happens when, in seconds after the start."""
    return [
        (8, lambda: screens.crm_delivery("Tilbud", "Bakker", 2, 5)),
        (9, lambda: screens.crm_organisation("Elm")),
        (9, lambda: screens.crm_person("Carl", "Elm")),
        (10, lambda: screens.erp_customer("Fyr")),
        (11, lambda: screens.erp_item("10")),
        (13, lambda: screens.crm_delivery("Sommer", "Elm", 1, 2, 3)),
        (18, lambda: screens.erp_edit("Dam", "address")),
        (18.5, lambda: screens.crm_edit("Bakker", "city")),
        (27, lambda: screens.erp_contact("Dorte", "Fyr")),
        (29, lambda: screens.crm_edit("Dam", "city")),
        (29.5, lambda: screens.erp_edit("Dam", "city")),
        (31, lambda: screens.crm_title("Anna")),
        (33, lambda: screens.crm_line_quantity("Tilbud", 0, 20)),
        (33.2, lambda: screens.crm_line("Tilbud", 6, "10")),
        (38, lambda: screens.erp_text("Vinter")),
        (39, lambda: screens.erp_lines("Vinter", 8)),
        (44, lambda: screens.erp_edit("Bakker", "name")),
        (44.3, lambda: screens.crm_edit("Bakker", "name")),
        (50, lambda: screens.crm_line_gone("Sommer", 1)),
        (51, lambda: screens.erp_renumber("Fyr", "95001")),
        (52, lambda: screens.crm_organisation("Gran")),
        (54, lambda: screens.erp_title("Bent")),
        (57, lambda: screens.erp_bill("Tilbud")),
        (63, lambda: screens.crm_text("Vinter")),
        (66, lambda: screens.erp_order("Haste", "Fyr", 7)),
        (72, lambda: screens.erp_pay("Tilbud")),
        (75, lambda: screens.erp_cancel("Haste")),
        (76, lambda: screens.crm_edit("Gran", "address")),
        (78, lambda: screens.erp_item("LAMPE-01")),
    ]


def weather(world: World) -> None:
    """A few faults, always at the same requests, on both sides: an answer lost, work done late, a 429, a
    500."""
    for face, change in ((world.crm_face, "PUT"), (world.erp_face, "PATCH")):
        plan = face.faults
        plan.add(Sort.RESET_AFTER, method="POST", count=1, skip=4)
        plan.add(Sort.LATE_COMMIT, method="POST", count=1, skip=6, seconds=1.5)
        plan.add(Sort.RESET_AFTER, method=change, count=1, skip=1)
        plan.add(Sort.THROTTLE, method="GET", count=1, skip=30, seconds=2)
        plan.add(Sort.ERROR_AFTER, method="PUT", count=1, skip=2)


async def rest_until(world: World, moment: float) -> None:
    """Let time pass; a life that dies meanwhile is followed by the next."""
    while (left := moment - world.loop.time()) > 0:
        try:
            await asyncio.wait_for(world.life.died.wait(), left)
        except TimeoutError:
            return
        world.kill("at its crash point")
        await asyncio.sleep(DOWN_SECONDS)
        await world.birth()


def click(world: World, act: Act) -> None:
    try:
        act()
    except (ValueError, LookupError, StopIteration) as refused:
        world.ledger.note(world.now_ms(), f"the screen refused: {type(refused).__name__}")


async def play(
    world: World, crash_at_commit: int = 0, settled: Callable[[], None] = lambda: None
) -> list[str]:
    """The day, then rest, then the judgement. `settled` is called when rest was reached."""
    screens = Screens(world)
    before(screens)
    weather(world)
    started = world.loop.time()
    await world.birth(crash_at_commit)
    for second, act in schedule(screens):
        await rest_until(world, started + second)
        click(world, act)
    for face in (world.crm_face, world.erp_face):
        face.faults.rules.clear()
    failures = await world.settle()
    settled()
    return await judged(world, failures)
