"""The mass-change brake: what it counts, holds and lets through (semantics §10)."""

import sqlite3

import msgspec
import pytest

from streamsync.model import Action, Agreed, Kind, Outcome, Side, Write
from streamsync.store import brake, meta, outbox, pairs, scans
from streamsync.store.forms import text
from streamsync.sync.decision import Decision, First
from tests.unit.store.builders import CRM, ERP, NAME, database, decide, dirty, op, organisation, pair_id, see

DAY = brake.WINDOW_MS
NOW = 10 * DAY


def linked(conn: sqlite3.Connection, count: int) -> list[int]:
    """So many whole pairs that nobody has to look at."""
    found = []
    for n in range(count):
        see(conn, organisation(CRM, str(n), name=f"o{n}"), now=1001)
        see(conn, organisation(ERP, str(n), f"crm:organisation:{n}", name=f"c{n}"), now=1001)
        found.append(pair_id(conn, CRM, str(n)))
        decide(conn, found[-1], Decision(outcome=Outcome.IN_SYNC, base={"O2": Agreed(("a",), ("a",))}), NOW)
    return found


def inactivate(pair: int, *, calm: Decision | None = None, side: Side = ERP) -> Decision:
    write = Write(
        side=side, kind=Kind.ORGANISATION, action=Action.UPDATE, rid=str(pair), fields={"status": "Inactive"}
    )
    return Decision(outcome=Outcome.WRITTEN, write=write, mass="inactivate", calm=calm)


def state_of(conn: sqlite3.Connection, number: int | None) -> str:
    return op(conn, number).state


def outcome(conn: sqlite3.Connection, pair: int) -> tuple[str, str, str]:
    row = conn.execute("SELECT outcome, reason, detail FROM pair WHERE id=?", (pair,)).fetchone()
    return str(row[0]), str(row[1]), str(row[2])


@pytest.fixture
def conn() -> sqlite3.Connection:
    return database()


def burst(conn: sqlite3.Connection, chosen: list[int], now: int = NOW) -> list[int | None]:
    return [decide(conn, pair, inactivate(pair), now) for pair in chosen]


