"""The demonstration's view of a stand-in: what people do there, and everything it holds.

Talks to `/_sim/` only, never to the API that the daemon uses. Whether something really happened is read from
here. `Crm` and `Erp` are pure readers of one state each.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

import aiohttp
import msgspec

Row = dict[str, Any]
_decoder = msgspec.json.Decoder(Any, float_hook=Decimal)


class Refused(Exception):
    """The stand-in says that a person cannot do this."""


class Control:
    """One stand-in's control side."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self.origin = origin
        self._session = session

    async def act(self, name: str, **arguments: object) -> Any:
        """What a person does. Raises Refused."""
        return (await self._ask("POST", "act", {"act": name, **arguments}))["result"]

    async def state(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self._ask("GET", "state")
        return found

    async def counts(self) -> Mapping[str, Any]:
        """{total, by_kind {kind {status n}}, last_write_ms} since the start."""
        found: Mapping[str, Any] = await self._ask("GET", "counts")
        return found

    async def _ask(self, method: str, what: str, body: object = None) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        async with self._session.request(method, f"{self.origin}/_sim/{what}", data=data) as reply:
            answer: Any = _decoder.decode(await reply.read())
            if reply.status >= 400:
                raise Refused(str(answer.get("error", f"The stand-in answered {reply.status}.")))
            return answer


class Crm:
    """One state of the webCRM stand-in: full rows by kind."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._state = state

    def rows(self, kind: str) -> list[Row]:
        """All rows of `organisation person item delivery opportunity line`, empty members included."""
        template = self._state["defaults"].get(kind, {})
        return [{**template, **row} for row in self._state[kind]]

    def one(self, kind: str, member: str, value: object) -> Row:
        """The only row with this value, else an empty one."""
        found = [row for row in self.rows(kind) if row[member] == value]
        return found[0] if len(found) == 1 else {}

    def organisation(self, number: int) -> Row:
        return self.one("organisation", "OrganisationId", number)

    def delivery(self, number: int) -> Row:
        return self.one("delivery", "DeliveryId", number)

    def item(self, number: str) -> Row:
        return self.one("item", "QuotationLineLinkedDataItemData1", number)


class Erp:
    """One state of the Visma.net stand-in: rows flat, the dotted read names beside the keys."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._state = state

    def _flat(self, table: str) -> list[Row]:
        return [{**row.get("fields", {}), **row} for row in self._state[table]]

    @cached_property
    def customers(self) -> list[Row]:
        """`number internal_id name attributes.WEBCRMID …`"""
        return self._flat("customers")

    @cached_property
    def contacts(self) -> list[Row]:
        """`contact_id customer email …`; `customer` is the number."""
        return self._flat("contacts")

    @cached_property
    def items(self) -> list[Row]:
        """`number inventory_id description …`"""
        return self._flat("items")

    @cached_property
    def orders(self) -> list[Row]:
        """`type id customer customerOrder status lines …`"""
        return self._flat("orders")

    @cached_property
    def documents(self) -> list[Row]:
        """`type number customer status balance lines …`"""
        return self._flat("documents")

    def customer_of(self, organisation: int) -> Row:
        """The only customer that carries the key of this webCRM organisation, else an empty row."""
        return _only(self.customers, "attributes.WEBCRMID", f"crm:organisation:{organisation}")

    def order_of(self, delivery: int) -> Row:
        """The only sales order that carries the key of this webCRM delivery, else an empty row."""
        return _only(self.orders, "customerOrder", f"crm:delivery:{delivery}")

    def document(self, number: str) -> Row:
        return _only(self.documents, "number", number)

    def contact(self, email: str) -> Row:
        return _only(self.contacts, "email", email)


def _only(rows: list[Row], name: str, value: object) -> Row:
    found = [row for row in rows if row.get(name) == value]
    return found[0] if len(found) == 1 else {}
