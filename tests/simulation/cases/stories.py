"""What the document cases share: a deal with lines, the order or delivery it became, the requests made.

Everything here acts or looks through the two stand-ins, as a person would; only `history` and `Scene.outcome`
ask the daemon's store, for what its pages show.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from actors.reconciler import Reconciler
from streamsync.model import Side
from streamsync.simulators.http import Request, Response
from streamsync.store import journal, pairs
from tests.simulation.scene import Scene

Row = dict[str, Any]
LAMP, SERVICE = "LAMPE-01", "10"  # a stock item of 199, a service of 500 (the example company's)
NUMBER = "10042"  # the first customer number that the ERP's series gives: the example organisation's
DAY = "2026-03-14"


class Sent(msgspec.Struct, frozen=True):
    """One request that was meant to change something."""

    side: Side
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any
    status: int


class Wire(list[Sent]):
    """The writes of both systems since the last `clear`, in order."""

    def of(self, method: str, path: str) -> list[Sent]:
        return [one for one in self if one.method == method and one.path.startswith(path)]


def listen(scene: Scene, *, reads: bool = False) -> Wire:
    """Keep every write from now on (logins and tokens apart), and every read if asked."""
    found = Wire()

    def keeper(side: Side) -> Callable[[Request, Response], None]:
        def keep(request: Request, answer: Response) -> None:
            if (request.method == "GET" and not reads) or request.path.startswith(("/Auth", "/connect")):
                return
            body = json.loads(request.body) if request.body else None
            found.append(
                Sent(side, request.method, request.path, request.query, request.headers, body, answer.status)
            )

        return keep

    scene.crm_face.record, scene.erp_face.record = keeper(Side.CRM), keeper(Side.ERP)
    return found


def organisation(scene: Scene) -> int:
    """The example organisation: linked with customer 10042 once the scene has settled."""
    return int(scene.crm.rows("organisation")[0]["OrganisationId"])


def deal(scene: Scene, *lines: Row, kind: str = "delivery", **fields: Any) -> int:
    """A delivery (or opportunity) of the example organisation as a sales person types it."""
    prefix = kind.capitalize()
    values = {f"{prefix}OrganisationId": organisation(scene), f"{prefix}Description": "Lamper", **fields}
    if kind == "delivery":
        values.setdefault("DeliveryOrderDate", f"{DAY}T00:00:00")
    number = int(scene.user("create", kind=kind, fields=values))
    for line in lines:
        add(scene, number, **line)
    return number


def line(item: str | None = LAMP, quantity: float = 1, **fields: Any) -> Row:
    """The arguments of one line; `price`, `discount` and `memo` by short names."""
    short = {"price": "QuotationLinePrice", "discount": "QuotationLineDiscount", "memo": "QuotationLineMemo"}
    values = {short.get(name, name): value for name, value in fields.items()}
    return {"item": item, "fields": {"QuotationLineQuantity": float(quantity), **values}}


def add(scene: Scene, delivery: int, *, item: str | None, fields: Row) -> int:
    named = {"item": item} if item is not None else {}
    return int(scene.user("add_line", deal=delivery, fields=fields, **named))


async def sent(scene: Scene, *lines: Row, **fields: Any) -> tuple[int, Row]:
    """A delivery that went out as an order: (DeliveryId, the order)."""
    number = deal(scene, *(lines or (line(LAMP, 2), line(SERVICE, 1))), **fields)
    await scene.settle()
    return number, order_of(scene, number)


async def ordered(scene: Scene, *lines: Row, **header: Any) -> tuple[Row, int]:
    """An order of the example customer that became a delivery: (the order, DeliveryId)."""
    made = scene.bookkeeper(
        "create_order", customer=NUMBER, lines=list(lines or (goods(LAMP, 2), goods(SERVICE, 1))), **header
    )
    await scene.settle()
    return order(scene, made["orderId"]), delivery_of(scene, f"erp:order:{made['type']}/{made['orderId']}")


def goods(item: str = LAMP, quantity: float = 1, **more: Any) -> Row:
    """A line as a bookkeeper types it into an order."""
    return {"inventoryId": item, "quantity": quantity, **more}


def billed(item: str = SERVICE, quantity: float = 1, **more: Any) -> Row:
    """A line as a bookkeeper types it into an invoice."""
    return {"inventoryNumber": item, "quantity": quantity, **more}


def orders(scene: Scene) -> list[Row]:
    return list(scene.erp.state()["orders"])


def order(scene: Scene, number: str) -> Row:
    return next(one for one in orders(scene) if one["id"] == number)


def order_of(scene: Scene, delivery: int) -> Row:
    """The one order that carries this delivery's marker."""
    found = [one for one in orders(scene) if one["fields"].get("customerOrder") == f"crm:delivery:{delivery}"]
    assert len(found) == 1, found
    return dict(found[0])


