"""LEARN: the acknowledgement of a write (reliability §5.2): op, shadow, pair id, base, history: one commit.

The base moves only for rows that really are equal now. Read back, a row counts as confirmed unless a value
sent for it is not what the record shows; where a 2xx proves the write, the shadow is what was sent.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from streamsync.model import Action, Base, Done, Fields, Kind, Line, LineEdit, Op, Pair, Record, Side, Write
from streamsync.store import doubts, journal, linking, oscillation, references, shadows
from streamsync.store.forms import FAMILY, base_of, kind_on, op_of, text

OPEN_CREATE = """SELECT id, pair, entity, write, state, attempt, due_ms, sent_ms, lane, handle,
  error_class, error, trace, rows FROM outbox WHERE pair=? AND side=? AND action='create' AND state
  IN('ready','sent','unknown','parked')"""
DONE = """UPDATE outbox SET state='done', handle=?, error_class='', error='', changed_ms=?
  WHERE id=? AND state IN('ready','sent','unknown')"""
SUPERSEDE = "UPDATE outbox SET state='superseded', changed_ms=? WHERE id=?"
PARK_TWIN = """UPDATE outbox SET state='parked', error_class='many_candidates',
  error='The record that answers this create is linked to another one', changed_ms=? WHERE id=?"""
PARKED_PAIR = "UPDATE pair SET outcome='parked', reason='many_candidates', changed_ms=? WHERE id=?"
DROP_ROWS = "SELECT drop_rows, rules_version FROM outbox WHERE id=?"
SET_BASE = "UPDATE pair SET base=?, changed_ms=? WHERE id=?"
KEEP_PRIOR = "UPDATE outbox SET before=? WHERE id=?"
USED = "DELETE FROM decided WHERE pair=? AND key IN(SELECT 'row:'||value FROM json_each(?))"
ANSWERED = "DELETE FROM decided WHERE pair=? AND key=?"
PAIR_OF = "SELECT pair FROM outbox WHERE id=?"
LINK_LINE = """INSERT INTO line_link(connection, pair, crm_key, erp_key) VALUES(?,?,?,?)
  ON CONFLICT(pair, crm_key) DO UPDATE SET erp_key=excluded.erp_key"""
UNLINK_CRM = "DELETE FROM line_link WHERE pair=? AND crm_key=?"
UNLINK_ERP = "DELETE FROM line_link WHERE pair=? AND erp_key=?"
GONE = "UPDATE record SET gone_ms=?, missing_ms=? WHERE connection=? AND side=? AND kind=? AND rid=?"
WAS_GONE = "SELECT 1 FROM record WHERE connection=? AND side=? AND kind=? AND rid=? AND gone_ms>0"
FORGET_LINES = "DELETE FROM line_link WHERE pair=?"
FORGET_DECIDED = "DELETE FROM decided WHERE pair=? AND key='deleted'"
REVIVE = "UPDATE pair SET state='active' WHERE id=? AND state IN('deleting','deleted')"
NUMBER, VALUE = "DeliveryNumber", "DeliveryOrderValue"
NAMES = msgspec.json.Decoder(tuple[str, ...])
ONCE = {Action.CREATE: "deleted", Action.LINES: "line_ambiguous"}
"""A person's answers that such a write carries out: they do not hold for the next time."""
KEY_FIELD = {
    (Side.CRM, Kind.ORGANISATION): "OrganisationId",
    (Side.CRM, Kind.PERSON): "PersonId",
    (Side.CRM, Kind.ITEM): "QuotationLineLinkedDataItemId",
    (Side.CRM, Kind.DELIVERY): "DeliveryId",
    (Side.ERP, Kind.ORGANISATION): "internalId",
    (Side.ERP, Kind.PERSON): "contactId",
}
"""The field that shows the key an answer named: rows may rest on it before the record is read (row P7)."""


