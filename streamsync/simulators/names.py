"""Invented names, places and numbers of Danish, Norwegian and Swedish companies. Pure; randomness is given.

Nobody and nothing here is real: e-mail addresses end in `.example`, the numbers only have valid check digits
(CVR and organisasjonsnummer mod 11, organisationsnummer and GLN by their own rules).
"""

import random
import unicodedata
from typing import NamedTuple


class Land(NamedTuple):
    """What differs between the three countries. `post`: lowest and highest post code."""

    code: str
    name: str
    currency: str
    calling: str
    forms: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    floors: tuple[str, ...]


DENMARK = Land(
    "DK",
    "Danmark",
    "DKK",
    "+45",
    ("A/S", "ApS", "I/S"),
    (
        ("8000", "Aarhus C"),
        ("5000", "Odense C"),
        ("9000", "Aalborg"),
        ("6400", "Sønderborg"),
        ("4600", "Køge"),
        ("3700", "Rønne"),
        ("8600", "Silkeborg"),
        ("7500", "Holstebro"),
        ("2300", "København S"),
    ),
    ("Østergade", "Møllevej", "Skovvænget", "Åboulevarden", "Kærvej", "Bøgeallé", "Havnegade"),
    ("1. sal", "2. th.", "Baghuset"),
)
NORWAY = Land(
    "NO",
    "Norge",
    "NOK",
    "+47",
    ("AS", "ASA"),
    (("0150", "Oslo"), ("5003", "Bergen"), ("7011", "Trondheim"), ("9008", "Tromsø"), ("3111", "Tønsberg")),
    ("Storgata", "Fjordveien", "Bjørnegårdsveien", "Løkkeveien", "Åsveien"),
    ("3. etasje", "Inngang B", "Oppgang 2"),
)
SWEDEN = Land(
    "SE",
    "Sverige",
    "SEK",
    "+46",
    ("AB", "HB"),
    (
        ("111 22", "Stockholm"),
        ("411 03", "Göteborg"),
        ("211 18", "Malmö"),
        ("702 10", "Örebro"),
        ("903 25", "Umeå"),
    ),
    ("Storgatan", "Ängsvägen", "Björkgatan", "Sjögatan", "Östra Hamngatan"),
    ("2 tr", "Uppgång C", "Hus 4"),
)
LANDS = (DENMARK, NORWAY, SWEDEN)
SHARES = (6, 2, 2)  # of ten customers

SURNAMES = (
    *("Ågård", "Bjørnholt", "Clemmesen", "Dalsgård", "Engebrådten", "Fjeldsøe", "Grønbæk", "Håkansson"),
    *("Iversen", "Jørnsgård", "Kjærulf", "Lindström", "Møllerup", "Nygård", "Österlund", "Præstholm"),
    *("Qvist", "Rødgård", "Sjöberg", "Tømmerås", "Ulfsnes", "Vænge", "Westergård", "Ydebråten"),
    *("Zachø", "Ærøskov", "Østbakke", "Åkerström", "Brandsø", "Dybvik", "Elgstrand", "Fårbæk"),
)
FIRST_NAMES = (
    *(
        "Søren",
        "Åse",
        "Bjørn",
        "Märta",
        "Jørgen",
        "Pål",
        "Gøran",
        "Kåre",
        "Zoë",
        "Øystein",
        "Ingrid",
        "Håkon",
    ),
    *("Ængla", "Björn", "Mette", "Lærke", "Frøya", "Malin", "Rasmus", "Sigrún", "Tórbjörg", "Ulla", "Vigdis"),
)
TRADES = (
    *("Belysning", "Maskinfabrik", "Rederi", "Snedkeri", "Trælast", "Kølefirma", "Bageri", "Entreprenør"),
    *("Rådgivning", "Grafisk", "Møbler", "Byggeri", "Fiskeeksport", "Gartneri", "Trøndervarme", "Måleteknik"),
    *("Bröd", "Släckteknik", "Ø-transport", "Elektro"),
)
ODD_NAMES = ("D'Angelo's", "L'Étoile", "Mary's", "O'Brien's", "Café Ø'", "Smed's")
TITLES = ("Direktør", "Indkøber", "Bogholder", "Værkfører", "CFO", "Säljchef", "Økonomisjef", "")
PRODUCTS = (
    *("Lampe", "Skærm", "Bøjle", "Låsesæt", "Væghylde", "Kåbe", "Søm", "Rørmuffe", "Målebånd", "Kædehjul"),
    *("Vinkelbeslag", "Blåfarve", "Tørrestativ", "Växellåda", "Skruenøkkel", "Ledning"),
)
FINISHES = ("hvid", "sort", "grå", "børstet stål", "egetræ", "rød", "blå", "grön")


def cvr(rng: random.Random) -> str:
    """Eight digits whose weighted sum is divisible by 11."""
    return _mod_11(rng, (2, 7, 6, 5, 4, 3, 2))


def orgnr_norway(rng: random.Random) -> str:
    """Nine digits, the first an 8 or a 9."""
    return _mod_11(rng, (3, 2, 7, 6, 5, 4, 3, 2), first="89")


def _mod_11(rng: random.Random, weights: tuple[int, ...], first: str = "1234") -> str:
    while True:
        digits = [int(rng.choice(first)), *(rng.randrange(10) for _ in weights[1:])]
        check = -sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11
        if check < 10:
            return "".join(map(str, (*digits, check)))


def orgnr_sweden(rng: random.Random) -> str:
    """`556677-8899`: ten digits with a Luhn check digit, the third at least a 2."""
    digits = [5, 5, rng.randrange(2, 10), *(rng.randrange(10) for _ in range(6))]
    total = sum(sum(divmod(digit * (2 - at % 2), 10)) for at, digit in enumerate(digits))
    text = "".join(map(str, (*digits, -total % 10)))
    return f"{text[:6]}-{text[6:]}"


def company_number(rng: random.Random, land: Land) -> str:
    return {"DK": cvr, "NO": orgnr_norway, "SE": orgnr_sweden}[land.code](rng)


def gln(rng: random.Random) -> str:
    """13 digits with the check digit of GS1."""
    digits = [5, 7, 9, 0, *(rng.randrange(10) for _ in range(8))]
    weighted = sum(digit * (3 if at % 2 else 1) for at, digit in enumerate(digits))
    return "".join(map(str, (*digits, -weighted % 10)))


def phone(rng: random.Random, land: Land) -> str:
    digits = {"DK": "20", "NO": "400", "SE": "8700"}[land.code]
    return f"{land.calling} " + digits + "".join(str(rng.randrange(10)) for _ in range(8 - len(digits)))


def company_name(rng: random.Random, land: Land) -> str:
    """At most 60 characters, the ERP's limit."""
    owner = rng.choice(ODD_NAMES) if rng.random() < 0.08 else rng.choice(SURNAMES)
    partner = f" & {rng.choice(SURNAMES)}" if rng.random() < 0.7 else ""
    return f"{owner}{partner} {rng.choice(TRADES)} {rng.choice(land.forms)}"


_ASCII: dict[str, str | int | None] = {"æ": "ae", "ø": "o", "å": "a", "'": "", " ": "-"}


def ascii_of(text: str) -> str:
    """Letters of an e-mail address: `Ærøskov` becomes `aeroskov`."""
    plain = text.casefold().translate(str.maketrans(_ASCII))
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
