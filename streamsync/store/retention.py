"""What ages out (security D6): values after 90 days, names of fields after 400, finished ops after a week.

Deletes in slices, so that a sweep never holds up the commits for long; run it until it returns 0.
"""

import sqlite3

DAY_MS = 86_400_000
SLICE = 5000

OPS = """DELETE FROM outbox WHERE id IN(SELECT id FROM outbox
  WHERE state IN('done','superseded','abandoned') AND changed_ms<? ORDER BY id LIMIT ?)"""
HISTORY = "DELETE FROM history WHERE seq IN(SELECT seq FROM history WHERE at_ms<? ORDER BY at_ms LIMIT ?)"
AUDIT = "DELETE FROM audit WHERE seq IN(SELECT seq FROM audit WHERE at_ms<? ORDER BY at_ms LIMIT ?)"
MALFORMED = "DELETE FROM malformed WHERE at_ms<?"
MASS = "DELETE FROM mass_change WHERE state<>'held' AND at_ms<?"  # counts for a day, passes for a week


def sweep(conn: sqlite3.Connection, now_ms: int) -> int:
    """Returns how many rows went."""
    gone = conn.execute(OPS, (now_ms - 7 * DAY_MS, SLICE)).rowcount
    gone += conn.execute(HISTORY, (now_ms - 90 * DAY_MS, SLICE)).rowcount
    gone += conn.execute(AUDIT, (now_ms - 400 * DAY_MS, SLICE)).rowcount
    gone += conn.execute(MASS, (now_ms - 7 * DAY_MS,)).rowcount
    return gone + conn.execute(MALFORMED, (now_ms - 90 * DAY_MS,)).rowcount
