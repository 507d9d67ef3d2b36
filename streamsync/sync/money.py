"""Decimal arithmetic on canonical texts: amounts, quantities, percents (semantics §3.8, §4.5).

Pure. Texts in, texts out; binary floats never appear. `""` counts as nought. Rounding is half-even
everywhere.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

QUANTITY_PLACES = 6
PRICE_PLACES = 4
PERCENT_PLACES = 4
VALUE_PLACES = 2
HUNDRED = Decimal(100)


def number(text: str) -> Decimal:
    """The value of a canonical decimal text; `""` is 0. Raises `decimal.InvalidOperation` on anything
    else.
    """
    return Decimal(text or "0")


def plain(value: Decimal) -> str:
    """Canonical text: no exponent, no trailing zeros, no minus nought."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(value: Decimal, places: int) -> Decimal:
    with localcontext() as context:
        context.prec = 40
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def fixed(text: str, places: int) -> str:
    """The canonical text rounded to so many decimals; `""` stays empty."""
    return plain(rounded(number(text), places)) if text else ""


def folded(line_percent: str, header_percent: str) -> str:
    """Line and header discount as one percent: 100*(1-(1-l/100)(1-h/100)), four decimals (semantics §3.2)."""
    line, header = number(line_percent), number(header_percent)
    if not header:
        return plain(rounded(line, PERCENT_PLACES))
    kept = (1 - line / HUNDRED) * (1 - header / HUNDRED)
    return plain(rounded(HUNDRED * (1 - kept), PERCENT_PLACES))


def unfolded(percent: str, header_percent: str) -> str:
    """The line discount that, folded with the header's, gives `percent`. A header of 100 % leaves nothing
    to say: 0.
    """
    header = number(header_percent)
    if not header:
        return plain(rounded(number(percent), PERCENT_PLACES))
    rest = 1 - header / HUNDRED
    if not rest:
        return "0"
    return plain(rounded(HUNDRED * (1 - (1 - number(percent) / HUNDRED) / rest), PERCENT_PLACES))


def line_total(quantity: str, price: str, percent: str) -> Decimal:
    """Net of one line, unrounded."""
    return number(quantity) * number(price) * (1 - number(percent) / HUNDRED)
