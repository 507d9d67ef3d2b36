"""Seeded people at the workbench: they pause, resume, retry, decide, link, unlink, exclude, approve, change
the rules, have everything read again, accept the plan.

All through the daemon's own commands. A command that the daemon's death cuts off may have been carried out or
not: what is certainly paused is therefore noted only after the answer, and forgotten before the wish to go on
is sent.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from actors.reconciler import Reconciler
from streamsync.daemon import Daemon
from tests.simulation.swarm.installation import FIELDS, OWNERS, Installation
from tests.simulation.swarm.ledger import Ledger

WHO = "somebody at the workbench"
NAME = "kunde"
ENTITIES = ("organisation", "person", "delivery", "item", "invoice")


class Held(msgspec.Struct):
    """What an operator forbids, for the judges."""

    accepted: bool = False
    paused: dict[tuple[str, str], int] = {}  # entity, side ("" = all): since when
    braked_off: bool = False  # an approval of the brake was given at some time


class Operators:
    def __init__(
        self,
        installation: Installation,
        ledger: Ledger,
        rng: random.Random,
        now_ms: Callable[[], int],
    ) -> None:
        self.installation, self.ledger, self.rng, self.now_ms = installation, ledger, rng, now_ms
        self.held = Held(accepted=installation.first_sync == "accept")
        self.directions: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.busy = rng.random() < 0.6 or not self.held.accepted  # in the other seeds nobody looks
        kept = [name for name in sorted(ACTS) if rng.random() < 0.5]
        self._acts = kept or ["retry_all"]

    async def act(self, daemon: Daemon) -> None:
        """One command, or none. Never raises for a refusal: that is an answer."""
        name = self.rng.choice(self._acts)
        if not self.held.accepted:
            name = "accept"
        elif self.held.paused and self.rng.random() < 0.5:
            name = "resume"
        await self._do(name, daemon)

    async def peace(self, daemon: Daemon) -> None:
        """Nothing stays forbidden: the plan accepted, every pause over, the rules as they were."""
        await daemon.plant.connections[NAME].opened.wait()
        await self._do("accept", daemon)
        await self._do("resume", daemon)
        if self.directions:
            self.directions.clear()
            await self._do("set_rules", daemon)

    async def _do(self, name: str, daemon: Daemon) -> None:
        self.ledger.note(self.now_ms(), f"operator: {name}")
        work: Callable[[Daemon], Awaitable[object]] = getattr(self, name)
        try:
            await work(daemon)
        except (ValueError, LookupError, ExceptionGroup) as refused:
            self.ledger.note(self.now_ms(), f"the workbench refused {name}: {type(refused).__name__}")

    # -- the commands

    async def accept(self, daemon: Daemon) -> None:
        """A person looks at the plan, types the number that it asks for, and lets it go."""
        if daemon.plant.connections[NAME].accepted:
            self.held.accepted = True
            return
        planned = await daemon.commands.plan(NAME, 0)
        self.held.accepted = True
        await daemon.commands.accept(NAME, WHO, planned["confirm"])

    async def pause(self, daemon: Daemon) -> None:
        entity = self.rng.choice(["", "", *ENTITIES])
        side = self.rng.choice(["", "crm", "erp"])
        await daemon.commands.bench.pause(NAME, entity, side, (), WHO)
        self.held.paused.setdefault((entity, side), self.now_ms())

    async def resume(self, daemon: Daemon) -> None:
        self.held.paused.clear()
        await daemon.commands.bench.resume(NAME, "", "", (), WHO)
        paused = await daemon.store.read(
            lambda c: [pair for (pair,) in c.execute("SELECT id FROM pair WHERE state='paused'").fetchall()]
        )
        if paused:
            await daemon.commands.bench.resume(NAME, "", "", paused, WHO)

    async def pause_pair(self, daemon: Daemon) -> None:
        pairs = await self._pairs(daemon)
        await daemon.commands.bench.pause(NAME, "", "", [self.rng.choice(pairs)], WHO)

    async def retry_all(self, daemon: Daemon) -> None:
        await daemon.commands.bench.retry(NAME, 0, "", (), WHO)

    async def answer(self, daemon: Daemon) -> None:
        """Some of what waits in the inbox is decided, one way or the other."""
        found = await daemon.commands.bench.inbox(NAME)
        for group in found["groups"]:
            choices = [one["choice"] for one in group["choices"]]
            for record in group["records"]:
                if choices and self.rng.random() < 0.6:
                    await self._decide(daemon, record, self.rng.choice(choices))

    async def _decide(self, daemon: Daemon, record: dict[str, Any], choice: str) -> None:
        pair, bench = int(record["pair"]), daemon.commands.bench
        self.ledger.answered.add(pair)
        self.ledger.note(self.now_ms(), f"operator: {choice} for pair {pair}, {record['reason']}")
        if choice == "approve":
            await self.approve_brake(daemon)
        elif choice == "link":
            found = [one["rid"] for one in record["candidates"]]
            if found:
                await bench.link(NAME, pair, str(self.rng.choice(found)), WHO)
        elif choice == "unlink":
            await self._unlink(daemon, pair)
        elif choice == "value":
            for field in record["fields"]:
                await bench.resolve(NAME, {"pairs": [pair]}, "value", field["row"], "Besluttet", WHO)
        else:
            await bench.resolve(NAME, {"pairs": [pair]}, choice, "", "", WHO)

    async def approve_deletes(self, daemon: Daemon) -> None:
        asked = await daemon.commands.bench.approve(NAME, "deletes", "", WHO)
        self.ledger.answered.update(asked["pairs"])

    async def approve_brake(self, daemon: Daemon) -> None:
        self.held.braked_off = True
        await daemon.commands.bench.approve(NAME, "brake", "", WHO)

    async def unlink_one(self, daemon: Daemon) -> None:
        await self._unlink(daemon, self.rng.choice(await self._pairs(daemon)))

    async def _unlink(self, daemon: Daemon, pair: int) -> None:
        ids = await daemon.store.read(
            lambda c: c.execute("SELECT crm_id, erp_id FROM pair WHERE id=?", (pair,)).fetchone()
        )
        self.ledger.answered.add(pair)
        self.ledger.parted.update((side, rid) for side, rid in zip(("crm", "erp"), ids, strict=True) if rid)
        await daemon.commands.bench.unlink(NAME, {"pairs": [pair]}, WHO)

    async def exclude_one(self, daemon: Daemon) -> None:
        pair = self.rng.choice(await self._pairs(daemon))
        self.ledger.answered.add(pair)
        await daemon.commands.bench.exclude(NAME, {"pairs": [pair]}, WHO)

    async def include_one(self, daemon: Daemon) -> None:
        pair = self.rng.choice(await self._pairs(daemon))
        await daemon.commands.bench.resolve(NAME, {"pairs": [pair]}, "include", "", "", WHO)

    async def _pairs(self, daemon: Daemon) -> list[int]:
        return await daemon.store.read(
            lambda c: [pair for (pair,) in c.execute("SELECT id FROM pair ORDER BY id").fetchall()]
        )

    async def change_policy(self, daemon: Daemon) -> None:
        row = self.rng.choice(sorted(FIELDS.values()))
        self.owners[row] = self.rng.choice(OWNERS)
        await self.set_rules(daemon)

    async def change_direction(self, daemon: Daemon) -> None:
        """One entity goes one way for a while."""
        entity = self.rng.choice(["organisation", "person"])
        if self.directions.pop(entity, None) is None:
            self.directions[entity] = self.rng.choice(["to_crm", "to_erp"])
        await self.set_rules(daemon)

    async def set_rules(self, daemon: Daemon) -> None:
        text = self.installation.rules(self.owners, self.directions)
        await daemon.commands.set_rules(NAME, text, WHO, "the simulation")

    async def reconcile(self, daemon: Daemon) -> None:
        """Every list in full, in the middle of the work."""
        [reconciler] = [actor for actor in daemon.plant.sources if isinstance(actor, Reconciler)]
        await reconciler.full()


ACTS = frozenset(
    "pause pause_pair retry_all answer approve_deletes approve_brake unlink_one exclude_one include_one"
    " change_policy change_direction reconcile".split()
)
