"""The unknown time zone of the finance host's stamps, measured (visma-api §3.5, §6.1 rule 7).

Exact where a row shows the version that our own write was answered with: its stamp was made at that answer's
`Date`. Until then a lower bound: no row can have been changed after the moment it was read. Whole quarters of
an hour.
"""

from streamsync.systems.visma import canonical

NOTICEABLE_MS = canonical.QUARTER_MS // 2
FURTHEST_MS = 14 * 3_600_000 + NOTICEABLE_MS
REMEMBERED = 256


class Zone:
    def __init__(self) -> None:
        self.offset_ms = 0
        self.measured = False
        self._written: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<Zone {self.offset_ms / 3_600_000:+.2f} h{'' if self.measured else ', not measured'}>"

    def wrote(self, version: str, server_ms: int) -> None:
        """Our write was answered with this version at this `Date`."""
        if version and server_ms:
            self._written[version] = server_ms
            while len(self._written) > REMEMBERED:
                del self._written[next(iter(self._written))]

    def seen(self, stamp: str | None, version: str, server_ms: int) -> None:
        """A row with this stamp and version was read at this `Date`."""
        if not stamp:
            return
        ours = self._written.pop(version, 0)
        if ours:
            if abs(canonical.clock_ms(stamp) - ours) <= FURTHEST_MS:
                self.offset_ms, self.measured = canonical.zone_ms(stamp, ours), True
        elif server_ms:
            ahead = canonical.clock_ms(stamp) - server_ms
            if self.offset_ms + NOTICEABLE_MS < ahead <= FURTHEST_MS:
                self.offset_ms = canonical.zone_ms(stamp, server_ms)

    def clock_at(self, server_ms: int) -> int:
        """What the server's naive clock shows at a `Date`, as far as known."""
        return server_ms + self.offset_ms