def ack(
    conn: sqlite3.Connection,
    connection: str,
    op: Op,
    done: Done,
    seen: Record | None,
    now_ms: int,
    rows: Base | None = None,
) -> None:
    """The write is certain. `seen`: the record as read back (a delivery with its lines), None where 2xx
    proves it.

    `rows`: the confirmed rows where the caller knows better than the comparison of values. A second call does
    nothing. A create without a key must go to `outbox.hold_handle`. If another pair holds the new record and
    is linked, the op is parked as `many_candidates`: a person must look."""
    write = op.write
    rid = (seen.rid if seen is not None else "") or done.rid or write.rid
    if not rid:
        raise ValueError("an acknowledged create names its record; use hold_handle")
    if not conn.execute(DONE, (done.handle or op.handle, now_ms, op.id)).rowcount:
        return
    op = current(conn, op)
    pair = linking.by_id(conn, connection, op.pair)
    if pair is None or (
        write.action is Action.CREATE and not _take(conn, connection, pair, write, rid, now_ms)
    ):
        conn.execute(PARK_TWIN, (now_ms, op.id))
        conn.execute(PARKED_PAIR, (now_ms, op.pair))
        return
    before = shadows.load(conn, connection, write.side, write.kind, rid)
    if seen is not None and (why := doubts.against(conn, connection, op, before, seen)):
        if why == "unkept":  # what was equal before is agreed all the same
            _store_shadow(conn, connection, op, done, seen, rid, (), now_ms)
            _move_base(conn, op, confirmed(op, seen), now_ms, drop=False)
        doubts.rest(conn, connection, op, why, now_ms)
        return
    keys = _line_keys(write, done, seen)
    after = _store_shadow(conn, connection, op, done, seen, rid, keys, now_ms)
    agreed = rows if rows is not None else op.rows if seen is None else confirmed(op, after, keys)
    _move_base(conn, op, _rekeyed(agreed, write, keys), now_ms)
    _link_lines(conn, connection, op, keys)
    if (answered := ONCE.get(write.action)) is not None:
        conn.execute(ANSWERED, (op.pair, answered))
    journal.write_done(conn, connection, op, before, now_ms)
    oscillation.watch(conn, connection, op, before, now_ms)
    linking.mark_dirty(conn, op.pair, op.lane, now_ms)
    linked = linking.by_id(conn, connection, op.pair)
    if write.action is Action.CREATE and linked is not None:
        references.wake_dependents(conn, connection, linked, now_ms, everyone=False)


def adopt(conn: sqlite3.Connection, connection: str, pair: int, record: Record, now_ms: int) -> int:
    """A record that answers this pair's open create showed up. Returns the op that is thereby done, 0 if
    there was none.

    A create that was not sent yet is dropped: the record is there already."""
    row = conn.execute(OPEN_CREATE, (pair, record.side)).fetchone()
    if row is None:
        return 0
    op = op_of(row)
    doubts.let_go(conn, pair)
    if op.state in ("ready", "parked"):
        conn.execute(SUPERSEDE, (now_ms, op.id))
        return 0
    conn.execute(DONE, (op.handle, now_ms, op.id))
    keys = _line_keys(op.write, Done(), record)
    _move_base(conn, op, _rekeyed(confirmed(op, record, keys), op.write, keys), now_ms)
    _link_lines(conn, connection, op, keys)
    journal.write_done(conn, connection, op, None, now_ms, event="adopted")
    return op.id


def current(conn: sqlite3.Connection, op: Op) -> Op:
    """The op under the pair that owns it now: its own may have been merged away while the request was out."""
    row = conn.execute(PAIR_OF, (op.id,)).fetchone()
    return msgspec.structs.replace(op, pair=row[0]) if row else op


def confirmed(op: Op, seen: Record, keys: Sequence[str] = ()) -> Base:
    """Those rows of the op that the record bears out: no value sent for them differs from what it shows.

    A row none of whose values was sent (a link) is borne out if everything sent on its line is."""
    lines = {line.key: line.fields for line in seen.lines}
    wrong, right = {"": set[str]()}, {"": set[str]()}
    _compare(op.write.fields, seen.fields, wrong[""], right[""])
    inserted = iter(keys)
    for edit in op.write.lines:
        key = next(inserted, "") if edit.action == "insert" else edit.key
        crm_key = edit.twin if op.write.side is Side.ERP else edit.key or "+" + edit.twin
        bad, good = wrong.setdefault(crm_key, set()), right.setdefault(crm_key, set())
        if key in lines:
            _compare(edit.fields, lines[key], bad, good)
        else:
            bad.update(edit.fields.values())
    out: Base = {}
    for row, agreed in op.rows.items():
        line = row.partition("@")[2]
        texts = set(agreed.crm if op.write.side is Side.CRM else agreed.erp)
        bad, good = wrong.get(line, set()), right.get(line, set())
        if not texts & bad and (texts & good or texts <= {""} or not bad):
            out[row] = agreed
    return out


def _compare(sent: Fields, shown: Fields, wrong: set[str], right: set[str]) -> None:
    for path, value in sent.items():
        if path in shown:
            (right if shown[path] == value else wrong).add(value)


