"""Mapping rows of the rules file: `[[organisation.map]]` tables over the ready-made rows (design §5,
semantics §2).

A row that names a ready-made id changes it; `remove = true` takes it away (never a fixed one); a
ready-made row that is off is switched on by naming it with a webCRM field. Every other id is the
tenant's own row and needs both sides.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streamsync.model import Direction, Side
from streamsync.sync import defaults, transforms
from streamsync.sync.rows import Row
from streamsync.sync.rules_words import DIRECTIONS, OWNERS

KEYS = (
    "id",
    "crm",
    "erp",
    "direction",
    "owner",
    "transforms",
    "values",
    "default",
    "fill_if_empty",
    "at_create",
    "remove",
)
_RANGE = re.compile(r"^(.*?)(\d+)\.\.(\d+)$")
_ID = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")
_MATERIAL = re.compile(r"^[A-Za-z][A-Za-z0-9_.]*$")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rows stand, and how to report. `line(rank, key)`; `problem(line, key, what, allowed)`."""

    section: str
    line: Callable[[int, str], int]
    problem: Callable[[int, str, str, str], None]


def read_rows(place: Place, raw: list[dict[str, Any]], ready: Mapping[str, Row]) -> tuple[Row, ...]:
    """All rows that apply, ready-made ones first in their own order."""
    rows: dict[str, Row] = {
        row.id: row for row in ready.values() if all(row.crm) and (row.id in defaults.ON or _chosen(row))
    }
    seen: set[str] = set()
    for rank, entry in enumerate(raw):
        row_id = str(entry.get("id", ""))
        if not _ID.match(row_id):
            place.problem(
                place.line(rank, "id"), f"{place.section}.map.id", "a row needs an id.", "letters and digits"
            )
            continue
        if row_id in seen:
            place.problem(
                place.line(rank, "id"),
                f"{place.section}.map.id",
                f"row {row_id} stands here twice.",
                "one per id",
            )
            continue
        seen.add(row_id)
        _one(place, rank, row_id, entry, ready, rows)
    order = {row_id: at for at, row_id in enumerate(ready)}
    return tuple(sorted(rows.values(), key=lambda row: order.get(row.id, len(order))))


def _chosen(row: Row) -> bool:
    """A row whose webCRM field is a setting is on as soon as the setting is."""
    return row.id in defaults.SETTING_FIELDS and bool(row.crm[0])


def _one(
    place: Place,
    rank: int,
    row_id: str,
    entry: dict[str, Any],
    ready: Mapping[str, Row],
    rows: dict[str, Row],
) -> None:
    start = ready.get(row_id)
    name = f"{place.section}.map {row_id}"
    if entry.get("remove", False):
        if start is None:
            place.problem(
                place.line(rank, "remove"), name, "there is no ready-made row to remove.", ", ".join(ready)
            )
        elif start.fixed:
            place.problem(
                place.line(rank, "remove"), name, "this row cannot be removed.", "change its fields instead"
            )
        else:
            rows.pop(row_id, None)
        return
    if len(entry) == 1 and start is not None and row_id in rows:
        return
    changes = _changes(place, rank, name, entry)
    if changes is None:
        return
    row = (
        msgspec.structs.replace(start, **changes)
        if start is not None
        else Row(**{"id": row_id, "crm": (), "erp": (), **changes})
    )
    if _usable(place, rank, name, row):
        rows[row_id] = row


def _changes(place: Place, rank: int, name: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    out: dict[str, Any] = {}
    good = True
    for key, found in entry.items():
        if key in ("id", "remove"):
            continue
        wanted = _value(key, found)
        if isinstance(wanted, _Wrong):
            place.problem(place.line(rank, key), f"{name} {key}", wanted.what, wanted.allowed)
            good = False
        else:
            out[key] = wanted
    return out if good else None


class _Wrong(msgspec.Struct, frozen=True):
    what: str
    allowed: str


def _value(key: str, found: Any) -> Any:
    """The value in the row's own type, or what is wrong with it."""
    if key not in KEYS:
        return _Wrong("there is no such key.", ", ".join(KEYS))
    if key in ("crm", "erp"):
        return _paths(found)
    if key == "direction":
        return (
            Direction(found)
            if found in DIRECTIONS
            else _Wrong(f"{found!r} cannot stand here.", ", ".join(DIRECTIONS))
        )
    if key == "owner":
        return found if found in OWNERS else _Wrong(f"{found!r} cannot stand here.", ", ".join(OWNERS))
    if key == "transforms":
        return _chain(found)
    if key == "values":
        texts = isinstance(found, dict) and all(isinstance(text, str) for text in found.values())
        return found if texts else _Wrong("must be a table of texts.", '{ "webCRM text" = "ERP text" }')
    if key == "default":
        return found if isinstance(found, str) else _Wrong("must be a text.", "a text")
    return found if isinstance(found, bool) else _Wrong("must be true or false.", "true, false")


def _paths(found: Any) -> Any:
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return _Wrong(
            "must be a field name or a list of them.", '"OrganisationCity" or ["PersonFirstName", …]'
        )
    out: list[str] = []
    for text in texts:
        if span := _RANGE.match(text):
            out.extend(f"{span[1]}{number}" for number in range(int(span[2]), int(span[3]) + 1))
        elif _MATERIAL.match(text):
            out.append(text)
        else:
            return _Wrong("is no field name.", "letters, digits and dots")
    return tuple(out)


def _chain(found: Any) -> Any:
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return _Wrong("must be a list of transforms.", ", ".join(sorted(transforms.REGISTRY)))
    for text in texts:
        try:
            transforms.parse(text)
        except ValueError as error:
            return _Wrong(f"{str(error).partition('; allowed')[0]}.", ", ".join(sorted(transforms.REGISTRY)))
    return tuple(texts)


def _usable(place: Place, rank: int, name: str, row: Row) -> bool:
    if row.default and row.erp and not any(row.crm) and not row.direction.reaches(Side.CRM):
        return True  # a constant for new ERP documents (D18)
    if not row.crm or not all(row.crm):
        place.problem(place.line(rank, "id"), f"{name} crm", "choose the webCRM field.", "a field name")
        return False
    if not row.erp:
        place.problem(place.line(rank, "id"), f"{name} erp", "name the field in the ERP.", "a field path")
        return False
    shapes = [transforms.parse(text)[1].shape for text in row.transforms]
    shaped = [shape for shape in shapes if any(shape)]
    for crm, erp in shaped:
        if (crm and len(row.crm) != crm) or (erp and len(row.erp) != erp):
            place.problem(
                place.line(rank, "transforms"),
                f"{name} transforms",
                f"these transforms join {crm or 'any'} webCRM fields and {erp or 'any'} ERP fields.",
                "as many fields on each side",
            )
            return False
    if not shaped and len(row.crm) != len(row.erp):
        place.problem(
            place.line(rank, "id"),
            name,
            "the two sides have different numbers of fields.",
            "as many on each side",
        )
        return False
    return True
