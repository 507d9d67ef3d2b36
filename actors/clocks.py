"""How far the two servers' clocks are apart: what `newest` needs to compare their stamps (semantics §9).

Each answer of a list names the server's time (HTTP `Date`, whole seconds) and lies between the moments at
which we asked and heard. The offsets to our own clock are smoothed; the skew is the ERP's minus webCRM's, so
that our own clock does not matter. The poller notes every page, at no call of its own, and stores a skew that
has moved by more than a second.
"""

from streamsync.model import Side

WEIGHT = 0.2  # of a new sample: a single slow answer moves the mean by a fifth of its error
SLOWEST_MS = 4_000  # an answer that took longer says too little
JUMP_MS = 10_000  # so far off the mean a clock was set: believed at once
HALF_SECOND_MS = 500  # `Date` is cut to whole seconds
MOVED_MS = 1_000


class ServerClocks:
    def __init__(self) -> None:
        self._offsets: dict[Side, float] = {}
        self.stored_ms: int | None = None  # the skew as the store has it; None = not looked up yet

    def __repr__(self) -> str:
        return f"<ServerClocks {self._offsets}>"

    def note(self, side: Side, server_ms: int, asked_ms: int, heard_ms: int) -> None:
        """One answer: the server's time in it, and ours before and after."""
        if not server_ms or not 0 <= heard_ms - asked_ms <= SLOWEST_MS:
            return
        sample = server_ms + HALF_SECOND_MS - (asked_ms + heard_ms) / 2
        mean = self._offsets.get(side)
        if mean is None or abs(sample - mean) > JUMP_MS:
            self._offsets[side] = sample
        else:
            self._offsets[side] = mean + WEIGHT * (sample - mean)

    def offset_ms(self, side: Side) -> float | None:
        """The server's clock minus ours; None before the first answer."""
        return self._offsets.get(side)

    def moved(self) -> int | None:
        """The skew, where it is known and no longer the one that is stored."""
        crm, erp = self._offsets.get(Side.CRM), self._offsets.get(Side.ERP)
        if crm is None or erp is None:
            return None
        skew = round(erp - crm)
        return skew if abs(skew - (self.stored_ms or 0)) > MOVED_MS else None
