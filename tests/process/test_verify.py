"""`streamsync verify` as an auditor runs it: beside the running daemon, and on what a daemon left behind."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from tests.process.conftest import Install
from tests.process.installation import Daemon, Installation
from tests.process.stand_ins import StandIn, until

CANARIES = ("Kanarifugl", "nattergal", "55667788", "Solsikkevej")
SENTENCE = re.compile(
    r"^(\d+) pairs equal under rules v1 \((\d+) re-read in both systems\); (\d+) exceptions?$"
)


def settled(daemon: Daemon) -> bool:
    found = daemon.connection
    outcomes = found["entities"].get("person", {})
    return not found["unprocessed"] and not found["open_ops"] and outcomes.keys() == {"in_sync"}


@pytest.fixture(scope="module")
def played(
    webcrm: StandIn, visma: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Daemon]]:
    """An organisation and its person, in both systems by now."""
    made = webcrm.act(
        "create",
        kind="organisation",
        fields={
            "OrganisationName": "Kanarifugl A/S",
            "OrganisationType": "Kunde",
            "OrganisationAddress": "Solsikkevej 1",
            "OrganisationTelephone": "55667788",
        },
    )
    person = {"PersonFirstName": "Maja", "PersonLastName": "Kanarifugl", "PersonCustom1": "Yes"}
    webcrm.act(
        "create",
        kind="person",
        fields={**person, "PersonOrganisationId": made, "PersonEmail": "nattergal@fugle.example"},
    )
    installation = Installation(tmp_path_factory.mktemp("verify") / "a", webcrm, visma)
    daemon = installation.daemon().opened()
    until(lambda: [one for one in visma.rows("contacts") if one["lastName"] == "Kanarifugl"], "it arrives")
    until(lambda: settled(daemon), "everything is in sync")
    yield installation, daemon
    installation.end()


def figures(text: str) -> tuple[int, int, int]:
    found = SENTENCE.match(text.splitlines()[-1])
    assert found, text
    equal, read, exceptions = map(int, found.groups())
    return equal, read, exceptions


def test_beside_the_daemon_after_it_and_on_what_happened_meanwhile(
    played: tuple[Installation, Daemon], webcrm: StandIn, visma: StandIn
) -> None:
    """One test, because each part begins where the one before left the daemon and its store."""
    installation, daemon = played
    beside_the_daemon_and_after_it(installation, daemon, webcrm, visma)
    what_happened_while_no_daemon_ran_is_in_motion_and_a_hand_in_the_store_is_not(installation, webcrm)


def beside_the_daemon_and_after_it(
    installation: Installation, daemon: Daemon, webcrm: StandIn, visma: StandIn
) -> None:
    report = installation.folder / "report.txt"
    before = webcrm.writes(), visma.writes()
    ran = installation.run("verify", "--output", str(report))
    assert ran.code == 0, ran.out + ran.err
    assert "daemon running" in ran.out
    equal, read, exceptions = figures(ran.out)
    assert equal == read >= 4
    assert exceptions == 0
    assert report.read_text("utf-8") == ran.out
    assert figures(installation.run("verify", "--sample", "1", "--seed", "5").out) == (equal, 1, 0)
    assert figures(installation.run("verify", "--sample", "0").out) == (equal, 0, 0)

    found = installation.run("verify", "--json", "--all").json
    assert found["ok"] is True
    [one] = found["connections"]
    assert (one["daemon"], one["rules_version"], one["exceptions"]) == ("running", 1, [])
    assert one["entities"]["person"]["read_again_equal"] == one["entities"]["person"]["pairs"]
    for canary in CANARIES:
        assert canary.casefold() not in (ran.out + str(found)).casefold()

    daemon.kill()  # its last words are in the write-ahead log only
    stored = installation.database.read_bytes()
    ran = installation.run("verify", "--all")
    assert (ran.code, "daemon not running" in ran.out) == (0, True), ran.out + ran.err
    assert figures(ran.out) == (equal, equal, 0)
    assert installation.database.read_bytes() == stored
    assert (webcrm.writes(), visma.writes()) == before
    assert installation.daemon().opened().terminate() == 0


def what_happened_while_no_daemon_ran_is_in_motion_and_a_hand_in_the_store_is_not(
    installation: Installation, webcrm: StandIn
) -> None:
    [row] = [one for one in webcrm.rows("organisation") if one.get("OrganisationName") == "Kanarifugl A/S"]
    webcrm.act("edit", kind="organisation", id=row["OrganisationId"], fields={"OrganisationCity": "Fugleby"})
    ran = installation.run("verify", "--json")
    [one] = ran.json["connections"]
    assert (ran.code, one["exceptions"]) == (0, []), ran.out
    assert [moving["webcrm"] for moving in one["in_motion"]] == [str(row["OrganisationId"])]

    conn = sqlite3.connect(installation.database, isolation_level=None)
    conn.execute("UPDATE pair SET outcome='' WHERE id=(SELECT max(id) FROM pair)")
    conn.close()
    ran = installation.run("verify", "--sample", "0")
    assert ran.code == 1
    assert figures(ran.out)[2] == 1
    assert "every_pair_is_decided" in ran.out
    assert "streamsync retry --pair" in ran.out


def test_what_cannot_be_verified_is_said(install: Install) -> None:
    installation = install()
    ran = installation.run("verify")
    assert (ran.code, "There is no state file" in ran.err) == (75, True), ran.err
    daemon = installation.daemon().opened()
    elsewhere = installation.config.read_text("utf-8").replace(daemon.admin, "127.0.0.1:9")
    installation.config.write_text(elsewhere, "utf-8")
    ran = installation.run("verify")
    assert (ran.code, f"is held by process {daemon.pid}" in ran.err) == (75, True), ran.err
