"""The configuration file: the issue's own shape loads, and every mistake is told with file, line, key and
what is allowed."""

from pathlib import Path

import pytest

from streamsync import config
from streamsync.config import Config, Source
from streamsync.config.places import line_of, lines
from streamsync.errors import ConfigError

GOOD = """\
[daemon]
state = "state/streamsync.db"
admin = "127.0.0.1:8080"        # pages and JSON API
ops   = "127.0.0.1:9464"        # probes and metrics
allow_loopback = false

[[connections]]
name  = "kunde"
rules = "kunde.rules.toml"
first_sync = "ask"
[connections.webcrm]
url   = "https://api.webcrm.com"
token = { env = "WEBCRM_TOKEN" }
requests_per_minute = 250
poll_seconds = 10
settle_seconds = 60
[connections.visma]
finance_url = "https://api.finance.visma.net"
orders_url  = "https://salesorder.visma.net"
token_url   = "https://connect.visma.com/connect/token"
tenant_id   = "t-1"
client_id   = "c-1"
client_secret = { env = "VISMA_SECRET" }
requests_per_hour = 5000
poll_seconds = 10
settle_seconds = 300
"""
LEAST = """\
[[connections]]
name = "kunde"
webcrm.token = { env = "A" }
visma = { tenant_id = "t", client_id = "c", client_secret = { file = "visma" } }
"""


def problems(text: str) -> list[ConfigError]:
    with pytest.raises(ExceptionGroup) as caught:
        config.parse(text, "s.toml")
    found = [error for error in caught.value.exceptions if isinstance(error, ConfigError)]
    assert len(found) == len(caught.value.exceptions)
    return found


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_shape_of_the_issue_loads_and_its_values_are_the_defaults() -> None:
    full, least = config.parse(GOOD), config.parse(LEAST)
    assert full.daemon == least.daemon
    ours, other = full.connections[0], least.connections[0]
    assert ours.webcrm.token == Source(env="WEBCRM_TOKEN")
    assert other.visma.client_secret == Source(file="visma")
    assert (ours.webcrm.url, ours.webcrm.requests_per_minute, ours.webcrm.settle_seconds) == (
        other.webcrm.url,
        other.webcrm.requests_per_minute,
        other.webcrm.settle_seconds,
    )
    assert (ours.visma.finance_url, ours.visma.orders_url, ours.visma.token_url) == (
        other.visma.finance_url,
        other.visma.orders_url,
        other.visma.token_url,
    )
    assert (ours.visma.requests_per_hour, ours.visma.settle_seconds) == (5000, 300)
    assert other.first_sync == "ask"


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(LEAST, encoding="utf-8")
    loaded: Config = config.load(tmp_path / "s.toml")
    assert loaded.daemon.state == str(tmp_path / "state/streamsync.db")
    assert loaded.connections[0].visma.client_secret.folder == str(tmp_path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        config.load(tmp_path / "absent.toml")
    assert "cannot be read: No such file" in str(caught.value.exceptions[0])


def test_broken_toml_names_the_line() -> None:
    assert "line 2" in str(problems("[daemon]\nstate = \n")[0])


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("allow_loopback = false", "allow_loopbak = false", "line 5, daemon.allow_loopbak", "allow_loopback"),
        ("allow_loopback = false", 'allow_loopback = "no"', "line 5, daemon.allow_loopback", "true or false"),
        ('name  = "kunde"', 'name  = "Kunde A/S"', "line 8, connections[0].name", "small letters"),
        (
            'first_sync = "ask"',
            'first_sync = "now"',
            "line 10, connections[0].first_sync",
            '"ask" or "accept"',
        ),
        (
            "requests_per_minute = 250",
            "requests_per_minute = 0",
            "line 14, connections[0].webcrm.requests",
            "from 1 to",
        ),
        ('tenant_id   = "t-1"', "tenant_id   = 7", "line 21, connections[0].visma.tenant_id", "text"),
        ('client_id   = "c-1"\n', "", "line 17, connections[0].visma.client_id", "needed"),
        ('admin = "127.0.0.1:8080"', 'admin = "0.0.0.0:8080"', "line 3, daemon.admin", "open to the network"),
        ('ops   = "127.0.0.1:9464"', 'ops   = "9464"', "line 4, daemon.ops", "host and port"),
        ("[connections.webcrm]", "[connections.webcmr]", "line 11, connections[0].webcmr", "visma, webcrm"),
    ],
)
def test_a_mistake_names_file_line_key_and_what_is_allowed(
    old: str, new: str, place: str, words: str
) -> None:
    found = [str(problem) for problem in problems(changed(old, new))]
    assert any(text.startswith(f"s.toml, {place}") and words in text for text in found), found


