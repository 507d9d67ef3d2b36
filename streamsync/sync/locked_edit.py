"""Edits that the ERP no longer allows: asked about, put back after some days, or left different (semantics
§3.3).

Pure but for collecting: one `Locks` per decision gathers the conflicts. When an edit was first seen is
remembered in the pair's base under `locked:<row>`, so that the days count from the edit and not from the
last restart.
"""

from collections.abc import Mapping

from streamsync.model import Agreed, Base
from streamsync.sync.decision import FieldConflict
from streamsync.sync.rules import Rules

PREFIX = "locked:"
DAY_MS = 86_400_000


class Locks:
    """The locked edits of one decision."""

    def __init__(self, base: Base, rules: Rules, decided: Mapping[str, str], now_ms: int) -> None:
        self.conflicts: list[FieldConflict] = []
        self.memory: Base = {}
        self.again_ms = 0
        self.message = ""
        self._base, self._rules, self._decided, self._now_ms = base, rules, decided, now_ms

    def put_back(self, row: str, crm: str, erp: str, why: str, *, line: str = "", rank: int = 0) -> bool:
        """Note the edit; whether the ERP's value goes back to webCRM now."""
        name = f"{row}@{line}" if line else row
        agreed = self._base.get(name)
        before = " ".join(agreed.crm) if agreed else ""
        mode, answer = self._rules.delivery.on_locked_edit, self._decided.get(f"row:{name}", "")
        known = self._base.get(PREFIX + name)
        first_ms = int(known.erp[0]) if known is not None and known.crm == (crm,) else self._now_ms
        back_ms = first_ms + self._rules.delivery.locked_edit_days * DAY_MS
        back = answer == "erp" or mode == "revert" or (mode == "ask" and self._now_ms >= back_ms)
        self.conflicts.append(
            FieldConflict(
                row=row,
                reason="locked_edit",
                base=before,
                crm=crm,
                erp=erp,
                line=line,
                winner="erp" if back else "",
            )
        )
        if not back:
            self.memory[PREFIX + name] = Agreed(crm=(crm,), erp=(str(first_ms),))
            if mode == "ask":
                self.again_ms = min(filter(None, (self.again_ms, back_ms)))
            where = f"Line {rank}" if rank else row
            self.message = self.message or f"{where}: {why}"
        return back
