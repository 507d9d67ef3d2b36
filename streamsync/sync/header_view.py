"""A delivery's header beside its ERP document's, ready to be merged (semantics §2.4, D1-D22).

Pure. People appear on both sides as the ERP's contact id, so that the row compares like with like; the text
lines above the first item belong to the note. `translated` turns planned webCRM values back into webCRM's
ids.
"""

from collections.abc import Sequence

import msgspec

from streamsync.model import Fields, Kind, Side
from streamsync.sync.codecs import codecs_for
from streamsync.sync.feedback import STATE_FIELDS, is_fact, of_settings
from streamsync.sync.lookup import Lookup
from streamsync.sync.rows import Codec, Context, Row
from streamsync.sync.rules import Rules

PERSON, CONTACT, NOTE = "DeliveryPersonId", "customer.contactId", "DeliveryNote"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides in comparable form, the value rows and the fact rows that apply to them."""

    crm: Fields
    erp: Fields
    values: tuple[Codec, ...]
    facts: tuple[Codec, ...]
    creates: tuple[Codec, ...]  # the rows that a create on the ERP side may use
    context: Context


def header(crm: Fields, erp: Fields, leading: str, rules: Rules, look: Lookup) -> Header:
    """`erp` in the order's vocabulary with the derived fields; `leading`: the text lines above the first
    item.
    """
    codecs = compiled(rules.delivery.map, rules, look)
    ours, own = dict(crm), of_settings(rules) | STATE_FIELDS
    person = contact_of(crm.get(PERSON, ""), look)
    usable = person is not None and (not erp.get(CONTACT) or person_of(erp[CONTACT], look) is not None)
    ours[PERSON] = person or ""
    if leading:
        ours[NOTE] = "\n".join(filter(None, (crm.get(NOTE, ""), leading)))
    values = tuple(
        codec
        for codec in codecs
        if not is_fact(codec)
        and not own.intersection(codec.row.crm)
        and (usable or PERSON not in codec.row.crm)
    )
    facts = tuple(codec for codec in codecs if is_fact(codec))
    creates = tuple(
        codec
        for codec in codecs
        if not own.intersection(codec.row.crm)
        and not any(path.startswith("derived.") for path in codec.row.erp)
        and (person or PERSON not in codec.row.crm)
    )
    context = Context(language=rules.webcrm.language, side_fields=ours)
    return Header(crm=ours, erp=erp, values=values, facts=facts, creates=creates, context=context)


def constants(rows: Sequence[Row]) -> Fields:
    """What every new document carries whatever the delivery says (D18): rows without a webCRM field."""
    return {row.erp[0]: row.default for row in rows if not any(row.crm) and row.default and len(row.erp) == 1}


def compiled(rows: Sequence[Row], rules: Rules, look: Lookup) -> tuple[Codec, ...]:
    """The executable rows; those for which no webCRM field was chosen are not there."""
    return codecs_for(tuple(row for row in rows if all(row.crm)), rules, look)


def contact_of(person: str, look: Lookup) -> str | None:
    """The contact id of a webCRM person: "" for none, None for a person who is not linked."""
    if person in ("", "0"):
        return ""
    pair = look.pair_of(Side.CRM, Kind.PERSON, person)
    return pair.erp_id if pair is not None and pair.erp_id else None


def person_of(contact: str, look: Lookup) -> str | None:
    """The webCRM person of a contact: "" for none, None for a contact who is not linked."""
    if contact in ("", "0"):
        return ""
    pair = look.pair_of(Side.ERP, Kind.PERSON, contact)
    return pair.crm_id if pair is not None and pair.crm_id else None


def translated(fields: Fields, look: Lookup) -> Fields:
    """Planned webCRM header fields with webCRM's own ids; a contact without a person is left out."""
    out = dict(fields)
    if PERSON in out:
        person = person_of(out.pop(PERSON), look)
        if person is not None:
            out[PERSON] = person or "0"
    return out
