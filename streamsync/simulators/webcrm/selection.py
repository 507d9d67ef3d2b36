"""Runs a parsed query over tables: names to members, literals to types, rows out (webcrm-api §5.3). Pure.

Comparisons as webCRM makes them: text without regard to case and trailing blanks, enum columns by integer,
dates by quoted ISO text. A name, table or literal that does not fit is a ScriptError, as SQL Server would
refuse it.
"""

import random
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from streamsync.simulators.webcrm import stamps
from streamsync.simulators.webcrm.query import (
    Both,
    Compare,
    Condition,
    Either,
    Join,
    Name,
    Query,
    ScriptError,
)
from streamsync.simulators.webcrm.schema import Member
from streamsync.simulators.webcrm.settings import Settings
from streamsync.simulators.webcrm.table import Row, Table

Pair = tuple[Row, Row]  # the row of FROM, and of the joined organisation (empty without JOIN)
Test = Callable[[Pair], bool]

_GENERIC = "LinkedDataItem"
_OWN = "QuotationLineLinkedDataItem"


class _Column(msgspec.Struct, frozen=True):
    """Where a written name leads: which half of the pair, which member, under which name it is shown."""

    half: int
    member: Member
    default: Any
    shown: str

    def read(self, pair: Pair) -> Any:
        return pair[self.half].get(self.member.name, self.default)


class Selection:
    """One query bound to tables. `run` gives all rows; paging is the caller's."""

    def __init__(
        self, query: Query, tables: Mapping[str, Table], settings: Settings, rng: random.Random
    ) -> None:
        self.query = query
        self.settings = settings
        self.rng = rng
        self.table = self._table(tables, query.table)
        self.joined = self._table(tables, query.join.table) if query.join else None
        if self.joined is not None and self.joined.entity.kind != "organisation":
            raise ScriptError("Only Organisation can be joined.")
        if len(query.order) > settings.query_order_keys:
            raise ScriptError("Too many columns in ORDER BY.")
        self.looks_by = ""  # `stamp` or `text`: what an index has to know
        self.names = self._names()
        self.columns = [self.column(name) for name in query.fields]
        self.test = self._condition(query.where) if query.where is not None else None
        self.order = [(self.column(name), descending) for name, descending in query.order]
        self.key = self._join_key(query.join) if query.join else None

    def _table(self, tables: Mapping[str, Table], name: str) -> Table:
        wanted = name.casefold()
        for table in tables.values():
            if table.entity.table.casefold() == wanted and wanted in self.settings.query_tables:
                return table
        raise ScriptError(f"Invalid table name '{name}'.")

    def _names(self) -> dict[str, _Column]:
        names: dict[str, _Column] = {}
        for half, table in ((1, self.joined), (0, self.table)):
            if table is None:
                continue
            for member in table.entity.members.values():
                if member.name == "QuotationLineLinkedDataId":
                    continue
                column = _Column(half, member, table.template[member.name], member.name)
                names[member.name.casefold()] = column
                if table.entity.kind == "item":
                    generic = member.name.replace(_OWN, _GENERIC)
                    names[generic.casefold()] = msgspec.structs.replace(column, shown=generic)
        return names

    def column(self, name: Name) -> _Column:
        found = self.names.get(name.field.casefold())
        if found is None:
            raise ScriptError(f"Invalid column name '{name.field}'.")
        if name.table and name.table.casefold() not in self._qualifiers(found.half):
            raise ScriptError(f"The name '{name.table}.{name.field}' could not be bound.")
        return found

    def _qualifiers(self, half: int) -> set[str]:
        if half == 0:
            written = (self.query.table, self.query.alias)
        else:
            join = self.query.join
            written = (join.table, join.alias) if join else ("", "")
        return {word.casefold() for word in written if word}

    def _join_key(self, join: Join) -> _Column:
        left, right = self.column(join.left), self.column(join.right)
        if left.half == 1:
            left, right = right, left
        if left.half != 0 or right.shown != "OrganisationId" or not left.shown.endswith("OrganisationId"):
            raise ScriptError("A join must compare the record's organisation with OrganisationId.")
        return left

    def _condition(self, condition: Condition) -> Test:
        if isinstance(condition, Compare):
            return self._comparison(condition)
        tests = [self._condition(part) for part in condition.parts]
        if isinstance(condition, Both):
            return lambda pair: all(test(pair) for test in tests)
        return self._one_of(condition) or (lambda pair: any(test(pair) for test in tests))

    def _one_of(self, either: Either) -> Test | None:
        """A set look-up, where the condition is a list of equalities of one field (a client's batch of
        ids)."""
        equalities = [part for part in either.parts if isinstance(part, Compare) and part.operator == "="]
        columns = {self.column(part.name) for part in equalities}
        if len(equalities) < len(either.parts) or len(columns) != 1:
            return None
        column = columns.pop()
        self._note_index(column, "=")
        typed = [_typed(column.member, column.read, part.literal) for part in equalities]
        read, wanted = typed[0][0], frozenset(value for _, value in typed)
        return lambda pair: read(pair) in wanted

    def _comparison(self, compare: Compare) -> Test:
        column = self.column(compare.name)
        if compare.operator == "LIKE":
            return self._like(column, compare.literal)
        self._note_index(column, compare.operator)
        read, wanted = _typed(column.member, column.read, compare.literal)
        match compare.operator:
            case "=":
                return lambda pair: bool(read(pair) == wanted)
            case "<>":
                return lambda pair: bool(read(pair) != wanted)
            case "<":
                return lambda pair: bool(read(pair) < wanted)
            case "<=":
                return lambda pair: bool(read(pair) <= wanted)
            case ">":
                return lambda pair: bool(read(pair) > wanted)
            case _:
                return lambda pair: bool(read(pair) >= wanted)

    def _note_index(self, column: _Column, operator: str) -> None:
        if column.member.type == "dt":
            self.looks_by = "stamp"
        elif column.member.type == "str" and operator == "=" and not self.looks_by:
            self.looks_by = "text"

    def _like(self, column: _Column, literal: str | Decimal) -> Test:
        if not self.settings.query_like or column.member.type != "str" or not isinstance(literal, str):
            raise ScriptError(f"LIKE cannot be used with '{column.shown}'.")
        parts = [".*" if c == "%" else "." if c == "_" else re.escape(c) for c in literal]
        pattern = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
        return lambda pair: pattern.fullmatch(column.read(pair)) is not None

    def run(self) -> list[Pair]:
        """The pairs that fit, in order; without ORDER BY by id, or shuffled if so set."""
        pairs = self._pairs()
        if self.test is not None:
            test = self.test
            pairs = [pair for pair in pairs if test(pair)]
        if not self.order and self.settings.query_shuffle:
            self.rng.shuffle(pairs)
        for column, descending in reversed(self.order):
            read = _sort_reader(column)
            pairs.sort(key=read, reverse=descending)
        return pairs

    def _pairs(self) -> list[Pair]:
        rows = self.table.in_order()
        if self.joined is None or self.key is None:
            return [(row, {}) for row in rows]
        organisations, key = self.joined.rows, self.key
        pairs = [(row, organisations.get(key.read((row, {})), {})) for row in rows]
        return [pair for pair in pairs if pair[1]]

    def show(self, pair: Pair, number: int) -> Row:
        """One row of the answer; `number` is its RowNumber."""
        if self.columns:
            shown = {column.shown: self._value(column, pair) for column in self.columns}
        else:
            shown = self._whole(pair)
        if self.settings.raw_columns:
            shown["RowNumber"] = number
            if not self.columns:
                shown.update(dict.fromkeys(self.table.entity.raw_columns, 0))
        return shown

    def _whole(self, pair: Pair) -> Row:
        shown = self.table.wire(pair[0])
        if self.table.entity.kind == "item":
            shown = {
                name.replace(_OWN, _GENERIC): value
                for name, value in shown.items()
                if not name.endswith(
                    ("ItemCostPrice", "ItemVatCode")
                )  # LinkedDataItemDto has neither (webcrm-api §10.5)
            }
        if self.joined is not None:
            shown = {**self.joined.wire(pair[1]), **shown}
        if self.settings.query_enums == "integers":
            for name, value in shown.items():
                column = self.names.get(name.casefold())
                if column is not None and column.member.type == "enum":
                    shown[name] = column.member.options.index(value)
        return shown

    def _value(self, column: _Column, pair: Pair) -> Any:
        value = column.read(pair)
        if column.member.type == "enum" and self.settings.query_enums == "integers":
            return column.member.options.index(value)
        return value


