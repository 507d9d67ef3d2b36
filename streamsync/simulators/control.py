"""The control side of a stand-in, `/_sim/…`: what tests and the demo use, never the daemon.

`POST act` {"act": name, …arguments}; `GET state` (`?part=organisations` for one part); `GET|POST|DELETE
faults` (POST: one rule, or `{"clock_offset_ms": n}`, `{"zone_offset_minutes": n}`); `GET|DELETE counts`;
`GET health`. Errors are 400 with `{"error": sentence}`. Meets no fault, no rate limit and no token; the
process listens on loopback only.
"""

from typing import TYPE_CHECKING

import msgspec

from streamsync.simulators.http import Request, Response, decode_json, json_response

if TYPE_CHECKING:
    from streamsync.simulators.face import Face

PREFIX = "/_sim/"


def answer(face: "Face", request: Request) -> Response:
    """One control request. Never raises."""
    what = request.path.removeprefix(PREFIX)
    try:
        match request.method, what:
            case "GET", "health":
                return json_response(200, {"name": face.stand_in.name, "now_ms": face.now_ms()})
            case "POST", "act":
                return _act(face, request)
            case "GET", "state":
                return _state(face, request)
            case "GET", "counts":
                return json_response(200, face.counts.as_json())
            case "DELETE", "counts":
                face.counts.clear()
                return json_response(200, face.counts.as_json())
            case "GET", "faults":
                return _faults(face)
            case "POST", "faults":
                return _add_fault(face, request)
            case "DELETE", "faults":
                face.faults.clear()
                return _faults(face)
            case _:
                return json_response(
                    404,
                    {"error": f"There is no control {request.method} {request.path}."},
                )
    except (ValueError, KeyError, TypeError) as problem:
        return json_response(400, {"error": str(problem)})


def _arguments(request: Request) -> dict[str, object]:
    content = decode_json(request.body or b"{}")
    if not isinstance(content, dict):
        raise TypeError("The body must be a JSON object.")
    return content


def _act(face: "Face", request: Request) -> Response:
    arguments = _arguments(request)
    name = arguments.pop("act", None)
    if not isinstance(name, str):
        raise TypeError('The body must name what to do: {"act": "edit", …}.')
    return json_response(200, {"result": face.stand_in.act(name, arguments, face.now_ms())})


def _state(face: "Face", request: Request) -> Response:
    state = face.stand_in.state()
    parts = request.query.get("part")
    if parts and isinstance(state, dict):
        return json_response(200, {part: state[part] for part in parts})
    return json_response(200, state)


def _faults(face: "Face") -> Response:
    plan = face.faults
    return json_response(
        200,
        {
            "rules": msgspec.to_builtins(plan.rules),
            "clock_offset_ms": plan.clock_offset_ms,
            "zone_offset_minutes": plan.zone_offset_minutes,
        },
    )


def _add_fault(face: "Face", request: Request) -> Response:
    settings = msgspec.json.decode(request.body)
    if not isinstance(settings, dict):
        raise TypeError("The body must be a JSON object.")
    for offset in ("clock_offset_ms", "zone_offset_minutes"):
        if offset in settings:
            setattr(face.faults, offset, int(settings.pop(offset)))
    if settings:
        face.faults.add(**settings)
    return _faults(face)
