"""THE table: system x method x status -> fault (reliability §5.1; webcrm-api §3; visma-api §7.2).

Everything above matches on the classes of `streamsync.errors` and never on a status. What is quoted from a
reply is redacted: error codes and the words of the message stay, anything that could be a record's value is
masked (security D3).
"""

import re
from typing import Any

import msgspec

from streamsync.errors import Bug, Conflict, Refused, Rejected, SystemFault, Throttled, Unauthorized, Unknown
from streamsync.systems.retry_after import retry_after
from streamsync.systems.transport import Reply

EXCERPT_MAX = 200
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\S+@\S+|\+?\d[\d\s-]{5,}\d|<[^>]*>")
_MESSAGE_KEYS = (
    "message",
    "exceptionmessage",
    "detail",
    "title",
    "errordescription",
    "error",
    "error_description",
)
CREATING = ("POST", "PATCH")  # PATCH: a bulk write of webCRM can hold creates too


def fault(system: str, method: str, reply: Reply) -> SystemFault | None:
    """None for 2xx."""
    status = reply.status
    if 200 <= status < 300:
        return None
    known = _json(reply.body)
    excerpt = redact(_message(known, reply.body))
    code = _code(known) or str(status)
    match status:
        case 429:
            seconds = retry_after(reply.headers, reply.body)
            return Throttled(
                f"{system} limits the rate; again in {seconds:.0f} s.",
                retry_after_seconds=seconds,
                excerpt=excerpt,
            )
        case 401 if method in CREATING:
            # A spurious 401 under load may come after the work was done (reliability §7).
            return Unknown(
                f"{system} answered 401 to a write that may have been carried out.",
                code="401",
                excerpt=excerpt,
            )
        case 401 | 403:
            return Unauthorized(
                f"{system} refused the token ({status}): look at its rights and scopes.",
                code=str(status),
                excerpt=excerpt,
            )
        case 409 | 412:
            return Conflict(
                f"The record in {system} was changed meanwhile.", code=str(status), excerpt=excerpt
            )
        case 428 | 415:
            return Bug(
                f"{system} answered {status}: the request lacked what the specification demands.",
                code=str(status),
                excerpt=excerpt,
            )
        case 503 if "retry-after" in reply.headers:
            return Refused(f"{system} is not available.", code="503", excerpt=excerpt)
        case _ if status >= 500:
            return Unknown(f"{system} failed ({status}).", code=str(status), excerpt=excerpt)
        case _ if 300 <= status < 400:
            return Bug(
                f"{system} pointed elsewhere ({status}); redirects are not followed.", code=str(status)
            )
        case _:
            return Rejected(f"{system} refused the request ({code}): {excerpt}", code=code, excerpt=excerpt)


def redact(text: str) -> str:
    """The words of a message without anything that could be a value: quoted texts, addresses, long numbers,
    markup."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return _VALUES.sub("…", clean)[:EXCERPT_MAX].strip()


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _message(known: Any, body: bytes) -> str:
    if isinstance(known, str):
        return known
    if not isinstance(known, dict):
        return body[:2000].decode("utf-8", "replace")
    lower = {str(key).lower(): value for key, value in known.items()}
    texts = [str(lower[key]) for key in _MESSAGE_KEYS if isinstance(lower.get(key), str) and lower[key]]
    details = lower.get("details")
    if isinstance(details, list):
        texts += [str(one.get("message", "")) for one in details if isinstance(one, dict)]
    return "; ".join(texts)


def _code(known: Any) -> str:
    """The system's own code: v3 `details[].code`, finance `ExceptionFaultCode`."""
    if not isinstance(known, dict):
        return ""
    details = known.get("details")
    if isinstance(details, list):
        for one in details:
            if isinstance(one, dict) and isinstance(one.get("code"), str):
                return str(one["code"])[:60]
    found = known.get("ExceptionFaultCode") or known.get("FaultCode")
    return str(found)[:20] if found else ""
