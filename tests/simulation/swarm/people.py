"""Seeded people at both screens, with the acts that this seed has: some acts are off in some seeds, so that
the rest meet each other more often.

What a screen refuses (an order that is shipped, a line that is gone) is a click that did nothing.
"""

import random
from collections.abc import Callable, Iterable, Mapping

from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm import bookkeepers, salespeople, together
from tests.simulation.swarm.desk import Desk
from tests.simulation.swarm.ledger import Ledger

Act = Callable[[Desk], None]
ACTS: Mapping[str, Act] = {
    name: act
    for module in (salespeople, bookkeepers, together)
    for name, act in vars(module).items()
    if name.startswith(("crm_", "erp_", "both_"))
}
ALWAYS = frozenset(("crm_new_organisation", "erp_new_customer"))
OFTEN = frozenset(
    "crm_new_person crm_new_delivery erp_new_contact erp_new_order crm_edit_organisation erp_edit_customer"
    " both_edit_organisation both_quotation_to_payment".split()
)
ENDS = frozenset(name for name in ACTS if "delete" in name or "merge" in name)
MAY_END = 0.3  # of the seeds: in the others nothing is deleted, and no night is needed to find it


def drawn(rng: random.Random) -> frozenset[str]:
    """The acts of one seed."""
    ends = rng.random() < MAY_END
    kept = set(ALWAYS)
    for name in sorted(ACTS):
        share = 0.75 if name in OFTEN else 0.3
        if rng.random() < share and (ends or name not in ENDS):
            kept.add(name)
    return frozenset(kept)


class People:
    def __init__(
        self,
        crm: WebcrmWorld,
        erp: VismaWorld,
        ledger: Ledger,
        rng: random.Random,
        now_ms: Callable[[], int],
        *,
        clocks: tuple[Callable[[], int], Callable[[], int]],
        acts: Iterable[str],
    ) -> None:
        self.desk = Desk(crm, erp, ledger, rng, now_ms, clocks)
        self._acts = sorted(acts)

    def act(self) -> None:
        """One click of somebody, somewhere."""
        self.do(self.desk.rng.choice(self._acts))

    def do(self, name: str) -> None:
        """This click, if the screen lets them."""
        try:
            ACTS[name](self.desk)
        except (ValueError, LookupError) as refused:
            self.desk.note(f"the screen refused {name}: {type(refused).__name__}")
