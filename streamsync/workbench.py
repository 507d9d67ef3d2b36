"""What people do about single records (`web.bench_api.Bench`): see what waits, decide, link, pause, retry.

Every command is a transaction per 500 pairs, leaves an audit row per pair that it touched, and wakes the
actors. A wish that does not fit one of several pairs leaves that one as it is and is told among `problems`;
where it was the only one, it raises `ValueError`. Unknown connections raise `KeyError`.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actors.connection import Connection
from streamsync.model import Entity, Lane, Side
from streamsync.store import brake, inbox, meta, outbox, people
from streamsync.sync import answers, reasons
from streamsync.sync.answers import Unfit

CHUNK = 500
SHOWN = 50  # records a group
NAMED = 100  # pairs in an answer
PROBLEMS = 20
SYSTEMS: Mapping[str, str] = {"": "", "webcrm": "crm", "visma": "erp", "crm": "crm", "erp": "erp"}
DELETES: Mapping[str, str] = {"organisation": "inactivate", "person": "inactivate", "delivery": "delete"}

Step = Callable[[sqlite3.Connection, int, int], list[int]]
"""(connection to the store, pair, now) to the pairs that are to be decided again. Raises `Unfit`."""


class Workbench:
    def __init__(self, connection: Callable[[str], Connection]) -> None:
        self._connection = connection

    async def inbox(
        self, connection: str = "", *, entity: str = "", cause: str = "", language: str = "en"
    ) -> Mapping[str, Any]:
        """Everything that waits for a person, grouped by cause."""
        found = self._connection(connection)
        rules, name = found.force.rules, found.name
        known_entity(entity)

        def body(conn: sqlite3.Connection) -> tuple[int, dict[str, int], dict[str, list[dict[str, Any]]]]:
            counts: dict[str, int] = {}
            records: dict[str, list[dict[str, Any]]] = {}
            for pair, _, why in inbox.waiting(conn, name, entity=entity, cause=cause):
                counts[why] = counts.get(why, 0) + 1
                listed = records.setdefault(why, [])
                if len(listed) < SHOWN and (one := inbox.entry(conn, name, pair, why, rules)) is not None:
                    listed.append(one)
            return sum(counts.values()), counts, records

        total, counts, records = await found.store.read(body)
        ordered = sorted(counts, key=lambda why: (-counts[why], why))
        return {
            "connection": name,
            "total": total,
            "groups": [_group(why, counts[why], records[why], language) for why in ordered],
        }

    async def show(
        self,
        connection: str = "",
        *,
        pair: int = 0,
        entity: str = "",
        webcrm: str = "",
        visma: str = "",
        language: str = "en",
    ) -> Mapping[str, Any]:
        """One pair, by its number or by one of its records. Raises `ValueError` where none or several fit."""
        found = self._connection(connection)
        rules, name = found.force.rules, found.name
        known_entity(entity)
        if not (pair or webcrm or visma):
            raise ValueError("Name the pair by its number, or one of its records by its id.")
        numbers = [pair]
        if not pair:
            numbers = await found.store.read(lambda c: inbox.find(c, name, entity, webcrm, visma))
        if len(numbers) > 1:
            raise ValueError("Several records carry this id. Name the entity too, or the pair's number.")
        shown = await found.store.read(lambda c: inbox.show(c, name, numbers[0], rules)) if numbers else None
        if shown is None:
            raise ValueError("No such record is known here. It may not have been read yet.")
        held = shown["pair"]
        words = reasons.sentence(held["reason"], held["detail"], language) if held["reason"] else ""
        return {"connection": name, **shown, "sentence": words}

    async def resolve(
        self, connection: str, select: Mapping[str, Any], choice: str, row: str, value: str, who: str
    ) -> Mapping[str, Any]:
        """A choice of `sync.answers.CHOICES` for the selected pairs."""
        if choice not in answers.CHOICES:
            raise ValueError(
                f"There is no choice {choice!r}. There are: {', '.join(sorted(answers.CHOICES))}."
            )
        found = self._connection(connection)

        def step(conn: sqlite3.Connection, pair: int, now: int) -> list[int]:
            return people.resolve(conn, found.name, pair, choice, row=row, value=value, who=who, now_ms=now)

        return await self._each(found, select, step)

    async def link(self, connection: str, pair: int, to: str, who: str) -> Mapping[str, Any]:
        found = self._connection(connection)
        return await self._each(
            found, {"pairs": [pair]}, lambda c, one, now: people.link(c, found.name, one, to, who, now)
        )

    async def unlink(self, connection: str, select: Mapping[str, Any], who: str) -> Mapping[str, Any]:
        found = self._connection(connection)
        return await self._each(
            found, select, lambda c, pair, now: people.unlink(c, found.name, pair, who, now)
        )

    async def exclude(self, connection: str, select: Mapping[str, Any], who: str) -> Mapping[str, Any]:
        found = self._connection(connection)
        return await self._each(
            found, select, lambda c, pair, now: people.exclude(c, found.name, pair, who, now)
        )

    async def approve(self, connection: str, what: str, entity: str, who: str) -> Mapping[str, Any]:
        """`brake`: what the mass-change brake holds may go. `deletes`: a deletion that is asked for is
        carried out as far as Visma.net can (an order is deleted, a customer or contact becomes inactive)."""
        found = self._connection(connection)
        known_entity(entity)
        if what == "brake":
            return await self._approve_brake(found, entity, who)
        if what != "deletes":
            raise ValueError(f"{what!r} cannot be approved. There are: brake, deletes.")
        waiting = await found.store.read(lambda c: inbox.waiting(c, found.name, entity=entity))
        asked = {pair: DELETES[of] for pair, of, _ in waiting if of in DELETES}

        def step(conn: sqlite3.Connection, pair: int, now: int) -> list[int]:
            wish = inbox.asked(conn, found.name, pair, now)
            if wish is None or not answers.deletion_asked(wish):
                return []
            return people.resolve(conn, found.name, pair, asked[pair], who=who, now_ms=now)

        return await self._each(found, {"pairs": list(asked)}, step)

    async def _approve_brake(self, found: Connection, entity: str, who: str) -> Mapping[str, Any]:
        now = found.clock.now_ms()
        entities = [Entity(entity)] if entity else list(Entity)
        waiting = await found.store.read(lambda c: inbox.waiting(c, found.name, entity=entity, cause="gate"))

        def body(conn: sqlite3.Connection) -> int:
            return sum(
                brake.approve(conn, found.name, one, side, who, now) for one in entities for side in Side
            )

        released = await found.store.tx(body)
        pairs = [pair for pair, _, _ in waiting] if released else []
        self._wake(found, pairs)
        return {**_answer(found, pairs), "changed": released}

    async def pause(
        self, connection: str, entity: str, system: str, pairs: Sequence[int], who: str
    ) -> Mapping[str, Any]:
        """No writes: of single pairs, of an entity, into a system, or (all empty) of the whole connection."""
        found = self._connection(connection)
        side = known_system(system)
        known_entity(entity)
        if pairs:
            return await self._each(
                found, {"pairs": pairs}, lambda c, pair, now: people.pause(c, found.name, pair, who, now)
            )
        now = found.clock.now_ms()
        began = await found.store.tx(lambda c: meta.pause(c, found.name, entity, side, who, now))
        found.log("paused", connection=found.name, entity=entity or "all", system=side or "both")
        return {**_answer(found, []), "changed": int(began)}

    async def resume(
        self, connection: str, entity: str, system: str, pairs: Sequence[int], who: str
    ) -> Mapping[str, Any]:
        """Goes on. What was planned during the pause is planned again, on what both sides hold by now."""
        found = self._connection(connection)
        side, name = known_system(system), found.name
        known_entity(entity)
        if pairs:
            return await self._each(
                found, {"pairs": pairs}, lambda c, pair, now: people.resume(c, name, pair, who, now)
            )
        now = found.clock.now_ms()
        up_to = await found.store.read(lambda c: outbox.newest(c, name))
        before = await found.store.read(lambda c: meta.pauses(c, name))
        decided = await self._released(found, entity, side, up_to, now) if before else []
        ended = await found.store.tx(lambda c: meta.resume(c, name, entity, side, who, now))
        self._wake(found, decided)
        found.log("resumed", connection=name, entity=entity or "all", system=side or "both")
        return {**_answer(found, decided), "changed": len(ended)}

    async def _released(self, found: Connection, entity: str, side: str, up_to: int, now: int) -> list[int]:
        """The pairs whose held op was dropped, so that they are decided again; before the pause ends."""
        pairs: list[int] = []
        while True:
            part = await found.store.tx(
                lambda c: outbox.release(c, found.name, entity, side, up_to, now, CHUNK)
            )
            pairs += part
            if len(part) < CHUNK:
                return pairs

    async def retry(
        self, connection: str, op: int, cause: str, pairs: Sequence[int], who: str
    ) -> Mapping[str, Any]:
        """Parked ops are sent again, parked pairs decided again: one op, some pairs, those of a cause, or
        all."""
        found = self._connection(connection)
        name = found.name
        if op:
            held = await found.store.read(lambda c: outbox.by_id(c, name, op))
            pairs = [held.pair] if held is not None and held.state == "parked" else []
        select: Mapping[str, Any] = {"pairs": pairs} if pairs or op else {"cause": cause}
        if not (pairs or op or cause):
            select = {"all": True}
        answer = await self._each(found, select, lambda c, pair, now: people.retry(c, name, pair, who, now))
        for wake in found.write_wakes.values():
            wake.set()
        found.log("retried", connection=name, count=answer["changed"])
        return {**answer, "retried": answer["changed"]}

    async def _selected(self, found: Connection, select: Mapping[str, Any]) -> list[int]:
        if "pairs" in select:
            ids = [int(pair) for pair in select["pairs"]]
            return await found.store.read(lambda c: inbox.known(c, found.name, ids))
        if select.get("all") is True:
            cause, entity = "", ""
        elif select.get("cause"):
            cause, entity = str(select["cause"]), str(select.get("entity", ""))
        else:
            raise ValueError('Say which records: {"pairs": [...]}, {"cause": "..."} or {"all": true}.')
        known_entity(entity)
        waiting = await found.store.read(lambda c: inbox.waiting(c, found.name, cause=cause, entity=entity))
        return [pair for pair, _, _ in waiting]

    async def _each(self, found: Connection, select: Mapping[str, Any], step: Step) -> Mapping[str, Any]:
        chosen = await self._selected(found, select)
        changed: list[int] = []
        touched: list[int] = []
        problems: dict[str, None] = {}
        for start in range(0, len(chosen), CHUNK):
            part, now = chosen[start : start + CHUNK], found.clock.now_ms()

            def body(
                conn: sqlite3.Connection, part: Sequence[int] = tuple(part), now: int = now
            ) -> tuple[list[int], list[int], list[str]]:
                return _steps(conn, part, now, step)

            done, woken, refused = await found.store.tx(body)
            changed += done
            touched += woken
            problems.update(dict.fromkeys(refused))
        if problems and len(chosen) == 1:
            raise ValueError(next(iter(problems)))
        self._wake(found, touched)
        return {**_answer(found, changed), "problems": list(problems)[:PROBLEMS]}

    def _wake(self, found: Connection, pairs: Sequence[int]) -> None:
        """A hint: the router also looks by itself."""
        for pair in dict.fromkeys(pairs):
            if not found.route.offer(pair, Lane.INTERACTIVE):
                return


def _steps(
    conn: sqlite3.Connection, part: Sequence[int], now: int, step: Step
) -> tuple[list[int], list[int], list[str]]:
    """Pairs changed, pairs to decide again, and why others were left."""
    changed: list[int] = []
    woken: list[int] = []
    refused: list[str] = []
    for pair in part:
        try:
            touched = step(conn, pair, now)
        except Unfit as problem:
            refused.append(str(problem))
            continue
        if touched:
            changed.append(pair)
            woken += touched
    return changed, woken, refused


def _group(cause: str, count: int, records: list[dict[str, Any]], language: str) -> dict[str, Any]:
    told = [_told(record, language) for record in records]
    braked = {
        name: text for name, text in (records[0]["detail"] if records else {}).items() if name == "brake"
    }
    choices = {
        one.choice: one
        for record in records
        for one in reasons.choices(cause, str(record["entity"]), language, record["detail"])
    }
    return {
        "cause": cause,
        "title": reasons.title(cause, language, braked),
        "remedy": reasons.remedy(cause, braked, language),
        "count": count,
        "choices": [{"choice": one.choice, "label": one.label} for one in choices.values()],
        "records": told,
    }


def _told(record: dict[str, Any], language: str) -> dict[str, Any]:
    detail = record["detail"]
    return {
        **record,
        "sentence": reasons.sentence(record["reason"], detail, language),
        "remedy": reasons.remedy(record["reason"], detail, language),
    }


def _answer(found: Connection, pairs: Sequence[int]) -> dict[str, Any]:
    return {"connection": found.name, "changed": len(pairs), "pairs": list(pairs)[:NAMED]}


def known_entity(entity: str) -> None:
    if entity and entity not in tuple(Entity):
        raise ValueError(f"There is no entity {entity!r}. There are: {', '.join(Entity)}.")


def known_system(system: str) -> str:
    """The side's word; `""` for both."""
    if system not in SYSTEMS:
        raise ValueError(f"There is no system {system!r}. There are: webcrm, visma.")
    return SYSTEMS[system]
