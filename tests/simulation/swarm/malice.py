"""What goes wrong in one seed: each class of fault is on or off for the whole seed (swarm testing), so that
some seeds are all storms and others a single rare fault in peace.

`Swarm` draws the plan and prepares both services; what happens at a moment (a storm, a revoked token, an
option that is gone for a while) is `malice_weather.Weather`'s, web hooks are `malice_hooks`'s. A write that
was cut off lands, and is found by searches, well within the settle time of two seconds; that is the one
promise the daemon rests on, so no fault here breaks it. `Focus` (`malice_focus`) bends a plan so that one
rare thing happens often.
"""

import random
from collections.abc import Mapping
from typing import Any

from streamsync.simulators.face import Face
from streamsync.simulators.faults import Sort
from streamsync.simulators.visma.settings import changed
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.scene import EPOCH_MS
from tests.simulation.swarm.malice_focus import FOCI, Focus
from tests.simulation.swarm.operators import Operators

SLOW, LATE, LAG = 0.4, 1.0, 400  # seconds, seconds, ms: together below the settle time

WIRE: dict[str, tuple[float, dict[str, object]]] = {
    # name: highest probability, the rule
    "reset_before": (0.15, {"sort": Sort.RESET_BEFORE}),
    "reset_after_post": (0.4, {"sort": Sort.RESET_AFTER, "method": "POST"}),
    "reset_after_put": (0.3, {"sort": Sort.RESET_AFTER, "method": "PUT"}),
    "reset_after_patch": (0.3, {"sort": Sort.RESET_AFTER, "method": "PATCH"}),
    "late_post": (0.4, {"sort": Sort.LATE_COMMIT, "method": "POST", "seconds": LATE}),
    "late_put": (0.3, {"sort": Sort.LATE_COMMIT, "method": "PUT", "seconds": LATE}),
    "late_patch": (0.3, {"sort": Sort.LATE_COMMIT, "method": "PATCH", "seconds": LATE}),
    "half_done": (0.4, {"sort": Sort.HALF_DONE, "method": "PATCH"}),
    "half_body": (0.1, {"sort": Sort.HALF_BODY}),
    "throttle": (0.1, {"sort": Sort.THROTTLE, "seconds": 8}),
    "error": (0.1, {"sort": Sort.ERROR}),
    "gateway": (0.1, {"sort": Sort.ERROR, "status": 502}),
    "unavailable": (0.1, {"sort": Sort.ERROR, "status": 503, "seconds": 5}),
    "error_after": (0.15, {"sort": Sort.ERROR_AFTER}),
    "unauthorized": (0.03, {"sort": Sort.UNAUTHORIZED}),
    "unauthorized_after": (0.2, {"sort": Sort.ERROR_AFTER, "method": "POST", "status": 401}),
    "duplicate_rows": (0.2, {"sort": Sort.DUPLICATE_ROWS, "method": "GET"}),
    "slow": (0.5, {"sort": Sort.LATENCY, "seconds": SLOW}),
    "slow_reads": (0.4, {"sort": Sort.LATENCY, "method": "GET", "seconds": 4}),
    "old_reads": (0.3, {"sort": Sort.LATE_ANSWER, "method": "GET", "seconds": 12}),
    "silence": (0.08, {"sort": Sort.LATE_ANSWER, "method": "POST", "seconds": 100}),
}
WEATHER = (
    "throttle_storm",
    "error_storm",
    "outage",
    "revocation",
    "clock_jump",
    "zone_jump",
    "option_gone",
    "option_renamed",
    "field_gone",
    "attribute_gone",
    "number_taken",
    "list_gap",
    "meddlers",
)
CHANGES_OF_CLOCKS_MS = {"spring": 1_774_746_000_000, "autumn": 1_792_890_000_000}  # 29 March, 25 October 2026
BEFORE_CHANGE_MS = 90_000


