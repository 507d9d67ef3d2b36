"""Match keys and the search for a counterpart (semantics §1).

Pure; candidates come from `Lookup`. Keys are tried in order, the first that anybody answers ends the
search: exactly one unlinked record on each side is a match, more is ambiguous, and an ambiguous or weak
match never links and never creates by itself. Persons' keys carry their organisation, so that a search
never leaves it.
"""

from collections.abc import Callable, Sequence

import msgspec

from streamsync.model import Entity, Fields, Kind, Pair, Record, Side
from streamsync.sync import answers, normalise, scope
from streamsync.sync.lookup import Candidate, Lookup, View
from streamsync.sync.rules import Rules

Keys = tuple[tuple[str, str], ...]
SURE, WEAK = "sure", "weak"
_ROWS = {"company": "O10", "vat": "O9", "gln": "O11"}
_PATHS = {"company": "corporateId", "vat": "vatRegistrationId", "gln": "gln"}
_FORMS: dict[str, Callable[[str], str]] = {
    "company": normalise.company_number,
    "vat": normalise.vat_number,
    "gln": normalise.gln,
}
_ORDER = {
    Entity.ORGANISATION: ("number", "company", "vat", "gln", "name"),
    Entity.PERSON: ("contact_id", "email", "name"),
    Entity.ITEM: ("internal", "number"),
}


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """`link`: the half pair to merge with; or `reason` with the candidates' rids; or nothing at all."""

    link: int = 0
    record: Record | None = None
    reason: str = ""
    key: str = ""
    candidates: tuple[str, ...] = ()


def keys(record: Record, rules: Rules) -> Keys:
    """All match keys of a record that are not empty."""
    match record.kind:
        case Kind.ORGANISATION:
            found = _organisation(record, rules)
        case Kind.PERSON:
            found = _person(record, rules)
        case Kind.ITEM:
            found = _item(record, rules)
        case Kind.DELIVERY:
            found = [("number", normalise.folded(record.fields.get("DeliveryNumber", "")))]
        case Kind.ORDER:
            found = [("number", normalise.folded(record.fields.get("orderId", "")))]
        case Kind.INVOICE:
            found = [("number", normalise.folded(record.fields.get("referenceNumber", "")))]
        case _:
            found = []
    return tuple(dict.fromkeys((name, value) for name, value in found if value))


def crm_field(id: str, rules: Rules) -> str:
    """The webCRM field of an organisation row, "" if the row is off."""
    return next((row.crm[0] for row in rules.organisation.map if row.id == id), "")


def _organisation(record: Record, rules: Rules) -> list[tuple[str, str]]:
    get = record.fields.get
    if record.side is Side.CRM:
        number = get(rules.organisation.number_field, "") if rules.organisation.number_field else ""
        held = {key: get(field, "") if (field := crm_field(row, rules)) else "" for key, row in _ROWS.items()}
        name = normalise.name_key(
            get("OrganisationName", ""), get("OrganisationDivisionName", ""), get("OrganisationPostCode", "")
        )
    else:
        number = get("number", "")
        held = {key: get(path, "") for key, path in _PATHS.items()}
        name = normalise.name_key(get("name", ""), "", get("mainAddress.postalCode", ""))
    return [
        ("number", normalise.folded(number)),
        *((key, _FORMS[key](text)) for key, text in held.items()),
        ("name", name),
    ]


def _person(record: Record, rules: Rules) -> list[tuple[str, str]]:
    get = record.fields.get
    if record.side is Side.CRM:
        home, mails = get("PersonOrganisationId", ""), [get("PersonEmail", ""), get("PersonEmail2", "")]
        first, last = get("PersonFirstName", ""), get("PersonLastName", "")
        if rules.person.middle == "join":
            first = f"{first} {get('PersonMiddleName', '')}"
        contact = get(rules.person.contact_id_field, "") if rules.person.contact_id_field else ""
    else:
        account = get("businessAccount", "") if scope.is_customer_contact(record.fields) else ""
        home, mails = normalise.folded(account), [get("email", "")]
        first, last, contact = get("firstName", ""), get("lastName", ""), record.rid
    name = normalise.spaced(f"{first} {'' if last.strip() == '-' else last}")
    nameless = any(mail.strip() for mail in mails)
    return [
        ("contact_id", contact.strip()),
        *(("email", _within(home, normalise.folded(mail))) for mail in mails),
        ("name", "" if nameless else _within(home, name)),
    ]


def _within(home: str, value: str) -> str:
    return f"{home}|{value}" if home and value else ""


def _item(record: Record, rules: Rules) -> list[tuple[str, str]]:
    get, layout = record.fields.get, rules.item.layout
    if record.side is Side.CRM:
        number, internal = get(layout.id, ""), get(layout.internal, "") if layout.internal else ""
    else:
        number, internal = get("inventoryNumber", ""), get("inventoryId", "") or record.rid
    number, internal = normalise.folded(number), internal.strip()
    return [("internal", "" if internal == "-" else internal), ("number", "" if number == "-" else number)]


def match(
    view: View,
    rules: Rules,
    look: Lookup,
    home: Pair | None = None,
    *,
    strangers: frozenset[str] = frozenset(),
) -> Match:
    """The counterpart of a half pair. `home`: the linked organisation of a person (its keys are translated
    through it). `strangers`: ids of ERP records that are nobody's counterpart (a customer's own contacts)."""
    record = view.crm or view.erp
    assert record is not None
    decided = look.decided(view.pair.id)
    if answer := decided.get("link", ""):
        return _linked_by_hand(record, answer, look)
    if "create_new" in decided:
        return Match()
    if apart := answers.parted(decided):
        return Match(reason="weak_match", key="unlinked", candidates=apart)
    own = dict.fromkeys(keys(record, rules))
    for name in _ORDER.get(view.pair.entity, ()):
        for key, value in own:
            if key != name or (
                name == "name" and rules.match.name == "off" and record.kind is Kind.ORGANISATION
            ):
                continue
            found = _at_key(record, name, value, rules, look, home, strangers)
            if found is not None:
                return found
    return Match()


