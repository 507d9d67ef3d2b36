"""The one loss that stays possible: a user's edit in webCRM between our read before a write and that write.

webCRM has no If-Match, so nobody can close the window (reliability §5.4 rule 8); it is short, and only fields
that are written in it can be lost. `Window` sees every request that webCRM handles and names exactly those
edits, so that the judge of lost edits leaves them out and nothing else: without a read of that one record
just before the write there is no window, and the loss counts.
"""

import re
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from streamsync.simulators.http import Request

if TYPE_CHECKING:
    from tests.simulation.swarm.ledger import Edit

KINDS = {
    "Organisations": "organisation",
    "Persons": "person",
    "Deliveries": "delivery",
    "QuotationLines": "line",
}
ONE = re.compile(r"/(Organisations|Persons|Deliveries|QuotationLines)/(\d+)$")
IDS = re.compile(r"\b(Organisation|Person|Delivery|QuotationLine)Id ?= ?'?(\d+)")
FIELDS = {
    # the ledger's kind and field: webCRM's
    ("organisation", "name"): "OrganisationName",
    ("organisation", "address"): "OrganisationAddress",
    ("organisation", "city"): "OrganisationCity",
    ("person", "title"): "PersonTitle",
    ("delivery", "description"): "DeliveryDescription",
    ("line", "quantity"): "QuotationLineQuantity",
}
LONGEST_MS = 20_000  # an old read on a slow way; what is older was no read just before the write


class Window:
    """`raced`: tokens of the edits that a write may have lost without anybody's fault."""

    def __init__(self, edits: Sequence["Edit"]) -> None:
        self._edits = edits
        self._read_ms: dict[tuple[str, str], int] = {}
        self.raced: set[int] = set()

    def note(self, request: Request, now_ms: int) -> None:
        """A request that webCRM has just handled."""
        if request.method == "GET":
            for key in _asked_for(request):
                self._read_ms[key] = now_ms
        elif request.method in ("PUT", "PATCH"):
            for key, fields in _written(request):
                self._close(key, fields, now_ms)

    def _close(self, key: tuple[str, str], fields: Container[object], now_ms: int) -> None:
        read_ms = self._read_ms.get(key, now_ms)
        if now_ms - read_ms > LONGEST_MS:
            return
        for edit in reversed(self._edits):
            if edit.at_ms < read_ms:
                break
            mine = edit.side == "crm" and (edit.kind, edit.key) == key
            if mine and FIELDS.get((edit.kind, edit.field)) in fields:
                self.raced.add(edit.number)


def _asked_for(request: Request) -> list[tuple[str, str]]:
    """The records that a read names singly; a page of a list names none."""
    if found := ONE.match(request.path):
        return [(KINDS[found[1]], found[2])]
    script = " ".join(text for texts in request.query.values() for text in texts)
    return [(kind.lower().removeprefix("quotation"), number) for kind, number in IDS.findall(script)]


def _written(request: Request) -> list[tuple[tuple[str, str], set[str]]]:
    kind = KINDS.get(request.path.split("/")[1], "")
    body: Any = msgspec.json.decode(request.body) if kind else None
    rows = body if isinstance(body, list) else [body]
    found = []
    for row in rows:
        if isinstance(row, dict):
            name = next(
                (
                    member
                    for member in row
                    if member in ("OrganisationId", "PersonId", "DeliveryId", "QuotationLineId")
                ),
                "",
            )
            found.append(((kind, str(row.get(name, ""))), set(row)))
    return found
