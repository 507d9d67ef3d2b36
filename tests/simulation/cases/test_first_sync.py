"""Two systems meet for the first time, and what guards that meeting (semantics §2, §8, §10, §11)."""

import re

from actors.reconciler import Reconciler
from streamsync.sync import rules_file
from tests.simulation.cases.parties import (
    CVR,
    MARKER,
    NUMBER,
    customer_of,
    customers,
    empty_stage,
    item,
    make_customer,
    make_organisation,
    make_person,
    of_parties,
    opened,
    organisation,
    organisation_of,
    organisations,
    polled_every,
)
from tests.simulation.cases.stories import (
    LAMP,
    billed,
    deal,
    deliveries,
    delivery,
    delivery_of,
    goods,
    line,
    lines_of,
    listen,
    order_of,
)
from tests.simulation.scene import RULES, Scene, play

HOUR_SECONDS = 3600
CHOSEN = {
    "types": '["Kunde"]',
    "number_field": f'"{NUMBER}"',
    "class": '"1"',
    "country": '"DK"',
    "relevant_field": '"PersonCustom1"',
}


def vendors_form() -> str:
    """The proposal as `rules export --defaults` prints it, with the tenant's own choices filled in."""
    text = rules_file.render_defaults()
    for key, value in CHOSEN.items():
        text, filled = re.subn(rf'^{key} = (?:\[\]|"")  # choose.*$', f"{key} = {value}", text, flags=re.M)
        assert filled == 1, key
    markers = iter((f'"{MARKER}"', '"PersonCustom2"'))
    return re.sub(r'^marker_field = ""', lambda _: f"marker_field = {next(markers)}", text, flags=re.M)


def organisations_only() -> str:
    """The demonstration's organisations, everything else off."""
    return RULES[: RULES.index("[person]")]


def test_e93_an_empty_answer_is_no_evidence() -> None:
    async def story(scene: Scene) -> None:
        polled_every(scene, 60)
        await scene.start()
        await scene.settle()
        number = organisation_of(scene, "Kunde A/S")["OrganisationId"]
        before, tenant = customers(scene), scene.erp.company.tenant
        wire = listen(scene)
        scene.erp.company.tenant = (
            "5f0c0000-0000-4000-8000-00000000dead"  # 200 and an empty list, from now on
        )
        await full_reads(scene)
        await scene.sleep(HOUR_SECONDS + 10)
        await reconciler(scene).gone()
        await scene.settle()
        assert any("empty list" in sentence for sentence in scene.waiting()["degraded"])
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        scene.erp.company.tenant = tenant
        await full_reads(scene)
        await scene.settle()
        assert scene.waiting()["degraded"] == []
        assert await scene.parked() == []
        assert await scene.outcome("organisation", crm=str(number)) == ("in_sync", "")
        assert wire == []
        assert customers(scene) == before

    play(story, rules=organisations_only(), started=False)


def reconciler(scene: Scene) -> Reconciler:
    return next(one for one in scene.daemon.plant.sources if isinstance(one, Reconciler))


async def full_reads(scene: Scene) -> None:
    """Two of them: with an hour, what an absence needs to become evidence."""
    for _ in range(2):
        await reconciler(scene).full()
        await scene.sleep(20)


def test_e95_what_is_empty_on_one_side_is_filled_from_the_other() -> None:
    async def story(scene: Scene) -> None:
        empty_stage(scene)
        held = {"corporateId": "12345678", "mainContact.phone1": "20304010", "vatZone.id": "01"}
        made = make_customer(scene, number="10042", **held)
        number = make_organisation(
            scene, **{CVR: "12345678", "OrganisationCity": "Aarhus C", "OrganisationPostCode": "8000"}
        )
        wire = await opened(scene)
        row, customer = organisation(scene, number), customer_of(scene, number)
        assert (row["OrganisationTelephone"], row["OrganisationCity"]) == ("20304010", "Aarhus C")
        assert (row["OrganisationPostCode"], row["OrganisationVatGroup"]) == ("8000", "01")
        assert customer["fields"]["mainAddress.city"] == "Aarhus C"
        assert customer["fields"]["mainAddress.postalCode"] == "8000"
        assert customer["fields"]["mainContact.phone1"] == "20304010"
        assert (row[NUMBER], row[MARKER]) == ("10042", f"erp:organisation:{made['internalId']}")
        assert sorted(of_parties(wire)) == [
            f"PUT /Organisations/{number}",
            f"PUT /v1/customer/internal/{made['internalId']}",
        ]

    play(story, started=False)


