"""Tokens, scopes, audiences and tenants of the Visma.net stand-in (visma-api §1)."""

from typing import Any

import pytest

from streamsync.simulators.visma.tokens import FINANCE_SCOPES, ORDER_SCOPES
from streamsync.simulators.visma.world import DEFAULT_CLIENT, VismaWorld
from tests.unit.simulators.visma_client import HIDDEN, Caller, body_of, caller, wrapped

STRANGER = "00000000-0000-4000-8000-00000000beef"


def test_a_token_lasts_an_hour() -> None:
    call = caller(token_seconds=3600)
    granted = body_of(call.token(FINANCE_SCOPES))
    assert granted["expires_in"] == 3600
    assert granted["token_type"] == "Bearer"
    call.now_ms += 3_599_000
    assert call.call("GET", "/v1/branch").status == 200
    call.now_ms += 1000
    assert call.call("GET", "/v1/branch").status == 401


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"secret": "wrong"}, "invalid_client"),
        ({"scopes": ("vismanet_erp_service_api:everything",)}, "invalid_scope"),
        ({"scopes": FINANCE_SCOPES + ORDER_SCOPES}, "invalid_scope"),
        ({"scopes": ()}, "invalid_scope"),
        ({"tenant": "42"}, "invalid_request"),
    ],
)
def test_the_token_endpoint_refuses(change: dict[str, Any], error: str) -> None:
    answer = caller().token(**{"scopes": FINANCE_SCOPES, **change})
    assert (answer.status, body_of(answer)["error"]) == (400, error)


def test_a_scope_that_the_company_has_not_approved_is_invalid() -> None:
    approved = FINANCE_SCOPES[:1]
    call = Caller(VismaWorld(7, clients={DEFAULT_CLIENT: {"secret": HIDDEN, "scopes": list(approved)}}))
    assert call.token(approved).status == 200
    assert body_of(call.token(FINANCE_SCOPES))["error"] == "invalid_scope"


def test_the_wrong_audience_is_401_and_a_missing_scope_403() -> None:
    call = caller()
    swapped = {"authorization": f"Bearer {call.tokens[True]}"}
    assert call.call("GET", "/v1/branch", None, swapped).status == 401
    assert call.call("GET", "/v1/branch", None, {"authorization": "Bearer nothing"}).status == 401
    call.tokens[False] = body_of(call.token(FINANCE_SCOPES[:1]))["access_token"]
    assert call.call("GET", "/v1/branch").status == 200
    assert call.call("POST", "/v1/customer", wrapped(name="K")).status == 403
    call.tokens[True] = body_of(call.token(ORDER_SCOPES[1:]))["access_token"]
    assert call.call("GET", "/api/v3/SalesOrders").status == 403


def test_the_wrong_tenant_sees_an_empty_company() -> None:
    call = caller()
    number = call.customer()
    call.login(tenant=STRANGER)
    assert call.get("/v1/customer") == []
    assert call.get("/v1/creditTerm")["records"] == []
    assert call.get("/api/v3/SalesOrders")["value"] == []
    assert call.call("GET", f"/v1/customer/{number}").status == 404
    answer = call.call("POST", "/v1/customer", wrapped(name="K"))
    assert body_of(answer)["ExceptionFaultCode"] == "12027"


def test_tokens_can_be_expired_at_once() -> None:
    call = caller()
    call.act("expire_tokens")
    assert call.call("GET", "/v1/branch").status == 401
