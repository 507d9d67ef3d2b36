"""The messy go-live: two filled systems with everything that years without a link leave behind.

First the plan, then the first sync, then what both systems hold, then what a person is asked, and some
answers. The number of old deliveries is the size of the play; none of them may be sent.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from streamsync.clock import SystemClock
from streamsync.demo import chapter, desk, golive, least, untouched
from streamsync.demo.config_file import CONNECTION
from streamsync.demo.control import Crm, Erp
from streamsync.demo.least import Kind
from streamsync.demo.messy_answers import ANSWERS, SUPPLIER, customer_of, number_of
from streamsync.demo.scene import Missed, Scene, Step
from streamsync.demo.screen import connection_of
from streamsync.demo.sizes import Shares, Sizes
from streamsync.demo.stage import Stage, prove
from streamsync.demo.steps import NUMBER
from streamsync.simulators import messy

PLAN_SECONDS, SYNC_SECONDS, CALM_SECONDS, LOOK_SECONDS = 60.0, 150.0, 6.0, 0.5
RATIO_MAX = 1.5  # a small company: batches are not full, and reads at the start weigh more than at 2,000
BEFORE_START = "filtered:before_start"
GONE = "(discontinued) "
BLANK, HALF, WRITTEN, PROSPECT = (messy.FIRST_CASE + at for at in (4, 6, 7, 8))
EXPECTED = {
    "many_candidates": "divisions with one company number; persons with one e-mail address",
    "weak_match": "the same name and postal code, nothing surer",
    "outside_type": "a supplier in webCRM is a customer in the ERP",
    "key_contradiction": "the customer number and the company number disagree",
}
SORTS = (
    ("organisation", "organisations"),
    ("person", "persons"),
    ("item", "items"),
    ("delivery", "deliveries"),
)
FILLABLE = ("OrganisationTelephone", "OrganisationCity", "mainContact.phone1", "mainAddress.city")


async def run(stage: Stage) -> dict[str, Any]:
    """Plays the go-live; {ok, seconds, steps: [Happened], calls: [Kind]}."""
    began = SystemClock().monotonic()
    kept: dict[str, Any] = {}
    _announce(stage)
    report = await chapter.tell(stage, STEPS, [], began, kept)
    rows: list[Kind] = kept.get("calls", [])
    golive.show_calls(stage.screen, rows)
    return {**report, "calls": [{"system": row.system, "kind": row.kind, "made": row.made, "least": row.least}
                                for row in rows]}  # fmt: skip


def _announce(stage: Stage) -> None:
    crm, erp = stage.filled
    stage.screen.heading("The messy go-live")
    for system, sorts in (
        ("webCRM", {name: len(crm.rows(kind)) for kind, name in SORTS}),
        (
            "Visma.net",
            {"customers": len(erp.customers), "contacts": len(erp.contacts), "items": len(erp.items),
             "invoices": len(erp.documents)},
        ),
    ):  # fmt: skip
        stage.screen.say(f"  {system:<10} " + ", ".join(f"{count} {name}" for name, count in sorts.items()))


# -- before anything is written


async def the_plan(scene: Scene) -> None:
    stage = scene.stage
    await prove(stage)
    old = len(stage.filled[0].rows("delivery"))
    deadline = scene.clock.monotonic() + PLAN_SECONDS
    while True:
        plan = await stage.admin.get("/api/v1/plan", connection=CONNECTION, limit="1")
        status = connection_of(await stage.status(), CONNECTION)
        if plan["counts"].get("delivery", {}).get(BEFORE_START) == old and status.get("unprocessed") == 0:
            break
        if scene.clock.monotonic() > deadline:
            raise Missed(f"The plan did not show {old} old deliveries left alone: {plan['counts']}.")
        await asyncio.sleep(LOOK_SECONDS)
    for entity, words in plan["counts"].items():
        listed = ", ".join(f"{count} {word}" for word, count in sorted(words.items()))
        scene.tell("plan", f"{entity}: {listed}")
    for entity, systems in plan["creates"].items():
        scene.tell(
            "plan", f"creates of {entity}: " + ", ".join(f"{n} in {name}" for name, n in systems.items())
        )
    for entity, rows in plan["rows"].items():
        for row in rows:
            scene.tell("plan", f"{entity} {row['row']} in {row['system']}: fills {row['fills']}, "
                               f"overwrites {row['overwrites']}")  # fmt: skip
    crm, erp = await scene.look()
    if len(crm.rows("organisation")) != len(stage.filled[0].rows("organisation")) or len(
        erp.customers
    ) != len(stage.filled[1].customers):
        raise Missed("Something was created before the plan was accepted.")
    scene.kept["confirm"] = plan["confirm"]


async def first_sync(scene: Scene) -> None:
    stage = scene.stage
    agreed = {"connection": CONNECTION, "who": desk.WHO, "confirm": scene.kept.get("confirm", "")}
    await stage.admin.post("/api/v1/plan/accept", agreed)
    scene.tell(desk.ANSWERED, "the plan is accepted")
    status = await _until_calm(scene)
    counts = await asyncio.gather(stage.crm.counts(), stage.erp.counts())
    crm, erp = await scene.look()
    seconds = (scene.clock.now_ms() - stage.started_ms) / 1000
    rows = least.table(
        least.made(counts[0]), least.made(counts[1]), _sizes(scene, crm, erp), stage.pace, seconds
    )
    scene.kept["calls"] = rows
    for system in ("webCRM", "Visma.net"):
        made, needed = (
            sum(getattr(row, name) for row in rows if row.system == system) for name in ("made", "least")
        )
        scene.tell(
            system, f"{made} calls made, where {needed} are the least possible: {made / needed:.2f} times"
        )
        if made > RATIO_MAX * needed:
            raise Missed(f"{system} got {made} calls; {RATIO_MAX} times the least {needed} is the limit.")
        polls = sum(row.polls for row in rows if row.system == system)
        scene.tell("", f"without the {polls} polls: {made - polls} made, {needed - polls} needed")
    old = status["entities"]["delivery"].get(BEFORE_START, 0)
    if old != len(stage.filled[0].rows("delivery")):
        raise Missed(f"{old} old deliveries are left alone, of {len(stage.filled[0].rows('delivery'))}.")
    scene.webcrm(f"{old} old deliveries are filtered: before_start")


async def _until_calm(scene: Scene) -> Mapping[str, Any]:
    """The status once nothing is left to decide or to write for a while. Raises Missed."""
    deadline, since = scene.clock.monotonic() + SYNC_SECONDS, scene.clock.monotonic()
    with scene.stage.screen.progress() as bars:
        while scene.clock.monotonic() < deadline:
            scene.stage.check_alive()
            status = connection_of(await scene.stage.status(), CONNECTION)
            bars.show(status.get("entities", {}))
            now = scene.clock.monotonic()
            outcomes = {outcome for counts in status["entities"].values() for outcome in counts}
            still = bool(status["unprocessed"] or status["open_ops"] or "new" in outcomes)
            since = now if still else since
            if now - since >= CALM_SECONDS:
                return status
            await asyncio.sleep(LOOK_SECONDS)
    raise Missed(f"The first sync was not done in {SYNC_SECONDS:.0f} s.")


def _sizes(scene: Scene, crm: Crm, erp: Erp) -> Sizes:
    """What a first sync of this company has to move, counted from what was linked or made."""
    before = scene.stage.filled
    old, known = before[0].rows("delivery"), {row["number"] for row in before[1].items}
    invoices = [row for row in erp.documents if row["type"] == "Invoice"]
    marked = sum(row["QuotationLineLinkedDataItemData1"] in known for row in before[0].rows("item"))
    return Sizes(
        organisation=_shares(
            {row["OrganisationId"] for row in before[0].rows("organisation")},
            {row["OrganisationId"] for row in crm.rows("organisation") if row[untouched.MARKER]},
            len(erp.customers) - len(before[1].customers),
        ),
        person=_shares(
            {row["PersonId"] for row in before[0].rows("person")},
            {row["PersonId"] for row in crm.rows("person") if row["PersonCustom2"]},
            len(erp.contacts) - len(before[1].contacts),
        ),
        items=len(crm.rows("item")),
        invoices=len(invoices),
        lines=sum(len(row["lines"]) for row in invoices),
        old_deliveries=len(old),
        marked_items=marked,
    )


def _shares(before: set[int], linked: set[int], made: int) -> Shares:
    """`made` in the ERP; what is linked and was there before, but was not made, was in both."""
    return Shares(both=len(before & linked) - made, crm_only=made, erp_only=len(linked - before))


# -- what both systems hold then


async def nothing_unasked(scene: Scene) -> None:
    before, after = scene.stage.filled, await scene.look()
    await _clean(scene)
    crm, erp = after
    old = [row["DeliveryId"] for row in before[0].rows("delivery")]
    held = {row["DeliveryId"]: row for row in crm.rows("delivery")}
    touched = [
        number for number, row in zip(old, before[0].rows("delivery"), strict=True) if held.get(number) != row
    ]
    if touched or erp.orders:
        raise Missed(f"{len(touched)} old deliveries were touched, and {len(erp.orders)} orders made.")
    scene.visma(f"no sales order: none of the {len(old)} old deliveries was sent")
    scene.webcrm(f"all {len(old)} old deliveries are as they were")
    if number_of(crm, PROSPECT):
        raise Missed("The prospect was made a customer.")
    scene.webcrm("the prospect (type Emne) was not made a customer")
    supplier = crm.organisation(SUPPLIER)
    if supplier["OrganisationType"] != "Leverandør" or supplier[NUMBER]:
        raise Missed("The supplier was changed without anybody asking for it.")
    scene.webcrm("the supplier keeps its type until somebody answers")


async def filled_not_emptied(scene: Scene) -> None:
    before, (crm, erp) = scene.stage.filled, await scene.look()
    ours, theirs = crm.organisation(HALF), customer_of(erp, "M0006")
    if not ours["OrganisationTelephone"] or not theirs.get("mainAddress.city"):
        raise Missed("The half-filled customer was not filled on both sides.")
    scene.webcrm(f"organisation {HALF} has got its telephone from the ERP")
    scene.visma(f"customer M0006 has got its city from webCRM: {theirs['mainAddress.city']}")
    count = untouched.filled(before, (crm, erp), FILLABLE)
    scene.tell("both", f"{count} telephones and cities filled in all")
    names = (crm.organisation(WRITTEN)["OrganisationName"], customer_of(erp, "M0007")["name"])
    if names != ("Nordlys Møbler ApS", "NORDLYS MØBLER APS") or number_of(crm, WRITTEN) != "M0007":
        raise Missed(f"The two ways of writing one name became {names}.")
    scene.tell("both", f"{names[0]} and {names[1]} are linked; neither name was overwritten")
    blank = crm.organisation(BLANK)
    if (blank["OrganisationType"], blank[NUMBER]) != ("Kunde", "M0004"):
        raise Missed("The organisation without a type was not linked.")
    scene.webcrm(f"organisation {BLANK}, which had no type, is linked with M0004 and has the type Kunde")


async def discontinued(scene: Scene) -> None:
    crm, erp = await scene.look()
    rows = {row["QuotationLineLinkedDataItemData1"]: row for row in crm.rows("item")}
    before = {row["QuotationLineLinkedDataItemData1"] for row in scene.stage.filled[0].rows("item")}
    for number in messy.DISCONTINUED:
        name = str(rows.get(number, {}).get("QuotationLineLinkedDataItemData2", ""))
        if name.startswith(GONE) != (number in before) or (number in rows) != (number in before):
            raise Missed(f"The discontinued item {number} is not as it should be: {name or 'not there'}.")
        scene.webcrm(f"item {number} is marked: {name}" if name else f"item {number} did not come")
    live = [row["number"] for row in erp.items if row["number"] not in messy.DISCONTINUED]
    if missing := [number for number in live if number not in rows]:
        raise Missed(f"{len(missing)} items are missing in the catalogue.")
    scene.webcrm(f"all {len(live)} items that are sold are in the catalogue, each once")


async def the_workbench(scene: Scene) -> None:
    box = await desk.inbox(scene.stage)
    for cause, count in box.causes.items():
        scene.tell(desk.ASKED, f"{count} x {cause}: {box.titles[cause]}")
    for question in box.questions:
        desk.tell(scene, question)
    if missing := EXPECTED.keys() - box.causes.keys():
        raise Missed(
            "Nobody was asked about " + "; ".join(EXPECTED[cause] for cause in sorted(missing)) + "."
        )
    if more := box.causes.keys() - EXPECTED.keys():
        raise Missed(f"Somebody was asked about {', '.join(sorted(more))}, which nobody expected.")


async def still_clean(scene: Scene) -> None:
    await _until_calm(scene)
    await _clean(scene)
    box = await desk.inbox(scene.stage)
    scene.tell(
        desk.ASKED, "left for later: " + ", ".join(f"{n} x {cause}" for cause, n in box.causes.items())
    )
    if set(box.causes) != {"key_contradiction"}:
        raise Missed("Only the contradicting keys should still be asked about.")


async def _clean(scene: Scene) -> None:
    before, after = scene.stage.filled, await scene.look()
    for found in (untouched.no_duplicate(before, after), untouched.nothing_emptied(before, after)):
        if not found.ok:
            raise Missed(f"{found.name}: {found.wrong} wrong, such as {'; '.join(found.examples)}")
        scene.tell("both", f"{found.name} ({found.looked_at} looked at)")


STEPS: tuple[Step, ...] = (
    ("The plan, before anything is written", the_plan),
    ("The first sync", first_sync),
    ("Nothing was made or sent that nobody asked for", nothing_unasked),
    ("Half-filled records are filled, none is emptied", filled_not_emptied),
    ("Discontinued items", discontinued),
    ("What a person is asked", the_workbench),
    *ANSWERS,
    ("No duplicate, still", still_clean),
)
