"""Rules that are judged at every write and at every look, not only when all is still.

`Watch` is the ledger's witness: it sees each request with its answer the moment that a world has handled it,
and knows what the operators forbid. `look` is asked now and then what the store and the queues hold. What it
found is in `failures`, each sentence once.

- rule 1 (ambiguity), rule 8: `_create` – no create beside a record with the same company number, none before
  both sides' old records of that sort were shown, none before the first sync was accepted;
- rule 5, I6: `_parent` – a child is created under a parent that the side has;
- rule 9: `_ends` – nothing is deleted or made inactive whose counterpart lives; never more than the brake
  lets pass without a person;
- I14: `_forbidden` – nothing is written into what an operator paused, or before the plan was accepted;
- I5, I11, I12, I13: `look`.
"""

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.topology import Plant
from streamsync.simulators.http import Request, Response
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.desk import CRM_KINDS
from tests.simulation.swarm.installation import COMPANY, Installation
from tests.simulation.swarm.ledger import Ledger
from tests.simulation.swarm.operators import Held

GRACE_MS = 30_000  # a request that was under way when somebody paused, and all that it waits for
BRAKE = 50
WAL_BYTES = 64 << 20
OVERLAP_MS = 120_000  # of webCRM's windows: what is younger may come with the next one
CREATES = {
    # side, path: kind
    ("crm", "/Organisations"): "organisation",
    ("crm", "/Persons"): "person",
    ("crm", "/Deliveries"): "delivery",
    ("erp", "/v1/customer"): "organisation",
    ("erp", "/v1/contact"): "person",
    ("erp", "/api/v3/SalesOrders"): "delivery",
}
KEYS = {
    ("crm", "organisation"): re.compile(rb'"OrganisationId":(\d+)'),
    ("crm", "person"): re.compile(rb'"PersonId":(\d+)'),
    ("erp", "organisation"): re.compile(rb'"internalId":(\d+)'),
    ("erp", "person"): re.compile(rb'"contactId":(\d+)'),
}
ENTITY = (
    # the beginning of a path, and the entity that a write there certainly belongs to ("" = one of several)
    ("/Organisations", "organisation"),
    ("/v1/customer", "organisation"),
    ("/Persons", "person"),
    ("/v1/contact", "person"),
    ("/QuotationLines/LinkedData", "item"),
    ("/api/v3/SalesOrders", "delivery"),
)
ORDER = re.compile(r"^/api/v3/SalesOrders/([^/]+/[^/]+)$")


