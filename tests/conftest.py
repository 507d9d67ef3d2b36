"""What all tests share: the hypothesis profiles and the backend of `async def` tests.

Time never passes in a test: use `tests.simulation.vloop.run` for whatever waits.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

# One fixed profile under CI, so that a red run is red again; on a laptop new examples each time. No deadline
# anywhere: the machine may be busy with something else.
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "laptop", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("STREAMSYNC_CI") else "laptop")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
