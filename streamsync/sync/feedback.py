"""ERP facts that come back to the delivery: numbers, dates, booked, word, paid, balance, totals (semantics
§3.5-§3.8).

Pure. `derived` computes the fields `derived.*` that mapping rows may name on the ERP side; `put_back`
compares rows of that sort with the delivery and says what to write: at once, without a conflict, whatever a
user typed there.
"""

from collections.abc import Iterable, Sequence

import msgspec

from streamsync.model import Agreed, Base, Fields, Kind
from streamsync.sync import money, phases
from streamsync.sync.documents import NEGATIVE, Document, bills, written_off
from streamsync.sync.rows import Codec, Context, Unmapped
from streamsync.sync.rules import Rules

NUMBERS_LENGTH = 50  # FieldMetadataTextFieldMaxLength of a custom text field (webcrm-api §9)
STATE_FIELDS = frozenset(
    ("DeliveryErpId", "DeliveryErpStatus", "DeliveryErpSyncDateTime", "DeliveryNumber", "DeliveryOrderValue")
)
_STATUS_ROW = "delivery-status"


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """`fields`: what to write on the delivery; `rows`: what that establishes; `base`: rows that are equal
    already.
    """

    fields: Fields = {}
    rows: Base = {}
    base: Base = {}
    expect: Fields = {}


def by_date(invoices: Iterable[Document]) -> list[Document]:
    return sorted(invoices, key=lambda invoice: (invoice.date, invoice.number))


def joined(numbers: Sequence[str], limit: int = NUMBERS_LENGTH) -> str:
    """`200315, 200322`, cut to whole numbers with a count of the rest: `200315, 200322 +3`."""
    text = ", ".join(numbers)
    shown = len(numbers)
    while len(text) > limit and shown > 1:
        shown -= 1
        text = f"{', '.join(numbers[:shown])} +{len(numbers) - shown}"
    return text[:limit]


def derived(
    document: Document | None,
    attached: Sequence[Document],
    rules: Rules,
    *,
    missing: bool = False,
    message: str = "",
) -> Fields:
    """The `derived.*` fields of a pair. `attached`: the invoices on the delivery, any order."""
    own = [document] if document is not None and document.kind is Kind.INVOICE else []
    invoices = by_date([*own, *(one for one in attached if document is None or one.rid != document.rid)])
    billed = by_date([*own, *(one for one in bills(invoices) if one not in own)])
    live = [one for one in billed if phases.alive(one)]
    word = phases.word(document, attached, missing=missing)
    out = {
        "derived.referenceNumbers": joined([one.number for one in invoices]),
        "derived.orderNbr": "",
        "derived.invoiceDate": max((one.date for one in billed), default=""),
        "derived.booked": _truth(bool(live) and all(one.released for one in live)),
        "derived.word": word,
        "derived.paid": _truth(word == phases.PAID),
        "derived.balance": _sum(invoices, "balance", rules) if invoices else "",
        "derived.dueDate": max(
            (one.raw.fields.get("documentDueDate", "")[:10] for one in billed), default=""
        ),
        "derived.orderTotal": "",
        "derived.taxTotal": "",
        "derived.message": message,
        "derived.erpId": f"erp:{document.rid}" if document is not None else "",
        "derived.netTotal": "",
    }
    if document is not None:
        out["derived.orderNbr"] = document.fields.get("orderId", "") or document.number
        out["derived.netTotal"] = money.plain(document.net) if document.net is not None else ""
        totals = own or _whole(document, live)
        if totals:
            out["derived.orderTotal"] = _sum(totals, "amount", rules)
            out["derived.taxTotal"] = _sum(totals, "vatTotal", rules)
        else:
            out["derived.orderTotal"] = document.fields.get("totals.orderTotal", "")
            out["derived.taxTotal"] = document.fields.get("totals.taxTotal", "")
    return out


def _whole(order: Document, live: Sequence[Document]) -> Sequence[Document]:
    """The invoices whose totals stand for the order's (freight, corrected prices: semantics §3.8): once
    everything is billed, and by invoices of this order alone."""
    alone = all(len(invoice.orders) <= 1 for invoice in live)
    return live if alone and not phases.open_quantity(order) else ()


def notice(document: Document, attached: Sequence[Document]) -> str:
    """What the message field says of a document that nothing is wrong with (semantics §3.6)."""
    own = [document] if document.kind is Kind.INVOICE else bills(attached)
    return "written off" if any(written_off(one) for one in own) else ""


