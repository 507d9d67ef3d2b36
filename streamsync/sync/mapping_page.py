"""`docs/mapping.md`: every row, setting, outcome, reason, choice and finding, as Markdown made from the code.

Pure. `streamsync mapping` prints it and `make docs` writes it; a test holds the committed file to it.
"""

import json
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import msgspec

from streamsync.model import Entity, Outcome
from streamsync.sync import defaults, reasons
from streamsync.sync.decision import AMBIGUOUS, REASONS
from streamsync.sync.rows import Row
from streamsync.sync.rules import Rules, Section
from streamsync.sync.rules_words import ALLOWED, CHOOSE, COMMENTS, DIRECTIONS, OWNERS
from streamsync.sync.words.choices import LABELS
from streamsync.sync.words.fields import ENTITIES, ROWS
from streamsync.sync.words.findings import FINDINGS
from streamsync.sync.words.form import LANGUAGES

HEAD = """# Rows, settings and reasons

Made from the code by `make docs`; edit the code, not this page.

Directions: `→` webCRM to ERP, `←` ERP to webCRM, `↔` both, never more than the entity's own direction.
The owner decides when both sides changed. A row is **locked** (it cannot be removed), **on** until
`remove = true` takes it away, or **off** until the rules name it with a webCRM field."""
WORKBENCH = "The counterpart is not sure: nothing is created or linked until a person says so."
ARROWS = {"to_erp": "→", "to_crm": "←", "two_way": "↔", "off": "–"}
TITLES = {"line": "Lines"} | {entity.value: entity.value.capitalize() for entity in Entity}
OUTCOMES = {
    Outcome.IN_SYNC: "Both sides agree.",
    Outcome.WRITTEN: "A change is written to one side.",
    Outcome.CREATED: "A record is created on the other side.",
    Outcome.LINKED: "Two records were found to be the same.",
    Outcome.FILTERED: "The rules leave it out; nothing waits.",
    Outcome.WAITING: "It goes on by itself.",
    Outcome.PARKED: "It waits for a person to mend something.",
    Outcome.CONFLICT: "It waits for a person to decide.",
}


def page() -> str:
    """The whole page, with a newline at its end."""
    parts = (_rows(), _settings(), _outcomes(), _choices(), _findings())
    return "\n".join((HEAD, *(line for part in parts for line in ("", *part)))) + "\n"


