"""Carrying out one `Write`: customers, contacts, sales orders with their lines, customer invoices.

One attempt each, guarded by If-Match wherever a version is known; an order cannot be changed without one, so
it is read first when the caller has none. The keys of new records come from the `Location` header. Sources:
visma-api §3.2, §3.3, §4.
"""

from collections.abc import Sequence

from streamsync.errors import Bug, Rejected
from streamsync.model import Action, Done, Kind, Lane, LineEdit, Write
from streamsync.systems.transport import Reply
from streamsync.systems.visma import flatten, shapes
from streamsync.systems.visma.auth import Audience
from streamsync.systems.visma.calls import Calls, created, segment, version_of
from streamsync.systems.visma.orders import LIST, order_path
from streamsync.systems.visma.shapes import Body
from streamsync.systems.visma.zone import Zone

INVOICES = "/v1/customerinvoice"
LINES_AT_ONCE = 1000


class Writes:
    def __init__(self, calls: Calls, zone: Zone) -> None:
        self._calls = calls
        self._zone = zone

    async def send(self, write: Write, version: str, lane: Lane) -> Done:
        """See `System.send`. Raises a SystemFault; Bug for what Visma.net does not offer."""
        match write.kind, write.action:
            case Kind.ORGANISATION, Action.CREATE:
                return await self._create_customer(write, lane)
            case Kind.ORGANISATION, Action.UPDATE:
                body = shapes.customer_body(write.fields, create=False)
                return await self._put(
                    f"/v1/customer/internal/{segment(write.rid)}", body, "customer", version, lane
                )
            case Kind.PERSON, Action.CREATE:
                return await self._create_contact(write, lane)
            case Kind.PERSON, Action.UPDATE:
                body = shapes.contact_body(write.fields, create=False)
                return await self._put(f"/v1/contact/{segment(write.rid)}", body, "contact", version, lane)
            case Kind.ORDER, _:
                return await self._order(write, version, lane)
            case Kind.INVOICE, _:
                return await self._invoice(write, version, lane)
        raise Bug(f"{write.action} of {write.kind} is not offered by Visma.net", code="write")

    async def _create_customer(self, write: Write, lane: Lane) -> Done:
        body = shapes.customer_body(write.fields, create=True)
        reply = await self._finance("POST", "/v1/customer", body, "customer", lane)
        [number] = created(reply, 1, "customer")
        return Done(handle=number, version=version_of(reply))

    async def _create_contact(self, write: Write, lane: Lane) -> Done:
        body = shapes.contact_body(write.fields, create=True)
        reply = await self._finance("POST", "/v1/contact", body, "contact", lane)
        [rid] = created(reply, 1, "contact")
        return Done(rid=rid, version=version_of(reply))

    async def _put(self, path: str, body: Body, endpoint: str, version: str, lane: Lane) -> Done:
        if not body:
            raise Bug(f"an update of a {endpoint} without any field", code="write")
        return Done(version=version_of(await self._finance("PUT", path, body, endpoint, lane, version)))

    async def _finance(
        self, method: str, path: str, body: Body | None, endpoint: str, lane: Lane, version: str = ""
    ) -> Reply:
        reply = await self._calls.write(
            method, Audience.FINANCE, path, body, endpoint=endpoint, lane=lane, version=version
        )
        self._zone.wrote(version_of(reply), reply.date_ms)
        return reply

    async def _invoice(self, write: Write, version: str, lane: Lane) -> Done:
        if write.action is Action.CREATE:
            body = shapes.invoice_body(write.fields, write.lines, create=True)
            reply = await self._finance("POST", "/v2/customerinvoice", body, "customerinvoice", lane)
            [number] = created(reply, 1, "invoice")
            return Done(rid=flatten.document_rid("Invoice", number), version=version_of(reply))
        type_, number = flatten.split_rid(write.rid)
        if type_ not in ("Invoice", "DebitNote"):
            raise Bug(f"a {type_} is not written by us", code="write")
        path = f"{INVOICES}/{segment(number)}"
        if write.action in (Action.UPDATE, Action.LINES):
            body = shapes.invoice_body(write.fields, write.lines, create=False)
            return await self._put(path, body, "customerinvoice", version, lane)
        if write.action is Action.DELETE:
            await self._calls.delete(Audience.FINANCE, path, endpoint="customerinvoice", lane=lane)
            return Done()
        raise Bug(f"{write.action} of an invoice is not offered by Visma.net", code="write")

    async def _order(self, write: Write, version: str, lane: Lane) -> Done:
        if write.action is Action.CREATE:
            body = shapes.order_body(write.fields, write.lines, create=True)
            reply = await self._v3("POST", LIST, body, lane)
            type_, number = created(reply, 2, "order")
            return Done(rid=flatten.order_rid(type_, number), version=version_of(reply))
        path = order_path(*flatten.split_rid(write.rid))
        version = version or await self._version(path, lane)
        match write.action:
            case Action.UPDATE:
                body = shapes.order_body(write.fields, create=False)
                if not body:
                    raise Bug("an update of an order without any field", code="write")
                return Done(version=version_of(await self._v3("PATCH", path, body, lane, version)))
            case Action.LINES:
                return Done(version=await self._lines(path, write.lines, version, lane))
            case Action.DELETE:
                await self._calls.delete(
                    Audience.ORDERS, path, endpoint="salesorder", lane=lane, version=version
                )
                return Done()
        raise Bug(f"{write.action} of an order is not offered by Visma.net", code="write")

    async def _lines(self, path: str, edits: Sequence[LineEdit], version: str, lane: Lane) -> str:
        """Inserts, then updates, then deletes: nothing is lost if it breaks off. Each step needs the ETag of
        the last.
        """
        lines = f"{path}/lines"
        inserts = [shapes.new_order_line(edit.fields) for edit in edits if edit.action == "insert"]
        updates = [shapes.patch_order_line(edit) for edit in edits if edit.action == "update"]
        deletes = [edit.key for edit in edits if edit.action == "delete"]
        if len(inserts) + len(updates) + len(deletes) != len(edits) or not edits:
            raise Bug(
                "a line edit is an insert, an update or a delete, and there is at least one", code="write"
            )
        steps: list[tuple[str, Body | None, tuple[tuple[str, str], ...]]] = []
        if inserts:
            steps.append(("POST", {"lines": inserts}, ()))
        if updates:
            steps.append(("PATCH", {"lines": updates}, ()))
        steps += [
            ("DELETE", None, (("ids", ",".join(deletes[at : at + LINES_AT_ONCE])),))
            for at in range(0, len(deletes), LINES_AT_ONCE)
        ]
        for method, body, params in steps:
            version = version or await self._version(path, lane)
            reply = await self._calls.write(
                method,
                Audience.ORDERS,
                lines,
                body,
                endpoint="salesorder-lines",
                lane=lane,
                version=version,
                params=params,
            )
            version = version_of(reply)
        return version

    async def _version(self, path: str, lane: Lane) -> str:
        """The order's present ETag: without it every change is refused (428)."""
        reply = await self._calls.find(Audience.ORDERS, path, (), endpoint="salesorder", lane=lane)
        if reply is None:
            raise Rejected("The sales order no longer exists in Visma.net.", code="404")
        return version_of(reply)

    async def _v3(self, method: str, path: str, body: Body | None, lane: Lane, version: str = "") -> Reply:
        return await self._calls.write(
            method, Audience.ORDERS, path, body, endpoint="salesorder", lane=lane, version=version
        )
