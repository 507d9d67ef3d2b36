"""The quirks of webcrm-api §11, by their numbers, and what people do at the screen."""

import pytest

from streamsync.simulators.http import decode_json
from tests.unit.simulators.webcrm_client import NOON, Caller, caller

USER: dict[str, object] = {"by": "Jonas Lindhøj"}


def test_q1_post_answers_a_bare_integer_or_as_set() -> None:
    call = caller()
    body = {"OrganisationId": 0, "OrganisationName": "Ærø Både"}
    assert call.call("POST", "/Organisations", body).body == b"778801"
    call.now_ms += 1000
    call.world.settings.organisation_post = "string"
    assert call.call("POST", "/Organisations", body).body == b'"778802"'
    call.now_ms += 1000
    call.world.settings.organisation_post = "object"
    assert call.ask("POST", "/Organisations", body)["OrganisationId"] == 778803


def test_q5_fast_creates_race_on_ids_and_a_retry_succeeds() -> None:
    call = caller(create_race_probability=1.0, create_race_ms=50)
    body = {"OrganisationId": 0, "OrganisationName": "Hurtig"}
    assert call.call("POST", "/Organisations", body).status == 200
    call.now_ms += 10
    assert call.call("POST", "/Organisations", body).status == 500
    call.now_ms += 50
    assert call.call("POST", "/Organisations", body).status == 200


def test_q6_duplicate_numbers_lock_both_for_the_api_until_a_user_renumbers() -> None:
    call = caller()
    first = call.delivery(778800, DeliveryNumber="000223")
    second = call.delivery(778800, DeliveryNumber="000223")
    for number in (first, second):
        assert call.refused("PUT", f"/Deliveries/{number}", {"DeliveryId": number, "DeliveryNumber": "9"})
    call.world.act(
        "edit", {"kind": "delivery", "id": second, "fields": {"DeliveryNumber": "000224"}}, call.now_ms
    )
    assert call.ask("PUT", f"/Deliveries/{first}", {"DeliveryId": first, "DeliveryDescription": "x"}) is None


def test_q7_q8_q9_q17_q28_empties_defaults_and_stamps() -> None:
    call = caller()
    number = call.delivery(778800)
    row = call.ask("GET", f"/Deliveries/{number}")
    assert row["DeliveryWonDate"] == "0001-01-01T00:00:00+00:00"
    assert (row["DeliveryCustom2"], row["DeliveryCustom4"]) == ("-- vælg --", "No")
    assert (row["DeliveryCurrencyName"], row["DeliveryResponsible"]) == ("00", 0)
    assert row["DeliveryUpdatedBy"] == "api2 streamsync"
    assert row["DeliveryUpdatedAt"] == "2026-03-14T12:00:01+00:00"
    call.now_ms += 1999
    call.ask("PUT", f"/Deliveries/{number}", {"DeliveryId": number})
    again = call.ask("GET", f"/Deliveries/{number}")
    assert again["DeliveryUpdatedAt"] == "2026-03-14T12:00:02+00:00"
    assert call.refused("PUT", f"/Deliveries/{number}", {"DeliveryId": number, "DeliveryCustom4": "true"})


def test_put_merges_null_is_unchanged_and_computed_members_are_ignored() -> None:
    call = caller()
    before = call.ask("GET", "/Organisations/778800")
    body = {
        "OrganisationId": 778800,
        "OrganisationCity": "",
        "OrganisationName": None,
        "OrganisationCreatedBy": "me",
    }
    call.ask("PUT", "/Organisations/778800", body)
    after = call.ask("GET", "/Organisations/778800")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {
        *("OrganisationCity", "OrganisationUpdatedAt", "OrganisationUpdatedBy", "OrganisationHistory"),
    }


def test_q10_renamed_option_resets_records_silently() -> None:
    call = caller()
    stamp = call.ask("GET", "/Organisations/778800")["OrganisationUpdatedAt"]
    arguments: dict[str, object] = {"field": "OrganisationType", "old": "Kunde", "new": "kunde"}
    assert call.world.act("rename_option", arguments, NOON) == 1
    row = call.ask("GET", "/Organisations/778800")
    assert (row["OrganisationType"], row["OrganisationUpdatedAt"]) == ("-- vælg --", stamp)
    assert call.refused(
        "PUT", "/Organisations/778800", {"OrganisationId": 778800, "OrganisationType": "Kunde"}
    )


