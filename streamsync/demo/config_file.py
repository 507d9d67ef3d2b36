"""The configuration file of the demonstration's daemon: the shape that a customer writes, with the stand-ins'
addresses. Pure."""

from dataclasses import dataclass

CONNECTION = "kunde"
RULES_FILE = "kunde.rules.toml"
TENANT = "5f0c0000-0000-4000-8000-000000000001"
CLIENT = "isv_streamsync"
SETTLE_SECONDS = 2  # the stand-ins bound their late commits


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What the systems allow, and how often the daemon looks. Quotas are enforced by the stand-ins too."""

    per_minute: int
    per_hour: int
    poll_seconds: int


DAY = Pace(per_minute=600, per_hour=36_000, poll_seconds=1)
GO_LIVE = Pace(per_minute=250, per_hour=15_000, poll_seconds=10)
MESSY = Pace(per_minute=600, per_hour=36_000, poll_seconds=2)


@dataclass(frozen=True, kw_only=True)
class Places:
    """`admin` and `ops` as host:port, the others as origins."""

    webcrm: str
    visma: str
    admin: str
    ops: str


def text(places: Places, pace: Pace) -> str:
    """The file. `first_sync = "ask"`: the demonstration accepts the plan itself, after the write probe."""
    return f"""\
[daemon]
state = "state/streamsync.db"
admin = "{places.admin}"
ops   = "{places.ops}"
allow_loopback = true

[[connections]]
name  = "{CONNECTION}"
rules = "{RULES_FILE}"
first_sync = "ask"
[connections.webcrm]
url   = "{places.webcrm}"
token = {{ env = "WEBCRM_TOKEN" }}
requests_per_minute = {pace.per_minute}
poll_seconds = {pace.poll_seconds}
settle_seconds = {SETTLE_SECONDS}
[connections.visma]
finance_url = "{places.visma}"
orders_url  = "{places.visma}"
token_url   = "{places.visma}/connect/token"
tenant_id   = "{TENANT}"
client_id   = "{CLIENT}"
client_secret = {{ env = "VISMA_SECRET" }}
webhook_secret = {{ env = "VISMA_HOOK_SECRET" }}
requests_per_hour = {pace.per_hour}
poll_seconds = {pace.poll_seconds}
settle_seconds = {SETTLE_SECONDS}
"""
