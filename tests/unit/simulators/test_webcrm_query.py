"""The language of /Queries: what parses, what is refused, what comes back (webcrm-api §5.3)."""

import pytest

from streamsync.simulators.webcrm.query import Both, Compare, Either, Name, ScriptError, parse
from tests.unit.simulators.webcrm_client import Caller, caller


def test_and_binds_tighter_than_or() -> None:
    where = parse("SELECT * FROM Person WHERE a = 1 OR b = 2 AND c = 'x'").where
    assert isinstance(where, Either)
    assert isinstance(where.parts[0], Compare)
    assert isinstance(where.parts[1], Both)


def test_parentheses_alias_join_and_order() -> None:
    query = parse(
        "select p.PersonId, PersonName from Person p JOIN Organisation o"
        " ON (Person.PersonOrganisationId = Organisation.OrganisationId)"
        " WHERE (a >= '2026-01-01T00:00:00Z' OR b <> -2.5) AND c != 'it''s' ORDER BY x, y DESC"
    )
    assert query.fields == (Name("p", "PersonId"), Name("", "PersonName"))
    assert (query.table, query.alias) == ("Person", "p")
    assert query.join is not None
    assert query.join.alias == "o"
    assert query.order == ((Name("", "x"), False), (Name("", "y"), True))
    assert isinstance(query.where, Both)
    last = query.where.parts[1]
    assert isinstance(last, Compare)
    assert (last.operator, last.literal) == ("<>", "it's")


@pytest.mark.parametrize(
    "script",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT *, a FROM Person",
        "SELECT * FROM Person WHERE",
        "SELECT * FROM Person WHERE a = b",
        "SELECT * FROM Person WHERE a = 'it's'",
        "SELECT * FROM Person WHERE a IN (1, 2)",
        "SELECT * FROM Person WHERE a IS NULL",
        "SELECT * FROM Person WHERE (a = 1",
        "SELECT * FROM Person ORDER PersonId",
        "SELECT * FROM Person; DROP TABLE Person",
        "SELECT TOP 5 * FROM Person",
        "SELECT COUNT(*) FROM Person",
        "UPDATE Person SET a = 1",
        "SELECT * FROM Person WHERE " + "(" * 400 + "a = 1" + ")" * 400,
    ],
)
def test_outside_the_grammar_is_refused(script: str) -> None:
    with pytest.raises(ScriptError):
        parse(script)
    assert caller().refused("GET", "/Queries", None, script=script)


@pytest.mark.parametrize(
    "script",
    [
        "SELECT * FROM Nothing",
        "SELECT OrganisationCvr FROM Organisation",
        "SELECT * FROM Organisation WHERE OrganisationId = 'x'",
        "SELECT * FROM Organisation WHERE OrganisationUpdatedAt >= 'yesterday'",
        "SELECT * FROM Delivery WHERE DeliveryStatus = 'OnGoing'",
        "SELECT x.PersonId FROM Person p",
        "SELECT * FROM Delivery JOIN Person ON (DeliveryPersonId = PersonId)",
    ],
)
def test_names_and_types_must_fit(script: str) -> None:
    assert caller().refused("GET", "/Queries", None, script=script)


def filled() -> Caller:
    call = caller()
    for n, name in enumerate(("Beta", "alfa", "O'Hara A/S", "Gamma"), 1):
        call.organisation(OrganisationName=name, OrganisationType="Kunde" if n % 2 else "Emne")
    return call


def test_equality_ignores_case_and_apostrophes_are_doubled() -> None:
    call = filled()
    found = call.select("SELECT OrganisationName FROM organisation WHERE organisationname = 'o''hara a/s'")
    assert [row["OrganisationName"] for row in found] == ["O'Hara A/S"]


def test_order_page_and_row_number() -> None:
    call = filled()
    script = (
        "SELECT OrganisationName FROM Organisation WHERE OrganisationType <> 'Emne' ORDER BY OrganisationName"
    )
    assert [row["OrganisationName"] for row in call.select(script)] == ["Beta", "Kunde A/S", "O'Hara A/S"]
    second = call.select(script, Page=2, Size=2)
    assert second == [{"OrganisationName": "O'Hara A/S", "RowNumber": 3}]
    assert call.select(script, Page=3, Size=2) == []
    by_two = "SELECT OrganisationId FROM Organisation ORDER BY OrganisationType DESC, OrganisationId ASC"
    assert [row["OrganisationId"] - 778800 for row in call.select(by_two)] == [0, 1, 3, 2, 4]


