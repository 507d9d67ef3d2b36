"""The two stand-ins as the people and the judge know them: rows and acts over `/_sim/`. A refused act is a
ValueError."""

from typing import Any

import msgspec

from tests.process.stand_ins import StandIn, ask

Row = dict[str, Any]


class Crm:
    def __init__(self, stand_in: StandIn) -> None:
        self._origin = stand_in.origin

    def rows(self, kind: str) -> list[Row]:
        """All records of a kind, each with every member."""
        found = control(self._origin, "GET", f"state?part={kind}&part=defaults")
        return [{**found["defaults"][kind], **row} for row in found[kind]]

    def act(self, name: str, **arguments: object) -> Any:
        return control(self._origin, "POST", "act", {"act": name, **arguments})["result"]


class Erp:
    def __init__(self, stand_in: StandIn) -> None:
        self._origin = stand_in.origin

    def rows(self, table: str) -> list[Row]:
        """One of `customers contacts items orders documents`, with the DTO's members under `fields`."""
        found: list[Row] = control(self._origin, "GET", f"state?part={table}")[table]
        return found

    def act(self, name: str, **arguments: object) -> Any:
        return control(self._origin, "POST", "act", {"act": name, **arguments})["result"]


def control(origin: str, method: str, what: str, body: object = None) -> Any:
    status, answer = ask(origin, method, f"/_sim/{what}", body)
    found = msgspec.json.decode(answer)
    if status != 200:
        raise ValueError(found["error"])
    return found
