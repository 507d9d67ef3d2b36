"""`check --probe-record`: writes one named customer's own name back and looks at what that changed.

Proves three things the documents leave open (visma-api §9): that a PUT of one field leaves the others alone,
that an old version is refused, and the time zone of the stamps. Changes only the version of the record.
"""

from collections.abc import Sequence

import msgspec

from streamsync.errors import Conflict, SystemFault
from streamsync.model import Lane
from streamsync.systems.port import Finding
from streamsync.systems.transport import Reply
from streamsync.systems.visma import wire
from streamsync.systems.visma.auth import Audience
from streamsync.systems.visma.calls import Calls, version_of
from streamsync.systems.visma.feeds import version_in
from streamsync.systems.visma.gets import Gets
from streamsync.systems.visma.zone import Zone

LANE = Lane.INTERACTIVE
BASE = "/v1/customer/internal"
_MOVING = ("time_stamp", "last_modified_date_time", "metadata")


class Probe:
    def __init__(self, calls: Calls, gets: Gets, zone: Zone) -> None:
        self._calls = calls
        self._gets = gets
        self._zone = zone

    async def customer(self, rid: str) -> list[Finding]:
        """The findings; `rid` is the customer's internalId."""
        try:
            before = await self._gets.row(BASE, rid, wire.Customer, LANE)
            if before is None:
                sentence = f"There is no customer {rid} in Visma.net."
                return [_bad("visma probe", sentence, "Name a customer by its internalId.")]
            reply = await self._put(rid, before, version_in(before))
            self._zone.wrote(version_of(reply), reply.date_ms)
            after = await self._gets.row(BASE, rid, wire.Customer, LANE)
        except SystemFault as fault:
            return [_bad("visma probe", str(fault))]
        if after is None:
            return [_bad("visma probe", f"Customer {rid} disappeared while it was probed.")]
        return [_partial(_changed(before, after)), await self._stale(rid, before), self._zone_found()]

    async def _put(self, rid: str, row: wire.Customer, version: str) -> Reply:
        body: dict[str, object] = {"name": {"value": row.name or ""}}
        return await self._calls.write(
            "PUT", Audience.FINANCE, f"{BASE}/{rid}", body, endpoint="customer", lane=LANE, version=version
        )

    async def _stale(self, rid: str, before: wire.Customer) -> Finding:
        name = "visma If-Match"
        try:
            await self._put(rid, before, version_in(before))
        except Conflict:
            return Finding(check=name, ok=True, sentence="A write with an old version is refused (412).")
        except SystemFault as fault:
            return _bad(name, str(fault))
        return Finding(
            check=name,
            ok=True,
            warning=True,
            sentence="A write with an old version was accepted: edits between our read and our write are not "
            "protected.",
            remedy="Nothing to do if writing an equal value does not change the version.",
        )

    def _zone_found(self) -> Finding:
        hours = f"Visma.net's time stamps run {self._zone.offset_ms / 3_600_000:g} hours ahead of UTC."
        unknown = "The time zone of Visma.net's time stamps could not be measured."
        known = self._zone.measured
        return Finding(
            check="visma time zone", ok=True, warning=not known, sentence=hours if known else unknown
        )


def _changed(before: wire.Customer, after: wire.Customer) -> Sequence[str]:
    return [
        member.encode_name
        for member in msgspec.structs.fields(wire.Customer)
        if member.name not in _MOVING and getattr(before, member.name) != getattr(after, member.name)
    ]


def _partial(changed: Sequence[str]) -> Finding:
    name = "visma PUT is partial"
    if changed:
        return _bad(name, f"A PUT of one field also changed {', '.join(changed)}.")
    return Finding(check=name, ok=True, sentence="A PUT of one field leaves the others alone.")


def _bad(name: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(check=name, ok=False, sentence=sentence, remedy=remedy)
