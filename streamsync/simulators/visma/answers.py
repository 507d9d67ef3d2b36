"""How the hosts word success and failure (visma-api §3.2, §7.2). Pure.

A handler raises `Failure` for everything that is not a success; the world turns it into its response.
The finance host has two error shapes: `refused` is the short one (the body is wrong), `broken_rule` the
long one (the business says no).
"""

from streamsync.simulators.http import Response, json_response

FINANCE_HOST = "https://api.finance.visma.net"
ORDERS_HOST = "https://salesorder.visma.net"
_RFC = "https://tools.ietf.org/html/rfc7231#section-6.5."
_TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    428: "Precondition Required",
}


class Failure(Exception):
    """Carries the response of a request that failed."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"HTTP {response.status}")
        self.response = response


def refused(message: str, status: int = 400) -> Failure:
    """The finance host's short shape."""
    return Failure(json_response(status, {"message": message}))


def broken_rule(message: str, code: str = "1", status: int = 400, kind: str = "IPPException") -> Failure:
    """The finance host's long shape."""
    return Failure(
        json_response(
            status,
            {
                "ExceptionType": kind,
                "ExceptionMessage": message,
                "ExceptionFaultCode": code,
                "ExceptionMessageID": f"{code}_00000000-0000-0000-0000-000000000000",
                "ExceptionDetails": "",
            },
        )
    )


def gateway(status: int, message: str, headers: dict[str, str] | None = None) -> Failure:
    """The shape of the API gateway in front of the finance host."""
    return Failure(json_response(status, {"statusCode": status, "message": message}, headers))


def problem(status: int, detail: str) -> Failure:
    """RFC 7807, the order service."""
    body = {"type": _RFC + "1", "title": _TITLES.get(status, "Error"), "status": status, "detail": detail}
    return Failure(
        json_response(status, {**body, "instance": None}, {"Content-Type": "application/problem+json"})
    )


class Finding:
    """One thing wrong with a body of the order service."""

    def __init__(self, code: str, place: str, message: str) -> None:
        self.code = code
        self.place = place
        self.message = message


def invalid(findings: list[Finding]) -> Failure:
    """400 of the order service with its codes; the whole request is refused (visma-api §4.4)."""
    errors: dict[str, list[str]] = {}
    for finding in findings:
        errors.setdefault(finding.place, []).append(finding.message)
    body = {
        "type": _RFC + "1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "detail": None,
        "instance": None,
        "errors": errors,
        "details": [
            {"code": f.code, "message": f.message, "parameters": {"property": f.place.rpartition(".")[2]}}
            for f in findings
        ],
    }
    return Failure(json_response(400, body, {"Content-Type": "application/problem+json"}))


def one_invalid(code: str, place: str, message: str) -> Failure:
    return invalid([Finding(code, place, message)])
