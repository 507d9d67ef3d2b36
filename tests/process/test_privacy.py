"""The canary (security D3, reliability I15): people with unmistakable values pass through success, rejection,
a 500 that repeats what was sent, a conflict and a crash at log level debug; then everything that the process
shows or keeps is searched for them (S1, S2, D1, D4, D7)."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from streamsync.observe.events import EVENTS, KEYS, LEVELS
from tests.process.installation import RULES, Daemon, Installation
from tests.process.stand_ins import VISMA_SECRET, WEBCRM_TOKEN, StandIn, until

FORGED = '\r\n{"level":"error","event":"forged"}\x1b[2J\u202e'
# Mapped: the store needs them, nothing else may hold them. Unmapped: nobody needs them.
MAPPED = ("Kanarifugl", "Zebrafinke", "nattergal", "55667788", "Rødkælk")
UNMAPPED = ("Gulspurv", "Blåmejse", "Kernebider", "Stillits", "Bogfinke", "not-to-be-logged")
BEARER = re.compile(r"sim-[0-9a-f]{32}|ref-[0-9a-f]{32}|Bearer|\b[0-9a-f]{48}\b")
ASK = '\n[[organisation.map]]\nid = "O6"\nowner = "ask"\n'


class Story(msgspec.Struct):
    """What is left of all lives: log, metrics, status pages, argument lists, the state folder."""

    log: str
    shown: dict[str, str]
    state: Path
    outcomes: set[str]

    @property
    def kept(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.state.iterdir()))


class Teller:
    """Acts at both systems and waits for what the daemon makes of it."""

    def __init__(self, installation: Installation, webcrm: StandIn, visma: StandIn) -> None:
        self.installation, self.webcrm, self.visma = installation, webcrm, visma
        self.shown: dict[str, str] = {}

    def customer(self, organisation: int) -> dict[str, object]:
        """The customer that carries the organisation's key, or nothing."""
        key = f"crm:organisation:{organisation}"
        found = [row for row in self.visma.rows("customers") if row.get("attributes.WEBCRMID") == key]
        return found[0] if found else {}

    def organisation(self, name: str, **fields: str) -> int:
        made: int = self.webcrm.act(
            "create",
            kind="organisation",
            fields={
                "OrganisationName": name,
                "OrganisationType": "Kunde",
                "OrganisationComment": f"Gulspurv{FORGED}",
                "OrganisationCustom7": "Blåmejse",
                **fields,
            },
        )
        return made

    def person(self, organisation: int) -> None:
        self.webcrm.act(
            "create",
            kind="person",
            fields={
                "PersonOrganisationId": organisation,
                "PersonFirstName": "Zebrafinke",
                "PersonLastName": f"Zebra{FORGED}",
                "PersonEmail": "nattergal@fugle.example",
                "PersonDirectPhone": "55667788",
                "PersonCustom1": "Yes",
                "PersonMemo": f"Kernebider{FORGED}",
                "PersonSkype": "Stillits",
            },
        )

    def succeed(self) -> int:
        """A customer and a contact are created from webCRM, another customer comes from the ERP."""
        made = self.organisation(f"Kanarifugl A/S{FORGED}", OrganisationTelephone="55667788")
        self.person(made)
        self.visma.act("create_customer", name="Rødkælk A/S", **{"mainContact.fax": "Bogfinke"})
        until(lambda: self.customer(made), "the customer is created")
        until(
            lambda: [row for row in self.visma.rows("contacts") if "Zebra" in row["firstName"]],
            "and the contact",
        )
        names = self.webcrm.rows
        until(
            lambda: [row for row in names("organisation") if "Rødkælk" in row["OrganisationName"]], "it comes"
        )
        return made

    def be_refused(self, daemon: Daemon) -> None:
        """A rejection and a 500 whose message holds the values, from both systems, and one at a poll."""
        self.visma.fault(sort="echo", method="POST", path="/v1/customer", count=1, status=400)
        self.organisation(f"Kanarifugl afvist{FORGED}")
        until(lambda: daemon.events().count("op_failed"), "the rejection")
        self.visma.fault(sort="echo", method="POST", path="/v1/customer", count=1, status=500)
        made = self.organisation(f"Kanarifugl fejl{FORGED}")
        until(lambda: '"code":"500"' in daemon.text() and self.customer(made), "the failure is got over")
        for stand_in in (self.webcrm, self.visma):
            stand_in.fault(sort="echo", method="GET", probability=1, status=400)
        until(lambda: daemon.events().count("poll_failed") >= 2, "polls fail")
        self.look(daemon, "refused")
        for stand_in in (self.webcrm, self.visma):
            stand_in.heal()

    def disagree(self, organisation: int) -> None:
        """Both sides change the same field while nobody looks."""
        self.webcrm.act(
            "edit", kind="organisation", id=organisation, fields={"OrganisationTelephone": "55667799"}
        )
        number = self.customer(organisation)["number"]
        self.visma.act("edit_customer", number=number, **{"mainContact.phone1": "55667700"})

    def look(self, daemon: Daemon, when: str) -> None:
        for path in ("/metrics", "/statusz", "/readyz?verbose", "/livez?verbose"):
            self.shown[f"{when} {path}"] = daemon.get(path)[1]
        self.shown[f"{when} argv"] = Path(f"/proc/{daemon.pid}/cmdline").read_text("utf-8")
        self.shown[f"{when} status"] = self.installation.run("status", "--json").out

    def outcomes(self, daemon: Daemon) -> set[str]:
        counts = daemon.connection["entities"].get("organisation", {})
        return {word.partition(":")[0] for word in counts}

    def tell(self) -> Story:
        daemon = self.installation.daemon().opened()
        canary = self.succeed()
        self.be_refused(daemon)
        daemon.kill()
        self.disagree(canary)
        again = self.installation.daemon().opened()
        until(lambda: {"conflict", "parked"} <= self.outcomes(again), "a conflict and a parked record")
        self.look(again, "conflict")
        outcomes = self.outcomes(again)
        kept = again.log.read_text("utf-8")
        again.kill()  # the log beside the database is still there
        return Story(kept, self.shown, self.installation.database.parent, outcomes)