class Watch:
    """One for a whole history. `skew_ms`: what webCRM's clock is ahead."""

    def __init__(
        self,
        crm: WebcrmWorld,
        erp: VismaWorld,
        ledger: Ledger,
        installation: Installation,
        held: Held,
        now_ms: Callable[[], int],
    ) -> None:
        self.crm, self.erp, self.ledger, self.held, self.now_ms = crm, erp, ledger, held, now_ms
        self.installation = installation
        self.failures: list[str] = []
        # Side, kind: keys of what was there before and was not shown yet.
        self._old: dict[tuple[str, str], set[str]] = {}
        self._ended: set[str] = set()  # catalogue rows that were marked discontinued
        ledger.witness = self

    def remember_old(self) -> None:
        """What stands in both systems now must have been shown before the first create of its kind."""
        for edit in self.ledger.edits:
            self._old.setdefault((edit.side, edit.kind), set()).add(edit.key)

    def __call__(self, side: str, request: Request, answer: Response) -> None:
        if request.method == "GET":
            if self._old and answer.status == 200:
                self._shown(side, answer.body)
            return
        body = _decoded(request.body)
        self._forbidden(side, request)
        if request.method == "POST" and (kind := CREATES.get((side, request.path))):
            self._create(side, kind, body, answer)
            self._parent(side, kind, body)
        self._ends(side, request, body, answer)

    def _shown(self, side: str, body: bytes) -> None:
        for (where, kind), left in self._old.items():
            if where == side and left:
                left.difference_update(key.decode() for key in KEYS[side, kind].findall(body))

    def _fail(self, what: str) -> None:
        if what not in self.failures:
            self.failures.append(what)

    def _forbidden(self, side: str, request: Request) -> None:
        if not self.held.accepted:
            self._fail(f"{request.method} {request.path} before the first sync was accepted")
        entity = next((name for path, name in ENTITY if request.path.startswith(path)), "")
        for (paused, where), since in self.held.paused.items():
            if where in ("", side) and paused in ("", entity) and self.now_ms() - since > GRACE_MS:
                self._fail(
                    f"{request.method} {request.path} although {paused or 'all'} into {where or 'both'} is"
                    f" paused since {since}"
                )

    def _create(self, side: str, kind: str, body: Any, answer: Response) -> None:
        above = ("organisation", "person") if kind == "person" else ("organisation",)
        for (where, sort), keys in self._old.items():
            left = [key for key in sorted(keys) if (where, sort, key) not in self.ledger.gone]
            if sort in above and left:
                self._fail(f"a {kind} is created in {side}: {sort} {left} of {where} had not been shown")
        if answer.status >= 400 or kind != "organisation":
            return
        if side == "crm":
            company = body.get(COMPANY, "")
            known = [row.get(COMPANY) for row in self.crm.books.tables["organisation"].rows.values()]
        else:
            company = _inner(body, "corporateId")
            known = [row.fields.get("corporateId") for row in self.erp.company.customers.all()]
        if company and known.count(company) > 1 and not self.ledger.answered:
            self._fail(f"an organisation is created in {side} beside one with the same company number")

    def _parent(self, side: str, kind: str, body: Any) -> None:
        if kind == "organisation":
            return
        if side == "crm":
            key = body.get("PersonOrganisationId" if kind == "person" else "DeliveryOrganisationId", 0)
            known = key in self.crm.books.tables["organisation"].rows
            known = known or ("crm", "organisation", str(key)) in self.ledger.gone
        else:
            key = _inner(body, "businessAccount") if kind == "person" else body["customer"].get("id", "")
            known = bool(key)  # numbers change: a wrong one is refused by the world itself
        if not known:
            self._fail(f"a {kind} is created in {side} under {key!r}, which is no record there")

    def _ends(self, side: str, request: Request, body: Any, answer: Response) -> None:
        """A delete, or a write that puts a record out of use."""
        if answer.status >= 400:
            return
        if side == "crm":
            if request.path.startswith("/QuotationLines/LinkedData"):
                self._discontinued(body)
            return
        if request.method == "DELETE" and (found := ORDER.match(request.path)):
            self._alive("delivery", f"erp:order:{found.group(1)}", "an order is deleted")
        elif request.method == "PUT" and request.path.startswith("/v1/customer"):
            if _inner(body, "status") == "Inactive":
                key = request.path.rpartition("/")[2]
                owner = self.erp.company.customer(key)
                key = key if "/internal/" in request.path or owner is None else str(owner.internal_id)
                self._alive("organisation", f"erp:organisation:{key}", "a customer is made inactive")
        elif (
            request.method == "PUT"
            and request.path.startswith("/v1/contact")
            and _inner(body, "active") is False
        ):
            key = request.path.rpartition("/")[2]
            self._alive("person", f"erp:person:{key}", "a contact is made inactive")

    def _alive(self, kind: str, mark: str, what: str) -> None:
        """Whether the record of webCRM that carries the mark still is one that is synced."""
        if self.ledger.answered:
            return  # a person may decide so
        rid, marker = next((rid, marker) for name, rid, marker in CRM_KINDS if name == kind)
        for row in self.crm.rows(kind):
            if row[marker] != mark:
                continue
            left = kind == "organisation" and row["OrganisationType"] != "Kunde"
            left = left or (kind == "person" and row["PersonCustom1"] != "Yes")
            if not left:
                self._fail(f"{what} although {kind} {row[rid]} lives")

    def _discontinued(self, body: Any) -> None:
        rows = body if isinstance(body, list) else [body]
        for row in rows:
            if isinstance(row, dict) and "(discontinued)" in str(row.get("QuotationLineLinkedDataItemData2")):
                self._ended.add(str(row.get("QuotationLineLinkedDataItemData1")))
        if len(self._ended) > BRAKE and not self.held.braked_off:
            self._fail(f"{len(self._ended)} catalogue rows were marked and nobody was asked")

    # -- at every look

    def look(self, conn: sqlite3.Connection, plant: Plant, state: Path) -> None:
        """What must hold at any moment between two transactions."""
        self._store(conn)
        self._bounds(conn, plant, state)
        self._cursors(conn)

    def _store(self, conn: sqlite3.Connection) -> None:
        crowded = conn.execute(
            "SELECT pair FROM outbox WHERE state IN('ready','sent','unknown','parked') GROUP BY pair"
            " HAVING count(*)>1"
        ).fetchall()
        if crowded:
            self._fail(f"more than one open op: pairs {crowded}")
        [(lost,)] = conn.execute(
            "SELECT count(*) FROM pair WHERE outcome='' AND dirty=0 AND again_ms=0 AND NOT EXISTS(SELECT 1"
            " FROM outbox WHERE pair=pair.id AND state IN('ready','sent','unknown','parked'))"
        ).fetchall()
        if lost:
            self._fail(f"{lost} pairs are neither decided nor waiting to be")
        alone = conn.execute(
            "SELECT side, kind, rid FROM record WHERE kind IN('organisation','person','item') AND gone_ms=0"
            " AND NOT EXISTS(SELECT 1 FROM pair WHERE pair.entity=kind AND"
            " CASE side WHEN 'crm' THEN crm_id ELSE erp_id END=rid) LIMIT 3"
        ).fetchall()
        if alone:
            self._fail(f"records that no pair accounts for: {alone}")

    def _bounds(self, conn: sqlite3.Connection, plant: Plant, state: Path) -> None:
        for connection in plant.connections.values():
            boxes = [connection.route, *connection.map.values()]
            for box in (*(one.statistics() for one in boxes), plant.hints.statistics()):
                if box.length > box.capacity:
                    self._fail(f"the queue {box.name} holds {box.length} of {box.capacity}")
        wal = state.with_name(state.name + "-wal")
        if wal.exists() and wal.stat().st_size > WAL_BYTES:
            self._fail(f"the write-ahead log has {wal.stat().st_size} bytes")

    def _cursors(self, conn: sqlite3.Connection) -> None:
        """I13: what webCRM stamped before a cursor, less the overlap, is stored."""
        for feed, position in conn.execute(
            "SELECT feed, position FROM cursor WHERE side='crm' AND position<>''"
        ).fetchall():
            kind = next((one for one in CRM_KINDS if feed.lower() == one[0]), None)
            if kind is None:
                continue
            name, rid, _ = kind
            limit = _ms(position) - OVERLAP_MS
            for row in self.crm.rows(name):
                if _ms(row[rid.removesuffix("Id") + "UpdatedAt"]) < limit and not self._stored(
                    conn, name, str(row[rid])
                ):
                    self._fail(
                        f"the cursor of {feed} stands at {position} and {name} {row[rid]} is not known"
                    )

    def _stored(self, conn: sqlite3.Connection, kind: str, rid: str) -> bool:
        found = conn.execute("SELECT 1 FROM record WHERE side='crm' AND kind=? AND rid=?", (kind, rid))
        return found.fetchone() is not None


def _decoded(body: bytes) -> Any:
    return json.loads(body) if body else {}


def _inner(body: Any, name: str) -> Any:
    """A value in the finance API's wrapping."""
    found = body.get(name) if isinstance(body, dict) else None
    return found.get("value") if isinstance(found, dict) else found


def _ms(stamp: str) -> int:
    moment = datetime.fromisoformat(stamp)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
