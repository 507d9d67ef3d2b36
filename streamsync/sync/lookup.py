"""What a decision may ask of the store, inside the transaction that acts on it. Synchronous, read-only."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from streamsync.model import Entity, Kind, Op, Pair, Record, Side


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A pair with both shadows; a webCRM delivery's lines are joined in, in the order of their SortOrder and
    id."""

    pair: Pair
    crm: Record | None = None
    erp: Record | None = None
    crm_missing: bool = False  # evidence that it is gone (semantics §10), not merely unseen
    erp_missing: bool = False
    refused: Op | None = None  # documents: the parked op; the next decision looks at its answer


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    record: Record
    pair: Pair | None

    @property
    def linked(self) -> bool:
        return self.pair is not None and bool(self.pair.crm_id) and bool(self.pair.erp_id)


class Lookup(Protocol):
    """Answered by `store.lookup.StoreLookup`; by a dict in unit tests."""

    def pair_of(self, side: Side, kind: Kind, rid: str) -> Pair | None:
        """The pair that holds this record. For a webCRM delivery: its delivery pair, else the invoice pair
        that owns it."""
        ...

    def record(self, side: Side, kind: Kind, rid: str) -> Record | None: ...

    def candidates(self, side: Side, kind: Kind, key: str, value: str) -> Sequence[Candidate]:
        """All records of that side and kind whose match key has this value (as `sync.identity.observe`
        computed it)."""
        ...

    def complete(self, side: Side, kind: Kind) -> bool:
        """Whether that side's list was read in full once: the first-sync gate (design §6, rule 8)."""
        ...

    def first_scan_ms(self, side: Side, kind: Kind) -> int:
        """When that first full read *began*; 0 before it is complete."""
        ...

    def first_seen_ms(self, side: Side, kind: Kind, rid: str) -> int:
        """When this record was first observed as this kind (an opportunity that became a delivery: when it
        did).

        A record that the first full read itself showed answers at most `first_scan_ms`, however long that
        read took: so `first_seen_ms > first_scan_ms` means "not in the first complete scan" (semantics §3.1
        row 4)."""
        ...

    def table(self, name: str) -> Mapping[str, str] | None:
        """A code table (`country`, `vat_zone`, `credit_term`, `customer_class`, `order_type`, `currency`,
        `vat_category`, `user`, `salesperson`): code -> text or JSON; dropdown options as `option:<webCRM
        field>`: option text -> its list value. None = not read yet."""
        ...

    def attached_invoices(self, delivery: int) -> Sequence[View]:
        """The invoice pairs attached to a delivery pair, with their ERP shadow."""
        ...

    def attached_deliveries(self, invoice: int) -> Sequence[Pair]: ...

    def line_links(self, pair: int) -> Mapping[str, str]:
        """webCRM line key -> ERP line key."""
        ...

    def decided(self, pair: int) -> Mapping[str, str]:
        """A person's stored decisions on this pair: `link`, `create_new`, `exclude`, `row:<id>` ->
        crm|erp|=value."""
        ...

    def persons_of(self, organisation: str) -> Sequence[Record]:
        """The webCRM persons of an organisation (by OrganisationId) that are not gone."""
        ...

    def lines_show(self, field: str, value: str) -> bool:
        """Whether any known webCRM quotation line holds this text in this field. Looks at all lines: for rare
        questions only."""
        ...

    def switched_on_ms(self, entity: Entity) -> int:
        """When the to_erp direction of the entity was switched on."""
        ...

    def in_currency(self) -> str:
        """What an invoice beside its order proved last of `visma.in_currency`: document | base; "" = nothing
        yet."""
        ...

    def skew_ms(self) -> int:
        """ERP stamps minus webCRM stamps, as measured; added nowhere, subtracted from ERP stamps by
        `newest`."""
        ...
