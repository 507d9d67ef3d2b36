"""The invariants of reliability §2 that the store alone can show, as read-only SQL: `streamsync verify`.

Each `Check` is one statement that finds what must not be; no row means it holds. Its rows name pairs and
records by id, never a value. `broken` runs one check, `damage` asks SQLite itself, `settled` lists the pairs
of which the store says that both sides agree. What needs the rules (bases, fields) is in `sync/agreement.py`.
"""

import sqlite3

import msgspec

from streamsync.model import Entity
from streamsync.store.status import CLASSES

SHOWN = 200  # rows of one check that are listed; the count is of all
WAL_BYTES_MAX = 256 * 1024 * 1024  # four times what a checkpoint leaves behind

PARTS = {
    "$open": "outbox.state IN('ready','sent','unknown','parked')",
    "$pair": "pair.id, pair.entity, coalesce(pair.crm_id,''), coalesce(pair.erp_id,'')",
    "$crm": """record.connection=pair.connection AND record.side='crm' AND record.rid=pair.crm_id AND
      record.kind=CASE pair.family WHEN 'document' THEN 'delivery' ELSE pair.family END""",
    "$erp": """record.connection=pair.connection AND record.side='erp' AND record.rid=pair.erp_id AND
      record.kind=CASE WHEN pair.family<>'document' THEN pair.family WHEN pair.erp_id GLOB 'invoice:*' THEN
      'invoice' ELSE 'order' END""",
    "$held": """pair.connection=record.connection AND pair.family=CASE WHEN record.kind
      IN('order','invoice','delivery') THEN 'document' ELSE record.kind END""",
    "$own": """coalesce(record.marker=CASE WHEN record.side='erp' AND pair.family='document' THEN
      'crm:delivery:'||pair.crm_id WHEN record.side='erp' THEN 'crm:'||pair.family||':'||pair.crm_id
      WHEN pair.family='document' THEN 'erp:'||pair.erp_id ELSE
      'erp:'||pair.family||':'||pair.erp_id END,0)""",
    "$told": """pair.connection=:connection AND record.marker<>'' AND record.gone_ms=0 AND pair.dirty=0 AND
      pair.outcome NOT IN('parked','conflict','filtered')""",
    "$other": """other.connection=record.connection AND other.side=record.side AND other.marker<>'' AND
      other.marker=record.marker AND other.kind=record.kind AND other.rid<>record.rid""",
    "$rests": """pair.outcome='in_sync' AND pair.state='active' AND pair.dirty=0 AND pair.crm_id IS NOT NULL
      AND pair.erp_id IS NOT NULL AND NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.pair=pair.id AND
      outbox.state IN('ready','sent','unknown','parked'))""",
}


