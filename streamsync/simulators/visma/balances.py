"""What customers owe and have bought (visma-api §4.1); worked out from the documents at every request."""

from decimal import Decimal
from typing import Any

from streamsync.simulators.http import Response, json_response
from streamsync.simulators.visma.ask import Ask, moment, picked, skipped
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.customers import the_customer
from streamsync.simulators.visma.money import ZERO
from streamsync.simulators.visma.records import Customer
from streamsync.simulators.visma.times import day_of

Row = dict[str, Any]


def _balances(company: Company, year: int) -> dict[int, tuple[Decimal, Decimal]]:
    """Open balance and sales of the year in base currency, by customer."""
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for document in company.documents.all():
        sign = -1 if document.type in ("CreditNote", "CashReturn") else 1
        balance, sales = found.get(document.customer_id, (ZERO, ZERO))
        if document.is_released and document.lines:
            balance += sign * document.balance * document.rate
            if document.day.year == year:
                sales += sign * document.totals.net * document.rate
        found[document.customer_id] = (balance, sales)
    return found


def _balance_row(ask: Ask, customer: Customer, amounts: tuple[Decimal, Decimal]) -> Row:
    return {
        "customer": {
            "internalId": customer.internal_id,
            "number": customer.number,
            "name": customer.fields.get("name", ""),
        },
        "balance": amounts[0],
        "totalOrder": ZERO,
        "totalLoan": ZERO,
        "totalSalePeriod": ZERO,
        "totalDiscountPeriod": ZERO,
        "totalSaleYear": amounts[1],
        "totalDiscountYear": ZERO,
        "lastModified": ask.stamp(customer.modified_ms),
    }


def _year(ask: Ask) -> int:
    return day_of(ask.company.stamp_of(ask.now_ms)).year


def list_balances(ask: Ask) -> Response:
    moment(ask, "lastModifiedDateTime")
    amounts = _balances(ask.company, _year(ask))
    page = skipped(ask, picked(ask, ask.company.customers), "balance")
    return json_response(200, [_balance_row(ask, c, amounts.get(c.internal_id, (ZERO, ZERO))) for c in page])


def get_balance(ask: Ask) -> Response:
    customer = the_customer(ask)
    amounts = _balances(ask.company, _year(ask))
    return json_response(200, _balance_row(ask, customer, amounts.get(customer.internal_id, (ZERO, ZERO))))
