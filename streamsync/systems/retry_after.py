"""How long a server asks to be left alone, in whichever form it says so (webcrm-api §3, visma-api §7.1)."""

from collections.abc import Mapping

import msgspec

SECONDS_DEFAULT = 30.0
SECONDS_MIN = 0.05
SECONDS_MAX = 3600.0


def retry_after(headers: Mapping[str, str], body: bytes) -> float:
    """Seconds from JSON `RetryAfterSeconds`, else `Retry-After`, else `X-RateLimit-Reset`; 30 if none says
    anything."""
    for said in (_in_body(body), headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")):
        try:
            seconds = float(said)
        except ValueError:
            continue
        if seconds >= 0:
            return min(max(seconds, SECONDS_MIN), SECONDS_MAX)
    return SECONDS_DEFAULT


def _in_body(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return ""
    said = found.get("RetryAfterSeconds", "") if isinstance(found, dict) else ""
    return str(min(said, SECONDS_MAX) if isinstance(said, int) else said)  # an int may be too long for a text
