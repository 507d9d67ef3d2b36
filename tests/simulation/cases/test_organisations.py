"""Organisations and customers, case by case (semantics §7, §11): what both stand-ins hold, and the calls."""

from tests.simulation.cases.parties import (
    CVR,
    MARKER,
    NUMBER,
    customer_of,
    customers,
    edit_customer,
    edit_organisation,
    empty_stage,
    lines_of_address,
    make_customer,
    make_organisation,
    of_parties,
    opened,
    organisation,
    organisation_of,
    organisations,
    polled_every,
    with_country,
)
from tests.simulation.cases.stories import listen
from tests.simulation.scene import Scene, play

SETTLE_SECONDS = 2


def test_e01_an_organisation_becomes_a_customer() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        number = make_organisation(scene, **{CVR: "12345678", NUMBER: "4711"})
        await scene.settle()
        made = customer_of(scene, number)
        [create] = wire.of("POST", "/v1/customer")
        assert "number" not in create.body
        assert "overrideNumberSeries" not in create.body
        assert create.body["attributeLines"] == [
            {"attributeId": {"value": "WEBCRMID"}, "attributeValue": {"value": f"crm:organisation:{number}"}}
        ]
        assert made["fields"]["corporateId"] == "12345678"
        assert made["fields"]["attributes.WEBCRMID"] == f"crm:organisation:{number}"
        row = organisation(scene, number)
        assert row[NUMBER] == made["number"] != "4711"  # the series gives the number, not the user
        assert row[MARKER] == f"erp:organisation:{made['internal_id']}"
        assert len(wire) == 2  # the create, and number and marker in one
        assert len(customers(scene)) == len(organisations(scene)) == 2

    play(story)


def test_e02_the_answer_of_a_create_is_lost() -> None:
    async def story(scene: Scene) -> None:
        polled_every(scene, 600, "visma")
        await scene.start()
        await scene.settle()
        scene.erp_face.faults.add("reset_after", method="POST", path="/v1/customer", count=1)
        wire = listen(scene)
        number = make_organisation(scene, **{CVR: "12345678"})
        while not wire.of("POST", "/v1/customer"):
            await scene.sleep(0.1)
        scene.forget_calls()
        await scene.sleep(8)
        assert scene.erp_calls() == 1  # the look-up, long before a poll
        assert organisation(scene, number)[NUMBER] == customer_of(scene, number)["number"]
        await scene.settle()
        assert len(wire.of("POST", "/v1/customer")) == 1
        assert len(customers(scene)) == 2

    play(story, started=False)


def test_a_create_that_lands_late_is_not_made_again() -> None:
    async def story(scene: Scene) -> None:
        late = {"method": "POST", "path": "/v1/customer", "seconds": SETTLE_SECONDS - 0.1, "count": 1}
        scene.erp_face.faults.add("late_commit", **late)
        wire = listen(scene)
        number = make_organisation(scene)
        await scene.settle()
        assert len(wire.of("POST", "/v1/customer")) == 1
        assert organisation(scene, number)[NUMBER] == customer_of(scene, number)["number"]

    play(story)


def test_a_create_that_never_arrived_is_sent_again_after_the_settle_time() -> None:
    async def story(scene: Scene) -> None:
        scene.erp_face.faults.add("reset_before", method="POST", path="/v1/customer", count=1)
        scene.forget_calls()
        make_organisation(scene)
        moments: list[float] = []
        while len(moments) < 2:
            await scene.sleep(0.05)
            made = scene.erp_calls("POST /v1/customer")
            moments += [scene.clock.monotonic()] * (made - len(moments))
        assert moments[1] - moments[0] >= SETTLE_SECONDS - 0.1
        await scene.settle()
        assert len(customers(scene)) == 2
        assert scene.erp_calls("POST /v1/customer") == 2

    play(story)


def test_e05_a_customer_becomes_an_organisation() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        await scene.start()
        await scene.settle()
        wire = listen(scene)
        made = make_customer(scene, number="10042", corporateId="87654321")
        await scene.settle()
        row = organisation_of(scene, "Nordlys ApS")
        assert (row["OrganisationType"], row[NUMBER], row[CVR]) == ("Kunde", "10042", "87654321")
        assert row[MARKER] == f"erp:organisation:{made['internalId']}"
        assert [(one.method, one.path) for one in wire] == [("POST", "/Organisations")]
        edit_organisation(scene, row["OrganisationId"], OrganisationCity="Aarhus C")
        await scene.settle()
        [customer] = customers(scene)  # the mark goes along with the first write to it
        assert customer["fields"]["attributes.WEBCRMID"] == f"crm:organisation:{row['OrganisationId']}"
        assert [one.path for one in wire[1:]] == [f"/v1/customer/internal/{made['internalId']}"]

    play(story, started=False)


