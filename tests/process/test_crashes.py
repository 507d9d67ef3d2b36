"""The real process ends at a named point, as if killed there, and the next life makes everything good: in
sync, nothing doubled, whatever was just under way."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.process.conftest import Install
from tests.process.installation import Installation
from tests.process.stand_ins import StandIn, until

VARIABLE, ENDED = "STREAMSYNC_CRASHPOINT", 137
MARKER = "OrganisationExtraCustom8"
POINTS = (
    "after_commit:2",
    "after_commit:9",
    "before_send:1",
    "after_send:1",
    "after_send:3",
)


@pytest.fixture(scope="module")
def lived(
    tmp_path_factory: pytest.TempPathFactory, webcrm: StandIn, visma: StandIn
) -> Iterator[Installation]:
    """It has run before, so that what people make from now on is new, and the catalogue has its items."""
    made = Installation(tmp_path_factory.mktemp("lived") / "installation", webcrm, visma)
    daemon = made.daemon().opened()
    until(lambda: len(webcrm.rows("item")) == len(visma.rows("items")), "the catalogue is filled")
    assert daemon.terminate() == 0
    yield made
    made.end()


def people_work(crm: StandIn, erp: StandIn, name: str) -> None:
    """One of everything that is created over there, in both directions."""
    new = {"OrganisationName": f"{name} ApS", "OrganisationType": "Kunde"}
    organisation = crm.act("create", kind="organisation", fields=new)
    person = {
        "PersonOrganisationId": organisation,
        "PersonFirstName": "Kim",
        "PersonLastName": name,
        "PersonEmail": f"kim@{name}.example",
        "PersonCustom1": "Yes",
    }
    crm.act("create", kind="person", fields=person)
    delivery = {"DeliveryOrganisationId": organisation, "DeliveryDescription": name}
    deal = crm.act("create", kind="delivery", fields=delivery)
    crm.act("add_line", deal=deal, item="10", fields={"QuotationLineQuantity": 3.0})
    number = erp.act("create_customer", name=f"{name} A/S")["number"]
    erp.act("create_contact", businessAccount=number, fields={"lastName": name, "email": f"{name}@x.example"})


def crash_at(installation: Installation, point: str) -> None:
    installation.secrets[VARIABLE] = point
    daemon = installation.daemon()
    del installation.secrets[VARIABLE]
    until(lambda: daemon.code is not None, f"the daemon ends at {point}")
    assert daemon.code == ENDED, daemon.text()
    assert daemon.events()[0] == "crashpoint"
    assert "stopping" not in daemon.events()


def named(rows: list[dict[str, Any]], field: str) -> set[str]:
    return {str(row[field]) for row in rows if row.get(field)}


def together(crm: StandIn, erp: StandIn) -> bool:
    """Everybody has a twin, and every twin its marker."""
    customers = {f"erp:organisation:{row['internal_id']}" for row in erp.rows("customers")}
    contacts = {f"erp:person:{row['contact_id']}" for row in erp.rows("contacts")}
    orders = {f"erp:order:{row['type']}/{row['id']}" for row in erp.rows("orders")}
    deliveries = crm.rows("delivery")
    return (
        named(crm.rows("organisation"), MARKER) == customers
        and named(crm.rows("person"), "PersonCustom2") == contacts
        and named(deliveries, "DeliveryErpId") == orders
        and len(orders) == len(deliveries)
    )


@pytest.mark.parametrize("point", POINTS)
def test_the_next_life_makes_a_crash_good(
    lived: Installation, webcrm: StandIn, visma: StandIn, point: str
) -> None:
    people_work(webcrm, visma, point.replace(":", ""))
    crash_at(lived, point)
    daemon = lived.daemon().opened()
    assert "crashpoint" not in daemon.events()
    assert "restart_unclean" in daemon.events()
    until(lambda: together(webcrm, visma), "both sides are in sync", 60)
    theirs = [str(row["name"]) for row in visma.rows("customers")]
    assert sorted(theirs) == sorted(str(row["OrganisationName"]) for row in webcrm.rows("organisation"))
    assert len(theirs) == len(set(theirs))
    mails = [str(row["email"]) for row in visma.rows("contacts") if row.get("email")]
    assert len(mails) == len(set(mails))
    assert all([line["quantity"] for line in row["lines"]] == [3] for row in visma.rows("orders"))
    assert daemon.terminate() == 0


def test_a_point_that_is_none_is_refused(install: Install) -> None:
    new = install()
    new.secrets[VARIABLE] = "somewhere:1"
    ran = new.run("run")
    assert ran.code == 2
    assert VARIABLE in ran.err
    assert "before_send:1" in ran.err
