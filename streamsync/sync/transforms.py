"""The closed registry of transforms: named, typed, pure; each says whether it has an inverse (design §5,
security R2).

A step takes all texts of a row on one side and gives those of the other. `key` is what counts when two
texts are compared; it never changes what is written. `parse` turns `country(da)` into a bound transform
and names what is allowed.
"""

import html
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from types import MappingProxyType

import msgspec

from streamsync.sync import countries, normalise, values
from streamsync.sync.rows import Context, Row, Texts, Unmapped
from streamsync.sync.values import Tables

CRLF = "\r\n"
ADDRESS_LINES = 3
DIGITS_MAX = 40  # longer figures are no amounts: they stay as they are
_CALL = re.compile(r"^([a-z_]+)(?:\((.*)\))?$")
_BREAK = re.compile(r"\r\n|\n|\r")
_TAG = re.compile(r"<[^>]*>")
_BLOCK_END = re.compile(r"(?i)<br\s*/?>|</p>|</div>|</li>")
_POSTAL = re.compile(r"^((?:[A-Za-z]{1,2}-)?\d[\d ]*\d|[A-Z0-9]{2,4} \d[A-Z]{2})\s+(.+)$")
_YES = frozenset(("yes", "true", "1", "ja"))


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What a step knows besides its texts: its row, its arguments, the code tables, the tenant's country
    names."""

    row: Row
    args: tuple[str, ...] = ()
    tables: Tables = {}
    countries: Mapping[str, str] = {}


Step = Callable[[Texts, Context, Bound], Texts]


def keep(texts: Texts, context: Context, bound: Bound) -> Texts:
    return texts


class Transform(msgspec.Struct, frozen=True, kw_only=True):
    to_erp: Step = keep
    to_crm: Step = keep
    key: Step = keep
    inverse: bool = True
    shape: tuple[int, int] = (0, 0)  # fields in webCRM and in the ERP; 0 = as many as the other side
    arguments: str = ""  # what may stand in the brackets, in words; "" = nothing
    table: int = -1  # which argument names a code table; -1 = none


def _each(change: Callable[[str], str]) -> Step:
    return lambda texts, context, bound: tuple(change(text) for text in texts)


def _address_lines(texts: Texts, context: Context, bound: Bound) -> Texts:
    lines = [line.rstrip() for line in _BREAK.split(texts[0])]
    while lines and not lines[-1]:
        lines.pop()
    head, tail = lines[:ADDRESS_LINES], [line for line in lines[ADDRESS_LINES:] if line]
    if tail:
        head[-1] = ", ".join(filter(None, [head[-1], *tail]))
    return tuple(head + [""] * (ADDRESS_LINES - len(head)))


def _address_text(texts: Texts, context: Context, bound: Bound) -> Texts:
    lines = [text.rstrip() for text in texts]
    while lines and not lines[-1]:
        lines.pop()
    return (CRLF.join(lines),)


def _block(texts: Texts, context: Context, bound: Bound) -> Texts:
    lines = [text.strip() for text in texts[:ADDRESS_LINES] if text.strip()]
    place = " ".join(filter(None, (texts[3].strip(), texts[4].strip())))
    country = countries.name_of(texts[5], context.language, bound.countries) if texts[5] else ""
    return (CRLF.join(filter(None, [*lines, place, country])),)


def _unblock(texts: Texts, context: Context, bound: Bound) -> Texts:
    lines = [line.strip() for line in _BREAK.split(texts[0]) if line.strip()]
    code = countries.code_of(lines[-1], bound.countries) if lines else ""
    if code:
        lines.pop()
    post, city = "", ""
    if lines and (found := _POSTAL.match(lines[-1])):
        post, city = found.groups()
        lines.pop()
    head = _address_lines((CRLF.join(lines),), context, bound)
    return (*head, post, city, code)


def _phone_key(texts: Texts, context: Context, bound: Bound) -> Texts:
    return tuple(normalise.phone(text, context.country) for text in texts)


def _country_code(texts: Texts, context: Context, bound: Bound) -> Texts:
    if not texts[0].strip():
        return ("",)
    code = countries.code_of(texts[0], bound.countries)
    if not code:
        raise Unmapped(bound.row.id, bound.row.crm[0], texts[0])
    return (code,)


def _country_name(texts: Texts, context: Context, bound: Bound) -> Texts:
    if not texts[0].strip():
        return ("",)
    if context.current and countries.code_of(context.current[0], bound.countries) == texts[0].upper():
        return context.current
    language = bound.args[0] if bound.args and bound.args[0] != "language" else context.language
    name = countries.name_of(
        texts[0], language, bound.countries, values.options(bound.tables, bound.row.crm[0])
    )
    if not name:
        raise Unmapped(bound.row.id, bound.row.erp[0], texts[0])
    return (name,)


def _vat(texts: Texts, context: Context, bound: Bound) -> Texts:
    plain = "".join(texts[0].split()).replace(".", "").replace("-", "").upper()
    if not plain or "with_prefix" not in bound.args or plain[:2].isalpha() or not context.country:
        return (plain,)
    return (("EL" if context.country == "GR" else context.country) + plain,)


def _vat_key(texts: Texts, context: Context, bound: Bound) -> Texts:
    return tuple(normalise.vat_number(text) or text.strip().upper() for text in texts)


def _company(texts: Texts, context: Context, bound: Bound) -> Texts:
    plain = "".join(texts[0].split()).upper()
    return (
        plain[2:] if plain[:2].isalpha() and plain[2:3].isdigit() and context.country == plain[:2] else plain,
    )


def _company_key(texts: Texts, context: Context, bound: Bound) -> Texts:
    return tuple(normalise.company_number(text) or text.strip().upper() for text in texts)


def canonical(text: str, places: int | None = None) -> str:
    """A figure as canonical decimal text, half-even; what is no figure stays as it is."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return text.strip()
    if not value.is_finite() or abs(value.adjusted()) > DIGITS_MAX:
        return text.strip()
    with localcontext() as context:
        context.prec = 60
        if places is not None:
            value = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    plain = format(value, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def _decimal(texts: Texts, context: Context, bound: Bound) -> Texts:
    places = int(bound.args[0]) if bound.args else 4
    return tuple(canonical(text, places) for text in texts)


def _truth(text: str) -> str:
    return "true" if text.strip().casefold() in _YES else "false"


def _checkbox_to_erp(texts: Texts, context: Context, bound: Bound) -> Texts:
    return tuple(_truth(text) if text.strip() else "" for text in texts)


def _checkbox_to_crm(texts: Texts, context: Context, bound: Bound) -> Texts:
    word = ("true", "false") if "CheckMark" in bound.row.crm[0] else ("Yes", "No")
    return tuple(word[0 if _truth(text) == "true" else 1] if text.strip() else "" for text in texts)


def _active(texts: Texts, context: Context, bound: Bound) -> Texts:
    return ("" if not texts[0] else "false" if texts[0] == "Resigned" else "true",)


def _status_of_active(texts: Texts, context: Context, bound: Bound) -> Texts:
    if texts[0] == "false":
        return ("Resigned",)
    now = context.current[0] if context.current else ""
    return (now if now not in ("", "Resigned") else "Active",) if texts[0] else ("",)


def _name(texts: Texts, context: Context, bound: Bound) -> Texts:
    first = " ".join(filter(None, (text.strip() for text in texts[:-1])))
    last = texts[-1].strip()
    last = "" if last == "-" else last
    return (first, last) if last else ("", first)


def _name_back(texts: Texts, context: Context, bound: Bound) -> Texts:
    first, last = texts[0].strip(), texts[1].strip()
    return (first, *[""] * (len(bound.row.crm) - 2), last)


def _with_division(texts: Texts, context: Context, bound: Bound) -> Texts:
    return (" – ".join(filter(None, (text.strip() for text in texts))),)


def _name_alone(texts: Texts, context: Context, bound: Bound) -> Texts:
    return (texts[0], "")


def _dash(texts: Texts, context: Context, bound: Bound) -> Texts:
    word = bound.args[0].strip("\"'") if bound.args else "-"
    if not any(texts):
        return texts
    return tuple(text or (word if at == len(texts) - 1 else "") for at, text in enumerate(texts))


def _undash(texts: Texts, context: Context, bound: Bound) -> Texts:
    word = bound.args[0].strip("\"'") if bound.args else "-"
    return tuple("" if text.strip() == word else text for text in texts)


def _cut(texts: Texts, context: Context, bound: Bound) -> Texts:
    return tuple(text[: int(bound.args[0])].rstrip() for text in texts)


def plain_text(text: str) -> str:
    """HTML as text: blocks end a line, tags go, entities are resolved."""
    shown = html.unescape(_TAG.sub("", _BLOCK_END.sub("\n", text)))
    return "\n".join(line.strip() for line in shown.splitlines() if line.strip())


def _code(texts: Texts, context: Context, bound: Bound) -> Texts:
    return (values.code(bound.row, texts[0].strip(), bound.tables.get(bound.args[0], {})),)


def _text_of_code(texts: Texts, context: Context, bound: Bound) -> Texts:
    table, key = bound.tables.get(bound.args[0], {}), texts[0].strip()
    now = context.current[0] if context.current else ""
    if now and key and (now == key or values.prefix(now) == key):
        return (now,)
    return (values.text_of_code(bound.row, key, table, bound.tables),)


def _currency(texts: Texts, context: Context, bound: Bound) -> Texts:
    return (values.currency(bound.row, texts[0].strip(), bound.tables),)


def _currency_text(texts: Texts, context: Context, bound: Bound) -> Texts:
    return (values.currency_text(bound.row, texts[0].strip(), bound.tables),)


def _salesperson(texts: Texts, context: Context, bound: Bound) -> Texts:
    """No hit is Unmapped, which documents leave out: they keep the sales person they have (semantics D17)."""
    found = values.counterpart(texts[0], bound.tables.get("user", {}), bound.tables.get("salesperson", {}))
    if not found and texts[0]:
        raise Unmapped(bound.row.id, bound.row.crm[0], texts[0])
    return (found,)


def _user(texts: Texts, context: Context, bound: Bound) -> Texts:
    found = values.counterpart(texts[0], bound.tables.get("salesperson", {}), bound.tables.get("user", {}))
    if not found and texts[0]:
        raise Unmapped(bound.row.id, bound.row.erp[0], texts[0])
    return (found,)


def _both(step: Step) -> Transform:
    return Transform(to_erp=step, to_crm=step, key=step)


REGISTRY: Mapping[str, Transform] = MappingProxyType(
    {
        "trim": _both(_each(normalise.trim)),
        "single_line": _both(_each(normalise.one_line)),
        "company_name": Transform(),
        "name_division": Transform(to_erp=_with_division, to_crm=_name_alone, shape=(2, 1), inverse=False),
        "address_lines": Transform(to_erp=_address_lines, to_crm=_address_text, shape=(1, 3)),
        "address_block": Transform(to_erp=_unblock, to_crm=_block, shape=(1, 6)),
        "phone": Transform(key=_phone_key),
        "email": Transform(
            to_erp=_each(normalise.trim), to_crm=_each(normalise.trim), key=_each(normalise.folded)
        ),
        "url": Transform(key=_each(normalise.url)),
        "country": Transform(
            to_erp=_country_code, to_crm=_country_name, shape=(1, 1), arguments="a language, e.g. da"
        ),
        "vat": Transform(to_erp=_vat, key=_vat_key, shape=(1, 1), arguments="country, with_prefix"),
        "company_number": Transform(to_erp=_company, key=_company_key, shape=(1, 1)),
        "digits": _both(_each(normalise.digits)),
        "integer": _both(_each(lambda text: canonical(text, 0))),
        "money": _both(_each(lambda text: canonical(text, 4))),
        "decimal": Transform(
            to_erp=_decimal, to_crm=_decimal, key=_decimal, arguments="the number of decimals, 0 to 8"
        ),
        "date": _both(_each(lambda text: text[:10])),
        "checkbox": Transform(to_erp=_checkbox_to_erp, to_crm=_checkbox_to_crm, key=_each(_truth)),
        "active_status": Transform(to_erp=_active, to_crm=_status_of_active, shape=(1, 1)),
        "name": Transform(to_erp=_name, to_crm=_name_back, shape=(0, 2)),
        "mandatory": Transform(
            to_erp=_undash, to_crm=_dash, arguments='the text that stands for empty, e.g. "-"'
        ),
        "cut": Transform(to_erp=_cut, to_crm=_cut, inverse=False, arguments="the number of characters"),
        "html_text": Transform(to_crm=_each(plain_text), inverse=False),
        "group_name": Transform(
            to_crm=_each(lambda text: text.translate(str.maketrans("", "", "*@_")).strip()), inverse=False
        ),
        "code": Transform(
            to_erp=_code, to_crm=_text_of_code, shape=(1, 1), arguments="the code table", table=0
        ),
        "currency": Transform(to_erp=_currency, to_crm=_currency_text, shape=(1, 1)),
        "user": Transform(to_erp=_salesperson, to_crm=_user, shape=(1, 1)),
    }
)


def parse(text: str) -> tuple[str, Transform, tuple[str, ...]]:
    """`country(da)` -> name, transform, arguments. Raises ValueError that says what is allowed."""
    found = _CALL.match(text.strip())
    if found is None or found[1] not in REGISTRY:
        raise ValueError(f"there is no transform {text!r}; allowed: {', '.join(sorted(REGISTRY))}")
    transform = REGISTRY[found[1]]
    args = tuple(part.strip() for part in (found[2] or "").split(",") if part.strip())
    if args and not transform.arguments:
        raise ValueError(f"transform {found[1]} takes nothing in brackets")
    if transform.table >= 0 and len(args) <= transform.table:
        raise ValueError(f"transform {found[1]} needs {transform.arguments} in brackets")
    if found[1] in ("decimal", "cut") and not (
        len(args) == 1 and args[0].isdigit() and (found[1] == "cut" or int(args[0]) <= 8)
    ):
        raise ValueError(f"transform {found[1]} needs {transform.arguments} in brackets")
    return found[1], transform, args
