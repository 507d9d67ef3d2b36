"""What each reason, choice and finding is called for people: `status`, `plan`, `inbox`, the pages, and the
message field in webCRM.

One catalogue (`sync/words/`), English and Danish; the lists of reasons are closed (`sync.decision`). Pure.
Texts written into webCRM are in `webcrm.language` of the rules; a person at the command line chooses. A
language that is not in the catalogue reads English.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from streamsync.model import Entity
from streamsync.sync import defaults
from streamsync.sync.decision import PARKED
from streamsync.sync.words import choices as chosen
from streamsync.sync.words import fields
from streamsync.sync.words.findings import FINDINGS
from streamsync.sync.words.form import LANGUAGES, Words, filled
from streamsync.sync.words.reasons_da import DANISH
from streamsync.sync.words.reasons_en import ENGLISH

CATALOGUE: Mapping[str, Mapping[str, Words]] = MappingProxyType({"en": ENGLISH, "da": DANISH})
_EMPTY = ("(empty)", "(tomt)")
_LEFT = ("keep", "inactivate", "set_type")  # a linked organisation that left the gate (semantics §2.5)


class Choice(msgspec.Struct, frozen=True):
    """`choice`: the word that `resolve` takes (or link, unlink, retry, approve); `label`: what it does."""

    choice: str
    label: str


def title(reason: str, language: str = "en", detail: Mapping[str, str] = MappingProxyType({})) -> str:
    """The cause in general, as a heading; `detail` tells variants apart. An unknown reason is its own
    title."""
    words = _words(reason, detail, language)
    return words.title if words else reason


def sentence(reason: str, detail: Mapping[str, str], language: str = "en") -> str:
    """What happened to one record: the field or line, and both values where `detail` has them. See `remedy`
    for what to do."""
    words = _words(reason, detail, language)
    return _capital(filled(words.sentence, spoken(detail, language))) if words else reason


def remedy(reason: str, detail: Mapping[str, str], language: str = "en") -> str:
    """What the person who reads it can do."""
    words = _words(reason, detail, language)
    return filled(words.remedy, spoken(detail, language)) if words else ""


def choices(
    reason: str,
    entity: str,
    language: str = "en",
    detail: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Choice, ...]:
    """What can be answered, the usual one first; () where nothing is asked. For `gate` that is the brake:
    the first sync is accepted with the plan."""
    return tuple(
        Choice(word, _in(chosen.LABELS[word], language)) for word in _choices(reason, entity, detail)
    )


def finding(code: str, field: str = "", text: str = "", language: str = "en") -> str:
    """One sentence for a finding (`decision.Finding`). An unknown code is its own sentence."""
    if code not in FINDINGS:
        return code
    detail = spoken({"field": field, "text": text}, language)
    if text in fields.ROWS or text in fields.LABELS:
        detail["text"] = field_name(text, language)
    return _capital(filled(_in(FINDINGS[code], language), detail))


def field_name(name: str, language: str = "en") -> str:
    """`O6`, `L3@9001`, `OrganisationTelephone`, `mainContact.phone1` as people say it; others as they are."""
    row = name.partition("@")[0]
    both = fields.ROWS.get(row) or fields.LABELS.get(name)
    if both is not None:
        return _in(both, language)
    if name.startswith("line "):
        return f"{'linje' if _at(language) else 'line'} {name.removeprefix('line ')}"
    known = _PATHS.get(name)
    return f"{_in(fields.ROWS[known], language)} ({name})" if known else name


def record_name(entity: str, webcrm: str, visma: str, name: str = "", language: str = "en") -> str:
    """`organisation 778812 (Kunde A/S) / customer 4211`; a side that is not known is left out."""
    ours, theirs = fields.ENTITIES.get(entity, ((entity, entity), (entity, entity)))
    called = f" ({name})" if name and name not in (webcrm, visma) else ""
    if not webcrm:
        return f"{_document(visma or '-', theirs, language)}{called}"
    known = f"{_in(ours, language)} {webcrm}{called}"
    return f"{known} / {_document(visma, theirs, language)}" if visma else known


def spoken(detail: Mapping[str, str], language: str = "en") -> dict[str, str]:
    """A decision's detail in the reader's words: fields, keys, sides and the brake by their names."""
    out = {name: str(text) for name, text in detail.items()}
    if field := out.get("field") or out.get("row", ""):
        out["field"] = field_name(field, language)
    if out.get("key", "") in fields.KEYS:
        out["key"] = _in(fields.KEYS[out["key"]], language)
    if "side" in out:
        out["side"] = fields.SIDES.get(out["side"], out["side"])
    if out.get("brake", "") in fields.MASS:
        out["brake"] = _in(fields.MASS[out["brake"]], language)
    if out.get("crm", "") or out.get("erp", ""):
        out |= {side: out[side] or _EMPTY[_at(language)] for side in ("crm", "erp") if side in out}
    if problem := out.get("problem", "").strip():
        out["problem"] = problem if problem.endswith((".", "!", "?", "…")) else f"{problem}."
    if "candidate" in out:
        out.setdefault("candidates", out["candidate"])
    if "candidates" in out:
        out["candidates"] = ", ".join(part.strip() for part in out["candidates"].split(",") if part.strip())
    return out


def _words(reason: str, detail: Mapping[str, str], language: str) -> Words | None:
    """The entry of the catalogue; `<reason>/<variant>` where the detail names a variant."""
    catalogue = CATALOGUE[LANGUAGES[_at(language)]]
    variant = "brake" if detail.get("brake") else detail.get("value", "")
    return catalogue.get(f"{reason}/{variant}") or catalogue.get(reason)


def _choices(reason: str, entity: str, detail: Mapping[str, str]) -> tuple[str, ...]:
    if reason == "outside_type" and detail.get("value", "") == "left":
        return _LEFT
    if reason in chosen.CHOICES:
        return chosen.CHOICES[reason]
    if reason in ("gone", "deleted_vs_edited") and entity in set(Entity):
        return chosen.GONE[Entity(entity)] + (("unlink",) if reason == "gone" else ())
    return chosen.MENDED if reason in PARKED else ()


def _document(rid: str, otherwise: fields.Both, language: str) -> str:
    """`order:SO/000223` names its own kind."""
    kind, colon, number = rid.partition(":")
    if colon and kind in fields.DOCUMENTS:
        return f"{_in(fields.DOCUMENTS[kind], language)} {number}"
    return f"{_in(otherwise, language)} {rid}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _at(language: str) -> int:
    return LANGUAGES.index(language) if language in LANGUAGES else 0


def _in(both: fields.Both, language: str) -> str:
    return both[_at(language)]


def _paths() -> dict[str, str]:
    """Field name or ERP path -> the first ready-made row that has it."""
    out: dict[str, str] = {}
    for rows in defaults.ROWS.values():
        for row in rows:
            for path in (*row.crm, *row.erp):
                if path:
                    out.setdefault(path, row.id)
    return out


_PATHS = MappingProxyType(_paths())
