"""The rules file: TOML to `Rules`, checked key by key (semantics §2; the keys are the settings' own names).

`parse` raises an ExceptionGroup of ConfigError; each names line, key and what is allowed. It checks form
only: whether fields, options and codes exist in the two systems is `rules_check`'s part. `render` and
`diff` (rules_text.py) are reached from here.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from streamsync.errors import ConfigError
from streamsync.model import Direction, Entity
from streamsync.sync import defaults
from streamsync.sync.rows import Row
from streamsync.sync.rows_file import Place, read_rows
from streamsync.sync.rules import Rules, Section
from streamsync.sync.rules_text import diff, render, render_defaults
from streamsync.sync.rules_words import ALLOWED
from streamsync.sync.toml_lines import Lines

__all__ = ["diff", "parse", "placed", "render", "render_defaults"]

MAPPED = ("organisation", "person", "item", "delivery", "line")


def parse(text: str, place: str) -> Rules:
    """`place`: the file's name, for messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExceptionGroup(
            "The rules cannot be read", [ConfigError(place, f"not valid TOML: {error}")]
        ) from error
    reader = _Reader(place, Lines(text))
    rules = reader.rules(raw)
    if reader.problems:
        raise ExceptionGroup("The rules cannot be used", reader.problems)
    return rules


def placed(problem: ConfigError, text: str, place: str) -> ConfigError:
    """A problem that `rules_check` found, with the line of `text` on which its key stands; without one where
    the key does not stand in the text."""
    lines = Lines(text)
    table, _, row = problem.place.partition(" ")
    if row:
        row_id, _, key = row.partition(" ")
        raw = tomllib.loads(text).get(table.removesuffix(".map"), {}).get("map", [])
        ranks = [rank for rank, entry in enumerate(raw) if entry.get("id") == row_id]
        line = lines.at_row(table, ranks[0], key) if ranks else 0
    else:
        line = _line(lines, problem.place)
    where = f"{place}:{line}: {problem.place}" if line else f"{place}: {problem.place}"
    return ConfigError(where, problem.problem, problem.allowed)


def _line(lines: Lines, path: str) -> int:
    """Of the setting, or of the nearest table around it."""
    if line := lines.at(path):
        return line
    table, _, key = path.rpartition(".")
    while table:
        if line := lines.at(table, key):
            return line
        table, _, key = table.rpartition(".")
    return lines.at(key)


class _Reader:
    def __init__(self, place: str, lines: Lines) -> None:
        self.place, self.lines = place, lines
        self.problems: list[ConfigError] = []

    def problem(self, line: int, key: str, what: str, allowed: str = "") -> None:
        self.problems.append(ConfigError(f"{self.place}:{line}: {key}", what, allowed))

    def rules(self, raw: Mapping[str, Any]) -> Rules:
        known = {field.name: field for field in msgspec.structs.fields(Rules)}
        sections: dict[str, Any] = {}
        for name, found in raw.items():
            if name not in known:
                self.problem(self.lines.at(name), name, "there is no such table.", ", ".join(known))
            elif not isinstance(found, dict):
                self.problem(self.lines.at("", name), name, "must be a table.", f"[{name}]")
            else:
                sections[name] = self.section(name, known[name].type, found)
        rules = Rules(**sections)
        changes: dict[str, Any] = {}
        for name in MAPPED:
            found = raw.get(name, {})
            rows = found.get("map", []) if isinstance(found, dict) else []
            changes[name] = self.mapped(name, rules, rows)
        return msgspec.structs.replace(rules, **changes)

    def section(self, path: str, kind: Any, raw: Mapping[str, Any]) -> Any:
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        kept: dict[str, Any] = {}
        for key, found in raw.items():
            full = f"{path}.{key}"
            line = self.lines.at(path, key) or self.lines.at(full)
            if key == "map" and path in MAPPED:
                continue
            if key not in fields or key == "map":
                self.problem(
                    line, full, "there is no such setting.", ", ".join(n for n in fields if n != "map")
                )
                continue
            wanted = fields[key].type
            if isinstance(wanted, type) and issubclass(wanted, Section):
                if isinstance(found, dict):
                    kept[fields[key].name] = self.section(full, wanted, found)
                else:
                    self.problem(line, full, "must be a table.", f"[{full}]")
                continue
            if full in ALLOWED and found not in ALLOWED[full]:
                self.problem(line, full, f"{found!r} cannot stand here.", ", ".join(map(repr, ALLOWED[full])))
                continue
            try:
                kept[fields[key].name] = msgspec.convert(found, wanted)
            except msgspec.ValidationError as error:
                self.problem(line, full, f"{error}.", _form(wanted))
        return kind(**kept)

    def mapped(self, section: str, rules: Rules, raw: Any) -> Any:
        """The section with its rows: ready-made ones, as the file changes them, and the file's own."""
        here = getattr(rules, section)
        table = f"{section}.map"
        if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
            self.problem(self.lines.at(section, "map"), table, "must be a list of tables.", f"[[{table}]]")
            return here
        place = Place(
            section=section, line=lambda rank, key: self.lines.at_row(table, rank, key), problem=self.problem
        )
        rows = read_rows(place, raw, _ready(section, rules))
        return _settings_of_rows(section, here, rows)


