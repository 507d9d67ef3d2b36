"""Which webCRM line is which ERP line (semantics §4.2).

Pure. Each step looks only at lines that are still unmatched: link table; key field or `externalLink`; same
item, quantity, price and discount, once on both sides; same item, once on both sides; same item and rank
among equal lines.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence

import msgspec

from streamsync.model import Base
from streamsync.sync.line_view import DISCOUNT, MEMO, PRICE, QUANTITY, CrmLine, ErpLine
from streamsync.sync.locked_edit import PREFIX

MARK = "crm:line:"


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    pairs: tuple[tuple[CrmLine, ErpLine], ...]
    crm_left: tuple[CrmLine, ...]  # new in webCRM, or deleted in the ERP
    erp_left: tuple[ErpLine, ...]  # new in the ERP
    crm_gone: tuple[tuple[str, ErpLine], ...]  # (webCRM key, ERP line) of lines that webCRM no longer shows
    ambiguous: tuple[
        CrmLine, ...
    ] = ()  # several candidates on both sides, and the choice would re-price or delete


def known_keys(base: Base) -> frozenset[str]:
    """webCRM keys of lines that have been agreed at least once."""
    return frozenset(row.partition("@")[2] for row in base if "@" in row and not row.startswith(PREFIX))


def match(
    crm: Sequence[CrmLine], erp: Sequence[ErpLine], links: Mapping[str, str], base: Base, key_field: str
) -> Matching:
    left_crm = {line.key: line for line in crm}
    left_erp = {line.key: line for line in erp}
    pairs: list[tuple[CrmLine, ErpLine]] = []

    def take(ours: str, theirs: str) -> None:
        pairs.append((left_crm.pop(ours), left_erp.pop(theirs)))

    for ours, theirs in links.items():
        if ours in left_crm and theirs in left_erp:
            take(ours, theirs)
    gone = [
        (ours, left_erp.pop(theirs))
        for ours, theirs in links.items()
        if ours not in left_crm and theirs in left_erp and not any(ours == line.key for line in crm)
    ]
    known = known_keys(base)
    for line in list(left_erp.values()):
        named = line.raw.get("externalLink", "").strip()
        ours = named.removeprefix(MARK) if named.startswith(MARK) else ""
        if ours in left_crm:
            take(ours, line.key)
        elif ours and ours in known and not any(ours == other.key for other in crm):
            gone.append((ours, left_erp.pop(line.key)))
    if key_field:
        for crm_line in list(left_crm.values()):
            theirs = crm_line.raw.get(key_field, "").strip()
            if theirs in left_erp:
                take(crm_line.key, theirs)
    for key_of_crm, key_of_erp in ((_full_crm, _full_erp), (_item_crm, _item_erp)):
        _unique(left_crm, left_erp, key_of_crm, key_of_erp, take)
    _ranked(left_crm, left_erp, take)
    return Matching(
        pairs=tuple(pairs),
        crm_left=tuple(left_crm.values()),
        erp_left=tuple(left_erp.values()),
        crm_gone=tuple(gone),
        ambiguous=_ambiguous(left_crm, left_erp, links, known),
    )


def by_rank(found: Matching) -> Matching:
    """A person said that the ERP's lines hold: ambiguous lines are paired by their rank among lines of one
    item; those of webCRM that are left over are `ambiguous` still."""
    left_erp = {line.key: line for line in found.erp_left}
    pairs = list(found.pairs)
    rest: list[CrmLine] = []
    for ours in found.ambiguous:
        theirs = next((line for line in left_erp.values() if _item_erp(line) == _item_crm(ours)), None)
        if theirs is None:
            rest.append(ours)
        else:
            pairs.append((ours, left_erp.pop(theirs.key)))
    asked = {line.key for line in found.ambiguous}
    return msgspec.structs.replace(
        found,
        pairs=tuple(pairs),
        crm_left=tuple(line for line in found.crm_left if line.key not in asked),
        erp_left=tuple(left_erp.values()),
        ambiguous=tuple(rest),
    )


def _full_crm(line: CrmLine) -> Hashable:
    view = line.view
    if not line.item.number:
        return "", view.get(MEMO, "").strip(), view[QUANTITY], view[PRICE]
    return line.item.number.casefold(), view[QUANTITY], view[PRICE], view[DISCOUNT]


def _full_erp(line: ErpLine) -> Hashable:
    view, number = line.view, line.raw.get("inventory.id", "")
    if not number:
        return "", view.get("description", "").strip(), view["quantity"], view["unitPrice"]
    return number.casefold(), view["quantity"], view["unitPrice"], view["discountPercent"]


def _item_crm(line: CrmLine) -> Hashable:
    return line.item.number.casefold() or None


def _item_erp(line: ErpLine) -> Hashable:
    return line.raw.get("inventory.id", "").casefold() or None


def _unique(
    crm: Mapping[str, CrmLine],
    erp: Mapping[str, ErpLine],
    of_crm: Callable[[CrmLine], Hashable],
    of_erp: Callable[[ErpLine], Hashable],
    take: Callable[[str, str], None],
) -> None:
    ours = Counter(of_crm(line) for line in crm.values())
    theirs = {of_erp(line): line.key for line in erp.values()}
    counts = Counter(of_erp(line) for line in erp.values())
    for line in list(crm.values()):
        key = of_crm(line)
        if key is not None and ours[key] == 1 and counts[key] == 1:
            take(line.key, theirs[key])


def _ranked(crm: Mapping[str, CrmLine], erp: Mapping[str, ErpLine], take: Callable[[str, str], None]) -> None:
    """Equal lines in equal number, one by one. Where a figure differs rank proves nothing: those stay."""
    groups: dict[Hashable, tuple[list[CrmLine], list[ErpLine]]] = defaultdict(lambda: ([], []))
    for line in crm.values():
        groups[_full_crm(line)][0].append(line)
    for other in erp.values():
        groups[_full_erp(other)][1].append(other)
    for ours, theirs in groups.values():
        if len(ours) == len(theirs):
            for left, right in zip(ours, theirs, strict=True):
                take(left.key, right.key)


def _ambiguous(
    crm: Mapping[str, CrmLine], erp: Mapping[str, ErpLine], links: Mapping[str, str], known: frozenset[str]
) -> tuple[CrmLine, ...]:
    """Unmatched lines of one item on both sides, where the webCRM line is not known to have lost its
    counterpart.
    """
    numbers = {_item_erp(line) for line in erp.values()} - {None}
    return tuple(
        line
        for line in crm.values()
        if _item_crm(line) in numbers and line.key not in links and line.key not in known
    )
