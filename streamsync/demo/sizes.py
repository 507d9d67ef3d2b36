"""How many things a generated company of a size holds, and where. Pure.

The shares are those of `simulators/company.py`, counted from the two states before the daemon starts; the
vendor document's example (one customer with one contact in webCRM, two items in the ERP) is part of it.
"""

from dataclasses import dataclass

from streamsync.demo.control import Crm, Erp


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Of customers or of contacts."""

    both: int
    crm_only: int
    erp_only: int

    @property
    def all(self) -> int:
        return self.both + self.crm_only + self.erp_only

    @property
    def in_crm(self) -> int:
        return self.both + self.crm_only

    @property
    def in_erp(self) -> int:
        return self.both + self.erp_only


@dataclass(frozen=True, kw_only=True)
class Sizes:
    organisation: Shares
    person: Shares
    items: int
    invoices: int
    lines: int
    old_deliveries: int = 0  # in webCRM before, and never sent; one line each
    marked_items: int = 0  # rows of webCRM's catalogue that only change

    @property
    def customers(self) -> int:
        return self.organisation.all

    @property
    def persons(self) -> int:
        return self.person.all


def sizes(crm: Crm, erp: Erp) -> Sizes:
    """Counts both systems before anything was synchronised: things are the same when name or e-mail is."""
    invoices = [row for row in erp.documents if row["type"] == "Invoice"]
    return Sizes(
        organisation=_shares(
            [row["OrganisationName"] for row in crm.rows("organisation")],
            [str(row.get("name")) for row in erp.customers],
        ),
        person=_shares(
            [row["PersonEmail"] for row in crm.rows("person")],
            [str(row.get("email")) for row in erp.contacts],
        ),
        items=len(erp.items),
        invoices=len(invoices),
        lines=sum(len(row["lines"]) for row in invoices),
    )


def _shares(ours: list[str], theirs: list[str]) -> Shares:
    crm, erp = set(ours), set(theirs)
    return Shares(both=len(crm & erp), crm_only=len(crm - erp), erp_only=len(erp - crm))
