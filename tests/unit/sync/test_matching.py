"""Finding the counterpart: markers, keys in their order, and everything that must be asked (semantics §1)."""

import pytest

from streamsync.model import Fields, Kind, Pair, Record, Side
from streamsync.sync import identity, matching, normalise, rules_file
from tests.unit.sync.fake_lookup import FakeLookup

RULES = rules_file.parse(
    """
[organisation]
direction = "two_way"
types = ["Kunde"]
number_field = "OrganisationExtraCustom2"
marker_field = "OrganisationExtraCustom8"
[[organisation.map]]
id = "O10"
crm = "OrganisationExtraCustom1"
[[organisation.map]]
id = "O11"
crm = "OrganisationExtraCustom3"
[person]
direction = "two_way"
relevant_field = "PersonCustom1"
marker_field = "PersonCustom2"
""",
    "test",
)


def org(
    rid: str,
    *,
    number: str = "",
    cvr: str = "",
    gln: str = "",
    name: str = "Kunde A/S",
    post: str = "1999",
) -> Record:
    return Record(
        side=Side.CRM,
        kind=Kind.ORGANISATION,
        rid=rid,
        fields={
            "OrganisationName": name,
            "OrganisationPostCode": post,
            "OrganisationType": "Kunde",
            "OrganisationExtraCustom1": cvr,
            "OrganisationExtraCustom2": number,
            "OrganisationExtraCustom3": gln,
        },
    )


def customer(
    rid: str,
    *,
    number: str = "10042",
    cvr: str = "",
    gln: str = "",
    name: str = "Anden ApS",
    post: str = "2000",
) -> Record:
    return Record(
        side=Side.ERP,
        kind=Kind.ORGANISATION,
        rid=rid,
        fields={
            "number": number,
            "corporateId": cvr,
            "gln": gln,
            "name": name,
            "mainAddress.postalCode": post,
        },
    )


def look_with(*records: Record) -> tuple[FakeLookup, list[Pair]]:
    look = FakeLookup(RULES)
    return look, [look.add(record) for record in records]


def found(look: FakeLookup, pair: Pair) -> matching.Match:
    return matching.match(look.view(pair.id), RULES, look)


def test_a_number_links_whatever_the_name() -> None:
    look, (mine, theirs) = look_with(org("1", number=" 10042"), customer("42"))
    assert found(look, mine).link == theirs.id
    assert found(look, theirs).link == mine.id


def test_equal_numbers_with_different_company_numbers_contradict() -> None:
    look, (mine, _) = look_with(
        org("1", number="10042", cvr="12345678"), customer("42", cvr="87654321")
    )  # E07
    assert found(look, mine).reason == "key_contradiction"


def test_divisions_with_one_company_number_are_asked_from_every_side() -> None:
    look, (one, two, theirs) = look_with(
        org("1", cvr="12345678"), org("2", cvr="DK 12345678"), customer("42", cvr="12345678")
    )
    assert found(look, theirs).reason == "many_candidates"  # E06
    assert set(found(look, theirs).candidates) == {"1", "2"}
    assert found(look, one).reason == "many_candidates"
    look.answers[theirs.id] = {"link": "2"}
    assert found(look, theirs).link == two.id


def test_after_the_link_the_other_division_creates_only_on_a_persons_word() -> None:
    look = FakeLookup(RULES)
    look.link(org("2", cvr="12345678"), customer("42", cvr="12345678"))
    one = look.add(org("1", cvr="12345678"))
    assert found(look, one).reason == "many_candidates"
    look.answers[one.id] = {"create_new": "yes"}
    assert found(look, one) == matching.Match()


def test_nought_company_numbers_are_empty_and_the_name_is_only_weak() -> None:
    same = {"name": "Kunde ApS", "post": "1999", "cvr": "00000000"}
    look, (mine, _) = look_with(org("1", **same), customer("42", **same))  # E08
    assert (found(look, mine).reason, found(look, mine).key) == ("weak_match", "name")


def test_a_gln_is_sure_only_with_a_name_alike() -> None:
    gln = "5790000000005"
    assert normalise.gln(gln) == gln
    look, (mine, _) = look_with(org("1", gln=gln), customer("42", gln=gln))
    assert found(look, mine).reason == "weak_match"
    look, (mine, theirs) = look_with(org("1", gln=gln), customer("42", gln=gln, name="KUNDE AS"))
    assert found(look, mine).link == theirs.id


def test_nobody_alike_is_no_match() -> None:
    look, (mine, _) = look_with(org("1"), customer("42"))
    assert found(look, mine) == matching.Match()


@pytest.mark.parametrize(
    ("side", "kind", "fields", "wanted"),
    [
        (
            Side.ERP,
            Kind.ORGANISATION,
            {"attributes.WEBCRMID": "crm:organisation:778812"},
            "crm:organisation:778812",
        ),
        (Side.ERP, Kind.ORGANISATION, {"attributes.WEBCRMID": "778812"}, "crm:organisation:778812"),
        (Side.ERP, Kind.ORGANISATION, {"attributes.WEBCRMID": "crm:person:1"}, ""),
        (Side.ERP, Kind.ORDER, {"customer.order": "crm:delivery:158"}, "crm:delivery:158"),
        (Side.ERP, Kind.ORDER, {"customer.order": "158"}, ""),
        (
            Side.CRM,
            Kind.ORGANISATION,
            {"OrganisationExtraCustom8": "erp:organisation:4211"},
            "erp:organisation:4211",
        ),
        (Side.CRM, Kind.DELIVERY, {"DeliveryErpId": "erp:order:SO/000223"}, "erp:order:SO/000223"),
        (Side.CRM, Kind.DELIVERY, {"DeliveryErpId": "crm:delivery:1"}, ""),
        (Side.CRM, Kind.ITEM, {}, ""),
    ],
)
def test_markers(side: Side, kind: Kind, fields: Fields, wanted: str) -> None:
    record = Record(side=side, kind=kind, rid="1", fields=fields)
    assert identity.observe(record, RULES).marker == wanted


def test_marker_texts() -> None:
    assert identity.marker(Side.CRM, Kind.ORGANISATION, "778812") == "crm:organisation:778812"
    assert identity.marker(Side.ERP, Kind.ORDER, "order:SO/000223") == "erp:order:SO/000223"


def test_observing_the_same_record_twice_gives_the_same_keys() -> None:
    record = org("1", number="10042", cvr="DK12345678")
    assert identity.observe(record, RULES) == identity.observe(record, RULES)
    assert ("company", "12345678") in identity.observe(record, RULES).keys


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("SE 556677-8899", "5566778899"), ("12 34 56 78", "12345678"), ("123", ""), ("11111111", ""), ("", "")],
)
def test_company_numbers(text: str, wanted: str) -> None:
    assert normalise.company_number(text) == wanted


@pytest.mark.parametrize("text", ["-- vælg --", "- - Select - -", "--- Ingen---", "", "  "])
def test_blank_options(text: str) -> None:
    assert normalise.blank_option(text)


@pytest.mark.parametrize("text", ["Kunde", "A-kunde", "07: 7 dage", "- a", "-5"])
def test_filled_options(text: str) -> None:
    assert not normalise.blank_option(text)
