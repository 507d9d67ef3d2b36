"""What a decision can be. The reason lists are closed (semantics, table at the top)."""

from types import MappingProxyType

import msgspec

from streamsync.model import Base, Fields, Outcome, Side, Write

FILTERED = frozenset(
    "direction_off type no_email unticked not_customer not_sellable before_start not_triggered opportunity"
    " order_type document_type not_a_sale source_off unreleased parent_filtered".split()
)
WAITING = frozenset("parent item order settling no_lines gate lookups".split())
PARKED = frozenset(
    "required_field unmapped_value rejected unknown_item stock_item_on_invoice negative_quantity"
    " negative_total currency customer_status period_closed number_locked order_type_unfit line_ambiguous"
    " key_too_long gone unreliable".split()
)
AMBIGUOUS = frozenset("many_candidates weak_match key_contradiction outside_type".split())
CONFLICT = frozenset(
    "both_changed link_differs locked_edit customer_changed deleted_vs_edited total_differs moved".split()
)

REASONS = MappingProxyType(
    {
        Outcome.FILTERED: FILTERED,
        Outcome.WAITING: WAITING,
        Outcome.PARKED: PARKED | AMBIGUOUS,
        Outcome.CONFLICT: CONFLICT,
    }
)


class FieldConflict(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides changed one row. `winner`: `crm` or `erp` (the loser's value is kept in history), `""` = a
    person decides."""

    row: str
    reason: str = "both_changed"
    base: str = ""
    crm: str = ""
    erp: str = ""
    winner: str = ""
    line: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should know that stops nothing: a cut text, an unknown status. `code` is a closed
    word."""

    code: str
    field: str = ""
    text: str = ""


class First(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is written before there is an agreement about it (semantics §8): an empty one is filled, or
    a filled one is overwritten by its owner. `fields`: those of the target, with their new text."""

    row: str
    target: Side
    fields: Fields
    overwrites: bool = False


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome, and at most one write. `detail` fills the reason's sentence (field, value, line, number,
    …)."""

    outcome: Outcome
    reason: str = ""
    detail: dict[str, str] = {}
    write: Write | None = None
    rows: Base = {}  # what the write establishes once it is confirmed, merged over the base
    drop_rows: tuple[str, ...] = ()  # base rows that go once the write is confirmed (deleted lines)
    base: Base | None = None  # the base as of now, where rows turned out equal; None = unchanged
    conflicts: tuple[FieldConflict, ...] = ()
    findings: tuple[Finding, ...] = ()
    link: int = 0  # the other half pair, to be merged into this one
    attach: tuple[int, ...] | None = None  # invoice: the delivery pairs it is attached to
    line_links: dict[str, str] | None = None  # webCRM line key -> ERP line key, the whole table of this pair
    state: str = ""  # new pair.state; "" = unchanged
    again_ms: int = 0  # decide again at this time (Unix ms), 0 = on the next change
    demand: tuple[str, ...] = ()  # ERP item numbers whose catalogue row a line needs (semantics §4.3)
    want_read: tuple[tuple[str, str], ...] = ()  # (kind, rid) on the ERP that a poll should fetch
    stir: tuple[tuple[str, str], ...] = ()  # (kind, rid) on the ERP whose pairs are decided again
    in_currency: str = ""  # invoice: what it proves of `visma.in_currency`: document | base
    part: str = ""  # crm | erp: the pair lets go of that record, which becomes an excluded half of its own
    forget: tuple[str, ...] = ()  # a person's decisions about this pair that are used up
    mass: str = ""  # counted by the mass-change brake: delete | mark | inactivate | overwrite; "" = not
    calm: "Decision | None" = None  # the same without the mass change: what goes on while the brake holds
    firsts: tuple[First, ...] = ()  # at linking: what each row without an agreement writes, on either side

    def __post_init__(self) -> None:
        allowed = REASONS.get(self.outcome)
        if allowed is not None and self.reason not in allowed:
            raise ValueError(f"{self.reason!r} is not a reason for {self.outcome}")
