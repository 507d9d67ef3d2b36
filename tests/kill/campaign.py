"""The run: start, work under load, kill, start again; then peace, rest, and one clean stop.

Three sorts of moment to die at, chosen by the seed: while starting, while reading and updating, and (mostly)
once creates go out, which is `SETTLE_SECONDS` after an unclean start. Time is real; nothing is waited for
that the daemon does not need.
"""

import random
import threading
from collections import Counter
from pathlib import Path

from streamsync.clock import SystemClock
from tests.kill import morgue, verdict, weather
from tests.kill.people import Crowd
from tests.kill.verdict import Ground
from tests.kill.worlds import Crm, Erp
from tests.process.installation import Daemon, Installation
from tests.process.stand_ins import LOOK_SECONDS, StandIn, until

SETTLE_SECONDS = 2
CLICK_SECONDS = 0.4  # on average, between two clicks of anybody
MOMENTS = {"starting": 0.1, "reading": 0.15, "writing": 0.75}
REST_SECONDS = 600
CALM_SECONDS = 35  # longer than a delivery rests before somebody is told that it has no lines
STILL_SECONDS = 20  # polls of each feed at rest, one a second


class Campaign:
    def __init__(self, folder: Path, seed: int) -> None:
        folder.chmod(0o700)
        self.folder = folder
        self.clock = SystemClock()
        self._rng = random.Random(f"kills {seed}")
        self._pause = threading.Event()
        self.stand_ins = (StandIn("webcrm", folder), StandIn("visma", folder))
        self.crm, self.erp = Crm(self.stand_ins[0]), Erp(self.stand_ins[1])
        self.crowd = Crowd(self.crm, self.erp, seed)
        self.installation = Installation(folder / "installation", *self.stand_ins)
        self._settle()
        self.problems: list[str] = []
        self.cut: set[tuple[int, int, str]] = set()
        self.moments: Counter[str] = Counter()
        self.lives = 0

    def _settle(self) -> None:
        """Both systems: what was sent lands within two seconds or never."""
        config = self.installation.config
        text = config.read_text("utf-8")
        assert text.count("settle_seconds = 1\n") == 2
        config.write_text(
            text.replace("settle_seconds = 1\n", f"settle_seconds = {SETTLE_SECONDS}\n"), "utf-8"
        )

    def end(self) -> None:
        self.installation.end()
        for stand_in in self.stand_ins:
            stand_in.stop()

    def storm(self, kills: int) -> None:
        """So many lives, each ended by SIGKILL. Stops early when a life cannot even start."""
        for stand_in in self.stand_ins:
            weather.arm(stand_in)
        names, shares = list(MOMENTS), list(MOMENTS.values())
        for _ in range(kills):
            moment = self._rng.choices(names, shares)[0]
            daemon = self._born()
            if moment == "starting":
                self._work(self._rng.uniform(0.05, 1.5))
            else:
                self._ready(daemon)
                after = self._rng.uniform(0, SETTLE_SECONDS)
                self._work(after if moment == "reading" else SETTLE_SECONDS + self._rng.uniform(0.2, 1.6))
            self._kill(daemon, moment)
            if self.lives % 20 == 0:
                print(f"  {self.lives} kills, {len(self.cut)} creates interrupted", flush=True)
            if self.problems:
                return

    def _born(self) -> Daemon:
        self.lives += 1
        return self.installation.daemon()

    def _ready(self, daemon: Daemon) -> None:
        until(lambda: daemon.status("/readyz") == 200 or daemon.code is not None, "the daemon is ready")

    def _work(self, seconds: float) -> None:
        """People click while it works."""
        ends = self.clock.monotonic() + seconds
        while (left := ends - self.clock.monotonic()) > 0:
            self.crowd.act()
            self._pause.wait(min(left, self._rng.expovariate(1 / CLICK_SECONDS)))

    def _kill(self, daemon: Daemon, moment: str) -> None:
        if daemon.code is not None:
            self.problems.append(f"life {self.lives} ended by itself with {daemon.code}")
            return
        daemon.kill()
        self.moments[moment] += 1
        remains = morgue.look(self.installation.database, self.folder)
        if remains.sound != "ok":
            self.problems.append(f"life {self.lives} left a damaged file: {remains.sound}")
        self.cut |= remains.cut

    def rest(self) -> None:
        """Nobody types, nothing breaks: it comes to rest, writes nothing there, and stops cleanly."""
        for stand_in in self.stand_ins:
            stand_in.heal()
        daemon = self._born().opened()
        try:
            until(lambda: self._calm(daemon), "everything is at rest", REST_SECONDS)
            before = self.writes()
            self._pause.wait(STILL_SECONDS)
            if written := self.writes() - before:
                self.problems.append(f"{written.total()} writes at rest: {dict(written)}")
        except AssertionError as never:
            self.problems.append(f"{never}: {daemon.connection}")
        self.problems += [f"degraded at rest: {one}" for one in daemon.connection["degraded"]]
        if code := daemon.terminate():
            self.problems.append(f"the clean stop ended with {code}")

    def judge(self) -> tuple[Ground, dict[str, int]]:
        """What both systems and the state file hold now, and the ops by action."""
        with morgue.copied(self.installation.database, self.folder) as conn:
            if (sound := conn.execute("PRAGMA quick_check").fetchall()) != [("ok",)]:
                self.problems.append(f"the last file is damaged: {sound[:3]}")
            ground, ops = Ground(self.crm, self.erp, self.crowd, conn), morgue.ops(conn)
        self.problems += [problem for check in verdict.CHECKS for problem in check(ground)]
        self.problems += verdict.personal((self.installation.folder / "daemon.log").read_text("utf-8"))
        soon = [due for due in ground.due_ms if due < self.clock.now_ms() + verdict.SOON_MS]
        self.problems += (
            [f"{len(soon)} pairs are about to be decided again: this was no rest"] if soon else []
        )
        return ground, ops

    def _calm(self, daemon: Daemon) -> bool:
        """Nothing is undecided, nothing under way, and nothing is written for a few polls."""
        before = self.writes()
        for _ in range(round(CALM_SECONDS / LOOK_SECONDS)):
            shown = daemon.connection
            if shown["unprocessed"] or shown["open_ops"] or not shown["open"]:
                return False
            self._pause.wait(LOOK_SECONDS)
        return self.writes() == before

    def writes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for stand_in in self.stand_ins:
            found.update(stand_in.writes())
        return found