def _sql(text: str) -> str:
    """The statement with the parts that several share."""
    for name, part in PARTS.items():
        text = text.replace(name, part)
    return text


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant. `sql` knows :connection, :now (Unix ms) and :since (when the
    daemon was started, 0 = it is not), and selects
    pair, entity, webCRM's id, the ERP's id, and what it is about (a field, a feed, an op: never a value)."""

    name: str
    rule: str  # of reliability §2
    wrong: str  # a sentence for each row
    remedy: str
    sql: str


class Broken(msgspec.Struct, frozen=True):
    """One row of a check."""

    pair: int
    entity: str
    crm_id: str
    erp_id: str
    about: str


_SENT_AGAIN = "Nothing is lost: the daemon decides the pair again with `streamsync retry --pair N`."
_REPORT = "This must not happen. Keep a copy of the state file and report it."

CHECKS: tuple[Check, ...] = (
    Check(
        name="one_open_write",
        rule="I5",
        wrong="Several writes of this pair are open at once.",
        remedy=_REPORT,
        sql=_sql("""SELECT $pair, '' FROM pair JOIN outbox ON outbox.pair=pair.id AND $open WHERE
          pair.connection=:connection GROUP BY pair.id HAVING count(*)>1"""),
    ),
    Check(
        name="one_pair_per_record",
        rule="I1",
        wrong="Another pair holds the same record.",
        remedy=_REPORT,
        sql=_sql("""SELECT $pair, '' FROM pair WHERE connection=:connection AND EXISTS(SELECT 1 FROM pair
          AS other WHERE other.connection=pair.connection AND other.family=pair.family AND
          other.id<>pair.id AND other.crm_id=pair.crm_id) UNION SELECT $pair, '' FROM pair WHERE
          connection=:connection AND EXISTS(SELECT 1 FROM pair AS other WHERE
          other.connection=pair.connection AND other.family=pair.family AND other.id<>pair.id AND
          other.erp_id=pair.erp_id)"""),
    ),
    Check(
        name="one_record_per_marker",
        rule="I1",
        wrong="The record carries the marker of another one: it is a copy, or was made twice.",
        remedy="Look at both records. Where the copy is meant, empty its marker field; else delete it.",
        sql=_sql("""WITH held(pair, entity, crm, erp, side, kind, marker, own) AS(SELECT $pair, record.side,
          record.kind, record.marker, $own FROM pair JOIN record ON $crm WHERE $told UNION ALL SELECT $pair,
          record.side, record.kind, record.marker, $own FROM pair JOIN record ON $erp WHERE $told) SELECT
          pair, entity, crm, erp, marker FROM held WHERE NOT own AND NOT EXISTS(SELECT 1 FROM decided WHERE
          decided.pair=held.pair AND decided.key='unlinked') AND (side,kind,marker) IN(SELECT side, kind,
          marker FROM held GROUP BY side, kind, marker HAVING count(*)>1)"""),
    ),
    Check(
        name="every_record_has_a_pair",
        rule="I11",
        wrong="This record was read, and no pair holds it.",
        remedy=_REPORT,
        sql=_sql("""SELECT 0, kind, CASE side WHEN 'crm' THEN rid ELSE '' END, CASE side WHEN 'erp' THEN
          rid ELSE '' END, side FROM record WHERE connection=:connection AND kind NOT IN('line','balance')
          AND gone_ms=0 AND NOT EXISTS(SELECT 1
          FROM pair WHERE $held AND record.side='crm' AND pair.crm_id=record.rid) AND NOT EXISTS(SELECT 1
          FROM pair WHERE $held AND record.side='erp' AND pair.erp_id=record.rid)"""),
    ),
    Check(
        name="every_pair_is_decided",
        rule="I11",
        wrong="This pair was never decided, and nothing is about to decide it.",
        remedy=_SENT_AGAIN,
        sql=_sql("""SELECT $pair, '' FROM pair WHERE connection=:connection AND outcome='' AND dirty=0 AND
          again_ms=0"""),
    ),
    Check(
        name="every_write_came_to_an_end",
        rule="I11",
        wrong="This pair was decided, and its write neither is open nor was confirmed.",
        remedy=_SENT_AGAIN,
        sql=_sql("""SELECT $pair, outcome FROM pair WHERE connection=:connection AND outcome
          IN('written','created','linked') AND dirty=0 AND again_ms=0 AND state='active' AND NOT
          EXISTS(SELECT 1 FROM outbox WHERE outbox.pair=pair.id AND $open) AND NOT EXISTS(SELECT 1 FROM
          attachment WHERE attachment.invoice=pair.id)"""),
    ),
    Check(
        name="no_write_forgotten",
        rule="I8",
        wrong="This write was sent more than an hour ago, and what became of it is still unknown.",
        remedy="See `streamsync status`: the system does not answer, or the daemon does not run.",
        sql=_sql("""SELECT $pair, 'op '||outbox.id FROM outbox JOIN pair ON pair.id=outbox.pair WHERE
          outbox.connection=:connection AND outbox.state IN('sent','unknown') AND outbox.sent_ms>0 AND
          outbox.sent_ms<:now-3600000"""),
    ),
    Check(
        name="finished_writes_are_swept",
        rule="I12",
        wrong="Finished writes are kept longer than a week.",
        remedy="The daemon sweeps hourly. See `streamsync status` for its janitor.",
        sql=_sql("""SELECT 0, entity, '', '', 'op '||min(id) FROM outbox WHERE :since>0 AND
          :since<:now-7200000 AND connection=:connection AND state IN('done','superseded','abandoned') AND
          changed_ms<:now-691200000 GROUP BY entity"""),
    ),
    Check(
        name="parents_first",
        rule="I6",
        wrong="This record is linked, and its organisation is not.",
        remedy="Link the organisation (`streamsync inbox --entity organisation`), or unlink this record.",
        sql=_sql("""SELECT $pair, '' FROM pair JOIN match_key ON match_key.connection=pair.connection AND
          side='crm' AND kind=CASE pair.family WHEN 'person' THEN 'person' ELSE 'delivery' END AND
          rid=pair.crm_id AND key='@organisation' WHERE pair.connection=:connection AND pair.family
          IN('person','document') AND $rests AND NOT EXISTS(SELECT 1 FROM pair AS parent WHERE
          parent.connection=pair.connection AND parent.family='organisation' AND
          parent.crm_id=substr(match_key.value,5) AND parent.erp_id IS NOT NULL)"""),
    ),
    Check(
        name="sides_were_read",
        rule="I13",
        wrong="The pair is said to be in sync, and the store holds no record of one side.",
        remedy="Have both lists read again: restart the daemon, and look at `streamsync show --pair N`.",
        sql=_sql("""SELECT $pair, '' FROM pair WHERE pair.connection=:connection AND
          pair.outcome='in_sync' AND pair.state='active' AND pair.dirty=0 AND ((pair.crm_id IS NOT NULL AND
          NOT EXISTS(SELECT 1 FROM record WHERE $crm)) OR (pair.erp_id IS NOT NULL AND NOT EXISTS(SELECT 1
          FROM record WHERE $erp)))"""),
    ),
    Check(
        name="no_cursor_ahead",
        rule="I13",
        wrong="The position of this feed lies in the future: what changes until then would not be read.",
        remedy="Restart the daemon after mending the clocks; it reads the whole list daily in any case.",
        sql=_sql("""SELECT 0, '', '', '', side||' '||feed FROM cursor WHERE connection=:connection AND
          position GLOB '[0-9][0-9][0-9][0-9]-*' AND (julianday(position)-2440587.5)*86400000> :now+CASE
          side WHEN 'crm' THEN 3600000 ELSE 54000000 END"""),
    ),
    Check(
        name="conflicts_keep_their_values",
        rule="I2",
        wrong="The pair is in conflict, and the values to choose from are not kept.",
        remedy="The daemon compares again with `streamsync retry --pair N`.",
        sql=_sql("""SELECT $pair, reason FROM pair WHERE connection=:connection AND outcome='conflict' AND
          dirty=0 AND reason IN('both_changed','link_differs') AND NOT EXISTS(SELECT 1 FROM conflict WHERE
          conflict.pair=pair.id) AND NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.pair=pair.id AND
          outbox.state='parked') UNION SELECT $pair, row FROM conflict JOIN pair ON pair.id=conflict.pair
          WHERE conflict.connection=:connection AND conflict.crm=conflict.erp AND
          conflict.reason='both_changed' AND pair.dirty=0"""),
    ),
    Check(
        name="parked_writes_say_why",
        rule="I11",
        wrong="A write of this pair is parked, and the answer that parked it is not kept.",
        remedy=_SENT_AGAIN,
        sql=_sql("""SELECT $pair, 'op '||outbox.id FROM outbox JOIN pair ON pair.id=outbox.pair WHERE
          outbox.connection=:connection AND outbox.state='parked' AND NOT EXISTS(SELECT 1 FROM parked
          WHERE parked.op=outbox.id)"""),
    ),
    Check(
        name="one_line_per_line",
        rule="I1",
        wrong="Two lines of the delivery are linked with one line of the document.",
        remedy="Look at the lines in both systems; one of the two is a copy.",
        sql=_sql("""SELECT $pair, erp_key FROM line_link JOIN pair ON pair.id=line_link.pair WHERE
          line_link.connection=:connection AND erp_key<>'' GROUP BY line_link.pair, erp_key HAVING
          count(*)>1"""),
    ),
)

WHOLE = Check(
    name="file_is_whole",
    rule="I9",
    wrong="The state file is damaged.",
    remedy="Stop the daemon and restore the last good copy of the state file.",
    sql="",
)
FOLDED = Check(
    name="log_is_folded",
    rule="I12",
    wrong="The write-ahead log is larger than it becomes while it is folded into the file.",
    remedy="Something holds the file open, or the disk is full. Restart the daemon.",
    sql="",
)

CLASSES_BY_ENTITY = CLASSES.replace("SELECT CASE", "SELECT entity, CASE").replace(
    "GROUP BY class", "GROUP BY entity, class"
)
SETTLED = _sql("SELECT entity, id FROM pair WHERE connection=? AND $rests ORDER BY entity, id")
RESTS = _sql("SELECT 1 FROM pair WHERE connection=? AND id=? AND $rests")
COPIES = _sql("""SELECT other.rid FROM pair JOIN record ON $crm JOIN record AS other ON $other WHERE
  pair.connection=:connection AND pair.id=:pair UNION SELECT other.rid FROM pair JOIN record ON $erp JOIN
  record AS other ON $other WHERE pair.connection=:connection AND pair.id=:pair""")
UNREAD = "SELECT side, feed FROM scan WHERE connection=? AND finished_ms=0 ORDER BY side, feed"
MALFORMED = "SELECT side, kind, count(*) FROM malformed WHERE connection=? GROUP BY side, kind"


def broken(
    conn: sqlite3.Connection, connection: str, check: Check, now_ms: int, since_ms: int
) -> tuple[int, list[Broken]]:
    """How many rows break the check, and the first of them."""
    statement = check.sql
    rows = conn.execute(statement, {"connection": connection, "now": now_ms, "since": since_ms}).fetchall()
    return len(rows), [Broken(*row) for row in rows[:SHOWN]]


def damage(conn: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the file: pages, then references that lead nowhere. Reads all of it (1.7 s
    at 1.3 GB, reliability §7)."""
    try:
        found = [str(text) for (text,) in conn.execute("PRAGMA quick_check(10)").fetchall() if text != "ok"]
        lost = conn.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return found + sorted(
        {f"{table}: a row refers to a row of {parent} that is not there" for table, _, parent, _ in lost}
    )


