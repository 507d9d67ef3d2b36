"""Normal forms of texts: what counts when two values are compared or looked up (semantics §1, §7).

Pure, total, imports nothing of ours. Each function returns `""` for a value that counts as empty.
Nothing here is ever written to a system: only compared.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

LEGAL_FORMS = frozenset("as aps ivs ab oy oyj gmbh ltd bv asa".split())
COMPANY_NUMBER_LENGTH = 6
GLN_LENGTH = 13
_PREFIX = re.compile(r"^[A-Z]{2}(?=.*[0-9])")
_DASHED = re.compile(r"^-[\s-]*-?\s*[^\s-].*?-$|^[\s-]+$")
_NO_TRUNK = frozenset(("IT", "DK", "NO", "ES", "PT", "PL", "CZ", "GR"))
_TRUNK = "0"


def trim(text: str) -> str:
    return text.strip()


def one_line(text: str) -> str:
    """Line breaks and runs of blanks become single spaces."""
    return " ".join(text.split())


def folded(text: str) -> str:
    """Trimmed, case-folded, leading zeros and inner spaces kept: shown numbers and e-mail addresses."""
    return text.strip().casefold()


def spaced(text: str) -> str:
    """A personal name: NFKC, case-folded, single spaces."""
    return one_line(unicodedata.normalize("NFKC", text)).casefold()


def blank_option(text: str) -> bool:
    """Whether a dropdown's text is its "nothing chosen" (`-- vælg --`, `- - Select - -`, `--- Ingen---`)
    or empty."""
    stripped = text.strip()
    return not stripped or (
        bool(_DASHED.match(stripped)) and (stripped[:2] in ("--", "- ") or stripped == "-")
    )


def digits(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isdigit())


def _alnum(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isascii() and c.isalnum())


def company_number(text: str) -> str:
    """Digits and letters without a country prefix; too short or all-equal digits count as empty (semantics
    §1, key 3)."""
    plain = _PREFIX.sub("", _alnum(text))
    if len(plain) < COMPANY_NUMBER_LENGTH or (plain.isdigit() and len(set(plain)) == 1):
        return ""
    return plain


def vat_number(text: str) -> str:
    """As a company number, without the Norwegian suffix MVA (key 4)."""
    plain = _alnum(text)
    return company_number(plain.removesuffix("MVA"))


def gln(text: str) -> str:
    """13 digits with a valid check digit, else empty (key 5)."""
    plain = digits(text)
    if len(plain) != GLN_LENGTH:
        return ""
    weighted = sum(int(c) * (3 if at % 2 else 1) for at, c in enumerate(plain[:-1]))
    return plain if (10 - weighted % 10) % 10 == int(plain[-1]) else ""


def name(text: str) -> str:
    """A company's name without case, punctuation and legal form (key 6)."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("/", "").replace(".", "")
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    kept = [word for word in words if word not in LEGAL_FORMS]
    return " ".join(kept or words)


def name_key(company: str, division: str, post_code: str) -> str:
    """The whole key 6; empty unless both a name and postal digits are there."""
    plain, postal = name(f"{company} {division}"), digits(post_code)
    return f"{plain}|{postal}" if name(company) and postal else ""


@lru_cache(maxsize=512)
def _calling_code(country: str) -> str:
    code = phonenumbers.country_code_for_region(country) if country else 0
    return str(code) if code else ""


def phone(text: str, country: str) -> str:
    """`+` and digits: 00 becomes +, the country's prefix is added, a trunk 0 dropped. Without a country:
    the digits."""
    plain = "".join(c for c in text if c.isascii() and (c.isdigit() or c == "+"))
    lead = plain.startswith("+")
    plain = plain.replace("+", "")
    if not plain:
        return ""
    if not lead and plain.startswith("00"):
        lead, plain = True, plain[2:]
    code = _calling_code(country)
    if lead:
        return "+" + (_dropped(plain, code, country) if code else plain)
    if not code:
        return plain
    return f"+{code}{_without_trunk(plain, country)}"


def _dropped(plain: str, code: str, country: str) -> str:
    """`+46 (0)8 …` says the trunk nought that nobody dials."""
    if plain.startswith(code + _TRUNK):
        return code + _without_trunk(plain[len(code) :], country)
    return plain


def _without_trunk(plain: str, country: str) -> str:
    return plain if country in _NO_TRUNK else plain.removeprefix(_TRUNK)


def url(text: str) -> str:
    """Without scheme, `www.` kept, without a closing slash."""
    return re.sub(r"^[a-z]+://", "", text.strip().casefold()).rstrip("/")
