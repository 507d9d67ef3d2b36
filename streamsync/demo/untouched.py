"""What a first sync must not do to two filled systems: make a second one of anything, or empty a field.
Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from streamsync.demo.control import Crm, Erp, Row
from streamsync.demo.steps import NUMBER
from streamsync.demo.verify import Check, check

CVR, MARKER = "OrganisationExtraCustom1", "OrganisationExtraCustom8"
BLANKS = ("", "-", "0", "0.0", "None", "-- vælg --", "0001-01-01T00:00:00+00:00")
Key = Callable[[Row], object]

CRM_KEYS: tuple[tuple[str, str, Key], ...] = (
    ("organisation", "company number", lambda row: row[CVR]),
    ("organisation", "customer number", lambda row: row[NUMBER]),
    ("organisation", "marker", lambda row: row[MARKER]),
    (
        "organisation",
        "name and division",
        lambda row: _name(row["OrganisationName"], row["OrganisationDivisionName"]),
    ),
    ("person", "e-mail", lambda row: row["PersonEmail"]),
    ("item", "number", lambda row: row["QuotationLineLinkedDataItemData1"]),
    ("delivery", "document", lambda row: row["DeliveryErpId"]),
    ("delivery", "number", lambda row: row["DeliveryNumber"]),
)
ERP_KEYS: tuple[tuple[str, str, Key], ...] = (
    ("customers", "company number", lambda row: row.get("corporateId")),
    ("customers", "number", lambda row: row["number"]),
    ("customers", "marker", lambda row: row.get("attributes.WEBCRMID")),
    ("customers", "name", lambda row: _name(row.get("name"))),
    ("contacts", "e-mail", lambda row: row.get("email")),
)


def no_duplicate(before: tuple[Crm, Erp], after: tuple[Crm, Erp]) -> Check:
    """No key may stand on more records than before, unless it stood on none: then once."""
    looked, wrong = 0, list[str]()
    for was, now in (
        (crm_tables(before[0]), crm_tables(after[0])),
        (erp_tables(before[1]), erp_tables(after[1])),
    ):
        for table, name, key in (*CRM_KEYS, *ERP_KEYS):
            if table in now:
                looked += 1
                wrong += _more(f"{table} {name}", _counted(was[table], key), _counted(now[table], key))
    return check("no duplicate", looked, wrong)


def nothing_emptied(before: tuple[Crm, Erp], after: tuple[Crm, Erp]) -> Check:
    """Every value of a customer or contact that was there is still there, or another one in its place."""
    looked, wrong = 0, list[str]()
    for name, ident, was, now in _masters(before, after):
        for field, value in was.items():
            if str(value) not in BLANKS:
                looked += 1
                if str(now.get(field, "")) in BLANKS:
                    wrong.append(f"{name} {ident}: {field}")
    return check("nothing was emptied", looked, wrong)


def filled(before: tuple[Crm, Erp], after: tuple[Crm, Erp], fields: Iterable[str]) -> int:
    """How many of these fields were empty and are not any more."""
    wanted = set(fields)
    return sum(
        str(was.get(field, "")) in BLANKS and str(now.get(field, "")) not in BLANKS
        for _, _, was, now in _masters(before, after)
        for field in wanted & now.keys()
    )


def _masters(before: tuple[Crm, Erp], after: tuple[Crm, Erp]) -> Iterator[tuple[str, object, Row, Row]]:
    """(sort, id, row before, row after) of all customers and contacts that were there before."""
    for name, ident, was, now in (
        ("organisation", "OrganisationId", before[0].rows("organisation"), after[0].rows("organisation")),
        ("person", "PersonId", before[0].rows("person"), after[0].rows("person")),
        ("customer", "internal_id", before[1].customers, after[1].customers),
        ("contact", "contact_id", before[1].contacts, after[1].contacts),
    ):
        present = {row[ident]: row for row in now}
        for row in was:
            yield name, row[ident], row, present.get(row[ident], {})


def crm_tables(crm: Crm) -> Mapping[str, list[Row]]:
    return {kind: crm.rows(kind) for kind in ("organisation", "person", "item", "delivery")}


def erp_tables(erp: Erp) -> Mapping[str, list[Row]]:
    return {"customers": erp.customers, "contacts": erp.contacts}


def _counted(rows: list[Row], key: Key) -> Counter[str]:
    return Counter(text for row in rows if (text := str(key(row) or "")))


def _more(what: str, was: Counter[str], now: Counter[str]) -> Iterator[str]:
    for value, count in now.items():
        if count > max(1, was[value]):
            yield (
                f"{what} {count} times"
                if "mail" in what or "name" in what
                else f"{what} {value} {count} times"
            )


def _name(*parts: object) -> str:
    return " ".join(str(part or "").casefold().replace("/", "") for part in parts).strip()
