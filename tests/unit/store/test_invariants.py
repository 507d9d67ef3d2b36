"""Each invariant is seen to fail: a sound store, one statement of damage, and the check that notices."""

import sqlite3
from pathlib import Path

import pytest

from streamsync.model import Kind
from streamsync.store import invariants
from tests.unit.store.builders import CRM, ERP, NAME, database, organisation, pair_id, record, see

NOW = 1_773_478_800_000  # 2026-03-14T09:00:00Z
HOUR = 3_600_000
OP = """INSERT INTO outbox(connection, pair, side, entity, kind, action, write, rows, state, due_ms, sent_ms,
  lane, changed_ms) VALUES('kunde', 1, 'erp', 'organisation', 'organisation', 'update', '{}', '{}', """
PAIR = """INSERT INTO pair(connection, entity, family, crm_id, erp_id, origin, outcome, dirty, dirty_ms, lane,
  changed_ms) VALUES('kunde', """

DAMAGE: dict[str, tuple[str, ...]] = {
    "one_open_write": (
        "DROP INDEX outbox_open",
        f"{OP} 'ready', 0, 0, 1, 0)",
        f"{OP} 'ready', 0, 0, 1, 0)",
    ),
    "one_pair_per_record": (
        "DROP INDEX pair_erp",
        f"{PAIR} 'organisation', 'organisation', NULL, '9', 'erp', 'filtered', 0, 0, 1, 0)",
    ),
    "one_record_per_marker": (
        """INSERT INTO record(connection, side, kind, rid, fields, lines, hash, marker, updated_ms, version,
        first_seen_ms, changed_ms) VALUES('kunde', 'erp', 'organisation', '10', '{}', '[]', x'00',
        'crm:organisation:1', 0, '', 0, 0)""",
        f"{PAIR} 'organisation', 'organisation', NULL, '10', 'erp', 'in_sync', 0, 0, 1, 0)",
    ),
    "every_record_has_a_pair": (
        """INSERT INTO record(connection, side, kind, rid, fields, lines, hash, updated_ms, version,
        first_seen_ms, changed_ms) VALUES('kunde', 'erp', 'order', 'order:SO/1', '{}', '[]', x'00', 0, '', 0,
        0)""",
    ),
    "every_pair_is_decided": ("UPDATE pair SET outcome='' WHERE id=1",),
    "every_write_came_to_an_end": ("UPDATE pair SET outcome='created' WHERE family='person'",),
    "no_write_forgotten": (f"{OP} 'unknown', 0, {NOW - HOUR - 1}, 1, {NOW})",),
    "finished_writes_are_swept": (f"{OP} 'done', 0, 0, 1, {NOW - 9 * 24 * HOUR})",),
    "parents_first": (
        "UPDATE pair SET state='paused', erp_id=NULL WHERE id=1",
        "DELETE FROM record WHERE rid='9'",
    ),
    "sides_were_read": ("DELETE FROM record WHERE side='erp' AND kind='person'",),
    "no_cursor_ahead": ("INSERT INTO cursor VALUES('kunde', 'erp', 'customer', '2026-03-15T04:00:00.000')",),
    "conflicts_keep_their_values": ("UPDATE pair SET outcome='conflict', reason='both_changed' WHERE id=1",),
    "parked_writes_say_why": (f"{OP} 'parked', 0, 0, 1, 0)",),
    "one_line_per_line": (
        "INSERT INTO line_link VALUES('kunde', 1, '9001', '1')",
        "INSERT INTO line_link VALUES('kunde', 1, '9002', '1')",
    ),
}


def sound() -> sqlite3.Connection:
    """An organisation with its person, linked and decided; a write that came to its end; a cursor."""
    conn = database()
    see(conn, organisation(CRM, "1"), organisation(ERP, "9", marker="crm:organisation:1"))
    see(conn, record(CRM, Kind.PERSON, "5", {"PersonOrganisationId": "1"}))
    see(conn, record(ERP, Kind.PERSON, "7", {}))
    conn.execute("DELETE FROM pair WHERE id=?", (pair_id(conn, ERP, "7", "person"),))
    conn.execute("UPDATE pair SET erp_id='7' WHERE family='person'")
    conn.execute("UPDATE pair SET outcome='in_sync', dirty=0")
    conn.execute(f"{OP} 'done', 0, 1, 1, {NOW})")
    conn.execute("INSERT INTO cursor VALUES('kunde', 'crm', 'Organisation', '2026-03-14T08:59:00Z')")
    return conn


def broken(conn: sqlite3.Connection, *, since: int = NOW - 3 * HOUR) -> dict[str, list[invariants.Broken]]:
    found = {check.name: invariants.broken(conn, NAME, check, NOW, since) for check in invariants.CHECKS}
    return {name: rows for name, (count, rows) in found.items() if count}


