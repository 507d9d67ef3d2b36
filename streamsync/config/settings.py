"""The tree of settings, with its defaults. Immutable; each field is a key of the TOML file by the same name.

No default can make a connection write: the first sync asks, and the two systems need secrets that have no
default.
"""

import msgspec


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a secret is: exactly one of an environment variable's name and a file's path.

    `folder`: where a relative path is looked up after `$CREDENTIALS_DIRECTORY`; set when the file is read.
    """

    env: str = ""
    file: str = ""
    folder: str = ""


class DaemonConfig(msgspec.Struct, frozen=True, kw_only=True):
    state: str = "state/streamsync.db"
    admin: str = "127.0.0.1:8080"
    ops: str = "127.0.0.1:9464"
    allow_loopback: bool = False
    log_level: str = "info"
    drain_seconds: float = 30.0


class WebcrmConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`queries`: whether `/Queries` is used; `auto` asks the server once (webcrm-api §5.3)."""

    token: Source
    url: str = "https://api.webcrm.com"
    requests_per_minute: float = 250.0
    poll_seconds: float = 10.0
    settle_seconds: float = 60.0
    queries: str = "auto"
    hook_token: Source | None = None


class VismaConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`webhook_secret`: one, or two while one is being replaced; none = the receiver does not exist."""

    tenant_id: str
    client_id: str
    client_secret: Source
    finance_url: str = "https://api.finance.visma.net"
    orders_url: str = "https://salesorder.visma.net"
    token_url: str = "https://connect.visma.com/connect/token"  # noqa: S105 - an address, not a secret
    requests_per_hour: float = 5000.0
    poll_seconds: float = 10.0
    settle_seconds: float = 300.0
    webhook_secret: tuple[Source, ...] = ()
    webhook_header: str = "X-Visma-Signature"


class ConnectionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One webCRM system paired with one Visma.net company. `rules`: path relative to the configuration's
    folder."""

    name: str
    webcrm: WebcrmConfig
    visma: VismaConfig
    rules: str = ""
    first_sync: str = "ask"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    daemon: DaemonConfig
    connections: tuple[ConnectionConfig, ...]