def test_a_mass_change_is_due_after_the_burst_and_fifty_pass(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    ops = burst(conn, chosen[:50])
    assert {op(conn, number).due_ms for number in ops} == {NOW + brake.DELAY_MS}
    assert outbox.due(conn, NAME, ERP, NOW + brake.DELAY_MS - 1, 100) == []
    assert len(outbox.due(conn, NAME, ERP, NOW + brake.DELAY_MS, 100)) == 50
    assert brake.held(conn, NAME) == []


def test_one_more_stops_all_of_them_and_only_the_unsent_can_still_stop(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    ops = burst(conn, chosen[:50])
    sent = op(conn, ops[0])
    assert outbox.claim(conn, [sent], NOW) == [sent.id]
    assert decide(conn, chosen[50], inactivate(chosen[50]), NOW) is None
    assert [state_of(conn, number) for number in ops] == ["sent", *["superseded"] * 49]
    assert sorted(dirty(conn, now=NOW)) == chosen[1:50]
    assert burst(conn, chosen[1:50], NOW + 1) == [None] * 49
    assert outcome(conn, chosen[1]) == ("waiting", "gate", '{"brake":"inactivate"}')
    [held] = brake.held(conn, NAME)
    assert (held.entity, held.side, held.mass, held.count) == ("organisation", "erp", "inactivate", 50)


def test_five_percent_count_where_they_are_more_than_fifty() -> None:
    assert [brake.allowed(linked) for linked in (0, 1000, 1020, 2000)] == [50, 50, 51, 100]


def test_the_other_side_and_a_day_ago_do_not_count(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    burst(conn, chosen[:30])
    for pair in chosen[:30]:
        assert decide(conn, pair, inactivate(pair, side=CRM), NOW) is None  # one op at a time
    later = NOW + DAY + 1
    assert None not in burst(conn, chosen[30:], later)
    assert brake.held(conn, NAME) == []


def test_what_is_left_without_the_change_goes_on(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    burst(conn, chosen[:51])
    edit = Decision(
        outcome=Outcome.WRITTEN,
        write=Write(side=ERP, kind=Kind.ORGANISATION, action=Action.UPDATE, rid="55", fields={"name": "new"}),
    )
    number = decide(conn, chosen[55], inactivate(chosen[55], calm=edit), NOW)
    assert op(conn, number).write.fields == {"name": "new"}
    assert op(conn, number).due_ms == NOW
    assert decide(conn, chosen[56], edit, NOW) is not None
    rest = Decision(outcome=Outcome.IN_SYNC, base={"O2": Agreed(("b",), ("b",))})
    assert decide(conn, chosen[57], inactivate(chosen[57], calm=rest), NOW) is None
    assert outcome(conn, chosen[57])[:2] == ("waiting", "gate")
    view = pairs.view(conn, NAME, chosen[57])
    assert view is not None
    assert view.pair.base == {"O2": Agreed(("b",), ("b",))}


def test_an_approval_lets_this_burst_pass_and_the_next_one_asks_again(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 120)
    burst(conn, chosen[:51])
    assert brake.approve(conn, NAME, "organisation", CRM, "ida", NOW) == 0
    assert burst(conn, chosen[:50], NOW + 1) == [None] * 50
    assert brake.approve(conn, NAME, "organisation", ERP, "ida", NOW + 2) == 51
    assert sorted(dirty(conn, now=NOW + 2)) == chosen[:51]
    ops = burst(conn, chosen[:51], NOW + 3)
    assert {op(conn, number).due_ms for number in ops} == {NOW + 3}
    entry = conn.execute("SELECT actor, fields FROM audit WHERE event='brake_approved'").fetchone()
    assert entry == ("ida", "organisation erp 51")
    assert None not in burst(conn, chosen[51:101], NOW + 4)
    assert burst(conn, chosen[101:102], NOW + 5) == [None]
    assert brake.held(conn, NAME) != []


def test_an_approval_is_used_up_once_the_pair_is_at_rest(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    burst(conn, chosen[:51])
    burst(conn, chosen[:50])
    brake.approve(conn, NAME, "organisation", ERP, "ida", NOW)
    for pair in chosen[:51]:
        decide(conn, pair, Decision(outcome=Outcome.IN_SYNC), NOW)
    burst(conn, chosen[:51], NOW + 1)
    assert brake.held(conn, NAME) != []


def test_a_burst_that_is_taken_back_lets_go_of_the_brake(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    burst(conn, chosen[:51])
    burst(conn, chosen[:50])
    for pair in chosen[:50]:
        decide(conn, pair, Decision(outcome=Outcome.IN_SYNC), NOW)
    assert [held.count for held in brake.held(conn, NAME)] == [1]
    decide(conn, chosen[50], Decision(outcome=Outcome.IN_SYNC), NOW)
    assert brake.held(conn, NAME) == []
    assert decide(conn, chosen[0], inactivate(chosen[0]), NOW) is not None


def test_a_wait_keeps_a_held_pair_held(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    burst(conn, chosen[:51])
    decide(conn, chosen[50], Decision(outcome=Outcome.WAITING, reason="lookups"), NOW)
    assert [held.count for held in brake.held(conn, NAME)] == [1]


def test_what_a_person_decided_about_one_record_is_not_counted(conn: sqlite3.Connection) -> None:
    chosen = linked(conn, 60)
    for pair in chosen:
        pairs.decide(conn, NAME, pair, "deleted", "inactivate", "ida", NOW)
    ops = burst(conn, chosen)
    assert {op(conn, number).due_ms for number in ops} == {NOW}


def overwrite(side: Side, *, writes: Side = CRM) -> Decision:
    """The first meeting of two records: `side` loses a town. `writes`: the side that is written now."""
    write = Write(
        side=writes, kind=Kind.ORGANISATION, action=Action.UPDATE, rid="1", fields={"name": "x", "city": "y"}
    )
    first = First(row="O5", target=side, fields={"city": "y"}, overwrites=True)
    return Decision(
        outcome=Outcome.LINKED, write=write, firsts=(first,), mass="overwrite" if side is writes else ""
    )


def fresh(conn: sqlite3.Connection, count: int, seen_ms: int) -> list[int]:
    for n in range(count):
        see(conn, organisation(CRM, str(n)), now=seen_ms)
        see(conn, organisation(ERP, str(n), f"crm:organisation:{n}"), now=seen_ms)
    return [pair_id(conn, CRM, str(n)) for n in range(count)]


def test_the_overwrites_of_an_accepted_first_sync_pass(conn: sqlite3.Connection) -> None:
    chosen = fresh(conn, 55, NOW - 10)
    meta.accept(conn, NAME, "ida", NOW)
    ops = [decide(conn, pair, overwrite(CRM), NOW + 1) for pair in chosen]
    assert {op(conn, number).due_ms for number in ops} == {NOW + 1}
    assert brake.held(conn, NAME) == []


def test_so_do_those_that_come_as_the_second_write_of_a_link(conn: sqlite3.Connection) -> None:
    chosen = fresh(conn, 55, NOW - 10)
    meta.accept(conn, NAME, "ida", NOW)
    for pair in chosen:
        number = decide(conn, pair, overwrite(CRM, writes=ERP), NOW + 1)  # fills the ERP before it
        outbox.supersede(conn, op(conn, number), NOW + 2)
        conn.execute("UPDATE pair SET base=? WHERE id=?", (text({"O2": Agreed(("a",), ("a",))}), pair))
        assert decide(conn, pair, overwrite(CRM), NOW + 3) is not None
    assert brake.held(conn, NAME) == []


def test_those_of_records_that_came_later_do_not(conn: sqlite3.Connection) -> None:
    meta.accept(conn, NAME, "ida", NOW)
    chosen = fresh(conn, 55, NOW + 10)
    ops = [decide(conn, pair, overwrite(CRM), NOW + 20) for pair in chosen]
    assert ops[50:] == [None] * 5
    assert [held.mass for held in brake.held(conn, NAME)] == ["overwrite"]


def test_where_the_configuration_accepts_the_first_full_read_counts(conn: sqlite3.Connection) -> None:
    for side, feed in ((CRM, "Organisation"), (ERP, "customer")):
        scans.expect_feeds(conn, NAME, side, [(feed, Kind.ORGANISATION)])
        scans.complete_scan(conn, NAME, side, feed, Kind.ORGANISATION, NOW, NOW + 5)
    chosen = fresh(conn, 55, NOW - 10)
    for pair in chosen:
        assert decide(conn, pair, overwrite(CRM), NOW + 20) is not None
    assert brake.held(conn, NAME) == []


def test_while_one_side_is_held_the_other_is_still_counted(conn: sqlite3.Connection) -> None:
    """A decision whose rest overwrites the other side is asked about that side too."""
    meta.accept(conn, NAME, "ida", NOW)
    chosen = fresh(conn, 55, NOW + 10)
    for pair in chosen[:51]:
        decide(conn, pair, overwrite(ERP, writes=ERP), NOW + 20)
    both = overwrite(ERP, writes=ERP)
    rest = overwrite(CRM)
    number = decide(conn, chosen[54], msgspec.structs.replace(both, calm=rest), NOW + 21)
    assert op(conn, number).write.side is CRM
    assert op(conn, number).due_ms == NOW + 21 + brake.DELAY_MS