def advance_base(conn: sqlite3.Connection, connection: str, op: Op, seen: Record, now_ms: int) -> None:
    """An unknown update was read: rows that now are equal to what we sent move the base (reliability §5.4
    rule 1), and what it took the place of is kept."""
    op = current(conn, op)
    _move_base(conn, op, confirmed(op, seen), now_ms, drop=False)
    journal.write_landed(conn, connection, op, seen, now_ms)


def _take(conn: sqlite3.Connection, connection: str, pair: Pair, write: Write, rid: str, now_ms: int) -> bool:
    """Give the pair its new record; a half pair that a poll made of it meanwhile is merged in. False if it is
    taken."""
    before = pair.rid(write.side)
    if before == rid:
        return True
    if before and not _give_way(conn, connection, pair, write.side, rid, now_ms):
        return False
    holder = linking.by_rid(conn, connection, FAMILY[write.kind], write.side, rid)
    if holder is None:
        linking.set_rid(conn, pair.id, write.side, rid, now_ms)
        return True
    return not holder.rid(write.side.other) and linking.merge(conn, connection, pair.id, holder.id, now_ms)


def _give_way(
    conn: sqlite3.Connection, connection: str, pair: Pair, side: Side, rid: str, now_ms: int
) -> bool:
    """A record that is gone gives way to the one that a person had made in its place; its key stays in
    history. What was agreed about the old one, and the decision that led here, count no more."""
    old = pair.rid(side)
    gone = conn.execute(WAS_GONE, (connection, side, kind_on(pair.entity, side, old), old)).fetchone()
    if gone is None:
        return False
    journal.keep_value(conn, connection, pair.id, side, "id", old, rid, event="replaced", now_ms=now_ms)
    linking.set_rid(conn, pair.id, side, None, now_ms)
    conn.execute(SET_BASE, ("{}", now_ms, pair.id))
    conn.execute(FORGET_LINES, (pair.id,))
    conn.execute(FORGET_DECIDED, (pair.id,))
    conn.execute(REVIVE, (pair.id,))
    return True


def _line_keys(write: Write, done: Done, seen: Record | None) -> tuple[str, ...]:
    """The keys of the inserted lines, in their order; `""` where one is not known.

    Without the reply's own keys a v3 order line is recognised by its `externalLink` (semantics §1); an
    invoice that was just created numbers its lines in the order sent."""
    inserts = [edit for edit in write.lines if edit.action == "insert"]
    if done.line_keys or not inserts or seen is None:
        return done.line_keys
    by_link = {line.fields.get("externalLink", ""): line.key for line in seen.lines}
    found = tuple(by_link.get(f"crm:line:{edit.twin}", "") for edit in inserts)
    if not any(found) and write.action is Action.CREATE and len(seen.lines) == len(inserts):
        return tuple(line.key for line in seen.lines)
    return found


def _store_shadow(
    conn: sqlite3.Connection,
    connection: str,
    op: Op,
    done: Done,
    seen: Record | None,
    rid: str,
    keys: Sequence[str],
    now_ms: int,
) -> Record:
    """What the record holds now becomes its shadow, fenced. Returns it with its lines."""
    write = op.write
    old = shadows.load(conn, connection, write.side, write.kind, rid)
    known = shadows.head(conn, connection, write.side, write.kind, rid)
    if write.action is Action.DELETE:
        conn.execute(GONE, (now_ms, now_ms, connection, write.side, write.kind, rid))
        return old or Record(side=write.side, kind=write.kind, rid=rid, fields={})
    after = seen if seen is not None else _assumed(write, done, old, rid, keys)
    marker = write.marker or (known.marker if known else "")
    shadows.put(
        conn, connection, after, now_ms=now_ms, marker=marker, keys=_known_keys(known), fence_ms=now_ms
    )
    if write.kind is not Kind.DELIVERY or write.side is not Side.CRM:
        return after
    if seen is not None and (write.action is Action.LINES or seen.lines):
        shadows.replace_lines(conn, connection, rid, seen.lines, now_ms=now_ms, fence_ms=now_ms)
    elif seen is None and write.lines:
        present = [Line(key=line.rid, fields=line.fields) for line in shadows.lines_of(conn, connection, rid)]
        lines = _edited(present, write.lines, keys)
        shadows.replace_lines(conn, connection, rid, lines, now_ms=now_ms, fence_ms=now_ms)
    return shadows.joined(conn, connection, after)


