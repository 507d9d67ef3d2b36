"""The workbench, write side: what a person decides about one pair, with its audit row.

Each function works on one pair in the caller's transaction, leaves it dirty in lane interactive and raises
`sync.answers.Unfit`, with nothing changed, where the wish does not fit. Pauses of a whole entity or system
lie in `meta`; a paused pair carries the state. Observation goes on either way, so nothing is lost.
"""

import sqlite3

from streamsync.model import Lane, Pair, Side
from streamsync.store import inbox, journal, linking, oscillation, outbox, pairs, parting, references
from streamsync.store.forms import ENTITY, FAMILY, kind_on
from streamsync.sync import answers
from streamsync.sync.answers import CREATE_NEW, EXCLUDE, LINK, UNLINKED, Unfit

UNDECIDED = """UPDATE pair SET entity=?, state='active', outcome='', reason='', detail='{}', again_ms=0
  WHERE id=?"""
UNDECIDE = "DELETE FROM decided WHERE pair=? AND key NOT IN('unlinked','on_demand')"
CLEAR = (
    "DELETE FROM conflict WHERE pair=?",
    "DELETE FROM finding WHERE pair=?",
    "DELETE FROM line_link WHERE pair=?",
    "DELETE FROM mass_change WHERE pair=?",
)
ATTACHED = """SELECT invoice, delivery FROM attachment WHERE invoice=?1 OR delivery=?1"""
DETACH = "DELETE FROM attachment WHERE invoice=?1 OR delivery=?1"
STATE = "UPDATE pair SET state=?, changed_ms=? WHERE id=?"


def resolve(
    conn: sqlite3.Connection,
    connection: str,
    pair_id: int,
    choice: str,
    *,
    row: str = "",
    value: str = "",
    who: str,
    now_ms: int,
) -> list[int]:
    """One choice of `sync.answers.CHOICES`. Returns the pairs that are to be decided again."""
    if choice == "include":
        return include(conn, connection, pair_id, who, now_ms)
    if choice == EXCLUDE:
        return exclude(conn, connection, pair_id, who, now_ms)
    if choice == LINK:
        return link(conn, connection, pair_id, value, who, now_ms)
    if choice == "unlink":
        return unlink(conn, connection, pair_id, who, now_ms)
    if choice == "retry":
        return retry(conn, connection, pair_id, who, now_ms)
    asked = inbox.asked(conn, connection, pair_id, now_ms)
    if asked is None:
        return []
    for key, answer in answers.keys(asked, choice, row, value).items():
        pairs.decide(conn, connection, pair_id, key, answer, who, now_ms)
        if key == CREATE_NEW:
            _forget(conn, connection, pair_id, LINK, EXCLUDE)
    if asked.state in ("ambiguous", "excluded"):
        conn.execute(STATE, ("active", now_ms, pair_id))
    _note(conn, connection, pair_id, f"resolve:{choice}", who, now_ms, row)
    return [pair_id]


def link(
    conn: sqlite3.Connection, connection: str, pair_id: int, to: str, who: str, now_ms: int
) -> list[int]:
    """This half and the half that holds `to` on the other side are the same; the decision joins them."""
    pair = _pair(conn, connection, pair_id)
    asked = inbox.asked(conn, connection, pair_id, now_ms)
    assert asked is not None
    answers.keys(asked, LINK, "", to)
    side = Side.ERP if pair.crm_id else Side.CRM
    other = linking.by_rid(conn, connection, FAMILY[kind_on(pair.entity, side, to)], side, to)
    system = "Visma.net" if side is Side.ERP else "webCRM"
    if other is None:
        raise Unfit(f"No record {to} of {system} is known. Look at its id, or wait for the next read.")
    if other.crm_id and other.erp_id:
        raise Unfit(f"The record {to} of {system} is linked already. Unlink it first.")
    pairs.decide(conn, connection, pair_id, LINK, to, who, now_ms)
    for one in (pair, other):
        _forget(conn, connection, one.id, CREATE_NEW, EXCLUDE)
        conn.execute(STATE, ("active", now_ms, one.id))
    _unpart(conn, connection, pair, to, who, now_ms)
    _unpart(conn, connection, other, pair.rid(side.other), who, now_ms)
    _note(conn, connection, pair_id, "link", who, now_ms, to)
    return [pair_id]


def exclude(conn: sqlite3.Connection, connection: str, pair_id: int, who: str, now_ms: int) -> list[int]:
    """Out of the sync until `include`, `link` or `create_new`."""
    _pair(conn, connection, pair_id)
    _hold_nothing(conn, connection, pair_id, now_ms)
    pairs.decide(conn, connection, pair_id, EXCLUDE, "yes", who, now_ms)
    _forget(conn, connection, pair_id, CREATE_NEW, LINK)
    _note(conn, connection, pair_id, "exclude", who, now_ms)
    return [pair_id]


def include(conn: sqlite3.Connection, connection: str, pair_id: int, who: str, now_ms: int) -> list[int]:
    """The way back from `exclude`: the pair is decided as if nothing had been said."""
    pair = _pair(conn, connection, pair_id)
    if pair.state != "excluded" and not _said(conn, connection, pair_id, EXCLUDE):
        raise Unfit("This record is not excluded.")
    _forget(conn, connection, pair_id, EXCLUDE)
    conn.execute(STATE, ("active", now_ms, pair_id))
    linking.mark_dirty(conn, pair_id, Lane.INTERACTIVE, now_ms)
    _note(conn, connection, pair_id, "include", who, now_ms)
    return [pair_id]


