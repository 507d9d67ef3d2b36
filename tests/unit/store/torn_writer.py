"""A process that commits without end, for `test_torn.py` to stop and copy.

    python torn_writer.py FILE AUTOCHECKPOINT

Commit n puts `n` into two tables; the number is printed once it is durable. The tables are in the file
itself: the log holds nothing but this life.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from streamsync.clock import SystemClock
from streamsync.store.db import Store


def step(number: int) -> Callable[[sqlite3.Connection], None]:
    def fn(conn: sqlite3.Connection) -> None:
        row = ("torn", f"{number:06}", "y" * (number * 37 % 3000))
        conn.execute("INSERT INTO meta(connection, key, value) VALUES(?,?,?)", row)
        conn.execute("INSERT INTO cursor(connection, side, feed, position) VALUES(?,'crm',?,?)", row)

    return fn


async def main(path: Path, autocheckpoint: int) -> None:
    await (await Store.open(path, clock=SystemClock())).close()
    store = await Store.open(path, clock=SystemClock())
    await store._link.run(lambda c: c.execute(f"PRAGMA wal_autocheckpoint={autocheckpoint}").fetchall())
    number = 0
    while True:
        number += 1
        await store.tx(step(number))
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
