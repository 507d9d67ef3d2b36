"""The mass-change brake: too many deletes, marks or overwrites at once wait for a person (semantics §10).

`decisions.apply_decision` asks it about every decision, in the transaction that applies it. A decision that
names a `mass` is counted by entity and side over 24 hours. Beyond max(5 % of the entity's linked pairs, 50)
the brake is on: planned ops are dropped, and such decisions wait (`gate`, detail `brake`) until `approve`;
what remains of them without the mass change (`Decision.calm`) goes on. An op that counts is due only after
`DELAY_MS`, so that the whole burst is decided before its first op is sent. Not counted: what a person decided
about that one pair, and the overwrites of the first sync that was accepted.
"""

import sqlite3

import msgspec

from streamsync.model import Entity, Kind, Lane, Outcome, Pair, Side
from streamsync.store import journal, linking, meta, outbox, scans
from streamsync.store.forms import kind_on
from streamsync.sync.decision import Decision

DELAY_MS = 60_000
"""A full read of 2,000 items takes seconds to decide; a minute is longer than that and short to a person."""
WINDOW_MS = 86_400_000
PASS_MS = 7 * WINDOW_MS  # how long an approval waits for its op to be sent
LEAST = 50
SHARE = 20  # one in so many: 5 %
REASON, DETAIL = "gate", "brake"

ROW = "SELECT mass, state, at_ms FROM mass_change WHERE pair=? AND side=?"
KEEP = """INSERT INTO mass_change(connection, entity, side, pair, mass, at_ms, state) VALUES(?,?,?,?,?,?,?)
  ON CONFLICT(pair, side) DO UPDATE SET mass=excluded.mass, state=excluded.state, at_ms=CASE WHEN
  mass_change.state='passed' OR excluded.state='passed' OR mass_change.at_ms<=? THEN excluded.at_ms ELSE
  mass_change.at_ms END"""
COUNT = """SELECT count(*) FROM mass_change WHERE connection=? AND entity=? AND side=? AND state<>'passed'
  AND at_ms>?"""
LINKED = """SELECT count(*) FROM pair WHERE connection=? AND entity=? AND crm_id IS NOT NULL AND erp_id IS
  NOT NULL"""
IS_ON = "SELECT 1 FROM brake WHERE connection=? AND entity=? AND side=?"
PUT_ON = "INSERT INTO brake(connection, entity, side, since_ms) VALUES(?,?,?,?)"
TAKE_OFF = "DELETE FROM brake WHERE connection=? AND entity=? AND side=?"
PLANNED = """SELECT outbox.id FROM mass_change JOIN outbox ON outbox.pair=mass_change.pair AND
  outbox.side=mass_change.side AND outbox.state='ready' WHERE mass_change.connection=? AND
  mass_change.entity=? AND mass_change.side=? AND mass_change.state='counted'"""
OF_PAIR = "SELECT side, state FROM mass_change WHERE pair=?"
DROP = "DELETE FROM mass_change WHERE pair=? AND side=?"
AGE = """DELETE FROM mass_change WHERE connection=? AND entity=? AND side=? AND
  ((state='counted' AND at_ms<=?) OR (state='passed' AND at_ms<=?))"""
HELD_PAIRS = """SELECT pair FROM mass_change WHERE connection=? AND entity=? AND side=? AND state='held'
  AND EXISTS(SELECT 1 FROM pair WHERE pair.id=mass_change.pair) ORDER BY pair"""
LET_GO = """UPDATE mass_change SET state='passed', at_ms=? WHERE connection=? AND entity=? AND side=?
  AND state<>'passed'"""
HELD = """SELECT mass_change.entity, mass_change.side, mass, count(*), since_ms FROM mass_change JOIN brake ON
  brake.connection=mass_change.connection AND brake.entity=mass_change.entity AND brake.side=mass_change.side
  JOIN pair ON pair.id=mass_change.pair WHERE mass_change.connection=? AND mass_change.state='held'
  GROUP BY mass_change.entity, mass_change.side, mass ORDER BY 1, 2, 3"""
ANSWERED = "SELECT 1 FROM decided WHERE pair=? AND key IN('deleted','on_leave','moved') LIMIT 1"
FIRST_SEEN = "SELECT first_seen_ms FROM record WHERE connection=? AND side=? AND kind=? AND rid=?"


class Held(msgspec.Struct, frozen=True):
    """So many pairs of this entity wait with this sort of change of that side."""

    entity: str
    side: str
    mass: str
    count: int
    since_ms: int


def admit(
    conn: sqlite3.Connection, connection: str, pair: Pair, decision: Decision, now_ms: int
) -> tuple[Decision, int]:
    """The decision as it may be applied now, and when its op is due. `pair`: with what the decision links."""
    write = decision.write
    overwrites = decision.mass == "overwrite" or any(first.overwrites for first in decision.firsts)
    if overwrites and not pair.base and _in_first_sync(conn, connection, pair):
        for each in Side:  # a link may need a write to either side, and its base has begun by the second
            _keep(conn, connection, pair, each, "overwrite", "passed", now_ms)
    if write is None or not decision.mass:
        _settle(conn, connection, pair, decision)
        return decision, now_ms
    side = write.side
    if _free(conn, connection, pair, side, decision.mass, now_ms):
        return decision, now_ms
    scope = (connection, pair.entity, side)
    on = conn.execute(IS_ON, scope).fetchone() is not None
    _keep(conn, connection, pair, side, decision.mass, "held" if on else "counted", now_ms)
    if not on and _too_many(conn, connection, pair.entity, side, now_ms):
        _put_on(conn, connection, pair.entity, side, decision.mass, now_ms)
        _keep(conn, connection, pair, side, decision.mass, "held", now_ms)
        on = True
    if not on:
        return decision, now_ms + DELAY_MS
    rest = stopped(decision)
    return admit(conn, connection, pair, rest, now_ms) if rest.mass else (rest, now_ms)


