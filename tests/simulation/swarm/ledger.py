"""What people did, and what the daemon wrote: the two histories that the invariants judge by.

Every text that a person types holds a token of its own (`q17z`), so that "did this edit arrive over there" is
a search. Written apart from the product: it knows nothing of pairs, bases or ops.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable

import msgspec

from streamsync.simulators.http import Request, Response
from tests.simulation.swarm.window import Window

TOKEN = re.compile(r"q(\d+)z")
Witness = Callable[[str, Request, Response], None]


class Edit(msgspec.Struct, frozen=True):
    """One value that a person gave to one field of one record."""

    number: int
    at_ms: int
    side: str
    kind: str
    key: str  # the record, by its key on its own side
    field: str  # one of the ledger's own names: name, address, …
    value: str


class Gone(msgspec.Struct, frozen=True):
    """A record that somebody deleted. `tie`: the mark that it carried, "" for none."""

    at_ms: int
    tie: str


class Ledger:
    """`witness` sees every request and its answer, reads too."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.typed_by: dict[int, Edit] = {}  # token -> who typed it
        self.shared: set[int] = set()  # tokens that stand on both sides because people typed the same
        self.story: list[str] = []
        self.arrived: dict[str, dict[int, int]] = defaultdict(dict)  # side written to -> token -> when first
        self.writes: dict[str, int] = defaultdict(int)
        self.sent: Counter[tuple[str, int]] = Counter()  # side written to, token: how often
        self.gone: dict[tuple[str, str, str], Gone] = {}  # side, kind, key
        self.ticked: set[str] = set()  # persons of webCRM that somebody took in or out
        # Side, key of persons and contacts that changed their company.
        self.moved: set[tuple[str, str]] = set()
        self.answered: set[int] = set()  # pairs about which an operator decided something
        self.parted: set[tuple[str, str]] = set()  # side, key: unlinked by an operator
        self.rolled_back = False
        self.forgotten: set[int] = set()  # tokens that were kept in a store which an older copy replaced
        self.sale = 0  # how far the one sale is that goes from quotation to payment
        self.witness: Witness | None = None
        self.window = Window(self.edits)
        self._next = 0

    def token(self) -> str:
        self._next += 1
        return f"q{self._next}z"

    def typed(self, at_ms: int, side: str, kind: str, key: object, **values: str) -> None:
        for field, value in values.items():
            found = TOKEN.search(value)
            number = int(found.group(1)) if found else 0
            edit = Edit(number, at_ms, side, kind, str(key), field, value)
            self.edits.append(edit)
            if number in self.typed_by:
                self.shared.add(number)
            self.typed_by[number] = edit
        self.note(at_ms, f"{side}: {kind} {key} {values}")

    def note(self, at_ms: int, text: str) -> None:
        self.story.append(f"{at_ms / 1000:10.3f}  {text}")

    def listener(self, side: str, now_ms: Callable[[], int] = lambda: 0) -> "Listener":
        return Listener(self, side, now_ms)

    def last_typed(self) -> dict[tuple[str, str, str, str], Edit]:
        """The newest edit of each field of each record, per side."""
        return {(edit.side, edit.kind, edit.key, edit.field): edit for edit in self.edits}


class Listener:
    """A face's `record`: every request, those apart that were meant to change something."""

    def __init__(self, ledger: Ledger, side: str, now_ms: Callable[[], int]) -> None:
        self.ledger, self.side, self.now_ms = ledger, side, now_ms

    def __call__(self, request: Request, answer: Response) -> None:
        if request.path.startswith(("/Auth", "/connect")):
            return
        ledger = self.ledger
        if ledger.witness is not None:
            ledger.witness(self.side, request, answer)
        if self.side == "crm":
            ledger.window.note(request, self.now_ms())
        if request.method == "GET":
            return
        ledger.writes[self.side] += 1
        for number in TOKEN.findall(request.body.decode("utf-8", "replace")):
            ledger.arrived[self.side].setdefault(int(number), self.now_ms())
            ledger.sent[self.side, int(number)] += 1
