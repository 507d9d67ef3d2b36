"""Tokens: single flight, early refresh, 401, and sentences for what a token request is refused for."""

import pytest

from streamsync.errors import Refused, Throttled, Unauthorized, Unknown
from tests.unit.systems.visma_double import Double, Still, pages, reply, system


async def test_tokens_are_fetched_once_and_refreshed_early() -> None:
    double, clock = Double(), Still()
    double.serve_list("/v1/customer", [])
    held = system(double, clock)
    await pages(held, "customer", None)
    await pages(held, "customer", None)
    assert len(double.requests("POST", "/connect/token")) == 1
    clock.seconds += 3301
    await pages(held, "customer", None)
    assert len(double.requests("POST", "/connect/token")) == 2


async def test_a_401_drops_the_token_and_a_second_one_is_final() -> None:
    double = Double()
    double.on("GET", "/v1/customer", lambda _: reply(401, {"message": "no"}))
    held = system(double)
    with pytest.raises(Refused):
        await pages(held, "customer", None)
    with pytest.raises(Unauthorized, match="Visma App Store"):
        await pages(held, "customer", None)
    assert len(double.requests("POST", "/connect/token")) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [("invalid_client", "client_secret"), ("invalid_scope", "scopes"), ("invalid_request", "tenant_id")],
)
async def test_a_refused_token_is_a_sentence(error: str, words: str) -> None:
    double = Double()
    double.on("POST", "/connect/token", lambda _: reply(400, {"error": error}))
    with pytest.raises(Unauthorized, match=words) as caught:
        await pages(system(double), "customer", None)
    assert "s3cret" not in str(caught.value)


async def test_an_unanswered_token_request_means_nothing_was_sent() -> None:
    double = Double()
    double.on("POST", "/connect/token", lambda _: Unknown("time-out"))
    with pytest.raises(Refused):
        await pages(system(double), "customer", None)


async def test_a_429_says_how_long_to_wait() -> None:
    double = Double()
    double.on("GET", "/v1/customer", lambda _: reply(429, {"message": "slow"}, retry_after="17"))
    with pytest.raises(Throttled) as caught:
        await pages(system(double), "customer", None)
    assert caught.value.retry_after_seconds == 17