def unlink(conn: sqlite3.Connection, connection: str, pair_id: int, who: str, now_ms: int) -> list[int]:
    """These two are not the same: two halves that remember it, whatever their keys and marker texts say."""
    pair = _pair(conn, connection, pair_id)
    if not (pair.crm_id and pair.erp_id):
        raise Unfit("This record is not linked.")
    _hold_nothing(conn, connection, pair_id, now_ms)
    references.wake_dependents(conn, connection, pair, now_ms, everyone=True)
    for ends in conn.execute(ATTACHED, (pair_id,)).fetchall():
        for end in ends:
            linking.mark_dirty(conn, end, Lane.LIVE, now_ms)
    conn.execute(DETACH, (pair_id,))
    for statement in CLEAR:
        conn.execute(statement, (pair_id,))
    outbox.supersede_parked(conn, pair_id, now_ms)
    conn.execute(UNDECIDE, (pair_id,))
    conn.execute(UNDECIDED, (ENTITY[kind_on(pair.entity, Side.CRM, pair.crm_id)], pair_id))
    half = parting.split(conn, connection, pair, Side.ERP, "active", Lane.INTERACTIVE, now_ms)
    linking.mark_dirty(conn, pair_id, Lane.INTERACTIVE, now_ms)
    for one, rid in ((pair_id, pair.erp_id), (half, pair.crm_id)):
        known = [*answers.parted({UNLINKED: _said(conn, connection, one, UNLINKED)}), rid]
        pairs.decide(conn, connection, one, UNLINKED, ",".join(dict.fromkeys(known)), who, now_ms)
        _note(conn, connection, one, "unlink", who, now_ms, rid)
    return [pair_id, half]


def pause(conn: sqlite3.Connection, connection: str, pair_id: int, who: str, now_ms: int) -> list[int]:
    """No writes for this pair; what was planned and not sent is planned again when it goes on."""
    pair = _pair(conn, connection, pair_id)
    if pair.state not in ("active", "ambiguous"):
        raise Unfit(f"This record is {pair.state}, so there is nothing to pause.")
    op = outbox.open_op(conn, connection, pair_id)
    if op is not None and op.state == "ready":
        outbox.supersede(conn, op, now_ms)
    conn.execute(STATE, ("paused", now_ms, pair_id))
    _note(conn, connection, pair_id, "pause", who, now_ms)
    return [pair_id]


def resume(conn: sqlite3.Connection, connection: str, pair_id: int, who: str, now_ms: int) -> list[int]:
    """Decided again on what both sides hold by now. Also lets go of a pair that was held because it
    swung."""
    pair = _pair(conn, connection, pair_id)
    if pair.state not in ("paused", "quarantined"):
        raise Unfit("This record is not paused.")
    conn.execute(STATE, ("active", now_ms, pair_id))
    linking.mark_dirty(conn, pair_id, Lane.INTERACTIVE, now_ms)
    _note(conn, connection, pair_id, "resume", who, now_ms)
    return [pair_id]


def retry(conn: sqlite3.Connection, connection: str, pair_id: int, who: str, now_ms: int) -> list[int]:
    """A parked op is sent again; without one the pair is decided again. Also lets go of a pair that swung."""
    _pair(conn, connection, pair_id)
    oscillation.free(conn, pair_id, now_ms)
    op = outbox.open_op(conn, connection, pair_id)
    if op is not None and op.state == "parked":
        return [pair_id] if outbox.retry(conn, connection, op=op.id, who=who, now_ms=now_ms) else []
    linking.mark_dirty(conn, pair_id, Lane.INTERACTIVE, now_ms)
    _note(conn, connection, pair_id, "retry", who, now_ms)
    return [pair_id]


def parted_from(conn: sqlite3.Connection, connection: str, pair_id: int) -> frozenset[str]:
    """The records of the other side that this pair was unlinked from: a look-up must not adopt them."""
    return frozenset(answers.parted({UNLINKED: _said(conn, connection, pair_id, UNLINKED)}))


def _pair(conn: sqlite3.Connection, connection: str, pair_id: int) -> Pair:
    pair = linking.by_id(conn, connection, pair_id)
    if pair is None:
        raise Unfit(f"There is no pair {pair_id}.")
    return pair


def _hold_nothing(conn: sqlite3.Connection, connection: str, pair_id: int, now_ms: int) -> None:
    """Drops what was planned; refuses while a request is out, because its answer belongs to this pair."""
    op = outbox.open_op(conn, connection, pair_id)
    if op is not None and op.state in ("sent", "unknown"):
        raise Unfit("A write of this record is under way. Try again in a moment.")
    if op is not None:
        outbox.supersede(conn, op, now_ms)


def _said(conn: sqlite3.Connection, connection: str, pair_id: int, key: str) -> str:
    return pairs.decided(conn, connection, pair_id).get(key, "")


def _forget(conn: sqlite3.Connection, connection: str, pair_id: int, *keys: str) -> None:
    for key in keys:
        pairs.forget_decided(conn, connection, pair_id, key)


def _unpart(conn: sqlite3.Connection, connection: str, pair: Pair, rid: str, who: str, now_ms: int) -> None:
    """A person changed their mind: these two are the same after all."""
    known = answers.parted({UNLINKED: _said(conn, connection, pair.id, UNLINKED)})
    if rid not in known:
        return
    left = ",".join(one for one in known if one != rid)
    if left:
        pairs.decide(conn, connection, pair.id, UNLINKED, left, who, now_ms)
    else:
        pairs.forget_decided(conn, connection, pair.id, UNLINKED)


def _note(
    conn: sqlite3.Connection,
    connection: str,
    pair_id: int,
    event: str,
    who: str,
    now_ms: int,
    field: str = "",
) -> None:
    fields = (field,) if field else ()
    journal.audit(conn, connection, event, now_ms=now_ms, pair=pair_id, fields=fields, actor=who)
