"""Amounts of lines and documents. Pure, Decimal throughout, rounded half up to two places (visma-api §8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)
HUNDRED = Decimal(100)
BASE_CURRENCY = "DKK"


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def gross_of(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """The line before its discount."""
    return cents(quantity * unit_price)


def discount_of(gross: Decimal, percent: Decimal) -> Decimal:
    return cents(gross * percent / HUNDRED)


def percent_of(gross: Decimal, amount: Decimal) -> Decimal:
    """The percentage a discount amount stands for, to six places."""
    if gross == 0:
        return ZERO
    return (amount * HUNDRED / gross).quantize(Decimal("0.000001"), ROUND_HALF_UP).normalize() + ZERO


@dataclass(slots=True)
class Totals:
    """Of a document, in its currency."""

    taxable: Decimal = ZERO
    exempt: Decimal = ZERO
    vat: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        return self.taxable + self.exempt

    @property
    def gross(self) -> Decimal:
        return self.taxable + self.exempt + self.vat


def totals(lines: Iterable[tuple[Decimal, Decimal]]) -> Totals:
    """From (amount, VAT rate in percent) of each line; VAT is worked out once per rate, on the document."""
    by_rate: dict[Decimal, Decimal] = {}
    for amount, rate in lines:
        by_rate[rate] = by_rate.get(rate, ZERO) + amount
    result = Totals()
    for rate, amount in by_rate.items():
        if rate == 0:
            result.exempt += amount
        else:
            result.taxable += amount
            result.vat += discount_of(amount, rate)
    return result
