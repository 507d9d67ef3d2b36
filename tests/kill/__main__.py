"""`python -m tests.kill [KILLS] [SEED]`: prints what was done and the verdict; 0 if nothing is lost or
doubled and the load was worth it."""

import sys
import tempfile
from pathlib import Path

from tests.kill.campaign import Campaign
from tests.kill.verdict import Ground

KILLS, SEED = 200, 1
CUT_SHARE = 50 / 200  # creates interrupted per kill, at least
CREATES_SHARE = 0.30


def main(kills: int, seed: int) -> int:
    folder = Path(tempfile.mkdtemp(prefix="streamsync-kill-"))
    print(f"kill -9, {kills} times, seed {seed}; logs and state in {folder}", flush=True)
    campaign = Campaign(folder, seed)
    started = campaign.clock.monotonic()
    try:
        campaign.storm(kills)
        print(f"{campaign.clock.monotonic() - started:.0f} s of storm; now to rest", flush=True)
        campaign.rest()
        ground, ops = campaign.judge()
        writes = campaign.writes().total()
    finally:
        campaign.end()
    creates, total = ops.get("create", 0), sum(ops.values())
    moments = ", ".join(f"{count} while {moment}" for moment, count in sorted(campaign.moments.items()))
    print(f"kills: {campaign.moments.total()} ({moments}); lives: {campaign.lives}")
    print(f"creates interrupted: {len(campaign.cut)}")
    print(f"ops: {total}, creates {creates} ({creates / max(total, 1):.0%}); requests to write: {writes}")
    print(f"clicks of people: {campaign.crowd.clicks}; fields whose last value is judged: {len(ground.last)}")
    print(f"records: {_counted(ground)}")
    print(f"pairs: {', '.join(f'{count} {what}' for what, count in sorted(ground.outcomes.items()))}")
    problems = campaign.problems
    if len(campaign.cut) < CUT_SHARE * kills:
        problems.append(f"only {len(campaign.cut)} creates were interrupted: too few to prove anything")
    if creates < CREATES_SHARE * total:
        problems.append(f"only {creates} of {total} ops were creates: too few to prove anything")
    print(f"time: {campaign.clock.monotonic() - started:.0f} s")
    for problem in problems:
        print(f"  PROBLEM  {problem}")
    print(f"verdict: {f'{len(problems)} problems' if problems else 'nothing lost, nothing doubled'}")
    return 1 if problems else 0


def _counted(ground: Ground) -> str:
    there = {
        "organisations": ground.organisations,
        "customers": ground.customers,
        "persons": ground.persons,
        "contacts": ground.contacts,
        "deliveries": ground.deliveries,
        "orders": ground.orders,
        "lines": ground.lines,
        "catalogue rows": ground.catalogue,
        "items": ground.items,
        "documents": ground.documents,
    }
    return ", ".join(f"{len(rows)} {what}" for what, rows in there.items())


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [KILLS, SEED][len(numbers) :])))
