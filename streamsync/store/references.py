"""Which records point at which: the foreign keys of both systems, and waking those who wait for a parent.

References lie among the match keys under names that begin with `@`, so an organisation that has just been
linked finds its persons and documents by index. Sources of the fields: webcrm-api §9, visma-api §4 (a contact
names its customer by number, a v3 order by internal id and number, an invoice by number and its order lines
by type and number).
"""

import sqlite3

from streamsync.model import Entity, Kind, Pair, Record, Side
from streamsync.store.forms import FIELDS, text
from streamsync.sync.documents import invoices_named

ORGANISATION, ITEM, ORDER, INVOICE = "@organisation", "@item", "@order", "@invoice"

NUMBER = "SELECT fields FROM record WHERE connection=? AND side='erp' AND kind=? AND rid=?"
WAKE_CRM = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END
  WHERE connection=? AND family=? AND (? OR outcome IN('','waiting','filtered')) AND crm_id IN(
  SELECT rid FROM match_key WHERE connection=? AND side='crm' AND kind=? AND key=? AND value=?)"""
WAKE_ERP = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END
  WHERE connection=? AND family=? AND (? OR outcome IN('','waiting','filtered')) AND erp_id IN(
  SELECT rid FROM match_key WHERE connection=? AND side='erp' AND kind=? AND key=? AND value=?)"""
WAKE_LINES = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END
  WHERE connection=? AND family='document' AND (? OR outcome IN('','waiting','filtered')) AND crm_id IN(
  SELECT owner FROM match_key CROSS JOIN record USING(connection,side,kind,rid)
  WHERE connection=? AND side='crm' AND kind='line' AND key=? AND value=?)"""
WAKE_REASON = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END
  WHERE connection=? AND entity IN(SELECT value FROM json_each(?)) AND outcome='waiting' AND reason=?"""

WAKE_PARKED = """UPDATE pair SET dirty=dirty+1, dirty_ms=CASE dirty WHEN 0 THEN ? ELSE dirty_ms END
  WHERE connection=? AND outcome='parked' AND reason=?"""


def keys_of(record: Record) -> list[tuple[str, str]]:
    """The references of a record, as (name, value): `("@organisation", "rid:8001")`, `("@item",
    "number:LAMPE-01")`."""
    get = record.fields.get
    match (record.side, record.kind):
        case (Side.CRM, Kind.PERSON):
            return _named(ORGANISATION, "rid", get("PersonOrganisationId"))
        case (Side.CRM, Kind.DELIVERY):
            return _named(ORGANISATION, "rid", get("DeliveryOrganisationId"))
        case (Side.CRM, Kind.LINE):
            return _named(ITEM, "rid", get("QuotationLineLinkedDataId"))
        case (Side.ERP, Kind.PERSON):
            return _named(ORGANISATION, "number", get("businessAccount"))
        case (Side.ERP, Kind.ORDER):
            customer = _named(ORGANISATION, "rid", get("customer.internalId"))
            return (
                customer
                + _named(ORGANISATION, "number", get("customer.id"))
                + _items(record, "inventory.id")
                + [(INVOICE, f"rid:{rid}") for rid in invoices_named(record)]
            )
        case (Side.ERP, Kind.INVOICE):
            customer = _named(ORGANISATION, "number", get("customer.number"))
            return customer + _items(record, "inventoryNumber") + _orders(record)
        case _:
            return []


def _named(name: str, form: str, value: str | None) -> list[tuple[str, str]]:
    return [(name, f"{form}:{value}")] if value and value != "0" else []


def _items(record: Record, path: str) -> list[tuple[str, str]]:
    numbers = {line.fields.get(path, "") for line in record.lines}
    return [(ITEM, f"number:{number}") for number in sorted(numbers) if number]


def _orders(record: Record) -> list[tuple[str, str]]:
    named = {
        (line.fields.get("soOrderType", "").upper(), line.fields.get("soOrderNbr", ""))
        for line in record.lines
    }
    return [(ORDER, f"rid:order:{kind}/{number}") for kind, number in sorted(named) if kind and number]


def wake_dependents(
    conn: sqlite3.Connection, connection: str, pair: Pair, now_ms: int, *, everyone: bool
) -> int:
    """Make dirty whoever points at this pair's records; unless `everyone`, only those that wait or are
    filtered.

    Returns how many pairs were woken."""
    woken = 0
    if pair.entity is Entity.ORGANISATION:
        for kind, family in ((Kind.PERSON, "person"), (Kind.DELIVERY, "document")):
            woken += _crm(conn, connection, family, kind, ORGANISATION, pair.crm_id, everyone, now_ms)
        values = _erp_values(conn, connection, pair, Kind.ORGANISATION, "number")
        for kind, family in ((Kind.PERSON, "person"), (Kind.ORDER, "document"), (Kind.INVOICE, "document")):
            woken += _erp(conn, connection, family, kind, ORGANISATION, values, everyone, now_ms)
    elif pair.entity is Entity.ITEM:
        values = _erp_values(conn, connection, pair, Kind.ITEM, "inventoryNumber")
        for kind in (Kind.ORDER, Kind.INVOICE):
            woken += _erp(conn, connection, "document", kind, ITEM, values, everyone, now_ms)
        if pair.crm_id:
            woken += conn.execute(
                WAKE_LINES, (now_ms, connection, everyone, connection, ITEM, f"rid:{pair.crm_id}")
            ).rowcount
    elif pair.entity is Entity.DELIVERY and pair.erp_id:
        woken += _erp(
            conn, connection, "document", Kind.INVOICE, ORDER, [f"rid:{pair.erp_id}"], everyone, now_ms
        )
    return woken


def wake_waiting(
    conn: sqlite3.Connection, connection: str, reason: str, now_ms: int, *, entity: str = ""
) -> int:
    """Make dirty all pairs (of one entity) that wait for this reason (`gate`, `lookups`)."""
    entities = text([entity] if entity else list(Entity))
    return conn.execute(WAKE_REASON, (now_ms, connection, entities, reason)).rowcount


def wake_parked(conn: sqlite3.Connection, connection: str, reason: str, now_ms: int) -> int:
    """Make dirty all pairs that are parked for this reason: its cause may be gone."""
    return conn.execute(WAKE_PARKED, (now_ms, connection, reason)).rowcount


def _crm(
    conn: sqlite3.Connection,
    connection: str,
    family: str,
    kind: Kind,
    key: str,
    rid: str,
    everyone: bool,
    now_ms: int,
) -> int:
    if not rid:
        return 0
    found = conn.execute(
        WAKE_CRM, (now_ms, connection, family, everyone, connection, kind, key, f"rid:{rid}")
    )
    return found.rowcount


def _erp(
    conn: sqlite3.Connection,
    connection: str,
    family: str,
    kind: Kind,
    key: str,
    values: list[str],
    everyone: bool,
    now_ms: int,
) -> int:
    return sum(
        conn.execute(WAKE_ERP, (now_ms, connection, family, everyone, connection, kind, key, value)).rowcount
        for value in values
    )


def _erp_values(conn: sqlite3.Connection, connection: str, pair: Pair, kind: Kind, path: str) -> list[str]:
    if not pair.erp_id:
        return []
    row = conn.execute(NUMBER, (connection, kind, pair.erp_id)).fetchone()
    number = FIELDS.decode(row[0]).get(path, "") if row else ""
    return [f"rid:{pair.erp_id}", *([f"number:{number}"] if number else [])]
