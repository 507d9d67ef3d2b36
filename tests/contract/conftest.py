"""The two contracts, prepared once. Without the reference folder the contract tests are skipped, visibly;
under CI that is a failure."""

import os

import pytest

from tests.contract.book import REFERENCE, Book, Contract


def prepared(system: str) -> Contract:
    if not REFERENCE.is_dir():
        if os.environ.get("STREAMSYNC_CI"):
            pytest.fail(f"The reference folder is not here: {REFERENCE}")
        pytest.skip(f"The reference folder is not here: {REFERENCE}")
    return Contract(system)


@pytest.fixture(scope="session")
def webcrm_contract() -> Contract:
    return prepared("webcrm")


@pytest.fixture(scope="session")
def visma_contract() -> Contract:
    return prepared("visma")


@pytest.fixture
def webcrm_book(webcrm_contract: Contract) -> Book:
    return Book(webcrm_contract)


@pytest.fixture
def visma_book(visma_contract: Contract) -> Book:
    return Book(visma_contract)
