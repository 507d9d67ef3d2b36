"""The commands against a stand-in of the daemon's JSON API: what they ask, what they print, how they exit."""

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from streamsync.cli import main

CONFIG = """\
[daemon]
state = "state/streamsync.db"
admin = "127.0.0.1:{port}"
ops = "127.0.0.1:9464"
allow_loopback = true

[[connections]]
name = "kunde"
rules = "kunde.rules.toml"
[connections.webcrm]
url = "http://127.0.0.1:7001"
token = {{ env = "WEBCRM_TOKEN" }}
[connections.visma]
finance_url = "http://127.0.0.1:7002"
orders_url = "http://127.0.0.1:7002"
token_url = "http://127.0.0.1:7002/connect/token"
tenant_id = "t"
client_id = "c"
client_secret = {{ env = "VISMA_SECRET" }}
"""
RECORD = {
    "pair": 12,
    "entity": "organisation",
    "webcrm": "778812",
    "visma": "4211",
    "name": "Kunde A/S",
    "reason": "both_changed",
    "detail": {"field": "O6"},
    "sentence": "Both sides changed phone.",
    "remedy": "Choose which value holds.",
    "fields": [{"row": "O6", "line": "", "base": "0", "webcrm": "1", "visma": "2"}],
    "candidates": [],
    "op": 0,
    "since_ms": 0,
}
INBOX = {
    "connection": "kunde",
    "total": 2,
    "groups": [
        {
            "cause": "both_changed",
            "title": "Changed on both sides",
            "remedy": "Choose which value holds.",
            "count": 2,
            "choices": [{"choice": "visma", "label": "take Visma.net's value"}],
            "records": [RECORD],
        }
    ],
}


class StandIn:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, Any]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                self._answer(url.path, query)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(self.path, msgspec.json.decode(body))

            def _answer(self, path: str, asked: Any) -> None:
                stand_in.asked.append((path.removeprefix("/api/v1/"), asked))
                status, answer = stand_in.answers[path.removeprefix("/api/v1/")]
                body = msgspec.json.encode(answer)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])


