"""Three-way merge, row by row: base, webCRM, ERP -> a patch for each side (semantics §8, §9).

Pure. A value in a patch is always a conversion of the other side's present value, of a default, or of
what a person typed. A row of which a side shows no field at all (not read yet) is left alone: unknown is
not empty. Raises nothing: a value without an entry makes its row `unmapped` and the other rows flow.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from streamsync.model import Agreed, Base, Direction, Fields, Side
from streamsync.sync import cut_texts
from streamsync.sync.decision import FieldConflict, Finding, First
from streamsync.sync.rows import Codec, Context, Row, Texts, Unmapped

KEPT_AT_LINKING = frozenset(("OrganisationType", "OrganisationOwner", "OrganisationOwner2"))
"""webCRM fields that a first meeting fills but never overwrites (semantics §8)."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    direction: Direction  # the entity's; a row's own is cut by it, feedback rows always reach webCRM
    linking: bool = False  # no base yet, first agreement: semantics §8
    owner: Callable[[Row], str] | None = None  # overrides Row.owner (documents: before/after the hand-over)
    writable: Callable[[Row, Side], bool] | None = (
        None  # False: nothing may go to that side now; the row is `blocked`
    )
    decided: Mapping[str, str] = {}  # by row key: crm | erp | =text | erp=text (the ERP's form)
    crm_changed_ms: int = 0
    erp_changed_ms: int = 0  # already shifted by the measured skew
    since: Mapping[str, tuple[int, int]] = {}  # row -> its own stamps, likewise shifted; else the records'
    crm_ours: bool = False  # no base, and the last to write the webCRM record were we: not an edit (§9)
    tie_ms: int = 120_000


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    base: Base  # agreements as of now, over the given base (unchanged rows kept)
    to_crm: Fields  # patches: field path -> text
    to_erp: Fields
    rows_crm: Base  # the agreement that each patch establishes once it is confirmed
    rows_erp: Base
    expect_crm: Fields  # the target's present values of the patched fields
    expect_erp: Fields
    conflicts: tuple[FieldConflict, ...]  # settled ones have a winner; open ones winner ""
    blocked: tuple[str, ...]  # row keys that policy.writable stopped
    unmapped: tuple[Unmapped, ...]  # rows skipped because a value has no entry
    findings: tuple[Finding, ...]  # cut texts
    listed: tuple[str, ...]  # rows that differ but may not flow
    firsts: tuple[First, ...] = ()  # rows without an agreement that are written, and over what


def merge(
    codecs: Sequence[Codec],
    base: Base,
    crm: Fields,
    erp: Fields,
    policy: Policy,
    context: Context,
    *,
    suffix: str = "",
) -> Merge:
    """The base's key of a row is its id plus `suffix` (lines: `@<webCRM line key>`)."""
    work = _Work(base, crm, erp, policy, context, suffix)
    for codec in codecs:
        if known(codec.row.crm, crm) and known(codec.row.erp, erp):
            work.row(codec)
    return work.merged()


def create_fields(
    codecs: Sequence[Codec], source: Fields, side: Side, context: Context
) -> tuple[Fields, Base, tuple[Unmapped, ...]]:
    """What a create on `side` carries from `source`: non-empty values, defaults applied, and the agreement
    it establishes."""
    fields: Fields = {}
    rows: Base = {}
    unmapped: list[Unmapped] = []
    for codec in codecs:
        row = codec.row
        if not (
            row.direction.reaches(side) or (row.at_create if side is Side.ERP else row.feedback or row.fixed)
        ):
            continue
        theirs, ours = (row.crm, row.erp) if side is Side.ERP else (row.erp, row.crm)
        held = texts_of(theirs, source)
        try:
            texts = _converted(codec, side, held, context)
        except Unmapped as lack:
            unmapped.append(lack)
            continue
        if not any(texts) and row.default:
            texts = (row.default, *texts[1:])
        fields.update((path, text) for path, text in zip(ours, texts, strict=True) if text)
        rows[row.id] = Agreed(crm=held, erp=texts) if side is Side.ERP else Agreed(crm=texts, erp=held)
    return fields, rows, tuple(unmapped)


