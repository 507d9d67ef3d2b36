"""The one seam to SQLite: `await store.tx(fn)` and `await store.read(fn)`, `fn(conn)` synchronous and short.

In production one thread owns the only connection, and a commit actor takes all waiting functions (up to 256)
into one `BEGIN IMMEDIATE … COMMIT`, each in its own savepoint: one that raises rolls back itself alone. `tx`
returns after the commit is on disk; while the disk is full it waits for room. A cancelled caller does not
stop its function once begun (reliability §7). With `inline=True` (virtual time) the same functions run on the
loop itself. No function may await, commit, or keep a cursor open.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import aiosqlite
import msgspec

from streamsync.clock import Clock
from streamsync.errors import StoreRefused
from streamsync.store import files, meta, outbox, schema

T = TypeVar("T")
Fn = Callable[[sqlite3.Connection], Any]
BATCH_MAX = 256
NO_ROOM_SECONDS = 1.0  # until the next attempt on a full disk
PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)
SYNCHRONOUS = {"FULL": "PRAGMA synchronous=FULL", "OFF": "PRAGMA synchronous=OFF"}


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    db_bytes: int
    wal_bytes: int
    commits: int
    functions: int  # run inside those commits
    failures: int  # functions that raised and were rolled back alone
    batch_max: int  # the most functions one commit has held
    waiting: int
    commit_seconds: float  # spent in commits altogether


class _Failed(msgspec.Struct, frozen=True):
    error: BaseException


def run_batch(conn: sqlite3.Connection, fns: Sequence[Fn]) -> list[Any]:
    """One transaction; per function its result or a `_Failed`. Raises only when the transaction as a whole
    failed."""
    results: list[Any] = []
    conn.execute("PRAGMA query_only=OFF")
    try:
        conn.execute("BEGIN IMMEDIATE")
        for fn in fns:
            conn.execute("SAVEPOINT one")
            try:
                results.append(fn(conn))
            except Exception as error:
                if files.no_room(error):  # nobody's fault: all of it again later
                    raise
                conn.execute("ROLLBACK TO one")
                results.append(_Failed(error))
            conn.execute("RELEASE one")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    finally:
        conn.execute("PRAGMA query_only=ON")  # between transactions nothing can write: reads cost no more
    return results


class _Inline:
    """The connection on the loop's own thread: deterministic, for virtual time."""

    def __init__(self, path: str) -> None:
        self._conn = sqlite3.connect(path, isolation_level=None, cached_statements=512)

    async def start(self) -> None:
        """Nothing to wait for."""

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        await asyncio.sleep(0)
        return fn(self._conn)

    async def close(self) -> None:
        self._conn.close()

    def drop(self) -> None:
        self._conn.close()


class _Threaded:
    """The connection in aiosqlite's thread. aiosqlite has no public call that runs a caller's function there,
    so this class, and nothing else, uses its private `_execute`; `tests/unit/store/test_db.py` holds the
    canary."""

    def __init__(self, path: str) -> None:
        self._db = aiosqlite.connect(path, isolation_level=None, cached_statements=512)

    async def start(self) -> None:
        await asyncio.shield(
            asyncio.ensure_future(self._connect())
        )  # cancelled half-way it would leak the connection

    async def _connect(self) -> None:
        await self._db

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        hop: Callable[..., Awaitable[T]] = self._db._execute
        return await hop(fn, self._db._conn)

    async def close(self) -> None:
        await self._db.close()

    def drop(self) -> None:
        self._db.stop()


