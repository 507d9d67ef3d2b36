"""What a lying stand-in answers: 2xx and nothing done, another record than the one asked for, a 404 for what
is there, a list with gaps, an old view.

Owned by the face, which asks `told` where the plan has a lie for a request. The stand-in gives what a lie is
made of (`Lying`): a copy of itself that shares only the logins, the keys of its living records, and a request
without its filter. A stand-in that offers none of it tells the truth.
"""

import json
from typing import Any, Protocol, runtime_checkable

import msgspec

from streamsync.simulators.faults import Fault, Sort
from streamsync.simulators.http import Request, Response, StandIn, decode_json, encode_json, json_response

READS = ("GET", "HEAD")


@runtime_checkable
class Lying(Protocol):
    """A stand-in that can be made to lie."""

    def twin(self) -> StandIn:
        """A copy: what is done to it is not done. Logins and limits are shared."""
        ...

    def keys(self, request: Request) -> tuple[str, list[str]]:
        """The key in the request's address ("" if it names none), and those of all records it could name."""
        ...

    def widened(self, request: Request) -> Request:
        """A list without what narrows it."""
        ...

    def refusal(self, status: int, retry_after_seconds: float) -> Response: ...


class Liar:
    """One per face. Keeps the old view for as long as the process lives, so that it is the same for ever."""

    def __init__(self, stand_in: StandIn) -> None:
        self._honest = stand_in
        self._old: StandIn | None = None

    def told(self, request: Request, fault: Fault, now_ms: int) -> Response:
        """The lie; where the request is none that it fits, the truth."""
        world = self._honest
        if not isinstance(world, Lying):
            return world.handle(request, now_ms)
        reading = request.method in READS
        match fault.sort:
            case Sort.NOT_FOUND_LIE:
                return world.refusal(404, 0)
            case Sort.NOTHING_DONE if not reading:
                return world.twin().handle(request, now_ms)
            case Sort.STALE if reading:
                self._old = self._old or world.twin()
                return self._old.handle(request, now_ms)
            case Sort.LIST_LIES if reading:
                return _without(world.handle(request, now_ms), fault.record)
            case Sort.OTHER_ID:
                return self._other(world, request, fault.record, now_ms)
        return self._honest.handle(request, now_ms)

    def _other(self, world: Lying, request: Request, chosen: str, now_ms: int) -> Response:
        key, before = world.keys(request)
        others = [one for one in before if one != key]
        other = chosen or (others[0] if others else "")
        if request.method not in READS:
            return _named(self._honest.handle(request, now_ms), other)
        if key:
            return self._honest.handle(_readdressed(request, key, other or key), now_ms)
        answer = self._honest.handle(request, now_ms)
        content, rows = rows_of(answer)
        if rows is None:
            return answer
        _, all_rows = rows_of(self._honest.handle(world.widened(request), now_ms))
        strangers = [row for row in all_rows or () if row not in rows and (not chosen or _is(row, chosen))]
        rows[:] = strangers[:1]
        return Response(answer.status, answer.headers, encode_json(content))


def rows_of(answer: Response) -> tuple[Any, list[Any] | None]:
    """The content of an answer and the list of rows in it, to be changed in place; None: there is no list."""
    if answer.status != 200 or not answer.body:
        return None, None
    try:
        content: Any = decode_json(answer.body)
    except (ValueError, json.JSONDecodeError):
        return None, None
    rows = content.get("value", content.get("records")) if isinstance(content, dict) else content
    return content, rows if isinstance(rows, list) else None


def _without(answer: Response, record: str) -> Response:
    content, rows = rows_of(answer)
    if rows is None:
        return answer
    rows[:] = [row for row in rows if record and not _is(row, record)]
    return Response(answer.status, answer.headers, encode_json(content))


def _is(row: Any, key: str) -> bool:
    """Whether a row is the one of this key: one of its own ids or numbers says so."""
    names = ("id", "number", "nbr")
    return isinstance(row, dict) and any(
        str(value) == key for name, value in row.items() if name.lower().endswith(names)
    )


def _readdressed(request: Request, key: str, other: str) -> Request:
    def moved(path: str) -> str:
        parts = path.split("/")
        return "/".join(other if part == key else part for part in parts)

    return msgspec.structs.replace(request, path=moved(request.path), raw_path=moved(request.raw_path))


def _named(answer: Response, other: str) -> Response:
    """The answer to a write with another record's key in place of its own, in the body and in `Location`."""
    if answer.status >= 300 or not other:
        return answer
    headers = dict(answer.headers)
    if "Location" in headers:
        headers["Location"] = f"{headers['Location'].rpartition('/')[0]}/{other}"
    if not answer.body:
        return Response(answer.status, headers, answer.body)
    return json_response(answer.status, _renamed(decode_json(answer.body), other), headers)


def _renamed(content: Any, other: str) -> Any:
    if isinstance(content, list):
        return [_renamed(one, other) for one in content]
    if isinstance(content, dict):
        return {name: _renamed(one, other) if name.endswith("Id") else one for name, one in content.items()}
    if isinstance(content, str) and content.isdigit():
        return other
    return int(other) if isinstance(content, int) and not isinstance(content, bool) else content