def _form(wanted: Any) -> str:
    return {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}.get(
        wanted, "a table of texts" if "dict" in str(wanted) else "a list of texts"
    )


def _ready(section: str, rules: Rules) -> dict[str, Row]:
    """The ready-made rows with the webCRM fields that settings choose for them."""
    out = {row.id: row for row in defaults.ROWS[section]}

    def put(row_id: str, **changes: Any) -> None:
        out[row_id] = msgspec.structs.replace(out[row_id], **changes)

    if section == Entity.ORGANISATION:
        put("O1", crm=(rules.organisation.number_field,))
        if rules.organisation.name_to_erp == "name_division":
            put(
                "O2",
                crm=("OrganisationName", "OrganisationDivisionName"),
                direction=Direction.TO_ERP,
                owner="crm",
                transforms=("name_division",),
            )
    elif section == Entity.PERSON:
        put("P7", crm=(rules.person.contact_id_field,))
        if rules.person.middle == "join":
            put(
                "P1",
                crm=("PersonFirstName", "PersonMiddleName", "PersonLastName"),
                direction=Direction.TO_ERP,
            )
    elif section == Entity.ITEM:
        for row_id, part in defaults.LAYOUT_FIELDS.items():
            put(row_id, crm=(getattr(rules.item.layout, part),))
        if rules.item.unit == "base":
            put("I3", erp=("baseUnit",))
    elif section == defaults.LINE:
        put("L1", crm=(_line_field(rules.item.layout.id),))
        put("L6", crm=(_line_field(rules.item.layout.unit),))
    return out


def _line_field(catalogue_field: str) -> str:
    """The field of a quotation line that shows a catalogue row's DataN."""
    return catalogue_field.replace("QuotationLineLinkedDataItemData", "QuotationLineData")


def _settings_of_rows(section: str, here: Any, rows: tuple[Row, ...]) -> Any:
    """Rows that stand for a setting (O1, P7, D9, D21) fill it where the file left it empty; D9 and D21 are
    settings only."""
    changes: dict[str, Any] = {}
    kept: list[Row] = []
    named = {"O1": "number_field", "P7": "contact_id_field", "D9": "status_field", "D21": "message_field"}
    for row in rows:
        setting = named.get(row.id, "")
        if setting and not getattr(here, setting):
            changes[setting] = row.crm[0]
        if row.id == "D9" and row.values and not here.status_words:
            changes["status_words"] = {word: text for text, word in row.values.items()}
        if row.id not in ("D9", "D21"):
            kept.append(row)
    return msgspec.structs.replace(here, map=tuple(kept), **changes)
