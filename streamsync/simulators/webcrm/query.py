"""The language of `GET /Queries` (webcrm-api §5.3): a recursive-descent parser from script to `Query`. Pure.

    query      = SELECT ( "*" | field { "," field } ) FROM name [ alias ] [ join ] [ WHERE either ] [ order ]
    join       = JOIN Organisation [ alias ] ON [ "(" ] field "=" field [ ")" ]
    either     = both { OR both } ;  both = one { AND one } ;  one = "(" either ")" | field operator literal
    order      = ORDER BY field [ ASC | DESC ] { "," field [ ASC | DESC ] }
    field      = name [ "." name ] ;  operator = "=" "<>" "!=" "<" "<=" ">" ">=" LIKE

A literal is a number or quoted text with `''` for an apostrophe. Everything else raises ScriptError.
"""

import re
from decimal import Decimal

import msgspec


class ScriptError(ValueError):
    """The script is outside the language; the text says where."""


class Name(msgspec.Struct, frozen=True):
    """A field as written; `table` is the name or alias before the point, or empty."""

    table: str
    field: str


class Compare(msgspec.Struct, frozen=True):
    name: Name
    operator: str
    literal: str | Decimal


class Both(msgspec.Struct, frozen=True):
    parts: tuple["Condition", ...]


class Either(msgspec.Struct, frozen=True):
    parts: tuple["Condition", ...]


Condition = Compare | Both | Either


class Join(msgspec.Struct, frozen=True):
    table: str
    alias: str
    left: Name
    right: Name


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`fields` empty: `*`. `order`: field and whether descending."""

    fields: tuple[Name, ...]
    table: str
    alias: str = ""
    join: Join | None = None
    where: Condition | None = None
    order: tuple[tuple[Name, bool], ...] = ()


_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<text>'(?:[^']|'')*')"
    r"|(?P<sign><>|!=|<=|>=|[=<>(),.*]))"
)
_WORDS = frozenset(
    {"SELECT", "FROM", "JOIN", "INNER", "ON", "WHERE", "AND", "OR", "ORDER", "BY", "ASC", "DESC", "LIKE"}
)
_DEPTH_MAX = 50
_SIGNS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})


class _Token(msgspec.Struct, frozen=True):
    kind: str  # name word number text sign end
    text: str
    at: int


def _tokens(script: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    end = len(script.rstrip())
    while at < end:
        match = _TOKEN.match(script, at)
        if match is None:
            raise ScriptError(f"Incorrect syntax near position {at + 1}.")
        kind = match.lastgroup or ""
        text = match.group(kind)
        if kind == "name" and text.upper() in _WORDS:
            kind, text = "word", text.upper()
        found.append(_Token(kind, text, match.start(match.lastgroup or 0)))
        at = match.end()
    found.append(_Token("end", "", end))
    return found


class _Parser:
    def __init__(self, script: str) -> None:
        self.tokens = _tokens(script)
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def fail(self, wanted: str) -> ScriptError:
        shown = self.token.text or "the end"
        return ScriptError(
            f"Incorrect syntax near '{shown}' at position {self.token.at + 1}: {wanted} expected."
        )

    def accept(self, kind: str, text: str) -> bool:
        if self.token.kind == kind and self.token.text == text:
            self.at += 1
            return True
        return False

    def expect(self, kind: str, text: str) -> None:
        if not self.accept(kind, text):
            raise self.fail(text)

    def name(self) -> str:
        if self.token.kind != "name":
            raise self.fail("a name")
        self.at += 1
        return self.tokens[self.at - 1].text

    def field(self) -> Name:
        first = self.name()
        return Name(first, self.name()) if self.accept("sign", ".") else Name("", first)

    def alias(self) -> str:
        return self.name() if self.token.kind == "name" else ""

    def query(self) -> Query:
        self.expect("word", "SELECT")
        fields: list[Name] = []
        if not self.accept("sign", "*"):
            fields.append(self.field())
            while self.accept("sign", ","):
                fields.append(self.field())
        self.expect("word", "FROM")
        table, alias = self.name(), self.alias()
        join = self.join() if self.token.text in ("JOIN", "INNER") and self.token.kind == "word" else None
        where = self.either() if self.accept("word", "WHERE") else None
        order = self.order() if self.accept("word", "ORDER") else ()
        if self.token.kind != "end":
            raise self.fail("the end of the script")
        return Query(fields=tuple(fields), table=table, alias=alias, join=join, where=where, order=order)

    def join(self) -> Join:
        self.accept("word", "INNER")
        self.expect("word", "JOIN")
        table, alias = self.name(), self.alias()
        self.expect("word", "ON")
        parenthesis = self.accept("sign", "(")
        left = self.field()
        self.expect("sign", "=")
        right = self.field()
        if parenthesis:
            self.expect("sign", ")")
        return Join(table, alias, left, right)

    def either(self) -> Condition:
        parts = [self.both()]
        while self.accept("word", "OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self) -> Condition:
        parts = [self.one()]
        while self.accept("word", "AND"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def one(self) -> Condition:
        if self.accept("sign", "("):
            self.depth += 1
            if self.depth > _DEPTH_MAX:
                raise self.fail("less nesting")
            inner = self.either()
            self.expect("sign", ")")
            self.depth -= 1
            return inner
        name = self.field()
        token = self.token
        if not (
            (token.kind == "sign" and token.text in _SIGNS) or (token.kind == "word" and token.text == "LIKE")
        ):
            raise self.fail("an operator")
        self.at += 1
        return Compare(name, "<>" if token.text == "!=" else token.text, self.literal())

    def literal(self) -> str | Decimal:
        token = self.token
        self.at += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            return Decimal(token.text)
        self.at -= 1
        raise self.fail("a quoted text or a number")

    def order(self) -> tuple[tuple[Name, bool], ...]:
        self.expect("word", "BY")
        keys: list[tuple[Name, bool]] = []
        while True:
            name = self.field()
            descending = self.accept("word", "DESC")
            if not descending:
                self.accept("word", "ASC")
            keys.append((name, descending))
            if not self.accept("sign", ","):
                return tuple(keys)


def parse(script: str) -> Query:
    """Raises ScriptError."""
    return _Parser(script).query()