def test_a_sound_store_breaks_nothing() -> None:
    conn = sound()
    assert conn.execute("SELECT id, crm_id, erp_id FROM pair").fetchall() == [(1, "1", "9"), (2, "5", "7")]
    assert broken(conn) == {}
    assert invariants.damage(conn) == []
    assert invariants.settled(conn, NAME) == {"organisation": [1], "person": [2]}


def test_every_check_has_a_damage() -> None:
    assert DAMAGE.keys() == {check.name for check in invariants.CHECKS}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_check_notices_its_damage_and_no_other_does(name: str) -> None:
    conn = sound()
    for statement in DAMAGE[name]:
        conn.execute(statement)
    assert set(broken(conn)) == {name}


def test_what_is_broken_is_named_by_its_ids() -> None:
    conn = sound()
    conn.execute(DAMAGE["no_write_forgotten"][0])
    [row] = broken(conn)["no_write_forgotten"]
    assert row == invariants.Broken(1, "organisation", "1", "9", "op 2")
    conn.execute(f"UPDATE outbox SET sent_ms={NOW - HOUR + 1} WHERE id=2")
    assert broken(conn) == {}


def test_a_conflict_between_equal_texts_is_none() -> None:
    conn = sound()
    conn.execute("INSERT INTO conflict VALUES(1, 'kunde', 1, 'O5', '', 'both_changed', 'a', 'b', 'b', 0)")
    assert [row.about for row in broken(conn)["conflicts_keep_their_values"]] == ["O5"]


def test_a_person_who_unlinked_the_copy_is_not_asked_again() -> None:
    conn = sound()
    for statement in DAMAGE["one_record_per_marker"]:
        conn.execute(statement)
    [row] = broken(conn)["one_record_per_marker"]
    assert (row.erp_id, row.about) == ("10", "crm:organisation:1")
    conn.execute("INSERT INTO decided VALUES('kunde', ?, 'unlinked', '1', 'cli', 0)", (row.pair,))
    assert broken(conn) == {}


def test_old_writes_are_nobodys_fault_while_no_daemon_could_sweep_them() -> None:
    conn = sound()
    conn.execute(DAMAGE["finished_writes_are_swept"][0])
    assert broken(conn, since=0) == {}
    assert broken(conn, since=NOW - HOUR) == {}


@pytest.mark.parametrize(
    "unrest",
    [
        "UPDATE pair SET dirty=1 WHERE id=1",
        "UPDATE pair SET state='paused' WHERE id=1",
        "UPDATE pair SET outcome='waiting' WHERE id=1",
        "UPDATE pair SET erp_id=NULL WHERE id=1",
        f"{OP} 'ready', 0, 0, 1, 0)",
    ],
)
def test_what_moves_or_waits_is_not_settled(unrest: str) -> None:
    conn = sound()
    assert invariants.rests(conn, NAME, 1)
    conn.execute(unrest)
    assert not invariants.rests(conn, NAME, 1)
    assert invariants.settled(conn, NAME) == {"person": [2]}


def test_every_pair_is_counted_once() -> None:
    conn = sound()
    conn.execute("UPDATE pair SET outcome='parked' WHERE id=2")
    assert invariants.classes_by_entity(conn, NAME) == {
        "organisation": {"in_sync": 1},
        "person": {"failing": 1},
    }
    conn.execute("INSERT INTO scan(connection, side, feed, kind) VALUES('kunde', 'erp', 'order', 'order')")
    assert invariants.unread(conn, NAME) == ["erp order"]
    conn.execute("INSERT INTO malformed VALUES('kunde', 'erp', 'order', '1', 'status', 0)")
    assert invariants.unreadable(conn, NAME) == {"erp order": 1}


def test_a_reference_that_leads_nowhere_is_damage() -> None:
    conn = sound()
    conn.execute("PRAGMA foreign_keys=OFF")
    conn.execute("INSERT INTO finding VALUES('kunde', 999, 'differs', 'O5', '', 0)")
    assert invariants.damage(conn) == ["finding: a row refers to a row of pair that is not there"]


@pytest.mark.parametrize("table", ["pair", "sqlite_schema"])
def test_a_torn_page_is_damage(tmp_path: Path, table: str) -> None:
    path, conn = tmp_path / "store.db", sound()
    conn.execute("VACUUM INTO ?", (str(path),))
    [(size,)] = conn.execute("PRAGMA page_size").fetchall()
    whole = sqlite3.connect(path)
    pages = dict(whole.execute("SELECT name, rootpage FROM sqlite_schema").fetchall()) | {"sqlite_schema": 1}
    whole.close()
    body = bytearray(path.read_bytes())
    start = (pages[table] - 1) * size or 100  # the first page begins with the file's own head
    body[start : start + 500] = b"\xa5" * 500
    path.write_bytes(body)
    torn = sqlite3.connect(path, isolation_level=None)
    assert invariants.damage(torn)
    torn.close()
