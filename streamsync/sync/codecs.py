"""Rows made executable: chains of transforms, value maps, maxima, equality (design §5, semantics §2, §7).

Pure. `compile_rows` is what the rules check and the documents use; `codecs_for` caches it per rules
object, because a decision needs the same codecs again and again. Equal is what either direction would
make equal: a text that was cut on one side equals its whole on the other, so a cut text is never written
back.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streamsync.model import Side
from streamsync.sync import defaults, normalise, transforms, values
from streamsync.sync.lookup import Lookup
from streamsync.sync.rows import Codec, Context, Row, Texts, Unmapped
from streamsync.sync.rules import Rules
from streamsync.sync.transforms import Bound, Transform
from streamsync.sync.values import FieldLike, Tables

Chain = tuple[tuple[Transform, Bound], ...]
CACHE = 16


def compile_rows(
    rows: Sequence[Row],
    *,
    catalogue: Mapping[str, FieldLike] | None,
    tables: Mapping[str, Mapping[str, str]],
    rules: Rules,
) -> tuple[Codec, ...]:
    """`catalogue`: field path of either side to its entry, for tighter maxima. Raises ValueError for an
    unknown transform."""
    return tuple(_Compiled(row, catalogue or {}, tables, rules).codec() for row in rows)


class _Compiled:
    """One row with its bound chain; its methods become the codec's functions."""

    def __init__(self, row: Row, catalogue: Mapping[str, FieldLike], tables: Tables, rules: Rules) -> None:
        self.row = row
        self.tables = tables
        self.chain: Chain = tuple(_bind(text, row, tables, rules) for text in row.transforms)
        self.names = tuple(transforms.parse(text)[0] for text in row.transforms)
        self.limits = _limits(row, catalogue) if self._cuttable() else {}

    def _cuttable(self) -> bool:
        """Codes, figures and dates are never cut: half a code is another code."""
        coded = {
            "country",
            "code",
            "currency",
            "user",
            "date",
            "integer",
            "money",
            "decimal",
            "checkbox",
            "active_status",
        }
        return not self.row.values and not coded.intersection(self.names)

    def codec(self) -> Codec:
        names = [transforms.parse(text)[0] for text in self.row.transforms]
        return Codec(
            row=self.row,
            to_erp=self.to_erp,
            to_crm=self.to_crm,
            same=self.same,
            empty=self.empty,
            key=self.key,
            alike=_names_alike if "company_name" in names else lambda crm, erp: False,
            cut=self.cut,
            lossless=all(step.inverse for step, _ in self.chain),
            limits=self.limits,
        )

    def to_erp(self, texts: Texts, context: Context) -> Texts:
        return self._shorten(self.row.erp, self._whole(Side.ERP, texts, context))

    def to_crm(self, texts: Texts, context: Context) -> Texts:
        whole = self._shorten(self.row.crm, self._whole(Side.CRM, texts, context))
        for field, text in zip(self.row.crm, whole, strict=True):
            values.check_option(self.row, field, text, self.tables)
        return whole

    def _whole(self, target: Side, texts: Texts, context: Context) -> Texts:
        """Through the chain without cutting."""
        if target is Side.ERP:
            texts = tuple("" if self._blank(text) else text for text in texts)
            for step, bound in self.chain:
                texts = step.to_erp(texts, context, bound)
            return (values.to_erp(self.row, texts[0]), *texts[1:]) if self.row.values else texts
        if self.row.values:
            now = context.current[0] if context.current else ""
            texts = (values.to_crm(self.row, texts[0], now), *texts[1:])
        for step, bound in reversed(self.chain):
            texts = step.to_crm(texts, context, bound)
        return texts

    def _blank(self, text: str) -> bool:
        return text not in self.row.values and text.strip() != "-" and normalise.blank_option(text)

    def _shorten(self, paths: Iterable[str], texts: Texts) -> Texts:
        if not self.limits:
            return texts
        return tuple(
            text if len(text) <= (most := self.limits.get(path, len(text))) else text[:most].rstrip()
            for path, text in zip(paths, texts, strict=True)
        )

    def cut(self, side: Side, texts: Texts, context: Context) -> Texts:
        paths = self.row.crm if side is Side.CRM else self.row.erp
        whole = self._whole(side, texts, context)
        return tuple(
            path
            for path, text in zip(paths, whole, strict=True)
            if len(text) > self.limits.get(path, len(text))
        )

    def key(self, side: Side, texts: Texts, context: Context) -> Texts:
        """A side's own texts without what does not count: case of an e-mail, blanks, a phone's
        punctuation."""
        for step, bound in self.chain:
            texts = step.key(texts, context, bound)
        return tuple("" if side is Side.CRM and self._blank(text) else text.strip() for text in texts)

    def same(self, crm: Texts, erp: Texts, context: Context) -> bool:
        if self.empty(crm) and self.empty(erp):
            return True
        return self._agrees(Side.ERP, crm, erp, context) or self._agrees(Side.CRM, erp, crm, context)

    def _agrees(self, target: Side, source: Texts, held: Texts, context: Context) -> bool:
        """Whether writing `source` would leave `held` as it is."""
        convert = self.to_erp if target is Side.ERP else self.to_crm
        try:
            wanted = convert(source, msgspec.structs.replace(context, current=held))
        except Unmapped:
            return False
        return self.key(target, wanted, context) == self.key(target, held, context)

    def empty(self, texts: Texts) -> bool:
        dashed = "mandatory" in self.names or "name" in self.names
        return all(
            self._blank(text) or not text.strip() or (dashed and text.strip() == "-") for text in texts
        )


