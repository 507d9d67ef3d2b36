"""On which line of a TOML text a key stands: the standard reader keeps no positions, and errors must name
the line.

Pure; a reader of lines, not of TOML: multi-line strings could mislead it, never fail it.
"""

import re

_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*(?:\.\s*[A-Za-z0-9_-]+\s*)*=")


class Lines:
    """`at("organisation", "types")`, `at_row("organisation.map", 2, "crm")`: 1-based lines; 0 where not
    found."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, int, str], int] = {}
        table, rank = "", 0
        counts: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if head := _TABLE.match(line):
                table, rank = head[2], 0
                if head[1] == "[[":
                    rank = counts.get(table, 0)
                    counts[table] = rank + 1
                self._found.setdefault((table, rank, ""), number)
            elif key := _KEY.match(line):
                self._found.setdefault((table, rank, key[1].strip('"')), number)

    def at(self, table: str, key: str = "") -> int:
        return self.at_row(table, 0, key)

    def at_row(self, table: str, rank: int, key: str = "") -> int:
        return self._found.get((table, rank, key)) or self._found.get((table, rank, ""), 0)
