"""The night after: what tells nobody that it is gone is found by reading everything twice, an hour apart.

The hour is skipped on the calendar and costs nothing. Only in histories in which somebody deleted something.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from actors.reconciler import EVIDENCE_SECONDS, Reconciler
from streamsync.daemon import Daemon
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.ledger import Ledger

FOR_A_READ = 20.0


def is_needed(ledger: Ledger) -> bool:
    return bool(ledger.gone)


async def pass_by(daemon: Daemon, skip: Callable[[float], None]) -> None:
    """Both full reads, the single reads of what they did not show, and the lines of ended orders."""
    [reconciler] = [actor for actor in daemon.plant.sources if isinstance(actor, Reconciler)]
    await reconciler.full()
    await asyncio.sleep(FOR_A_READ)
    skip(EVIDENCE_SECONDS)
    await reconciler.full()
    await asyncio.sleep(FOR_A_READ)
    await reconciler.gone()
    await reconciler.ended()


def keep_tokens(crm: WebcrmWorld, erp: VismaWorld, skipped_ms: int) -> None:
    """Nobody's access ends because the calendar was moved."""
    for access in crm.door.access.values():
        access.expires_ms += skipped_ms
    issued = erp.tokens.issued
    for value, token in issued.items():
        issued[value] = replace(token, expires_ms=token.expires_ms + skipped_ms)
