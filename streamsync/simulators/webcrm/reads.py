"""The reading half of the API: lists, single records, finders, metadata, /Queries. Each function answers
one route.

Lists are bare arrays ordered by id, paged by `Page` and `Size` (names in any case); unknown parameters are
ignored (Q19).
"""

from collections.abc import Iterable
from typing import Any

from streamsync.simulators.http import Request, Response, json_response
from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.books import Books
from streamsync.simulators.webcrm.metadata import fields_metadata, known
from streamsync.simulators.webcrm.query import Query, ScriptError
from streamsync.simulators.webcrm.schema import ENTITIES
from streamsync.simulators.webcrm.selection import Selection
from streamsync.simulators.webcrm.settings import Refusal
from streamsync.simulators.webcrm.table import Row, Table

SIZE_MAX = 1000


def parameter(request: Request, name: str) -> str | None:
    """A query parameter, its name in any case."""
    for written, found in request.query.items():
        if written.casefold() == name.casefold():
            return found[0]
    return None


def _whole(request: Request, name: str, default: int, maximum: int) -> int:
    text = parameter(request, name)
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= maximum:
        raise Refusal(400, f"{name} must be a whole number from 1 to {maximum}.")
    return int(text)


def window(books: Books, request: Request) -> slice:
    """The part of a list that was asked for. Raises Refusal."""
    page = _whole(request, "Page", 1, 1_000_000)
    size = _whole(request, "Size", books.settings.default_size, SIZE_MAX)
    return slice((page - 1) * size, page * size)


def listing(books: Books, request: Request, table: Table, rows: Iterable[Row]) -> Response:
    part = list(rows)[window(books, request)]
    return json_response(200, [table.wire(row) for row in part])


def all_of(books: Books, request: Request, kind: str) -> Response:
    table = books.tables[kind]
    return listing(books, request, table, table.in_order())


def one(books: Books, kind: str, number: int) -> Response:
    if number not in books.tables[kind].rows:
        raise Refusal(404, f"There is no {kind} with id {number}.")
    return json_response(200, books.wire(kind, number))


def linked(books: Books, request: Request, kind: str, member: str, number: int) -> Response:
    """Records of `kind` whose `member` names the record; indexed."""
    table = books.tables[kind]
    return listing(books, request, table, [table.rows[found] for found in table.find(member, number)])


def with_value(books: Books, request: Request, kind: str, member: str, value: Any) -> Response:
    table = books.tables[kind]
    empty = table.template[member]
    return listing(
        books, request, table, [row for row in table.in_order() if row.get(member, empty) == value]
    )


def by_dates(books: Books, request: Request, kind: str, member: str, start: str, end: str) -> Response:
    """start <= date < end; without a zone taken as UTC."""
    try:
        first, last = stamps.sortable(start), stamps.sortable(end)
    except ValueError:
        raise Refusal(400, "The dates of the address must be ISO dates.") from None
    table = books.tables[kind]
    rows = [row for row in table.in_order() if first <= row.get(member, stamps.EMPTY)[:19] < last]
    return listing(books, request, table, rows)


def catalogue(books: Books) -> Response:
    """`/QuotationLines/LinkedData`: unpaged (Q30)."""
    table = books.tables["item"]
    return json_response(200, [table.wire(row) for row in table.in_order()])


def users(books: Books, request: Request, only_active: bool) -> Response:
    table = books.tables["user"]
    inactive = {user.id for user in books.tenant.users if not user.active} if only_active else set()
    return listing(books, request, table, [row for row in table.in_order() if row["UserId"] not in inactive])


def metadata(books: Books, entity_type: str) -> Response:
    if not known(entity_type):
        raise Refusal(400, "The entity type is not known.")
    return json_response(200, fields_metadata(books.tenant, entity_type))


def setup(books: Books) -> Response:
    return json_response(200, books.tenant.linked_setup)


def query_area(query: Query) -> list[str]:
    """The token rights a query needs."""
    names = [query.table, *([query.join.table] if query.join else [])]
    wanted = {name.casefold() for name in names}
    return [entity.area for entity in ENTITIES.values() if entity.table.casefold() in wanted]


def queries(books: Books, request: Request, query: Query) -> Response:
    """`/Queries`. Raises Refusal."""
    try:
        selection = Selection(query, books.tables, books.settings, books.rng)
    except ScriptError as problem:
        raise Refusal(400, str(problem)) from None
    part = window(books, request)
    shows = {"stamp": books.lag.listed, "text": books.lag.found}.get(selection.looks_by)
    kind, found = selection.table.entity.kind, selection.run()
    if shows is not None:
        number = selection.table.entity.id
        found = [pair for pair in found if shows((kind, pair[0][number]), books.now_ms)]
    pairs = found[part]
    return json_response(200, [selection.show(pair, part.start + n) for n, pair in enumerate(pairs, 1)])
