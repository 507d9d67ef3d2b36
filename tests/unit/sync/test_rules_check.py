"""Do the rules fit the two systems: every kind of misfit is found, and only those (design §5)."""

from collections.abc import Mapping

import msgspec
import pytest

from streamsync.model import Kind
from streamsync.sync import rules_file
from streamsync.sync.rules_check import check
from streamsync.sync.values import FieldLike


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """As the adapters' catalogues have it."""

    name: str
    kind: str = "text"
    max_length: int = 0
    options: tuple[str, ...] = ()
    writable: bool = True
    unique: bool = False


GOOD = """
[organisation]
direction = "two_way"
types = ["Kunde"]
number_field = "OrganisationExtraCustom2"
marker_field = "OrganisationExtraCustom8"
[organisation.create]
class = "1"
country = "DK"
[delivery]
direction = "two_way"
status_field = "DeliveryCustom5"
[delivery.status_words]
awaiting = "Afventer"
approved = "Godkendt"
paid = "Betalt"
cancelled = "Annulleret"
"""
TABLES = {
    "option:OrganisationType": {"-- vælg --": "0", "Kunde": "1", "Prospect": "2"},
    "option:DeliveryCustom5": {
        "-- vælg --": "0",
        "Afventer": "1",
        "Godkendt": "2",
        "Betalt": "3",
        "Annulleret": "4",
    },
    "customer_class": {"1": "Standard"},
    "vat_zone": {"01": "Indland"},
    "credit_term": {"07": "7 dage"},
    "order_type": {
        "SO": '{"behavior": "SalesOrder", "active": true}',
        "IN": '{"behavior": "Invoice", "active": true}',
        "QT": '{"behavior": "Quote", "active": true}',
        "OL": '{"behavior": "SalesOrder", "active": false}',
    },
}


def named(*names: str) -> Mapping[str, FieldLike]:
    return {name: Field(name=name) for name in names}


CRM = {
    Kind.ORGANISATION: named(
        *(f"OrganisationExtraCustom{n}" for n in range(1, 9)),
        "OrganisationName",
        "OrganisationAddress",
        "OrganisationPostCode",
        "OrganisationCity",
        "OrganisationTelephone",
        "OrganisationVatGroup",
    ),
    Kind.DELIVERY: named(
        "DeliveryCustom5",
        "DeliveryDescription",
        "DeliveryOrderDate",
        "DeliveryPersonId",
        "DeliveryNumber",
        "DeliveryOrderValue",
        "DeliveryErpId",
    ),
}
ERP = {
    Kind.ORGANISATION: named(
        "number",
        "name",
        "mainAddress.addressLine1",
        "mainAddress.addressLine2",
        "mainAddress.addressLine3",
        "mainAddress.postalCode",
        "mainAddress.city",
        "mainContact.phone1",
        "vatZone.id",
        "attributes.WEBCRMID",
    ),
}


def places(text: str) -> list[str]:
    return [problem.place for problem in check(rules_file.parse(text, "r"), CRM, ERP, TABLES)]


def test_rules_that_fit_are_quiet() -> None:
    assert places(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('types = ["Kunde"]', 'types = ["kunde"]', "organisation.types"),
        ('types = ["Kunde"]', "", "organisation.types"),
        ('types = ["Kunde"]', 'types = ["Kunde"]\nerp_type = "Prospect"', "organisation.erp_type"),
        ('number_field = "OrganisationExtraCustom2"', "", "organisation.number_field"),
        ('"OrganisationExtraCustom8"', '"OrganisationCustom1"', "organisation.marker_field"),
        ('"OrganisationExtraCustom8"', '"OrganisationExtraCustom2"', "organisation.marker_field"),
        ('class = "1"', 'class = "9"', "organisation.create.class"),
        ('country = "DK"', 'country = "Danmark"', "organisation.create.country"),
        ('"Betalt"', '"betalt"', "delivery.status_words"),
        ('paid = "Betalt"', 'payed = "Betalt"\npaid = "Betalt"', "delivery.status_words.payed"),
        ('"DeliveryCustom5"', '"DeliveryCustom99"', "delivery.status_field"),
        ("[delivery]\n", '[order]\ntype = "QT"\n[delivery]\n', "order.type"),
        ("[delivery]\n", '[order]\ntype = "OL"\n[delivery]\n', "order.type"),
        ("[delivery]\n", '[order]\ntypes = ["XX"]\n[delivery]\n', "order.types"),
        (
            "[delivery]\n",
            '[[organisation.map]]\nid = "A"\ncrm = "OrganisationFax"\nerp = "name"\n[delivery]\n',
            "organisation.map A crm",
        ),
        (
            "[delivery]\n",
            '[[organisation.map]]\nid = "O5"\nerp = "mainAddress.town"\n[delivery]\n',
            "organisation.map O5 erp",
        ),
        (
            "[delivery]\n",
            '[[organisation.map]]\nid = "O5"\ncrm = "OrganisationName"\n[delivery]\n',
            "organisation.map O5",
        ),
        (
            "[delivery]\n",
            '[[organisation.map]]\nid = "O5"\ntransforms = ["cut(3)"]\n[delivery]\n',
            "organisation.map O5 transforms",
        ),
        ("[organisation]\n", '[organisation]\nmarker_attribute = "OTHER"\n', "organisation.marker_attribute"),
    ],
)
def test_every_misfit_is_named(old: str, new: str, place: str) -> None:
    assert place in places(GOOD.replace(old, new, 1))


def test_what_could_stand_there_is_said() -> None:
    problems = check(rules_file.parse(GOOD.replace('class = "1"', 'class = "9"'), "r"), CRM, ERP, TABLES)
    assert [problem.allowed for problem in problems] == ["1"]


def test_what_was_not_read_is_not_judged() -> None:
    assert check(rules_file.parse(GOOD, "r"), {}, {}, {}) == []


@pytest.mark.parametrize(
    ("path", "direction", "wrong"),
    [
        ("status", "two_way", True),
        ("status", "to_crm", False),
        ("balance", "to_erp", True),
        ("balance", "to_crm", False),
    ],
)
def test_what_is_never_written_cannot_go_out(path: str, direction: str, wrong: bool) -> None:
    row = f'[[organisation.map]]\nid = "X1"\ncrm = "OrganisationExtraCustom4"\nerp = "{path}"\n'
    text = GOOD + row + f'direction = "{direction}"\n'
    erp = {
        Kind.ORGANISATION: {
            **ERP[Kind.ORGANISATION],
            "status": Field(name="status"),
            "balance": Field(name="balance", writable=False),
        }
    }
    found = [problem.place for problem in check(rules_file.parse(text, "r"), CRM, erp, TABLES)]
    assert found == (["organisation.map X1 direction"] if wrong else [])
