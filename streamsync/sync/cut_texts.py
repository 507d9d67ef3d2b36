"""Rows that are equal only because one side holds no more of the text (semantics §7, cases E13 and E19).

Pure; called by `sync.merge` for every row that is equal, so it looks at lengths first. What it names stays
on the pair's page for as long as the whole text stands on the other side.
"""

from streamsync.model import Side
from streamsync.sync.rows import Codec, Context, Texts, Unmapped


def cut(codec: Codec, crm: Texts, erp: Texts, context: Context) -> Texts:
    """The fields that hold a cut form of the other side's text; () where both hold the whole."""
    return _held(codec, Side.ERP, crm, erp, context) or _held(codec, Side.CRM, erp, crm, context)


def _held(codec: Codec, target: Side, source: Texts, held: Texts, context: Context) -> Texts:
    paths = codec.row.erp if target is Side.ERP else codec.row.crm
    least = min((codec.limits[path] for path in paths if path in codec.limits), default=0)
    if not least or max(map(len, source), default=0) <= least:
        return ()
    lost = codec.cut(target, source, context)
    if not lost:
        return ()
    try:
        wanted = (codec.to_erp if target is Side.ERP else codec.to_crm)(source, context)
    except Unmapped:
        return ()
    return lost if codec.key(target, wanted, context) == codec.key(target, held, context) else ()