class Store:
    """Open with `Store.open`; close with `close`. One per process and file."""

    def __init__(self, path: Path | None, clock: Clock, inline: bool, lock: files.Lock | None) -> None:
        where = ":memory:" if path is None else str(path)
        self.writable = True  # whether the last commit could be made: readiness rests on it
        self.clean = True  # whether the last life ended by `close`, or this store is new
        self.after_commit: Callable[[int], None] | None = (
            None  # called with the commit's number: crash points
        )
        self._path = path
        self._clock = clock
        self._inline = inline
        self._lock = lock
        self._link: _Inline | _Threaded = _Inline(where) if inline else _Threaded(where)
        self._queue: deque[tuple[Fn, asyncio.Future[Any]]] = deque()
        self._wake = asyncio.Event()
        self._actor: asyncio.Task[None] | None = None
        self._closed = False
        self._commits = self._functions = self._failures = self._batch_max = 0
        self._seconds = 0.0

    def __repr__(self) -> str:
        return f"<Store {self._path or ':memory:'}: {self._commits} commits, {len(self._queue)} waiting>"

    @classmethod
    async def open(
        cls,
        path: str | Path,
        *,
        clock: Clock,
        inline: bool = False,
        synchronous: Literal["FULL", "OFF"] = "FULL",
    ) -> "Store":
        """Lock, modes, pragmas, migration, restart recovery (reliability §5.3 steps 1 to 4). Raises
        `StoreRefused`."""
        file = None if str(path) == ":memory:" else Path(path)
        lock = None
        if file is not None:
            files.prepare(file)
            lock = files.Lock(file.with_name(file.name + ".lock"))
        try:
            store = cls(file, clock, inline, lock)
            await store._link.start()
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        try:
            store.clean = await store._link.run(
                lambda conn: _recover(conn, file, synchronous, clock.now_ms())
            )
        except BaseException as error:
            await store._link.close()
            store._release()
            if isinstance(error, sqlite3.DatabaseError):
                remedy = "Make room on its disk." if files.no_room(error) else "Restore a copy of it."
                raise StoreRefused(f"The state file {path} cannot be used: {error}. {remedy}") from error
            raise
        if not inline:
            store._actor = asyncio.create_task(store._commit_forever(), name="store")
        return store

    async def tx(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` in a transaction; returns its result once that is durable, or raises what it raised."""
        self._refuse_closed()
        if self._inline:
            [result] = await self._commit([fn])
        else:
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self._queue.append((fn, future))
            self._wake.set()
            result = await future
        if isinstance(result, _Failed):
            raise result.error
        return result  # type: ignore[no-any-return]  # the batch holds functions of many types

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` on committed data; a write in it is an error."""
        self._refuse_closed()
        return await self._link.run(fn)

    @property
    def commits(self) -> int:
        """How many this life has made: while it stands still only time can change what a look finds."""
        return self._commits

    async def checkpoint(self) -> bool:
        """Fold the write-ahead log into the file; False if an open cursor prevented it (an alarm)."""
        [busy] = await self._link.run(lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        return bool(busy[0] == 0)

    async def backup(self, target: Path) -> None:
        """A verified copy of the running store. Raises `StoreRefused`."""
        await self._link.run(lambda conn: files.copy_verified(conn, target))

    async def close(self, clean: bool = True) -> None:
        """Let everything waiting commit, fold the log, and say so in the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._actor is not None:
            self._wake.set()
            await asyncio.shield(self._actor)
        try:
            if clean and self.writable:
                await self._link.run(lambda conn: run_batch(conn, [meta.mark_clean]))
                await self.checkpoint()
        except sqlite3.OperationalError as error:
            if not files.no_room(error):
                raise
            self.writable = False  # the next start takes this end for a crash, which costs it little
        finally:
            await self._link.close()
            self._release()

    def kill(self) -> None:
        """Drop everything as a crash would: for the simulation and tests."""
        self._closed = True
        if self._actor is not None:
            self._actor.cancel()
        self._link.drop()
        self._release()

    def statistics(self) -> Statistics:
        path = self._path
        return Statistics(
            db_bytes=files.size(path) if path else 0,
            wal_bytes=files.size(path.with_name(path.name + "-wal")) if path else 0,
            commits=self._commits,
            functions=self._functions,
            failures=self._failures,
            batch_max=self._batch_max,
            waiting=len(self._queue),
            commit_seconds=self._seconds,
        )

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreRefused("The store is closed: the daemon is shutting down.")

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def _commit(self, fns: Sequence[Fn]) -> list[Any]:
        started = self._clock.monotonic()

        def work(conn: sqlite3.Connection) -> list[Any]:
            results = run_batch(conn, fns)
            if self.after_commit is not None:
                self.after_commit(self._commits + 1)
            return results

        results = await self._link.run(work)
        self._commits += 1
        self._functions += len(fns)
        self._failures += sum(isinstance(result, _Failed) for result in results)
        self._batch_max = max(self._batch_max, len(fns))
        self._seconds += self._clock.monotonic() - started
        return results

    async def _commit_forever(self) -> None:
        batch: list[tuple[Fn, asyncio.Future[Any]]] = []
        try:
            while self._queue or not self._closed:
                if not self._queue:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                batch = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
                batch = [(fn, future) for fn, future in batch if not future.done()]
                if batch:
                    await self._serve(batch)
                batch = []
        finally:
            for _, future in [*batch, *self._queue]:
                if not future.done():
                    future.set_exception(StoreRefused("The store stopped before this was written."))

    async def _serve(self, batch: list[tuple[Fn, asyncio.Future[Any]]]) -> None:
        try:
            results = await self._commit([fn for fn, _ in batch])
        except Exception as error:  # the transaction as a whole
            self.writable = False
            if files.no_room(error) and not self._closed:
                self._queue.extendleft(reversed(batch))
                await self._clock.sleep(NO_ROOM_SECONDS)
                return
            results = [_Failed(error)] * len(batch)  # a damaged file; everybody must know
        else:
            self.writable = True
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)


def _recover(conn: sqlite3.Connection, path: Path | None, synchronous: str, now_ms: int) -> bool:
    """Pragmas, migration and restart; True if the last life ended cleanly or the store is new."""
    conn.execute("PRAGMA journal_mode=WAL").fetchall()
    for pragma in (*PRAGMAS, SYNCHRONOUS[synchronous]):
        conn.execute(pragma).fetchall()

    def copy(version: int) -> None:
        if path is not None:
            files.copy_verified(conn, path.with_name(f"{path.name}.v{version}.backup"))

    fresh = schema.migrate(conn, copy)
    [clean] = run_batch(conn, [lambda c: _restart(c, fresh, now_ms)])
    if isinstance(clean, _Failed):
        raise clean.error
    return bool(clean)


def _restart(conn: sqlite3.Connection, fresh: bool, now_ms: int) -> bool:
    clean = meta.begin_life(conn, fresh)
    meta.put(conn, "", "recovered_ops", "0")
    recovered = outbox.restart(conn, now_ms)
    meta.put(conn, "", "recovered_ops", str(recovered.unknown))
    return clean
