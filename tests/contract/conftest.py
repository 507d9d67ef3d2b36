"""The two contracts, prepared once. Without the reference folder the contract tests are skipped, visibly;
under CI that is a failure."""

import pytest

from tests.contract.book import Book, Contract
from tests.reference import REFERENCE, needed


def prepared(system: str) -> Contract:
    needed(REFERENCE)
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
