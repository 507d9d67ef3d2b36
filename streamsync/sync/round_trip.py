"""The round-trip law of two-way rows: what goes out comes back as the same (design §5).

Pure. Tries made-up values of every sort and the real ones that the code tables and dropdowns hold; the
first value that does not return is the counter-example that the administrator sees. A value without an
entry is no counter-example: it parks.
"""

from collections.abc import Iterable, Iterator

from streamsync.model import Direction, Side
from streamsync.sync import transforms
from streamsync.sync.rows import Codec, Context, Texts, Unmapped
from streamsync.sync.values import Tables

TEXTS = (
    "",
    "Nordlys ApS",
    " Blå Jørgen ",
    "O'Brien & Sønner",
    "12345678",
    "00123",
    "12.5",
    "-3",
    "0",
    "2026-03-14",
    "Yes",
    "No",
    "true",
    "A\r\n\r\nB",
    "A\nB\nC\nD\nE",
    "+45 20 30 40 10",
    "Maja@Nordlys.Example",
    "https://nordlys.example/",
    "DK12345678",
    "NO 987654321 MVA",
    "Danmark",
    "Norge",
    "Active",
    "Resigned",
    "Other",
    "07: 7 dage",
    "x" * 300,
)
COUNTRIES = ("", "DK", "NO")


def counter_example(codec: Codec, tables: Tables) -> str:
    """ "" if the law holds, else what went in and what came back, in words."""
    if codec.row.direction is not Direction.TWO_WAY:
        return ""
    for country in COUNTRIES:
        context = Context(country=country)
        for texts in _samples(codec, tables):
            back = _around(codec, texts, context)
            if back is not None:
                return f"{list(texts)!r} goes out as {list(back[0])!r} and comes back as {list(back[1])!r}"
    return ""


def _around(codec: Codec, texts: Texts, context: Context) -> tuple[Texts, Texts] | None:
    """What went out and came back, if they differ. Cut texts are compared in cut form elsewhere and prove
    nothing here."""
    try:
        if codec.cut(Side.ERP, texts, context) or codec.cut(Side.CRM, codec.to_erp(texts, context), context):
            return None
        sent = codec.to_erp(texts, context)
        back = codec.to_crm(sent, context)
        again = codec.to_erp(back, context)
    except Unmapped:
        return None
    key = codec.key(Side.ERP, sent, context)
    if codec.key(Side.ERP, again, context) == key and codec.same(back, sent, context):
        return None
    return sent, back


def _samples(codec: Codec, tables: Tables) -> Iterator[Texts]:
    width = len(codec.row.crm)
    singles: Iterable[str] = (*TEXTS, *codec.row.values, *_real(codec, tables))
    for at, text in enumerate(singles):
        if width == 1:
            yield (text,)
        else:
            yield tuple(text if place == at % width else TEXTS[(at + place) % 4] for place in range(width))


def _real(codec: Codec, tables: Tables) -> list[str]:
    """Texts that the tenant's own dropdowns and tables hold."""
    found = list(tables.get(f"option:{codec.row.crm[0]}", {}))
    for text in codec.row.transforms:
        _, transform, args = transforms.parse(text)
        if transform.table >= 0:
            found.extend(tables.get(args[transform.table], {}))
    return found[:500]
