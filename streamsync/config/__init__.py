"""The configuration file: what it may say (`settings`), how it is read and refused (`reading`), where secrets
come from.

`load(path)` gives one immutable tree or an ExceptionGroup of `ConfigError`, all mistakes at once. A secret is
never in the tree: only the name of its source is, and `resolve` reads that at the moment of use.
"""

from streamsync.config.credentials import optional_secret, resolve, secrets
from streamsync.config.reading import address, load, parse
from streamsync.config.settings import (
    Config,
    ConnectionConfig,
    DaemonConfig,
    Source,
    VismaConfig,
    WebcrmConfig,
)

__all__ = [
    "Config",
    "ConnectionConfig",
    "DaemonConfig",
    "Source",
    "VismaConfig",
    "WebcrmConfig",
    "address",
    "load",
    "optional_secret",
    "parse",
    "resolve",
    "secrets",
]
