"""What `streamsync check` asks of Visma.net.

It only reads. Each finding is one sentence for the administrator, with what to do. Sources: visma-api
§1, §3.3, §6.1.
"""

from collections.abc import Mapping

from streamsync.clock import Clock
from streamsync.errors import Refused, SystemFault, Unknown
from streamsync.model import Kind, Lane
from streamsync.systems.port import Finding
from streamsync.systems.transport import Reply
from streamsync.systems.visma import wire
from streamsync.systems.visma.auth import Audience, Tokens
from streamsync.systems.visma.calls import Calls
from streamsync.systems.visma.lists import SHAPES
from streamsync.systems.visma.orders import LIST
from streamsync.systems.visma.tables import Tables

LANE = Lane.INTERACTIVE
SKEW_MS = 120_000
_LISTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.ORGANISATION: ("customer",),
    Kind.PERSON: ("contact",),
    Kind.ITEM: ("inventory",),
    Kind.INVOICE: ("invoice", "creditnote", "cashsale", "document"),
}
_NAMES = {
    "customer": "customers",
    "contact": "contacts",
    "inventory": "items",
    "invoice": "invoices",
    "creditnote": "credit notes",
    "cashsale": "cash sales",
    "document": "customer documents",
}


class Checks:
    def __init__(
        self,
        *,
        calls: Calls,
        tokens: Tokens,
        tables: Tables,
        clock: Clock,
        marker_attribute: str,
    ) -> None:
        self._calls = calls
        self._tokens = tokens
        self._tables = tables
        self._clock = clock
        self._attribute = marker_attribute

    async def check(self, *, expect_empty: bool, needed: frozenset[Kind]) -> list[Finding]:
        """See `System.check`."""
        out = await self._token(Audience.FINANCE)
        if out[0].ok:
            out += await self._customers(expect_empty)
            for kind in (Kind.PERSON, Kind.ITEM, Kind.INVOICE):
                if kind in needed:
                    for name in _LISTS[kind]:
                        out.append(await self._list(name))
            if Kind.ORGANISATION in needed and self._attribute:
                out.append(await self._marker())
        if Kind.ORDER in needed:
            found = await self._token(Audience.ORDERS)
            out += found
            if found[0].ok:
                out.append(await self._orders())
        return out

    async def _token(self, audience: Audience) -> list[Finding]:
        name = f"visma token ({audience})"
        try:
            token = await self._tokens.token(audience, LANE)
        except SystemFault as fault:
            return [_failed(name, fault)]
        out = [
            Finding(check=name, ok=True, sentence=f"Visma Connect gives a token for the {audience} service.")
        ]
        if missing := self._tokens.missing(audience, token):
            out[0] = Finding(
                check=name,
                ok=False,
                sentence=f"The token lacks the scopes {', '.join(sorted(missing))}.",
                remedy="Have the integration administrator approve them in the Visma App Store.",
            )
        if excess := self._tokens.excess(audience, token):
            out.append(
                Finding(
                    check=f"visma scopes ({audience})",
                    ok=True,
                    warning=True,
                    sentence=f"The integration has scopes it does not need: {', '.join(sorted(excess))}.",
                    remedy="Take them off in the Developer Portal.",
                )
            )
        return out

    async def _customers(self, expect_empty: bool) -> list[Finding]:
        """The first real call: tells a wrong company, a wrong clock and the page cap."""
        name = "visma customers"
        try:
            rows, reply = await self._first("customer")
        except SystemFault as fault:
            return [_failed(name, fault)]
        out: list[Finding] = []
        if not rows.raw and not expect_empty:
            out.append(
                Finding(
                    check=name,
                    ok=False,
                    sentence="Visma.net answers with an empty customer list: most likely the tenant id is "
                    "not that of the company.",
                    remedy="Take the company's tenant id from its Visma App Store page; or, if empty, run "
                    "check with --expect-empty.",
                )
            )
        else:
            out.append(_listed(name, "customers", rows))
        skew = abs(reply.date_ms - self._clock.now_ms()) if reply.date_ms else 0
        out.append(
            Finding(
                check="visma clock",
                ok=skew <= SKEW_MS,
                sentence=f"The clocks of this machine and Visma.net are {skew // 1000} seconds apart.",
                remedy="" if skew <= SKEW_MS else "Set this machine's clock by NTP.",
            )
        )
        allowance = self._calls.allowance
        if allowance.limit:
            out.append(
                Finding(
                    check="visma quota",
                    ok=True,
                    sentence=f"{allowance.remaining} of {allowance.limit} calls are left in this hour.",
                )
            )
        return out

    async def _first(self, name: str) -> tuple[wire.Rows, Reply]:
        """One row of a list. A token that has just been revoked is fetched anew, once."""
        shape = SHAPES[name]
        page = (
            [("numberToRead", "1"), ("skipRecords", "0")]
            if shape.skipping
            else [("pageNumber", "1"), ("pageSize", "1")]
        )
        params = [*shape.expand(frozenset()), *page]
        endpoint = shape.path.rpartition("/")[2].lower()
        try:
            reply = await self._calls.get(Audience.FINANCE, shape.path, params, endpoint=endpoint, lane=LANE)
        except Refused as fault:
            if fault.code != "401":
                raise
            reply = await self._calls.get(Audience.FINANCE, shape.path, params, endpoint=endpoint, lane=LANE)
        return wire.rows(reply.body, f"at {shape.path}"), reply

    async def _list(self, name: str) -> Finding:
        try:
            rows, _ = await self._first(name)
        except SystemFault as fault:
            return _failed(f"visma {_NAMES[name]}", fault)
        return _listed(f"visma {_NAMES[name]}", _NAMES[name], rows)

    async def _orders(self) -> Finding:
        name = "visma sales orders"
        params = [("pageSize", "1"), ("pageIndex", "0")]
        try:
            reply = await self._calls.get(Audience.ORDERS, LIST, params, endpoint="salesorders", lane=LANE)
            rows = wire.rows(reply.body, "of sales orders")
        except SystemFault as fault:
            return _failed(name, fault)
        return _listed(name, "sales orders", rows)

    async def _marker(self) -> Finding:
        """Without the attribute a created customer cannot carry its marker (semantics §2.1)."""
        name, wanted = "visma marker attribute", self._attribute.casefold()
        try:
            classes = await self._tables.classes(LANE)
        except SystemFault as fault:
            return _failed(name, fault)
        if not classes:
            return Finding(
                check=name,
                ok=False,
                sentence="Visma.net shows no customer class at all: so it looks where the tenant id is not "
                "that of the company.",
                remedy="Take the company's tenant id from its Visma App Store page.",
            )
        lacking = [
            found.id
            for found in classes
            if wanted not in {(held.attribute_id or "").casefold() for held in found.attributes or ()}
        ]
        if not lacking:
            return Finding(
                check=name, ok=True, sentence=f"Every customer class has the attribute {self._attribute}."
            )
        everywhere = len(lacking) == len(classes)
        where = "No customer class has" if everywhere else f"The customer classes {', '.join(lacking)} lack"
        return Finding(
            check=name,
            ok=not everywhere,
            warning=not everywhere,
            sentence=f"{where} the attribute {self._attribute}.",
            remedy=f"In Visma.net, add the text attribute {self._attribute} to every class that customers of "
            "webCRM may get.",
        )


def _listed(name: str, what: str, rows: wire.Rows) -> Finding:
    total = f"{rows.total} {what}" if rows.total else ("no " + what if not rows.raw else what)
    cap = f", at most {rows.cap} a page" if rows.cap else ""
    return Finding(check=name, ok=True, sentence=f"Visma.net serves {total}{cap}.")


def _failed(name: str, fault: SystemFault) -> Finding:
    unanswered = isinstance(fault, Refused | Unknown)
    return Finding(
        check=name,
        ok=False,
        sentence=str(fault),
        remedy="Look at finance_url, orders_url and token_url, and at the network." if unanswered else "",
    )
