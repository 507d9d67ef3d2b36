"""What the judges look at when all is still: both worlds, what people typed and deleted, the outbox, and (for
what waits for a person, and for kept values) what the workbench would show. Nothing of the product's
decisions.
"""

import json
import sqlite3
import tomllib
from collections.abc import Mapping
from typing import Any

from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.desk import MARKER, Row
from tests.simulation.swarm.installation import FIELDS
from tests.simulation.swarm.ledger import TOKEN, Ledger

WAITS = ("parked", "conflict", "filtered", "waiting")
DOCUMENTS = ("delivery", "line")
ENDED = ("deleted", "deleting", "excluded", "quarantined", "ambiguous")


def kept_in(conn: sqlite3.Connection) -> set[int]:
    """The tokens of all values that a store keeps for people: history and open conflicts."""
    texts = [
        text
        for query in ("SELECT before, after FROM history", "SELECT crm, erp FROM conflict")
        for row in conn.execute(query).fetchall()
        for text in row
    ]
    return {int(number) for text in texts for number in TOKEN.findall(text)}


class Policy:
    """One version of the rules, as a judge reads it: whose value wins where both sides typed."""

    def __init__(self, text: str) -> None:
        rules = tomllib.loads(text)
        self._rows = {
            (section, row["id"]): row.get("owner", "")
            for section, table in rules.items()
            for row in table.get("map", ())
        }
        self._after = rules["delivery"].get("owner_after", "erp")
        self._direction = {name: table.get("direction", "") for name, table in rules.items()}

    def owner(self, kind: str, field: str) -> str:
        """erp, crm, newest, ask; "" where only one way is open."""
        if self._direction.get(kind) != "two_way":
            return ""
        if kind == "delivery":
            return str(self._after)
        return str(self._rows.get((kind, FIELDS.get((kind, field), "")), ""))


class Ground:
    """Both worlds as they are now, and whether a record is listed as not in sync (with its reason)."""

    def __init__(self, crm: WebcrmWorld, erp: VismaWorld, ledger: Ledger, conn: sqlite3.Connection) -> None:
        state = erp.state()
        self.organisations: dict[str, Row] = {str(r["OrganisationId"]): r for r in crm.rows("organisation")}
        self.persons: dict[str, Row] = {str(r["PersonId"]): r for r in crm.rows("person")}
        self.deliveries: dict[str, Row] = {str(r["DeliveryId"]): r for r in crm.rows("delivery")}
        self.lines: dict[str, Row] = {str(r["QuotationLineId"]): r for r in crm.rows("line")}
        self.items: list[Row] = crm.rows("item")
        self.customers: dict[str, Row] = {str(r["internal_id"]): r for r in state["customers"]}
        self.contacts: dict[str, Row] = {str(r["contact_id"]): r for r in state["contacts"]}
        self.orders: dict[str, Row] = {f"{r['type']}/{r['id']}": r for r in state["orders"]}
        self.order_lines: dict[str, Row] = {
            f"{key}#{line['line_id']}": line for key, row in self.orders.items() for line in row["lines"]
        }
        self.documents: list[Row] = list(state["documents"])
        self.erp_items: dict[str, Row] = {r["number"]: r for r in state["items"]}
        self.kinds: Mapping[tuple[str, str], Mapping[str, Row]] = {
            ("crm", "organisation"): self.organisations,
            ("crm", "person"): self.persons,
            ("crm", "delivery"): self.deliveries,
            ("crm", "line"): self.lines,
            ("erp", "organisation"): self.customers,
            ("erp", "person"): self.contacts,
            ("erp", "delivery"): self.orders,
            ("erp", "line"): self.order_lines,
            ("erp", "item"): self.erp_items,
        }
        self.ledger = ledger
        self._read_pairs(conn)
        self._read_values(conn)
        self._read_ops(conn)

    def _read_pairs(self, conn: sqlite3.Connection) -> None:
        rows = conn.execute("SELECT id, entity, crm_id, erp_id, state, outcome, reason FROM pair").fetchall()
        told = {pair for (pair,) in conn.execute("SELECT DISTINCT pair FROM finding").fetchall()}
        open_rows = {pair for (pair,) in conn.execute("SELECT DISTINCT pair FROM conflict").fetchall()}
        self.undecided = sum(not outcome for *_, outcome, _ in rows)
        self.listed: dict[tuple[str, str], set[str]] = {}  # side, key -> the entities that list it
        self.told: set[tuple[str, str]] = set()  # side, key: some notice stands there
        self.linked: set[tuple[str, str]] = set()  # crm key, erp key
        self.excluded: set[tuple[str, str]] = set()  # side, key
        for pair, entity, crm_id, erp_id, state, outcome, _ in rows:
            if crm_id and erp_id:
                self.linked.add((crm_id, erp_id))
            for side, key in (("crm", crm_id), ("erp", erp_id)):
                if not key:
                    continue
                if outcome in WAITS or state in ENDED or pair in open_rows:
                    self.listed.setdefault((side, key), set()).add(entity)
                if pair in told:
                    self.told.add((side, key))
                if state == "excluded":
                    self.excluded.add((side, key))

    def _read_values(self, conn: sqlite3.Connection) -> None:
        self.kept = kept_in(conn)

    def _read_ops(self, conn: sqlite3.Connection) -> None:
        self.crowded = conn.execute(
            "SELECT pair, count(*) FROM outbox WHERE state IN('ready','sent','unknown','parked')"
            " GROUP BY pair HAVING count(*)>1"
        ).fetchall()
        self.policies: Mapping[int, Policy] = {
            version: Policy(text)
            for version, text in conn.execute("SELECT version, text FROM rules").fetchall()
        }
        self.updates: list[tuple[int, str, int, dict[str, Any]]] = [
            (pair, side, version, json.loads(write))
            for pair, side, version, write in conn.execute(
                "SELECT pair, side, rules_version, write FROM outbox WHERE action='update' AND state='done'"
                " ORDER BY id"
            ).fetchall()
        ]

    def twins(self) -> list[tuple[Row, Row]]:
        """Organisations and customers that name each other, by the marker on either side."""
        found = []
        for number, customer in self.customers.items():
            ours = [o for o in self.organisations.values() if o[MARKER] == f"erp:organisation:{number}"]
            if len(ours) == 1:
                found.append((ours[0], customer))
        return found

    def is_emptied(self) -> bool:
        """Whether people deleted the last record of some master data."""
        return not all(self.kinds[side, kind] for side, kind, _ in self.ledger.gone if kind not in DOCUMENTS)

    def is_listed(self, side: str, key: str, entity: str = "") -> bool:
        """Whether a person sees that this record is not in sync."""
        found = self.listed.get((side, key), set())
        return bool(found) if not entity else entity in found

    def is_parted(self, side: str, key: str) -> bool:
        """Whether an operator took it out of its pair."""
        return (side, key) in self.ledger.parted
