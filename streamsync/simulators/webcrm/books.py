"""All records of the stand-in and the one way to change them: stamps, authors, computed members, hook events.

Called by the API side (`writes`), the user side (`acts`) and the loader, which have checked what they want;
the books only keep things consistent. Deliveries and opportunities share one id space; lines point into it
(webcrm-api §10.3).
"""

import random
import re
from collections.abc import Mapping
from typing import Any

from streamsync.simulators.lag import Lag
from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.hooks import HookBook
from streamsync.simulators.webcrm.schema import ENTITIES, Entity
from streamsync.simulators.webcrm.settings import Settings
from streamsync.simulators.webcrm.table import Row, Table
from streamsync.simulators.webcrm.tenant import Tenant

FIRST_IDS = {"organisation": 778800, "person": 45100, "deal": 150, "line": 9000, "item": 300}
INDEXED = {
    "person": ("PersonOrganisationId",),
    "delivery": ("DeliveryNumber", "DeliveryOrganisationId"),
    "opportunity": ("OpportunityOrganisationId",),
    "line": ("QuotationLineOpportunityId",),
    "item": ("QuotationLineLinkedDataItemData1",),
}
SYSTEM = "SYS"


class Books:
    def __init__(self, tenant: Tenant, settings: Settings, rng: random.Random) -> None:
        self.tenant = tenant
        self.settings = settings
        self.rng = rng
        self.tables = {kind: Table(entity, tenant, self._indexed(kind)) for kind, entity in ENTITIES.items()}
        self.next_ids = dict(FIRST_IDS)
        self.hooks = HookBook()
        self.last_create_ms: dict[str, int] = {}
        self.lag = Lag(rng)
        self.now_ms = 0  # of the request in hand

    def _indexed(self, kind: str) -> tuple[str, ...]:
        prefix = ENTITIES[kind].prefix
        unique = [
            name for name, field in self.tenant.fields.items() if field.unique and name.startswith(prefix)
        ]
        return (*INDEXED.get(kind, ()), *unique)

    def wire(self, kind: str, number: int) -> Row:
        """One record as the API shows it. Raises KeyError."""
        table = self.tables[kind]
        return table.wire(table.rows[number])

    def take_id(self, kind: str) -> int:
        series = "deal" if kind in ("delivery", "opportunity") else kind
        number = self.next_ids[series]
        self.next_ids[series] += 1
        return number

    def reserve(self, kind: str, number: int) -> None:
        """A loaded record brought its own id."""
        series = "deal" if kind in ("delivery", "opportunity") else kind
        if series in self.next_ids:
            self.next_ids[series] = max(self.next_ids[series], number + 1)

    def deal_kind(self, number: int) -> str | None:
        """`delivery`, `opportunity` or None: what a line's OpportunityId points at."""
        for kind in ("delivery", "opportunity"):
            if number in self.tables[kind].rows:
                return kind
        return None

    def create(self, kind: str, values: Mapping[str, Any], by: str, now_ms: int, token: str = "") -> int:
        """A new record, stamped; gives its id."""
        entity = ENTITIES[kind]
        number = self.take_id(kind)
        filled = {**defaults(entity), **values}
        if entity.kind == "delivery" and self.settings.auto_number and not filled.get("DeliveryNumber"):
            filled["DeliveryNumber"] = f"{number:06d}"
        now = self._stamp(kind, number, now_ms, new=True)
        if entity.prefix + "CreatedAt" in entity.members:
            filled |= {entity.prefix + "CreatedAt": now, entity.prefix + "CreatedBy": by}
        self.store(entity, number, filled)
        self._touch(entity, number, by, now)
        self.hooks.notice(kind, "Create", number)
        self._after_line(kind, number, now_ms)
        return number

    def update(self, kind: str, number: int, values: Mapping[str, Any], by: str, now_ms: int) -> None:
        """Changes members of an existing record and stamps it, also when nothing differs (Q28)."""
        entity = ENTITIES[kind]
        old_deal = self.tables["line"].value(number, "QuotationLineOpportunityId") if kind == "line" else 0
        self.store(entity, number, values)
        self._touch(entity, number, by, self._stamp(kind, number, now_ms))
        self.hooks.notice(kind, "Update", number)
        self._after_line(kind, number, now_ms)
        if old_deal:
            self.recompute(old_deal, now_ms)

    def remove(self, kind: str, number: int, now_ms: int) -> None:
        """Deletes a record and what hangs under it, children first."""
        for child_kind, name in _CHILDREN.get(kind, ()):
            for child in self.tables[child_kind].find(name, number):
                self.remove(child_kind, child, now_ms)
        row = self.tables[kind].remove(number)
        self.hooks.notice(kind, "Delete", number)
        if kind == "line":
            self.recompute(row.get("QuotationLineOpportunityId", 0), now_ms)

    def _stamp(self, kind: str, number: int, now_ms: int, *, new: bool = False) -> str:
        """Of a change now; a transaction that was long under way bears the stamp of its beginning."""
        settings = self.settings
        self.lag.note(
            (kind, number), now_ms, new=new, list_ms=settings.list_lag_ms, search_ms=settings.search_lag_ms
        )
        late_ms = self.rng.randint(0, settings.late_commit_ms) if settings.late_commit_ms else 0
        return stamps.stamp(now_ms - late_ms)

    def store(self, entity: Entity, number: int, values: Mapping[str, Any]) -> None:
        """Writes members and the ones computed from them; no stamp, no event."""
        table = self.tables[entity.kind]
        table.set(number, values)
        computed = computed_members(entity, table.wire(table.rows[number]), values)
        if computed:
            table.set(number, computed)

    def _touch(self, entity: Entity, number: int, by: str, now: str) -> None:
        prefix = entity.prefix
        if prefix + "UpdatedAt" not in entity.members:
            return
        changes = {prefix + "UpdatedAt": now, prefix + "UpdatedBy": by}
        if prefix + "History" in entity.members:
            changes[prefix + "History"] = history(now, by)
        self.tables[entity.kind].set(number, changes)

    def _after_line(self, kind: str, number: int, now_ms: int) -> None:
        if kind == "line":
            self.recompute(self.tables["line"].value(number, "QuotationLineOpportunityId"), now_ms)

    def recompute(self, deal: int, now_ms: int) -> None:
        """Order value and margin from the lines (webcrm-api §10.3); the deal's stamp stays unless set
        otherwise."""
        kind = self.deal_kind(deal)
        if kind is None:
            return
        prefix = ENTITIES[kind].prefix
        if self.settings.recompute_value:
            value, cost = self.sums(deal)
            self.tables[kind].set(deal, {prefix + "OrderValue": value, prefix + "OrderGmValue": value - cost})
        if self.settings.lines_touch_deal:
            self.tables[kind].set(deal, {prefix + "UpdatedAt": stamps.stamp(now_ms)})

    def sums(self, deal: int) -> tuple[float, float]:
        """Net value and cost of a deal's lines, in doubles as webCRM adds them (Q26)."""
        value = cost = 0.0
        table = self.tables["line"]
        for number in table.find("QuotationLineOpportunityId", deal):
            row = table.rows[number]
            quantity = row.get("QuotationLineQuantity", 0.0)
            discount = row.get("QuotationLineDiscount", 0.0)
            value += row.get("QuotationLinePrice", 0.0) * quantity * (1 - discount / 100)
            cost += row.get("QuotationLineCostPrice", 0.0) * quantity
        return value, cost

    def races(self, kind: str, now_ms: int) -> bool:
        """Whether this create collides with the one just before it (Q5)."""
        last = self.last_create_ms.get(kind)
        self.last_create_ms[kind] = now_ms
        if last is None or now_ms - last >= self.settings.create_race_ms:
            return False
        return self.rng.random() < self.settings.create_race_probability


