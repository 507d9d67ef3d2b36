"""What somebody at one of the two screens sees and does, and what the ledger is told of it.

Few records, so that edits collide. Every act is told before the daemon can see it. A record that vanishes is
noted with what it was tied to, so that the judges need no memory of the product's.
"""

import random
from collections.abc import Callable
from typing import Any

from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.ledger import Gone, Ledger

Row = dict[str, Any]
MARKER, PERSON_MARKER, DELIVERY_MARKER = "OrganisationExtraCustom8", "PersonCustom2", "DeliveryErpId"
ORGANISATION = {
    # the ledger's word: webCRM's field, Visma.net's path
    "name": ("OrganisationName", "name"),
    "address": ("OrganisationAddress", "mainAddress.addressLine1"),
    "city": ("OrganisationCity", "mainAddress.city"),
}
LIMIT = 6  # records of a kind, at most: edits should meet
ITEMS = ("10", "LAMPE-01")
CRM_KINDS = (
    ("organisation", "OrganisationId", MARKER),
    ("person", "PersonId", PERSON_MARKER),
    ("delivery", "DeliveryId", DELIVERY_MARKER),
)


class Desk:
    """`rng` decides everything that people choose."""

    def __init__(
        self,
        crm: WebcrmWorld,
        erp: VismaWorld,
        ledger: Ledger,
        rng: random.Random,
        now_ms: Callable[[], int],
        clocks: tuple[Callable[[], int], Callable[[], int]],
    ) -> None:
        self.crm, self.erp, self.ledger, self.rng, self.now_ms = crm, erp, ledger, rng, now_ms
        self._crm_now_ms, self._erp_now_ms = clocks

    def user(self, act: str, **arguments: Any) -> Any:
        """A person at webCRM's screen."""
        return self.crm.act(act, arguments, self._crm_now_ms())

    def bookkeeper(self, act: str, **arguments: Any) -> Any:
        """A person at Visma.net's screen."""
        return self.erp.act(act, arguments, self._erp_now_ms())

    def typed(self, side: str, kind: str, key: object, **values: str) -> None:
        self.ledger.typed(self.now_ms(), side, kind, key, **values)

    def note(self, text: str) -> None:
        self.ledger.note(self.now_ms(), text)

    def text(self, word: str) -> str:
        """A value that nobody else ever types."""
        return f"{word} {self.ledger.token()}"

    # -- what they see

    def organisations(self) -> list[Row]:
        return self.crm.rows("organisation")

    def an_organisation(self) -> Row:
        return self.rng.choice(self.organisations())

    def customers(self) -> list[Row]:
        return self._table("customers")

    def a_customer(self) -> Row:
        return self.rng.choice(self.customers())

    def contacts(self) -> list[Row]:
        return self._table("contacts")

    def orders(self) -> list[Row]:
        return self._table("orders")

    def an_order(self) -> Row:
        return self.rng.choice(self.orders())

    def documents(self) -> list[Row]:
        return self._table("documents")

    def _table(self, name: str) -> list[Row]:
        return list(self.erp.state()[name])

    def twins(self, kind: str) -> list[tuple[Row, Row]]:
        """Records of the two screens that name each other: organisation, person or delivery."""
        if kind == "organisation":
            known = {f"erp:organisation:{row['internal_id']}": row for row in self.customers()}
        elif kind == "person":
            known = {f"erp:person:{row['contact_id']}": row for row in self.contacts()}
        else:
            known = {f"erp:order:{row['type']}/{row['id']}": row for row in self.orders()}
        marker = {name: field for name, _, field in CRM_KINDS}[kind]
        return [(row, known[row[marker]]) for row in self.crm.rows(kind) if row[marker] in known]

    # -- what vanishes

    def remove(self, why: str, act: Callable[[], object]) -> None:
        """Do it, and tell the ledger of everything that is not there any more."""
        before = self._there()
        act()
        left = self._there()
        self.note(why)
        for (side, kind, key), tie in before.items():
            if (side, kind, key) not in left:
                self.ledger.gone[side, kind, key] = Gone(self.now_ms(), tie)

    def _there(self) -> dict[tuple[str, str, str], str]:
        """Every record that has a counterpart of its own, and the mark that it carries."""
        found = {
            ("crm", kind, str(row[rid])): str(row[marker] or "")
            for kind, rid, marker in CRM_KINDS
            for row in self.crm.rows(kind)
        }
        for row in self.crm.rows("line"):
            found["crm", "line", str(row["QuotationLineId"])] = ""
        found |= {
            ("erp", "organisation", str(row["internal_id"])): str(
                row["fields"].get("attributes.WEBCRMID", "")
            )
            for row in self.customers()
        }
        found |= {("erp", "person", str(row["contact_id"])): "" for row in self.contacts()}
        for row in self.orders():
            order = f"{row['type']}/{row['id']}"
            found["erp", "delivery", order] = str(row["fields"].get("customerOrder", "") or "")
            for line in row["lines"]:
                found["erp", "line", f"{order}#{line['line_id']}"] = ""
        return found
