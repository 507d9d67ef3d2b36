"""`docs/predecessor.md`: fault by fault, the tests that show that ours does not have it.
`python -m tests.predecessor_page` prints it.

The faults and the names of the tests stand in `predecessor.py`; the files of the tests are found by the
names, without running or importing them.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from tests.predecessor import ITEMS

ROOT = Path(__file__).parents[1]
LABELS = [*(f"A{number}" for number in range(1, 51)), *(f"W-{number}" for number in range(1, 43))]
HEAD = """# What the predecessor does and ours does not

Made by `make docs`. webCRM's own earlier integration with two other ERPs (public, 2018) was read before this
one was written. It admits fifty weaknesses (A), and forty-two more faults were found in its code (W). Each
has here at least one test that fails if ours does the same; run one with `make test T="<its id>"`.
"""


class Item(msgspec.Struct, frozen=True):
    """One fault; `tests` are ids from the root, with the parameter only where one was named."""

    label: str
    fault: str
    tests: tuple[str, ...]


@cache
def places() -> Mapping[str, Sequence[str]]:
    """Name of a test to the files that hold one of this name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found[node.name].append(path.relative_to(ROOT).as_posix())
    return found


def _id(name: str) -> str:
    """Raises ValueError unless exactly one file holds such a test."""
    function = f"test_{name.partition('[')[0]}"
    files = places().get(function, [])
    if len(files) != 1:
        raise ValueError(f"tests/predecessor.py names {function}, which stands in {len(files)} files.")
    return f"{files[0]}::test_{name}"


def items(text: str = ITEMS) -> list[Item]:
    """In the order of the text."""
    found: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("  "):
            found[-1][2].append(_id(line.strip()))
        else:
            label, _, fault = line.partition(" ")
            found.append((label, fault, []))
    return [Item(label, fault, tuple(tests)) for label, fault, tests in found]


def page() -> str:
    rows = [
        f"| {number} | {item.label} | {item.fault} | {'<br>'.join(f'`{test}`' for test in item.tests)} |"
        for number, item in enumerate(items(), 1)
    ]
    return (
        "\n".join((HEAD, "| no. | item | the predecessor's fault | tests |", "|---|---|---|---|", *rows))
        + "\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page())