@pytest.fixture(scope="module")
def story(webcrm: StandIn, visma: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    made = Installation(tmp_path_factory.mktemp("privacy") / "a", webcrm, visma, log_level="debug")
    made.rules.write_text(RULES.replace("\n[person]", ASK + "\n[person]", 1), "utf-8")
    try:
        yield Teller(made, webcrm, visma).tell()
    finally:
        made.end()


def test_d3_no_value_of_a_record_is_logged_or_shown(story: Story) -> None:
    assert {"conflict", "parked", "in_sync"} <= story.outcomes
    for event in ("op_done", "op_failed", "poll_failed", "restart_unclean"):
        assert f'"event":"{event}"' in story.log, f"the story lacks {event}"
    for where, text in {"log": story.log, **story.shown}.items():
        answers = where == "conflict status"  # whoever must choose sees both values, there and nowhere else
        for canary in (*MAPPED, *UNMAPPED, *(() if answers else ("5566779", "5566770"))):
            assert canary.casefold() not in text.casefold(), (where, canary)


def test_d4_every_line_is_one_event_of_the_catalogue(story: Story) -> None:
    assert "forged" not in story.log
    assert "\x1b" not in story.log
    lines = [msgspec.json.decode(line) for line in story.log.splitlines()]
    assert len(lines) > 10
    for line in lines:
        assert line["event"] in EVENTS
        assert line["level"] in LEVELS
        assert line.keys() - {"time", "level", "event"} <= KEYS


def test_s1_s2_secrets_are_nowhere(story: Story) -> None:
    """Neither those of the configuration nor the tokens that were bought with them."""
    for where, text in {"log": story.log, **story.shown}.items():
        for secret in (WEBCRM_TOKEN, VISMA_SECRET):
            assert secret not in text, where
        assert not BEARER.search(text), where
    kept = story.kept.decode("latin-1")
    for secret in (WEBCRM_TOKEN, VISMA_SECRET):
        assert secret not in kept
    assert not BEARER.search(kept)


def test_d7_only_mapped_fields_are_kept(story: Story) -> None:
    kept = story.kept
    assert len(kept) > 100_000
    for canary in MAPPED:
        assert canary.encode() in kept, f"{canary} should be in the store: else this test sees nothing"
    for canary in UNMAPPED:
        assert canary.encode() not in kept, canary


def test_d1_after_a_crash_everything_is_still_for_us_only(story: Story) -> None:
    assert stat.S_IMODE(story.state.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in story.state.iterdir()}
    assert {"streamsync.db", "streamsync.db-wal", "streamsync.db.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}
