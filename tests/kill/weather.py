"""What goes wrong on the wire meanwhile: slow and broken answers, work that is done although nobody hears of
it, and work that is done later.

A create waits up to `SLOW_SECONDS` in the stand-in, and a late one up to `LATE_SECONDS` more: together below
1.5 s, so that the settle time of 2 s is an honest promise. Updates of webCRM are not made late: what a person
types between our read and our write there is the one residue (reliability §8).
"""

from streamsync.simulators.faults import Sort
from tests.process.stand_ins import StandIn

SLOW_SECONDS, LATE_SECONDS = 0.8, 0.6
CREATES = {
    "webcrm": ("/Organisations", "/Persons", "/Deliveries", "/QuotationLines"),
    "visma": ("/v1/", "/v2/", "/api/v3/"),
}


def arm(stand_in: StandIn) -> None:
    for path in CREATES[stand_in.system]:
        post = {"method": "POST", "path": path}
        stand_in.fault(sort=Sort.LATENCY, probability=0.8, seconds=SLOW_SECONDS, **post)
        stand_in.fault(sort=Sort.LATE_COMMIT, probability=0.12, seconds=LATE_SECONDS, **post)
        stand_in.fault(sort=Sort.RESET_AFTER, probability=0.06, **post)
        stand_in.fault(sort=Sort.ERROR_AFTER, probability=0.05, **post)
        stand_in.fault(sort=Sort.RESET_BEFORE, probability=0.03, **post)
        stand_in.fault(sort=Sort.HALF_BODY, probability=0.03, **post)
    for method in ("PUT", "PATCH"):
        stand_in.fault(sort=Sort.RESET_AFTER, method=method, probability=0.05)
        stand_in.fault(sort=Sort.ERROR, method=method, probability=0.02)
    stand_in.fault(sort=Sort.LATE_COMMIT, method="PATCH", probability=0.05, seconds=LATE_SECONDS)
    stand_in.fault(sort=Sort.DUPLICATE_ROWS, method="GET", probability=0.05)
    stand_in.fault(sort=Sort.RESET_BEFORE, method="GET", probability=0.003)
