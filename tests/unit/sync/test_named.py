"""A record that carries our marker is not created again because its counterpart has not been read yet."""

from streamsync.model import Action, Kind, Outcome, Side
from streamsync.sync.named import WAIT_MS
from tests.unit.sync.fake_lookup import FakeLookup
from tests.unit.sync.organisation_world import NOW, RULES, customer, org, run


def test_an_organisation_waits_for_the_customer_that_its_marker_names_and_asks_for_it() -> None:
    look = FakeLookup(RULES)
    look.first_seen[Side.CRM, Kind.ORGANISATION, "778812"] = NOW - 1_000
    decision = run(look, look.add(org(OrganisationExtraCustom8="erp:organisation:4211")))
    assert (decision.outcome, decision.reason, decision.write) == (Outcome.WAITING, "settling", None)
    assert decision.want_read == ((Kind.ORGANISATION.value, "4211"),)


def test_a_customer_waits_for_the_organisation_that_its_marker_names() -> None:
    look = FakeLookup(RULES)
    look.first_seen[Side.ERP, Kind.ORGANISATION, "4211"] = NOW - 1_000
    decision = run(look, look.add(customer(attributes_WEBCRMID="crm:organisation:778812")))
    assert (decision.outcome, decision.reason, decision.want_read) == (Outcome.WAITING, "settling", ())


def test_what_never_shows_itself_is_waited_for_no_longer() -> None:
    look = FakeLookup(RULES)
    look.first_seen[Side.CRM, Kind.ORGANISATION, "778812"] = NOW - WAIT_MS
    decision = run(look, look.add(org(OrganisationExtraCustom8="erp:organisation:4211")))
    assert decision.write is not None
    assert (decision.write.side, decision.write.action) == (Side.ERP, Action.CREATE)
