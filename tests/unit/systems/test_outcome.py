"""THE table, row by row, and what of an answer may be quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsync.errors import Bug, Conflict, Refused, Rejected, SystemFault, Throttled, Unauthorized, Unknown
from streamsync.systems.outcome import EXCERPT_MAX, fault, redact
from streamsync.systems.retry_after import retry_after
from streamsync.systems.transport import Reply

READ, CREATE, BULK, UPDATE, DELETE = "GET", "POST", "PATCH", "PUT", "DELETE"


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status=status, headers=named, body=body, date_ms=0, started_ms=0)


def judged(method: str, status: int, body: bytes = b"", **headers: str) -> SystemFault:
    found = fault("webCRM", method, reply(status, body, **headers))
    assert found is not None
    return found


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("method", [READ, CREATE, UPDATE])
def test_a_2xx_is_no_fault(method: str, status: int) -> None:
    assert fault("webCRM", method, reply(status)) is None


@pytest.mark.parametrize(
    ("methods", "statuses", "expected"),
    [
        ((READ, CREATE, BULK, UPDATE, DELETE), (400, 404, 405, 422), Rejected),
        ((READ, CREATE, BULK, UPDATE, DELETE), (409, 412), Conflict),
        ((READ, CREATE, BULK, UPDATE, DELETE), (500, 502, 503, 504), Unknown),
        ((READ, CREATE, BULK, UPDATE, DELETE), (403,), Unauthorized),
        ((READ, UPDATE, DELETE), (401,), Unauthorized),
        ((CREATE, BULK), (401,), Unknown),  # a spurious one may come after the work was done
        ((READ, CREATE, UPDATE), (301, 302, 307, 415, 428), Bug),
        ((READ, CREATE, UPDATE), (429,), Throttled),
    ],
)
def test_the_table(methods: tuple[str, ...], statuses: tuple[int, ...], expected: type[SystemFault]) -> None:
    for method in methods:
        for status in statuses:
            assert type(judged(method, status)) is expected, (method, status)


def test_a_declared_503_was_certainly_not_processed() -> None:
    assert type(judged(CREATE, 503, retry_after="5")) is Refused


def test_a_500_with_a_business_message_stays_unknown_for_a_create() -> None:
    """visma-api §7.2: some refusals come as 500, and nobody can tell them from a crash after the commit."""
    found = judged(CREATE, 500, b'{"message": "The period is closed.", "ExceptionFaultCode": "1601"}')
    assert type(found) is Unknown
    assert found.excerpt == "The period is closed."


def test_the_systems_own_code_is_the_code() -> None:
    problem = b'{"title": "Bad", "details": [{"code": "1804-unknown", "message": "No such item."}]}'
    found = judged(CREATE, 422, problem)
    assert (found.code, found.excerpt) == ("1804-unknown", "Bad; No such item.")
    assert judged(CREATE, 400, b'{"ExceptionFaultCode": 1407}').code == "1407"
    assert judged(CREATE, 400, b"no").code == "400"


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (b'{"RetryAfterSeconds": 7}', {"retry-after": "3"}, 7),
        (b"", {"retry-after": "3", "x-ratelimit-reset": "9"}, 3),
        (b"", {"x-ratelimit-reset": "9"}, 9),
        (b"", {"retry-after": "Sat, 14 Mar 2026 12:00:00 GMT"}, 30),
        (b'{"RetryAfterSeconds": "soon"}', {}, 30),
        (b"", {"retry-after": "-1"}, 30),
        (b"", {"retry-after": "nan"}, 30),
        (b"", {"retry-after": "inf"}, 3600),
        (b"\xe6\xf8\xe5", {}, 30),
        (b'"\xff"', {}, 30),
    ],
)
def test_every_form_of_retry_after(body: bytes, headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, body) == seconds
    found = fault("webCRM", READ, Reply(status=429, headers=headers, body=body, date_ms=0, started_ms=0))
    assert isinstance(found, Throttled)
    assert found.retry_after_seconds == seconds


CANARY = "Hemmelig"


@pytest.mark.parametrize(
    "text",
    [
        "Customer 'Hemmelig' exists",
        "Customer 'O'Hara Hemmelig' exists",
        'Customer "Hemmelig" exists',
        'Customer "Hemmelig',
        "Customer 'Hemmelig",
        "Customer “Hemmelig” exists",
        "Customer {Name: Hemmelig, City: X} exists",
        "Customer {Name: Hemmelig",
        "<b>x</b> hemmelig@example.example <Hemmelig",
    ],
)
def test_what_could_be_a_value_is_masked(text: str) -> None:
    assert CANARY.casefold() not in redact(text).casefold()
    assert redact(text)


@pytest.mark.parametrize("number", ["+45 12 34 56 78", "12345678", "010190-1234"])
def test_telephones_and_long_numbers_are_masked(number: str) -> None:
    assert redact(f"Call {number} now") == "Call … now"


def test_words_that_hold_an_apostrophe_stay() -> None:
    assert redact("You can't do that, it isn't allowed.") == "You can't do that, it isn't allowed."


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Hemmelig</body></html>",
        b'{"OrganisationName":"Hemmelig',  # half a body
        b'{"OrganisationName":"Hemmelig"}',  # an echo without a message
        b'["Hemmelig"]',
        b"\xffHemmelig",
    ],
)
def test_a_body_without_a_message_of_its_own_is_not_quoted(body: bytes) -> None:
    for method, status in ((CREATE, 500), (UPDATE, 500), (READ, 502)):
        found = judged(method, status, body)
        assert CANARY not in found.excerpt + str(found)


def test_what_we_sent_is_not_quoted_back() -> None:
    body = b"The organisation Hemmelig ApS in \xc3\x98lby exists already."
    found = fault("webCRM", CREATE, reply(400, body), hidden=["hemmelig aps", "Ølby", "in", ""])
    assert found is not None
    assert found.excerpt == "The organisation … in … exists already."
    assert CANARY not in str(found)


@given(st.binary(max_size=300), st.sampled_from([400, 401, 404, 409, 429, 500, 503]))
def test_any_body_at_all_is_judged(body: bytes, status: int) -> None:
    found = judged(CREATE, status, body)
    assert len(found.excerpt) <= EXCERPT_MAX
    assert found.excerpt.isprintable()


@given(st.text(max_size=80), st.text(min_size=3, max_size=20))
def test_a_quoted_value_never_survives(before: str, value: str) -> None:
    value = "Q" + "".join(character for character in value if character.isalnum()) + "Zqx"
    clean = "".join(character for character in before if character not in "'\"“„«‘")
    assert value not in redact(f"{clean} '{value}' is wrong")