@pytest.fixture
def daemon() -> Iterator[StandIn]:
    stand_in = StandIn()
    thread = threading.Thread(target=stand_in.server.serve_forever, args=(0.02,))
    thread.start()
    yield stand_in
    stand_in.server.shutdown()
    stand_in.server.server_close()
    thread.join(10)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    daemon: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`streamsync ARGUMENTS`: exit code, standard output, standard error."""
    config = tmp_path / "streamsync.toml"
    config.write_text(CONFIG.format(port=daemon.port), "utf-8")
    (tmp_path / "kunde.rules.toml").write_text("", "utf-8")
    monkeypatch.setenv("WEBCRM_TOKEN", "x")
    monkeypatch.setenv("VISMA_SECRET", "x")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["streamsync", *arguments, "--config", str(config)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_the_inbox_tells_cause_remedy_record_and_the_command_to_type(daemon: StandIn, run: Run) -> None:
    daemon.answers["inbox"] = 200, INBOX
    code, out, _ = run("inbox", "--connection", "kunde", "--language", "da", "--cause", "both_changed")
    assert code == 0
    assert daemon.asked == [
        ("inbox", {"connection": "kunde", "language": "da", "cause": "both_changed"}),
    ]
    assert "kunde: 2 poster venter på et menneske." in out
    assert "Changed on both sides (both_changed, 2)" in out
    assert "-> Choose which value holds." in out
    assert "par 12: organisation 778812 (Kunde A/S) / kunde 4211" in out
    assert "telefon [O6]: webCRM '1', Visma.net '2', aftalt '0'" in out
    assert "streamsync resolve visma --pair 12 --connection kunde  take Visma.net's value" in out
    assert "--cause both_changed" in out
    assert "… og 1 mere" in out


def test_json_is_what_the_daemon_answered(daemon: StandIn, run: Run) -> None:
    daemon.answers["inbox"] = 200, INBOX
    code, out, _ = run("inbox", "--json")
    assert (code, msgspec.json.decode(out)) == (0, INBOX)
    daemon.answers["resolve"] = 200, {"connection": "kunde", "changed": 0, "pairs": []}
    code, out, _ = run("resolve", "keep", "--pair", "1", "--json")
    assert (code, msgspec.json.decode(out)["changed"]) == (1, 0)


ASKED: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "one": (
        ("resolve", "value", "--pair", "12", "--row", "O6", "--value", "42"),
        "resolve",
        {"select": {"pairs": [12]}, "choice": "value", "row": "O6", "value": "42"},
    ),
    "several": (
        ("resolve", "visma", "--pair", "1", "--pair", "2"),
        "resolve",
        {"select": {"pairs": [1, 2]}, "choice": "visma", "row": "", "value": ""},
    ),
    "all of a cause": (
        ("exclude", "--cause", "weak_match", "--entity", "person"),
        "exclude",
        {"select": {"cause": "weak_match", "entity": "person"}},
    ),
    "everything": (("unlink", "--all"), "unlink", {"select": {"all": True}}),
    "link": (("link", "--pair", "7", "--to", "4211"), "link", {"pair": 7, "to": "4211"}),
    "brake": (
        ("approve", "brake", "--entity", "item"),
        "approve",
        {"what": "brake", "entity": "item"},
    ),
    "deletes": (("approve", "deletes"), "approve", {"what": "deletes", "entity": ""}),
    "pause": (
        ("pause", "--entity", "delivery", "--system", "visma"),
        "pause",
        {"entity": "delivery", "system": "visma", "pairs": []},
    ),
    "resume": (("resume", "--pair", "3"), "resume", {"entity": "", "system": "", "pairs": [3]}),
    "retry a write": (("retry", "--op", "9"), "retry", {"op": 9, "cause": "", "pairs": []}),
    "retry pairs": (("retry", "--pair", "9"), "retry", {"op": 0, "cause": "", "pairs": [9]}),
    "retry all": (("retry", "--all"), "retry", {"op": 0, "cause": "", "pairs": []}),
}


@pytest.mark.parametrize(("arguments", "verb", "body"), ASKED.values(), ids=ASKED)
def test_what_a_command_asks_the_daemon(
    daemon: StandIn, run: Run, arguments: tuple[str, ...], verb: str, body: dict[str, Any]
) -> None:
    daemon.answers[verb] = 200, {"connection": "kunde", "changed": 2, "pairs": [1, 2]}
    code, out, err = run(*arguments, "--connection", "kunde")
    assert (code, err) == (0, "")
    assert daemon.asked == [(verb, {"connection": "kunde", **body, "who": "cli"})]
    assert out.startswith("kunde: 2 ")
    assert out.endswith("(pairs 1, 2).\n")


def test_nothing_to_change_exits_with_1_and_says_so(daemon: StandIn, run: Run) -> None:
    problems = ["This pair is linked. Unlink it first."]
    daemon.answers["retry"] = 200, {"connection": "kunde", "changed": 0, "pairs": [], "problems": problems}
    assert run("retry") == (1, "Nothing was found to change.\n", f"streamsync: {problems[0]}\n")
    assert run("retry", "--language", "da")[1] == "Der var intet at ændre.\n"


def test_a_refusal_is_a_sentence(daemon: StandIn, run: Run) -> None:
    daemon.answers["link"] = 400, {"error": "No record 9 of Visma.net is known.", "problems": []}
    code, out, err = run("link", "--pair", "1", "--to", "9", "--json")
    assert code == 1
    assert err == "streamsync: No record 9 of Visma.net is known.\n"
    assert msgspec.json.decode(out) == {"ok": False, "problems": ["No record 9 of Visma.net is known."]}


@pytest.mark.parametrize(
    "arguments",
    [
        ("resolve", "visma"),
        ("resolve", "visma", "--pair", "1", "--all"),
        ("exclude", "--pair", "1", "--entity", "item"),
        ("unlink", "--all", "--entity", "item"),
        ("retry", "--op", "1", "--cause", "rejected"),
        ("show",),
        ("show", "--webcrm", "158"),
    ],
)
def test_wrong_usage_exits_with_2_before_the_daemon_is_asked(
    daemon: StandIn, run: Run, arguments: tuple[str, ...]
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("streamsync: ")
    assert daemon.asked == []


def test_show_prints_both_sides_and_what_is_open(daemon: StandIn, run: Run) -> None:
    side: dict[str, Any] = {
        "rid": "158",
        "name": "Lamper",
        "missing": False,
        "fields": {"DeliveryNumber": "000223"},
    }
    side["lines"] = [{"key": "9001", "fields": {"QuotationLineQuantity": "5"}}]
    detail = {"field": "L2@9001", "line": "1", "crm": "5", "erp": "2"}
    pair: dict[str, Any] = {
        "id": 4,
        "entity": "delivery",
        "webcrm": "158",
        "visma": "order:SO/000223",
        "state": "active",
    }
    pair |= {"outcome": "conflict", "reason": "locked_edit", "detail": detail, "since_ms": 1_773_478_800_000}
    daemon.answers["show"] = (
        200,
        {
            "connection": "kunde",
            "pair": pair,
            "webcrm": side,
            "visma": None,
            "base": [{"row": "D4", "webcrm": "a", "visma": "a"}],
            "conflicts": [{"row": "L2", "line": "9001", "base": "2", "webcrm": "5", "visma": "2"}],
            "findings": [{"code": "unknown_status", "field": "status", "text": "OnRoute"}],
            "history": [],
            "audit": [{"at_ms": 1, "event": "resolved", "fields": ["L2"], "actor": "cli"}],
            "decided": {"row:L2@9001": {"value": "erp", "who": "cli", "at_ms": 1}},
            "op": {
                "id": 7,
                "action": "update",
                "kind": "order",
                "side": "erp",
                "state": "parked",
                "error": "1825",
            },
        },
    )
    code, out, _ = run("show", "--entity", "delivery", "--webcrm", "158")
    assert code == 0
    assert daemon.asked[0][1] == {"entity": "delivery", "webcrm": "158", "language": "en"}
    for text in (
        "pair 4: delivery 158 (Lamper) / order SO/000223",
        "active, conflict locked_edit, since 2026-03-14 09:00 UTC",
        "Visma.net no longer lets quantity be changed on line 1: webCRM has “5”, Visma.net keeps “2”.",
        "Visma.net: not known there",
        "quantity [L2@9001]: webCRM '5', Visma.net '2', agreed '2'",
        "Visma.net shows a status that is not known here: OnRoute; it counts as awaiting.",
        "row:L2@9001: erp (cli, ",
        "7: update order erp, parked (1825)",
        "description [D4]: webCRM 'a', Visma.net 'a'",
        "line 9001: QuotationLineQuantity '5'",
    ):
        assert text in out, text


def test_status_and_plan_speak_the_catalogue(daemon: StandIn, run: Run) -> None:
    connection = {"open": True, "accepted": True, "rules_version": 1, "notices": [], "entities": {}}
    row: dict[str, Any] = {"entity": "delivery", "webcrm": "158", "visma": "", "reason": "negative_quantity"}
    row |= {"detail": {"line": "2", "value": "-1"}}
    daemon.answers["status"] = 200, {"status": "ok", "degraded": [], "connections": {"kunde": connection}}
    daemon.answers["parked"] = 200, [row]
    said = "Line 2 has the quantity -1, and an order needs more than zero."
    out = run("status")[1]
    assert f"delivery 158: {said}\n    -> Correct the quantity in webCRM." in out
    daemon.answers["plan"] = (
        200,
        {
            "connection": "kunde",
            "accepted": False,
            "records": 1,
            "counts": {"delivery": {"parked:negative_quantity": 1}},
            "rows": {"organisation": []},
            "confirm": 60,
            "changes": [{**row, "outcome": "parked"}],
        },
    )
    out = run("plan")[1]
    assert said in out
    assert "--confirm 60" in out
    assert "Linje 2 har antallet -1" in run("plan", "--language", "da")[1]


VERIFY = {
    "connection": "kunde",
    "rules_version": 17,
    "running": True,
    "checks": [],
    "entities": {},
    "unread": ["crm Person"],
    "unreadable": {},
    "settled": {},
}


def test_verify_prints_a_report_keeps_it_and_exits_by_it(daemon: StandIn, run: Run, tmp_path: Path) -> None:
    daemon.answers["verify"] = 200, VERIFY
    kept = tmp_path / "report.txt"
    code, out, _ = run("verify", "--output", str(kept), "--seed", "7")
    assert daemon.asked == [("verify", {"connection": "kunde"})]
    assert (code, kept.read_text("utf-8")) == (0, out)
    assert "not yet read to its end: crm Person" in out
    assert out.endswith("\n0 pairs equal under rules v17 (0 re-read in both systems); 0 exceptions\n")
    row = {"pair": 3, "entity": "person", "webcrm": "5", "visma": "", "about": ""}
    check = {"name": "every_pair_is_decided", "rule": "I11", "wrong": "W.", "remedy": "R.", "count": 1}
    daemon.answers["verify"] = 200, {**VERIFY, "checks": [{**check, "found": [row]}]}
    code, out, _ = run("verify", "--json")
    assert (code, msgspec.json.decode(out)["ok"]) == (1, False)


@pytest.mark.parametrize("wrong", [("--sample=-1",), ("--connection", "andre")])
def test_verify_says_what_it_cannot_take(daemon: StandIn, run: Run, wrong: tuple[str, ...]) -> None:
    code, _, err = run("verify", *wrong)
    assert (code, daemon.asked) == (2, [])
    assert "--sample counts pairs" in err or "There are: kunde." in err
