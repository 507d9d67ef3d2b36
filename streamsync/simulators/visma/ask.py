"""One request as a handler sees it, and what every handler needs of it: query values, bodies, filters,
pages, ETags.

Pure but for the company it carries. Query names are compared without case; unknown ones are ignored, as
the real hosts do (visma-api §7.4, quirk 1). Everything that is wrong is raised as `answers.Failure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from streamsync.simulators.http import Request, Response, decode_json, json_response
from streamsync.simulators.visma.answers import FINANCE_HOST, invalid, one_invalid, problem, refused
from streamsync.simulators.visma.company import Company, etag, lag_key
from streamsync.simulators.visma.records import Stamped
from streamsync.simulators.visma.shapes import Group, Reader
from streamsync.simulators.visma.table import Table
from streamsync.simulators.visma.times import naive, read_filter

R = TypeVar("R", bound=Stamped)
T = TypeVar("T")
_CONDITIONS = (">", ">=", "<", "<=")


@dataclass(slots=True)
class Ask:
    """`params` are the variable parts of the path, decoded."""

    company: Company
    request: Request
    now_ms: int
    params: dict[str, str] = field(default_factory=dict)
    shift_ms: int = 0  # the fault that moves the finance host's zone
    query: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.query = {name.lower(): values for name, values in self.request.query.items()}

    def one(self, name: str) -> str | None:
        """The value of a query parameter; None if it is absent or empty."""
        values = self.query.get(name.lower())
        return values[0] if values and values[0] != "" else None

    def flag(self, name: str, default: bool) -> bool:
        value = self.one(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            raise refused(f"The value '{value}' is not valid for {name}.")
        return value.lower() == "true"

    def whole(self, name: str) -> int | None:
        value = self.one(name)
        if value is None:
            return None
        if not value.lstrip("-").isdecimal():
            raise refused(f"The value '{value}' is not valid for {name}.")
        return int(value)

    def stamp(self, utc_ms: int) -> str:
        """A finance stamp as it is shown."""
        return naive(self.company.stamp_of(utc_ms, self.shift_ms))


def _json(ask: Ask) -> Any:
    kind = ask.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "text/json"):
        raise refused("The request entity's media type is not supported for this resource.", 415)
    try:
        return decode_json(ask.request.body)
    except ValueError:
        raise refused("The body is not valid JSON.") from None


def finance_body(ask: Ask, shape: Group) -> dict[str, Any]:
    """The body's plain values; the finance host names the first thing that is wrong."""
    reader = Reader(nulls=False)
    values = reader.read(_json(ask), shape)
    if reader.findings:
        raise refused(reader.findings[0].message)
    return dict(values)


def orders_body(ask: Ask, shape: Group) -> dict[str, Any]:
    """The body's plain values; the order service names everything that is wrong."""
    reader = Reader(nulls=True)
    values = reader.read(_json(ask), shape)
    if reader.findings:
        raise invalid(reader.findings)
    return dict(values)


def moment(ask: Ask, name: str) -> tuple[int, str] | None:
    """A date filter with its condition; None unless both were given (visma-api §3.5). No zone is accepted."""
    text = ask.one(name)
    if text is None:
        return None
    local_ms = read_filter(text)
    if local_ms is None:
        raise refused(f"The value '{text}' is not valid for {name}.")
    condition = ask.one(name + "Condition")
    if condition is None:
        return None
    if condition not in _CONDITIONS:
        raise refused(f"The value '{condition}' is not valid for {name}Condition.")
    return local_ms, condition


def holds(value: int, condition: str, bound: int) -> bool:
    match condition:
        case ">":
            return value > bound
        case ">=":
            return value >= bound
        case "<":
            return value < bound
        case _:
            return value <= bound


def picked(ask: Ask, table: Table[R]) -> list[R]:
    """Rows that pass the filters on the two stamps."""
    modified = moment(ask, "lastModifiedDateTime")
    if modified is None:
        rows = table.all()
    else:
        rows = listed(ask, table.changed(modified[0] - ask.shift_ms, modified[1]))
    created = moment(ask, "createdDateTime")
    if created is not None:
        bound, condition = created
        rows = [r for r in rows if holds(ask.company.stamp_of(r.created_ms, ask.shift_ms), condition, bound)]
    if ask.company.settings.lists_move:
        rows = sorted(rows, key=lambda r: (r.modified_ms, r.seq))
    if unlisted := ask.company.settings.unlisted:
        rows = [r for r in rows if getattr(r, "number", "") not in unlisted]
    return rows


