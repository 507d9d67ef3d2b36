"""Our own lines move a delivery's value in webCRM silently (webcrm-api §10.3): what the shadow then says."""

import pytest

from streamsync.model import Action, Done, Kind, LineEdit, Outcome, Write
from streamsync.store import outbox, shadows
from streamsync.sync.decision import Decision
from tests.unit.store.builders import CRM, NAME, database, decide, op, pair_id, record, see


@pytest.mark.parametrize(("number", "value"), [("", None), ("100158", "0")])
def test_the_value_is_not_known_between_the_first_lines_and_the_number(
    number: str, value: str | None
) -> None:
    conn = database()
    see(conn, record(CRM, Kind.DELIVERY, "158", {"DeliveryNumber": number, "DeliveryOrderValue": "0"}))
    pair = pair_id(conn, CRM, "158", "document")
    write = Write(
        side=CRM,
        kind=Kind.DELIVERY,
        action=Action.LINES,
        rid="158",
        lines=(LineEdit(action="insert", fields={"Q": "5"}, twin="3"),),
    )
    planned = op(conn, decide(conn, pair, Decision(outcome=Outcome.WRITTEN, write=write)))
    assert outbox.claim(conn, [planned], 3000) == [planned.id]
    outbox.ack(conn, NAME, op(conn, planned.id), Done(rid="158", line_keys=("10",)), None, 5000)
    shadow = shadows.load(conn, NAME, CRM, Kind.DELIVERY, "158")
    assert shadow is not None
    assert shadow.fields.get("DeliveryOrderValue") == value
    assert shadow.fields["DeliveryNumber"] == number
