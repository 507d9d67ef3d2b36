"""One sort of record in memory: sparse rows by id, with indexes. Knows nothing of rules, stamps or people.

A row holds only what differs from the template (what a record shows that never had a value), so that ten
thousand records stay small; `wire` puts both together. Indexes compare text without regard to case, as
webCRM does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from streamsync.simulators.webcrm.schema import Entity
from streamsync.simulators.webcrm.tenant import Tenant

Row = dict[str, Any]


class Table:
    def __init__(self, entity: Entity, tenant: Tenant, indexed: Iterable[str] = ()) -> None:
        self.entity = entity
        self.template: Row = {}
        self.rows: dict[int, Row] = {}
        self.indexes: dict[str, dict[object, set[int]]] = {name: {} for name in indexed}
        self.refresh_template(tenant)

    def refresh_template(self, tenant: Tenant) -> None:
        """After the tenant's fields changed."""
        for name, member in self.entity.members.items():
            configured = tenant.fields.get(name)
            texts = configured if member.type != "bool" else None  # a checkmark is no text (Q9)
            self.template[name] = member.empty() if texts is None else texts.empty()

    def __len__(self) -> int:
        return len(self.rows)

    def value(self, number: int, name: str) -> Any:
        """One member of an existing row."""
        return self.rows[number].get(name, self.template[name])

    def wire(self, row: Row) -> Row:
        """A row as the API shows it."""
        shown = {**self.template, **row}
        if self.entity.kind == "line":
            del shown["QuotationLineLinkedDataId"]  # webcrm-api §10.4: can be written, is never shown
        return shown

    def set(self, number: int, changes: Mapping[str, Any]) -> None:
        """Creates the row if it is new; a value equal to the template's is not stored."""
        row = self.rows.setdefault(number, {self.entity.id: number})
        for name, value in changes.items():
            if name == self.entity.id:
                continue
            if name in self.indexes:
                self._index(name, number, row.get(name, self.template[name]), value)
            if value == self.template[name]:
                row.pop(name, None)
            else:
                row[name] = value

    def remove(self, number: int) -> Row:
        row = self.rows.pop(number)
        for name in self.indexes:
            self._drop(name, number, row.get(name, self.template[name]))
        return row

    def find(self, name: str, value: object) -> list[int]:
        """Ids of the rows with this non-empty value in an indexed member, ascending."""
        return sorted(self.indexes[name].get(_key(value), ()))

    def index(self, name: str) -> None:
        """Have an index of this member from now on."""
        self.indexes[name] = {}
        for number, row in self.rows.items():
            self._index(name, number, None, row.get(name, self.template[name]))

    def in_order(self) -> list[Row]:
        """All rows by id."""
        return [self.rows[number] for number in sorted(self.rows)]

    def _index(self, name: str, number: int, old: object, new: object) -> None:
        self._drop(name, number, old)
        if new:
            self.indexes[name].setdefault(_key(new), set()).add(number)

    def _drop(self, name: str, number: int, old: object) -> None:
        holders = self.indexes[name].get(_key(old))
        if holders is not None:
            holders.discard(number)
            if not holders:
                del self.indexes[name][_key(old)]


def _key(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value