def test_q13_catalogue_wants_every_data_member_filled() -> None:
    call = caller()
    number = call.item("10")
    prefix = "QuotationLineLinkedDataItem"
    row = call.ask("GET", f"/QuotationLines/LinkedData/{number}")
    assert call.refused("PUT", f"/QuotationLines/LinkedData/{number}", {**row, prefix + "Data2": ""})
    assert call.refused(
        "PUT", f"/QuotationLines/LinkedData/{number}", {prefix + "Id": number, prefix + "Data2": "x"}
    )
    call.ask("PUT", f"/QuotationLines/LinkedData/{number}", {**row, prefix + "Data2": "Produkt 1"})
    assert [item[prefix + "Data2"] for item in call.ask("GET", "/QuotationLines/LinkedData")] == ["Produkt 1"]
    assert call.refused("POST", "/QuotationLines/LinkedData", {prefix + "Id": 0, prefix + "Data1": "1"})


def test_q14_q15_persons_need_a_last_name_and_keep_their_organisation() -> None:
    call = caller()
    other = call.organisation()
    new = {"PersonId": 0, "PersonOrganisationId": other}
    assert call.refused("POST", "/Persons", new)
    number = call.ask("POST", "/Persons", {**new, "PersonFirstName": "Åse", "PersonLastName": "-"})
    assert call.ask("GET", f"/Persons/{number}")["PersonName"] == "Åse -"
    assert call.refused("PUT", f"/Persons/{number}", {"PersonId": number, "PersonOrganisationId": 778800})
    assert call.refused("PUT", f"/Persons/{number}", {"PersonId": number, "PersonLastName": ""})
    assert [row["PersonId"] for row in call.ask("GET", f"/Organisations/{other}/Persons")] == [number]


def test_q15_deliveries_move() -> None:
    call = caller()
    other, number = call.organisation(), call.delivery(778800)
    assert call.refused(
        "PUT", f"/Deliveries/{number}", {"DeliveryId": number, "DeliveryOrganisationId": other}
    )
    assert call.call("POST", f"/Deliveries/{number}/Move", {"NewOrganisationId": other}).status == 204
    assert call.ask("GET", f"/Deliveries/{number}")["DeliveryOrganisationId"] == other
    assert [row["DeliveryId"] for row in call.ask("GET", f"/Deliveries/ByOrganisation/{other}")] == [number]


def test_q22_bulk_answers_ids_and_error_texts_by_position() -> None:
    call = caller()
    rows: list[dict[str, object]] = [
        {"OrganisationId": 0, "OrganisationName": "Ny", "OrganisationExtraCustom8": "erp:organisation:1"},
        {
            "OrganisationId": 0,
            "OrganisationName": "Dobbelt",
            "OrganisationExtraCustom8": "ERP:organisation:1",
        },
        {"OrganisationId": 778800, "OrganisationCity": "Ribe"},
        {"OrganisationId": 99, "OrganisationCity": "Ribe"},
    ]
    answer = call.ask("PATCH", "/Organisations", rows)
    assert (answer[0], answer[2]) == ("778801", "778800")
    assert "unique" in answer[1]
    assert not answer[3].isdigit()
    assert call.refused("PATCH", "/Organisations", [{"OrganisationId": 0, "Nonsense": 1}])
    call.world.settings.patch_update_answer = "empty"
    assert call.ask("PATCH", "/Organisations", rows[2:3]) == [""]


def test_q23_long_text_is_refused_or_cut_as_set() -> None:
    call = caller()
    body = {"OrganisationId": 778800, "OrganisationCity": "x" * 60}
    assert "50" in call.refused("PUT", "/Organisations/778800", body)
    call.world.settings.long_text = "truncate"
    call.ask("PUT", "/Organisations/778800", body)
    assert call.ask("GET", "/Organisations/778800")["OrganisationCity"] == "x" * 50


