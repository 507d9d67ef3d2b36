"""What both systems show of some pairs now, and how it differs from what is stored.

Through the daemon's own clients, rules and budgets, in the lowest lane. A difference carries the time after
which the daemon ought to know it: what no poll can have shown yet is in motion, not wrong.
"""

from collections.abc import Sequence

import msgspec

from streamsync.errors import SystemFault
from streamsync.model import Action, Kind, Pair, Record, Side, Write
from streamsync.store.forms import kind_on
from streamsync.sync import identity
from streamsync.sync.lookup import View
from streamsync.verify.ground import LANE, Ground

NEVER_SECONDS = 1e9
PAYMENTS_SECONDS = 3600.0  # a payment need not move a stamp: `actors.reconciler` sweeps hourly
LINES_SECONDS = 3600.0  # webCRM tells nobody of a deleted line: found in turns
Rid = tuple[Side, Kind, str]
PLACEHOLDER: Rid = (Side.ERP, Kind.ITEM, "0")  # `sync.line_items.placeholder_record`


class Fresh(msgspec.Struct, kw_only=True):
    """One reading. `carriers`: the ids of all that carry a record's marker;
    `faults`: why something could not be read."""

    records: dict[Rid, Record] = {}
    carriers: dict[Rid, frozenset[str]] = {}
    faults: dict[Rid, str] = {}


def rids(pair: Pair) -> list[Rid]:
    """The pair's records that a system has; the placeholder of lines without an item is ours alone."""
    named = [(side, kind_on(pair.entity, side, rid), rid) for side in Side if (rid := pair.rid(side))]
    return [one for one in named if one != PLACEHOLDER]


def record(view: View, side: Side) -> Record | None:
    return view.crm if side is Side.CRM else view.erp


async def reread(ground: Ground, known: Sequence[Pair]) -> Fresh:
    """Each record of these pairs, kind by kind, and who carries its marker. Raises no `SystemFault`."""
    fresh = Fresh()
    wanted: dict[tuple[Side, Kind], dict[str, str]] = {}  # rid to the marker that names its counterpart
    for pair in known:
        for side, kind, rid in rids(pair):
            wanted.setdefault((side, kind), {})[rid] = _marker_of(pair, side.other)
    for (side, kind), named in wanted.items():
        want = ground.force.want.get((side, kind), frozenset())
        try:
            found = await ground.systems[side].get(kind, list(named), want, LANE)
            fresh.records |= {(side, kind, rid): one for rid, one in found.items()}
            marked = [one for one in found.values() if _marker_in(one, ground) == named.get(one.rid)]
            await _find_carriers(ground, side, kind, marked, fresh)
        except SystemFault as fault:
            fresh.faults |= {(side, kind, rid): str(fault) for rid in named}
    return fresh


def _marker_of(pair: Pair, side: Side) -> str:
    rid = pair.rid(side)
    return identity.marker(side, kind_on(pair.entity, side, rid), rid) if rid else ""


def _marker_in(found: Record, ground: Ground) -> str:
    return identity.marker_in(found, ground.force.rules)


async def _find_carriers(
    ground: Ground, side: Side, kind: Kind, marked: Sequence[Record], fresh: Fresh
) -> None:
    """The look-up that goes before a create (reliability §4), for records that name their counterpart."""
    field = identity.marker_field(side, kind, ground.force.rules)
    if not field or not marked:
        return
    writes = [
        Write(
            side=side,
            kind=kind,
            action=Action.CREATE,
            fields={field: (marker := _marker_in(one, ground))},
            marker=marker,
            hints={"customer.id": one.fields.get("customer.id", "")} if kind is Kind.ORDER else {},
        )
        for one in marked
    ]
    found = await ground.systems[side].find(writes, 0, frozenset((field,)), LANE)
    for one, carriers in zip(marked, found, strict=True):
        fresh.carriers[side, kind, one.rid] = frozenset(carrier.rid for carrier in carriers)


def as_read(view: View, fresh: Fresh) -> View:
    """The view with the records that were read. What is known to be gone stays as it is stored."""
    shown = {Side.CRM: view.crm, Side.ERP: view.erp}
    missing = {Side.CRM: view.crm_missing, Side.ERP: view.erp_missing}
    for side, kind, rid in rids(view.pair):
        found = fresh.records.get((side, kind, rid))
        if found is not None or not missing[side]:
            shown[side] = found
    return msgspec.structs.replace(view, crm=shown[Side.CRM], erp=shown[Side.ERP])


def lag(ground: Ground, view: View, seen: View, side: Side) -> float | None:
    """None where the record is as stored; else the seconds after which the daemon ought to know it. 0 where
    the system itself says that nothing happened since: no poll will ever show it."""
    stored, found = record(view, side), record(seen, side)
    if stored is None or found is None or same(stored, found):
        return None
    silent = bool(found.updated_ms) and found.updated_ms == stored.updated_ms
    if ground.polls is None:
        return 0.0 if silent and found.lines == stored.lines else NEVER_SECONDS
    kinds = (Kind.DELIVERY, Kind.LINE) if found.kind is Kind.DELIVERY else (found.kind,)
    feeds = ground.systems[side].feeds
    period = ground.polls[side] * max(min(f.every for f in feeds if f.kind is kind) for kind in kinds)
    if side is Side.CRM and {line.key for line in found.lines} < {line.key for line in stored.lines}:
        return max(period, LINES_SECONDS)
    if not silent or (side is Side.CRM and found.lines != stored.lines):
        return period
    if found.kind is Kind.INVOICE:
        return max(period, PAYMENTS_SECONDS)
    if found.kind is Kind.ITEM:
        return max(period, float(ground.force.rules.item.stock_interval))
    return 0.0


def same(stored: Record, found: Record) -> bool:
    """By the fields that both hold: a single read may show more than a list does."""
    if [line.key for line in stored.lines] != [line.key for line in found.lines]:
        return False
    pieces = [(stored.fields, found.fields)]
    pieces += [(old.fields, new.fields) for old, new in zip(stored.lines, found.lines, strict=True)]
    return all(new[path] == text for old, new in pieces for path, text in old.items() if path in new)
