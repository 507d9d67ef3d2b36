"""Rules as text: the complete, commented TOML of a set of rules, the defaults to fill in, and the
difference of two.

Pure. `rules_file.parse(render(rules))` gives the same rules again. Reach these through `rules_file`.
"""

import json
from typing import Any

import msgspec

from streamsync.model import Direction, Entity
from streamsync.sync import defaults
from streamsync.sync.rows import Row
from streamsync.sync.rules import Rules, Section
from streamsync.sync.rules_words import ALLOWED, CHOOSE, COMMENTS

HEAD = """# Rules of one connection. Directions: off, to_erp, to_crm, two_way.
# A mapping row joins webCRM fields (crm) and ERP fields (erp); `remove = true` takes a ready-made row away.
"""


def render(rules: Rules) -> str:
    """Complete: every setting and every row that applies; removed ready-made rows are named."""
    return _text(rules, choose=False)


def render_defaults() -> str:
    """The vendor's form with its proposals; what only the tenant can choose is marked `# choose`."""
    rules = Rules()
    maps: dict[str, tuple[Row, ...]] = {
        name: tuple(row for row in rows if row.id in defaults.ON and all(row.crm))
        for name, rows in defaults.ROWS.items()
    }
    proposed = msgspec.structs.replace(
        rules,
        organisation=msgspec.structs.replace(
            rules.organisation, direction=Direction.TWO_WAY, map=maps[Entity.ORGANISATION]
        ),
        person=msgspec.structs.replace(rules.person, direction=Direction.TWO_WAY, map=maps[Entity.PERSON]),
        item=msgspec.structs.replace(rules.item, direction=Direction.TO_CRM, map=maps[Entity.ITEM]),
        delivery=msgspec.structs.replace(
            rules.delivery, direction=Direction.TWO_WAY, map=maps[Entity.DELIVERY]
        ),
        line=msgspec.structs.replace(rules.line, map=maps[defaults.LINE]),
    )
    return _text(proposed, choose=True)


def _text(rules: Rules, *, choose: bool) -> str:
    out = [HEAD]
    for field in msgspec.structs.fields(Rules):
        section = getattr(rules, field.name)
        out.extend(_section(field.encode_name, section, choose=choose))
        if field.encode_name in defaults.ROWS:
            out.extend(_rows(field.encode_name, section.map, choose=choose))
    return "\n".join(out).rstrip() + "\n"


def _section(path: str, section: Section, *, choose: bool) -> list[str]:
    out = [f"[{path}]"]
    below: list[str] = []
    for field in msgspec.structs.fields(section):
        value, full = getattr(section, field.name), f"{path}.{field.encode_name}"
        if field.encode_name == "map":
            continue
        if isinstance(value, Section):
            below.extend(_section(full, value, choose=choose))
        elif isinstance(value, dict):
            below.extend([f"[{full}]", *(f"{_key(key)} = {_value(text)}" for key, text in value.items()), ""])
        else:
            out.append(f"{field.encode_name} = {_value(value)}{_comment(full, value, choose=choose)}")
    return [*out, "", *below]


def _comment(full: str, value: Any, *, choose: bool) -> str:
    if choose and full in CHOOSE and not value:
        return f"  # choose: {CHOOSE[full]}"
    words = " | ".join(word or '""' for word in ALLOWED.get(full, ()))
    text = ": ".join(part for part in (words, COMMENTS.get(full, "")) if part)
    return f"  # {text}" if text else ""


def _rows(section: str, rows: tuple[Row, ...], *, choose: bool) -> list[str]:
    out: list[str] = []
    held = {row.id for row in rows}
    for row in rows:
        out.extend(
            [f"[[{section}.map]]", *(f"{key} = {_value(value)}" for key, value in _keys(row).items()), ""]
        )
    for ready in defaults.ROWS[section]:
        if ready.id in held:
            continue
        if ready.id in defaults.ON and all(ready.crm) and not ready.fixed:
            out.extend([f"[[{section}.map]]", f'id = "{ready.id}"', "remove = true", ""])
        elif choose:
            kept = {key: value for key, value in _keys(ready).items() if key in ("id", "crm", "erp")}
            ready_made = [
                f"# {key} = {_value(value)}{'  # choose' if not value else ''}" for key, value in kept.items()
            ]
            out.extend([f"# [[{section}.map]]", *ready_made, ""])
    return out


def _keys(row: Row) -> dict[str, Any]:
    """A row's keys as the file names them; what is at its default is left out."""
    out: dict[str, Any] = {
        "id": row.id,
        "crm": row.crm[0] if len(row.crm) == 1 else row.crm,
        "erp": row.erp[0] if len(row.erp) == 1 else row.erp,
        "direction": row.direction,
        "owner": row.owner,
        "transforms": row.transforms,
    }
    if row.values:
        out["values"] = row.values
    if row.default:
        out["default"] = row.default
    if row.fill_if_empty:
        out["fill_if_empty"] = True
    if row.at_create:
        out["at_create"] = True
    return out


def _key(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML alone forbids it bare


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(text)}" for key, text in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    return _key(str(value))


def diff(a: Rules, b: Rules) -> list[str]:
    """One sentence per setting or row that differs, `a` the old one."""
    old, new = _flat(a), _flat(b)
    out = []
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            out.append(f"{key}: removed (was {old[key]})")
        elif key not in old:
            out.append(f"{key}: added, {new[key]}")
        elif old[key] != new[key]:
            out.append(f"{key}: {old[key]} -> {new[key]}")
    return out


def _flat(rules: Rules) -> dict[str, str]:
    out: dict[str, str] = {}

    def walk(path: str, section: Section) -> None:
        for field in msgspec.structs.fields(section):
            value, full = (
                getattr(section, field.name),
                f"{path}.{field.encode_name}" if path else field.encode_name,
            )
            if isinstance(value, Section):
                walk(full, value)
            elif field.encode_name == "map":
                for row in value:
                    out[f"{full} {row.id}"] = ", ".join(
                        f"{key} = {_value(held)}" for key, held in _keys(row).items() if key != "id"
                    )
            else:
                out[full] = _value(value)

    walk("", rules)
    return out
