"""What the predecessor's readers of rows stumble over, and ours do not (`tests/predecessor.py`)."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from streamsync.model import Kind, Side
from streamsync.sync import rules_file
from streamsync.sync.wanted import wanted
from streamsync.systems.visma.lists import SHAPES, Shape
from streamsync.systems.webcrm import wire
from streamsync.systems.webcrm.fields import FIELDS, id_field
from tests.unit.systems.visma_double import Double, pages, system

STAMP = "2026-03-14T09:00:00.5"
WANT = wanted(rules_file.parse("", "every ready-made row"))
KEYS = {"documentType": "Invoice", "referenceNumber": "7", "customer": {"internalId": 7}}


@pytest.mark.parametrize("kind", FIELDS)
def test_a_webcrm_row_of_nothing_but_nulls_is_a_record_of_empty_fields(kind: Kind) -> None:
    """W-16, W-39, W-40."""
    want = frozenset(FIELDS[kind])
    row = {**dict.fromkeys(want), id_field(kind): 7}
    good, bad = wire.records(kind, wire.rows(msgspec.json.encode([row, {id_field(kind): 8}])), want, "")
    assert (bad, [record.rid for record in good]) == ([], ["7", "8"])
    for record in good:
        assert set(record.fields.values()) - {record.rid} <= {""}


def nulls(shape: Shape) -> dict[str, Any]:
    """A row with what identifies it and its stamp; every other member is null."""
    members = msgspec.structs.fields(shape.row)
    kept = {key.partition(".")[0] for key in shape.key}
    kept |= {member.encode_name for member in members if member.required}
    row: dict[str, Any] = {member.encode_name: None for member in members}
    row |= {name: KEYS.get(name, "7" if name.lower().endswith("number") else 7) for name in kept}
    return {**row, **{name: STAMP for name in row if name.startswith("lastModified")}}


@pytest.mark.parametrize(
    "name", [name for name in SHAPES if name != "document"]
)  # that one only names others
async def test_a_visma_row_of_nothing_but_nulls_is_a_record(name: str) -> None:
    """W-16, W-23: no address, no contact, no class, no lines."""
    double, shape = Double(), SHAPES[name]
    double.serve_list(shape.path, [nulls(shape)])
    found = await pages(system(double), name, None, *WANT[Side.ERP, shape.kind])
    assert [row for page in found for row in page.malformed] == []
    [record] = [row for page in found for row in page.records]
    assert record.lines == ()


class Counting:
    """A decoder that counts."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.count = inner, 0

    def decode(self, row: Any) -> Any:
        self.count += 1
        return self.inner.decode(row)


def rows_of_a_query(count: int) -> Iterator[dict[str, object]]:
    """As `SELECT *` answers: the members of the DTO and the table's own columns beside them (quirk Q21)."""
    for number in range(1, count + 1):
        yield {
            "OrganisationId": number,
            "OrganisationName": f"Firma {number}",
            "OrganisationUpdatedAt": "2026-03-01T10:00:00+00:00",
            "o_id": str(number),
            "o_history": {"deep": ["x"] * 10},
        }


def test_a_row_of_a_query_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A46."""
    counting = Counting(wire._DECODERS[Kind.ORGANISATION])
    monkeypatch.setattr(wire, "_DECODERS", {Kind.ORGANISATION: counting})
    raw = wire.rows(msgspec.json.encode(list(rows_of_a_query(50))))
    good, bad = wire.records(Kind.ORGANISATION, raw, frozenset({"OrganisationName"}), "")
    assert (len(good), bad, counting.count) == (50, [], 50)
    assert good[6].fields == {"OrganisationName": "Firma 7"}