def settled(conn: sqlite3.Connection, connection: str) -> dict[Entity, list[int]]:
    """Linked pairs that are said to be in sync and that nothing is about to move."""
    found: dict[Entity, list[int]] = {}
    for entity, pair in conn.execute(SETTLED, (connection,)).fetchall():
        found.setdefault(Entity(entity), []).append(pair)
    return found


def rests(conn: sqlite3.Connection, connection: str, pair: int) -> bool:
    """Whether the pair is among the settled now."""
    return conn.execute(RESTS, (connection, pair)).fetchone() is not None


def copies(conn: sqlite3.Connection, connection: str, pair: int) -> frozenset[str]:
    """The ids of other records known to carry a marker that one of the pair's records carries."""
    return frozenset(
        rid for (rid,) in conn.execute(COPIES, {"connection": connection, "pair": pair}).fetchall()
    )


def classes_by_entity(conn: sqlite3.Connection, connection: str) -> dict[str, dict[str, int]]:
    """Entity to class (`status.classes`) to pairs."""
    found: dict[str, dict[str, int]] = {}
    for entity, name, count in conn.execute(CLASSES_BY_ENTITY, (connection,)).fetchall():
        found.setdefault(entity, {})[name] = count
    return found


def unread(conn: sqlite3.Connection, connection: str) -> list[str]:
    """Lists that were never read to their end: what they would show is not judged here."""
    return [f"{side} {feed}" for side, feed in conn.execute(UNREAD, (connection,)).fetchall()]


def unreadable(conn: sqlite3.Connection, connection: str) -> dict[str, int]:
    """Rows of a list that could not be understood, by system and kind."""
    rows = conn.execute(MALFORMED, (connection,)).fetchall()
    return {f"{side} {kind}": count for side, kind, count in rows}
