"""What people do with a released invoice that was wrong: credit it, reverse it, correct it (visma-api §4.6).

`credit` makes a released credit note over all or some of it. `reverse` makes one over all of it that still
has to be released; with `apply` it is released and settled with the invoice at once. `correct` does that and
types the same invoice in again, unreleased, to be mended; it is refused where something was paid or an order
billed. Functions as in `document_life`.
"""

from decimal import Decimal
from typing import Any

from streamsync.simulators.visma.arguments import Arguments, plain
from streamsync.simulators.visma.company import Company
from streamsync.simulators.visma.document_life import apply_to, named, new_document
from streamsync.simulators.visma.document_rows import recount
from streamsync.simulators.visma.money import cents, discount_of, gross_of
from streamsync.simulators.visma.records import Application, Document, DocumentLine

Result = dict[str, Any]
CORRECTED = ("quantity", "unit_price", "discount_percent")
_SPELLED = {"unitPrice": "unit_price", "discountPercent": "discount_percent"}


def credit(arguments: Arguments, now_ms: int) -> Result:
    """A released credit note over all lines or `lines` {number: quantity}; `apply` (yes) settles it with the
    invoice."""
    company, document = arguments.company, _released(arguments)
    wanted = arguments.table("lines")
    note = _credit_note(company, document, wanted, now_ms)
    _release(company, note, document, now_ms, apply=arguments.flag("apply", True))
    return named(note)


def reverse(arguments: Arguments, now_ms: int) -> Result:
    """A credit note over the whole invoice, Balanced; `apply` (no) releases it and settles it at once."""
    company, document = arguments.company, _released(arguments)
    note = _credit_note(company, document, {}, now_ms)
    if arguments.flag("apply", False):
        _release(company, note, document, now_ms, apply=True)
    return named(note)


def correct(arguments: Arguments, now_ms: int) -> Result:
    """Reverses the invoice and types it in again, Balanced; `lines` {number: {quantity, unitPrice,
    discountPercent}} says what was wrong. Answers with the new invoice; `creditNote` is the number of the
    other."""
    company, document = arguments.company, _released(arguments)
    if document.applications:
        raise ValueError(f"{document.type} {document.number} has payments and cannot be corrected.")
    if any(line.order for line in document.lines):
        raise ValueError(f"{document.type} {document.number} bills an order and cannot be corrected.")
    changes = arguments.table("lines")
    note = _credit_note(company, document, {}, now_ms)
    _release(company, note, document, now_ms, apply=True)
    again = new_document(company, document.type, document.customer_id, now_ms)
    again.currency, again.rate = document.currency, document.rate
    again.fields.update(document.fields)
    for line in document.lines:
        again.lines.append(_again(line, plain(changes.get(str(line.number), {}))))
    recount(company, again)
    again.number = company.next_number(document.type)
    company.add(again, now_ms)
    return {**named(again), "creditNote": note.number}


def _released(arguments: Arguments) -> Document:
    document = arguments.document(("Invoice", "DebitNote"))
    if not document.is_released:
        raise ValueError(f"{document.type} {document.number} is not released.")
    return document


def _credit_note(company: Company, document: Document, wanted: dict[str, Any], now_ms: int) -> Document:
    """Balanced, over the `wanted` quantities by line number; {} = all."""
    note = new_document(company, "CreditNote", document.customer_id, now_ms)
    note.currency, note.rate = document.currency, document.rate
    note.fields.update(
        {"customerRefNumber": document.fields.get("customerRefNumber", ""), "originalRefNbr": document.number}
    )
    for line in document.lines:
        quantity = Decimal(str(wanted.get(str(line.number), 0))) if wanted else line.quantity
        if quantity:
            note.lines.append(_copied(line, len(note.lines) + 1, quantity=quantity, external_link=""))
    recount(company, note)
    note.number = company.next_number("CreditNote")
    company.add(note, now_ms)
    return note


def _release(company: Company, note: Document, original: Document, now_ms: int, *, apply: bool) -> None:
    note.status = "Open"
    amount = min(note.balance, original.balance)
    if apply and amount > 0:
        note.applications.append(Application(document=original.key, day=note.day, amount=amount))
        note.balance -= amount
        note.status = "Closed" if note.balance == 0 else "Open"
        apply_to(company, original, note, amount, now_ms)
    company.touch(note, now_ms)


def _again(line: DocumentLine, changes: dict[str, Any]) -> DocumentLine:
    values = {_SPELLED.get(name, name): value for name, value in changes.items()}
    if unknown := sorted(set(values) - set(CORRECTED)):
        raise ValueError(f"correct changes no {', '.join(unknown)} of a line.")
    return _copied(line, line.number, **values)


def _copied(line: DocumentLine, number: int, **changes: Any) -> DocumentLine:
    """The line again with other figures, its amounts worked out anew."""
    values: dict[str, Any] = {name: getattr(line, name) for name in DocumentLine.__dataclass_fields__}
    made = DocumentLine(**{**values, **changes, "number": number, "fields": dict(line.fields)})
    gross = gross_of(made.quantity, made.unit_price)
    made.discount_amount = discount_of(gross, made.discount_percent)
    made.amount = cents(gross - made.discount_amount)
    return made