def test_changed_since_is_inclusive_on_the_second() -> None:
    call = filled()
    stamp = call.ask("GET", "/Organisations/778803")["OrganisationUpdatedAt"]
    script = f"SELECT OrganisationId FROM Organisation WHERE OrganisationUpdatedAt >= '{stamp[:19]}.0000000Z'"
    assert [row["OrganisationId"] for row in call.select(script)] == [778803, 778804]
    later = f"SELECT OrganisationId FROM Organisation WHERE OrganisationUpdatedAt >= '{stamp[:19]}.5Z'"
    assert [row["OrganisationId"] for row in call.select(later)] == [778804]
    danish = f"SELECT * FROM Organisation WHERE OrganisationUpdatedAt = '{stamp[:11]}13{stamp[13:19]}+01:00'"
    assert len(call.select(danish)) == 1


def test_star_row_has_the_dto_and_raw_columns() -> None:
    call = filled()
    row = call.select("SELECT * FROM Organisation WHERE OrganisationId = 778801")[0]
    dto = call.ask("GET", "/Organisations/778801")
    assert row.items() >= dto.items()
    assert row.keys() - dto.keys() == {"RowNumber", "o_lastUpdatedById"}
    call.world.settings.raw_columns = False
    assert call.select("SELECT * FROM Organisation WHERE OrganisationId = 778801") == [dto]


def test_join_filters_persons_by_their_organisation() -> None:
    call = filled()
    call.ask("POST", "/Persons", {"PersonId": 0, "PersonOrganisationId": 778802, "PersonLastName": "Emne"})
    script = (
        "SELECT PersonLastName FROM Person p JOIN Organisation o"
        " ON (Organisation.OrganisationId = Person.PersonOrganisationId) WHERE o.OrganisationType = 'Kunde'"
    )
    assert [row["PersonLastName"] for row in call.select(script)] == ["Fjordvang"]


def test_enum_columns_compare_by_integer() -> None:
    call = filled()
    number = call.delivery(778801, DeliveryStatus="OnGoing")
    script = "SELECT DeliveryId, DeliveryStatus FROM Delivery WHERE DeliveryStatus = 2"
    assert call.select(script) == [{"DeliveryId": number, "DeliveryStatus": "OnGoing", "RowNumber": 1}]
    call.world.settings.query_enums = "integers"
    assert call.select(script)[0]["DeliveryStatus"] == 2


def test_linked_data_mixes_both_prefixes() -> None:
    call = filled()
    number = call.item("10", QuotationLineLinkedDataItemData3="4711", QuotationLineLinkedDataItemPrice=500)
    rows = call.select(
        "SELECT * FROM LinkedData WHERE LinkedDataItemEntityType = 7"
        " AND QuotationLineLinkedDataItemData3 = '4711'"
    )
    assert [(row["LinkedDataItemId"], row["LinkedDataItemData1"]) for row in rows] == [(number, "10")]
    assert not any(name.startswith("QuotationLine") for name in rows[0])


def test_settings_switch_tables_order_keys_like_and_length() -> None:
    call = filled()
    assert len(call.select("SELECT * FROM Organisation WHERE OrganisationName LIKE '%A/S'")) == 2
    call.world.act(
        "set", {"query_like": False, "query_order_keys": 1, "query_tables": ["organisation"]}, call.now_ms
    )
    for script in (
        "SELECT * FROM Organisation WHERE OrganisationName LIKE '%A/S'",
        "SELECT * FROM Organisation ORDER BY OrganisationUpdatedAt, OrganisationId",
        "SELECT * FROM QuotationLine",
        "SELECT * FROM Organisation WHERE OrganisationName = '" + "x" * 1500 + "'",
    ):
        assert call.refused("GET", "/Queries", None, script=script)


def test_a_list_of_equalities_finds_each_once() -> None:
    call = filled()
    numbers = [778801, 778803, 999999, 778801]
    either = " OR ".join(f"OrganisationId = {number}" for number in numbers)
    found = call.select(f"SELECT OrganisationId FROM Organisation WHERE ({either}) AND OrganisationId > 5")
    assert [row["OrganisationId"] for row in found] == [778801, 778803]
    mixed = "OrganisationName = 'BETA' OR OrganisationName = 'gamma' OR OrganisationType = 'Emne'"
    assert len(call.select(f"SELECT * FROM Organisation WHERE {mixed}")) == 3
