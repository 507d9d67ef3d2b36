"""Value maps and code tables: from a webCRM text to an ERP code and back (design §5, semantics §7).

Pure. A value without an entry raises `Unmapped`; it is never dropped and never guessed. Tables are `code
-> text`; a text may be JSON. `FieldLike` is what the domain needs of a field catalogue's entry.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from streamsync.sync import normalise
from streamsync.sync.rows import Row, Unmapped

Tables = Mapping[str, Mapping[str, str]]
USER_KEYS = ("email", "initials", "integration", "integrationId", "name")
CODE_VALUED = frozenset(
    ("DeliveryCurrencyName",)
)  # dropdowns whose wire value is the list code (webcrm-api §10.3)
ENUMS = frozenset(("PersonStatus", "DeliveryStatus", "DeliveryErpStatus", "DeliveryRisk"))


class FieldLike(Protocol):
    """One field of a catalogue (`systems.port.FieldInfo` is one)."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def max_length(self) -> int: ...

    @property
    def options(self) -> tuple[str, ...]: ...

    @property
    def writable(self) -> bool: ...

    @property
    def unique(self) -> bool: ...


def to_erp(row: Row, text: str) -> str:
    """Through the row's own value map."""
    if text in row.values:
        return row.values[text]
    if not text:
        return ""
    raise Unmapped(row.id, row.crm[0], text)


def to_crm(row: Row, text: str, current: str) -> str:
    """Back: the present text where it already means the value, else the first text that does."""
    if row.values.get(current) == text:
        return current
    found = next((mine for mine, theirs in row.values.items() if theirs == text), None)
    if found is not None:
        return found
    if not text:
        return ""
    raise Unmapped(row.id, row.erp[0], text)


def options(tables: Tables, field: str) -> tuple[str, ...]:
    """The option texts of a webCRM dropdown, without its "nothing chosen"; () where it is none or not
    read."""
    return tuple(text for text in tables.get(f"option:{field}", {}) if not normalise.blank_option(text))


def check_option(row: Row, field: str, text: str, tables: Tables) -> str:
    """The text, if the dropdown has it; text fields take anything."""
    table = tables.get(f"option:{field}")
    if not text or not table or field in ENUMS:
        return text
    if text in (table.values() if field in CODE_VALUED else table):
        return text
    raise Unmapped(row.id, field, text)


def prefix(text: str) -> str:
    """`07: 7 dage` is code `07`."""
    head, colon, _ = text.partition(":")
    return head.strip() if colon else ""


def code(row: Row, text: str, table: Mapping[str, str]) -> str:
    """A webCRM text as a code: the code itself, its `NN:` prefix, or the description of exactly one code."""
    if not text:
        return ""
    if not table:
        return prefix(text) or text
    if text in table:
        return text
    if prefix(text) in table:
        return prefix(text)
    named = [key for key, entry in table.items() if normalise.folded(words(entry)) == normalise.folded(text)]
    if len(named) == 1:
        return named[0]
    raise Unmapped(row.id, row.crm[0], text)


def text_of_code(row: Row, key: str, table: Mapping[str, str], tables: Tables) -> str:
    """A code as the webCRM text for it. A text field takes the code itself."""
    if not key:
        return ""
    listed = options(tables, row.crm[0])
    if not listed:
        return key
    return _first(
        row,
        row.erp[0],
        key,
        (
            next((text for text in listed if text == key), ""),
            next((text for text in listed if prefix(text) == key), ""),
            next(
                (
                    text
                    for text in listed
                    if normalise.folded(text) == normalise.folded(words(table.get(key, "")))
                ),
                "",
            ),
        ),
    )


def _first(row: Row, field: str, value: str, found: Iterable[str]) -> str:
    for text in found:
        if text:
            return text
    raise Unmapped(row.id, field, value)


def currency(row: Row, text: str, tables: Tables) -> str:
    """A webCRM currency (list code `00`, option text `DKK` or `DKK: kroner`) as ISO."""
    table = tables.get(f"option:{row.crm[0]}", {})
    named = next((option for option, code in table.items() if code == text and option != text), text)
    iso = (prefix(named) or named).strip().upper()
    if not text:
        return ""
    if len(iso) == 3 and iso.isalpha():
        return iso
    raise Unmapped(row.id, row.crm[0], text)


def currency_text(row: Row, iso: str, tables: Tables) -> str:
    """Back: the list code where the field keeps codes, else the option's text."""
    if not iso:
        return ""
    table = tables.get(f"option:{row.crm[0]}", {})
    if not table:
        if row.crm[0] in CODE_VALUED:
            raise Unmapped(row.id, row.erp[0], iso)
        return iso
    for text, code in table.items():
        if (prefix(text) or text).strip().upper() == iso.upper():
            return code if row.crm[0] in CODE_VALUED else text
    raise Unmapped(row.id, row.erp[0], iso)


def entry(text: str) -> dict[str, str]:
    """A table's entry as a dict; a plain text is its `name`."""
    if not text.startswith("{"):
        return {"name": text}
    found: Any = json.loads(text)
    return {str(key): str(value) for key, value in found.items() if value is not None}


def words(text: str) -> str:
    """The describing text of a table's entry."""
    held = entry(text)
    return held.get("description") or held.get("name") or held.get("text") or ""


def counterpart(key: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """The user of the other system with the same e-mail, initials, integration key or name; "" if not
    exactly one."""
    if key not in ours:
        return ""
    mine = entry(ours[key])
    if mine.get("integration", mine.get("integrationId", "")) in theirs:
        return mine.get("integration", mine.get("integrationId", ""))
    for field in USER_KEYS:
        value = normalise.folded(mine.get(field, ""))
        hits = [
            other
            for other, text in theirs.items()
            if value and value in (normalise.folded(entry(text).get(field, "")), other.casefold())
        ]
        if len(hits) == 1:
            return hits[0]
    return ""