def listed(ask: Ask, rows: list[R]) -> list[R]:
    """Those whose last change a list by stamps shows by now."""
    return [row for row in rows if ask.company.lag.listed(lag_key(row), ask.now_ms)]


def found(ask: Ask, rows: list[R]) -> list[R]:
    """Those that a search finds by now."""
    return [row for row in rows if ask.company.lag.found(lag_key(row), ask.now_ms)]


def paged(ask: Ask, rows: Sequence[T], list_name: str) -> tuple[Sequence[T], dict[str, int]]:
    """One page and its `metadata`. Page sizes above the cap are cut without a word (visma-api §3.4)."""
    cap = ask.company.settings.cap(list_name)
    number, size = ask.whole("pageNumber"), ask.whole("pageSize")
    metadata = {"totalCount": len(rows), "maxPageSize": cap}
    if number is None and size is None:
        read, skip = ask.whole("numberToRead"), ask.whole("skipRecords")
        if read is not None or skip is not None:
            return _slice(rows, skip or 0, read or cap, cap), metadata
    size = size if size is not None and size > 0 else ask.company.settings.default_page_size
    size = min(size, cap)
    return _slice(rows, (max(number or 1, 1) - 1) * size, size, cap), metadata


def skipped(ask: Ask, rows: Sequence[T], list_name: str) -> Sequence[T]:
    """For lists that know only numberToRead and skipRecords."""
    cap = ask.company.settings.cap(list_name)
    return _slice(rows, ask.whole("skipRecords") or 0, ask.whole("numberToRead") or cap, cap)


def _slice(rows: Sequence[T], start: int, count: int, cap: int) -> Sequence[T]:
    return rows[max(start, 0) : max(start, 0) + min(max(count, 0), cap)]


# -- answers that carry an ETag


def tag_header(ask: Ask, row: Stamped) -> dict[str, str]:
    weak = "W/" if ask.company.settings.uses_weak_etags else ""
    return {"ETag": f'{weak}"{etag(row)}"'}


def with_etag(ask: Ask, row: Stamped, body: dict[str, Any]) -> Response:
    return json_response(200, body, tag_header(ask, row))


def created(ask: Ask, path: str, row: Stamped | None) -> Response:
    """201 without a body; the Location names the public host, whatever host was called (visma-api §2)."""
    headers = tag_header(ask, row) if row else {}
    return Response(201, {"Location": FINANCE_HOST + path, **headers})


def changed(ask: Ask, row: Stamped | None) -> Response:
    """204 without a body."""
    return Response(204, tag_header(ask, row) if row else {})


def _plain(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"')


def check_if_match(ask: Ask, row: Stamped) -> None:
    """The finance host's optional precondition: 412 if the record has moved on."""
    wanted = ask.request.headers.get("if-match")
    if wanted is not None and wanted.strip() != "*" and _plain(wanted) != etag(row):
        raise refused("The precondition failed: the resource has been changed by someone else.", 412)


def demand_if_match(ask: Ask, row: Stamped) -> None:
    """The order service's compulsory precondition: 428 without it, 412 if stale."""
    wanted = ask.request.headers.get("if-match")
    if wanted is None:
        raise problem(428, "The If-Match header is required.")
    if _plain(wanted) != etag(row):
        raise problem(412, "The sales order has been changed since the given ETag.")


def v3_page(
    ask: Ask, rows: Sequence[T], path: str, default: int, most: int
) -> tuple[Sequence[T], str | None]:
    """A page of the order service, counted from zero, and the link to the next one."""
    values: dict[str, int] = {"pageSize": default, "pageIndex": 0}
    for name, low, high in (("pageSize", 1, most), ("pageIndex", 0, 1_000_000)):
        text = ask.one(name)
        if text is None:
            continue
        if not text.isdecimal() or not low <= int(text) <= high:
            raise one_invalid("0100-OutsideValidRange", name, f"{name} is not within the allowed range.")
        values[name] = int(text)
    start = values["pageIndex"] * values["pageSize"]
    more = start + values["pageSize"] < len(rows)
    link = f"{path}?pageIndex={values['pageIndex'] + 1}&pageSize={values['pageSize']}" if more else None
    return rows[start : start + values["pageSize"]], link