def is_fact(codec: Codec) -> bool:
    """Rows whose ERP side only states facts. They never go to the ERP."""
    return codec.row.feedback or any(path.startswith("derived.") for path in codec.row.erp)


def put_back(
    codecs: Iterable[Codec],
    crm: Fields,
    erp: Fields,
    base: Base,
    context: Context,
    without: frozenset[str] = frozenset(),
) -> Feedback:
    """Facts that differ on the delivery. State fields, and the fields `without`, have rules of their own."""
    fields: Fields = {}
    rows: Base = {}
    agreed: Base = {}
    for codec in codecs:
        row = codec.row
        if (STATE_FIELDS | without).intersection(row.crm):
            continue
        now = tuple(crm.get(name, "") for name in row.crm)
        fact = tuple(erp.get(path, "") for path in row.erp)
        if codec.same(now, fact, context):
            if base.get(row.id) != Agreed(crm=now, erp=fact):
                agreed[row.id] = Agreed(crm=now, erp=fact)
            continue
        try:
            wanted = codec.to_crm(fact, msgspec.structs.replace(context, current=now))
        except Unmapped:
            continue  # a fact without a word in webCRM is left as it is; `unmapped` lists it
        if wanted == now:
            continue
        fields.update(zip(row.crm, wanted, strict=True))
        rows[row.id] = Agreed(crm=wanted, erp=fact)
    return Feedback(
        fields=fields, rows=rows, base=agreed, expect={name: crm.get(name, "") for name in fields}
    )


def unmapped(codecs: Iterable[Codec], erp: Fields, context: Context) -> list[Unmapped]:
    """Facts that the value maps have no entry for."""
    out = []
    for codec in codecs:
        try:
            codec.to_crm(tuple(erp.get(path, "") for path in codec.row.erp), context)
        except Unmapped as lack:
            out.append(lack)
    return out


def of_settings(rules: Rules) -> frozenset[str]:
    """The webCRM fields that settings name: they outrank a row on the same field."""
    return frozenset(name for name in (rules.delivery.status_field, rules.delivery.message_field) if name)


def settings_fields(word: str, message: str, crm: Fields, base: Base, rules: Rules) -> Feedback:
    """The status field, the message field and `DeliveryStatus` (semantics §3.5, D21)."""
    delivery = rules.delivery
    fields: Fields = {}
    rows: Base = {}
    agreed: Base = {}
    if delivery.status_field:
        text = delivery.status_words.get(word, word)
        if crm.get(delivery.status_field, "") != text:
            fields[delivery.status_field] = text
    if delivery.message_field:
        text = message  # as long as the field holds: delivery_words.cut
        if crm.get(delivery.message_field, "") != text:
            fields[delivery.message_field] = text
    status = _delivery_status(word, crm.get("DeliveryStatus", ""), base, rules)
    if status:
        fields["DeliveryStatus"] = status
        rows[_STATUS_ROW] = Agreed(crm=(status,), erp=(word,))
    elif _STATUS_ROW not in base or base[_STATUS_ROW].erp != (word,):
        agreed[_STATUS_ROW] = Agreed(crm=(crm.get("DeliveryStatus", ""),), erp=(word,))
    return Feedback(
        fields=fields, rows=rows, base=agreed, expect={name: crm.get(name, "") for name in fields}
    )


def _delivery_status(word: str, now: str, base: Base, rules: Rules) -> str:
    """The status to write, "" for none: on a new word only, so that a user's own choice stays; forward
    only on `auto`.
    """
    mode, wanted = rules.delivery.write_delivery_status, phases.DELIVERY_STATUS.get(word, "")
    if not wanted or mode == "never" or (mode == "auto" and rules.delivery.status_field):
        return ""
    if wanted == now or (_STATUS_ROW in base and base[_STATUS_ROW].erp == (word,)):
        return ""
    if mode == "auto" and phases.STATUS_RANK.get(now, 9) > phases.STATUS_RANK[wanted]:
        return ""
    return wanted


def _sum(documents: Iterable[Document], field: str, rules: Rules) -> str:
    total = money.number("")
    for document in documents:
        raw = document.raw.fields
        text = raw.get(field, "") if rules.visma.in_currency == "base" else raw.get(f"{field}InCurrency", "")
        total += (-1 if document.type in NEGATIVE else 1) * money.number(text or raw.get(field, ""))
    return money.plain(total)


def _truth(yes: bool) -> str:
    return "true" if yes else "false"
