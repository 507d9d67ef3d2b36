"""The tables, and how an older file becomes a newer one.

Forward only: each step is a tuple of statements that ends by setting `user_version`, run in one transaction
after a verified copy of the file was made. A file that is newer than this programme, or not ours, is refused.
Every row names its connection. Lanes are stored as their rank, so that an index orders them.
"""

import sqlite3
from collections.abc import Callable, Sequence

from streamsync.errors import StoreRefused

APPLICATION_ID = 0x53594E43

Step = tuple[str, ...]

FIRST: Step = (
    """CREATE TABLE pair( id INTEGER PRIMARY KEY AUTOINCREMENT, connection TEXT NOT NULL, entity TEXT NOT
    NULL, family TEXT NOT NULL, crm_id TEXT, erp_id TEXT, origin TEXT NOT NULL CHECK(origin IN('crm','erp')),
    state TEXT NOT NULL DEFAULT 'active' CHECK( state
    IN('active','paused','excluded','ambiguous','deleting','deleted','quarantined')), base TEXT NOT NULL
    DEFAULT '{}', dirty INTEGER NOT NULL DEFAULT 1, dirty_ms INTEGER NOT NULL, lane INTEGER NOT NULL, outcome
    TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '{}', again_ms
    INTEGER NOT NULL DEFAULT 0, changed_ms INTEGER NOT NULL, rules_version INTEGER NOT NULL DEFAULT 0,
    CHECK(crm_id IS NOT NULL OR erp_id IS NOT NULL)) STRICT""",
    "CREATE UNIQUE INDEX pair_crm ON pair(connection,family,crm_id) WHERE crm_id IS NOT NULL",
    "CREATE UNIQUE INDEX pair_erp ON pair(connection,family,erp_id) WHERE erp_id IS NOT NULL",
    "CREATE INDEX pair_dirty ON pair(connection,entity,lane,id) WHERE dirty>0",
    "CREATE INDEX pair_again ON pair(connection,entity,again_ms) WHERE again_ms>0",
    "CREATE INDEX pair_outcome ON pair(connection,entity,outcome,reason)",
    """CREATE TABLE record( connection TEXT NOT NULL, side TEXT NOT NULL CHECK(side IN('crm','erp')), kind
    TEXT NOT NULL, rid TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '', fields TEXT NOT NULL, lines TEXT NOT
    NULL, hash BLOB NOT NULL, marker TEXT NOT NULL DEFAULT '', keys TEXT NOT NULL DEFAULT '[]', updated_ms
    INTEGER NOT NULL, version TEXT NOT NULL, by_us INTEGER, fence_ms INTEGER NOT NULL DEFAULT 0, first_seen_ms
    INTEGER NOT NULL, changed_ms INTEGER NOT NULL, scan_ms INTEGER NOT NULL DEFAULT 0, feed TEXT NOT NULL
    DEFAULT '', missing_ms INTEGER NOT NULL DEFAULT 0, misses INTEGER NOT NULL DEFAULT 0, gone_ms INTEGER NOT
    NULL DEFAULT 0, partial INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(connection,side,kind,rid)) STRICT""",
    "CREATE INDEX record_owner ON record(connection,owner) WHERE owner<>''",
    "CREATE INDEX record_marker ON record(connection,side,marker) WHERE marker<>''",
    """CREATE TABLE match_key( connection TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT
    NULL, value TEXT NOT NULL, rid TEXT NOT NULL, PRIMARY KEY(connection,side,kind,key,value,rid)) STRICT,
    WITHOUT ROWID""",
    "CREATE INDEX match_key_record ON match_key(connection,side,kind,rid)",
    """CREATE TABLE outbox( id INTEGER PRIMARY KEY AUTOINCREMENT, connection TEXT NOT NULL, pair INTEGER NOT
    NULL REFERENCES pair(id), side TEXT NOT NULL, entity TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT
    NULL CHECK(action IN('create','update','lines','move','delete')), write TEXT NOT NULL, rows TEXT NOT NULL,
    drop_rows TEXT NOT NULL DEFAULT '[]', state TEXT NOT NULL CHECK(state
    IN('ready','sent','unknown','parked','done','superseded','abandoned')), attempt INTEGER NOT NULL DEFAULT
    0, due_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL DEFAULT 0, lane INTEGER NOT NULL, handle TEXT NOT
    NULL DEFAULT '', error_class TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', trace TEXT NOT NULL
    DEFAULT '', rules_version INTEGER NOT NULL DEFAULT 0, changed_ms INTEGER NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX outbox_open ON outbox(pair) WHERE state IN('ready','sent','unknown','parked')",
    "CREATE INDEX outbox_due ON outbox(connection,side,lane,due_ms,id) WHERE state='ready'",
    "CREATE INDEX outbox_unknown ON outbox(connection,due_ms,id) WHERE state='unknown'",
    "CREATE INDEX outbox_state ON outbox(connection,state,changed_ms)",
    "CREATE INDEX outbox_pair ON outbox(pair)",
    """CREATE TABLE cursor(connection TEXT NOT NULL, side TEXT NOT NULL, feed TEXT NOT NULL, position TEXT NOT
    NULL, PRIMARY KEY(connection,side,feed)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE scan(connection TEXT NOT NULL, side TEXT NOT NULL, feed TEXT NOT NULL, kind TEXT NOT NULL,
      started_ms INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL DEFAULT 0,
      first_started_ms INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY(connection,side,feed)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE malformed(connection TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL, rid TEXT NOT
    NULL, problem TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(connection,side,kind,rid)) STRICT,
    WITHOUT ROWID""",
    # The key first: with another column before it SQLite 3.40 takes a sound file for damaged.
    """CREATE TABLE attachment(invoice INTEGER NOT NULL REFERENCES pair(id), delivery INTEGER NOT NULL
    REFERENCES pair(id), connection TEXT NOT NULL, PRIMARY KEY(invoice,delivery)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX attachment_delivery ON attachment(delivery)",
    """CREATE TABLE line_link(connection TEXT NOT NULL, pair INTEGER NOT NULL REFERENCES pair(id), crm_key
    TEXT NOT NULL, erp_key TEXT NOT NULL, PRIMARY KEY(pair,crm_key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE conflict(id INTEGER PRIMARY KEY, connection TEXT NOT NULL, pair INTEGER NOT NULL
    REFERENCES pair(id), row TEXT NOT NULL, line TEXT NOT NULL, reason TEXT NOT NULL, base TEXT NOT NULL, crm
    TEXT NOT NULL, erp TEXT NOT NULL, at_ms INTEGER NOT NULL, UNIQUE(pair,row,line)) STRICT""",
    """CREATE TABLE finding(connection TEXT NOT NULL, pair INTEGER NOT NULL REFERENCES pair(id), code TEXT NOT
    NULL, field TEXT NOT NULL, text TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT""",
    "CREATE INDEX finding_pair ON finding(pair)",
    """CREATE TABLE parked(op INTEGER PRIMARY KEY REFERENCES outbox(id) ON DELETE CASCADE, connection TEXT NOT
    NULL, cause TEXT NOT NULL, message TEXT NOT NULL, excerpt TEXT NOT NULL, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE history(seq INTEGER PRIMARY KEY, connection TEXT NOT NULL, pair INTEGER NOT NULL, side
    TEXT NOT NULL, field TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, event TEXT NOT NULL, op
    INTEGER NOT NULL, rules_version INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT""",
    "CREATE INDEX history_pair ON history(pair)",
    "CREATE INDEX history_age ON history(at_ms)",
    """CREATE TABLE audit(seq INTEGER PRIMARY KEY, connection TEXT NOT NULL, at_ms INTEGER NOT NULL, pair
    INTEGER NOT NULL, event TEXT NOT NULL, op INTEGER NOT NULL, fields TEXT NOT NULL, trace TEXT NOT NULL,
    actor TEXT NOT NULL) STRICT""",
    "CREATE INDEX audit_pair ON audit(pair)",
    "CREATE INDEX audit_age ON audit(at_ms)",
    """CREATE TABLE code_table(connection TEXT NOT NULL, side TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT
    NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(connection,side,name)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE decided(connection TEXT NOT NULL, pair INTEGER NOT NULL REFERENCES pair(id), key TEXT NOT
    NULL, value TEXT NOT NULL, who TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(pair,key)) STRICT,
    WITHOUT ROWID""",
    """CREATE TABLE rules(connection TEXT NOT NULL, version INTEGER NOT NULL, who TEXT NOT NULL, at_ms INTEGER
    NOT NULL, why TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY(connection,version)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE meta(connection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY(connection,key)) STRICT, WITHOUT ROWID""",
    "PRAGMA application_id=1398361667",
    "PRAGMA user_version=1",
)

BRAKE: Step = (
    """CREATE TABLE mass_change(connection TEXT NOT NULL, entity TEXT NOT NULL, side TEXT NOT NULL, pair
    INTEGER NOT NULL, mass TEXT NOT NULL, at_ms INTEGER NOT NULL, state TEXT NOT NULL CHECK(state
    IN('counted','held','passed')), PRIMARY KEY(pair,side)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX mass_change_scope ON mass_change(connection,entity,side,state,at_ms)",
    """CREATE TABLE brake(connection TEXT NOT NULL, entity TEXT NOT NULL, side TEXT NOT NULL, since_ms INTEGER
    NOT NULL, PRIMARY KEY(connection,entity,side)) STRICT, WITHOUT ROWID""",
    "PRAGMA user_version=2",
)

BEFORE: Step = (
    "ALTER TABLE outbox ADD COLUMN before TEXT NOT NULL DEFAULT '{}'",  # what the write's agreements replaced
    "PRAGMA user_version=3",
)

STEPS: tuple[Step, ...] = (FIRST, BRAKE, BEFORE)


def version(conn: sqlite3.Connection) -> int:
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def migrate(conn: sqlite3.Connection, copy: Callable[[int], None], steps: Sequence[Step] = STEPS) -> bool:
    """Bring the file to the newest schema; True if it was empty before. `copy(version)` makes and verifies
    the backup.

    Raises `StoreRefused` for a file that is newer than this programme or belongs to another one."""
    present = version(conn)
    fresh = present == 0 and not conn.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    owner = int(conn.execute("PRAGMA application_id").fetchone()[0])
    if not fresh and owner != APPLICATION_ID:
        raise StoreRefused("The state file was not made by streamsync. Name another file under daemon.state.")
    if present > len(steps):
        raise StoreRefused(
            f"The state file has schema version {present}, this programme knows versions up to {len(steps)}."
            " Install the newer streamsync again, or restore the copy that was made before the upgrade."
        )
    if present == len(steps):
        return False
    if not fresh:
        copy(present)
    for step in steps[present:]:
        conn.execute("BEGIN EXCLUSIVE")
        try:
            for statement in step:
                conn.execute(statement)
            conn.execute("COMMIT")
        except BaseException:
            conn.execute("ROLLBACK")
            raise
    return fresh