def _sort_reader(column: _Column) -> Callable[[Pair], Any]:
    if column.member.type == "str":
        return lambda pair: column.read(pair).casefold()
    if column.member.type == "enum":
        return lambda pair: column.member.options.index(column.read(pair))
    return column.read


def _typed(
    member: Member, read: Callable[[Pair], Any], literal: str | Decimal
) -> tuple[Callable[[Pair], Any], Any]:
    """The reader and the literal in one comparable type. Raises ScriptError."""
    match member.type:
        case "str":
            return (lambda pair: read(pair).casefold().rstrip(" ")), str(literal).casefold().rstrip(" ")
        case "dt":
            if not isinstance(literal, str):
                raise ScriptError(f"A date for '{member.name}' must be quoted.")
            try:
                return (lambda pair: read(pair)[:19]), stamps.sortable(literal)
            except ValueError:
                raise ScriptError(f"Conversion failed for the date compared with '{member.name}'.") from None
        case "enum":
            return (lambda pair: member.options.index(read(pair))), _number(member, literal)
        case "bool":
            word = str(literal).casefold()
            if word not in ("true", "false", "1", "0"):
                raise ScriptError(f"Conversion failed for the value compared with '{member.name}'.")
            return read, word in ("true", "1")
        case _:
            return read, _number(member, literal)


def _number(member: Member, literal: str | Decimal) -> float:
    try:
        return float(literal)
    except ValueError:
        raise ScriptError(f"Conversion failed: '{member.name}' is compared with a number.") from None
