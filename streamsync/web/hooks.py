"""Webhook receivers: they verify, hint and answer; they never do work and never believe a body.

Visma.net signs the raw body (HMAC-SHA256, base64; the header's name is a setting, visma-api §6.2). webCRM
signs nothing, so its path carries a secret (webcrm-api §7). No secret configured = the receiver does not
exist (404). webCRM does not say in a call what happened, but each of its hooks is for one sort of event and
has its own address: the hooks for deletions are given ours with `?event=delete` behind. Such a call names a
suspect, which the reconciler reads by itself; only a 404 there is evidence (semantics §10). So does
Visma.net's SALESORDER_DELETED, if its body can be read.
"""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web

from streamsync.clock import Clock
from streamsync.model import Kind, Side

BODY_MAX = 64 * 1024
PER_SECOND_MAX = 50
REPLAYS_MAX = 4096
_RESOURCE = re.compile(rb"/(Organisations|Persons|Deliveries|Opportunities|QuotationLines)/(\d{1,18})")
_ORDER = re.compile(r"[A-Za-z0-9]{2}/[A-Za-z0-9-]{1,15}")
_WEBCRM_KINDS = {
    b"Organisations": Kind.ORGANISATION,
    b"Persons": Kind.PERSON,
    b"Deliveries": Kind.DELIVERY,
    b"Opportunities": Kind.DELIVERY,
    b"QuotationLines": Kind.LINE,
}


@dataclass(frozen=True)
class HookSecrets:
    """Of one connection. `visma`: one secret, or two while one is being replaced."""

    webcrm_token: str = ""
    visma: tuple[str, ...] = ()
    visma_header: str = "X-Visma-Signature"


HintSink = Callable[[str, Side, Kind | None], None]
SuspectSink = Callable[[str, Kind, str, Side], None]  # connection, kind, rid, whose record


def signed(body: bytes, signature: str, secrets: tuple[str, ...]) -> bool:
    """Whether the signature is that of one of the secrets over exactly these bytes."""
    given = signature.removeprefix("sha256=").strip().encode()
    good = False
    for secret in secrets:
        expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        good |= bool(secret) and hmac.compare_digest(expected, given)
    return good


class Flood:
    """At most `PER_SECOND_MAX` hints a second and source get through; the rest are answered all the same."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = 0
        self._counts: dict[str, int] = {}

    def allows(self, source: str) -> bool:
        second = int(self._clock.monotonic())
        if second != self._second:
            self._second, self._counts = second, {}
        self._counts[source] = self._counts.get(source, 0) + 1
        return self._counts[source] <= PER_SECOND_MAX


class Replays:
    """The last delivery ids: one that comes twice wakes nobody twice. Bounded; forgetting one costs only a
    poll."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_new(self, delivery: str) -> bool:
        """An empty id is always new: nothing tells two of them apart."""
        if not delivery:
            return True
        if delivery in self._seen:
            return False
        self._seen[delivery] = None
        if len(self._seen) > REPLAYS_MAX:
            self._seen.popitem(last=False)
        return True


def routes(
    secrets: Mapping[str, HookSecrets],
    hint: HintSink,
    clock: Clock,
    refused: Callable[[str, str], None],
    suspect: SuspectSink | None = None,
) -> list[web.RouteDef]:
    """`POST /hooks/visma/{connection}` and `POST /hooks/webcrm/{connection}/{token}`."""
    flood, replays = Flood(clock), Replays()

    async def visma(request: web.Request) -> web.Response:
        name = request.match_info["connection"]
        known = secrets.get(name)
        if known is None or not known.visma:
            raise web.HTTPNotFound
        body = await _body(request)
        if not signed(body, request.headers.get(known.visma_header, ""), known.visma):
            refused(name, "visma")
            raise web.HTTPUnauthorized
        if replays.is_new(_delivery_id(body)) and flood.allows(f"visma:{name}"):
            hint(name, Side.ERP, None)
            if suspect is not None and (order := _deleted_order(body)):
                suspect(name, Kind.ORDER, order, Side.ERP)
        return web.Response(status=204)

    async def webcrm(request: web.Request) -> web.Response:
        name = request.match_info["connection"]
        known = secrets.get(name)
        expected = known.webcrm_token if known is not None else ""
        given = request.match_info["token"]
        if not hmac.compare_digest(expected.encode(), given.encode()) or not expected:
            refused(name, "webcrm")
            raise web.HTTPNotFound
        body = await _body(request)
        found = _RESOURCE.search(body) or _RESOURCE.search(request.query_string.encode())
        if flood.allows(f"webcrm:{name}"):
            hint(name, Side.CRM, _WEBCRM_KINDS[found.group(1)] if found else None)
            if found and suspect is not None and request.query.get("event", "").casefold() == "delete":
                suspect(name, _WEBCRM_KINDS[found.group(1)], found.group(2).decode(), Side.CRM)
        return web.Response(status=204)

    return [
        web.post("/hooks/visma/{connection}", visma),
        web.post("/hooks/webcrm/{connection}/{token}", webcrm),
    ]


async def _body(request: web.Request) -> bytes:
    body = await request.content.read(BODY_MAX + 1)
    while len(body) <= BODY_MAX and not request.content.at_eof():
        body += await request.content.read(BODY_MAX + 1 - len(body))
    if len(body) > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_MAX, actual_size=len(body))
    return body


class _Event(msgspec.Struct, rename="camel"):
    event_type: str = ""
    entity_id: str = ""


def _deleted_order(body: bytes) -> str:
    """The order that a SALESORDER_DELETED names, as a rid; "" if it names none that we understand: the shape
    of the body is not documented (visma-api §6.2), and full reads find the order too."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, RecursionError):
        return ""
    if event.event_type != "SALESORDER_DELETED" or not _ORDER.fullmatch(event.entity_id):
        return ""
    return f"order:{event.entity_id.upper()}"


class _Notification(msgspec.Struct, rename="camel"):
    notification_id: str | None = None


def _delivery_id(body: bytes) -> str:
    """Visma.net's feedback endpoint speaks of a `notificationId` (visma-api §6.2); a body without one is just
    a hint."""
    try:
        return msgspec.json.decode(body, type=_Notification).notification_id or ""
    except (msgspec.DecodeError, RecursionError):
        return ""
