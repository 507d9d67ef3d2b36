"""The arguments of a user act: what is required, of which type, and the records they name.

Raises ValueError with a sentence for everything that is missing or unknown, as `StandIn.act` promises.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.records import Contact, Customer, Document, Item, Order
from streamsync.simulators.visma.times import read_day

NUMBERS = (
    "defaultPrice",
    "recommendedPrice",
    "currentCost",
    "lastCost",
    "pendingCost",
    "creditLimit",
    "stock",
    "quantity",
    "unitPrice",
    "discountPercent",
    "amount",
)


def decimal(value: object) -> Decimal:
    """Exact: a float is read by its shortest text."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number.") from None


class Arguments:
    """Takes arguments out one by one; `done` complains about what is left."""

    def __init__(self, act: str, values: dict[str, object], company: Company) -> None:
        self.act = act
        self.company = company
        self._values: dict[str, Any] = dict(values)

    def text(self, *names: str, default: str | None = None) -> str:
        """The first of the names that was given."""
        for name in names:
            if self._values.get(name) is not None:
                return str(self._values.pop(name))
        if default is None:
            raise ValueError(f"{self.act} needs {names[0]}.")
        return default

    def flag(self, name: str, default: bool) -> bool:
        return bool(self._values.pop(name, default))

    def amount(self, name: str) -> Decimal | None:
        value = self._values.pop(name, None)
        return None if value is None else decimal(value)

    def day(self, name: str, default: date) -> date:
        value = self._values.pop(name, None)
        if value is None:
            return default
        day = read_day(str(value))
        if day is None:
            raise ValueError(f"{value!r} is no date.")
        return day

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A list of objects; their numbers are Decimal."""
        value = self._values.pop(name, None) or []
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise ValueError(f"{name} must be a list of objects.")
        return [plain(row) for row in value]

    def names(self, name: str) -> list[str]:
        value = self._values.pop(name, None) or []
        if not isinstance(value, list):
            raise ValueError(f"{name} must be a list.")
        return [str(part) for part in value]

    def table(self, name: str) -> dict[str, Any]:
        value = self._values.pop(name, None) or {}
        if not isinstance(value, dict):
            raise ValueError(f"{name} must be an object.")
        return value

    def rest(self) -> dict[str, Any]:
        """Everything not taken yet: the fields of an edit. A table `fields` is merged into it."""
        fields = {**self.table("fields"), **self._values}
        self._values = {}
        return plain(fields)

    def done(self) -> None:
        if self._values:
            raise ValueError(f"{self.act} knows no {', '.join(sorted(self._values))}.")

    # -- records

    def customer(self) -> Customer:
        internal = self._values.pop("internalId", None)
        if internal is not None:
            found = self.company.customers.get(int(internal))
        else:
            found = self.company.customer(self.text("customer", "number"))
        if found is None:
            raise ValueError(f"{self.act}: there is no such customer.")
        return found

    def contact(self) -> Contact:
        found = self.company.contacts.get(int(self.text("contactId")))
        if found is None:
            raise ValueError(f"{self.act}: there is no such contact.")
        return found

    def item(self) -> Item:
        found = self.company.item(self.text("inventoryNumber", "number"))
        if found is None:
            raise ValueError(f"{self.act}: there is no such item.")
        return found

    def order(self) -> Order:
        kind, _, ident = self.text("orderId", "order").rpartition("/")
        kind = kind or self.text("type", default="SO")
        self._values.pop("type", None)
        found = self.company.orders.get((kind.upper(), ident))
        if found is None:
            raise ValueError(f"{self.act}: there is no order {kind}/{ident}.")
        return found

    def document(
        self, types: Iterable[str] = ("Invoice", "DebitNote", "CreditNote", "CashSale", "CashReturn")
    ) -> Document:
        number = self.text("referenceNumber", "invoice", "number")
        wanted = self._values.pop("documentType", None)
        for kind in [str(wanted)] if wanted else types:
            found = self.company.documents.get((kind, number))
            if found is not None:
                return found
        raise ValueError(f"{self.act}: there is no document {wanted or ''} {number}.")


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Flat fields: nested objects become dotted names, known numbers Decimal, `attributes` may be a table."""
    result: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict) and name != "units":
            result.update({f"{name}.{inner}": text for inner, text in plain(value).items()})
        elif name == "units":
            result[name] = {unit: decimal(rate) for unit, rate in value.items()}
        elif name in NUMBERS and value is not None:
            result[name] = decimal(value)
        else:
            result[name] = value
    return result
