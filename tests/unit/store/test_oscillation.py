"""The guard against swinging, write by write (semantics §9); and a pair that lets go of a record."""

import sqlite3

import msgspec

from streamsync.model import Done, Observation, Side
from streamsync.store import linking, oscillation, outbox, parting
from tests.unit.store.builders import CRM, ERP, NAME, database, decide, op, organisation, pair_id, see, update

MINUTE = 60_000
FIELDS = {CRM: "OrganisationCity", ERP: "mainAddress.city"}
RIDS = {CRM: "1", ERP: "4211"}


class World:
    """One linked pair; time goes on by a minute with each step."""

    def __init__(self) -> None:
        self.conn: sqlite3.Connection = database()
        self.now = 10 * MINUTE
        self.shows(CRM, "a")
        self.shows(ERP, "a")
        self.pair = pair_id(self.conn, CRM, "1")

    def shows(self, side: Side, value: str, *, by_us: bool | None = None) -> None:
        """A read shows this value, changed by us or by somebody else."""
        self.now += MINUTE
        marker = "crm:organisation:1" if side is ERP else ""
        seen = organisation(side, RIDS[side], marker, self.now, **{FIELDS[side]: value})
        record = msgspec.structs.replace(seen.record, by_us=by_us)
        see(self.conn, Observation(record=record, marker=marker), at=self.now)

    def writes(self, side: Side, value: str) -> None:
        self.now += MINUTE
        decision = update(side, RIDS[side], {FIELDS[side]: value}, {"O5": value})
        number = decide(self.conn, self.pair, decision, self.now)
        outbox.claim(self.conn, [op(self.conn, number)], self.now)
        outbox.ack(self.conn, NAME, op(self.conn, number), Done(), None, self.now)

    @property
    def state(self) -> str:
        pair = linking.by_id(self.conn, NAME, self.pair)
        assert pair is not None
        return pair.state


def test_the_third_write_over_the_same_value_is_held() -> None:
    world = World()
    for _ in range(2):
        world.writes(ERP, "b")
        world.shows(ERP, "a")
    assert world.state == "active"
    world.writes(ERP, "b")
    assert world.state == "quarantined"
    assert oscillation.free(world.conn, world.pair, world.now)
    assert (world.state, oscillation.free(world.conn, world.pair, world.now)) == ("active", False)
    world.shows(ERP, "a")
    world.writes(ERP, "b")
    assert world.state == "active"  # what it swung before does not count any more


def test_our_own_writes_on_both_sides_to_and_fro_are_held() -> None:
    world = World()
    for value in ("b", "a", "b"):
        assert world.state == "active"
        world.writes(ERP, value)
        world.writes(CRM, "y" if value == "b" else "x")
    assert world.state == "quarantined"


def test_what_users_do_on_one_side_is_never_held() -> None:
    world = World()
    for value in ("b", "a") * 6:
        world.shows(CRM, value, by_us=False)
        world.writes(ERP, value)
    assert world.state == "active"


def test_a_user_may_insist_for_a_while_and_no_user_insists_for_ever() -> None:
    world = World()
    for _ in range(oscillation.PATIENCE - 1):
        world.writes(CRM, "b")
        world.shows(CRM, "a", by_us=False)
    assert world.state == "active"
    world.writes(CRM, "b")
    assert world.state == "quarantined"


def test_swings_within_more_than_an_hour_are_no_swing() -> None:
    world = World()
    for _ in range(4):
        world.writes(ERP, "b")
        world.shows(ERP, "a")
        world.now += 40 * MINUTE
    assert world.state == "active"


def test_a_field_that_a_write_carries_along_unchanged_is_no_swing() -> None:
    world = World()
    for value in ("b", "c", "d", "e"):
        world.now += MINUTE
        fields = {FIELDS[CRM]: value, "OrganisationComment": "-"}  # how a catalogue row writes an empty field
        number = decide(world.conn, world.pair, update(CRM, RIDS[CRM], fields, {"O5": value}), world.now)
        outbox.claim(world.conn, [op(world.conn, number)], world.now)
        outbox.ack(world.conn, NAME, op(world.conn, number), Done(), None, world.now)
        world.shows(CRM, value)  # read back without the dash
    assert world.state == "active"


def test_a_pair_lets_go_of_a_record() -> None:
    world = World()
    half = parting.part(world.conn, NAME, world.pair, CRM, world.now)
    left, gone = (linking.by_id(world.conn, NAME, number) for number in (world.pair, half))
    assert left is not None
    assert gone is not None
    assert (left.crm_id, left.erp_id, left.base) == ("", "4211", {})
    assert (gone.crm_id, gone.erp_id, gone.state) == ("1", "", "excluded")
    assert parting.part(world.conn, NAME, world.pair, CRM, world.now) == 0