def settings(section: Section | None = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting of the rules with its default, by its full key; the maps of rows are none."""
    held = Rules() if section is None else section
    for field in msgspec.structs.fields(held):
        value, full = getattr(held, field.name), ".".join(filter(None, (path, field.encode_name)))
        if isinstance(value, Section):
            yield from settings(value, full)
        elif field.encode_name != "map":
            yield full, value


def _rows() -> Iterator[str]:
    yield "## Rows"
    for section, rows in defaults.ROWS.items():
        yield ""
        yield f"### {TITLES[section]}"
        yield ""
        yield from _table(
            "id | name | webCRM | ERP | direction | owner | chain | maximum webCRM / ERP | state",
            (_row(section, row) for row in rows),
        )


def _row(section: str, row: Row) -> tuple[str, ...]:
    state = "locked" if row.fixed else "on" if row.id in defaults.ON else "off"
    notes = [
        text
        for known, text in (
            (row.feedback, "feedback: comes back in every direction"),
            (row.at_create, "→ at create only" if row.direction.value != "to_crm" else "also → at create"),
        )
        if known
    ]
    return (
        row.id,
        " / ".join(ROWS[row.id]),
        _webcrm(section, row),
        _paths(row.erp),
        ARROWS[row.direction],
        row.owner,
        ", ".join(f"`{one}`" for one in row.transforms) or "–",
        f"{_maximum(row.crm)} / {_maximum(row.erp)}",
        "; ".join((state, *notes)),
    )


def _webcrm(section: str, row: Row) -> str:
    if row.id in defaults.SETTING_FIELDS:
        return f"`{section}.{defaults.SETTING_FIELDS[row.id]}`"
    named = _paths(row.crm) if all(row.crm) else "to be chosen"
    layout = defaults.LAYOUT_FIELDS.get(row.id)
    return f"{named} (`{section}.layout.{layout}`)" if layout else named


def _paths(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _maximum(paths: tuple[str, ...]) -> str:
    found = [defaults.MAXIMA.get(path, 0) for path in paths]
    known = [number for number in found if number]
    if not known:
        return "–"
    return f"{len(known)}×{known[0]}" if len(known) > 1 else str(known[0])


def _settings() -> Iterator[str]:
    yield "## Settings"
    yield ""
    yield "As keys of the rules file (`streamsync rules export --defaults`)."
    for section in (field.encode_name for field in msgspec.structs.fields(Rules)):
        yield ""
        yield f"### {section}"
        yield ""
        mine = (one for one in settings() if one[0].startswith(f"{section}."))
        yield from _table(
            "setting | default | allowed | meaning", (_setting(full, value) for full, value in mine)
        )


def _setting(full: str, value: Any) -> tuple[str, ...]:
    allowed = ", ".join(f"`{word}`" if word else '`""`' for word in ALLOWED.get(full, ()))
    must = f"**must be chosen**: {CHOOSE[full]}" if full in CHOOSE else ""
    sentence = COMMENTS[full]
    return (
        f"`{full}`",
        f"`{_literal(value)}`",
        allowed or must or _sort(value),
        f"{sentence if sentence.startswith('webCRM') else sentence[:1].upper() + sentence[1:]}.",
    )


def _literal(value: Any) -> str:
    if isinstance(value, Enum):
        return json.dumps(value.value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _sort(value: Any) -> str:
    match value:
        case bool():
            return "`true`, `false`"
        case int() | float():
            return "a number"
        case tuple():
            return "a list of texts"
        case dict():
            return "a table of texts"
        case _:
            return "a text"


def _outcomes() -> Iterator[str]:
    yield "## Outcomes and reasons"
    yield ""
    yield "Every decision about a pair ends in exactly one outcome."
    yield ""
    yield from _table("outcome | meaning", ((f"`{word}`", text) for word, text in OUTCOMES.items()))
    for outcome, words in REASONS.items():
        yield ""
        yield f"### {outcome.value}"
        for reason in sorted(words):
            yield from _reason(
                reason, "In the workbench: no pair is linked yet. " if reason in AMBIGUOUS else ""
            )


def _reason(reason: str, note: str) -> Iterator[str]:
    for entry in sorted(one for one in reasons.CATALOGUE["en"] if one.partition("/")[0] == reason):
        variant = entry.partition("/")[2]
        detail = {"brake": "mark"} if variant == "brake" else {"value": variant}
        yield ""
        yield f"#### `{reason}`" + (f" ({variant})" if variant else "")
        yield ""
        if note:
            yield note
            yield ""
        for language in LANGUAGES:
            yield (
                f"- {language}: **{reasons.title(reason, language, detail)}.**"
                f" {reasons.sentence(reason, detail, language)} {reasons.remedy(reason, detail, language)}"
            )
        if reason != "gate" or variant:
            yield from _offered(reason)


def _offered(reason: str) -> Iterator[str]:
    """The choices, by entity where they differ."""
    by_entity = {entity: tuple(one.choice for one in reasons.choices(reason, entity)) for entity in Entity}
    if len(set(by_entity.values())) == 1:
        words = by_entity[Entity.DELIVERY]
        if words:
            yield f"- choices: {_words(words)}"
        return
    for entity, words in by_entity.items():
        if words:
            yield f"- choices for {entity.value}: {_words(words)}"


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _choices() -> Iterator[str]:
    yield "## Choices"
    yield ""
    yield "Words of `streamsync resolve`; `link`, `unlink`, `exclude`, `retry`, `approve` are commands too."
    yield ""
    yield from _table("choice | en | da", ((f"`{word}`", *both) for word, both in LABELS.items()))


def _findings() -> Iterator[str]:
    yield "## Findings"
    yield ""
    yield "What a person should know, although it stops nothing."
    yield ""
    yield from _table(
        "code | en | da",
        (
            (f"`{code}`", *(reasons.finding(code, language=language) for language in LANGUAGES))
            for code in FINDINGS
        ),
    )
    yield ""
    yield f"Directions in the rules: {_words(DIRECTIONS)}. Owners: {_words(OWNERS)}."
    yield ""
    yield (
        "Records: "
        + "; ".join(
            f"{entity} = {ours[0]} in webCRM, {theirs[0]} in the ERP"
            for entity, (ours, theirs) in ENTITIES.items()
        )
        + "."
    )


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    columns = head.split(" | ")
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