def test_a_first_sync_links_and_makes_no_twin() -> None:
    async def story(scene: Scene) -> None:
        for n in range(1, 13):
            name, cvr = f"Firma {n} ApS", str(10_000_000 + n)
            if n % 3 != 0:
                make_customer(scene, name, number=str(20_000 + n), corporateId=cvr)
            if n % 3 != 1:
                make_organisation(scene, name, **{CVR: cvr})
        wire = await opened(scene)
        assert len(customers(scene)) == len(organisations(scene)) == 13
        assert sorted(row["OrganisationName"] for row in organisations(scene)) == sorted(
            row["fields"]["name"] for row in customers(scene)
        )
        assert len(wire.of("POST", "/v1/customer")) == 5
        assert len(wire.of("POST", "/Organisations")) == 4
        for row in organisations(scene):
            assert customer_of(scene, row["OrganisationId"])["number"] == row[NUMBER]

    play(story, started=False)


def test_before_the_plan_is_accepted_nothing_is_written() -> None:
    async def story(scene: Scene) -> None:
        make_customer(scene, number="10050", corporateId="12345678")
        wire = await opened(scene)
        await scene.sleep(300)
        assert wire == []
        await scene.daemon.commands.accept("kunde", "tester")
        await scene.settle()
        assert len(customers(scene)) == len(organisations(scene)) == 2

    play(story, first_sync="ask", started=False)


def test_a_pair_decided_while_the_plan_is_being_accepted_does_not_wait_for_ever() -> None:
    async def story(scene: Scene) -> None:
        await opened(scene)
        await scene.daemon.commands.accept("kunde", "tester")
        connection = scene.daemon.plant.connections["kunde"]
        connection.accepted = False  # the store has it already, the memory not yet
        await scene.sleep(60)
        connection.accepted = True
        await scene.settle()
        [number] = [one["OrganisationId"] for one in organisations(scene)]
        assert customer_of(scene, number)["number"] == organisation(scene, number)[NUMBER]

    play(story, first_sync="ask", started=False)


def test_e104_the_vendors_form_as_it_is_proposed() -> None:
    async def story(scene: Scene) -> None:
        scene.bookkeeper("create_item", inventoryNumber="KABEL-3", description="Kabel 3 m", defaultPrice=45)
        await opened(scene)
        # Organisations, two way: rows O1 to O7
        home = make_organisation(
            scene,
            OrganisationAddress="Gaden 1",
            OrganisationPostCode="8000",
            OrganisationCity="Aarhus C",
            OrganisationTelephone="20304010",
            OrganisationVatGroup="02",
        )
        theirs = {"mainAddress.city": "Odense", "mainContact.phone1": "66112233"}
        make_customer(scene, "Sydhavn A/S", number="10500", **theirs)
        await scene.settle()
        made = customer_of(scene, home)
        held = {
            "name": "Nordlys ApS",
            "mainAddress.addressLine1": "Gaden 1",
            "mainAddress.postalCode": "8000",
            "mainAddress.city": "Aarhus C",
            "mainContact.phone1": "20304010",
            "vatZone.id": "02",
        }
        assert {path: made["fields"].get(path) for path in held} == held
        assert organisation(scene, home)[NUMBER] == made["number"]
        row = organisation_of(scene, "Sydhavn A/S")
        assert (row["OrganisationType"], row[NUMBER]) == ("Kunde", "10500")
        assert (row["OrganisationCity"], row["OrganisationTelephone"]) == ("Odense", "66112233")
        # Persons, two way: names and e-mail
        make_person(scene, home, "Holm", PersonFirstName="Pia", PersonEmail="pia@nordlys.example")
        await scene.settle()
        contact = next(one for one in scene.erp.state()["contacts"] if one["customer"] == made["number"])
        assert (contact["fields"]["firstName"], contact["fields"]["email"]) == ("Pia", "pia@nordlys.example")
        # Items
        assert item(scene, "KABEL-3")["QuotationLineLinkedDataItemPrice"] == 45
        # Deliveries become sales orders of type SO
        number = deal(scene, line(LAMP, 2), DeliveryOrganisationId=home)
        await scene.sleep(130)
        await scene.settle()
        assert order_of(scene, number)["type"] == "SO"
        # SO and IN orders and invoices come back, quotes do not
        account = made["number"]
        scene.bookkeeper("create_order", customer=account, type="SO", lines=[goods(LAMP, 1)])
        scene.bookkeeper("create_order", customer=account, type="IN", lines=[goods("10", 1)])
        scene.bookkeeper("create_order", customer=account, type="QT", lines=[goods(LAMP, 5)])
        bill = scene.bookkeeper("create_invoice", customer=account, lines=[billed("10", 3)])
        scene.bookkeeper("release", referenceNumber=bill["referenceNumber"])
        await scene.settle()
        known = sorted(one["DeliveryErpId"].rsplit("/")[0] for one in deliveries(scene))
        assert known == ["erp:invoice:Invoice", "erp:order:IN", "erp:order:SO", "erp:order:SO"]
        own = delivery_of(scene, f"erp:invoice:Invoice/{bill['referenceNumber']}")
        assert delivery(scene, own)["DeliveryOrganisationId"] == home
        assert [one["QuotationLineQuantity"] for one in lines_of(scene, own)] == [3]

    play(story, rules=vendors_form(), started=False)