def test_q24_delete_without_id_wipes_the_catalogue() -> None:
    call = caller()
    call.item("10")
    call.item("11")
    assert call.call("DELETE", "/QuotationLines/LinkedData").status == 200
    assert call.ask("GET", "/QuotationLines/LinkedData") == []


def test_q27_responsible_may_be_mandatory() -> None:
    call = caller(responsible_required=True)
    assert call.refused("POST", "/Deliveries", {"DeliveryId": 0, "DeliveryOrganisationId": 778800})
    call.delivery(778800, DeliveryResponsible=11)


def test_q26_lines_make_the_value_in_doubles_and_leave_the_stamp() -> None:
    call = caller()
    number, item = call.delivery(778800), call.item("10")
    stamp = call.ask("GET", f"/Deliveries/{number}")["DeliveryUpdatedAt"]
    line = call.line(
        number, item, QuotationLinePrice=4050, QuotationLineQuantity=10, QuotationLineDiscount=10
    )
    call.line(number, item, QuotationLinePrice=400, QuotationLineQuantity=1, QuotationLineCostPrice=200)
    row = call.ask("GET", f"/Deliveries/{number}")
    assert (row["DeliveryOrderValue"], row["DeliveryOrderGmValue"]) == (36850, 36650)
    assert row["DeliveryUpdatedAt"] == stamp
    call.ask("PUT", f"/QuotationLines/{line}", {"QuotationLineId": line, "QuotationLineQuantity": 0.1})
    call.ask("DELETE", f"/QuotationLines/{line}")
    call.line(number, item, QuotationLinePrice=0.1, QuotationLineQuantity=3)
    assert call.world.get("delivery", number)["DeliveryOrderValue"] == 400 + 0.1 * 3
    assert len(call.ask("GET", f"/Deliveries/{number}/QuotationLines", Size=10)) == 2


def test_lines_need_a_product_where_linked_data_is_enabled() -> None:
    call = caller()
    number = call.delivery(778800)
    new = {"QuotationLineId": 0, "QuotationLineOpportunityId": number}
    assert "Linked data" in call.refused("POST", "/QuotationLines", new)
    assert call.refused("POST", "/QuotationLines", {**new, "QuotationLineLinkedDataId": 12345})
    item = call.item("10", QuotationLineLinkedDataItemData2="Produkt 1")
    line = call.line(number, item)
    row = call.ask("GET", f"/QuotationLines/{line}")
    assert (row["QuotationLineData1"], row["QuotationLineData2"]) == ("10", "Produkt 1")
    assert "QuotationLineLinkedDataId" not in row
    assert row["QuotationLineOrganisationId"] == 778800
    for name in list(call.world.books.tenant.linked_setup):
        if "UseLinkedField" in name:
            call.world.books.tenant.linked_setup[name] = False
    call.now_ms += 1000
    call.ask("POST", "/QuotationLines", new)


def test_unique_extra_custom_is_a_guard_against_duplicates() -> None:
    call = caller()
    call.organisation(OrganisationExtraCustom8="erp:organisation:7")
    new = {"OrganisationId": 0, "OrganisationName": "Igen", "OrganisationExtraCustom8": "erp:organisation:7"}
    call.now_ms += 1000
    assert "unique" in call.refused("POST", "/Organisations", new)


def opportunity(call: Caller) -> int:
    fields: dict[str, object] = {
        "OpportunityOrganisationId": 778800,
        "OpportunityDescription": "Tilbud",
        "OpportunityCustom1": "farve",
        "OpportunityNumber": "T-1",
    }
    number = call.world.act("create", {"kind": "opportunity", "fields": fields, **USER}, call.now_ms)
    assert isinstance(number, int)
    return number


