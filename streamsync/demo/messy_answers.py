"""The answers of a person after the messy go-live, each to a question of the inbox, and what they did.

`ANSWERS` are steps of the story; one question, the contradicting keys, is left for later on purpose.
"""

from collections.abc import Callable

from streamsync.demo import desk
from streamsync.demo.control import Crm, Erp, Row
from streamsync.demo.desk import Question
from streamsync.demo.scene import Scene, Step
from streamsync.demo.steps import NUMBER
from streamsync.simulators import messy

DIVISIONS, ALIKE, SUPPLIER = (messy.FIRST_CASE + at for at in (0, 2, 3))


async def the_divisions(scene: Scene) -> None:
    _, erp = await scene.look()
    customer = customer_of(erp, "M0000")
    first = await desk.asked(scene, _about("organisation", DIVISIONS), "about the first division")
    second = await desk.asked(scene, _about("organisation", DIVISIONS + 1), "about the second division")
    await desk.answer(scene, "link", "link: the division Nord is customer M0000", pair=first.pair,
                      to=str(customer["internal_id"]))  # fmt: skip
    await desk.answer(scene, "exclude", "exclude: the division Syd", select={"pairs": [second.pair]})
    await _linked(scene, DIVISIONS, "M0000")
    await scene.stays(
        lambda crm, erp: not number_of(crm, DIVISIONS + 1), "the other division is left out", seconds=2
    )
    scene.webcrm(f"organisation {DIVISIONS + 1} is left as it was")


async def the_look_alike(scene: Scene) -> None:
    _, erp = await scene.look()
    question = await desk.asked(scene, _about("organisation", ALIKE), "about the look-alike")
    to = str(customer_of(erp, "M0002")["internal_id"])
    await desk.answer(scene, "link", "link: they are the same", pair=question.pair, to=to)
    await _linked(scene, ALIKE, "M0002")


async def the_supplier(scene: Scene) -> None:
    question = await desk.asked(scene, lambda one: one.reason == "outside_type", "about the supplier")
    select = {"pairs": [question.pair]}
    await desk.answer(scene, "resolve", "set_type: it is a customer too", select=select, choice="set_type")
    await _linked(scene, SUPPLIER, "M0003")
    await scene.seen(
        lambda crm, erp: crm.organisation(SUPPLIER)["OrganisationType"] == "Kunde", "it has the type"
    )
    scene.webcrm(f"organisation {SUPPLIER} has the type Kunde")


async def one_mail(scene: Scene) -> None:
    _, erp = await scene.look()
    [contact] = [row for row in erp.contacts if row["customer"] == "M0006"]
    first = await desk.asked(scene, _about("person", messy.FIRST_PERSON), "about the first person")
    second = await desk.asked(scene, _about("person", messy.FIRST_PERSON + 1), "about the second person")
    to = str(contact["contact_id"])
    await desk.answer(scene, "link", f"link: Dagny is contact {to}", pair=first.pair, to=to)
    await desk.answer(
        scene, "exclude", "exclude: Nattie only shares the address", select={"pairs": [second.pair]}
    )
    await scene.seen(
        lambda crm, erp: crm.one("person", "PersonId", messy.FIRST_PERSON)["PersonCustom3"] == to,
        "the contact id stands on the person",
    )
    scene.webcrm(f"person {messy.FIRST_PERSON} carries the contact id {to}")


async def _linked(scene: Scene, organisation: int, number: str) -> None:
    """Until both name each other. Raises Missed."""
    await scene.seen(
        lambda crm, erp: (
            number_of(crm, organisation) == number
            and customer_of(erp, number).get("attributes.WEBCRMID") == f"crm:organisation:{organisation}"
        ),
        f"organisation {organisation} and customer {number} name each other",
    )
    scene.webcrm(f"organisation {organisation} carries the number {number}")
    scene.visma(f"customer {number} carries crm:organisation:{organisation}")


def _about(entity: str, webcrm: int) -> Callable[[Question], bool]:
    def fits(question: Question) -> bool:
        return question.about(entity, webcrm=webcrm)

    return fits


def number_of(crm: Crm, organisation: int) -> str:
    return str(crm.organisation(organisation)[NUMBER])


def customer_of(erp: Erp, number: str) -> Row:
    return next((row for row in erp.customers if row["number"] == number), {})


ANSWERS: tuple[Step, ...] = (
    ("Two divisions with one company number", the_divisions),
    ("Two that look alike", the_look_alike),
    ("A supplier that is a customer", the_supplier),
    ("Two persons with one e-mail address", one_mail),
)
