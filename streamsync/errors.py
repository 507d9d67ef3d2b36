"""The closed error taxonomy. Everything above the clients matches on these, never on status codes.

`systems/outcome.py` holds the one table that maps method x phase x status to them (reliability §5.1).
Messages are for the person who must act; they carry no record values and no secrets (security S2, D3).
"""


class SystemFault(Exception):
    """A call to webCRM or Visma.net that did not succeed.

    `code`: a short closed word or the system's own code (`412`, `1804`); `excerpt`: the redacted reply, for
    the operator.
    """

    def __init__(self, message: str, *, code: str = "", excerpt: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.excerpt = excerpt


class Refused(SystemFault):
    """Certainly not processed (no connection, declared 503, open circuit): try again later."""


class Unknown(SystemFault):
    """It may or may not have been processed: time-out, reset, 5xx. A write must be looked up before anything
    else."""


class Throttled(SystemFault):
    """Certainly not processed: the rate limit. `retry_after_seconds` as the server says."""

    def __init__(
        self, message: str, *, retry_after_seconds: float, code: str = "429", excerpt: str = ""
    ) -> None:
        super().__init__(message, code=code, excerpt=excerpt)
        self.retry_after_seconds = retry_after_seconds


class Rejected(SystemFault):
    """The system understood and said no (validation, business rule): a person must look."""


class Unauthorized(SystemFault):
    """Token, scope or tenant: stops the lane, not the op."""


class Conflict(SystemFault):
    """The record moved since it was read (409, 412): read again and plan again."""


class Bug(SystemFault):
    """We sent what the specification does not allow, or were answered what it does not allow."""


class ConfigError(Exception):
    """A configuration or rules file that cannot be used.

    `place`: file, line and key; `allowed`: what could stand there. Several are raised together as an
    ExceptionGroup.
    """

    def __init__(self, place: str, problem: str, allowed: str = "") -> None:
        super().__init__(f"{place}: {problem}" + (f" Allowed: {allowed}" if allowed else ""))
        self.place = place
        self.problem = problem
        self.allowed = allowed


class StoreRefused(Exception):
    """The store may not be opened or written by us: held by another process, another tenant, too new,
    damaged."""