class Swarm:
    """The plan of one seed. `wire`: faults of single requests by name with their probability; `weather`: what
    happens at a moment; the rest are switches."""

    def __init__(self, rng: random.Random, focus: str = "") -> None:
        on = rng.random() < 0.9
        self.wire = {
            name: round(rng.uniform(0.02, highest), 3)
            for name, (highest, _) in WIRE.items()
            if rng.random() < 0.2 and on
        }
        self.weather = [name for name in WEATHER if rng.random() < 0.1 and on]
        self.late_stamps = rng.random() < 0.3
        self.list_lag = rng.random() < 0.25
        self.search_lag = rng.random() < 0.25
        self.same_second = rng.random() < 0.2
        self.page_drift = rng.random() < 0.25
        self.unique_numbers = rng.random() < 0.2 or "number_taken" in self.weather
        self.change_of_clocks = rng.choice(sorted(CHANGES_OF_CLOCKS_MS)) if rng.random() < 0.12 else ""
        self.zone_minutes = rng.choice([0, 0, 0, 60, 120])
        self.weak_etags = rng.random() < 0.3
        self.query_shuffle = rng.random() < 0.3
        self.skew_ms = rng.choice([0, 0, 0, 2_000, -2_000, 25_000])
        self.poison = rng.choice([400, 500]) if rng.random() < 0.1 and on else 0
        self.hooks = rng.random() < 0.25
        self.list_lag = self.list_lag or self.hooks  # a hook is there before what it speaks of can be seen
        self.crashes = rng.choice([0, 0, 1, 2, 4]) if rng.random() < 0.8 else rng.randint(5, 10)
        self.roll_back = rng.random() < 0.2
        self.hasty = rng.random() < 0.5  # people act in bursts
        drawn = rng.choice(sorted(FOCI)) if rng.random() < 0.2 else ""
        self.focus: Focus | None = FOCI.get(focus or drawn)
        if self.focus is not None:
            self._bend(self.focus)

    def _bend(self, focus: Focus) -> None:
        self.wire = dict(focus.wire) if focus.alone else self.wire | focus.wire
        self.weather = list(focus.weather) if focus.alone else sorted({*self.weather, *focus.weather})
        for name, value in focus.switches.items():
            setattr(self, name, value)

    @property
    def acts(self) -> frozenset[str]:
        """The only acts that people do; empty: as drawn."""
        return self.focus.acts if self.focus is not None else frozenset()

    @property
    def first(self) -> tuple[str, ...]:
        """What people do before anything else."""
        return self.focus.first if self.focus is not None else ()

    @property
    def epoch_ms(self) -> int:
        """When the world begins: usually a day far from any change of clocks."""
        if not self.change_of_clocks:
            return EPOCH_MS
        return CHANGES_OF_CLOCKS_MS[self.change_of_clocks] - BEFORE_CHANGE_MS

    @property
    def installation(self) -> Mapping[str, Any]:
        """How a focus differs from the usual installation."""
        return self.focus.installation if self.focus is not None else {}

    def staff(self, operators: Operators) -> None:
        """In a focus only those commands are given that it names."""
        if self.focus is not None:
            operators.busy = bool(self.focus.operators)
            operators._acts = list(self.focus.operators) or operators._acts

    def set_up(self, crm: WebcrmWorld, erp: VismaWorld) -> None:
        """How both services behave in this seed."""
        list_ms, search_ms = LAG * self.list_lag, LAG * self.search_lag
        late_ms = 1_500 * self.late_stamps
        lags: dict[str, object] = {
            "late_commit_ms": late_ms,
            "list_lag_ms": list_ms,
            "search_lag_ms": search_ms,
        }
        crm.act("set", {"query_shuffle": self.query_shuffle, **lags}, 0)
        erp.act("settings", {"uses_weak_etags": self.weak_etags, "lists_move": self.page_drift, **lags}, 0)
        if self.page_drift:
            caps = {"customer": 2, "inventory": 2, "customerinvoice": 2, "customerdocument": 3}
            erp.company.settings = changed(erp.company.settings, {"page_caps": caps})
        if self.change_of_clocks:
            erp.act("set_zone", {"zone": "Europe/Copenhagen"}, 0)
        if self.unique_numbers:
            field = {"label": "Debitornr.", "unique": True}
            crm.act("configure_field", {"field": "OrganisationExtraCustom2", "settings": field}, 0)

    def arm(self, face: Face) -> None:
        """Put the faults onto one face."""
        for name, probability in sorted(self.wire.items()):
            rule: dict[str, object] = {**WIRE[name][1], "name": name, "probability": probability}
            face.faults.add(Sort(str(rule.pop("sort"))), **rule)
        face.faults.clock_step_ms = 1_000 * self.same_second

    def pause(self, rng: random.Random) -> float:
        """Seconds until somebody clicks again."""
        if self.focus is not None and self.focus.pause:
            return rng.expovariate(1 / self.focus.pause)
        if self.same_second and rng.random() < 0.3:
            return 0.0
        return rng.expovariate(1 / 0.4) if self.hasty and rng.random() < 0.7 else rng.expovariate(1 / 8)

    def names(self) -> list[str]:
        """The faults, the weather and the switches that are on."""
        switches = [name for name, value in vars(self).items() if name not in ("wire", "weather") and value]
        return [*self.wire, *self.weather, *switches]

    def leave_out(self, names: frozenset[str]) -> None:
        """These are off after all, to see whether it fails without them."""
        self.wire = {name: share for name, share in self.wire.items() if name not in names}
        self.weather = [name for name in self.weather if name not in names]
        for name in names & vars(self).keys() - {"wire", "weather"}:
            setattr(self, name, None if name in ("focus", "change_of_clocks") else 0)

    def words(self) -> str:
        switches = [
            name for name, value in vars(self).items() if name not in ("wire", "weather", "focus") and value
        ]
        named = [f"focus {self.focus.name}"] if self.focus is not None else []
        wire = [f"{name} {p}" for name, p in sorted(self.wire.items())]
        return ", ".join([*named, *wire, *self.weather, *switches]) or "peace"
