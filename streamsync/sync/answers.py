"""A person's choice at the workbench, as the decisions that the store keeps for a pair (semantics §1, §9,
§10).

Pure. `keys` says what one choice means for one pair, or raises `Unfit` with a sentence for the person who
chose. The keys are closed; `sync` reads them through `Lookup.decided`. A row's answer is used once: the store
forgets it when the row is agreed.
"""

from collections.abc import Mapping

import msgspec

ROW = "row:"
LINK, CREATE_NEW, EXCLUDE, UNLINKED = "link", "create_new", "exclude", "unlinked"
SIDES: Mapping[str, str] = {"webcrm": "crm", "visma": "erp"}
DELETED = frozenset("keep inactivate set_type resign bring_back hold delete recreate".split())
CHOICES = frozenset(
    "webcrm visma value link_only set_type keep inactivate resign bring_back hold delete recreate leave"
    " move_back change_order create_new link unlink exclude include retry seen".split()
)
_NOT_ROWS = frozenset(("deleted_vs_edited", "moved", "total_differs"))  # conflicts without a value to choose


class Unfit(Exception):
    """The choice does not fit this pair; the message says why."""


class OpenRow(msgspec.Struct, frozen=True):
    """A row in conflict. `key`: `O2`, or `L4@9001` for a line."""

    key: str
    reason: str


class Lost(msgspec.Struct, frozen=True):
    """A value that lost a conflict and can still be put in force. `text` is in the losing side's own form."""

    key: str
    side: str
    text: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one pair asks."""

    reason: str = ""
    state: str = "active"
    linked: bool = False
    missing: bool = False  # a side is gone
    rows: tuple[OpenRow, ...] = ()
    lost: tuple[Lost, ...] = ()  # newest first


def rows_only(decided: Mapping[str, str]) -> dict[str, str]:
    """The answers to rows, by the row's key."""
    return {key.removeprefix(ROW): value for key, value in decided.items() if key.startswith(ROW)}


def parted(decided: Mapping[str, str]) -> tuple[str, ...]:
    """The records of the other side that a person said are not the same."""
    return tuple(filter(None, decided.get(UNLINKED, "").split(",")))


def keys(asked: Asked, choice: str, row: str, value: str) -> dict[str, str]:
    """The decisions to keep. Raises `Unfit`; an unknown choice is one too."""
    if choice in ("webcrm", "visma", "value"):
        return _values(asked, choice, row, value)
    if choice == "seen":
        return _only(asked, "total_differs", {"total_differs": "seen"}, "No totals differ here.")
    if choice in ("move_back", "change_order"):
        side = "erp" if choice == "move_back" else "crm"
        return _only(asked, "customer_changed", {ROW + "customer": side}, "Nothing was moved here.")
    if choice in ("leave", "recreate") and _about(asked, "moved"):
        return {"moved": choice}
    if choice == "leave":
        raise Unfit("Nothing was moved here.")
    if choice in ("link_only", "set_type") and asked.reason == "outside_type":
        return {"outside_type": choice}
    if choice in ("keep", "inactivate") and asked.linked and not deletion_asked(asked):
        return {"on_leave": choice}
    if choice in DELETED and deletion_asked(asked):
        return {"deleted": choice}
    if choice == LINK:
        return _link(asked, value)
    if choice in (CREATE_NEW, EXCLUDE):
        if choice == CREATE_NEW and asked.linked:
            raise Unfit("This pair is linked. Unlink it first.")
        return {choice: "yes"}
    raise Unfit(f"The choice {choice} does not fit this record.")


def _link(asked: Asked, rid: str) -> dict[str, str]:
    if asked.linked:
        raise Unfit("This pair is linked. Unlink it first.")
    if not rid:
        raise Unfit("Name the record of the other system to link with.")
    return {LINK: rid}


def _about(asked: Asked, reason: str) -> bool:
    return asked.reason == reason or any(one.reason == reason for one in asked.rows)


def _only(asked: Asked, reason: str, found: dict[str, str], otherwise: str) -> dict[str, str]:
    if not _about(asked, reason):
        raise Unfit(otherwise)
    return found


def deletion_asked(asked: Asked) -> bool:
    """Whether one side is gone, or a user of it wants it gone."""
    gone = asked.reason == "gone" or _about(asked, "deleted_vs_edited")
    return gone or asked.missing or asked.state == "deleting"


def _values(asked: Asked, choice: str, row: str, value: str) -> dict[str, str]:
    """A side or a typed value for the rows in conflict, for one of them, or for one that was lost before."""
    open_rows = [one.key for one in asked.rows if one.reason not in _NOT_ROWS]
    if not row and choice == "visma" and asked.reason == "line_ambiguous":
        return {"line_ambiguous": "erp"}
    if row and row not in open_rows:
        return {ROW + row: _used_other(asked, choice, row, value)}
    chosen = [row] if row else open_rows
    if not chosen:
        raise Unfit("No row of this record waits for a value.")
    if choice == "value" and len(chosen) > 1:
        raise Unfit(f"Name the row that the value is for: {', '.join(chosen)}.")
    return {ROW + key: f"={value}" if choice == "value" else SIDES[choice] for key in chosen}


def _used_other(asked: Asked, choice: str, row: str, value: str) -> str:
    """The row is settled: the value that lost is put in force after all."""
    lost = [one for one in asked.lost if one.key == row]
    if choice == "value" and lost:
        return f"={value}"
    found = next((one for one in lost if one.side == SIDES.get(choice, "")), None)
    if found is None:
        raise Unfit(f"The row {row} is not in conflict, and no lost value of that side is kept for it.")
    return f"={found.text}" if found.side == "crm" else f"erp={found.text}"
