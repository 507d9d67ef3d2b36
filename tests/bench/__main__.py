"""Run all benchmarks and print one table: what was done, how fast, the floor, and the ratio (1.0 = as fast as
the floor).

A floor is the least that any implementation must do with the same data on this machine: so the ratio travels
between machines, the absolute figures do not.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web

from streamsync.clock import SystemClock
from streamsync.kernel.limiter import Limiter
from streamsync.model import Kind, Lane, Observation, Record, Side
from streamsync.store import observations
from streamsync.store.db import Store
from streamsync.sync import rules_file
from streamsync.sync.identity import observe
from tests.simulation import scene as stage
from tests.simulation.memhttp import MemoryConnector
from tests.simulation.vloop import run

ROUNDS = 5


class Result(msgspec.Struct, frozen=True):
    name: str
    count: int
    seconds: float
    floor: str
    floor_seconds: float

    def line(self) -> str:
        rate, floor = self.count / self.seconds, self.count / self.floor_seconds
        return (
            f"{self.name:<44}{rate:>12,.0f}/s   {self.floor:<34}{floor:>12,.0f}/s"
            f"   {self.seconds / self.floor_seconds:>8.1f}"
        )


def best(work: Callable[[], float]) -> float:
    """The least of a few rounds: what the code costs, without what the machine does besides."""
    return min(work() for _ in range(ROUNDS))


def organisations(count: int) -> list[Record]:
    return [
        Record(
            side=Side.CRM,
            kind=Kind.ORGANISATION,
            rid=str(number),
            updated_ms=number,
            fields={
                "OrganisationName": f"Kunde {number} A/S",
                "OrganisationAddress": f"Vej {number}\r\n2. sal",
                "OrganisationPostCode": "8000",
                "OrganisationCity": "Aarhus C",
                "OrganisationTelephone": f"20{number:06}",
                "OrganisationType": "Kunde",
                "OrganisationExtraCustom1": f"{number:08}",
            },
        )
        for number in range(1, count + 1)
    ]


def observing(count: int = 5_000, page: int = 500) -> Result:
    """Pages of new records into the store on disk, against the same bytes inserted into one table."""
    rules = rules_file.parse(stage.RULES, "bench")
    seen = [observe(record, rules) for record in organisations(count)]

    async def ours(path: Path) -> float:
        store = await Store.open(path, clock=SystemClock())
        started = time.perf_counter()
        for at in range(0, count, page):
            part = seen[at : at + page]
            await store.tx(lambda c, part=part: put(c, part))  # type: ignore[misc]  # bound as a default
        spent = time.perf_counter() - started
        await store.close()
        return spent

    def put(conn: sqlite3.Connection, part: list[Observation]) -> object:
        return observations.observe_many(conn, "kunde", part, read_at_ms=1, lane=Lane.BACKFILL, now_ms=1)

    def floor(path: Path) -> float:
        conn = sqlite3.connect(path, isolation_level=None)
        conn.execute("PRAGMA journal_mode=WAL").fetchall()
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("CREATE TABLE record(rid TEXT PRIMARY KEY, body BLOB)")
        started = time.perf_counter()
        for at in range(0, count, page):
            conn.execute("BEGIN IMMEDIATE")
            rows = [(one.record.rid, msgspec.json.encode(one.record)) for one in seen[at : at + page]]
            conn.executemany("INSERT INTO record VALUES(?,?)", rows)
            conn.execute("COMMIT")
        spent = time.perf_counter() - started
        conn.close()
        return spent

    def in_folder(work: Callable[[Path], float]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return work(Path(folder) / "bench" / "b.db") if work is not floor else work(Path(folder) / "f.db")

    return Result(
        "records observed (store on disk)",
        count,
        best(lambda: in_folder(lambda path: asyncio.run(ours(path)))),
        "rows inserted into one table",
        best(lambda: in_folder(floor)),
    )


def passing_the_limiter(count: int = 2_000) -> Result:
    """Turns taken at an unlimited limiter, against the same number of bare switches of the loop."""

    async def ours() -> float:
        limiter = Limiter(SystemClock(), per_minute=1e9, burst=count, concurrency=4)
        started = time.perf_counter()
        for _ in range(count):
            async with limiter.slot(Lane.LIVE):
                await asyncio.sleep(0)
        return time.perf_counter() - started

    async def floor() -> float:
        started = time.perf_counter()
        for _ in range(count):
            await asyncio.sleep(0)
        return time.perf_counter() - started

    return Result(
        "turns at the limiter",
        count,
        best(lambda: asyncio.run(ours())),
        "switches of the loop",
        best(lambda: asyncio.run(floor())),
    )


def syncing(count: int = 200) -> Result:
    """New organisations through the whole daemon into the ERP and back, against bare HTTP of the same number
    of calls."""
    calls = 0

    async def story(scene: stage.Scene) -> None:
        nonlocal calls
        template = {
            "OrganisationType": "Kunde",
            "OrganisationPostCode": "8000",
            "OrganisationCity": "Aarhus C",
        }
        rows = [{**template, "OrganisationName": f"Nordlys {number} ApS"} for number in range(count)]
        scene.crm.load("organisation", rows)
        await scene.start()
        await scene.settle(at_most=36_000)
        linked = [row for row in scene.crm.rows("organisation") if row["OrganisationExtraCustom8"]]
        if len(linked) < count:
            raise AssertionError(f"only {len(linked)} of {count} organisations were linked")
        calls = scene.crm_calls() + scene.erp_calls()

    def ours() -> float:
        started = time.perf_counter()
        stage.play(story, started=False)
        return time.perf_counter() - started

    def floor() -> float:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            await request.read()
            return web.json_response({"ok": True})

        async def bare() -> None:
            server = web.Server(answer)
            connector = MemoryConnector({"127.0.0.1:7001": server}, lambda: 0.01)
            async with aiohttp.ClientSession(connector=connector) as session:
                for _ in range(calls):
                    async with session.post("http://127.0.0.1:7001/", data=b"{}") as reply:
                        await reply.read()
            await server.shutdown()

        started = time.perf_counter()
        run(bare, 1)
        return time.perf_counter() - started

    spent = min(ours() for _ in range(2))
    return Result(
        "organisations synced, end to end", count, spent, f"the {calls} HTTP calls alone", best(floor)
    )


def main() -> None:
    print(f"{'what':<44}{'ours':>14}   {'floor':<34}{'':>14}   {'ratio':>8}")
    for bench in (observing, passing_the_limiter, syncing):
        print(bench().line(), flush=True)


if __name__ == "__main__":
    main()
