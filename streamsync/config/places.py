"""Where in a TOML text a key stands, so that an error can name its line. The standard parser keeps no
positions."""

import re

Path = tuple[str | int, ...]
_HEADER = re.compile(r"^\s*(\[{1,2})\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(
    r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)


def lines(text: str) -> dict[Path, int]:
    """Path of every table and key to its line, counted from 1. Arrays of tables carry their index in the
    path."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:  # inside a multi-line string nothing is a key
            fence = "" if fence in line else fence
            continue
        header = _HEADER.match(line)
        if header is not None:
            table = _enter(header[1] == "[[", _parts(header[2]), counts)
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            parts = _parts(key[1])
            for end in range(1, len(parts) + 1):
                found.setdefault((*table, *parts[:end]), number)
        fence = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of the path, or of the nearest table around it; 0 if even that is not there."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 0)


def shown(path: Path) -> str:
    """`connections[0].webcrm.url`, as it is told to people."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _parts(key: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in key.split("."))


def _enter(array: bool, parts: Path, counts: dict[Path, int]) -> Path:
    path: Path = ()
    for depth, part in enumerate(parts, 1):
        path = (*path, part)
        if array and depth == len(parts):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
