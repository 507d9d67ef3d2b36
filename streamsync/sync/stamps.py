"""When a field was edited, for rows whose later edit wins (`owner = "newest"`, semantics §9).

Pure. A record has one stamp for all its fields, so the stamp of the first observed version in which *this*
field differed from the agreement is kept in the pair's base, under `since:<row>`, until the row is agreed
again: a later edit of another field does not make an old one younger. Stamps are the servers' own, in Unix
milliseconds; the measured skew is taken off when they are compared.
"""

from collections.abc import Iterable, Mapping

from streamsync.model import Agreed, Base, Record, Side
from streamsync.sync.rows import Codec, Context, Texts

PREFIX = "since:"
NEWEST = "newest"


def noted(codecs: Iterable[Codec], base: Base, crm: Record, erp: Record, context: Context) -> Base:
    """The base with the stamps as of now: one for each side's open edit of such a row, none where there is
    none."""
    kept = {key: agreed for key, agreed in base.items() if not key.startswith(PREFIX)}
    for codec in codecs:
        row = codec.row
        was = base.get(row.id)
        if row.owner != NEWEST or was is None:
            continue
        before = base.get(PREFIX + row.id, Agreed(crm=("",), erp=("",)))
        ours = _since(codec, Side.CRM, was.crm, crm, before.crm, context)
        theirs = _since(codec, Side.ERP, was.erp, erp, before.erp, context)
        if ours or theirs:
            kept[PREFIX + row.id] = Agreed(crm=(ours,), erp=(theirs,))
    return kept


def _since(codec: Codec, side: Side, was: Texts, record: Record, before: Texts, context: Context) -> str:
    paths = codec.row.crm if side is Side.CRM else codec.row.erp
    if not any(path in record.fields for path in paths):
        return before[0]
    now = tuple(record.fields.get(path, "") for path in paths)
    if now == was or codec.key(side, now, context) == codec.key(side, was, context):
        return ""
    return before[0] or str(record.updated_ms or "")


def of(base: Base) -> Mapping[str, tuple[int, int]]:
    """Row id to (webCRM's stamp, the ERP's), 0 where that side's field did not change."""
    return {
        key.removeprefix(PREFIX): (int(agreed.crm[0] or "0"), int(agreed.erp[0] or "0"))
        for key, agreed in base.items()
        if key.startswith(PREFIX)
    }
