"""What the cases about organisations, persons, items and first syncs share: making and looking at records.

Everything here acts or looks through the two stand-ins, as a person would.
"""

from typing import Any

from tests.simulation.cases import stories
from tests.simulation.cases.stories import Wire, listen
from tests.simulation.scene import POLL_SECONDS, RULES, Scene

Row = dict[str, Any]
NUMBER, MARKER, CVR = "OrganisationExtraCustom2", "OrganisationExtraCustom8", "OrganisationExtraCustom1"
COUNTRY_ROW = '\n[[organisation.map]]\nid = "O8"\ncrm = "OrganisationCountry"\n'


def with_country() -> str:
    """The demonstration's rules with the ready-made row O8 switched on."""
    return RULES + COUNTRY_ROW


def empty_stage(scene: Scene) -> None:
    """Take the example company out before the daemon starts."""
    for row in scene.crm.rows("organisation"):
        scene.user("delete", kind="organisation", id=row["OrganisationId"])


async def opened(scene: Scene) -> Wire:
    """Start on what the story put on the stage, keeping every write, and wait for rest."""
    wire = listen(scene)
    await scene.start()
    await scene.settle()
    return wire


def of_parties(wire: Wire) -> list[str]:
    """The writes that were not about the catalogue."""
    return [f"{one.method} {one.path}" for one in wire if not one.path.startswith("/QuotationLines")]


def make_organisation(scene: Scene, name: str = "Nordlys ApS", **fields: Any) -> int:
    values = {"OrganisationName": name, "OrganisationType": "Kunde", **fields}
    return int(scene.user("create", kind="organisation", fields=values))


def edit_organisation(scene: Scene, number: int, **fields: Any) -> None:
    scene.user("edit", kind="organisation", id=number, fields=fields)


def organisation(scene: Scene, number: int) -> Row:
    return dict(scene.crm.get("organisation", number))


def organisations(scene: Scene) -> list[Row]:
    return list(scene.crm.rows("organisation"))


def organisation_of(scene: Scene, name: str) -> Row:
    found = [row for row in organisations(scene) if row["OrganisationName"] == name]
    assert len(found) == 1, [row["OrganisationName"] for row in organisations(scene)]
    return found[0]


def make_customer(scene: Scene, name: str = "Nordlys ApS", number: str = "", **fields: Any) -> Row:
    """`fields` by their dotted read names are given as a table."""
    return dict(scene.bookkeeper("create_customer", number=number, fields={"name": name, **fields}))


def edit_customer(scene: Scene, number: str, fields: Row) -> None:
    scene.bookkeeper("edit_customer", number=number, fields=fields)


def customers(scene: Scene) -> list[Row]:
    return list(scene.erp.state()["customers"])


def customer_of(scene: Scene, number: int) -> Row:
    """The one customer that an organisation's marker field names."""
    marker = organisation(scene, number)[MARKER]
    found = [row for row in customers(scene) if marker == f"erp:organisation:{row['internal_id']}"]
    assert len(found) == 1, (number, marker)
    return dict(found[0])


def make_person(scene: Scene, organisation_id: int, last: str, **fields: Any) -> int:
    values = {
        "PersonOrganisationId": organisation_id,
        "PersonLastName": last,
        "PersonCustom1": "Yes",
        **fields,
    }
    return int(scene.user("create", kind="person", fields=values))


def person(scene: Scene, number: int) -> Row:
    return dict(scene.crm.get("person", number))


def edit_person(scene: Scene, number: int, **fields: Any) -> None:
    scene.user("edit", kind="person", id=number, fields=fields)


def contacts(scene: Scene) -> list[Row]:
    return list(scene.erp.state()["contacts"])


def contact_of(scene: Scene, number: int) -> Row:
    """The contact that a person's marker field names."""
    marker = person(scene, number)["PersonCustom2"]
    found = [row for row in contacts(scene) if marker == f"erp:person:{row['contact_id']}"]
    assert len(found) == 1, marker
    return dict(found[0])


def edit_contact(scene: Scene, contact: Row, **fields: Any) -> None:
    scene.bookkeeper("edit_contact", contactId=str(contact["contact_id"]), **fields)


def newcomers(scene: Scene) -> list[Row]:
    """The persons who were not on the stage at the beginning."""
    return [row for row in scene.crm.rows("person") if row["PersonCreatedBy"] != "SYS"]


def new_contacts(scene: Scene) -> list[Row]:
    """The contacts of others than those who were on the stage at the beginning."""
    old = {row["PersonCustom2"] for row in scene.crm.rows("person") if row["PersonCreatedBy"] == "SYS"}
    return [row for row in contacts(scene) if f"erp:person:{row['contact_id']}" not in old]


def contact(scene: Scene, number: int) -> Row:
    return next(row for row in contacts(scene) if row["contact_id"] == number)


async def known(scene: Scene, last: str = "Holm", **fields: Any) -> tuple[int, Row]:
    """A person of the example organisation that went out: (PersonId, its contact)."""
    values = {"PersonFirstName": "Maja", "PersonEmail": "maja@kunde.example", **fields}
    number = make_person(scene, stories.organisation(scene), last, **values)
    await scene.settle()
    return number, contact_of(scene, number)


def person_rules(*settings: str, rows: tuple[str, ...] = ()) -> str:
    """The demonstration's rules with settings of `[person]` and ready-made person rows switched on."""
    last = 'contact_id_field = "PersonCustom3"'
    assert last in RULES
    more = [f'[[person.map]]\nid = "{row}"' if "=" not in row else f"[[person.map]]\n{row}" for row in rows]
    return "\n".join([RULES.replace(last, "\n".join((last, *settings))), *more])


def item(scene: Scene, number: str) -> Row:
    """The one catalogue row with this item number."""
    found = [row for row in scene.crm.rows("item") if row["QuotationLineLinkedDataItemData1"] == number]
    assert len(found) == 1, (number, found)
    return dict(found[0])


def data(row: Row, number: int) -> str:
    return str(row[f"QuotationLineLinkedDataItemData{number}"])


def lines_of_address(customer: Row) -> list[str]:
    return [customer["fields"].get(f"mainAddress.addressLine{n}") or "" for n in (1, 2, 3)]


def polled_every(scene: Scene, seconds: int, *systems: str) -> None:
    """These systems (both, if none is named) are polled so often; before the start."""
    for system in systems or ("webcrm", "visma"):
        text = scene.config_path.read_text("utf-8")
        before, head, own = text.partition(f"[connections.{system}]")
        old = f"poll_seconds = {POLL_SECONDS}"
        assert old in own
        own = own.replace(old, f"poll_seconds = {seconds}", 1)
        scene.config_path.write_text(before + head + own, "utf-8")


def on_file(scene: Scene) -> None:
    """The store is a file that outlives the daemon; before the start."""
    text = scene.config_path.read_text("utf-8")
    state = scene.folder / "state" / "streamsync.db"
    scene.config_path.write_text(text.replace('state = ":memory:"', f'state = "{state}"'), "utf-8")


async def crash(scene: Scene) -> None:
    """The process is gone from one moment to the next: nothing more is stored, nobody waits for an answer."""
    scene.daemon.store.kill()
    await scene.daemon.supervisor.close()
    for system in scene.daemon._systems:
        await system.close()
