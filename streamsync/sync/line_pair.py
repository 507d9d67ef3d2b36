"""A line that both sides have: merged row by row, its VAT, note and item (semantics §3.3, §4)."""

from streamsync.model import Agreed, Base, Fields, LineEdit, Side
from streamsync.sync import line_items, line_values, money, phases
from streamsync.sync.decision import FieldConflict, Finding
from streamsync.sync.line_inserts import Inserts
from streamsync.sync.line_plan import LineCase, LinePlan
from streamsync.sync.line_view import DESCRIPTION_LENGTH, DISCOUNT, VAT, CrmLine, ErpLine
from streamsync.sync.locked_edit import Locks
from streamsync.sync.merge import Merge, Policy, merge
from streamsync.sync.phases import Phase
from streamsync.sync.rows import Row


def news(base: Base, before: Base) -> Base:
    """The rows of a base that are not as they were."""
    return {row: agreed for row, agreed in base.items() if before.get(row) != agreed}


class Pairs:
    """Adds to `plan`, line pair by line pair."""

    def __init__(
        self, case: LineCase, plan: LinePlan, locks: Locks, inserts: Inserts, known: frozenset[str]
    ) -> None:
        self._case, self._plan, self._locks = case, plan, locks
        self._inserts, self._known = inserts, known
        self._codecs = line_values.plain(case.codecs)
        self._by_id = {codec.row.id: codec for codec in self._codecs}

    def merge(self, ours: CrmLine, theirs: ErpLine) -> None:
        case, suffix = self._case, f"@{ours.key}"
        number = theirs.raw.get("inventory.id", "")
        resolved = ours.item.sort in (line_items.ITEM, line_items.TEXT)
        if resolved and ours.item.number.casefold() != number.casefold():
            self._other_item(ours, theirs, number)
            return
        if resolved:
            self._plan.base[f"L1{suffix}"] = Agreed(crm=(ours.item.number,), erp=(number,))
        linking = ours.key not in self._known
        may = phases.line_open(case.phase, theirs.raw)
        free = theirs.raw.get("freeItem") == "true"

        def writable(row: Row, side: Side) -> bool:
            return side is Side.CRM or (may and not (free and "unitPrice" in row.erp))

        found = merge(
            self._codecs,
            case.base,
            ours.view,
            theirs.view,
            Policy(
                direction=case.direction,
                linking=linking,
                owner=lambda row: self._owner(linking),
                writable=writable,
                decided=case.decided,
            ),
            case.context,
            suffix=suffix,
        )
        self._take(found, ours, theirs, may)

    def _owner(self, linking: bool) -> str:
        return "erp" if linking else self._case.rules.delivery.owner_after

    def _take(self, found: Merge, ours: CrmLine, theirs: ErpLine, may: bool) -> None:
        plan = self._plan
        to_crm, to_erp = dict(found.to_crm), dict(found.to_erp)
        plan.base |= news(found.base, self._case.base)
        plan.rows_crm |= found.rows_crm
        plan.rows_erp |= found.rows_erp
        plan.conflicts += found.conflicts
        plan.findings += found.findings
        plan.unmapped += found.unmapped
        for name in found.blocked:
            self._blocked(name.partition("@")[0], ours, theirs, to_crm)
        if not self._case.to_crm:
            plan.findings += [
                Finding(code="erp_changed", field=f"line {ours.rank}", text=name.partition("@")[0])
                for name in found.listed
            ]
        self._vat(ours, theirs, to_crm, to_erp, may)
        self._note(ours, to_erp, may)
        if to_erp and (why := self._case.refused(ours.key, ours.print, plan)) is not None:
            self._take_back(ours, theirs, to_crm, to_erp, why)
        if (key := self._case.rules.line.key_field) and ours.raw.get(key, "") != theirs.key:
            to_crm[key] = theirs.key
        if to_crm:
            fields = self._crm_fields(to_crm)
            plan.crm.append(LineEdit(action="update", key=ours.key, fields=fields, twin=theirs.key))
        if to_erp:
            fields = self._erp_fields(to_erp, ours)
            plan.erp.append(LineEdit(action="update", key=theirs.key, fields=fields, twin=ours.key))

    def _take_back(self, ours: CrmLine, theirs: ErpLine, to_crm: Fields, to_erp: Fields, why: str) -> None:
        """The ERP refused these edits of the line."""
        plan, suffix = self._plan, f"@{ours.key}"
        to_erp.clear()
        rows = [name for name in plan.rows_erp if name.endswith(suffix)]
        for name in rows:
            del plan.rows_erp[name]
            if why and name.partition("@")[0] in self._by_id:
                self._lock(name.partition("@")[0], ours, theirs, to_crm, why)

    def _crm_fields(self, fields: Fields) -> Fields:
        if DISCOUNT in fields:
            fields[DISCOUNT] = money.unfolded(fields[DISCOUNT], self._case.header_percent)
        return fields

    def _erp_fields(self, fields: Fields, ours: CrmLine) -> Fields:
        if fields.get("description") == "" and ours.item.name:
            fields["description"] = ours.item.name[:DESCRIPTION_LENGTH]
        if "unitPrice" in fields:
            fields["hasManualPrice"] = "true"
        if "discountPercent" in fields:
            fields["hasManualDiscount"] = "true"
        return fields

    def _blocked(self, row: str, ours: CrmLine, theirs: ErpLine, to_crm: Fields) -> None:
        """A webCRM edit that the phase or the lock of the line forbids."""
        case = self._case
        if case.phase is Phase.LOCKED:
            self._plan.held = True
            return
        self._lock(row, ours, theirs, to_crm, phases.lock_reason(case.phase, theirs.raw))

    def _lock(self, row: str, ours: CrmLine, theirs: ErpLine, to_crm: Fields, why: str) -> None:
        case, codec = self._case, self._by_id[row]
        mine = tuple(ours.view.get(name, "") for name in codec.row.crm)
        other = tuple(theirs.view.get(path, "") for path in codec.row.erp)
        if self._locks.put_back(row, " ".join(mine), " ".join(other), why, line=ours.key, rank=ours.rank):
            wanted = codec.to_crm(other, case.context)
            to_crm.update(zip(codec.row.crm, wanted, strict=True))
            self._plan.rows_crm[f"{row}@{ours.key}"] = Agreed(crm=wanted, erp=other)

    def _vat(self, ours: CrmLine, theirs: ErpLine, to_crm: Fields, to_erp: Fields, may: bool) -> None:
        """The percent follows the ERP's category; with a map an edit goes the other way (semantics §4.6)."""
        case = self._case
        if not line_values.carries(case.rules, VAT) or VAT not in ours.raw:
            return
        rate = line_values.vat_rate(theirs.raw.get("taxCategoryId", ""), case.document, case.look)
        mine = money.plain(money.number(ours.raw[VAT]))
        row = f"L7@{ours.key}"
        if not rate or rate == mine:
            if rate:
                self._plan.base[row] = Agreed(crm=(mine,), erp=(rate,))
            return
        agreed = case.base.get(row)
        edited = agreed is not None and agreed.erp == (rate,) and agreed.crm != (mine,)
        if edited and mine not in case.rules.line.vat_map and case.to_crm:
            self._plan.conflicts.append(  # the ERP derives it: the edit goes back, and stays in history
                FieldConflict(
                    row="L7", line=ours.key, reason="locked_edit", crm=mine, erp=rate, base=rate, winner="erp"
                )
            )
        if edited and case.to_erp and may and mine in case.rules.line.vat_map:
            to_erp["taxCategoryId"] = case.rules.line.vat_map[mine]
            self._plan.rows_erp[row] = Agreed(crm=(mine,), erp=(mine,))
        elif case.to_crm:
            to_crm[VAT] = rate
            self._plan.rows_crm[row] = Agreed(crm=(rate,), erp=(rate,))

    def _note(self, ours: CrmLine, to_erp: Fields, may: bool) -> None:
        """Text lines and long memos live in the ERP line's note; only a change in webCRM is carried."""
        row = f"note@{ours.key}"
        agreed, now = self._case.base.get(row), Agreed(crm=(ours.note,), erp=(ours.note,))
        if agreed is None:
            self._plan.base[row] = now
        elif agreed.crm != now.crm and self._case.to_erp and may:
            to_erp["note"] = ours.note
            self._plan.rows_erp[row] = now

    def _other_item(self, ours: CrmLine, theirs: ErpLine, number: str) -> None:
        """The item of a line changed: insert and delete on the other side (semantics §4.2)."""
        case, plan = self._case, self._plan
        agreed = case.base.get(f"L1@{ours.key}")
        crm_edit = agreed is not None and agreed.erp[0].casefold() == number.casefold()
        if crm_edit and case.to_erp:
            if case.phase is Phase.LOCKED:
                plan.held = True
                return
            open_ = phases.line_open(case.phase, theirs.raw)
            refused = case.refused(ours.key, ours.print, plan) if open_ else None
            if open_ and refused is None and self._inserts.in_erp(ours):
                plan.erp.append(LineEdit(action="delete", key=theirs.key, twin=ours.key))
                plan.drop_erp += case.rows_of(ours.key)
            if open_ and not refused:
                return
            why = refused or phases.lock_reason(case.phase, theirs.raw)
            if not self._locks.put_back("L1", ours.item.number, number, why, line=ours.key, rank=ours.rank):
                return
        if case.to_crm and self._inserts.in_crm(theirs):
            plan.crm.append(LineEdit(action="delete", key=ours.key))
            plan.drop_crm += case.rows_of(ours.key)
            del plan.links[ours.key]
