"""Full reads: headers only, first sight, the gate."""

import msgspec

from streamsync.model import Kind, Line, Record
from streamsync.store import observations, pairs
from streamsync.store.lookup import StoreLookup
from tests.unit.store.builders import CRM, ERP, NAME, database, organisation, record, see


def test_a_header_row_replaces_no_fuller_shadow() -> None:
    conn = database()
    full = record(
        ERP, Kind.ORDER, "order:SO/1", {"status": "Open"}, lines=(Line(key="1", fields={"q": "1"}),)
    )
    header = Record(side=ERP, kind=Kind.ORDER, rid="order:SO/1", fields={"status": "Hold"}, partial=True)
    row = msgspec.structs.replace(full, record=header)
    [number] = see(conn, row).dirty
    view = pairs.view(conn, NAME, number)
    assert view is not None
    assert view.erp is not None
    assert view.erp.partial
    assert see(conn, full).dirty == [number]
    assert see(conn, row, scan_ms=2000).dirty == []
    view = pairs.view(conn, NAME, number)
    assert view is not None
    assert view.erp == full.record


def test_what_the_first_full_read_shows_was_there_when_it_began() -> None:
    conn = database()
    see(conn, organisation(CRM, "1", name="a"), at=300, now=400)
    see(
        conn, organisation(CRM, "1", name="a"), organisation(CRM, "2", name="b"), at=500, now=900, scan_ms=200
    )
    observations.complete_scan(conn, NAME, CRM, "Organisation", Kind.ORGANISATION, 200, 1000)
    see(conn, organisation(CRM, "3", name="c"), at=1100, now=1101)
    look = StoreLookup(conn, NAME)
    seen = [look.first_seen_ms(CRM, Kind.ORGANISATION, rid) for rid in ("1", "2", "3", "4")]
    assert (look.first_scan_ms(CRM, Kind.ORGANISATION), seen) == (200, [200, 200, 1101, 0])


def test_only_what_is_held_and_not_gone_is_alive() -> None:
    conn = database()
    see(conn, organisation(CRM, "1"), organisation(CRM, "2"))
    observations.mark_gone(conn, NAME, CRM, Kind.ORGANISATION, "2", 3000)
    assert observations.alive(conn, NAME, CRM, Kind.ORGANISATION, ["1", "2", "3"]) == ["1"]
