"""DeliveryNumber: which number a delivery gets, and when none may be written (semantics §3.7).

Pure. The number is never in the POST: it is written once the delivery is known, and only while nobody else
holds it.
"""

import msgspec

from streamsync.model import Fields, Kind, Outcome, Record, Side
from streamsync.sync.decision import Decision, Finding
from streamsync.sync.documents import Document
from streamsync.sync.lookup import Candidate, Lookup
from streamsync.sync.rules import Rules

LOOK_AGAIN_MS = 60_000
_PREFIX = {"CreditNote": "CRN", "CashSale": "CS", "CashReturn": "CS"}


class Numbering(msgspec.Struct, frozen=True, kw_only=True):
    """`write`: the number to write, "" = none. `taken`: park. `locked_with`: another delivery with our
    number.
    """

    write: str = ""
    taken: str = ""
    locked_with: str = ""


def forms(document: Document, rules: Rules) -> tuple[str, str]:
    """The plain number of a document and its prefixed form."""
    order_type, order_number = document.fields.get("type", ""), document.fields.get("orderId", "")
    if not order_number:
        plain = document.number
    else:
        plain = (
            rules.delivery.number.replace("{orderNbr}", order_number)
            .replace("{orderType}", order_type)
            .replace("{referenceNbr}", document.number)
        )
    if document.kind is Kind.ORDER:
        return plain, f"{order_type}-{order_number}"
    return plain, f"{_PREFIX.get(document.type, 'INV')}-{document.number}"


def mapped(rules: Rules) -> bool:
    """Whether a row brings the ERP's number into `DeliveryNumber` (D3 with its default field)."""
    return any(row.crm == ("DeliveryNumber",) for row in rules.delivery.map)


def number_for(document: Document, crm_id: str, current: Fields, rules: Rules, look: Lookup) -> Numbering:
    """What to do about the number of this delivery."""
    held = current.get("DeliveryNumber", "").strip()
    if held and (others := _others(held, crm_id, look)):
        return Numbering(locked_with=others[0].record.rid)
    if not mapped(rules):
        return Numbering()
    plain, prefixed = forms(document, rules)
    if held in (plain, prefixed):
        return Numbering()
    if not _others(plain, crm_id, look):
        return Numbering(write=plain)
    match rules.delivery.on_number_taken:
        case "leave":
            return Numbering()
        case "park":
            return Numbering(taken=plain)
    return Numbering(taken=prefixed) if _others(prefixed, crm_id, look) else Numbering(write=prefixed)


def rival(crm: Record, look: Lookup) -> str:
    """Another delivery with the same number: webCRM then takes no edit of either (webcrm-api §10.3)."""
    held = crm.fields.get("DeliveryNumber", "").strip()
    others = _others(held, crm.rid, look) if held else []
    return others[0].record.rid if others else ""


def locked(crm: Record, other: str, now_ms: int) -> Decision:
    """No write to either until a read shows them apart; the finding names both."""
    number = crm.fields.get("DeliveryNumber", "").strip()
    return Decision(
        outcome=Outcome.PARKED,
        reason="number_locked",
        detail={"number": number, "other": other, "candidates": f"{crm.rid},{other}"},
        findings=(Finding(code="number_held_twice", field="DeliveryNumber", text=f"{crm.rid}, {other}"),),
        again_ms=now_ms + LOOK_AGAIN_MS,
    )


def _others(number: str, crm_id: str, look: Lookup) -> list[Candidate]:
    found = look.candidates(Side.CRM, Kind.DELIVERY, "number", number.strip().casefold())
    return [one for one in found if one.record.rid != crm_id]