def documents(scene: Scene, kind: str = "Invoice") -> list[Row]:
    return [one for one in scene.erp.state()["documents"] if one["type"] == kind]


def deliveries(scene: Scene) -> list[Row]:
    return list(scene.crm.rows("delivery"))


def delivery(scene: Scene, number: int) -> Row:
    return dict(scene.crm.get("delivery", number))


def delivery_of(scene: Scene, marker: str) -> int:
    """The one delivery that names this document."""
    found = [one["DeliveryId"] for one in deliveries(scene) if one["DeliveryErpId"] == marker]
    assert len(found) == 1, (marker, [one["DeliveryErpId"] for one in deliveries(scene)])
    return int(found[0])


def lines_of(scene: Scene, number: int) -> list[Row]:
    """The lines of a delivery in their order at the screen."""
    found = [one for one in scene.crm.rows("line") if one["QuotationLineOpportunityId"] == number]
    return sorted(found, key=lambda one: (one["QuotationLineSortOrder"], one["QuotationLineId"]))


def quantities(scene: Scene, number: int) -> list[float]:
    return [one["QuotationLineQuantity"] for one in lines_of(scene, number)]


def word(scene: Scene, number: int) -> str:
    """The sync status as the demonstration's rules word it: Afventer, Godkendt, Betalt, Annulleret."""
    return str(delivery(scene, number)["DeliveryCustom5"])


def numbers(scene: Scene, number: int) -> tuple[str, str]:
    """(D1 the invoice numbers, D8 booked)."""
    row = delivery(scene, number)
    return row["DeliveryCustom1"], row["DeliveryCustom4"]


async def history(scene: Scene, number: int) -> list[journal.Change]:
    """What the page of a delivery's pair shows as its past values."""

    def found(conn: Any) -> list[journal.Change]:
        pair = pairs.by_rid(conn, "kunde", "document", Side.CRM, str(number))
        return journal.history(conn, "kunde", pair.id) if pair is not None else []

    return await scene.daemon.store.read(found)


async def payments_swept(scene: Scene) -> None:
    """The hourly sweep, now: payments may not move a stamp (E72 waits for its hour)."""
    sweeper = next(one for one in scene.daemon.plant.sources if isinstance(one, Reconciler))
    await sweeper.payments()
    await scene.settle()


async def proven_gone(scene: Scene) -> None:
    """What disappeared is missed by two full reads an hour apart, then looked for singly (semantics §10)."""
    sweeper = next(one for one in scene.daemon.plant.sources if isinstance(one, Reconciler))
    for _ in range(2):
        await sweeper.full()
        await scene.sleep(30)  # no rest until there is evidence: a write may be waiting for it
        scene.skip(3700)
    await sweeper.gone()
    await scene.settle()


async def an_hour(scene: Scene) -> None:
    """Time for the hourly sweep of payments; the feeds are looked at rarely meanwhile: it costs little."""
    for connection in scene.daemon.plant.connections.values():
        usual = connection.poll_seconds
        connection.poll_seconds = dict.fromkeys(usual, 900.0)
        await scene.sleep(3660)
        connection.poll_seconds = usual
        for wake in connection.poll_wakes.values():
            wake.set()
    await scene.sleep(60)
    await scene.settle()


async def invoiced(scene: Scene, number: str, **quantity: float) -> str:
    """Ship (all, or `line1=4` and so on), confirm and bill an order: the invoice's number."""
    wanted = {name.removeprefix("line"): value for name, value in quantity.items()}
    scene.bookkeeper("ship", orderId=number, **({"lines": wanted} if wanted else {}))
    scene.bookkeeper("confirm", orderId=number)
    return str(scene.bookkeeper("invoice_order", orderId=number)["referenceNumber"])