def _bind(text: str, row: Row, tables: Tables, rules: Rules) -> tuple[Transform, Bound]:
    _, transform, args = transforms.parse(text)
    return transform, Bound(row=row, args=args, tables=tables, countries=rules.webcrm.countries)


def _limits(row: Row, catalogue: Mapping[str, FieldLike]) -> dict[str, int]:
    out: dict[str, int] = {}
    for path in (*row.crm, *row.erp):
        known = [defaults.MAXIMA.get(path, 0), catalogue[path].max_length if path in catalogue else 0]
        if most := min((length for length in known if length > 0), default=0):
            out[path] = most
    return out


def _names_alike(crm: Texts, erp: Texts) -> bool:
    return normalise.name(crm[0]) == normalise.name(erp[0])


def needed_tables(rows: Iterable[Row]) -> frozenset[str]:
    """The ERP code tables that the rows' transforms name: a decision waits for them (semantics §7)."""
    out: set[str] = set()
    for row in rows:
        for text in row.transforms:
            _, transform, args = transforms.parse(text)
            if transform.table >= 0:
                out.add(args[transform.table])
    return frozenset(out)


class _Kept(msgspec.Struct, frozen=True):
    rows: tuple[Row, ...]
    rules: Rules
    tables: dict[str, Mapping[str, str]]
    codecs: tuple[Codec, ...]


_cache: dict[tuple[int, tuple[str, ...]], _Kept] = {}


def codecs_for(rows: tuple[Row, ...], rules: Rules, look: Lookup) -> tuple[Codec, ...]:
    """The compiled rows; compiled again only when the rules, the rows or a code table that they use
    changed."""
    tables = _tables(rows, look)
    slot = (id(rules), tuple(row.id for row in rows))
    kept = _cache.get(slot)
    if kept is not None and kept.rules is rules and kept.rows == rows and kept.tables == tables:
        return kept.codecs
    compiled = compile_rows(rows, catalogue=None, tables=tables, rules=rules)
    if len(_cache) >= CACHE:
        _cache.clear()
    _cache[slot] = _Kept(rows, rules, tables, compiled)
    return compiled


_ALSO: Mapping[str, tuple[str, ...]] = {"user": ("user", "salesperson")}


def _tables(rows: Iterable[Row], look: Lookup) -> dict[str, Mapping[str, str]]:
    names = {f"option:{field}" for row in rows for field in row.crm}
    for row in rows:
        for text in row.transforms:
            names.update(_ALSO.get(text, ()))
    names |= needed_tables(rows)
    found: dict[str, Mapping[str, str]] = {}
    for name in sorted(names):
        table = look.table(name)
        if table is not None:
            found[name] = table
    return found