def by_hand(view: View, look: Lookup) -> Match | None:
    """What a person said about a half pair: link with this one, or not the same as that one. None = nothing,
    or it may be created."""
    record = view.crm or view.erp
    if record is None or (view.pair.crm_id and view.pair.erp_id):
        return None
    decided = look.decided(view.pair.id)
    if rid := decided.get("link", ""):
        return _linked_by_hand(record, rid, look)
    apart = () if "create_new" in decided else answers.parted(decided)
    return Match(reason="weak_match", key="unlinked", candidates=apart) if apart else None


def _linked_by_hand(record: Record, rid: str, look: Lookup) -> Match:
    """A person chose. `rid` names the record of the other side."""
    kind = _kind_there(record, rid)
    other = look.record(record.side.other, kind, rid)
    pair = look.pair_of(record.side.other, kind, rid)
    if other is None or pair is None or (pair.crm_id and pair.erp_id):
        return Match(reason="many_candidates", key="link", candidates=(rid,))
    return Match(link=pair.id, record=other, key="link")


def _kind_there(record: Record, rid: str) -> Kind:
    """What the counterpart of a record is: a delivery's is an order or an invoice, as its id says."""
    if record.kind is Kind.DELIVERY:
        return Kind.INVOICE if rid.startswith("invoice:") else Kind.ORDER
    return Kind.DELIVERY if record.kind in (Kind.ORDER, Kind.INVOICE) else record.kind


def _at_key(
    record: Record,
    name: str,
    value: str,
    rules: Rules,
    look: Lookup,
    home: Pair | None,
    strangers: frozenset[str] = frozenset(),
) -> Match | None:
    """What one key says; None = nobody else has it."""
    theirs = look.candidates(
        record.side.other, record.kind, name, _translated(value, record, name, look, home)
    )
    theirs = [one for one in theirs if one.record.side is Side.CRM or one.record.rid not in strangers]
    theirs = [one for one in theirs if not _apart(one, record, look)]
    if not theirs:
        return None
    out = [one.record.rid for one in theirs if _excluded(one)]
    theirs = [one for one in theirs if not _excluded(one)]
    if not theirs:  # neither linked behind a person's back, nor made a second time
        return Match(reason="weak_match", key=name, candidates=tuple(out))
    grade, reason = _grade(record, name, theirs, rules)
    ours = [one for one in look.candidates(record.side, record.kind, name, value) if not _excluded(one)]
    if grade == WEAK:
        theirs = [one for one in theirs if not one.linked]
        ours = [one for one in ours if not one.linked]
        if not theirs:
            return None
    rids = tuple(one.record.rid for one in theirs)
    others = [
        one
        for one in ours
        if one.record.rid != record.rid and (one.record.side is Side.CRM or one.record.rid not in strangers)
    ]
    if len(theirs) > 1 or others or theirs[0].linked:
        return Match(reason="many_candidates", key=name, candidates=rids)
    if reason:
        return Match(reason=reason, key=name, candidates=rids)
    pair = theirs[0].pair
    return Match(link=pair.id, record=theirs[0].record, key=name) if pair is not None else None


def _excluded(one: Candidate) -> bool:
    return one.pair is not None and one.pair.state == "excluded" and not one.linked


def _apart(one: Candidate, record: Record, look: Lookup) -> bool:
    """Whether a person said that these two are not the same. Both halves remember it."""
    return one.pair is not None and record.rid in answers.parted(look.decided(one.pair.id))


def _translated(value: str, record: Record, name: str, look: Lookup, home: Pair | None) -> str:
    """A person's key names the organisation in its own side's words."""
    if record.kind is not Kind.PERSON or name == "contact_id" or home is None:
        return value
    _, _, rest = value.partition("|")
    if record.side is Side.ERP:
        return f"{home.crm_id}|{rest}"
    customer = look.record(Side.ERP, Kind.ORGANISATION, home.erp_id)
    return f"{normalise.folded(customer.fields.get('number', '')) if customer else ''}|{rest}"


def _grade(record: Record, name: str, theirs: Sequence[Candidate], rules: Rules) -> tuple[str, str]:
    """The grade of a key, and the reason that keeps a single candidate from being linked ("" = it is
    sure)."""
    other = theirs[0].record
    if record.kind is Kind.ORGANISATION:
        if name == "number":
            return SURE, "key_contradiction" if _contradict(record, other, rules) else ""
        if name == "company":
            return SURE, "" if rules.match.company_number == "sure" else "weak_match"
        if name == "gln":
            return SURE, "" if _names_alike(record.fields, other.fields) else "weak_match"
        if name == "name":
            return WEAK, "" if rules.match.name == "sure" else "weak_match"
    elif record.kind is Kind.PERSON and name == "name":
        return WEAK, "weak_match"
    return SURE, ""


def _contradict(record: Record, other: Record, rules: Rules) -> bool:
    """Both sides hold a company or VAT number, and they differ."""
    ours, theirs = dict(keys(record, rules)), dict(keys(other, rules))
    return any(key in ours and key in theirs and ours[key] != theirs[key] for key in ("company", "vat"))


def _names_alike(one: Fields, other: Fields) -> bool:
    names = {
        normalise.name(fields.get("OrganisationName", "") or fields.get("name", ""))
        for fields in (one, other)
    }
    return len(names) == 1
