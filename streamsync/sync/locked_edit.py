"""Edits that the ERP no longer allows: asked about, put back after some days, or left different (semantics
§3.3).

Pure but for collecting: one `Locks` per decision gathers the conflicts. When an edit was first seen is
remembered in the pair's base under `locked:<row>`, so that the days count from the edit and not from the
last restart. The first edit also gives the message for the delivery and the detail for the page.
"""

from collections.abc import Mapping

from streamsync.model import Agreed, Base
from streamsync.sync.decision import FieldConflict, Finding
from streamsync.sync.delivery_words import say
from streamsync.sync.rules import Rules

PREFIX = "locked:"
DAY_MS = 86_400_000
LEFT = "left"  # a person, or the rules, let the two sides differ


class Locks:
    """The locked edits of one decision. `status` and `shipment` belong to the order, for the words;
    `limit`: what the message field holds."""

    def __init__(
        self,
        base: Base,
        rules: Rules,
        decided: Mapping[str, str],
        now_ms: int,
        *,
        status: str = "",
        shipment: str = "",
        limit: int = 255,
    ) -> None:
        self.conflicts: list[FieldConflict] = []
        self.findings: list[Finding] = []
        self.memory: Base = {}
        self.again_ms = 0
        self.message = ""
        self.detail: dict[str, str] = {}
        self._base, self._rules, self._decided, self._now_ms = base, rules, decided, now_ms
        self._status, self._shipment, self._limit = status, shipment, limit

    def put_back(self, row: str, crm: str, erp: str, why: str, *, line: str = "", rank: int = 0) -> bool:
        """Note the edit; whether the ERP's value goes back to webCRM now. `why`: a word of
        `phases.lock_reason`, or the ERP's own text."""
        name = f"{row}@{line}" if line else row
        mode, answer = self._rules.delivery.on_locked_edit, self._decided.get(name, "")
        agreed, known = self._base.get(name), self._base.get(PREFIX + name)
        left = known is not None and known == Agreed(crm=(crm,), erp=(LEFT,))
        if answer != "erp" and (left or answer == "crm" or mode == "keep"):
            self.findings.append(Finding(code="locked_edit", field=name))  # left different, listed
            self.memory[PREFIX + name] = Agreed(crm=(crm,), erp=(LEFT,))
            return False
        timed = known is not None and known.crm == (crm,) and known.erp != (LEFT,)
        first_ms = int(known.erp[0]) if known is not None and timed else self._now_ms
        back_ms = first_ms + self._rules.delivery.locked_edit_days * DAY_MS
        back = answer == "erp" or mode == "revert" or self._now_ms >= back_ms
        self.conflicts.append(
            FieldConflict(
                row=row,
                reason="locked_edit",
                base=" ".join(agreed.crm) if agreed else "",
                crm=crm,
                erp=erp,
                line=line,
                winner="erp" if back else "",
            )
        )
        if not back:
            self.memory[PREFIX + name] = Agreed(crm=(crm,), erp=(str(first_ms),))
            self.again_ms = min(filter(None, (self.again_ms, back_ms)))
            self._tell(row, crm, erp, why, rank)
        return back

    def _tell(self, row: str, crm: str, erp: str, why: str, rank: int) -> None:
        """Only the first edit: a message field holds one sentence. The page's detail is in English."""
        if self.message:
            return
        self.message = self._words(row, erp, why, rank, self._rules.webcrm.language)
        problem = self._words(row, erp, why, rank, "en")
        self.detail = {"field": row, "crm": crm, "erp": erp, "value": crm, "problem": problem}
        if rank:
            self.detail["line"] = str(rank)
        if self._status:
            self.detail["status"] = self._status
        if why == "touched" and self._shipment:
            self.detail["shipment"] = self._shipment

    def _words(self, row: str, erp: str, why: str, rank: int, language: str) -> str:
        if why == "touched" and self._shipment:
            words = say("shipped", language, shipment=self._shipment)
        else:
            words = say(why, language, status=self._status)
        if rank:
            said = say("line", language, line=str(rank), why=words)
        else:
            said = say("header", language, what=say(row, language), why=words)
        full = say("stays", language, said=said, value=erp) if erp and why != "own" else said
        return full if len(full) <= self._limit else said