def known(paths: Sequence[str], fields: Fields) -> bool:
    return any(path in fields for path in paths)


def texts_of(paths: Sequence[str], fields: Fields) -> Texts:
    return tuple(fields.get(path, "") for path in paths)


def _converted(codec: Codec, side: Side, texts: Texts, context: Context) -> Texts:
    return codec.to_erp(texts, context) if side is Side.ERP else codec.to_crm(texts, context)


class _Work:
    """What one merge gathers."""

    def __init__(
        self, base: Base, crm: Fields, erp: Fields, policy: Policy, context: Context, suffix: str
    ) -> None:
        self.crm, self.erp, self.policy, self.context, self.suffix = crm, erp, policy, context, suffix
        self.before = base
        self.base: Base = dict(base)
        self.patches: dict[Side, Fields] = {Side.CRM: {}, Side.ERP: {}}
        self.agreed: dict[Side, Base] = {Side.CRM: {}, Side.ERP: {}}
        self.conflicts: list[FieldConflict] = []
        self.blocked: list[str] = []
        self.unmapped: list[Unmapped] = []
        self.findings: list[Finding] = []
        self.listed: list[str] = []
        self.firsts: list[First] = []

    def merged(self) -> Merge:
        to_crm, to_erp = self.patches[Side.CRM], self.patches[Side.ERP]
        return Merge(
            base=self.base,
            to_crm=to_crm,
            to_erp=to_erp,
            rows_crm=self.agreed[Side.CRM],
            rows_erp=self.agreed[Side.ERP],
            expect_crm={path: self.crm.get(path, "") for path in to_crm},
            expect_erp={path: self.erp.get(path, "") for path in to_erp},
            conflicts=tuple(self.conflicts),
            blocked=tuple(self.blocked),
            unmapped=tuple(self.unmapped),
            findings=tuple(self.findings),
            listed=tuple(self.listed),
            firsts=tuple(self.firsts),
        )

    def row(self, codec: Codec) -> None:
        key = codec.row.id + self.suffix
        crm, erp = texts_of(codec.row.crm, self.crm), texts_of(codec.row.erp, self.erp)
        was, answer = self.before.get(key), self.policy.decided.get(key, "")
        if "=" in answer:
            self.typed(codec, key, answer, crm, erp)
            return
        if codec.same(crm, erp, self.context):
            self.base[key] = Agreed(crm=crm, erp=erp)
            lost = cut_texts.cut(codec, crm, erp, self.context)
            self.findings.extend(Finding(code="cut_text", field=path) for path in lost)
            return
        fills = codec.row.fill_if_empty and (codec.empty(crm) or codec.empty(erp))
        if fills or was is None or len(was.crm) != len(crm) or len(was.erp) != len(erp):
            self.first(codec, key, crm, erp)
            self.note_first(codec, key, crm, erp)
            return
        crm_changed = self.changed(codec, Side.CRM, was.crm, crm)
        erp_changed = self.changed(codec, Side.ERP, was.erp, erp)
        overruled = (crm_changed and answer == "erp") or (erp_changed and answer == "crm")
        if (crm_changed and erp_changed) or (overruled and self.policy.writable is None):
            self.clash(codec, key, crm, erp, "both_changed", was)
        elif crm_changed:
            self.edited(codec, key, Side.CRM, crm, erp)
        elif erp_changed:
            self.edited(codec, key, Side.ERP, crm, erp)
        elif not codec.alike(crm, erp):
            self.listed.append(key)

    def changed(self, codec: Codec, side: Side, was: Texts, now: Texts) -> bool:
        return was != now and codec.key(side, was, self.context) != codec.key(side, now, self.context)

    def first(self, codec: Codec, key: str, crm: Texts, erp: Texts) -> None:
        """No agreement yet (semantics §8)."""
        row = codec.row
        if codec.empty(crm) or codec.empty(erp):
            self.flow(codec, key, Side.CRM if codec.empty(crm) else Side.ERP, crm, erp)
        elif self.policy.linking and codec.alike(crm, erp):
            self.base[key] = Agreed(crm=crm, erp=erp)
        elif row.fill_if_empty or KEPT_AT_LINKING.intersection(row.crm):
            self.listed.append(key)
        else:
            self.clash(codec, key, crm, erp, "link_differs", None)

    def note_first(self, codec: Codec, key: str, crm: Texts, erp: Texts) -> None:
        """What the plan shows and the brake counts: an empty row is filled, a filled one overwritten. A row
        of facts that always come back (feedback) and one that a person decided overwrite nothing."""
        for target, paths, held in ((Side.CRM, codec.row.crm, crm), (Side.ERP, codec.row.erp, erp)):
            patch = self.patches[target]
            fields = {path: patch[path] for path in paths if path in patch}
            if key in self.agreed[target] and fields:
                filled = codec.empty(held) or codec.row.feedback or bool(self.policy.decided.get(key))
                self.firsts.append(First(row=key, target=target, fields=fields, overwrites=not filled))

    def edited(self, codec: Codec, key: str, side: Side, crm: Texts, erp: Texts) -> None:
        """One side changed. A row that only comes from the ERP is put back; any other edit that may not
        flow is listed."""
        row = codec.row
        target = side.other
        closed = not self.may(row, target) and not row.fill_if_empty
        if closed and row.direction is Direction.TO_CRM and side is Side.CRM:
            target = Side.CRM
        self.flow(codec, key, target, crm, erp)

    def clash(self, codec: Codec, key: str, crm: Texts, erp: Texts, reason: str, was: Agreed | None) -> None:
        """Both sides hold something of their own: source of a one-way row, a person's answer, owner, later
        stamp, or ask."""
        row = codec.row
        one_way = self.one_way(row, linking=was is None)
        answer = self.policy.decided.get(key, "")
        ours = "erp" if was is None and self.policy.crm_ours and self.may(row, Side.CRM) else ""
        winner = one_way or answer or ours or self.owner(row)
        if winner not in ("crm", "erp"):
            self.conflicts.append(self.conflict(key, crm, erp, reason, was, ""))
            return
        target = Side.ERP if winner == "crm" else Side.CRM
        wrote = self.flow(codec, key, target, crm, erp)
        if wrote and row.direction is Direction.TWO_WAY and was is not None:
            self.conflicts.append(self.conflict(key, crm, erp, reason, was, winner))

    def one_way(self, row: Row, *, linking: bool) -> str:
        """The source's side where only one direction can hold. After a hand-over the document's owner
        outranks the
        entity's direction (semantics §3.3), so there only the row's own counts."""
        to_crm, to_erp = self.may(row, Side.CRM), self.may(row, Side.ERP)
        if not linking and self.policy.owner is not None:
            to_crm, to_erp = row.direction.reaches(Side.CRM), row.direction.reaches(Side.ERP)
        if to_crm == to_erp:
            return ""
        return "erp" if to_crm else "crm"

    def owner(self, row: Row) -> str:
        owner = self.policy.owner(row) if self.policy.owner else row.owner
        if owner != "newest":
            return owner
        crm_ms, erp_ms = self.policy.since.get(
            row.id + self.suffix, (self.policy.crm_changed_ms, self.policy.erp_changed_ms)
        )
        if not crm_ms or not erp_ms or abs(crm_ms - erp_ms) <= self.policy.tie_ms:
            return "ask"
        return "crm" if crm_ms > erp_ms else "erp"

    def conflict(
        self, key: str, crm: Texts, erp: Texts, reason: str, was: Agreed | None, winner: str
    ) -> FieldConflict:
        name, _, line = key.partition("@")
        return FieldConflict(
            row=name,
            line=line,
            reason=reason,
            base="\n".join(was.crm) if was else "",
            crm="\n".join(crm),
            erp="\n".join(erp),
            winner=winner,
        )

    def may(self, row: Row, target: Side) -> bool:
        """Whether values of the row may flow into the side at all."""
        if target is Side.CRM and row.feedback:
            return self.policy.direction is not Direction.OFF
        return row.direction.reaches(target) and self.policy.direction.reaches(target)

    def flow(self, codec: Codec, key: str, target: Side, crm: Texts, erp: Texts) -> bool:
        """Patch the target with the other side's value; whether a patch came of it."""
        row = codec.row
        source, held = (crm, erp) if target is Side.ERP else (erp, crm)
        if (
            not self.may(row, target)
            or (row.fill_if_empty and not codec.empty(held))
            or self.would_empty(codec, source)
        ):
            self.listed.append(key)
            return False
        context = msgspec.structs.replace(self.context, current=held, side_fields=self.fields(target.other))
        try:
            wanted = _converted(codec, target, source, context)
        except Unmapped as lack:
            self.unmapped.append(lack)
            return False
        return self.patch(codec, key, target, wanted, crm, erp, cut=codec.cut(target, source, context))

    def would_empty(self, codec: Codec, source: Texts) -> bool:
        """A fixed two-way row (a name) is never emptied by an edit."""
        return codec.row.fixed and codec.row.direction is Direction.TWO_WAY and codec.empty(source)

    def fields(self, side: Side) -> Fields:
        return self.crm if side is Side.CRM else self.erp

    def patch(
        self,
        codec: Codec,
        key: str,
        target: Side,
        wanted: Texts,
        crm: Texts,
        erp: Texts,
        *,
        cut: Texts = (),
        settles: bool = True,
    ) -> bool:
        row = codec.row
        paths, held = (row.crm, crm) if target is Side.CRM else (row.erp, erp)
        agreed = Agreed(crm=wanted, erp=erp) if target is Side.CRM else Agreed(crm=crm, erp=wanted)
        if wanted == held:
            self.base[key] = agreed
            return False
        if self.policy.writable is not None and not self.policy.writable(row, target):
            self.blocked.append(key)
            return False
        self.patches[target].update(
            (path, text) for path, text, now in zip(paths, wanted, held, strict=True) if text != now
        )
        if settles:
            self.agreed[target][key] = agreed
        self.findings.extend(Finding(code="cut_text", field=path) for path in cut)
        return True

    def typed(self, codec: Codec, key: str, answer: str, crm: Texts, erp: Texts) -> None:
        """A value that a person typed, or took back from history, goes to both sides; the base moves with the
        second write. `=text` is in webCRM's form, `erp=text` in the ERP's."""
        form, _, text = answer.partition("=")
        source, own, current = (Side.ERP, erp, crm) if form == "erp" else (Side.CRM, crm, erp)
        given = _spread(text, len(own))
        context = msgspec.structs.replace(self.context, current=current, side_fields=self.fields(source))
        try:
            other = _converted(codec, source.other, given, context)
        except Unmapped as lack:
            self.unmapped.append(lack)
            return
        ours, theirs = (other, given) if source is Side.ERP else (given, other)
        both = ours != crm and theirs != erp
        if theirs != erp and self.may(codec.row, Side.ERP):
            self.patch(codec, key, Side.ERP, theirs, crm, erp, settles=not both)
        if ours != crm and self.may(codec.row, Side.CRM):
            self.patch(codec, key, Side.CRM, ours, crm, erp, settles=not both)


def _spread(text: str, count: int) -> Texts:
    """One text over the fields of a row, line by line."""
    lines = (text.split("\n") if count > 1 else [text]) + [""] * count
    return tuple(lines[:count])
