"""The command line as the workbench, against a real daemon: see what waits, look at it, answer it, pause."""

from typing import Any

import msgspec

from tests.process.conftest import Install
from tests.process.installation import Daemon
from tests.process.stand_ins import StandIn, ask, until

NAME = "Havblik Handel A/S"


def waiting(daemon: Daemon) -> list[dict[str, Any]]:
    _, body = ask(daemon.admin, "GET", "/api/v1/inbox?cause=weak_match")
    return [record for group in msgspec.json.decode(body)["groups"] for record in group["records"]]


def test_a_person_links_two_records_from_the_command_line(
    install: Install, webcrm: StandIn, visma: StandIn
) -> None:
    visma.act("create_customer", name=NAME, number="HAVBLIK", fields={"mainAddress.postalCode": "8000"})
    webcrm.act(
        "create",
        kind="organisation",
        fields={"OrganisationName": NAME, "OrganisationType": "Kunde", "OrganisationPostCode": "8000"},
    )
    installation = install()
    daemon = installation.daemon().opened()
    until(lambda: waiting(daemon), "the look-alikes are asked about")

    record = next(one for one in waiting(daemon) if one["webcrm"])
    pair, number = str(record["pair"]), str(record["webcrm"])
    [candidate] = [str(one["rid"]) for one in record["candidates"]]
    plain = installation.run("inbox").out
    assert f"streamsync link --pair {pair} --to {candidate}" in plain
    assert f"organisation {number} ({NAME})" in plain
    assert "Måske den samme (weak_match" in installation.run("inbox", "--language", "da").out
    shown = installation.run("show", "--entity", "organisation", "--webcrm", number)
    assert f"pair {pair}: organisation {number} ({NAME})" in shown.out
    assert "weak_match" in shown.out

    assert installation.run("link", "--pair", pair, "--to", "9999999").code == 1
    linked = installation.run("link", "--pair", pair, "--to", candidate)
    assert (linked.code, linked.out) == (0, f"kunde: 1 linked (pairs {pair}).\n")
    until(lambda: not waiting(daemon), "nobody is asked any more")
    found = installation.run("show", pair, "--json").json
    assert (found["pair"]["webcrm"], found["pair"]["visma"]) == (number, candidate)
    assert "link" in [one["event"] for one in found["audit"]]

    assert installation.run("pause", "--entity", "person").code == 0
    assert installation.run("resume", "--entity", "person").code == 0
    again = installation.run("resume", "--entity", "person")
    assert (again.code, again.out) == (1, "Nothing was found to change.\n")
