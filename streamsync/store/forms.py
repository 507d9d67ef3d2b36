"""How the nouns lie in columns: JSON texts, hashes, lane ranks, and back. Pure; only `store/` uses it."""

from hashlib import blake2b
from typing import Any

import msgspec

from streamsync.model import (
    LANES,
    Agreed,
    Base,
    Entity,
    Fields,
    Kind,
    Line,
    Op,
    Pair,
    Record,
    Side,
    Write,
)

FAMILY = {
    Kind.ORGANISATION: "organisation",
    Kind.PERSON: "person",
    Kind.ITEM: "item",
    Kind.DELIVERY: "document",
    Kind.LINE: "document",
    Kind.ORDER: "document",
    Kind.INVOICE: "document",
    Kind.BALANCE: "organisation",
}
"""Within a family a record belongs to one pair only: an ERP document over both `delivery` and `invoice`
(semantics §1)."""

ENTITY = {
    Kind.ORGANISATION: Entity.ORGANISATION,
    Kind.PERSON: Entity.PERSON,
    Kind.ITEM: Entity.ITEM,
    Kind.DELIVERY: Entity.DELIVERY,
    Kind.LINE: Entity.DELIVERY,
    Kind.ORDER: Entity.DELIVERY,
    Kind.INVOICE: Entity.INVOICE,
    Kind.BALANCE: Entity.ORGANISATION,
}

RANK = {lane: rank for rank, lane in enumerate(LANES)}

FIELDS = msgspec.json.Decoder(dict[str, str])
_LINES = msgspec.json.Decoder(tuple[Line, ...])
_BASE = msgspec.json.Decoder(dict[str, Agreed])
_WRITE = msgspec.json.Decoder(Write)


def text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def base_of(column: str) -> Base:
    return _BASE.decode(column)


def digest(fields: Fields, lines: tuple[Line, ...]) -> bytes:
    """Equal for equal content: order of fields does not count, and an absent field is an empty one."""
    body = (
        {k: v for k, v in fields.items() if v},
        [(x.key, {k: v for k, v in x.fields.items() if v}) for x in lines],
    )
    return blake2b(msgspec.json.encode(body, order="sorted"), digest_size=16).digest()


def record_of(row: tuple[Any, ...]) -> Record:
    """From side, kind, rid, fields, lines, owner, updated_ms, version, by_us, partial."""
    side, kind, rid, fields, lines, owner, updated_ms, version, by_us, partial = row
    return Record(
        side=Side(side),
        kind=Kind(kind),
        rid=rid,
        fields=FIELDS.decode(fields),
        lines=_LINES.decode(lines),
        owner=owner,
        updated_ms=updated_ms,
        version=version,
        by_us=None if by_us is None else bool(by_us),
        partial=bool(partial),
    )


def pair_of(row: tuple[Any, ...]) -> Pair:
    """From id, entity, crm_id, erp_id, origin, state, base, dirty, lane, outcome, reason."""
    number, entity, crm_id, erp_id, origin, state, base, dirty, lane, outcome, reason = row
    return Pair(
        id=number,
        entity=Entity(entity),
        crm_id=crm_id or "",
        erp_id=erp_id or "",
        origin=Side(origin),
        state=state,
        base=_BASE.decode(base),
        dirty=dirty,
        lane=LANES[lane],
        outcome=outcome,
        reason=reason,
    )


def op_of(row: tuple[Any, ...]) -> Op:
    """From id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle, error_class, error,
    trace, rows, and changed_ms where the outcome is unknown."""
    number, pair, entity, write, state, attempt, due, sent, lane, handle, error_class, error, trace = row[:13]
    return Op(
        id=number,
        pair=pair,
        entity=Entity(entity),
        write=_WRITE.decode(write),
        state=state,
        attempt=attempt,
        due_ms=due,
        sent_ms=sent,
        unanswered_ms=row[14] if len(row) > 14 else 0,
        lane=LANES[lane],
        handle=handle,
        error_class=error_class,
        error=error,
        trace=trace,
        rows=_BASE.decode(row[13]),
    )


def document_kind(rid: str) -> Kind:
    """`order:SO/000223` is an order, `invoice:Invoice/200315` an invoice."""
    return Kind.INVOICE if rid.startswith("invoice:") else Kind.ORDER


def kind_on(entity: Entity, side: Side, rid: str) -> Kind:
    """Which kind the record of a pair is on one side."""
    match entity:
        case Entity.ORGANISATION:
            return Kind.ORGANISATION
        case Entity.PERSON:
            return Kind.PERSON
        case Entity.ITEM:
            return Kind.ITEM
        case _:
            return Kind.DELIVERY if side is Side.CRM else document_kind(rid)
