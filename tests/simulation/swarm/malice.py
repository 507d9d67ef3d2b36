"""What goes wrong in one seed: each class of fault is on or off for the whole seed (swarm testing), so that
some seeds are all storms and others a single rare fault in peace."""

import random

from streamsync.simulators.face import Face
from streamsync.simulators.faults import Sort
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld

SORTS: dict[str, tuple[Sort, str, float, float]] = {
    # name: sort, method, highest probability, seconds
    "reset_before": (Sort.RESET_BEFORE, "", 0.15, 0),
    "reset_after_post": (Sort.RESET_AFTER, "POST", 0.4, 0),
    "reset_after_put": (Sort.RESET_AFTER, "PUT", 0.3, 0),
    "reset_after_patch": (Sort.RESET_AFTER, "PATCH", 0.3, 0),
    "late_post": (Sort.LATE_COMMIT, "POST", 0.4, 1.5),
    "late_put": (Sort.LATE_COMMIT, "PUT", 0.3, 1.5),
    "late_patch": (Sort.LATE_COMMIT, "PATCH", 0.3, 1.5),
    "half_body": (Sort.HALF_BODY, "", 0.1, 0),
    "throttle": (Sort.THROTTLE, "", 0.1, 8),
    "error": (Sort.ERROR, "", 0.1, 0),
    "error_after": (Sort.ERROR_AFTER, "", 0.15, 0),
    "unauthorized": (Sort.UNAUTHORIZED, "", 0.03, 0),
    "duplicate_rows": (Sort.DUPLICATE_ROWS, "GET", 0.2, 0),
    "slow": (Sort.LATENCY, "", 0.5, 4),
}


class Swarm:
    """The plan of one seed. `wire`: faults by name with their probability; the rest are switches."""

    def __init__(self, rng: random.Random) -> None:
        on = rng.random() < 0.9
        self.wire = {
            name: round(rng.uniform(0.02, highest), 3)
            for name, (_, _, highest, _) in SORTS.items()
            if on and rng.random() < 0.3
        }
        self.late_visibility = rng.random() < 0.3
        self.zone_minutes = rng.choice([0, 0, 0, 60, 120])
        self.weak_etags = rng.random() < 0.3
        self.query_shuffle = rng.random() < 0.3
        self.skew_ms = rng.choice([0, 0, 0, 2_000, -2_000, 25_000])
        self.crashes = rng.choice([0, 0, 1, 2, 4]) if rng.random() < 0.8 else rng.randint(5, 10)
        self.roll_back = rng.random() < 0.2
        self.hasty = rng.random() < 0.5  # people act in bursts

    def set_up(self, crm: WebcrmWorld, erp: VismaWorld) -> None:
        """How both services behave in this seed."""
        crm.act("set", {"query_shuffle": self.query_shuffle}, 0)
        late_ms = 1_500 if self.late_visibility else 0
        erp.act("settings", {"uses_weak_etags": self.weak_etags, "late_commit_ms": late_ms}, 0)

    def arm(self, face: Face) -> None:
        """Put the faults onto one face."""
        for name, probability in sorted(self.wire.items()):
            sort, method, _, seconds = SORTS[name]
            more: dict[str, object] = {"seconds": seconds} if seconds else {}
            face.faults.add(sort, method=method, probability=probability, **more)

    def words(self) -> str:
        switches = [name for name, value in vars(self).items() if name != "wire" and value]
        return ", ".join([*(f"{name} {p}" for name, p in sorted(self.wire.items())), *switches]) or "peace"
