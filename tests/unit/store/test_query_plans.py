"""The statements of the hot path find their rows by key, whatever the planner would like to do: at 2,000
customers a walk through all records of a kind made each decision 200 times slower."""

import re
import sqlite3

import pytest

from streamsync.store import linking, lookup, outbox, pairs, references, schema, shadows

HOT = {
    "candidates": lookup.CANDIDATES,
    "lines of a delivery": shadows.LINES,
    "line links": lookup.LINE_LINKS,
    "attached invoices": lookup.ATTACHED_INVOICES,
    "pair by webCRM id": linking.BY_CRM,
    "pair by ERP id": linking.BY_ERP,
    "named by a marker": linking.MARKED,
    "wake by webCRM's key": references.WAKE_CRM,
    "wake by the ERP's key": references.WAKE_ERP,
    "wake by a line's item": references.WAKE_LINES,
    "dirty pairs": pairs.DIRTY,
    "due ops": outbox.DUE,
}
WHOLE_KIND = re.compile(r"\b(record|match_key) .*\(connection=\? AND side=\? AND kind=\?\)")
WHOLE_TABLE = re.compile(r"\bSCAN (?!json_each)|\bpair .*\(connection=\?\)")


@pytest.mark.parametrize("statement", HOT.values(), ids=HOT.keys())
def test_a_hot_statement_walks_through_no_table(statement: str) -> None:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(conn, lambda _version: None)
    numbered = [int(found) for found in re.findall(r"\?(\d+)", statement)]
    count = max(numbered, default=0) or statement.count("?")
    plan = [row[3] for row in conn.execute("EXPLAIN QUERY PLAN " + statement, ["x"] * count).fetchall()]
    assert not [step for step in plan if WHOLE_KIND.search(step) or WHOLE_TABLE.search(step)], plan
    conn.close()
