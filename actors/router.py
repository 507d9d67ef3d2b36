"""The change stream: dirty pairs in, one mailbox per entity out.

Pollers, writers and commands name pairs in `Connection.route`; this actor sorts them to the mappers. It also
scans the dirty marks on a timer, because a mailbox is only memory: after a crash, or when a decision is due
later, the store knows.
"""

import sqlite3
from functools import partial

from actors.connection import Connection
from streamsync.kernel.actor import Pulse
from streamsync.model import Entity, Lane
from streamsync.store import pairs
from streamsync.store.idle import Idle

SCAN_SECONDS = 1.0
SCAN_LIMIT = 500
# Parents first: a person waits for its organisation, a delivery for its items (design §6 rule 5).
ORDER = (Entity.ORGANISATION, Entity.ITEM, Entity.PERSON, Entity.DELIVERY, Entity.INVOICE)


class Router:
    def __init__(self, connection: Connection) -> None:
        self.name = f"router:{connection.name}"
        self.pulse = Pulse(deadline_seconds=120)
        self._connection = connection
        self._idle = Idle(connection.store)

    def __repr__(self) -> str:
        return f"<Router {self._connection.route!r}>"

    async def run(self) -> None:
        connection = self._connection
        await connection.opened.wait()
        scanned = connection.clock.monotonic()
        while True:
            self.pulse.beat()
            named = await connection.route.get_many(SCAN_LIMIT, SCAN_SECONDS)
            if named:
                for pair, entity, lane in await connection.store.read(partial(pairs.entities, pairs=named)):
                    await connection.map[entity].put(pair, lane)
            if not named or connection.clock.monotonic() - scanned >= SCAN_SECONDS:
                scanned = connection.clock.monotonic()
                await self._scan()

    async def _scan(self) -> None:
        """One read for all entities; each gets at most what its mailbox has room for."""
        connection = self._connection
        now = connection.clock.now_ms()
        rooms = {entity: min(connection.map[entity].room, SCAN_LIMIT) for entity in ORDER}

        def dirty(conn: sqlite3.Connection) -> tuple[list[tuple[Entity, int, Lane]], int | None]:
            found = [
                (entity, pair, lane)
                for entity, room in rooms.items()
                if room > 0
                for pair, lane in pairs.dirty_pairs(
                    conn, connection=connection.name, entity=entity, limit=room, now_ms=now
                )
            ]
            whole = not found and all(rooms.values())
            return found, pairs.next_due_ms(conn, connection.name) if whole else 0

        for entity, pair, lane in await self._idle.look(now, dirty):
            await connection.map[entity].put(pair, lane)
