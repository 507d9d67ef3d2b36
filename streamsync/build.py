"""From configuration to systems: which adapter, with which limits, tokens and settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamsync import config as configuration
from streamsync.clock import Clock
from streamsync.config import ConnectionConfig
from streamsync.errors import ConfigError
from streamsync.kernel.limiter import Limiter
from streamsync.model import Side
from streamsync.observe.metrics import Metrics
from streamsync.sync.rules import Rules
from streamsync.systems.port import System
from streamsync.systems.secret import Secret
from streamsync.systems.transport import Transport
from streamsync.systems.visma.system import VismaSystem
from streamsync.systems.webcrm.system import WebcrmSystem

Connectors = Callable[[str], Any]
QUERIES = {"always": "on", "never": "off"}
BURST = 4


def first_rules(settings: ConnectionConfig, folder: Path) -> str:
    """The rules file's text; a connection without one has every direction off. Raises `ConfigError`."""
    if not settings.rules:
        return ""
    path = folder / settings.rules
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"connection {settings.name}, rules",
            f"The rules file {path} cannot be read: {why}.",
            "a file beside the configuration; `streamsync rules export --defaults` prints one to start from.",
        ) from None


def build_systems(
    settings: ConnectionConfig,
    rules: Rules,
    *,
    allow_loopback: bool,
    clock: Clock,
    metrics: Metrics,
    proven: frozenset[str] = frozenset(),
    connectors: Connectors | None = None,
) -> dict[Side, System]:
    """Both adapters of one connection, not yet opened. `connectors` replaces the network in tests."""
    webcrm, visma = settings.webcrm, settings.visma

    def transport(system: str, origins: list[str], limiter: Limiter) -> Transport:
        return Transport(
            system=system,
            origins=origins,
            allow_loopback=allow_loopback,
            clock=clock,
            limiter=limiter,
            connector=connectors(system) if connectors is not None else None,
            observe=metrics.http_observer("crm" if system == "webcrm" else "erp"),
        )

    # A burst counts in the server's sliding minute too: pace below the limit by as much.
    crm_pace = max(1.0, webcrm.requests_per_minute - BURST)
    crm_limiter = Limiter(clock, per_minute=crm_pace, burst=BURST, concurrency=2)
    erp_limiter = Limiter(clock, per_minute=visma.requests_per_hour / 60, burst=BURST, concurrency=4)
    metrics.watch_limiter(settings.name, "crm", crm_limiter)
    metrics.watch_limiter(settings.name, "erp", erp_limiter)
    return {
        Side.CRM: WebcrmSystem(
            url=webcrm.url,
            token=Secret(configuration.resolve(webcrm.token)),
            clock=clock,
            transport=transport("webcrm", [webcrm.url], crm_limiter),
            settle_seconds=webcrm.settle_seconds,
            proven=proven,
            queries=QUERIES.get(webcrm.queries, "auto"),
        ),
        Side.ERP: VismaSystem(
            finance_url=visma.finance_url,
            orders_url=visma.orders_url,
            token_url=visma.token_url,
            tenant_id=visma.tenant_id,
            client_id=visma.client_id,
            client_secret=Secret(configuration.resolve(visma.client_secret)),
            clock=clock,
            transport=transport("visma", [visma.finance_url, visma.orders_url, visma.token_url], erp_limiter),
            settle_seconds=visma.settle_seconds,
            history_from=rules.invoice.history_from,
            order_history=rules.order.history,
            order_types=rules.order.types,
            order_history_from=rules.order.history_from,
            may_delete=rules.delivery.on_crm_delete == "delete",
            marker_attribute=rules.organisation.marker_attribute,
        ),
    }