_CHILDREN = {
    "organisation": (
        ("person", "PersonOrganisationId"),
        ("delivery", "DeliveryOrganisationId"),
        ("opportunity", "OpportunityOrganisationId"),
    ),
    "delivery": (("line", "QuotationLineOpportunityId"),),
    "opportunity": (("line", "QuotationLineOpportunityId"),),
}


def defaults(entity: Entity) -> Row:
    """What a new record starts with beside the template's empties."""
    if entity.kind == "item":
        return {"QuotationLineLinkedDataItemEntityType": "Product"}
    if entity.kind == "organisation":
        return {"OrganisationTerritoryId": 1}
    return {}


def history(now: str, by: str) -> str:
    """The last change as HTML (Q18)."""
    return f"<table><tr><td>{stamps.local(now)}</td><td>&nbsp;{by}</td></tr></table>"


def computed_members(entity: Entity, shown: Mapping[str, Any], changed: Mapping[str, Any]) -> Row:
    """Members webCRM derives from others (webcrm-api §4, read-only list)."""
    if entity.kind == "organisation":
        return {
            "OrganisationCompareName": re.sub(r"\s+", "", shown["OrganisationName"]).upper(),
            "OrganisationTelephoneSearch": _search(shown["OrganisationTelephone"]),
        }
    if entity.kind == "person" and changed.keys() & _PERSON_SOURCES:
        parts = (shown["PersonFirstName"], shown["PersonMiddleName"], shown["PersonLastName"])
        return {
            "PersonName": " ".join(part for part in parts if part),
            "PersonTelephoneSearch": _search(shown["PersonDirectPhone"], shown["PersonMobilePhone"]),
        }
    return {}


_PERSON_SOURCES = frozenset(
    {"PersonFirstName", "PersonMiddleName", "PersonLastName", "PersonDirectPhone", "PersonMobilePhone"}
)


def _search(*phones: str) -> str:
    digits = [re.sub(r"\D", "", phone) for phone in phones]
    return "".join(f"-{number}-" for number in digits if number)
