"""Faults of the predecessor that show in the source itself (`tests/predecessor.py`)."""

import ast
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests import predecessor_page
from tests.tidy import Source, sources

SMALL = 60  # nodes of the syntax tree: three lines or so may well be said twice
ZONES = ("zoneinfo", "pytz", "tzlocal", "dateutil", "time.localtime", "time.mktime", "time.tzset")
# What decides how tests run; none of them is a key to anything.
KNOWN = {"STREAMSYNC_CI", "PYTEST_XDIST_WORKER", "PYTHONPATH", "PYTHONHASHSEED"}


def product() -> Iterator[Source]:
    return (source for source in sources() if source.product)


def test_no_function_is_written_twice() -> None:
    """A4: what both systems need stands in one place."""
    seen: dict[str, list[str]] = defaultdict(list)
    for source in product():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            body = [one for one in node.body if not _is_text(one)]
            if sum(1 for one in body for _ in ast.walk(one)) > SMALL:
                seen["\n".join(map(ast.dump, body))].append(f"{source.path}:{node.lineno} {node.name}")
    assert [places for places in seen.values() if len(places) > 1] == []
    assert len(seen) > 500


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_no_time_zone_is_named() -> None:
    """W-34: stamps are UTC, and a server's zone is measured by its own clock. (The stand-in has a zone to
    show one.)"""
    for source in product():
        if source.path.startswith("streamsync/simulators/"):
            continue
        for node in ast.walk(source.tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Attribute):
                names = [ast.unparse(node)]
            assert not set(ZONES).intersection(names), f"{source.path} knows of {names}"
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                ("astimezone", "fromtimestamp")
            ):
                assert node.args, f"{source.path}:{node.lineno} takes the machine's own zone"
                assert ast.unparse(node.args[-1]) == "UTC", f"{source.path}:{node.lineno}"


def test_no_test_asks_for_the_key_of_a_live_system() -> None:
    """W-42: whoever has the sources can run all tests."""
    for source in sources():
        if not source.path.startswith("tests/"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
                [name, *_] = node.args
                assert isinstance(name, ast.Constant), f"{source.path}:{node.lineno}"
                assert name.value in KNOWN, f"{source.path}:{node.lineno}"
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                assert ast.unparse(node.slice).strip("'\"") in KNOWN, f"{source.path}:{node.lineno}"


def test_a_test_that_is_not_there_is_no_proof() -> None:
    with pytest.raises(ValueError, match="test_nobody_wrote_this, which stands in 0 files"):
        predecessor_page.items("A1 A fault\n  nobody_wrote_this\n")
