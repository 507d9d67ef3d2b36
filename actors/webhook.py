"""Turns hints from the outside into wake-ups. A hint is never believed: it only makes a poll come sooner.

The web side puts `(connection, side, kind)` into one small coalescing mailbox; a flood of ten thousand posts
is one poll.
"""

from collections.abc import Mapping

from actors.connection import Connection
from streamsync.kernel.actor import Pulse
from streamsync.kernel.mailbox import Mailbox
from streamsync.model import Kind, Side

Hint = tuple[str, Side, Kind | None]


class Webhook:
    name = "webhook"

    def __init__(self, hints: Mailbox[Hint], connections: Mapping[str, Connection]) -> None:
        self.pulse = Pulse(deadline_seconds=300)
        self._hints = hints
        self._connections = connections

    def __repr__(self) -> str:
        return f"<Webhook {self._hints!r}>"

    async def run(self) -> None:
        while True:
            self.pulse.beat()
            for name, side, kind in await self._hints.get_many(64, 60.0):
                connection = self._connections.get(name)
                if connection is None:
                    continue
                for one in Kind if kind is None else (kind,):
                    connection.wake_poller(one, side)
