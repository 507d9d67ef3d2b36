"""webCRM's hooks: what is subscribed, and the calls that are due (webcrm-api §7). Pure.

One event type per hook; a token sees only its own; no secret, no repeat. The payload is undocumented: the
best hint is the URL of the record, sent here as `{"itemResourceUrl": …}` or as bare text by setting.
"""

from typing import Any

from streamsync.simulators.http import Call, encode_json
from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.schema import ENTITIES
from streamsync.simulators.webcrm.settings import Refusal

EVENTS = ("Create", "Update", "Delete")
_OWNERS = ("All", "OrganisationOwner", "OrganisationOwner2")
FILTERS = {
    "organisation": ("All", "Owner", "Owner2"),
    "person": _OWNERS,
    "line": _OWNERS,
    "opportunity": ("Responsible", "Responsible2", *_OWNERS),
    "delivery": ("Responsible", "Responsible2", "Responsible3", *_OWNERS),
}
_MEMBERS: dict[str, type] = {"Filter": list, "EventType": str, "Id": int, "IsEnabled": bool, "TargetUrl": str}
_IGNORED = frozenset({"CreatedAt", "CreatedBy", "UpdatedAt", "UpdatedBy"})
_BASE = "https://api.webcrm.com"


class HookBook:
    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}  # id to HookDto with `kind` and `token` beside
        self.events: list[tuple[str, str, int]] = []
        self.next_id = 1

    def own(self, kind: str, token: str) -> list[dict[str, Any]]:
        return [shown(row) for row in self.rows.values() if row["kind"] == kind and row["token"] == token]

    def get(self, kind: str, token: str, number: int) -> dict[str, Any]:
        row = self.rows.get(number)
        if row is None or row["kind"] != kind or row["token"] != token:
            raise Refusal(404, f"There is no hook {number}.")
        return row

    def create(self, kind: str, token: str, body: object, by: str, now_ms: int) -> int:
        given = checked(kind, body)
        if given["Id"] != 0:
            raise Refusal(400, "Id must be 0 for a new hook.")
        number = self.next_id
        self.next_id += 1
        now = stamps.stamp(now_ms)
        authors = {"CreatedAt": now, "CreatedBy": by, "UpdatedAt": now, "UpdatedBy": by}
        self.rows[number] = {
            "EventType": "Create",
            **given,
            **authors,
            "Id": number,
            "kind": kind,
            "token": token,
        }
        return number

    def update(self, kind: str, token: str, number: int, body: object, by: str, now_ms: int) -> None:
        row = self.get(kind, token, number)
        given = checked(kind, body)
        if given["Id"] != number:
            raise Refusal(400, "The id of the body is not the id of the address.")
        row.update(given, UpdatedAt=stamps.stamp(now_ms), UpdatedBy=by)

    def delete(self, kind: str, token: str, number: int) -> None:
        self.get(kind, token, number)
        del self.rows[number]

    def notice(self, kind: str, event: str, number: int) -> None:
        """Something happened; remembered only if somebody may want to know."""
        if self.rows and kind in FILTERS:
            self.events.append((kind, event, number))

    def due(self, payload: str) -> list[Call]:
        """Takes the calls that are due."""
        calls: list[Call] = []
        for kind, event, number in self.events:
            url = f"{_BASE}/{ENTITIES[kind].path}/{number}"
            calls += [
                _call(row["TargetUrl"], url, payload)
                for row in self.rows.values()
                if row["kind"] == kind and row["EventType"] == event and row["IsEnabled"]
            ]
        self.events.clear()
        return calls


def _call(target: str, url: str, payload: str) -> Call:
    if payload == "text":
        return Call(url=target, headers={"Content-Type": "text/plain"}, body=url.encode())
    body = encode_json({"itemResourceUrl": url})
    return Call(url=target, headers={"Content-Type": "application/json"}, body=body)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """The HookDto of a row."""
    return {name: value for name, value in row.items() if name not in ("kind", "token")}


def checked(kind: str, body: object) -> dict[str, Any]:
    """The members of a HookDto. Raises Refusal."""
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be one hook object.")
    for name, value in body.items():
        if name not in _MEMBERS and name not in _IGNORED:
            raise Refusal(400, f"Could not find member '{name}' on object of type 'HookDto'.")
        wanted = _MEMBERS.get(name)
        if wanted is not None and (
            not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))
        ):
            raise Refusal(400, f"Error converting the value of '{name}'.")
    missing = [name for name in ("Filter", "Id", "IsEnabled", "TargetUrl") if name not in body]
    if missing:
        raise Refusal(400, f"The {missing[0]} field is required.")
    if not body["Filter"] or any(word not in FILTERS[kind] for word in body["Filter"]):
        raise Refusal(400, "The Filter is not allowed for this entity.")
    if body.get("EventType", "Create") not in EVENTS:
        raise Refusal(400, "The EventType must be Create, Update or Delete.")
    if not body["TargetUrl"].startswith(("http://", "https://")):
        raise Refusal(400, "The TargetUrl must be an absolute URL.")
    return {name: value for name, value in body.items() if name in _MEMBERS}
