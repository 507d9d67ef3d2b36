"""The least calls with which a go-live can be done, by kind, and the time that they take at the quotas. Pure.

Counted as issue 2 counts: pages read; one call per record created in the ERP and per matched customer's
marker; ceil(n/100) per webCRM bulk; one per catalogue item; polls at the configured period (fewer while the
backfill stretches them). What is not in the table is not needed and counts as nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import msgspec

from streamsync.demo.config_file import Pace
from streamsync.demo.sizes import Sizes

BULK = 100  # rows of one PATCH
CRM_PAGE = 1000  # rows of one page of /Queries
TOKEN_SECONDS = 3600
ERP_PAGES = {  # rows of one page, the stand-in's caps
    "GET /v1/customer": 500,
    "GET /v1/contact": 1000,
    "GET /v1/inventory": 500,
    "GET /v1/customerinvoice": 200,
    "GET /v1/customerdocument": 500,
    "GET /v1/customerCreditNote": 200,
    "GET /v1/cashsale": 200,
    "GET /api/v3/SalesOrders": 500,
}
PROBE = {"GET /Organisations/{id}": 6, "PUT /Organisations/{id}": 2, "PATCH /Organisations": 2}
OPENING_CRM = (
    *("GET /Auth", "GET /FieldsMetadata/{entityTypes}", "GET /QuotationLines/LinkedSetup"),
    "GET /Users/AllActive",
)
OPENING_ERP = tuple(
    f"GET /v1/{name}"
    for name in (
        *("branch", "creditTerm", "currency", "customer/customerClass", "salesordertype", "salesperson"),
        *("vatCategory", "vatZone", "warehouse"),
    )
)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one kind: made, and the least; `polls` of the least are polls."""

    system: str
    kind: str
    made: int
    least: int
    polls: int = 0


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What the quotas allow: seconds for the least calls of the slower system."""

    webcrm_seconds: float
    visma_seconds: float

    @property
    def seconds(self) -> float:
        return max(self.webcrm_seconds, self.visma_seconds)

    @property
    def slower(self) -> str:
        return "webCRM" if self.webcrm_seconds >= self.visma_seconds else "Visma.net"


def made(counts: Mapping[str, Any]) -> dict[str, int]:
    """Calls by kind, from a stand-in's counts."""
    return {kind: sum(by_status.values()) for kind, by_status in counts["by_kind"].items()}


def table(
    crm_calls: Mapping[str, int], erp_calls: Mapping[str, int], sizes: Sizes, pace: Pace, seconds: float
) -> list[Kind]:
    """One row per kind of either system, whether made or only needed. `seconds`: how long polls went on."""
    rows = []
    polls = int(seconds // pace.poll_seconds) + 1
    for system, calls, work, reads in (
        ("webCRM", crm_calls, crm_work(sizes), crm_reads(sizes)),
        ("Visma.net", erp_calls, erp_work(sizes), erp_reads(sizes)),
    ):
        logins = ceil(max(1.0, seconds) / TOKEN_SECONDS)
        work |= {"POST /Auth/ApiLogin": logins} if system == "webCRM" else {"POST /connect/token": 2 * logins}
        for kind in sorted({*calls, *work, *reads}):
            count = calls.get(kind, 0)
            base = reads.get(kind, 0)
            extra = min(max(0, count - base), polls) if kind in reads else 0
            rows.append(
                Kind(
                    system=system, kind=kind, made=count, least=work.get(kind, 0) + base + extra, polls=extra
                )
            )
    return rows


def crm_work(sizes: Sizes) -> dict[str, int]:
    """webCRM: what is not reading lists."""
    organisation, person = sizes.organisation, sizes.person
    work = {
        **dict.fromkeys(OPENING_CRM, 1),
        "GET /FieldsMetadata/{entityTypes}": 3,
        **PROBE,
        "POST /QuotationLines/LinkedData": sizes.items - sizes.marked_items,
        "PUT /QuotationLines/LinkedData/{id}": sizes.marked_items,
        "PATCH /Persons": _bulks(person.erp_only) + _bulks(person.in_crm),
        "PATCH /Deliveries": _bulks(sizes.invoices),
        "PATCH /QuotationLines": _bulks(sizes.lines),
    }
    work["PATCH /Organisations"] += _bulks(organisation.erp_only) + _bulks(organisation.in_crm)
    return work


def crm_reads(sizes: Sizes) -> dict[str, int]:
    """Pages of webCRM's lists: all that was there, and all that came, once."""
    return {
        "GET /Queries Organisation": _pages(sizes.organisation.in_crm, CRM_PAGE)
        + _pages(sizes.organisation.all, CRM_PAGE),
        "GET /Queries Person": _pages(sizes.person.in_crm, CRM_PAGE) + _pages(sizes.person.all, CRM_PAGE),
        "GET /Queries Delivery": _pages(sizes.old_deliveries, CRM_PAGE) + _pages(sizes.invoices, CRM_PAGE),
        "GET /Queries QuotationLine": _pages(sizes.old_deliveries, CRM_PAGE) + _pages(sizes.lines, CRM_PAGE),
        "GET /QuotationLines/LinkedData": 1,
    }


def erp_work(sizes: Sizes) -> dict[str, int]:
    """Visma.net: what is not reading lists."""
    return {
        **dict.fromkeys(OPENING_ERP, 1),
        "POST /v1/customer": sizes.organisation.crm_only,
        "POST /v1/contact": sizes.person.crm_only,
        "PUT /v1/customer/internal/{internalID}": sizes.organisation.both,
    }


def erp_reads(sizes: Sizes) -> dict[str, int]:
    """Pages of the ERP's lists: all that was there, and what was written there, once."""
    organisation, person = sizes.organisation, sizes.person
    rows = {
        "GET /v1/customer": (organisation.in_erp, organisation.all),
        "GET /v1/contact": (person.in_erp, person.crm_only),
        "GET /v1/inventory": (sizes.items,),
        "GET /v1/customerinvoice": (sizes.invoices,),
    }
    return {
        kind: sum(_pages(count, cap) for count in rows.get(kind, (0,))) for kind, cap in ERP_PAGES.items()
    }


def bound(rows: list[Kind], pace: Pace) -> Bound:
    """The time for the least calls."""
    webcrm = sum(row.least for row in rows if row.system == "webCRM")
    visma = sum(row.least for row in rows if row.system == "Visma.net")
    return Bound(webcrm_seconds=webcrm * 60 / pace.per_minute, visma_seconds=visma * 3600 / pace.per_hour)


def _bulks(count: int) -> int:
    return ceil(count / BULK)


def _pages(count: int, page: int) -> int:
    return max(1, ceil(count / page))
