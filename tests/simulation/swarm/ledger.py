"""What people did, and what the daemon wrote: the two histories that the invariants judge by.

Every text that a person types holds a token of its own (`q17z`), so that "did this edit arrive over there" is
a search. Written apart from the product: it knows nothing of pairs, bases or ops.
"""

import re
from collections import defaultdict

import msgspec

from streamsync.simulators.http import Request, Response

TOKEN = re.compile(r"q(\d+)z")


class Edit(msgspec.Struct, frozen=True):
    """One value that a person gave to one field of one record."""

    number: int
    at_ms: int
    side: str
    kind: str
    key: str  # the record, by its key on its own side
    field: str  # one of the ledger's own names: name, address, …
    value: str


class Ledger:
    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.story: list[str] = []
        self.arrived: dict[str, set[int]] = defaultdict(set)  # side written to -> tokens that it was sent
        self.writes: dict[str, int] = defaultdict(int)
        self._next = 0

    def token(self) -> str:
        self._next += 1
        return f"q{self._next}z"

    def typed(self, at_ms: int, side: str, kind: str, key: object, **values: str) -> None:
        for field, value in values.items():
            number = TOKEN.search(value)
            self.edits.append(
                Edit(int(number.group(1)) if number else 0, at_ms, side, kind, str(key), field, value)
            )
        self.note(at_ms, f"{side}: {kind} {key} {values}")

    def note(self, at_ms: int, text: str) -> None:
        self.story.append(f"{at_ms / 1000:10.3f}  {text}")

    def listener(self, side: str) -> "Listener":
        return Listener(self, side)

    def last_typed(self) -> dict[tuple[str, str, str, str], Edit]:
        """The newest edit of each field of each record, per side."""
        return {(edit.side, edit.kind, edit.key, edit.field): edit for edit in self.edits}


class Listener:
    """A face's `record`: every request that was meant to change something."""

    def __init__(self, ledger: Ledger, side: str) -> None:
        self.ledger, self.side = ledger, side

    def __call__(self, request: Request, answer: Response) -> None:
        if request.method == "GET" or request.path.startswith(("/Auth", "/connect")):
            return
        ledger = self.ledger
        ledger.writes[self.side] += 1
        ledger.arrived[self.side].update(
            int(n) for n in TOKEN.findall(request.body.decode("utf-8", "replace"))
        )
