"""Webhook deliveries already seen: a replayed one wakes nobody twice (security H3)."""

import sqlite3

SEEN = "INSERT OR IGNORE INTO hook_seen(connection, source, delivery, at_ms) VALUES(?,?,?,?)"


def first_time(conn: sqlite3.Connection, connection: str, source: str, delivery: str, now_ms: int) -> bool:
    """Remember the delivery id; False if it was known. An empty id is always new: nothing tells two of them
    apart."""
    return not delivery or conn.execute(SEEN, (connection, source, delivery, now_ms)).rowcount == 1
