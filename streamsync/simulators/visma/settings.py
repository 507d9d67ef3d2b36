"""What a test may set about the company's service; every open question of visma-api §9 is one of these.

`act("settings", {...})` changes them while the stand-in runs. Caps are rows per page by list.
"""

from typing import Any

import msgspec

PAGE_CAPS: dict[str, int] = {
    "customer": 500,
    "contact": 1000,
    "inventory": 500,
    "customerinvoice": 200,
    "customerdocument": 500,
    "customerCreditNote": 200,
    "cashsale": 200,
    "creditTerm": 1000,
    "salesperson": 1000,
    "vatZone": 1000,
    "salesordertype": 1000,
    "warehouse": 1000,
    "itemClass": 1000,
    "balance": 1000,
    "SalesOrders": 500,
}
NUMBER_SERIES: dict[str, int] = {
    "customer": 10042,
    "order": 223,
    "shipment": 310,
    "Invoice": 200315,
    "CreditNote": 300101,
    "DebitNote": 350001,
    "Payment": 100001,
    "CashSale": 400001,
    "CashReturn": 450001,
    "SmallBalanceWo": 500001,
    "SmallCreditWo": 550001,
    "Prepayment": 600001,
    "VoidPayment": 100001,
}


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Knobs. The defaults are the likely behaviour, with the awkward choice where both are likely."""

    page_caps: dict[str, int] = {}
    default_page_size: int = 100  # when a list is asked for without pageSize
    default_v3_page_size: int = 100
    requests_per_hour: int = 15_000  # per host; finance and orders are counted apart
    token_seconds: int = 3600
    action_delay_ms: int = 1500  # how long `release` and its like take after their answer
    late_commit_ms: int = 0  # a stamp may be up to so much older than the moment a change can be seen
    list_lag_ms: int = 0  # lists by stamp show a change up to so much later
    search_lag_ms: int = 0  # lists by any other filter show a new record up to so much later
    lists_move: bool = False  # a row that is changed goes to the end of the lists
    missing_attributes: tuple[str, ...] = ()  # customer attributes that the administrator took away
    payment_moves_stamp: bool = False  # whether a payment moves lastModifiedDateTime of what it pays
    copies_external_link: bool = True  # order line to invoice line
    lines_name_order: bool = True  # invoice lines say which order they bill (soOrderType, soOrderNbr)
    orders_name_invoice: bool = True  # billed orders say so in financialInformation.invoiceId
    in_currency_is_base: bool = False  # finance amounts `…InCurrency` are the company's, the bare ones not
    unlisted: tuple[str, ...] = ()  # numbers of customers and items that lists leave out although they exist
    closed_until: str = ""  # the last day of the closed financial periods; "" = none is closed
    refused_statuses: tuple[str, ...] = ("Inactive",)  # customers with which v3 takes no order
    hold_orders_on_entry: bool = False  # what an order gets that names no status
    business_errors_are_500: bool = False  # the status of refused POSTs of the finance host (visma-api §7.2)
    uses_weak_etags: bool = False  # `W/"…"` instead of `"…"`

    def cap(self, name: str) -> int:
        return self.page_caps.get(name, PAGE_CAPS[name])


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """A copy with changes. Raises ValueError for what is no setting."""
    return msgspec.convert({**msgspec.to_builtins(settings), **changes}, Settings)
