"""The hourly quota of one host: a fixed window per company and client, told in headers (visma-api §7.1)."""

import math

_HOUR_MS = 3_600_000
POLICY = "4-fixed-window"


class Quota:
    """Counts requests by client; a window begins with its first request."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, int]] = {}  # client -> (start, used)

    def take(self, client: str, limit: int, now_ms: int) -> tuple[bool, dict[str, str], int]:
        """Whether the request may pass, the headers of its answer, and the seconds until the window ends."""
        start, used = self._windows.get(client, (now_ms, 0))
        if now_ms - start >= _HOUR_MS or now_ms < start:
            start, used = now_ms, 0
        passes = used < limit
        used += passes
        self._windows[client] = (start, used)
        seconds = max(1, math.ceil((start + _HOUR_MS - now_ms) / 1000))
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - used),
            "X-RateLimit-Reset": str(seconds),
            "X-RateLimit-Policy": POLICY,
        }
        return passes, headers, seconds
