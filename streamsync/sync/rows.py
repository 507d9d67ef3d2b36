"""A mapping row: `crm field <-> erp field`, its direction, owner and transforms (design §5)."""

from collections.abc import Callable, Mapping

import msgspec

from streamsync.model import Direction, Side

Texts = tuple[str, ...]
"""The values of one row on one side, in the order of `Row.crm` or `Row.erp`."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row as an administrator writes it (`[[organisation.map]]`). Several fields on a side form one
    composite value."""

    id: str  # `O2`, `P1`, `D4`, `L3`, …; an administrator's own rows carry ids of their own
    crm: tuple[str, ...]  # webCRM field names
    erp: tuple[str, ...]  # Visma.net read paths; documents in the order's vocabulary (sync/documents.py)
    direction: Direction = Direction.TWO_WAY
    owner: str = "erp"  # crm | erp | newest | ask: who wins when both sides changed
    transforms: tuple[
        str, ...
    ] = ()  # `trim`, `country(da)`, …: applied in this order to_erp, inverted to_crm
    values: dict[str, str] = {}  # webCRM text -> ERP text
    default: str = ""  # the value for creates where the source is empty
    fill_if_empty: bool = False
    fixed: bool = False  # ■: cannot be removed
    feedback: bool = False  # brought back to webCRM even where the entity's direction is to_erp
    at_create: bool = False  # to_erp only in the create


class Unmapped(Exception):
    """A value map, country or unit has no entry for a value: parks under `unmapped_value`, never dropped."""

    def __init__(self, row: str, field: str, value: str) -> None:
        super().__init__(f"row {row}: no entry for this value of {field}")
        self.row = row
        self.field = field
        self.value = value


class Codec(msgspec.Struct, frozen=True, kw_only=True):
    """A row made executable by `sync.codecs.compile_row`. All four functions are pure and total but for
    `Unmapped`."""

    row: Row
    to_erp: Callable[[Texts, "Context"], Texts]
    to_crm: Callable[[Texts, "Context"], Texts]
    same: Callable[[Texts, Texts, "Context"], bool]  # (crm texts, erp texts): equal by the row's own equality
    empty: Callable[[Texts], bool]
    key: Callable[[Side, Texts, "Context"], Texts] = lambda side, texts, context: (
        texts
    )  # what an edit must change to count
    alike: Callable[[Texts, Texts], bool] = lambda crm, erp: (
        False
    )  # close enough to be left alone at linking (names)
    cut: Callable[[Side, Texts, "Context"], Texts] = (
        lambda side, texts, context: ()
    )  # fields of `side` that lose text
    lossless: bool = True  # every step of the chain has an inverse
    limits: Mapping[str, int] = {}  # field path -> longest text, both sides


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a transform may look at besides its value."""

    country: str = ""  # ISO 3166 alpha-2 of the record's address, "" if unknown
    language: str = "da"
    side_fields: dict[str, str] = {}  # the other fields of the source record
    current: Texts = ()  # the target's present value (`true -> keep if it already means true`)
