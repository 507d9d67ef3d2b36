"""The short notices that a delivery's message field carries beside the sentences of `reasons` (semantics D21,
§3.3).

Pure. A text field of webCRM holds 50 characters, a memo 255: what happened and what stays must come first,
so a locked edit is told in a few words. English where a language has no words of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.sync.lookup import Lookup
from streamsync.sync.rules import Rules

TEXT_LENGTH, MEMO_LENGTH = 50, 255  # FieldMetadataTextFieldMaxLength of a custom text field (webcrm-api §9)

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "line": "Line {line} {why}",
            "header": "{what} {why}",
            "stays": "{said}; {value} stays",
            "touched": "is shipped or billed",
            "shipped": "is shipped ({shipment})",
            "cancelled": "cannot change: cancelled in Visma",
            "released": "cannot change: released in Visma",
            "complete": "cannot change: complete in Visma",
            "partly": "cannot change: partly shipped in Visma",
            "status": "cannot change: {status} in Visma",
            "own": "belongs to Visma and cannot be deleted",
            "vat": "keeps the VAT of Visma",
            "deleted": "Deleted in Visma",
            "unknown_status": "Unknown status in Visma: {status}",
            "D4": "Description",
            "D5": "Date",
            "D6": "Delivery date",
            "D13": "Reference",
            "D14": "Note",
            "D15": "Person",
            "D16": "Currency",
            "D17": "Sales person",
        },
        "da": {
            "line": "Linje {line} {why}",
            "header": "{what} {why}",
            "stays": "{said}; forbliver {value}",
            "touched": "er afsendt eller faktureret",
            "shipped": "er afsendt ({shipment})",
            "cancelled": "kan ikke ændres: annulleret i Visma",
            "released": "kan ikke ændres: frigivet i Visma",
            "complete": "kan ikke ændres: afsluttet i Visma",
            "partly": "kan ikke ændres: delvist afsendt i Visma",
            "status": "kan ikke ændres: {status} i Visma",
            "own": "hører til i Visma og kan ikke slettes",
            "vat": "beholder momsen fra Visma",
            "deleted": "Slettet i Visma",
            "unknown_status": "Ukendt status i Visma: {status}",
            "D4": "Beskrivelse",
            "D5": "Dato",
            "D6": "Leveringsdato",
            "D13": "Reference",
            "D14": "Note",
            "D15": "Person",
            "D16": "Valuta",
            "D17": "Sælger",
        },
    }
)


def say(word: str, language: str, **values: str) -> str:
    """One notice. A word that is none of ours (the ERP's own text, a tenant's row id) is said as it is."""
    words = _WORDS.get(language, _WORDS["en"])
    return words.get(word, word).format_map(values) if word in words else word


def length(rules: Rules, look: Lookup) -> int:
    """How much the message field holds: as the tenant's metadata say (code table `length`), 255 at most."""
    field = rules.delivery.message_field
    known = int((look.table("length") or {}).get(field, "0"))
    if not known:
        known = MEMO_LENGTH if "Memo" in field or field == "DeliveryNote" else TEXT_LENGTH
    return min(known, MEMO_LENGTH)


def cut(text: str, limit: int) -> str:
    """The text as the field can hold it: whole words, with `…` where something is left out."""
    plain = " ".join(text.split())
    if len(plain) <= limit:
        return plain
    head = plain[: limit - 1]
    short = head.rpartition(" ")[0] if plain[limit - 1] != " " else head
    return (short if len(short) > limit // 2 else head).rstrip(" ,;:.") + "…"
