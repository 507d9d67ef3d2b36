"""THE table: system x method x status -> fault (reliability §5.1; webcrm-api §3; visma-api §7.2).

Everything above matches on the classes of `streamsync.errors` and never on a status. What is quoted from a
reply is redacted: error codes and the words of the message stay, anything that could be a record's value is
masked (security D3): what stands between quotes or braces, addresses, numbers, and every text that we sent.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from streamsync.errors import Bug, Conflict, Refused, Rejected, SystemFault, Throttled, Unauthorized, Unknown
from streamsync.systems.retry_after import retry_after
from streamsync.systems.transport import Reply

EXCERPT_MAX = 200
MESSAGE_MAX = 2_000
ECHO_MIN = 3  # a shorter text of ours says nothing, and masking it would leave no words
CODE_MAX = 10**9
CODE_ECHO_MIN = 8  # shorter texts occur in codes by chance
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")  # at an edge of a word: quotes something
_QUOTE = re.compile(r'"')
_VALUES = re.compile(
    r"(?<!\w)'.*?'(?!\w)|\"[^\"]*\"|[“„«‘][^”“»’]*[”“»’]|\{[^}]*\}?|<[^>]*>?|\S+@\S+|\+?\d[\d\s-]{5,}\d"
)
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


def fault(system: str, method: str, reply: Reply, hidden: Collection[str] = ()) -> SystemFault | None:
    """None for 2xx."""
    status = reply.status
    if 200 <= status < 300:
        return None
    known = _json(reply.body)
    excerpt = redact(_message(known, reply), hidden)
    code = _code(known, hidden) or str(status)
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


def redact(text: str, hidden: Collection[str] = ()) -> str:
    """The words of a message without anything that could be a value: quoted texts, addresses, long numbers,
    markup, and the texts of `hidden` (what the request held)."""
    clean = _printable(text[:MESSAGE_MAX])
    for value in sorted({_printable(value) for value in hidden}, key=len, reverse=True):
        if len(value) >= ECHO_MIN:
            clean = re.sub(re.escape(value), "…", clean, flags=re.IGNORECASE)
    for mark in (_QUOTE, _APOSTROPHE):
        found = [match.start() for match in mark.finditer(clean)]
        if len(found) % 2:  # one has no partner: nobody knows where the value ends
            clean = clean[: found[0]] + "…"
    return _VALUES.sub("…", clean)[:EXCERPT_MAX].strip()


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _message(known: Any, reply: Reply) -> str:
    """The members that hold words. Of an answer that is no JSON only a refusal in plain text counts: the page
    of a proxy and half a record hold nothing that helps."""
    if isinstance(known, str):
        return known
    if not isinstance(known, dict):
        text = reply.body[:MESSAGE_MAX].decode("utf-8", "replace").lstrip()
        return "" if known is not None or reply.status >= 500 or text.startswith(("<", "{", "[")) else text
    lower = {str(key).lower(): value for key, value in known.items()}
    texts = [str(lower[key]) for key in _MESSAGE_KEYS if isinstance(lower.get(key), str) and lower[key]]
    details = lower.get("details")
    if isinstance(details, list):
        texts += [str(one.get("message", "")) for one in details if isinstance(one, dict)]
    return "; ".join(texts)


def _code(known: Any, hidden: Collection[str]) -> str:
    """The system's own code: v3 `details[].code`, finance `ExceptionFaultCode`. What does not look like one,
    or holds something of ours, is none."""
    if not isinstance(known, dict):
        return ""
    details = known.get("details")
    rows = details if isinstance(details, list) else []
    told = [one["code"] for one in rows if isinstance(one, dict) and isinstance(one.get("code"), str)]
    found = told[0] if told else known.get("ExceptionFaultCode") or known.get("FaultCode") or ""
    code = str(found) if isinstance(found, str) or (isinstance(found, int) and abs(found) < CODE_MAX) else ""
    ours = code in hidden or any(len(text) >= CODE_ECHO_MIN and text in code for text in hidden)
    return code if _CODE.fullmatch(code) and not ours else ""


def texts_of(body: Any) -> frozenset[str]:
    """All texts of a body to be sent: where an answer echoes them they are not to be quoted (security D3)."""
    return frozenset(_texts(body))


def _texts(body: Any) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, list):
        for value in body:
            yield from _texts(value)
