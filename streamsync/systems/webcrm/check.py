"""`streamsync check` for webCRM: reads only. And the probe, which writes the one record that it is given."""

from collections.abc import Mapping
from typing import Any

import msgspec

from streamsync.clock import Clock
from streamsync.errors import Rejected, SystemFault, Unauthorized, Unknown
from streamsync.model import Kind, Lane
from streamsync.systems.port import Finding
from streamsync.systems.transport import Reply
from streamsync.systems.webcrm import wire
from streamsync.systems.webcrm.calls import PAGE_SIZE, Calls
from streamsync.systems.webcrm.reading import ITEMS, LISTS, Reading

SKEW_SECONDS_MAX = 120.0
LANE = Lane.INTERACTIVE
AREAS = {
    Kind.ORGANISATION: ("/Organisations", "organisations"),
    Kind.PERSON: ("/Persons", "persons"),
    Kind.DELIVERY: ("/Deliveries", "deliveries"),
    Kind.ITEM: (ITEMS, "the product catalogue of the quotations"),
}
PROBE_FIELD = "OrganisationComment"
PROBE_MARK = " [streamsync]"
MOVING = (
    "UpdatedAt",
    "UpdatedBy",
    "History",
    "LastDisplayedAt",
    "LastItem",
    "CompareName",
    "TelephoneSearch",
)


async def check(
    calls: Calls, reading: Reading, clock: Clock, *, needed: frozenset[Kind], expect_empty: bool
) -> list[Finding]:
    try:
        reply = await calls.read("/Auth", LANE)
    except Unauthorized as refusal:
        return [
            Finding(
                check="webCRM token",
                ok=False,
                sentence=str(refusal),
                remedy="Nothing else of webCRM could be checked.",
            )
        ]
    except SystemFault as fault:
        return [
            Finding(
                check="webCRM", ok=False, sentence=str(fault), remedy="Look at the address and the network."
            )
        ]
    findings = [
        Finding(check="webCRM token", ok=True, sentence="webCRM accepts the token."),
        skew("webCRM", reply.date_ms, reply.started_ms, clock.now_ms()),
    ]
    for kind in sorted(needed & AREAS.keys()):
        findings += await _area(calls, kind, expect_empty)
    served = await reading.may_query(Kind.ORGANISATION, LANE)
    findings.append(
        Finding(
            check="webCRM /Queries",
            ok=served,
            warning=True,
            sentence="/Queries is served."
            if served
            else "/Queries is not served for this token: persons and deliveries are "
            "found by reading whole lists, which takes more calls and longer.",
            remedy="Ask webCRM to allow it.",
        )
    )
    return findings


async def _area(calls: Calls, kind: Kind, expect_empty: bool) -> list[Finding]:
    """Whether the token may read one sort of record, and whether a page is as long as the specification
    says."""
    path, words = AREAS[kind]
    try:
        found = wire.rows((await calls.read(path, LANE, params=[] if kind is Kind.ITEM else _size(1))).body)
        more = len(found) < PAGE_SIZE and bool(found) and kind is not Kind.ITEM
        cut = more and bool(wire.rows((await calls.read(path, LANE, params=_size(2))).body))
    except SystemFault as fault:
        return [
            Finding(
                check=f"webCRM rights: {words}",
                ok=False,
                sentence=f"The token cannot read {words}: {fault}",
                remedy="Give the token this right in webCRM's configuration.",
            )
        ]
    findings = [Finding(check=f"webCRM rights: {words}", ok=True, sentence=f"The token can read {words}.")]
    if cut:
        findings.append(
            Finding(
                check=f"webCRM pages: {words}",
                ok=False,
                sentence=f"A page of {words} ends after {len(found)} rows, not after {PAGE_SIZE}.",
                remedy="Report this: webCRM behaves differently from its specification.",
            )
        )
    if kind is Kind.ORGANISATION and not found and not expect_empty:
        findings.append(
            Finding(
                check="webCRM organisations",
                ok=False,
                sentence="webCRM shows no organisation at all.",
                remedy="If the system really is empty, say --expect-empty.",
            )
        )
    return findings


def _size(page: int) -> list[tuple[str, str]]:
    return [("Page", str(page)), ("Size", str(PAGE_SIZE))]


def skew(name: str, server_ms: int, started_ms: int, now_ms: int) -> Finding:
    """The server's `Date` against our clock, half the round trip allowed for."""
    if not server_ms:
        return Finding(
            check=f"{name} clock", ok=True, warning=True, sentence=f"{name} does not tell its time."
        )
    seconds = (server_ms - (started_ms + now_ms) / 2) / 1000
    good = abs(seconds) <= SKEW_SECONDS_MAX
    return Finding(
        check=f"{name} clock",
        ok=good,
        sentence=f"The clocks of {name} and this machine differ by {seconds:+.0f} s.",
        remedy="Set this machine's clock (NTP): stamps are compared between the systems.",
    )


async def probe(calls: Calls, rid: str) -> list[Finding]:
    """Proves on one organisation that PUT and PATCH leave alone what they do not name; puts it back as it
    was."""
    findings = []
    for name, method in (("put", "PUT"), ("patch", "PATCH")):
        try:
            problem = await _prove(calls, rid, method)
        except Rejected as refusal:
            problem = str(refusal)
        findings.append(
            Finding(
                check=f"probe_{name}",
                ok=not problem,
                sentence=problem or f"{method} changes only what it names and stores it as sent.",
                remedy="Updates keep going out singly and are read back." if problem else "",
            )
        )
    return findings


async def _prove(calls: Calls, rid: str, method: str) -> str:
    before = await _organisation(calls, rid)
    text = str(before.get(PROBE_FIELD) or "")
    problem = ""
    for value in (text + PROBE_MARK, text):
        body: dict[str, object] = {"OrganisationId": int(rid), PROBE_FIELD: value}
        if method == "PUT":
            await calls.write("PUT", LISTS[Kind.ORGANISATION] + "/{id}", LANE, rid, body=body)
        else:
            reply = await calls.write("PATCH", LISTS[Kind.ORGANISATION], LANE, body=[body])
            if _json(reply) != [rid]:
                problem = problem or "PATCH does not answer with the record's id."
        after = await _organisation(calls, rid)
        if str(after.get(PROBE_FIELD) or "") != value:
            problem = problem or f"{method} did not store what was sent."
        moved = sorted(
            name
            for name in before.keys() | after.keys()
            if name != PROBE_FIELD
            and before.get(name) != after.get(name)
            and not any(word in name for word in MOVING)
        )
        if moved:
            problem = problem or f"{method} also changed {', '.join(moved[:5])}."
    return problem


async def _organisation(calls: Calls, rid: str) -> Mapping[str, Any]:
    reply = await calls.get(LISTS[Kind.ORGANISATION] + "/{id}", LANE, rid, absent_ok=True)
    if reply is None:
        raise Rejected(f"There is no organisation {rid} in webCRM.", code="404")
    found = _json(reply)
    return found if isinstance(found, dict) else {}


def _json(reply: Reply) -> Any:
    try:
        return msgspec.json.decode(reply.body)
    except (ValueError, RecursionError) as error:
        raise Unknown("webCRM answered something that cannot be read.", code="malformed") from error
