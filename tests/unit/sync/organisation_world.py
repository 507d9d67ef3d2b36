"""An organisation and its customer for the tests of their decisions: settings, records, rounds of writes."""

import msgspec

from streamsync.model import Action, Fields, Kind, Pair, Record, Side
from streamsync.sync import rules_file
from streamsync.sync.decide import decide
from streamsync.sync.decision import Decision
from streamsync.sync.rules import Rules
from tests.unit.sync.fake_lookup import FakeLookup

TEXT = """
[organisation]
direction = "two_way"
types = ["Kunde"]
number_field = "OrganisationExtraCustom2"
marker_field = "OrganisationExtraCustom8"
[organisation.create]
class = "1"
country = "DK"
[[organisation.map]]
id = "O8"
[[organisation.map]]
id = "O10"
crm = "OrganisationExtraCustom1"
"""
RULES = rules_file.parse(TEXT.replace('id = "O8"', 'id = "O8"\ncrm = "OrganisationCountry"'), "test")
NOW = 1_800_000_000_000
CRM: Fields = {
    "OrganisationName": "Kunde A/S",
    "OrganisationType": "Kunde",
    "OrganisationExtraCustom1": "12345678",
    "OrganisationExtraCustom2": "",
    "OrganisationExtraCustom8": "",
    "OrganisationAddress": "Kundeadresse 199",
    "OrganisationPostCode": "1999",
    "OrganisationCity": "Store Debitor",
    "OrganisationTelephone": "20304010",
    "OrganisationVatGroup": "",
    "OrganisationCountry": "Danmark",
}
ERP: Fields = {
    "number": "10042",
    "name": "Kunde A/S",
    "status": "Active",
    "corporateId": "12345678",
    "vatRegistrationId": "",
    "gln": "",
    "mainAddress.addressLine1": "Kundeadresse 199",
    "mainAddress.addressLine2": "",
    "mainAddress.addressLine3": "",
    "mainAddress.postalCode": "1999",
    "mainAddress.city": "Store Debitor",
    "mainAddress.country.id": "DK",
    "mainContact.phone1": "+45 20 30 40 10",
    "vatZone.id": "",
    "customerClass.id": "1",
    "attributes.WEBCRMID": "",
}


def org(rid: str = "778812", **fields: str) -> Record:
    return Record(side=Side.CRM, kind=Kind.ORGANISATION, rid=rid, fields=CRM | fields)


def customer(rid: str = "4211", **fields: str) -> Record:
    return Record(
        side=Side.ERP,
        kind=Kind.ORGANISATION,
        rid=rid,
        fields=ERP | {key.replace("_", "."): value for key, value in fields.items()},
    )


def rules(**changes: object) -> Rules:
    return msgspec.structs.replace(RULES, organisation=msgspec.structs.replace(RULES.organisation, **changes))


def run(
    look: FakeLookup,
    pair: Pair,
    given: Rules = RULES,
    *,
    crm_missing: bool = False,
    erp_missing: bool = False,
) -> Decision:
    return decide(look.view(pair.id, crm_missing=crm_missing, erp_missing=erp_missing), given, look, NOW)


def settle(look: FakeLookup, pair: Pair, given: Rules = RULES, rounds: int = 5) -> list[Decision]:
    """Carry out decisions until nothing is written any more."""
    out: list[Decision] = []
    for _ in range(rounds):
        decision = run(look, look.pairs[pair.id], given)
        out.append(decision)
        held = look.pairs[pair.id]
        base = (decision.base if decision.base is not None else held.base) | decision.rows
        if decision.link:
            other = look.pairs.pop(decision.link)
            held = msgspec.structs.replace(
                held, crm_id=held.crm_id or other.crm_id, erp_id=held.erp_id or other.erp_id
            )
        look.keep(msgspec.structs.replace(held, base=base))
        write = decision.write
        if write is None:
            return out
        if write.action is Action.CREATE:
            return out
        key = (write.side, write.kind, write.rid)
        record = look.records[key]
        assert all(record.fields.get(path, "") == text for path, text in write.expect.items())
        look.records[key] = msgspec.structs.replace(record, fields=record.fields | write.fields)
    raise AssertionError("it never came to rest")


def linked_pair(look: FakeLookup, **erp: str) -> Pair:
    """A pair at rest."""
    pair = look.link(
        org(OrganisationExtraCustom8="erp:organisation:4211", OrganisationExtraCustom2="10042"),
        customer(attributes_WEBCRMID="crm:organisation:778812"),
    )
    settle(look, pair)
    if erp:
        look.put(
            Side.ERP,
            Kind.ORGANISATION,
            "4211",
            customer(attributes_WEBCRMID="crm:organisation:778812", **erp).fields,
        )
    return look.pairs[pair.id]


def edit(look: FakeLookup, side: Side, **fields: str) -> None:
    key = (side, Kind.ORGANISATION, "778812" if side is Side.CRM else "4211")
    changed = {name.replace("_", ".") if side is Side.ERP else name: text for name, text in fields.items()}
    look.records[key] = msgspec.structs.replace(look.records[key], fields=look.records[key].fields | changed)