def test_a_user_wins_an_opportunity_and_the_lines_follow() -> None:
    call = caller()
    number = opportunity(call)
    call.item("10", QuotationLineLinkedDataItemPrice=500)
    call.world.act("add_line", {"deal": number, "item": "10", **USER}, call.now_ms)
    delivery = call.world.act("convert_opportunity", {"id": number, **USER}, call.now_ms + 5000)
    assert delivery == number
    assert call.call("GET", f"/Opportunities/{number}").status == 404
    row = call.ask("GET", f"/Deliveries/{number}")
    assert (row["DeliveryOrderValue"], row["DeliveryOpportunityCustom1"]) == (500, "farve")
    assert (row["DeliveryUpdatedBy"], row["DeliveryNumber"], row["DeliveryStatus"]) == (
        "Jonas Lindhøj",
        "",
        "New",
    )
    assert row["DeliveryWonDate"] == "2026-03-14T00:00:00+00:00"
    assert call.ask("POST", f"/Deliveries/{number}/ConvertToOpportunity/2") == number
    back = call.ask("GET", f"/Opportunities/{number}")
    assert (back["OpportunityLevelText"], back["OpportunityCustom1"]) == ("Tilbud", "farve")


def test_conversion_may_give_a_new_id() -> None:
    call = caller(convert_keeps_id=False)
    number = opportunity(call)
    call.world.act("add_line", {"deal": number, "fields": {"QuotationLineMemo": "fri tekst"}}, call.now_ms)
    delivery = call.ask("POST", f"/Opportunities/{number}/ConvertToDelivery")
    assert delivery == number + 1
    assert len(call.ask("GET", f"/Deliveries/{delivery}/QuotationLines")) == 1


def test_users_delete_what_the_api_cannot() -> None:
    call = caller()
    number = call.delivery(778800)
    for path in ("Organisations/778800", f"Deliveries/{number}", "Persons/45100"):
        assert call.call("DELETE", f"/{path}").status == 405
    call.world.act("delete", {"kind": "organisation", "id": 778800, **USER}, call.now_ms)
    for path in ("Organisations/778800", f"Deliveries/{number}", "Persons/45100"):
        assert call.call("GET", f"/{path}").status == 404


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("fly", {}),
        ("edit", {"kind": "organisation", "id": 5}),
        ("edit", {"kind": "boat", "id": 5}),
        ("edit", {"kind": "organisation", "id": 778800, "fields": {"OrganisationType": "Kunder"}}),
        ("create", {"kind": "person", "fields": {"PersonOrganisationId": 778800}}),
        ("add_line", {"deal": 1}),
        ("rename_option", {"field": "OrganisationType", "old": "x", "new": "y"}),
        ("set", {"speed": 1}),
    ],
)
def test_impossible_acts_raise_a_sentence(name: str, arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        caller().world.act(name, arguments, NOON)


def test_a_line_edited_at_the_screen_is_stamped_itself() -> None:
    call = caller()
    number, item = call.delivery(778800), call.item("10")
    line = call.line(number, item)
    later = call.now_ms + 60_000
    arguments: dict[str, object] = {"id": line, "fields": {"QuotationLineQuantity": 2}, **USER}
    call.world.act("edit_line", arguments, later)
    row = call.ask("GET", f"/QuotationLines/{line}")
    assert row["QuotationLineUpdatedBy"] == "Jonas Lindhøj"
    assert row["QuotationLineUpdatedAt"] > call.ask("GET", f"/Deliveries/{number}")["DeliveryUpdatedAt"]


def test_load_refuses_unknown_members_and_state_is_json() -> None:
    call = caller()
    with pytest.raises(ValueError, match="OrganisationCvr"):
        call.world.load("organisation", [{"OrganisationCvr": "1"}])
    numbers = call.world.load("delivery", [{"DeliveryOrganisationId": 778800, "DeliveryId": 900}])
    lines = [{"QuotationLineOpportunityId": 900, "QuotationLinePrice": "12.5", "QuotationLineQuantity": 2}]
    call.world.load("line", lines)
    assert numbers == [900]
    assert call.delivery(778800) == 901
    state = call.world.state()
    deliveries = state["delivery"]
    assert isinstance(deliveries, list)
    assert deliveries[0]["DeliveryOrderValue"] == 25
    assert decode_json(b"1.10").as_tuple().digits == (1, 1, 0)