def test_e06_two_divisions_with_one_company_number() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(scene, number="99042", corporateId="12345678")
        one = make_organisation(scene, "Nordlys Øst", **{CVR: "12345678"})
        two = make_organisation(scene, "Nordlys Vest", **{CVR: "DK 12 34 56 78"})
        wire = await opened(scene)
        assert of_parties(wire) == []
        for number in (one, two):
            found = await scene.outcome("organisation", crm=str(number))
            assert found == ("parked", "many_candidates")
        waiting = [row for row in await scene.parked() if row["visma"]]
        assert [row["reason"] for row in waiting] == ["many_candidates"]
        assert set(waiting[0]["detail"]["candidates"].split(",")) == {str(one), str(two)}
        await scene.link(made["internalId"], crm=two, entity="organisation")
        await scene.settle()
        assert [row["number"] for row in customers(scene)] == ["99042"]
        assert organisation(scene, two)[NUMBER] == "99042"
        assert await scene.outcome("organisation", crm=str(one)) == ("parked", "many_candidates")
        await scene.resolve("create_new", crm=one, entity="organisation")
        await scene.settle()
        assert len(wire.of("POST", "/v1/customer")) == 1
        assert customer_of(scene, one)["number"] != customer_of(scene, two)["number"] == "99042"
        assert len(customers(scene)) == len(organisations(scene)) == 2

    play(story, started=False)


def test_e07_one_number_and_two_company_numbers() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        make_customer(scene, number="10042", corporateId="12345678")
        number = make_organisation(scene, **{NUMBER: "10042", CVR: "87654321"})
        wire = await opened(scene)
        assert of_parties(wire) == []
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "key_contradiction")
        assert organisation(scene, number)[MARKER] == ""

    play(story, started=False)


def test_e08_a_company_number_of_zeros_is_none() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        place = {"corporateId": "00000000", "mainAddress.postalCode": "8000"}
        make_customer(scene, "NORDLYS A/S", number="10042", **place)
        make_customer(scene, "Helt Andre ApS", number="10043", corporateId="00000000")
        number = make_organisation(scene, **{CVR: "00000000", "OrganisationPostCode": "8000"})
        wire = await opened(scene)
        assert await scene.outcome("organisation", crm=str(number)) == ("parked", "weak_match")
        assert wire.of("POST", "/v1/customer") == []
        assert [one["OrganisationName"] for one in organisations(scene)] == ["Nordlys ApS", "Helt Andre ApS"]
        assert organisation(scene, number)[MARKER] == ""

    play(story, started=False)


def test_e10_an_organisation_without_a_type_is_linked_and_gets_one() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        made = make_customer(scene, number="10042", corporateId="12345678")
        number = make_organisation(scene, OrganisationType="-- vælg --", **{CVR: "12345678"})
        await opened(scene)
        row = organisation(scene, number)
        assert (row["OrganisationType"], row[NUMBER]) == ("Kunde", "10042")
        assert row[MARKER] == f"erp:organisation:{made['internalId']}"
        assert len(organisations(scene)) == len(customers(scene)) == 1
        assert customer_of(scene, number)["number"] == "10042"

    play(story, started=False)


def test_e12_an_address_with_an_empty_line_goes_there_and_back() -> None:
    async def story(scene: Scene) -> None:
        wire = listen(scene)
        number = make_organisation(scene, OrganisationAddress="Gården\r\n\r\nPort 3")
        await scene.settle()
        made = customer_of(scene, number)
        assert lines_of_address(made) == ["Gården", "", "Port 3"]
        assert organisation(scene, number)["OrganisationAddress"] == "Gården\r\n\r\nPort 3"
        wire.clear()
        edit_customer(scene, made["number"], {"mainAddress.addressLine3": "Port 4"})
        await scene.settle()
        assert organisation(scene, number)["OrganisationAddress"] == "Gården\r\n\r\nPort 4"
        assert [(one.method, one.path) for one in wire] == [("PUT", f"/Organisations/{number}")]
        wire.clear()
        edit_organisation(scene, number, OrganisationAddress="Gården\n\nPort 4\n")
        await scene.settle()
        assert wire == []  # the same lines, typed another way

    play(story)


def test_e15_a_country_is_a_code_in_the_erp() -> None:
    async def story(scene: Scene) -> None:
        scene.user("add_option", field="OrganisationCountry", option="Atlantis")
        await scene.start()
        await scene.settle()
        danish = make_organisation(scene, "Dansk ApS", OrganisationCountry="Danmark")
        norse = make_organisation(scene, "Norsk AS", OrganisationCountry="Norge")
        sunken = make_organisation(scene, "Sunket ApS", OrganisationCountry="Atlantis")
        await scene.settle()
        assert customer_of(scene, danish)["fields"]["mainAddress.country.id"] == "DK"
        assert customer_of(scene, norse)["fields"]["mainAddress.country.id"] == "NO"
        assert await scene.outcome("organisation", crm=str(sunken)) == ("parked", "unmapped_value")
        assert len(customers(scene)) == 3
        edit_organisation(scene, sunken, OrganisationCountry="Island")
        await scene.settle()
        assert customer_of(scene, sunken)["fields"]["mainAddress.country.id"] == "IS"

    play(story, rules=with_country(), started=False)
