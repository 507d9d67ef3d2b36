"""The only place that builds `/Queries` scripts (webcrm-api §5.3). One quoting function; nothing else is put
between quotes.

Scripts travel in the address, so they are kept below 1,500 characters; longer conditions become several
scripts.
"""

from collections.abc import Iterable, Mapping, Sequence

from streamsync.errors import Bug
from streamsync.model import Kind
from streamsync.systems.webcrm.fields import FIELDS, PREFIX, id_field

SCRIPT_MAX = 1_500
TABLE = {
    Kind.ORGANISATION: "Organisation",
    Kind.PERSON: "Person",
    Kind.DELIVERY: "Delivery",
    Kind.LINE: "QuotationLine",
}


def literal(text: str) -> str:
    """A text literal; apostrophes doubled. Raises `Bug` for control characters, which no field of ours may
    hold there."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise Bug("A control character cannot be searched for.", code="query")
    return "'" + text.replace("'", "''") + "'"


def columns(kind: Kind, want: frozenset[str]) -> str:
    """The columns that a record of ours is made of; `*` where naming them would take too much room."""
    prefix, known = PREFIX[kind], FIELDS[kind]
    technical = [id_field(kind), f"{prefix}UpdatedAt", f"{prefix}UpdatedBy"]
    if kind is Kind.LINE:
        technical.append("QuotationLineOpportunityId")
    wanted = sorted(name for name in want if name in known and known[name].readable)
    names = list(dict.fromkeys([*technical, *wanted]))
    text = ",".join(names)
    return text if len(text) <= SCRIPT_MAX // 2 else "*"


def changed_since(kind: Kind, want: frozenset[str], since: str, *, two_keys: bool = True) -> str:
    """Everything changed at or after the canonical moment, in the order of change."""
    at = f"{PREFIX[kind]}UpdatedAt"
    order = f"{at} ASC, {id_field(kind)} ASC" if two_keys else f"{at} ASC"
    return _select(kind, want, f"{at} >= {literal(since)}", order)


def everything(kind: Kind, want: frozenset[str], after: int = 0) -> str:
    """The table in the order of ids, from the first id above `after`: what is added or removed meanwhile
    moves no page."""
    return _select(kind, want, f"{id_field(kind)} > {after:d}", f"{id_field(kind)} ASC")


def any_of(
    kind: Kind, want: frozenset[str], column: str, values: Sequence[str], *, numbers: bool = False
) -> list[str]:
    """Scripts that together find all rows whose column has one of the values."""
    tests = [f"{column} = {_number(value) if numbers else literal(value)}" for value in values]
    return _scripts(kind, want, tests)


def all_of(kind: Kind, want: frozenset[str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Scripts that together find the rows that equal one of the given ones in each of its columns.

    A text that cannot stand in a script is left out: the caller compares again anyway. Raises `Bug` where
    nothing remains."""
    tests = []
    for row in rows:
        parts = [
            f"{name} = {literal(text)}"
            for name, text in row.items()
            if name in FIELDS[kind] and FIELDS[kind][name].readable and text.isprintable()
        ]
        if not parts:
            raise Bug("There is nothing to search this record by.", code="query")
        tests.append("(" + " AND ".join(parts) + ")")
    return _scripts(kind, want, tests)


def _scripts(kind: Kind, want: frozenset[str], tests: Iterable[str]) -> list[str]:
    order = f"{id_field(kind)} ASC"
    room = SCRIPT_MAX - len(_select(kind, want, "", order))
    return [_select(kind, want, " OR ".join(batch), order) for batch in _batches(tests, room)]


def _select(kind: Kind, want: frozenset[str], test: str, order: str) -> str:
    return " ".join(("SELECT", columns(kind, want), "FROM", TABLE[kind], "WHERE", test, "ORDER BY", order))


def exists(kind: Kind) -> str:
    """Asks nothing but whether the table may be asked."""
    return _select(kind, frozenset(), f"{id_field(kind)} = 0", f"{id_field(kind)} ASC")


def _number(text: str) -> str:
    if not text.isascii() or not text.isdigit():
        raise Bug("A key that is no number cannot be searched for.", code="query")
    return text


def _batches(tests: Iterable[str], room: int) -> Iterable[list[str]]:
    batch: list[str] = []
    used = 0
    for test in tests:
        if batch and used + len(test) + 4 > room:
            yield batch
            batch, used = [], 0
        batch.append(test)
        used += len(test) + 4
    if batch:
        yield batch
