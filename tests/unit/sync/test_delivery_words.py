"""The words of the message field, and what a pair remembers of a refusal (semantics D21, §3.3)."""

import msgspec
import pytest

from streamsync.model import Action, Agreed, Entity, Fields, Kind, LineEdit, Op, Outcome, Pair, Side, Write
from streamsync.sync import order_types, rejections
from streamsync.sync.decision import Decision
from streamsync.sync.delivery_words import MEMO_LENGTH, TEXT_LENGTH, cut, length, say
from streamsync.sync.locked_edit import DAY_MS, Locks
from streamsync.sync.lookup import View
from streamsync.sync.rejections import Refusals
from tests.unit.sync.documents_records import NOW
from tests.unit.sync.documents_world import World, rules

LONG = "Linje 1 hedder en vare, som ERP-systemet slet ikke kender til, og derfor standser leveringen"


def test_a_text_is_cut_at_a_word() -> None:
    short = cut(LONG, TEXT_LENGTH)
    assert short == "Linje 1 hedder en vare, som ERP-systemet slet…"
    assert cut("kort", TEXT_LENGTH) == "kort"
    assert cut("to\r\nlinjer", TEXT_LENGTH) == "to linjer"
    assert len(cut("x" * 300, MEMO_LENGTH)) == MEMO_LENGTH


def test_the_length_is_the_tenants_or_what_webcrm_gives_such_a_field() -> None:
    world = World()
    by = rules(delivery={"message_field": "DeliveryCustom6"})
    assert length(by, world) == TEXT_LENGTH
    world.tables["length"] = {"DeliveryCustom6": "100", "DeliveryMemo": "4000"}
    assert length(by, world) == 100
    assert length(rules(delivery={"message_field": "DeliveryMemo"}), world) == MEMO_LENGTH


def test_notices_are_said_in_the_tenants_language_or_in_english() -> None:
    assert say("deleted", "da") == "Slettet i Visma"
    assert say("deleted", "sv") == say("deleted", "en") == "Deleted in Visma"
    assert say("The ERP's own words {x}", "da") == "The ERP's own words {x}"


def test_every_notice_has_both_languages() -> None:
    from streamsync.sync.delivery_words import _WORDS

    assert _WORDS["da"].keys() == _WORDS["en"].keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "SO"), ("-- vælg --", "SO"), ("in", "IN"), ("IN - Faktura", "IN"), ("XX", "XX")],
)
def test_the_order_type_of_the_delivery(text: str, expected: str) -> None:
    assert order_types.chosen(text, rules(), World()) == expected


def refused(reason: str, write: Write, **rows: Agreed) -> Op:
    return Op(
        id=1,
        pair=1,
        entity=Entity.DELIVERY,
        write=write,
        state="parked",
        error_class=reason,
        error="The ERP said no.",
        rows=rows,
    )


def update(**fields: str) -> Write:
    return Write(side=Side.ERP, kind=Kind.ORDER, action=Action.UPDATE, rid="order:SO/1", fields=fields)


def test_a_refusal_holds_until_value_or_phase_change_or_somebody_asks() -> None:
    op = refused("locked_edit", update(description="Ny"), D4=Agreed(crm=("Ny",), erp=("Ny",)))
    first = Refusals({}, op, "P1")
    found = first.of("D4", "Ny")
    assert found is not None
    assert (found.locked, found.text) == (True, "The ERP said no.")
    assert first.of("D13", "Ny") is None
    base = first.memory
    assert Refusals(base, None, "P1").of("D4", "Ny") is not None
    assert Refusals(base, None, "P1").of("D4", "Nyere") is None
    assert Refusals(base, None, "P2").of("D4", "Ny") is None
    assert Refusals(base, None, "P1", again=True).of("D4", "Ny") is None


def test_lines_are_refused_one_by_one() -> None:
    edits = (LineEdit(action="update", key="1", twin="9001"), LineEdit(action="delete", key="2", twin="9002"))
    write = msgspec.structs.replace(update(), action=Action.LINES, lines=edits)
    found = Refusals({}, refused("unknown_item", write), "P1")
    assert [bool(found.of(unit, "")) for unit in ("@9001", "@9002", "@9003")] == [True, True, False]


def create(fields: Fields) -> Decision:
    write = Write(side=Side.ERP, kind=Kind.ORDER, action=Action.CREATE, fields=fields)
    return Decision(outcome=Outcome.CREATED, write=write)


def test_a_refused_create_is_not_repeated_as_it_is() -> None:
    decision = create({"currencyId": "EUR"})
    assert decision.write is not None
    pair = Pair(id=1, entity=Entity.DELIVERY, crm_id="158", origin=Side.CRM)
    view = View(pair=pair, refused=refused("currency", decision.write))
    held = rejections.create_held_back(decision, view, "Active DKK", NOW)
    assert (held.outcome, held.reason, held.write) == (Outcome.PARKED, "currency", None)
    assert held.base is not None
    later = View(pair=msgspec.structs.replace(pair, base=held.base))
    assert rejections.create_held_back(decision, later, "Active DKK", NOW).write is None
    assert rejections.create_held_back(decision, later, "Active EUR", NOW).write is not None
    other = create({"currencyId": "DKK"})
    assert rejections.create_held_back(other, later, "Active DKK", NOW).write is not None


def test_a_locked_edit_that_was_let_stand_is_not_asked_about_again() -> None:
    by = rules()
    asked = Locks({}, by, {}, NOW)
    assert not asked.put_back("L2", "5", "2", "touched", line="9001", rank=1)
    assert asked.again_ms == NOW + 7 * DAY_MS
    let = Locks(asked.memory, by, {"L2@9001": "crm"}, NOW)
    assert not let.put_back("L2", "5", "2", "touched", line="9001", rank=1)
    assert (let.conflicts, let.message) == ([], "")
    after = Locks(let.memory, by, {}, NOW + 30 * DAY_MS)
    assert not after.put_back("L2", "5", "2", "touched", line="9001", rank=1)
    assert [one.code for one in after.findings] == ["locked_edit"]
    edited = Locks(let.memory, by, {}, NOW)
    assert not edited.put_back("L2", "6", "2", "touched", line="9001", rank=1)
    assert len(edited.conflicts) == 1
