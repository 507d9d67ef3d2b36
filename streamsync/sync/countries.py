"""Country names in the languages of the two systems' users, and ISO 3166 codes (semantics §7, webcrm-api
§10.1).

Pure; the names come from the CLDR data of babel. A tenant's own names come first. Unknown names are
never guessed.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from babel import Locale

LANGUAGES = ("da", "en", "sv", "nb", "fi", "de")
_ALIASES = MappingProxyType({"no": "nb", "dk": "da", "se": "sv"})
_ALSO = MappingProxyType(
    {
        "england": "GB",
        "uk": "GB",
        "usa": "US",
        "holland": "NL",
        "great britain": "GB",
        "storbritannien": "GB",
    }
)


@lru_cache(maxsize=16)
def _names(language: str) -> Mapping[str, str]:
    """Code to name in one language."""
    found = Locale.parse(_ALIASES.get(language, language)).territories
    return MappingProxyType({code: name for code, name in found.items() if len(code) == 2 and code.isalpha()})


@lru_cache(maxsize=1)
def _codes() -> Mapping[str, str]:
    """Case-folded name in any of the languages to code."""
    out: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in _names(language).items():
            out.setdefault(name.casefold(), code)
    return MappingProxyType({**_ALSO, **out})


def code_of(name: str, own: Mapping[str, str]) -> str:
    """ISO alpha-2 of a country's name (or of a code); "" if unknown. `own`: the tenant's names to codes."""
    text = name.strip()
    for mine, code in own.items():
        if mine.strip().casefold() == text.casefold():
            return code.upper()
    if len(text) == 2 and text.upper() in _names("en"):
        return text.upper()
    return _codes().get(text.casefold(), "")


def name_of(code: str, language: str, own: Mapping[str, str], options: Iterable[str] = ()) -> str:
    """The name a tenant uses for a code: its own, else the option that means it, else the language's; ""
    if unknown."""
    wanted = code.strip().upper()
    for mine, held in own.items():
        if held.upper() == wanted:
            return mine
    listed = list(options)
    if listed:
        return next((option for option in listed if code_of(option, own) == wanted), "")
    return _names(language).get(wanted, "")


def known(code: str) -> bool:
    return code.upper() in _names("en")
