"""What a decision plans for the lines of a pair, and what it plans from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamsync.model import Base, Direction, LineEdit, Side
from streamsync.sync.decision import FieldConflict, Finding
from streamsync.sync.documents import Document
from streamsync.sync.line_values import Problem
from streamsync.sync.lookup import Lookup
from streamsync.sync.phases import Phase
from streamsync.sync.rejections import Refusal, Refusals
from streamsync.sync.rows import Codec, Context, Unmapped
from streamsync.sync.rules import Rules

_RANK = {"insert": 0, "update": 1, "delete": 2}


@dataclass
class LinePlan:
    """`base`: rows agreed as of now; `forget`: base rows whose line is gone on both sides; `links`: the
    whole table.
    """

    crm: list[LineEdit] = field(default_factory=list)
    erp: list[LineEdit] = field(default_factory=list)
    rows_crm: Base = field(default_factory=dict)
    rows_erp: Base = field(default_factory=dict)
    base: Base = field(default_factory=dict)
    drop_crm: list[str] = field(default_factory=list)
    drop_erp: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    conflicts: list[FieldConflict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problem: Problem | None = None
    refused: Refusal | None = None  # the ERP took an edit not, and no phase says why
    unmapped: list[Unmapped] = field(default_factory=list)
    held: bool = False  # edits that wait for the order to be open again
    unsettled: bool = False  # a line was inserted, and no read has shown it yet

    def edits(self, side: Side) -> tuple[LineEdit, ...]:
        """Inserts, updates, deletes: a delete never goes before its replacement (semantics §4.11)."""
        return tuple(sorted(self.crm if side is Side.CRM else self.erp, key=lambda edit: _RANK[edit.action]))


@dataclass(frozen=True, kw_only=True)
class LineCase:
    """What planning needs besides the lines."""

    codecs: Sequence[Codec]
    document: Document
    phase: Phase
    direction: Direction
    base: Base
    links: Mapping[str, str]
    decided: Mapping[str, str]
    header_percent: str
    rules: Rules
    look: Lookup
    context: Context
    refusals: Refusals

    @property
    def to_erp(self) -> bool:
        return self.direction.reaches(Side.ERP)

    @property
    def to_crm(self) -> bool:
        return self.direction.reaches(Side.CRM)

    def refused(self, key: str, print_: str, plan: LinePlan) -> str | None:
        """The ERP's words for why this edit of a line cannot be; None if it may be sent. What no phase
        explains is noted in the plan, and "" returned."""
        found = self.refusals.of(f"@{key}", print_)
        if found is None or found.locked:
            return found.text if found is not None else None
        plan.refused = plan.refused or found
        return ""

    def rows_of(self, key: str) -> list[str]:
        """The base rows of one line."""
        return [row for row in self.base if row.endswith(f"@{key}")]
