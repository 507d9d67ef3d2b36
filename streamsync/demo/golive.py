"""The go-live of a generated company: two filled systems, not linked, under the real quotas.

Runs the first sync until nothing moves any more, lets everything rest for a minute, then judges from the two
stand-ins alone: no duplicate, all linked, all invoices equal, no write at rest, and the calls and the time
beside the least that would do.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from streamsync.clock import SystemClock
from streamsync.demo import least, verify
from streamsync.demo.config_file import CONNECTION
from streamsync.demo.least import Bound, Kind
from streamsync.demo.screen import Screen, connection_of
from streamsync.demo.sizes import Sizes, sizes
from streamsync.demo.stage import Stage, accept
from streamsync.demo.verify import Check

REST_SECONDS = 60
CALM_SECONDS = 12.0  # the daemon counts every 5 s: two counts in a row
LOOK_SECONDS = 1.0
RATIO_MAX = 1.25
JUDGED_FROM_SECONDS = 120.0  # below this, start-up and polls decide, not the quotas
GRACE_SECONDS = 300.0


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from the daemon's start to the last write, beside the bound."""

    seconds: float
    bound_seconds: float
    slower: str
    judged: bool

    @property
    def ratio(self) -> float:
        return self.seconds / self.bound_seconds if self.bound_seconds else 0.0

    @property
    def ok(self) -> bool:
        return not self.judged or self.ratio <= RATIO_MAX


async def run(stage: Stage, size: int) -> dict[str, Any]:
    """{ok, size, in_sync, rest_writes, times, calls, checks}."""
    clock, screen = SystemClock(), stage.screen
    before = sizes(*stage.filled)
    _announce(screen, before)
    await accept(stage)
    in_sync = await _until_calm(stage, clock, before)
    counts = await asyncio.gather(stage.crm.counts(), stage.erp.counts())
    last_write_ms = max(int(one["last_write_ms"]) for one in counts)
    polled = (clock.now_ms() - stage.started_ms) / 1000
    crm_calls, erp_calls = (least.made(one) for one in counts)
    rows = least.table(crm_calls, erp_calls, before, stage.pace, polled)
    times = _times(stage, last_write_ms, least.bound(rows, stage.pace))
    rested = await _rests(stage, last_write_ms)
    found = verify.checks(*await stage.look(), before)
    _show(screen, in_sync, rested, times, rows, found)
    return {
        "ok": in_sync and rested and times.ok and all(one.ok for one in found),
        "size": size,
        "in_sync": in_sync,
        "at_rest": rested,
        "times": {**msgspec.to_builtins(times), "ratio": round(times.ratio, 3), "at_most": RATIO_MAX},
        "calls": msgspec.to_builtins(rows),
        "checks": [{**msgspec.to_builtins(one), "ok": one.ok} for one in found],
    }


def _announce(screen: Screen, before: Sizes) -> None:
    organisation, person = before.organisation, before.person
    screen.heading("Go-live")
    for what, shares in (("customers", organisation), ("contacts", person)):
        screen.say(
            f"  {shares.all} {what}: {shares.both} in both systems, {shares.crm_only} only in webCRM, "
            f"{shares.erp_only} only in Visma.net"
        )
    screen.say(
        f"  {before.items} items and {before.invoices} invoices with {before.lines} lines in Visma.net"
    )


async def _until_calm(stage: Stage, clock: SystemClock, before: Sizes) -> bool:
    """Until nothing is undecided, unwritten or waiting for a while. False when that takes far too long."""
    expected = least.bound(least.table({}, {}, before, stage.pace, 0), stage.pace).seconds
    deadline = clock.monotonic() + RATIO_MAX * 2 * expected + GRACE_SECONDS
    calm_since: float | None = None
    with stage.screen.progress() as bars:
        while clock.monotonic() < deadline:
            stage.check_alive()
            status = connection_of(await stage.status(), CONNECTION)
            bars.show(status.get("entities", {}))
            now = clock.monotonic()
            calm_since = (calm_since or now) if is_calm(status) else None
            if calm_since is not None and now - calm_since >= CALM_SECONDS:
                return True
            await asyncio.sleep(LOOK_SECONDS)
    return False


def is_calm(status: Mapping[str, Any]) -> bool:
    """Whether the daemon says that nothing is left to do: all decided, all written, nothing waiting."""
    outcomes = {outcome.partition(":")[0] for counts in status["entities"].values() for outcome in counts}
    idle = status["unprocessed"] == 0 and status["open_ops"] == 0
    return bool(
        status["accepted"] and outcomes and idle and "waiting" not in outcomes and "new" not in outcomes
    )


def _times(stage: Stage, last_write_ms: int, allowed: Bound) -> Times:
    return Times(
        seconds=round((last_write_ms - stage.started_ms) / 1000, 1),
        bound_seconds=round(allowed.seconds, 1),
        slower=allowed.slower,
        judged=allowed.seconds >= JUDGED_FROM_SECONDS,
    )


async def _rests(stage: Stage, last_write_ms: int) -> bool:
    """Whether nobody writes anything for a minute."""
    stage.screen.say(f"  In sync. Nothing may be written for {REST_SECONDS} s …")
    for _ in range(REST_SECONDS):
        await asyncio.sleep(1)
        stage.check_alive()
    counts = await asyncio.gather(stage.crm.counts(), stage.erp.counts())
    return max(int(one["last_write_ms"]) for one in counts) == last_write_ms


def _show(
    screen: Screen, in_sync: bool, rested: bool, times: Times, rows: list[Kind], found: list[Check]
) -> None:
    show_calls(screen, rows)
    screen.heading("What both systems hold")
    screen.tick(in_sync, "nothing is left to do")
    screen.tick(rested, f"no write in {REST_SECONDS} s")
    show_checks(screen, found)
    limit = f"at most {RATIO_MAX}" if times.judged else "not judged: too small, start-up decides"
    screen.tick(
        times.ok,
        f"{times.seconds:.0f} s, where the quota of {times.slower} needs {times.bound_seconds:.0f} s for the "
        f"least calls: {times.ratio:.2f} times ({limit})",
    )


def show_calls(screen: Screen, rows: list[Kind]) -> None:
    """The calls made beside the least possible, by kind and in all."""
    screen.heading("Calls                                                     made  least")
    for row in sorted(rows, key=lambda row: (row.system, -row.made)):
        note = f"   {row.polls} of them polls" if row.polls else ""
        screen.say(f"  {row.system:<10}{row.kind:<42}{row.made:>8}{row.least:>7}{note}")
    for system in ("webCRM", "Visma.net"):
        own = [row for row in rows if row.system == system]
        total, needed = sum(row.made for row in own), sum(row.least for row in own)
        screen.say(f"  {system:<10}{'all':<42}{total:>8}{needed:>7}")


def show_checks(screen: Screen, found: list[Check]) -> None:
    for one in found:
        more = "" if one.ok else f": {one.wrong} wrong, such as {'; '.join(one.examples)}"
        screen.tick(one.ok, f"{one.name} ({one.looked_at}){more}")
