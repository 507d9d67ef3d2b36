"""The list of everything that `VismaWorld.act` knows, by name. Each is one function over `Arguments`."""

from collections.abc import Callable, Mapping

from streamsync.simulators.visma import corrections, document_life, edits, order_life
from streamsync.simulators.visma.arguments import Arguments
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.settings import changed

Act = Callable[[Arguments, int], object]


def _status(status: str) -> Act:
    return lambda arguments, now_ms: order_life.set_order_status(arguments, now_ms, status)


def _hold(arguments: Arguments, now_ms: int) -> object:
    status = "Hold" if arguments.flag("hold", True) else "Open"
    return order_life.set_order_status(arguments, now_ms, status)


def _set_status(arguments: Arguments, now_ms: int) -> object:
    """`kind` order, invoice, customer or item; `status` as the system spells it."""
    kind = arguments.text("kind")
    match kind:
        case "order":
            return order_life.set_order_status(arguments, now_ms, arguments.text("status"))
        case "invoice":
            return document_life.set_document_status(arguments, now_ms)
        case "customer":
            return edits.edit_customer(arguments, now_ms)
        case "item":
            return edits.edit_item(arguments, now_ms)
        case _:
            raise ValueError(f"set_status knows no kind {kind}.")


def _cash_sale(arguments: Arguments, now_ms: int) -> object:
    kind = "CashReturn" if arguments.flag("return", False) else "CashSale"
    return document_life.create_document(arguments, now_ms, kind)


def _settings(arguments: Arguments, now_ms: int) -> object:
    company = arguments.company
    company.settings = changed(company.settings, arguments.rest())
    return "done"


def _set_zone(arguments: Arguments, now_ms: int) -> object:
    place = arguments.text("zone")
    arguments.company.set_zone(int(place) if place.lstrip("-").isdecimal() else place)
    return "done"


def _set_hook(arguments: Arguments, now_ms: int) -> object:
    """Calls `url` at every change, signed with `secret` in `header`."""
    arguments.company.hook = {
        "url": arguments.text("url"),
        "secret": arguments.text("secret"),
        "header": arguments.text("header", default="X-Visma-Signature"),
    }
    return "done"


ACTS: Mapping[str, Act] = {
    "create_customer": edits.create_customer,
    "edit_customer": edits.edit_customer,
    "renumber_customer": edits.renumber_customer,
    "rename_term": edits.rename_term,
    "delete_customer": edits.delete_customer,
    "create_contact": edits.create_contact,
    "edit_contact": edits.edit_contact,
    "delete_contact": edits.delete_contact,
    "create_item": edits.create_item,
    "edit_item": edits.edit_item,
    "renumber_item": edits.renumber_item,
    "delete_item": edits.delete_item,
    "create_order": edits.create_order,
    "edit_order": edits.edit_order,
    "delete_order": edits.delete_order,
    "cancel_order": _status("Cancelled"),
    "reopen_order": _status("Open"),
    "hold": _hold,
    "ship": order_life.ship,
    "confirm": order_life.confirm,
    "invoice_order": order_life.invoice_order,
    "set_status": _set_status,
    "release": document_life.release_document,
    "create_invoice": lambda arguments, now_ms: document_life.create_document(arguments, now_ms, "Invoice"),
    "edit_invoice": edits.edit_invoice,
    "delete_invoice": edits.delete_invoice,
    "pay": document_life.pay,
    "void": document_life.void,
    "write_off": lambda arguments, now_ms: document_life.pay(arguments, now_ms, "SmallBalanceWo"),
    "write_off_credit": lambda arguments, now_ms: document_life.pay(arguments, now_ms, "SmallCreditWo"),
    "prepay": document_life.prepay,
    "debit_note": lambda arguments, now_ms: document_life.create_document(arguments, now_ms, "DebitNote"),
    "credit": corrections.credit,
    "reverse": corrections.reverse,
    "correct": corrections.correct,
    "cash_sale": _cash_sale,
    "settings": _settings,
    "set_zone": _set_zone,
    "set_hook": _set_hook,
}


def perform(company: Company, name: str, values: dict[str, object], now_ms: int) -> object:
    """Raises ValueError for an unknown act, a missing or unknown argument, or a step that is not possible."""
    act = ACTS.get(name)
    if act is None:
        raise ValueError(f"Visma.net knows no act {name!r}; there are {', '.join(sorted(ACTS))}.")
    arguments = Arguments(name, values, company)
    result = act(arguments, now_ms)
    arguments.done()
    return result