@pytest.mark.parametrize(
    "literal",
    [
        '"hunter2-canary"',
        '{ value = "hunter2-canary" }',
        '{ env = "A", file = "hunter2-canary" }',
        '["hunter2-canary"]',
        '{ env = "hunter2 canary" }',
    ],
)
def test_a_literal_secret_is_refused_with_the_key_and_without_the_value(literal: str) -> None:
    text = changed('client_secret = { env = "VISMA_SECRET" }', f"client_secret = {literal}")
    found = problems(text)
    assert [problem.place for problem in found] == ["s.toml, line 23, connections[0].visma.client_secret"]
    assert "{ env = " in found[0].allowed
    assert "hunter2" not in str(found[0])


@pytest.mark.parametrize(
    "url",
    [
        "http://api.webcrm.com",
        "https://user@api.webcrm.com",
        "https://127.0.0.1",
        "https://localhost:8443",
        "https://10.0.0.7",
        "https://[::1]",
        "https://2130706433",
        "https://0x7f.1",
        "https://api.webcrm.com.",
        "https://api.webcrm.com\\\\@evil.example",
        "https://äpi.webcrm.com",
        "ftp://api.webcrm.com",
        "https://",
        "https://api.webcrm.com:99999",
        "https://api.webcrm.com/?x=1",
    ],
)
def test_an_address_that_could_mean_another_host_is_refused(url: str) -> None:
    found = problems(changed('"https://api.webcrm.com"', f'"{url}"'))
    assert [problem.place for problem in found] == ["s.toml, line 12, connections[0].webcrm.url"]


def test_allow_loopback_permits_the_stand_ins() -> None:
    text = GOOD.replace("https://api.webcrm.com", "http://127.0.0.1:9000").replace(
        "allow_loopback = false", "allow_loopback = true"
    )
    assert config.parse(text).connections[0].webcrm.url == "http://127.0.0.1:9000"


def test_all_mistakes_are_told_at_once() -> None:
    text = GOOD.replace('first_sync = "ask"', 'first_sync = "x"').replace(
        "poll_seconds = 10", "poll_seconds = 0"
    )
    assert len(problems(text + "\n[surprise]\n")) == 4


def test_two_connections_may_not_have_one_name() -> None:
    found = problems(GOOD + GOOD.partition("\n\n")[2])
    assert "connections[1].name" in found[0].place
    assert found[0].place.startswith("s.toml, line 28,")


def test_no_connection_is_a_mistake() -> None:
    assert "[[connections]]" in problems("[daemon]\n")[0].allowed


def test_two_webhook_secrets_may_be_given_while_one_is_replaced() -> None:
    line = 'client_secret = { env = "VISMA_SECRET" }'
    text = changed(line, line + '\nwebhook_secret = [{ env = "NEW" }, { env = "OLD" }]')
    assert config.parse(text).connections[0].visma.webhook_secret == (Source(env="NEW"), Source(env="OLD"))


def test_address_splits_host_and_port() -> None:
    assert config.address("127.0.0.1:0") == ("127.0.0.1", 0)
    assert config.address("[::1]:8080") == ("::1", 8080)


def test_places_see_through_arrays_dotted_keys_and_long_strings() -> None:
    text = '[[a]]\nx = 1\n[[a]]\ny.z = """\nq = 1\n"""\n[a.b]\n"k" = 2  # [no]\n'
    found = lines(text)
    assert (found["a", 0, "x"], found["a", 1, "y", "z"], found["a", 1, "b", "k"]) == (2, 4, 8)
    assert ("a", 1, "q") not in found
    assert line_of(found, ("a", 1, "b", "absent")) == 7