def _known_keys(known: shadows.Head | None) -> shadows.Keys:
    """The match keys as `sync.identity` gave them last; the next read brings newer ones."""
    if known is None:
        return ()
    pairs = msgspec.json.decode(known.keys, type=list[tuple[str, str]])
    return tuple((key, value) for key, value in pairs if not key.startswith("@"))


def _assumed(write: Write, done: Done, old: Record | None, rid: str, keys: Sequence[str]) -> Record:
    """The shadow as the write leaves it: what it was, with what was sent laid over it."""
    lines: tuple[Line, ...] = old.lines if old else ()
    if write.kind is not Kind.DELIVERY:
        lines = _edited(lines, write.lines, keys)
    key_field = KEY_FIELD.get((write.side, write.kind), "") if write.action is Action.CREATE else ""
    inserts = sum(edit.action == "insert" for edit in write.lines)
    unknown = write.kind is not Kind.DELIVERY and inserts > sum(bool(key) for key in keys)
    # lines whose keys no read has shown are missing
    return Record(
        side=write.side,
        kind=write.kind,
        rid=rid,
        fields={**_kept(write, old), **write.fields, **({key_field: rid} if key_field else {})},
        lines=lines,
        owner=old.owner if old else "",
        updated_ms=old.updated_ms if old else 0,
        version=done.version,
        by_us=True,
        partial=unknown or (old is not None and old.partial),
    )


def _kept(write: Write, old: Record | None) -> Fields:
    """What the write leaves as it was. Lines move a delivery's value (webcrm-api §10.3): before its number is
    set the value counts as not known, since the number's own write brings a fresh read of it."""
    kept = dict(old.fields) if old is not None else {}
    of_lines = write.kind is Kind.DELIVERY and write.side is Side.CRM and write.action is Action.LINES
    if of_lines and not kept.get(NUMBER):
        kept.pop(VALUE, None)
    return kept


def _edited(lines: Iterable[Line], edits: Iterable[LineEdit], keys: Sequence[str]) -> tuple[Line, ...]:
    """An insert whose key is not known is left out: the next read shows it."""
    out = {line.key: line for line in lines}
    inserted = iter(keys)
    for edit in edits:
        key = next(inserted, "") if edit.action == "insert" else edit.key
        if edit.action == "delete":
            out.pop(key, None)
        elif key:
            out[key] = Line(key=key, fields={**(out[key].fields if key in out else {}), **edit.fields})
    return tuple(out.values())


def _rekeyed(rows: Base, write: Write, keys: Sequence[str]) -> Base:
    """Rows of lines inserted in webCRM stand under `L3@+<ERP key>` until the reply names the webCRM line's
    key."""
    if write.side is not Side.CRM:
        return rows
    names: dict[str, str] = {}
    inserts = [edit for edit in write.lines if edit.action == "insert"]
    for edit, key in zip(inserts, keys, strict=False):
        names["+" + edit.twin] = key
    out: Base = {}
    for row, agreed in rows.items():
        name, at, line = row.partition("@")
        key = names.get(line, line)
        if key and not key.startswith("+"):
            out[name + at + key] = agreed
        elif not at:
            out[row] = agreed
    return out


def _move_base(conn: sqlite3.Connection, op: Op, rows: Base, now_ms: int, *, drop: bool = True) -> None:
    found = conn.execute(DROP_ROWS, (op.id,)).fetchone()
    gone = NAMES.decode(found[0]) if found and drop else ()
    pair = conn.execute("SELECT base FROM pair WHERE id=?", (op.pair,)).fetchone()
    if pair is None or (not rows and not gone):
        return
    known = base_of(pair[0])
    base = {row: agreed for row, agreed in (known | rows).items() if row not in gone}
    conn.execute(KEEP_PRIOR, (text({row: known.get(row) for row in (*rows, *gone)}), op.id))
    conn.execute(SET_BASE, (text(base), now_ms, op.pair))
    conn.execute(USED, (op.pair, text([*rows, *gone])))  # a person's answer to a row is used once


def _link_lines(conn: sqlite3.Connection, connection: str, op: Op, keys: Sequence[str]) -> None:
    inserted = iter(keys)
    for edit in op.write.lines:
        if edit.action == "delete":
            conn.execute(UNLINK_CRM if op.write.side is Side.CRM else UNLINK_ERP, (op.pair, edit.key))
            continue
        key = next(inserted, "") if edit.action == "insert" else edit.key
        if key and edit.twin:
            crm, erp = (key, edit.twin) if op.write.side is Side.CRM else (edit.twin, key)
            conn.execute(LINK_LINE, (connection, op.pair, crm, erp))
