"""The nouns of the project. Imports nothing of ours; everything else speaks in these.

A *field value is always text* in canonical form, and `""` means empty: decimals as `12.5` (no exponent, no
trailing zeros), booleans as `true`/`false`, dates as `2026-03-14`, date-times as `2026-03-14T09:21:07.583Z`,
lists as compact JSON. The adapters in `systems/` convert between this and the wire, with `Decimal` in
between. One form makes hashes, diffs, storage and equality the same thing everywhere.
"""

from enum import StrEnum

import msgspec

Fields = dict[str, str]
"""Field path on one side (`OrganisationName`, `mainAddress.addressLine1`) to its canonical text."""


class Side(StrEnum):
    CRM = "crm"
    ERP = "erp"

    @property
    def other(self) -> "Side":
        return Side.ERP if self is Side.CRM else Side.CRM


class Entity(StrEnum):
    """What an administrator configures; the label `entity` of every metric."""

    ORGANISATION = "organisation"
    PERSON = "person"
    ITEM = "item"
    DELIVERY = "delivery"
    INVOICE = "invoice"


class Kind(StrEnum):
    """What a record is. Differs from the entity only for documents: a delivery's counterpart is an order or
    invoice."""

    ORGANISATION = "organisation"  # webCRM Organisation / Visma.net customer
    PERSON = "person"  # webCRM Person / Visma.net contact
    ITEM = "item"  # webCRM QuotationLines/LinkedData / Visma.net inventory
    DELIVERY = "delivery"  # webCRM Delivery, header only
    LINE = "line"  # webCRM QuotationLine; `Record.owner` is the delivery's id
    ORDER = "order"  # Visma.net sales order with its lines; rid `order:SO/000223`
    INVOICE = "invoice"  # Visma.net AR document with its lines; rid `invoice:Invoice/200315`
    BALANCE = (
        "balance"  # Visma.net: what a customer owes and bought; rid = its internalId; never a pair's own
    )


class Direction(StrEnum):
    OFF = "off"
    TO_ERP = "to_erp"
    TO_CRM = "to_crm"
    TWO_WAY = "two_way"

    def reaches(self, side: Side) -> bool:
        """Whether values may flow *into* `side`."""
        return self is Direction.TWO_WAY or self is (
            Direction.TO_CRM if side is Side.CRM else Direction.TO_ERP
        )


class Lane(StrEnum):
    """Priority, highest first. A backfill must not delay a live edit."""

    INTERACTIVE = "interactive"
    LIVE = "live"
    RETRY = "retry"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"


LANES = tuple(Lane)


class Outcome(StrEnum):
    """How a decision about a dirty pair ended: exactly one of eight, the label `outcome` of the metrics."""

    IN_SYNC = "in_sync"
    WRITTEN = "written"
    CREATED = "created"
    LINKED = "linked"
    FILTERED = "filtered"
    WAITING = "waiting"
    CONFLICT = "conflict"
    PARKED = "parked"


class Line(msgspec.Struct, frozen=True):
    """A line of a document, as one side shows it. `key`: `QuotationLineId`, `lineId` or `lineNumber`, as
    text."""

    key: str
    fields: Fields


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record of one side as last seen: its *shadow*. Only mapped and technical fields are kept (security
    D7)."""

    side: Side
    kind: Kind
    rid: str  # the true key (semantics §1): OrganisationId, internalId, `order:SO/000223`, …
    fields: Fields
    lines: tuple[Line, ...] = ()
    owner: str = ""  # LINE: rid of its delivery
    updated_ms: int = 0  # the server's stamp, Unix milliseconds; 0 where the server gives none
    version: str = ""  # ETag/timeStamp, without quotes and W/; "" where there is none
    by_us: bool | None = None  # whether the last writer was our token; None where the server does not say
    partial: bool = (
        False  # a list row's header only (order out of scope): exists, but replaces no fuller shadow
    )


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """A record on its way into the store, with what `sync.identity` derived from it."""

    record: Record
    marker: str = ""  # valid marker found in the record, names the *other* side's record
    keys: tuple[tuple[str, str], ...] = ()  # (match key name, normalised value), for candidates and look-ups


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """The unit of sync: one record here, its counterpart there; half while only one side is known."""

    id: int
    entity: Entity
    crm_id: str = ""
    erp_id: str = ""
    origin: Side
    state: str = "active"  # active paused excluded ambiguous deleting deleted quarantined
    base: "Base" = msgspec.field(default_factory=dict)
    dirty: int = 1
    lane: Lane = Lane.LIVE
    outcome: str = ""  # the last decision, for the pages; "" before the first
    reason: str = ""

    def rid(self, side: Side) -> str:
        return self.crm_id if side is Side.CRM else self.erp_id


class Agreed(msgspec.Struct, frozen=True, array_like=True):
    """The two texts one row had when both sides last agreed (each side in its own form)."""

    crm: tuple[str, ...]
    erp: tuple[str, ...]


Base = dict[str, Agreed]
"""Row id (`O2`; for lines `L3@9001` with the webCRM line's key) to the agreed values."""


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    LINES = "lines"
    MOVE = "move"
    DELETE = "delete"


class LineEdit(msgspec.Struct, frozen=True, kw_only=True):
    action: str  # insert | update | delete
    key: str = ""  # the line's key on the written side; "" for an insert
    fields: Fields = {}
    twin: str = ""  # the key of the line on the other side, so that the link table can learn the pair


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What an op asks one system to do. `fields` uses that side's *read* paths; the adapter knows the write
    shapes."""

    side: Side
    kind: Kind
    action: Action
    rid: str = ""  # "" on create
    fields: Fields = {}
    lines: tuple[LineEdit, ...] = ()
    marker: str = ""  # create: looked up before; it also stands in `fields` where the kind has a place for it
    hints: Fields = {}  # create: what else helps `System.find` (customer number, e-mail, names)
    expect: Fields = {}  # update: the target's values that the plan rests on (compare-and-set by us)
    expect_lines: tuple[Line, ...] = ()  # lines: the target's lines that the plan rests on
    notices: tuple[str, ...] = ()  # fields of it that only tell of our own state: they may come and go


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A system's definite yes. `rid` is "" where the reply names only the shown number (customer): then
    `handle` does."""

    rid: str = ""
    handle: str = ""
    version: str = ""
    line_keys: tuple[str, ...] = ()  # keys of inserted lines, in the order of the inserts; () where unknown
    seen: Record | None = None  # the record as read back, where the adapter had to read it anyway


class Op(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox."""

    id: int
    pair: int
    entity: Entity
    write: Write
    state: str  # ready sent unknown parked done superseded abandoned
    attempt: int = 0
    due_ms: int = 0
    sent_ms: int = 0
    unanswered_ms: int = 0  # when its answer was given up: it can have left until then (0: not unknown)
    lane: Lane = Lane.LIVE
    handle: str = ""  # a create that was answered with a number only: found again by it
    error_class: str = ""
    error: str = ""
    trace: str = ""
    rows: Base = {}  # the agreement this write establishes, row by row: becomes the base once confirmed