def stopped(decision: Decision) -> Decision:
    """What is left of a decision without its mass change: its ordinary edits; with none, a wait. Links and
    what was found out stay."""
    rest = decision.calm or msgspec.structs.replace(decision, write=None, rows={}, drop_rows=(), base=None)
    rest = msgspec.structs.replace(
        rest, link=decision.link, attach=decision.attach, state=decision.state or rest.state
    )
    if rest.write is not None:
        return rest
    waiting = {"outcome": Outcome.WAITING, "reason": REASON, "detail": {DETAIL: decision.mass}}
    return msgspec.structs.replace(rest, **waiting, again_ms=0, mass="", calm=None)


def approve(conn: sqlite3.Connection, connection: str, entity: str, side: Side, who: str, now_ms: int) -> int:
    """A person lets the present burst pass: its pairs are decided again and sent at once. A later burst asks
    again. Returns how many were held; 0 where the brake was not on."""
    if not conn.execute(TAKE_OFF, (connection, entity, side)).rowcount:
        return 0
    pairs = [pair for (pair,) in conn.execute(HELD_PAIRS, (connection, entity, side)).fetchall()]
    conn.execute(LET_GO, (now_ms, connection, entity, side))
    for pair in pairs:
        linking.mark_dirty(conn, pair, Lane.LIVE, now_ms)
    fields = (entity, str(side), str(len(pairs)))
    journal.audit(conn, connection, "brake_approved", now_ms=now_ms, fields=fields, actor=who)
    return len(pairs)


def held(conn: sqlite3.Connection, connection: str) -> list[Held]:
    """What waits for a person's approval, by entity, side and sort of change."""
    return [Held(*row) for row in conn.execute(HELD, (connection,)).fetchall()]


def _free(conn: sqlite3.Connection, connection: str, pair: Pair, side: Side, mass: str, now_ms: int) -> bool:
    row = conn.execute(ROW, (pair.id, side)).fetchone()
    if row is not None and row[0] == mass and row[1] == "passed" and now_ms - row[2] < PASS_MS:
        return True
    return conn.execute(ANSWERED, (pair.id,)).fetchone() is not None


def _in_first_sync(conn: sqlite3.Connection, connection: str, pair: Pair) -> bool:
    """Whether both records were there when a person accepted the plan; where the configuration accepted it,
    when the first full reads began."""
    accepted = int(meta.get(conn, connection, "accepted_ms") or "0")
    for side in Side:
        kind = kind_on(pair.entity, side, pair.rid(side))
        row = conn.execute(FIRST_SEEN, (connection, side, kind, pair.rid(side))).fetchone()
        known_by = accepted or scans.first_scan_ms(conn, connection, side, Kind(kind))
        if row is None or row[0] > known_by:
            return False
    return True


def _keep(
    conn: sqlite3.Connection, connection: str, pair: Pair, side: Side, mass: str, state: str, now_ms: int
) -> None:
    conn.execute(KEEP, (connection, pair.entity, side, pair.id, mass, now_ms, state, now_ms - WINDOW_MS))


def _too_many(conn: sqlite3.Connection, connection: str, entity: Entity, side: Side, now_ms: int) -> bool:
    count = conn.execute(COUNT, (connection, entity, side, now_ms - WINDOW_MS)).fetchone()[0]
    if count <= LEAST:
        return False
    linked = conn.execute(LINKED, (connection, entity)).fetchone()[0]
    return bool(count > allowed(linked))


def allowed(linked: int) -> int:
    """How many records may be changed so without a person, of so many that are linked."""
    return max(linked // SHARE, LEAST)


def _put_on(
    conn: sqlite3.Connection, connection: str, entity: Entity, side: Side, mass: str, now_ms: int
) -> None:
    """From now on they wait; those planned but not sent are decided again, and wait too."""
    conn.execute(PUT_ON, (connection, entity, side, now_ms))
    for (number,) in conn.execute(PLANNED, (connection, entity, side)).fetchall():
        op = outbox.by_id(conn, connection, number)
        if op is not None:
            outbox.supersede(conn, op, now_ms)
    conn.execute(AGE, (connection, entity, side, now_ms - WINDOW_MS, now_ms - PASS_MS))
    journal.audit(conn, connection, "brake_on", now_ms=now_ms, fields=(entity, str(side), mass))


def _settle(conn: sqlite3.Connection, connection: str, pair: Pair, decision: Decision) -> None:
    """A pair that needs no such change any more is held no longer; an approval is used up once all is
    written."""
    rows = conn.execute(OF_PAIR, (pair.id,)).fetchall()
    if not rows or decision.outcome in (Outcome.WAITING, Outcome.PARKED):
        return
    at_rest = decision.write is None and decision.outcome in (Outcome.IN_SYNC, Outcome.LINKED)
    for side, state in rows:
        if state == "held":
            conn.execute(DROP, (pair.id, side))
            if not conn.execute(HELD_PAIRS, (connection, pair.entity, side)).fetchone():
                conn.execute(TAKE_OFF, (connection, pair.entity, side))
        elif state == "passed" and at_rest:
            conn.execute(DROP, (pair.id, side))
