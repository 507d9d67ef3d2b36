"""The style rules as functions from one source file to its violations, `line: what` each. `test_tidy.py`
applies them.

They look at the syntax tree, not at the text, where a text could mislead.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import msgspec

FILE_LINES_MAX = 350
TEST_LINES_MAX = 420  # a test file has one subject too, but its cases are many
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 110
ROOT = Path(__file__).parents[1]
BANNED_NAMES = re.compile(r"(?:^|_)(utils?|common|helpers?|managers?)(?:_|$)")
_TIME_AND_CHANCE = set(
    (
        "time.time time.time_ns time.monotonic time.monotonic_ns datetime.now datetime.utcnow "
        "datetime.today datetime.datetime.now datetime.datetime.utcnow date.today datetime.date.today "
        "uuid.uuid1 uuid.uuid4 uuid4 random.random random.randint random.choice random.shuffle "
        "random.uniform random.randrange random.sample secrets.token_hex secrets.token_urlsafe "
        "secrets.randbits os.urandom "
    ).split()
)
_DANGEROUS = {
    "eval",
    "exec",
    "pickle.loads",
    "pickle.load",
    "marshal.loads",
    "yaml.load",
    "os.system",
    "os.popen",
}
_EXECUTE = {"execute", "executemany", "executescript"}
# The words are put together here, so that this file does not violate its own rule.
_UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
_SILENCED = re.compile(r"#\s*(type:\s*ignore|noqa)(\[[^\]]*\]|:\s*[A-Z0-9, ]+)?(?P<rest>.*)$")


class Source(msgspec.Struct, dict=True):
    """One file. `path` is relative to the root, with `/`."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def product(self) -> bool:
        return self.path.startswith(("streamsync/", "actors/"))

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node, ast.unparse(node.func)


@cache
def sources() -> tuple[Source, ...]:
    """Every file, read and parsed once however many rules look at it."""
    found = [
        path for folder in ("streamsync", "actors", "tests") for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in found
    )


def size(source: Source) -> Iterator[str]:
    lines = source.text.splitlines()
    most = TEST_LINES_MAX if source.path.startswith("tests/") else FILE_LINES_MAX
    if len(lines) > most:
        yield f"1: {len(lines)} lines; a file has at most {most}"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{number}: {len(line)} columns; a line has at most {COLUMNS_MAX}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{node.lineno}: {node.name} has {length} lines; at most {FUNCTION_LINES_MAX}"


def names(source: Source) -> Iterator[str]:
    for part in source.path.removesuffix(".py").split("/"):
        if BANNED_NAMES.search(part):
            yield f"1: the name {part} says nothing about what is inside"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Helper|Utils?)$", node.name):
            yield f"{node.lineno}: the name {node.name} says nothing about what it does"


def contract(source: Source) -> Iterator[str]:
    if source.tree.body and not ast.get_docstring(source.tree):
        yield "1: a module says in its docstring what it is for"


def time_and_chance(source: Source) -> Iterator[str]:
    """Only the clock knows real time and real randomness."""
    if source.path == "streamsync/clock.py":
        return
    for call, name in source.calls():
        if name in _TIME_AND_CHANCE and (source.product or not name.startswith("time.")):
            yield f"{call.lineno}: {name}() outside streamsync/clock.py"
        if name in ("time.sleep", "sleep"):
            yield f"{call.lineno}: {name}() blocks everything"


def dangerous(source: Source) -> Iterator[str]:
    for call, name in source.calls():
        if name in _DANGEROUS:
            yield f"{call.lineno}: {name}() runs what it is given"
        for keyword in call.keywords:
            off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in ("ssl", "verify_ssl", "verify") and off:
                yield f"{call.lineno}: {keyword.arg}=False turns certificate checks off"
            if keyword.arg == "shell" and not off:
                yield f"{call.lineno}: shell= hands a text to a shell"


def sql(source: Source) -> Iterator[str]:
    """SQL lives in the store, and is put together from constants only: values are bound (security D2)."""
    in_store = source.path.startswith(("streamsync/store/", "tests/"))
    for call, name in source.calls():
        if name.rpartition(".")[2] not in _EXECUTE or "." not in name:
            continue
        if not in_store:
            yield f"{call.lineno}: {name}() outside streamsync/store"
        elif source.product and call.args and _assembled(call.args[0]):
            yield f"{call.lineno}: SQL that is assembled from something that is not a constant"


def _assembled(text: ast.expr) -> bool:
    if isinstance(text, ast.JoinedStr):
        values = [part.value for part in text.values if isinstance(part, ast.FormattedValue)]
        return not all(isinstance(value, ast.Name) and value.id.isupper() for value in values)
    if isinstance(text, ast.BinOp):
        return any(
            not isinstance(side, ast.Constant | ast.Name) and _assembled(side)
            for side in (text.left, text.right)
        )
    return isinstance(text, ast.Call) and ast.unparse(text.func).endswith(".format")


def swallowed(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and all(_does_nothing(line) for line in node.body):
            yield f"{node.lineno}: an exception is swallowed"
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            broad = [arg for arg in node.args if ast.unparse(arg) in ("Exception", "BaseException")]
            if broad:
                yield f"{node.lineno}: every exception is swallowed"


def _does_nothing(line: ast.stmt) -> bool:
    return isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))


def unfinished(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if _UNFINISHED.search(line):
            yield f"{number}: work left undone"
        silenced = _SILENCED.search(line)
        if silenced is not None and source.path != "tests/unit/test_tidy.py":
            what, reason = silenced[2] or "", silenced["rest"].strip(" #-:")
            if not what or len(reason) < 8:
                yield f"{number}: a check is silenced without a code and a reason"


def skipped(source: Source) -> Iterator[str]:
    """Tests run or fail. The one visible skip is that of a missing reference folder, and it says so."""
    banned = {
        "pytest.xfail",
        "pytest.mark.xfail",
        "pytest.mark.skip",
        "pytest.mark.skipif",
        "pytest.importorskip",
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in banned:
            yield f"{node.lineno}: {ast.unparse(node)}: a test runs or fails"
    for call, name in source.calls():
        if name == "pytest.skip" and "reference" not in ast.unparse(call):
            yield f"{call.lineno}: {name}: a test runs or fails"


RULES = (size, names, contract, time_and_chance, dangerous, sql, swallowed, unfinished, skipped)


def imports(source: Source) -> set[str]:
    """Full names of what a file imports, `from a import b` as both `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def logged(source: Source) -> Iterator[tuple[int, str, list[str]]]:
    """Every `log("event", key=…)` with a literal event: line, event, keys."""
    for call, name in source.calls():
        literal = call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
        if literal and re.fullmatch(r"(.*\.)?_?log", name):
            event = call.args[0]
            assert isinstance(event, ast.Constant)
            yield call.lineno, str(event.value), [keyword.arg for keyword in call.keywords if keyword.arg]
